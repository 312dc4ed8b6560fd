"""Every item of FLE's lab play is made at its quota by a factory that starts from ore, wells and water."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from evals.factories.build import build
from evals.factories.demand import NoWayToMake, demand
from evals.factories.design import design
from evals.factories.ground import Ground
from evals.factories.router import Line, NoRoute, Port, route
from runtime.engine.entity import Entity
from runtime.engine.maps import default_lab_scenario
from runtime.engine.prototypes import load
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.steam import Generator
from runtime.engine.world import World

MINUTE = 3_600  # ticks
WARM_UP = 25  # minutes of game time in which a factory has to come to its quota, two minutes in a row
QUOTAS = {
    **dict.fromkeys(
        [
            "iron-ore", "iron-plate", "steel-plate", "stone-wall", "iron-gear-wheel", "electronic-circuit", "inserter",
            "engine-unit", "piercing-rounds-magazine", "sulfur", "plastic-bar", "battery", "advanced-circuit",
            "low-density-structure", "processing-unit", "automation-science-pack", "logistic-science-pack",
            "military-science-pack", "chemical-science-pack", "production-science-pack", "utility-science-pack",
        ],
        16,
    ),
    **dict.fromkeys(["crude-oil", "petroleum-gas", "sulfuric-acid"], 250),
}  # fmt: skip
"""Per minute, by item: FLE's lab-play tasks."""
ASK_FLE = """
import json, warnings
warnings.simplefilter("ignore")
from fle.eval.tasks.task_definitions.lab_play.throughput_tasks import THROUGHPUT_TASKS
tasks = [task.to_dict() for task in THROUGHPUT_TASKS.values()]
print(json.dumps({t["throughput_entity"]: [t["quota"], t["holdout_wait_period"]] for t in tasks}))
"""


def lab_play() -> World:
    """The lab map as FLE sets it for its tasks: everything researched, and always day."""
    world = default_lab_scenario(1)
    world.surface.always_day = True
    world.forces["player"].research_all()
    return world


def holds_nothing(entity: Entity) -> bool:
    """Whether an entity has no items and no fluid in it."""
    if isinstance(entity, TransportBelt) and any(lane.names for lane in entity.lanes):
        return False
    boxes = [box.held() for box in getattr(entity, "boxes", None) or ()]
    return not any(boxes) and all(inventory.is_empty() for inventory in entity.inventories().values())


@pytest.mark.parametrize("item", QUOTAS)
def test_makes_its_quota(item: str) -> None:
    quota = QUOTAS[item]
    plan = design(item, quota)
    world = lab_play()
    made = build(world, plan.pieces)
    assert all(holds_nothing(entity) for entity in made)
    force = world.forces["player"]
    flows = force.fluids if item in load().raw["fluid"] else force.items
    before, throughput = 0.0, [0.0]
    while min(throughput[-2:]) < quota and len(throughput) <= WARM_UP:
        world.advance(len(throughput) * MINUTE)
        throughput.append(flows.input[item] - before)
        before = flows.input[item]
    assert min(throughput[-2:]) >= quota, f"{item} per minute: {throughput[1:]}"
    for books in (force.items, force.fluids):
        assert not books.input_by_hand
        assert not books.output_by_hand


def test_runs_on_steam_and_slow_belts() -> None:
    plan = design("automation-science-pack", 16, belt="transport-belt", steam=True)
    world = lab_play()
    made = build(world, plan.pieces)
    engines = [entity for entity in made if isinstance(entity, Generator)]
    assert {entity.name for entity in made if isinstance(entity, TransportBelt)} == {
        "transport-belt",
        "underground-belt",
    }
    world.advance(8 * MINUTE)
    force = world.forces["player"]
    before = Counter(force.items.input), Counter(force.items.output)
    world.advance(9 * MINUTE)
    assert force.items.input["automation-science-pack"] - before[0]["automation-science-pack"] >= 16
    assert force.items.output["coal"] > before[1]["coal"]
    assert any(engine.status() == "working" for engine in engines)
    assert not force.items.input_by_hand


def test_these_are_the_quotas_of_fle() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", ASK_FLE], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(asked.stdout.splitlines()[-1]) == {item: [quota, 60] for item, quota in QUOTAS.items()}
    assert len(QUOTAS) == 24


def test_demand_goes_down_to_what_the_ground_gives() -> None:
    found = demand("electronic-circuit", 1.0)
    assert set(found.raw) == {"iron-ore", "copper-ore"}
    assert found.raw["iron-ore"] >= 1.0
    assert found.raw["copper-ore"] >= 1.5
    assert [s.recipe.name for s in found.stages][-1] == "electronic-circuit"
    with pytest.raises(NoWayToMake, match="'space-science-pack'"):
        demand("space-science-pack", 1.0)


def test_a_route_dives_under_what_is_in_its_way() -> None:
    ground = Ground()
    ground.taken.update((5, y) for y in range(-500, 500))
    route(ground, Line.belt("coal", "transport-belt"), Port((0, 200), 4), Port((12, 200), 4))
    ends = [p for p in ground.pieces if p.tunnel]
    assert [p.tunnel for p in ends] == ["input", "output"]
    assert all(p.direction == 4 and p.y == 200.5 for p in ends)
    ground.taken.update((20 + x, y) for x in range(20) for y in range(-500, 500))
    with pytest.raises(NoRoute, match="coal"):
        route(ground, Line.belt("coal", "transport-belt"), Port((13, 200), 4), Port((60, 200), 4))
