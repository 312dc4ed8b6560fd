"""What it takes to watch a world: how soon one sees it, how late, and what that costs. In Chromium, on the page of a world.

The view holds 5,000 entities of a factory that works. Costs are those of 30 frames a second, however many this machine
came to, so that a busy one doesn't look thrifty.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiortc.rtcdtlstransport
import httpx
import psutil
import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.responses import Response

from evals.bench import Measurement, factories
from evals.bench.sim import step
from evals.served_world import BACKLOG, LOOPBACK, CouldNotRun, ServedWorld, Setup, served_world
from viewer.app import gateway
from viewer.camera import Camera
from viewer.pool import Pool, Slot
from viewer.viewport import FPS
from viewer.whep import Whep

CELLS = 680
"""16 entities each, of which 300 are in view."""
PLACE = (0.0, 281.0, 1280 / 180 / 32)
WARM_UP_TICKS = 4000
TRIES = 7
VIEWERS = 40
SECONDS = 8.0
CODES = 150
NAME = "bench"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run",
             "--disable-component-update"]  # fmt: skip
FIRST_FRAME = """() => new Promise((done) => {
    const look = () => typeof video === "undefined" || !video
        ? setTimeout(look, 1) : video.requestVideoFrameCallback(() => done(performance.now() / 1000));
    look();
})"""
LATENESS = """(count) => new Promise((done) => {
    const canvas = new OffscreenCanvas(256, 48), context = canvas.getContext("2d", { willReadFrequently: true });
    const late = [];
    const read = () => {
        const now = performance.timeOrigin + performance.now();
        context.drawImage(video, 0, 0, 256, 48, 0, 0, 256, 48);
        const { data } = context.getImageData(0, 0, 256, 48);
        let code = 0;
        for (let bit = 47; bit >= 0; bit -= 1) {
            const x = 16 * (bit % 16) + 8, y = 16 * Math.floor(bit / 16) + 8;
            code = 2 * code + (data[4 * (256 * y + x)] > 127 ? 1 : 0);
        }
        late.push(now - code);
        if (late.length < count) video.requestVideoFrameCallback(read); else done(late);
    };
    video.requestVideoFrameCallback(read);
})"""


def measure() -> Iterator[Measurement]:
    """See the names; `first_frame` is from the click on a link to a world's page to the first decoded frame."""
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        served_world(NAME, Path(folder), Setup(speed=1)) as world,
    ):
        _build(world)
        with _serving(world, Path(folder)) as site:
            with _chromium() as browser:
                yield from _in_the_browser(site, browser)
            yield from _costs(site)


class _Site:
    """A gateway whose pictures say when they were taken."""

    def __init__(self, address: str, loop: asyncio.AbstractEventLoop, pool: Pool, world: ServedWorld) -> None:
        self.address = address
        self.loop = loop
        self.pool = pool
        self.world = world

    def slot(self) -> Slot:
        """The viewport's, which there is."""
        return self.pool.slots[NAME]

    def forget(self) -> None:
        """End the viewport."""
        process = self.slot().process
        self.loop.call_soon_threadsafe(self.pool.forget, NAME)
        while process is not None and psutil.pid_exists(process.pid):
            time.sleep(0.05)


def _build(world: ServedWorld) -> None:
    with world.process.client() as client:
        answer = client.command(factories.CELLS.format(count=CELLS, watts=CELLS * 150_000))
        if answer != str(16 * CELLS):
            raise CouldNotRun(f"viewport: {answer[:200]} entities stand where {16 * CELLS} should")
        if complaint := client.command(factories.COAL):
            raise CouldNotRun(complaint)
        step(client, WARM_UP_TICKS)
        client.command("/silent-command game.tick_paused = false game.speed = 1")


class _NoSamples:
    def samples(self, world: str, limit: int = 0) -> list[Any]:
        return []


