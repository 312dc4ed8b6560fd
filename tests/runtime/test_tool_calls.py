"""Typed calls of FLE's tools on a real world: every tool, what goes wrong, and what agents' programs may have done."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import tool_arguments
from runtime.host import Host
from runtime.world_life import ToolReport, WorldPlan, WorldUnavailable
from runtime.world_process import WorldProcess
from runtime.world_session import HostedWorld, launch

INVENTORY = {
    "coal": 100, "iron-ore": 20, "iron-plate": 200, "burner-mining-drill": 5, "stone-furnace": 5, "wooden-chest": 5,
    "transport-belt": 50, "burner-inserter": 3, "small-electric-pole": 10, "assembling-machine-1": 2, "pipe": 30,
}  # fmt: skip
COAL = {"x": 15.5, "y": -0.5}
"""Where the lab's coal begins."""
MACHINE, FURNACE = {"x": -5.5, "y": -5.5}, {"x": -5, "y": -9}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostedWorld]:
    """A world that FLE made, where the character carries something; 50 times as fast as the game."""
    plan = WorldPlan(name="tools", data=tmp_path_factory.mktemp("tools"), speed=50)
    session = launch(plan, lambda doing: None)
    give(session.host, INVENTORY)
    yield session
    session.close()


@pytest.fixture
def host(session: HostedWorld) -> Iterator[Host]:
    yield session.host
    session.host.pause(False)


def lua(host: Host, code: str) -> str:
    return host._world.command(f"/silent-command {code}")


def give(host: Host, items: dict[str, int]) -> None:
    for name, count in items.items():
        lua(host, f"storage.agent_characters[1].insert{{name = '{name}', count = {count}}}")


def call(host: Host, tool: str, timeout_s: float = 30, /, **arguments: Any) -> Any:
    """What a call returns, which must go well."""
    report = host.call_tool(tool, arguments, timeout_s)
    assert report.error is None, report
    return report.value


