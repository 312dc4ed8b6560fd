"""What a picture of a scene shows: what stands, what moves, what layers add, and what is left out far away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from runtime.rcon_client import WorldClient
from runtime.scene_client import SceneClient
from runtime.world_process import WorldProcess
from tests.viewer.small_factory import VIEW, Eyes, build, step
from viewer.atlas import Atlas, our_atlas
from viewer.display_list import DisplayList, Order, Quads
from viewer.drawing import Drawing
from viewer.renderers import renderer
from viewer.scene import Scene
from viewer.view import LAYERS, View

BARE = frozenset[str]()
NEAR = View(*VIEW, 0.7, layers=BARE)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return our_atlas()


@pytest.fixture(scope="module")
def world(shared_world: WorldProcess) -> Iterator[WorldClient]:
    with shared_world.client() as client:
        build(client)
        yield client


@pytest.fixture
def scene(world: WorldClient) -> Scene:
    seen = Scene()
    seen.look(Eyes(SceneClient(world)), NEAR)
    return seen


@pytest.fixture(scope="module")
def drawing(atlas: Atlas) -> Drawing:
    return Drawing(atlas)


@pytest.fixture
def named(atlas: Atlas) -> Callable[[Quads, str], Quads]:
    """The quads whose picture's name begins with some words."""
    names = {number: name for name, number in atlas.names.items()}

    def only(quads: Quads, begin: str) -> Quads:
        return quads[[names[int(cell)].startswith(begin) for cell in quads["cell"]]]

    return only


Named = Callable[[Quads, str], Quads]


def test_everything_that_stands_there_is_drawn_where_it_stands(
    scene: Scene, drawing: Drawing, named: Named
) -> None:
    shown = drawing.display_list(scene, NEAR, scene.tick).quads
    for name, x, y in (
        ("burner-mining-drill/", 18, 102), ("wooden-chest", 42.5, 103.5), ("assembling-machine-2", 47.5, 104.5),
        ("lab", 54.5, 108.5), ("storage-tank", 54.5, 98.5), ("splitter/", 30.5, 103), ("substation", 44, 101),
        ("transport-belt/straight/1/", 20.5, 101.5), ("transport-belt/right/2/", 29.5, 101.5),
        ("transport-belt/left/1/", 29.5, 103.5), ("underground-belt/in/1", 25.5, 101.5), ("stone-wall/10", 61.5, 100.5),
        ("pipe/10", 47.5, 98.5), ("character/", 45, 110),
    ):  # fmt: skip
        rows = named(shown, name)
        away = np.hypot(rows["x"] - x, rows["y"] - y)
        assert len(rows), name
        assert away.min() < 1.2, (name, away.min())
    assert not len(named(shown, "unknown"))
    assert len(named(shown, "item/copper-plate")) > 3
    assert len(named(shown, "inserter/hand")) + len(named(shown, "inserter/grip")) == 2
    ground = drawing.display_list(scene, NEAR, scene.tick).ground
    assert (0, 3) in ground
    ores = ground[0, 3].ores
    assert ores is not None
    assert ores[4:8, 16:20].all()


def test_what_moves_moves_and_the_rest_stays(scene: Scene, drawing: Drawing, named: Named) -> None:
    now, later = (drawing.display_list(scene, NEAR, scene.tick + t).quads for t in (0, 4))
    bodies = [np.sort(q[q["order"] == Order.BODY], order=("x", "y")) for q in (now, later)]
    assert np.array_equal(bodies[0], bodies[1])
    items = [named(q, "item/copper-plate") for q in (now, later)]
    assert sorted(items[0]["x"]) != sorted(items[1]["x"])
    gear = [named(q, "burner-mining-drill/moving") for q in (now, later)]
    assert gear[0]["angle"] != gear[1]["angle"]


def test_layers_add_what_they_are_for(scene: Scene, drawing: Drawing, named: Named) -> None:
    bare = drawing.display_list(scene, NEAR, scene.tick).quads
    begins = {
        "alt": "item/iron-gear-wheel", "status": "badge/", "power": "white", "fluids": "fluid/water", "grid": "glyph/",
        "names": "ring",
    }  # fmt: skip
    assert set(begins) == set(LAYERS) - {"night"}
    for layer, begin in begins.items():
        view = View(*VIEW, 0.7, layers=frozenset({layer}))
        shown = drawing.display_list(scene, view, scene.tick).quads
        assert len(named(shown, begin)) > len(named(bare, begin)), layer


