"""What FLE's helpers give and what the faster ones give: the same, for what a real world answers and for anything else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from fle.env.entities import Direction, Position, TransportBelt, UndergroundBelt
from fle.env.game_types import Prototype
from fle.env.tools.agent.connect_entities import groupable_entities
from fle.env.tools.controller import Controller
from fle.env.utils import rcon
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slpp import SLPP

from runtime import fle_faster
from runtime.fle_attach import attach, prelude
from runtime.lua_text import DumpReader
from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess

# Reading ----------------------------------------------------------------------------------------------------

NUMBERS = st.one_of(st.integers(-(10**16), 10**16), st.floats(allow_nan=True), st.integers(-3, 20))
STRINGS = st.one_of(
    st.sampled_from(["", "#", "#1", "iron-plate", "1", "true", "a]b", "= {", ",} "]), st.text(max_size=5)
)
BARE = st.sampled_from(
    ["not_connected", "Belt output is full", "nil", "inf", "'blocked'", "userdata: 0x5", "--"]
)


class Bare(str):
    """A string that FLE put no quotation marks around."""


def dumped(value: Any) -> str:
    """What FLE's `dump` makes of it in Lua."""
    if isinstance(value, dict):
        keys = {
            key: f"{key:.14g}" if isinstance(key, float) else f'"{key}"' if isinstance(key, str) else key
            for key in value
        }
        return "{ " + "".join(f"[{keys[key]}] = {dumped(entry)}," for key, entry in value.items()) + "} "
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.14g}"
    return str(value) if isinstance(value, (int, Bare)) else f'"{value}"'


KEYS = st.one_of(STRINGS, st.integers(-1, 12), st.sampled_from([0.5, 2.0]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(NUMBERS, st.booleans(), STRINGS, BARE.map(Bare)),
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, max_size=5),
        st.lists(inner, max_size=4).map(lambda items: dict(enumerate(items, 1))),
    ),
    max_leaves=20,
)


def outcome(read: Callable[[str], Any], text: str) -> str:
    """What comes of reading a text, with its types."""
    try:
        return repr(read(text))
    except Exception as error:  # a text may be anything, and FLE fails with whatever comes of it
        return repr(error)


@settings(max_examples=250, deadline=None)
@given(VALUES)
@example(
    {"a": True, "b": {1: {"name": "pipe", "position": {"x": 1.5, "y": -0.0}, "list": {1: {}, 2: {}}}, 2: {}}}
)
@example({"#": 1, 3: {"#1": 2}})
@example({0: "a", 1: "b"})
def test_tables_are_read_as_fle_reads_them(value: Any) -> None:
    text = dumped({"a": True, "b": value})
    for form in (text, text.rstrip(), dumped(value)):
        assert outcome(DumpReader().decode, form) == outcome(SLPP().decode, form)


@settings(max_examples=250, deadline=None)
@given(
    VALUES,
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from([*list('{}[]",= \\#-.1eat\n'), "", '["', ",}", "} "])),
        max_size=4,
    ),
)
@example({"a": 1}, [(2, "")])
def test_text_that_is_broken_is_read_as_fle_reads_it(value: Any, changes: list[tuple[int, str]]) -> None:
    text = dumped({"a": True, "b": value})
    for place, letters in changes:
        place %= len(text) + 1
        text = text[:place] + letters + text[place + (not letters) :]
    assert outcome(DumpReader().decode, text) == outcome(SLPP().decode, text)


# Cleaning ---------------------------------------------------------------------------------------------------

CLEANABLE = st.recursive(
    st.one_of(st.integers(-2, 16), st.sampled_from(["", "up", 4.0, 2.5, None, True, False])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "count", "1", "2", "x", 1, 2, 3, 1.0]), inner, max_size=4),
        st.dictionaries(
            st.integers(1, 3), st.fixed_dictionaries({"name": st.sampled_from("ab"), "count": inner})
        ),
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(["direction", "warnings", "input_connection_points", "inventory", "x", 1])


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(FIELDS, CLEANABLE))
def test_responses_are_cleaned_as_fle_cleans_them(response: Any) -> None:
    def cleaned(clean: Callable[[Any, Any], Any]) -> str:
        given_response = copy.deepcopy(response)
        try:
            result = clean(None, given_response)
        except (TypeError, ValueError, OverflowError) as error:
            result = error
        return repr((result, given_response))

    assert cleaned(fle_faster.clean_response) == cleaned(fle_faster.FLE_CLEAN_RESPONSE)


# Belts ------------------------------------------------------------------------------------------------------

SIDES = {Direction.UP: (0, -1), Direction.RIGHT: (1, 0), Direction.DOWN: (0, 1), Direction.LEFT: (-1, 0)}
TOWARDS = st.sampled_from([*SIDES, Direction.RIGHT, Direction.RIGHT])
BELTS = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 1),
        TOWARDS,
        st.sampled_from(["belt", "in", "out"]),
        st.booleans(),
        st.booleans(),
        TOWARDS,
        st.sampled_from([None, None, None, 1, 2]),
    ),
    max_size=14,
    unique_by=lambda made: made[:2],
)


