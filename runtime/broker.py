"""The broker: what a program process may ask of its world.

FLE inside a program process writes RCON commands. The broker, on the trusted side, takes a command apart,
accepts only calls of FLE's agent actions with literal arguments (and the few queries that FLE's clients
need), and writes the command anew; text from inside never reaches the world. It keeps the rules that FLE
keeps only in its clients: an action's answer is held back until the world's tick has advanced by what the
action cost (`storage.elapsed_ticks`, in ticks of 1/60 game second), and things far away can't be reached.
"""

import math
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from runtime.lua_literals import Literal, LiteralError, LiteralReader, encode

SIGNATURES: dict[str, str] = {
    "can_place_entity": "Psnnn",
    "connect_entities": "Pnnnnnsbn",
    "craft_item": "Psn",
    "extract_item": "Psnnns",
    "get_entities": "Pnsnn",
    "get_entity": "Psnn",
    "get_prototype_recipe": "Ps",
    "get_research_progress": "Ps",
    "get_resource_patch": "Psnnn",
    "harvest_resource": "Pnnnn",
    "insert_item": "Psnnns",
    "inspect_inventory": "Pbnnsb",
    "launch_rocket": "Pnn",
    "move_to": "Pnsn",
    "nearest": "Ps",
    "nearest_buildable": "Pstt",
    "pickup_entity": "Pnns",
    "place_entity": "Psnnnb",
    "place_entity_next_to": "Psnnnn",
    "production_stats": "P",
    "rotate_entity": "Pnnns",
    "score": "",
    "set_entity_recipe": "Psnn",
    "set_research": "Ps",
    "sleep": "n",
    "request_path": "Pnnnnnbnn",
    "get_path": "n",
    "extend_collision_boxes": "Pnnnn",
    "clear_collision_boxes": "P",
}
"""FLE's actions that are open to programs and their arguments: P this player's index, n number, s string,
b boolean, t table. Trailing ones may be absent or nil."""

QUERIES: dict[str, str] = {
    "get_harvest_queue_length": "P",
    "get_walking_queue_length": "P",
    "get_resource_name_at_position": "Pnn",
}

LOOKS = frozenset({"get_entities", "get_entity"})
"""Actions before which FLE's clients pause, so that what was done shows its effects."""
SETTLE_TICKS, SETTLE_SECONDS = 6, 0.1
"""After the last act, before one of LOOKS: FLE's pause of 0.1 s at the game's own speed, and at most so long."""
PATHS = {"get_path": 0, "connect_entities": 5}
"""Actions that go by a path which was asked for, and which of their arguments is its number."""
PATH_SECONDS = 0.05
"""How long such an action is held back at most while its path is not found yet, as FLE's clients wait for one."""
_FAILURE = re.compile(r'\["a"\] = false,\s*\["b"\] = (.*?),?\s*\}\s*$', re.DOTALL)

ELAPSED_QUERY = "/sc rcon.print(storage.elapsed_ticks or 0)"
MAX_SLEEP_SECONDS = 24 * 3600
MAX_BUILDING_TILES = 900
"""Of an area that nearest_buildable looks for: as much as a typed call may ask for."""

_ACTION_HEAD = re.compile(r"/silent-command a, b = pcall\(storage\.actions\.([a-z_]{1,40})")
_ACTION_TAIL = "; rcon.print(dump({a=a, b=b}))"
_QUERY_HEAD = re.compile(r"/silent-command rcon\.print\(storage\.actions\.([a-z_]{1,40})\(")
_KINDS = {"n": "a number", "s": "a string", "b": "a boolean", "t": "a table"}

# FLE's Lua lets these be called from anywhere (spec: sandbox.md), so the distance is looked at here. A
# silo is 9 tiles wide, so its middle may be half of that beyond the character's reach.
_REACH_GUARDS = {
    "pickup_entity": (
        "local dx, dy = c.position.x - ({1}), c.position.y - ({2}); local d = (dx * dx + dy * dy) ^ 0.5; "
        'if d > c.reach_distance then error(string.format("\\"The position is %.1f tiles away and the reach '
        'is %d tiles. Move closer.\\"", d, c.reach_distance), 0) end'
    ),
    "launch_rocket": (
        "if #c.surface.find_entities_filtered({{name = 'rocket-silo', position = c.position, "
        "radius = c.reach_distance + 4.5, limit = 1}}) == 0 then "
        'error("\\"No rocket silo within reach. Move closer.\\"", 0) end'
    ),
}