def failure(host: Host, tool: str, timeout_s: float = 30, /, **arguments: Any) -> str:
    """Why a call fails, which it must, in at most two clean sentences."""
    report = host.call_tool(tool, arguments, timeout_s)
    assert report.error is not None, report
    assert report.value is None
    for noise in ("[string", "Traceback", "Error", "Exception", "Prototype.", "\n", '"', "pydantic"):
        assert noise not in report.error
    assert report.error.count(". ") <= 1
    assert report.error.endswith((".", "…"))
    assert len(report.error) < 350
    return report.error


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_a_walk_through_every_tool(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[str] = set()
    check = tool_arguments.check

    def noted(tool: str, given: Any) -> Any:
        called.add(tool)
        return check(tool, given)

    monkeypatch.setattr(tool_arguments, "check", noted)
    before = host.call_tool("nearest", {"type": "coal"})
    assert before.value == COAL
    assert call(host, "move_to", position={"x": 15, "y": 0}) == {"x": 15.5, "y": 0.5}
    assert call(host, "harvest_resource", position=COAL, quantity=3) == 3
    assert call(host, "craft_item", entity="IronGearWheel", quantity=2) == 2
    carried = call(host, "inspect_inventory")
    assert carried == {**INVENTORY, "coal": 103, "iron-plate": 196, "iron-gear-wheel": 2}
    assert call(host, "inspect_inventory", all_players=True) == [carried]

    area = call(
        host,
        "nearest_buildable",
        entity="burner-mining-drill",
        building_box={"width": 2, "height": 2},
        center_position=COAL,
    )
    assert area["right_bottom"]["x"] - area["left_top"]["x"] == 2
    patch = call(host, "get_resource_patch", resource="coal", position=COAL)
    assert patch["name"] == "coal"
    assert patch["size"] > 1000
    assert patch["bounding_box"]["left_top"]["x"] == pytest.approx(15.5)

    spot = {"x": 20, "y": 3}
    assert call(host, "can_place_entity", entity="burner-mining-drill", position=spot) is True
    drill = call(host, "place_entity", entity="burner-mining-drill", position=spot, direction="up")
    assert drill["name"] == "burner-mining-drill"
    assert drill["position"] == spot
    assert drill["size"] == [2, 2]
    assert drill["status"] == "no_fuel"
    assert "warnings" not in drill
    assert drill["resources"]["coal"] > 1000
    assert call(host, "can_place_entity", entity="stone-furnace", position=spot) is False
    fed = call(host, "insert_item", entity="coal", target=spot, quantity=10)
    assert fed["contents"]["fuel"]["coal"] in (9, 10)
    chest = call(host, "place_entity", entity="wooden-chest", position=drill["drop_position"])
    assert call(host, "sleep", seconds=20) is True
    assert call(host, "extract_item", entity="coal", source=chest["position"], quantity=2) == 2
    assert call(host, "inspect_inventory", entity=chest["position"])["coal"] > 0
    seen = call(host, "get_entity", entity="burner-mining-drill", position=spot)
    assert seen["status"] == "working"
    assert "warnings" not in seen
    assert seen["drop_position"] == drill["drop_position"]
    turned = call(host, "rotate_entity", entity={**spot, "name": "burner-mining-drill"}, direction="right")
    assert turned["direction"] == "right"

    inserter = call(
        host,
        "place_entity_next_to",
        entity="burner-inserter",
        reference_position=chest["position"],
        direction="up",
        spacing=0,
    )
    assert inserter["position"] == {"x": 19.5, "y": 0.5}
    assert inserter["pickup_position"] == chest["position"]
    furnace = call(host, "place_entity", entity="stone-furnace", position={"x": 12, "y": 3})
    assert call(host, "shift_entity", entity=furnace["position"], direction="down", distance=2)[
        "position"
    ] == {
        "x": 12,
        "y": 5,
    }
    line: dict[str, Any] = {"source": {"x": 13, "y": 9}, "target": {"x": 19, "y": 9}}
    count = call(host, "get_connection_amount", **line, connection_type="transport-belt")
    belts = call(host, "connect_entities", **line, connection_type=["transport-belt"])
    assert belts["kind"] == "group"
    assert belts["count"] == count == len(belts["positions"]) == 7
    assert belts["parts"] == {"transport-belt": 7}
    loaded = call(
        host,
        "insert_item",
        entity="iron-plate",
        target={**belts["position"], "name": "belt-group"},
        quantity=2,
    )
    assert loaded["contents"] == {"belt": {"iron-plate": 2}}

    call(host, "move_to", position={"x": 16, "y": 0})
    machine = call(host, "place_entity", entity="assembling-machine-1", position={"x": 21, "y": -5})
    made = call(host, "set_entity_recipe", entity=machine["position"], prototype="iron-gear-wheel")
    assert made["recipe"] == "iron-gear-wheel"
    poles = call(
        host,
        "connect_entities",
        source={"x": 16, "y": -4},
        target={**machine["position"], "name": "assembling-machine-1"},
        connection_type="small-electric-pole",
    )
    assert set(poles["parts"]) == {"small-electric-pole"}
    everything = call(host, "get_entities", position=spot, radius=20)
    assert {thing["name"] for thing in everything} == {
        "burner-mining-drill", "wooden-chest", "burner-inserter", "stone-furnace", "belt-group",
        "assembling-machine-1", "electricity-group",
    }  # fmt: skip
    assert [thing["name"] for thing in call(host, "get_entities", entities=["wooden-chest"])] == [
        "wooden-chest"
    ]

    recipe = call(host, "get_prototype_recipe", prototype="burner-mining-drill")
    assert {part["name"]: part["count"] for part in recipe["ingredients"]} == {
        "iron-gear-wheel": 3,
        "stone-furnace": 1,
        "iron-plate": 3,
    }
    assert len(call(host, "get_prototype_recipe", prototype="AdvancedOilProcessing")["products"]) == 3
    packs = [{"name": "automation-science-pack", "count": 10}]
    assert call(host, "set_research", technology="automation") == packs
    assert call(host, "get_research_progress", technology="automation") == packs
    assert call(host, "get_research_progress") == packs

    assert call(host, "move_to", position={"x": 16, "y": 6})
    assert call(host, "pickup_entity", entity={**belts["position"], "name": "belt-group"}) is True
    assert call(host, "pickup_entity", entity="stone-furnace", position={"x": 12, "y": 5}) is True
    assert call(host, "inspect_inventory")["transport-belt"] == INVENTORY["transport-belt"]

    lua(
        host,
        "storage.silo = game.surfaces[1].create_entity{name = 'rocket-silo', position = {30.5, 0.5}, force = 'player'} "
        "game.surfaces[1].create_entity{name = 'electric-energy-interface', position = {36, -6}, force = 'player'} "
        "game.surfaces[1].create_entity{name = 'substation', position = {36, -9}, force = 'player'} "
        "storage.silo.rocket_parts = 100",
    )
    call(host, "move_to", position={"x": 22, "y": 8})
    silo = {"x": 30.5, "y": 0.5}
    assert "not ready" in failure(host, "launch_rocket", silo=silo)
    call(host, "sleep", seconds=30)
    assert call(host, "launch_rocket", silo=silo)["status"] == "launching_rocket"
    assert lua(host, "storage.silo.destroy()") == ""

    assert called == set(tool_arguments.PARAMETERS)
    after = host.call_tool("nearest", {"type": "coal"})
    assert after.tick > before.tick


def test_no_more_is_taken_out_than_is_there(host: Host) -> None:
    call(host, "move_to", position={"x": -5, "y": -5})
    furnace = call(host, "place_entity", entity="stone-furnace", position={"x": -8, "y": -8})["position"]
    call(host, "insert_item", entity="iron-ore", target=furnace, quantity=3)
    before = call(host, "inspect_inventory")["iron-ore"]
    assert call(host, "extract_item", entity="iron-ore", source=furnace, quantity=15) == 3
    assert call(host, "inspect_inventory")["iron-ore"] == before + 3
    assert "holds no iron-ore" in failure(host, "extract_item", entity="iron-ore", source=furnace)
    assert call(host, "pickup_entity", entity=furnace) is True


def test_belts_and_poles_are_told_as_groups_however_they_are_asked_for(host: Host) -> None:
    call(host, "move_to", position={"x": -5, "y": -5})
    line = {"source": {"x": -9, "y": -12}, "target": {"x": -3, "y": -12}}
    call(host, "connect_entities", **line, connection_type="transport-belt")
    for kind in ("transport-belt", "belt-group"):
        (belts,) = call(host, "get_entities", entities=[kind])
        assert (belts["name"], belts["count"]) == ("belt-group", 7)
    assert call(host, "pickup_entity", entity={**belts["position"], "name": "belt-group"}) is True


def test_who_connects_what_stays_without_power_is_told(host: Host) -> None:
    call(host, "move_to", position={"x": -5, "y": -5})
    machine = call(host, "place_entity", entity="assembling-machine-1", position={"x": -8.5, "y": -9.5})
    pole = call(host, "place_entity", entity="small-electric-pole", position={"x": -10.5, "y": -5.5})
    report = host.call_tool(
        "connect_entities",
        {
            "source": pole["position"],
            "target": {**machine["position"], "name": "assembling-machine-1"},
            "connection_type": "small-electric-pole",
        },
    )
    assert report.error is None, report
    powered = "network" in call(
        host, "get_entity", entity="assembling-machine-1", position=machine["position"]
    )
    assert powered is False
    assert report.output.endswith(
        "The assembling-machine-1 at (-8.5, -9.5) is not reached: place a pole nearer to it.\n"
    )
    call(host, "place_entity", entity="small-electric-pole", position={"x": -10.5, "y": -8.5})
    seen = call(host, "get_entity", entity="assembling-machine-1", position=machine["position"])
    assert "warnings" not in seen or "not connected to power network" not in seen["warnings"]
    for thing in call(host, "get_entities", position={"x": -8.5, "y": -8.5}, radius=5):
        call(host, "pickup_entity", entity={**thing["position"], "name": thing["name"]})


def test_pipes_go_where_a_steam_engine_says_that_it_takes_steam(host: Host) -> None:
    give(host, {"steam-engine": 1})
    call(host, "move_to", position={"x": -5, "y": -5})
    engine = call(host, "place_entity", entity="steam-engine", position={"x": -9.5, "y": -9.5})
    assert engine["connections"] == [{"x": -9.5, "y": -12.5}, {"x": -9.5, "y": -6.5}]
    call(host, "place_entity", entity="pipe", position=engine["connections"][1])
    joined = lua(
        host,
        "rcon.print(#game.surfaces[1].find_entity('pipe', {-9.5, -6.5}).fluidbox.get_connections(1))",
    )
    assert joined == "1"
    call(host, "pickup_entity", entity={**engine["connections"][1], "name": "pipe"})
    call(host, "pickup_entity", entity={**engine["position"], "name": "steam-engine"})


def test_what_was_made_too_few_of_is_made_at_the_next_call(host: Host) -> None:
    lua(host, "game.forces.player.technologies['electronics'].researched = true")
    give(host, {"copper-cable": 30})
    # Gears go into belts and into the lab: FLE makes as many as the lab needs before the belts take theirs.
    had = call(host, "inspect_inventory")
    carried = had.get("transport-belt", 0)
    lua(host, f"storage.agent_characters[1].remove_item{{name = 'transport-belt', count = {carried}}}")
    lua(host, "storage.agent_characters[1].remove_item{name = 'iron-gear-wheel', count = 99}")
    give(host, {"iron-plate": 100})
    report = host.call_tool("craft_item", {"entity": "lab"})
    assert report.error == (
        "Its parts were crafted, but too few of those that other parts took: craft_item again."
    )
    assert call(host, "craft_item", entity="lab") == 1
    give(host, {"transport-belt": carried})
    lua(host, "game.forces.player.technologies['electronics'].researched = false")


@pytest.fixture
def standing(host: Host) -> Iterator[None]:
    """An assembling machine at MACHINE and a furnace at FURNACE."""
    stands = (("assembling-machine-1", MACHINE), ("stone-furnace", FURNACE))
    for name, at in stands:
        place = f"position = {{{at['x']}, {at['y']}}}"
        lua(host, f"game.surfaces[1].create_entity{{name = '{name}', {place}, force = 'player'}}")
    yield
    for name, at in stands:
        lua(host, f"game.surfaces[1].find_entity('{name}', {{{at['x']}, {at['y']}}}).destroy()")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        (
            "place_entity",
            {"entity": "roboport", "position": {"x": 3, "y": 3}},
            "carry no roboport; it is made of",
        ),
        ("place_entity", {"entity": "coal", "position": {"x": 3, "y": 3}}, "no building"),
        (
            "place_entity_next_to",
            {"entity": "roboport", "reference_position": {"x": 3, "y": 3}},
            "carry no roboport; it is made of",
        ),
        ("place_entity", {"entity": "stone-furnace", "position": {"x": 90, "y": 3}}, "move_to it first"),
        (
            "insert_item",
            {"entity": "coal", "target": {"x": 90, "y": 3}},
            "Nothing of yours stands at (90, 3)",
        ),
        (
            "pickup_entity",
            {"entity": "lab", "position": {"x": 3, "y": 3}},
            "No lab of yours stands at (3, 3)",
        ),
        ("get_entity", {"entity": "lab", "position": {"x": 3, "y": 3}}, "No lab of yours stands at (3, 3)"),
        ("craft_item", {"entity": "iron-plate"}, "smelted in a furnace from 1 iron-ore"),
        ("craft_item", {"entity": "stone-furnace", "quantity": 9}, "made of 45 stone. You carry 0 stone"),
        ("craft_item", {"entity": "lab"}, "it needs the technology electronics"),
        ("harvest_resource", {"position": {"x": 90, "y": 3}}, "move_to it first"),
        ("harvest_resource", {"position": {"x": 6, "y": 0}}, "tiles away and you mine within 2.7: move_to"),
        (
            "get_resource_patch",
            {"resource": "stone", "position": {"x": 3, "y": 3}, "radius": 2},
            "no stone at (3, 3)",
        ),
        ("get_prototype_recipe", {"prototype": "coal"}, "mined with harvest_resource"),
        ("nearest", {"type": "uranium-ore"}, "no uranium-ore within 500 tiles"),
        ("move_to", {"position": {"x": 90_000, "y": 3}}, "no way on foot to (90000, 3)"),
        ("set_research", {"technology": "rocket-silo"}, "before concrete"),
        ("set_research", {"technology": "rocket-silo"}, "Begin with logistic-science-pack."),
        ("get_research_progress", {}, "set_research chooses what"),
        (
            "place_entity",
            {"entity": "burner-mining-drill", "position": {"x": 9, "y": 3}},
            "needs ore under it: the nearest spot is (",
        ),
        ("insert_item", {"entity": "wood", "target": MACHINE}, "carry no wood; it is cut from trees"),
        (
            "insert_item",
            {"entity": "coal", "target": MACHINE},
            "has no recipe yet, so it takes nothing: set_entity_recipe",
        ),
        ("rotate_entity", {"entity": FURNACE, "direction": "left"}, "A stone-furnace can't be turned"),
        (
            "pickup_entity",
            {"entity": "lab", "position": FURNACE},
            "the nearest of your things is stone-furnace at (-5, -9)",
        ),
        (
            "insert_item",
            {"entity": "coal", "target": {**FURNACE, "name": "boiler"}},
            "No boiler of yours stands at (-5, -9)",
        ),
        ("extract_item", {"entity": "coal", "source": MACHINE}, "holds no coal; it holds nothing"),
        (
            "connect_entities",
            {"source": {"x": 3, "y": 9}, "target": {"x": 3, "y": 9}, "connection_type": "transport-belt"},
            "the same place, (3, 9)",
        ),
        (
            "connect_entities",
            {"source": {"x": 3, "y": 9}, "target": {"x": 60, "y": 9}, "connection_type": "pipe"},
            "and you carry 30. One is made of 1 iron-plate",
        ),
        (
            "connect_entities",
            {"source": {"x": 3, "y": 9}, "target": {"x": 6, "y": 9}, "connection_type": "coal"},
            "It can be transport-belt",
        ),
    ],
)
@pytest.mark.usefixtures("standing")
def test_what_fails_says_why_and_what_would_work(
    host: Host, tool: str, arguments: dict[str, Any], said: str
) -> None:
    call(host, "move_to", position={"x": 0, "y": 0})
    assert said in failure(host, tool, **arguments)


