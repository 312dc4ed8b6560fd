"""What tools answer: the shapes of their structured results. Lengths are tiles; energy is joules."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, WithJsonSchema

T = TypeVar("T")


class Change(BaseModel):
    """Something that happened in the world: see `runtime.event_log.Event`."""

    tick: int
    kind: str
    text: str


class Result(BaseModel):
    """What every answer carries.

    cursor: to pass as `since` next time. changes: what happened after `since`, oldest first, but for what the
    caller itself did. missed: there were more than are shown. score_change: production score gained after `since`.
    """

    cursor: str
    tick: int
    changes: Annotated[
        list[Change] | None, WithJsonSchema({"type": "array", "items": {"type": "object"}})
    ] = None
    missed: bool | None = None
    score_change: float | None = None


class Answer(Result, Generic[T]):
    """What a tool of FLE answered. more: things left out of a long list; printed: what it said on the way;
    seconds: wall time, waiting included.
    """

    result: T
    more: int | None = None
    printed: str | None = None
    seconds: float | None = None


class Point(BaseModel):
    """A place."""

    x: float
    y: float


class Thing(BaseModel):
    """Something that stands in the world, or a group of belts, pipes or poles: see `runtime.result_shapes`."""

    model_config = ConfigDict(extra="allow")

    name: str
    position: Point
    kind: str | None = None
    direction: str | None = None
    status: str | None = None
    warnings: list[str] | None = None
    recipe: str | None = None
    contents: dict[str, Any] | None = None
    drop_position: Point | None = None
    pickup_position: Point | None = None
    connections: list[dict[str, Any]] | None = None


class Area(BaseModel):
    """A rectangle."""

    left_top: Point
    right_bottom: Point


class Patch(BaseModel):
    """Resource that lies together. size: what can be mined."""

    model_config = ConfigDict(extra="allow")

    name: str
    size: float
    bounding_box: Area


class Amount(BaseModel):
    """So many of an item or a fluid."""

    name: str
    count: float


class Recipe(BaseModel):
    """What is made of what."""

    model_config = ConfigDict(extra="allow")

    name: str
    ingredients: list[Amount]
    products: list[Amount]


class ProgramResult(Result):
    """How a program went. line: of the program, that failed; notes: such as variables that were lost."""

    ok: bool
    output: str
    error: str | None
    line: int | None
    notes: list[str]
    seconds: float
    production_score: float
    automated_score: float


class Score(Result):
    """The value of all that was made since the world began, and without what was mined or crafted by hand."""

    production_score: float
    automated_score: float
    game_seconds: float


class Observation(Score):
    """The state of play, in under 600 tokens: what doesn't fit is counted under `more`.

    machines: by kind, how many there are, how many work, why others don't and where the first of them is.
    produced_per_minute: items made in a minute of game time lately. speed: game seconds per second. player: who has
    claimed the world. changes leaves out programs and calls of tools, and messages, which are there.
    """

    speed: float
    activity: str
    position: tuple[float, float] | None
    inventory: dict[str, int]
    machines: dict[str, str]
    produced_per_minute: dict[str, float]
    research: str | None
    messages: list[str]
    player: str | None = None
    more: str | None = None


class Shot(Result):
    """What a picture shows. zoom: 1 is 32 pixels per tile."""

    x: float
    y: float
    zoom: float
    width: int
    height: int
    layers: list[str]


class Checkpointed(Result):
    """A state of the world that was kept, or gone back to. dropped: an older one that had to go for it."""

    name: str
    dropped: str | None = None


class Checkpoint(BaseModel):
    """A state of the world that was kept."""

    name: str
    tick: int
    production_score: float


class Checkpoints(Result):
    """The states of the world that were kept, oldest first."""

    checkpoints: list[Checkpoint]


class Claim(Result):
    """Who plays. token: what acting calls need from now on."""

    token: str
    lease_seconds: float
