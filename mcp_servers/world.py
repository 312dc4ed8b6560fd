"""The MCP server of one world: four tools by which a model plays it, looks at it and asks how it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import anyio.to_thread
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from runtime.supervisor import ManagedWorld
from runtime.world_life import Scores, WorldUnavailable

LONGEST_PROGRAM_SECONDS = 600
TICKS_PER_SECOND = 60
CHANGES_SHOWN = 100

INSTRUCTIONS = """\
This is {name}, a live world of the game Factorio. You play its one character by writing Python programs.

How to play
- Call run_program with Python code. It runs with the API of the Factorio Learning Environment (FLE) already
  imported; print() what you want to read. Variables and functions you define are still there next time.
- Positions are Position(x=…, y=…): x grows to the east, y to the south, one unit is one tile.
- Things are named by Prototype (Prototype.BurnerMiningDrill, Prototype.StoneFurnace, Prototype.IronPlate …),
  resources by Resource (Resource.IronOre, Resource.CopperOre, Resource.Coal, Resource.Stone, Resource.Wood,
  Resource.Water), directions by Direction.UP, RIGHT, DOWN, LEFT.
- Look: nearest(Resource.X), get_resource_patch(Resource.X, position), get_entities(), get_entity(Prototype.X,
  position), inspect_inventory(), get_prototype_recipe(Prototype.X), score().
- Act: move_to(position), harvest_resource(position, quantity), craft_item(Prototype.X, quantity),
  place_entity(Prototype.X, direction, position), place_entity_next_to(Prototype.X, position, direction,
  spacing), insert_item(Prototype.X, entity, quantity), extract_item(Prototype.X, entity, quantity),
  connect_entities(a, b, Prototype.TransportBelt), rotate_entity(entity, direction), pickup_entity(entity),
  set_entity_recipe(entity, Prototype.X), set_research(Technology.X), sleep(seconds of game time).
- You reach 10 tiles: move_to a place before you act there. Actions cost game time, as they do for a player.
- Drills, furnaces and inserters that burn fuel need some: insert_item(Prototype.Coal, drill, 5).
- An action that fails raises an exception that says why; the rest of the program does not run, what was done
  before it stays done. Read the error, look, and try another way.

What counts
- The production score values everything ever made here. The automated score leaves out what was mined or
  crafted by hand: build machines that feed machines (ore to belt to furnace to chest, with coal that feeds
  itself) and let them run.
- The world never stops and is never reset: it runs on between your calls.

Begin with observe and a short program such as:
  patch = nearest(Resource.IronOre); move_to(patch); print(patch, inspect_inventory())
Every result carries a cursor. Pass it as `since` next time to learn what has happened in between.
"""


class Change(BaseModel):
    """Something that happened in the world."""

    tick: int
    kind: str = Field(description="program, alert, research or status")
    text: str


class Result(BaseModel):
    """What every answer carries."""

    cursor: str = Field(description="pass as `since` to learn what changed after this answer")
    changes: list[Change] = Field(
        default_factory=list, description="what happened after `since`, oldest first"
    )
    missed: bool = Field(default=False, description="true when older changes are no longer known")
    score_change: float | None = Field(default=None, description="production score gained after `since`")


class ProgramResult(Result):
    """How a program went."""

    ok: bool
    output: str = Field(description="what the program printed")
    error: str | None = Field(description="why it stopped, if it did not run to its end")
    line: int | None = Field(description="the line of the program that failed")
    notes: list[str] = Field(description="what else to know, such as variables that were lost")
    seconds: float = Field(description="wall time it took")
    tick: int
    production_score: float
    automated_score: float


class Score(Result):
    """How well the world is doing."""

    production_score: float = Field(description="value of everything made since the world began")
    automated_score: float = Field(description="the same without what was mined or crafted by hand")
    tick: int
    game_seconds: float


class Observation(Score):
    """What there is to see without running a program."""

    speed: float = Field(description="game seconds per second")
    activity: str = Field(description="what the player is doing now")
    position: tuple[float, float] | None = Field(description="x, y of the character")
    inventory: dict[str, int]
    entities: dict[str, int] = Field(description="how many of each thing stand in the world")
    produced: dict[str, float] = Field(description="items made since the world began")
    consumed: dict[str, float] = Field(description="items used up since the world began")
    research: str | None
    alerts: list[str] = Field(description="what is wrong now, such as machines without fuel")


class Shot(BaseModel):
    """What a picture shows."""

    cursor: str
    tick: int
    x: float
    y: float
    zoom: float = Field(description="1 is 32 pixels per tile")
    width: int
    height: int


class Picture(Protocol):
    """A finished picture and what it shows."""

    @property
    def png(self) -> bytes: ...
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


Camera = Callable[[ManagedWorld, float | None, float | None, float | None, int | None, int | None], Picture]
"""Takes a picture of a world: x, y, zoom, width, height, each None for the camera's own choice.

