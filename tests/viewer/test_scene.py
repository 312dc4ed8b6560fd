"""What is known of a part of a world: a snapshot, then what has changed, by both ways in which a world tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.rcon_client import WorldClient, WorldGone
from runtime.scene_client import SCRIPT, SceneClient
from runtime.world_process import WorldProcess
from tests.viewer.small_factory import VIEW, Eyes, build, step
from viewer.art.ground import kind_of
from viewer.scene import Scene, thing_of
from viewer.view import View

RECT = (0, 2, 3, 4)
NEAR = View(*VIEW, 0.6)


@pytest.fixture(scope="module")
def world(shared_world: WorldProcess) -> Iterator[WorldClient]:
    with shared_world.client() as client:
        build(client)
        yield client


def items(scene: Scene, tick: float) -> list[tuple[str, float, float]]:
    x, y, names = scene.items.at(tick)
    rows = zip(names, x, y, strict=True)
    return sorted((scene.items.words[n], round(float(a), 3), round(float(b), 3)) for n, a, b in rows)


def hands(scene: Scene, tick: float) -> dict[int, tuple[float, float]]:
    rows, x, y = scene.arms.at(tick)
    return {int(r["key"]): (float(a), float(b)) for r, a, b in zip(rows, x, y, strict=True)}


def things(scene: Scene) -> set[Any]:
    return {
        (
            place,
            t.key,
            t.name,
            t.x,
            t.y,
            t.direction,
            t.status,
            str([list(v) if v == {} else v for v in t.more]),
        )
        for place, chunk in scene.chunks.items()
        for t in chunk.things.values()
    }


def ores(scene: Scene) -> dict[Any, bytes]:
    return {place: chunk.ores.tobytes() for place, chunk in scene.chunks.items()}


def spelled(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with words for numbers, in an order of its own."""
    names = answer["names"]

    def row(r: list[Any]) -> tuple[Any, ...]:
        t = thing_of(r, names)
        more = tuple(tuple(v) if isinstance(v, (list, dict)) else v for v in t.more)
        return (t.key, t.name, t.x, t.y, t.direction, t.status, more)

    return {
        "chunks": sorted(
            (
                x, y, whole, sorted(gone or ()), sorted(map(row, rows)),
                sorted((*a[:5], names[a[5]] if a[5] >= 0 else "") for a in arms), sorted((*o[:2], names[o[2]], o[3]) for o in ores),
            )
            for x, y, whole, gone, rows, arms, ores in answer["chunks"]
        ),
        "lines": sorted((n[:2], [names[i] for i in n[2::2]], n[3::2]) for n in answer["lines"]),
    }  # fmt: skip


