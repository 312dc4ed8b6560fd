"""The MCP server of the fleet: worlds and their agents come and go by its tools."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent
from pydantic import BaseModel

from mcp_servers.fleet_tools import Address
from mcp_servers.metrics import counted
from mcp_servers.tool import tools_of
from mcp_servers.tools import result_of
from runtime.claims import Claimed
from runtime.names import nearest
from runtime.supervisor import FleetError
from runtime.world_life import WorldUnavailable

THREADS = 4
WRONG = (ValueError, FleetError, WorldUnavailable, Claimed)
"""What may go wrong with a call; the message says it in a sentence or two."""
INSTRUCTIONS = """\
Claudetorio's fleet: live worlds of the game Factorio, and the agents that play them. Each world has an MCP server of
its own, whose url list_worlds tells; play there. Here you make, copy, save and remove worlds, start and stop agents,
tell them things, and take a world over from its agent. Names of worlds: small letters, digits and hyphens.
"""
Context = ServerRequestContext[Any, Any]


def fleet_server(version: str, *own: object) -> Server[Any]:
    """Make the fleet's MCP server, with the tools that the classes of `own` declare."""
    owners = {tool.name: owner for owner in own for tool in tools_of(type(owner), common=False)}
    listed = {tool.name: tool for owner in own for tool in tools_of(type(owner), common=False)}
    limiter = anyio.CapacityLimiter(THREADS)

    async def list_tools(_ctx: Context, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[tool.listing for tool in listed.values()])

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        with counted("", params.name, params.name in listed) as counting:
            return counting.answered(await answer_to(ctx, params))

    async def answer_to(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        try:
            tool = listed.get(params.name)
            if tool is None:
                near = nearest(params.name, listed)
                hint = f"The nearest: {', '.join(near)}." if near else "tools/list has them all."
                raise ValueError(f"There is no tool {params.name[:60]!r}. {hint}")
            call = _address(ctx)
            work = partial(
                getattr(owners[tool.name], tool.name), call, **tool.read(dict(params.arguments or {}))
            )
            result: BaseModel = await anyio.to_thread.run_sync(work, limiter=limiter)
        except WRONG as error:
            return CallToolResult(is_error=True, content=[TextContent(type="text", text=str(error))])
        answer = result.model_dump(mode="json", exclude_none=True)
        return result_of(answer, call.pictures, call.links)

    return Server(
        name="fleet",
        title="Factorio: the fleet",
        version=version,
        instructions=INSTRUCTIONS,
        get_tool_input_schema=lambda name: listed[name].listing.input_schema if name in listed else None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _address(ctx: Context) -> Address:
    assert ctx.request is not None, "the fleet is served over HTTP"
    return Address(str(ctx.request.base_url).rstrip("/"))