Raises ValueError with a sentence when a value can't be drawn.
"""

LOOKING = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
ACTING = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
Since = Annotated[str | None, Field(description="the cursor of an earlier result")]


def world_server(world: ManagedWorld, camera: Camera, version: str) -> MCPServer[Any]:
    """Make the MCP server of a world.

    Args:
        world: the supervised world; it may be restarting at any time, which tools answer with an error.
        camera: takes pictures of it.
        version: of Claudetorio, for clients to show.
    """
    server: MCPServer[Any] = MCPServer(
        name=world.name,
        title=f"Factorio: {world.name}",
        instructions=INSTRUCTIONS.format(name=world.name),
        version=version,
        log_level="WARNING",
    )
    # A program may wait for minutes. On threads of its own it can't take those that pages need.
    limiter = anyio.CapacityLimiter(8)

    async def call(work: Callable[[], Any]) -> Any:
        try:
            return await anyio.to_thread.run_sync(work, limiter=limiter)
        except (WorldUnavailable, ValueError) as error:
            raise ToolError(str(error)) from error

    @server.tool(title="Run a program", annotations=ACTING)
    async def run_program(
        code: Annotated[str, Field(description="Python that uses the FLE API")],
        timeout_s: Annotated[
            float,
            Field(
                gt=0,
                le=LONGEST_PROGRAM_SECONDS,
                description="wall seconds, waiting included, that it may take",
            ),
        ] = 60,
        since: Since = None,
    ) -> ProgramResult:
        """Play: run a Python program with the FLE API in this world and read what it printed.

        Example: run_program(code="coal = nearest(Resource.Coal)\\nmove_to(coal)\\nharvest_resource(coal, 9)")
        """

        def work() -> ProgramResult:
            seen = Cursor.parse(since, world)
            done, event = world.run_program(code, timeout_s)
            return ProgramResult(
                **_changes(world, seen, done.scores, leave_out=event.number),
                ok=done.error is None,
                output=done.output,
                error=done.error,
                line=done.line,
                notes=list(done.notes),
                seconds=round(done.seconds, 3),
                tick=done.scores.tick,
                production_score=done.scores.production_score,
                automated_score=done.scores.automated_score,
            )

        result: ProgramResult = await call(work)
        return result

    @server.tool(title="Observe", annotations=LOOKING)
    async def observe(since: Since = None) -> Observation:
        """Look: position, inventory, what stands here, production, research, alerts, and what changed.

        Example: observe(since="3fa2c1-17")
        """

        def work() -> Observation:
            seen = Cursor.parse(since, world)
            look, details = world.observe()
            return Observation(
                **_changes(world, seen, look.scores),
                production_score=look.scores.production_score,
                automated_score=look.scores.automated_score,
                tick=look.scores.tick,
                game_seconds=round(look.scores.tick / TICKS_PER_SECOND, 1),
                speed=look.speed,
                activity=look.activity,
                position=details.position,
                inventory=details.inventory,
                entities=details.entities,
                produced=details.produced,
                consumed=details.consumed,
                research=details.research,
                alerts=list(details.alerts),
            )

        result: Observation = await call(work)
        return result

    @server.tool(title="Score", annotations=LOOKING)
    async def score() -> Score:
        """The world's production score and automated score, and the tick they were read at.

        Example: score()
        """

        def work() -> Score:
            numbers = world.score()
            return Score(
                cursor=str(Cursor(world.events.cursor, numbers.production_score)),
                production_score=numbers.production_score,
                automated_score=numbers.automated_score,
                tick=numbers.tick,
                game_seconds=round(numbers.tick / TICKS_PER_SECOND, 1),
            )

        result: Score = await call(work)
        return result

    @server.tool(title="Screenshot", annotations=LOOKING)
    async def screenshot(
        x: Annotated[float | None, Field(description="centre, tiles; the character when left out")] = None,
        y: Annotated[float | None, Field(description="centre, tiles; the character when left out")] = None,
        zoom: Annotated[
            float | None,
            Field(
                description="1 is 32 pixels per tile, 0.1 to 4; left out with x and y: where most machines are"
            ),
        ] = None,
        width: Annotated[int | None, Field(description="pixels, 1280 when left out")] = None,
        height: Annotated[int | None, Field(description="pixels, 720 when left out")] = None,
    ) -> Annotated[CallToolResult, Shot]:
        """A picture of the world around a point: ore, belts with their direction, machines, the character.

        Example: screenshot(x=20, y=75, zoom=1)
        """

        def work() -> CallToolResult:
            picture = camera(world, x, y, zoom, width, height)
            shot = Shot(
                cursor=str(Cursor(world.events.cursor, world.summary().score)),
                tick=picture.tick,
                x=picture.x,
                y=picture.y,
                zoom=picture.zoom,
                width=picture.width,
                height=picture.height,
            )
            text = (
                f"{world.name} at tick {shot.tick}: {shot.width}x{shot.height} pixels around x={shot.x:g}, "
                f"y={shot.y:g} at zoom {shot.zoom:g}. cursor: {shot.cursor}"
            )
            return CallToolResult(
                content=[
                    TextContent(type="text", text=text),
                    Image(data=picture.png, format="png").to_image_content(),
                ],
                structured_content=shot.model_dump(),
            )

        result: CallToolResult = await call(work)
        return result

    return server


@dataclass(frozen=True)
class Cursor:
    """Where a client's knowledge of a world ends: a place in its events, and the production score there.

    Clients keep it, so the server keeps nothing for them; to them it is opaque.
    """

    events: str
    score: float

    def __str__(self) -> str:
        return f"{self.events}-{self.score:.0f}"

    @classmethod
    def parse(cls, text: str | None, world: ManagedWorld) -> Cursor | None:
        """Read a cursor that a client passed back; None stays None. Raises ValueError."""
        if text is None:
            return None
        events, _, score = text.rpartition("-")
        # A score is below zero when more was used up than made: such as after inserting given fuel.
        events, score = (events[:-1], f"-{score}") if events.endswith("-") else (events, score)
        if not score.removeprefix("-").isdecimal():
            raise ValueError(f"since is {text[:80]!r}, which is not the cursor of an earlier result")
        world.events.since(events)
        return cls(events, float(score))


def _changes(world: ManagedWorld, seen: Cursor | None, now: Scores, leave_out: int = 0) -> dict[str, Any]:
    """The fields of `Result`: what happened since the client last looked, but for the event it knows of."""
    changes = world.events.since(seen.events if seen else None)
    events = [e for e in changes.events if e.number != leave_out]
    return {
        "cursor": str(Cursor(changes.cursor, now.production_score)),
        "changes": [Change(tick=e.tick, kind=e.kind, text=e.text) for e in events[-CHANGES_SHOWN:]],
        "missed": changes.missed or len(events) > CHANGES_SHOWN,
        "score_change": round(now.production_score - seen.score) if seen else None,
    }
