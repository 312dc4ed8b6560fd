"""Bytes that are not RCON, or nearly: broken sizes, types, texts, halves of packets, connections dropped at any time."""

from __future__ import annotations

import random
import socket
import struct

HEADER = struct.Struct("<iii")
SIZES = (-(2**31), -1, 0, 1, 9, 10, 11, 14, 4096, 2**20, 8 * 2**20, 2**31 - 1)
KINDS = (-1, 0, 1, 2, 3, 4, 255, 2**31 - 1)
TEXTS = (
    b"", b"/", b"//", b"/silent-command", b"/sc rcon.print(", b"/look", b"/look \xff\xfe",
    b"/scene-changes", b"/scene-changes 0 0 9 9 0 0", b"/scene-changes -40000 -40000 40000 40000 1 1 0 0 0 0",
    b"/scene-changes 0 0 9 9 nan 1e300 x", b"/scene-tiles 0 0 1 1", b"/scene-tiles 5 5 -5 99999999999999999999",
    b"/statistics x", b"/prelude )", b"/no-such-command", b"hello",
    b"\xff\xfe\x00\x80",
    b"/time 5", b"/version \0\0", b"/sc " + b"(" * 5000, b"/sc rcon.print(('x'):rep(1e6))", b"/state-hash " + b"y" * 100_000,
)  # fmt: skip


def connection(chance: random.Random, password: str) -> list[bytes]:
    """What one client sends, piece by piece."""
    pieces = []
    if chance.random() < 0.7:
        right = password.encode() if chance.random() < 0.8 else chance.randbytes(chance.randrange(40))
        pieces.append(_packet(chance.randrange(-5, 100), 3, right))
    for _ in range(chance.randrange(5)):
        match chance.randrange(4):
            case 0:
                pieces.append(chance.randbytes(chance.randrange(1, 200)))
            case 1:
                pieces.append(
                    struct.pack("<i", chance.choice(SIZES)) + chance.randbytes(chance.randrange(60))
                )
            case 2:
                whole = _packet(1, 2, chance.choice(TEXTS))
                pieces.append(whole[: chance.randrange(len(whole))])
            case _:
                pieces.append(_packet(chance.randrange(2**31), chance.choice(KINDS), chance.choice(TEXTS)))
    return pieces


def _packet(packet_id: int, kind: int, body: bytes) -> bytes:
    return HEADER.pack(len(body) + 10, packet_id, kind) + body + b"\0\0"


def attack(host: str, port: int, pieces: list[bytes], chance: random.Random) -> None:
    """Send them, read a little or nothing, and hang up; how the server ends the connection is its own business."""
    with socket.create_connection((host, port), timeout=10) as client:
        client.settimeout(0.02)
        for piece in pieces:
            try:
                client.sendall(piece)
                if chance.random() < 0.3:
                    client.recv(4096)
            except (TimeoutError, ConnectionError):
                pass
