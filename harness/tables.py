"""What the database holds: worlds, runs, what was said and done in them, and samples of scores."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from harness.usage import Usage


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


class World(SQLModel, table=True):
    """A world that has existed; its name is its URL's."""

    name: str = Field(primary_key=True)
    engine: str
    scenario: str
    created: datetime = Field(default_factory=now)


class Run(Usage, SQLModel, table=True):
    """An agent that plays a world; `ended` and `outcome` stay empty while it does.

    Every start of a player is a run, but for players that record their own (those with a `model`): their runs go on
    where they were when the player, the gateway or the world has been started again.
    """

    id: int | None = Field(default=None, primary_key=True)
    world: str = Field(foreign_key="world.name", index=True)
    agent: str
    started: datetime = Field(default_factory=now)
    ended: datetime | None = None
    outcome: str | None = None
    model: str | None = None
    steps: int = 0
    """Replies of the model."""
    tick_before: int = 0
    score_before: float = 0.0
    automated_before: float = 0.0
    """What the world was like when the run began."""
    tick: int = 0
    production_score: float = 0.0
    automated_score: float = 0.0
    """What it was like when it was last sampled."""


class Message(Usage, SQLModel, table=True):
    """Something said in a run, in order: by the model (assistant), to it (user), or about it (note)."""

    run: int = Field(foreign_key="run.id", primary_key=True)
    number: int = Field(primary_key=True)
    role: str
    stop_reason: str | None = None
    unusable: str | None = None
    """Why this reply is no part of the conversation."""
    fresh: bool = False
    """The conversation begins anew with this message."""
    cursor: str | None = None
    """Up to where in the world's events it tells."""
    time: datetime = Field(default_factory=now)
    content: list[dict[str, Any]] = Field(sa_type=JSON)
    """Its blocks, as Claude's API has them; results of tools are with the calls."""


class Call(SQLModel, table=True):
    """A call of a tool: written down before it is sent, and again when its result is there."""

    run: int = Field(foreign_key="run.id", primary_key=True)
    id: str = Field(primary_key=True)
    """The model's own id for it."""
    message: int
    """The number of the message that asked for it."""
    name: str
    began: datetime = Field(default_factory=now)
    ended: datetime | None = None
    is_error: bool = False
    cursor: str | None = None
    """Up to where in the world's events the result tells."""
    arguments: dict[str, Any] = Field(sa_type=JSON)
    result: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON)
    """Blocks, as Claude's API has them."""


class Sample(SQLModel, table=True):
    """The scores of a world at a moment.

    `production_score` values everything made since the world began, `automated_score` leaves out what was
    crafted or mined by hand.
    """

    id: int | None = Field(default=None, primary_key=True)
    world: str = Field(foreign_key="world.name", index=True)
    run: int | None = Field(default=None, foreign_key="run.id")
    tick: int
    production_score: float
    automated_score: float
    time: datetime = Field(default_factory=now, index=True)
