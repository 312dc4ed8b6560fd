"""A stand-in for Claude's Messages API: real HTTP, streaming and plain, with replies that the test writes.

    with AnthropicApi([Reply([tool("observe")]), Failure(529), Reply([text("done")])]) as api:
        environment = api.environment()            # ANTHROPIC_BASE_URL and a key, for a program to be tested
        ...
        assert api.requests[0].body["tools"]       # what it was sent

It refuses what Claude's API refuses (no key, a tool call without its result, a feature without its beta header),
counts a token for every four characters, and caches prompts, clears tool results and compacts as far as that shows
in what it answers.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Block = dict[str, Any]
_numbers = count(1)

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
BETAS = {
    "clear_tool_uses_20250919": "context-management-2025-06-27",
    "clear_thinking_20251015": "context-management-2025-06-27",
    "compact_20260112": "compact-2026-01-12",
}
LOOKED_BACK = 20
"""So many blocks before a mark the API looks for what it has cached."""


def text(words: str) -> Block:
    """A block of text."""
    return {"type": "text", "text": words}


def tool(name: str, /, **arguments: Any) -> Block:
    """A call of a tool, with an id of its own."""
    return {"type": "tool_use", "id": f"toolu_{next(_numbers):04}", "name": name, "input": arguments}


def garbled(name: str, json_text: str) -> Block:
    """A call of a tool whose input isn't JSON, as a stream can bring it; plain it is a string."""
    return {**tool(name), "input": json_text}


@dataclass(frozen=True)
class Reply:
    """A message of Claude's: its blocks, and what goes wrong while it is sent."""

    content: Sequence[Block]
    stop_reason: str | None = None
    """Unless given: tool_use when a tool is called, else end_turn."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    """Replaces what is counted, such as `{"output_tokens": 9000}`."""
    breaks_after: int | None = None
    """After so many events of the stream (a plain answer: after half of it) the connection is cut."""
    ends_after: int | None = None
    """After so many events the stream ends as if that had been all."""
    error_after: int | None = None
    """After so many events of the stream an overloaded_error follows."""
    hold: threading.Event | None = None
    """Waited for before the event `hold_at` of the stream; with 0, before anything is answered."""
    hold_at: int = 0

    @property
    def reason(self) -> str:
        """Why it stops."""
        calls = any(block["type"] == "tool_use" for block in self.content)
        return self.stop_reason or ("tool_use" if calls else "end_turn")


@dataclass(frozen=True)
class Failure:
    """An error of the API, such as 429 with `retry_after` seconds, or 529."""

    status: int
    message: str = "as the test has it"
    retry_after: float | None = None

    def response(self) -> Response:
        """It as HTTP has it."""
        error = {"type": KINDS.get(self.status, "api_error"), "message": self.message}
        headers = {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}
        return JSONResponse({"type": "error", "error": error}, self.status, headers)


Answer = Reply | Failure


@dataclass(frozen=True)
class Asked:
    """A request for a message: `query` is what follows the `?`, `betas` the names in its beta header."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    query: str
    betas: frozenset[str]

    def blocks(self, kind: str) -> list[Block]:
        """The blocks of a type in all its messages, such as tool_result."""
        return [
            block for message in self.body["messages"] for block in _content(message) if block["type"] == kind
        ]


