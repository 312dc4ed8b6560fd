"""What a picture shows, and how often it is drawn."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.viewer.standin import StandInSession, plan
from viewer.camera import Camera, Shot, encoded
from viewer.renderers import Renderer, renderer
from viewer.scene import Rect


def numpy_renderer() -> Renderer:
    return renderer("numpy")


def camera_at(clock: list[float] | None = None) -> Camera:
    if clock is None:
        return Camera(make_renderer=numpy_renderer)
    return Camera(lambda: clock[0], numpy_renderer)


class Filmed:
    """A world that counts how often it is looked at."""

    name = "w"

    def __init__(self, tmp_path: Any, machines: tuple[float, float] | None = None) -> None:
        self.machines = machines
        self.looked = 0
        self.session = StandInSession(plan("w", tmp_path))

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        self.looked += 1
        return self.session.scene_changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        return self.session.scene_tiles(rect)

    def position(self) -> tuple[float, float]:
        return (30.0, -20.0)

    def factory(self) -> tuple[float, float] | None:
        return self.machines


def image_of(shot: Shot) -> Image.Image:
    return Image.open(io.BytesIO(shot.image)).convert("RGB")


def test_it_shows_the_machines_or_follows_the_character(tmp_path: Any) -> None:
    camera = camera_at()
    shot = camera(Filmed(tmp_path, (10, 5)))
    assert (shot.x, shot.y, shot.zoom) == (10, 5, 0.5)
    shot = camera(Filmed(tmp_path, (10, 5)), zoom=1, width=320)
    assert (shot.x, shot.y, shot.zoom, shot.width, shot.height) == (30, -20, 1, 320, 720)
    shot = camera_at()(Filmed(tmp_path))
    assert (shot.x, shot.y, shot.zoom) == (30, -20, 0.5)
    shot = camera_at()(Filmed(tmp_path), x=5)
    assert (shot.x, shot.y) == (5, -20)
    shot = camera(Filmed(tmp_path), area=(-10, 0, 30, 10), width=400, height=400)
    assert (shot.x, shot.y, shot.zoom) == (10, 5, 400 / 40 / 32)


def test_everybody_who_asks_within_a_second_gets_one_drawing(tmp_path: Any) -> None:
    clock = [0.0]
    camera, world = camera_at(clock), Filmed(tmp_path)
    first = camera(world, width=64, height=64)
    assert camera(world, width=64, height=64) is first
    assert world.looked == 1
    clock[0] = 1.5
    assert camera(world, width=64, height=64) is not first
    assert world.looked == 2


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"width": 0}, "width is 0; it must be between"),
        ({"height": 100_000}, "height is 100000; it must be between"),
        ({"zoom": float("inf")}, "zoom is inf"),
        ({"x": float("inf")}, "x is inf"),
        ({"y": 1e9}, "y is 1000000000.0"),
        ({"layers": ["alt", "x-ray"]}, "there is no layer 'x-ray'; there are alt, status"),
        ({"form": "gif"}, "there is no format 'gif'; there are png, webp"),
        ({"area": (5, 0, -5, 9)}, "area is"),
        ({"area": (0, 0, float("nan"), 9)}, "area is"),
    ],
)
def test_values_that_cannot_be_drawn_are_refused(tmp_path: Any, wanted: dict[str, Any], words: str) -> None:
    world = Filmed(tmp_path)
    with pytest.raises(ValueError, match=words):
        camera_at()(world, **wanted)
    assert world.looked == 0


def test_what_stands_in_the_world_is_in_the_picture(tmp_path: Any) -> None:
    camera, world = camera_at(), Filmed(tmp_path)
    with_furnace = image_of(camera(world, x=0, y=0, zoom=2, width=128, height=128))
    without = image_of(camera(world, x=16, y=16, zoom=2, width=128, height=128))
    assert with_furnace.size == (128, 128)
    assert len(with_furnace.getcolors(1 << 24) or ()) > 2 * len(without.getcolors(1 << 24) or ())
    labelled = camera(world, x=16, y=16, zoom=2, width=128, height=128, layers=["grid"])
    assert labelled.layers == ("grid",)
    assert image_of(labelled).tobytes() != without.tobytes()


def test_a_png_holds_what_was_drawn() -> None:
    drawn = np.random.default_rng(1).integers(0, 256, (37, 53, 4), np.uint8)
    image = Image.open(io.BytesIO(encoded(drawn, "png")))
    assert np.array_equal(np.asarray(image), drawn[..., :3])


def test_pictures_are_png_or_webp(tmp_path: Any) -> None:
    camera, world = camera_at(), Filmed(tmp_path)
    for form in ("png", "webp"):
        shot = camera(world, width=96, height=64, form=form)
        image = Image.open(io.BytesIO(shot.image))
        assert (image.format, image.size, shot.mime_type) == (form.upper(), (96, 64), f"image/{form}")
