"""In program processes: what FLE's tools return, as compact JSON.

An entity becomes one flat object; what FLE doesn't know, or what is empty, is left out:

    name, position {x, y}, direction, size [width, height], status, warnings, recipe, contents {inventory: {item:
    count}}, fluids {fluid: amount}, resources {ore: amount}, drop_position, pickup_position, input_position,
    output_position, connections [{x, y, kind, fluid}], network (its electric network)

A group of belts, pipes, poles or walls becomes {name, kind: "group", position, status, count, parts {name: count},
positions (a few of them), inputs, outputs, contents, fluid, network}.
"""

import math
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any

from fle.env import entities as ent
from pydantic import BaseModel

SHOWN_POSITIONS = 8
MAX_WARNINGS = 5
MAX_TEXT = 2_000

_CONTENTS = {
    "fuel": "fuel",
    "furnace_source": "source",
    "furnace_result": "result",
    "assembling_machine_input": "input",
    "assembling_machine_output": "output",
    "assembling_machine_modules": "modules",
    "lab_input": "input",
    "lab_modules": "modules",
    "turret_ammo": "ammo",
    "trunk_inventory": "trunk",
    "rocket_inventory": "rocket",
    "payload": "payload",
}
"""FLE's inventories, and what they are called here."""
_SAYS = {
    "no_fuel": ("out of fuel",),
    "no_ingredients": ("no ingredients to smelt",),
    "no_power": ("not receiving electricity",),
}
"""Warnings of FLE's that say no more than the status does."""
_POSITIONS = ("drop_position", "pickup_position", "input_position", "output_position")
_AS_THEY_ARE = ("fluid", "research", "rocket_parts", "rocket_progress", "is_input", "filter")
_PARTS = ("belts", "pipes", "poles", "entities")


