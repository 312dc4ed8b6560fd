"""Splitters: the game's rules for sharing out lanes, and that nothing is lost or made in any network of belts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.game import Game
from runtime.engine.maps import default_lab_scenario
from runtime.engine.placing import snapped
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.splitters import LEFT, RIGHT, Splitter
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, line, new_world, places
from tests.engine.test_placing import put

TIERS = {
    "splitter": "transport-belt",
    "fast-splitter": "fast-transport-belt",
    "express-splitter": "express-transport-belt",
}


def rig(
    name: str = "splitter", inputs: int = 4, outputs: int = 8, world: World | None = None
) -> tuple[World, Splitter, list[list[TransportBelt]], list[list[TransportBelt]]]:
    """A splitter that faces east at (0, 0) with belts into both halves and out of both; left is north."""
    if world is None:
        world = new_world()
    splitter = build(world, name, 0.5, 1.0, EAST)
    assert isinstance(splitter, Splitter)
    belt = TIERS[name]
    into = [line(world, -inputs, y, EAST, inputs, belt) for y in (0, 1)]
    out = [line(world, 1, y, EAST, outputs, belt) if outputs else [] for y in (0, 1)]
    return world, splitter, into, out


def fill(belts: list[TransportBelt], name: str, lanes: tuple[int, ...] = (1, 2)) -> int:
    """Fill lanes of belts to the last place."""
    put = 0
    for belt in belts:
        for lane in lanes:
            for place in (64, 128, 192, 256):
                put += belt.insert_at(lane, place / 256, name)
    return put


def held(belts: list[TransportBelt], lane: int) -> int:
    return sum(len(places(b, lane)) for b in belts)


def every(*rows: list[list[TransportBelt]]) -> list[TransportBelt]:
    return [belt for row in rows for belts in row for belt in belts]


def names_on(belts: list[TransportBelt]) -> Counter[str]:
    return Counter(n for b in belts for lane in (1, 2) for n, _ in b.lane_contents(lane))


@pytest.mark.parametrize("name", list(TIERS))
def test_one_input_is_shared_out_evenly_and_lanes_are_kept(name: str) -> None:
    world, _, into, out = rig(name)
    fill(into[0], "iron-plate", (1,))
    assert held(into[0], 1) == 16
    world.advance(600)
    assert [held(o, 1) for o in out] == [8, 8]
    assert [held(o, 2) for o in out] == [0, 0]
    assert places(out[0][-1], 1) == [0, 64, 128, 192]


@pytest.mark.parametrize("name", list(TIERS))
def test_an_item_passes_as_fast_as_on_a_belt(name: str) -> None:
    world, _, into, out = rig(name)
    speed = round(load().entity[name].raw["speed"] * 256)
    assert into[0][0].insert_at_back(1, "iron-plate")
    arrival = -(-(256 - speed + (3 + 1 + 8) * 256) // speed)
    world.advance(arrival - 1)
    assert places(out[0][-1], 1) != [0]
    world.advance(arrival)
    assert places(out[0][-1], 1) == [0]


def test_full_throughput_of_both_inputs() -> None:
    world, _, into, out = rig(inputs=8, outputs=20)
    for belts in into:
        assert fill(belts, "iron-plate") == 64
    world.advance(8 * 32 + 40)
    # 15 items a second on each output: nothing has waited.
    assert [held(o, 1) for o in out] == [32, 32]
    assert [held(o, 2) for o in out] == [32, 32]


def test_a_blocked_output_leaves_everything_to_the_other() -> None:
    world, _, into, out = rig(outputs=8)
    for belt in out[0]:
        fill([belt], "coal")
    world.advance(100)
    before = held(out[1], 1)
    fill(into[0], "iron-plate", (1,))
    world.advance(700)
    assert before == 0
    # Two go into the room that is left at the blocked output's beginning, if there is any.
    assert held(out[1], 1) >= 14
    assert names_on(out[1]) == Counter({"iron-plate": held(out[1], 1)})


def test_two_inputs_take_turns_at_one_output() -> None:
    world, _, into, _ = rig(outputs=0)
    only = line(world, 1, 0, EAST, 12)
    fill(into[0], "iron-plate", (2,))
    fill(into[1], "copper-plate", (2,))
    world.advance(2000)
    got = names_on(only)
    assert sum(got.values()) == 32 - 2  # two went to the output that leads nowhere
    row = [n for b in reversed(only) for n, _ in b.lane_contents(2)]
    assert all(a != b for a, b in pairwise(row[4:-4]))


@pytest.mark.parametrize(("side", "first"), [(LEFT, "iron-plate"), (RIGHT, "copper-plate")])
def test_input_priority(side: int, first: str) -> None:
    world, splitter, into, _ = rig(outputs=0)
    splitter.set_input_priority(side)
    splitter.set_output_priority(LEFT)
    only = line(world, 1, 0, EAST, 3)
    fill(into[0], "iron-plate", (1,))
    fill(into[1], "copper-plate", (1,))
    world.advance(1000)
    row = [n for b in reversed(only) for n, _ in b.lane_contents(1)]
    assert len(row) == 12
    assert row.count(first) >= 10  # what the other sent went ahead to the output that leads nowhere


@pytest.mark.parametrize(("side", "full"), [(LEFT, 0), (RIGHT, 1)])
def test_output_priority(side: int, full: int) -> None:
    world, splitter, into, out = rig(outputs=2)
    splitter.set_output_priority(side)
    fill(into[0], "iron-plate", (1,))
    world.advance(1000)
    assert held(out[full], 1) == 8
    halves = splitter.halves[2:]
    assert held([halves[full]], 1) == 2
    assert held(out[1 - full], 1) == 16 - 10


@pytest.mark.parametrize(("side", "wanted"), [("left", 0), ("right", 1)])
def test_filter(side: str, wanted: int) -> None:
    world, splitter, into, out = rig()
    splitter.set_output_priority(LEFT if side == "left" else RIGHT)
    splitter.set_filter("copper-plate")
    for i, belt in enumerate(into[0]):
        fill([belt], "copper-plate" if i % 2 else "iron-plate")
    world.advance(1500)
    assert names_on(out[wanted]) == {"copper-plate": 16}
    assert names_on(out[1 - wanted]) == {"iron-plate": 16}


def test_a_filtered_item_waits_for_its_output() -> None:
    world, splitter, into, _ = rig(outputs=0)
    splitter.set_filter("copper-plate")
    fill([into[0][-1]], "copper-plate", (1,))
    fill([into[0][-2]], "iron-plate", (1,))
    world.advance(1000)
    # Two fit on the left output's half; the third holds up all behind it.
    assert [len(h.lane_contents(1)) for h in splitter.halves] == [2, 0, 2, 0]
    assert world.next_event_tick() is None
    splitter.set_filter(None)
    world.advance(2000)
    assert [len(h.lane_contents(1)) for h in splitter.halves] == [2, 0, 2, 2]


def test_what_stands_costs_nothing() -> None:
    world, _, into, out = rig(outputs=1)
    for belts in into:
        fill(belts, "iron-plate")
    world.advance(3000)
    assert world.next_event_tick() is None
    assert out[0][0].remove_from(1, "iron-plate", 1) == 1
    world.advance(3200)
    assert held(out[0], 1) == 4
    assert world.next_event_tick() is None


def test_neighbours_and_lines() -> None:
    world, splitter, into, out = rig()
    assert splitter.inputs() == [into[0][-1], into[1][-1]]
    assert splitter.outputs() == [out[0][0], out[1][0]]
    assert into[0][-1].outputs() == [splitter]
    assert out[1][0].inputs() == [splitter]
    assert len(splitter.lines()) == 8
    half, lane = splitter.lines()[6]
    assert half.insert_at_back(lane, "coal")
    world.advance(400)
    assert places(out[1][-1], 1) == [0]
    # A belt beside it doesn't run into it, nor one that faces it.
    side = line(world, 0, -1, SOUTH, 1)[0]
    assert side.outputs() == []
    assert splitter.inputs() == [into[0][-1], into[1][-1]]


def test_splitters_in_a_row_and_offset() -> None:
    world = new_world()
    first = build(world, "splitter", 0.5, 1.0, EAST)
    second = build(world, "splitter", 1.5, 2.0, EAST)
    assert isinstance(first, Splitter)
    assert isinstance(second, Splitter)
    into = line(world, -2, 1, EAST, 2)
    fill(into, "iron-plate", (1,))
    assert first.outputs() == [second]
    assert second.inputs() == [first]
    ends = line(world, 2, 1, EAST, 4) + line(world, 2, 2, EAST, 4)
    world.advance(1000)
    assert names_on(ends)["iron-plate"] + sum(len(h.lane_contents(1)) for h in first.halves) == 8
    assert held(ends[:4], 1) == held(ends[4:], 1) == 3


def test_a_splitter_feeds_curves_sides_and_tunnels() -> None:
    world = new_world()
    splitter = build(world, "splitter", 0.5, 1.0, EAST)
    line(world, -1, 0, EAST, 1)
    curve = line(world, 1, 0, NORTH, 3)
    assert curve[0].shape() == "left"
    main = line(world, 1, 3, NORTH, 3)  # joins the curve's belt from behind: then it is fed from the side
    assert curve[0].shape() == "straight"
    assert splitter.outputs() == [curve[0], main[2]]  # type: ignore[attr-defined]


def test_turned_about_it_keeps_its_items() -> None:
    world, splitter, into, out = rig()
    fill(into[0], "iron-plate")
    world.advance(90)
    before = Counter(dict(splitter.mined_items()))
    total = sum(names_on(every(into, out)).values()) + len(splitter.mined_items())
    splitter.rotate_to(NORTH)
    assert splitter.direction == EAST
    splitter.rotate_to(WEST)
    assert splitter.direction == WEST
    assert Counter(dict(splitter.mined_items())) == before
    assert splitter.inputs() == []
    world.advance(1000)
    assert sum(names_on(every(into, out)).values()) + len(splitter.mined_items()) == total


def test_removed_it_gives_its_items() -> None:
    world, splitter, into, out = rig()
    fill(into[0], "iron-plate")
    world.advance(120)
    on_it = len(splitter.mined_items())
    others = sum(names_on(every(into, out)).values())
    assert on_it > 0
    assert on_it + others == 32
    world.destroy(splitter)
    assert into[0][-1].outputs() == []
    assert out[0][0].inputs() == []
    world.advance(1000)
    assert sum(names_on(every(into, out)).values()) == others


def test_a_slow_splitter_between_fast_belts() -> None:
    world = new_world()
    build(world, "splitter", 0.5, 1.0, EAST)
    into = line(world, -6, 0, EAST, 6, "fast-transport-belt")
    out = line(world, 1, 0, EAST, 8, "fast-transport-belt") + line(
        world, 1, 1, EAST, 8, "fast-transport-belt"
    )
    put = fill(into, "iron-plate")
    world.advance(3000)
    assert names_on(out)["iron-plate"] == put == 48


def lying(world: World) -> int:
    """Items on the ground."""
    return sum(p.count for p in world.surface.by_type.get("item-entity", {}).values())  # type: ignore[attr-defined]


def test_a_better_splitter_over_one_keeps_items_and_settings() -> None:
    world, splitter, into, out = rig()
    splitter.set_filter("coal")
    splitter.set_input_priority(RIGHT)
    fill(into[0], "iron-plate")
    world.advance(120)
    before = [[half.lane_contents(lane) for lane in (1, 2)] for half in splitter.halves]
    better = put(world, "fast-splitter", splitter.x, splitter.y, EAST, fast=True)
    assert isinstance(better, Splitter)
    assert better.name == "fast-splitter"
    assert [[half.lane_contents(lane) for lane in (1, 2)] for half in better.halves] == before
    assert (better.filter, better.input_priority) == ("coal", RIGHT)
    assert not splitter.valid
    assert lying(world) == 0
    world.advance(1000)
    assert names_on(out[1])["iron-plate"] == 32


def test_a_splitter_over_belts_and_belts_over_a_splitter() -> None:
    world = new_world()
    rows = [line(world, -3, y, EAST, 7) for y in (0, 1)]
    for row in rows:
        fill(row[2:5], "iron-plate")
    assert names_on(every(rows))["iron-plate"] == 48
    splitter = put(world, "splitter", 0.5, 1.0, EAST, fast=True)
    assert isinstance(splitter, Splitter)
    assert not rows[0][3].valid
    assert splitter.inputs() == [rows[0][2], rows[1][2]]
    assert splitter.outputs() == [rows[0][4], rows[1][4]]
    assert len(splitter.mined_items()) == 16
    again = put(world, "transport-belt", 0.5, 0.5, EAST, fast=True)
    assert isinstance(again, TransportBelt)
    assert not splitter.valid
    assert again.inputs() == [rows[0][2]]
    assert rows[1][2].outputs() == []
    # One half's items stay; what was on the other half comes to lie on the ground.
    assert len(again.mined_items()) == 8
    assert lying(world) == 8


@pytest.mark.parametrize(("x", "expected"), [(-0.5, -1.0), (0.5, 1.0), (-0.25, 0.0), (1.0, 1.0)])
def test_halves_of_a_tile_go_away_from_zero(x: float, expected: float) -> None:
    assert snapped(load().entity["splitter"], x, 1.5, NORTH) == (expected, 1.5)


def test_a_splitter_is_not_built_over_half_of_another() -> None:
    world, splitter, _, _ = rig()
    assert put(world, "fast-splitter", 0.5, 2.0, EAST, fast=True) is None
    assert splitter.valid


def test_inserters_take_from_and_drop_onto_splitters() -> None:
    world = new_world()
    splitter = build(world, "splitter", 0.5, 1.0, EAST)
    assert isinstance(splitter, Splitter)
    into = line(world, -2, 0, EAST, 2)
    into[0].insert_at_back(1, "iron-plate")
    taker = build(world, "burner-inserter", 0.5, -0.5, SOUTH)
    chest = build(world, "wooden-chest", 0.5, -1.5)
    world.advance(600)
    assert taker.pickup_target is splitter.halves[2]  # type: ignore[attr-defined]
    assert chest.inventories()[1].count("iron-plate") == 1
    other = build(world, "wooden-chest", 0.5, 3.5)
    other.insert("iron-ore", 3)
    giver = build(world, "burner-inserter", 0.5, 2.5, SOUTH)
    world.advance(1500)
    # Two fit on the half that leads nowhere; the third stays in the hand.
    assert Counter(n for n, _ in splitter.mined_items()) == {"iron-ore": 2}
    assert giver.status() == "waiting_for_space_in_destination"
    assert world.next_event_tick() is None
    end = line(world, 1, 1, EAST, 1)
    world.advance(1600)
    assert names_on(end)["iron-ore"] + len(splitter.mined_items()) == 3
    world.destroy(splitter)
    world.advance(2000)
    assert world.surface.by_type["splitter"] == {}


def test_saved_and_restored_it_goes_on_as_it_would_have() -> None:
    world, splitter, into, _ = rig(world=default_lab_scenario(1))
    splitter.set_output_priority(RIGHT)
    fill(into[0], "iron-plate")
    fill(into[1], "coal", (2,))
    world.advance(77)
    again = loads(dumps(Save(world, {}, [], 1.0, False, 0, "default_lab_scenario"))).world
    for w in (world, again):
        w.advance(333)
    assert state_hash(world, {}, []) == state_hash(again, {}, [])


@pytest.fixture
def game() -> Iterator[Game]:
    made = Game(None, 7, None, None, lambda line: None)
    yield made
    made.close()


def test_splitters_in_lua(game: Game) -> None:
    def say(code: str) -> str:
        return game.command(f"/silent-command {code}").strip()

    say("""game.tick_paused = true
        put = function(name, x, y, d) return game.surfaces[1].create_entity{
        name=name, position={x, y}, direction=d, force='player'} end
        s = put('splitter', 0.5, 1, defines.direction.east)
        for x = -2, -1 do put('transport-belt', x + 0.5, 0.5, defines.direction.east) end
        put('transport-belt', 1.5, 1.5, defines.direction.east)""")
    assert say("rcon.print(s.get_max_transport_line_index())") == "8"
    assert say("rcon.print(#s.belt_neighbours.inputs .. ' ' .. #s.belt_neighbours.outputs)") == "1 1"
    assert say("rcon.print(s.belt_neighbours.outputs[1].belt_neighbours.inputs[1] == s)") == "true"
    assert say("rcon.print(s.splitter_input_priority .. s.splitter_output_priority)") == "nonenone"
    assert say("rcon.print(tostring(s.splitter_filter))") == "nil"
    say("s.splitter_filter = 'coal' s.splitter_input_priority = 'left' s.splitter_output_priority = 'right'")
    assert say("rcon.print(s.splitter_filter.name .. s.splitter_input_priority)") == "coalleft"
    assert "splitter priority" in say("s.splitter_output_priority = 'up'")
    assert "Unknown item" in say("s.splitter_filter = 'nonsense'")
    say("for i = 1, 8 do s.get_transport_line(i).insert_at_back{name='iron-plate'} end")
    assert say("rcon.print(s.get_item_count())") == "8"
    assert say("rcon.print(s.get_transport_line(7).owner == s and #s.get_transport_line(7))") == "1"
    assert "out of bounds" in say("s.get_transport_line(9)")
    assert say("rcon.print(s.remove_item{name='iron-plate', count=3})") == "3"
    assert say("s.clear_items_inside() rcon.print(s.get_item_count())") == "0"
    assert say("rcon.print(s.insert{name='coal', count=100})") == "16"
    assert say("rcon.print(tostring(s.rotate()) .. s.direction)") == "true12"
    assert say("rcon.print(s.get_item_count('coal'))") == "16"
    assert say("rcon.print(s.status == defines.entity_status.working)") == "true"
    assert say("s.destroy() rcon.print(tostring(s.valid))") == "false"


# --- any network ---------------------------------------------------------------------------------------------------

BELTS = ["transport-belt", "fast-transport-belt", "express-transport-belt"]
WIDE = ["splitter", "fast-splitter", "express-splitter"]
GROUND = ["underground-belt", "fast-underground-belt"]
DIRECTIONS = [EAST, EAST, EAST, NORTH, SOUTH, WEST]
SIZE = 5

piece = st.tuples(
    st.sampled_from(BELTS + WIDE + GROUND),
    st.integers(0, SIZE - 1),
    st.integers(0, SIZE - 1),
    st.sampled_from(DIRECTIONS),
    st.sampled_from(["input", "output"]),
)
network = st.lists(piece, min_size=4, max_size=20)
feeding = st.lists(
    st.tuples(
        st.integers(0, 19),  # which piece
        st.integers(1, 8),  # which line
        st.integers(0, 3),  # how far back, quarters
        st.sampled_from(["iron-plate", "coal"]),
        st.integers(0, 40),  # ticks until the next
    ),
    max_size=30,
)


def layout(pieces: list[tuple[str, int, int, int, str]]) -> list[tuple[str, float, float, int, str]]:
    """The pieces that fit beside each other, the earlier ones first, with their positions."""
    taken: set[tuple[int, int]] = set()
    found = []
    for name, x, y, direction, kind in pieces:
        wide = name in WIDE
        across = direction in (NORTH, SOUTH)
        cells = {(x, y), (x + 1, y) if across else (x, y + 1)} if wide else {(x, y)}
        if taken & cells:
            continue
        taken |= cells
        at = (x + (1.0 if wide and across else 0.5), y + (1.0 if wide and not across else 0.5))
        found.append((name, *at, direction, kind))
    return found


def erect(world: World, name: str, x: float, y: float, direction: int, kind: str) -> TransportBelt | Splitter:
    fields = {"belt_to_ground_type": kind} if name in GROUND else {}
    made = world.create(name, x, y, direction, world.forces["player"], **fields)
    assert isinstance(made, (TransportBelt, Splitter))
    return made


def closed(parts: list[TransportBelt | Splitter]) -> bool:
    """Whether items can go round in a ring: where they start from depends on what was built first, as in the game."""
    world = parts[0].world
    for half in world.belts.grid.values():
        seen = set()
        ahead = [half]
        while ahead:
            there = ahead.pop()
            if there.unit_number in seen:
                continue
            seen.add(there.unit_number)
            following = world.belts.ahead(there)
            if following is half:
                return True
            if following is not None:
                ahead.append(following)
                if following.splitter is not None:
                    ahead.extend(following.splitter.halves[2:])
                    if half in following.splitter.halves:
                        return True
    return False


def snapshot(parts: list[TransportBelt | Splitter]) -> list[list[object]]:
    return [[belt.lane_contents(lane) for belt, lane in part.lines()] for part in parts]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(network, feeding, st.integers(0, 1 << 30))
def test_any_network(pieces: list[Any], feed: list[Any], seed: int) -> None:
    """Items are conserved and in order, and neither how often one looks nor the order of building matters."""
    rng = random.Random(seed)
    plan = layout(pieces)
    order = list(range(len(plan)))
    rng.shuffle(order)
    worlds = [new_world() for _ in range(3)]
    all_parts: list[list[TransportBelt | Splitter]] = []
    for world, sequence in zip(worlds, (range(len(plan)), range(len(plan)), order), strict=True):
        parts = {i: erect(world, *plan[i]) for i in sequence}
        all_parts.append([parts[i] for i in range(len(plan))])
    ring = closed(all_parts[0])
    compared = (0, 1) if ring else (0, 1, 2)
    put_on: Counter[str] = Counter()
    times = [*feed, (0, 1, 0, "coal", 700)]
    for number, (which, line_number, quarter, name, wait) in enumerate(times):
        accepted = set()
        for i in compared:
            part = all_parts[i][which % len(plan)]
            lines = part.lines()
            belt, lane = lines[line_number % len(lines)]
            accepted.add(belt.insert_at(lane, quarter / 4 * belt.line_length(lane), name))
        assert len(accepted) == 1
        put_on[name] += accepted.pop()
        for i in compared:
            target = worlds[i].tick + wait
            while i == 1 and worlds[i].tick < target - 1:
                worlds[i].advance(min(worlds[i].tick + rng.choice((1, 2, 7, 40)), target))
                snapshot(all_parts[i])
            worlds[i].advance(target)
        seen = [snapshot(all_parts[i]) for i in compared]
        assert all(other == seen[0] for other in seen), number
        there = Counter(n for part in seen[0] for lane in part for n, _ in lane)  # type: ignore[attr-defined]
        assert there == put_on
        for part in seen[0]:
            for lane in part:
                at = [place for _, place in lane]  # type: ignore[attr-defined]
                assert at == sorted(set(at))
    if not ring:
        # Everything has come to rest, 64/256 apart.
        worlds[0].advance(worlds[0].tick + 5000)
        assert worlds[0].next_event_tick() is None
        for half in worlds[0].belts.grid.values():
            for run in half.lanes:
                places = run.places(worlds[0].tick)
                assert all(b - a >= 64 for a, b in pairwise(places))
