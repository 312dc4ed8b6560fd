import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from runtime import broker as broker_module
from runtime.broker import (
    QUERIES,
    SIGNATURES,
    Broker,
    Call,
    Refused,
    TimeUp,
    describe,
    parse_call,
    parse_query,
)
from tests.runtime.lua_world import LuaWorld


def fle(call: str) -> str:
    """A command as FLE's client writes it."""
    return f"/silent-command a, b = pcall(storage.actions.{call}); rcon.print(dump({{a=a, b=b}}))"


def soon() -> float:
    return time.monotonic() + 5


@pytest.fixture
def world() -> LuaWorld:
    return LuaWorld()


@pytest.fixture
def broker(world: LuaWorld) -> Broker:
    return Broker(world, speed=lambda: world.speed)


def test_a_call_is_written_anew_with_this_players_index(broker: Broker, world: LuaWorld) -> None:
    answer = broker.answer(fle('nearest, 7,"coal"'), soon())
    assert world.calls() == [("nearest", 1, "coal")]
    assert '["x"] = 15.5' in answer


@pytest.mark.parametrize(
    "text",
    [
        "/c game.print('hi')",
        "/sc game.speed = 100",
        "/silent-command storage.actions.sleep(1)",
        "/silent-command rcon.print(1)",
        "/sc rcon.print(storage.elapsed_ticks or 0) game.speed = 9",
        fle('nearest, 1,"coal"') + " game.speed = 9",
        fle('nearest, 1,"coal"); game.speed = 9; a, b = pcall(storage.actions.nearest, 1,"coal"'),
        fle('nearest, 1,"coal\\\\" .. game.speed .. "\\\\"'),
        fle("nearest, 1,game.speed"),
        fle("nearest, 1,(function() game.speed = 9 end)()"),
        fle('nearest, 1,"a" -- '),
        fle("nearest, 1,[[coal]]"),
        fle("nearest, 1,5"),
        fle('nearest, 1,"coal","coal"'),
        fle('set_inventory, 1,"{}"'),
        fle('load_entity_state, 1,"{}"'),
        fle("clear_entities, 1"),
        fle('reset, "[]",true,true,true'),
        fle("print, 5"),
        fle("sleep, -5"),
        fle("sleep, 1e9"),
        fle('sleep, "1"'),
        fle("sleep"),
        fle("sleep, 1e999"),
        fle("craft_item, 1,\"a\nb\",1"),
        fle("pickup_entity, 1"),
        "/silent-command rcon.print(storage.actions.get_walking_queue_length(1)) game.speed = 9",
        "/silent-command rcon.print(storage.actions.reset(1))",
        "/state-hash",
        "/prelude x = 1",
        "",
    ],
)  # fmt: skip
def test_everything_else_is_refused_and_never_reaches_the_world(
    broker: Broker, world: LuaWorld, text: str
) -> None:
    with pytest.raises(Refused) as refusal:
        broker.answer(text, soon())
    assert world.commands == []
    assert str(refusal.value)


def test_a_string_that_would_end_the_call_stays_a_string(broker: Broker, world: LuaWorld) -> None:
    broker.answer(fle('nearest, 1,"x\\"); game.speed = 9 --"'), soon())
    assert world.calls() == [("nearest", 1, 'x"); game.speed = 9 --')]


def test_sleep_60_lets_3600_ticks_pass_not_7200(broker: Broker, world: LuaWorld) -> None:
    before = world.tick()
    broker.answer(fle("sleep, 60"), soon())
    assert 3600 <= world.tick() - before < 4500
    assert broker.answer("/sc rcon.print(storage.elapsed_ticks or 0)", soon()) == "3600"


def test_a_fraction_of_a_tick_is_told_as_a_whole_number(broker: Broker) -> None:
    broker.answer(fle("sleep, 0.01"), soon())
    assert broker.answer("/sc rcon.print(storage.elapsed_ticks or 0)", soon()) == "0"


def test_a_crafts_answer_waits_for_its_game_time(broker: Broker, world: LuaWorld) -> None:
    before = world.tick()
    answer = broker.answer(fle('craft_item, 1,"iron-gear-wheel",50'), soon())
    assert world.tick() - before >= 1500
    assert "50" in answer


PATH_SOUGHT = """/sc storage.path_requests, storage.paths, found = {[7] = {}}, {}, game.tick + 60
setmetatable(storage.paths, {__index = function(paths, number) return game.tick >= found and {} or nil end})
storage.actions.get_path = function(number) return storage.paths[number] and "found" or "pending" end
storage.actions.connect_entities = function(...) return (storage.paths[select(6, ...)] and "found" or "pending") end
"""


