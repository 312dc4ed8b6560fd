"""Forces: what a side may build, what it has researched, and what it has made and used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runtime.engine.prototypes import load
from runtime.engine.systems.research import (
    UNIT,
    Research,
    Technology,
    technology_prototypes,
    triggered_by,
    unlocked_by,
)

if TYPE_CHECKING:
    from runtime.engine.world import World


FLUID = 10**9  # amounts of fluid are whole numbers of this for a unit
COUNTED = FLUID // 512  # flows are counted in such steps, which a float holds exactly


class FlowStatistics:
    """What went in (`input`: produced) and out (`output`: consumed), by name, since the last `clear`.

    Fluids flow as well: `flow` sets rates, and `settle` counts what they have come to.

    The counts `…_by_hand` are the part of the totals that players and scripts made or used, not machines.
    `on_made` is told when some of what is `watched` is made, though not of what scripts only book.
    """

    __slots__ = ("flows", "input", "input_by_hand", "on_made", "output", "output_by_hand", "watched", "world")

    def __init__(
        self,
        watched: frozenset[str] = frozenset(),
        on_made: Callable[[str, Any], None] | None = None,
        world: World | None = None,
    ) -> None:
        self.watched = watched
        self.on_made = on_made
        self.world = world
        self.flows: dict[
            tuple[str, bool], list[int]
        ] = {}  # name, made? -> rate per tick, not yet counted, since when
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.settle()
        self.input: Counter[str] = Counter()
        self.output: Counter[str] = Counter()
        self.input_by_hand: Counter[str] = Counter()
        self.output_by_hand: Counter[str] = Counter()

    def flow(self, name: str, change: int, made: bool) -> None:
        """From the next tick on so much more of a fluid is made (else used) per tick, in `FLUID`."""
        if change:
            assert self.world is not None
            row = self.flows.setdefault((name, made), [0, 0, self.world.tick])
            row[1] += row[0] * (self.world.tick - row[2])
            row[2] = self.world.tick
            row[0] += change

    def settle(self) -> None:
        """Count what has flowed up to now."""
        for (name, made), row in self.flows.items():
            assert self.world is not None
            row[1] += row[0] * (self.world.tick - row[2])
            row[2] = self.world.tick
            if row[1] >= COUNTED:
                counts: dict[str, Any] = self.input if made else self.output
                counts[name] += row[1] // COUNTED / 512
                row[1] %= COUNTED

    def made(self, name: str, count: Any) -> None:
        """A machine made some."""
        self.input[name] += count
        if name in self.watched and self.on_made is not None:
            self.on_made(name, count)

    def used(self, name: str, count: Any) -> None:
        """A machine used some up."""
        self.output[name] += count

    def made_by_hand(self, name: str, count: Any) -> None:
        """A player made some."""
        self.booked(name, count)
        if name in self.watched and self.on_made is not None:
            self.on_made(name, count)

    def booked(self, name: str, count: Any) -> None:
        """A script says that some was made, `LuaFlowStatistics.on_flow`."""
        self.input[name] += count
        self.input_by_hand[name] += count

    def used_by_hand(self, name: str, count: Any) -> None:
        """A player or a script used some up."""
        self.output[name] += count
        self.output_by_hand[name] += count

    def state(self) -> list[Any]:
        """For the state hash."""
        self.settle()
        counts = [
            sorted(c.items()) for c in (self.input, self.output, self.input_by_hand, self.output_by_hand)
        ]
        return [counts, sorted((*k, row[0], row[1]) for k, row in self.flows.items())]


class Bonus:
    """A number of a force that technologies add to and scripts may set: one entry of `Force.modifiers`."""

    def __init__(self, effect: str) -> None:
        self.effect = effect

    def __get__(self, force: Force, owner: type[Force]) -> float:
        return force.modifiers.get((self.effect, None), 0)

    def __set__(self, force: Force, value: float) -> None:
        force.set_modifier(self.effect, None, value)


# Types of entities whose `Entity.bonus_changed` is called when a bonus of their force changes; everybody else looks
# when the bonus is used.
HEARS: dict[str, tuple[str, ...]] = {
    "inserter-stack-size-bonus": ("inserter",),
    "bulk-inserter-capacity-bonus": ("inserter",),
    "laboratory-speed": ("lab",),
    "laboratory-productivity": ("lab",),
    "character-inventory-slots-bonus": ("character",),
    "character-logistic-trash-slots": ("character",),
    "character-crafting-speed": ("character",),
    "character-mining-speed": ("character",),
    "character-health-bonus": ("character",),
    "mining-with-fluid": ("mining-drill",),
    "change-recipe-productivity": ("assembling-machine", "rocket-silo"),
    "unlock-recipe": (
        "furnace",
        "rocket-silo",
    ),  # what inserters wait with; and the recipe of a silo is fixed
}


def recipes_at_first() -> set[str]:
    """The recipes that a new force has."""
    return {n for n, p in load().recipe.items() if p.enabled}


class Force:
    """One force. Recipes and bonuses follow from its technologies unless a script says otherwise.

    `modifiers` holds what technologies add up to: (type of effect, ammo category or turret or recipe or None) -> sum.
    """

    artillery_range_modifier = Bonus("artillery-range")
    beacon_distribution_modifier = Bonus("beacon-distribution")
    belt_stack_size_bonus = Bonus("belt-stack-size-bonus")
    bulk_inserter_capacity_bonus = Bonus("bulk-inserter-capacity-bonus")
    character_build_distance_bonus = Bonus("character-build-distance")
    character_health_bonus = Bonus("character-health-bonus")
    character_inventory_slots_bonus = Bonus("character-inventory-slots-bonus")
    character_item_drop_distance_bonus = Bonus("character-item-drop-distance")
    character_item_pickup_distance_bonus = Bonus("character-item-pickup-distance")
    character_loot_pickup_distance_bonus = Bonus("character-loot-pickup-distance")
    character_reach_distance_bonus = Bonus("character-reach-distance")
    character_resource_reach_distance_bonus = Bonus("character-resource-reach-distance")
    character_running_speed_modifier = Bonus("character-running-speed")
    character_trash_slot_count = Bonus("character-logistic-trash-slots")
    deconstruction_time_to_live = Bonus("deconstruction-time-to-live")
    following_robots_lifetime_modifier = Bonus("follower-robot-lifetime")
    inserter_stack_size_bonus = Bonus("inserter-stack-size-bonus")
    laboratory_productivity_bonus = Bonus("laboratory-productivity")
    laboratory_speed_modifier = Bonus("laboratory-speed")
    manual_crafting_speed_modifier = Bonus("character-crafting-speed")
    manual_mining_speed_modifier = Bonus("character-mining-speed")
    maximum_following_robot_count = Bonus("maximum-following-robots-count")
    mining_drill_productivity_bonus = Bonus("mining-drill-productivity-bonus")
    train_braking_force_bonus = Bonus("train-braking-force-bonus")
    worker_robots_battery_modifier = Bonus("worker-robot-battery")
    worker_robots_speed_modifier = Bonus("worker-robot-speed")
    worker_robots_storage_bonus = Bonus("worker-robot-storage")
    # Permissions: 1 where a technology grants them.
    character_logistic_requests = Bonus("character-logistic-requests")
    circuit_network_enabled = Bonus("unlock-circuit-network")
    cliff_deconstruction_enabled = Bonus("cliff-deconstruction-enabled")
    create_ghost_on_entity_death = Bonus("create-ghost-on-entity-death")
    mining_with_fluid = Bonus("mining-with-fluid")
    vehicle_logistics = Bonus("vehicle-logistics")

    def __init__(self, world: World, name: str, index: int) -> None:
        self.world = world
        self.name = name
        self.index = index
        self.lua: Any = None  # the one Lua object for this force, made when first asked for
        awaited = frozenset(name for kind, name in triggered_by() if kind == "craft-item")
        self.awaits_mining = frozenset(name for kind, name in triggered_by() if kind == "mine-entity")
        self.items = FlowStatistics(awaited, self.crafted)
        self.fluids = FlowStatistics(world=world)
        self.kills = FlowStatistics()  # entities that it killed, and that it lost
        self.technologies: dict[str, Technology] = {
            n: Technology(self, p) for n, p in technology_prototypes().items()
        }
        self.research = Research(world, self)
        self.recipes_enabled: set[str] = set()
        self.modifiers: dict[tuple[str, str | None], float] = {}
        self.friends: set[str] = set()
        self.cease_fire: set[str] = set()
        self.friendly_fire = True
        self.share_chart = False
        self.ai_controllable = name == "enemy"
        self.custom_color: tuple[float, float, float, float] | None = None
        self.hand_crafting_disabled: set[str] = set()
        self.items_launched: Counter[str] = Counter()
        self.rockets_launched = 0
        self.evolution = dict.fromkeys(("pollution", "time", "killing_spawners"), 0.0)
        self.spawn_position = (0.0, 0.0)
        self.charted: set[tuple[int, int]] = set()  # chunks, as (x, y)
        self.all_charted = False
        self.recipes_enabled = recipes_at_first()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "lua": None}

    # --- recipes --------------------------------------------------------------------------------------------

    def reset_recipes(self) -> None:
        """Exactly the recipes enabled from the start (`reset_effects` brings back those unlocked since)."""
        self.recipes_enabled = recipes_at_first()
        self._tell("unlock-recipe")

    def enable_all_recipes(self) -> None:
        """Every recipe, whatever has been researched."""
        self.recipes_enabled = set(load().recipe)
        self._tell("unlock-recipe")

    def enable_recipe(self, name: str, enabled: bool) -> None:
        """Let a recipe be used, or not, whatever has been researched."""
        (self.recipes_enabled.add if enabled else self.recipes_enabled.discard)(name)
        self._tell("unlock-recipe")

    # --- technologies ---------------------------------------------------------------------------------------

    def research_all(self, include_disabled: bool = False) -> None:
        """Research every technology; of one without end, the present level."""
        for tech in self.technologies.values():
            if not tech.researched and (include_disabled or tech.proto.enabled):
                self.finish(tech)

    def finish(self, tech: Technology, by_script: bool = True) -> None:
        """Complete a technology's present level and let its effects begin."""
        proto = tech.proto
        tech.progress = 0
        if tech.level >= proto.max_level:
            tech.researched = True
        else:
            tech.level += 1
        self._apply(tech, 1)
        self.research.finished(tech, by_script)

    def undo(self, tech: Technology) -> None:
        """Take back everything done of a technology, effects too."""
        times = tech.times_done
        tech.researched = False
        tech.level = tech.proto.level
        tech.progress = 0
        self._apply(tech, -times)
        self.research.set_queue(list(self.research.queue))  # without what needs it
        self.world.raise_event("on_research_reversed", {"research": tech, "by_script": True})

    def set_researched(self, name: str, researched: bool) -> None:
        """`LuaTechnology.researched = …`; of a technology without end, true completes the present level."""
        tech = self.technologies[name]
        if researched and not tech.researched:
            self.finish(tech)
        elif not researched and tech.times_done:
            self.undo(tech)

    def set_level(self, name: str, level: int) -> None:
        """`LuaTechnology.level = …`: as if researched up to the level before, if it has several levels."""
        tech = self.technologies[name]
        proto = tech.proto
        tech.enabled = True
        if proto.max_level > proto.level:
            before = tech.times_done
            tech.researched = False
            tech.level = min(max(level, proto.level), proto.max_level)
            self._apply(tech, tech.times_done - before)

    def _apply(self, tech: Technology, times: int) -> None:
        if not times:
            return
        for effect in tech.proto.effects:
            kind = effect["type"]
            if kind == "unlock-recipe":
                recipe = effect["recipe"]
                if times > 0:
                    self.recipes_enabled.add(recipe)
                elif not self._has_recipe(recipe):
                    self.recipes_enabled.discard(recipe)
                self._tell(kind)
            elif "modifier" in effect or "change" in effect:
                key = effect.get("ammo_category") or effect.get("turret_id") or effect.get("recipe")
                change = effect["modifier"] if "modifier" in effect else effect["change"]
                value = self.modifiers.get((kind, key), 0) + times * change
                # 0.1 + 0.2 - 0.1 - 0.2 is not 0; nothing the game adds up is finer than this.
                self.set_modifier(kind, key, round(value, 9))

    def set_modifier(self, kind: str, key: str | None, value: float) -> None:
        """Set one of `modifiers`, and tell those who have to recount."""
        self.modifiers[(kind, key)] = value
        self._tell(kind)

    def _tell(self, kind: str) -> None:
        for hearer in HEARS.get(kind, ()):
            for entity in list(self.world.surface.by_type.get(hearer, {}).values()):
                if entity.force is self:
                    entity.bonus_changed(kind)

    def _has_recipe(self, recipe: str) -> bool:
        unlocked = any(self.technologies[t].times_done for t in unlocked_by().get(recipe, ()))
        return unlocked or load().recipe[recipe].enabled

    def reset_effects(self) -> None:
        """Bonuses and recipes as the researched technologies make them, whatever scripts have changed."""
        set_before = list(self.modifiers)
        self.modifiers = {}
        self.reset_recipes()
        for tech in self.technologies.values():
            self._apply(tech, tech.times_done)
        for kind in {kind for kind, _ in set_before}:
            self._tell(kind)
        self.world.raise_event("on_technology_effects_reset", {"force": self})

    def reset_technologies(self) -> None:
        """Which technologies are enabled, as in the prototypes; what has been researched stays."""
        for tech in self.technologies.values():
            tech.enabled = tech.proto.enabled
            tech.visible_when_disabled = tech.proto.raw.get("visible_when_disabled", False)

    def enable_all_technologies(self) -> None:
        """Let every technology be researched."""
        for tech in self.technologies.values():
            tech.enabled = True

    def reset(self) -> None:
        """Technologies, recipes and bonuses as in a new game; no research. Statistics stay."""
        self.research.set_queue([])
        self.research.reset()
        for tech in self.technologies.values():
            tech.reset()
        self.hand_crafting_disabled = set()
        self.reset_effects()

    # --- research -------------------------------------------------------------------------------------------

    @property
    def current_research(self) -> Technology | None:
        """What labs work on: the first of the queue."""
        return self.research.current

    @property
    def research_progress(self) -> float:
        """The fraction of the current research that is done, 0 when there is none."""
        return self.research.progress

    def add_research(self, name: str) -> bool:
        """Put a technology at the end of the queue; whether that was possible."""
        return self.research.add(name)

    def crafted(self, item: str, count: Any) -> None:
        """Some of an item was crafted, which may be what a technology waits for."""
        self.triggered("craft-item", item, count)

    def mined(self, name: str) -> None:
        """A drill or a hand has mined an entity or some of a resource, which may be what a technology waits for."""
        if name in self.awaits_mining:
            self.triggered("mine-entity", name)

    def triggered(self, kind: str, name: str, count: float = 1) -> None:
        """Something happened that technologies may wait for: "craft-item", "mine-entity" …, and of what.

        It counts for those whose prerequisites are done; the last one completes the technology.
        """
        for tech_name in triggered_by().get((kind, name), ()):
            tech = self.technologies[tech_name]
            proto = tech.proto
            if tech.researched or not tech.enabled or proto.trigger is None:
                continue
            if all(self.technologies[p].researched for p in proto.prerequisites):
                tech.progress += int(count * UNIT)
                if tech.progress >= tech.total:
                    self.finish(tech, by_script=False)

    # --- other forces ---------------------------------------------------------------------------------------

    def is_enemy(self, other: Force) -> bool:
        """Whether its units and turrets attack the other's. The neutral force has no enemies."""
        if other is self or "neutral" in (self.name, other.name):
            return False
        return other.name not in self.friends and other.name not in self.cease_fire

    @property
    def evolution_factor(self) -> float:
        """How far the enemy has evolved, 0 to 1."""
        left = 1.0
        for part in self.evolution.values():
            left *= 1.0 - part
        return 1.0 - left

    def state(self) -> list[Any]:
        """Everything that decides its future, as plain data, for the state hash."""
        return [
            self.name, self.index, sorted(self.recipes_enabled),
            [t.state() for t in self.technologies.values()],
            sorted(([k, key or "", v] for (k, key), v in self.modifiers.items() if v)), self.research.state(),
            sorted(self.friends), sorted(self.cease_fire),
            self.friendly_fire, self.share_chart, self.ai_controllable, self.custom_color,
            sorted(self.hand_crafting_disabled), sorted(self.items_launched.items()), self.rockets_launched,
            sorted(self.evolution.items()), self.spawn_position, sorted(self.charted), self.all_charted,
            [self.items.state(), self.fluids.state(), self.kills.state()],
        ]  # fmt: skip
