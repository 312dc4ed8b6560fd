"""Checkpoints of a real world: kept, listed, brought back to, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.event_log import EventLog
from runtime.managed_world import ManagedWorld
from runtime.supervisor import Supervisor
from runtime.world_life import Status, WorldPlan
from runtime.world_session import HostedWorld, launch
from tests.viewer import standin


def until(true: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagedWorld]:
    fleet = Supervisor(launch, standin.NoRecords())
    try:
        world = fleet.add(WorldPlan("w", tmp_path_factory.mktemp("worlds") / "w", speed=1.0))
        until(lambda: world.status is not Status.STARTING, 60)
        assert world.status is Status.RUNNING, world.events.newest(3)
        yield world
    finally:
        fleet.stop()


def session_of(world: ManagedWorld) -> HostedWorld:
    session = world._session
    assert isinstance(session, HostedWorld)
    return session


def command(world: ManagedWorld, text: str) -> str:
    with session_of(world).process.client() as client:
        return client.command(text).strip()


def ran(world: ManagedWorld, code: str) -> str:
    report, _ = world.run_program(code, 30)
    assert report.error is None, report
    return report.output


def test_a_world_is_brought_back_to_the_hash_and_the_variables_that_it_had(world: ManagedWorld) -> None:
    ran(world, "stage = 'before'")
    command(world, "/sc storage.mark = 1 game.tick_paused = true")
    before = command(world, "/state-hash")
    seen = world.events.cursor
    made = world.checkpoint("before")
    assert made.name == "before"
    assert made.tick == world.score().tick
    assert abs(made.time - time.time()) < 60
    assert command(world, "/state-hash") == before, "a checkpoint changes nothing"
    command(world, "/sc storage.mark = 2 game.tick_paused = false")
    ran(world, "stage = 'after'")
    assert world.list_checkpoints() == [made]
    lived = session_of(world).process.pid
    assert world.restore("before") == made
    assert world.status is Status.RUNNING
    assert session_of(world).process.pid != lived
    assert command(world, "/state-hash") == before
    command(world, "/sc game.tick_paused = false")
    assert ran(world, "print(stage)") == "before\n"
    kinds = [event.kind for event in world.events.since(seen).events]
    assert kinds.count("checkpoint") == 2


def test_what_was_restored_outlives_a_kill(world: ManagedWorld) -> None:
    command(world, "/sc storage.mark = 'kept'")
    world.checkpoint("kill")
    command(world, "/sc storage.mark = 'lost'")
    world.restore("kill")
    os.kill(session_of(world).process.pid, signal.SIGKILL)
    until(lambda: world.status is Status.RESTARTING)
    until(lambda: world.status is Status.RUNNING)
    assert command(world, "/sc rcon.print(storage.mark)") == "kept"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/tmp/x", "a/b", ".partial", "a b", "x" * 100, "a\n"]
)
def test_names_that_are_paths_are_refused(world: ManagedWorld, name: str) -> None:
    before = sorted(world.plan.data.rglob("*.json"))
    with pytest.raises(ValueError, match="checkpoint"):
        world.checkpoint(name)
    with pytest.raises(ValueError, match="no checkpoint"):
        world.restore(name)
    assert sorted(world.plan.data.rglob("*.json")) == before


def test_a_checkpoint_without_a_name_has_one(world: ManagedWorld) -> None:
    made = world.checkpoint(None)
    assert made in world.list_checkpoints()
    assert str(made.tick) in made.name


def test_a_checkpoint_that_was_interrupted_is_none(world: ManagedWorld) -> None:
    made = world.checkpoint("whole")
    folder = world.plan.data / "checkpoints"
    shutil.copytree(folder / "whole", folder / "half")
    (folder / "half" / "checkpoint.json").unlink()
    assert "half" not in [checkpoint.name for checkpoint in world.list_checkpoints()]
    with pytest.raises(ValueError, match="no checkpoint"):
        world.restore("half")
    assert made in world.list_checkpoints()


def test_a_message_is_an_event_that_whoever_plays_can_read(world: ManagedWorld) -> None:
    seen = world.events.cursor
    told = world.tell("Ada", "Build more labs.")
    assert told.kind == "message"
    assert [event.text for event in world.events.since(seen).events if event.kind == "message"] == [
        "Ada: Build more labs."
    ]
    assert EventLog().since(told.cursor).missed
