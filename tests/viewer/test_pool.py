"""The pool with real viewport processes above a world that doesn't move."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from runtime.world_life import RconAddress, WorldUnavailable
from runtime.world_process import WorldProcess
from tests.fakes.turn_server import PASSWORD, USER, TurnServer, turn_server
from tests.viewer.browser import new_peer, offer_of
from viewer.leases import Leases, NoLease
from viewer.pool import AFTER, NoneFree, Pool, PoolFull, State
from viewer.viewport_process import Refused


class World:
    """What a pool needs of a world."""

    def __init__(self, process: WorldProcess | None) -> None:
        self.process = process
        self.viewers = 0

    def rcon(self) -> RconAddress:
        if self.process is None:
            raise WorldUnavailable("The world is starting.")
        return RconAddress(self.process.rcon_port, self.process.password)

    @contextmanager
    def viewed(self, who: str | None = None) -> Iterator[None]:
        self.viewers += 1
        yield
        self.viewers -= 1


@pytest.fixture
async def pool(shared_world: WorldProcess, tmp_path: Path) -> AsyncIterator[Pool]:
    worlds = {name: World(shared_world) for name in ("a", "b", "c")} | {"starting": World(None)}
    pool = Pool(worlds, 1, tmp_path, drain_seconds=30)  # type: ignore[arg-type]
    yield pool
    await pool.close()


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and bool(Path(f"/proc/{pid}/cmdline").read_bytes())


async def test_an_agent_is_a_viewer_and_a_draining_viewport_is_taken_first(pool: Pool) -> None:
    assert pool.state("a") is State.IDLE
    lease = pool.lease("a")
    assert pool.state("a") is State.STARTING
    await until(lambda: pool.state("a") is State.ACTIVE)
    slot = pool.slots["a"]
    assert slot.process is not None
    first = slot.process.pid

    # Full: who asks has a place, and keeps it as long as it asks again.
    for world, position in (("b", 1), ("c", 2), ("b", 1), ("c", 2)):
        with pytest.raises(PoolFull) as full:
            pool.lease(world)
        assert full.value.position == position

    await pool.end("a", lease.name)
    assert pool.state("a") is State.DRAINING
    # It is b's turn, though c asks first.
    with pytest.raises(PoolFull):
        pool.lease("c")
    pool.lease("b")
    assert pool.state("a") is State.IDLE
    await until(lambda: pool.state("b") is State.ACTIVE)
    await until(lambda: not alive(first))
    with pytest.raises(NoLease):
        await pool.end("a", lease.name)


async def test_a_viewport_that_is_killed_is_started_again_while_somebody_watches(pool: Pool) -> None:
    lease = pool.lease("a")
    await until(lambda: pool.state("a") is State.ACTIVE)
    slot = pool.slots["a"]
    assert slot.process is not None
    first = slot.process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: slot.process is not None and slot.process.pid != first and slot.state is State.ACTIVE)
    await pool.end("a", lease.name)
    os.kill(slot.process.pid, signal.SIGKILL)
    await until(lambda: not pool.slots)


async def test_a_viewport_that_hangs_is_replaced(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.pool.SILENT_SECONDS", 3.0)
    peer = new_peer()
    _, answer = await pool.offer("a", await offer_of(peer))
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    slot = pool.slots["a"]
    await until(lambda: slot.told.get("watching") == 1)
    assert slot.process is not None
    first = slot.process.pid
    os.kill(first, signal.SIGSTOP)
    pool.lease("a")
    await until(lambda: slot.process is not None and slot.process.pid != first and slot.state is State.ACTIVE)
    assert not alive(first)
    await peer.close()


async def test_all_who_watch_a_world_share_one_encode(pool: Pool) -> None:
    peers = [new_peer("H264"), new_peer("H264"), new_peer("H264", "VP8")]
    for peer in peers:
        _, answer = await pool.offer("a", await offer_of(peer))
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    slot = pool.slots["a"]
    await until(lambda: slot.told.get("watching") == 3)
    begun = slot.told
    await until(lambda: slot.told["frames"] > begun["frames"])
    assert set(slot.told["encoders"]) == {"H264"}
    assert sum(slot.told["encoded"].values()) <= slot.told["frames"]
    for peer in peers:
        await peer.close()
    await until(lambda: pool.state("a") is State.DRAINING)
    assert slot.told["watching"] == 0


async def test_a_world_that_does_not_run_is_not_filmed(pool: Pool) -> None:
    with pytest.raises(WorldUnavailable):
        pool.lease("starting")
    assert not pool.slots


async def test_when_all_are_gone_no_task_is_left(pool: Pool) -> None:
    await pool.offer("a", await offer_of(new_peer()))
    pool.forget("a")
    await until(lambda: not pool._tasks and pool._tending is None)


@asynccontextmanager
async def leases_at(now: list[float]) -> AsyncIterator[tuple[Leases, list[str]]]:
    ended: list[str] = []
    yield Leases(lambda lease: ended.append(lease.world), lambda: now[0]), ended


async def test_a_lease_lapses_unless_it_is_renewed() -> None:
    now = [0.0]
    async with leases_at(now) as (leases, ended):
        kept, lapsing = leases.take("a", "a", 10), leases.take("b", "b", 10)
        now[0] = 9
        leases.renew(kept.name, "a")
        with pytest.raises(NoLease):
            leases.renew(kept.name, "b")
        now[0] = 12
        leases.lapse()
        assert ended == ["b"]
        assert leases.of("a") == [kept]
        with pytest.raises(NoLease):
            leases.renew(lapsing.name, "b")


def test_every_state_can_be_left_and_reached() -> None:
    assert set(AFTER) == set(State)
    assert all(AFTER[state] for state in State)
    assert {after for states in AFTER.values() for after in states} == set(State)


async def test_a_camera_of_ones_own_takes_a_viewport_and_goes_where_it_is_told(
    shared_world: WorldProcess, tmp_path: Path
) -> None:
    pool = Pool({"a": World(shared_world)}, 2, tmp_path)  # type: ignore[dict-item]
    shared, mine, more = new_peer("H264"), new_peer("H264"), new_peer("H264")
    try:
        lease, answer = await pool.offer("a", await offer_of(shared))
        await shared.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        own, answer = await pool.offer("a", await offer_of(mine), own=True, place=(30, -20, 2))
        await mine.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        assert len(pool.slots) == 2
        assert await pool.place("a", own.name) == (30, -20, 2)
        await pool.aim("a", own.name, (5, 6, 0.25))
        assert await pool.place("a", own.name) == (5, 6, 0.25)
        assert await pool.place("a", lease.name) != (5, 6, 0.25)
        with pytest.raises(Refused):
            await pool.aim("a", lease.name, (5, 6, 0.25))
        # Without a place it is at the player, wherever that is.
        await pool.aim("a", own.name, (None, None, 1))
        assert (await pool.place("a", own.name))[2] == 1
        with pytest.raises(NoneFree):
            await pool.offer("a", await offer_of(more), own=True)
        # It is nobody else's: it ends with who had it.
        await pool.end("a", own.name)
        await until(lambda: set(pool.slots) == {"a"})
        with pytest.raises(NoLease):
            await pool.place("a", own.name)
        assert pool.state("a") is State.ACTIVE
    finally:
        for peer in (shared, mine, more):
            await peer.close()
        await pool.close()


async def test_video_goes_by_the_turn_server_of_the_settings_where_there_is_no_other_way(
    shared_world: WorldProcess, tmp_path: Path
) -> None:
    async with turn_server() as server:
        where = f"127.0.0.1:{server.port}"
        settings = [
            {"urls": f"stun:{where}"},
            {"urls": [f"turn:{where}"], "username": USER, "credential": PASSWORD},
        ]
        pool = Pool({"a": World(shared_world)}, 1, tmp_path, settings)  # type: ignore[dict-item]
        peer = new_peer()
        tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        peer.on("track", tracks.put_nowait)
        try:
            offer = await offer_of(peer)
            only_by_relay(peer, server)
            _, answer = await pool.offer("a", offer)
            kinds = {line.split()[7] for line in answer.splitlines() if line.startswith("a=candidate")}
            assert {"host", "srflx", "relay"} == kinds
            assert server.asked
            await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(20):
                await (await tracks.get()).recv()
            assert server.relayed > 10_000
        finally:
            await peer.close()
            await pool.close()


def only_by_relay(peer: RTCPeerConnection, server: TurnServer) -> None:
    """Have a peer that has gathered its candidates be behind a wall that lets through what the server relays."""
    connection = peer.getTransceivers()[0].receiver.transport.transport._connection
    for protocol in connection._protocols:
        take = protocol.datagram_received

        def from_relay(data: bytes, sender: tuple[str, int], take: Any = take) -> None:
            if sender[1] in {relay.port for relay in server.relays.values()}:
                take(data, sender)

        protocol.datagram_received = from_relay


async def test_turn_and_stun_servers_that_are_not_there_do_no_harm(
    shared_world: WorldProcess, tmp_path: Path
) -> None:
    async with turn_server() as server:
        wrong = {"urls": f"turn:127.0.0.1:{server.port}", "username": USER, "credential": "wrong"}
        pool = Pool({"a": World(shared_world)}, 1, tmp_path, [wrong])  # type: ignore[dict-item]
        try:
            _, answer = await pool.offer("a", await offer_of(new_peer()))
            assert " typ host" in answer
            assert " typ relay" not in answer
        finally:
            await pool.close()
