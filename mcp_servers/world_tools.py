"""A world's own tools, beside FLE's: programs, looking, pictures, checkpoints, and who plays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from mcp_types import ResourceLink

from mcp_servers.arguments import Area, Code, Flag, Layers, Pixels, Text, Texts, Tiles, WallSeconds, Zoom
from mcp_servers.cursor import Cursor, news
from mcp_servers.metrics import PROGRAM_SECONDS
from mcp_servers.observation import observation
from mcp_servers.production import Production
from mcp_servers.results import (
    Answer,
    Checkpoint,
    Checkpointed,
    Checkpoints,
    Claim,
    Observation,
    ProgramResult,
    Result,
    Score,
    Shot,
)
from mcp_servers.tool import acts, looks
from runtime.claims import LEASE_SECONDS
from runtime.managed_world import ManagedWorld

TICKS_PER_SECOND = 60


class Picture(Protocol):
    """A finished picture and what it shows."""

    @property
    def image(self) -> bytes: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def layers(self) -> tuple[str, ...]: ...
    @property
    def tick(self) -> int: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def zoom(self) -> float: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Camera(Protocol):
    """Takes pictures of worlds."""

    def __call__(
        self,
        world: ManagedWorld,
        x: float | None = None,
        y: float | None = None,
        zoom: float | None = None,
        width: int | None = None,
        height: int | None = None,
        *,
        area: tuple[float, float, float, float] | None = None,
        layers: Iterable[str] | None = None,
        form: str = "png",
    ) -> Picture:
        """A picture; None for the camera's own choice. Raises ValueError with a sentence when a value can't be drawn."""


@dataclass
class Call:
    """One call of a tool: what the client knows, who it says it is, and whom to tell of printed lines.

    base: where the gateway answers, as the client has it. pictures: images to send along with the result, and what they
    are. links: what can be fetched.
    """

    since: Cursor | None = None
    token: str | None = None
    printed: Callable[[int, str], None] | None = None
    base: str = ""
    pictures: list[tuple[bytes, str]] = field(default_factory=list)
    links: list[ResourceLink] = field(default_factory=list)


class WorldTools:
    """What the world's server does itself; see `mcp_servers.tool` for how methods become tools."""

    def __init__(self, world: ManagedWorld, camera: Camera, production: Production) -> None:
        self._world = world
        self._camera = camera
        self._production = production

    @acts(destroys=True)
    def run_program(self, call: Call, code: Code, timeout_s: WallSeconds = 60) -> ProgramResult:
        """Play by a Python program: FLE's API is imported, print() what you want to read, variables stay.

        Look: nearest(Resource.IronOre), get_resource_patch(Resource.Coal, position), get_entities(),
        get_entity(Prototype.StoneFurnace, position), inspect_inventory(), get_prototype_recipe(Prototype.X), score().
        Act: move_to(position), harvest_resource(position, quantity), craft_item(Prototype.X, quantity),
        place_entity(Prototype.X, Direction.UP, position), place_entity_next_to(Prototype.X, position, direction,
        spacing), insert_item(Prototype.Coal, entity, quantity), extract_item(Prototype.X, entity, quantity),
        connect_entities(a, b, Prototype.TransportBelt), rotate_entity(entity, direction), pickup_entity(entity),
        set_entity_recipe(entity, Prototype.X), set_research(Technology.X), sleep(game_seconds). Position(x=1, y=2).
        What fails raises, saying why; what was done stays. timeout_s: wall time.

        Example: run_program(code="coal = nearest(Resource.Coal)\\nmove_to(coal)\\nprint(harvest_resource(coal, 9))")
        """
        done, event = self._world.run_program(code, timeout_s, call.printed)
        PROGRAM_SECONDS.labels(self._world.name).observe(done.seconds)
        return ProgramResult(
            **news(self._world, call.since, done.scores.production_score, own={event.number}),
            ok=done.error is None,
            output=done.output,
            error=done.error,
            line=done.line,
            notes=list(done.notes),
            seconds=round(done.seconds, 3),
            tick=done.scores.tick,
            production_score=round(done.scores.production_score, 1),
            automated_score=round(done.scores.automated_score, 1),
        )

    @looks
    def observe(self, call: Call) -> Observation:
        """The state of play: position, inventory, machines and why some stand still, production, research.

        Example: observe(since="3fa2c1-17-0")
        """
        look, details = self._world.observe()
        self._production.see(details)
        return observation(self._world, look, details, self._production, call.since)

    @looks
    def score(self, call: Call) -> Score:
        """The production score; the automated score: what machines made.

        Example: score()
        """
        numbers = self._world.score()
        return Score(
            **news(self._world, call.since, numbers.production_score),
            production_score=round(numbers.production_score, 1),
            automated_score=round(numbers.automated_score, 1),
            tick=numbers.tick,
            game_seconds=round(numbers.tick / TICKS_PER_SECOND, 1),
        )

    @looks
    def screenshot(
        self,
        call: Call,
        x: Tiles | None = None,
        y: Tiles | None = None,
        zoom: Zoom | None = None,
        width: Pixels | None = None,
        height: Pixels | None = None,
        area: Area | None = None,
        layers: Layers | None = None,
        format: Text = "webp",
    ) -> Shot:
        """A picture around x, y (else you), zoom 1: 32 pixels a tile; or of area [x0, y0, x1, y1]. layers: grid, alt
        (recipes), status, power, fluids. format: webp, png.

        Example: screenshot(x=20, y=75)
        """
        west_to_south = None if area is None else (area[0], area[1], area[2], area[3])
        picture = self._camera(
            self._world, x, y, zoom, width, height, area=west_to_south, layers=layers, form=format
        )
        call.pictures.append((picture.image, picture.mime_type))
        self._world.reached(picture.tick)
        return Shot(
            **news(self._world, call.since, self._world.summary().score),
            tick=picture.tick,
            x=picture.x,
            y=picture.y,
            zoom=picture.zoom,
            width=picture.width,
            height=picture.height,
            layers=list(picture.layers),
        )

    @acts()
    def checkpoint(self, call: Call, name: Text | None = None) -> Checkpointed:
        """Keep the world as it is now, for restore.

        Example: checkpoint(name="before-oil")
        """
        kept = self._world.checkpoint(name)
        return Checkpointed(**self._now(call), name=kept.name, dropped=kept.dropped)

    @acts(destroys=True, idempotent=True)
    def restore(self, call: Call, name: Text) -> Checkpointed:
        """Set the world back to a checkpoint; what came after is undone.

        Example: restore(name="before-oil")
        """
        kept = self._world.restore(name)
        return Checkpointed(**self._now(call), name=kept.name)

    @looks
    def list_checkpoints(self, call: Call) -> Checkpoints:
        """The checkpoints of this world, oldest first.

        Example: list_checkpoints()
        """
        kept = self._world.list_checkpoints()
        return Checkpoints(
            **self._now(call),
            checkpoints=[
                Checkpoint(name=one.name, tick=one.tick, production_score=one.production_score)
                for one in kept
            ],
        )

    @acts()
    def claim(self, call: Call, player: Text = "player", take_over: Flag = False) -> Claim:
        """Play alone until you release it or don't act for long. Pass `token` when you act. take_over: also from an
        agent that plays; it waits.

        Example: claim(player="Ada")
        """
        token = self._world.claim(player, take_over)
        return Claim(**self._now(call), token=token, lease_seconds=LEASE_SECONDS)

    @acts(idempotent=True)
    def release(self, call: Call) -> Result:
        """Give the world free for others.

        Example: release(token="…")
        """
        self._world.claims.release(call.token)
        return Result(**self._now(call))

    @acts()
    def print(self, call: Call, args: Texts) -> Answer[str]:
        """Say something to those who watch.

        Example: print(args=["I build iron first"])
        """
        text = " ".join(args)
        self._world.events.add("tool", self._world.summary().tick, f"print: {text}")
        return Answer(**self._now(call), result=text)

    @acts()
    def send_message(
        self, call: Call, message: Text, recipient: Text | None = None, metadata: dict[str, Any] | None = None
    ) -> Answer[bool]:
        """Leave a message for people and other agents.

        Example: send_message(message="Iron is yours")
        """
        sender = self._world.claims.holder or "player"
        self._world.tell(sender, f"to {recipient}: {message}" if recipient else message)
        return Answer(**self._now(call), result=True)

    def _now(self, call: Call) -> dict[str, Any]:
        summary = self._world.summary()
        return {**news(self._world, call.since, summary.score), "tick": summary.tick}
