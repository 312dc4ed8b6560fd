"""What is drawn is compared with pictures that somebody has looked at; see tests/viewer/golden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.viewer.golden import SCENES, difference, display_lists, golden
from viewer.atlas import Atlas, Pixels, our_atlas
from viewer.display_list import DisplayList, Quads
from viewer.renderers import NAMES, Renderer, renderer
from viewer.renderers.gpu import NoAdapter
from viewer.view import View

TOLERANCE = 8.0
"""Of 255, in the mean of the worst square of a picture: what rounding leaves, far less than a wrong picture makes."""


@pytest.fixture(scope="module", params=NAMES)
def drawing(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    try:
        one = renderer(request.param, our_atlas())
    except NoAdapter as error:
        pytest.skip(str(error))
    yield one
    one.close()


@pytest.fixture(scope="module")
def shown() -> dict[str, tuple[DisplayList, View]]:
    return {name: (listed, view) for name, listed, view in display_lists()}


def compare(picture: Pixels, wanted: Pixels, name: str, folder: Path) -> None:
    """Fail if two pictures differ, having written what they look like and where they differ."""
    apart = difference(picture, wanted)
    if apart.max() <= TOLERANCE:
        return
    where = np.abs(picture[..., :3].astype(np.int16) - wanted).astype(np.uint8)
    side_by_side = np.concatenate((wanted, picture[..., :3], np.minimum(where, 85) * 3), axis=1)
    path = folder / f"{name}-wanted-drawn-difference.png"
    Image.fromarray(side_by_side).save(path)
    row, column = np.unravel_index(int(apart.argmax()), apart.shape)
    pytest.fail(
        f"{name} differs by {apart.max():.0f} of 255 around pixel {column * 4}, {row * 4}: see {path}; "
        "if it is meant to, python -m tests.viewer.golden draws it anew"
    )


@pytest.mark.parametrize("name", SCENES)
def test_what_is_drawn_is_as_it_should_be(
    drawing: Renderer, shown: dict[str, tuple[DisplayList, View]], name: str, tmp_path: Path
) -> None:
    compare(drawing.draw(*shown[name]), golden(drawing.name, name), f"{name}-{drawing.name}", tmp_path)


def _one(atlas: Atlas, rows: Quads, view: View, begin: str) -> int:
    """The quad nearest to the middle of a view whose picture's name begins so."""
    wanted = [number for name, number in atlas.names.items() if name.startswith(begin)]
    found = np.flatnonzero(np.isin(rows["cell"], wanted))
    away = np.hypot(rows["x"][found] - view.x, rows["y"][found] - view.y)
    return int(found[away.argmin()])


def _wrong_machine(atlas: Atlas, rows: Quads, view: View) -> None:
    furnace = (rows["cell"] == atlas.cell("steel-furnace")).nonzero()[0][0]
    rows["cell"][furnace] = atlas.cell("stone-furnace")


def _shifted(atlas: Atlas, rows: Quads, view: View) -> None:
    rows["x"][_one(atlas, rows, view, "inserter/arm")] += 0.25


def _turned_inserter(atlas: Atlas, rows: Quads, view: View) -> None:
    foot = (rows["cell"] == atlas.cell("inserter/0")).nonzero()[0]
    nearest = np.hypot(rows["x"][foot] - view.x, rows["y"][foot] - view.y).argmin()
    rows["cell"][foot[nearest]] = atlas.cell("inserter/2")


def _turned_belt(atlas: Atlas, rows: Quads, view: View) -> None:
    belt = _one(atlas, rows, view, "fast-transport-belt/straight/1/")
    rows["cell"][belt] = atlas.cell("fast-transport-belt/straight/3/0")


def _other_recipe(atlas: Atlas, rows: Quads, view: View) -> None:
    rows["cell"][_one(atlas, rows, view, "item/transport-belt")] = atlas.cell("item/inserter")


def _gone(atlas: Atlas, rows: Quads, view: View) -> None:
    rows["w"][_one(atlas, rows, view, "badge/")] = 0


@pytest.mark.parametrize(
    "spoil", [_wrong_machine, _shifted, _turned_inserter, _turned_belt, _other_recipe, _gone]
)
def test_one_thing_drawn_wrongly_is_noticed(
    drawing: Renderer,
    shown: dict[str, tuple[DisplayList, View]],
    spoil: Callable[[Atlas, Quads, View], None],
    tmp_path: Path,
) -> None:
    listed, view = shown["factory"]
    rows = listed.quads.copy()
    spoil(our_atlas(), rows, view)
    picture = drawing.draw(replace(listed, quads=rows), view)
    with pytest.raises(pytest.fail.Exception, match=r"see .*factory-wanted-drawn-difference\.png"):
        compare(picture, golden(drawing.name, "factory"), "factory", tmp_path)
    drawn = Image.open(tmp_path / "factory-wanted-drawn-difference.png")
    assert drawn.size == (3 * view.width, view.height)
