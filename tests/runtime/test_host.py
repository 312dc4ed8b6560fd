"""Hosts of real worlds: created once by FLE itself, attached to ever after."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime import fork_server, look
from runtime.fle_attach import fle_directory, prelude
from runtime.host import Host, HostError, HostEvent
from runtime.price_list import prices
from runtime.program_runner import ProgramResult
from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess

CREATED_WITH = {
    "coal": 50,
    "iron-ore": 5,
    "iron-plate": 200,
    "burner-mining-drill": 2,
    "stone-furnace": 2,
    "wooden-chest": 1,
}


@pytest.fixture(scope="module")
def hosted(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Host, WorldClient, WorldProcess]]:
    """A world that FLE made, and its host."""
    log = tmp_path_factory.mktemp("hosted") / "world.log"
    with WorldProcess.start(name="hosted", log_path=log) as process:
        client = process.client()
        host = Host(client, "hosted", password=process.password)
        host.create(inventory=CREATED_WITH, speed=50)
        host.attach()
        yield host, client, process
        host.close()


@pytest.fixture
def host(hosted: tuple[Host, WorldClient, WorldProcess]) -> Iterator[Host]:
    yield hosted[0]
    hosted[0].pause(False)
    hosted[0].set_speed(50)


@pytest.fixture
def client(hosted: tuple[Host, WorldClient, WorldProcess]) -> WorldClient:
    return hosted[1]


def texts(result: ProgramResult) -> list[str]:
    assert result.ok, result
    return [line.text for line in result.lines]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_fle_made_the_world(host: Host, client: WorldClient) -> None:
    details = host.details()
    assert details.inventory == CREATED_WITH
    assert details.position == (0, 0)
    assert details.speed == host.speed == 50
    count = client.command(
        "/silent-command local n = 0 for _ in pairs(storage.actions) do n = n + 1 end rcon.print(n)"
    )
    assert int(count) == 53


def test_the_prelude_knows_every_script_of_fles(client: WorldClient) -> None:
    """FLE's own list of what it loaded, with the checksums, is what the prelude says it is."""
    said = json.loads(client.command("/silent-command rcon.print(storage.get_lua_script_checksums())"))
    marks = prelude()[-1]
    for name, checksum in said.items():
        assert f'storage.__lua_script_checksums["{name}"] = "{checksum}"' in marks
    assert marks.count("\n") + 1 == len(said)
    assert {path.stem for path in (fle_directory() / "mods").glob("*.lua")} == {
        name for name in said if "/" not in name
    } | {"checksum"}


def test_loading_the_prelude_again_changes_nothing(host: Host, client: WorldClient) -> None:
    host.pause()
    before = client.state_hash()
    for script in [*prelude(), look.DEFINITION]:
        assert client.command(f"/silent-command {script}") == ""
    assert client.state_hash() == before


def test_restarting_program_process_and_host_leaves_the_state_hash(
    hosted: tuple[Host, WorldClient, WorldProcess], tmp_path: Path
) -> None:
    host, client, process = hosted
    texts(host.run_program("print(1)"))
    host.pause()
    before = client.state_hash()
    assert host.program_pid is not None
    os.kill(host.program_pid, signal.SIGKILL)
    host.attach()
    assert client.state_hash() == before
    with process.client() as other:
        for _ in range(2):
            again = Host(other, "again", password=process.password, state_file=tmp_path / "variables")
            again.attach()
            assert texts(again.run_program("kept = 1\nprint(score() is not None)")) == ["True"]
            again.close()
        assert again.speed == 50
    assert fork_server.shared.pid is not None
    os.kill(fork_server.shared.pid, signal.SIGKILL)
    host.attach()
    assert client.state_hash() == before
    host.pause(False)
    assert texts(host.run_program("print('on')")) == ["on"]


def test_nothing_that_the_host_leaves_keeps_the_world_from_skipping(client: WorldClient, host: Host) -> None:
    """No handler of ticks is left: with one registered, a world can't run 1,000 times its speed for nothing."""
    host.set_speed(1000)
    before, start = client.tick(), time.monotonic()
    until(lambda: client.tick() - before > 30_000)
    assert time.monotonic() - start < 2


