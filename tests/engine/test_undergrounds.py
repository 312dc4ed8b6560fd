"""Underground belts. Reach and speed are the prototypes'; the rest is the game's documented behaviour."""

from __future__ import annotations

import pytest

from runtime.engine.entity import Entity
from runtime.engine.placing import place
from runtime.engine.prototypes import load
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.systems.undergrounds import UndergroundBelt
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, line, new_world, places
from tests.engine.test_inserters import hand, inserter


def put(
    world: World, name: str, x: float, y: float, direction: int, fast: bool, **fields: str
) -> Entity | None:
    return place(world, load().entity[name], x, y, direction, world.forces["player"], fast, dict(fields))


def everything(world: World) -> list[str]:
    """Every item on a belt, in a tunnel or on the ground."""
    found = [n for b in world.belts.grid.values() for b, lane in b.lines() for n, _ in b.lane_contents(lane)]
    for pile in world.surface.by_type.get("item-entity", {}).values():
        assert isinstance(pile, ItemOnGround)
        found += [pile.stack_name] * pile.count
    return found


def end(
    world: World, x: float, y: float, direction: int, kind: str, name: str = "underground-belt"
) -> UndergroundBelt:
    found = world.create(name, x, y, direction, world.forces["player"], belt_to_ground_type=kind)
    assert isinstance(found, UndergroundBelt)
    return found


def test_items_go_through() -> None:
    world = new_world()
    before = line(world, 0, 0, EAST, 2)
    way_in = end(world, 2.5, 0.5, EAST, "input")
    way_out = end(world, 6.5, 0.5, EAST, "output")
    after = line(world, 7, 0, EAST, 2)
    assert way_in.other_end() is way_out
    assert way_out.other_end() is way_in
    assert before[1].outputs() == [way_in]
    assert way_in.outputs() == [way_out]
    assert way_out.inputs() == [way_in]
    assert way_out.outputs() == [after[0]]
    assert before[0].insert_at_back(1, "iron-plate")
    world.advance(64)
    assert places(way_in, 1) == [248]
    world.advance(64 + 32 + 8)
    assert places(way_in, 1) == []
    assert len(way_in.lane_contents(3)) == 1
    assert way_in.item_positions() == []
    # As fast as above ground: nine belts' length in all.
    world.advance(31 + 8 * 32 - 1)
    assert places(after[1], 1) != [0]
    world.advance(31 + 8 * 32)
    assert places(after[1], 1) == [0]


@pytest.mark.parametrize(
    ("name", "reach"),
    [("underground-belt", 5), ("fast-underground-belt", 7), ("express-underground-belt", 9)],
)
def test_reach(name: str, reach: int) -> None:
    assert load().entity[name].raw["max_distance"] == reach
    world = new_world()
    way_in = end(world, 0.5, 0.5, EAST, "input", name)
    far = end(world, 0.5 + reach + 1, 0.5, EAST, "output", name)
    assert way_in.other_end() is None
    near = end(world, 0.5 + reach, 0.5, EAST, "output", name)
    assert way_in.other_end() is near
    assert far.other_end() is None


def test_an_end_in_between_takes_over_and_gives_back() -> None:
    world = new_world()
    way_in = end(world, 0.5, 0.5, EAST, "input")
    far = end(world, 5.5, 0.5, EAST, "output")
    for _ in range(4):
        assert way_in.insert_at_back(1, "iron-plate")
        world.advance(world.tick + 30)
    middle = end(world, 3.5, 0.5, EAST, "output")
    assert way_in.other_end() is middle
    assert far.other_end() is None
    # What lay beyond the new end comes to lie on the ground; the rest stays where it is.
    assert [len(way_in.lane_contents(lane)) for lane in (1, 3)] == [1, 2]
    assert [p.count for p in world.surface.by_type["item-entity"].values()] == [1]  # type: ignore[attr-defined]
    world.destroy(middle)
    assert way_in.other_end() is far


def test_a_tunnel_gives_what_is_in_it() -> None:
    world = new_world()
    way_in = end(world, 0.5, 0.5, EAST, "input")
    end(world, 4.5, 0.5, EAST, "output")
    for _ in range(3):
        assert way_in.insert_at_back(2, "coal")
        world.advance(world.tick + 16)
    assert way_in.mined_items() == [("coal", 1)] * 3


def test_crossing_tunnels_do_not_meet() -> None:
    world = new_world()
    across = (end(world, 0.5, 2.5, EAST, "input"), end(world, 4.5, 2.5, EAST, "output"))
    along = (end(world, 2.5, 0.5, SOUTH, "input"), end(world, 2.5, 4.5, SOUTH, "output"))
    assert across[0].other_end() is across[1]
    assert along[0].other_end() is along[1]


