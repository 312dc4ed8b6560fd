"""What is kept of a film, and the files made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from viewer.encoder import Codec, Encoder, Keyframes, planes
from viewer.ring import MOST_SECONDS, NothingFilmed, Ring, write_mp4

SIZE, FPS = (64, 48), 10


def film(ring: Ring, begin: float, seconds: float) -> None:
    """Film pictures whose brightness is their time in tenths of a second."""
    encoder, keyframes = Encoder(Codec.H264, *SIZE, FPS), Keyframes()
    for n in range(round(seconds * FPS)):
        time = begin + n / FPS
        pixels = np.full((SIZE[1], SIZE[0], 4), round(time * FPS) % 200, np.uint8)
        if n % 70 == 0:
            keyframes.ask()
        for packet in encoder.encode(planes(pixels, time), keyframes.due(time)):
            ring.add(packet)


def shown(path: Path) -> list[tuple[float, float]]:
    """When each picture of a file is shown, and how bright it is."""
    with av.open(path, "r") as file:
        frames: list[Any] = list(file.decode(video=0))
        assert file.streams.video[0].codec_context.name == "h264"
    return [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in frames]


def test_a_clip_begins_where_it_is_asked_to_though_no_keyframe_is_there(tmp_path: Path) -> None:
    ring = Ring()
    film(ring, 5, 10)
    frames = ring.between(8.5, 10.5)
    assert frames[0].keyframe
    assert frames[0].seconds < 8.5
    assert write_mp4(frames, 8.5, tmp_path / "a.mp4") == pytest.approx(2, abs=0.01)
    pictures = [(time, light) for time, light in shown(tmp_path / "a.mp4") if time >= 0]
    assert [time for time, _ in pictures] == pytest.approx([n / FPS for n in range(21)], abs=0.01)
    assert [light for _, light in pictures] == pytest.approx([85 + n for n in range(21)], abs=4)


def test_what_nobody_watched_is_not_there(tmp_path: Path) -> None:
    ring = Ring()
    with pytest.raises(NothingFilmed):
        ring.between(0, 10)
    film(ring, 0, 3)
    film(ring, 6, 3)  # others came
    with pytest.raises(NothingFilmed):
        ring.between(3.5, 5.5)
    assert [frame.seconds for frame in ring.between(4, 6.5)] == pytest.approx([6, 6.1, 6.2, 6.3, 6.4, 6.5])
    across = ring.between(2.5, 7)
    write_mp4(across, 2.5, tmp_path / "b.mp4")
    times = [time for time, _ in shown(tmp_path / "b.mp4") if time >= 0]
    assert times == pytest.approx([n / FPS for n in [*range(5), *range(35, 46)]], abs=0.01)


def test_what_is_kept_is_bounded() -> None:
    ring = Ring()
    film(ring, 0, 100)
    assert 0 < ring.between(0, 100)[0].seconds <= 100 - MOST_SECONDS
    assert len(ring.between(0, 100)) < (MOST_SECONDS + 15) * FPS
