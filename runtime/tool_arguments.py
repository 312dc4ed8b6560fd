"""What FLE's tools take, as JSON: checked before anything is done, on the trusted side.

Names come out in Factorio's spelling. What is meant by a thing is `{"x", "y", "name"?}`, where it stands.
"""

import math
import reprlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from runtime.names import DIRECTIONS, UnknownName, names, nearest

MAX_COORDINATE = 1_000_000
"""Tiles from the origin at which Factorio's maps end."""
MAX_COUNT = 1_000_000
MAX_DISTANCE = 1_000
MAX_SLEEP_SECONDS = 24 * 3600
MAX_NAMES = 50
MAX_BOX_TILES = 30
"""A side of an area that is looked for: FLE's search takes minutes for a hundred."""
MAX_RESULT_CHARACTERS = 100_000
"""Of the JSON that comes back: some hundreds of entities."""

GROUPS = {
    "belt-group": (
        "transport-belt", "fast-transport-belt", "express-transport-belt",
        "underground-belt", "fast-underground-belt", "express-underground-belt",
    ),
    "pipe-group": ("pipe", "pipe-to-ground"),
    "electricity-group": ("small-electric-pole", "medium-electric-pole", "big-electric-pole"),
}  # fmt: skip
"""FLE's groups, and what they are made of."""
GROUP_OF = {part: group for group, parts in GROUPS.items() for part in parts}

LOOKING = frozenset(
    {
        "get_entities", "get_entity", "get_prototype_recipe", "get_research_progress", "get_resource_patch",
        "inspect_inventory", "nearest", "nearest_buildable",
    }
)  # fmt: skip
"""The tools that leave the world and the character as they are. (FLE's can_place_entity may step aside, and
get_connection_amount tries a path.)"""

Json = Any
Check = Callable[[str, Json], Json]
"""Takes an argument's name and value, gives the value to go on with; raises ValueError."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


class BadArguments(ValueError):
    """A call that can't be made; the message is a sentence that says what would be right."""