@pytest.mark.parametrize("entity", ["stone-furnace", "burner-mining-drill"])
def test_where_something_is_in_the_way_the_nearest_free_spot_will_do(host: Host, entity: str) -> None:
    call(host, "move_to", position={"x": 22, "y": 9})
    spot = {"x": 24, "y": 12}
    call(host, "place_entity", entity=entity, position=spot)
    said = failure(host, "place_entity", entity=entity, position=spot)
    _, found, free = said.partition("The nearest free spot is (")
    assert found, said
    x, y = map(float, free.removesuffix(").").split(", "))
    other = call(host, "place_entity", entity=entity, position={"x": x, "y": y})
    assert other["position"] == {"x": x, "y": y}
    for place in (spot, other["position"]):
        call(host, "pickup_entity", entity=place)


NOWHERE: dict[str, Any] = {"entity": "stone-furnace", "position": {"x": 1, "y": 2}}
BAD: list[tuple[str, dict[str, Any]]] = [
    ("no_such_tool", {}),
    ("__init__", {}),
    ("place_entity", {}),
    ("place_entity", {**NOWHERE, "game": "over"}),
    ("place_entity", {**NOWHERE, "direction": "sideways"}),
    ("place_entity", {**NOWHERE, "exact": "yes"}),
    ("place_entity", {**NOWHERE, "entity": ["stone-furnace"]}),
    ("place_entity", {**NOWHERE, "entity": "x" * 10_000_000}),
    *(
        ("place_entity", {**NOWHERE, "position": bad})
        for bad in (
            {"x": math.nan, "y": 0}, {"x": math.inf, "y": 0}, {"x": 1e300, "y": 0}, {"x": 10**400, "y": 0},
            {"x": True, "y": 0}, {"x": "1", "y": 0}, {"x": 1}, {"x": 1, "y": 2, "z": 3}, [1, 2], "here", 7,
        )
    ),
    *(("craft_item", {"entity": "pipe", "quantity": bad}) for bad in (0, -1, 1.5, 10**9, math.nan, "5", True)),
    *(("sleep", {"seconds": bad}) for bad in (-1, math.inf, 10**9, "1")),
    ("get_entities", {"entities": ["pipe"] * 100}),
    ("get_entities", {"entities": {"pipe": 1}}),
    ("nearest_buildable", {"entity": "pipe", "building_box": {"width": 1000, "height": 1}, "center_position": {"x": 0, "y": 0}}),
    ("rotate_entity", {"entity": "stone-furnace"}),
    ("set_entity_recipe", {"entity": {"x": 1, "y": 2}, "prototype": "gears"}),
    ("set_research", {"technology": 5}),
]  # fmt: skip


