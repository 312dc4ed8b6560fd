"""A world's RCON from the trusted side: commands, and the reads that disturb nothing."""

from __future__ import annotations

import json
import socket
import struct
import threading
from types import TracebackType
from typing import Any, Self

AUTH, COMMAND = 3, 2
REFUSED = -1


class WorldGone(Exception):
    """The world doesn't answer: it ended, or never listened. A command that was under way may have run."""


class WorldRefused(Exception):
    """The world answered that the password is wrong."""


class WorldClient:
    """A connection to a world, made when first needed and again after it broke. Threads may share one.

    `timeout_s` bounds connecting and each answer. Any method raises `WorldGone` when the world can't be
    reached, and `WorldRefused` for a wrong password.
    """

    def __init__(self, host: str, port: int, password: str, timeout_s: float = 60.0) -> None:
        self.host = host
        self.port = port
        self._password = password
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._last_id = 0

    def command(self, text: str) -> str:
        """Run a console command (`/silent-command …`); what it printed, without the newline at the end."""
        with self._lock:
            try:
                if self._socket is None:
                    self._socket = self._connect()
                self._last_id = self._last_id % 0x7FFFFFFF + 1
                self._send(self._last_id, COMMAND, text)
                packet_id, body = self._receive()
            except OSError as error:
                self._drop()
                raise WorldGone(f"the world at {self.host}:{self.port} is gone: {error}") from error
            if packet_id != self._last_id:
                self._drop()
                raise WorldGone(f"the world at {self.host}:{self.port} closed the connection: {body}")
            return body.rstrip()

    def tick(self) -> int:
        """The world's present tick."""
        return int(self._read("/tick")["tick"])

    def state_hash(self) -> str:
        """The hash of the world's whole state."""
        return self.command("/state-hash")

    def statistics(self) -> dict[str, Any]:
        """Cumulative production statistics."""
        result: dict[str, Any] = self._read("/statistics")
        return result

    def close(self) -> None:
        """Close the connection; the next command opens another."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, command: str) -> Any:
        answer = self.command(command)
        try:
            return json.loads(answer)
        except ValueError as error:
            raise ValueError(f"{command} answered no JSON: {answer[:200]!r}") from error

    # The protocol. factorio-rcon-py parses an answer byte by byte: 16 s for a megabyte.

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), self._timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._send(0, AUTH, self._password)
        packet_id, _ = self._receive()
        if packet_id == REFUSED:
            self._drop()
            raise WorldRefused(f"the world at {self.host}:{self.port} refused the password")
        return connection

    def _send(self, packet_id: int, kind: int, text: str) -> None:
        body = text.encode()
        assert self._socket is not None
        self._socket.sendall(struct.pack("<iii", len(body) + 10, packet_id, kind) + body + b"\0\0")

    def _receive(self) -> tuple[int, str]:
        (size,) = struct.unpack("<i", self._exactly(4))
        data = self._exactly(size)
        (packet_id,) = struct.unpack_from("<i", data)
        return packet_id, data[8:-2].decode("utf-8", "replace")

    def _exactly(self, size: int) -> bytes:
        assert self._socket is not None
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise ConnectionError("it closed the connection")
            data += piece
        return bytes(data)

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
