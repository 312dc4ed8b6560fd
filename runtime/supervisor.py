"""Keeps worlds and their players running: starts them, watches them, and starts them again when they die.

Every world has a thread of its own, which alone moves it through its states:

    starting ──> running ──> restarting ──> running …        any ──> stopped
        └───────────────────────┴──> failed (too many attempts in a row)
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from runtime.event_log import Event, EventLog
from runtime.player_process import PlayerProcess
from runtime.world_life import (
    AFTER,
    LAUNCH_STAGES,
    Launcher,
    LaunchError,
    Look,
    ProgramReport,
    Recorder,
    Scores,
    Status,
    ToolReport,
    WorldDetails,
    WorldPlan,
    WorldSession,
    WorldSummary,
    WorldUnavailable,
)

log = structlog.get_logger()

CHECK_SECONDS = 0.1
"""How often a thread looks whether its processes live; bounds how long a death goes unnoticed."""
LOOK_SECONDS = 1.0
DETAIL_SECONDS = 5.0
SAMPLE_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""A world whose process lives but that hasn't answered for so long is restarted."""
STEADY_SECONDS = 60.0
"""After running so long a restart counts as the first again."""
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.5, 30.0
MAX_ATTEMPTS = 8
STOP_SECONDS = 20.0
KEPT_CHARACTERS = 4000
"""Of a program and of what it printed, for people who watch."""
HEADLINE_CHARACTERS = 120
IDLE, RUNNING_PROGRAM = "idle", "running a program"
"""What a host says of a player that does nothing in the world at the moment."""
AFTERGLOW_SECONDS = 10.0
"""How long a program is still named as what the player is at: between two programs it is thinking."""
ALERT_QUIET_SECONDS = 60.0
"""An alert is news again when it was away for so long."""
ALERT = re.compile(r"^(?:\d+ of )?([\w-]+).*: ([^:]*)$")
"""What stands still, and why: where and how many are no news."""


@dataclass(frozen=True)
class PlayerPlan:
    """Who plays a world: the name shown, and the command that plays.

    A player with runs of its own records them itself, so that they go on when it is started again.
    """

    agent: str
    command: Sequence[str]
    log: Path
    own_runs: bool = False


def backoff(attempt: int) -> float:
    """Seconds to wait before the n-th attempt in a row: none before the first, then ever twice as long."""
    if attempt <= 1:
        return 0.0
    return float(min(LAST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (attempt - 2)))


