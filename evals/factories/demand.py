"""What has to be made, and how fast, for an item to come at a rate: recipes down to what the ground gives."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.engine.prototypes import RecipePrototype, load

MACHINES = {
    "smelting": "electric-furnace",
    "chemistry": "chemical-plant",
    "oil-processing": "oil-refinery",
}
ASSEMBLER = "assembling-machine-2"
MOST_ITEMS = 2.0
"""Items per second of one kind that a machine's inserter is relied on to move."""
FILLING = 1.5
"""How much more petroleum gas than needed is planned for: at first pipes and belts of all that it goes into fill up."""
PETROLEUM, LIGHT, HEAVY, CRUDE, WATER = "petroleum-gas", "light-oil", "heavy-oil", "crude-oil", "water"


class NoWayToMake(Exception):
    """An item has no recipe of its own name and doesn't come out of the ground."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no way to make {name!r} from raw resources")


def machine_for(recipe: RecipePrototype) -> str:
    """The entity that makes a recipe."""
    return MACHINES.get(recipe.category, ASSEMBLER)


def most_crafts(recipe: RecipePrototype) -> float:
    """Crafts per second of one machine, by the time that one takes and by what its inserters can move."""
    speed: float = load().entity[machine_for(recipe)].raw["crafting_speed"]
    amounts = [i.amount for i in recipe.ingredients if i.type == "item"]
    most = max(amounts + [p.amount for p in recipe.products if p.type == "item"], default=0.0)
    return min(speed / recipe.energy, MOST_ITEMS / most if most else math.inf)


@dataclass(frozen=True)
class Stage:
    """One recipe at a rate. level: how many recipes its longest way to raw resources passes through."""

    recipe: RecipePrototype
    crafts: float
    """Crafts per second."""
    level: int

    @property
    def machine(self) -> str:
        """The entity that does it."""
        return machine_for(self.recipe)

    @property
    def machines(self) -> int:
        """How many it takes."""
        return max(1, math.ceil(self.crafts / most_crafts(self.recipe) - 1e-9))


@dataclass
class Demand:
    """`rates`: units per second of everything made; `raw` those of them that come out of ground and water."""

    item: str
    rates: dict[str, float] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    raw: dict[str, float] = field(default_factory=dict)

    def is_fluid(self, name: str) -> bool:
        """Whether it flows in pipes."""
        return name in load().raw["fluid"]


def demand(item: str, rate: float) -> Demand:
    """Stages by rising level that make `rate` of an item or fluid per second.

    Machines come in whole numbers, and their ingredients for all that they can do: then nobody waits while belts fill
    who is behind others on a belt. Fluids are for what is needed only, since they spread to all at once.

    Raises `NoWayToMake`. Oil is processed the basic way, or, where heavy oil is wanted, the advanced way with what is
    left of it cracked: nothing may be left over, because a refinery that is full of one product makes no other.
    """
    found = Demand(item)
    levels: dict[str, int] = {}
    order = _makers_first(item)
    needs = dict.fromkeys((*order, *LOOPS), 0.0)
    needs[item] = rate
    rates = dict(needs)
    recipes: list[tuple[RecipePrototype, float]] = []

    def use(recipe: RecipePrototype, needed: float, possible: float) -> None:
        recipes.append((recipe, possible))
        for i in recipe.ingredients:
            needs[i.name] = needs.get(i.name, 0.0) + needed * i.amount
            rates[i.name] = rates.get(i.name, 0.0) + (possible if i.type == "item" else needed) * i.amount

    for name in reversed(order):
        if name in (PETROLEUM, HEAVY):
            continue  # oil comes last: both flow from the same refineries
        recipe = _recipe(name)
        if recipe is not None:
            amount, most = next(p.amount for p in recipe.products if p.name == name), most_crafts(recipe)
            use(recipe, needs[name] / amount, most * math.ceil(rates[name] / amount / most - 1e-9))
    for recipe, crafts in _oil(FILLING * needs.get(PETROLEUM, 0.0), needs[HEAVY]):
        use(recipe, crafts, crafts)
    made = {p.name for recipe, _ in recipes for p in recipe.products}
    found.rates = {name: r for name, r in rates.items() if r}
    found.raw = {name: r for name, r in found.rates.items() if name not in made}
    left = recipes
    while left:
        ready = [
            r
            for r in left
            if all(i.name in levels or i.name in found.raw or i.name in LOOPS for i in r[0].ingredients)
        ]
        for recipe, crafts in ready:
            level = 1 + max((levels.get(i.name, 0) for i in recipe.ingredients), default=0)
            found.stages.append(Stage(recipe, crafts, level))
        for stage in found.stages:
            for p in stage.recipe.products:
                levels[p.name] = max(levels.get(p.name, 0), stage.level)
        left = [r for r in left if r not in ready]
    found.stages.sort(key=lambda s: (s.level, s.recipe.name))
    return found


LOOPS = (LIGHT, HEAVY)
"""What cracking takes comes from refineries, which need nothing that is cracked."""


def _recipe(name: str) -> RecipePrototype | None:
    if name in _mined() or name in (CRUDE, WATER):
        return None
    recipe = load().recipe.get(name)
    if recipe is None or not any(p.name == name for p in recipe.products):
        raise NoWayToMake(name)
    return recipe


def _mined() -> frozenset[str]:
    return frozenset(
        p.name for e in load().entity.values() if e.type == "resource" for p in e.products if p.type == "item"
    )


def _makers_first(item: str) -> list[str]:
    """Everything that goes into an item, ingredients before what is made of them."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in order:
            return
        recipe = None if name in (PETROLEUM, HEAVY) else _recipe(name)
        for i in recipe.ingredients if recipe else ():
            visit(i.name)
        order[name] = None

    visit(item)
    return list(order)


def _oil(petroleum: float, heavy: float) -> Iterable[tuple[RecipePrototype, float]]:
    """Recipes and crafts per second for so much petroleum gas and heavy oil per second."""
    recipe = load().recipe
    if not petroleum and not heavy:
        return []
    if not heavy:
        basic = recipe["basic-oil-processing"]
        return [(basic, petroleum / basic.products[0].amount)]
    advanced, heavy_cracking, light_cracking = (
        recipe[n] for n in ("advanced-oil-processing", "heavy-oil-cracking", "light-oil-cracking")
    )
    out = {p.name: p.amount for p in advanced.products}
    to_light = heavy_cracking.products[0].amount / _amount(heavy_cracking, HEAVY)
    to_gas = light_cracking.products[0].amount / _amount(light_cracking, LIGHT)
    gas = out[PETROLEUM] + (out[LIGHT] + out[HEAVY] * to_light) * to_gas
    crafts = max((petroleum + heavy * to_light * to_gas) / gas, 2 * heavy / out[HEAVY])
    cracked_heavy = crafts * out[HEAVY] - heavy
    cracked_light = crafts * out[LIGHT] + cracked_heavy * to_light
    return [
        (advanced, crafts),
        (heavy_cracking, cracked_heavy / _amount(heavy_cracking, HEAVY)),
        (light_cracking, cracked_light / _amount(light_cracking, LIGHT)),
    ]


def _amount(recipe: RecipePrototype, ingredient: str) -> float:
    return next(i.amount for i in recipe.ingredients if i.name == ingredient)
