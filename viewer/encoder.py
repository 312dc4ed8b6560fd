"""Encoding of pictures for WebRTC, by the machine's hardware where it has some."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

import av
from av.error import FFmpegError
from av.video.frame import PictureType

KEYFRAME_SECONDS = 1.0
"""Keyframes that are asked for come at most this often: each is many times as long as another frame."""
CLOCK = Fraction(1, 90_000)
"""Seconds in a unit of a packet's time, as RTP has it for video."""
BITS_PER_PIXEL = 4.4
"""A second; 4 Mbit/s at 1280 × 720."""
KEYFRAMES_APART = 300
"""Frames after which a keyframe comes unasked."""

Packet: TypeAlias = "av.Packet[Any]"


class Codec(StrEnum):
    """What a stream is encoded in."""

    H264 = "H264"
    VP8 = "VP8"


WAYS: dict[Codec, tuple[tuple[str, dict[str, str]], ...]] = {
    Codec.H264: (
        ("h264_nvenc", {"preset": "p3", "tune": "ull", "zerolatency": "1", "forced-idr": "1", "profile": "baseline"}),
        ("h264_qsv", {"preset": "veryfast", "async_depth": "1", "forced_idr": "1", "profile": "baseline"}),
        ("h264_amf", {"usage": "ultralowlatency", "quality": "speed", "profile": "constrained_baseline"}),
        ("libx264", {"preset": "superfast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1"}),
    ),
    Codec.VP8: (
        ("libvpx", {"deadline": "realtime", "cpu-used": "-12", "lag-in-frames": "0", "static-thresh": "1"}),
    ),
}  # fmt: skip
"""Encoders by FFmpeg's names and their options, the best first. That one is listed does not mean that it opens."""


class Encoder:
    """Encodes one stream of pictures of one size. Not for two threads at once."""

    def __init__(self, codec: Codec, width: int, height: int, fps: int) -> None:
        self.name = working_encoder(codec)
        self._context = _open(self.name, dict(WAYS[codec])[self.name], width, height, fps)

    def encode(self, frame: av.VideoFrame, keyframe: bool) -> list[Packet]:
        """One frame, whose `pts` counts in CLOCK; it is whole in itself if that is asked for."""
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        return list(self._context.encode(frame))


@cache
def working_encoder(codec: Codec) -> str:
    """The best encoder that this machine opens."""
    for name, options in WAYS[codec]:
        try:
            _open(name, options, 640, 480, 30)
        except FFmpegError:
            continue
        return name
    raise RuntimeError(f"PyAV has no encoder for {codec} that works here")


def _open(name: str, options: dict[str, str], width: int, height: int, fps: int) -> Any:
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.time_base = CLOCK
    context.framerate = Fraction(fps)
    rate = round(BITS_PER_PIXEL * width * height)
    context.bit_rate = rate
    context.gop_size = KEYFRAMES_APART
    context.max_b_frames = 0
    context.thread_count = 1
    # A burst no longer than a socket's buffer takes: what is lost of a keyframe is a second without a picture.
    context.options = {**options, "maxrate": str(rate), "bufsize": str(rate // 4)}
    context.open()
    return context


class Keyframes:
    """When a stream is to have a keyframe: for its first frame, and when asked, at a bounded rate."""

    def __init__(self) -> None:
        self._asked = True
        self._last = float("-inf")

    def ask(self) -> None:
        """Somebody needs one."""
        self._asked = True

    def due(self, now: float) -> bool:
        """Whether the frame at this time, in seconds, is to be one; it then is."""
        if not self._asked or now - self._last < KEYFRAME_SECONDS:
            return False
        self._asked, self._last = False, now
        return True


def planes(pixels: Any, seconds: float) -> av.VideoFrame:
    """A picture as encoders want it. `pixels`: uint8[height, width, RGBA]; `seconds`: since the stream began."""
    frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuv420p")
    frame.pts = round(seconds / CLOCK)
    frame.time_base = CLOCK
    return frame