def belt_of(
    number: int,
    x: int,
    y: int,
    side: Direction,
    kind: str,
    source: bool,
    end: bool,
    back: Direction,
    other: Any,
) -> Any:
    (ahead_x, ahead_y), (back_x, back_y) = SIDES[side], SIDES[back]
    fields = {
        "name": "transport-belt",
        "id": number,
        "position": Position(x=x + 0.5, y=y + 0.5),
        "direction": side,
        "energy": 0,
        "health": 150,
        "dimensions": {"width": 1, "height": 1},
        "tile_dimensions": {"tile_width": 1, "tile_height": 1},
        "is_source": source,
        "is_terminus": end,
        "input_position": Position(x=x + back_x + 0.5, y=y + back_y + 0.5),
        "prototype": Prototype.TransportBelt,
        "output_position": Position(x=x + ahead_x + 0.5, y=y + ahead_y + 0.5),
        "inventory": {"left": {"coal": number}, "right": {}},
    }
    if kind == "belt":
        return TransportBelt(**fields)
    return UndergroundBelt(**fields, is_input=kind == "in", connected_to=other)


@settings(max_examples=250, deadline=None)
@given(BELTS)
@example(
    [
        (x, 0, Direction.RIGHT, kind, x == 0, False, Direction.LEFT, None)
        for x, kind in ((0, "in"), (5, "out"))
    ]
)
@example(
    [
        (x, 0, Direction.RIGHT, kind, x == 0, False, Direction.LEFT, None)
        for x, kind in ((0, "in"), (4, "out"))
    ]
)
def test_belts_are_grouped_as_fle_groups_them(made: list[Any]) -> None:
    def grouped(group: Callable[[Any, Any], Any]) -> str:
        belts = [belt_of(number, *one) for number, one in enumerate(made)]
        try:
            groups = [one.model_dump() for one in group(belts, Prototype.TransportBelt)]
        except Exception as error:  # FLE's own, for tunnels whose other end is missing
            return repr(error)
        return repr((groups, [belt.model_dump() for belt in belts]))

    assert grouped(fle_faster.construct_belt_groups) == grouped(fle_faster.FLE_CONSTRUCT_BELT_GROUPS)


# A real world -----------------------------------------------------------------------------------------------

THINGS = """
local function put(name, x, y, direction, more)
  local made = {name = name, position = {x, y}, direction = direction, force = 'player'}
  for k, v in pairs(more or {}) do made[k] = v end
  return game.surfaces[1].create_entity(made)
end
for x = 0, 9 do put('transport-belt', x + 0.5, 0.5, 4) end
for y = 1, 4 do put('fast-transport-belt', 10.5, y - 0.5, 8) end
put('underground-belt', 10.5, 4.5, 8, {type = 'input'})
put('underground-belt', 10.5, 7.5, 8, {type = 'output'})
put('transport-belt', 10.5, 8.5, 8).insert{name = 'coal', count = 2}
put('splitter', 4, 3.5, 0)
put('stone-furnace', 0, 6).insert{name = 'iron-ore', count = 5}
put('burner-inserter', 2.5, 6.5, 4)
put('iron-chest', 3.5, 6.5).insert{name = 'iron-plate', count = 30}
put('assembling-machine-1', 6.5, 6.5).set_recipe('iron-gear-wheel')
put('boiler', 15, 3.5)
put('steam-engine', 15.5, 8.5)
put('pipe', 18.5, 0.5) put('pipe', 18.5, 1.5) put('pipe-to-ground', 18.5, 2.5)
put('small-electric-pole', 20.5, 0.5) put('medium-electric-pole', 23.5, 0.5)
put('burner-mining-drill', 25, 5)
put('lab', 30.5, 5.5)
put('stone-wall', 33.5, 0.5)
put('storage-tank', 36.5, 5.5)
put('chemical-plant', 42.5, 5.5)
put('oil-refinery', 50.5, 5.5)
"""


class Rcon:
    """Carries FLE's commands, and keeps what was answered."""

    def __init__(self, world: WorldClient) -> None:
        self._world = world
        self.answers: list[str] = []

    def send_command(self, command: str) -> str:
        self.answers.append(self._world.command(command))
        return self.answers[-1]


def fle_helpers() -> list[tuple[Any, str, Any]]:
    """FLE's own helpers: where they are found, by which name, and what they are."""
    return [
        (rcon, "lua", SLPP()),
        (Controller, "clean_response", fle_faster.FLE_CLEAN_RESPONSE),
        (groupable_entities, "construct_belt_groups", fle_faster.FLE_CONSTRUCT_BELT_GROUPS),
    ]


def test_a_world_is_seen_as_fle_sees_it(shared_world: WorldProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    with shared_world.client() as client:
        for script in prelude():
            client.command(f"/sc {script}")
        client.command(
            "/sc game.tick_paused = true storage.fast = true storage.utils.ensure_valid_character(1)"
        )
        assert client.command(f"/sc {THINGS}") == ""
        carrier = Rcon(client)
        namespace = attach(carrier).namespace

        def seen() -> str:
            things = namespace.get_entities()
            belts = namespace.get_entities(
                {Prototype.TransportBelt, Prototype.UndergroundBelt}, Position(x=0, y=0)
            )
            one = namespace.get_entity(Prototype.AssemblingMachine1, Position(x=6.5, y=6.5))
            try:
                namespace.place_entity(Prototype.Boiler, position=Position(x=900, y=0))
            except Exception as error:  # FLE raises no narrower one
                refusal = str(error)
            return repr(
                (
                    [thing.model_dump() for thing in [*things, *belts, one]],
                    things,
                    refusal,
                    namespace.inspect_inventory(),
                )
            )

        assert isinstance(rcon.lua, DumpReader)
        assert Controller.clean_response is fle_faster.clean_response
        faster = seen()
        answers, carrier.answers = carrier.answers, []
        for owner, name, original in fle_helpers():
            monkeypatch.setattr(owner, name, original)
        assert seen() == faster
        assert carrier.answers == answers
        assert len(max(answers, key=len)) > 20_000
        for answer in answers:
            assert outcome(DumpReader().decode, answer) == outcome(SLPP().decode, answer)
