"""What everything is worth, and the production score: FLE's own algorithm over the game's prototypes.

FLE computes prices in Lua (`tools/agent/score/server.lua`, a child of Factorio's production-score.lua): seed
prices for what comes out of the ground, and for everything else the cheapest recipe, with a premium for many
ingredients and for time. Here the same is computed on the trusted side, so that the score comes from a
world's cumulative statistics alone. A test holds the two against each other.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.engine.prototypes import ItemPrototype, Prototypes, RecipePrototype, load, products

SEED_PRICES = {
    "iron-ore": 3.1,
    "copper-ore": 3.6,
    "coal": 3.0,
    "stone": 2.4,
    "crude-oil": 0.2,
    "water": 1 / 1000,
    "steam": 1 / 1000,
    "wood": 3.2,
    "raw-fish": 100.0,
    "energy": 1.0,
    "uranium-ore": 8.2,
}
RAW_RESOURCE_PRICE = 2.5
INGREDIENT_EXPONENT = 2
ENERGY = "energy"

Recipe = dict[str, float]
"""For one piece of a product: its ingredients' amounts, and under "energy" the seconds."""


@cache
def prices() -> Mapping[str, float]:
    """The price of each item and fluid of the base game, by name."""
    return generate(load())


def generate(prototypes: Prototypes) -> dict[str, float]:
    """FLE's `generate_price_list` with its default parameters."""
    items = list(prototypes.item)
    fluids = list(prototypes.raw["fluid"])
    price_list = dict(SEED_PRICES)
    for entity in prototypes.entity.values():
        if entity.type == "resource":
            for product in entity.products:
                price_list.setdefault(product.name, RAW_RESOURCE_PRICE)
    ways = _ways_to_make(prototypes)
    for loop_price in (None, RAW_RESOURCE_PRICE):
        for name in [*items, *fluids]:
            _price(name, price_list, ways, set(), loop_price)
        _deduce_from_uses(price_list, prototypes, [*items, *fluids])
    return price_list


def value(flows: Mapping[str, float]) -> float:
    """What an amount of each thing is worth together; things without a price count nothing."""
    known = prices()
    return sum(known[name] * amount for name, amount in flows.items() if name in known)


def production_score(statistics: Mapping[str, Any]) -> tuple[float, float]:
    """(production score, automated score) of a world's cumulative statistics.

    statistics: what WorldClient.statistics gives: under "items" and "fluids" each "input" (produced, as
    Factorio names it) and "output" (consumed), under "items" also "input_by_hand" and "output_by_hand".
    The automated score leaves out what was mined or crafted by hand.
    """
    items = statistics["items"]
    total = _net_value(items["input"], items["output"])
    fluids = statistics.get("fluids") or {}
    total += _net_value(fluids.get("input") or {}, fluids.get("output") or {})
    by_hand = _net_value(items.get("input_by_hand") or {}, items.get("output_by_hand") or {})
    return total, total - by_hand


def _net_value(produced: Mapping[str, float], consumed: Mapping[str, float]) -> float:
    return value(produced) - value(consumed)


def _ways_to_make(prototypes: Prototypes) -> dict[str, list[Recipe]]:
    ways: dict[str, list[Recipe]] = {}
    for recipe in prototypes.recipe.values():
        if not recipe.allow_decomposition:
            continue
        for product in recipe.products:
            known = ways.setdefault(product.name, [])
            amount = product.probability * product.amount
            if amount > 0:
                share = len(recipe.products) * amount
                way = {ingredient.name: ingredient.amount / share for ingredient in recipe.ingredients}
                way[ENERGY] = recipe.energy / share
                known.append(way)
    silos = _silos(prototypes)
    for item in prototypes.item.values():
        for name, count in _launch_products(item):
            known = ways.setdefault(name, [])
            if count > 0:
                for silo in silos:
                    way = {part: amount / count for part, amount in silo.items()}
                    way[item.name] = 1 / count
                    known.append(way)
    return ways


def _silos(prototypes: Prototypes) -> list[Recipe]:
    """What one launch takes in each rocket silo, without its cargo."""
    found: list[Recipe] = []
    for silo in prototypes.raw.get("rocket-silo", {}).values():
        recipe = prototypes.recipe.get(silo.get("fixed_recipe", ""))
        if recipe is not None:
            parts = silo["rocket_parts_required"]
            launch = {
                product.name: product.probability * product.amount * parts for product in recipe.products
            }
            launch[ENERGY] = recipe.energy
            found.append(launch)
    return found


def _launch_products(item: ItemPrototype) -> list[tuple[str, float]]:
    launched = item.raw.get("rocket_launch_products") or []
    return [
        (product.name, product.probability * product.amount) for product in products({"results": launched})
    ]


def _price(
    name: str,
    price_list: dict[str, float],
    ways: Mapping[str, list[Recipe]],
    on_the_way: set[str],
    loop_price: float | None,
) -> float | None:
    """The price of a thing by its cheapest recipe; `loop_price` is given for what is made from itself."""
    known = price_list.get(name)
    if known is not None:
        return known
    if name in on_the_way:
        return loop_price
    on_the_way.add(name)
    cheapest: float | None = None
    for way in ways.get(name, ()):
        cost = 0.0
        for ingredient, amount in way.items():
            if ingredient == ENERGY:
                continue
            price = _price(ingredient, price_list, ways, on_the_way, loop_price)
            if not price or price <= 0:
                cost = 0.0
                break
            cost += price * amount
        if cost > 0:
            cost = cost * _multiplier(len(way)) + _energy_addition(way[ENERGY], cost)
            cheapest = cost if cheapest is None else min(cheapest, cost)
    if cheapest is not None:
        price_list[name] = cheapest
    return cheapest


def _deduce_from_uses(price_list: dict[str, float], prototypes: Prototypes, names: list[str]) -> None:
    """Prices for what no recipe makes, by what the recipes that use it make of it."""
    uses: dict[str, list[RecipePrototype]] = {name: [] for name in names if name not in price_list}
    for recipe in prototypes.recipe.values():
        for ingredient in recipe.ingredients:
            if ingredient.name in uses:
                uses[ingredient.name].append(recipe)
    for name, recipes in uses.items():
        cheapest: float | None = None
        amount = 0.0
        for recipe in recipes:
            others = 0.0
            known = True
            for ingredient in recipe.ingredients:
                if ingredient.name == name:
                    amount = ingredient.amount
                elif ingredient.name in price_list:
                    others += price_list[ingredient.name] * ingredient.amount
                else:
                    known = False
                    break
            if not known or any(product.name not in price_list for product in recipe.products):
                break
            made = sum(
                price_list[product.name] * product.probability * product.amount for product in recipe.products
            )
            reverse = (made - _energy_addition(recipe.energy, made)) / _multiplier(len(recipe.ingredients))
            cost = (reverse - others) / amount
            cheapest = cost if cheapest is None else min(cheapest, cost)
        if cheapest is not None:
            price_list[name] = cheapest


def _multiplier(entries: int) -> float:
    return float(INGREDIENT_EXPONENT) ** (entries - 2)


def _energy_addition(seconds: float, cost: float) -> float:
    # A negative cost has no square root: Lua goes on with NaN there.
    return math.log(seconds + 1) * (cost**0.5 if cost >= 0 else math.nan)