class World(Protocol):
    """What the broker needs of a world (runtime.rcon_client.WorldClient has it)."""

    def command(self, text: str) -> str:
        """Sends an RCON command, returns what it printed."""

    def tick(self) -> int:
        """The world's present tick, read without disturbing it."""


class Refused(Exception):
    """A command that is not open to programs; the message is one sentence for the agent."""


class TimeUp(Exception):
    """The program's wall time ran out while an action's game time was passing."""


@dataclass(frozen=True)
class Call:
    """A call of one of FLE's actions, checked and with this player's index in place."""

    action: str
    arguments: tuple[Literal, ...]


def parse_call(text: str, player_index: int = 1) -> Call:
    """Takes FLE's `/silent-command a, b = pcall(storage.actions.NAME, …)` apart.

    Raises Refused for anything but a call of an action in SIGNATURES with arguments of the kinds named there.
    """
    head = _ACTION_HEAD.match(text)
    if head is None:
        raise Refused("Only calls of the tools reach the world, not Lua or console commands.")
    return _check(head.group(1), SIGNATURES, text, head.end(), ",", _ACTION_TAIL, player_index)


def parse_query(text: str, player_index: int = 1) -> Call | None:
    """The call in one of FLE's plain queries (QUERIES), or None if `text` isn't of that form."""
    head = _QUERY_HEAD.match(text)
    if head is None:
        return None
    return _check(head.group(1), QUERIES, text, head.end(), "", ")", player_index)


def _check(
    action: str,
    signatures: dict[str, str],
    text: str,
    at: int,
    first_separator: str,
    tail: str,
    player_index: int,
) -> Call:
    signature = signatures.get(action)
    if signature is None:
        raise Refused(f"The action {action} is not open to programs.")
    reader = LiteralReader(text, at)
    arguments: list[Literal] = []
    try:
        separator = first_separator
        while not reader.accept(")"):
            if len(arguments) >= len(signature):
                raise Refused(f"{action} takes at most {len(signature)} arguments.")
            if separator:
                reader.expect(separator)
            arguments.append(reader.value())
            separator = ","
    except LiteralError as error:
        raise Refused(f"{action}: {error}.") from error
    if text[reader.at :] != tail:
        raise Refused(f"{action}: there is more after the call than FLE sends.")
    if action == "move_to":
        # FLE's client sends the string "nil" for "lay nothing".
        arguments = [None if argument == "nil" else argument for argument in arguments]
        if any(argument is not None for argument in arguments[2:]):
            # FLE's Lua for it turns a belt to a direction that Factorio 2.0 hasn't, and never ends.
            raise Refused("move_to can't lay anything on its way here: lay it with connect_entities.")
    while arguments and arguments[-1] is None:
        arguments.pop()
    for number, (kind, argument) in enumerate(zip(signature, arguments, strict=False), 1):
        if kind != "P" and not _is_kind(kind, argument):
            raise Refused(f"{action}: argument {number} is {argument!r} and should be {_KINDS[kind]}.")
    if action in _REACH_GUARDS and len(arguments) < len(signature):
        raise Refused(f"{action} takes {len(signature)} arguments.")
    if signature.startswith("P"):
        arguments[:1] = [player_index]
    if action == "sleep" and not (
        arguments and isinstance(arguments[0], int | float) and 0 <= arguments[0] <= MAX_SLEEP_SECONDS
    ):
        raise Refused(f"sleep takes from 0 to {MAX_SLEEP_SECONDS} seconds.")
    if action == "nearest_buildable" and len(arguments) > 2 and _tiles(arguments[2]) > MAX_BUILDING_TILES:
        raise Refused(
            f"nearest_buildable looks for an area of up to {MAX_BUILDING_TILES} tiles: a larger one holds up the world "
            "for minutes."
        )
    return Call(action, tuple(arguments))


def _tiles(box: Literal) -> float:
    """How many tiles FLE's box from (0, 0) to its `right_bottom` has; endless where that is none."""
    match box:
        case {"right_bottom": {"x": int() | float() as width, "y": int() | float() as height}}:
            return width * height
    return math.inf