class ManagedWorld:
    """A world that is kept running, as the rest of the program sees it; safe to use from any thread.

    Args:
        plan: what to run.
        launch: starts one life of the world.
        recorder: where runs and scores are kept.
        player: who plays it, or nobody.
        players_may_start: set once the gateway answers, through which players play.
    """

    def __init__(
        self,
        plan: WorldPlan,
        launch: Launcher,
        recorder: Recorder,
        player: PlayerPlan | None,
        players_may_start: threading.Event,
    ) -> None:
        self.plan = plan
        self.events = EventLog()
        self.failure: str | None = None
        self.stage = (0, "waiting")
        """How many stages of its present start are done or under way, and what the newest is doing."""
        self._launch = launch
        self._recorder = recorder
        self._player = player
        self._players_may_start = players_may_start
        self._lock = threading.Lock()
        self._session: WorldSession | None = None
        self._look = Look(Scores(), plan.speed, "")
        self._details = WorldDetails()
        self._doing = ("", 0.0)
        self._alerted: dict[str, float] = {}
        self._status = Status.STARTING
        self._viewers = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._live, name=plan.name, daemon=True)

    # --- for everybody -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The world's name, which is part of its URL."""
        return self.plan.name

    @property
    def status(self) -> Status:
        """The world's state."""
        return self._status

    def summary(self) -> WorldSummary:
        """The newest known row; does not wait."""
        with self._lock:
            look, status, viewers = self._look, self._status, self._viewers
        activity = self._activity(look) if status is Status.RUNNING else f"the world is {status}"
        return WorldSummary(
            name=self.name,
            engine=self.plan.engine,
            scenario=self.plan.scenario,
            status=status,
            tick=look.scores.tick,
            speed=look.speed,
            agent=self._player.agent if self._player else "none",
            activity=activity,
            score=look.scores.production_score,
            automated_score=look.scores.automated_score,
            viewers=viewers,
        )

    def details(self) -> WorldDetails:
        """The newest known details; does not wait."""
        return self._details

    @contextmanager
    def viewed(self) -> Iterator[None]:
        """Count one more viewer for as long as the block runs."""
        with self._lock:
            self._viewers += 1
        try:
            yield
        finally:
            with self._lock:
                self._viewers -= 1

    def run_program(
        self, code: str, timeout_s: float, on_printed: Callable[[int, str], None] | None = None
    ) -> tuple[ProgramReport, Event]:
        """Run a program and write it down; also returns the event it became. Raises WorldUnavailable.

        `on_printed` is told each line and its text as it is printed.
        """
        session = self._running()
        lines = [line.strip() for line in code.splitlines() if line.strip()]
        headline = lines[0].lstrip("# ")[:HEADLINE_CHARACTERS] if lines else "an empty program"
        self._doing = (headline, float("inf"))
        try:
            report = session.run_program(code, timeout_s, on_printed)
        finally:
            self._doing = (headline, time.monotonic() + AFTERGLOW_SECONDS)
        event = self.events.add(
            "program",
            report.scores.tick,
            headline if report.error is None else f"{headline} (failed)",
            {
                "code": code[:KEPT_CHARACTERS],
                "output": report.output[:KEPT_CHARACTERS],
                "error": report.error,
                "seconds": report.seconds,
            },
        )
        with self._lock:
            self._look = replace(self._look, scores=report.scores)
        return report, event

    def call_tool(self, tool: str, arguments: Mapping[str, Any], timeout_s: float = 60) -> ToolReport:
        """Call one of FLE's tools (`runtime.tool_arguments`). Raises WorldUnavailable.

        Also raises ValueError, with a sentence for the caller, for arguments that it can't take.
        """
        return self._running().call_tool(tool, arguments, timeout_s)

    def cancel(self) -> None:
        """End the running program or tool call, if one runs; it then says that it was ended."""
        session = self._session
        if session is not None:
            session.cancel()

    def _activity(self, look: Look) -> str:
        """What the player is at: a program's first line where the host knows no more than that it runs one."""
        headline, until = self._doing
        if look.activity in (IDLE, RUNNING_PROGRAM) and time.monotonic() < until:
            return headline
        return look.activity

    def observe(self) -> tuple[Look, WorldDetails]:
        """Read everything there is to see now; waits for the world. Raises WorldUnavailable."""
        session = self._running()
        look = session.look()
        self._see(look)
        return look, self._see_details(session, look.scores.tick)

    def score(self) -> Scores:
        """Read the scores now; waits for the world. Raises WorldUnavailable."""
        return self._running().scores()

    def scene(self, x0: float, y0: float, x1: float, y1: float) -> Any:
        """The scene of an area in tiles; waits for the world. Raises WorldUnavailable."""
        return self._running().scene(x0, y0, x1, y1)

    def position(self) -> tuple[float, float] | None:
        """Where the character is; waits for the world. Raises WorldUnavailable."""
        return self._running().position()

    def factory(self) -> tuple[float, float] | None:
        """Where most machines stand together; waits for the world. Raises WorldUnavailable."""
        return self._running().factory()

    def _running(self) -> WorldSession:
        session = self._session
        if session is not None:
            return session
        hint = (
            "try again in a few seconds"
            if self._status not in (Status.FAILED, Status.STOPPED)
            else "see its log"
        )
        raise WorldUnavailable(f"World {self.name} is {self._status}; {hint}.")

    # --- for the supervisor ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to keep the world running."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the world to end; `join` waits for it."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait until the world has ended; False if it hasn't."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # --- the world's own thread --------------------------------------------------------------------------

    def _live(self) -> None:
        self._recorder.world_seen(self.name, self.plan.engine, self.plan.scenario)
        player = None
        if self._player is not None:
            player = PlayerKeeper(self.name, self._player, self._recorder, self.events)
        attempt = 0
        try:
            while not self._stopping.wait(backoff(attempt)):
                began = time.monotonic()
                try:
                    reason = self._one_life(player)
                except Exception as error:  # outermost loop of this thread
                    log.exception("a bug met while a world ran", world=self.name)
                    reason = f"a bug: {type(error).__name__}: {error}"
                if self._stopping.is_set():
                    break
                attempt = 1 if time.monotonic() - began > STEADY_SECONDS else attempt + 1
                if attempt > MAX_ATTEMPTS:
                    self.failure = reason
                    self._move(Status.FAILED, reason)
                    self._stopping.wait()
                    break
                self._move(Status.RESTARTING, reason)
        finally:
            if player is not None:
                player.stop()
            self._move(Status.STOPPED, "it was told to stop")

    def _one_life(self, player: PlayerKeeper | None) -> str:
        """Start the world and stay with it to its end; says how it ended."""
        self.stage = (0, "starting")
        try:
            session = self._launch(self.plan, self._next_stage)
        except LaunchError as error:
            return str(error)
        try:
            look = session.look()
            self._see(look)
            self._see_details(session, look.scores.tick)
            with self._lock:
                self._session = session
            self.stage = (LAUNCH_STAGES, "running")
            self._move(Status.RUNNING, "it answers")
            return self._watch(session, player)
        except WorldUnavailable as error:
            return str(error)
        finally:
            with self._lock:
                self._session = None
            if not self._stopping.is_set():
                # Whoever asks while the remains are cleared away is to read why they get no answer.
                self._set_status(Status.RESTARTING)
            elif player is not None:
                player.stop()
            session.close()

    def _next_stage(self, doing: str) -> None:
        self.stage = (self.stage[0] + 1, doing)

    def _watch(self, session: WorldSession, player: PlayerKeeper | None) -> str:
        due_look = due_details = due_sample = heard = time.monotonic()
        while not self._stopping.wait(CHECK_SECONDS):
            end = session.end_of_life()
            if end is not None:
                return end
            if player is not None and self._players_may_start.is_set():
                player.tend(self._look.scores.tick)
            now = time.monotonic()
            try:
                if now >= due_look:
                    due_look = now + LOOK_SECONDS
                    self._see(session.look())
                    heard = now
                if now >= due_details:
                    due_details = now + DETAIL_SECONDS
                    self._see_details(session, self._look.scores.tick)
            except WorldUnavailable as error:
                if now - heard > SILENCE_SECONDS:
                    return f"it has not answered for {SILENCE_SECONDS:g} s ({error})"
                continue
            if now >= due_sample:
                due_sample = now + SAMPLE_SECONDS
                s = self._look.scores
                self._recorder.sampled(self.name, s.tick, s.production_score, s.automated_score)
        return "it was told to stop"

    def _see(self, look: Look) -> None:
        with self._lock:
            self._look = look

    def _see_details(self, session: WorldSession, tick: int) -> WorldDetails:
        details = session.details()
        with self._lock:
            before, self._details = self._details, details
        now = time.monotonic()
        for alert in details.alerts:
            # A furnace that runs empty every few seconds is told of once, not every time.
            known = ALERT.sub(r"\1: \2", alert)
            if now - self._alerted.get(known, float("-inf")) > ALERT_QUIET_SECONDS:
                self.events.add("alert", tick, alert)
            self._alerted[known] = now
        if before.technologies:
            for technology in details.technologies:
                if technology not in before.technologies:
                    self.events.add("research", tick, f"{technology} is researched")
        return details

    def _move(self, status: Status, reason: str) -> None:
        self._set_status(status)
        log.info("world", world=self.name, status=status.value, reason=reason)
        self.events.add("status", self._look.scores.tick, f"{status}: {reason}")

    def _set_status(self, status: Status) -> None:
        with self._lock:
            if status is self._status:
                return
            assert status in AFTER[self._status], f"{self._status} can't become {status}"
            self._status = status


