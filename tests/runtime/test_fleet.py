"""Worlds that come and go, checkpoints, and agents that are paused, with real worlds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.checkpoints import CheckpointError
from runtime.claims import Claimed, Claims
from runtime.managed_world import ManagedWorld
from runtime.player_keeper import PlayerPlan
from runtime.supervisor import FleetError, Supervisor
from runtime.world_folder import WorldFolder, stored_plans
from runtime.world_life import AgentStatus, Status, WorldPlan
from runtime.world_session import HostedWorld, launch
from tests.viewer.standin import NoRecords

SLEEPER = [sys.executable, "-c", "import time; time.sleep(1000)"]


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def players(folder: Path) -> Callable[[str, str], PlayerPlan | None]:
    def plan(agent: str, world: str) -> PlayerPlan | None:
        if agent == "none":
            return None
        if agent != "sleeper":
            raise ValueError(f"There is no agent {agent}.")
        return PlayerPlan("sleeper", SLEEPER, folder / "player.log")

    return plan


def new_fleet(folder: Path) -> Supervisor:
    return Supervisor(launch, NoRecords(), folder / "worlds", players(folder))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """A fleet with one running world, `home`, whose time stands."""
    folder = tmp_path_factory.mktemp("fleet")
    fleet = new_fleet(folder)
    fleet.players_may_start.set()
    try:
        fleet.create("home", speed=10)
        running(fleet.worlds["home"])
        yield fleet
    finally:
        fleet.stop()


def running(world: ManagedWorld) -> ManagedWorld:
    until(lambda: world.status is Status.RUNNING)
    return world


def command(world: ManagedWorld, text: str) -> str:
    session = world._session
    assert isinstance(session, HostedWorld)
    with session.process.client() as client:
        return client.command(text).strip()


def still(world: ManagedWorld) -> str:
    """The hash of the world, whose time stands from now on."""
    command(world, "/silent-command game.tick_paused = true")
    return command(world, "/state-hash")


def test_a_world_goes_back_to_a_checkpoint_with_the_variables_of_then(fleet: Supervisor) -> None:
    world = fleet.worlds["home"]
    world.run_program("craft = 1", 30)
    at = still(world)
    made = world.checkpoint("before")
    assert [c.name for c in world.list_checkpoints()] == ["before"]
    world.run_program("craft = 2\nnew = 3", 30)
    command(
        world,
        "/silent-command game.tick_paused = false; game.surfaces[1].create_entity{name='iron-chest', position={5, 5}}",
    )
    until(lambda: world.score().tick > made.tick + 60)
    assert world.restore("before") == made
    assert command(world, "/state-hash") == at
    report, _ = world.run_program("print(craft, 'new' in globals())", 30)
    assert report.output.split() == ["1", "False"]
    kinds = [e.text for e in world.events.newest(20, "checkpoint")]
    assert kinds == ["restored to checkpoint before", "checkpoint before"]


def test_checkpoints_that_can_not_be(fleet: Supervisor) -> None:
    world = fleet.worlds["home"]
    world.checkpoint("once")
    with pytest.raises(CheckpointError, match="choose another name"):
        world.checkpoint("once")
    for name in ("../up", "", "a/b", ".hidden", "x" * 100, "tab\there"):
        with pytest.raises(CheckpointError, match="can't name a checkpoint"):
            world.checkpoint(name)
        with pytest.raises(CheckpointError, match="There is no checkpoint"):
            world.restore(name)


def test_the_oldest_checkpoint_goes_when_there_are_many(
    fleet: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = fleet.worlds["home"]
    monkeypatch.setattr("runtime.checkpoints.KEPT", len(world.list_checkpoints()) + 1)
    first = world.list_checkpoints()[0].name if world.list_checkpoints() else "m1"
    assert world.checkpoint("m1").dropped is None
    assert world.checkpoint("m2").dropped == first
    assert first not in [c.name for c in world.list_checkpoints()]


def test_a_copy_goes_on_from_where_the_world_is(fleet: Supervisor) -> None:
    added: list[str] = []
    fleet.on_added = lambda world: added.append(world.name)
    world = fleet.worlds["home"]
    world.run_program("kept = 'yes'", 30)
    at = still(world)
    copy = running(fleet.copy("home", "twin"))
    assert added == ["twin"]
    assert command(copy, "/state-hash") == at
    report, _ = copy.run_program("print(kept)", 30)
    assert report.output == "yes\n"
    removed: list[str] = []
    fleet.on_removed = removed.append
    fleet.remove("twin")
    assert removed == ["twin"]
    assert "twin" not in fleet.worlds
    assert not copy.plan.data.exists()


def test_a_world_from_a_save_and_saves_that_are_none(fleet: Supervisor, tmp_path: Path) -> None:
    at = still(fleet.worlds["home"])
    save = fleet.save("home")
    world = running(fleet.create("uploaded", save=save))
    assert command(world, "/state-hash") == at
    whole = save.read_bytes()
    for broken in (b"", b"hello", whole[:1000], whole[: len(whole) // 2] + whole[len(whole) // 2 + 7 :]):
        path = tmp_path / "broken.save"
        path.write_bytes(broken)
        with pytest.raises(FleetError, match="can't be used"):
            fleet.create("broken", save=path)
    assert "broken" not in fleet.worlds
    fleet.remove("uploaded")


def test_a_world_is_reset_stopped_and_started(fleet: Supervisor) -> None:
    world = running(fleet.create("plain"))
    world.run_program("x = 1", 30)
    before = world.score().tick
    until(lambda: world.score().tick > before + 600)
    fleet.reset("plain")
    assert world.score().tick < before + 600
    report, _ = world.run_program("print('x' in globals())", 30)
    assert report.output == "False\n"
    world.checkpoint("early")
    until(lambda: world.score().tick > before + 600)
    fleet.stop_world("plain")
    assert world.status is Status.STOPPED
    # What a stopped world begins from next can be chosen; it stays stopped.
    early = world.restore("early")
    assert (world.status, world.summary().tick) == (Status.STOPPED, early.tick)
    fleet.reset("plain")
    assert (world.status, world.summary().tick) == (Status.STOPPED, 0)
    world.restore("early")
    fleet.start_world("plain")
    running(world)
    assert early.tick <= world.score().tick < before + 600
    with pytest.raises(FleetError, match="can be started"):
        fleet.start_world("plain")
    running(world)
    fleet.remove("plain")


def test_agents_are_given_paused_and_taken_away(fleet: Supervisor) -> None:
    world = fleet.worlds["home"]
    assert world.agent_status is AgentStatus.NONE
    with pytest.raises(FleetError, match="no agent nobody"):
        fleet.start_agent("home", "nobody")
    fleet.start_agent("home", "sleeper")

    def began() -> int:
        return sum("begins to play" in e.text for e in world.events.newest(100, "status"))

    until(lambda: began() == 1)
    world.claims.claim("Sleeper")
    with pytest.raises(FleetError, match="no agent nobody"):
        fleet.start_agent("home", "nobody")
    (plan,) = [plan for plan in stored_plans(world.plan.data.parent) if plan.name == "home"]
    assert plan.agent == "sleeper"
    fleet.pause_agent("home")
    until(lambda: world.agent_status is AgentStatus.PAUSED, 0.1)
    assert (world.summary().agent, world.claims.holder) == ("sleeper", None)
    until(lambda: world.summary().activity == "sleeper is paused", 15)
    fleet.resume_agent("home")
    until(lambda: began() == 2)
    # Who takes the world over has it until they release it, or are gone; then the agent goes on.
    ended: list[Callable[[str], None]] = [world.claims.release, lambda _: world.claims.drop("sleeper")]
    for times, end in enumerate(ended, 3):
        world.claims.take_over("Sleeper")
        token = world.claim("sleeper", take_over=True)
        assert world.agent_status is AgentStatus.PAUSED
        world.claims.check(token)
        with pytest.raises(Claimed, match="free once sleeper"):
            world.claim("Ada", take_over=True)
        end(token)
        until(lambda times=times: began() == times)
    # From one to the other, too.
    world.take_over("Ada")
    world.claims.release(world.take_over("Bob"))
    until(lambda: began() == 5)
    # An agent that somebody has paused stays so, also while it waited.
    world.take_over("Ada")
    fleet.pause_agent("home")
    assert (world.agent_status, world.plan.waits) == (AgentStatus.PAUSED, False)
    world.claims.release(world.take_over("Ada"))
    assert (world.agent_status, world.plan.waits) == (AgentStatus.PAUSED, False)
    fleet.stop_agent("home")
    assert (world.agent_status, world.summary().agent) == (AgentStatus.NONE, "none")


def test_names_and_numbers_that_can_not_be(fleet: Supervisor) -> None:
    for name in ("", "Big", "a/b", "..", "-x", "x" * 41, "ä"):
        with pytest.raises(FleetError, match="can't name a world"):
            fleet.create(name)
    with pytest.raises(FleetError, match="There is a world home already"):
        fleet.create("home")
    with pytest.raises(FleetError, match="There is no world 'nowhere'; there are home"):
        fleet.remove("nowhere")
    with pytest.raises(FleetError, match="no scenario"):
        fleet.create("x", scenario="mars")
    for speed in (0, -1, float("nan"), float("inf"), 1e9):
        with pytest.raises(FleetError, match="speed is"):
            fleet.create("x", speed=speed)


def test_the_fleet_is_there_again_after_a_restart(tmp_path: Path) -> None:
    fleet = new_fleet(tmp_path)
    fleet.create("resting")
    running(fleet.worlds["resting"])
    fleet.start_agent("resting", "sleeper")
    fleet.pause_agent("resting")
    fleet.stop_world("resting")
    fleet.stop()
    (plan,) = stored_plans(tmp_path / "worlds")
    assert (plan.name, plan.stopped, plan.agent, plan.paused) == ("resting", True, "sleeper", True)
    again = new_fleet(tmp_path)
    world = again.add(plan)
    until(lambda: world.status is Status.STOPPED)
    assert world.agent_status is AgentStatus.PAUSED
    again.stop()


def test_a_player_that_died_with_the_fleet_leaves_no_claim(tmp_path: Path) -> None:
    plan = WorldPlan("home", tmp_path / "worlds" / "home", agent="sleeper", stopped=True)
    folder = WorldFolder(plan.data)
    for paused, agent, holder in ((False, "none", None), (False, "sleeper", None), (True, "none", "Sleeper")):
        folder.write_plan(replace(plan, paused=paused))
        Claims(plan.data / "claim.json").take_over("Sleeper")
        fleet = new_fleet(tmp_path)
        # A player that was paused had no claim left: who has it is somebody else, of whatever name.
        assert fleet.add(replace(plan, paused=paused, agent=agent)).claims.holder == holder
        fleet.stop()


def test_a_world_whose_player_can_not_play_runs_without(tmp_path: Path) -> None:
    fleet = new_fleet(tmp_path)
    world = fleet.add(WorldPlan("home", tmp_path / "worlds" / "home", agent="nobody", stopped=True))
    assert "nobody plays: There is no agent nobody." in [e.text for e in world.events.newest(9, "status")]
    assert world.folder.read_plan().agent == "nobody"
    fleet.stop()


@pytest.mark.parametrize("interrupted_after", range(6))
def test_what_a_world_begins_from_is_taken_up_whole_though_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted_after: int
) -> None:
    from runtime.world_folder import Start

    folder = WorldFolder(tmp_path)
    folder.world.mkdir()
    (folder.world / "7.save").write_bytes(b"old")
    folder.variables.write_bytes(b"old")
    save, variables = tmp_path / "s", tmp_path / "v"
    save.write_bytes(b"new")
    variables.write_bytes(b"new")
    folder.begin_next_from(Start(save, variables))
    assert folder.variables.read_bytes() == b"old"
    steps = 0

    class Killed(Exception):
        pass

    def step(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal steps
            if steps == interrupted_after:
                raise Killed
            steps += 1
            return function(*arguments, **named)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", step(Path.rename))
        patch.setattr(Path, "unlink", step(Path.unlink))
        patch.setattr("runtime.world_folder.shutil.rmtree", step(__import__("shutil").rmtree))
        with suppress(Killed):
            folder.take_up_next()
    folder.take_up_next()
    assert [p.name for p in folder.world.iterdir()] == ["1.save"]
    assert folder.variables.read_bytes() == b"new"
    assert not (tmp_path / "next").exists()


def test_a_plan_that_can_not_be_read_is_no_world(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "world.json").write_text("{")
    WorldFolder(tmp_path / "good").write_plan(WorldPlan("good", tmp_path / "good", speed=3))
    assert [(p.name, p.speed) for p in stored_plans(tmp_path)] == [("good", 3)]


def test_a_world_of_another_version_fails_at_once_and_is_reset(tmp_path: Path) -> None:
    fleet = new_fleet(tmp_path)
    world = running(fleet.create("old"))
    fleet.stop_world("old")
    for save in (world.folder.world).glob("*.save"):
        save.write_bytes(save.read_bytes().replace(b"save 4\n", b"save 3\n", 1))
    fleet.start_world("old")
    until(lambda: world.status is Status.FAILED, 20)
    assert world.failure is not None
    assert "its save has format 3, of another version of this program" in world.failure
    assert "reset it to begin anew" in world.failure
    assert len(world.failure) < 300
    fleet.reset("old")
    assert world.status is Status.RUNNING
    fleet.stop()
