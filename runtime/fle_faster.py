"""Faster equivalents of what FLE's Python clients do at length, for processes in which FLE is attached to a world.

FLE's files stay as they are: `put_in_place` sets the names by which FLE's modules find these helpers, once, when FLE has been
imported. Each gives exactly what FLE's own gives, which the tests compare, for recorded answers of a world and for others:

- FLE's reader of Lua's tables (`lua_text.DumpReader`): FLE's goes through an answer letter by letter, 0.4 ms for each belt.
- `clean_response`: FLE's asks of each table, key by key, whether it is a list.
- `construct_belt_groups`: FLE's compares each belt with each in its group, and collects a group's places anew for each belt.

And what importing FLE has left in memory is not gone through again whenever Python looks for garbage.
"""

import gc
from collections.abc import Callable
from typing import Any

from fle.env.entities import Direction, UndergroundBelt
from fle.env.tools.agent.connect_entities import groupable_entities
from fle.env.tools.controller import Controller
from fle.env.utils import rcon

from runtime.lua_text import DumpReader

Place = tuple[float, float]

FLE_CLEAN_RESPONSE: Callable[[Any, Any], Any] = Controller.clean_response
FLE_CONSTRUCT_BELT_GROUPS: Callable[[Any, Any], Any] = groupable_entities.construct_belt_groups


def put_in_place() -> None:
    """Gives FLE the helpers of this module."""
    if isinstance(rcon.lua, DumpReader):
        return
    rcon.lua = DumpReader()
    Controller.clean_response = clean_response
    groupable_entities.construct_belt_groups = construct_belt_groups
    gc.collect()
    gc.freeze()


_EMPTY_LISTS = ("warnings", "input_connection_points", "output_connection_points")
_TEXTS = {str}


def clean_response(self: Controller, response: Any) -> dict[Any, Any]:
    """FLE's: an entity's table with lists for tables that are lists, and its direction as FLE's."""
    cleaned = {}
    for key, value in response.items():
        kind = type(value)
        if key == "direction":
            if isinstance(value, str):
                cleaned[key] = Direction.from_string(value)
            elif isinstance(value, (int, float)):
                number = int(value)
                try:
                    cleaned[key] = Direction(number)
                except ValueError:
                    cleaned[key] = number
        elif not value and key in _EMPTY_LISTS:
            cleaned[key] = []
        elif kind is dict or kind is list or isinstance(value, (dict, list)):
            cleaned[key] = _clean(value)
        else:
            cleaned[key] = value
    return cleaned


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, dict):
        return value
    if not value:
        return {}
    if set(map(type, value)) != _TEXTS or "1" in value:
        keys = {str(key) for key in value}
        if all(str(number) in keys for number in range(1, len(value) + 1)):
            return [_clean(item) for _, item in sorted(value.items(), key=_number_of)]
        if any(isinstance(key, int) for key in value) and all(map(_is_stack, value.values())):
            return {stack["name"]: stack["count"] for stack in value.values()}
    return {key: _clean(item) if isinstance(item, (dict, list)) else item for key, item in value.items()}


def _number_of(entry: tuple[Any, Any]) -> int:
    return int(str(entry[0]))


def _is_stack(value: Any) -> bool:
    return isinstance(value, dict) and "name" in value and "count" in value


def construct_belt_groups(belts: list[Any], prototype: Any) -> list[Any]:
    """FLE's: belts as groups of those that lead into each other. FLE's fails for a line of a thousand belts; this doesn't."""
    walks = _BeltWalks(belts)
    groups = [
        groupable_entities._construct_group(
            id=number, entities=list(dict.fromkeys(group)), prototype=prototype, position=group[0].position
        )
        for number, group in enumerate(_merged(walks.groups()))
    ]
    return list(groupable_entities.consolidate_underground_belts(groups))