class PlayerKeeper:
    """Keeps a world's player running, with pauses that grow while it keeps dying."""

    def __init__(self, world: str, plan: PlayerPlan, recorder: Recorder, events: EventLog) -> None:
        self._world = world
        self._plan = plan
        self._recorder = recorder
        self._events = events
        self._process: PlayerProcess | None = None
        self._attempt = 0
        self._began = 0.0
        self._due = 0.0

    def tend(self, tick: int) -> None:
        """Look after the player: notice its end, start it when it is due."""
        now = time.monotonic()
        if self._process is not None:
            outcome = self._process.outcome()
            if outcome is None:
                return
            final, self._process = self._process.final, None
            self._run_ended(outcome)
            self._events.add("status", tick, f"the player {self._plan.agent} ended ({outcome})")
            self._attempt = 1 if now - self._began > STEADY_SECONDS else self._attempt + 1
            self._due = float("inf") if final else now + backoff(self._attempt)
        if now >= self._due:
            self._process = PlayerProcess(self._plan.command, self._plan.log)
            self._began = now
            if not self._plan.own_runs:
                self._recorder.run_started(self._world, self._plan.agent)
            self._events.add("status", tick, f"the player {self._plan.agent} begins to play")

    def stop(self) -> None:
        """End the player."""
        if self._process is not None:
            self._process.end()
            self._process = None
            self._run_ended("stopped")

    def _run_ended(self, outcome: str) -> None:
        if not self._plan.own_runs:
            self._recorder.run_ended(self._world, outcome)


class Supervisor:
    """The fleet: starts all worlds together and ends all of them together."""

    def __init__(self, launch: Launcher, recorder: Recorder) -> None:
        self.worlds: dict[str, ManagedWorld] = {}
        self.players_may_start = threading.Event()
        self._launch = launch
        self._recorder = recorder

    def add(self, plan: WorldPlan, player: PlayerPlan | None = None) -> ManagedWorld:
        """Start to run a world; its player begins when `players_may_start` is set."""
        world = ManagedWorld(plan, self._launch, self._recorder, player, self.players_may_start)
        self.worlds[plan.name] = world
        world.start()
        return world

    def stop(self) -> None:
        """End every world and player; returns when their processes are gone."""
        for world in self.worlds.values():
            world.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for world in self.worlds.values():
            if not world.join(max(0.0, deadline - time.monotonic())):
                log.error("a world did not stop in time", world=world.name)
