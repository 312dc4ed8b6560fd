"""What Claude plays with: the world's MCP tools, and a memory that outlives the conversation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2
from anthropic.lib.tools import ToolError
from anthropic.lib.tools.mcp import UnsupportedMCPValueError, mcp_content
from anthropic.tools import BetaAsyncLocalFilesystemMemoryTool
from anthropic.types.beta import BetaMemoryTool20250818Command
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND, CallToolResult, Tool
from pydantic import TypeAdapter, ValidationError

from harness.claude_api import Block
from harness.claude_endings import WorldAway
from harness.player import say

PLAYER = "Claude"
COMMAND: TypeAdapter[BetaMemoryTool20250818Command] = TypeAdapter(BetaMemoryTool20250818Command)
NOT_OFFERED = ("claim", "release")
"""The player does these itself."""
OURS = ("since", "token")
"""Arguments that the player fills in."""
CLAIM_PAUSE_SECONDS = 10.0
READY_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Result:
    """What came of a call: blocks as Claude's API has them, and up to where it tells of the world's events."""

    content: list[Block]
    is_error: bool = False
    cursor: str | None = None

    @property
    def text(self) -> str:
        """Its words alone."""
        return " ".join(str(block["text"]) for block in self.content if block["type"] == "text")


def words(text: str, is_error: bool = False) -> Result:
    """A result that is a text."""
    return Result([{"type": "text", "text": text}], is_error)


class Hands:
    """The tools of one world, whose claim it holds.

    Args:
        client: connected to the world's MCP server.
        http: what `client` sends by; it is given the claim's token.
        gateway: reaches the gateway's API.
        world: its name.
        folder: where memory and claim are kept.
    """

    def __init__(
        self, client: Client, http: httpx2.AsyncClient, gateway: httpx2.AsyncClient, world: str, folder: Path
    ) -> None:
        self._client = client
        self._http = http
        self._gateway = gateway
        self._world = world
        self._token_file = folder / "claim"
        self._memory = BetaAsyncLocalFilesystemMemoryTool(str(folder / "memory"))
        self._tools: dict[str, Tool] = {}
        self._lease_seconds = 0.0
        self._acted = 0.0

    async def prepare(self) -> list[Block]:
        """Learn what tools there are; they are returned as Claude's API describes tools."""
        listed = (await self._client.list_tools()).tools
        self._tools = {tool.name: tool for tool in listed}
        offered = [_definition(tool) for tool in listed if tool.name not in NOT_OFFERED]
        return [*offered, cast(Block, self._memory.to_dict())]

    async def call(self, name: str, arguments: Mapping[str, Any], since: str | None) -> Result:
        """Carry out a call.

        Raises:
            WorldAway: the connection was lost; nobody knows how far the call came.
        """
        if name == "memory":
            return await self._remember(arguments)
        if name not in self._tools or name in NOT_OFFERED:
            return words(f"There is no tool {name!r}; there are {', '.join([*self._tools, 'memory'])}.", True)
        await self._ready()
        await self._claim()
        given = dict(arguments)
        if since is not None and "since" in self._tools[name].input_schema.get("properties", {}):
            given.setdefault("since", since)
        return _converted(await self._send(name, given))

    async def look(self, since: str | None) -> Result:
        """What there is to see, for a player that has asked for nothing. Raises WorldAway."""
        await self._ready()
        return _converted(await self._send("observe", {} if since is None else {"since": since}))

    async def _send(self, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        try:
            result = await self._client.call_tool(name, dict(arguments))
        except MCPError as error:
            if error.code not in (INVALID_PARAMS, METHOD_NOT_FOUND):
                raise WorldAway(str(error)) from error
            return CallToolResult(content=[], structured_content={"error": str(error)}, is_error=True)
        except (httpx2.HTTPError, OSError) as error:
            raise WorldAway(str(error) or type(error).__name__) from error
        self._acted = time.monotonic()
        return result

    async def _ready(self) -> None:
        """Wait until the world runs: to find out by asking Claude again and again would cost money."""
        said = False
        while True:
            try:
                answer = await self._gateway.get(f"/api/worlds/{self._world}")
                status = (
                    answer.json()["status"] if answer.is_success else f"answered with {answer.status_code}"
                )
            except httpx2.TransportError as error:
                status = f"away ({error})"
            if status == "running":
                return
            if not said:
                say(f"the world is {status}")
            said = True
            await asyncio.sleep(READY_PAUSE_SECONDS)

    async def _claim(self) -> None:
        """Hold the world's claim, by a token that outlives this process; wait while somebody else has it."""
        if "claim" not in self._tools or time.monotonic() - self._acted < self._lease_seconds / 2:
            return
        if self._token_file.exists():
            await self._send("release", {"token": self._token_file.read_text()})
        while (claimed := await self._send("claim", {"player": PLAYER})).is_error:
            say(f"can't claim the world: {_converted(claimed).text}")
            await asyncio.sleep(CLAIM_PAUSE_SECONDS)
        answer = claimed.structured_content or {}
        self._token_file.touch(mode=0o600)
        self._token_file.write_text(answer["token"])
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"
        self._lease_seconds = answer["lease_seconds"]

    async def release(self) -> None:
        """Give the world back for others to play."""
        if self._token_file.exists():
            await self._send("release", {"token": self._token_file.read_text()})
            self._token_file.unlink()

    async def _remember(self, arguments: Mapping[str, Any]) -> Result:
        try:
            return words(str(await self._memory.execute(COMMAND.validate_python(arguments))))
        except ValidationError as error:
            return words(f"memory: {error.errors()[0]['msg']}", True)
        except (ToolError, OSError) as error:
            return words(str(error), True)


def _definition(tool: Tool) -> Block:
    schema = dict(tool.input_schema)
    schema["properties"] = {k: v for k, v in schema.get("properties", {}).items() if k not in OURS}
    return {"name": tool.name, "description": tool.description or tool.name, "input_schema": schema}


def _converted(result: CallToolResult) -> Result:
    structured = result.structured_content or {}
    try:
        content = [cast(Block, dict(cast(Any, mcp_content(part)))) for part in result.content]
    except UnsupportedMCPValueError as error:
        return words(str(error), True)
    content = [block for block in content if block.get("text") != ""]
    return Result(
        content or [{"type": "text", "text": str(structured or "done")}],
        bool(result.is_error),
        structured.get("cursor"),
    )
