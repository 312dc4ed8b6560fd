"""A world's MCP server, or the fleet's, over stdio: a process between a client's pipes and the gateway.

It understands nothing of what it passes on but what HTTP wants in headers, so everything goes through, in both
eras of the protocol.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
from mcp.client.streamable_http import MCP_SESSION_ID, streamable_http_client
from mcp.server.stdio import stdio_server
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
)
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import PROTOCOL_VERSION_META_KEY
from mcp_types.jsonrpc import (
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

NO_GATEWAY = -32000
"""JSON-RPC error code, of those free for servers."""
CONNECT_SECONDS = 10.0
AWAY_SECONDS = 0.5
"""How often the stream of notices looks whether the gateway is back."""
Params = dict[str, Any]


class NoGateway(Exception):
    """Nobody answers at the address; the message is one sentence."""


async def serve_stdio(url: str, token: str | None) -> None:
    """Pass messages between stdin and stdout and an MCP endpoint, until stdin ends.

    Args:
        url: of the endpoint, such as `http://127.0.0.1:3000/worlds/world-1/mcp`.
        token: sent as a bearer token with each request, if there is one.

    Raises:
        NoGateway: there is no gateway, or it has no such world.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # A program may run for minutes before it says anything, so only connecting has a limit.
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    transport = GatewayTransport(url)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout, transport=transport) as client:
        await _check(client, url)
        async with (
            streamable_http_client(url, http_client=client, max_sse_event_size=None) as (received, send),
            stdio_server() as (asked, answer),
            answer,
            anyio.create_task_group() as tasks,
        ):
            era = Era()

            async def to_client() -> None:
                async for message in received:
                    if isinstance(message, Exception):
                        raise message
                    era.heard(message.message)
                    await answer.send(message)

            tasks.start_soon(to_client)
            async for message in asked:
                if isinstance(message, Exception):
                    error = ErrorData(code=PARSE_ERROR, message=f"no JSON-RPC message: {message}")
                    await answer.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error)))
                    continue
                metadata = ClientMessageMetadata(headers=era.headers(message.message))
                await send.send(SessionMessage(message.message, metadata))
            tasks.cancel_scope.cancel()


class Era:
    """What HTTP wants in a message's headers, by the protocol that the client speaks."""

    def __init__(self) -> None:
        self._initialize: int | str | None = None
        self._version: str | None = None

    def headers(self, message: JSONRPCMessage) -> dict[str, str]:
        """The headers of a message from the client."""
        if not isinstance(message, JSONRPCRequest | JSONRPCNotification):
            return self._agreed()
        params: Params = message.params or {}
        version = (params.get("_meta") or {}).get(PROTOCOL_VERSION_META_KEY)
        if not isinstance(version, str):
            if isinstance(message, JSONRPCRequest) and message.method == "initialize":
                self._initialize, self._version = message.id, None
            return self._agreed()
        headers = {MCP_PROTOCOL_VERSION_HEADER: version, MCP_METHOD_HEADER: message.method}
        name = params.get(NAME_BEARING_METHODS.get(message.method, ""))
        if isinstance(name, str):
            headers[MCP_NAME_HEADER] = encode_header_value(name)
        return headers

    def heard(self, message: JSONRPCMessage) -> None:
        """Learn from a message of the server which version a handshake agreed on."""
        if isinstance(message, JSONRPCResponse) and message.id == self._initialize is not None:
            self._version = str(message.result.get("protocolVersion"))

    def _agreed(self) -> dict[str, str]:
        return {MCP_PROTOCOL_VERSION_HEADER: self._version} if self._version else {}


