"""Both renderers draw the same: known quads give known pixels, and what can't be drawn is said."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from viewer import marks, renderers
from viewer.art.ground import NUMBERS
from viewer.art.ores import ore_code
from viewer.atlas import Atlas, Picture, Pixels, our_atlas
from viewer.display_list import CHUNK, DisplayList, GroundChunk, Order, Quads, quads, tint
from viewer.figures import Figures, animate
from viewer.renderers import NAMES, Renderer, best_renderer, gpu, renderer
from viewer.view import View


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return our_atlas()


@pytest.fixture(scope="module")
def both(atlas: Atlas) -> Iterator[list[Renderer]]:
    """The renderers that this machine has; CI has both."""
    made = [renderer("numpy", atlas)]
    try:
        made.append(renderer("gpu", atlas))
    except gpu.NoAdapter as error:
        print(error)
    yield made
    for one in made:
        one.close()


@pytest.fixture(params=NAMES)
def drawing(request: pytest.FixtureRequest, both: list[Renderer]) -> Renderer:
    for one in both:
        if one.name == request.param:
            return one
    pytest.skip("no adapter")


def box(atlas: Atlas, x: float, y: float, w: float, h: float, colour: int, order: int = 50) -> Quads:
    return marks.boxes(atlas, np.array([x]), np.array([y]), w, h, colour, order)


RED, BLUE = tint(1, 0, 0), tint(0, 0, 1)


def test_a_quad_covers_its_tiles_and_no_others(drawing: Renderer, atlas: Atlas) -> None:
    picture = drawing.draw(DisplayList(box(atlas, 1, 0, 2, 1, RED)), View(0, 0, 0.5, 64, 48))
    assert picture.shape == (48, 64, 4)
    assert picture.dtype == np.uint8
    assert (picture[..., 3] == 255).all()
    # Sixteen pixels per tile: from the middle to 32 right of it, 8 up and 8 down.
    red = (picture[..., 0] > 200) & (picture[..., 2] < 60)
    assert red[17:31, 33:63].all()
    assert not red[:16].any()
    assert not red[32:].any()
    assert not red[:, :32].any()


def test_higher_orders_lie_over_lower_ones_whatever_comes_first(drawing: Renderer, atlas: Atlas) -> None:
    rows = np.concatenate((box(atlas, 0, 0, 4, 4, RED, 60), box(atlas, 0, 0, 4, 4, BLUE, 50)))
    for listed in (rows, rows[::-1]):
        picture = drawing.draw(DisplayList(listed), View(0, 0, 1, 32, 32))
        assert picture[16, 16, 0] > 240
        assert picture[16, 16, 2] < 15


def test_translucent_quads_add_up(drawing: Renderer, atlas: Atlas) -> None:
    veil = tint(0, 0, 0, 0.5)
    rows = [
        box(atlas, 0, 0, 4, 4, tint(1, 1, 1), 10),
        box(atlas, 0, 0, 1, 1, veil),
        box(atlas, 0, 0, 1, 1, veil),
    ]
    picture = drawing.draw(DisplayList(np.concatenate(rows)), View(0, 0, 0.5, 32, 32))
    assert 58 <= picture[16, 16, 0] <= 70
    assert picture[2, 2, 0] > 245


def test_a_turned_quad_points_where_it_should(drawing: Renderer, atlas: Atlas) -> None:
    row = box(atlas, 0, 0, 4, 0.5, RED)
    row["angle"] = 0.25
    picture = drawing.draw(DisplayList(row), View(0, 0, 0.25, 64, 64))
    assert picture[18, 32, 0] > 150
    assert picture[46, 32, 0] > 150
    assert picture[32, 18, 0] < 100


def test_what_is_turned_goes_clockwise(drawing: Renderer, atlas: Atlas) -> None:
    """A picture whose top is white: a quarter on, white is at the right."""
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:16] = 255
    own = Atlas.build([Picture("half", pixels, 32), *_needed(atlas)])
    other = renderer(drawing.name, own)
    row = quads(1)
    row["w"] = row["h"] = 2
    row["cell"], row["angle"] = own.cell("half"), 0.25
    picture = other.draw(DisplayList(row), View(0, 0, 0.5, 32, 32))
    other.close()
    assert picture[16, 26, 0] > 200
    assert picture[16, 6, 0] < 50


def _needed(atlas: Atlas) -> Iterator[Picture]:
    """What a renderer can't do without: the ground's pictures."""
    for name, number in atlas.names.items():
        if name.startswith(("ground/", "ore/", "decor/")):
            yield Picture(name, np.array(atlas.picture(number)), 32)


# --- the two agree -------------------------------------------------------------------------------------------


def small_factory(atlas: Atlas, tick: float) -> DisplayList:
    figures = Figures(atlas)
    rows = []

    def put(name: str, kind: str, x: float, y: float, direction: int = 0, **how: Any) -> None:
        parts = figures.entity(name, kind, direction, **how).copy()
        parts["x"] += x
        parts["y"] += y
        rows.append(animate(parts, tick))

    for i in range(-8, 8):
        put("transport-belt", "transport-belt", i + 0.5, 0.5, 4)
        put("fast-transport-belt", "transport-belt", i + 0.5, 5.5, 12)
    for i in range(-3, 4):
        put("stone-furnace", "furnace", i * 2 + 1, 3)
        put("tree-01", "tree", i * 2.3, -5, variant=i + 3)
    put("assembling-machine-2", "assembling-machine", 0.5, 8.5)
    put("electric-mining-drill", "mining-drill", -4.5, 8.5, 4)
    put("chemical-plant", "assembling-machine", 5.5, 8.5, 8)
    put("medium-electric-pole", "electric-pole", 2.5, 6.5)
    put("character", "character", 0, -2, 6, shape="walking")
    x = np.arange(-6, 6) + 0.5
    still = np.full(len(x), atlas.cell("item/iron-plate"))
    rows.append(figures.arms("inserter", x, x * 0 + 1.5, x + np.sin(x), x * 0 + 1.5 + np.cos(x), still))
    rows.append(marks.smoke(atlas, x, x * 0 + 3, np.arange(len(x)), tick))
    rows.append(marks.wires(atlas, x[:1], x[:1] * 0, x[1:2] + 8, x[1:2] * 0 - 2))
    rows.append(marks.text(atlas, 0, -3, "Hello (1, 2)", 0.6))
    return DisplayList(np.concatenate(rows), meadow())


def meadow() -> dict[tuple[int, int], GroundChunk]:
    tiles = np.full((CHUNK, CHUNK), NUMBERS["grass-1"], np.uint8)
    tiles[20:, 20:] = NUMBERS["water"]
    tiles[:6, :12] = NUMBERS["concrete"]
    ores = np.zeros_like(tiles)
    ores[8:16, 2:10] = ore_code("iron-ore", 900)
    return {(c, r): GroundChunk(tiles, ores) for c in (-1, 0) for r in (-1, 0)}


@pytest.mark.parametrize("zoom", [0.01, 0.1, 0.28, 0.5, 1, 2, 12])
def test_both_renderers_draw_the_same_picture(both: list[Renderer], atlas: Atlas, zoom: float) -> None:
    if len(both) < 2:
        pytest.skip("no adapter")
    listed = small_factory(atlas, 333.5)
    a, b = (one.draw(listed, View(0.3, 2.2, zoom, 320, 200))[..., :3] for one in both)
    # Edges lie up to half a pixel apart, so pictures are compared a little blurred.
    difference = np.abs(_coarse(a) - _coarse(b))
    assert difference.mean() < 4
    assert np.percentile(difference, 99) < 40


def _coarse(picture: Pixels) -> np.ndarray[Any, Any]:
    h, w = picture.shape[0] // 4 * 4, picture.shape[1] // 4 * 4
    return picture[:h, :w].reshape(h // 4, 4, w // 4, 4, 3).mean(axis=(1, 3))


def test_a_picture_moves_with_the_tick_and_nothing_else(drawing: Renderer, atlas: Atlas) -> None:
    view = View(0, 3, 1, 320, 200)
    first = drawing.draw(small_factory(atlas, 100), view)
    assert (drawing.draw(small_factory(atlas, 100), view) == first).all()
    assert (drawing.draw(small_factory(atlas, 104), view) != first).any()


def test_ground_that_changed_is_painted_anew(drawing: Renderer, atlas: Atlas) -> None:
    view = View(8, 8, 1, 64, 64)

    def colour(kind: str) -> float:
        tiles = np.full((CHUNK, CHUNK), NUMBERS[kind], np.uint8)
        return float(drawing.draw(DisplayList(ground={(0, 0): GroundChunk(tiles)}), view)[..., :3].mean())

    assert colour("lab-white") > colour("lab-dark-1") + 60
    assert colour("lab-white") > 150


def test_what_is_kept_of_a_picture_is_no_part_of_another(drawing: Renderer, atlas: Atlas) -> None:
    ground = meadow()
    mined = {**ground, (0, 0): GroundChunk(ground[0, 0].tiles[::-1].copy())}
    shown = [DisplayList(small_factory(atlas, tick).quads, g) for tick in (0, 7) for g in (ground, mined)]
    views = [View(x, 0, zoom, 160, 90) for x in (0, 0.01, 3) for zoom in (0.5, 1)]
    chance = np.random.default_rng(5)
    fresh: dict[tuple[int, int], Pixels] = {}
    for which, where in chance.integers((4, 6), size=(60, 2)).tolist():
        picture = drawing.draw(shown[which], views[where])
        known = fresh.setdefault((which, where), picture)
        assert (picture == known).all()


def test_ore_thins_as_it_is_mined(drawing: Renderer) -> None:
    tiles = np.full((CHUNK, CHUNK), NUMBERS["lab-white"], np.uint8)
    view = View(16, 16, 0.5, 256, 256)
    bright = []
    for amount in (5000, 1000, 200, 40, 8, 0):
        ores = np.full_like(tiles, ore_code("coal", amount)) if amount else None
        listed = DisplayList(ground={(0, 0): GroundChunk(tiles, ores)})
        bright.append(float(drawing.draw(listed, view)[..., :3].mean()))
    assert bright == sorted(bright)
    assert bright[-1] - bright[0] > 40


def test_far_away_things_are_blocks(drawing: Renderer) -> None:
    blocks = np.zeros((CHUNK, CHUNK, 4), np.uint8)
    blocks[:16] = (255, 0, 0, 255)
    tiles = np.full((CHUNK, CHUNK), NUMBERS["lab-white"], np.uint8)
    picture = drawing.draw(
        DisplayList(ground={(0, 0): GroundChunk(tiles, blocks=blocks)}), View(16, 16, 1 / 32, 32, 32)
    )
    assert picture[4, 16, 0] > 180
    assert picture[4, 16, 1] < 60
    assert picture[28, 16, 1] > 120


@pytest.mark.parametrize(("zoom", "x"), [(1, 10.0), (0.002, 10_000.0), (64, 0.0)])
def test_the_grid_has_round_coordinates_at_every_zoom(atlas: Atlas, zoom: float, x: float) -> None:
    view = View(x, 0, zoom, 640, 360)
    rows = marks.grid(atlas, view)
    lines = rows[rows["cell"] == atlas.cell("white")]
    upright = np.unique(lines["x"][lines["h"] > lines["w"]])
    assert x in upright
    if len(upright) > 1:
        assert np.diff(upright).min() * view.scale >= 72
    assert (rows["cell"] != atlas.cell("white")).any()


def labels(atlas: Atlas, rows: Quads) -> dict[str, tuple[float, float]]:
    """What is written in a picture, and where the middle of each line is."""
    letters = {number: name[-1] for name, number in atlas.names.items() if name.startswith("glyph/")}
    written = rows[np.isin(rows["cell"], list(letters))]
    lines: list[list[Any]] = []
    for row in written:
        last = lines[-1][-1] if lines else None
        beside = last is not None and last["y"] == row["y"] and 0 < row["x"] - last["x"] < 1.2 * row["h"]
        if beside:
            lines[-1].append(row)
        else:
            lines.append([row])
    return {
        "".join(letters[int(row["cell"])] for row in line): (
            float(line[0]["x"] - line[0]["w"] / 2 + line[-1]["x"] + line[-1]["w"] / 2) / 2,
            float(line[0]["y"]),
        )
        for line in lines
    }


@pytest.mark.parametrize(
    ("zoom", "x", "y"),
    [(1.5, 23.0, -17.0), (0.5, 25.0, -15.0), (0.1, -340.0, 220.0), (0.01, 1000.0, -2000.0)],
)
def test_coordinates_are_written_where_they_are(
    drawing: Renderer, atlas: Atlas, zoom: float, x: float, y: float
) -> None:
    view = View(x - 3.3, y + 2.1, zoom, 640, 400)
    grid = marks.grid(atlas, view)
    written = labels(atlas, grid)
    step = next(s for s in marks.GRID_STEPS if s * view.scale >= marks.GRID_PIXELS)
    there = (round(x / step) * step, round(y / step) * step)
    dot = box(atlas, *there, 12 / view.scale, 12 / view.scale, RED, Order.LABEL + 1)
    picture = drawing.draw(DisplayList(np.concatenate((grid, dot))), view)
    rows, columns = np.nonzero((picture[..., 0] > 200) & (picture[..., 1] < 80))
    for name, seen, axis in (
        (f"{there[0]:.0f}", columns.mean() + 0.5, 0),
        (f"{there[1]:.0f}", rows.mean() + 0.5, 1),
    ):
        assert seen == pytest.approx(view.pixel(*written[name])[axis], abs=2), (name, sorted(written))
    # All are told apart, none hangs over an edge.
    assert len(written) > 4
    assert all(
        view.area[0] < at < view.area[2] and view.area[1] < down < view.area[3]
        for at, down in written.values()
    )


# --- what can go wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"x": math.inf}, "x is inf; it must be between"),
        ({"y": math.nan}, "y is nan; it must be between"),
        ({"x": 2e6}, "x is 2000000.0"),
        ({"zoom": 0}, "zoom is 0; it must be between 0.002 and 64"),
        ({"zoom": math.nan}, "zoom is nan"),
        ({"width": 0}, "width is 0; it must be between 16 and 3840 pixels"),
        ({"height": 100_000}, "height is 100000"),
        ({"layers": frozenset({"xray"})}, "there is no layer 'xray'; there are alt, "),
    ],
)
def test_a_view_that_cannot_be_drawn_says_why(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        View(**{"x": 0, "y": 0} | wrong)


@pytest.mark.parametrize("zoom", [0.002, 64])
def test_the_farthest_and_the_nearest_view_are_drawn(drawing: Renderer, atlas: Atlas, zoom: float) -> None:
    picture = drawing.draw(small_factory(atlas, 5), View(0.5, 8.5, zoom, 640, 360))
    assert picture.shape == (360, 640, 4)
    assert drawing.draw(small_factory(atlas, 5), View(999_999, -999_999, zoom, 64, 36)).shape == (36, 64, 4)


def test_many_sizes_one_after_the_other(drawing: Renderer, atlas: Atlas) -> None:
    for width, height in ((16, 16), (1280, 720), (333, 77), (640, 360)):
        assert drawing.draw(small_factory(atlas, 5), View(0, 0, 0.4, width, height)).shape == (
            height,
            width,
            4,
        )


def test_a_lost_device_is_made_anew(atlas: Atlas) -> None:
    try:
        one = gpu.GpuRenderer(atlas)
    except gpu.NoAdapter:
        pytest.skip("no adapter")
    view = View(0, 0, 1, 64, 64)
    before = one.draw(small_factory(atlas, 1), view)
    assert one._device is not None
    one._device.device.destroy()
    assert (one.draw(small_factory(atlas, 1), view) == before).all()
    one.close()
    assert (one.draw(small_factory(atlas, 1), view) == before).all()
    one.close()


def test_without_an_adapter_numpy_draws(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    import wgpu

    monkeypatch.setattr(wgpu.gpu, "enumerate_adapters_sync", lambda: [])
    one = best_renderer(atlas)
    assert one.name == "numpy"
    assert one.draw(DisplayList(), View(0, 0, 1, 32, 32)).shape == (32, 32, 4)
    with pytest.raises(gpu.NoAdapter, match="apt install mesa-vulkan-drivers"):
        renderer("gpu", atlas)


def test_a_gpu_that_never_answers_is_not_waited_for_for_ever(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, hangs = View(0, 0, 1, 64, 64), threading.Event()
    try:
        one = gpu.GpuRenderer(atlas)
    except gpu.NoAdapter:
        pytest.skip("no adapter")
    monkeypatch.setattr(renderers, "is_software", lambda adapter: False)
    best = best_renderer(atlas)
    assert best.name == "gpu"
    monkeypatch.setattr(gpu._Device, "draw", lambda *_: hangs.wait())
    monkeypatch.setattr(gpu, "FRAME_SECONDS", 0.5)
    with pytest.raises(gpu.NoAnswer, match=r"has not answered for 0.5 seconds"):
        one.draw(DisplayList(), view)
    with pytest.raises(gpu.NoAnswer, match="has not answered earlier"):
        one.draw(DisplayList(), view)
    # Who asked for the best there is gets its picture all the same, and is told by whom.
    assert best.draw(DisplayList(), view).shape == (64, 64, 4)
    assert best.name == "numpy"
    one.close()
    best.close()
    hangs.set()


def test_a_driver_that_never_tells_its_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    import wgpu

    hangs = threading.Event()
    monkeypatch.setattr(wgpu.gpu, "enumerate_adapters_sync", hangs.wait)
    monkeypatch.setattr(gpu, "LOOK_SECONDS", 0.2)
    with pytest.raises(gpu.NoAdapter, match=r"WebGPU has not answered for 0\.2 seconds"):
        gpu.choose_adapter()
    hangs.set()


class Adapter:
    """What is known of an adapter before it is used."""

    def __init__(self, kind: str) -> None:
        self.info = {"adapter_type": kind, "backend_type": "Vulkan", "device": "a device"}


@pytest.mark.parametrize(
    ("kinds", "name"), [(["CPU"], "numpy"), (["CPU", "IntegratedGPU"], "gpu"), (["DiscreteGPU"], "gpu")]
)
def test_a_gpu_draws_where_it_is_one(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch, kinds: list[str], name: str
) -> None:
    import wgpu

    monkeypatch.setattr(wgpu.gpu, "enumerate_adapters_sync", lambda: [Adapter(kind) for kind in kinds])
    assert best_renderer(atlas).name == name


def test_orders_are_stacked_as_a_world_is() -> None:
    assert (
        Order.BELT
        < Order.ITEM
        < Order.HOOD
        < Order.BODY
        < Order.ARM
        < Order.CHARACTER
        < Order.TREE
        < Order.LABEL
    )
