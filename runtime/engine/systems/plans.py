"""What a recipe takes and gives, laid out for a machine that crafts it again and again."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import Ingredient, Product, RecipePrototype, load
from runtime.engine.systems.electricity import ONE

if TYPE_CHECKING:
    from random import Random


Made = tuple[int, str, int, int]


class Plan:
    """A recipe's items by slot, its fluids, and its work at crafting speed 1, of which `ONE` is a tick's.

    The items of an assembling machine have a slot each, in the recipe's order; a furnace has but one of either kind.
    """

    __slots__ = (
        "certain",
        "fluids_in",
        "fluids_out",
        "ignored",
        "items_in",
        "items_out",
        "recipe",
        "room",
        "work",
    )

    def __init__(self, recipe: RecipePrototype) -> None:
        self.recipe = recipe
        self.work = round(recipe.energy * 60 * ONE)
        rows = [r for r in recipe.raw.get("ingredients") or () if r["type"] == "item"]
        # (slot, item, amount, how many of them the statistics count)
        self.items_in = [
            (slot, r["name"], int(r["amount"]), int(r["amount"]) - int(r.get("ignored_by_stats", 0)))
            for slot, r in enumerate(rows)
        ]
        self.fluids_in: list[Ingredient] = [i for i in recipe.ingredients if i.type == "fluid"]
        # fluid -> how much of what a craft takes the statistics ignore
        self.ignored = {
            r["name"]: int(r.get("ignored_by_stats") or 0)
            for r in recipe.raw.get("ingredients") or ()
            if r["type"] == "fluid"
        }
        solid = [p for p in recipe.products if p.type == "item"]
        self.items_out: list[tuple[int, Product]] = list(enumerate(solid))
        self.fluids_out: list[Product] = [p for p in recipe.products if p.type == "fluid"]
        # (slot, item, amount, how many the statistics count) when a craft gives the same each time; else it is rolled.
        self.certain: list[Made] | None = None
        if not any(
            p.probability < 1 or "amount" not in p.raw or p.raw.get("extra_count_fraction") for p in solid
        ):
            self.certain = [
                (s, p.name, int(p.amount), int(p.amount - p.raw.get("ignored_by_stats", 0)))
                for s, p in self.items_out
            ]
        # (slot, item, most that may be there when a craft ends)
        self.room = [(s, p.name, load().item[p.name].stack_size - most_of(p)) for s, p in self.items_out]

    def has_items(self, inventory: Inventory) -> bool:
        """Whether an inventory holds the items for one craft."""
        names, counts = inventory.names, inventory.counts
        for slot, name, amount, _ in self.items_in:
            if slot >= len(names) or names[slot] != name or counts[slot] < amount:
                return False
        return True

    def has_room(self, inventory: Inventory) -> bool:
        """Whether all the items that one craft may give go into an inventory."""
        names, counts = inventory.names, inventory.counts
        for slot, name, most in self.room:
            held = names[slot]
            # A craft that gives more than a stack needs an empty slot.
            if held is not None and (held != name or counts[slot] > most):
                return False
        return True

    def made(self, random: Random, bonus: bool) -> list[Made]:
        """The items of one craft: slot, item, number, how many are counted.

        A bonus is without what the recipe exempts from productivity.
        """
        if self.certain is not None and not bonus:
            return self.certain
        made = []
        for slot, p in self.items_out:
            count = rolled(p, random, bonus)
            made.append(
                (slot, p.name, count, count if bonus else count - int(p.raw.get("ignored_by_stats", 0)))
            )
        return made


def most_of(product: Product) -> int:
    """The most of an item that a craft can give."""
    raw = product.raw
    most = int(raw["amount"] if "amount" in raw else raw["amount_max"])
    return most + (1 if raw.get("extra_count_fraction") else 0)


def rolled(product: Product, random: Random, bonus: bool) -> int:
    """How many of an item a craft gives, by its amounts and probability."""
    raw = product.raw
    if product.probability < 1 and random.random() >= product.probability:
        return 0
    amount = int(raw["amount"]) if "amount" in raw else random.randint(raw["amount_min"], raw["amount_max"])
    extra = raw.get("extra_count_fraction", 0)
    if extra and random.random() < extra:
        amount += 1
    return max(0, amount - int(raw.get("ignored_by_productivity", 0))) if bonus else amount


@cache
def plan_of(name: str) -> Plan:
    """The plan of a recipe."""
    return Plan(load().recipe[name])
