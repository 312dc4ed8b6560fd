"""What a world's tools cost a model that is sent them."""

from __future__ import annotations

import json

import pytest
from mcp import Client
from mcp_types import Tool

CHARACTERS_PER_TOKEN = 3
"""Fewer than there are: what is counted is more than what is paid. Anthropic's last published tokenizer has 3.8 of these
lists in a token; newer ones are said to make up to 1.35 as many tokens."""
FULL_TOKENS, PROGRAM_TOKENS = 6_000, 1_500
LISTING_CHARACTERS = 43_000


def sent(tools: list[Tool]) -> str:
    """What a client sends a model of its tools: JSON without blanks, as the SDKs write it."""
    definitions = [
        {"name": t.name, "description": t.description, "input_schema": t.input_schema} for t in tools
    ]
    return json.dumps(definitions, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(
    ("query", "tokens"), [("", FULL_TOKENS), ("?tools=full", FULL_TOKENS), ("?tools=program", PROGRAM_TOKENS)]
)
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_tools_and_instructions_are_cheap(address: str, query: str, tokens: int, mode: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp{query}", mode=mode) as client:
        listed = await client.list_tools()
        assert client.instructions is not None
        assert len(sent(listed.tools) + client.instructions) / CHARACTERS_PER_TOKEN < tokens
        assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) < LISTING_CHARACTERS


async def test_a_player_of_programs_is_offered_five_tools(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp?tools=program") as client:
        listed = await client.list_tools()
        assert [t.name for t in listed.tools] == ["run_program", "observe", "score", "screenshot", "claim"]
        # The others are there, for a harness that does more than its model.
        assert not (await client.call_tool("list_checkpoints", {})).is_error