def test_names_are_written_over_characters_and_stations(
    world: WorldClient, drawing: Drawing, named: Named
) -> None:
    scene = Scene()
    world.command(
        "/silent-command game.surfaces[1].create_entity{name='train-stop', position={31, 93}, force='player'}"
    )
    scene.look(Eyes(SceneClient(world)), NEAR)
    view = View(*VIEW, 0.7, layers=frozenset({"names"}))
    bare = named(drawing.display_list(scene, NEAR, scene.tick).quads, "glyph/")
    shown = named(drawing.display_list(scene, view, scene.tick).quads, "glyph/")
    assert len(bare) == 0
    assert len(shown) == len("agent1")
    assert np.hypot(shown["x"] - 45, shown["y"] - 110).max() < 3
    [stop] = [t for c in scene.chunks.values() for t in c.things.values() if t.name == "train-stop"]
    stop.more = ("Iron in",)  # as Factorio tells it: stations of the embedded engine have no names
    again = Drawing(drawing.atlas).display_list(scene, view, scene.tick).quads
    assert len(named(again, "glyph/")) == len(shown) + len("Ironin")


def test_it_gets_dark_at_night_but_where_something_shines(world: WorldClient, drawing: Drawing) -> None:
    scene, night = Scene(), View(*VIEW, 0.7, layers=frozenset({"night"}))
    scene.look(Eyes(SceneClient(world)), night)
    assert scene.darkness == 0
    assert drawing.display_list(scene, night, scene.tick).darkness == 0
    scene.darkness = 0.85
    assert drawing.display_list(scene, NEAR, scene.tick).darkness == 0  # only where it was asked for
    listed = drawing.display_list(scene, night, scene.tick)
    one = renderer("numpy", drawing.atlas)
    day, dark = (
        one.draw(DisplayList(listed.quads, listed.ground, d, listed.lights), night) for d in (0, 0.85)
    )
    share = dark[..., :3].astype(float).sum(axis=2) / np.maximum(day[..., :3].astype(float).sum(axis=2), 1)
    assert share[10, 10] < 0.55
    x, y = night.pixel(45, 110)  # the character has a lamp
    assert share[round(y), round(x)] > 0.9


def test_a_gate_opens_for_who_comes_near(world: WorldClient, drawing: Drawing, named: Named) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))
    world.command(
        "/silent-command game.surfaces[1].create_entity{name='gate', position={60.5, 110.5}, direction=4, force='player'}"
    )
    step(world, 30)
    scene.look(eyes, NEAR)
    assert len(named(drawing.display_list(scene, NEAR, scene.tick).quads, "gate/open/")) == 0
    world.command("/silent-command storage.agent_characters[1].teleport({60.5, 108.5})")
    step(world, 30)
    scene.look(eyes, NEAR)
    assert (
        len(named(drawing.display_list(scene, NEAR, scene.tick).quads, "gate/open/")) == 2
    )  # it and its shadow
    world.command("/silent-command storage.agent_characters[1].teleport({45, 110})")


def test_a_turret_aims_at_whom_it_would_shoot(world: WorldClient, drawing: Drawing, named: Named) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))

    def guns_at(later: float) -> Quads:
        guns = named(drawing.display_list(scene, NEAR, scene.tick + later).quads, "gun-turret/gun")
        return guns[guns["x"] > 65]  # the other is only planned

    world.command(
        "/silent-command local s = game.surfaces[1] "
        "s.find_entities_filtered{name='gun-turret'}[1].insert{name='firearm-magazine', count=10} "
        "s.create_entity{name='behemoth-worm-turret', position={77, 101}, force='enemy'}"
    )
    step(world, 60)
    scene.look(eyes, NEAR)
    guns = [guns_at(t) for t in (0, 100)]
    assert [gun["angle"].tolist() for gun in guns] == [[0.25]] * 2
    world.command("/silent-command game.surfaces[1].find_entities_filtered{force='enemy'}[1].destroy()")
    step(world, 10)
    scene.look(eyes, NEAR)
    guns = [guns_at(t) for t in (0, 100)]
    assert guns[0]["angle"] != guns[1]["angle"]


