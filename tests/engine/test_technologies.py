"""Every technology of the base game and what it does; the queue, its events, and labs that research it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.engine.force import Force
from runtime.engine.game import Game
from runtime.engine.maps import lab as lab_map
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.labs import Lab
from runtime.engine.systems.research import INFINITE, UNIT, TechnologyPrototype, technology_prototypes
from runtime.engine.world import World
from tests.engine.test_belts import build
from tests.engine.test_electricity import powered

Ask = Callable[[str], Any]

# Type of effect -> the attribute of LuaForce in which it is read, of those that go by one number for the whole force.
NUMBERS = {
    "artillery-range": "artillery_range_modifier",
    "bulk-inserter-capacity-bonus": "bulk_inserter_capacity_bonus",
    "character-inventory-slots-bonus": "character_inventory_slots_bonus",
    "character-logistic-trash-slots": "character_trash_slot_count",
    "character-mining-speed": "manual_mining_speed_modifier",
    "inserter-stack-size-bonus": "inserter_stack_size_bonus",
    "laboratory-speed": "laboratory_speed_modifier",
    "maximum-following-robots-count": "maximum_following_robot_count",
    "mining-drill-productivity-bonus": "mining_drill_productivity_bonus",
    "train-braking-force-bonus": "train_braking_force_bonus",
    "worker-robot-speed": "worker_robots_speed_modifier",
    "worker-robot-storage": "worker_robots_storage_bonus",
}
FLAGS = {
    "character-logistic-requests": "character_logistic_requests",
    "cliff-deconstruction-enabled": "cliff_deconstruction_enabled",
    "create-ghost-on-entity-death": "create_ghost_on_entity_death",
    "mining-with-fluid": "mining_with_fluid",
    "unlock-circuit-network": "circuit_network_enabled",
    "vehicle-logistics": "vehicle_logistics",
}
OTHERS = (
    "beacon_distribution_modifier", "belt_stack_size_bonus", "character_build_distance_bonus", "character_health_bonus",
    "character_item_drop_distance_bonus", "character_item_pickup_distance_bonus",
    "character_loot_pickup_distance_bonus", "character_reach_distance_bonus",
    "character_resource_reach_distance_bonus", "character_running_speed_modifier", "deconstruction_time_to_live",
    "following_robots_lifetime_modifier", "laboratory_productivity_bonus", "manual_crafting_speed_modifier",
    "worker_robots_battery_modifier",
)  # fmt: skip
READ = """
function everything()
  local force = game.forces.player
  local seen = {}
  for _, name in pairs({%s}) do seen[name] = force[name] end
  for _, kind in pairs({%s}) do
    seen['ammo ' .. kind] = force.get_ammo_damage_modifier(kind)
    seen['gun ' .. kind] = force.get_gun_speed_modifier(kind)
  end
  for _, name in pairs({%s}) do seen['turret ' .. name] = force.get_turret_attack_modifier(name) end
  for name, recipe in pairs(force.recipes) do seen['recipe ' .. name] = recipe.enabled end
  return seen
