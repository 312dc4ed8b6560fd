"""Bodies of requests as JSON: bounded, and checked."""

from __future__ import annotations

from typing import TypeVar

import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

B = TypeVar("B", bound=BaseModel)


async def read_json(request: Request, kind: type[B], largest: int) -> B:
    """The body of a request, of at most so many bytes. Raises HTTPException with what was wrong in a sentence."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise HTTPException(413, f"the body may have {largest >> 10:,} KiB at most")
    try:
        return await anyio.to_thread.run_sync(kind.model_validate_json, bytes(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise HTTPException(400, f"{where}: {first['msg'].lower()}") from error
