"""Rocket silos: parts, the stages of a launch, and what a satellite brings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.engine.game import Game
from runtime.engine.maps import lab as lab_map
from runtime.engine.prototypes import joules, load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.electricity import ElectricPole
from runtime.engine.systems.rocket import CargoLandingPad, RocketSilo
from runtime.engine.world import World
from tests.engine.test_belts import build
from tests.engine.test_electricity import powered
from tests.engine.test_fle_actions import Fle, at, client, fle, loaded, run

__all__ = ["client", "fle", "loaded"]  # fixtures

SILO = load().raw["rocket-silo"]["rocket-silo"]
FLYER = load().raw["rocket-silo-rocket"]["rocket-silo-rocket"]
PART = load().recipe["rocket-part"]
ARMS = SILO["arm_01_back_animation"]["frame_count"] / SILO["arm_01_back_animation"]["animation_speed"]


def sunny() -> World:
    """A world with more power than a silo draws while it launches (4 MW)."""
    world = powered(54)
    for x in range(-48, 1, 16):
        build(world, "substation", x, -16)
    for i in range(54):
        build(world, "solar-panel", -48.5 + 3 * (i // 3), -19.5 + 3 * (i % 3))
    return world


def silo_in(world: World, x: float = 1.5, y: float = 9.5) -> RocketSilo:
    silo = build(world, "rocket-silo", x, y)
    assert isinstance(silo, RocketSilo)
    world.forces["player"].recipes_enabled.add("rocket-part")
    return silo


@pytest.fixture
def world() -> World:
    return sunny()


@pytest.fixture
def silo(world: World) -> RocketSilo:
    made = silo_in(world)
    world.advance(5)
    return made


def fill(silo: RocketSilo, crafts: int) -> None:
    for i in PART.ingredients:
        wanted = min(crafts * int(i.amount), silo.insertable(i.name))
        silo.insert(i.name, wanted)


def feed(world: World, silo: RocketSilo, parts: int, most: int = 60_000) -> None:
    """Run until so many parts have been made, with ingredients that never run out."""
    end = world.tick + most
    while silo.products_finished < parts:
        assert world.tick < end
        fill(silo, 4)
        world.advance(world.tick + 60)


def stages(world: World, silo: RocketSilo, until: str, most: int = 5000) -> dict[str, int]:
    """How many ticks each stage from now on lasts, up to one that is given."""
    seen: dict[str, int] = {}
    end = world.tick + most
    while silo.launch.stage != until:
        assert world.tick < end, seen
        seen[silo.launch.stage] = seen.get(silo.launch.stage, 0) + 1
        world.advance(world.tick + 1)
    return seen


def ready(world: World, silo: RocketSilo) -> None:
    silo.set_parts(silo.parts_required)
    stages(world, silo, "rocket_ready")


def test_a_part_takes_its_recipes_time(world: World, silo: RocketSilo) -> None:
    assert silo.status() == "item_ingredient_shortage"
    fill(silo, 2)
    start = world.tick
    while silo.parts < 2:
        world.advance(world.tick + 1)
        assert silo.status() in ("working", "item_ingredient_shortage")
    assert world.tick - start == pytest.approx(2 * PART.energy * 60 / SILO["crafting_speed"], abs=2)
    items = world.forces["player"].items
    assert items.input["rocket-part"] == 2
    assert {n: items.output[n] for n in ("processing-unit", "low-density-structure", "rocket-fuel")} == {
        i.name: 2 * i.amount for i in PART.ingredients
    }
    assert silo.output.is_empty()


def test_the_recipe_has_to_be_researched(world: World) -> None:
    silo = build(world, "rocket-silo", 1.5, 9.5)
    assert isinstance(silo, RocketSilo)
    fill(silo, 1)
    world.advance(300)
    assert (silo.status(), silo.parts) == ("recipe_not_researched", 0)
    world.forces["player"].set_researched("rocket-silo", True)
    world.advance(300 + 300)
    assert silo.parts == 1


def test_a_hundred_parts_make_a_rocket(world: World, silo: RocketSilo) -> None:
    feed(world, silo, 100)
    assert silo.launch.stage != "building_rocket"
    assert silo.status() == "preparing_rocket_for_launch"
    assert silo.launch.rocket is not None
    stages(world, silo, "rocket_ready")
    assert silo.status() == "waiting_to_launch_rocket"
    # The next one is being built meanwhile, as far as its parts go.
    feed(world, silo, 200)
    made = silo.products_finished
    fill(silo, 4)
    world.advance(world.tick + 1000)
    assert (silo.parts, silo.products_finished) == (100, made)
    assert silo.launch.order()
    stages(world, silo, "doors_opened")
    assert silo.parts < 3


def test_stages_last_as_long_as_the_prototypes_say(world: World, silo: RocketSilo) -> None:
    silo.set_parts(100)
    seen = stages(world, silo, "rocket_ready")
    blink, door = 1 / SILO["light_blinking_speed"], 1 / SILO["door_opening_speed"]
    rise = 1 / FLYER["rising_speed"]
    assert seen == pytest.approx(
        {
            "create_rocket": 1, "lights_blinking_open": blink, "doors_opening": door, "doors_opened": 30,
            "rocket_rising": rise - ARMS, "arms_advance": ARMS,
        },
        abs=2,
    )  # fmt: skip
    assert silo.launch.order()
    assert not silo.launch.order()
    assert silo.status() == "launching_rocket"
    seen = stages(world, silo, "building_rocket")
    assert seen == pytest.approx(
        {
            "launch_starting": 1, "launch_started": 120, "engine_starting": 1 / FLYER["engine_starting_speed"],
            "arms_retract": ARMS, "rocket_flying": 482 - ARMS, "lights_blinking_close": blink, "doors_closing": door,
        },
        abs=2,
    )  # fmt: skip
    assert silo.launch.rocket is None


def test_the_next_rocket_comes_through_open_doors(world: World, silo: RocketSilo) -> None:
    ready(world, silo)
    silo.set_parts(100)
    silo.launch.order()
    stages(world, silo, "doors_opened")
    seen = stages(world, silo, "rocket_ready")
    deeper = 1 - SILO["rocket_quick_relaunch_start_offset"]
    assert seen == pytest.approx(
        {"doors_opened": 1, "rocket_rising": deeper / FLYER["rising_speed"] - ARMS, "arms_advance": ARMS},
        abs=2,
    )


def drawn(world: World) -> float:
    """Watts that everything draws."""
    pole = next(e for e in world.surface.by_type["electric-pole"].values())
    assert isinstance(pole, ElectricPole)
    assert pole.network is not None
    return pole.network.demand / 60_000 * 60


def test_what_it_draws(world: World, silo: RocketSilo) -> None:
    usage, active = joules(SILO["energy_usage"]) * 60, joules(SILO["active_energy_usage"]) * 60
    assert drawn(world) == pytest.approx(usage / 30)
    fill(silo, 1)
    world.advance(world.tick + 10)
    assert drawn(world) == pytest.approx(usage + usage / 30)
    world.advance(world.tick + 600)
    silo.set_parts(100)
    stages(world, silo, "doors_opening")
    world.advance(world.tick + 1)
    assert drawn(world) == pytest.approx(active + usage / 30)
    stages(world, silo, "rocket_ready")
    assert drawn(world) == pytest.approx(usage / 30)


def test_doors_open_slowly_with_little_power() -> None:
    world = powered(int(joules(SILO["active_energy_usage"]) * 60 / 60_000 / 2))
    silo = silo_in(world)
    world.advance(5)
    silo.set_parts(100)
    seen = stages(world, silo, "doors_opened")
    assert seen["doors_opening"] == pytest.approx(2 / SILO["door_opening_speed"], rel=0.03)
    assert seen["lights_blinking_open"] == pytest.approx(1 / SILO["light_blinking_speed"], abs=2)


def test_a_silo_that_loses_power_goes_on_where_it_was(world: World, silo: RocketSilo) -> None:
    silo.set_parts(100)
    stages(world, silo, "doors_opening")
    world.advance(world.tick + 100)
    pole = min(world.surface.by_name["substation"].values(), key=lambda e: abs(e.x))
    world.destroy(pole)
    world.advance(world.tick + 5000)
    assert (silo.launch.stage, silo.status()) == ("doors_opening", "no_power")
    build(world, "substation", pole.x, pole.y)
    seen = stages(world, silo, "doors_opened")
    assert seen["doors_opening"] == pytest.approx(1 / SILO["door_opening_speed"] - 100, abs=3)


def test_productivity_modules_make_parts_of_nothing(world: World, silo: RocketSilo) -> None:
    assert silo.insert("productivity-module-3", 4) == 4
    feed(world, silo, 10)
    assert silo.parts == 14


# --- cargo -------------------------------------------------------------------------------------------------------------


def test_a_satellite_brings_science_to_the_landing_pad(world: World, silo: RocketSilo) -> None:
    force = world.forces["player"]
    force.set_researched("rocket-silo", True)
    pad = build(world, "cargo-landing-pad", 24, 24)
    assert isinstance(pad, CargoLandingPad)
    ready(world, silo)
    assert silo.insert("satellite", 2) == 1
    assert silo.launch.order()
    assert silo.insert("satellite", 1) == 1  # for the next one
    stages(world, silo, "lights_blinking_close")
    assert (force.rockets_launched, force.items_launched["satellite"]) == (1, 1)
    assert force.technologies["space-science-pack"].researched
    assert pad.chest.is_empty()
    world.advance(world.tick + 1300)
    assert pad.chest.contents() == {"space-science-pack": 1000}
    assert force.items.input["space-science-pack"] == 1000
    assert force.items.output["satellite"] == 1
    assert not world.surface.by_type.get("cargo-pod")


def test_without_a_pad_it_comes_into_the_silo(world: World, silo: RocketSilo) -> None:
    for _ in range(3):
        ready(world, silo)
        silo.insert("satellite", 1)
        silo.launch.order()
        stages(world, silo, "building_rocket")
    assert silo.output.contents() == {"space-science-pack": 2000}  # a stack; the rest is lost


def test_a_rocket_may_fly_empty(world: World, silo: RocketSilo) -> None:
    ready(world, silo)
    assert silo.launch.order()
    stages(world, silo, "building_rocket")
    force = world.forces["player"]
    assert (force.rockets_launched, dict(force.items_launched)) == (1, {})
    assert silo.output.is_empty()


def test_only_what_can_be_sent_goes_into_a_rocket(silo: RocketSilo) -> None:
    assert silo.insert("iron-plate", 1) == 0
    assert not silo.takes("iron-plate")
    assert silo.takes("satellite")
    assert silo.takes("rocket-fuel")


def test_inserters_feed_a_silo_and_empty_it(world: World, silo: RocketSilo) -> None:
    force = world.forces["player"]
    before, after = build(world, "steel-chest", 7.5, 6.5), build(world, "steel-chest", 7.5, 8.5)
    items = {"rocket-fuel": 40, "processing-unit": 40, "low-density-structure": 40, "satellite": 1}
    for name, count in items.items():
        before.insert(name, count)
    build(world, "fast-inserter", 6.5, 6.5, 4)
    build(world, "fast-inserter", 6.5, 8.5, 12)
    world.advance(world.tick + 4000)
    assert silo.parts == 4
    assert silo.cargo.contents() == {"satellite": 1}
    silo.send_to_orbit_automatically = True
    silo.set_parts(100)
    stages(world, silo, "building_rocket")
    world.advance(world.tick + 30_000)
    assert force.rockets_launched == 1
    assert after.inventories()[1].contents() == {"space-science-pack": 1000}


def test_the_rocket_goes_with_its_silo(world: World, silo: RocketSilo) -> None:
    ready(world, silo)
    silo.insert("satellite", 1)
    fill(silo, 1)
    rocket = silo.launch.rocket
    assert rocket is not None
    assert dict(silo.mined_items())["satellite"] == 1
    world.destroy(silo)
    assert not rocket.valid
    world.advance(world.tick + 1000)


def test_a_rocket_that_is_destroyed_is_gone(world: World, silo: RocketSilo) -> None:
    ready(world, silo)
    assert silo.launch.rocket is not None
    world.destroy(silo.launch.rocket)
    assert not silo.launch.order()
    assert set(stages(world, silo, "building_rocket")) == {"lights_blinking_close", "doors_closing"}
    assert world.forces["player"].rockets_launched == 0
    ready(world, silo)


def test_a_rocket_stands_in_nobodys_way(world: World, silo: RocketSilo) -> None:
    ready(world, silo)
    proto = load().entity["steel-chest"]
    in_the_way = world.surface.obstacle(proto, silo.x, silo.y - 6, 0, lambda e: e.type == "solar-panel")
    assert in_the_way is None


def test_saved_in_the_middle_of_a_launch() -> None:
    world = sunny()
    silo = silo_in(world)
    build(world, "cargo-landing-pad", 24, 24)
    world.surface.tile_at, world.natural_resources = lab_map.tile_at, lab_map.resources
    ready(world, silo)
    silo.insert("satellite", 1)
    silo.launch.order()
    for stage in ("engine_starting", "rocket_flying", "lights_blinking_close", "building_rocket"):
        stages(world, silo, stage)
        world.advance(world.tick + 50)
        again = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
        again.advance(world.tick + 2000)
        other = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
        while other.tick < again.tick:
            other.advance(other.tick + 7 if other.tick + 7 < again.tick else again.tick)
        assert state_hash(again, {}, []) == state_hash(other, {}, [])
        pad = landing(again)
        assert pad.chest.count("space-science-pack") in (0, 1000)


def landing(world: World) -> CargoLandingPad:
    pad = next(iter(world.surface.by_type["cargo-landing-pad"].values()))
    assert isinstance(pad, CargoLandingPad)
    return pad


# --- from Lua ----------------------------------------------------------------------------------------------------------

Ask = Callable[[str], Any]


@pytest.fixture
def ask() -> Iterator[Ask]:
    game = Game(None, 1, None, None, lambda line: None)

    def run(code: str) -> Any:
        return json.loads(game.command(f"/sc rcon.print(helpers.table_to_json((function() {code} end)()))"))

    run.game = game  # type: ignore[attr-defined]
    yield run
    game.close()


def test_a_launch_by_script(ask: Ask) -> None:
    ask(
        """
        game.tick_paused = true
        local s, f = game.surfaces[1], game.forces.player
        f.research_all_technologies()
        s.create_entity{name = 'substation', position = {0, 0}, force = f}
        s.create_entity{name = 'electric-energy-interface', position = {2, 0}, force = f}
        local silo = s.create_entity{name = 'rocket-silo', position = {6.5, 6.5}, force = f}
        storage.silo, storage.seen = silo, {}
        silo.rocket_parts = silo.prototype.rocket_parts_required
        for _, name in pairs({'on_rocket_launch_ordered', 'on_rocket_launched'}) do
          script.on_event(defines.events[name], function(event)
            table.insert(storage.seen, {name, event.rocket.name, event.rocket_silo == silo})
          end)
        end
        return {}"""
    )
    game: Game = ask.game  # type: ignore[attr-defined]
    world = game.world
    status = "local silo = storage.silo return {silo.rocket_silo_status, silo.status, silo.rocket_parts, silo.rocket and 1 or 0}"
    assert ask("return {storage.silo.launch_rocket()}") == [False]
    world.advance(world.tick + 1500)
    statuses = load_status()
    assert ask(status) == [statuses[0]["rocket_ready"], statuses[1]["waiting_to_launch_rocket"], 0, 1]
    assert ask(
        "return {storage.silo.get_inventory(defines.inventory.rocket_silo_rocket).insert('satellite')}"
    ) == [1]
    assert ask("return {storage.silo.launch_rocket()}") == [True]
    assert ask(status)[1] == statuses[1]["launching_rocket"]
    world.advance(world.tick + 2000)
    assert ask("return storage.seen") == [
        ["on_rocket_launch_ordered", "rocket-silo-rocket", True],
        ["on_rocket_launched", "rocket-silo-rocket", True],
    ]
    assert ask(
        """local f = game.forces.player
        return {f.rockets_launched, f.get_item_launched('satellite'), storage.silo.get_output_inventory().get_item_count(),
          f.get_item_production_statistics(1).get_input_count('space-science-pack')}"""
    ) == [1, 1, 1000, 1000]


def load_status() -> tuple[dict[str, int], dict[str, int]]:
    from runtime.engine.defines import load_defines

    defines = load_defines()
    return defines["rocket_silo_status"], defines["entity_status"]


def test_a_launch_by_fles_action(fle: Fle) -> None:
    fle.client.command(
        """/sc local s, f = game.surfaces[1], game.forces.player
        storage.silo = s.create_entity{name = 'rocket-silo', position = {0.5, 0.5}, force = f}
        s.create_entity{name = 'electric-energy-interface', position = {8, 0}, force = f}
        s.create_entity{name = 'substation', position = {6, 4}, force = f}
        storage.silo.rocket_parts = 99
        storage.silo.get_inventory(defines.inventory.rocket_silo_rocket).insert('satellite')"""
    )
    at(fle, 10.5, 0.5)
    fle.client.command(
        """/sc local c = storage.agent_characters[1]
        for _, n in pairs({'processing-unit', 'low-density-structure', 'rocket-fuel'}) do c.insert{name = n, count = 10} end"""
    )
    for name in ("processing-unit", "low-density-structure", "rocket-fuel"):
        fle.call("insert_item", "1", f"'{name}'", "10", "0.5", "0.5", "'rocket-silo'")
    assert fle.call("launch_rocket", "0.5", "0.5").startswith("false")
    run(fle, 200)
    assert "preparing_rocket_for_launch" in fle.call("get_entities", "1", "20", "'{}'", "0.5", "0.5")
    run(fle, 1300)
    assert "waiting_to_launch_rocket" in fle.call("get_entities", "1", "20", "'{}'", "0.5", "0.5")
    assert fle.call("launch_rocket", "0.5", "0.5").startswith("true")
    assert "launching_rocket" in fle.call("get_entities", "1", "20", "'{}'", "0.5", "0.5")
    run(fle, 1200)
    assert fle.lua("game.forces.player.rockets_launched") == "1"
    assert fle.lua("storage.silo.get_output_inventory().get_item_count('space-science-pack')") == "1000"
    assert "space-science-pack" in fle.call(
        "inspect_inventory", "1", "false", "0.5", "0.5", "'rocket-silo'", "false"
    )
