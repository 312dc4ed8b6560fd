# ruff: noqa: F821
# mypy: ignore-errors
# Sent to the world as it is. Names that are not defined here, such as place_entity, are FLE's. FLE asks for a
# move before nearly everything, for a character reaches 10 tiles, and 2.7 to dig.

import json
import re
from itertools import takewhile

RESOURCES = {
    "coal": Resource.Coal,
    "stone": Resource.Stone,
    "iron-ore": Resource.IronOre,
    "copper-ore": Resource.CopperOre,
    "wood": Resource.Wood,
    "water": Resource.Water,
}
LITTER = [Prototype.Coal, Prototype.IronOre, Prototype.CopperOre, Prototype.IronPlate, Prototype.CopperPlate]


def go_near(x, y, reach=7):
    """Walk until (x, y) is within reach. Where a thing stands, one can't: then beside it."""
    if ((player_location.x - x) ** 2 + (player_location.y - y) ** 2) ** 0.5 <= reach:
        return
    for dx, dy in [(0, 0), (0, 3), (0, -3), (3, 0), (-3, 0), (4, 4), (-4, -4)]:
        try:
            move_to(Position(x=x + dx, y=y + dy))
            return
        except Exception as problem:
            print(f"no way to ({x + dx}, {y + dy}): {problem}")
    raise Exception(f"can't get near ({x}, {y})")


def patch_box(resource):
    """The box of the nearest patch of a resource, as [left, top, right, bottom], or None."""
    try:
        box = get_resource_patch(resource, nearest(resource)).bounding_box
    except Exception:
        return None
    return [box.left_top.x, box.left_top.y, box.right_bottom.x, box.right_bottom.y]


def find_patches():
    """Print where the resources lie."""
    print(json.dumps({name: patch_box(resource) for name, resource in RESOURCES.items()}))


def contents(thing):
    """What a machine or a chest holds for the taking, by item."""
    for place in ("furnace_result", "lab_input", "inventory"):
        held = getattr(thing, place, None)
        if held is not None and not isinstance(held, (dict, list)):
            return {name: count for name, count in held.items() if count}
    return {}


def recipe_of(thing):
    """The name of the recipe that was set, or None."""
    recipe = getattr(thing, "recipe", None)
    return getattr(recipe, "name", recipe)


EVERYTHING = {prototype for prototype in Prototype if "Group" not in prototype.name}


def seen_in(areas):
    """What stands in some areas, [x, y, reach] each, or everywhere if there are none. Each thing once."""
    if not areas:
        return get_entities(EVERYTHING)
    found = {}
    for x, y, reach in areas:
        for thing in get_entities(EVERYTHING, Position(x=x, y=y), reach):
            # Asked for an area, FLE puts belts, pipes and poles together.
            parts = next(
                (getattr(thing, name) for name in ("belts", "pipes", "poles") if hasattr(thing, name)),
                [thing],
            )
            for part in parts:
                found[part.name, part.position.x, part.position.y] = part
    return list(found.values())


def look_around(technologies, areas):
    """Print which of some technologies are researched, up to the first that is not, and what stands in the world:
    lines of JSON, each a list with a list of fields for each thing (see harness.view.Thing)."""
    researched = list(takewhile(lambda name: get_research_progress(name) == [], technologies))
    print(json.dumps({"researched": researched}))
    things = []
    for thing in seen_in(areas):
        size, fuel = thing.tile_dimensions, getattr(thing, "fuel", None)
        things.append(
            [
                thing.name,
                thing.position.x,
                thing.position.y,
                thing.direction.name,
                [size.tile_width, size.tile_height],
                thing.status.value,
                None if fuel is None else sum(fuel.values()),
                contents(thing),
                recipe_of(thing),
            ]
        )
    # A printed line may be 16,384 characters long, and each one costs time.
    for first in range(0, len(things), 60):
        print(json.dumps(things[first : first + 60]))


def failed(x, y, problem):
    """Print what could not be done, and where, for the player to take note of."""
    print(json.dumps({"failed": [x, y], "because": str(problem)}))


def gather(name, quantity):
    """Dig ore, coal or stone by hand: at the nearest, or where in its patch one can get at it."""
    found = nearest(RESOURCES[name])
    left, top, right, bottom = patch_box(RESOURCES[name]) or [found.x, found.y, found.x, found.y]
    for x, y in [(found.x, found.y), (left, top), (right, top), (right, bottom), (left, bottom)]:
        try:
            go_near(x, y, 1)
            harvest_resource(Position(x=x, y=y), quantity)
            return
        except Exception as problem:
            print(f"no {name} at ({x}, {y}): {problem}")
    raise Exception(f"can't get at any {name}")


def have(wanted):
    """Craft until so many of each thing are carried: [name, count] each.

    Twice if need be: FLE crafts each ingredient once, and one of them may use up another.
    """
    for name, quantity in wanted:
        lacking = quantity - inspect_inventory()[prototype_by_name[name]]
        if lacking <= 0:
            continue
        try:
            craft_item(prototype_by_name[name], lacking)
        except Exception as problem:
            print(problem)
            craft_item(prototype_by_name[name], lacking)


def clear(things):
    """Pick up what stands in the way: [name, x, y] each."""
    for name, x, y in things:
        go_near(x, y)
        pickup_entity(prototype_by_name[name], Position(x=x, y=y))


def pick_up_litter(complaint):
    """Pick up the items that lie where something is to stand, as named by the complaint about them."""
    for x, y in re.findall(r"item-on-ground at x=(-?[0-9.]+) y=(-?[0-9.]+)", complaint):
        for item in LITTER:
            try:
                pickup_entity(item, Position(x=float(x), y=float(y)))
            except Exception:
                continue  # it is another item that lies there


def put_up(name, x, y, facing):
    """Place a thing, on litter too."""
    go_near(x, y)
    try:
        return place_entity(prototype_by_name[name], Direction[facing], Position(x=x, y=y))
    except Exception as complaint:
        pick_up_litter(str(complaint))
        return place_entity(prototype_by_name[name], Direction[facing], Position(x=x, y=y))


def build(pieces):
    """Put things up in turn: [name, x, y, facing, coal to start with, recipe] each. Ends at the first that can't be."""
    for name, x, y, facing, coal, recipe in pieces:
        try:
            thing = put_up(name, x, y, facing)
            if recipe:
                set_entity_recipe(thing, prototype_by_name[recipe])
        except Exception as problem:
            failed(x, y, problem)
            return
        coal = min(coal, inspect_inventory()[Prototype.Coal]) if coal else 0
        if coal:
            insert_item(Prototype.Coal, thing, coal)


def set_recipes(orders):
    """Set recipes: [name of the machine, x, y, recipe] each."""
    for name, x, y, recipe in orders:
        go_near(x, y)
        machine = get_entity(prototype_by_name[name], Position(x=x, y=y))
        set_entity_recipe(machine, prototype_by_name[recipe])


def put(orders):
    """Put what is carried into things: [item, count, name of the thing, x, y] each."""
    for item, quantity, name, x, y in orders:
        try:
            go_near(x, y)
            insert_item(
                prototype_by_name[item], get_entity(prototype_by_name[name], Position(x=x, y=y)), quantity
            )
        except Exception as problem:
            failed(x, y, problem)


def take(orders):
    """Take items out of things: [item, count, x, y] each."""
    for item, quantity, x, y in orders:
        try:
            go_near(x, y)
            extract_item(prototype_by_name[item], Position(x=x, y=y), quantity)
        except Exception as problem:
            failed(x, y, problem)
