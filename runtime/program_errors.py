"""In program processes: where a program failed and why, in one or two sentences; and which call of FLE's tools it was.

What a failed call meant goes to the trusted side as JSON, which checks it like a call of its own and asks the world
what would work (`runtime.tool_hints`).
"""

import ast
import enum
import inspect
import json
import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fle.env.entities import BuildingBox, Direction, Entity, EntityGroup, Position
from fle.env.game_types import Prototype, RecipeName, Resource, Technology

from runtime.fle_errors import TOO_MUCH, TOO_MUCH_SAID, clean
from runtime.names import nearest
from runtime.tool_calls import reason

MAX_CHARACTERS = 1_000
_AGENTS_CODE = "file"
"""What FLE names the file of a program."""
_GROUPS = {"BeltGroup": "belt-group", "PipeGroup": "pipe-group", "ElectricityGroup": "electricity-group"}
_MISUSE = (TypeError, AttributeError, ValueError, AssertionError, KeyError)
"""What FLE's tools raise for arguments of the wrong kind; for what can't be done they raise Exception itself."""
_MISSING = re.compile(r"^'(Prototype|RecipeName|Technology)' has no attribute '(\w+)'")
_CLASS = re.compile(r"<(?:class|enum) '(?:\w+\.)*(\w+)'>")
_OF_CALL = re.compile(r"\w+\.__call(_impl)?__\(\) ")
_WRONG_KIND = re.compile(r"'(\w+)' object has no attribute")
_KINDS: dict[str, dict[str, str]] = {
    "Resource": {name: value[0] for name, value in vars(Resource).items() if isinstance(value, tuple)},
    "Prototype": {name: member.value[0] for name, member in Prototype.__members__.items()},
    "Technology": {name: member.value for name, member in Technology.__members__.items()},
    "RecipeName": {name: member.value for name, member in RecipeName.__members__.items()},
    "Direction": {name: name.lower() for name in Direction.__members__},
}
"""FLE's enumerations: its names of things, and Factorio's."""
FEW = 20
"""Of so few names all are told where none is near."""


@dataclass(frozen=True)
class Call:
    """A call of one of FLE's tools that raised."""

    error: BaseException
    tool: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    signature: inspect.Signature
    refused: bool = False
    """The broker did not let its command through, and says why."""

    def as_json(self) -> dict[str, Any] | None:
        """The arguments as `runtime.tool_arguments` takes them; None where one is of no kind that it knows."""
        if self.refused:
            return None
        try:
            given = self._given()
            read = {name: _json(value) for name, value in given.items() if value is not None}
            return read if len(json.dumps(read, allow_nan=False)) < MAX_CHARACTERS else None
        except (TypeError, ValueError):
            return None

    def _given(self) -> dict[str, Any]:
        if self.tool != "connect_entities":
            return self.signature.bind(*self.arguments, **self.named).arguments
        # It takes any number of places, and what connects them anywhere.
        kinds = [value for value in self.arguments if isinstance(value, Prototype | set | frozenset | list)]
        places = [value for value in self.arguments if value not in kinds]
        given = dict(zip(("source", "target"), places[:1] + places[1:][-1:], strict=False))
        return {**given, **({"connection_type": kinds[-1]} if kinds else {}), **self.named}

    @property
    def usage(self) -> str:
        """How the tool is called: `craft_item(entity: Prototype, quantity: int = 1)`."""
        if self.tool == "connect_entities":
            return "connect_entities(source, target, connection_type: Prototype)"
        plain = re.sub(r"\b(?:\w+\.)+(?=\w+\b)|Internal\b| ->.*", "", str(self.signature))
        return self.tool + re.sub(r"<(\w+): \d+>", r"\1", plain)


@dataclass(frozen=True)
class Failure:
    """Why a program ended early. call: which tool and arguments (JSON) failed, if that was it, and what FLE said."""

    where: str
    reason: str
    call: tuple[str, dict[str, Any], str] | None = None

    @property
    def text(self) -> str:
        """All of it, for the agent."""
        return f"{self.where}: {self.reason}"


