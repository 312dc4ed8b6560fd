"""RCON's framing and its bad input, over real sockets; the world behind it only repeats."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import AsyncIterator

import factorio_rcon
import pytest

from runtime.engine import rcon
from runtime.rcon_client import WorldClient, WorldGone, WorldRefused

PASSWORD = "secret"
DEADLINE_S = 5.0


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[rcon.RconServer, list[str]]]:
    """A server that answers `/big N` with N bytes, else the command itself."""
    seen: list[str] = []

    def handle(text: str) -> str:
        seen.append(text[:100])
        if text.startswith("/big "):
            return "x" * int(text.split()[1])
        if text.startswith("/sleep "):
            time.sleep(float(text.split()[1]))
        return text + "\n"

    server = await rcon.serve("127.0.0.1", 0, PASSWORD, handle)
    try:
        yield server, seen
    finally:
        await server.close()


def client(server: rcon.RconServer, password: str = PASSWORD) -> WorldClient:
    return WorldClient("127.0.0.1", server.port, password, timeout_s=20)


def raw(server: rcon.RconServer, data: bytes) -> bytes:
    """What a client that sends these bytes is answered until the connection ends, which it must soon."""
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_S + 1) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        answer = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                return answer
            answer += piece


async def test_factorio_rcon_client() -> None:
    async with serving() as (server, _):

        def talk() -> None:
            remote = factorio_rcon.RCONClient("127.0.0.1", server.port, PASSWORD, timeout=20)
            assert remote.send_command("hello") == "hello"
            assert remote.send_commands({"a": "1", "b": "2"}) == {"a": "1", "b": "2"}
            assert remote.send_command("/big 20000") == "x" * 20000
            assert remote.send_command("/big 0") is None
            remote.close()
            with pytest.raises(factorio_rcon.InvalidPassword):
                factorio_rcon.RCONClient("127.0.0.1", server.port, "wrong", timeout=20)

        await asyncio.to_thread(talk)


async def test_long_commands_and_answers() -> None:
    async with serving() as (server, _):

        def talk() -> None:
            with client(server) as remote:
                text = "é" * 100_000 + "x" * 3_000_000
                assert remote.command(text) == text
                assert len(remote.command("/big 5000000")) == 5_000_000

        await asyncio.to_thread(talk)


async def test_nul_does_not_break_the_framing() -> None:
    assert rcon.packet(1, 0, "a\0b") == struct.pack("<iii", 12, 1, 0) + b"ab\0\0"


async def test_clients_at_once_in_order_of_arrival() -> None:
    async with serving() as (server, seen):

        def talk(name: int) -> None:
            with client(server) as remote:
                for number in range(50):
                    assert remote.command(f"{name} {number}") == f"{name} {number}"

        await asyncio.gather(*[asyncio.to_thread(talk, name) for name in range(5)])
        for name in range(5):
            own = [line for line in seen if line.startswith(f"{name} ")]
            assert own == [f"{name} {number}" for number in range(50)]


async def test_threads_share_a_client() -> None:
    async with serving() as (server, _):
        with client(server) as remote:
            answers = await asyncio.gather(*[asyncio.to_thread(remote.command, str(n)) for n in range(50)])
        assert answers == [str(n) for n in range(50)]


async def test_wrong_password() -> None:
    async with serving() as (server, seen):
        with pytest.raises(WorldRefused):
            await asyncio.to_thread(client(server, "wrong").command, "hello")
        assert seen == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "possible"),
        (b"\xff" * 1000, "possible"),
        (os.urandom(3) + b"\x7f" + os.urandom(10_000_000), "possible"),
        (struct.pack("<iii", 10, 1, 2) + b"\0\0", "before the password"),
        (
            struct.pack("<iii", 10 + len(PASSWORD), 1, 3) + PASSWORD.encode() + b"\0\0" + b"\1\0\0\0",
            "possible",
        ),
        (
            struct.pack("<iii", 10 + len(PASSWORD), 1, 3)
            + PASSWORD.encode()
            + b"\0\0"
            + struct.pack("<iii", 10, 1, 9)
            + b"\0\0",
            "type 9",
        ),
        (b"", "no password after"),
        (b"\x10\0", "no password after"),
        (
            struct.pack("<iii", 10 + len(PASSWORD), 1, 3)
            + PASSWORD.encode()
            + b"\0\0"
            + struct.pack("<iii", 1000, 1, 2)
            + b"never",
            "was not complete",
        ),
    ],
    ids=["http", "ones", "noise", "command first", "tiny", "type", "silence", "half", "never ends"],
)
async def test_bad_input(data: bytes, reason: str) -> None:
    """That client is told why and is gone soon; another is served meanwhile."""
    async with serving() as (server, _):
        started = time.monotonic()
        bad = asyncio.create_task(asyncio.to_thread(raw, server, data))
        with client(server) as other:
            assert await asyncio.to_thread(other.command, "hello") == "hello"
            answer = await bad
            assert time.monotonic() - started < DEADLINE_S + 0.5
            assert reason in answer.decode("latin-1")
            assert await asyncio.to_thread(other.command, "hello") == "hello"


async def test_too_long_a_command_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as (server, _):
        with client(server) as remote:
            with pytest.raises(WorldGone, match="from 10 to 8388608 are possible"):
                await asyncio.to_thread(remote.command, "x" * 9_000_000)
            assert await asyncio.to_thread(remote.command, "again") == "again"
    assert "a packet of 9000010 bytes" in caplog.text


async def test_a_busy_world_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet that waits in the kernel while a command runs is not late; an idle client stays."""
    monkeypatch.setattr(rcon, "PACKET_SECONDS", 0.2)
    monkeypatch.setattr(rcon, "GRACE_SECONDS", 0.1)
    async with serving() as (server, _):
        with client(server) as idle, client(server) as slow, client(server) as waiting:
            assert await asyncio.to_thread(idle.command, "1") == "1"
            await asyncio.gather(
                asyncio.to_thread(slow.command, "/sleep 1"),
                asyncio.to_thread(waiting.command, "x" * 3_000_000),
            )
            assert await asyncio.to_thread(idle.command, "2") == "2"


async def test_a_client_that_reads_nothing_stops_nobody() -> None:
    async with serving() as (server, _):

        def talk() -> None:
            with socket.create_connection(("127.0.0.1", server.port)) as deaf:
                login = struct.pack("<iii", 10 + len(PASSWORD), 1, 3) + PASSWORD.encode() + b"\0\0"
                ask = struct.pack("<iii", 10 + 12, 1, 2) + b"/big 3000000" + b"\0\0"
                deaf.sendall(login + ask * 20)
                with client(server) as remote:
                    assert remote.command("hello") == "hello"

        await asyncio.to_thread(talk)


async def test_world_gone() -> None:
    async with serving() as (server, _):
        remote = client(server)
        assert await asyncio.to_thread(remote.command, "hello") == "hello"
    for _ in range(2):
        with pytest.raises(WorldGone, match="is gone"):
            await asyncio.to_thread(remote.command, "hello")
