"""Path requests: asked for at one tick, answered a fixed number of ticks later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import SETTLE, Entity, Process
from runtime.engine.force import Force
from runtime.engine.pathfinder import find_path
from runtime.engine.prototypes import load

if TYPE_CHECKING:
    from runtime.engine.world import World

ANSWER_TICKS = 1
MOST_NODES = 200_000


@dataclass
class Request:
    """What `LuaSurface.request_path` was asked. `through_own`: entities of `force` are no obstacles, `opens_gates`: its gates."""

    number: int
    due: int
    start: tuple[float, float]
    goal: tuple[float, float]
    radius: float
    box: tuple[float, float, float, float]
    layers: frozenset[str]
    resolution: int
    straight: bool
    through_own: bool
    ignore: Entity | None
    force: Force
    opens_gates: bool = False


class Paths(Process):
    """Answers requests in the order in which they came, as `on_script_path_request_finished`."""

    __slots__ = ("next_number", "requests", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests: deque[Request] = deque()
        self.next_number = 1
        world.register(self)

    def request(
        self, start: tuple[float, float], goal: tuple[float, float], radius: float, box: tuple[float, float, float, float],
        layers: frozenset[str], *, resolution: int, straight: bool, through_own: bool, ignore: Entity | None, force: Force,
        opens_gates: bool = False,
    ) -> int:  # fmt: skip
        """Ask for a path; the number that the answer will bear."""
        number = self.next_number
        self.next_number += 1
        due = self.world.tick + ANSWER_TICKS
        self.requests.append(
            Request(
                number,
                due,
                start,
                goal,
                radius,
                box,
                layers,
                resolution,
                straight,
                through_own,
                ignore,
                force,
                opens_gates,
            )
        )
        if len(self.requests) == 1:
            self.world.schedule(self, due, SETTLE)
        return number

    def on_event(self, world: World, tick: int) -> None:
        request = self.requests.popleft()
        if self.requests:
            world.schedule(self, max(tick + 1, self.requests[0].due), SETTLE)
        path = self._find(request)
        answer: dict[str, Any] = {"id": request.number, "try_again_later": False}
        if path is not None:
            answer["path"] = [
                {"position": {"x": x, "y": y}, "needs_destroy_to_reach": False} for x, y in path
            ]
        world.raise_event("on_script_path_request_finished", answer)

    def _find(self, request: Request) -> list[tuple[float, float]] | None:
        surface = self.world.surface
        tile_layers = load().tile_layers
        left, top, right, bottom = request.box
        layers = request.layers

        def blocked(x: float, y: float) -> bool:
            x0, y0, x1, y1 = x + left, y + top, x + right, y + bottom
            for tx in range(int(x0 // 1), int(x1 // 1) + 1):
                for ty in range(int(y0 // 1), int(y1 // 1) + 1):
                    if not layers.isdisjoint(tile_layers[surface.tile(tx, ty)]):
                        return True
                    for e in surface.on_tile(tx, ty):
                        if (
                            e.left < x1 and e.right > x0 and e.top < y1 and e.bottom > y0
                            and e is not request.ignore
                            and not layers.isdisjoint(e.proto.collision_layers)
                            and not (request.through_own and e.force is request.force)
                            and not (request.opens_gates and e.type == "gate" and e.force is request.force)
                        ):  # fmt: skip
                            return True
            return False

        return find_path(
            request.start, request.goal, request.radius, blocked,
            resolution_modifier=request.resolution, max_nodes=MOST_NODES, prefer_straight=request.straight,
        )  # fmt: skip

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.next_number, self.key, [r.number for r in self.requests]]