def check(tool: str, given: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments of a call, with those that are null left out.

    Raises BadArguments, or UnknownName with the nearest names there are.
    """
    parameters = PARAMETERS.get(tool)
    if parameters is None:
        near = nearest(tool, PARAMETERS)
        hint = f" The nearest: {', '.join(near)}." if near else ""
        raise BadArguments(f"There is no tool {_SHORT.repr(tool)}.{hint}")
    for name in given:
        if name not in parameters:
            raise BadArguments(
                f"{tool} has no argument {_SHORT.repr(name)}; it takes {', '.join(parameters)}."
            )
    checked: dict[str, Json] = {}
    for name, parameter in parameters.items():
        value = given.get(name)
        if value is not None:
            checked[name] = parameter(name, value)
        elif name in _REQUIRED[tool]:
            raise BadArguments(f"{tool} needs the argument {name}.")
    if tool == "pickup_entity" and isinstance(checked["entity"], str) and "position" not in checked:
        raise BadArguments("pickup_entity needs the position of what is named.")
    return checked


def _bad(name: str, value: Json, right: str) -> BadArguments:
    return BadArguments(f"{name} is {_SHORT.repr(value)} and should be {right}.")


def _number(low: float, high: float) -> Check:
    def checked(name: str, value: Json) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise _bad(name, value, f"a number from {low:,} to {high:,}")

    return checked


def _whole(low: int, high: int) -> Check:
    def checked(name: str, value: Json) -> int:
        whole = isinstance(value, int) or (
            isinstance(value, float) and math.isfinite(value) and value % 1 == 0
        )
        if whole and not isinstance(value, bool) and low <= value <= high:
            return int(value)
        raise _bad(name, value, f"a whole number from {low:,} to {high:,}")

    return checked


def _named(*kinds: str) -> Check:
    def checked(name: str, value: Json) -> str:
        if not isinstance(value, str):
            right = f"the name of a {' or '.join(kinds)}"
            raise _bad(name, value, f"one of {', '.join(DIRECTIONS)}" if kinds == ("direction",) else right)
        for kind in kinds:
            with suppress(UnknownName):
                return names().find(kind, value)
        raise names().unknown(kinds, value)

    return checked


def _bool(name: str, value: Json) -> bool:
    if isinstance(value, bool):
        return value
    raise _bad(name, value, "true or false")


_COORDINATE = _number(-MAX_COORDINATE, MAX_COORDINATE)
_PROTOTYPE = _named("prototype")


def _fields(name: str, value: Json, fields: Mapping[str, Check], example: str) -> dict[str, Json]:
    if not isinstance(value, dict) or not set(value) <= set(fields):
        raise _bad(name, value, example)
    return {key: fields[key](f"{name}.{key}", item) for key, item in value.items() if item is not None}


def _position(name: str, value: Json) -> dict[str, Json]:
    example = 'a position such as {"x": 1, "y": 2}'
    position = _fields(name, value, {"x": _COORDINATE, "y": _COORDINATE}, example)
    if len(position) < 2:
        raise _bad(name, value, example)
    return position


def _thing(name: str, value: Json) -> dict[str, Json]:
    example = 'where it stands, such as {"x": 1, "y": 2, "name": "stone-furnace"}'
    thing = _fields(name, value, {"x": _COORDINATE, "y": _COORDINATE, "name": _PROTOTYPE}, example)
    if not {"x", "y"} <= set(thing):
        raise _bad(name, value, example)
    return thing


def _prototype_or_thing(name: str, value: Json) -> Json:
    return _PROTOTYPE(name, value) if isinstance(value, str) else _thing(name, value)


def _prototypes(name: str, value: Json) -> list[str]:
    every = [value] if isinstance(value, str) else value
    if not isinstance(every, list) or len(every) > MAX_NAMES:
        raise _bad(name, value, f"a list of at most {MAX_NAMES} names")
    return [_PROTOTYPE(name, item) for item in every]


def _kinds(name: str, value: Json) -> list[str]:
    """Kinds of things to look for: belts, pipes and poles as their groups, of which FLE's answer is shorter."""
    return list(dict.fromkeys(GROUP_OF.get(item, item) for item in _prototypes(name, value)))


def _box(name: str, value: Json) -> dict[str, Json]:
    side = _whole(1, MAX_BOX_TILES)
    example = 'a size such as {"width": 3, "height": 2}'
    box = _fields(name, value, {"width": side, "height": side}, example)
    if len(box) < 2:
        raise _bad(name, value, example)
    return box


_COUNT = _whole(1, MAX_COUNT)
_DIRECTION = _named("direction")
_RECIPE = _named("recipe", "prototype")
_RADIUS = _number(0, MAX_DISTANCE)

PARAMETERS: dict[str, dict[str, Check]] = {
    "can_place_entity": {"entity": _PROTOTYPE, "direction": _DIRECTION, "position": _position},
    "connect_entities": {
        "source": _thing,
        "target": _thing,
        "connection_type": _prototypes,
        "dry_run": _bool,
    },
    "craft_item": {"entity": _PROTOTYPE, "quantity": _COUNT},
    "extract_item": {"entity": _PROTOTYPE, "source": _thing, "quantity": _COUNT},
    "get_connection_amount": {"source": _thing, "target": _thing, "connection_type": _prototypes},
    "get_entities": {"entities": _kinds, "position": _position, "radius": _RADIUS},
    "get_entity": {"entity": _PROTOTYPE, "position": _position},
    "get_prototype_recipe": {"prototype": _RECIPE},
    "get_research_progress": {"technology": _named("technology")},
    "get_resource_patch": {"resource": _named("resource"), "position": _position, "radius": _RADIUS},
    "harvest_resource": {"position": _position, "quantity": _COUNT, "radius": _RADIUS},
    "insert_item": {"entity": _PROTOTYPE, "target": _thing, "quantity": _COUNT},
    "inspect_inventory": {"entity": _thing, "all_players": _bool},
    "launch_rocket": {"silo": _thing},
    # FLE's `laying` and `leading` are left out: its Lua for them never ends with Factorio 2.0's directions.
    "move_to": {"position": _position},
    "nearest": {"type": _named("resource", "prototype")},
    "nearest_buildable": {"entity": _PROTOTYPE, "building_box": _box, "center_position": _position},
    "pickup_entity": {"entity": _prototype_or_thing, "position": _position},
    "place_entity": {
        "entity": _PROTOTYPE,
        "direction": _DIRECTION,
        "position": _position,
        "exact": _bool,
    },
    "place_entity_next_to": {
        "entity": _PROTOTYPE,
        "reference_position": _position,
        "direction": _DIRECTION,
        "spacing": _whole(0, MAX_DISTANCE),
    },
    "rotate_entity": {"entity": _thing, "direction": _DIRECTION},
    "set_entity_recipe": {"entity": _thing, "prototype": _RECIPE},
    "set_research": {"technology": _named("technology")},
    "shift_entity": {"entity": _thing, "direction": _DIRECTION, "distance": _whole(1, MAX_DISTANCE)},
    "sleep": {"seconds": _number(0, MAX_SLEEP_SECONDS)},
}
"""FLE's tools, and FLE's names for what they take."""

_OPTIONAL = {
    "all_players", "dry_run", "exact", "quantity", "radius", "spacing", "distance",
}  # fmt: skip
_ALSO_OPTIONAL = {
    "can_place_entity": {"direction"},
    "get_connection_amount": {"connection_type"},
    "get_entities": {"entities", "position"},
    "get_research_progress": {"technology"},
    "inspect_inventory": {"entity"},
    "pickup_entity": {"position"},
    "place_entity": {"direction"},
    "place_entity_next_to": {"direction"},
    "rotate_entity": {"direction"},
}
_REQUIRED = {
    tool: set(parameters) - _OPTIONAL - _ALSO_OPTIONAL.get(tool, set())
    for tool, parameters in PARAMETERS.items()
}
