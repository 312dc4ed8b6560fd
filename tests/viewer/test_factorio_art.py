"""The sprites of a Factorio installation come to lie where its prototypes say, whatever is wrong with its files."""

from __future__ import annotations

import math
import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.doctor import Finding, examine
from runtime.scene_client import SceneClient
from runtime.world_process import WorldProcess
from tests.fakes import factorio_folder
from tests.fakes.factorio_folder import CORNER, ENTITY, SHEETS, place
from tests.viewer import small_factory
from tests.viewer.small_factory import VIEW as SMALL_FACTORY
from viewer.art_source import art_source
from viewer.atlas import Atlas, our_atlas
from viewer.display_list import CHUNK, DisplayList, GroundChunk, Order
from viewer.drawing import Drawing
from viewer.factorio import installation
from viewer.factorio.art import FactorioArt, installed
from viewer.factorio.book import Book, Frames
from viewer.factorio.installation import Installation, NoPictures, NotFactorio
from viewer.factorio.looks import READERS
from viewer.factorio.sheets import Sheets, fault
from viewer.factorio.sprites import Side, strips
from viewer.figures import Figures, Parts, animate, belt_rate
from viewer.renderers import renderer
from viewer.scene import Scene
from viewer.view import View


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factorio_folder.build(tmp_path_factory.mktemp("factorio"))


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the tests' own: that of the user may hold a real installation's pictures."""
    our_atlas()  # ours may stay where it is
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def art(home: Path) -> FactorioArt:
    found = installed(str(home))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def figures(art: FactorioArt) -> Figures:
    return art.figures


def seen(atlas: Atlas, cell: int) -> tuple[int, int, int]:
    """Column, row and blue of the frame that a picture shows in its middle."""
    pixels = atlas.picture(cell)
    return place(pixels[pixels.shape[0] // 2, pixels.shape[1] // 2])


def body(parts: Parts, order: int = Order.BODY) -> Parts:
    """The parts at an order."""
    chosen: Parts = parts[parts["order"] == order]
    return chosen


def size(part: Parts) -> tuple[float, float]:
    return float(part["w"]), float(part["h"])


# --- belts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        # Rows of the game's sheet, from 0: straight east, west, north, south, then where it comes from and goes to.
        ("straight", {0: 2, 4: 0, 8: 3, 12: 1}),
        ("right", {0: 4, 4: 8, 8: 11, 12: 7}),
        ("left", {0: 6, 4: 5, 8: 9, 12: 10}),
    ],
)
def test_belts_show_the_row_of_their_direction(
    art: FactorioArt, figures: Figures, shape: str, rows: dict[int, int]
) -> None:
    for direction, row in rows.items():
        (belt,) = figures.entity("transport-belt", "transport-belt", direction, shape=shape)
        assert seen(art.atlas, belt["cell"]) == (0, row, 10)
        assert seen(art.atlas, belt["cell"] + 15) == (15, row, 10)
        assert size(belt) == (2, 2)
        assert (belt["x"], belt["y"], belt["frames"]) == (0, 0, 16)


def test_belts_move_as_fast_as_their_items(art: FactorioArt, figures: Figures) -> None:
    """A frame of the game's carries a belt 1/32 of a tile."""
    for name, frames, speed in (("transport-belt", 16, 1 / 32), ("fast-transport-belt", 32, 1 / 16)):
        parts = figures.entity(name, "transport-belt", 4)
        assert (parts["frames"][0], parts["rate"][0]) == (frames, speed * 32)
        assert parts["rate"][0] == belt_rate(speed)
        shown = [seen(art.atlas, animate(parts, tick)["cell"][0])[0] for tick in (0, 1, 5, 16, 17)]
        assert shown == [tick * speed * 32 % frames for tick in (0, 1, 5, 16, 17)]


