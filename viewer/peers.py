"""Those who watch over WebRTC: an offer makes a peer, which is gone when it leaves, dies, or never comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaRelay
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import SessionDescription, candidate_from_sdp

from viewer.encoder import Codec, Packet
from viewer.film import Film

# What WebRTC has a peer answer every second as long as it lives: 7 s without an answer is the end.
aioice.ice.CONSENT_INTERVAL = 1
aioice.ice.CONSENT_FAILURES = 4

CONNECT_SECONDS = 8.0
"""For a peer between its offer and its first packet."""
MOST_CONNECTING = 16
MOST_PEERS = 100
MOST_CANDIDATES = 32
MOST_MEDIA = 8
KEPT_PACKETS = 90

WRONG = (
    ValueError, LookupError, TypeError, AttributeError, AssertionError, StopIteration, RuntimeError,
    OperationError, InvalidAccessError, InvalidStateError,
)  # fmt: skip
"""What aiortc raises for descriptions that make no sense. A coroutine turns StopIteration into RuntimeError."""


class BadOffer(Exception):
    """An offer or a candidate that can't be taken up; one sentence says why."""


class TooManyPeers(Exception):
    """As many watch, or are about to, as may; others have to try again."""


class PacketTrack(MediaStreamTrack):
    """Video that is encoded already."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._packets: asyncio.Queue[Packet] = asyncio.Queue()

    def put(self, packet: Packet) -> None:
        """One more packet; the oldest is dropped when nobody takes them."""
        if self._packets.qsize() >= KEPT_PACKETS:
            self._packets.get_nowait()
        self._packets.put_nowait(packet)

    async def recv(self) -> Any:
        """The next `av.Packet`."""
        return await self._packets.get()


class FromKeyframe(MediaStreamTrack):
    """A track for one who comes later: nothing of it makes sense before its first keyframe."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self._track = track
        self._begun = False

    async def recv(self) -> Any:
        """The next `av.Packet`."""
        while True:
            packet: Any = await self._track.recv()
            self._begun = self._begun or packet.is_keyframe
            if self._begun:
                return packet

    def stop(self) -> None:
        """Take no more of it."""
        super().stop()
        self._track.stop()


@dataclass
class _Peer:
    connection: RTCPeerConnection
    codec: Codec
    watching: bool = False
    candidates: int = 0