def test_the_engine_and_the_script_tell_the_same(world: WorldClient) -> None:
    native, script = SceneClient(world), SceneClient(world, by_script=True)
    a = native.changes(RECT, 0, 0, RECT)
    b = script.changes(RECT, 0, 0, RECT)
    assert spelled(a) == spelled(b)
    assert sum(len(chunk[4]) for chunk in a["chunks"]) > 50
    assert sum(len(line) // 2 - 1 for line in a["lines"]) > 20
    assert native.tiles(RECT) == script.tiles(RECT)


API = {
    "e": "amount backer_name belt_shape belt_to_ground_type cliff_orientation direction drop_position fluidbox "
    "get_max_transport_line_index get_recipe get_transport_line get_wire_connector ghost_name ghost_type held_stack "
    "held_stack_position initial_amount is_opened is_opening name orientation pickup_position position rocket_silo_status "
    "shooting_target stack status type unit_number walking_state",
    "who": "unit_number valid",
    "box": "get_capacity get_pipe_connections",
    "surface": "darkness find_entities_filtered get_chunks get_tile",
    "game": "connected_players speed surfaces tick tick_paused",
    "player": "character name",
    "line": "get_detailed_contents",
    "connector": "connections",
    "helpers": "table_to_json",
    "defines": "entity_status rocket_silo_status wire_connector_id",
}
"""What the script uses, by the name that it gives a thing: all of it is in the API of Factorio 2.0.75 (typed-factorio 3.36)."""


def test_the_script_uses_only_what_factorio_has() -> None:
    used: dict[str, set[str]] = {}
    for thing, member in re.findall(r"\b([a-z]+)\.([a-z_]+)", SCRIPT.read_text()):
        used.setdefault(thing, set()).add(member)
    for thing, known in API.items():
        assert used[thing] <= set(known.split()), thing


def test_both_lead_to_the_same_scene_whatever_happens(world: WorldClient) -> None:
    ways = [(Scene(), Eyes(SceneClient(world))), (Scene(), Eyes(SceneClient(world, by_script=True)))]
    events = [
        "s.create_entity{name='iron-chest', position={45.5, 96.5}, force='player'}",
        "s.find_entities_filtered{name='iron-chest', position={45.5, 96.5}}[1].destroy()",
        "s.find_entities_filtered{name='transport-belt', position={36.5, 103.5}}[1].direction = 8",
        "s.find_entities_filtered{name='transport-belt', position={36.5, 103.5}}[1].direction = 4",
        "s.find_entities_filtered{name='assembling-machine-2'}[1].set_recipe('copper-cable')",
        "s.find_entities_filtered{name='substation', position={44, 101}}[1].destroy()",
        "s.create_entity{name='gate', position={46.5, 111.5}, direction=4, force='player'}",
        "s.create_entity{name='train-stop', position={31, 93}, force='player'}",
        "s.find_entities_filtered{name='gun-turret'}[1].insert{name='firearm-magazine', count=10}",
        "s.create_entity{name='behemoth-worm-turret', position={60, 90}, force='enemy'}",
        "s.find_entities_filtered{name='iron-ore', position={16.5, 100.5}}[1].amount = 20",
        "s.find_entities_filtered{name='iron-ore', position={17.5, 100.5}}[1].destroy()",
        "storage.agent_characters[1].teleport({70, 90})",
        "s.find_entities_filtered{name='splitter'}[1].destroy()",
        *[""] * 10,  # what changes seldom is compared in turns
    ]
    for event in events:
        if event:
            assert not world.command(f"/silent-command local s = game.surfaces[1] {event}")
        step(world, 7)
        for scene, eyes in ways:
            scene.look(eyes, NEAR)
        (one, _), (other, _) = ways
        assert one.tick == other.tick
        assert items(one, one.tick) == items(other, one.tick)
    assert things(one) == things(other)
    assert ores(one) == ores(other)
    fresh = Scene()
    fresh.look(ways[0][1], NEAR)
    assert things(fresh) == things(one)
    assert ores(fresh) == ores(one)
    assert items(fresh, fresh.tick) == items(one, one.tick)
    assert {p: g.tiles.tobytes() for p, g in fresh.ground.items()} == {
        p: g.tiles.tobytes() for p, g in one.ground.items()
    }


def test_what_moves_is_where_it_will_be(shared_world: WorldProcess, world: WorldClient) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))
    scene.look(eyes, NEAR)
    right = wrong = 0
    before = items(scene, scene.tick)
    for _ in range(25):
        step(world, 6)
        expected, arms = items(scene, scene.tick + 6), hands(scene, scene.tick + 6)
        scene.look(eyes, NEAR)
        there = items(scene, scene.tick)
        right += len(set(there) & set(expected))
        wrong += len(set(there) ^ set(expected))
        for key, (x, y) in hands(scene, scene.tick + 20).items():
            assert abs(x - arms[key][0]) + abs(y - arms[key][1]) < 4
    assert there != before
    # What comes out of the splitter and what is mined between two looks can't be known.
    assert wrong < 0.05 * right, (wrong, right)
    fresh = Scene()
    fresh.look(eyes, NEAR)
    assert items(fresh, fresh.tick) == there