def test_bad_arguments_are_refused_in_a_sentence_and_do_nothing(host: Host) -> None:
    host.pause()
    before = host._world.state_hash()
    for tool, arguments in BAD:
        with pytest.raises(ValueError, match=r"^[^\n]{10,400}[.…]$"):
            host.call_tool(tool, arguments)
    for timeout_s in (0, -1, math.nan, 1e9):
        with pytest.raises(ValueError, match="timeout_s"):
            host.call_tool("inspect_inventory", {}, timeout_s)
    assert host._world.state_hash() == before


HOSTILE = """
def nothing(*args, **kwargs):
    return "mine"
space = craft_item.__wrapped__.game_state
for name in ("get_entity", "nearest", "craft_item", "move_to", "inspect_inventory", "Prototype", "Position"):
    setattr(space, name, nothing)
space.line_value = space.player_location = space.persistent_vars["nearest"] = nothing
"""


def test_calls_use_fles_own_tools_whatever_programs_have_made_of_their_names(host: Host) -> None:
    ran = host.run_program(HOSTILE)
    assert ran.ok, ran
    iron = call(host, "inspect_inventory")["iron-plate"]
    assert call(host, "craft_item", entity="iron-gear-wheel", quantity=1) == 1
    assert call(host, "inspect_inventory")["iron-plate"] == iron - 2
    assert call(host, "move_to", position={"x": 1, "y": 1}) == {"x": 1.5, "y": 1.5}


