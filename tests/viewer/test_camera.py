"""What a picture shows, and how often it is drawn."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from viewer.camera import Camera
from viewer.picture import View, draw

SCENE: dict[str, Any] = {
    "tick": 7,
    "area": [],
    "tiles": [],
    "resources": [],
    "entities": [],
    "characters": [],
}


class Filmed:
    """A world that counts how often it is asked."""

    name = "w"

    def __init__(self, machines: tuple[float, float] | None = None) -> None:
        self.machines = machines
        self.asked = 0

    def scene(self, x0: float, y0: float, x1: float, y1: float) -> Any:
        self.asked += 1
        return SCENE

    def position(self) -> tuple[float, float]:
        return (30.0, -20.0)

    def factory(self) -> tuple[float, float] | None:
        return self.machines


def test_it_shows_the_machines_or_follows_the_character() -> None:
    camera = Camera()
    shot = camera(Filmed((10, 5)))
    assert (shot.x, shot.y, shot.zoom) == (10, 5, 0.5)
    shot = camera(Filmed((10, 5)), zoom=1, width=320)
    assert (shot.x, shot.y, shot.zoom, shot.width, shot.height, shot.tick) == (30, -20, 1, 320, 720, 7)
    shot = Camera()(Filmed())
    assert (shot.x, shot.y, shot.zoom) == (30, -20, 0.5)
    shot = Camera()(Filmed(), x=5)
    assert (shot.x, shot.y) == (5, -20)


def test_everybody_who_asks_within_a_second_gets_one_drawing() -> None:
    now = 0.0
    camera, world = Camera(lambda: now), Filmed()
    first = camera(world, width=64, height=64)
    assert camera(world, width=64, height=64) is first
    assert world.asked == 1
    now = 1.5
    assert camera(world, width=64, height=64) is not first
    assert world.asked == 2


def test_values_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ValueError, match="width is 0; it must be between"):
        Camera()(Filmed(), width=0)
    with pytest.raises(ValueError, match="zoom is"):
        Camera()(Filmed(), zoom=float("inf"))


@pytest.mark.parametrize("zoom", [0.1, 0.3, 1.0, 4.0])
def test_everything_that_can_stand_in_a_world_is_drawn(zoom: float) -> None:
    kinds = [
        ("transport-belt", "transport-belt", 1, 1, {"shape": "straight", "items": [["iron-ore", 0, 0]]}),
        ("fast-transport-belt", "transport-belt", 1, 1, {"shape": "left", "items": []}),
        ("express-transport-belt", "transport-belt", 1, 1, {"shape": "right"}),
        ("underground-belt", "underground-belt", 1, 1, {"shape": "output"}),
        ("splitter", "splitter", 2, 1, {}),
        ("burner-inserter", "inserter", 1, 1, {"hand": [0.5, 0.5, "coal"]}),
        ("burner-mining-drill", "mining-drill", 2, 2, {}),
        ("stone-furnace", "furnace", 2, 2, {}),
        ("assembling-machine-1", "assembling-machine", 3, 3, {"recipe": "iron-gear-wheel"}),
        ("wooden-chest", "container", 1, 1, {}),
        ("tree-01", "tree", 1, 1, {}),
        ("something-new", "unheard-of", 2, 3, {}),
    ]
    for status in ("working", "no_fuel", None):
        entities = [
            {"n": n, "t": t, "x": i * 3.5, "y": d, "d": d, "w": w, "h": h, "s": status, **more}
            for i, (n, t, w, h, more) in enumerate(kinds)
            for d in (0, 4, 8, 12)
        ]
        resources = [["iron-ore", 1.5, 1.5, 5], ["crude-oil", 3.5, 3.5, 300000], ["unheard-of", 5.5, 1.5, 0]]
        characters = [{"x": 0, "y": 0, "d": 4, "name": "claude"}, {"x": 3, "y": 0, "d": 0}]
        tiles = [["grass-1", -20, -20, 60, 60], ["water", 3, 3, 500, 1], ["unheard-of", -90, 0, 10, 1]]
        scene: Any = SCENE | {
            "entities": entities,
            "resources": resources,
            "characters": characters,
            "tiles": tiles,
        }
        picture = draw(scene, View(10, 5, zoom, 640, 360))
        assert picture.size == (640, 360)
        assert len(picture.getcolors(1 << 20) or []) > 5


def test_a_furnace_at_work_glows() -> None:
    def reds(status: str | None) -> int:
        furnace = {"n": "stone-furnace", "t": "furnace", "x": 0, "y": 0, "d": 0, "w": 2, "h": 2, "s": status}
        picture = draw(SCENE | {"entities": [furnace]}, View(0, 0, 1, 96, 96))  # type: ignore[arg-type]
        png = io.BytesIO()
        picture.save(png, "PNG")
        colours = Image.open(png).getcolors(1 << 20) or []
        return sum(n for n, (r, g, b) in colours if r > 200 and b < 90)

    assert reds("working") > 5 * max(1, reds(None))
