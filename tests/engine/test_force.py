"""Forces: research, what it unlocks, and statistics."""

from __future__ import annotations

import pickle

import pytest

from runtime.engine.force import Force
from runtime.engine.prototypes import load
from runtime.engine.systems.research import INFINITE, UNIT, technology_prototypes
from runtime.engine.world import World


def grass(x: int, y: int) -> str:
    return "grass-1"


@pytest.fixture
def force() -> Force:
    return World(grass, seed=1).forces["player"]


def advance(force: Force, units: int) -> None:
    """As if labs had done so many units of the current research."""
    tech = force.current_research
    assert tech is not None
    force.research.progress = (tech.progress + units * UNIT) / tech.total


def test_starts_with_the_prototypes_recipes(force: Force) -> None:
    assert "iron-gear-wheel" in force.recipes_enabled
    assert "assembling-machine-1" not in force.recipes_enabled
    assert force.recipes_enabled == {n for n, r in load().recipe.items() if r.enabled}


def test_research_unlocks_and_undoing_it_locks(force: Force) -> None:
    force.set_researched("automation", True)
    assert {"assembling-machine-1", "long-handed-inserter"} <= force.recipes_enabled
    force.set_researched("automation", False)
    assert "assembling-machine-1" not in force.recipes_enabled


def test_research_all_and_reset(force: Force) -> None:
    fresh = force.state()
    force.research_all()
    assert all(t.researched or t.proto.max_level == INFINITE for t in force.technologies.values())
    assert force.inserter_stack_size_bonus == 2
    assert force.laboratory_speed_modifier == pytest.approx(2.5)
    assert force.character_inventory_slots_bonus == 10
    assert force.modifiers[("ammo-damage", "bullet")] > 0
    force.reset()
    assert force.state() == fresh


def test_bonuses_add_up_and_scripts_may_set_them(force: Force) -> None:
    force.set_researched("mining-productivity-1", True)
    force.set_researched("mining-productivity-2", True)
    assert force.mining_drill_productivity_bonus == pytest.approx(0.2)
    force.set_researched("mining-productivity-1", False)
    force.set_researched("mining-productivity-2", False)
    assert force.mining_drill_productivity_bonus == 0
    force.manual_mining_speed_modifier = 5
    assert force.manual_mining_speed_modifier == 5
    force.reset_effects()
    assert force.manual_mining_speed_modifier == 0


def test_technologies_without_end_have_levels(force: Force) -> None:
    tech = force.technologies["mining-productivity-4"]
    assert (tech.level, tech.unit_count) == (4, 2500)
    force.set_researched("mining-productivity-4", True)
    assert (tech.researched, tech.level, tech.unit_count) == (False, 5, 5000)
    force.set_level("mining-productivity-4", 10)
    assert force.mining_drill_productivity_bonus == pytest.approx(0.6)
    force.set_level("mining-productivity-4", 4)
    assert force.mining_drill_productivity_bonus == 0


def test_formulas() -> None:
    protos = technology_prototypes()
    assert protos["physical-projectile-damage-7"].unit_count(8) == 2000
    assert protos["artillery-shell-speed-1"].unit_count(3) == 10_000


def test_queue_wants_prerequisites(force: Force) -> None:
    assert not force.add_research("automation")  # needs automation-science-pack
    force.set_researched("automation-science-pack", True)
    assert force.add_research("automation")
    assert not force.add_research("automation")
    assert force.add_research("logistics")
    assert force.add_research("automation-2") is False
    assert force.current_research is force.technologies["automation"]


def test_progress_is_kept_when_research_is_cancelled(force: Force) -> None:
    force.set_researched("automation-science-pack", True)
    force.add_research("automation")
    advance(force, 4)
    assert force.research_progress == pytest.approx(0.4)
    force.research.cancel_current()
    assert force.current_research is None
    force.add_research("automation")
    assert force.research_progress == pytest.approx(0.4)
    advance(force, 6)
    assert force.technologies["automation"].researched
    assert force.research.queue == []
    assert force.research.previous == "automation"


def test_triggers_come_by_crafting_not_by_research(force: Force) -> None:
    assert not force.add_research("steam-power")
    force.items.made("iron-plate", 49)
    assert not force.technologies["steam-power"].researched
    force.items.made_by_hand("iron-plate", 1)
    assert force.technologies["steam-power"].researched
    assert "boiler" in force.recipes_enabled


def test_what_scripts_book_triggers_nothing(force: Force) -> None:
    force.items.booked("iron-plate", 1000)
    assert force.items.input["iron-plate"] == force.items.input_by_hand["iron-plate"] == 1000
    assert not force.technologies["steam-power"].researched


def test_statistics(force: Force) -> None:
    force.items.made("iron-ore", 3)
    force.items.made_by_hand("iron-ore", 2)
    force.items.used("iron-ore", 1)
    force.items.used_by_hand("iron-ore", 1)
    assert (force.items.input["iron-ore"], force.items.output["iron-ore"]) == (5, 2)
    assert (force.items.input_by_hand["iron-ore"], force.items.output_by_hand["iron-ore"]) == (2, 1)
    force.items.clear()
    assert not force.items.input_by_hand
    assert not force.items.input


def test_pickled_with_its_world(force: Force) -> None:
    force.research_all()
    force.items.made("iron-plate", 7)
    world = pickle.loads(pickle.dumps(force.world))
    world.surface.restore()
    again: Force = world.forces["player"]
    assert again.state() == force.state()
    again.reset()
    again.items.made("iron-plate", 50)
    assert again.technologies["steam-power"].researched


def test_enemies(force: Force) -> None:
    enemy, neutral = force.world.forces["enemy"], force.world.forces["neutral"]
    assert force.is_enemy(enemy)
    assert not force.is_enemy(neutral)
    assert not force.is_enemy(force)
