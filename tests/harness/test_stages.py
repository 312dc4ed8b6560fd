"""The built-in player's plan and decisions: no world needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from harness.factory import yard
from harness.pieces import (
    ALIKE,
    ASSEMBLER,
    BELT,
    BURNER,
    CHEST,
    COST,
    DRILL,
    FURNACE,
    INSERTER,
    LAB,
    PAIRS,
    POLE,
    RED,
    SIZES,
    Patch,
    Piece,
    Step,
    size_of,
    tiles,
)
from harness.plan import MADE, Hopeless, Site, for_goal, open_play
from harness.stages import MEAL, RESEARCH, Planner, affordable
from harness.view import Thing, View
from harness.workshop import AUTOMATION, Block
from runtime.engine.prototypes import load

COAL, IRON, COPPER = Patch(15, -4, 38, 20), Patch(15, 70, 38, 95), Patch(-71, 70, -47, 95)
POND, STONE = Patch(-20, -65, -4, -51), Patch(-71, -4, -47, 20)
GOALS = ("iron-ore", "copper-plate", *MADE)
BURNERS = (DRILL, FURNACE, BURNER)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site({"coal": COAL, "iron-ore": IRON, "copper-ore": COPPER, "stone": STONE, "water": POND})


@pytest.fixture(scope="module")
def steps(site: Site) -> list[Step]:
    return open_play(site)


@pytest.fixture
def planner(steps: list[Step]) -> Planner:
    return Planner(steps, IRON)


def standing(piece: Piece, fuel: int = 5, **more: object) -> Thing:
    burns = piece.name in BURNERS
    thing = Thing(
        piece.name,
        piece.x,
        piece.y,
        piece.facing,
        size_of(piece.name),
        fuel=fuel if burns else None,
        recipe=piece.recipe,
    )
    return replace(thing, **more)  # type: ignore[arg-type]


def pieces_of(steps: list[Step]) -> list[Piece]:
    return list(dict.fromkeys(piece for step in steps for piece in step.pieces))


def everything(steps: list[Step]) -> list[Thing]:
    return [standing(piece) for piece in pieces_of(steps)]


def first_cell(steps: list[Step]) -> tuple[Piece, Piece]:
    furnace, drill = steps[0].pieces
    return furnace, drill


def test_nothing_overlaps(site: Site, steps: list[Step]) -> None:
    plans = [[*pieces_of(steps), *yard(IRON)], *(pieces_of(for_goal(site, goal, 16 / 60)) for goal in GOALS)]
    for pieces in plans:
        owner: dict[tuple[int, int], Piece] = {}
        for piece in pieces:
            for tile in tiles(piece.x, piece.y, size_of(piece.name)):
                assert owner.setdefault(tile, piece) == piece


def test_drills_stand_on_what_they_dig(steps: list[Step]) -> None:
    drills = [piece for piece in pieces_of(steps) if piece.name == DRILL]
    for drill in drills:
        under = set(tiles(drill.x, drill.y, size_of(DRILL)))
        assert any(
            all(p.left <= x <= p.right and p.top <= y <= p.bottom for x, y in under)
            for p in (COAL, IRON, COPPER, STONE)
        )


def test_belts_lead_into_each_other(site: Site) -> None:
    ahead = {"DOWN": (0, 1), "UP": (0, -1), "RIGHT": (1, 0), "LEFT": (-1, 0)}
    steps = for_goal(site, RED, 16 / 60)
    at = {(piece.x, piece.y): piece for piece in pieces_of(steps) if piece.name == BELT}
    ends = []
    for belt in at.values():
        dx, dy = ahead[belt.facing]
        following = at.get((belt.x + dx, belt.y + dy))
        if following is None:
            ends.append(belt)
        else:
            assert ahead[following.facing] != (-dx, -dy)
    # Two runs of coal and the spine end; all else leads on.
    assert len(ends) == 3


@pytest.mark.parametrize("goal", [*MADE, None])
def test_what_works_with_power_is_beside_a_pole_and_poles_reach_each_other(
    site: Site, steps: list[Step], goal: str | None
) -> None:
    pieces = pieces_of(for_goal(site, goal, 16 / 60) if goal else steps)
    poles = [(piece.x, piece.y) for piece in pieces if piece.name == POLE]
    pole = load().entity[POLE].raw
    reach, supply = pole["maximum_wire_distance"], pole["supply_area_distance"]
    for piece in pieces:
        if piece.name in (ASSEMBLER, INSERTER, LAB, "steam-engine"):
            width, height = size_of(piece.name)
            assert any(
                abs(x - piece.x) < supply + width / 2 and abs(y - piece.y) < supply + height / 2
                for x, y in poles
            ), piece
    joined, left = poles[:1], poles[1:]
    while left:
        near = [p for p in left if any((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 <= reach**2 for q in joined)]
        assert near, f"{left} are out of reach"
        joined += near
        left = [p for p in left if p not in near]


def test_costs_and_sizes_are_the_games() -> None:
    prototypes = load()

    def raw(item: str, count: int) -> Counter[str]:
        """What hands need: whole crafts, down to plates, stone and wood."""
        recipe = prototypes.recipe.get(item)
        if recipe is None or item.endswith("-plate"):
            return Counter({item: count})
        made = int(recipe.products[0].amount)
        found: Counter[str] = Counter()
        for ingredient in recipe.ingredients:
            found += raw(ingredient.name, int(ingredient.amount) * -(-count // made))
        return found

    for name, cost in COST.items():
        needed = raw(name, 2 if name in PAIRS else 1)
        assert all(cost[item] >= count for item, count in needed.items()), name
        assert sum(cost.values()) <= sum(needed.values()) + 1, name
    for name, size in SIZES.items():
        entity = prototypes.entity[name]
        assert (entity.tile_width, entity.tile_height) == size


def test_research_comes_in_an_order_that_is_possible() -> None:
    technologies = load().raw["technology"]
    given = {name for name, row in technologies.items() if "research_trigger" in row}
    for number, name in enumerate(RESEARCH):
        row = technologies[name]
        assert {pack for pack, _ in row["unit"]["ingredients"]} <= {RED, "logistic-science-pack"}
        assert set(row["prerequisites"]) <= given | set(RESEARCH[:number]), name


def test_the_west_of_the_spine_mirrors_the_east() -> None:
    east, west = Block(-16, 100, 1), Block(-16, 100, -1)
    for step, mirrored in zip(east.makers(), west.makers(), strict=True):
        for piece, other in zip(step.pieces, mirrored.pieces, strict=True):
            assert (other.name, other.y, other.recipe) == (piece.name, piece.y, piece.recipe)
            assert other.x + piece.x == 2 * -15.5


def test_patches_that_lie_otherwise_are_said() -> None:
    with pytest.raises(Hopeless, match="above iron ore"):
        Site({"coal": IRON, "iron-ore": COAL})
    with pytest.raises(Hopeless, match="no coal"):
        Site({"iron-ore": IRON})
    with pytest.raises(Hopeless, match="no water"):
        for_goal(Site({"coal": COAL, "iron-ore": IRON, "copper-ore": COPPER}), RED, 1)
    dry = open_play(Site({"coal": COAL, "iron-ore": IRON}))
    assert {step.ore for step in dry} == {None, "iron-ore"}


def test_bare_hands_begin_with_stone_then_coal_then_a_furnace(planner: Planner) -> None:
    assert "'stone'" in planner.choose(View([], {})).call
    assert "'coal'" in planner.choose(View([], {"stone": 30})).call
    stage = planner.choose(View([], {"stone": 50, "coal": 60}))
    assert stage.call.startswith(f"have([['{FURNACE}', 1]])")


def test_without_a_drill_plates_are_smelted_by_hand(planner: Planner, steps: list[Step]) -> None:
    furnace = standing(first_cell(steps)[0])
    carried = {"stone": 50, "coal": 60}
    assert "'iron-ore'" in planner.choose(View([furnace], carried)).call
    assert planner.choose(View([furnace], {**carried, "iron-ore": 9})).words == "smelting 9 iron plates"
    done = replace(furnace, holds={"iron-plate": 9})
    assert planner.choose(View([done], carried)).call.startswith("take([('iron-plate', 9,")


def test_what_has_no_fuel_is_fed_first(planner: Planner, steps: list[Step]) -> None:
    furnace, drill = first_cell(steps)
    view = View([standing(furnace, fuel=2), standing(drill, fuel=0)], {"coal": 60})
    assert planner.choose(view).call.count(f"'coal', {MEAL}") == 2
    inserter = standing(next(p for p in pieces_of(steps) if p.name == BURNER), fuel=0)
    assert "put(" not in planner.choose(View([inserter], {"coal": 60})).call
    assert "put(" in planner.choose(View([replace(inserter, status="no_fuel")], {"coal": 60})).call


def test_what_stands_in_the_way_is_cleared(planner: Planner, steps: list[Step]) -> None:
    furnace = first_cell(steps)[0]
    foreign = Thing("pipe", furnace.x - 0.5, furnace.y - 0.5)
    stage = planner.choose(View([foreign], {"stone-furnace": 3, "coal": 60}))
    assert stage.call == f"clear([['pipe', {foreign.x}, {foreign.y}]])"


def test_a_thing_that_faces_wrong_is_in_the_way(planner: Planner, steps: list[Step]) -> None:
    drill = first_cell(steps)[1]
    view = View([standing(drill, facing="UP")], {})
    assert not view.stands(drill)
    assert view.in_the_way(drill) == view.things


def test_places_where_it_failed_often_are_left_alone(planner: Planner, steps: list[Step]) -> None:
    planner.researched.update(RESEARCH)
    assert planner.usable() == steps
    cell = next(step for step in steps if step.ore and len(step.pieces) > 2)
    for _ in range(3):
        planner.failed([(cell.pieces[-1].x, cell.pieces[-1].y)])
    assert cell not in planner.usable()
    for _ in range(3):
        assert cell.after
        planner.failed([(cell.after.pieces[20].x, cell.after.pieces[20].y)])
    assert not [step for step in planner.usable() if step.after is cell.after]


def test_full_chests_are_emptied_and_full_pockets_too(planner: Planner, steps: list[Step]) -> None:
    planner.researched.update(RESEARCH)
    things = everything(steps)
    at = next(i for i, t in enumerate(things) if t.name == CHEST)
    things[at] = replace(things[at], holds={"iron-plate": 1200})
    carried = {"coal": 60, "stone": 60}
    assert planner.choose(View(things, carried)).words == "emptying full chests"
    rich = {**carried, "iron-plate": 2100}
    assert planner.choose(View(things, rich)).words == "building 1 iron-chest"
    store = standing(next(iter(yard(IRON))))
    assert planner.choose(View([*things, store], rich)).words == "storing iron-plate"


def test_a_finished_factory_is_left_to_work(planner: Planner, steps: list[Step]) -> None:
    planner.researched.update(RESEARCH)
    view = View(everything(steps), {"coal": 60, "stone": 60})
    assert planner.complete(view)
    assert planner.choose(view).waits


def test_machines_wait_for_automation_and_the_first_science_is_made_by_hand(
    planner: Planner, steps: list[Step]
) -> None:
    things = [thing for thing in everything(steps) if thing.name != ASSEMBLER]
    rich = {"coal": 60, "stone": 60, "iron-plate": 500, "copper-plate": 100}
    at = next(i for i, t in enumerate(things) if t.name == LAB)
    stage = planner.choose(View(things, rich))
    assert stage.call.startswith(f"have([['{RED}', 10]])")
    things[at] = replace(things[at], holds={RED: 10})
    assert planner.choose(View(things, rich)).words == f"researching {AUTOMATION}"
    assert ASSEMBLER not in planner.choose(View(things, rich, AUTOMATION)).words
    planner.researched.add(AUTOMATION)
    assert planner.choose(View(things, rich)).words == "researching logistic-science-pack"
    assert ASSEMBLER in planner.choose(View(things, rich, "logistic-science-pack")).words


def test_labs_that_do_research_are_not_built_again(planner: Planner, steps: list[Step]) -> None:
    labs = [piece for piece in pieces_of(steps) if piece.name == LAB]
    found = planner.unseen([standing(labs[0])], {LAB: 2})
    assert [(thing.x, thing.y) for thing in found] == [(labs[1].x, labs[1].y)]
    assert planner.unseen([standing(lab) for lab in labs], {LAB: 3}) == []


def test_the_areas_that_are_looked_at_hold_the_plan(planner: Planner, steps: list[Step]) -> None:
    areas = planner.areas()
    assert all(
        any(abs(piece.x - x) < reach and abs(piece.y - y) < reach for x, y, reach in areas)
        for piece in pieces_of(steps)
    )


def test_a_machine_without_its_recipe_gets_it(planner: Planner, steps: list[Step]) -> None:
    planner.researched.update(RESEARCH)
    things = everything(steps)
    at = next(i for i, t in enumerate(things) if t.name == ASSEMBLER)
    things[at] = replace(things[at], name="assembling-machine-2", recipe=None)
    assert planner.choose(View(things, {"coal": 60, "stone": 60})).call.startswith("set_recipes(")


def test_what_the_workshop_has_to_spare_is_fetched(planner: Planner, steps: list[Step]) -> None:
    planner.researched.update(RESEARCH)
    things = everything(steps)
    chest = next(i for i, t in enumerate(things) if t.name == CHEST)
    things[chest] = replace(things[chest], holds={INSERTER: 30})
    gone = next(i for i, t in enumerate(things) if t.name == INSERTER)
    del things[gone]
    assert planner.choose(View(things, {"coal": 60, "iron-plate": 50, "copper-plate": 9})).words == (
        f"fetching {INSERTER}"
    )


def test_what_can_be_afforded() -> None:
    drill, furnace, belt = Piece(DRILL, 0, 0), Piece(FURNACE, 2, 0), Piece(BELT, 4.5, 0.5)
    batch, crafts, short = affordable([drill, furnace, belt], {"iron-plate": 9, "stone": 10})
    assert (batch, crafts) == ([drill, furnace], Counter({DRILL: 1, FURNACE: 1}))
    assert short == {"iron-plate": 3}
    assert affordable([belt, replace(belt, x=5.5)], {"iron-plate": 3})[0] == [belt, replace(belt, x=5.5)]
    assert affordable([drill], {DRILL: 1}) == ([drill], Counter(), {})
    pole = Piece(POLE, 6.5, 0.5)
    assert affordable([pole], {ALIKE[POLE][1]: 1})[0] == [replace(pole, name=ALIKE[POLE][1])]
    assert affordable([drill], {"stone": 3}) == ([], Counter(), {"iron-plate": 9, "stone": 2})


def test_drills_are_crafted_before_furnaces(planner: Planner) -> None:
    stage = planner.choose(View([], {"iron-plate": 9, "stone": 5, FURNACE: 1, "coal": 60}))
    making = stage.call.partition("\n")[0]
    assert making == f"have([['{DRILL}', 1], ['{FURNACE}', 1]])"