class _BeltWalks:
    """Walks along belts, each belt once, from where belts begin, then backward from where they end, then from the others."""

    def __init__(self, belts: list[Any]) -> None:
        self._belts = belts
        self._by_place = {_rounded(belt.position): belt for belt in belts}
        self._sources = [belt for belt in belts if belt.is_source]
        self._ends = [belt for belt in belts if belt.is_terminus]
        self._source_places = {_exact(belt) for belt in self._sources}
        self._end_places = {_exact(belt) for belt in self._ends}
        under = [belt for belt in belts if isinstance(belt, UndergroundBelt)]
        self._entrances = [(_rounded(b.position), b.direction) for b in under if b.is_input]
        self._exits = [(_rounded(b.position), b.direction) for b in under if not b.is_input]
        self._visited: set[Place] = set()

    def groups(self) -> list[list[Any]]:
        """What each walk met, in order. Where a walk begins and ends, belts are marked as sources and ends."""
        walked = [self._forward(belt) for belt in self._sources]
        walked += [self._backward(belt) for belt in self._ends]
        if not any(walked):
            walked = [self._forward(self._by_place[place]) for place, _ in self._entrances]
        if not any(walked) and self._belts:
            walked = [self._forward(self._belts[0])]
        for belt in self._belts:
            if _rounded(belt.position) not in self._visited:
                for met in self._backward(belt):
                    self._visited.discard(_rounded(met.position))
                walked.append(self._forward(belt))
        return [group for group in walked if group]

    def _forward(self, belt: Any) -> list[Any]:
        group: list[Any] = []
        places: set[Place] = set()
        while (place := _rounded(belt.position)) not in self._visited:
            if not group:
                belt.is_source = True
            if _exact(belt) not in places:
                group.append(belt)
                places.add(_exact(belt))
            self._visited.add(place)
            following = self._by_place.get(self._next_place(belt, place))
            if following is None:
                if _exact(group[-1]) not in self._end_places:
                    group[-1].is_terminus = True
                break
            belt = following
        return group

    def _backward(self, belt: Any) -> list[Any]:
        group: list[Any] = []  # the last belt first
        places: set[Place] = set()
        while (place := _rounded(belt.position)) not in self._visited:
            if not group:
                belt.is_terminus = True
            if _exact(belt) not in places:
                group.append(belt)
                places.add(_exact(belt))
            self._visited.add(place)
            before = self._by_place.get(self._place_before(belt, place))
            if before is None:
                if _exact(group[-1]) not in self._source_places:
                    group[-1].is_source = True
                break
            belt = before
        return group[::-1]

    def _next_place(self, belt: Any, place: Place) -> Place:
        if isinstance(belt, UndergroundBelt) and belt.is_input:
            found = self._exit_of(place, belt.direction)
            if found:
                return found
        return _rounded(belt.output_position)

    def _place_before(self, belt: Any, place: Place) -> Place:
        if isinstance(belt, UndergroundBelt) and not belt.is_input:
            for entrance, direction in self._entrances:
                if self._exit_of(entrance, direction) == place:
                    return entrance
        return _rounded(belt.input_position)

    def _exit_of(self, entrance: Place, direction: Any) -> Place | None:
        """The nearest exit of the same direction, up to four tiles ahead."""
        ahead = _AHEAD.get(direction.value)
        nearest, least = None, float("inf")
        for place, exit_direction in self._exits:
            if ahead is None or exit_direction != direction:
                continue
            x, y = place[0] - entrance[0], place[1] - entrance[1]
            distance = x * ahead[0] + y * ahead[1]
            if x * ahead[1] == y * ahead[0] and 0 < distance <= 4 and distance < least:
                nearest, least = place, distance
        return nearest


_AHEAD = {
    Direction.UP.value: (0, -1),
    Direction.RIGHT.value: (1, 0),
    Direction.DOWN.value: (0, 1),
    Direction.LEFT.value: (-1, 0),
}


def _merged(groups: list[list[Any]]) -> list[list[Any]]:
    """Groups, those that lead into an earlier one joined to it."""
    merged: list[tuple[list[Any], set[Place]]] = []
    for group in groups:
        outputs = {(belt.output_position.x, belt.output_position.y) for belt in group}
        joined = next(((belts, places) for belts, places in merged if not outputs.isdisjoint(places)), None)
        if joined is None:
            merged.append((group, {_exact(belt) for belt in group}))
            continue
        belts, places = joined
        for belt in group:
            if _exact(belt) not in places:
                belts.append(belt)
                places.add(_exact(belt))
    return [group for group, _ in merged]


def _exact(belt: Any) -> Place:
    """What FLE compares belts by."""
    return belt.position.x, belt.position.y


def _rounded(position: Any) -> Place:
    return round(position.x, 2), round(position.y, 2)