def test_undergrounds_and_splitters_lie_over_their_belts(art: FactorioArt, figures: Figures) -> None:
    for direction, way, column, row in (
        (4, "input", 1, 1), (4, "output", 3, 0), (0, "input", 0, 1), (0, "output", 2, 0),
    ):  # fmt: skip
        parts = figures.entity("underground-belt", "underground-belt", direction, shape=way)
        hood = body(parts, Order.HOOD)
        assert (column, row, 30) in [seen(art.atlas, cell) for cell in hood["cell"]]
        assert len(body(parts, Order.BELT)) == 1
    parts = figures.entity("splitter", "splitter", 0)
    assert sorted(body(parts, Order.BELT)["x"].tolist()) == [-0.5, 0.5]
    (hood,) = body(parts, Order.HOOD)
    assert seen(art.atlas, hood["cell"])[2] == 40
    assert (hood["x"], hood["y"]) == pytest.approx((0.21875, 0), abs=0.02)


# --- machines -------------------------------------------------------------------------------------------------


def test_a_machine_has_its_size_its_place_and_its_shadow(art: FactorioArt, figures: Figures) -> None:
    parts = figures.entity("assembling-machine-1", "assembling-machine")
    (machine,) = body(parts)
    assert size(machine) == pytest.approx((214 / 64, 226 / 64), abs=0.02)
    assert (machine["x"], machine["y"]) == pytest.approx((0, 0.0625), abs=0.02)
    (shadow,) = body(parts, Order.SHADOW)
    assert size(shadow) == pytest.approx((190 / 64, 165 / 64), abs=0.04)
    assert (shadow["x"], shadow["y"]) == pytest.approx((0.265625, 0.15625), abs=0.03)
    assert art.atlas.picture(shadow["cell"])[40, 40].tolist() == [0, 0, 0, 127]
    # Its north-west is in the north-west.
    assert tuple(art.atlas.picture(machine["cell"])[4, 4, :3]) == CORNER


def test_a_machine_at_work_goes_through_its_frames_as_fast_as_it_works(
    art: FactorioArt, figures: Figures
) -> None:
    """32 frames in 64 ticks at a crafting speed of 0.5; every second one is kept."""
    parts = figures.entity("assembling-machine-1", "assembling-machine")
    shown = [seen(art.atlas, body(animate(parts, tick))["cell"][0])[:2] for tick in (0, 4, 8, 60, 64)]
    assert shown == [(0, 0), (2, 0), (4, 0), (6, 3), (0, 0)]
    idle = figures.entity("assembling-machine-1", "assembling-machine", working=False)
    assert [seen(art.atlas, body(animate(idle, tick))["cell"][0])[:2] for tick in (0, 30)] == [(0, 0)] * 2


def test_each_side_has_its_sheet(art: FactorioArt, figures: Figures) -> None:
    for number, direction in enumerate((0, 4, 8, 12)):
        parts = figures.entity("burner-mining-drill", "mining-drill", direction)
        (drill,) = body(parts)
        assert seen(art.atlas, drill["cell"]) == (0, 0, 60 + number)
        # There and back again: 62 frames of 32 pictures, the farthest in the middle.
        assert drill["frames"] == 16
        assert seen(art.atlas, drill["cell"] + 8)[:2] == (3, 7)
        assert seen(art.atlas, drill["cell"] + 15)[:2] == (0, 1)
    (engine,) = body(figures.entity("steam-engine", "generator", 12))
    assert size(engine) == pytest.approx((352 / 64, 257 / 64), abs=0.04)


def test_layers_of_an_animation_lie_over_each_other(art: FactorioArt, figures: Figures) -> None:
    parts = figures.entity("electric-mining-drill", "mining-drill", 0)
    drill = next(p for p in body(parts) if seen(art.atlas, p["cell"])[2] == 70)
    for frame in (0, 3):
        pixels = art.atlas.picture(int(drill["cell"]) + frame)
        scale = pixels.shape[1] / float(drill["w"])
        # The output's middle, by the shift in its prototype.
        column = round((-0.09375 - float(drill["x"]) + float(drill["w"]) / 2) * scale)
        row = round((-1.375 - float(drill["y"]) + float(drill["h"]) / 2) * scale)
        assert place(pixels[row, column]) == (frame, 0, 71)


