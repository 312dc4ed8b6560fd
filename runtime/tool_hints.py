"""Why a tool failed and what would work, in at most two sentences: FLE's reason, and what the world says to it.

The world is asked from the trusted side, only after a call has failed, and nothing in it changes.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.broker import World
from runtime.engine.prototypes import load
from runtime.fle_errors import TOO_MUCH, TOO_MUCH_SAID, clean, sentence
from runtime.lua_literals import Literal, encode
from runtime.things import NothingThere, look_up

CONNECTORS = (
    "transport-belt, fast-transport-belt, express-transport-belt, underground-belt, pipe, pipe-to-ground, "
    "small-electric-pole, medium-electric-pole, big-electric-pole or stone-wall"
)
FREE_TILES = 10
"""So far from where it was wanted a free spot is looked for."""

_OURS = ("The call ", "The world is", "The rocket ")
"""How messages of this project's own begin, which are sentences already."""

_BUG = re.compile(
    r"has no attribute|NoneType|subscriptable|operand|validation error|is not a supported|attempt to \w+ |^Nil\."
)
"""What Python and FLE's own checks say of a thing of a kind that a tool of FLE's isn't made for."""

_TRIGGERS = {"craft-item": "item", "craft-fluid": "fluid", "mine-entity": "entity", "build-entity": "entity"}
"""What brings a technology that isn't researched with science packs."""

_FACTS = """/silent-command
local character = storage.agent_characters and storage.agent_characters[1]
if not (character and character.valid) then rcon.print("{}") return end
local items, name, x, y, direction, target, technology = ITEMS, NAME, X, Y, DIRECTION, TARGET, TECHNOLOGY
local surface, facts = character.surface, {x = character.position.x, y = character.position.y}
facts.reach, facts.mines = character.reach_distance, character.resource_reach_distance
facts.carried, facts.holds, facts.missing = {}, {}, {}
for _, item in ipairs(items) do
    if prototypes.item[item] then facts.carried[item] = character.get_item_count(item) end
end
local prototype = name and prototypes.entity[name]
if prototype and x then
    local dx, dy = prototype.tile_width % 2 / 2, prototype.tile_height % 2 / 2
    local left, top = math.floor(x - dx + 0.5) + dx, math.floor(y - dy + 0.5) + dy
    local drill = prototype.type == "mining-drill"
    if drill then
        local reach = prototype.tile_width / 2
        facts.ore = surface.count_entities_filtered{type = "resource", limit = 1,
            area = {{left - reach, top - reach}, {left + reach, top + reach}}} > 0
        for ring = 0, FREE do
            for i = -ring, ring do
                for j = -ring, ring do
                    local at = {x = left + i, y = top + j}
                    if not facts.free and math.max(math.abs(i), math.abs(j)) == ring
                        and surface.can_place_entity{name = name, position = at, direction = direction,
                            force = character.force}
                        and surface.count_entities_filtered{type = "resource", limit = 1,
                            area = {{at.x - reach, at.y - reach}, {at.x + reach, at.y + reach}}} > 0 then
                        facts.free = at
                    end
                end
            end
        end
    else
        local at = surface.find_non_colliding_position(name, {x = left, y = top}, FREE, 1)
        if at then facts.free = {x = at.x, y = at.y} end
    end
end
if target then
    for _, entity in pairs(surface.find_entities_filtered{name = target, position = {x, y}, radius = 1}) do
        local recipe = entity.type == "assembling-machine" and entity.get_recipe()
        facts.recipe = recipe and recipe.name or nil
        for index = 1, entity.get_max_inventory_index() do
            local inventory = entity.get_inventory(index)
            for _, stack in pairs(inventory and inventory.get_contents() or {}) do
                facts.holds[stack.name] = stack.count
            end
        end
    end
end
local wanted = technology and character.force.technologies[technology]
while wanted do
    local before
    for other, needed in pairs(wanted.prerequisites) do
        if not needed.researched then
            if wanted.name == technology then facts.missing[#facts.missing + 1] = other end
            before = before or needed
        end
    end
    if not before then facts.first = wanted.name end
    wanted = before
end
rcon.print(helpers.table_to_json(facts))
""".replace("FREE", str(FREE_TILES))