@contextmanager
def _serving(world: ServedWorld, folder: Path) -> Iterator[_Site]:
    worlds = {NAME: world.managed}
    pool = Pool(worlds, 1, folder / "logs", time_code=True, place=PLACE)
    app = gateway(worlds, _NoSamples(), Response(status_code=404), Camera(), more=Whep(worlds, pool).routes())
    web = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve(listener: socket.socket) -> None:
        loops.append(asyncio.get_running_loop())
        await web.serve([listener])
        await pool.close()

    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(BACKLOG)
        thread = threading.Thread(target=lambda: asyncio.run(serve(listener)), name="gateway")
        thread.start()
        while not web.started:
            time.sleep(0.01)
        try:
            yield _Site(f"http://{LOOPBACK}:{listener.getsockname()[1]}", loops[0], pool, world)
        finally:
            web.should_exit = True
            thread.join()


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        raise CouldNotRun("there is no Chromium: on Debian, apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def _in_the_browser(site: _Site, browser: Browser) -> Iterator[Measurement]:
    page = browser.new_page()
    cold, warm = [], []
    for _ in range(TRIES):
        cold.append(_first_frame(page, site))
        page.goto("about:blank")
        warm.append(_first_frame(page, site))
        page.goto("about:blank")
        site.forget()
    yield Measurement("viewport.first_frame.cold", round(statistics.median(cold), 3), "s")
    yield Measurement("viewport.first_frame.warm", round(statistics.median(warm), 3), "s")
    _first_frame(page, site)
    page.wait_for_timeout(3000)  # a jitter buffer takes a while to trust the network
    late = page.evaluate(LATENESS, CODES)
    cuts = statistics.quantiles(late, n=20)
    yield Measurement("viewport.glass_to_glass.p50", round(cuts[9], 1), "ms")
    yield Measurement("viewport.glass_to_glass.p95", round(cuts[18], 1), "ms")
    page.close()


def _first_frame(page: Page, site: _Site) -> float:
    page.goto(f"{site.address}/worlds/{NAME}", wait_until="commit")
    seconds: float = page.evaluate(FIRST_FRAME)
    return seconds


def _costs(site: _Site) -> Iterator[Measurement]:
    world = psutil.Process(site.world.process.pid)
    before, began = _cpu(world), time.monotonic()
    time.sleep(SECONDS)
    unwatched = (_cpu(world) - before) / (time.monotonic() - began)
    one, many, fps = asyncio.run(_watch(site, world, unwatched))
    yield Measurement("viewport.cpu", round(one, 3), "cores")
    yield Measurement("viewport.viewer", round((many - one) / (VIEWERS - 1), 4), "cores")
    yield Measurement(f"viewport.fps.{VIEWERS}", round(fps, 1), "1/s")


async def _watch(site: _Site, world: psutil.Process, unwatched: float) -> tuple[float, float, float]:
    """Cores at 30 frames a second with one viewer and with many; and how many frames a second there were with many."""
    # Viewers here only receive; what they would do with it is not what is measured.
    transport: Any = aiortc.rtcdtlstransport.RTCDtlsTransport
    kept = transport._handle_rtp_data

    async def ignore(_self: Any, _data: bytes, arrival_time_ms: int) -> None:
        pass

    transport._handle_rtp_data = ignore
    peers: list[RTCPeerConnection] = []
    try:
        async with httpx.AsyncClient(base_url=site.address, timeout=30) as http:
            peers.append(await _join(http))
            await asyncio.sleep(2)
            one, _ = await _cores(site, world, unwatched)
            while len(peers) < VIEWERS:
                peers.append(await _join(http))
            await asyncio.sleep(2)
            many, fps = await _cores(site, world, unwatched)
    finally:
        for peer in peers:
            await peer.close()
        transport._handle_rtp_data = kept
    return one, many, fps


async def _join(http: httpx.AsyncClient) -> RTCPeerConnection:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connected = asyncio.Event()

    @peer.on("connectionstatechange")
    def changed() -> None:
        if peer.connectionState == "connected":
            connected.set()

    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Content-Type": "application/sdp"}
    answer = await http.post(f"/worlds/{NAME}/whep", content=peer.localDescription.sdp, headers=headers)
    if answer.status_code != 201:
        raise CouldNotRun(f"viewport: a viewer was answered {answer.status_code}: {answer.text[:200]}")
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    async with asyncio.timeout(20):
        await connected.wait()
    return peer


async def _cores(site: _Site, world: psutil.Process, unwatched: float) -> tuple[float, float]:
    process = site.slot().process
    assert process is not None
    viewport = psutil.Process(process.pid)
    frames, began, used = await _counted(site), time.monotonic(), _cpu(viewport) + _cpu(world)
    await asyncio.sleep(SECONDS)
    frames = await _counted(site) - frames
    seconds = time.monotonic() - began
    used = _cpu(viewport) + _cpu(world) - used - unwatched * seconds
    return used / frames * FPS, frames / seconds


async def _counted(site: _Site) -> int:
    """How many frames have been taken, at the moment when the viewport says so."""
    told = site.slot().told
    while site.slot().told is told:
        await asyncio.sleep(0.005)
    frames: int = site.slot().told["frames"]
    return frames


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
