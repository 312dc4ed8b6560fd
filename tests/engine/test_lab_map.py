from __future__ import annotations

import math
from collections import Counter

from runtime.engine.maps import lab
from runtime.engine.prototypes import load

WATER = ("water", "deepwater")


def water_tiles() -> list[tuple[int, int]]:
    tiles = [(x, y) for y in range(-500, 500) for x in range(-500, 500) if lab.tile_at(x, y) in WATER]
    assert tiles
    return tiles


def test_the_border_is_out_of_map() -> None:
    assert lab.tile_at(-500, -500) != "out-of-map"
    assert lab.tile_at(499, 499) != "out-of-map"
    for outside in ((-501, 0), (500, 0), (0, -501), (0, 500), (700, 700)):
        assert lab.tile_at(*outside) == "out-of-map"


def test_the_floor_is_a_checkerboard_with_paths() -> None:
    assert {lab.tile_at(x, y) for x in range(100) for y in range(100)} == {
        "lab-dark-1",
        "lab-dark-2",
        "concrete",
    }
    assert lab.tile_at(10, 10) == lab.tile_at(11, 11) != lab.tile_at(10, 11)


def test_every_name_is_one_of_the_games() -> None:
    prototypes = load()
    names = {lab.tile_at(x, y) for x in range(-501, 501, 3) for y in range(-501, 501, 3)}
    assert names <= prototypes.tile_layers.keys()
    entities = {name for name, *_ in (*lab.resources(), *lab.trees(), *lab.rocks())}
    assert entities <= prototypes.entity.keys()


def test_ore_fields_are_solid_rectangles() -> None:
    count = Counter(name for name, *_ in lab.resources())
    assert count == {"coal": 600, "iron-ore": 624, "stone": 625, "copper-ore": 650, "crude-oil": 64}
    assert {amount for name, _, _, amount in lab.resources() if name != "crude-oil"} == {10_000}
    places = {(x, y): name for name, x, y, _ in lab.resources()}
    assert len(places) == sum(count.values())
    assert places[38.5, 95.5] == "iron-ore"
    assert places[-46.5, 20.5] == "stone"
    assert places[32.5, 49.5] == "crude-oil"


def test_searches_find_the_coal_that_fles_tests_expect() -> None:
    coal = [(x, y) for name, x, y, _ in lab.resources() if name == "coal"]
    assert coal == sorted(coal, key=lambda place: (place[1], place[0]))
    assert min(coal, key=lambda place: math.hypot(*place)) == (15.5, -0.5)


def test_pumpjacks_fit_on_all_wells() -> None:
    wells = [(x, y) for name, x, y, _ in lab.resources() if name == "crude-oil"]
    for one in wells:
        assert all(max(abs(one[0] - x), abs(one[1] - y)) >= 3 for x, y in wells if (x, y) != one)


def test_the_ground_of_fles_tests_is_free() -> None:
    assert not [(x, y) for x, y in water_tiles() if -70 <= x <= 270 and -20 <= y <= 270]
    standing = [(x, y) for _, x, y in (*lab.trees(), *lab.rocks())]
    assert not [(x, y) for x, y in standing if -75 <= x <= 270 and -20 <= y <= 270]


def test_wood_is_within_reach_of_bare_hands() -> None:
    trees = [(x, y) for _, x, y in lab.trees()]
    nearest = min(trees, key=lambda place: math.hypot(*place))
    assert math.hypot(*nearest) < 50
    # 4 wood from a tree: 50 within 50 tiles of the origin, and 100 within 10 of the nearest tree.
    assert 4 * sum(math.hypot(*place) < 50 for place in trees) >= 50
    assert 4 * sum(math.dist(nearest, place) < 10 for place in trees) >= 100


def test_trees_and_rocks_stand_on_dry_ground_and_apart() -> None:
    water = set(water_tiles())
    ore = {(math.floor(x), math.floor(y)) for _, x, y, _ in lab.resources()}
    standing = [(x, y) for _, x, y in (*lab.trees(), *lab.rocks())]
    for x, y in standing:
        around = {(math.floor(x) + i, math.floor(y) + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
        assert around.isdisjoint(water)
        assert around.isdisjoint(ore)
        assert -500 < x < 500
        assert -500 < y < 500
    ordered = sorted(standing)
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 : index + 200]:
            assert max(abs(one[0] - other[0]), abs(one[1] - other[1])) > 0.8


def test_the_nearest_pond_takes_a_pump_on_each_side() -> None:
    tiles = water_tiles()
    nearest = min(tiles, key=lambda tile: math.hypot(*tile))
    pond = [tile for tile in tiles if math.dist(tile, nearest) <= 30]
    # FLE calls what is within 30 tiles of the nearest water one patch: the whole pond, and nothing else.
    assert not [tile for tile in tiles if 30 < math.dist(tile, nearest) <= 60]
    left, right = min(x for x, _ in pond), max(x for x, _ in pond)
    top, bottom = min(y for _, y in pond), max(y for _, y in pond)
    middle_x, middle_y = (left + right) // 2, (top + bottom) // 2
    water = set(pond)
    for aside in (-2, -1, 0, 1, 2):
        assert {(left, middle_y + aside), (right, middle_y + aside)} <= water
        assert {(middle_x + aside, top), (middle_x + aside, bottom)} <= water
    assert {lab.tile_at(*tile) for tile in pond} == set(WATER)
    # 5 × 3 tiles, and far more, are free on every shore.
    things = {(math.floor(x), math.floor(y)) for _, x, y in (*lab.trees(), *lab.rocks())}
    assert not [(x, y) for x, y in things if left - 5 <= x <= right + 15 and top - 15 <= y <= bottom + 30]
    # A hundred pipes reach the origin.
    assert abs(nearest[0]) + abs(nearest[1]) < 90


def test_deep_water_is_nowhere_on_a_shore() -> None:
    for x, y in water_tiles():
        if lab.tile_at(x, y) == "deepwater":
            assert all(lab.tile_at(x + i, y + j) in WATER for i in (-1, 0, 1) for j in (-1, 0, 1))
