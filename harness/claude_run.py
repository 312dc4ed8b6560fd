"""A run of Claude's: its rows, which the gateway keeps, and what follows from them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any, cast

import httpx2
from anthropic.types.beta import BetaMessageParam

from harness.claude_api import Block, Said
from harness.player import FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS, say
from harness.usage import Usage

AGENT = "claude"
DRAFT_SECONDS = 0.5
"""How often people are shown what is being said."""
PICTURES, PICTURES_AT_ONCE = 20, 10
LEFT_OUT = {"type": "text", "text": "(This picture is no longer shown.)"}
Row = dict[str, Any]
NOTHING: Row = {"role": "", "stop_reason": None, "content": [], "calls": []}


class Run:
    """One run. What it writes is in the database when a method returns; `open` begins or resumes it.

    Args:
        http: reaches the gateway.
        row: the run, as the gateway told it.
        messages: what the model still sees of it, with the calls of tools.
    """

    def __init__(self, http: httpx2.AsyncClient, row: Row, messages: list[Row]) -> None:
        self._http = http
        self._at = f"/api/runs/{row['id']}"
        self._row = row
        self._messages = messages
        self._shown = 0.0
        self.spent = Usage(**{name: row[name] for name in Usage.model_fields})
        self.steps: int = row["steps"]

    @classmethod
    async def open(cls, http: httpx2.AsyncClient, world: str, model: str) -> Run:
        """The run to play: it begins, or goes on where it was."""
        row = await _send(http, "POST", f"/api/worlds/{world}/runs", {"agent": AGENT, "model": model})
        return cls(http, row, await _send(http, "GET", f"/api/runs/{row['id']}/conversation"))

    @property
    def words(self) -> str:
        """Which run this is, for a log."""
        cached = f"{self.spent.cached_share or 0:.0%} of the input from the cache"
        return f"run {self._row['id']}: {self.steps} steps, ${self.spent.dollars:.2f}, {cached}"

    @property
    def ended(self) -> bool:
        """Whether its budget ended it."""
        return self._row["ended"] is not None

    @property
    def empty(self) -> bool:
        """Whether nothing has been said yet."""
        return not self._messages

    # --- what follows from the rows -----------------------------------------------------------------------

    def conversation(self) -> list[BetaMessageParam]:
        """What the model is to see: what was said, and after each reply the results of its calls."""
        messages: list[Row] = []
        for row in self._usable():
            messages.append({"role": row["role"], "content": row["content"]})
            results = [_result(call) for call in _in_order(row) if call["ended"]]
            if results:
                messages.append({"role": "user", "content": results})
        _leave_out_pictures(messages)
        return cast(list[BetaMessageParam], messages)

    def due(self) -> list[tuple[Block, Row | None]]:
        """The calls of the last reply that have no result, each with its row if it was begun."""
        calls = {call["id"]: call for call in self._last["calls"]}
        asked = [block for block in self._last["content"] if block["type"] == "tool_use"]
        open_ = [block for block in asked if not calls.get(block["id"], {}).get("ended")]
        return [(block, calls.get(block["id"])) for block in open_]

    def was_told(self, words: str) -> bool:
        """Whether one of the last reply's calls was answered with these words."""
        return [{"type": "text", "text": words}] in [call["result"] for call in self._last["calls"]]

    def cut_off(self, block: Block) -> bool:
        """Whether the reply that asks for this call ended within it."""
        return bool(self._last["stop_reason"] == "max_tokens" and self._last["content"][-1] == block)

    @property
    def idle(self) -> bool:
        """Whether the last that was said is a reply that asked for nothing."""
        return self._last["role"] == "assistant" and not self._last["calls"]

    @property
    def unusable(self) -> list[Row]:
        """The replies since the last usable message, oldest first."""
        newest = itertools.takewhile(lambda row: row["unusable"], self._said(newest_first=True))
        return list(newest)[::-1]

    @property
    def begun_anew(self) -> bool:
        """Whether the conversation was begun anew and has got no reply that can be used since."""
        return bool(self._messages and self._messages[0]["fresh"]) and not any(
            row["role"] == "assistant" for row in self._usable()
        )

    @property
    def cursor(self) -> str | None:
        """Up to where in the world's events the model has been told."""
        told = [part["cursor"] for row in self._messages for part in (row, *_in_order(row))]
        return next((cursor for cursor in reversed(told) if cursor), None)

    @property
    def _last(self) -> Row:
        """The last that the model has seen or said."""
        return next(self._usable(newest_first=True), NOTHING)

    def _said(self, newest_first: bool = False) -> Iterator[Row]:
        rows = reversed(self._messages) if newest_first else iter(self._messages)
        return (row for row in rows if row["role"] != "note")

    def _usable(self, newest_first: bool = False) -> Iterator[Row]:
        return (row for row in self._said(newest_first) if not row["unusable"])

    # --- what is written ----------------------------------------------------------------------------------

    async def tell(self, words: str, fresh: bool = False, cursor: str | None = None) -> None:
        """Say something to the model; `fresh` begins the conversation anew with it."""
        content = [{"type": "text", "text": words}]
        await self._add(role="user", content=content, fresh=fresh, cursor=cursor or self.cursor)

    async def add(self, said: Said) -> None:
        """Keep a reply, and what it cost."""
        self.spent.add(said.usage)
        self.steps += 1
        await self._add(
            role="assistant",
            content=said.content,
            stop_reason=said.stop_reason,
            unusable=said.unusable,
            fresh=said.compacted and not said.unusable,
            cursor=self.cursor,
            **said.usage.model_dump(),
        )

    async def note(self, words: str) -> None:
        """Keep words about the run, which the model isn't told."""
        await self._add(role="note", content=[{"type": "text", "text": words}])

    async def begin(self, block: Block) -> None:
        """Keep that a call is about to be sent."""
        body = {
            "id": block["id"],
            "message": self._last["number"],
            "name": block["name"],
            "arguments": block["input"],
        }
        self._last["calls"].append(await _send(self._http, "POST", f"{self._at}/calls", body))

    async def end(self, block: Block, result: list[Block], is_error: bool, cursor: str | None) -> None:
        """Keep what came of a call."""
        body = {"result": result, "is_error": is_error, "cursor": cursor}
        row = await _send(self._http, "POST", f"{self._at}/calls/{block['id']}", body)
        self._last["calls"] = [row if call["id"] == row["id"] else call for call in self._last["calls"]]

    async def conclude(self, outcome: str | None) -> None:
        """End the run for good; None reopens it."""
        self._row = await _send(self._http, "POST", f"{self._at}/outcome", {"outcome": outcome})

    async def show(self, words: str) -> None:
        """Show people what is being said; not each word."""
        if time.monotonic() - self._shown > DRAFT_SECONDS:
            self._shown = time.monotonic()
            await _send(self._http, "PUT", f"{self._at}/draft", {"text": words})

    async def _add(self, **message: Any) -> None:
        body = {"number": self._row["messages"], **message}
        row = await _send(self._http, "POST", f"{self._at}/messages", body)
        self._row["messages"] += 1
        if row["fresh"]:
            self._messages.clear()
        self._messages.append(row | {"calls": []})


