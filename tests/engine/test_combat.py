"""Damage, death, turrets and enemies, through Lua."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.engine import save as saves
from runtime.engine.entity import Entity
from runtime.engine.game import Game
from runtime.engine.prototypes import load
from tests.engine.game_lua import lua


@pytest.fixture
def game() -> Iterator[Game]:
    """The lab map without ore and trees; time stands."""
    made = new_game()
    yield made
    made.close()


def new_game() -> Game:
    game = Game("default_lab_scenario", 1, None, None, lambda line: None)
    game.command("/sc game.tick_paused = true s = game.surfaces[1]")
    return game


def put(game: Game, name: str, x: float, y: float, force: str = "player") -> Entity:
    """An entity that Lua builds and calls `e`."""
    answer = game.command(
        f"/sc e = s.create_entity{{name = '{name}', position = {{{x}, {y}}}, force = '{force}'}} assert(e)"
    )
    assert answer == "", answer
    made = [e for e in game.world.surface.by_name[name].values() if e.force.name == force]
    return max(made, key=lambda e: e.unit_number)


def run(game: Game, ticks: int) -> None:
    game.world.advance(game.world.tick + ticks)


# --- damage and death -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "amount", "lost"),
    [
        ("iron-chest", "physical", 50, 50),
        ("stone-wall", "physical", 23, (23 - 3) * 0.8),
        ("stone-wall", "physical", 3.5, 1 / (3 - 3.5 + 2) * 0.8),  # a decrease leaves something
        ("stone-wall", "fire", 100, 0),
        ("stone-wall", "laser", 100, 30),
        ("gun-turret", "acid", 10_000, 400),
    ],
)  # fmt: skip
def test_damage_after_resistances(game: Game, name: str, kind: str, amount: float, lost: float) -> None:
    put(game, name, 0, 0)
    assert lua(game, f"e.damage({amount}, 'enemy', '{kind}')") == pytest.approx(lost)
    assert lua(game, "e.valid") is (lost < load().entity[name].max_health)


def test_what_cannot_be_hurt(game: Game) -> None:
    put(game, "iron-chest", 0, 0)
    game.command("/sc e.destructible = false")
    assert lua(game, "e.damage(1000, 'enemy')") == 0
    game.command("/sc e.destructible = true game.forces.player.friendly_fire = false")
    assert lua(game, "e.damage(1000, 'player')") == 0
    game.command("/sc game.forces.player.friendly_fire = true")
    assert lua(game, "e.damage(10, 'player', 'physical')") == 10
    assert lua(game, "e.health") == 190
    assert "Unknown damage type" in game.command("/sc e.damage(1, 'enemy', 'love')")
    game.command("/sc s.spill_item_stack{position = {5, 5}, stack = 'coal'}")
    assert lua(game, "s.find_entities_filtered{type = 'item-entity'}[1].die()") is False


def test_events_and_statistics_of_a_death(game: Game) -> None:
    put(game, "gun-turret", 10, 0)
    game.command("/sc t = e")
    put(game, "iron-chest", 0, 0)
    game.command(
        """/sc e.insert{name = 'coal', count = 5} seen = {}
        script.on_event(defines.events.on_entity_damaged, function(event)
            table.insert(seen, {event.entity.name, event.final_damage_amount, event.damage_type.name, event.final_health}) end)
        script.on_event(defines.events.on_entity_died, function(event)
            table.insert(seen, {event.entity.name, event.force.name, event.cause == t, event.entity.get_item_count('coal')}) end)"""
    )
    game.command("/sc e.damage(150, 'enemy', 'physical') e.damage(150, 'enemy', 'physical', t)")
    assert lua(game, "seen") == [
        ["iron-chest", 150, "physical", 50],
        ["iron-chest", 150, "physical", 0],
        ["iron-chest", "enemy", True, 5],
    ]
    assert lua(game, "game.forces.enemy.get_kill_count_statistics(s).input_counts") == {"iron-chest": 1}
    assert lua(game, "game.forces.player.get_kill_count_statistics(s).output_counts") == {"iron-chest": 1}
    assert lua(game, "s.count_entities_filtered{name = {'iron-chest', 'item-on-ground'}}") == 0


def test_a_handler_may_destroy_what_dies(game: Game) -> None:
    put(game, "iron-chest", 0, 0)
    game.command(
        "/sc script.on_event(defines.events.on_entity_died, function(event) event.entity.destroy() end)"
    )
    assert lua(game, "e.die()") is True
    assert lua(game, "e.valid") is False


def test_a_ghost_stays_where_robots_could_rebuild(game: Game) -> None:
    game.command("/sc game.forces.player.create_ghost_on_entity_death = true")
    put(game, "boiler", 0, 0.5)
    game.command("/sc e.die()")
    assert lua(game, "s.find_entities_filtered{type = 'entity-ghost'}[1].ghost_name") == "boiler"


def test_a_characters_corpse_keeps_what_it_had(game: Game) -> None:
    put(game, "character", 3, 4)
    game.command("/sc c = e c.insert{name = 'iron-plate', count = 150} c.insert('heavy-armor')")
    assert lua(game, "c.begin_crafting{count = 5, recipe = 'iron-gear-wheel'}") == 5
    assert lua(game, "c.die()") is True
    assert lua(game, "c.valid") is False
    game.command("/sc k = s.find_entities_filtered{name = 'character-corpse'}[1]")
    assert lua(game, "k.position") == {"x": 3, "y": 4}
    held = "k.get_inventory(defines.inventory.character_corpse)"
    assert lua(game, f"{held}.get_item_count('iron-plate')") == 150
    assert lua(game, f"{held}.get_item_count('heavy-armor')") == 1
    put(game, "character", 3, 5)
    assert lua(game, "e.mine_entity(k)") is True
    assert lua(game, "e.get_item_count('iron-plate')") == 150
    assert lua(game, "s.count_entities_filtered{name = 'character-corpse'}") == 0


def test_a_destroyed_character_leaves_nothing(game: Game) -> None:
    put(game, "character", 0, 0)
    game.command("/sc e.insert('coal') e.destroy()")
    assert lua(game, "s.count_entities_filtered{name = 'character-corpse'}") == 0


def test_enemies_heal(game: Game) -> None:
    put(game, "small-biter", 0, 0, "enemy")
    game.command("/sc e.active = false e.damage(10, 'player', 'physical')")
    run(game, 100)
    assert lua(game, "e.health") == pytest.approx(5 + 100 * 0.01)
    run(game, 1000)
    assert lua(game, "e.health") == 15


# --- turrets ----------------------------------------------------------------------------------------------------------


def shooting(game: Game, target: str, x: float) -> tuple[Entity, Entity]:
    """A gun turret with ammunition, and something of the enemy's that stays where it is."""
    turret = put(game, "gun-turret", 0, 0)
    game.command("/sc t = e t.insert{name = 'firearm-magazine', count = 10}")
    return turret, put(game, target, x, 0, "enemy")