def test_only_what_burns_glows(art: FactorioArt, figures: Figures) -> None:
    cold = figures.entity("stone-furnace", "furnace", working=False)
    hot = figures.entity("stone-furnace", "furnace")
    assert len(body(cold, Order.GLOW)) == 0
    assert len(body(hot, Order.GLOW)) == 1
    assert body(hot, Order.GLOW)["flicker"][0] > 0
    assert seen(art.atlas, body(hot)["cell"][0]) == (0, 0, 80)
    boiler = figures.entity("boiler", "boiler", 4)
    assert 110 in [seen(art.atlas, cell)[2] for cell in body(boiler)["cell"]]
    assert 111 in [seen(art.atlas, cell)[2] for cell in body(boiler, Order.GLOW)["cell"]]


def test_a_radar_turns(art: FactorioArt, figures: Figures) -> None:
    parts = figures.entity("radar", "radar")
    dish = next(p for p in body(parts) if p["frames"] > 1)
    sides = [seen(art.atlas, int(dish["cell"]) + i) for i in range(16)]
    assert sides == [(4 * i % 8, i // 2, 130) for i in range(16)]


def test_pipes_and_walls_join(art: FactorioArt, figures: Figures) -> None:
    for mask, blue in ((7, 100), (1, 101)):
        parts = figures.entity("pipe", "pipe", mask=mask)
        assert [seen(art.atlas, cell)[2] for cell in parts["cell"]] == [blue]
    (wall,) = body(figures.entity("stone-wall", "wall", mask=6))
    assert seen(art.atlas, wall["cell"]) == (0, 0, 102)


def test_fluid_is_seen_through_a_window(figures: Figures) -> None:
    empty = figures.entity("pipe", "pipe", mask=5)
    full = figures.entity("pipe", "pipe", mask=5, fluid=0xFF8F4030)
    assert len(full) == len(empty) + 1
    assert 0xFF8F4030 in full["tint"].tolist()


def test_guns_point_where_they_are_turned(art: FactorioArt, figures: Figures) -> None:
    for turn, file, row in ((0, 1, 0), (0.25, 2, 0), (0.5, 3, 0), (0.8125, 4, 4)):
        parts = figures.entity("gun-turret", "ammo-turret", turn=turn)
        gun = body(parts, Order.MOVING)[0]
        assert place(_lightest(art.atlas, gun)) == (0, row, 120 + file)
        assert place(_lightest(art.atlas, body(parts)[0])) == (0, 0, 120)


def _lightest(atlas: Atlas, part: Parts) -> list[int]:
    """A pixel beside the middle, where the gun's coloured mask doesn't lie."""
    pixels = atlas.picture(int(part["cell"]))
    return list(pixels[pixels.shape[0] - 4, pixels.shape[1] // 2])


# --- inserters ------------------------------------------------------------------------------------------------


def test_an_arm_reaches_from_its_foot_to_its_hand(art: FactorioArt, figures: Figures) -> None:
    atlas = art.atlas
    assert seen(atlas, body(figures.entity("inserter", "inserter", 0))["cell"][0]) == (2, 0, 50)
    assert seen(atlas, body(figures.entity("inserter", "inserter", 4))["cell"][0]) == (3, 0, 50)
    x, y = np.zeros(2), np.zeros(2)
    held = np.array([-1, atlas.cell("item/iron-plate")])
    quads = figures.arms("inserter", x, y, np.array([0.0, 1.2]), np.array([-1.0, 0.0]), held)
    lower, hands, items = quads[:2], quads[2:4], quads[4:]
    assert [seen(atlas, cell)[2] for cell in quads["cell"]] == [51, 51, 52, 53, 190]
    assert hands["angle"].tolist() == [0, 0.25]
    # It begins at the foot; the hand ends where the hand is.
    for part, tip in ((lower, (0.0, 0.0)), (hands, (0.0, -1.0))):
        along = -part["h"][0] / 2 if part is hands else part["h"][0] / 2
        assert (part["x"][0], part["y"][0] + along) == pytest.approx(tip, abs=1e-6)
    assert (hands["x"][1] + hands["h"][1] / 2, hands["y"][1]) == pytest.approx((1.2, 0), abs=1e-6)
    assert (items["x"][0], items["y"][0]) == (1.2, 0)
    assert hands["w"][0] == pytest.approx(72 * 0.25 / 32)


# --- what lives and lies about --------------------------------------------------------------------------------


def test_the_character_faces_and_walks(art: FactorioArt, figures: Figures) -> None:
    for direction in (0, 6, 12):
        for shape, blue, frames in (("", 140, 1), ("walking", 141, 16)):
            parts = figures.entity("character", "character", direction, shape=shape)
            (man,) = body(parts, Order.CHARACTER)
            assert man["frames"] == frames
            pixels = art.atlas.picture(int(man["cell"]))
            assert place(pixels[-2, pixels.shape[1] // 2]) == (0, direction // 2, blue)


def test_leaves_have_the_colour_of_their_tree(art: FactorioArt, figures: Figures) -> None:
    parts = body(figures.entity("tree-01", "tree", variant=0))
    assert seen(art.atlas, parts["cell"][0]) == (0, 0, 150)
    leaves = art.atlas.picture(int(parts["cell"][1]))
    tint = np.array([156, 255, 224]) / 255  # the first of its prototype's colours
    expected = np.array(factorio_folder.colour(0, 0, 151)) * tint
    assert leaves[150, 90, :3] == pytest.approx(expected, abs=2)
    assert len({figures.entity("tree-01", "tree", variant=v)["cell"][0] for v in range(4)}) == 4


def test_ore_goes_through_its_stages(art: FactorioArt) -> None:
    atlas = art.atlas
    for rich in range(8):
        for variant in range(4):
            assert seen(atlas, atlas.cell(f"ore/iron-ore/{rich}/{variant}")) == (variant, 7 - rich, 160)


def test_sizes_that_the_game_keeps_beside_its_sheets_are_read(art: FactorioArt, figures: Figures) -> None:
    for variant in range(4):
        (well,) = figures.entity("crude-oil", "resource", variant=variant)
        assert seen(art.atlas, well["cell"]) == (variant, 0, 161)
        assert size(well) == (148 / 64, 120 / 64)


def test_tiles_are_laid_out_at_random_of_all_sizes(art: FactorioArt) -> None:
    atlas = art.atlas
    grass = atlas.picture(atlas.cell("ground/grass-1"))
    assert grass.shape == (512, 512, 4)
    middles = grass[20::32, 20::32].reshape(-1, 4)
    places = {place(pixel) for pixel in middles}
    assert {blue for _, _, blue in places} == {180}
    assert len({row for _, row, _ in places}) > 3  # of the larger squares there are several rows
    concrete = atlas.picture(atlas.cell("ground/concrete"))
    squares = {place(concrete[y, x]) for y in (200, 456) for x in (200, 456)}
    assert all(blue == 181 and column < 8 for column, _, blue in squares)
    red = atlas.picture(atlas.cell("ground/red-refined-concrete"))[200, 200]
    assert red[1:3].tolist() == pytest.approx([40 * 0.266, 182 * 0.241], abs=1)


def test_icons_are_one_tile_large(art: FactorioArt) -> None:
    atlas = art.atlas
    for name, blue in (("item/iron-plate", 190), ("technology/automation", 191)):
        cell = atlas.cells[atlas.cell(name)]
        assert (cell["w"], cell["h"], cell["dx"], cell["dy"]) == (1, 1, 0, 0)
        assert seen(atlas, atlas.cell(name)) == (0, 0, blue)


def test_rails_lie_eight_ways(figures: Figures, art: FactorioArt) -> None:
    ways = [figures.entity("straight-rail", "straight-rail", way)["cell"].tolist() for way in range(0, 16, 2)]
    assert ways[:4] == ways[4:]
    assert len({tuple(way) for way in ways}) == 4
    assert all(art.atlas.cell("unknown") not in way for way in ways)


def test_smoke_and_wires_begin_where_the_game_has_them(figures: Figures) -> None:
    assert figures.chimney("stone-furnace", 3) == (0, -0.8)
    assert figures.chimney("boiler", 1) == (0.625, -2.1875)
    assert figures.chimney("steam-engine", 2) == figures.chimney("steam-engine", 0) == (0.9, 0)
    assert figures.chimney("iron-chest", 0) is None
    assert figures.pole_top("medium-electric-pole") == (0.234375, -3.109375)


# --- the whole way --------------------------------------------------------------------------------------------


def test_it_is_drawn_where_it_stands(art: FactorioArt, figures: Figures) -> None:
    parts = figures.entity("assembling-machine-1", "assembling-machine").copy()
    parts["x"] += 10.5
    parts["y"] += 7.5
    ground = {(0, 0): GroundChunk(np.zeros((CHUNK, CHUNK), np.uint8))}
    one = renderer("numpy", art.atlas)
    picture = one.draw(DisplayList(animate(parts, 8), ground), View(10.5, 7.5, 1, 320, 320))
    one.close()
    assert place(picture[160, 160]) == (4, 0, 90)
    across = [x for x in range(320) if place(picture[160, x])[2] == 90]
    assert (min(across), max(across)) == pytest.approx((160 - 53.5, 160 + 53.5), abs=1.5)
    down = [y for y in range(320) if place(picture[y, 160])[2] == 90]
    assert (min(down), max(down)) == pytest.approx((162 - 56.5, 162 + 56.5), abs=1.5)


def test_a_world_is_drawn_with_it(art: FactorioArt, shared_world: WorldProcess) -> None:
    view = View(*SMALL_FACTORY, 0.7, layers=frozenset())
    with shared_world.client() as client:
        small_factory.build(client)
        scene = Scene()
        scene.look(small_factory.Eyes(SceneClient(client)), view)
    drawing = Drawing(art.atlas, art.figures)
    shown = drawing.display_list(scene, view, scene.tick).quads
    names = {number: name for name, number in art.atlas.names.items()}
    # The belt goes east and turns to the south at (29.5, 101.5).
    for x, y, row in ((20.5, 101.5, 0), (29.5, 101.5, 11)):
        here = shown[(shown["x"] == x) & (shown["y"] == y) & (shown["order"] == Order.BELT)]
        assert {seen(art.atlas, cell)[1:] for cell in here["cell"]} == {(row, 10)}
    drill = shown[[names[int(cell)].startswith("factorio/") and seen(art.atlas, cell)[2] in range(60, 64)
                   for cell in shown["cell"]]]  # fmt: skip
    assert np.hypot(drill["x"] - 18, drill["y"] - 102).min() < 0.2
    # What stands farther south comes later, and so hides what is behind it. (A splitter's belts lie beside its middle.)
    belts = shown[(shown["order"] == Order.BELT) & (shown["x"] != 30.5)]
    assert len(set(belts["y"].tolist())) > 4
    assert (np.diff(belts["y"]) >= 0).all()
    # From far away it has colours of its own.
    far = View(*SMALL_FACTORY, 0.05, layers=frozenset())
    blocks = drawing.display_list(scene, far, scene.tick).ground[0, 3].blocks
    assert blocks is not None
    assert blocks[..., 3].any()


def test_all_that_our_art_has_a_name_for_is_there(art: FactorioArt, figures: Figures) -> None:
    """The other pictures are our own: letters, badges, and what the installation lacks."""
    lost = {
        n
        for n in our_atlas().names
        if n.startswith(("badge/", "glyph/", "item/", "ground/", "ore/", "decor/"))
    }
    assert lost - art.atlas.names.keys() == set()
    ours = figures.entity("beacon", "beacon")
    assert set(ours["cell"].tolist()) & {art.atlas.cell("unknown")} == set()
    nothing = figures.entity("machine-of-a-mod", "assembling-machine", 0, 4, 3)
    assert nothing["cell"].tolist() == [art.atlas.cell("unknown")]
    assert (nothing["w"][0], nothing["h"][0]) == (4, 3)


def test_art_comes_from_where_factorio_home_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, kind in ((str(home), FactorioArt), ("", None), (str(tmp_path), None)):
        monkeypatch.setenv("FACTORIO_HOME", folder)
        art_source.cache_clear()
        found = art_source()
        assert isinstance(found, FactorioArt) == (kind is FactorioArt)
        assert ("factorio/0" in found.atlas.names) == (kind is FactorioArt)
    art_source.cache_clear()


# --- bad input ------------------------------------------------------------------------------------------------


def test_what_is_missing_is_marked_and_told_of(art: FactorioArt, figures: Figures) -> None:
    faults = art.faults()
    missing = "__base__/graphics/entity/iron-chest/iron-chest.png"
    assert faults[missing] == "missing"
    assert f"__{ENTITY.partition('/')[0]}__/graphics/entity/lab/lab.png" not in faults
    (chest,) = body(figures.entity("iron-chest", "container"))
    pixels = art.atlas.picture(int(chest["cell"])).reshape(-1, 4)
    assert {tuple(p) for p in pixels[:, :3] * 255 // np.maximum(pixels[:, 3:], 1)} <= {
        (255, 0, 220), (255, 0, 219), (0, 0, 0), (254, 0, 219), (254, 0, 218)
    }  # fmt: skip
    assert size(chest) == (66 / 64, 76 / 64)


def test_the_doctor_lists_what_is_missing_once(home: Path, art: FactorioArt, tmp_path: Path) -> None:
    def finding(folder: Path) -> Finding:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FACTORIO_HOME", str(folder))
            return next(f for f in examine() if f.what == "Factorio")

    damaged = finding(home)
    assert damaged.state == "broken"
    faults, files = art.faults(), art.book.files()
    assert (
        f"{len(faults)} of {len(files)} sprite files can't be used ({len(faults)} missing)" in damaged.found
    )
    assert damaged.found.count("__base__/graphics") == 1
    nothing = finding(tmp_path)
    assert (nothing.state, nothing.found) == (
        "broken", f"FACTORIO_HOME is {tmp_path}, which has no data/base: our own art is used"
    )  # fmt: skip


def _png_of(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, 8, 6, 0, 0, 0, 0)
        + b"IEND\xaeB`\x82"
    )


def test_files_that_are_no_pictures_are_marked_too(home: Path, tmp_path: Path) -> None:
    name = ENTITY + "lab/lab.png"
    whole = (home / "data" / name).read_bytes()
    broken = {
        "truncated": whole[: len(whole) // 2],
        "no PNG": b"GIF89a" + whole,
        "60000 × 60000 pixels": _png_of(60000, 60000),
        "0 × 5 pixels": _png_of(0, 5),
        "damaged": whole[:60] + bytes(255 - byte for byte in whole[60:-40]) + whole[-40:],
        "64 × 64 pixels, 194 × 174 are needed": _small(),
    }
    shutil.copytree(
        home / "data" / "base", tmp_path / "data" / "base", ignore=shutil.ignore_patterns("*.png")
    )
    shutil.copytree(home / "data" / "core", tmp_path / "data" / "core")
    path = tmp_path / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (strip,) = strips({"filename": "__base__/graphics/entity/lab/lab.png", "width": 194, "height": 174})
    frames: Frames = (64.0, [(strip.stamp(0),)])
    for why, data in broken.items():
        path.write_bytes(data)
        sheets = Sheets(Installation(tmp_path))
        (picture,) = sheets.pictures([("lab", frames)])
        assert sheets.faults["__base__/graphics/entity/lab/lab.png"].startswith(why)
        assert {tuple(pixel[:3] > 100) for pixel in picture.pixels.reshape(-1, 4)} == {
            (True, False, True), (False, False, False)
        }  # fmt: skip
    assert fault(tmp_path / "nowhere.png") == "missing"


def _small() -> bytes:
    import io

    file = io.BytesIO()
    factorio_folder.sheet(64, 64, 1, 1, 0).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "side", "first", "last"),
    [
        # Many files, each with so many lines of so many sides.
        ({"filenames": ["0", "1", "2", "3"], "direction_count": 256, "line_length": 8, "lines_per_file": 8},
         Side(0.25), ("1", 0, 0), ("1", 0, 0)),
        ({"filenames": ["0", "1"], "direction_count": 128, "back_equals_front": True, "line_length": 8, "lines_per_file": 8},
         Side(0.5 + 9 / 256), ("0", 10, 20), ("0", 10, 20)),
        # Stripes side by side hold more frames, one below the other more sides.
        ({"stripes": [{"filename": "a", "width_in_frames": 2, "height_in_frames": 4},
                      {"filename": "b", "width_in_frames": 1, "height_in_frames": 4}], "frame_count": 3, "direction_count": 4},
         Side(0.5), ("a", 0, 40), ("b", 0, 40)),
        ({"stripes": [{"filename": "a", "width_in_frames": 2, "height_in_frames": 2},
                      {"filename": "b", "width_in_frames": 2, "height_in_frames": 2}], "frame_count": 2, "direction_count": 4},
         Side(0.75), ("b", 0, 20), ("b", 10, 20)),
        ({"filename": "s", "variation_count": 3, "x": 5, "y": 7}, Side(variant=4), ("s", 15, 7), ("s", 15, 7)),
        ({"filename": "s", "frame_count": 3, "run_mode": "backward"}, Side(), ("s", 20, 0), ("s", 0, 0)),
        ({"filename": "s", "frame_count": 3, "frame_sequence": [2, 2, 3]}, Side(), ("s", 10, 0), ("s", 20, 0)),
    ],
)  # fmt: skip
def test_frames_are_where_the_documentation_says(
    raw: dict[str, object], side: Side, first: tuple[str, int, int], last: tuple[str, int, int]
) -> None:
    (strip,) = strips({"width": 10, "height": 20, **raw}, side)
    assert (strip.frames[0], strip.frames[-1]) == (first, last)


def test_a_gate_is_open_as_at_the_end_of_its_animation() -> None:
    book = Book()
    sheet = {"filename": "__base__/gate.png", "width": 32, "height": 32, "frame_count": 4, "line_length": 4}
    READERS["gate"](book, "gate", {"vertical_animation": sheet, "horizontal_animation": sheet})
    at = {}
    for state in ("working/0", "open/0"):
        [(name, *_)] = book.looks["gate"][state]
        [[stamp]] = book.pictures[name][1]
        at[state] = stamp
    assert at["working/0"] != at["open/0"]
    assert at["open/0"] == strips(sheet)[0].stamp(3)


@pytest.mark.parametrize(
    "raw",
    [
        {"filename": "__base__/x.png", "width": 1e9, "height": 4},
        {"filename": "__base__/x.png", "width": 0, "height": 0},
        {"filename": "__base__/x.png", "size": 64, "scale": 1e9},
        {"filename": "__base__/x.png", "size": 64, "scale": -1},
        {"filename": 7, "size": 64},
        {"filenames": [], "size": 64},
        {"filenames": [None], "size": 64},
        {"stripes": [{"filename": "a.png"}], "size": 64, "frame_count": 9},
        {"layers": [7, None, "x"]},
        [],
        {},
        None,
        "picture",
    ],
)
def test_prototypes_that_say_nonsense_give_no_picture(raw: object) -> None:
    assert strips(raw) == []


def test_absurd_numbers_stay_small(home: Path) -> None:
    """A huge shift, tint or number of frames is no reason to run out of memory."""
    odd = {
        "filename": "__base__/graphics/entity/lab/lab.png", "width": 8000, "height": 8000, "scale": 64,
        "frame_count": 1e12, "shift": [math.inf, 1e300], "tint": {"r": -5, "g": 1e9, "b": "x"}, "animation_speed": math.nan,
        "direction_count": 1e9,
    }  # fmt: skip
    (strip,) = strips(odd, Side(0.3))
    assert (strip.x, strip.y, strip.speed) == (0, 0, 1)
    assert len(strip.frames) <= 4096
    frames: Frames = (64.0, [(strip.stamp(i),) for i in range(64)])
    pictures = list(Sheets(Installation(home)).pictures([("odd", frames)]))
    assert sum(p.pixels.size for p in pictures) <= 4 * 2**24 * 1.1


def test_folders_that_are_not_factorio_are_refused(home: Path, tmp_path: Path) -> None:
    def refusal(folder: Path) -> str:
        with pytest.raises(NotFactorio) as caught:
            installed(str(folder))
        return str(caught.value)

    assert refusal(tmp_path / "nowhere").endswith("which has no data/base")
    (tmp_path / "data" / "space-age").mkdir(parents=True)
    assert refusal(tmp_path).endswith("which has no data/base, only space-age")
    (tmp_path / "data" / "base").mkdir()
    assert refusal(tmp_path).endswith("where data/base/data.lua is missing")
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(home / "data", tmp_path / "data", ignore=shutil.ignore_patterns("*.png"))
    assert (tmp_path / "data" / (ENTITY + "crude-oil/crude-oil.lua")).is_file()
    with pytest.raises(NoPictures, match="without pictures"):  # a server
        installed(str(tmp_path))
    info = tmp_path / "data" / "base" / "info.json"
    info.write_text(info.read_text().replace('"2.0.', '"1.1.'))
    assert "which is Factorio 1.1." in refusal(tmp_path)
    info.write_text("{")
    assert "info.json can't be read" in refusal(tmp_path)


def test_broken_prototypes_are_told_of_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factorio_folder.build(tmp_path, ["base/graphics/icons/iron-plate.png"])
    last = tmp_path / "data" / "base" / "data-final-fixes.lua"
    usual = last.read_text()
    last.write_text("local x = nil + 1")
    with pytest.raises(NotFactorio, match=r"can't be loaded: .*nil value"):
        FactorioArt(Installation(tmp_path)).faults()
    last.write_text(usual + 'data.raw["transport-belt"]["transport-belt"].belt_animation_set = {animation_set=7} '
                    'data.raw["transport-belt"]["fast-transport-belt"].speed = "quick"')  # fmt: skip
    book = FactorioArt(Installation(tmp_path)).book
    assert list(book.odd) == ["fast-transport-belt"]
    assert "fast-transport-belt" not in book.looks
    assert "iron-chest" in book.looks
    last.write_text("while true do end")
    monkeypatch.setattr(installation, "DATA_STAGE_SECONDS", 3)
    with pytest.raises(NotFactorio, match="took more than 3 s"):
        FactorioArt(Installation(tmp_path)).faults()


# --- the cache ------------------------------------------------------------------------------------------------


def test_it_is_made_once_and_again_when_a_file_changes(home: Path, art: FactorioArt, cache: Path) -> None:
    atlas = art.atlas
    assert seen(atlas, atlas.cell("item/iron-plate"))[2] == 190
    (kept,) = [path for path in cache.rglob("atlas-factorio-*") if path.is_dir()]
    before = kept.stat().st_ino
    again = FactorioArt(Installation(home))
    assert again.book.looks == art.book.looks
    assert dict(again.atlas.names) == dict(atlas.names)
    assert kept.stat().st_ino == before
    path = home / "data" / "base" / "graphics" / "icons" / "iron-plate.png"
    usual = path.read_bytes()
    try:
        factorio_folder.sheet(64, 64, 1, 1, 77).save(path)
        changed = FactorioArt(Installation(home)).atlas
        assert seen(changed, changed.cell("item/iron-plate"))[2] == 77
    finally:
        path.write_bytes(usual)
    (kept,) = [path for path in cache.rglob("atlas-factorio-*") if path.is_dir()]
    repository = Path(__file__).resolve().parents[2]
    assert repository not in kept.parents
    assert not any(name.startswith("..") for name in os.listdir(kept))


def test_the_folder_has_what_it_says(home: Path) -> None:
    assert [name for name in SHEETS if not (home / "data" / name).is_file()] == []
