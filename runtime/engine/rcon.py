"""The Source RCON protocol, as Factorio's server speaks it: one packet per answer, however long.

A packet is `size id type body 00 00`, little-endian 32-bit integers, `size` counting what follows it. Types:
3 asks to be let in with the password, 2 is a command, or the answer to 3; 0 is the answer to a command.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import struct
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

HEADER = struct.Struct("<iii")
AUTH, COMMAND, AUTH_ANSWER, ANSWER = 3, 2, 2, 0
REFUSED = -1
SMALLEST, LARGEST = 10, 8 * 2**20  # bytes that `size` may count
PACKET_SECONDS = 4.0  # from a packet's first byte to its last, and from connecting to being let in
GRACE_SECONDS = 0.5  # for bytes that waited in the kernel while a command kept the loop busy
LINGER_SECONDS = 1.0  # how long a refused client has to read why
MOST_PENDING = 8  # commands of one client that wait; its socket is not read while there are so many


def packet(packet_id: int, kind: int, body: str) -> bytes:
    """One packet. NUL ends a body on the wire, so those inside it are dropped."""
    data = body.encode("utf-8", "replace").replace(b"\0", b"")
    return HEADER.pack(len(data) + SMALLEST, packet_id, kind) + data + b"\0\0"


class CommandQueue:
    """Commands of all clients, run in order of arrival, one at a time, the loop's other work in between."""

    def __init__(self, handle: Callable[[str], str]) -> None:
        self._handle = handle
        self._waiting: deque[tuple[Client, int, str]] = deque()

    def put(self, client: Client, packet_id: int, command: str) -> None:
        self._waiting.append((client, packet_id, command))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._run_one)

    def _run_one(self) -> None:
        client, packet_id, command = self._waiting[0]
        try:
            # A command that arrived is run even if its client is gone by now, as on Factorio's server.
            client.answer(packet_id, self._handle(command))
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._run_one)


class Client(asyncio.Protocol):
    """One connection: cuts the stream into packets, lets the client in, queues its commands."""

    transport: asyncio.Transport

    def __init__(self, password: str, queue: CommandQueue, clients: set[Client]) -> None:
        self._password = password.encode()
        self._queue = queue
        self._clients = clients
        self._buffer = bytearray()
        self._let_in = False
        self._refused = False
        self._pending = 0
        self._writing_paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._peer = "?"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._peer = ":".join(str(part) for part in transport.get_extra_info("peername", ("?",))[:2])
        self._clients.add(self)
        self._start_timer()

    def connection_lost(self, error: Exception | None) -> None:
        self._clients.discard(self)
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        buffer = self._buffer
        buffer += data
        while len(buffer) >= 4:
            size = int.from_bytes(buffer[:4], "little", signed=True)
            if not SMALLEST <= size <= LARGEST:
                return self._refuse(f"a packet of {size} bytes; from {SMALLEST} to {LARGEST} are possible")
            if len(buffer) < 4 + size:
                break
            _, packet_id, kind = HEADER.unpack_from(buffer)
            body = bytes(buffer[12 : 4 + size])
            del buffer[: 4 + size]
            self._stop_timer()
            self._packet(packet_id, kind, body.split(b"\0", 1)[0])
            if self._refused:
                return
        if (buffer or not self._let_in) and self._timer is None:
            self._start_timer()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._balance()

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._balance()

    def answer(self, packet_id: int, text: str) -> None:
        """Send a command's answer in one packet."""
        self._pending -= 1
        if not self._refused and not self.transport.is_closing():
            self.transport.write(packet(packet_id, ANSWER, text))
            self._balance()

    def _packet(self, packet_id: int, kind: int, body: bytes) -> None:
        if kind == AUTH:
            if not hmac.compare_digest(body, self._password):
                log.warning("RCON: wrong password from %s", self._peer)
                self._refused = True
                self.transport.write(packet(REFUSED, AUTH_ANSWER, ""))
                return self.transport.close()
            self._let_in = True
            self.transport.write(packet(packet_id, AUTH_ANSWER, ""))
        elif not self._let_in:
            self._refuse("a packet before the password")
        elif kind == COMMAND:
            self._pending += 1
            self._queue.put(self, packet_id, body.decode("utf-8", "replace"))
            self._balance()
        else:
            self._refuse(f"a packet of type {kind}; 2 (command) and 3 (password) are possible")

    def _refuse(self, why: str) -> None:
        log.warning("RCON: closed %s: %s", self._peer, why)
        self._refused = True
        self._buffer.clear()
        self._stop_timer()
        self.transport.write(packet(REFUSED, ANSWER, f"RCON error: {why}."))
        # Closing with bytes unread would reset the connection, and the client would lose the reason.
        self.transport.write_eof()
        self._balance()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.close)

    def _balance(self) -> None:
        """Read from the socket only while the client takes its answers and few of its commands wait."""
        if self.transport.is_closing():
            return
        if not self._refused and (self._writing_paused or self._pending >= MOST_PENDING):
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PACKET_SECONDS, self._late, True)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self, first: bool) -> None:
        if not self.transport.is_reading():
            return self._start_timer()
        if first:
            self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._late, False)
        elif self._let_in:
            self._refuse(f"a packet was not complete after {PACKET_SECONDS + GRACE_SECONDS} s")
        else:
            self._refuse(f"no password after {PACKET_SECONDS + GRACE_SECONDS} s")


class RconServer:
    """A listening RCON server; `port` is the real one when 0 was asked for."""

    def __init__(self, server: asyncio.Server, clients: set[Client]) -> None:
        self._server = server
        self._clients = clients
        self.host, self.port = server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Stop listening, send what is left to send, and end every connection."""
        self._server.close()
        for client in list(self._clients):
            client.transport.close()
        await asyncio.sleep(0)


async def serve(host: str, port: int, password: str, handle: Callable[[str], str]) -> RconServer:
    """Listen for RCON clients.

    `handle` gets a command and returns its answer; it runs on the loop and must not raise.

    Raises:
        OSError: the address is in use or is not this machine's.
    """
    queue = CommandQueue(handle)
    clients: set[Client] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(password, queue, clients), host, port)
    return RconServer(server, clients)