@dataclass(frozen=True)
class _Failure:
    """A call that failed, and what may be asked about it."""

    world: World
    tool: str
    arguments: Mapping[str, Any]
    said: str
    raised: str
    """What FLE's client said, where `said` is what its Lua said."""

    def facts(
        self,
        *,
        items: tuple[str, ...] = (),
        name: str | None = None,
        place: Mapping[str, float] | None = None,
        target: str | None = None,
        technology: str | None = None,
    ) -> dict[str, Any]:
        """What the character carries of items; a free spot for what is called `name` near a place; what a target
        there holds and its recipe; which technologies one still needs, and which of all before it can be
        researched first."""
        directions = {"right": 4, "down": 8, "left": 12}
        values: dict[str, Literal] = {
            "ITEMS": list(items),
            "NAME": name,
            "X": place["x"] if place else None,
            "Y": place["y"] if place else None,
            "DIRECTION": directions.get(self.arguments.get("direction", "up"), 0),
            "TARGET": target,
            "TECHNOLOGY": technology,
        }
        command = re.sub(
            "ITEMS, NAME, X, Y, DIRECTION, TARGET, TECHNOLOGY",
            lambda _: ", ".join(encode(value) for value in values.values()),
            _FACTS,
            count=1,
        )
        answer = self.world.command(command)
        # A map that is full, say, may be too much for the search: then FLE's words stand alone.
        known: dict[str, Any] = json.loads(answer) if answer.startswith("{") else {}
        return known


def explain(world: World, tool: str, arguments: Mapping[str, Any], error: str, failure: str | None) -> str:
    """A failed call's error for its caller.

    arguments: as they were given to FLE. error: what FLE's client raised. failure: what FLE's Lua said, if it failed.
    """
    if error.startswith(_OURS):
        return error
    if TOO_MUCH_SAID in error:
        return TOO_MUCH
    said = clean(failure or error)
    if _BUG.search(said):
        said = f"FLE's {tool} can't do this with what stands there."
    advise = _ADVICE.get(tool)
    advice = (
        advise(_Failure(world, tool, arguments, said, clean(error, sentences=9)))
        if advise is not None
        else None
    )
    return advice or said


def made_of(name: str, count: int = 1) -> str:
    """What so many of an item are made of, or how one comes by it; in words, after "it is"."""
    game = load()
    recipe = game.recipe.get(name)
    if recipe is None:
        if name in game.raw["resource"]:
            return "mined with harvest_resource or by drills"
        if name == "wood":
            return "cut from trees with harvest_resource"
        ways_to = [
            one.name for one in game.recipe.values() if any(name == made.name for made in one.products)
        ]
        return f"made by the recipe {ways_to[0]}" if ways_to else "not made by a recipe"
    parts = [f"{math.ceil(one.amount * count)} {one.name}" for one in recipe.ingredients]
    ways = {"smelting": "smelted in a furnace from", "crafting": "made of"}
    return f"{ways.get(recipe.category, 'made in a machine of')} {_listed(parts)}"


def _placing(failure: _Failure) -> str | None:
    name = failure.arguments["entity"]
    item = load().item.get(name)
    if item is None or item.place_result is None or name not in load().entity:
        return f"{name} can't be placed: it is no building."
    place = failure.arguments.get("position") or failure.arguments.get("reference_position")
    known = failure.facts(items=(name,), name=name, place=place)
    if known.get("carried", {}).get(name) == 0:
        return _carries_none(name)
    if failure.tool != "place_entity_next_to" and (far := _too_far(known, place)):
        return far
    if load().entity[name].type == "offshore-pump":
        return f"{_first(failure.said)} It stands on a shore: nearest with type water says where one is."
    free = known.get("free")
    if place is not None and known.get("ore") is False:
        hint = f"the nearest spot is {_at(free)}" if free else "nearest says where some is"
        return f"There is nothing to mine at {_at(place)}, and a {name} needs ore under it: {hint}."
    return f"{_first(failure.said)} The nearest free spot is {_at(free)}." if free else None


def _inserting(failure: _Failure) -> str | None:
    item, target = failure.arguments["entity"], failure.arguments["target"]
    known = failure.facts(items=(item,))
    if known.get("carried", {}).get(item) == 0:
        return _carries_none(item)
    if "accept" not in failure.said and "No recipe" not in failure.said:
        return None
    where = f"The {target['name']} at {_at(target)}"
    machine = load().entity.get(target["name"])
    if machine is None or machine.type != "assembling-machine":
        return f"{where} takes no {item}, or is full."
    recipe = failure.facts(place=target, target=target["name"]).get("recipe")
    if recipe is None:
        return f"{where} has no recipe yet, so it takes nothing: set_entity_recipe first."
    parts = load().recipe[recipe].ingredients
    if item in [one.name for one in parts]:
        return f"{where} is full of {item}."
    return f"{where} makes {recipe} of {_listed([f'{one.amount:g} {one.name}' for one in parts])}: it takes no {item}."