def test_the_agents_variables_survive_calls_whatever_becomes_of_them(host: Host) -> None:
    def remembered() -> list[str]:
        return [line.text for line in host.run_program("print(f())").lines]

    assert host.run_program("state = {'plan': [1, 2]}\ndef f():\n    return state['plan']").ok
    pid = host.program_pid
    call(host, "craft_item", entity="iron-gear-wheel", quantity=1)
    failure(host, "craft_item", entity="iron-plate")
    assert host.program_pid == pid
    assert remembered() == ["[1, 2]"]
    assert "took longer than 0.3 s" in failure(host, "sleep", 0.3, seconds=3600)
    assert remembered() == ["[1, 2]"]
    assert host.program_pid is not None
    os.kill(host.program_pid, signal.SIGKILL)
    assert call(host, "craft_item", entity="iron-gear-wheel", quantity=1) == 1
    assert remembered() == ["[1, 2]"]


def test_a_paused_world_ends_a_call_at_its_time(host: Host) -> None:
    host.pause()
    began = time.monotonic()
    assert "took longer than 0.4 s" in failure(host, "sleep", 0.4, seconds=5)
    assert time.monotonic() - began < 2
    assert call(host, "get_entities") is not None


def test_a_call_is_cancelled_and_looking_does_not_wait_for_it(session: HostedWorld, host: Host) -> None:
    session.cancel()  # nothing runs: nothing happens
    pid = host.program_pid
    call(host, "craft_item", entity="iron-gear-wheel", quantity=1)
    assert host.program_pid == pid
    reports: list[ToolReport] = []
    thread = threading.Thread(
        target=lambda: reports.append(session.call_tool("sleep", {"seconds": 86_400}, 60)), daemon=True
    )
    thread.start()
    until(lambda: host.activity.startswith("waiting"))
    began = time.monotonic()
    assert call(host, "get_prototype_recipe", prototype="pipe")["name"] == "pipe"
    assert call(host, "get_entities") is not None
    assert thread.is_alive()
    session.cancel()
    thread.join(5)
    assert time.monotonic() - began < 5
    assert reports[0].error == "The call was ended by request."
    assert host.activity == "idle"
    assert call(host, "craft_item", entity="iron-gear-wheel", quantity=1) == 1