def _leave_out_pictures(messages: list[Row]) -> None:
    """Take the oldest pictures out, which would make requests too large; some at a time, as the cache is lost by it."""
    results = [b for m in messages if m["role"] == "user" for b in m["content"] if b["type"] == "tool_result"]
    with_pictures = [r for r in results if any(part["type"] == "image" for part in r["content"])]
    surplus = max(0, len(with_pictures) - PICTURES) // PICTURES_AT_ONCE * PICTURES_AT_ONCE
    for result in with_pictures[:surplus]:
        result["content"] = [LEFT_OUT if part["type"] == "image" else part for part in result["content"]]


def _in_order(row: Row) -> list[Row]:
    """The calls of a message in the order in which it asks for them."""
    calls = {call["id"]: call for call in row["calls"]}
    return [calls[block["id"]] for block in row["content"] if block.get("id") in calls]


def _result(call: Row) -> Block:
    return {
        "type": "tool_result",
        "tool_use_id": call["id"],
        "content": call["result"],
        **({"is_error": True} if call["is_error"] else {}),
    }


async def _send(http: httpx2.AsyncClient, method: str, path: str, body: Row | None = None) -> Any:
    """Ask the gateway, again and again while it doesn't answer: all that is sent to it may be sent twice.

    Raises:
        httpx2.HTTPStatusError: it won't have it.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            answer = await http.request(method, path, json=body)
            if answer.status_code < 500:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            problem = f"{answer.status_code}"
        except httpx2.TransportError as error:
            problem = str(error) or type(error).__name__
        say(f"the gateway is away ({problem})")
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE_SECONDS)