@pytest.mark.parametrize(
    "call",
    [
        "get_path, 7",
        'connect_entities, 1,0,0,5,5,7,"pipe",false,9',
        'connect_entities, 1,0,0,5,5,7,"pipe",true,9',
    ],
)
def test_what_goes_by_a_path_waits_until_it_is_found(broker: Broker, world: LuaWorld, call: str) -> None:
    world.command(PATH_SOUGHT)
    assert "found" in broker.answer(fle(call), soon())
    assert broker.waited_s > 0


def test_a_path_that_is_not_found_in_time_holds_nothing_up(broker: Broker, world: LuaWorld) -> None:
    world.pause()
    world.command(PATH_SOUGHT)
    assert "pending" in broker.answer(fle("get_path, 7"), soon())


def test_an_actions_own_error_is_passed_on(broker: Broker) -> None:
    answer = broker.answer(fle('craft_item, 1,"rocket-silo",1'), soon())
    assert "false" in answer
    assert "no ingredients" in answer


def test_a_paused_world_is_waited_for_until_the_deadline(broker: Broker, world: LuaWorld) -> None:
    world.pause()
    start = time.monotonic()
    with pytest.raises(TimeUp):
        broker.answer(fle("sleep, 1"), start + 0.3)
    assert time.monotonic() - start < 2


def test_a_wait_ends_when_the_world_goes_on(broker: Broker, world: LuaWorld) -> None:
    world.pause()
    threading.Timer(0.1, world.resume).start()
    broker.answer(fle("sleep, 1"), soon())
    assert world.tick() >= 60


def test_a_wait_can_be_stopped(broker: Broker, world: LuaWorld) -> None:
    world.pause()
    threading.Timer(0.05, broker.stop.set).start()
    with pytest.raises(TimeUp):
        broker.answer(fle("sleep, 1"), time.monotonic() + 60)


def test_things_out_of_reach_stay_where_they_are(broker: Broker, world: LuaWorld) -> None:
    answer = broker.answer(fle('pickup_entity, 1,20,0,"stone-furnace"'), soon())
    assert "20.0 tiles away" in answer
    assert world.calls() == []
    broker.answer(fle('pickup_entity, 1,-6,-8,"stone-furnace"'), soon())
    assert world.calls() == [("pickup_entity", 1, -6, -8, "stone-furnace")]


def test_the_score_is_the_trusted_sides(world: LuaWorld) -> None:
    broker = Broker(world, speed=lambda: 1, score=lambda: (99.7, 40.2))
    assert broker.answer(fle("score"), soon()) == (
        '{ ["a"] = true,["b"] = { ["player"] = 99,["automated"] = 40,} ,} '
    )
    assert world.commands == []


def test_fles_queries_pass() -> None:
    text = "/silent-command rcon.print(storage.actions.get_resource_name_at_position(3, 1.5, 2))"
    assert parse_query(text) == Call("get_resource_name_at_position", (1, 1.5, 2))


def test_move_to_without_belts() -> None:
    assert parse_call(fle('move_to, 1,5,"nil","nil"')) == Call("move_to", (1, 5))


@pytest.mark.parametrize("way", [0, 1])
def test_move_to_lays_nothing(way: int) -> None:
    with pytest.raises(Refused, match="connect_entities"):
        parse_call(fle(f'move_to, 1,5,"transport-belt",{way}'))


def test_an_area_that_takes_minutes_to_look_for_is_refused() -> None:
    def looking(corner: str) -> str:
        return fle(f'nearest_buildable, 1,"lab",{{["right_bottom"]={corner}}},{{["x"]=0,["y"]=0}}')

    assert parse_call(looking('{["x"]=60,["y"]=15}')).action == "nearest_buildable"
    for corner in (
        '{["x"]=200,["y"]=200}',
        '{["x"]=-200,["y"]=-200}',
        '{["x"]=1e6,["y"]=1}',
        '{["x"]=1}',
        '"far"',
    ):
        with pytest.raises(Refused, match="up to 900 tiles"):
            parse_call(looking(corner))


def test_activities() -> None:
    assert describe(parse_call(fle('craft_item, 1,"iron-gear-wheel",5'))) == "crafting 5 iron-gear-wheel"
    assert describe(parse_call(fle("move_to, 1,9")), {9: (3, 4)}) == "moving to (3, 4)"
    assert describe(parse_call(fle('nearest, 1,"coal"'))) is None


class Recorder:
    """Stands for FLE's RCON client: keeps what is sent, answers so that the clients go on."""

    ANSWERS: ClassVar = {
        "request_path": "5",
        "get_path": '{"status": "success", "waypoints": [{"x": 1, "y": 2}]}',
        "nearest": '{ ["x"] = 1,["y"] = 2,} ',
        "inspect_inventory": '{ ["iron-plate"] = 9,["pipe"] = 50,["transport-belt"] = 50,} ',
        "craft_item": "1",
        "harvest_resource": "1",
        "extract_item": "1",
        "pickup_entity": "{ } ",
        "move_to": '{ ["x"] = 1,["y"] = 2,} ',
        "can_place_entity": "true",
    }

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send_command(self, text: str) -> str:
        self.sent.append(text)
        if text == broker_module.ELAPSED_QUERY or "queue_length" in text:
            return "0"
        if "get_resource_name" in text:
            return "coal"
        action = text.partition("storage.actions.")[2].partition(",")[0].partition(")")[0]
        return '{ ["a"] = true,["b"] = ' + self.ANSWERS.get(action, "{ } ") + ",} "


