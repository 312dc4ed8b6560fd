"""The tools of a world, from a client's request to the world and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Image
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    ResourceLink,
    TextContent,
)

from mcp_servers.cursor import Cursor, news
from mcp_servers.fle_tools import FleTools
from mcp_servers.metrics import counted
from mcp_servers.results import Answer, Result
from mcp_servers.tool import Tool, tools_of
from mcp_servers.turn import Turns
from mcp_servers.world_tools import Call
from runtime import tool_arguments
from runtime.claims import Claimed
from runtime.fork_server import ForkServerError
from runtime.managed_world import ManagedWorld
from runtime.names import nearest
from runtime.world_life import WorldUnavailable

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]

FOR_PROGRAMS = ("run_program", "observe", "score", "screenshot", "claim")
"""What `?tools=program` lists: enough for who plays by programs. The others answer there too."""
LOOKING_THREADS = 8
TOOL_SECONDS = 300.0
"""Wall time that one of FLE's tools may take: walking far, or crafting much, takes a while."""
THINGS_SHOWN = 50
"""Of a list of things, so many are sent, and how many more there are."""
QUIET_SECONDS = 5.0
"""When a program prints nothing for so long, progress says what it is at."""
RENEWED_SECONDS = 60.0
"""How often the lease of a claim is renewed while its holder's program runs."""
LINES_WAITING = 1000
"""So many printed lines may wait to be sent as progress; more are left out there, and come with the result."""
WRONG = (ValueError, WorldUnavailable, Claimed, ForkServerError)
"""What may go wrong with a call; the message says it in a sentence or two."""


class ToolFailed(ValueError):
    """FLE could not do it; the message says why."""


