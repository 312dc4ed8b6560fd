"""Calls that no tool can take, made from a seed: wrong types, missing and extra fields, odd numbers, huge strings."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

GOOD: dict[str, dict[str, Any]] = {
    "nearest": {"type": "coal"},
    "get_resource_patch": {"resource": "coal", "position": {"x": 1, "y": 2}, "radius": 10},
    "get_entities": {"entities": ["lab"], "radius": 10},
    "get_entity": {"entity": "lab", "position": {"x": 1, "y": 2}},
    "move_to": {"position": {"x": 1, "y": 2}},
    "harvest_resource": {"position": {"x": 1, "y": 2}, "quantity": 3, "radius": 10},
    "craft_item": {"entity": "stone-furnace", "quantity": 1},
    "place_entity": {"entity": "lab", "position": {"x": 1, "y": 2}, "direction": "up", "exact": True},
    "place_entity_next_to": {"entity": "lab", "reference_position": {"x": 1, "y": 2}, "spacing": 1},
    "connect_entities": {"source": {"x": 1, "y": 2}, "target": {"x": 5, "y": 2}, "connection_type": ["pipe"]},
    "insert_item": {"entity": "coal", "target": {"x": 1, "y": 2, "name": "lab"}, "quantity": 5},
    "rotate_entity": {"entity": {"x": 1, "y": 2}, "direction": "left"},
    "set_entity_recipe": {"entity": {"x": 1, "y": 2}, "prototype": "iron-gear-wheel"},
    "set_research": {"technology": "automation"},
    "sleep": {"seconds": 1},
    "print": {"args": ["hello"]},
    "send_message": {"message": "hello"},
    "run_program": {"code": "print(1)", "timeout_s": 5},
    "restore": {"name": "no such checkpoint"},
    "screenshot": {"x": 1, "y": 2, "zoom": 1, "width": 64, "height": 64},
}
REQUIRED = {
    "type", "resource", "position", "entity", "reference_position", "source", "target", "connection_type",
    "prototype", "technology", "seconds", "args", "message", "code", "name",
}  # fmt: skip
HUGE = 10_000_000
NEVER_RIGHT = (
    -1, 2**80, 1e308, -(10**30), float("nan"), float("inf"), [], {}, [[]], {"x": 1}, {"x": "1", "y": "2"},
    {"x": 1e9, "y": 2}, {"x": 1, "y": 2, "z": 3}, True, [None], {"position": 3}, "\x00", "💥" * 50, "no-such-thing",
)  # fmt: skip
"""None of these is a value that any argument of GOOD takes; but for what `fits` leaves to some of them."""
NUMBERS_MAY_BE = {"x", "y"}
TEXTS = {"message", "args", "code", "name"}


def fits(argument: str, value: Any) -> bool:
    """Whether a value of NEVER_RIGHT is one that this argument does take."""
    if isinstance(value, bool):
        return argument == "exact"
    if isinstance(value, float) and not math.isfinite(value):
        # A client writes null for it, and what is null is left out.
        return argument not in REQUIRED
    if argument in TEXTS:
        return isinstance(value, str) or (argument == "args" and value == [])
    if argument in NUMBERS_MAY_BE:
        return value == -1
    return argument in ("entities", "connection_type") and value == []


def bad_calls(seed: int, count: int, huge: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many calls, so many of them with strings of ten megabytes."""
    chance = random.Random(seed)
    for number in range(count):
        tool = chance.choice(sorted(GOOD))
        arguments = dict(GOOD[tool])
        name = chance.choice(sorted(arguments))
        if number < huge:
            arguments[name] = "x" * HUGE
            if tool in ("send_message", "print", "run_program", "restore") and name in TEXTS:
                yield tool, arguments
                continue
        match chance.randrange(4):
            case 0 if name in REQUIRED:
                del arguments[name]
            case 1:
                arguments[chance.choice(["entitty", "", "x" * 200, "self", "__class__", "call"])] = 1
            case 2:
                yield chance.choice(["", "place", "run_programm", "../observe", "x" * 1000]), arguments
                continue
            case _:
                value = chance.choice([bad for bad in NEVER_RIGHT if not fits(name, bad)])
                arguments[name] = value
        yield tool, arguments