def test_a_change_in_the_world_is_a_change_in_the_picture(
    world: WorldClient, scene: Scene, drawing: Drawing, named: Named
) -> None:
    def chests() -> int:
        return len(named(drawing.display_list(scene, NEAR, scene.tick).quads, "steel-chest"))

    assert chests() == 0
    world.command(
        "/silent-command game.surfaces[1].create_entity{name='steel-chest', position={33.5, 97.5}, force='player'}"
    )
    scene.look(Eyes(SceneClient(world)), NEAR)
    assert chests() > 0
    world.command("/silent-command game.surfaces[1].find_entities_filtered{name='steel-chest'}[1].destroy()")
    scene.look(Eyes(SceneClient(world)), NEAR)
    assert chests() == 0


def test_a_walking_character_is_where_it_will_be(world: WorldClient, drawing: Drawing, named: Named) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))
    world.command(
        "/silent-command storage.agent_characters[1].walking_state = {walking = true, direction = 4}"
    )
    for _ in range(3):
        step(world, 6)
        scene.look(eyes, NEAR)
    expected = named(drawing.display_list(scene, NEAR, scene.tick + 6).quads, "character/1/")
    step(world, 6)
    scene.look(eyes, NEAR)
    there = named(drawing.display_list(scene, NEAR, scene.tick).quads, "character/1/")
    world.command("/silent-command storage.agent_characters[1].walking_state = {walking = false}")
    moved = named(drawing.display_list(scene, NEAR, scene.tick).quads, "character/")
    assert len(moved)
    if len(expected) and len(there):
        assert expected["x"] == pytest.approx(there["x"], abs=0.05)


def test_far_away_things_are_blocks_and_characters_marks(
    world: WorldClient, drawing: Drawing, named: Named
) -> None:
    scene, far = Scene(), View(*VIEW, 0.03, layers=frozenset({"names"}))
    scene.look(Eyes(SceneClient(world)), far)
    shown: DisplayList = drawing.display_list(scene, far, scene.tick)
    assert not len(named(shown.quads, "assembling-machine"))
    assert len(named(shown.quads, "ring")) == 1
    blocks = shown.ground[1, 3].blocks
    assert blocks is not None
    assert blocks[104 - 96, 47 - 32, 3] == 255  # the assembling machine
    assert blocks[98 - 96, 36 - 32, 3] == 0


def test_a_display_list_is_made_in_milliseconds(scene: Scene, drawing: Drawing) -> None:
    drawing.display_list(scene, NEAR, scene.tick)
    taken = []
    for n in range(20):
        began = time.perf_counter()
        drawing.display_list(scene, NEAR, scene.tick + n)
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.02


def test_a_rocket_comes_up_and_leaves(world: WorldClient, drawing: Drawing, named: Named) -> None:
    scene, eyes, there = Scene(), Eyes(SceneClient(world)), View(212, 6, 0.5, layers=BARE)
    world.command(
        "/silent-command local s, f = game.surfaces[1], 'player' "
        "s.create_entity{name='electric-energy-interface', position={200, 10}, force=f}.power_production = 1e8 "
        "s.create_entity{name='substation', position={204, 10}, force=f} "
        "s.create_entity{name='rocket-silo', position={212, 10}, force=f}.rocket_parts = 100"
    )
    stage, heights, ways = "", list[float](), dict[str, list[float]]()
    for _ in range(60):
        step(world, 40)
        scene.look(eyes, there)
        [silo] = [t for c in scene.chunks.values() for t in c.silos.values()]
        stage = silo.more[1]
        door = named(drawing.display_list(scene, there, scene.tick).quads, "rocket-silo/door-right")
        ways.setdefault(stage, []).append(float(door["x"][0]))
        rocket = named(drawing.display_list(scene, there, scene.tick).quads, "rocket-silo-rocket")
        if stage in ("lights_blinking_open", "doors_opening"):
            assert not len(rocket)
        elif stage == "rocket_ready":
            assert len(rocket)
            world.command(
                "/silent-command game.surfaces[1].find_entities_filtered{name='rocket-silo'}[1].launch_rocket()"
            )
        elif stage == "rocket_flying":
            heights.append(float(rocket["y"].min()))
        elif heights:
            break
    assert stage in ("lights_blinking_close", "doors_closing")
    shut, wide = ways["lights_blinking_open"][0], ways["rocket_rising"][0]
    assert wide - shut > 1
    assert ways["doors_opening"] == sorted(ways["doors_opening"])
    assert shut <= ways["doors_opening"][0] < ways["doors_opening"][-1] <= wide
    assert ways.get("lights_blinking_close", [wide])[0] == wide
    assert len(heights) > 3
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[-1] > 10