def test_a_gun_turret_unfolds_shoots_and_runs_out(game: Game) -> None:
    _, spawner = shooting(game, "biter-spawner", 10)
    raw = load().entity["biter-spawner"].raw
    assert raw["resistances"][0] == {"type": "physical", "decrease": 2, "percent": 15}
    run(game, 13)
    assert spawner.health == 350
    run(game, 1)
    one = (5 - 2) * 0.85
    assert spawner.health == pytest.approx(350 - one, abs=0.1)
    run(game, 60)
    assert spawner.health == pytest.approx(350 - 11 * one, abs=1.5)
    assert lua(game, "t.get_inventory(defines.inventory.turret_ammo)[1].ammo") == 9
    assert lua(game, "t.get_item_count('firearm-magazine')") == 9
    run(game, 700)
    assert lua(game, "t.status == defines.entity_status.no_ammo") is True
    assert lua(game, "game.forces.player.get_item_production_statistics(s).output_counts") == {
        "firearm-magazine": 10
    }
    before = spawner.health
    assert before == pytest.approx(350 - 100 * one, abs=20)  # it heals
    game.command("/sc t.insert('piercing-rounds-magazine')")
    run(game, 2)
    assert spawner.health < before - 5


def test_a_gun_turret_out_of_range_stays_folded(game: Game) -> None:
    turret, worm = shooting(game, "small-worm-turret", 18.5)
    run(game, 600)
    assert worm.health == 200
    assert turret.key == -1
    assert worm.key == -1  # peaceful


