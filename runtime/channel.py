"""Frames between a host and a program process over one socket.

A frame is one byte that says what it is, four bytes of length (big-endian), and that many bytes. The host
reads with bounds and takes anything out of the ordinary for a violation.
"""

import json
import selectors
import socket
import struct
import time
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct(">BI")


class Frame(IntEnum):
    """What a frame carries, in the order of a conversation."""

    READY = 1
    """From the program process: it waits for RESTORE, RUN or CALL. Empty."""
    RESTORE = 2
    """To the program process: the state that an earlier one made (opaque bytes)."""
    RESTORED = 3
    """From it: JSON {"error": text or null}."""
    RUN = 4
    """To it: JSON {"code", "timeout_s", "position": [x, y] or null}."""
    CALL = 14
    """To it: JSON {"tool", "arguments", "timeout_s", "position": [x, y] or null}."""
    STARTED = 13
    """From it: it has read RUN or CALL. Empty."""
    COMMAND = 5
    """From it: an RCON command as FLE wrote it, preceded by four bytes of line number."""
    ANSWER = 6
    """To it: what FLE's client reads."""
    REFUSED = 7
    """To it: one sentence that says why not."""
    TIME_UP = 8
    """To it: the wall time ran out while the command waited. Empty."""
    PRINTED = 9
    """From it: JSON [line, text]."""
    STATE = 10
    """From it: its variables, opaque bytes, made before RESULT."""
    RESULT = 11
    """From it: JSON {"error": text or null, "line": n or null, "timed_out": bool, "unsaved": [names]}."""
    RETURNED = 15
    """From it, at the end of a call: JSON {"value", "error": text or null, "timed_out": bool}."""
    DONE = 12
    """From a process that creates a world: JSON {"error": text or null}."""


class ChannelClosed(Exception):
    """The other side is gone."""


class ProtocolViolation(Exception):
    """The other side sent something that no program process of ours sends."""


class Channel:
    """One end of the socket. Not for several threads at once."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def ended(self) -> bool:
        """Whether the other side is known to be gone."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send(self, kind: Frame, payload: bytes = b"") -> None:
        """Raises ChannelClosed."""
        try:
            self._socket.sendall(_HEAD.pack(kind, len(payload)) + payload)
        except OSError as error:
            raise ChannelClosed from error

    def send_json(self, kind: Frame, value: Any) -> None:
        self.send(kind, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))

    def receive(self, limits: dict[Frame, int], deadline: float | None = None) -> tuple[Frame, bytes]:
        """The next frame.

        limits: the kinds that may come now, each with its greatest length in bytes.
        deadline: in seconds of time.monotonic.

        Raises ChannelClosed, ProtocolViolation, or TimeoutError at the deadline.
        """
        number, length = _HEAD.unpack(self._read(_HEAD.size, deadline))
        try:
            kind = Frame(number)
        except ValueError as error:
            raise ProtocolViolation(f"a frame of the unknown kind {number}") from error
        if kind not in limits:
            raise ProtocolViolation(f"a frame {kind.name} out of turn")
        if length > limits[kind]:
            raise ProtocolViolation(f"a frame {kind.name} of {length} bytes, more than {limits[kind]}")
        return kind, self._read(length, deadline)

    def _read(self, size: int, deadline: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            if deadline is not None:
                self._wait_readable(deadline)
            try:
                part = self._socket.recv(min(size - len(parts), 1 << 20))
            except OSError as error:
                raise ChannelClosed from error
            if not part:
                raise ChannelClosed
            parts += part
        return bytes(parts)

    def _wait_readable(self, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            if not selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError


def read_json(payload: bytes) -> Any:
    """What a frame's JSON says; raises ProtocolViolation if it isn't JSON (NaN is none)."""
    try:
        return json.loads(payload, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolation("a frame that is not JSON") from error


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} in JSON")
