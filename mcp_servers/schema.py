"""JSON schemas as a model is sent them: pydantic's, without what says nothing."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

NOISE = ("title", "additionalProperties")


def short_schema(model: type[BaseModel], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """The schema of a model: no titles, docstrings or references, and what may be left out is not also null."""
    schema = model.model_json_schema(mode=mode)
    short: dict[str, Any] = _short(_without_docstring(schema), schema.get("$defs", {}))
    return short


def _short(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_short(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        return _short(
            {**_without_docstring(target), **{k: v for k, v in schema.items() if k != "$ref"}}, definitions
        )
    if "anyOf" in schema:
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        rest = {k: v for k, v in schema.items() if k != "anyOf"}
        if len(choices) < len(schema["anyOf"]) and len(choices) == 1:
            only = _short({**choices[0], **rest}, definitions)
            # What may be left out is left out rather than null; the rest is null when there is nothing to say.
            return only if "default" in schema else {**only, "type": [only["type"], "null"]}
    short = {}
    for key, value in schema.items():
        if key == "properties":
            # The names of properties are not keywords: one may be called `title`.
            short[key] = {name: _short(_without_docstring(of), definitions) for name, of in value.items()}
        elif key == "additionalProperties" and isinstance(value, dict):
            short[key] = _short(value, definitions)
        elif key in (*NOISE, "$defs") or (key == "default" and value is None):
            continue
        else:
            short[key] = _short(value, definitions)
    return short


def _without_docstring(schema: dict[str, Any]) -> dict[str, Any]:
    """A model without its docstring, which is for who reads the code; a field that is described keeps that."""
    return {k: v for k, v in schema.items() if not (k == "description" and schema.get("type") == "object")}
