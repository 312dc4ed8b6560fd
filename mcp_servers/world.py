"""The MCP server of one world, put together: its tools, resources and prompts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.server.lowlevel import Server

from mcp_servers.production import Production
from mcp_servers.prompts import INSTRUCTIONS, get_prompt, list_prompts
from mcp_servers.resources import Resources
from mcp_servers.subscribers import Subscribers
from mcp_servers.tools import Tools
from mcp_servers.viewport_tools import Viewports, ViewportTools
from mcp_servers.world_tools import Camera, WorldTools
from runtime.managed_world import ManagedWorld


def world_server(
    world: ManagedWorld, camera: Camera, version: str, viewports: Viewports | None = None
) -> Server[Any]:
    """Make the MCP server of a world.

    Args:
        world: the supervised world; it may be restarting at any time, which tools answer with an error.
        camera: takes pictures of it.
        version: of Claudetorio, for clients to show.
        viewports: film it; without, there are no tools for that.
    """
    production = Production()
    filming = [] if viewports is None else [ViewportTools(world, camera, viewports)]
    tools = Tools(world, WorldTools(world, camera, production), *filming)
    resources = Resources(world, production, tools.descriptions)
    subscribers = Subscribers(resources.state)

    @asynccontextmanager
    async def watching(_server: Server[Any]) -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(subscribers.watch)
            yield
            group.cancel_scope.cancel()

    return Server(
        name=world.name,
        title=f"Factorio: {world.name}",
        version=version,
        instructions=INSTRUCTIONS.format(name=world.name),
        lifespan=watching,
        get_tool_input_schema=tools.input_schema,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
        on_list_resources=resources.list,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read,
        on_subscribe_resource=subscribers.subscribe,
        on_unsubscribe_resource=subscribers.unsubscribe,
        on_subscriptions_listen=subscribers.listen,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )
