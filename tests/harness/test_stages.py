"""The built-in player's plan and decisions: no world needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from harness.factory import (
    BELT,
    CHEST,
    DRILL,
    FURNACE,
    INSERTER,
    Line,
    Patch,
    Piece,
    building_order,
    plan_lines,
    yard,
)
from harness.stages import MEAL, Planner, Thing, View, affordable, size_of, tiles

COAL, IRON, COPPER = Patch(15, -4, 38, 20), Patch(15, 70, 38, 95), Patch(-71, 70, -47, 95)


@pytest.fixture
def lines() -> list[Line]:
    return plan_lines(COAL, IRON, COPPER)


@pytest.fixture
def planner(lines: list[Line]) -> Planner:
    return Planner(lines, IRON)


def standing(piece: Piece, fuel: int = 5, **more: object) -> Thing:
    burns = piece.name in (DRILL, FURNACE, INSERTER)
    thing = Thing(
        piece.name, piece.x, piece.y, piece.facing, size_of(piece.name), fuel=fuel if burns else None
    )
    return replace(thing, **more)  # type: ignore[arg-type]


def everything(lines: list[Line]) -> list[Thing]:
    return [standing(p) for p in dict.fromkeys(p for step in building_order(lines) for p in step)]


def test_three_lines_fit_the_lab_map_and_nothing_overlaps(lines: list[Line]) -> None:
    assert [len(line.iron_cells) for line in lines] == [8, 8, 8]
    assert [len(line.copper_cells) for line in lines] == [8, 8, 8]
    owner: dict[tuple[int, int], Piece] = {}
    for piece in {p for step in building_order(lines) for p in step} | set(yard(IRON)):
        for tile in tiles(piece.x, piece.y, size_of(piece.name)):
            assert owner.setdefault(tile, piece) == piece


def test_drills_stand_on_their_ore(lines: list[Line]) -> None:
    def within(piece: Piece, patch: Patch) -> bool:
        return all(
            patch.left <= x <= patch.right and patch.top <= y <= patch.bottom
            for x, y in tiles(piece.x, piece.y, size_of(piece.name))
        )

    for line in lines:
        assert all(within(p, COAL) for drill in line.coal_drills for p in drill if p.name == DRILL)
        assert all(within(p, IRON) for c in line.iron_cells for p in c.pieces if p.name == DRILL)
        assert all(within(p, COPPER) for c in line.copper_cells for p in c.pieces if p.name == DRILL)


def test_belts_of_a_line_lead_into_each_other(lines: list[Line]) -> None:
    ahead = {"DOWN": (0, 1), "UP": (0, -1), "RIGHT": (1, 0), "LEFT": (-1, 0)}
    for line in lines:
        belts = [*line.to_iron, *line.to_copper]
        for belt, following in pairwise(belts):
            dx, dy = ahead[belt.facing]
            assert (belt.x + dx, belt.y + dy) == (following.x, following.y)


def test_no_lines_where_the_patches_lie_otherwise() -> None:
    assert plan_lines(IRON, COAL, COPPER) == []
    assert all(not line.copper_cells for line in plan_lines(COAL, IRON, None))


def test_bare_hands_begin_with_stone_then_coal_then_a_furnace(planner: Planner) -> None:
    assert "'stone'" in planner.choose(View([], {})).call
    assert "'coal'" in planner.choose(View([], {"stone": 30})).call
    stage = planner.choose(View([], {"stone": 50, "coal": 60}))
    assert stage.call.startswith(f"have([['{FURNACE}', 1]])")


def test_without_a_drill_plates_are_smelted_by_hand(planner: Planner, lines: list[Line]) -> None:
    furnace = standing(lines[0].iron_cells[0].core[0])
    carried = {"stone": 50, "coal": 60}
    assert "'iron-ore'" in planner.choose(View([furnace], carried)).call
    assert planner.choose(View([furnace], {**carried, "iron-ore": 9})).words == "smelting 9 iron plates"
    done = replace(furnace, holds={"iron-plate": 9})
    assert planner.choose(View([done], carried)).call.startswith("take([('iron-plate', 9,")


def test_what_has_no_fuel_is_fed_first(planner: Planner, lines: list[Line]) -> None:
    furnace, drill = lines[0].iron_cells[0].core
    view = View([standing(furnace, fuel=2), standing(drill, fuel=0)], {"coal": 60})
    assert planner.choose(view).call.count(f"'coal', {MEAL}") == 2
    inserter = standing(lines[0].iron_cells[0].service[1], fuel=0)
    assert "put(" not in planner.choose(View([inserter], {"coal": 60})).call
    assert "put(" in planner.choose(View([replace(inserter, status="no_fuel")], {"coal": 60})).call


def test_what_stands_in_the_way_is_cleared(planner: Planner, lines: list[Line]) -> None:
    furnace = lines[0].iron_cells[0].core[0]
    foreign = Thing("pipe", furnace.x - 0.5, furnace.y - 0.5)
    stage = planner.choose(View([foreign], {"stone-furnace": 3, "coal": 60}))
    assert stage.call == f"clear([['pipe', {foreign.x}, {foreign.y}]])"


def test_a_thing_that_faces_wrong_is_in_the_way(planner: Planner, lines: list[Line]) -> None:
    drill = lines[0].iron_cells[0].core[1]
    view = View([standing(drill, facing="UP")], {})
    assert not view.stands(drill)
    assert view.in_the_way(drill) == view.things


def test_places_where_it_failed_often_are_left_alone(planner: Planner, lines: list[Line]) -> None:
    cell = lines[0].iron_cells[0]
    for _ in range(3):
        planner.failed([(cell.service[0].x, cell.service[0].y)])
    assert cell not in planner.usable_lines()[0].iron_cells
    for _ in range(3):
        planner.failed([(lines[0].to_iron[20].x, lines[0].to_iron[20].y)])
    assert [line.to_iron for line in planner.usable_lines()] == [line.to_iron for line in lines[1:]]


def test_full_chests_are_emptied_and_full_pockets_too(planner: Planner, lines: list[Line]) -> None:
    things = everything(lines)
    at = next(i for i, t in enumerate(things) if t.name == CHEST)
    things[at] = replace(things[at], holds={"iron-plate": 1200})
    carried = {"coal": 60, "stone": 60}
    assert planner.choose(View(things, carried)).words == "emptying full chests"
    rich = {**carried, "iron-plate": 2100}
    assert planner.choose(View(things, rich)).words == "building 1 iron-chest"
    store = standing(next(iter(yard(IRON))))
    assert planner.choose(View([*things, store], rich)).words == "storing iron-plate"


def test_a_finished_factory_is_left_to_work(planner: Planner, lines: list[Line]) -> None:
    view = View(everything(lines), {"coal": 60, "stone": 60})
    assert planner.complete(view, "iron-ore") == 24
    assert planner.choose(view).waits


def test_what_can_be_afforded() -> None:
    drill, furnace, belt = Piece(DRILL, 0, 0), Piece(FURNACE, 2, 0), Piece(BELT, 4.5, 0.5)
    batch, crafts, short = affordable([drill, furnace, belt], {"iron-plate": 9, "stone": 10})
    assert (batch, crafts) == ([drill, furnace], Counter({DRILL: 1, FURNACE: 1}))
    assert short == {"iron-plate": 3}
    assert affordable([belt, replace(belt, x=5.5)], {"iron-plate": 3})[0] == [belt, replace(belt, x=5.5)]
    assert affordable([drill], {DRILL: 1}) == ([drill], Counter(), {})
    assert affordable([drill], {"stone": 3}) == ([], Counter(), {"iron-plate": 9, "stone": 2})


def test_drills_are_crafted_before_furnaces(planner: Planner) -> None:
    stage = planner.choose(View([], {"iron-plate": 9, "stone": 5, FURNACE: 1, "coal": 60}))
    making = stage.call.partition("\n")[0]
    assert making == f"have([['{DRILL}', 1], ['{FURNACE}', 1]])"
