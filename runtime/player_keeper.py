"""Keeps a world's agent playing: its player process is started, watched, and started again when it dies.

none ──> playing ──> paused ──> playing …        playing ──> ended (it said that it is done)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.event_log import EventLog
from runtime.player_process import PlayerProcess
from runtime.world_life import AGENT_AFTER, AgentStatus, Recorder

STEADY_SECONDS = 60.0
"""After running so long a restart counts as the first again."""
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.5, 30.0


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


class PlayerKeeper:
    """Keeps a world's player running, with pauses that grow while it keeps dying.

    Processes are started by `tend` alone, on the world's thread: with that thread they die. The rest may be called from any.
    """

    def __init__(self, world: str, recorder: Recorder, events: EventLog) -> None:
        self._world = world
        self._recorder = recorder
        self._events = events
        self._lock = threading.RLock()
        self._plan: PlayerPlan | None = None
        self._status = AgentStatus.NONE
        self._process: PlayerProcess | None = None
        self._attempt = 0
        self._began = 0.0
        self._due = 0.0

    @property
    def agent(self) -> str:
        """Who plays, or "none"."""
        plan = self._plan
        return plan.agent if plan is not None else "none"

    @property
    def status(self) -> AgentStatus:
        """What that agent is at."""
        return self._status

    def play(self, plan: PlayerPlan | None, paused: bool = False) -> None:
        """Give the world to an agent, in the place of one that may be playing; None: to nobody of ours."""
        with self._lock:
            self.rest()
            self._plan = plan
            self._attempt, self._due = 0, 0.0
            self._move(AgentStatus.NONE)
            if plan is not None:
                self._move(AgentStatus.PAUSED if paused else AgentStatus.PLAYING)

    def pause(self) -> None:
        """End the agent's process and start no other until it is to go on."""
        with self._lock:
            self.rest()
            self._move(AgentStatus.PAUSED)

    def resume(self) -> None:
        """Have the agent play (again)."""
        with self._lock:
            self._attempt, self._due = 0, 0.0
            self._move(AgentStatus.PLAYING)

    def tend(self, tick: int) -> None:
        """Look after the player: notice its end, start it when it is due."""
        with self._lock:
            plan = self._plan
            if plan is None or self._status is not AgentStatus.PLAYING:
                return
            now = time.monotonic()
            if self._process is not None:
                outcome = self._process.outcome()
                if outcome is None:
                    return
                final, self._process = self._process.final, None
                self._run_ended(plan, outcome)
                self._events.add("status", tick, f"the player {plan.agent} ended ({outcome})")
                if final:
                    self._move(AgentStatus.ENDED)
                    return
                self._attempt = 1 if now - self._began > STEADY_SECONDS else self._attempt + 1
                self._due = now + backoff(self._attempt)
            if now >= self._due:
                self._process = PlayerProcess(plan.command, plan.log)
                self._began = now
                if not plan.own_runs:
                    self._recorder.run_started(self._world, plan.agent)
                self._events.add("status", tick, f"the player {plan.agent} begins to play")

    def rest(self) -> None:
        """End the player's process; whether it is started again is up to its status."""
        with self._lock:
            if self._process is not None and self._plan is not None:
                self._process.end()
                self._process = None
                self._run_ended(self._plan, "stopped")

    def _run_ended(self, plan: PlayerPlan, outcome: str) -> None:
        if not plan.own_runs:
            self._recorder.run_ended(self._world, outcome)

    def _move(self, status: AgentStatus) -> None:
        if status is not self._status:
            assert status in AGENT_AFTER[self._status], f"an agent can't become {status} from {self._status}"
            self._status = status
