"""Encoding and filming, read back by decoding."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest

from viewer.encoder import KEYFRAME_SECONDS, Codec, Encoder, Keyframes, planes, working_encoder
from viewer.film import Film
from viewer.video import CODE_SIDE, write_time

SIZE = (320, 192)
DECODERS = {Codec.H264: "h264", Codec.VP8: "vp8"}


class Steps:
    """Pictures that become brighter, and who asks for them."""

    def __init__(self) -> None:
        self.taken = 0
        self.watched = threading.Event()

    def begin(self) -> None:
        self.watched.set()

    def end(self) -> None:
        self.watched.clear()

    def frame(self) -> Any:
        assert self.watched.is_set()
        self.taken += 1
        return np.full((SIZE[1], SIZE[0], 4), min(255, self.taken), np.uint8)


@pytest.mark.parametrize("codec", list(Codec))
def test_what_is_encoded_can_be_decoded_from_any_keyframe(codec: Codec) -> None:
    encoder = Encoder(codec, *SIZE, 30)
    assert encoder.name == working_encoder(codec)
    decoder: Any = None
    seen = []
    for number in range(12):
        pixels = np.full((SIZE[1], SIZE[0], 4), 20 * number, np.uint8)
        packets = encoder.encode(planes(pixels, number / 30), keyframe=number in (0, 5))
        assert len(packets) == 1, "an encoder that keeps frames back adds to what viewers wait"
        assert packets[0].is_keyframe == (number in (0, 5))
        assert packets[0].pts == number * 3000
        if number == 5:  # one who comes now has seen nothing of what was before
            decoder = av.CodecContext.create(DECODERS[codec], "r")
        if decoder is not None:
            seen += decoder.decode(av.Packet(bytes(packets[0])))
    seen += decoder.decode(None)
    assert len(seen) == 7
    for number, frame in enumerate(seen, 5):
        assert abs(frame.to_ndarray(format="gray").mean() - 20 * number) < 8


def test_keyframes_come_at_once_and_then_at_most_once_a_second() -> None:
    keyframes = Keyframes()
    assert keyframes.due(100.0)
    assert not keyframes.due(100.1)
    keyframes.ask()
    keyframes.ask()
    assert not keyframes.due(100.2)
    assert keyframes.due(100.0 + KEYFRAME_SECONDS)
    assert not keyframes.due(110.0)


def test_a_film_encodes_once_for_all_and_stops_with_the_last() -> None:
    source = Steps()
    packets: queue.Queue[Codec] = queue.Queue()
    film = Film(source, SIZE, 30, lambda codec, _packet: packets.put(codec))
    assert source.taken == 0
    film.watch(Codec.H264)
    film.watch(Codec.H264)
    taken = [packets.get(timeout=10) for _ in range(5)]
    assert set(taken) == {Codec.H264}
    film.leave(Codec.H264)
    packets.get(timeout=10)
    assert film.encoded[Codec.H264] <= film.frames
    film.watch(Codec.VP8)
    until(lambda: packets.get(timeout=10) is Codec.VP8)
    film.leave(Codec.VP8)
    film.leave(Codec.H264)
    until(lambda: not source.watched.is_set())
    before = source.taken
    film.watch(Codec.H264)
    until(lambda: source.taken > before)
    film.leave(Codec.H264)
    until(lambda: not source.watched.is_set())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_time_code_can_be_read_back() -> None:
    pixels = np.zeros((720, 1280, 4), np.uint8)
    write_time(pixels, 1234567.891)
    middle = CODE_SIDE // 2
    squares = pixels[middle : 3 * CODE_SIDE : CODE_SIDE, middle : 16 * CODE_SIDE : CODE_SIDE, 0]
    assert sum(int(bit > 127) << n for n, bit in enumerate(squares.ravel())) == 1234567891
