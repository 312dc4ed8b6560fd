"""The film of the last seconds: frames as they were encoded, kept to be made an MP4 file of."""

from __future__ import annotations

import io
import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path

import av

from viewer.encoder import CLOCK, Packet

MOST_SECONDS = 30.0
"""How much of a film can be had."""
MOST_BYTES = 64 << 20


class NothingFilmed(Exception):
    """There are no pictures of that time, because nobody watched; one sentence says so."""


@dataclass(frozen=True)
class Frame:
    """An encoded picture. seconds: when it was taken, since filming began for the first time."""

    seconds: float
    keyframe: bool
    data: bytes


class Ring:
    """The newest frames of an H264 stream: those of `MOST_SECONDS`, and as many before as they need. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: list[Frame] = []
        self._bytes = 0

    def add(self, packet: Packet) -> None:
        """One more frame."""
        assert packet.pts is not None
        frame = Frame(float(packet.pts * CLOCK), packet.is_keyframe, bytes(packet))
        with self._lock:
            self._frames.append(frame)
            self._bytes += len(frame.data)
            if frame.keyframe:
                self._drop(frame.seconds - MOST_SECONDS)

    @property
    def newest(self) -> float:
        """When the newest frame was taken, in seconds; -1 while there is none."""
        with self._lock:
            return self._frames[-1].seconds if self._frames else -1.0

    @property
    def newest_keyframe(self) -> float:
        """When the newest keyframe was taken, in seconds; -1 while there is none."""
        with self._lock:
            return next((frame.seconds for frame in reversed(self._frames) if frame.keyframe), -1.0)

    def between(self, begin: float, end: float) -> list[Frame]:
        """The frames of a time, in seconds, from the keyframe on with which it can be shown. Raises NothingFilmed."""
        with self._lock:
            frames = list(self._frames)
        times = [frame.seconds for frame in frames]
        first, last = bisect_left(times, begin), bisect_right(times, end)
        while first > 0 and first < last and not frames[first].keyframe:
            first -= 1
        while first < last and not frames[first].keyframe:
            first += 1
        if last - first < 2:
            raise NothingFilmed(
                "Nobody watched in that time, so there is no film of it; ask for the next seconds."
            )
        return frames[first:last]

    def _drop(self, before: float) -> None:
        """Forget what is not needed for pictures after that time."""
        while (second := next((n for n, f in enumerate(self._frames) if f.keyframe and n), None)) is not None:
            if self._frames[second].seconds > before and self._bytes <= MOST_BYTES:
                return
            self._bytes -= sum(len(frame.data) for frame in self._frames[:second])
            del self._frames[:second]


def write_mp4(frames: list[Frame], begin: float, path: Path) -> float:
    """Make a file of frames that begin with a keyframe, shown from `begin` on; its length in seconds."""
    # What MP4 wants to know of a stream stands in its first bytes.
    with (
        av.open(io.BytesIO(b"".join(frame.data for frame in frames[:2])), format="h264") as stream,
        av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as file,
    ):
        video = file.add_stream_from_template(stream.streams.video[0])
        video.time_base = CLOCK
        start = max(begin, frames[0].seconds)
        for frame in frames:
            packet = av.Packet(frame.data)
            packet.stream, packet.time_base = video, CLOCK
            # What comes before the beginning is there for what comes after, and isn't shown.
            packet.pts = packet.dts = round((frame.seconds - start) / CLOCK)
            packet.is_keyframe = frame.keyframe
            file.mux(packet)
    return frames[-1].seconds - start
