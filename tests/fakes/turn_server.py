"""A STUN and TURN server: RFC 8489 and 8656 over UDP, as far as one who relays video needs them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioice.stun import Class, Message, Method, parse_message
from aioice.turn import is_channel_data, make_integrity_key

USER, PASSWORD, REALM, NONCE = "viewer", "secret", "claudetorio", b"once"
HOST = "127.0.0.1"
Address = tuple[str, int]


class _Relay(asyncio.DatagramProtocol):
    """The address at which a client's peers reach it."""

    def __init__(self, server: TurnServer, client: Address) -> None:
        self.server, self.client = server, client
        self.channels: dict[Address, int] = {}
        self.transport: Any = None

    @property
    def port(self) -> int:
        """Of the relayed address."""
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: Address) -> None:
        if peer in self.channels:
            self.server.send(struct.pack("!HH", self.channels[peer], len(data)) + data, self.client)
        elif peer[0] in {host for host, _ in self.channels}:
            told = Message(Method.DATA, Class.INDICATION, None, {"XOR-PEER-ADDRESS": peer, "DATA": data})
            self.server.send(bytes(told), self.client)

    def to_peer(self, data: bytes) -> None:
        channel, length = struct.unpack("!HH", data[:4])
        for peer, number in self.channels.items():
            if number == channel:
                self.server.relayed += length
                self.transport.sendto(data[4 : 4 + length], peer)


class TurnServer(asyncio.DatagramProtocol):
    """Tells clients their addresses; relays for those who know the password. relayed: bytes from them to peers."""

    def __init__(self) -> None:
        self.asked = self.relayed = 0
        self.relays: dict[Address, _Relay] = {}
        self.transport: Any = None
        self._key = make_integrity_key(USER, REALM, PASSWORD)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, data: bytes, client: Address) -> None:
        self.transport.sendto(data, client)

    def datagram_received(self, data: bytes, client: Address) -> None:
        if is_channel_data(data):
            if client in self.relays:
                self.relays[client].to_peer(data)
            return
        task = asyncio.get_running_loop().create_task(self._answer(parse_message(data), client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: Message, client: Address) -> None:
        if request.message_class is not Class.REQUEST:
            return
        method = request.message_method
        if method is Method.BINDING:
            self.asked += 1
            self._reply(request, client, {"XOR-MAPPED-ADDRESS": client})
        elif not request.check_message_integrity(self._key):
            attributes = {"ERROR-CODE": (401, "Unauthorized"), "REALM": REALM, "NONCE": NONCE}
            self._reply(request, client, attributes, Class.ERROR)
        elif method is Method.ALLOCATE:
            loop = asyncio.get_running_loop()
            relay = _Relay(self, client)
            transport, _ = await loop.create_datagram_endpoint(lambda: relay, (HOST, 0))
            self.relays[client] = relay
            where = transport.get_extra_info("sockname")
            attributes = {"LIFETIME": 600, "XOR-MAPPED-ADDRESS": client, "XOR-RELAYED-ADDRESS": where}
            self._reply(request, client, attributes, signed=True)
        elif method is Method.CHANNEL_BIND:
            peer, channel = request.attributes["XOR-PEER-ADDRESS"], request.attributes["CHANNEL-NUMBER"]
            self.relays[client].channels[peer] = channel
            self._reply(request, client, {}, signed=True)
        elif method is Method.REFRESH:
            if request.attributes["LIFETIME"] == 0:
                self.relays.pop(client).transport.close()
            self._reply(request, client, {"LIFETIME": request.attributes["LIFETIME"]}, signed=True)

    def _reply(
        self,
        request: Message,
        client: Address,
        attributes: dict[str, Any],
        kind: Class = Class.RESPONSE,
        signed: bool = False,
    ) -> None:
        reply = Message(request.message_method, kind, request.transaction_id, attributes)
        if signed:
            reply.add_message_integrity(self._key)
        else:
            reply.add_fingerprint()
        self.send(bytes(reply), client)


@asynccontextmanager
async def turn_server() -> AsyncIterator[TurnServer]:
    """A running server."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(TurnServer, (HOST, 0))
    try:
        yield server
    finally:
        for relay in server.relays.values():
            relay.transport.close()
        transport.close()
