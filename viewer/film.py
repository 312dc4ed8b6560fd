"""Filming: a picture so many times a second while somebody watches, encoded once for all who watch it in one codec."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from viewer.encoder import Codec, Encoder, Keyframes, Packet, planes
from viewer.video import FrameSource

Deliver = Callable[[Codec, Packet], None]


@dataclass
class _Stream:
    encoder: Encoder
    keyframes: Keyframes = field(default_factory=Keyframes)


class Film:
    """Films a source on a thread of its own, which there is only while somebody watches. Safe to use from any thread.

    Args:
        source: what is filmed.
        size: width and height in pixels.
        fps: pictures a second.
        deliver: is given each packet, on the filming thread.
    """

    def __init__(self, source: FrameSource, size: tuple[int, int], fps: int, deliver: Deliver) -> None:
        self.frames = 0
        """How many pictures have been taken."""
        self.encoded: Counter[Codec] = Counter()
        """How many have been encoded, by codec."""
        self._source = source
        self._size = size
        self._fps = fps
        self._deliver = deliver
        self._lock = threading.Lock()
        self._watchers: Counter[Codec] = Counter()
        self._streams: dict[Codec, _Stream] = {}
        self._began = time.monotonic()
        self._thread: threading.Thread | None = None

    def watch(self, codec: Codec) -> None:
        """One more watches; a keyframe comes soon."""
        with self._lock:
            self._watchers[codec] += 1
            stream = self._streams.get(codec)
            if stream is not None:
                stream.keyframes.ask()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="film", daemon=True)
                self._thread.start()

    def leave(self, codec: Codec) -> None:
        """One watches no more."""
        with self._lock:
            self._watchers[codec] -= 1

    @property
    def seconds(self) -> float:
        """How late it is by the clock that frames go by."""
        return time.monotonic() - self._began

    def ask_keyframe(self, codec: Codec) -> None:
        """Somebody has lost the picture."""
        with self._lock:
            if codec in self._streams:
                self._streams[codec].keyframes.ask()

    @property
    def encoders(self) -> dict[Codec, str]:
        """What encodes the streams that are watched now."""
        with self._lock:
            return {codec: stream.encoder.name for codec, stream in self._streams.items()}

    def _run(self) -> None:
        self._source.begin()
        due = time.monotonic()
        while self._wanted():
            self._film()
            due = max(due + 1 / self._fps, time.monotonic() - 1 / self._fps)
            time.sleep(max(0.0, due - time.monotonic()))

    def _wanted(self) -> bool:
        """Make the streams those that are watched. When there are none the filming is over."""
        with self._lock:
            wanted = {codec for codec, watchers in self._watchers.items() if watchers > 0}
            for codec in set(self._streams) - wanted:
                del self._streams[codec]
            for codec in wanted - set(self._streams):
                self._streams[codec] = _Stream(Encoder(codec, *self._size, self._fps))
            if wanted:
                return True
            # Ended with the lock held: whoever comes now finds no thread and starts another after this.
            self._source.end()
            self._thread = None
            return False

    def _film(self) -> None:
        seconds = time.monotonic() - self._began
        frame = planes(self._source.frame(), seconds)
        self.frames += 1
        with self._lock:
            streams = dict(self._streams)
        for codec, stream in streams.items():
            with self._lock:
                keyframe = stream.keyframes.due(time.monotonic())
            for packet in stream.encoder.encode(frame, keyframe):
                self._deliver(codec, packet)
            self.encoded[codec] += 1
