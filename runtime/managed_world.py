"""A world that is kept running: it is started, watched, and started again when it dies.

It has a thread of its own, which alone moves it through its states:

    starting ──> running ──> restarting ──> running …        any ──> stopped ──> starting …
        └───────────────────────┴──> failed (too many attempts in a row)
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from runtime.alerts import Alerts
from runtime.checkpoints import Checkpoint, Checkpoints
from runtime.claims import Claims, player_name
from runtime.event_log import Event, EventLog
from runtime.player_keeper import STEADY_SECONDS, PlayerKeeper, PlayerPlan, backoff
from runtime.scene_client import Rect
from runtime.world_folder import Start, WorldFolder
from runtime.world_life import (
    AFTER,
    LAUNCH_STAGES,
    AgentStatus,
    Launcher,
    LaunchError,
    Look,
    ProgramReport,
    RconAddress,
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
MAX_ATTEMPTS = 8
RESTART_SECONDS = 90.0
"""How long a world that is told to begin again, or to stop, may take for it."""
KEPT_CHARACTERS = 4000
"""Of a program and of what it printed, for people who watch."""
HEADLINE_CHARACTERS = 120
IDLE, RUNNING_PROGRAM = "idle", "running a program"
"""What a host says of a player that does nothing in the world at the moment."""
RESTING = {AgentStatus.PAUSED: "is paused", AgentStatus.ENDED: "has ended; player.log says why"}
"""What a world's agent is at when it does nothing for long."""
AFTERGLOW_SECONDS = 10.0
"""How long a program is still named as what the player is at: between two programs it is thinking."""


Players = Callable[[str, str], PlayerPlan | None]
"""The player process for an agent on a world, both by name; None for nobody. Raises ValueError for an unknown agent."""


def nobody(agent: str, world: str) -> None:
    """Nobody plays."""