def test_playing(host: Host) -> None:
    before = host.score()
    events: list[HostEvent] = []
    end = host.subscribe(events.append)
    printed = texts(
        host.run_program(
            "coal = nearest(Resource.Coal)\n"
            "print(move_to(coal))\n"
            "print(harvest_resource(coal, 7))\n"
            "print(craft_item(Prototype.IronGearWheel, 5))\n"
            "drill = place_entity(Prototype.BurnerMiningDrill, Direction.UP, Position(x=20, y=3))\n"
            "drill = insert_item(Prototype.Coal, drill, 10)\n"
            "chest = place_entity(Prototype.WoodenChest, Direction.UP, drill.drop_position)\n"
            "sleep(60)\n"
            "print(inspect_inventory(chest)[Prototype.Coal] > 3)\n"
        )
    )
    end()
    assert printed == ["x=15.5 y=-0.5", "7", "5", "True"]
    assert host.activity == "idle"
    activities = [event.text for event in events if event.kind == "activity"]
    assert "moving to (15.5, -0.5)" in activities
    assert "crafting 5 iron-gear-wheel" in activities
    assert "waiting 60 s" in activities
    after = host.score()
    assert after.tick - before.tick >= 3600
    assert after.produced["iron-gear-wheel"] == 5
    by_hand = 7 * prices()["coal"] + 5 * prices()["iron-gear-wheel"] - 10 * prices()["iron-plate"]
    made = after.production_score - before.production_score
    automated = after.automated_score - before.automated_score
    assert automated > 0
    assert made - automated == pytest.approx(by_hand)
    details = host.details()
    assert details.position == (15.5, -0.5)
    assert details.entities == {"burner-mining-drill": 1, "wooden-chest": 1}


def test_sleep_60_advances_3600_ticks(host: Host, client: WorldClient) -> None:
    before = client.tick()
    texts(host.run_program("sleep(60)"))
    assert 3600 <= client.tick() - before < 5400


def test_out_of_reach(host: Host) -> None:
    result = host.run_program(
        "chest = get_entities({Prototype.WoodenChest})[0]\nmove_to(Position(x=0, y=30))\npickup_entity(chest)"
    )
    assert result.error_line == 3
    assert result.error is not None
    assert "Move closer" in result.error


def test_a_paused_world_does_not_hold_a_program_forever(host: Host) -> None:
    host.pause()
    result = host.run_program("print(1)\nsleep(5)", timeout_s=0.5)
    assert result.timed_out
    assert result.error_line == 2
    assert [line.text for line in result.lines] == ["1"]


def test_the_world_plays_on_whatever_a_program_does(host: Host, client: WorldClient) -> None:
    texts(host.run_program("kept = [1, 2]\ndef f():\n    return len(kept)"))
    for code in (
        "while True:\n    pass",
        "x = [0] * 10 ** 10",
        "import os\nos.fork()",
        "import os\nos._exit(1)",
    ):
        before = client.tick()
        assert not host.run_program(code, timeout_s=0.3).ok
        until(lambda before=before: client.tick() > before)  # type: ignore[misc]
        assert texts(host.run_program("print(f(), nearest(Resource.Coal))"))[0].startswith("2 ")


def test_alerts_are_looked_for_when_asked(host: Host, client: WorldClient) -> None:
    texts(
        host.run_program(
            "move_to(Position(x=0, y=0))\n"
            "furnace = place_entity(Prototype.StoneFurnace, Direction.UP, Position(x=3, y=3))\n"
            "insert_item(Prototype.IronOre, furnace, 5)\n"
            "sleep(2)"
        )
    )
    assert any("stone-furnace at (3, 3)" in alert and "no fuel" in alert for alert in host.details().alerts)
    said = client.command("/silent-command rcon.print(dump(storage.get_alerts(10)))")
    assert "stone-furnace" in said
    assert "out of fuel" in said
    texts(host.run_program("pickup_entity(furnace)"))


