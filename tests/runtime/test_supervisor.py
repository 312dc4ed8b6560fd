"""The supervisor's states, and worlds and players that die."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from runtime import managed_world, player_keeper
from runtime.event_log import EventLog
from runtime.player_keeper import PlayerPlan
from runtime.player_process import PlayerProcess
from runtime.supervisor import Supervisor
from runtime.world_life import LaunchError, Status, WorldPlan, WorldUnavailable
from runtime.world_session import HostedWorld, launch
from tests.viewer import standin


def until(true: Callable[[], Any], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


class Records(standin.NoRecords):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def run_started(self, world: str, agent: str) -> None:
        self.told.append(("started", world, agent))

    def run_ended(self, world: str, outcome: str) -> None:
        self.told.append(("ended", world, outcome))

    def sampled(self, world: str, tick: int, production_score: float, automated_score: float) -> None:
        self.told.append(("sampled", world))


@contextmanager
def running(fleet: Supervisor) -> Iterator[None]:
    try:
        yield
    finally:
        fleet.stop()


def test_a_world_that_dies_is_started_again(tmp_path: Path) -> None:
    records = Records()
    fleet = Supervisor(standin.launch, records)
    with running(fleet):
        world = fleet.add(standin.plan("w", tmp_path))
        until(lambda: world.status is Status.RUNNING)
        until(lambda: ("sampled", "w") in records.told)
        first = world._session
        assert isinstance(first, standin.StandInSession)
        first.end = "it was killed"
        until(lambda: world.status is Status.RUNNING and world._session is not first)
        assert first.closed.is_set()
        texts = [e.text for e in reversed(world.events.newest(10, "status"))]
        assert texts == ["running: it answers", "restarting: it was killed", "running: it answers"]
    assert world.status is Status.STOPPED
    with pytest.raises(WorldUnavailable, match="World w is stopped"):
        world.score()


def test_a_world_that_never_starts_fails_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_keeper, "FIRST_BACKOFF_SECONDS", 0.001)
    attempts = []

    def refuse(plan: WorldPlan, progress: Callable[[str], None]) -> standin.StandInSession:
        attempts.append(plan.name)
        raise LaunchError("there is no such scenario")

    fleet = Supervisor(refuse, Records())
    with running(fleet):
        world = fleet.add(standin.plan("w", tmp_path))
        until(lambda: world.status is Status.FAILED)
        assert world.failure == "there is no such scenario"
        assert len(attempts) == managed_world.MAX_ATTEMPTS + 1


def test_pauses_between_attempts_grow_and_end_growing() -> None:
    pauses = [player_keeper.backoff(n) for n in range(12)]
    assert pauses[:4] == [0, 0, 0.5, 1]
    assert pauses[-1] == player_keeper.LAST_BACKOFF_SECONDS


def test_a_player_that_dies_is_started_again_and_each_start_is_a_run(tmp_path: Path) -> None:
    records = Records()
    command = [sys.executable, "-c", "import time; print('playing', flush=True); time.sleep(100)"]
    player = PlayerPlan("scripted", command, tmp_path / "player.log")
    fleet = Supervisor(standin.launch, records, players=lambda agent, world: player)
    with running(fleet):
        world = fleet.add(standin.plan("w", tmp_path))
        until(lambda: world.status is Status.RUNNING)
        assert not records.told or records.told == [("sampled", "w")]
        fleet.players_may_start.set()
        until(
            lambda: (tmp_path / "player.log").exists() and "playing" in (tmp_path / "player.log").read_text()
        )
        (process,) = players_of(command)
        process.kill()
        until(lambda: records.told.count(("started", "w", "scripted")) == 2)
        assert ("ended", "w", "signal 9") in records.told
        until(lambda: len(players_of(command)) == 1)
    assert not players_of(command)
    assert records.told[-1] == ("ended", "w", "stopped")


def players_of(command: list[str]) -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [c for c in children if c.status() != psutil.STATUS_ZOMBIE and c.cmdline() == command]


def test_a_player_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from runtime.player_process import PlayerProcess;"
        "p = PlayerProcess([sys.executable, '-c', 'import time; time.sleep(100)'], Path(sys.argv[1]));"
        "print(p.pid, flush=True); time.sleep(100)"
    )
    with psutil.Popen([sys.executable, "-c", script, str(tmp_path / "log")], stdout=-1) as parent:
        player = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        until(lambda: not player.is_running() or player.status() == psutil.STATUS_ZOMBIE)


def test_a_player_that_ignores_the_request_to_end_is_made_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.player_process.END_SECONDS", 0.2)
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(100)"
    )
    player = PlayerProcess([sys.executable, "-c", deaf], tmp_path / "log")
    until(lambda: "deaf" in (tmp_path / "log").read_text())
    player.end()
    assert player.outcome() == "signal 9"


def test_events_are_told_once_and_lost_ones_are_admitted() -> None:
    log = EventLog()
    start = log.cursor
    for i in range(3):
        log.add("program", i, f"program {i}")
    changes = log.since(start)
    assert [e.text for e in changes.events] == ["program 0", "program 1", "program 2"]
    assert not changes.missed
    assert log.since(changes.cursor).events == []
    elsewhere = EventLog().since(start)
    assert elsewhere.missed
    for i in range(2000):
        log.add("program", i, "more")
    assert log.since(start).missed
    with pytest.raises(ValueError, match="not the cursor"):
        log.since("nonsense")


def worlds() -> set[psutil.Process]:
    """The processes of worlds below this one; a gateway that other tests use may have some, too."""
    children = psutil.Process().children(recursive=True)
    return {p for p in children if p.is_running() and "factorio-embedded" in " ".join(p.cmdline())}


def test_a_killed_world_comes_back_as_it_was(tmp_path: Path) -> None:
    fleet = Supervisor(launch, Records())
    plan = WorldPlan(name="w", data=tmp_path / "w", speed=1.0)
    others = worlds()
    with running(fleet):
        world = fleet.add(plan)
        until(lambda: world.status is not Status.STARTING, 60)
        assert world.status is Status.RUNNING, world.events.newest(3)
        report, _ = world.run_program(
            "kept = 7\nprint(craft_item.__class__.__name__)\nprint(inspect_inventory())", 30
        )
        assert report.error is None, report
        session = world._session
        assert isinstance(session, HostedWorld)
        session.host._world.command("/silent-command storage.mark = 41")
        before = world.score().tick
        began = time.monotonic()
        os.kill(session.process.pid, signal.SIGKILL)
        until(lambda: world.status is Status.RESTARTING, 5)
        until(lambda: world.status is Status.RUNNING, 30)
        took = time.monotonic() - began
        session = world._session
        assert isinstance(session, HostedWorld)
        assert session.host._world.command("/silent-command rcon.print(storage.mark)") == "41"
        assert world.score().tick >= before - 120
        report, _ = world.run_program("print(kept)", 30)
        assert report.output == "7\n", report
        # 5 s on a machine that does nothing else; tests share theirs.
        assert took < 10
    assert worlds() <= others
    assert not [t for t in threading.enumerate() if t.name == "w"]
