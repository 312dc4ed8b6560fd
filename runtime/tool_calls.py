"""In the fork server and in program processes: FLE's names, and typed calls of FLE's tools.

A call comes as JSON that the trusted side has checked (`runtime.tool_arguments`): names in Factorio's spelling,
things that stand in the world as {"x", "y", "name"}. Here it becomes FLE's objects, and what FLE returns becomes
JSON again (`runtime.result_shapes`).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from fle.env.entities import BuildingBox, Direction, Entity, EntityGroup, EntityStatus, Position
from fle.env.game_types import Prototype, RecipeName, Resource, Technology, prototype_by_name

from runtime.result_shapes import shape
from runtime.tool_arguments import MAX_RESULT_CHARACTERS

_RESOURCES = {value[0]: value for value in vars(Resource).values() if isinstance(value, tuple)}
_RECIPES = {member.value: member for member in RecipeName}
_DIRECTIONS = {name: Direction[name.upper()] for name in ("up", "right", "down", "left")}
_POLES = {Prototype.SmallElectricPole, Prototype.MediumElectricPole, Prototype.BigElectricPole}

Tool = Callable[..., Any]


class CallFailed(Exception):
    """A call that can't be made; the message is one sentence."""


def fle_names() -> dict[str, dict[str, str]]:
    """By kind, FLE's spelling of each name it knows -> Factorio's spelling."""
    return {
        "prototypes": {spelling: member.value[0] for spelling, member in Prototype.__members__.items()},
        "resources": {
            spelling: value[0] for spelling, value in vars(Resource).items() if isinstance(value, tuple)
        },
        "technologies": {spelling: member.value for spelling, member in Technology.__members__.items()},
        "recipes": {spelling: member.value for spelling, member in RecipeName.__members__.items()},
    }


class ToolCaller:
    """Calls FLE's own tools, whatever agents' programs have since made of the names in their namespace.

    tools: FLE's tools by name.
    """

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = dict(tools)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """What a tool returns, as JSON of MAX_RESULT_CHARACTERS at most.

        Raises CallFailed, or what FLE raises.
        """
        given = {name: self._argument(tool, name, value) for name, value in arguments.items()}
        if tool == "pickup_entity" and not isinstance(given["entity"], Prototype):
            given.pop("position", None)
        if tool in ("connect_entities", "get_connection_amount"):
            kinds = given.get("connection_type", Prototype.Pipe)
            given["connection_type"] = set(kinds) if isinstance(kinds, list) else kinds
        if tool == "get_entities":
            given["entities"] = set(given.get("entities", ()))
        if tool == "extract_item":
            given["quantity"] = self._there(**given)
        if tool == "place_entity_next_to" and not self._tools["inspect_inventory"]()[given["entity"]]:
            # FLE places it all the same.
            raise CallFailed(f"You carry no {arguments['entity']}.")
        returned = self._tools[tool](**given)
        if tool == "connect_entities":
            self._warn_of_gaps(given["source"], given["target"], given["connection_type"])
        if tool == "place_entity" and given.get("exact", True):
            returned = self._placed(returned, **given)
        if tool == "get_entity" and returned is None:
            raise CallFailed(f"There is no {arguments['entity']} there that FLE can read.")
        if tool == "launch_rocket" and returned.status is not EntityStatus.LAUNCHING_ROCKET:
            state = returned.status.value.replace("_", " ")
            raise CallFailed(f"The rocket is not ready ({state}, {returned.rocket_parts} parts made).")
        return _bounded(shape(returned))

    def _placed(self, returned: Any, entity: Prototype, position: Position, **other: Any) -> Any:
        """What was placed: FLE may give another of its kind that stands beside it."""
        away = max(abs(returned.position.x - position.x), abs(returned.position.y - position.y))
        return returned if away < 1 else self._tools["get_entity"](entity, position) or returned

    def _there(self, entity: Prototype, source: Any, quantity: int = 5) -> int:
        """So many of an item as are wanted and there: FLE hands out more than a thing of several inventories holds."""
        inventories: dict[str, dict[str, int]] = shape(source).get("contents", {})
        held = sum(items.get(entity.value[0], 0) for items in inventories.values())
        return min(quantity, held) or quantity

    def _warn_of_gaps(self, *ends: Any) -> None:
        """Says which of the things that poles were to connect have no power: FLE takes a wire's reach for theirs."""
        kinds = ends[-1] if isinstance(ends[-1], set) else {ends[-1]}
        if not kinds <= _POLES:
            return
        for end in ends[:-1]:
            if isinstance(end, Entity) and not isinstance(end, EntityGroup):
                seen = self._tools["get_entity"](_prototype(end.name), end.position)
                if seen is not None and any("connected to power" in str(one) for one in seen.warnings or ()):
                    print(
                        f"The {end.name} at ({end.position.x:g}, {end.position.y:g}) is not reached: place a "
                        "pole nearer to it."
                    )

    def _argument(self, tool: str, name: str, value: Any) -> Any:
        """A JSON value as the object that FLE takes for this parameter."""
        if isinstance(value, dict):
            if "width" in value:
                return BuildingBox(**value)
            if "name" in value:
                return self._thing(**value)
            return Position(**value)
        if isinstance(value, list):
            return [_prototype(item) for item in value]
        if not isinstance(value, str):
            return value
        if name == "direction":
            return _DIRECTIONS[value]
        if name == "technology":
            return value
        if name == "resource" or (name == "type" and value in _RESOURCES):
            return _RESOURCES[value]
        if name == "prototype" and value not in prototype_by_name:
            return _RECIPES[value]
        return _prototype(value)

    def _thing(self, x: float, y: float, name: str) -> Entity:
        entity = self._tools["get_entity"](_prototype(name), Position(x=x, y=y))
        if entity is None:
            raise CallFailed(f"FLE can't read the {name} at ({x:g}, {y:g}).")
        return entity


def _prototype(name: str) -> Prototype:
    try:
        return prototype_by_name[name]
    except KeyError:
        raise CallFailed(f"FLE doesn't know {name}.") from None


def _bounded(value: Any) -> str:
    """Its JSON; a list that is too long loses its last members, which is said in print."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(text) <= MAX_RESULT_CHARACTERS:
        return text
    if not isinstance(value, list):
        raise CallFailed(f"The result is too large: {len(text)} characters.")
    room = MAX_RESULT_CHARACTERS - 2
    kept: list[str] = []
    for item in value:
        part = json.dumps(item, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        room -= len(part) + 1
        if room < 0:
            break
        kept.append(part)
    print(f"{len(value) - len(kept)} of {len(value)} are left out; ask for a smaller area.")
    return "[" + ",".join(kept) + "]"


def reason(error: BaseException) -> str:
    """What an exception of FLE's says, with what it holds of others."""
    parts = [reason(part) if isinstance(part, BaseException) else str(part) for part in error.args]
    return ": ".join(part for part in parts if part) or type(error).__name__