def _is_kind(kind: str, argument: Literal) -> bool:
    if kind == "n":
        return isinstance(argument, int | float) and not isinstance(argument, bool)
    if kind == "s":
        return isinstance(argument, str)
    if kind == "b":
        return isinstance(argument, bool)
    return isinstance(argument, dict | list)


def encode_call(call: Call) -> str:
    """The RCON command for a checked call.

    It prints a first line `TICK COST ELAPSED` (the tick of the call, what it added to
    `storage.elapsed_ticks`, and that sum), then FLE's own answer.
    """
    arguments = [encode(argument) for argument in call.arguments]
    target = f"storage.actions.{call.action}"
    guard = _REACH_GUARDS.get(call.action)
    if guard is None:
        invocation = ", ".join([f"pcall({target}", *arguments]) + ")"
    else:
        check = guard.format(*arguments)
        invocation = (
            f"pcall(function() local c = storage.utils.ensure_valid_character({arguments[0]}); {check}; "
            f"return {target}({', '.join(arguments)}) end)"
        )
    return (
        "/silent-command local t, e = game.tick, storage.elapsed_ticks or 0; "
        f"local a, b = {invocation}; "
        'local n = storage.elapsed_ticks or 0; rcon.print(t .. " " .. (n - e) .. " " .. n); '
        "rcon.print(dump({a=a, b=b}))"
    )


class Broker:
    """Answers one program process's commands, one at a time.

    world: the world; its `tick` must not disturb it.
    speed: gives the world's present speed (1 is 60 ticks a second), to know how long to wait.
    score: gives (production score, automated score) as the trusted side knows them; without it FLE's
        own Lua is asked.
    on_activity: is told in a few words what the player is doing.
    """

    def __init__(
        self,
        world: World,
        *,
        speed: Callable[[], float],
        score: Callable[[], tuple[float, float]] | None = None,
        on_activity: Callable[[str], None] = lambda activity: None,
        player_index: int = 1,
    ) -> None:
        self._world = world
        self._speed = speed
        self._score = score
        self._on_activity = on_activity
        self._player_index = player_index
        self._elapsed: float | None = None
        self._path_goals: dict[Literal, tuple[Literal, Literal]] = {}
        self.failure: str | None = None
        """What FLE's Lua said in the last answer, if that call failed: its clients drop parts of it."""
        self.acted = 0
        """The tick at which the last action that changes something was over."""
        self.after: Broker = self
        """Whose actions are waited for before LOOKS; another's, for a process that only looks."""
        self.waited_s = 0.0
        """Wall seconds that it waited for the world's time, since it was made."""
        self.stop = threading.Event()
        """Set it to end a wait at once (TimeUp)."""

    def answer(self, text: str, deadline: float) -> str:
        """Carries out one command of FLE's, returns what FLE's client reads.

        text: the command as FLE wrote it. deadline: in seconds of time.monotonic.

        Raises Refused, TimeUp, or what the world client raises when the world is gone.
        """
        if text == ELAPSED_QUERY:
            return str(math.floor(self._elapsed_ticks()))
        query = parse_query(text, self._player_index)
        if query is not None:
            arguments = ", ".join(encode(argument) for argument in query.arguments)
            return self._world.command(
                f"/silent-command rcon.print(storage.actions.{query.action}({arguments}))"
            )
        call = parse_call(text, self._player_index)
        if call.action == "score" and self._score is not None:
            production, automated = self._score()
            return (
                f'{{ ["a"] = true,["b"] = {{ ["player"] = {math.floor(production)},'
                f'["automated"] = {math.floor(automated)},}} ,}} '
            )
        return self._act(call, deadline)

    def _elapsed_ticks(self) -> float:
        if self._elapsed is None:
            self._elapsed = float(self._world.command(ELAPSED_QUERY).strip() or 0)
        return self._elapsed

    def _act(self, call: Call, deadline: float) -> str:
        activity = describe(call, self._path_goals)
        if activity is not None:
            self._on_activity(activity)
        if call.action in LOOKS:
            self._settle()
        if call.action in PATHS and len(call.arguments) > PATHS[call.action]:
            self._await_path(call.arguments[PATHS[call.action]], deadline)
        self.failure = None
        response = self._world.command(encode_call(call))
        header, _, answer = response.partition("\n")
        numbers = header.split(" ")
        try:
            tick, cost, self._elapsed = int(numbers[0]), float(numbers[1]), float(numbers[2])
        except (ValueError, IndexError) as error:
            raise Refused(f"The world could not run {call.action}: {response.strip()}") from error
        failed = _FAILURE.search(answer)
        if failed is not None:
            self.failure = failed.group(1)
        if call.action == "request_path":
            self._remember_goal(call, answer)
        if not _is_dry_run(call):
            self._wait_for(tick + math.ceil(cost), deadline)
        if activity is not None:
            self.acted = tick + math.ceil(cost)
        return answer

    def _settle(self) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        with suppress(TimeUp):
            self._wait_for(self.after.acted + SETTLE_TICKS, deadline)

    def _await_path(self, number: Literal, deadline: float) -> None:
        """Gives a path that was asked for some time to be found."""
        sought = f"storage.path_requests[{encode(number)}] and not storage.paths[{encode(number)}] and 1 or 0"
        deadline = min(deadline, time.monotonic() + PATH_SECONDS)
        with suppress(TimeUp):
            while self._world.command(f"/silent-command rcon.print({sought})").strip() == "1":
                self._wait_for(self._world.tick() + 1, deadline)

    def _remember_goal(self, call: Call, answer: str) -> None:
        handle = re.search(r'\["b"\] = (\d+)', answer)
        if handle is not None and len(call.arguments) >= 5:
            if len(self._path_goals) >= 100:
                self._path_goals.clear()
            self._path_goals[int(handle.group(1))] = (call.arguments[3], call.arguments[4])

    def _wait_for(self, tick: int, deadline: float) -> None:
        """Returns once the world's tick is `tick` or later; waits for a paused world until the deadline."""
        remaining = tick - self._world.tick()
        if remaining <= 0:
            return
        began = time.monotonic()
        try:
            while remaining > 0:
                left = deadline - time.monotonic()
                if left <= 0 or self.stop.is_set():
                    raise TimeUp
                # Looking four times a second notices changes of speed and pauses.
                self.stop.wait(min(max(remaining / 60 / self._speed(), 0.001), left, 0.25))
                remaining = tick - self._world.tick()
        finally:
            self.waited_s += time.monotonic() - began


