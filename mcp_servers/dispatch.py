"""Which MCP server a request is for: `/worlds/NAME/mcp` leads to that world's, `/mcp` to the fleet's."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

FLEET = ""
"""What the fleet's server goes by; no world is called that."""


def host_protection(host: str, more_hosts: list[str]) -> TransportSecuritySettings:
    """The Host and Origin headers that a gateway listening on `host` accepts.

    Loopback names always. A gateway that listens on one address also answers to that address; one that
    listens on all of them (0.0.0.0) needs the names it is reached by in `more_hosts`, with or without a port.
    """
    names = ["127.0.0.1", "localhost", "[::1]"]
    for name in [host, *more_hosts]:
        if not _is_any_address(name):
            names.append(_bracketed(name))
    hosts = [form for name in names for form in ((name,) if _has_port(name) else (name, f"{name}:*"))]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{form}" for scheme in ("http", "https") for form in hosts],
    )


def _is_any_address(name: str) -> bool:
    return name in ("", "0.0.0.0", "::", "[::]")


def _bracketed(name: str) -> str:
    try:
        return f"[{name}]" if ipaddress.ip_address(name).version == 6 else name
    except ValueError:
        return name


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdigit() and not name.endswith("]")


AnyServer = MCPServer[Any] | Server[Any]


class WorldDispatcher:
    """Serves the MCP servers of worlds that come and go while the gateway runs.

    Each server's session manager runs in a task of its own, because it can be entered only once and has to be
    left by the task that entered it.
    """

    def __init__(self, security: TransportSecuritySettings) -> None:
        self._security = security
        self._apps: dict[str, Any] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def run(self, servers: Mapping[str, AnyServer]) -> AsyncIterator[None]:
        """Serve these worlds, and those added later, until the block ends."""
        async with AsyncExitStack() as stack:
            self._tasks = await stack.enter_async_context(anyio.create_task_group())
            for name, server in servers.items():
                await self.add(name, server)
            try:
                yield
            finally:
                self._tasks.cancel_scope.cancel()
                self._tasks = None

    async def add(self, name: str, server: AnyServer) -> None:
        """Begin to serve a world; returns once requests are answered."""
        assert self._tasks is not None, "the dispatcher is not running"
        await self._tasks.start(self._serve, name, server)

    def remove(self, name: str) -> None:
        """Stop serving a world; its sessions end."""
        self._apps.pop(name)
        self._scopes.pop(name).cancel()

    async def _serve(
        self, name: str, server: AnyServer, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        # Called for the session manager that it makes, with the security settings in it.
        server.streamable_http_app(transport_security=self._security)
        manager = server.session_manager
        with anyio.CancelScope() as scope:
            async with manager.run():
                self._apps[name] = manager.asgi_app
                self._scopes[name] = scope
                task_status.started()
                await anyio.sleep_forever()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the world named in its path, or to the fleet's server when none is."""
        name = scope["path_params"].get("name", FLEET)
        app = self._apps.get(name)
        if app is None:
            response = PlainTextResponse(f"There is no world {name!r}. /api/worlds lists them.\n", 404)
            await response(scope, receive, send)
            return
        await app(scope, receive, send)
