"""The fleet: every world that there is, by name. Worlds come and go while it runs, and outlive it in their folders."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from runtime.managed_world import ManagedWorld as ManagedWorld
from runtime.managed_world import Players, nobody
from runtime.world_folder import Start, WorldFolder
from runtime.world_life import Launcher, Recorder, Status, WorldPlan

log = structlog.get_logger()

STOP_SECONDS = 20.0
CHECK_SECONDS = 60.0
"""How long a save that comes from elsewhere may take to be read."""
MOST_WORLDS = 100
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SCENARIOS = ("default_lab_scenario", "open_world")


class FleetError(ValueError):
    """Something that can't be done with the fleet; the message is one sentence that says what would do."""


class Supervisor:
    """Starts all worlds together and ends all of them together. Safe to use from any thread.

    Args:
        launch: starts one life of a world.
        recorder: where runs and scores are kept.
        folder: of the worlds that are made while it runs, each in a folder of its name.
        players: the player process for an agent and a world.
    """

    def __init__(
        self, launch: Launcher, recorder: Recorder, folder: Path | None = None, players: Players = nobody
    ) -> None:
        self.worlds: dict[str, ManagedWorld] = {}
        """By name. It changes at any time: go through `list(worlds.values())`."""
        self.players_may_start = threading.Event()
        self.on_added: Callable[[ManagedWorld], None] = lambda world: None
        """Told of each world that `create` and `copy` make, before they return."""
        self.on_removed: Callable[[str], None] = lambda name: None
        """Told the name of each world that `remove` is about to end."""
        self._launch = launch
        self._recorder = recorder
        self._folder = folder
        self._players = players
        self._lock = threading.Lock()

    def add(self, plan: WorldPlan) -> ManagedWorld:
        """Start to run a world; its agent begins when `players_may_start` is set."""
        world = ManagedWorld(plan, self._launch, self._recorder, self._players, self.players_may_start)
        self.worlds[plan.name] = world
        world.start()
        return world

    def find(self, name: str) -> ManagedWorld:
        """A world by name. Raises FleetError."""
        world = self.worlds.get(name)
        if world is None:
            names = ", ".join(sorted(self.worlds)) or "none"
            raise FleetError(f"There is no world {name[:80]!r}; there are {names}.")
        return world

    def create(
        self,
        name: str,
        *,
        scenario: str = "default_lab_scenario",
        speed: float = 10.0,
        save: Path | None = None,
        agent: str = "none",
    ) -> ManagedWorld:
        """Make a world and start to run it.

        Args:
            name: lower-case letters, digits and -, which become part of its URL.
            scenario: one of SCENARIOS.
            speed: game seconds per second.
            save: a save of such a world, to go on from; anybody's, so it is read by a process of its own first.
            agent: who is to play it.

        Raises:
            FleetError: it can't be made.
        """
        if scenario not in SCENARIOS:
            raise FleetError(f"There is no scenario {scenario[:80]!r}; choose one of {', '.join(SCENARIOS)}.")
        if not 0.01 <= speed <= 100:
            raise FleetError(f"speed is {speed}; it must be between 0.01 and 100.")
        if save is not None:
            scenario = check_save(save)
        return self._make(name, WorldPlan(name, Path(), scenario, speed=speed, agent=agent), Start(save))

    def copy(self, name: str, new_name: str) -> ManagedWorld:
        """Make a world that goes on from where another is now, with the agent's variables, but nobody playing it.

        Raises FleetError, WorldUnavailable.
        """
        world = self.find(name)
        with tempfile.TemporaryDirectory(prefix="copy-", dir=self._home()) as folder:
            save = Path(folder) / "world.save"
            world.save(save)
            plan = replace(world.plan, agent="none", paused=False, waits=False, stopped=False)
            return self._make(new_name, plan, Start(save, world.folder.variables))

    def save(self, name: str) -> Path:
        """A save of the world taken now, as a file that is the caller's to remove. Raises FleetError, WorldUnavailable."""
        folder = Path(tempfile.mkdtemp(prefix="save-", dir=self._home()))
        path = folder / f"{name}.save"
        try:
            self.find(name).save(path)
        except BaseException:
            shutil.rmtree(folder)
            raise
        return path

    def reset(self, name: str) -> ManagedWorld:
        """Have a world begin anew, empty; its checkpoints stay. Raises FleetError, WorldUnavailable."""
        world = self.find(name)
        world.reset()
        return world

    def stop_world(self, name: str) -> ManagedWorld:
        """Stop a world until it is started, over restarts of the fleet too. Raises FleetError, WorldUnavailable."""
        world = self.find(name)
        world.rest()
        return world

    def start_world(self, name: str) -> ManagedWorld:
        """Have a world run that was stopped or has failed. Raises FleetError, WorldUnavailable."""
        world = self.find(name)
        if world.status not in (Status.STOPPED, Status.FAILED):
            raise FleetError(
                f"{name} is {world.status}; only a world that is stopped or has failed can be started."
            )
        world.wake()
        return world

    def remove(self, name: str) -> None:
        """End a world and delete its folder, saves and checkpoints included. Raises FleetError."""
        with self._lock:
            world = self.find(name)
            self.on_removed(name)
            del self.worlds[name]
            world.stop()
            if not world.join(STOP_SECONDS):
                raise FleetError(f"{name} does not stop; its folder is still there.")
            self._recorder.world_gone(name, "the world was removed")
            # Renamed first: a folder that is half deleted would come back as a broken world.
            gone = world.plan.data.with_name(f".removed-{name}")
            shutil.rmtree(gone, ignore_errors=True)
            world.plan.data.rename(gone)
            shutil.rmtree(gone)

    def start_agent(self, name: str, agent: str) -> ManagedWorld:
        """Give a world to an agent of ours, by the name that the harness knows it by. Raises FleetError."""
        world = self.find(name)
        try:
            world.start_agent(agent)
        except ValueError as error:
            raise FleetError(str(error)) from error
        return world

    def pause_agent(self, name: str) -> ManagedWorld:
        """Have a world's agent stop playing for now. Raises FleetError."""
        world = self.find(name)
        world.pause_agent()
        return world

    def resume_agent(self, name: str) -> ManagedWorld:
        """Have a world's agent play again. Raises FleetError."""
        world = self.find(name)
        world.resume_agent()
        return world

    def stop_agent(self, name: str) -> ManagedWorld:
        """Take a world from its agent. Raises FleetError."""
        return self.start_agent(name, "none")

    def stop(self) -> None:
        """End every world and player; returns when their processes are gone."""
        worlds = list(self.worlds.values())
        for world in worlds:
            world.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for world in worlds:
            if not world.join(max(0.0, deadline - time.monotonic())):
                log.error("a world did not stop in time", world=world.name)

    def _make(self, name: str, plan: WorldPlan, start: Start) -> ManagedWorld:
        if NAME.fullmatch(name) is None:
            raise FleetError(
                f"{name[:80]!r} can't name a world: use up to 40 lower-case letters, digits and -, such as oil-1."
            )
        with self._lock:
            if name in self.worlds:
                raise FleetError(f"There is a world {name} already; choose another name.")
            if len(self.worlds) >= MOST_WORLDS:
                raise FleetError(f"There are {MOST_WORLDS} worlds already; remove one first.")
            try:
                self._players(plan.agent, name)
            except ValueError as error:
                raise FleetError(str(error)) from error
            data = self._home() / name
            data.mkdir(parents=True, exist_ok=True)
            if start.save is not None:
                WorldFolder(data).begin_next_from(start)
            world = self.add(replace(plan, name=name, data=data))
            self.on_added(world)
            return world

    def _home(self) -> Path:
        if self._folder is None:
            raise FleetError("This fleet has no folder to make worlds in.")
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder


def check_save(path: Path) -> str:
    """Read a save that may come from anybody, in a process of its own with limits; its scenario. Raises FleetError."""
    command = [sys.executable, "-m", "runtime.save_check", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise FleetError(f"The save takes longer than {CHECK_SECONDS:g} s to read.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it can't be read"])[-1]
        raise FleetError(f"The save can't be used: {reason[:200]}.")
    return done.stdout.strip()
