"""Who is told when a world's resources change, in both eras of the protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import anyio
import mcp_types
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated

Context = ServerRequestContext[Any, Any]
CHECK_SECONDS = 1.0
"""How often subscribers may be told of the same resource."""
PATIENCE_SECONDS = 1.0
"""A client of the older era that doesn't take a notice for so long goes without it."""


class Subscribers:
    """The subscribers of one world's resources.

    Args:
        state: what each resource now depends on, by its URI: when that differs, it has changed. A resource of that
            URI with a query after it changes with it.
    """

    def __init__(self, state: Callable[[], Mapping[str, Hashable]]) -> None:
        self._state = state
        self._bus = InMemorySubscriptionBus()
        self._listening = ListenHandler(self._bus)
        self._listened: Counter[str] = Counter()
        self._sessions: dict[tuple[int, str], ServerSession] = {}

    async def listen(
        self, ctx: Context, params: mcp_types.SubscriptionsListenRequestParams
    ) -> mcp_types.SubscriptionsListenResult:
        """`subscriptions/listen`, since 2026-07-28: lasts until the client leaves."""
        uris = params.notifications.resource_subscriptions or []
        self._listened.update(uris)
        try:
            return await self._listening(ctx, params)
        finally:
            self._listened.subtract(uris)
            self._listened += Counter()

    async def subscribe(
        self, ctx: Context, params: mcp_types.SubscribeRequestParams
    ) -> mcp_types.EmptyResult:
        """`resources/subscribe`, before 2026-07-28: lasts until the client unsubscribes or its session ends."""
        connection = ctx.session._connection
        key = (id(connection), str(params.uri))
        if key not in self._sessions:
            connection.exit_stack.callback(self._sessions.pop, key, None)
        self._sessions[key] = ctx.session
        return mcp_types.EmptyResult()

    async def unsubscribe(
        self, ctx: Context, params: mcp_types.UnsubscribeRequestParams
    ) -> mcp_types.EmptyResult:
        """`resources/unsubscribe`."""
        self._sessions.pop((id(ctx.session._connection), str(params.uri)), None)
        return mcp_types.EmptyResult()

    async def watch(self) -> None:
        """Tell them, until cancelled."""
        known = self._state()
        while True:
            await anyio.sleep(CHECK_SECONDS)
            now = self._state()
            changed = {uri for uri in now if now[uri] != known.get(uri)}
            known = now
            for uri in [uri for uri in self._listened if _base(uri) in changed]:
                await self._bus.publish(ResourceUpdated(uri))
            for (_, uri), session in list(self._sessions.items()):
                if _base(uri) in changed:
                    with anyio.move_on_after(PATIENCE_SECONDS):
                        await session.send_resource_updated(uri)


def _base(uri: str) -> str:
    return uri.partition("?")[0]