end
"""


def quoted(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names)


def turrets() -> list[str]:
    return [n for n, e in load().entity.items() if e.type.endswith("-turret")]


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    made = Game(None, 1, None, None, lambda line: None)
    names = [*NUMBERS.values(), *FLAGS.values(), *OTHERS]
    made.command("/sc " + READ % (quoted(names), quoted(load().raw["ammo-category"]), quoted(turrets())))
    yield made
    made.close()


@pytest.fixture
def ask(game: Game) -> Ask:
    """Runs Lua that returns a table and gives it as plain Python, in a force as in a new game."""
    game.command("/sc game.forces.player.reset() storage = {}")

    def run(code: str) -> Any:
        answer = game.command(f"/sc rcon.print(helpers.table_to_json((function() {code} end)()))")
        return json.loads(answer)

    return run


def key_of(effect: dict[str, Any]) -> str:
    """Where `everything` shows an effect."""
    match effect["type"]:
        case "unlock-recipe":
            return f"recipe {effect['recipe']}"
        case "ammo-damage":
            return f"ammo {effect['ammo_category']}"
        case "gun-speed":
            return f"gun {effect['ammo_category']}"
        case "turret-attack":
            return f"turret {effect['turret_id']}"
        case other:
            return NUMBERS.get(other) or FLAGS[other]


def expected(before: dict[str, Any], proto: TechnologyPrototype, times: int) -> dict[str, Any]:
    after = dict(before)
    for effect in proto.effects:
        key = key_of(effect)
        modifier = effect.get("modifier", True)
        after[key] = True if modifier is True else after[key] + times * modifier
    return after


def close(seen: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 9) if isinstance(v, float) else v for k, v in seen.items()}


def test_there_are_196() -> None:
    assert len(technology_prototypes()) == 196


@pytest.mark.parametrize("name", sorted(technology_prototypes()))
def test_a_technology_does_precisely_what_its_prototype_says(ask: Ask, name: str) -> None:
    proto = technology_prototypes()[name]
    before = ask("return everything()")
    after = ask(f"game.forces.player.technologies['{name}'].researched = true return everything()")
    assert close(after) == close(expected(before, proto, 1))
    undone = ask(f"game.forces.player.technologies['{name}'].researched = false return everything()")
    assert undone == before


@pytest.mark.parametrize(
    "name", sorted(n for n, p in technology_prototypes().items() if p.max_level == INFINITE)
)
def test_each_level_of_a_technology_without_end_does_it_again(ask: Ask, name: str) -> None:
    proto = technology_prototypes()[name]
    before = ask("return everything()")
    code = f"""
      local tech, counts = game.forces.player.technologies['{name}'], {{}}
      for i = 1, 3 do counts[i] = tech.research_unit_count tech.researched = true end
      return {{seen = everything(), level = tech.level, researched = tech.researched, counts = counts}}"""
    after = ask(code)
    assert close(after["seen"]) == close(expected(before, proto, 3))
    assert (after["level"], after["researched"]) == (proto.level + 3, False)
    formula = proto.raw["unit"]["count_formula"].replace("^", "**")
    levels = range(proto.level, proto.level + 3)
    assert after["counts"] == [eval(formula, {"L": level}) for level in levels]


def test_all_at_once_and_back(ask: Ask) -> None:
    before = ask("return everything()")
    after = ask("game.forces.player.research_all_technologies() return everything()")
    sums = before
    for proto in technology_prototypes().values():
        sums = expected(sums, proto, 1)
    assert close(after) == close(sums)
    assert after["inserter_stack_size_bonus"] == 2
    assert after["bulk_inserter_capacity_bonus"] == 11
    assert ask("game.forces.player.reset() return everything()") == before


def test_scripts_write_what_they_read(ask: Ask) -> None:
    names = [*NUMBERS.values(), *OTHERS]
    seen = ask(
        f"local f = game.forces.player for i, n in pairs({{{quoted(names)}}}) do f[n] = i end return everything()"
    )
    assert [seen[n] for n in names] == list(range(1, len(names) + 1))
    assert ask(
        """local f = game.forces.player
        f.set_ammo_damage_modifier('bullet', 2) f.set_gun_speed_modifier('laser', 3)
        f.set_turret_attack_modifier('gun-turret', 4) f.recipes['rocket-part'].productivity_bonus = 0.5
        return {f.get_ammo_damage_modifier('bullet'), f.get_gun_speed_modifier('laser'),
          f.get_turret_attack_modifier('gun-turret'), f.recipes['rocket-part'].productivity_bonus}"""
    ) == [2, 3, 4, 0.5]


# --- the queue -----------------------------------------------------------------------------------------------------

READY = """
local f = game.forces.player
for _, n in pairs({'electronics', 'steam-power', 'automation-science-pack'}) do f.technologies[n].researched = true end
"""
LISTEN = """
storage.seen = {}
for _, name in pairs({'on_research_started', 'on_research_finished', 'on_research_cancelled', 'on_research_moved',
    'on_research_queued', 'on_research_reversed', 'on_technology_effects_reset'}) do
  script.on_event(defines.events[name], function(event)
    local what = ''
    if event.research then
      what = event.research.object_name and event.research.name or next(event.research)
    end
    table.insert(storage.seen, string.sub(name, 4) .. ' ' .. what)
  end)