def test_little_is_told_of_what_goes_on_as_it_did(world: WorldClient) -> None:
    reader = SceneClient(world)
    first = reader.changes(RECT, 0, 0, RECT)
    again = reader.changes(RECT, first["epoch"], first["version"], RECT)
    assert not again["chunks"]
    assert again["version"] > first["version"]
    wider = reader.changes((0, 2, 4, 4), first["epoch"], again["version"], RECT)
    assert [chunk[:3] for chunk in wider["chunks"]] == [[3, 2, 1], [3, 3, 1]]


def test_a_scene_follows_its_view(world: WorldClient) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))
    scene.look(eyes, NEAR)
    there = things(scene)
    scene.look(eyes, View(1000, 1000, 1))
    assert not things(scene)
    assert len(scene.items.places) == 0
    scene.look(eyes, NEAR)
    assert things(scene) == there
    scene.look(eyes, View(0, 0, 0.01))  # thousands of chunks: only those in which something stands
    assert len(scene.chunks) < 200
    assert {t[1] for t in there} <= {t[1] for t in things(scene)}


def test_changed_tiles_are_seen(world: WorldClient) -> None:
    scene, eyes = Scene(), Eyes(SceneClient(world))
    scene.look(eyes, NEAR)
    before = scene.ground[1, 3].tiles
    world.command(
        "/silent-command game.surfaces[1].set_tiles{{name = 'concrete', position = {40, 120}}, "
        "{name = 'stone-path', position = {41, 120}}}"
    )
    scene.look(eyes, NEAR)
    after = scene.ground[1, 3].tiles
    assert [(int(x), int(y)) for y, x in zip(*(before != after).nonzero(), strict=True)] == [(8, 24), (9, 24)]
    assert after[24, 8] == kind_of("concrete")


def test_time_runs_evenly_between_looks_and_stops_without_news(world: WorldClient) -> None:
    clock = [100.0]
    scene, reader = Scene(lambda: clock[0]), SceneClient(world)
    answer = reader.changes(RECT, 0, 0, RECT) | {"speed": 1.0, "paused": False, "tick": 6000}
    scene.apply(answer, RECT)
    clock[0] += 0.1
    assert scene.now() == pytest.approx(6006)
    # The next answer is late: it says less than was shown, and time goes on more slowly instead of going back.
    scene.apply(answer | {"version": answer["version"] + 1, "tick": 6003, "chunks": [], "lines": []}, RECT)
    shown = [scene.now()]
    for _ in range(20):
        clock[0] += 0.02
        shown.append(scene.now())
    assert shown == sorted(shown)
    assert shown[0] == pytest.approx(6006)
    assert shown[-1] == pytest.approx(6003 + 24)
    clock[0] += 60
    assert scene.now() == pytest.approx(6003 + 30)
    paused = answer | {
        "version": answer["version"] + 2,
        "tick": 6100,
        "chunks": [],
        "lines": [],
        "paused": True,
    }
    scene.apply(paused, RECT)
    clock[0] += 1
    assert scene.now() == 6100


def test_a_world_that_stops_and_comes_back_from_an_earlier_time(tmp_path: Path) -> None:
    def start() -> WorldProcess:
        return WorldProcess.start(name="again", log_path=tmp_path / "world.log", data=tmp_path / "data")

    scene = Scene()
    with start() as process:
        with process.client() as client:
            build(client)
            client.command("/server-save")
            eyes = Eyes(SceneClient(client))
            scene.look(eyes, NEAR)
            seen, tick, epoch = things(scene), scene.tick, scene.epoch
            process.kill()
            with pytest.raises(WorldGone):
                scene.look(eyes, NEAR)
        assert things(scene) == seen
        assert scene.tick == tick
    with start() as process, process.client() as client:
        scene.look(Eyes(SceneClient(client)), NEAR)
        assert scene.epoch != epoch
        assert {t[1:6] for t in things(scene)} == {t[1:6] for t in seen}
