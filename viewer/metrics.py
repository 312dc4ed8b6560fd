"""`/metrics`: the fleet as Prometheus reads it, read off the worlds when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.managed_world import ManagedWorld
from runtime.world_life import Status, WorldSummary

OF_A_WORLD: dict[str, tuple[str, Callable[[WorldSummary], float]]] = {
    "tick": ("Game time in ticks, 60 a game second.", lambda world: world.tick),
    "speed": ("Game seconds in a second.", lambda world: world.speed),
    "score": ("Production score.", lambda world: world.score),
    "automated_score": ("The part of the score that machines made.", lambda world: world.automated_score),
    "viewers": ("Who watches now.", lambda world: world.viewers),
}


class FleetCollector(Collector):
    """Tells of every world what `GET /api/worlds` tells; nothing is kept between two readings."""

    def __init__(self, worlds: Mapping[str, ManagedWorld]) -> None:
        self._worlds = worlds

    def collect(self) -> Iterable[Metric]:
        """The families of the fleet."""
        summaries = [world.summary() for world in list(self._worlds.values())]
        count = GaugeMetricFamily("claudetorio_worlds", "Worlds by status.", labels=["status"])
        for status in Status:
            count.add_metric([status.value], sum(summary.status == status for summary in summaries))
        yield count
        for name, (help_text, value) in OF_A_WORLD.items():
            family = GaugeMetricFamily(f"claudetorio_world_{name}", help_text, labels=["world"])
            for summary in summaries:
                family.add_metric([summary.name], value(summary))
            yield family


def metrics_route(worlds: Mapping[str, ManagedWorld]) -> Route:
    """The route `/metrics`: this fleet, what the process has counted of calls, and the process itself."""
    own = CollectorRegistry()
    own.register(FleetCollector(worlds))

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(own) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)