def test_a_program_tells_what_it_prints_while_it_runs_and_is_cancelled(session: HostedWorld) -> None:
    told: list[tuple[int, str]] = []

    def printed(line: int, text: str) -> None:
        told.append((line, text))
        if text == "second":
            session.cancel()

    report = session.run_program("print('first')\nprint('second')\nsleep(86400)", 60, printed)
    assert told == [(1, "first"), (2, "second")]
    assert report.error == "The program was ended by request."
    assert report.output == "first\nsecond\n"


def test_who_is_far_away_reads_the_reason_and_not_the_distance(host: Host) -> None:
    call(host, "move_to", position={"x": -5, "y": -5})
    machine = call(host, "place_entity", entity="assembling-machine-1", position={"x": -8.5, "y": -9.5})
    place = machine["position"]
    call(host, "set_entity_recipe", entity=place, prototype="iron-gear-wheel")
    call(host, "insert_item", entity="iron-plate", target=place, quantity=4)
    call(host, "move_to", position={"x": 15, "y": 15})
    refused = failure(host, "insert_item", entity="coal", target=place)
    assert "makes iron-gear-wheel of 2 iron-plate: it takes no coal." in refused
    empty = failure(host, "extract_item", entity="iron-gear-wheel", source=place)
    assert empty.endswith("holds no iron-gear-wheel; it holds 4 iron-plate.")
    call(host, "move_to", position={"x": -5, "y": -5})
    assert call(host, "pickup_entity", entity={**place, "name": "assembling-machine-1"}) is True