def _extracting(failure: _Failure) -> str | None:
    item, source = failure.arguments["entity"], failure.arguments["source"]
    known = failure.facts(place=source, target=source["name"])
    # FLE takes from anywhere: what is far away is no reason.
    holds = dict(known.get("holds") or {})
    if item in holds:
        return None
    held = _listed([f"{count} {name}" for name, count in sorted(holds.items())][:5])
    return f"The {source['name']} at {_at(source)} holds no {item}; it holds {held or 'nothing'}."


def _crafting(failure: _Failure) -> str | None:
    item, count = failure.arguments["entity"], failure.arguments.get("quantity", 1)
    locked = re.search(r"recipe for ([\w-]+) is not unlocked yet \(requires ([\w-]+)", failure.said)
    if locked:
        return f"{locked.group(1)} can't be crafted yet: it needs the technology {locked.group(2)}."
    recipe = load().recipe.get(item)
    if recipe is None or recipe.category not in ("crafting", None):
        return f"{item} isn't crafted by hand: it is {made_of(item)}."
    done = re.search(r"Successfully crafted (\d+)x", failure.said)
    left = count - (int(done.group(1)) if done else 0)
    parts = [one.name for one in recipe.ingredients]
    raw = re.findall(r"recipe for ([\w-]+) doesn't exist|Item ([\w-]+) cannot be crafted", failure.said)
    lacking = next((name for pair in raw for name in pair if name and name not in parts), None)
    carried = failure.facts(items=(*parts, lacking) if lacking else tuple(parts)).get("carried", {})
    if "still missing" in failure.said:
        # FLE counts what two parts are made of once for both.
        return "Its parts were crafted, but too few of those that other parts took: craft_item again."
    begun = f"{done.group(1)} crafted, {left} not" if done else "Nothing was crafted"
    have = _listed([f"{number} {name}" for name, number in dict(carried).items()])
    need = load().recipe[item]
    made = max(math.ceil(left / (need.products[0].amount or 1)), 1)
    return f"{begun}: {left} {item} {'is' if left == 1 else 'are'} {made_of(item, made)}. You carry {have or 'none of it'}."


def _researching(failure: _Failure) -> str | None:
    technology = failure.arguments["technology"]
    trigger = load().raw["technology"].get(technology, {}).get("research_trigger")
    if trigger is not None:
        what = trigger.get(_TRIGGERS.get(trigger["type"], ""), "")
        what = what.get("name", "") if isinstance(what, dict) else what
        how = f"{trigger['type'].replace('-', ' ')} {what}".strip()
        return f"{technology} takes no science packs: it comes by itself, after {how}, {trigger.get('count', 1)} times."
    known = failure.facts(technology=technology)
    missing = list(known.get("missing") or [])
    if "already" in failure.said or not missing:
        return None
    begin = f" Begin with {known['first']}." if known.get("first") not in (None, *missing) else ""
    return f"{technology} can't be researched before {_listed(sorted(missing))}.{begin}"


def _connecting(failure: _Failure) -> str | None:
    source, target = failure.arguments["source"], failure.arguments["target"]
    if _distance(source, target) < 1:
        return f"source and target are the same place, {_at(source)}: name two."
    if failure.said.startswith("Unsupported"):
        return f"{_first(failure.said)} It can be {CONNECTORS}."
    short = re.search(r"enough ([\w-]+).* in your .*number - (\d+), Available .* - (\d+)", failure.raised)
    if short is None:
        return re.sub(
            r"^Failed to connect .*?\) to .*?\)\.? |^Failed to connect .*? to .*?\)\.? ", "", failure.said
        )
    name, needed, carried = short.groups()
    kind = name if name in load().item else failure.arguments["connection_type"][0]
    return f"{needed} {kind} {'is' if needed == '1' else 'are'} needed and you carry {carried}. One is {made_of(kind)}."