class ManagedWorld:
    """A world that is kept running, as the rest of the program sees it; safe to use from any thread.

    Args:
        plan: what to run.
        launch: starts one life of the world.
        recorder: where runs and scores are kept.
        players: the player process for an agent (its name) and a world (its name); None for nobody.
        players_may_start: set once the gateway answers, through which players play.
    """

    def __init__(
        self,
        plan: WorldPlan,
        launch: Launcher,
        recorder: Recorder,
        players: Players,
        players_may_start: threading.Event,
    ) -> None:
        self.plan = plan
        self.events = EventLog()
        self.folder = WorldFolder(plan.data)
        self.claims = Claims(plan.data / "claim.json", yields=self._is_playing_agent)
        self.failure: str | None = None
        self.stage = (0, "waiting")
        """How many stages of its present start are done or under way, and what the newest is doing."""
        self._launch = launch
        self._recorder = recorder
        self._players = players
        self._players_may_start = players_may_start
        self._keeper = PlayerKeeper(plan.name, recorder, self.events)
        self._checkpoints = Checkpoints(plan.data / "checkpoints", threading.Lock())
        self._lock = threading.Lock()
        self._moved = threading.Condition(self._lock)
        self._lives = 0
        self._changing = threading.Lock()
        self._session: WorldSession | None = None
        self._look = Look(Scores(), plan.speed, "")
        self._details = WorldDetails()
        self._doing = ("", 0.0)
        self._alerts = Alerts()
        self._status = Status.STARTING
        self._viewers: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._again: str | None = None  # why it is to begin again, when it is
        self._hopeless = False
        self._ending = False
        self._woken = threading.Event()
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
            look, status, viewers = self._look, self._status, len(self._viewers)
        activity = self._activity(look) if status is Status.RUNNING else f"the world is {status}"
        return WorldSummary(
            name=self.name,
            engine=self.plan.engine,
            scenario=self.plan.scenario,
            status=status,
            tick=look.scores.tick,
            speed=look.speed,
            agent=self._keeper.agent,
            activity=activity,
            score=look.scores.production_score,
            automated_score=look.scores.automated_score,
            viewers=viewers,
        )

    def details(self) -> WorldDetails:
        """The newest known details; does not wait."""
        return self._details

    @contextmanager
    def viewed(self, who: str | None = None) -> Iterator[None]:
        """Count one more viewer for as long as the block runs; one who looks in several ways says who it is."""
        viewer = secrets.token_hex(8) if who is None else who
        with self._lock:
            self._viewers[viewer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._viewers -= Counter([viewer])

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
        report = self._running().call_tool(tool, arguments, timeout_s)
        self.reached(report.tick)
        return report

    def cancel(self) -> None:
        """End the running program or tool call, if one runs; it then says that it was ended."""
        session = self._session
        if session is not None:
            session.cancel()

    def tell(self, sender: str, text: str) -> Event:
        """Leave a message in the world, which whoever plays it reads with what has changed."""
        return self.events.add("message", self._look.scores.tick, f"{sender}: {text}")

    # --- checkpoints -------------------------------------------------------------------------------------

    def checkpoint(self, name: str | None = None) -> Checkpoint:
        """Keep the world as it is now. Raises CheckpointError, WorldUnavailable."""
        session = self._running()
        made = self._checkpoints.make(name, session.scores(), self.folder.variables, session.save)
        self.reached(made.tick)
        self.events.add("checkpoint", made.tick, f"checkpoint {made.name}")
        return made

    def list_checkpoints(self) -> list[Checkpoint]:
        """All that are kept, oldest first."""
        return self._checkpoints.known()

    def restore(self, name: str) -> Checkpoint:
        """Bring the world back to a checkpoint; returns when it runs there, or at once where it is stopped.

        Raises CheckpointError, WorldUnavailable.
        """
        checkpoint, start = self._checkpoints.find(name)
        scores = Scores(checkpoint.tick, checkpoint.production_score, checkpoint.automated_score)
        self._begin_again(start, scores, f"restored to {name}")
        self.events.add("checkpoint", checkpoint.tick, f"restored to checkpoint {name}")
        return checkpoint

    def reset(self) -> None:
        """Begin anew, with an empty world; returns when it runs, or at once where it is stopped. Checkpoints stay.

        Raises WorldUnavailable.
        """
        self._begin_again(Start(), Scores(), "reset")
        self._recorder.world_gone(self.name, "the world was reset")

    def save(self, path: Path) -> None:
        """Write a save of the world as it is now. Raises WorldUnavailable."""
        self._running().save(path)

    def _begin_again(self, start: Start, scores: Scores, why: str) -> None:
        """End this life of the world and begin the next from something else.

        A world that is stopped stays so, and begins from there when it is started; one that has failed is started.
        """
        with self._changing:
            self.folder.begin_next_from(start)
            if self._status is Status.STOPPED:
                with self._lock:
                    self._look, self._details = replace(self._look, scores=scores), WorldDetails()
                return
            lives = self._lives
            if self._status is Status.FAILED:
                self._run_again()
            else:
                self._again = why

            def settled() -> bool:
                if self._status is Status.RUNNING:
                    return self._lives > lives and self._again is None
                return self._status in (Status.FAILED, Status.STOPPED)

            self._wait_until(settled)
            if self._status is not Status.RUNNING:
                self._again = None
                reason = f": {self.failure}" if self.failure else ""
                raise WorldUnavailable(
                    f"World {self.name} is {self._status}{reason}. It will be {why} when it is started."
                )

    def _activity(self, look: Look) -> str:
        """What the player is at: a program's first line where the host knows no more than that it runs one."""
        if look.activity == IDLE and self._keeper.status in RESTING:
            return f"{self._keeper.agent} {RESTING[self._keeper.status]}"
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

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """What there is to see in some chunks, as far as it isn't known; waits for the world. Raises WorldUnavailable."""
        return self._running().scene_changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """The tiles of some chunks; waits for the world. Raises WorldUnavailable."""
        return self._running().scene_tiles(rect)

    def rcon(self) -> RconAddress:
        """Where a process of ours finds the world's present life; does not wait. Raises WorldUnavailable."""
        return self._running().rcon()

    def position(self) -> tuple[float, float] | None:
        """Where the character is; waits for the world. Raises WorldUnavailable."""
        return self._running().position()

    def factory(self) -> tuple[float, float] | None:
        """Where most machines stand together; waits for the world. Raises WorldUnavailable."""
        return self._running().factory()

    def reached(self, tick: int) -> None:
        """Note how far the world is seen to be, so that who asks next is not told of an earlier time."""
        with self._lock:
            self._look = replace(self._look, scores=replace(self._look.scores, tick=tick))

    def _running(self) -> WorldSession:
        session = self._session
        if session is not None:
            return session
        hint = {
            Status.FAILED: "the fleet's server (start_world, reset_world) has it try again",
            Status.STOPPED: "start_world of the fleet's server starts it",
        }.get(self._status, "try again in a few seconds")
        raise WorldUnavailable(f"World {self.name} is {self._status}; {hint}.")

    # --- who plays ---------------------------------------------------------------------------------------

    def start_agent(self, agent: str) -> None:
        """Give the world to an agent of ours, by the name that the harness knows it by; "none": to nobody."""
        before, player = self._keeper.agent, self._players(agent, self.name)
        self._replan(agent=agent, paused=False, waits=False)
        self._keeper.play(player)
        self.claims.drop(before)

    def pause_agent(self) -> None:
        """Have the agent stop playing until `resume_agent`; the world goes on. Without an agent nothing happens."""
        if self._keeper.status in (AgentStatus.PLAYING, AgentStatus.ENDED):
            self._replan(paused=True, waits=False)
            self._keeper.pause()
            # It can't release the world itself any more, and whoever had it paused may want to play.
            self.claims.drop(self._keeper.agent)
        elif self.plan.waits:
            self._replan(waits=False)

    def resume_agent(self) -> None:
        """Have the agent play again. Without an agent nothing happens."""
        if self._keeper.status in (AgentStatus.PAUSED, AgentStatus.ENDED):
            self._replan(paused=False, waits=False)
            self._keeper.resume()

    def claim(self, player: str, take_over: bool = False) -> str:
        """Claim the world for a player; the token that acting takes from now on. Raises Claimed.

        take_over: also from its agent, which then waits until this claim ends.
        """
        holder = self.claims.holder
        if take_over and (holder is None or self._is_playing_agent(holder)):
            return self.take_over(player)
        return self.claims.claim(player)

    def take_over(self, player: str) -> str:
        """Claim the world for a player, whoever has it; the token. Raises Claimed.

        Its agent waits until that claim ends: it is released, lapses, or the agent is told to go on.
        """
        name = player_name(player)
        waits = self.plan.waits or self._keeper.status is AgentStatus.PLAYING
        self.pause_agent()
        token = self.claims.take_over(name)
        if waits:
            self._replan(waits=True)
        return token

    def _is_playing_agent(self, player: str) -> bool:
        """Whether a player is the world's own agent, at play."""
        keeper = self._keeper
        return keeper.status is AgentStatus.PLAYING and player.casefold() == keeper.agent.casefold()

    @property
    def agent_status(self) -> AgentStatus:
        """What the agent is at."""
        return self._keeper.status

    def _replan(self, **changes: Any) -> None:
        self.plan = replace(self.plan, **changes)
        self.folder.write_plan(self.plan)

    # --- for the supervisor ------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to keep the world running, if its plan says so."""
        before = self.folder.read_plan()
        if before is not None and not before.paused:
            # Its player of last time is gone, and may have had no time to release the world.
            self.claims.drop(before.agent)
        try:
            self._keeper.play(self._players(self.plan.agent, self.name), self.plan.paused)
        except ValueError as error:
            log.warning("nobody plays", world=self.name, agent=self.plan.agent, reason=str(error))
            self.events.add("status", 0, f"nobody plays: {error}")
        if self.plan.stopped:
            self._stopping.set()
        self.folder.write_plan(self.plan)
        self._thread.start()

    def rest(self) -> None:
        """Stop the world until `wake`, over restarts of this process too; returns when it has stopped."""
        with self._changing:
            self._replan(stopped=True)
            self._stopping.set()
            self._wait_until(lambda: self._status is Status.STOPPED)

    def wake(self) -> None:
        """Have a world that was stopped, or has failed, run again; returns when it begins to."""
        with self._changing:
            self._run_again()

    def _run_again(self) -> None:
        if self._status is Status.FAILED:
            self._stopping.set()
            self._wait_until(lambda: self._status is Status.STOPPED)
        self._replan(stopped=False)
        self._stopping.clear()
        self._woken.set()
        self._wait_until(lambda: self._status is not Status.STOPPED)

    def stop(self) -> None:
        """Ask the world to end for good, as far as this process goes; `join` waits for it."""
        self._ending = True
        self._stopping.set()
        self._woken.set()

    def join(self, timeout_s: float) -> bool:
        """Wait until the world has ended; False if it hasn't."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _wait_until(self, true: Callable[[], bool]) -> None:
        with self._lock:
            if not self._moved.wait_for(true, RESTART_SECONDS):
                raise WorldUnavailable(f"World {self.name} is {self._status} and takes long to change that.")

    # --- the world's own thread --------------------------------------------------------------------------

    def _live(self) -> None:
        self._recorder.world_seen(self.name, self.plan.engine, self.plan.scenario)
        while True:
            if not self._stopping.is_set():
                self._keep_running()
            self._keeper.rest()
            # Its next process claims anew, and without one nobody should have to wait for the lease to lapse.
            if self._keeper.status is not AgentStatus.PAUSED:
                self.claims.drop(self._keeper.agent)
            self._move(Status.STOPPED, "it was told to stop")
            self._woken.wait()
            if self._ending:
                return
            self._woken.clear()
            self._move(Status.STARTING, "it was told to run")

    def _keep_running(self) -> None:
        """Live after life, until it is told to stop."""
        self.failure, self._hopeless = None, False
        attempt = 0
        while not self._stopping.wait(backoff(attempt)):
            began = time.monotonic()
            try:
                reason = self._one_life()
            except Exception as error:  # outermost loop of this thread
                log.exception("a bug met while a world ran", world=self.name)
                reason = f"a bug: {type(error).__name__}: {error}"
            if self._stopping.is_set():
                return
            if self._again is not None:
                attempt, self._again = 0, None
            else:
                attempt = 1 if time.monotonic() - began > STEADY_SECONDS else attempt + 1
            if attempt > MAX_ATTEMPTS or self._hopeless:
                self.failure = reason
                self._move(Status.FAILED, reason)
                self._stopping.wait()
                return
            self._move(Status.RESTARTING, reason)

    def _one_life(self) -> str:
        """Start the world and stay with it to its end; says how it ended."""
        self.stage = (0, "starting")
        try:
            session = self._launch(self.plan, self._next_stage)
        except LaunchError as error:
            self._hopeless = error.lasting
            return str(error)
        try:
            # What is there at first is no news: it may be a world of another time.
            look, details = session.look(), session.details()
            with self._lock:
                self._look, self._details = look, details
                self._alerts.news(details.alerts)
                self._session = session
                self._lives += 1
            self.stage = (LAUNCH_STAGES, "running")
            self._move(Status.RUNNING, "it answers")
            return self._watch(session)
        except WorldUnavailable as error:
            return str(error)
        finally:
            with self._lock:
                self._session = None
            if not self._stopping.is_set():
                # Whoever asks while the remains are cleared away is to read why they get no answer.
                self._set_status(Status.RESTARTING)
            else:
                self._keeper.rest()
            session.close()

    def _next_stage(self, doing: str) -> None:
        self.stage = (self.stage[0] + 1, doing)

    def _watch(self, session: WorldSession) -> str:
        due_look = due_details = due_sample = heard = time.monotonic()
        while not self._stopping.wait(CHECK_SECONDS):
            end = session.end_of_life()
            if end is not None:
                return end
            if self._again is not None:
                return self._again
            if self.plan.waits and self.claims.holder is None:
                self.resume_agent()
            if self._players_may_start.is_set():
                self._keeper.tend(self._look.scores.tick)
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
            alerts = self._alerts.news(details.alerts)
        for alert in alerts:
            self.events.add("alert", tick, alert)
        if before.deaths < details.deaths and before.tick:
            self.events.add("death", tick, "the character died")
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
            self._moved.notify_all()
