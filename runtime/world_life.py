"""The words for a world's life: what is asked for, what it is like now, and who starts and records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol


class Status(StrEnum):
    """The state of a world."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"


AFTER: dict[Status, frozenset[Status]] = {
    Status.STARTING: frozenset({Status.RUNNING, Status.RESTARTING, Status.FAILED, Status.STOPPED}),
    Status.RUNNING: frozenset({Status.RESTARTING, Status.FAILED, Status.STOPPED}),
    Status.RESTARTING: frozenset({Status.RUNNING, Status.RESTARTING, Status.FAILED, Status.STOPPED}),
    Status.FAILED: frozenset({Status.STOPPED}),
    Status.STOPPED: frozenset({Status.STARTING}),
}
"""Which states may follow which."""


class AgentStatus(StrEnum):
    """The state of the agent that a world is given."""

    NONE = "none"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"


AGENT_AFTER: dict[AgentStatus, frozenset[AgentStatus]] = {
    AgentStatus.NONE: frozenset({AgentStatus.PLAYING, AgentStatus.PAUSED}),
    AgentStatus.PLAYING: frozenset({AgentStatus.PAUSED, AgentStatus.ENDED, AgentStatus.NONE}),
    AgentStatus.PAUSED: frozenset({AgentStatus.PLAYING, AgentStatus.NONE}),
    AgentStatus.ENDED: frozenset({AgentStatus.PLAYING, AgentStatus.PAUSED, AgentStatus.NONE}),
}
"""Which states of an agent may follow which."""


class WorldUnavailable(Exception):
    """A world can't answer now; the message says in one sentence why and what to do."""


@dataclass(frozen=True)
class Scores:
    """What a world is worth at a tick: all of it, and without what was made by hand."""

    tick: int = 0
    production_score: float = 0.0
    automated_score: float = 0.0


@dataclass(frozen=True)
class Look:
    """A glance at a world, cheap enough for once a second. `speed` is game seconds per second."""

    scores: Scores
    speed: float
    activity: str


@dataclass(frozen=True)
class WorldDetails:
    """What is known of a world's inside. Counts are items or entities by name, `position` is in tiles.

    statuses: of each kind of machine, how many are in which status (the game's names, such as no_fuel).
    research_progress: how much of `research` is done (0 … 1).
    """

    tick: int = 0
    position: tuple[float, float] | None = None
    inventory: dict[str, int] = field(default_factory=dict)
    entities: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    produced: dict[str, float] = field(default_factory=dict)
    consumed: dict[str, float] = field(default_factory=dict)
    research: str | None = None
    research_progress: float = 0.0
    technologies: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    deaths: int = 0
    """How often a player's character has died."""


@dataclass(frozen=True)
class ProgramReport:
    """How a program went: what it printed, and the error and its line if it did not run to its end."""

    output: str
    error: str | None
    line: int | None
    seconds: float
    scores: Scores
    notes: tuple[str, ...] = ()
    """What else the agent should know, such as variables that were lost."""


@dataclass(frozen=True)
class ToolReport:
    """How a call of one of FLE's tools went.

    value: what it returned, as JSON (`runtime.result_shapes`). error: why it failed, in a sentence or two.
    output: what FLE printed on the way. seconds: of wall time. tick: the world's, after the call.
    """

    value: Any
    error: str | None
    output: str
    seconds: float
    tick: int


@dataclass(frozen=True)
class WorldSummary:
    """A world in one row, as the API gives it; scores are numbers at all times."""

    name: str
    engine: str
    scenario: str
    status: Status
    tick: int
    speed: float
    agent: str
    activity: str
    score: float
    automated_score: float
    viewers: int


@dataclass(frozen=True)
class RconAddress:
    """Where a world answers on loopback, and what it wants to hear first."""

    port: int
    password: str = field(repr=False)


class WorldSession(Protocol):
    """One life of a world: a running process and the host attached to it (`runtime.world_session`).

    Every method may raise WorldUnavailable; all are safe to call from any thread.
    """

    def end_of_life(self) -> str | None:
        """None while the process runs, else how it ended."""

    def look(self) -> Look:
        """Read scores, tick and activity; waits for the world."""

    def details(self) -> WorldDetails:
        """Read what look leaves out."""

    def scores(self) -> Scores:
        """Read the scores alone."""

    def run_program(
        self, code: str, timeout_s: float, on_printed: Callable[[int, str], None] | None = None
    ) -> ProgramReport:
        """Run a program to its end or time-out; `on_printed` is told each line and its text as it is printed."""

    def call_tool(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> ToolReport:
        """Call one of FLE's tools. Raises ValueError for arguments that it can't take."""

    def cancel(self) -> None:
        """End the running program or call, if one runs."""

    def scene_changes(
        self, rect: tuple[int, int, int, int], epoch: int, since: int, known: tuple[int, int, int, int]
    ) -> dict[str, Any]:
        """What there is to see in some chunks, as far as it isn't known: see `runtime.engine.scene.Scenes.changes`."""

    def scene_tiles(self, rect: tuple[int, int, int, int]) -> dict[str, Any]:
        """The tiles of some chunks: see `runtime.engine.scene.tiles`."""

    def rcon(self) -> RconAddress:
        """Where a process of ours finds this life of the world."""

    def position(self) -> tuple[float, float] | None:
        """Where the character is, in tiles."""

    def factory(self) -> tuple[float, float] | None:
        """Where most machines stand together, in tiles; None while there are none."""

    def save(self, path: Path) -> None:
        """Write a save of the world as it is now."""

    def close(self) -> None:
        """End the host and the process, which saves first if it still can."""


class LaunchError(Exception):
    """A world could not be started; the message is one sentence. lasting: it will be no better next time."""

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True)
class WorldPlan:
    """What a world is to be: `data` is its own folder, for its journal and saves."""

    name: str
    data: Path
    scenario: str = "default_lab_scenario"
    engine: str = "factorio-embedded"
    speed: float = 10.0
    agent: str = "none"
    """Who plays it, by the name that the harness knows them by."""
    paused: bool = False
    """The agent doesn't play for now."""
    waits: bool = False
    """It is paused only for as long as somebody who took the world over has it."""
    stopped: bool = False
    """The world isn't to run for now."""


Launcher = Callable[[WorldPlan, Callable[[str], None]], WorldSession]
"""Starts a world, restoring what its data folder holds, and says in a few words what it is at each time it
goes on to something else (at most LAUNCH_STAGES times). Raises LaunchError."""
LAUNCH_STAGES = 3


class Recorder(Protocol):
    """Where runs and scores are kept. Methods return at once."""

    def world_seen(self, name: str, engine: str, scenario: str) -> None: ...
    def world_gone(self, name: str, outcome: str) -> None: ...
    def run_started(self, world: str, agent: str) -> None: ...
    def run_ended(self, world: str, outcome: str) -> None: ...
    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None: ...