def _is_dry_run(call: Call) -> bool:
    """`connect_entities` adds the walk to the elapsed ticks also when it only counts what it would need."""
    return call.action == "connect_entities" and len(call.arguments) >= 8 and call.arguments[7] is True


def describe(call: Call, path_goals: dict[Literal, tuple[Literal, Literal]] | None = None) -> str | None:
    """What the player is doing, in a few words for people who watch; None for calls that only look."""
    given = [*call.arguments, *[None] * 9][:9]
    match call.action:
        case "move_to":
            goal = (path_goals or {}).get(given[1])
            return f"moving to {_place(*goal)}" if goal else "moving"
        case "craft_item":
            return f"crafting {given[2]} {given[1]}"
        case "harvest_resource":
            return f"harvesting {given[3]} at {_place(given[1], given[2])}"
        case "place_entity":
            return f"placing {given[1]} at {_place(given[3], given[4])}"
        case "place_entity_next_to":
            return f"placing {given[1]} next to {_place(given[2], given[3])}"
        case "insert_item":
            return f"inserting {given[2]} {given[1]} at {_place(given[3], given[4])}"
        case "extract_item":
            return f"taking {given[2]} {given[1]} from {_place(given[3], given[4])}"
        case "pickup_entity":
            return f"picking up {given[3]} at {_place(given[1], given[2])}"
        case "rotate_entity":
            return f"rotating {given[4]} at {_place(given[1], given[2])}"
        case "connect_entities" if not _is_dry_run(call):
            return f"connecting {_place(given[1], given[2])} with {_place(given[3], given[4])}"
        case "set_entity_recipe":
            return f"setting recipe {given[1]} at {_place(given[2], given[3])}"
        case "set_research":
            return f"researching {given[1]}"
        case "launch_rocket":
            return "launching a rocket"
        case "sleep":
            return f"waiting {given[0]} s"
    return None


def _place(x: Literal, y: Literal) -> str:
    return f"({x}, {y})"