@pytest.fixture(scope="module")
def tools() -> Iterator[tuple[Any, Recorder]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_DOTENV_DISABLED", "1")
        from runtime.fle_attach import attach

        recorder = Recorder()
        yield attach(recorder), recorder


def test_every_command_of_every_fle_tool_is_in_the_table(tools: tuple[Any, Recorder]) -> None:
    """Calls each of FLE's agent tools and holds each command that its client sends against the table."""
    instance, recorder = tools
    from fle.env.entities import BuildingBox, Direction, Position
    from fle.env.game_types import Prototype, RecipeName, Resource, Technology
    from fle.env.tools import get_agent_tools

    at, there = Position(x=1, y=2), Position(x=9, y=2)
    furnace = Prototype.StoneFurnace.value[1].model_construct(
        name="stone-furnace", position=at, direction=Direction.UP
    )
    furnace.prototype = Prototype.StoneFurnace
    arguments: dict[str, list[tuple[Any, ...]]] = {
        "can_place_entity": [(Prototype.StoneFurnace, Direction.UP, at)],
        "connect_entities": [(at, there, Prototype.TransportBelt), (at, there, Prototype.Pipe)],
        "craft_item": [(Prototype.IronGearWheel, 2)],
        "extract_item": [(Prototype.IronPlate, at, 2), (Prototype.IronPlate, furnace, 2)],
        "get_connection_amount": [(at, there, Prototype.TransportBelt)],
        "get_entities": [(), ({Prototype.StoneFurnace, Prototype.BurnerInserter}, at, 5.5)],
        "get_entity": [(Prototype.StoneFurnace, at)],
        "get_prototype_recipe": [(Prototype.IronGearWheel,), (RecipeName.BasicOilProcessing,)],
        "get_research_progress": [(Technology.Automation,), ()],
        "get_resource_patch": [(Resource.Coal, at, 10)],
        "harvest_resource": [(at, 5)],
        "insert_item": [(Prototype.Coal, furnace, 5)],
        "inspect_inventory": [(), (furnace,), (None, True)],
        "launch_rocket": [(at,)],
        "move_to": [(at,)],
        "nearest": [(Resource.Coal,), (Prototype.StoneFurnace,)],
        "nearest_buildable": [(Prototype.StoneFurnace, BuildingBox(width=3, height=2), at)],
        "pickup_entity": [(Prototype.StoneFurnace, at), (furnace,)],
        "place_entity": [(Prototype.StoneFurnace, Direction.UP, at)],
        "place_entity_next_to": [(Prototype.StoneFurnace, at, Direction.RIGHT, 1)],
        "print": [("hello", at)],
        "rotate_entity": [(furnace, Direction.RIGHT)],
        "score": [()],
        "send_message": [("hello",)],
        "set_entity_recipe": [(furnace, Prototype.IronGearWheel)],
        "set_research": [(Technology.Automation,)],
        "sleep": [(1,)],
    }
    # FLE sets up only the tools that have a server.lua; shift_entity has none.
    assert set(arguments) == {name for name in get_agent_tools() if name in instance.controllers}
    called: set[str] = set()
    for fast in (True, False):
        # In slow mode the clients ask further questions (only these three can end without a real world).
        instance.fast = fast
        names = arguments if fast else ("craft_item", "move_to", "harvest_resource")
        for name in names:
            for given in arguments[name]:
                recorder.sent.clear()
                # The answers are too plain for some clients; what they sent is what matters here.
                with contextlib.suppress(Exception):
                    getattr(instance.namespace, name)(*given)
                if name not in ("print", "send_message"):
                    assert recorder.sent, name
                for text in recorder.sent:
                    if text == broker_module.ELAPSED_QUERY:
                        continue
                    call = parse_query(text) or parse_call(text)
                    called.add(call.action)
    instance.fast = True
    for admin in ("_get_production_stats", "_clear_collision_boxes"):
        recorder.sent.clear()
        getattr(instance.namespace, admin)()
        called.add(parse_call(recorder.sent[0]).action)
    assert called >= set(SIGNATURES) | set(QUERIES)


def test_attaching_sends_nothing() -> None:
    from runtime.fle_attach import attach

    recorder = Recorder()
    attach(recorder)
    assert recorder.sent == []
