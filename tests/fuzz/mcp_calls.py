"""Calls of every tool of a world's and of the fleet's MCP server, from a seed: such as make sense, and such as no tool can take.

What is wrong with the latter: types, missing and extra fields, odd and huge numbers, unknown names, huge strings.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator
from typing import Any

Arguments = dict[str, Any]
Call = tuple[str, Arguments]

HERE = {"x": 1, "y": 2}
WORLD: dict[str, Arguments] = {
    "run_program": {"code": "print(1)", "timeout_s": 5},
    "observe": {},
    "score": {},
    "screenshot": {"x": 1, "y": 2, "zoom": 1, "width": 64, "height": 64, "layers": ["alt"], "format": "png"},
    "checkpoint": {"name": "fuzz"},
    "restore": {"name": "no such checkpoint"},
    "list_checkpoints": {},
    "claim": {"player": "fuzz", "take_over": False},
    "release": {},
    "print": {"args": ["hello"]},
    "send_message": {"message": "hello", "recipient": "you", "metadata": {}},
    "nearest": {"type": "coal"},
    "get_resource_patch": {"resource": "coal", "position": HERE, "radius": 10},
    "get_entities": {"entities": ["wooden-chest"], "position": HERE, "radius": 10},
    "get_entity": {"entity": "wooden-chest", "position": HERE},
    "inspect_inventory": {"all_players": False},
    "get_prototype_recipe": {"prototype": "iron-gear-wheel"},
    "get_research_progress": {"technology": "automation"},
    "can_place_entity": {"entity": "wooden-chest", "position": HERE, "direction": "up"},
    "nearest_buildable": {
        "entity": "wooden-chest",
        "building_box": {"width": 2, "height": 2},
        "center_position": HERE,
    },
    "get_connection_amount": {"source": HERE, "target": {"x": 5, "y": 2}, "connection_type": ["pipe"]},
    "move_to": {"position": HERE},
    "harvest_resource": {"position": HERE, "quantity": 3, "radius": 10},
    "craft_item": {"entity": "wooden-chest", "quantity": 1},
    "place_entity": {"entity": "wooden-chest", "position": HERE, "direction": "up", "exact": True},
    "place_entity_next_to": {
        "entity": "wooden-chest",
        "reference_position": HERE,
        "direction": "up",
        "spacing": 1,
    },
    "connect_entities": {
        "source": HERE,
        "target": {"x": 5, "y": 2},
        "connection_type": ["pipe"],
        "dry_run": False,
    },
    "insert_item": {"entity": "wood", "target": {**HERE, "name": "wooden-chest"}, "quantity": 1},
    "extract_item": {"entity": "wood", "source": {**HERE, "name": "wooden-chest"}, "quantity": 1},
    "rotate_entity": {"entity": HERE, "direction": "left"},
    "pickup_entity": {"entity": "wooden-chest", "position": HERE},
    "shift_entity": {"entity": HERE, "direction": "left", "distance": 1},
    "set_entity_recipe": {"entity": HERE, "prototype": "iron-gear-wheel"},
    "set_research": {"technology": "automation"},
    "launch_rocket": {"silo": HERE},
    "sleep": {"seconds": 1},
    "open_viewport": {"lease": "none"},
    "close_viewport": {"lease": "none"},
    "clip": {"last": 1},
}
FLEET: dict[str, Arguments] = {
    "list_worlds": {},
    "leaderboard": {},
    "save_world": {"name": "world-1"},
    "create_world": {"name": "world-1", "scenario": "open_world", "speed": 2, "agent": "none"},
    "copy_world": {"name": "world-1", "new_name": "world-1"},
    "reset_world": {"name": "nowhere"},
    "stop_world": {"name": "nowhere"},
    "start_world": {"name": "nowhere"},
    "remove_world": {"name": "nowhere"},
    "start_agent": {"name": "nowhere", "agent": "scripted"},
    "pause_agent": {"name": "world-1"},
    "resume_agent": {"name": "world-1"},
    "stop_agent": {"name": "nowhere"},
    "tell_agent": {"name": "world-1", "text": "hello", "sender": "somebody"},
    "take_over": {"name": "nowhere", "player": "somebody"},
    "give_back": {"name": "world-1", "token": "none"},
    "open_viewport": {"name": "world-1", "lease": "none"},
    "close_viewport": {"name": "world-1", "lease": "none"},
    "clip": {"name": "world-1", "last": 1},
}
"""Arguments of the right kinds. Those of the fleet change nothing: what they would change is not there, or there already."""

REQUIRED = {
    "type", "resource", "position", "entity", "reference_position", "source", "target", "connection_type", "prototype",
    "seconds", "args", "message", "code", "name", "building_box", "center_position", "silo", "new_name", "text", "token",
    "set_research.technology", "close_viewport.lease", "shift_entity.direction", "start_agent.agent",
}  # fmt: skip
"""Arguments that can't be left out; where only one tool wants one, with the tool."""
NOT_REQUIRED = {
    "checkpoint.name",
    "get_entities.position",
    "pickup_entity.position",
    "get_connection_amount.connection_type",
}
TEXTS = {
    "message",
    "args",
    "code",
    "player",
    "recipient",
    "sender",
    "text",
    "token",
    "lease",
    "restore.name",
    "checkpoint.name",
}
NAMES = {"name", "new_name"}
"""Of worlds: any text may be one, and then something would come of it."""
HUGE = 10_000_000
NEVER_RIGHT = (
    -1, 2**80, 1e308, -(10**30), float("nan"), float("inf"), [], {}, [[]], {"x": 1}, {"x": "1", "y": "2"},
    {"x": 1e9, "y": 2}, {"x": 1, "y": 2, "z": 3}, True, [None], {"position": 3}, "\x00", "💥" * 50, "no-such-thing",
)  # fmt: skip
"""None of these is a value that any argument above takes; but for what `fits` leaves to some of them."""