def test_prices_are_what_fles_lua_computes(client: WorldClient) -> None:
    source = (fle_directory() / "tools" / "agent" / "score" / "server.lua").read_text("utf-8")
    definitions = source[: source.index("storage.goal = nil")]
    said = json.loads(
        client.command(
            f"/silent-command {definitions}\nrcon.print(helpers.table_to_json(production_score.generate_price_list()))"
        )
    )
    ours = dict(prices())
    assert said.keys() == ours.keys()
    assert {name: pytest.approx(price) for name, price in said.items()} == ours


def test_the_score_is_what_fles_lua_computes(host: Host, client: WorldClient) -> None:
    host.pause()
    said = client.command("/silent-command local ok, s = pcall(storage.actions.score) rcon.print(s)")
    numbers = dict(
        part.split("=")
        for part in said.replace("[", "").replace("]", "").replace(" ", "").strip("{},").split(",")
    )
    scores = host.score()
    assert int(numbers['"player"']) == int(scores.production_score // 1)
    assert int(numbers['"automated"']) == pytest.approx(scores.automated_score, abs=2)


def test_closing_ends_a_running_program(hosted: tuple[Host, WorldClient, WorldProcess]) -> None:
    _, client, process = hosted
    host = Host(client, "other", password=process.password)
    host.attach()
    results: list[ProgramResult] = []
    thread = threading.Thread(target=lambda: results.append(host.run_program("sleep(86400)", 60)))
    thread.start()
    until(lambda: host.activity.startswith("waiting"))
    start = time.monotonic()
    host.close()
    thread.join(5)
    assert time.monotonic() - start < 3
    assert results[0].error == "The program was ended by request."


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), 1e9])
def test_impossible_times_are_refused(host: Host, timeout_s: float) -> None:
    with pytest.raises(ValueError, match="timeout_s"):
        host.run_program("print(1)", timeout_s)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), 1e9])
def test_impossible_speeds_are_refused(host: Host, speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        host.set_speed(speed)


def test_a_wrong_password_is_said_at_once(hosted: tuple[Host, WorldClient, WorldProcess]) -> None:
    _, client, _ = hosted
    with pytest.raises(HostError, match="FLE could not create the world"):
        Host(client, "wrong", password="wrong").create()


def test_a_world_and_its_variables_come_back(tmp_path: Path) -> None:
    """A world killed with -9 is restored from save and journal; FLE's functions come back with its prelude."""
    data = tmp_path / "data"
    with WorldProcess.start(name="first", log_path=tmp_path / "world.log", data=data) as process:
        host = Host(process.client(), "first", password=process.password, state_file=tmp_path / "variables")
        host.create(inventory={"coal": 5, "iron-plate": 40}, speed=10)
        host.attach()
        texts(host.run_program("def f(x):\n    return x + 1\nmade = craft_item(Prototype.IronGearWheel, 3)"))
        score = host.score().production_score
        results: list[ProgramResult] = []
        thread = threading.Thread(
            target=lambda: results.append(host.run_program("sleep(3600)\nprint(1)", 30))
        )
        thread.start()
        until(lambda: host.activity.startswith("waiting"))
        process.kill()
        thread.join(10)
        assert not results[0].ok
        assert results[0].error is not None
        assert "being restarted" in results[0].error
        host.close()
    with WorldProcess.start(name="second", log_path=tmp_path / "world.log", data=data) as process:
        client = process.client()
        host = Host(client, "second", password=process.password, state_file=tmp_path / "variables")
        host.pause()
        before = client.state_hash()
        host.attach()
        assert client.state_hash() == before
        assert host.speed == 10
        assert host.score().production_score == score
        assert host.details().inventory == {"coal": 5, "iron-plate": 34, "iron-gear-wheel": 3}
        host.pause(False)
        printed = texts(host.run_program("print(f(made), inspect_inventory(), move_to(Position(x=3, y=3)))"))
        assert printed[0].startswith("4 ")
        host.close()