def test_programs_print_a_thing_in_short(host: Host) -> None:
    call(host, "move_to", position={"x": -5, "y": -5})
    report = host.run_program(
        "furnace = place_entity(Prototype.StoneFurnace, position=Position(x=-8, y=-8))\n"
        "print('here', furnace, furnace.position)\n"
        "pickup_entity(furnace)"
    )
    (line,) = report.lines
    assert line.text.startswith("here Furnace(")
    assert line.text.endswith(" x=-8.0 y=-8.0")
    assert "furnace_source" in line.text
    assert len(line.text) < 400


def test_results_are_bounded(host: Host) -> None:
    lua(
        host,
        "for i = 0, 1199 do game.surfaces[1].create_entity{name = 'iron-chest', force = 'player', "
        "position = {-70 + i % 50, -70 + math.floor(i / 50)}} end",
    )
    report = host.call_tool(
        "get_entities", {"entities": ["iron-chest"], "position": {"x": -45, "y": -45}, "radius": 40}
    )
    assert report.error is None
    shown = len(report.value)
    assert 400 < shown < 1200
    assert len(json.dumps(report.value, separators=(",", ":"))) <= tool_arguments.MAX_RESULT_CHARACTERS
    assert f"{1200 - shown} of 1200 are left out; ask for a smaller area." in report.output
    lua(
        host,
        "for _, e in pairs(game.surfaces[1].find_entities_filtered{name = 'iron-chest'}) do e.destroy() end",
    )


def test_a_world_that_ended_is_unavailable(tmp_path: Path) -> None:
    with WorldProcess.start(name="ended", log_path=tmp_path / "world.log") as process:
        session = HostedWorld(process, Host(process.client(), "ended", password=process.password))
        process.kill()
        with pytest.raises(WorldUnavailable, match="does not answer"):
            session.call_tool("rotate_entity", {"entity": {"x": 1, "y": 2}}, 10)
        session.close()