def test_what_research_adds_to_turrets(game: Game) -> None:
    game.command(
        """/sc f = game.forces.player f.set_ammo_damage_modifier('bullet', 0.5)
        f.set_turret_attack_modifier('gun-turret', 1) f.set_gun_speed_modifier('bullet', 1.5)"""
    )
    _, worm = shooting(game, "behemoth-worm-turret", 10)
    game.command("/sc e.force = 'enemy'")
    run(game, 15)
    start = worm.health
    run(game, 24)  # 2.4 ticks to a shot
    resistance = next(r for r in worm.proto.raw["resistances"] if r["type"] == "physical")
    hit = 5 * 1.5 * 2
    through = (hit - resistance.get("decrease", 0)) * (1 - resistance.get("percent", 0) / 100)
    assert start - worm.health == pytest.approx(10 * through, abs=1)


def test_inserters_keep_ten_magazines_in_a_turret(game: Game) -> None:
    put(game, "gun-turret", 0, 0)
    game.command("/sc t = e")
    put(game, "iron-chest", 2.5, 0.5)
    game.command("/sc e.insert{name = 'firearm-magazine', count = 50} e.insert{name = 'coal', count = 50}")
    put(game, "burner-inserter", 1.5, 0.5)
    game.command("/sc e.direction = 4 e.insert{name = 'coal', count = 3}")
    run(game, 76 * 14)
    assert lua(game, "t.get_item_count('firearm-magazine')") == 10
    assert lua(game, "t.get_item_count('coal')") == 0


def test_a_laser_turret_takes_its_energy_from_the_buffer(game: Game) -> None:
    put(game, "electric-energy-interface", 5, 5)
    game.command("/sc e.power_production = 1e7")
    put(game, "medium-electric-pole", 2.5, 2.5)
    turret = put(game, "laser-turret", 0, 0)
    game.command("/sc t = e")
    assert lua(game, "t.energy") == 0
    run(game, 10)
    assert lua(game, "t.energy") == pytest.approx(801e3)
    assert lua(game, "t.electric_buffer_size") == pytest.approx(801e3)
    spawner = put(game, "biter-spawner", 15, 0, "enemy")
    run(game, 21)
    assert spawner.health == 350
    run(game, 22)
    assert spawner.health == pytest.approx(330, abs=0.5)  # a beam of 40 ticks hits every 20
    run(game, 200)
    assert spawner.health == pytest.approx(330 - 10 * 20, abs=6)
    run(game, 200)
    assert not spawner.valid
    assert turret.health == 1000


def test_a_laser_turret_without_power_does_nothing(game: Game) -> None:
    put(game, "laser-turret", 0, 0)
    spawner = put(game, "biter-spawner", 15, 0, "enemy")
    run(game, 600)
    assert spawner.health == 350
    assert lua(game, "s.find_entities_filtered{name = 'laser-turret'}[1].energy") == 0


def test_a_mine_waits_arms_and_goes_off(game: Game) -> None:
    game.command("/sc s.peaceful_mode = true")
    put(game, "land-mine", 0, 0)
    game.command("/sc m = e")
    biter = put(game, "big-biter", 1, 0, "enemy")
    run(game, 110)
    assert biter.valid
    run(game, 15)
    raw = biter.proto.raw["resistances"]
    through = 250
    for row in raw:
        if row["type"] == "explosion":
            through = (250 - row.get("decrease", 0)) * (1 - row.get("percent", 0) / 100)
    assert biter.health == pytest.approx(375 - through, abs=1)
    assert lua(game, "m.valid") is False


# --- enemies ----------------------------------------------------------------------------------------------------------