def _moving(failure: _Failure) -> str | None:
    if "path" not in failure.said.lower():
        return None
    place = failure.arguments["position"]
    free = failure.facts(name="character", place=place).get("free")
    hint = f" The nearest free spot is {_at(free)}." if free and _distance(free, place) > 1 else ""
    return f"There is no way on foot to {_at(place)}.{hint}"


def _standing(failure: _Failure) -> str | None:
    """Where a thing is named by its kind and place: whether it stands there at all."""
    name, place = failure.arguments.get("entity"), failure.arguments.get("position")
    if not isinstance(name, str) or place is None:
        return None
    try:
        look_up(failure.world, "pickup_entity", {"entity": {**place, "name": name}})
    except NothingThere as nothing:
        return str(nothing)
    return None


def _finding(failure: _Failure) -> str | None:
    return f"There is no {failure.arguments['type']} within 500 tiles."


def _shifting(failure: _Failure) -> str | None:
    if "original position" not in failure.raised:
        return None
    name = failure.arguments["entity"]["name"]
    return (
        f"The {name} could not be put down so far on: something is in the way. It is in your inventory now."
    )


def _rotating(failure: _Failure) -> str | None:
    name = failure.arguments["entity"]["name"]
    return f"A {name} can't be turned: it has no direction." if "Could not rotate" in failure.said else None


def _following_research(failure: _Failure) -> str | None:
    return (
        "Nothing is being researched: set_research chooses what." if "No research" in failure.said else None
    )


def _setting_recipe(failure: _Failure) -> str | None:
    entity = failure.arguments["entity"]
    if "No building" in failure.said:
        return f"A {entity['name']} has no recipe to set."
    return None


def _harvesting(failure: _Failure) -> str | None:
    if "Nothing within reach" not in failure.said:
        return None
    place = failure.arguments["position"]
    known = failure.facts()
    distance = _distance(known, place) if "mines" in known else 0
    if distance > (reach := known.get("mines", 0)):
        return f"{_at(place)} is {distance:.1f} tiles away and you mine within {reach:g}: move_to it first."
    return f"There is nothing to harvest at {_at(place)}. nearest says where a resource is."


def _locating(failure: _Failure) -> str | None:
    name, place = failure.arguments["resource"], failure.arguments["position"]
    return f"There is no {name} at {_at(place)}. nearest says where some is."


def _finding_area(failure: _Failure) -> str | None:
    box = failure.arguments["building_box"]
    return (
        f"There is no free area of {box['width']} by {box['height']} tiles for {failure.arguments['entity']} within "
        f"30 tiles of {_at(failure.arguments['center_position'])}. Ask for a smaller one, or elsewhere."
    )


def _reading_recipe(failure: _Failure) -> str | None:
    name = failure.arguments["prototype"]
    return f"{name} has no recipe: it is {made_of(name)}."


def _too_far(known: Mapping[str, Any], place: Mapping[str, float] | None) -> str | None:
    if place is None or "reach" not in known:
        return None
    distance = _distance(known, place)
    if distance <= known["reach"]:
        return None
    return f"{_at(place)} is {distance:.1f} tiles away and you reach {known['reach']:g}: move_to it first."


def _distance(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    return math.dist((a["x"], a["y"]), (b["x"], b["y"]))


def _carries_none(name: str) -> str:
    return f"You carry no {name}; it is {made_of(name)}."


def _first(said: str) -> str:
    return sentence(re.split(r"(?<=[.!?])\s", said)[0])


def _at(place: Mapping[str, float]) -> str:
    return f"({place['x']:g}, {place['y']:g})"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


_ADVICE: dict[str, Callable[[_Failure], str | None]] = {
    "can_place_entity": _placing,
    "connect_entities": _connecting,
    "craft_item": _crafting,
    "extract_item": _extracting,
    "get_connection_amount": _connecting,
    "get_entity": _standing,
    "get_research_progress": _following_research,
    "get_prototype_recipe": _reading_recipe,
    "get_resource_patch": _locating,
    "harvest_resource": _harvesting,
    "insert_item": _inserting,
    "move_to": _moving,
    "nearest": _finding,
    "nearest_buildable": _finding_area,
    "pickup_entity": _standing,
    "place_entity": _placing,
    "place_entity_next_to": _placing,
    "rotate_entity": _rotating,
    "set_entity_recipe": _setting_recipe,
    "set_research": _researching,
    "shift_entity": _shifting,
}
