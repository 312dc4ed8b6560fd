"""The gateway's HTTP API for runs: players record what they do by it, and everybody reads it.

    POST /api/worlds/NAME/runs         {agent, model}                       the run to play: resumed or new
    POST /api/runs/ID/messages         a Message                            what was said, and what it cost
    POST /api/runs/ID/calls            {id, message, name, arguments}       before a tool call is sent
    POST /api/runs/ID/calls/CALL       {result, is_error, cursor}           when its result is there
    POST /api/runs/ID/outcome          {outcome}                            it ended for good; null reopens it
    PUT  /api/runs/ID/draft            {text}                               what is being said, kept in memory
    GET  /api/runs/ID                                                       the run, its sums and its draft
    GET  /api/runs/ID/messages?after=NUMBER&limit=N                         its messages with their calls
    GET  /api/runs/ID/conversation                                          what the model still sees of them
    GET  /api/leaderboard                                                   {live: […], all_time: […]}

A write is answered when it is in the database, and may be sent again. 404: there is no such thing; 409: the run has
ended or is played by somebody else; 400: the body is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NotRequired, TypeVar

import anyio.to_thread
from pydantic import AfterValidator, BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from typing_extensions import TypedDict

from harness.tables import Call, Message
from harness.transcripts import NoSuchRun, NotNow, Transcripts
from harness.usage import Usage
from viewer.bodies import read_json
from viewer.openapi import operation

LONGEST_PAGE = 1000
LARGEST_BODY_BYTES = 32 << 20
"""A message or a result, pictures included; Claude's API takes requests of this size."""
LARGEST_ID = (1 << 63) - 1
"""The largest number that the database holds."""