class Peers:
    """The peers of one camera. For the event loop alone.

    Args:
        film: is told who watches; its packets go to `deliver`.
        ice_servers: STUN and TURN servers, as browsers write them.
        on_change: is called whenever a peer has come or gone.
    """

    def __init__(self, ice_servers: Sequence[dict[str, Any]], on_change: Callable[[], None]) -> None:
        self.film: Film | None = None
        # Without a list aiortc asks a server of Google's.
        self._configuration = RTCConfiguration(iceServers=[RTCIceServer(**server) for server in ice_servers])
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._relay = MediaRelay()
        self._tracks = {codec: PacketTrack() for codec in Codec}
        self._peers: dict[str, _Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """All who watch, or are about to."""
        return list(self._peers)

    @property
    def watching(self) -> int:
        """How many are connected."""
        return sum(peer.watching for peer in self._peers.values())

    def deliver(self, codec: Codec, packet: Packet) -> None:
        """A packet for all who watch; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._tracks[codec].put, packet)

    async def offer(self, name: str, sdp: str) -> str:
        """Take up an offer; the answer, with all of our candidates.

        Raises:
            BadOffer: it is broken, or for no video that could be sent.
            TooManyPeers: there are MOST_PEERS, or MOST_CONNECTING that have not come yet.
        """
        connecting = len(self._peers) - self.watching
        if len(self._peers) >= MOST_PEERS or connecting >= MOST_CONNECTING:
            raise TooManyPeers(f"{len(self._peers)} watch, of which {connecting} are not connected yet")
        sdp = without_unreachable(sdp)
        codec = self._choose(codecs_of(sdp))
        connection = RTCPeerConnection(self._configuration)
        peer = self._peers[name] = _Peer(connection, codec)
        connection.on("connectionstatechange", lambda: self._changed(name, peer))
        try:
            track = FromKeyframe(self._relay.subscribe(self._tracks[codec], buffered=True))
            transceiver = connection.addTransceiver(track, direction="sendonly")
            capabilities = RTCRtpSender.getCapabilities("video").codecs
            wanted = (f"video/{codec}", "video/rtx")
            transceiver.setCodecPreferences([c for c in capabilities if c.mimeType in wanted])
            # aiortc encodes no packets, so it has nothing to do when a browser asks for a keyframe, and no event for it.
            sender: Any = transceiver.sender
            sender._send_keyframe = lambda: self._ask_keyframe(codec)
            await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            answer = await connection.createAnswer()
            await connection.setLocalDescription(answer)
        except WRONG as error:
            self._end(name)
            raise BadOffer(f"the offer can't be answered: {str(error) or type(error).__name__}") from error
        except BaseException:
            self._end(name)
            raise
        self._loop.call_later(CONNECT_SECONDS, self._give_up, name)
        self._on_change()
        return str(connection.localDescription.sdp)

    async def trickle(self, name: str, fragment: str) -> None:
        """Take in candidates, from `a=candidate:` lines. Raises BadOffer, and KeyError for a peer that is gone."""
        peer = self._peers[name]
        for line in without_unreachable(fragment).splitlines():
            if not line.startswith("a=candidate:"):
                continue
            peer.candidates += 1
            if peer.candidates > MOST_CANDIDATES:
                raise BadOffer(f"there are more than {MOST_CANDIDATES} candidates")
            try:
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMLineIndex = 0
                await peer.connection.addIceCandidate(candidate)
            except WRONG as error:
                raise BadOffer(f"the candidate {line[:120]!r} can't be used: {error}") from error

    async def end(self, name: str) -> None:
        """A peer leaves. Raises KeyError if it is gone."""
        if name not in self._peers:
            raise KeyError(name)
        self._end(name)

    def _choose(self, offered: Sequence[Codec]) -> Codec:
        """What is being encoded anyway, so that there is one encode for all; else H264, which hardware has."""
        running = self.film.encoders if self.film is not None else {}
        return min(offered, key=lambda codec: (codec not in running, codec is not Codec.H264))

    def _ask_keyframe(self, codec: Codec) -> None:
        if self.film is not None:
            self.film.ask_keyframe(codec)

    def _changed(self, name: str, peer: _Peer) -> None:
        state = peer.connection.connectionState
        if self._peers.get(name) is not peer:
            return
        if state == "connected" and not peer.watching:
            peer.watching = True
            if self.film is not None:
                self.film.watch(peer.codec)
            self._on_change()
        elif state in ("failed", "closed"):
            self._end(name)

    def _give_up(self, name: str) -> None:
        peer = self._peers.get(name)
        if peer is not None and not peer.watching:
            self._end(name)

    def _end(self, name: str) -> None:
        peer = self._peers.pop(name, None)
        if peer is None:
            return
        if peer.watching and self.film is not None:
            self.film.leave(peer.codec)
        task = self._loop.create_task(peer.connection.close())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._on_change()


def codecs_of(sdp: str) -> list[Codec]:
    """The codecs of ours that an offer wants video in, in its order. Raises BadOffer."""
    try:
        media = SessionDescription.parse(sdp).media
    except WRONG as error:
        raise BadOffer(
            f"the offer is no SDP that makes sense: {str(error) or type(error).__name__}"
        ) from error
    if len(media) > MOST_MEDIA:
        raise BadOffer(f"the offer has {len(media)} streams; {MOST_MEDIA} are the most")
    videos = [one for one in media if one.kind == "video" and one.direction in ("recvonly", "sendrecv")]
    if not videos:
        raise BadOffer("the offer wants no video: add a transceiver for video that only receives")
    ice, dtls = videos[0].ice, videos[0].dtls
    if not (ice and ice.usernameFragment and ice.password and dtls and dtls.fingerprints):
        raise BadOffer(
            "the offer lacks ice-ufrag, ice-pwd or fingerprint, without which nobody can be reached"
        )
    known = {codec.value.upper(): codec for codec in Codec}
    names = [codec.name.upper() for codec in videos[0].rtp.codecs]
    found = [known[name] for name in dict.fromkeys(names) if name in known]
    if not found:
        raise BadOffer(
            f"the offer has none of the codecs {', '.join(Codec)}; it has {', '.join(names)[:200]}"
        )
    return found


def without_unreachable(sdp: str) -> str:
    """Without candidates that can't be reached: names that mean something in another network only take time.

    That the list has ended is left out with them: such a peer is found by its own checks, so it has to be waited for.
    """
    kept = [line for line in sdp.splitlines() if not _unreachable(line)]
    if len([line for line in kept if line.startswith("a=candidate:")]) > MOST_CANDIDATES:
        raise BadOffer(f"there are more than {MOST_CANDIDATES} candidates")
    return "\r\n".join(kept) + "\r\n"


def _unreachable(line: str) -> bool:
    if line.startswith("a=end-of-candidates"):
        return True
    words = line.split()
    return line.startswith("a=candidate:") and len(words) > 4 and words[4].lower().endswith(".local")