class Tools:
    """The tools of a world: FLE's, and its own, which are declared by the classes of `own`."""

    def __init__(self, world: ManagedWorld, *own: object) -> None:
        self._world = world
        self._turns = Turns(world.cancel)
        self._looking = anyio.CapacityLimiter(LOOKING_THREADS)
        self._owners = {tool.name: owner for owner in own for tool in tools_of(type(owner))}
        self._own_tools = {tool.name: tool for owner in own for tool in tools_of(type(owner))}
        self._fle_tools = {tool.name: tool for tool in tools_of(FleTools)}
        self._tools = self._own_tools | self._fle_tools

    @property
    def descriptions(self) -> dict[str, str]:
        """What each tool is for, by name."""
        return {tool.name: tool.listing.description or "" for tool in self._tools.values()}

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """What a tool takes."""
        return self._tools[name].listing.input_schema if name in self._tools else None

    async def list(self, ctx: Context, _params: Any) -> ListToolsResult:
        """All tools, or those that the URL asks for by `?tools=`. Raises MCPError."""
        wanted = "full" if ctx.request is None else ctx.request.query_params.get("tools", "full")
        if wanted not in ("full", "program"):
            raise MCPError(
                INVALID_PARAMS, f"?tools={wanted[:60]} is not a list of tools: program and full are."
            )
        names = FOR_PROGRAMS if wanted == "program" else self._tools
        return ListToolsResult(tools=[self._tools[name].listing for name in names])

    async def call(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        """Do what a tool does. What goes wrong is told in a sentence, with the cursor as ever."""
        with counted(self._world.name, params.name, params.name in self._tools) as counting:
            return counting.answered(await self._answer(ctx, params))

    async def _answer(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        given = dict(params.arguments or {})
        base = "" if ctx.request is None else str(ctx.request.base_url).rstrip("/")
        call = Call(token=_bearer(ctx), base=base)
        try:
            tool = self._tools.get(params.name)
            if tool is None:
                raise ValueError(_no_tool(params.name, self._tools))
            common = tool.common(given)
            call.token = common.token or call.token
            call.since = None if common.since is None else Cursor.parse(common.since, self._world)
            if tool.name in tool_arguments.LOOKING:
                answer = await self._look(partial(self._run_in_fle, tool, call, given))
            elif tool.name in self._fle_tools:
                # What is wrong is told at once, not when it is this call's turn.
                checked = await self._look(partial(_checked, tool, given))
                answer = await self._turns.take(partial(self._run_in_fle, tool, call, checked))
            elif tool.name == "run_program":
                arguments = tool.read(given)
                work = partial(self._run, tool, call, arguments)
                answer = await self._reporting(ctx, call, work, arguments["timeout_s"])
            else:
                answer = await self._look(partial(self._run, tool, call, tool.read(given)))
        except WRONG as error:
            return self._failed(call, str(error))
        return result_of(answer, call.pictures, call.links)

    def _run(self, tool: Tool, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do what one of the server's own tools does, on a thread. Raises what is in WRONG."""
        self._check(tool, call)
        result: Result = getattr(self._owners[tool.name], tool.name)(call, **arguments)
        return result.model_dump(mode="json", exclude_defaults=True)

    def _run_in_fle(self, tool: Tool, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Have FLE do what one of its tools does, on a thread. Raises what is in WRONG."""
        self._check(tool, call)
        report = self._world.call_tool(tool.name, _flat(arguments), TOOL_SECONDS)
        own = set()
        if tool.acting:
            text = f"{tool.name} {_words(arguments)}" + ("" if report.error is None else " (failed)")
            data = {"arguments": arguments, "error": report.error, "seconds": report.seconds}
            own.add(self._world.events.add("tool", report.tick, text, data).number)
        if report.error is not None:
            raise ToolFailed(report.error)
        value, more = report.value, None
        if isinstance(value, list) and len(value) > THINGS_SHOWN:
            value, more = value[:THINGS_SHOWN], len(value) - THINGS_SHOWN
        answer = Answer(
            **news(self._world, call.since, self._world.summary().score, own),
            tick=report.tick,
            result=value,
            more=more,
            printed=report.output or None,
            seconds=round(report.seconds, 3),
        )
        return answer.model_dump(mode="json", exclude_defaults=True)

    def _check(self, tool: Tool, call: Call) -> None:
        """Raises Claimed when the world is somebody else's; renews the lease when it is the caller's."""
        if tool.acting and tool.name != "claim":
            self._world.claims.check(call.token)

    async def _look(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._looking)

    async def _reporting(
        self, ctx: Context, call: Call, work: Callable[[], dict[str, Any]], timeout_s: float
    ) -> dict[str, Any]:
        """Run a program when it is its turn, and report as progress what it prints meanwhile."""
        loop = asyncio.get_running_loop()
        lines, printed = anyio.create_memory_object_stream[str](LINES_WAITING)

        def offer(_line: int, text: str) -> None:
            loop.call_soon_threadsafe(_offer, lines, text)

        call.printed = offer
        outcome: dict[str, Any] | Exception
        async with anyio.create_task_group() as group:
            group.start_soon(self._report, ctx, call, printed, timeout_s)
            try:
                outcome = await self._turns.take(work)
            except WRONG as error:
                # Out of the group as itself, not as a group of exceptions.
                outcome = error
            finally:
                lines.close()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _report(
        self, ctx: Context, call: Call, printed: MemoryObjectReceiveStream[str], timeout_s: float
    ) -> None:
        """Tell the client of each line, or what the player is at, and keep up the claim of who plays so long."""
        began = renewed = time.monotonic()
        with printed:
            while True:
                text = self._world.summary().activity
                with anyio.move_on_after(QUIET_SECONDS):
                    try:
                        text = await printed.receive()
                    except anyio.EndOfStream:
                        return
                now = time.monotonic()
                await ctx.session.report_progress(round(now - began, 3), timeout_s, text)
                if now - renewed > RENEWED_SECONDS:
                    renewed = now
                    with suppress(Claimed):
                        await self._look(partial(self._world.claims.check, call.token))

    def _failed(self, call: Call, error: str) -> CallToolResult:
        summary = self._world.summary()
        told = Result(**news(self._world, call.since, summary.score), tick=summary.tick)
        return CallToolResult(
            is_error=True,
            content=[TextContent(type="text", text=error)],
            structured_content={"error": error, **told.model_dump(mode="json", exclude_defaults=True)},
        )


def result_of(
    answer: dict[str, Any], pictures: Iterable[tuple[bytes, str]], links: Iterable[ResourceLink]
) -> CallToolResult:
    """A result with its structured content, which is its text too, and images and links beside."""
    # In both: some clients show a model the text, others what is structured.
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    images = [
        Image(data=image, format=kind.removeprefix("image/")).to_image_content() for image, kind in pictures
    ]
    return CallToolResult(
        content=[TextContent(type="text", text=text), *images, *links], structured_content=answer
    )


def _offer(lines: MemoryObjectSendStream[str], text: str) -> None:
    try:
        lines.send_nowait(text)
    except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
        return


def _checked(tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    return tool_arguments.check(tool.name, _flat(given))


def _flat(given: dict[str, Any]) -> dict[str, Any]:
    """Things as results show them, with their position inside, are as good as `{x, y, name}`."""
    return {
        key: {**value["position"], "name": value.get("name")}
        if isinstance(value, dict) and isinstance(value.get("position"), dict)
        else value
        for key, value in given.items()
    }


def _words(arguments: dict[str, Any]) -> str:
    """Arguments for people: `stone-furnace at 3, 4 up`."""
    return " ".join(
        f"at {value['x']:g}, {value['y']:g}" if isinstance(value, dict) and "x" in value else str(value)
        for value in arguments.values()
    )


def _bearer(ctx: Context) -> str | None:
    """The token in `Authorization: Bearer …`; None without one, and over stdio."""
    if ctx.request is None:
        return None
    kind, _, token = ctx.request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def _no_tool(name: str, tools: Iterable[str]) -> str:
    near = nearest(name, tools)
    hint = f" The nearest: {', '.join(near)}." if near else " tools/list has them all."
    return f"There is no tool {name[:60]!r}.{hint}"