def shape(value: Any) -> Any:
    """What a tool returned as a JSON value."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return _number(value)
        case str():
            return value[:MAX_TEXT]
        case ent.EntityGroup():
            return _group(value)
        case ent.EntityCore():
            return _entity(value)
        case ent.Position():
            return _position(value)
        case ent.Inventory():
            return _counts(value)
        case ent.ResourcePatch():
            return {"name": value.name, "size": value.size, "bounding_box": shape(value.bounding_box)}
        case ent.BoundingBox():
            return {
                "left_top": _position(value.left_top),
                "right_bottom": _position(value.right_bottom),
                "center": _position(value.center),
            }
        case ent.Recipe():
            return _recipe(value)
        case BaseModel() if {"name", "count"} <= set(type(value).model_fields):
            return _amount(value)
        case Enum():
            return value.name.lower()
        case BaseModel():
            return shape(value.model_dump())
        case Mapping():
            return {str(key): shape(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [shape(item) for item in value]
    return str(value)[:MAX_TEXT]


def _entity(entity: Any) -> dict[str, Any]:
    # The world's answers have more fields than FLE's class knows: the same inventory under several names, say.
    known = {name: getattr(entity, name) for name in type(entity).model_fields}
    shown: dict[str, Any] = {"name": entity.name, "position": _position(entity.position)}
    if isinstance(known.get("direction"), Enum):
        shown["direction"] = entity.direction.name.lower()
    size = known.get("tile_dimensions")
    if size is not None:
        shown["size"] = [_number(size.tile_width), _number(size.tile_height)]
    shown["status"] = _status(entity)
    says = _SAYS.get(shown["status"], ())
    shown["warnings"] = [one for one in _warnings(known.get("warnings") or []) if one not in says]
    recipe = getattr(entity, "recipe", None)
    name = recipe.get("name") if isinstance(recipe, dict) else getattr(recipe, "name", recipe)
    shown["recipe"] = name if isinstance(name, str) else None
    shown["contents"] = _contents(known)
    shown["fluids"] = _fluids(known.get("fluid_box") or [])
    shown["resources"] = {ore.name: ore.count for ore in known.get("resources") or []}
    for field in _POSITIONS:
        if known.get(field) is not None:
            shown[field] = _position(known[field])
    shown["connections"] = _connections(known)
    for field in _AS_THEY_ARE:
        shown[field] = shape(known.get(field))
    shown["network"] = known.get("electrical_id")
    return _without_empty(shown)


def _group(group: Any) -> dict[str, Any]:
    parts: list[Any] = next((getattr(group, name) for name in _PARTS if hasattr(group, name)), [])
    known: dict[str, Any] = {
        "name": group.name,
        "kind": "group",
        "position": _position(group.position),
        "status": _status(group),
        "warnings": _warnings(sorted({warning for part in parts for warning in part.warnings})),
        "count": len(parts),
        "parts": dict(Counter(part.name for part in parts)),
        "positions": _few_positions([part.position for part in parts]),
    }
    for name in ("inputs", "outputs"):
        known[name] = _few_positions([end.position for end in getattr(group, name, None) or []])
    inventory = getattr(group, "inventory", None)
    known["contents"] = {"belt": _counts(inventory)} if inventory else {}
    known["fluid"] = next((part.fluid for part in parts if getattr(part, "fluid", None)), None)
    known["network"] = next(
        (part.electrical_id for part in parts if getattr(part, "electrical_id", None) is not None), None
    )
    return _without_empty(known)


def _contents(known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    contents = {name: _counts(known[field]) for field, name in _CONTENTS.items() if known.get(field)}
    inventory = known.get("inventory")
    if isinstance(inventory, list):  # a splitter's lanes
        together: Counter[str] = Counter()
        for lane in inventory:
            together.update(_counts(lane))
        contents["inventory"] = dict(together)
    elif isinstance(inventory, dict) and set(inventory) <= {"left", "right"}:  # a belt's
        contents |= {lane: _counts(items) for lane, items in inventory.items()}
    elif inventory:
        contents["inventory"] = _counts(inventory)
    return _without_empty(contents)


def _fluids(boxes: Any) -> dict[str, Any]:
    amounts: Counter[str] = Counter()
    for box in [boxes] if isinstance(boxes, dict) else boxes:
        if isinstance(box, dict) and isinstance(box.get("amount"), int | float):
            amounts[_unquoted(box.get("name"))] += box["amount"]
    return {name: _number(amount) for name, amount in amounts.items()}


def _connections(known: dict[str, Any]) -> list[dict[str, Any]]:
    connections = [_beyond(known, _position(place)) for place in known.get("connection_points") or []]
    for kind in ("input", "output"):
        for place in known.get(f"{kind}_connection_points") or []:
            fluid = _unquoted(getattr(place, "type", None) or "")
            connections.append(_position(place) | {"kind": kind} | ({"fluid": fluid} if fluid else {}))
    if known.get("steam_output_point") is not None:
        connections.append(_position(known["steam_output_point"]) | {"kind": "output", "fluid": "steam"})
    return connections


def _beyond(known: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """The tile that a pipe has to be on: FLE gives a point on the edge of some things, such as a steam engine."""
    size, at = known.get("tile_dimensions"), known["position"]
    if size is None:
        return place
    dx, dy = place["x"] - at.x, place["y"] - at.y
    if abs(dy) == size.tile_height / 2:
        return {"x": place["x"], "y": _number(place["y"] + math.copysign(0.5, dy))}
    if abs(dx) == size.tile_width / 2:
        return {"x": _number(place["x"] + math.copysign(0.5, dx)), "y": place["y"]}
    return place


def _warnings(warnings: list[Any]) -> list[str]:
    return [_unquoted(warning)[:MAX_TEXT] for warning in warnings[:MAX_WARNINGS]]


def _unquoted(text: Any) -> str:
    return str(text).strip("\"'")


def _recipe(recipe: Any) -> dict[str, Any]:
    products = recipe.products or []
    chances = {
        product.name: product.probability for product in products if product.probability not in (None, 1)
    }
    amounts = {"ingredients": shape(recipe.ingredients or []), "products": shape(products)}
    return {"name": recipe.name} | amounts | ({"chances": chances} if chances else {})


def _amount(ingredient: Any) -> dict[str, Any]:
    return {"name": ingredient.name, "count": _number(ingredient.count)}


def _counts(inventory: Any) -> dict[str, Any]:
    return {str(name): _number(count) for name, count in inventory.items() if count}


def _few_positions(positions: list[Any]) -> list[dict[str, Any]]:
    if len(positions) > SHOWN_POSITIONS:
        half = SHOWN_POSITIONS // 2
        positions = [*positions[:half], *positions[-half:]]
    return [_position(place) for place in positions]


def _status(entity: Any) -> str | None:
    status = getattr(entity, "status", None)
    return status.value if isinstance(status, ent.EntityStatus) and status.value != "normal" else None


def _position(place: Any) -> dict[str, Any]:
    return {"x": _number(place.x), "y": _number(place.y)}


def _number(value: Any) -> float | int | None:
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        return None
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def _without_empty(known: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in known.items() if value not in (None, [], {}, "") and value is not False
    }
