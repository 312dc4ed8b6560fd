"""Claude, as a player's loop sees it: a conversation goes in, one reply comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from anthropic import APIStatusError, AsyncAnthropic
from anthropic.types.beta import BetaMessage, BetaMessageParam, BetaUsage
from anthropic.types.beta.beta_iterations_usage import BetaIterationsUsageItem

from harness.claude_endings import Refused, Unlawful
from harness.prices import prices
from harness.settings import ClaudeSettings
from harness.usage import Usage

BETAS = ["context-management-2025-06-27", "compact-2026-01-12"]
KEPT_RESULTS = 6
"""The newest results of tools, which are never left out."""
CLEARED_TOKENS = 15_000
"""Results are left out when it is worth as much: what comes after them has to be cached anew."""
RETRIES = 1000
"""The SDK waits as `retry-after` says, or else at most 8 s, after 429, 529, other 5xx and lost connections."""
BROKEN = "broken"
"""The stop reason of a reply that did not reach its end."""
Block = dict[str, Any]
Counted = BetaUsage | BetaIterationsUsageItem
Show = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Said:
    """A reply. `unusable` says why it can be no part of the conversation; it has cost something all the same."""

    content: list[Block]
    stop_reason: str
    usage: Usage
    unusable: str | None = None

    @property
    def compacted(self) -> bool:
        """Whether it begins with a summary of the conversation so far."""
        return any(block["type"] == "compaction" and block.get("content") for block in self.content)


class Claude:
    """The way to Claude's API, with what is the same in each request.

    Args:
        settings: which model, and how it is to answer.
        system: what it is told before all else.
        tools: what it may call, as the API describes tools.
    """

    def __init__(self, settings: ClaudeSettings, system: str, tools: Sequence[Block]) -> None:
        self._client = AsyncAnthropic(max_retries=RETRIES)
        self._prices = prices(settings)
        self._streams = settings.stream
        self._request: dict[str, Any] = {
            "model": settings.model,
            "max_tokens": settings.max_tokens,
            "betas": BETAS,
            "tools": list(tools),
            # One mark behind what never changes, and one (the request's own) that moves on with the conversation.
            "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
            "cache_control": {"type": "ephemeral"},
            "context_management": {
                "edits": [
                    {
                        "type": "clear_tool_uses_20250919",
                        "trigger": {"type": "input_tokens", "value": settings.clear_at},
                        "keep": {"type": "tool_uses", "value": KEPT_RESULTS},
                        "clear_at_least": {"type": "input_tokens", "value": CLEARED_TOKENS},
                        "exclude_tools": ["memory"],
                    },
                    {
                        "type": "compact_20260112",
                        "trigger": {"type": "input_tokens", "value": settings.compact_at},
                    },
                ]
            },
        }
        if settings.thinking:
            self._request["thinking"] = {"type": "adaptive", "display": "summarized"}
        if settings.effort:
            self._request["output_config"] = {"effort": settings.effort}

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def answer(self, conversation: list[BetaMessageParam], show: Show) -> Said:
        """Ask for the next reply.

        Args:
            conversation: messages, as the API has them; the last is the user's.
            show: told what it has said so far, again and again.

        Raises:
            Refused: a key or a model is not accepted.
            Unlawful: the API can't take this conversation.
        """
        words, usage = "", Usage()
        try:
            if not self._streams:
                return self._said(
                    await self._client.beta.messages.create(**self._request, messages=conversation)
                )
            async with self._client.beta.messages.stream(**self._request, messages=conversation) as stream:
                async for event in stream:
                    if event.type == "message_start":
                        usage = self._usage(event.message.usage)
                    elif event.type in ("text", "thinking"):
                        words += event.text if event.type == "text" else event.thinking
                        await show(words)
                return self._said(await stream.get_final_message())
        except APIStatusError as error:
            if error.status_code in (400, 413):
                raise Unlawful(error.message) from error
            if 400 < error.status_code < 500:
                raise Refused(f"Claude's API answers {error.status_code}: {error.message}") from error
            return _broken(words, usage, f"the API failed on the way: {error.message}")
        except httpx2.TransportError as error:
            return _broken(words, usage, f"the connection broke off ({error})")
        except ValueError as error:
            # The SDK's way to say that a tool's arguments are no JSON.
            return Said(_as_text(words), "garbled", usage, str(error))

    def _said(self, message: BetaMessage) -> Said:
        content = [_as_sent_back(block.to_dict(mode="json", warnings=False)) for block in message.content]
        content = [block for block in content if block.get("text") != ""]
        usage, reason = self._usage(message.usage), message.stop_reason
        if reason is None:
            return Said(content, BROKEN, usage, "the stream ended in the middle")
        return Said(content, reason, usage, _unusable(content, reason))

    def _usage(self, counted: BetaUsage) -> Usage:
        """All that was counted; a compaction's own tokens are only among the iterations."""
        usage = Usage()
        parts: Sequence[Counted] = counted.iterations or [counted]
        for part in parts:
            one = Usage(
                input_tokens=part.input_tokens,
                cached_tokens=part.cache_read_input_tokens or 0,
                written_tokens=part.cache_creation_input_tokens or 0,
                output_tokens=part.output_tokens,
            )
            one.dollars = self._prices.dollars(one)
            usage.add(one)
        return usage


def _unusable(content: Sequence[Block], stop_reason: str) -> str | None:
    if stop_reason == "refusal":
        return "it was refused"
    if not any(block["type"] in ("text", "tool_use", "compaction") for block in content):
        return "it is empty"
    for block in content:
        if block["type"] == "tool_use" and not isinstance(block["input"], dict):
            return f"the arguments of {block['name']} are no object"
    return None


def _as_sent_back(block: Block) -> Block:
    return {name: value for name, value in block.items() if value is not None and name != "parsed_output"}


def _broken(words: str, usage: Usage, reason: str) -> Said:
    return Said(_as_text(words), BROKEN, usage, reason)


def _as_text(words: str) -> list[Block]:
    return [{"type": "text", "text": words}] if words else []
