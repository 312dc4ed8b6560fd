"""Oil from the well to plastic: which box is for what, machines that touch, blocked outputs, barrels."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.engine.prototypes import RecipePrototype, load
from runtime.engine.save import state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.fluids import FLUID, Box
from runtime.engine.systems.pipes import connections
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, new_world
from tests.engine.test_fluids import segment


def power(world: World, x: float, y: float, panels: int = 12) -> None:
    """A substation at a place, and solar panels where they are in nobody's way but in its reach."""
    world.surface.always_day = True
    build(world, "substation", x, y)
    for i in range(panels):
        build(world, "solar-panel", x + 2.5 + 3 * (i % 2), y - 7.5 + 3 * (i // 2))


def machine(
    world: World, name: str, x: float, y: float, direction: int, recipe: str | None
) -> AssemblingMachine:
    made = build(world, name, x, y, direction)
    assert isinstance(made, AssemblingMachine)
    if recipe is not None:
        made.set_recipe(load().recipe[recipe])
    return made


def box_for(entity: AssemblingMachine, kind: str, fluid: str) -> Box:
    (found,) = [b for b in entity.boxes if b.kind == kind and b.filter == fluid]
    return found


def fluids_of(recipe: RecipePrototype, side: str) -> dict[str, int]:
    rows: Any = recipe.ingredients if side == "input" else recipe.products
    return {r.name: int(r.amount) for r in rows if r.type == "fluid"}


def counted(recipe: RecipePrototype, side: str, fluid: str) -> int:
    """What statistics count of a fluid in a craft: a recipe may have them ignore some."""
    rows = recipe.raw["ingredients" if side == "input" else "results"]
    return sum(r["amount"] - (r.get("ignored_by_stats") or 0) for r in rows if r["name"] == fluid)


def machine_for(recipe: RecipePrototype) -> str | None:
    for name in ("oil-refinery", "chemical-plant", "assembling-machine-2"):
        if recipe.category in load().entity[name].raw["crafting_categories"]:
            return name
    return None


RECIPES = sorted(
    r.name
    for r in load().recipe.values()
    if not r.name.startswith("parameter")
    and machine_for(r)
    and (fluids_of(r, "input") or fluids_of(r, "output"))
)


def test_there_are_recipes_for_all_of_oil() -> None:
    assert {"basic-oil-processing", "advanced-oil-processing", "coal-liquefaction", "heavy-oil-cracking", "light-oil-cracking",
            "lubricant", "sulfur", "sulfuric-acid", "plastic-bar", "battery", "crude-oil-barrel",
            "empty-crude-oil-barrel", "electric-engine-unit", "processing-unit"} <= set(RECIPES)  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_with_fluids_takes_and_gives_its_amounts(name: str) -> None:
    recipe = load().recipe[name]
    world = new_world()
    power(world, 8, 0)
    entity = machine(world, machine_for(recipe) or "", 0.5, 0.5, NORTH, name)
    for fluid, amount in fluids_of(recipe, "input").items():
        box_for(entity, "input", fluid).put(fluid, 2 * amount)
    for i in recipe.ingredients:
        if i.type == "item":
            assert entity.insert(i.name, 2 * int(i.amount)) == 2 * i.amount
    world.advance(world.tick + 3 + 60 * 60)
    outputs = fluids_of(recipe, "output")
    crafts = entity.products_finished
    # A box of a hundred may have no room for a second lot, and then the machine stands.
    fits = all(2 * a <= box_for(entity, "output", f).capacity // FLUID for f, a in outputs.items())
    assert crafts == (2 if fits else 1)
    if not fits:
        assert entity.status() == "full_output"
    for fluid, amount in outputs.items():
        assert box_for(entity, "output", fluid).held() == (fluid, crafts * amount, pytest.approx(25, abs=475))
        assert world.forces["player"].fluids.input[fluid] == crafts * counted(recipe, "output", fluid)
    for fluid, amount in fluids_of(recipe, "input").items():
        assert world.forces["player"].fluids.output[fluid] == crafts * counted(recipe, "input", fluid)
        assert box_for(entity, "input", fluid).amount == (2 - crafts) * amount * FLUID


def test_boxes_as_the_recipes_name_them() -> None:
    world = new_world()
    refinery = machine(world, "oil-refinery", 0.5, 0.5, NORTH, "basic-oil-processing")
    assert [b.filter for b in refinery.boxes] == [None, "crude-oil", None, None, "petroleum-gas"]
    refinery.set_recipe(load().recipe["advanced-oil-processing"])
    assert [b.filter for b in refinery.boxes] == [
        "water",
        "crude-oil",
        "heavy-oil",
        "light-oil",
        "petroleum-gas",
    ]
    refinery.set_recipe(load().recipe["coal-liquefaction"])
    assert [b.filter for b in refinery.boxes] == [
        "heavy-oil",
        "steam",
        "heavy-oil",
        "light-oil",
        "petroleum-gas",
    ]
    refinery.set_recipe(None)
    assert [b.filter for b in refinery.boxes] == [None] * 5


def test_an_assembler_has_boxes_only_with_a_recipe_with_fluids() -> None:
    world = new_world()
    assembler = machine(world, "assembling-machine-2", 0.5, 0.5, NORTH, "iron-gear-wheel")
    assert assembler.boxes == []
    assembler.set_recipe(load().recipe["water-barrel"])
    assert [b.filter for b in assembler.boxes] == ["water", None]
    assembler.set_recipe(load().recipe["empty-water-barrel"])
    assert [b.filter for b in assembler.boxes] == [None, "water"]


def openings(entity: AssemblingMachine, fluid: str) -> list[tuple[float, float]]:
    boxes = [b for b in entity.boxes if b.filter == fluid]
    return [(c.target_x, c.target_y) for b in boxes for c in connections(entity, b.raw)]


def test_turned_and_mirrored() -> None:
    world = new_world()
    refinery = machine(world, "oil-refinery", 0.5, 0.5, NORTH, "advanced-oil-processing")
    assert openings(refinery, "water") == [(-0.5, 3.5)]
    assert openings(refinery, "petroleum-gas") == [(2.5, -2.5)]
    refinery.rotate_to(EAST)
    assert openings(refinery, "water") == [(-2.5, -0.5)]
    assert openings(refinery, "petroleum-gas") == [(3.5, 2.5)]
    refinery.rotate_to(SOUTH)
    assert openings(refinery, "water") == [(1.5, -2.5)]
    assert openings(refinery, "petroleum-gas") == [(-1.5, 3.5)]
    refinery.rotate_to(WEST)
    assert openings(refinery, "water") == [(3.5, 1.5)]
    refinery.rotate_to(NORTH)
    assert refinery.tank is not None
    refinery.tank.mirror(True)
    assert openings(refinery, "water") == [(1.5, 3.5)]
    assert openings(refinery, "petroleum-gas") == [(-1.5, -2.5)]


def test_another_recipe_keeps_the_fluids_that_it_needs() -> None:
    world = new_world()
    refinery = machine(world, "oil-refinery", 0.5, 0.5, NORTH, "basic-oil-processing")
    box_for(refinery, "input", "crude-oil").put("crude-oil", 150)
    box_for(refinery, "output", "petroleum-gas").put("petroleum-gas", 45)
    refinery.set_recipe(load().recipe["advanced-oil-processing"])
    assert box_for(refinery, "input", "crude-oil").held() == ("crude-oil", 150, 25)
    assert box_for(refinery, "output", "petroleum-gas").held() == ("petroleum-gas", 45, 25)
    refinery.set_recipe(load().recipe["coal-liquefaction"])
    assert box_for(refinery, "output", "petroleum-gas").held() == ("petroleum-gas", 45, 25)
    assert [b.amount for b in refinery.boxes if b.kind == "input"] == [0, 0]


def test_one_full_output_stops_the_whole_refinery() -> None:
    world = new_world()
    power(world, 8, 0)
    refinery = machine(world, "oil-refinery", 0.5, 0.5, NORTH, "advanced-oil-processing")
    box_for(refinery, "input", "crude-oil").put("crude-oil", 1000)
    box_for(refinery, "input", "water").put("water", 1000)
    pipe = build(world, "pipe", 2.5, -2.5)
    world.advance(1300)
    # Gas flows off into the pipe, but there is room for light oil twice only.
    assert refinery.status() == "full_output"
    assert refinery.products_finished == 2
    assert box_for(refinery, "output", "light-oil").held() == ("light-oil", 90, 25)
    assert segment(pipe).now() == 100 * FLUID
    assert box_for(refinery, "output", "petroleum-gas").held() == ("petroleum-gas", 10, 25)


def chain(world: World, touching: bool) -> tuple[Any, AssemblingMachine, AssemblingMachine]:
    """A well, a refinery north of it and a chemical plant north of that: they touch, or pipes run between them."""
    world.create("crude-oil", 0.5, 0.5, 0, world.forces["neutral"], amount=600_000)
    gap = 0 if touching else 12
    power(world, 8, -4)
    power(world, 8, -18)
    jack = build(world, "pumpjack", 0.5, 0.5, NORTH)
    refinery = machine(world, "oil-refinery", 0.5, -3.5 - gap, NORTH, "basic-oil-processing")
    plant = machine(world, "chemical-plant", 1.5, -7.5 - 2 * gap, SOUTH, "plastic-bar")
    if not touching:
        build(world, "substation", -4, -24)
        for x, top in ((1.5, -12.5), (2.5, -29.5)):
            build(world, "pipe-to-ground", x, top + 11, SOUTH)
            build(world, "pipe", x, top)
            build(world, "pipe-to-ground", x, top + 1, NORTH)
    plant.insert("coal", 50)
    return jack, refinery, plant


@pytest.mark.parametrize("touching", [True, False])
def test_from_the_well_to_plastic(touching: bool) -> None:
    world = new_world()
    jack, refinery, plant = chain(world, touching)
    world.advance(3600)
    assert jack.status() == "working"
    # 20 crude oil a second, which is what the refinery takes; it gives 9 petroleum gas, the plant takes 20 for two bars.
    assert refinery.status() == "working"
    assert refinery.products_finished == pytest.approx(3600 / 300, abs=2)
    assert plant.products_finished == pytest.approx(refinery.products_finished * 45 / 20, abs=2)
    flows = world.forces["player"].fluids
    assert flows.input["petroleum-gas"] == 45 * refinery.products_finished
    held = sum(b.amount for b in (*refinery.boxes, *plant.boxes) if b.fluid == "petroleum-gas")
    if not touching:
        held += sum(
            s.now() for s in {id(s): s for s in segments(world)}.values() if s.fluid == "petroleum-gas"
        )
    assert (
        held
        == (flows.input["petroleum-gas"] - 20 * (plant.products_finished + (plant.crafting is not None)))
        * FLUID
    )


def segments(world: World) -> list[Any]:
    pipes = world.surface.all_of(world.surface.by_type, ["pipe", "pipe-to-ground", "storage-tank"])
    return [box.segment for pipe in pipes for box in pipe.boxes]  # type: ignore[attr-defined]


def test_crude_oil_in_barrels() -> None:
    world = new_world()
    power(world, 6, 6, panels=10)
    source = build(world, "storage-tank", 1.5, -2.5)  # opens to the south at (2.5, -0.5)
    filler = machine(world, "assembling-machine-2", 2.5, 1.5 - 1, NORTH, None)
    world.destroy(filler)
    filler = machine(world, "assembling-machine-2", 2.5, 0.5, NORTH, "crude-oil-barrel")
    emptier = machine(world, "assembling-machine-2", 2.5, 9.5, NORTH, "empty-crude-oil-barrel")
    target = build(world, "storage-tank", 3.5, 12.5)  # opens to the north at (2.5, 10.5)
    source.boxes[0].put("crude-oil", 210)  # type: ignore[attr-defined]
    filler.insert("barrel", 10)
    world.advance(600)
    assert filler.output.count("crude-oil-barrel") == 4
    assert filler.status() == "fluid_ingredient_shortage"
    assert filler.input.count("barrel") == 6
    emptier.insert("crude-oil-barrel", filler.output.remove("crude-oil-barrel", 4))
    world.advance(1200)
    assert emptier.output.count("barrel") == 4
    assert segment(target).now() == 200 * FLUID
    assert segment(source).now() + filler.boxes[0].amount == 10 * FLUID


def test_heavy_oil_goes_round_in_coal_liquefaction() -> None:
    """A refinery's product and its ingredient in one pipe: it keeps itself going."""
    world = new_world()
    power(world, 8, 0)
    refinery = machine(world, "oil-refinery", 0.5, 0.5, NORTH, "coal-liquefaction")
    ring = [(-1.5, -2.5), (-2.5, -2.5), *((-2.5, y + 0.5) for y in range(-2, 4)), (-1.5, 3.5), (-0.5, 3.5)]
    pipes = [build(world, "pipe", x, y) for x, y in ring]
    box_for(refinery, "input", "steam").put("steam", 1000, 165)
    refinery.insert("coal", 100)
    for out in ((0.5, -2.5), (2.5, -2.5)):
        build(world, "pipe", *out)
    assert segment(pipes[0]) is segment(pipes[-1])
    pipes[0].boxes[0].put("heavy-oil", 25)  # type: ignore[attr-defined]
    world.advance(3 + 300 * 4)
    made = refinery.products_finished
    assert made >= 4
    held = segment(pipes[0]).now() + sum(b.amount for b in refinery.boxes if b.fluid == "heavy-oil")
    assert held == (25 + 90 * made - 25 * (made + (refinery.crafting is not None))) * FLUID


def test_touching_machines_by_hand_and_by_turn() -> None:
    """What is built later, or turned to face, begins to flow."""
    world = new_world()
    power(world, 8, -4)
    plant = machine(world, "chemical-plant", 1.5, -7.5, NORTH, "plastic-bar")
    plant.insert("coal", 50)
    refinery = machine(world, "oil-refinery", 0.5, -3.5, NORTH, "basic-oil-processing")
    box_for(refinery, "input", "crude-oil").put("crude-oil", 1000)
    world.advance(700)
    assert refinery.products_finished == 2
    assert refinery.status() == "full_output"
    plant.rotate_to(SOUTH)
    world.advance(1100)
    assert plant.products_finished > 2
    assert refinery.products_finished >= 3
    world.destroy(plant)
    world.advance(2000)
    assert refinery.status() == "full_output"


def test_looking_changes_nothing() -> None:
    one, looked = new_world(), new_world()
    chain(one, True)
    things = chain(looked, True)
    for tick in range(1, 1200, 5):
        looked.advance(tick)
        state_hash(looked, {}, [])
        for thing in things:
            assert thing.status()
    one.advance(1200)
    looked.advance(1200)
    assert state_hash(one, {}, []) == state_hash(looked, {}, [])
