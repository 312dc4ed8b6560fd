"""Debian's Chromium for tests, and a peer that is no browser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
]
FRAMES = "document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is needed: on Debian, apt install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Watcher:
    """A WHEP client that is not ours: aiortc and httpx, by the book."""

    def __init__(
        self, connection: RTCPeerConnection, session: str, track: MediaStreamTrack, sdp: str
    ) -> None:
        self.connection = connection
        self.session = session
        self.track = track
        self.answer = sdp


def new_peer(*codecs: str) -> RTCPeerConnection:
    """A peer that wants video, in these codecs only if any are named."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = connection.addTransceiver("video", direction="recvonly")
    if codecs:
        from aiortc import RTCRtpReceiver

        capabilities = RTCRtpReceiver.getCapabilities("video").codecs
        transceiver.setCodecPreferences(
            [c for c in capabilities if c.mimeType in [f"video/{codec}" for codec in codecs]]
        )
    return connection


async def offer_of(connection: RTCPeerConnection) -> str:
    """A peer's offer with all its candidates."""
    await connection.setLocalDescription(await connection.createOffer())
    return connection.localDescription.sdp


async def post(http: httpx.AsyncClient, world: str, sdp: str) -> httpx.Response:
    """Send an offer."""
    return await http.post(f"/worlds/{world}/whep", content=sdp, headers={"Content-Type": "application/sdp"})


@asynccontextmanager
async def watching(http: httpx.AsyncClient, world: str, *codecs: str) -> AsyncIterator[Watcher]:
    """Watch a world; leaves at the end."""
    connection = new_peer(*codecs)
    tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    connection.on("track", tracks.put_nowait)
    try:
        answer = await post(http, world, await offer_of(connection))
        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"].startswith("application/sdp")
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        yield Watcher(connection, answer.headers["location"], await tracks.get(), answer.text)
    finally:
        await connection.close()
