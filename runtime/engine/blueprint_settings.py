"""What an entity carries in a blueprint beside name, place and direction: read from it, and given back to it.

The keys are those of the blueprint string format (`BlueprintEntity`), e.g. `recipe`, `filters`, `bar`, `items`.
"""

from __future__ import annotations

from runtime.engine.blueprint_strings import Values
from runtime.engine.entity import Entity
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import load
from runtime.engine.systems.containers import Container
from runtime.engine.systems.crafting import AssemblingMachine, CraftingMachine
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.splitters import NAMES, NONE, SIDES, Splitter
from runtime.engine.systems.undergrounds import UndergroundBelt


def settings_of(entity: Entity) -> Values:
    """The settings of an entity, as plain data; its modules are asked for in `items`."""
    values: Values = {}
    if isinstance(entity, AssemblingMachine) and entity.recipe is not None:
        values = {"recipe": entity.recipe.name, "recipe_quality": "normal"}
    elif isinstance(entity, UndergroundBelt):
        values = {"type": entity.belt_to_ground_type}
    elif isinstance(entity, Inserter):
        values = _inserter(entity)
    elif isinstance(entity, Container) and entity.chest.bar < len(entity.chest):
        values = {"bar": entity.chest.bar}
    elif isinstance(entity, Splitter):
        values = _splitter(entity)
    if isinstance(entity, CraftingMachine) and entity.mirrored:
        values["mirror"] = True
    modules = modules_of(entity)
    if modules is not None and not modules.is_empty():
        values["items"] = plan_of(modules)
    return values


def _inserter(inserter: Inserter) -> Values:
    values: Values = {}
    if inserter.filters:
        values["filters"] = [
            {"index": i, "name": n, "quality": "normal", "comparator": "="}
            for i, n in sorted(inserter.filters.items())
        ]
    if inserter.use_filters:
        values["use_filters"] = True
    return values


def _splitter(splitter: Splitter) -> Values:
    values: Values = {}
    for key, side in (
        ("input_priority", splitter.input_priority),
        ("output_priority", splitter.output_priority),
    ):
        if side != NONE:
            values[key] = NAMES[side]
    if splitter.filter is not None:
        values["filter"] = {"name": splitter.filter, "quality": "normal", "comparator": "="}
    return values


def apply_settings(entity: Entity, values: Values) -> None:
    """Give an entity the settings of a blueprint, except `items`, which somebody has to bring."""
    if isinstance(entity, CraftingMachine) and bool(values.get("mirror")) != entity.mirrored:
        entity.mirror(bool(values.get("mirror")))
    if isinstance(entity, AssemblingMachine):
        recipe = load().recipe.get(values.get("recipe", ""))
        fits = recipe is None or recipe.category in entity.proto.raw["crafting_categories"]
        if fits and recipe is not entity.recipe:
            entity.set_recipe(recipe)
    elif isinstance(entity, Inserter):
        entity.filters = {f["index"]: f["name"] for f in values.get("filters", ())}
        entity.use_filters = bool(values.get("use_filters"))
        entity.wake(entity.world.tick + 1)
    elif isinstance(entity, Container):
        entity.chest.bar = min(values.get("bar", len(entity.chest)), len(entity.chest))
        entity.changed()
    elif isinstance(entity, Splitter):
        entity.set_input_priority(SIDES.get(values.get("input_priority", "none"), NONE))
        entity.set_output_priority(SIDES.get(values.get("output_priority", "none"), NONE))
        wanted = values.get("filter")
        entity.set_filter(None if wanted is None else wanted["name"])


def first_fields(entity_type: str, values: Values) -> Values:
    """What must be known of an entity before it is built: which end of a tunnel it is."""
    if entity_type == "underground-belt":
        return {"belt_to_ground_type": values.get("type", "input")}
    return {}


def modules_of(entity: Entity) -> Inventory | None:
    """The inventory that modules go into, if there is one."""
    modules: Inventory | None = getattr(entity, "modules", None)
    return modules if modules is not None and len(modules) else None


def plan_of(inventory: Inventory) -> list[Values]:
    """An insert plan (`BlueprintInsertPlan`) that asks for what an inventory holds, slot by slot."""
    plan: dict[str, list[Values]] = {}
    for slot, (name, count) in enumerate(zip(inventory.names, inventory.counts, strict=True)):
        if name is not None:
            place = {"inventory": inventory.index, "stack": slot}
            plan.setdefault(name, []).append(place if count == 1 else {**place, "count": count})
    return [{"id": {"name": n}, "items": {"in_inventory": places}} for n, places in plan.items()]


def requested(plan: list[Values]) -> dict[str, int]:
    """Item -> how many an insert plan asks for."""
    counts: dict[str, int] = {}
    for row in plan:
        places = row["items"].get("in_inventory", ())
        name = row["id"]["name"]
        counts[name] = counts.get(name, 0) + sum(p.get("count", 1) for p in places)
    return counts