class GatewayTransport(httpx2.AsyncHTTPTransport):
    """HTTP to a gateway that may be away for a while: then each request is answered with an error that says so.

    A gateway that was started anew knows no sessions. The handshake is then made again for the client, and what it
    has subscribed to is subscribed again. The stream on which the server speaks first waits for the gateway instead.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._handshake: httpx2.Request | None = None
        self._session: str | None = None
        """The session that is good now; the client's transport goes on with the first one."""
        self._renewing = anyio.Lock()
        self._subscriptions: dict[str, httpx2.Request] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; see the class for what is special."""
        if request.method == "GET" and MCP_SESSION_ID in request.headers:
            return await self._listen(request)
        response = await self._ask(request)
        self._note_subscription(request, response)
        return response

    async def _listen(self, request: httpx2.Request) -> httpx2.Response:
        while (response := await self._ask(request)).status_code == 503:
            await anyio.sleep(AWAY_SECONDS)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=UntilItEnds(response.stream),
            extensions=response.extensions,
            request=request,
        )

    def _note_subscription(self, request: httpx2.Request, response: httpx2.Response) -> None:
        if request.method != "POST" or not response.is_success:
            return
        asked = json.loads(request.content)
        uri = str((asked.get("params") or {}).get("uri")) if isinstance(asked, dict) else ""
        if uri and asked.get("method") == "resources/subscribe":
            self._subscriptions[uri] = request
        elif uri and asked.get("method") == "resources/unsubscribe":
            self._subscriptions.pop(uri, None)

    async def _ask(self, request: httpx2.Request) -> httpx2.Response:
        if MCP_SESSION_ID not in request.headers:
            response = await self._send(request)
            if MCP_SESSION_ID in response.headers:
                self._handshake, self._session = request, response.headers[MCP_SESSION_ID]
            return response
        session = self._session
        response = await self._send(_within(request, session))
        if response.status_code != 404:
            return response
        await response.aclose()
        async with self._renewing:
            if self._session == session:
                await self._shake_hands_again(request)
        return await self._send(_within(request, self._session))

    async def _shake_hands_again(self, like: httpx2.Request) -> None:
        assert self._handshake is not None, "a session begins with a handshake"
        response = await self._send(_within(self._handshake, None))
        await response.aread()
        await response.aclose()
        self._session = response.headers.get(MCP_SESSION_ID)
        told = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
        headers = {name: value for name, value in like.headers.items() if name != "content-length"}
        initialized = httpx2.Request("POST", like.url, headers=headers, content=told)
        for again in (initialized, *self._subscriptions.values()):
            response = await self._send(_within(again, self._session))
            await response.aread()
            await response.aclose()

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await super().handle_async_request(request)
        except httpx2.TransportError as error:
            message = f"no gateway at {self._url} ({error}): start it with `claudetorio up`"
            body = {"jsonrpc": "2.0", "id": None, "error": {"code": NO_GATEWAY, "message": message}}
            return httpx2.Response(503, json=body, request=request)


class UntilItEnds(httpx2.AsyncByteStream):
    """A stream that ends where it breaks off: of one that broke, the client would not ask for another for long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with contextlib.suppress(httpx2.TransportError):
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _within(request: httpx2.Request, session: str | None) -> httpx2.Request:
    """The request once more, within a session."""
    headers = {name: value for name, value in request.headers.items() if name != MCP_SESSION_ID}
    if session is not None:
        headers[MCP_SESSION_ID] = session
    return httpx2.Request(
        request.method, request.url, headers=headers, content=request.content, extensions=request.extensions
    )


async def _check(client: httpx2.AsyncClient, url: str) -> None:
    """Ask once whether the endpoint is there: a client shows what a server says before it ends."""
    # In the newer era only POST is allowed, and the answer is made before a session or anything else is.
    response = await client.get(url, headers={MCP_PROTOCOL_VERSION_HEADER: "2026-07-28"})
    if response.status_code == 503:
        raise NoGateway(str(response.json()["error"]["message"]))
    if response.status_code == 404:
        raise NoGateway(response.text.strip())
    if response.status_code == 421:
        raise NoGateway(
            f"the gateway does not answer to the name in {url}: set CLAUDETORIO_ALLOWED_HOSTS for it"
        )