def explain(error: BaseException, code: str, line: int, names: Iterable[str], call: Call | None) -> Failure:
    """What an exception that ended a program says to who wrote it.

    line: of the statement that was running. names: that programs have. call: the newest call of a tool that raised.
    """
    where = _where(error, code, line)
    said = reason(error)[:MAX_CHARACTERS]
    if call is None or call.error is not error:
        return Failure(where, _python(error, said, names))
    where = f"{where}, {call.tool}"
    values = [*call.arguments, *call.named.values()]
    words = [value for value in values if isinstance(value, str)]
    if words and (meant := _spellings(words[0])):
        return Failure(where, f"it doesn't take texts: instead of {words[0]!r} write {' or '.join(meant)}.")
    if call.refused and TOO_MUCH_SAID in said:
        return Failure(where, TOO_MUCH)
    if isinstance(error, _MISUSE):
        plain = clean(_CLASS.sub(r"\1", _OF_CALL.sub("", said)))
        if wrong := _WRONG_KIND.search(said):
            plain = f"an argument is of the type {wrong[1]}, which it can't take."
        return Failure(where, f"{plain} It is {call.usage}.")
    given = call.as_json()
    plain = clean(said.removeprefix(f"{call.tool}: "))
    if call.tool == "connect_entities" and "connection_type" not in (given or {"connection_type": None}):
        plain += f" It is {call.usage}."
    return Failure(where, plain, None if given is None else (call.tool, given, said))


def _where(error: BaseException, code: str, line: int) -> str:
    """The line in the program: the innermost, and by which it was called."""
    frames = [
        (frame.lineno, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == _AGENTS_CODE and frame.name != "<module>"
    ]
    if not frames:
        return f"Line {line}"
    inner, function = frames[-1]
    mine = {
        node.name
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if function in mine or function.startswith("<"):
        return f"Line {inner} (in {function}, called from line {line})" if inner != line else f"Line {line}"
    return f"Line {line} (in {function} of an earlier program, its line {inner})"


def _python(error: BaseException, said: str, names: Iterable[str]) -> str:
    """What Python says, with the names that may have been meant."""
    missing = _missing(error, said)
    if missing is not None:
        kind, name = missing
        others = [f"{other}.{name}" for other in _KINDS if name in _KINDS[other]]
        if near := others or _like(name, [kind]) or _like(name, list(_KINDS)):
            return _meant(f"there is no {kind}.{name}", near)
        every = list(_KINDS[kind])
        there = (
            f"there are {', '.join(every)}"
            if len(every) < FEW
            else f"print([one.name for one in {kind}]) has them all"
        )
        return f"there is no {kind}.{name}; {there}."
    if isinstance(error, NameError) and error.name:
        return _meant(f"{error.name} is not defined", nearest(error.name, names))
    return f"{type(error).__name__}: {said}" if said != type(error).__name__ else said


def _spellings(name: str) -> list[str]:
    """How FLE's Python spells a name of Factorio's."""
    return [
        f"{kind}.{fles}" for kind in _KINDS for fles, factorios in _KINDS[kind].items() if factorios == name
    ]


def _like(name: str, kinds: list[str]) -> list[str]:
    """FLE's spellings of the names, out of those of some kinds, that are most like a name."""
    every = dict.fromkeys(factorios for kind in kinds for factorios in _KINDS[kind].values())
    return [spelling for factorios in nearest(name, every) for spelling in _spellings(factorios)]


def _missing(error: BaseException, said: str) -> tuple[str, str] | None:
    """Which of FLE's enumerations was asked for a name that it doesn't have, and the name."""
    if isinstance(error, AttributeError) and isinstance(error.obj, type):
        kind = error.obj.__name__.removesuffix("Internal")
        return (kind, error.name) if kind in _KINDS and error.name else None
    found = _MISSING.search(said) if isinstance(error, AttributeError) else None
    return (found[1], found[2]) if found else None


def _meant(problem: str, near: list[str]) -> str:
    return f"{problem}; the nearest: {', '.join(near)}." if near else f"{problem}."


def _json(value: Any) -> Any:
    """An argument for one of FLE's tools as JSON. Raises TypeError."""
    match value:
        case Prototype():
            return value.value[0]
        case Technology() | RecipeName():
            return value.value
        case enum.Enum() if value.name in Direction.__members__:
            return value.name.lower()
        case Position():
            return {"x": value.x, "y": value.y}
        case BuildingBox():
            return {"width": value.width, "height": value.height}
        case EntityGroup() if type(value).__name__ in _GROUPS:
            return {"x": value.position.x, "y": value.position.y, "name": _GROUPS[type(value).__name__]}
        case Entity():
            return {"x": value.position.x, "y": value.position.y, "name": value.name}
        case bool() | int() | float():
            return value
        case (str() as name, *_) if value in vars(Resource).values():
            return name
        case set() | list() | tuple() | frozenset():
            return [_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no argument of a tool")
