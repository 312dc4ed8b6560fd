"""What tools take: the types of their arguments, and one sentence for an argument that is wrong.

What FLE's tools take is checked by `runtime.tool_arguments`; of those there is here only what a model is sent.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from runtime.names import DIRECTIONS

FARTHEST = 1_000_000
"""Tiles from the origin at which Factorio's maps end, one way or the other."""
LONGEST_TEXT = 4_000
LONGEST_PROGRAM_SECONDS = 600
ONE_OR_MORE = WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}})
SHOWN = reprlib.Repr()
SHOWN.maxstring = SHOWN.maxother = SHOWN.maxlong = 60


def _short(schema: dict[str, Any]) -> None:
    # Said dozens of times in a list of tools; that each has a value is checked, and told by the examples.
    schema.pop("required")


class Position(BaseModel):
    """A place in tiles: x grows to the east, y to the south."""

    model_config = ConfigDict(json_schema_extra=_short)

    x: float
    y: float


class Entity(BaseModel):
    """What stands at a place; with a name, the thing of that name there."""

    model_config = ConfigDict(json_schema_extra=_short)

    x: float
    y: float
    name: str | None = None


class Box(BaseModel):
    """A size in tiles."""

    model_config = ConfigDict(json_schema_extra=_short)

    width: int
    height: int


Names = Annotated[list[str], ONE_OR_MORE]
Direction = Annotated[str, WithJsonSchema({"type": "string", "enum": list(DIRECTIONS)})]


def _within(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return AfterValidator(check)


def _not_too_long(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"may have {LONGEST_TEXT:,} characters, and has {len(text):,}")
    return text


def _four(sides: list[float]) -> list[float]:
    if len(sides) != 4:
        raise ValueError("must be four numbers, x0, y0, x1 and y1")
    return sides


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# The bounds are here and not in the schemas that a model is sent, which stay short.
Code = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), AfterValidator(_not_too_long)]
Texts = Annotated[list[Text], BeforeValidator(_one_or_more), ONE_OR_MORE]
Tiles = Annotated[float, Strict(), _within(-FARTHEST, FARTHEST)]
Area = Annotated[list[Tiles], AfterValidator(_four), WithJsonSchema({"type": "array"})]
Layers = Annotated[list[Text], WithJsonSchema({"type": "array"})]
Pixels = Annotated[int, Strict(), _within(1, 100_000)]
Zoom = Annotated[float, Strict(), _within(0, 1000)]
Speed = Annotated[float, Strict(), _within(0.01, 100)]
WallSeconds = Annotated[float, Strict(), _within(0.01, LONGEST_PROGRAM_SECONDS)]


class BadArguments(ValueError):
    """Arguments that a tool can't take; the message is a sentence that says what would be right."""


Arguments = TypeVar("Arguments", bound=BaseModel)


def read(model: type[Arguments], given: Mapping[str, Any], usage: str) -> Arguments:
    """Check the arguments of a call. `usage` is how the tool is called. Raises BadArguments."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # Its own words quote what was given whole, which may be megabytes.
        raise BadArguments(_sentence(error.errors(include_url=False)[0], usage)) from None


def _sentence(error: ErrorDetails, usage: str) -> str:
    name = ".".join(str(part)[:60] for part in error["loc"])
    given = SHOWN.repr(error["input"])
    match error["type"]:
        case "missing":
            return f"{name} is missing. Usage: {usage}."
        case "extra_forbidden":
            return f"There is no argument {name!r}. Usage: {usage}."
        case "value_error":
            return f"{name} {error['ctx']['error']}, not {given}."
        case _:
            return f"{name} must be {error['msg'].removeprefix('Input should be ')}, not {given}."