end
"""


def test_seven_fit_into_the_queue_and_each_needs_what_is_ahead_of_it(ask: Ask) -> None:
    names = ["automation", "logistics", "logistics", "logistic-science-pack", "steel-processing", "automation-2",
             "gun-turret", "stone-wall", "military"]  # fmt: skip
    added = ask(
        READY
        + f"local r = {{}} for i, n in pairs({{{quoted(names)}}}) do r[i] = f.add_research(n) end return r"
    )
    assert added == [True, True, False, True, True, True, True, True, False]
    queue = ask(
        "local q = {} for i, t in pairs(game.forces.player.research_queue) do q[i] = t.name end return q"
    )
    assert queue == [n for n, a in zip(names, added, strict=True) if a]
    # What needs the first one goes with it.
    left = ask(
        """local f = game.forces.player f.cancel_current_research()
        local q = {} for i, t in pairs(f.research_queue) do q[i] = t.name end return q"""
    )
    assert left == ["logistics", "logistic-science-pack", "steel-processing", "gun-turret", "stone-wall"]


def test_a_queue_that_is_written(ask: Ask) -> None:
    assert ask(READY + "f.research_queue = {'logistics', 'automation'} return {f.current_research.name}") == [
        "logistics"
    ]
    assert ask("local f = game.forces.player f.research_queue = nil return {#f.research_queue}") == [0]


def test_progress_is_saved_when_something_else_is_researched(ask: Ask) -> None:
    seen = ask(
        READY
        + """f.add_research('automation') f.research_progress = 0.3
        f.research_queue = {'logistics', 'automation'}
        local saved = f.technologies.automation.saved_progress
        local other = f.research_progress
        f.cancel_current_research()
        return {saved, other, f.research_progress}"""
    )
    assert seen == pytest.approx([0.3, 0, 0.3])


def test_events_of_research(ask: Ask, game: Game) -> None:
    seen = ask(
        READY
        + LISTEN
        + """f.add_research('automation') f.add_research('logistics')
        f.research_queue = {'logistics', 'automation'}
        f.research_progress = 1
        f.cancel_current_research()
        f.technologies.logistics.researched = false
        f.reset_technology_effects()
        return storage.seen"""
    )
    game.command("/sc for _, id in pairs(defines.events) do script.on_event(id, nil) end")
    assert seen == [
        "research_queued automation", "research_started automation", "research_queued logistics",
        "research_moved ", "research_started logistics",
        "research_finished logistics", "research_started automation", "research_cancelled automation",
        "research_reversed logistics", "technology_effects_reset ",
    ]  # fmt: skip


def test_undoing_a_technology_takes_what_needs_it_out_of_the_queue(ask: Ask) -> None:
    assert ask(
        READY
        + """f.add_research('automation') f.technologies['automation-science-pack'].researched = false
        return {#f.research_queue}"""
    ) == [0]


def test_disabled_technologies_are_not_queued(ask: Ask) -> None:
    assert ask(
        READY
        + """f.technologies.automation.enabled = false
        local no = f.add_research('automation') f.reset_technologies()
        return {no, f.add_research('automation'), f.technologies['automation-science-pack'].researched}"""
    ) == [False, True, True]


# --- triggers ------------------------------------------------------------------------------------------------------

TRIGGERED = {n: p.trigger for n, p in technology_prototypes().items() if p.trigger is not None}


@pytest.mark.parametrize("name", sorted(TRIGGERED))
def test_a_trigger_completes_a_technology_when_what_it_needs_is_done(name: str) -> None:
    force = World(lambda x, y: "grass-1", seed=1).forces["player"]
    trigger = TRIGGERED[name]
    what, count = trigger.get("item") or trigger["entity"], trigger.get("count", 1)

    def pull() -> None:
        if trigger["type"] == "craft-item":
            force.items.made(what, count)
        elif trigger["type"] == "mine-entity":
            force.mined(what)
        else:
            force.triggered(trigger["type"], what, count)

    tech = force.technologies[name]
    if tech.proto.prerequisites:
        pull()
        assert not tech.researched
        for needed in tech.proto.prerequisites:
            force.set_researched(needed, True)
    if count > 1:
        force.triggered(trigger["type"], what, count - 1)
        assert not tech.researched
    pull()
    assert tech.researched
    assert not force.add_research(name)


