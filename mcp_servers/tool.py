"""A tool as a client is shown it, made from a method's signature: what it takes, what it answers, how it is called."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

import mcp_types
from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, Strict, create_model

from mcp_servers import arguments
from mcp_servers.results import Answer, Result
from mcp_servers.schema import short_schema

Method = TypeVar("Method", bound=Callable[..., Any])


class Common(BaseModel):
    """What tools take besides their own arguments.

    since: the cursor of an earlier result. token: of who has claimed the world; only tools that play take it, but
    the others don't mind it.
    """

    since: Annotated[str, Strict()] | None = None
    token: Annotated[str, Strict()] | None = None


def looks(method: Method) -> Method:
    """Mark a tool that changes nothing: anybody may call it at any time."""
    method.__dict__["annotations"] = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return method


def acts(*, destroys: bool = False, idempotent: bool = False) -> Callable[[Method], Method]:
    """Mark a tool that plays: in a world that somebody has claimed it needs their token.

    Args:
        destroys: it takes something away that is not easily put back.
        idempotent: doing it twice is as good as once.
    """

    def mark(method: Method) -> Method:
        method.__dict__["annotations"] = ToolAnnotations(
            read_only_hint=False, destructive_hint=destroys, idempotent_hint=idempotent, open_world_hint=False
        )
        return method

    return mark


@dataclass(frozen=True)
class Tool:
    """One tool of a world's server; see `tools_of`. `own` are its arguments without those that all tools have."""

    name: str
    own: type[BaseModel]
    listing: mcp_types.Tool

    @property
    def acting(self) -> bool:
        """Whether it plays, and not only looks."""
        assert self.listing.annotations is not None
        return not self.listing.annotations.read_only_hint

    @property
    def usage(self) -> str:
        """How it is called, in a line: required arguments, then the others with what they are when left out."""
        parts = [
            name if field.is_required() else f"{name}={json.dumps(field.default)}"
            for name, field in self.own.model_fields.items()
        ]
        return f"{self.name}({', '.join(parts)})"

    def common(self, given: dict[str, Any]) -> Common:
        """Take what all tools have out of what was given, checked. Raises BadArguments."""
        taken = {name: given.pop(name) for name in Common.model_fields if name in given}
        return arguments.read(Common, taken, self.usage)

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """The tool's own arguments, checked and complete. Raises BadArguments."""
        return dict(arguments.read(self.own, given, self.usage))


def tools_of(declarations: type, *, common: bool = True) -> Iterator[Tool]:
    """The tools that a class declares by methods marked `looks` or `acts`, in their order.

    A method's docstring is the description, its parameters are the arguments. It answers the `Result` that its
    annotation names, or else an `Answer` with a value of that type. With `common` they take `Common` besides;
    without, they answer just the model that the annotation names.
    """
    for name, method in vars(declarations).items():
        if "annotations" not in getattr(method, "__dict__", {}):
            continue
        annotations: ToolAnnotations = vars(method)["annotations"]
        hints = get_type_hints(method, include_extras=True)
        answer = _answer(hints["return"]) if common else hints["return"]
        own = create_model(name, __config__=ConfigDict(extra="forbid"), **_fields(method, hints))
        shown = create_model(name, **_fields(method, hints), **(_common(annotations) if common else {}))
        yield Tool(
            name=name,
            own=own,
            listing=mcp_types.Tool(
                name=name,
                description=(inspect.getdoc(method) or "").replace("\n\n", "\n"),
                input_schema=short_schema(shown),
                output_schema=short_schema(answer, "serialization"),
                annotations=annotations,
            ),
        )


def _answer(returned: Any) -> type[Result]:
    if inspect.isclass(returned) and issubclass(returned, Result):
        return returned
    answer: Any = Answer
    made: type[Result] = answer[returned]
    return made


def _fields(method: Callable[..., Any], hints: dict[str, Any]) -> dict[str, Any]:
    return {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in inspect.signature(method).parameters.values()
        if parameter.name not in ("self", "call")
    }


def _common(annotations: ToolAnnotations) -> dict[str, Any]:
    names = ["since"] if annotations.read_only_hint else ["since", "token"]
    return dict.fromkeys(names, (str | None, None))
