"""Everything that a game can hold has a picture of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.engine import prototypes
from viewer import gallery
from viewer.art.ground import KINDS, kind_of
from viewer.art.ores import ore_code, richness
from viewer.atlas import Atlas, Picture, cached_atlas, our_atlas
from viewer.display_list import Order
from viewer.figures import Figures, animate, belt_rate


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return our_atlas()


@pytest.fixture(scope="module")
def figures(atlas: Atlas) -> Figures:
    return Figures(atlas)


def test_every_item_and_fluid_has_an_icon(atlas: Atlas) -> None:
    game = prototypes.load()
    names = [f"item/{name}" for name in game.item] + [f"fluid/{name}" for name in game.raw["fluid"]]
    missing = [name for name in names if name not in atlas.names]
    assert [name for name in missing if "parameter-" not in name and "unknown" not in name] == []


def test_every_kind_of_ground_is_known() -> None:
    game = prototypes.load()
    assert set(game.raw["tile"]) - set(KINDS) == set()
    assert kind_of("a tile of a mod") == kind_of("tile-unknown")


def test_everything_that_players_build_has_a_figure_of_its_own(figures: Figures, atlas: Atlas) -> None:
    game = prototypes.load()
    nobody = {atlas.cell("unknown"), atlas.cell("wreck")}
    plain = []
    for item in game.item.values():
        proto = game.entity.get(item.place_result or "")
        if proto is None or "player-creation" not in proto.flags or item.raw.get("hidden"):
            continue
        figure = figures.entity(proto.name, proto.type)
        if set(figure["cell"].tolist()) & nobody:
            plain.append(proto.name)
    assert plain == []


def test_directions_can_be_told_apart(figures: Figures) -> None:
    for name, kind in (
        ("transport-belt", "transport-belt"),
        ("inserter", "inserter"),
        ("electric-mining-drill", "mining-drill"),
        ("chemical-plant", "assembling-machine"),
        ("boiler", "boiler"),
        ("pump", "pump"),
        ("character", "character"),
    ):
        cells = {tuple(figures.entity(name, kind, direction)["cell"].tolist()) for direction in (0, 4, 8, 12)}
        assert len(cells) == 4, name


def test_a_belt_moves_at_its_speed(figures: Figures) -> None:
    """Sixteen pictures carry a belt half a tile: after a second an express belt is 5.6 tiles further."""
    for name, speed in (
        ("transport-belt", 1 / 32),
        ("fast-transport-belt", 1 / 16),
        ("express-transport-belt", 3 / 32),
    ):
        part = figures.entity(name, "transport-belt", 4)[0]
        assert part["rate"] == pytest.approx(belt_rate(speed))
        assert part["rate"] / 16 * 0.5 == pytest.approx(speed)
        first = animate(np.array([part]), 0)["cell"][0]
        assert animate(np.array([part]), 4)["cell"][0] - first == 4 * part["rate"] % 16


def test_what_stands_still_does_not_move(figures: Figures) -> None:
    working = figures.entity("assembling-machine-1", "assembling-machine")
    idle = figures.entity("assembling-machine-1", "assembling-machine", working=False)
    assert (animate(idle, 0) == animate(idle, 50)).all()
    assert (animate(working, 0) != animate(working, 50)).any()
    cold = figures.entity("stone-furnace", "furnace", working=False)
    assert len(cold) < len(figures.entity("stone-furnace", "furnace"))


def test_the_farther_away_the_fewer_shadows(figures: Figures) -> None:
    chest = figures.entity("iron-chest", "container")
    assert (animate(chest, 0, 32)["order"] == Order.SHADOW).any()
    assert not (animate(chest, 0, 8)["order"] == Order.SHADOW).any()


def test_what_nobody_knows_is_drawn_as_a_box_of_its_size(figures: Figures, atlas: Atlas) -> None:
    figure = figures.entity("machine-of-a-mod", "assembling-machine", 0, 4, 3)
    assert figure["cell"].tolist() == [atlas.cell("unknown")]
    assert (figure["w"][0], figure["h"][0]) == (4, 3)


def test_ore_has_eight_amounts() -> None:
    seen = [richness(amount) for amount in range(0, 6000)]
    assert sorted(set(seen)) == list(range(8))
    assert seen == sorted(seen)
    assert ore_code("iron-ore", 1) == 1
    assert ore_code("coal", 1e9) == 24


def test_an_atlas_is_kept_and_made_anew_when_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def make() -> list[Picture]:
        made.append(1)
        return [Picture("dot", np.full((8, 8, 4), 200, np.uint8), 16)]

    for _ in range(2):
        atlas = cached_atlas("test", "1", make)
        assert (atlas.picture(atlas.cell("dot")) == 200).all()
    assert len(made) == 1
    next(tmp_path.rglob("cells.npy")).write_bytes(b"")
    assert (cached_atlas("test", "1", make).picture(0) == 200).all()
    cached_atlas("test", "2", make)
    assert len([path for path in tmp_path.rglob("atlas-test-*") if path.is_dir()]) == 1


def test_a_picture_larger_than_a_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="picture big is 3000 × 8 pixels"):
        Atlas.build([Picture("big", np.zeros((8, 3000, 4), np.uint8), 16)])


def test_the_gallery_shows_every_direction(atlas: Atlas) -> None:
    things = list(gallery.specimens(Figures(atlas)))
    assert len(things) > 400
    quads, height = gallery.sheet(atlas, things[:60], 0)
    assert height > 2
    assert len(quads) > 60