def test_turned_about_it_runs_the_other_way() -> None:
    world = new_world()
    left = end(world, 0.5, 0.5, EAST, "input")
    right = end(world, 3.5, 0.5, EAST, "output")
    left.rotate_to(WEST)
    assert (left.belt_to_ground_type, left.direction) == ("output", WEST)
    assert (right.belt_to_ground_type, right.direction) == ("input", WEST)
    assert right.other_end() is left
    assert right.insert_at_back(1, "iron-plate")
    world.advance(200)
    assert places(left, 1) == [0]


def test_only_the_open_half_takes_side_loads() -> None:
    world = new_world()
    way_in = end(world, 0.5, 0.5, EAST, "input")
    way_out = end(world, 2.5, 0.5, EAST, "output")
    for x, target in ((0, way_in), (2, way_out)):
        feed = line(world, x, 1, NORTH, 1)[0]
        assert target.shape() == "straight"
        assert feed.insert_at(1, 0.5, "iron-plate")
        assert feed.insert_at(2, 0.5, "copper-plate")
    world.advance(300)
    assert sorted(n for n, _ in way_out.lane_contents(2)) == ["copper-plate", "iron-plate"]
    assert [n for b in world.surface.by_name["transport-belt"].values() for n, _ in b.mined_items()] == [
        "copper-plate",
        "iron-plate",
    ]


def test_inserters_reach_the_open_half() -> None:
    world = new_world()
    line(world, -2, 0, EAST, 2)[0].insert_at_back(2, "iron-plate")
    end(world, 0.5, 0.5, EAST, "input")
    end(world, 4.5, 0.5, EAST, "output")
    at_exit = inserter(world, 4.5, 1.5, NORTH)
    chest = build(world, "wooden-chest", 4.5, 2.5)
    assert len(hand(world, at_exit, 400)) == 2
    assert chest.inventories()[1].count("iron-plate") == 1


def test_built_over_a_belt_and_back() -> None:
    world = new_world()
    row = line(world, 0, 0, EAST, 6)
    for belt in row:
        belt.insert("coal", 4)
    way_in = put(world, "underground-belt", 1.5, 0.5, EAST, True, belt_to_ground_type="input")
    way_out = put(world, "underground-belt", 4.5, 0.5, EAST, True, belt_to_ground_type="output")
    assert isinstance(way_in, UndergroundBelt)
    assert isinstance(way_out, UndergroundBelt)
    assert way_in.other_end() is way_out
    assert len(places(way_in, 1)) == len(places(way_out, 1)) == 4
    assert len(everything(world)) == 24
    world.advance(100)
    assert len(everything(world)) == 24
    # Without its exit, the tunnel's items come to lie on the ground.
    inside = len(way_in.lane_contents(3))
    assert inside > 0
    put(world, "transport-belt", 4.5, 0.5, EAST, True)
    assert way_in.other_end() is None
    assert len(everything(world)) == 24
    assert sum(p.count for p in world.surface.by_type["item-entity"].values()) == inside  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", [0, 1])
def test_a_faster_pair_over_a_pair(first: int) -> None:
    world = new_world()
    ends = [(0.5, "input"), (3.5, "output")]
    for x, kind in ends:
        end(world, x, 0.5, EAST, kind)
    line(world, 4, 0, EAST, 2)
    way_in = world.belts.grid[(0, 0)]
    for _ in range(5):
        assert way_in.insert_at_back(1, "coal")
        world.advance(world.tick + 8)
    for x, kind in (ends[first], ends[1 - first]):
        put(world, "fast-underground-belt", x, 0.5, EAST, True, belt_to_ground_type=kind)
        assert len(everything(world)) == 5
    pair = [world.belts.grid[(0, 0)], world.belts.grid[(3, 0)]]
    assert [b.name for b in pair] == ["fast-underground-belt"] * 2
    assert pair[0].other_end() is pair[1]
    world.advance(1000)
    assert len(everything(world)) == 5


def test_turned_about_a_tunnel_keeps_what_is_in_it() -> None:
    world = new_world()
    left = end(world, 0.5, 0.5, EAST, "input")
    right = end(world, 3.5, 0.5, EAST, "output")
    for _ in range(6):
        assert left.insert_at_back(1, "coal")
        world.advance(world.tick + 12)
    right.rotate_to(WEST)
    assert (right.belt_to_ground_type, left.belt_to_ground_type) == ("input", "output")
    assert len(everything(world)) == 6
    world.advance(400)
    assert places(left, 1) == [0, 64, 128, 192]
    assert len(everything(world)) == 6
    assert world.next_event_tick() is None