def test_in_peace_biters_do_nothing_until_attacked(game: Game) -> None:
    assert lua(game, "s.peaceful_mode") is True
    chest = put(game, "iron-chest", 5, 0)
    biter = put(game, "small-biter", 0, 0, "enemy")
    run(game, 600)
    assert (biter.x, chest.health, biter.key) == (0, 200, -1)
    game.command("/sc e.damage(1, 'player', 'physical')")
    run(game, 600)
    assert chest.health < 200


def test_a_biter_walks_to_the_nearest_and_bites(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false")
    far = put(game, "iron-chest", -20.5, 0.5)
    chest = put(game, "iron-chest", 10.5, 0.5)
    biter = put(game, "small-biter", 0.5, 0.5, "enemy")
    run(game, 40)
    assert 4 < biter.x < 10  # 0.2 tiles a tick
    assert chest.health == 200
    run(game, 35)
    assert chest.health == 193
    run(game, 35 * 10)
    assert chest.health == pytest.approx(193 - 7 * 10, abs=14)
    run(game, 35 * 40)
    assert not chest.valid
    assert far.health < 200


def test_a_biter_sees_what_is_built_and_who_comes_near(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false")
    biter = put(game, "small-biter", 0, 0, "enemy")
    put(game, "character", 40, 0)
    game.command("/sc c = e")
    run(game, 600)
    assert (biter.x, biter.key) == (0, -1)
    game.command("/sc c.walking_state = {walking = true, direction = defines.direction.west}")
    run(game, 300)
    game.command("/sc c.walking_state = {walking = false}")
    run(game, 600)
    assert lua(game, "c.valid and c.health or 0") < 250
    run(game, 3000)
    assert lua(game, "c.valid") is False
    assert lua(game, "s.count_entities_filtered{name = 'character-corpse'}") == 1


def test_a_biter_goes_around_and_through(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false")
    for y in range(-6, 7):
        if y != 5:  # the gap
            put(game, "big-rock", 5, y * 1.5, "neutral")
    biter = put(game, "small-biter", 0.5, 0.5, "enemy")
    chest = put(game, "iron-chest", 10.5, 0.5)
    run(game, 35 * 60)
    assert not chest.valid
    assert biter.x > 6
    target = put(game, "iron-chest", 20.5, 0.5)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            if dx or dy:
                put(game, "stone-wall", 20.5 + dx, 0.5 + dy)
    run(game, 35 * 250)
    assert not target.valid
    assert lua(game, "s.count_entities_filtered{name = 'stone-wall'}") < 8


def test_spitters_and_worms_shoot_from_afar(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false")
    chest = put(game, "iron-chest", 14.5, 0.5)
    spitter = put(game, "small-spitter", 0.5, 0.5, "enemy")
    run(game, 400)
    assert 3 < spitter.x < 6
    assert chest.health == pytest.approx(200 - 12 * 4, abs=24)
    game.command("/sc e.destroy()")
    before = chest.health
    put(game, "small-worm-turret", -10, 0, "enemy")
    run(game, 42 + 2)
    assert chest.health == before - 36
    run(game, 97)
    assert chest.health == before - 72


def test_turrets_hold_biters_off(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false")
    for y in (-4, 0, 4):
        put(game, "gun-turret", 0, y)
        game.command("/sc e.insert{name = 'firearm-magazine', count = 20}")
    for n in range(12):
        put(game, "small-biter", 25, n - 6, "enemy")
    run(game, 1200)
    assert lua(game, "s.count_entities_filtered{type = 'unit'}") == 0
    assert lua(game, "s.count_entities_filtered{name = 'gun-turret'}") == 3
    assert lua(game, "game.forces.player.get_kill_count_statistics(s).input_counts") == {"small-biter": 12}


def test_nests_let_units_out_when_there_is_no_peace(game: Game) -> None:
    spawner = put(game, "biter-spawner", 0, 0, "enemy")
    run(game, 5000)
    assert lua(game, "s.count_entities_filtered{type = 'unit'}") == 0
    game.command("/sc s.peaceful_mode = false")
    run(game, 361 * 6)
    assert lua(game, "s.count_entities_filtered{name = 'small-biter'}") == 5
    assert spawner.key == -1  # as many as stay around a nest
    assert lua(game, "#s.find_entities_filtered{type = 'unit', position = {0, 0}, radius = 10}") == 5
    game.command("/sc game.forces.enemy.kill_all_units()")
    run(game, 400)
    assert lua(game, "s.count_entities_filtered{type = 'unit'}") == 1
    game.command("/sc game.forces.enemy.set_evolution_factor(0.95)")
    game.command("/sc game.forces.enemy.kill_all_units()")
    run(game, 2000)
    names = {e.name for e in game.world.surface.by_type["unit"].values()}
    assert names <= {"medium-biter", "big-biter", "behemoth-biter"}


def test_killed_nests_make_enemies_evolve(game: Game) -> None:
    put(game, "biter-spawner", 0, 0, "enemy")
    game.command("/sc e.die('player')")
    assert lua(game, "game.forces.enemy.get_evolution_factor()") == pytest.approx(0.002)
    game.command("/sc game.map_settings.enemy_evolution.enabled = false")
    put(game, "biter-spawner", 0, 0, "enemy")
    game.command("/sc e.die('player')")
    assert lua(game, "game.forces.enemy.get_evolution_factor()") == pytest.approx(0.002)
    assert lua(game, "game.map_settings.enemy_evolution.enabled") is False


def test_a_cease_fire_ends_a_fight(game: Game) -> None:
    game.command("/sc s.peaceful_mode = false game.forces.enemy.set_cease_fire('player', true)")
    chest = put(game, "iron-chest", 5, 0)
    put(game, "small-biter", 0, 0, "enemy")
    run(game, 500)
    assert chest.health == 200
    game.command("/sc game.forces.enemy.set_cease_fire('player', false)")
    run(game, 500)
    assert chest.health < 200
    game.command("/sc e.force = 'player'")
    before = chest.health
    run(game, 500)
    assert chest.health == before


def battle() -> Game:
    game = new_game()
    game.command("/sc s.peaceful_mode = false")
    put(game, "biter-spawner", 30, 0, "enemy")
    put(game, "small-worm-turret", 20, 5, "enemy")
    put(game, "character", 3, 3)
    for y in (-3, 3):
        put(game, "gun-turret", 0, y)
        game.command("/sc e.insert{name = 'firearm-magazine', count = 20}")
        put(game, "stone-wall", 5.5, y + 0.5)
        put(game, "gate", 6.5, y + 0.5)
    put(game, "laser-turret", -5, 0)
    put(game, "electric-energy-interface", -10, 0)
    put(game, "medium-electric-pole", -7.5, 2.5)
    for n in range(6):
        put(game, "small-spitter", 20, n - 3, "enemy")
    return game


def test_the_same_battle_twice_and_across_a_save() -> None:
    one, other = battle(), battle()
    run(one, 150)
    run(other, 150)
    assert one.state_hash() == other.state_hash()
    again = saves.loads(other._save()).world
    again.listener = None
    for tick in range(1, 700, 7):  # looking changes nothing
        one.world.advance(150 + tick)
        one.state_hash()
        lua(one, "#s.find_entities_filtered{type = 'unit'}")
    one.world.advance(900)
    other.world.advance(900)
    again.advance(900)
    assert one.state_hash() == other.state_hash()
    clock = [1, False, 0]
    assert saves.state_hash(again, {}, clock) == saves.state_hash(other.world, {}, clock)
    assert other.world.forces["player"].kills.input or other.world.forces["enemy"].kills.input


def test_nothing_happens_while_nobody_is_awake(game: Game) -> None:
    for n, name in enumerate(("biter-spawner", "small-biter", "small-spitter", "medium-worm-turret")):
        put(game, name, 60, 10 * n, "enemy")
    for n, name in enumerate(("gun-turret", "land-mine", "gate", "stone-wall", "character")):
        put(game, name, 0, 5 * n)
    run(game, 200)
    assert game.world.next_event_tick() is None
    game.command("/sc s.peaceful_mode = false")
    run(game, 3000)  # the nest has let out what it lets out
    assert game.world.next_event_tick() is None