class AnthropicApi:
    """The running stand-in; a context manager.

    Args:
        answers: what to answer, in order, or a function of the request. After the last one it says "Done." for ever.
    """

    def __init__(self, answers: Iterable[Answer] | Callable[[Asked], Answer] = ()) -> None:
        self.answers: deque[Answer] = deque()
        self._answer: Callable[[Asked], Answer] = self._next
        if callable(answers):
            self._answer = answers
        else:
            self.answers.extend(answers)
        self.requests: list[Asked] = []
        self.times: list[float] = []
        """When each of them came, by the monotonic clock."""
        self.more = threading.Condition()
        """Notified at each request."""
        self._cache = Cache()
        self._problem: Exception | None = None
        routes = [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count, methods=["POST"]),
        ]
        self._server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), port=0, log_config=None, timeout_graceful_shutdown=1)
        )
        self._socket = self._server.config.bind_socket()
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def url(self) -> str:
        """The API's base URL."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to talk to it."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": "sk-ant-of-the-test"}

    def wait_for(self, requests: int, timeout_s: float = 30) -> None:
        """Wait until there have been so many requests; raises TimeoutError."""
        with self.more:
            if not self.more.wait_for(lambda: len(self.requests) >= requests, timeout_s):
                raise TimeoutError(f"{len(self.requests)} requests instead of {requests} in {timeout_s:g} s")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        if self._problem is not None:
            raise self._problem

    def _next(self, _asked: Asked) -> Answer:
        return self.answers.popleft() if self.answers else Reply([text("Done.")])

    async def _count(self, request: Request) -> Response:
        return JSONResponse({"input_tokens": _tokens(await request.json())})

    async def _messages(self, request: Request) -> Response:
        betas = frozenset(request.headers.get("anthropic-beta", "").replace(" ", "").split(","))
        asked = Asked(await request.json(), dict(request.headers), request.url.query, betas)
        answer: Answer | None = _unlawful(asked)
        if answer is None:
            try:
                answer = await anyio.to_thread.run_sync(self._answer, asked)
            except Exception as problem:  # the test's own, which is told at its end
                self._problem, answer = problem, Failure(401, f"the test's answer failed: {problem}")
        with self.more:
            self.times.append(time.monotonic())
            self.requests.append(asked)
            self.more.notify_all()
        if isinstance(answer, Failure):
            return answer.response()
        if answer.hold and not answer.hold_at:
            await anyio.to_thread.run_sync(answer.hold.wait, abandon_on_cancel=True)
        message = self._message(asked, answer)
        if asked.body.get("stream"):
            return StreamingResponse(_stream(message, answer), media_type="text/event-stream")
        whole = json.dumps(message).encode()
        headers = {"content-length": str(len(whole)), "content-type": "application/json"}
        return StreamingResponse(_plain(whole, answer), headers=headers)

    def _message(self, asked: Asked, reply: Reply) -> dict[str, Any]:
        content = list(reply.content)
        messages, compacted = _after_compaction(asked.body["messages"])
        applied: list[Block] = []
        edits: list[Block] = (asked.body.get("context_management") or {}).get("edits", [])
        usage = self._cache.use(asked.body, messages) | {"output_tokens": max(1, _tokens(content))}
        usage |= reply.usage
        for edit in edits:
            if sum(usage[k] for k in INPUT) <= (edit.get("trigger") or {}).get("value", 100_000):
                continue
            if edit["type"] == "clear_tool_uses_20250919":
                results = [b for m in messages for b in _content(m) if b["type"] == "tool_result"]
                old = results[: max(0, len(results) - edit.get("keep", {}).get("value", 3))]
                if old:
                    sizes = {"cleared_tool_uses": len(old), "cleared_input_tokens": _tokens(old)}
                    applied.append({"type": edit["type"], **sizes})
            if edit["type"] == "compact_20260112":
                content.insert(
                    0, {"type": "compaction", "content": f"Summary {compacted + 1} of what was before."}
                )
                iterations = {"type": "compaction", **usage, "output_tokens": 100}
                usage["iterations"] = [iterations, {"type": "message", **usage}]
        return {
            "id": f"msg_{next(_numbers):04}",
            "type": "message",
            "role": "assistant",
            "model": asked.body["model"],
            "content": content,
            "stop_reason": reply.reason,
            "stop_sequence": None,
            "usage": usage,
            **({"context_management": {"applied_edits": applied}} if edits else {}),
        }


INPUT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class Cache:
    """Prompts up to the marks that `cache_control` sets in them."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def use(self, body: Mapping[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
        """The tokens of a prompt: those read from the cache, written into it, and the others."""
        system = body.get("system") or []
        system = [text(system)] if isinstance(system, str) else system
        blocks = [*(body.get("tools") or []), *system]
        blocks += [{"role": m["role"], **block} for m in messages for block in _content(m)]
        marks = [i for i, block in enumerate(blocks, 1) if block.get("cache_control")]
        if body.get("cache_control"):
            marks.append(len(blocks))
        digest, size = hashlib.sha256(body["model"].encode()), 0
        prefixes, at = [digest.hexdigest()], [0]
        for block in blocks:
            written = json.dumps({k: v for k, v in block.items() if k != "cache_control"})
            digest.update(written.encode())
            size += len(written)
            prefixes.append(digest.hexdigest())
            at.append(size // 4)
        near = [i for mark in marks for i in range(max(0, mark - LOOKED_BACK), mark + 1)]
        read = max((i for i in near if prefixes[i] in self._known), default=0)
        marked = max(marks, default=0)
        self._known.update(prefixes[mark] for mark in marks)
        tokens = (at[-1] - at[max(read, marked)], at[read], max(0, at[marked] - at[read]))
        return dict(zip(INPUT, tokens, strict=True))


def _unlawful(asked: Asked) -> Failure | None:
    """What Claude's API would say against a request."""
    if not (asked.headers.get("x-api-key") or asked.headers.get("authorization")):
        return Failure(401, "x-api-key header is required")
    body = asked.body
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return Failure(400, f"{name}: Field required")
    for edit in (body.get("context_management") or {}).get("edits", []):
        if BETAS[edit["type"]] not in asked.betas:
            return Failure(400, f"context_management: {edit['type']} needs the beta {BETAS[edit['type']]}")
    names = [t["name"] for t in body.get("tools") or []]
    if len(names) != len(set(names)):
        return Failure(400, "tools: Tool names must be unique.")
    if json.dumps(body).count('"cache_control": {') > 4:
        return Failure(400, "A maximum of 4 blocks with cache_control may be provided.")
    calls: list[str] = []
    for at, message in enumerate(m for m in body["messages"] if m["role"] != "system"):
        content = _content(message)
        if not content or any(b["type"] == "text" and not b["text"].strip() for b in content):
            return Failure(400, f"messages.{at}: content must be non-empty")
        results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
        if sorted(results) != sorted(calls):
            return Failure(
                400, f"messages.{at}: tool_use ids {calls} and tool_result ids {results} don't match"
            )
        calls = [block["id"] for block in content if block["type"] == "tool_use"]
        if any(block["type"] == "tool_use" and not isinstance(block["input"], dict) for block in content):
            return Failure(400, f"messages.{at}: tool_use.input: Input should be a valid dictionary")
    if calls or body["messages"][-1]["role"] == "assistant":
        return Failure(
            400, "This model does not support assistant message prefill; it must end with a user message."
        )
    return None


async def _stream(message: Mapping[str, Any], reply: Reply) -> AsyncIterator[bytes]:
    for number, event in enumerate(_events(message)):
        if reply.hold and number == reply.hold_at:
            await anyio.to_thread.run_sync(reply.hold.wait, abandon_on_cancel=True)
        if number == reply.breaks_after:
            raise ConnectionResetError("as the test has it")
        if number == reply.ends_after:
            return
        if number == reply.error_after:
            event = {"type": "error", "error": {"type": "overloaded_error", "message": "as the test has it"}}
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        if event["type"] == "error":
            return


async def _plain(whole: bytes, reply: Reply) -> AsyncIterator[bytes]:
    yield whole[: len(whole) // 2]
    if reply.breaks_after is not None:
        raise ConnectionResetError("as the test has it")
    yield whole[len(whole) // 2 :]


def _events(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as the events of a stream; text and JSON come in two pieces."""
    usage = message["usage"]
    start = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(message["content"]):
        empty, deltas = _opened(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    more = {key: message[key] for key in ("context_management",) if key in message}
    yield {"type": "message_delta", "delta": end, "usage": usage, **more}
    yield {"type": "message_stop"}


def _opened(block: Block) -> tuple[Block, list[Block]]:
    """A block as it begins in a stream, and what then comes to it."""
    if block["type"] == "text":
        return {**block, "text": ""}, [
            {"type": "text_delta", "text": part} for part in _halves(block["text"])
        ]
    if block["type"] == "thinking":
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": part} for part in _halves(block["thinking"])]
        return empty, [*deltas, {"type": "signature_delta", "signature": block["signature"]}]
    if block["type"] == "tool_use":
        given = block["input"]
        parts = _halves(given if isinstance(given, str) else json.dumps(given))
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]
    if block["type"] == "compaction":
        return {**block, "content": None}, [{"type": "compaction_delta", "content": block["content"]}]
    return block, []


def _halves(words: str) -> list[str]:
    middle = len(words) // 2
    return [part for part in (words[:middle], words[middle:]) if part]


def _content(message: Mapping[str, Any]) -> list[Block]:
    content: str | list[Block] = message["content"]
    return [text(content)] if isinstance(content, str) else content


def _after_compaction(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """What the model sees of a conversation, and how often it was compacted: nothing before the last time counts."""
    times, seen = 0, messages
    for at, message in enumerate(messages):
        content = _content(message)
        for place, block in enumerate(content):
            if block["type"] == "compaction" and block.get("content"):
                times += 1
                seen = [{**message, "content": content[place:]}, *messages[at + 1 :]]
    return seen, times


def _tokens(value: Any) -> int:
    return len(json.dumps(value)) // 4