# --- machines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inserter", "at_first", "at_last"),
    [("inserter", 1, 3), ("fast-inserter", 1, 3), ("bulk-inserter", 1, 12)],
)
def test_inserters_carry_what_research_lets_them(inserter: str, at_first: int, at_last: int) -> None:
    world = powered(20)
    force = world.forces["player"]
    source, arm = build(world, "steel-chest", -1.5, 5.5), build(world, inserter, -0.5, 5.5, 12)
    build(world, "steel-chest", 0.5, 5.5)
    assert isinstance(arm, Inserter)
    source.insert("iron-plate", 4000)

    def carried() -> int:
        most = 0
        for _ in range(400):
            world.advance(world.tick + 1)
            most = max(most, arm.held_count)
        return most

    assert carried() == at_first
    force.research_all()
    world.advance(world.tick + 100)
    assert carried() == at_last


def test_mining_productivity_and_a_recipes_own_reach_machines() -> None:
    world = powered(20)
    force = world.forces["player"]
    world.create("iron-ore", -4.5, 4.5, 0, world.forces["neutral"], amount=1000)
    build(world, "electric-mining-drill", -4.5, 4.5, 4)
    chest = build(world, "steel-chest", -2.5, 4.5)
    machine = build(world, "assembling-machine-1", 3.5, 4.5)
    assert isinstance(machine, AssemblingMachine)
    machine.set_recipe(load().recipe["iron-gear-wheel"])
    force.mining_drill_productivity_bonus = 0.5
    force.set_modifier("change-recipe-productivity", "iron-gear-wheel", 0.25)
    for _ in range(8):
        machine.insert("iron-plate", 20)
        world.advance(world.tick + 600)
    drill = load().raw["mining-drill"]["electric-mining-drill"]
    mined = drill["mining_speed"] / load().entity["iron-ore"].mining_time * 80 * 1.5
    assert chest.inventories()[1].count("iron-ore") == pytest.approx(mined, abs=2)
    assert machine.products_finished >= 79
    assert machine.output.count("iron-gear-wheel") == machine.products_finished * 5 // 4


# --- labs ----------------------------------------------------------------------------------------------------------


