"""The description of the HTTP API at `/api/openapi.json`: made of the routes themselves and what their handlers tell."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

Handler = TypeVar("Handler", bound=Callable[..., Any])
Json = dict[str, Any]

JSON = "application/json"
BYTES = "application/octet-stream"
KINDS = {"IntegerConvertor": "integer"}
ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
REFERENCE = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Operation:
    """What a handler takes and answers, as Python types.

    query: the type of each parameter behind the `?`; those whose type takes None may be left out.
    """

    answer: Any = None
    status: int = 200
    media: str = JSON
    body: Any = None
    body_media: str = JSON
    query: Mapping[str, Any] = field(default_factory=dict)


def operation(
    answer: Any = None,
    *,
    status: int = 200,
    media: str = JSON,
    body: Any = None,
    body_media: str = JSON,
    **query: Any,
) -> Callable[[Handler], Handler]:
    """Say of a handler what `Operation` has; its docstring's first paragraph is what it is for."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__["operation"] = Operation(answer, status, media, body, body_media, query)
        return handler

    return mark


def openapi_route(routes: Sequence[BaseRoute]) -> Route:
    """The route of the document that describes these routes, and itself. Raises LookupError as `openapi` does."""

    @operation(Json)
    async def document(_request: Request) -> Response:
        """This document."""
        return JSONResponse(described)

    route = Route("/api/openapi.json", document)
    described = openapi([*routes, route], importlib.metadata.version("claudetorio"))
    return route


def openapi(routes: Sequence[BaseRoute], version: str) -> Json:
    """The OpenAPI 3.1 document of all routes under `/api/`. Raises LookupError for a handler that tells nothing."""
    described = [
        (route, method.lower(), _operation(route))
        for route in routes
        if isinstance(route, Route) and route.path.startswith("/api/")
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    types: dict[str, Any] = {}
    for route, method, told in described:
        for use, kind in (("answer", told.answer), ("body", told.body), *told.query.items()):
            if kind is not None:
                types[f"{method} {route.path} {use}"] = kind
    schemas, definitions = TypeAdapter.json_schemas(
        [
            (key, "serialization" if key.endswith(" answer") else "validation", TypeAdapter(kind))
            for key, kind in types.items()
        ],
        ref_template=REFERENCE,
    )
    of: dict[str, Json] = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, Json] = {}
    for route, method, told in described:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        paths.setdefault(path, {})[method] = _described(route, told, of, f"{method} {route.path}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Claudetorio",
            "version": version,
            "description": "The gateway's HTTP API. Errors are answered as {error}.",
        },
        "paths": paths,
        "components": {"schemas": {**definitions.get("$defs", {}), "Error": ERROR}},
    }


def _operation(route: Route) -> Operation:
    told = getattr(route.endpoint, "operation", None)
    if not isinstance(told, Operation):
        raise LookupError(f"{route.path}: its handler has no @operation")
    return told


def _described(route: Route, told: Operation, of: Mapping[str, Json], key: str) -> Json:
    parameters: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": KINDS.get(type(convertor).__name__, "string")},
        }
        for name, convertor in route.param_convertors.items()
    ]
    for name in told.query:
        schema = of[f"{key} {name}"]
        optional = {"type": "null"} in schema.get("anyOf", [])
        parameters.append({"name": name, "in": "query", "required": not optional, "schema": schema})
    answer: Json = {"description": "as asked"}
    if told.answer is not None:
        answer["content"] = {told.media: {"schema": of[f"{key} answer"]}}
    elif told.media != JSON:
        answer["content"] = {told.media: {}}
    described: Json = {
        "summary": (inspect.getdoc(route.endpoint) or "").partition("\n\n")[0].replace("\n", " "),
        "parameters": parameters,
        "responses": {
            str(told.status): answer,
            "default": {
                "description": "what was wrong, in a sentence",
                "content": {JSON: {"schema": {"$ref": REFERENCE.format(model="Error")}}},
            },
        },
    }
    if told.body is not None:
        described["requestBody"] = {"content": {told.body_media: {"schema": of[f"{key} body"]}}}
    return described