def _block(given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("type")
    if not isinstance(kind, str):
        raise ValueError("a block has a type")
    if kind in ("text", "thinking") and not isinstance(given.get(kind), str):
        raise ValueError(f"a block of type {kind} has a string under {kind!r}")
    return given


Block = Annotated[dict[str, Any], AfterValidator(_block)]
"""A block of a message, as Claude's API has it."""
Count = Annotated[int, Field(ge=0, le=10**12)]
"""Sums of them fit into the database, too."""


class Opening(BaseModel):
    """Who wants to play."""

    agent: str = Field(min_length=1, max_length=100)
    model: str = Field(min_length=1, max_length=100)


class Saying(Usage):
    """A message; see `harness.tables.Message`."""

    input_tokens: Count = 0
    cached_tokens: Count = 0
    written_tokens: Count = 0
    output_tokens: Count = 0
    dollars: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    number: Count
    role: str = Field(pattern="^(assistant|user|note)$")
    content: list[Block]
    stop_reason: str | None = None
    unusable: str | None = None
    fresh: bool = False
    cursor: str | None = None


class Beginning(BaseModel):
    """A call about to be sent; see `harness.tables.Call`."""

    id: str = Field(min_length=1, max_length=200)
    message: Count
    name: str
    arguments: dict[str, Any]


class Ending(BaseModel):
    """What came of a call."""

    result: list[Block]
    is_error: bool = False
    cursor: str | None = None


class Outcome(BaseModel):
    """How a run ended; None when it goes on."""

    outcome: str | None = Field(max_length=1000)


class Draft(BaseModel):
    """What the model has said so far of a message."""

    text: str


class Leader(TypedDict):
    """A line of the leaderboard: a run that is played now, or all runs of an agent and a model together."""

    agent: str
    model: str | None
    runs: int
    production_score: float
    automated_score: float
    ticks: int
    steps: int
    tokens: int
    cached_share: float | None
    dollars: float
    run: NotRequired[int]
    world: NotRequired[str]


class Leaderboard(TypedDict):
    """Who gained most, the best first."""

    live: list[Leader]
    all_time: list[Leader]


B = TypeVar("B", bound=BaseModel)


def run_routes(transcripts: Transcripts) -> list[BaseRoute]:
    """The routes, for the gateway to serve."""
    api = RunApi(transcripts)
    return [
        Route("/api/worlds/{name}/runs", api.open, methods=["POST"]),
        Route("/api/runs/{run:int}/messages", api.add, methods=["POST"]),
        Route("/api/runs/{run:int}/messages", api.messages),
        Route("/api/runs/{run:int}/conversation", api.conversation),
        Route("/api/runs/{run:int}/calls", api.begin, methods=["POST"]),
        Route("/api/runs/{run:int}/calls/{call}", api.end, methods=["POST"]),
        Route("/api/runs/{run:int}/outcome", api.conclude, methods=["POST"]),
        Route("/api/runs/{run:int}/draft", api.draft, methods=["PUT"]),
        Route("/api/runs/{run:int}", api.run),
        Route("/api/leaderboard", api.leaderboard),
    ]


class RunApi:
    """The handlers; all that waits for the database is done on threads."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts

    @operation(dict[str, Any], body=Opening)
    async def open(self, request: Request) -> Response:
        """Resume or begin a run."""
        given = await _read(request, Opening)
        return await _answer(
            lambda: self._transcripts.open(request.path_params["name"], given.agent, given.model)
        )

    @operation(dict[str, Any], body=Saying)
    async def add(self, request: Request) -> Response:
        """Record a message."""
        run, given = _run(request), await _read(request, Saying)
        message = Message(run=run, **given.model_dump())
        return await _answer(lambda: self._transcripts.add(run, message))

    @operation(dict[str, Any], body=Beginning)
    async def begin(self, request: Request) -> Response:
        """Record that a call is about to be sent."""
        run, given = _run(request), await _read(request, Beginning)
        call = Call(run=run, **given.model_dump())
        return await _answer(lambda: self._transcripts.begin(run, call))

    @operation(dict[str, Any], body=Ending)
    async def end(self, request: Request) -> Response:
        """Record what came of a call."""
        run, call = _run(request), request.path_params["call"]
        given = await _read(request, Ending)
        return await _answer(
            lambda: self._transcripts.end(run, call, given.result, given.is_error, given.cursor)
        )

    @operation(dict[str, Any], body=Outcome)
    async def conclude(self, request: Request) -> Response:
        """Record that a run ended, or goes on."""
        run, given = _run(request), await _read(request, Outcome)
        return await _answer(lambda: self._transcripts.conclude(run, given.outcome))

    @operation(status=204, body=Draft)
    async def draft(self, request: Request) -> Response:
        """Keep what is being said, for those who watch."""
        given = await _read(request, Draft)
        self._transcripts.draft(_run(request), given.text)
        return Response(status_code=204)

    @operation(dict[str, Any])
    async def run(self, request: Request) -> Response:
        """A run."""
        return await _answer(lambda: self._transcripts.run(_run(request)))

    @operation(list[dict[str, Any]], after=int | None, limit=int | None)
    async def messages(self, request: Request) -> Response:
        """Messages of a run, with their calls."""
        query = request.query_params
        try:
            after, limit = int(query.get("after", "-1")), int(query.get("limit", "200"))
        except ValueError as error:
            raise HTTPException(400, "after and limit must be whole numbers") from error
        if not 1 <= limit <= LONGEST_PAGE or not -1 <= after < 1 << 31:
            raise HTTPException(400, f"limit must be between 1 and {LONGEST_PAGE}, and after at least -1")
        return await _answer(lambda: self._transcripts.messages(_run(request), after, limit))

    @operation(list[dict[str, Any]])
    async def conversation(self, request: Request) -> Response:
        """What the model still sees."""
        return await _answer(lambda: self._transcripts.conversation(_run(request)))

    @operation(Leaderboard)
    async def leaderboard(self, _request: Request) -> Response:
        """Who gained most, live and all time."""
        return await _answer(self._transcripts.leaderboard)


def _run(request: Request) -> int:
    run: int = request.path_params["run"]
    if run > LARGEST_ID:
        raise HTTPException(404, "There is no such run.")
    return run


async def _read(request: Request, kind: type[B]) -> B:
    """The body of a request. Only JSON is taken: a page of another site can't send that without being asked."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(400, "the body must be application/json")
    return await read_json(request, kind, LARGEST_BODY_BYTES)


async def _answer(work: Callable[[], Any]) -> Response:
    # A conversation with pictures is megabytes: it becomes JSON on the thread, too.
    try:
        return await anyio.to_thread.run_sync(lambda: JSONResponse(work()))
    except NoSuchRun as error:
        raise HTTPException(404, str(error)) from error
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