def labs(number: int, packs: dict[str, int]) -> tuple[World, list[Lab]]:
    world = powered(20)
    made = []
    for i in range(number):
        lab = build(world, "lab", -6.5 + 4 * (i % 4), -6.5 + 4 * (i // 4))
        assert isinstance(lab, Lab)
        for name, count in packs.items():
            assert lab.insert(name, count) == count
        made.append(lab)
    world.advance(10)
    return world, made


def prepare(force: Force, name: str) -> None:
    """Research whatever a technology needs."""
    for needed in force.technologies[name].proto.prerequisites:
        prepare(force, needed)
        if not force.technologies[needed].times_done:
            force.finish(force.technologies[needed])


def ticks_until_done(world: World, name: str, most: int) -> int:
    start, tech = world.tick, world.forces["player"].technologies[name]
    while not tech.researched:
        assert world.tick < start + most
        world.advance(world.tick + 1)
    return world.tick - start


@pytest.mark.parametrize("number", [1, 3, 4, 7])
def test_time_is_unit_time_times_count_over_labs(number: int) -> None:
    world, _ = labs(number, {"automation-science-pack": 20})
    force = world.forces["player"]
    prepare(force, "logistics")
    assert force.add_research("logistics")
    tech = force.technologies["logistics"]
    exact = tech.proto.unit_energy * tech.unit_count / number
    # A lab begins on the tick after, and what is done in a tick counts at its end.
    assert ticks_until_done(world, "logistics", 20_000) == pytest.approx(exact, abs=2)
    assert force.items.output["automation-science-pack"] <= tech.unit_count + number - 1


def test_bonuses_of_speed_count_at_once() -> None:
    world, _ = labs(1, {"automation-science-pack": 30})
    force = world.forces["player"]
    prepare(force, "logistics")
    force.add_research("logistics")
    tech = force.technologies["logistics"]
    exact = tech.proto.unit_energy * tech.unit_count
    world.advance(world.tick + 1000)
    force.laboratory_speed_modifier = 0.5
    assert 1000 + ticks_until_done(world, "logistics", 20_000) == pytest.approx(
        1000 + (exact - 1000) / 1.5, abs=3
    )


def test_productivity_of_labs_saves_packs() -> None:
    world, _ = labs(1, {"automation-science-pack": 30})
    force = world.forces["player"]
    prepare(force, "logistics")
    force.laboratory_productivity_bonus = 0.25
    force.add_research("logistics")
    tech = force.technologies["logistics"]
    units = tech.unit_count / 1.25
    assert ticks_until_done(world, "logistics", 20_000) == pytest.approx(
        units * tech.proto.unit_energy, abs=2
    )
    assert force.items.output["automation-science-pack"] == math.ceil(units)


def test_half_a_unit_counts_and_its_pack_is_not_lost() -> None:
    world, (lab,) = labs(1, {"automation-science-pack": 20})
    force = world.forces["player"]
    prepare(force, "logistics")
    prepare(force, "gun-turret")
    force.add_research("logistics")
    tech = force.technologies["logistics"]
    world.advance(world.tick + 1 + int(tech.proto.unit_energy * 1.5))
    assert force.research_progress == pytest.approx(1.5 / tech.unit_count, abs=1e-3)
    force.research.set_queue(["gun-turret"])
    assert tech.saved_progress == pytest.approx(1.5 / tech.unit_count, abs=1e-3)
    assert force.research_progress == 0
    other = force.technologies["gun-turret"]
    ticks_until_done(world, "gun-turret", 20_000)
    assert lab.packs.count("automation-science-pack") == 20 - math.ceil(1.5 + other.unit_count)


def test_labs_wait_for_packs_and_go_on() -> None:
    world, (lab,) = labs(1, {"automation-science-pack": 1})
    force = world.forces["player"]
    prepare(force, "logistics")
    force.add_research("logistics")
    world.advance(world.tick + 2000)
    assert lab.status() == "missing_science_packs"
    assert force.technologies["logistics"].progress == UNIT
    lab.insert("automation-science-pack", 1)
    world.advance(world.tick + 10)
    assert lab.status() == "working"


def test_researched_with_packs_a_technology_has_its_effects() -> None:
    world, _ = labs(4, {"automation-science-pack": 20, "logistic-science-pack": 20})
    force = world.forces["player"]
    prepare(force, "research-speed-1")
    force.add_research("research-speed-1")
    force.research.progress = 0.95
    ticks_until_done(world, "research-speed-1", 20_000)
    assert force.laboratory_speed_modifier == pytest.approx(0.2)
    assert force.research.previous == "research-speed-1"


def test_it_doesnt_matter_how_often_anyone_looks() -> None:
    def run(step: int) -> list[Any]:
        world, made = labs(3, {"automation-science-pack": 12})
        force = world.forces["player"]
        prepare(force, "logistics")
        force.add_research("logistics")
        while world.tick < 5000:
            world.advance(min(5000, world.tick + step))
            assert 0 <= force.research_progress <= 1
        return [force.state(), [lab.state() for lab in made]]

    assert run(1) == run(613)


def test_saved_in_the_middle_of_a_unit() -> None:
    world, _ = labs(3, {"automation-science-pack": 12})
    world.surface.tile_at, world.natural_resources = lab_map.tile_at, lab_map.resources
    prepare(world.forces["player"], "logistics")
    world.forces["player"].add_research("logistics")
    world.advance(world.tick + 700)
    again = loads(dumps(Save(world, {}, [], 1.0, False, 0, ""))).world
    assert again.forces["player"].research_progress == world.forces["player"].research_progress > 0
    for each in (world, again):
        each.advance(4000)
    assert state_hash(world, {}, []) == state_hash(again, {}, [])