def fits(tool: str, argument: str, value: Any) -> bool:
    """Whether a value of NEVER_RIGHT is one that this argument does take."""
    full = f"{tool}.{argument}"
    if isinstance(value, bool):
        return argument in ("exact", "all_players", "take_over", "dry_run")
    if isinstance(value, float) and not math.isfinite(value):
        # A client writes null for it, and what is null is left out.
        return not required(tool, argument)
    if argument in TEXTS or full in TEXTS:
        return isinstance(value, str) or (argument == "args" and value == [])
    if argument in NAMES:
        return isinstance(value, str)
    if argument in ("x", "y"):
        return bool(value == -1)
    if argument == "metadata":
        return isinstance(value, dict)
    return argument in ("entities", "connection_type", "layers") and value == []


def required(tool: str, argument: str) -> bool:
    """Whether a tool can't do without an argument."""
    full = f"{tool}.{argument}"
    return full in REQUIRED or (argument in REQUIRED and full not in NOT_REQUIRED)


def bad_calls(chance: random.Random, tools: dict[str, Arguments]) -> Iterator[Call]:
    """Calls that are wrong in one way each, without end."""
    while True:
        tool = chance.choice(sorted(tools))
        arguments = copy.deepcopy(tools[tool])
        name = chance.choice(sorted(arguments)) if arguments else ""
        match chance.randrange(4):
            case 0 if required(tool, name):
                del arguments[name]
            case 1:
                tool = chance.choice(["", "place", "run_programm", "../observe", "x" * 1000])
            case 2 if arguments:
                arguments[name] = chance.choice([bad for bad in NEVER_RIGHT if not fits(tool, name, bad)])
            case _:
                arguments[chance.choice(["entitty", "", "x" * 200, "self", "__class__", "call"])] = 1
        yield tool, arguments


def huge_call(chance: random.Random, tools: dict[str, Arguments]) -> Call:
    """A call with a string of ten megabytes."""
    tool = chance.choice(sorted(tool for tool in tools if tools[tool]))
    arguments = copy.deepcopy(tools[tool])
    arguments[chance.choice(sorted(arguments))] = "x" * HUGE
    return tool, arguments


PROGRAMS = (
    "print(inspect_inventory())",
    "kept = globals().get('kept', 0) + 1\nprint(kept)",
    "harvest_resource(nearest(Resource.Wood), 2)",
    "move_to(Position(x=3, y=4))\nprint(player_location)",
    "sleep(2)",
    "place_entity(Prototype.WoodenChest, position=Position(x=1, y=2))",
    "print(1 / 0)",
    "this is no Python",
    "craft_item(Prototype.RocketSilo)",
)


def good_calls(chance: random.Random, tools: dict[str, Arguments]) -> Iterator[Call]:
    """Calls that make sense, without end. What is done with chests is done at few places, so that some of it succeeds."""
    while True:
        tool = chance.choice(sorted(tools))
        arguments = copy.deepcopy(tools[tool])
        for value in arguments.values():
            if isinstance(value, dict) and "x" in value:
                value["x"] += chance.randrange(3)
        if tool == "run_program":
            arguments["code"] = chance.choice(PROGRAMS)
        yield tool, arguments


CUT: tuple[Call, ...] = (
    ("run_program", {"code": "while True:\n    sleep(1)", "timeout_s": 30}),
    ("run_program", {"code": "while True:\n    pass", "timeout_s": 30}),
    ("sleep", {"seconds": 60}),
    ("move_to", {"position": {"x": 40, "y": 40}}),
    ("move_to", {"position": {"x": 0, "y": 0}}),
    ("craft_item", {"entity": "wooden-chest", "quantity": 1}),
    ("screenshot", {"x": 1, "y": 2, "zoom": 1, "width": 640, "height": 480}),
    ("get_entities", {}),
)
"""What is worth cutting off: most of it takes a while."""
