"""`LuaForce`."""

from __future__ import annotations

from typing import Any

from runtime.engine.force import Force
from runtime.engine.lua import values
from runtime.engine.lua.custom_table import LuaCustomTable
from runtime.engine.lua.flow_statistics import LuaFlowStatistics
from runtime.engine.lua.prototype import color_table
from runtime.engine.lua.recipe import LuaRecipe
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read, lua_write
from runtime.engine.lua.technology import LuaTechnology, technology_name
from runtime.engine.lua.technology_prototype import LuaTechnologyPrototype
from runtime.engine.prototypes import load
from runtime.engine.systems.combat import alert
from runtime.engine.systems.damage import kill

# Whole numbers from 0 on, and those that may be anything, below 0 too.
COUNTS = (
    "belt_stack_size_bonus", "bulk_inserter_capacity_bonus", "character_build_distance_bonus",
    "character_inventory_slots_bonus", "character_item_drop_distance_bonus",
    "character_item_pickup_distance_bonus", "character_loot_pickup_distance_bonus",
    "character_reach_distance_bonus", "character_resource_reach_distance_bonus", "character_trash_slot_count",
    "deconstruction_time_to_live", "maximum_following_robot_count", "rockets_launched",
)  # fmt: skip
NUMBERS = (
    "artillery_range_modifier", "beacon_distribution_modifier", "character_health_bonus",
    "character_running_speed_modifier", "following_robots_lifetime_modifier", "inserter_stack_size_bonus",
    "laboratory_productivity_bonus", "laboratory_speed_modifier", "manual_crafting_speed_modifier",
    "manual_mining_speed_modifier", "mining_drill_productivity_bonus", "train_braking_force_bonus",
    "worker_robots_battery_modifier", "worker_robots_speed_modifier", "worker_robots_storage_bonus",
)  # fmt: skip
FLAGS = (
    "character_logistic_requests", "circuit_network_enabled", "cliff_deconstruction_enabled",
    "create_ghost_on_entity_death", "mining_with_fluid", "vehicle_logistics", "friendly_fire", "share_chart",
    "ai_controllable",
)  # fmt: skip
COLORS = {"player": (0.869, 0.5, 0.13), "enemy": (1.0, 0.25, 0.25), "neutral": (0.5, 0.5, 0.5)}


def _number(name: str) -> tuple[Any, Any]:
    def read(self: LuaForce) -> Any:
        return getattr(self.force, name)

    def write(self: LuaForce, value: Any) -> None:
        setattr(self.force, name, values.modifier(value, name))

    return lua_read(name)(read), lua_write(name)(write)


def _count(name: str) -> tuple[Any, Any]:
    def read(self: LuaForce) -> Any:
        return getattr(self.force, name)

    def write(self: LuaForce, value: Any) -> None:
        setattr(self.force, name, values.unsigned(value, name))

    return lua_read(name)(read), lua_write(name)(write)


def _flag(name: str) -> tuple[Any, Any]:
    def read(self: LuaForce) -> bool:
        return bool(getattr(self.force, name))

    def write(self: LuaForce, value: Any) -> None:
        setattr(self.force, name, bool(value))

    return lua_read(name)(read), lua_write(name)(write)


class LuaForce(LuaObject):
    """A force, `force` in Python. One object for each: `LuaForce.of(force)`."""

    object_name = "LuaForce"

    def __init__(self, force: Force) -> None:
        self.force = force

    @classmethod
    def of(cls, force: Force) -> LuaForce:
        """The one object for a force."""
        if force.lua is None:
            force.lua = cls(force)
        made: LuaForce = force.lua
        return made

    def __str__(self) -> str:
        return f"[LuaForce: {self.force.name}]"

    for _name in NUMBERS:
        vars()[_name], vars()[f"set_{_name}"] = _number(_name)
    for _name in COUNTS:
        vars()[_name], vars()[f"set_{_name}"] = _count(_name)
    for _name in FLAGS:
        vars()[_name], vars()[f"set_{_name}"] = _flag(_name)
    del _name

    def _surface(self, value: Any) -> None:
        """Check a `SurfaceIdentification`: there is one surface."""
        if value in (1, "nauvis") or getattr(value, "object_name", None) == "LuaSurface":
            return
        raise LuaError(f"Unknown surface: {value}")

    def _other(self, value: Any) -> Force:
        if isinstance(value, LuaForce):
            return value.force
        try:
            return self.force.world.force(value)
        except ValueError as error:
            raise LuaError(str(error)) from error

    @lua_read
    def name(self) -> str:
        """Its name."""
        return self.force.name

    @lua_read("index")
    def force_index(self) -> int:
        """Its number, from 1."""
        return self.force.index

    @lua_read
    def players(self) -> list[Any]:
        """Nobody: no player can join."""
        return []

    @lua_read
    def connected_players(self) -> list[Any]:
        """Nobody: no player can join."""
        return []

    @lua_read
    def custom_color(self) -> dict[str, float] | None:
        """The colour that a script gave it."""
        color = self.force.custom_color
        return dict(zip("rgba", color, strict=True)) if color is not None else None

    @lua_write("custom_color")
    def set_custom_color(self, value: Any) -> None:
        """Give it a colour, or take it back with nil."""
        if value is None:
            self.force.custom_color = None
            return
        given = values.table(value, "color")
        numbers = [given.get(c, given.get(i)) for i, c in enumerate("rgba", 1)]
        parts = color_table(
            {c: values.number(n, "color") for c, n in zip("rgba", numbers, strict=True) if n is not None}
        )
        self.force.custom_color = (parts["r"], parts["g"], parts["b"], parts["a"])

    @lua_read
    def color(self) -> dict[str, float]:
        """The colour in which it is shown."""
        custom = self.force.custom_color
        r, g, b = custom[:3] if custom is not None else COLORS.get(self.force.name, (1.0, 1.0, 1.0))
        return {"r": r, "g": g, "b": b, "a": 1}

    @lua_method("print")
    def print_message(self, message: Any, settings: Any = None) -> None:
        """Goes to the force's players, of whom there are none."""

    # --- recipes and technologies --------------------------------------------------------------------------

    @lua_read
    def recipes(self) -> LuaCustomTable:
        """Name -> recipe."""
        force = self.force
        return LuaCustomTable(lambda: LuaRecipe.all_of(force), lambda name: LuaRecipe.of(force, name))

    @lua_read
    def technologies(self) -> LuaCustomTable:
        """Name -> technology."""
        force = self.force
        return LuaCustomTable(lambda: LuaTechnology.all_of(force), lambda name: LuaTechnology.of(force, name))

    @lua_method
    def reset(self) -> None:
        """Technologies, recipes and bonuses as in a new game."""
        self.force.reset()

    @lua_method
    def reset_recipes(self) -> None:
        """Exactly the recipes that are enabled from the start."""
        self.force.reset_recipes()

    @lua_method
    def enable_all_recipes(self) -> None:
        """Every recipe."""
        self.force.enable_all_recipes()

    @lua_method
    def reset_technologies(self) -> None:
        """Which technologies are enabled, as in the prototypes."""
        self.force.reset_technologies()

    @lua_method
    def enable_all_technologies(self) -> None:
        """Let every technology be researched."""
        self.force.enable_all_technologies()

    @lua_method
    def research_all_technologies(self, include_disabled_prototypes: Any = False) -> None:
        """Complete every technology."""
        self.force.research_all(bool(include_disabled_prototypes))

    @lua_method
    def reset_technology_effects(self) -> None:
        """Bonuses and recipes as the researched technologies make them."""
        self.force.reset_effects()

    @lua_method
    def get_hand_crafting_disabled_for_recipe(self, recipe: Any) -> bool:
        """Whether a script forbade crafting it by hand."""
        return values.name_of(recipe, "recipe") in self.force.hand_crafting_disabled

    @lua_method
    def set_hand_crafting_disabled_for_recipe(self, recipe: Any, disabled: Any) -> None:
        """Forbid crafting it by hand, or not."""
        name = values.name_of(recipe, "recipe")
        if name not in load().recipe:
            raise LuaError(f"Unknown recipe name: {name}")
        forbidden = self.force.hand_crafting_disabled
        (forbidden.add if disabled else forbidden.discard)(name)

    # --- research ------------------------------------------------------------------------------------------

    @lua_read
    def research_enabled(self) -> bool:
        """Whether labs may work."""
        return self.force.research.enabled

    @lua_method
    def disable_research(self) -> None:
        """Stop labs; the queue is kept."""
        self.force.research.enabled = False

    @lua_method
    def enable_research(self) -> None:
        """Let labs work."""
        self.force.research.enabled = True

    @lua_read
    def current_research(self) -> LuaTechnology | None:
        """What labs work on."""
        tech = self.force.current_research
        return LuaTechnology.of(self.force, tech.name) if tech is not None else None

    @lua_read
    def previous_research(self) -> LuaTechnology | None:
        """What labs completed last."""
        name = self.force.research.previous
        return LuaTechnology.of(self.force, name) if name is not None else None

    @lua_write("previous_research")
    def set_previous_research(self, value: Any) -> None:
        """Say what was completed last, nil for nothing."""
        self.force.research.previous = None if value is None else technology_name(value)

    @lua_read
    def research_progress(self) -> float:
        """The fraction of the current research that is done."""
        return self.force.research_progress

    @lua_write("research_progress")
    def set_research_progress(self, value: Any) -> None:
        """Say how much of the current research is done, 0 to 1; 1 completes it."""
        self.force.research.progress = values.number(value, "research_progress")

    @lua_read
    def research_queue(self) -> list[LuaTechnologyPrototype]:
        """The current research, and what comes after it."""
        return [LuaTechnologyPrototype.all()[name] for name in self.force.research.queue]

    @lua_write("research_queue")
    def set_research_queue(self, value: Any) -> None:
        """Replace the queue; nil empties it."""
        rows = [] if value is None else values.table(value, "research_queue").values()
        self.force.research.set_queue([technology_name(row) for row in rows])

    @lua_method
    def add_research(self, technology: Any) -> bool:
        """Put a technology at the end of the queue; whether that was possible."""
        return self.force.research.add(technology_name(technology))

    @lua_method
    def cancel_current_research(self) -> None:
        """Stop the current research; its progress is kept."""
        self.force.research.cancel_current()

    @lua_method
    def script_trigger_research(self, technology: Any) -> None:
        """Complete a technology that scripts trigger."""
        self.force.triggered("scripted", technology_name(technology))

    # --- statistics ----------------------------------------------------------------------------------------

    @lua_query
    def get_item_production_statistics(self, surface: Any) -> LuaFlowStatistics:
        """Items made and used."""
        self._surface(surface)
        return LuaFlowStatistics(self.force.items, load().item, "item", self.force)

    @lua_query
    def get_fluid_production_statistics(self, surface: Any) -> LuaFlowStatistics:
        """Fluids made and used."""
        self._surface(surface)
        return LuaFlowStatistics(self.force.fluids, load().raw["fluid"], "fluid", self.force)

    @lua_query
    def get_kill_count_statistics(self, surface: Any) -> LuaFlowStatistics:
        """Entities that it killed, and that it lost."""
        self._surface(surface)
        return LuaFlowStatistics(self.force.kills, load().entity, "entity")

    @lua_query
    def get_entity_count(self, name: Any) -> int:
        """How many entities of a kind it has."""
        name = values.name_of(name, "entity")
        if name not in load().entity:
            raise LuaError(f"Unknown entity name: {name}")
        there = self.force.world.surface.by_name.get(name, {})
        return sum(1 for e in there.values() if e.force is self.force)

    @lua_read
    def items_launched(self) -> dict[str, int]:
        """Item -> how many were launched by rocket."""
        return dict(self.force.items_launched)

    @lua_method
    def get_item_launched(self, item: Any) -> int:
        """How many of an item were launched by rocket."""
        return self.force.items_launched[values.name_of(item, "item")]

    @lua_method
    def set_item_launched(self, item: Any, count: Any) -> None:
        """Say how many of an item were launched by rocket."""
        self.force.items_launched[values.item_stack({"name": item})[0]] = values.integer(count, "count")

    # --- fighting ------------------------------------------------------------------------------------------

    @lua_method
    def get_ammo_damage_modifier(self, ammo: Any) -> float:
        """What technologies add to the damage of a category of ammo."""
        return self.force.modifiers.get(("ammo-damage", self._category(ammo)), 0)

    @lua_method
    def set_ammo_damage_modifier(self, ammo: Any, modifier: Any) -> None:
        """Say what is added to the damage of a category of ammo."""
        self.force.set_modifier("ammo-damage", self._category(ammo), values.modifier(modifier, "modifier"))

    @lua_method
    def get_gun_speed_modifier(self, ammo: Any) -> float:
        """What technologies add to the speed of shooting with a category of ammo."""
        return self.force.modifiers.get(("gun-speed", self._category(ammo)), 0)

    @lua_method
    def set_gun_speed_modifier(self, ammo: Any, modifier: Any) -> None:
        """Say what is added to the speed of shooting with a category of ammo."""
        self.force.set_modifier("gun-speed", self._category(ammo), values.modifier(modifier, "modifier"))

    @lua_method
    def get_turret_attack_modifier(self, turret: Any) -> float:
        """What technologies add to the attack of a turret."""
        return self.force.modifiers.get(("turret-attack", self._turret(turret)), 0)

    @lua_method
    def set_turret_attack_modifier(self, turret: Any, modifier: Any) -> None:
        """Say what is added to the attack of a turret."""
        self.force.set_modifier("turret-attack", self._turret(turret), values.modifier(modifier, "modifier"))

    def _turret(self, turret: Any) -> str:
        name = values.name_of(turret, "turret")
        proto = load().entity.get(name)
        if proto is None or "turret" not in proto.type:
            raise LuaError(f"Unknown turret name: {name}")
        return name

    def _category(self, ammo: Any) -> str:
        name = values.text(ammo, "ammo category")
        if name not in load().raw["ammo-category"]:
            raise LuaError(f"Unknown ammo category: {name}")
        return name

    @lua_method
    def get_cease_fire(self, other: Any) -> bool:
        """Whether it doesn't attack another force."""
        other = self._other(other)
        return other is self.force or other.name in self.force.cease_fire

    @lua_method
    def set_cease_fire(self, other: Any, cease_fire: Any) -> None:
        """Let it attack another force, or not."""
        name = self._other(other).name
        (self.force.cease_fire.add if cease_fire else self.force.cease_fire.discard)(name)
        alert(self.force.world)

    @lua_method
    def get_friend(self, other: Any) -> bool:
        """Whether it takes another force for a friend."""
        other = self._other(other)
        return other is self.force or other.name in self.force.friends

    @lua_method
    def set_friend(self, other: Any, friend: Any) -> None:
        """Let it take another force for a friend, or not."""
        name = self._other(other).name
        (self.force.friends.add if friend else self.force.friends.discard)(name)
        alert(self.force.world)

    @lua_method
    def is_friend(self, other: Any) -> bool:
        """Whether another force is a friend, or itself."""
        return self.get_friend(other)

    @lua_method
    def is_enemy(self, other: Any) -> bool:
        """Whether it attacks another force."""
        return self.force.is_enemy(self._other(other))

    @lua_method
    def kill_all_units(self) -> None:
        """Kill its biters and spitters."""
        world = self.force.world
        for unit in list(world.surface.by_type.get("unit", {}).values()):
            if unit.force is self.force:
                kill(unit)

    @lua_method
    def get_evolution_factor(self, surface: Any = None) -> float:
        """How far it has evolved, 0 to 1."""
        return self.force.evolution_factor

    @lua_method
    def reset_evolution(self) -> None:
        """As in a new game."""
        self.force.evolution = dict.fromkeys(self.force.evolution, 0.0)

    @lua_method
    def set_evolution_factor(self, factor: Any, surface: Any = None) -> None:
        """Say how far it has evolved; the parts are forgotten."""
        self.reset_evolution()
        self._evolve("time", factor)

    @lua_method
    def get_evolution_factor_by_pollution(self, surface: Any = None) -> float:
        """The part that comes of pollution."""
        return self.force.evolution["pollution"]

    @lua_method
    def set_evolution_factor_by_pollution(self, factor: Any, surface: Any = None) -> None:
        """Say the part that comes of pollution."""
        self._evolve("pollution", factor)

    @lua_method
    def get_evolution_factor_by_time(self, surface: Any = None) -> float:
        """The part that comes of time."""
        return self.force.evolution["time"]

    @lua_method
    def set_evolution_factor_by_time(self, factor: Any, surface: Any = None) -> None:
        """Say the part that comes of time."""
        self._evolve("time", factor)

    @lua_method
    def get_evolution_factor_by_killing_spawners(self, surface: Any = None) -> float:
        """The part that comes of killed spawners."""
        return self.force.evolution["killing_spawners"]

    @lua_method
    def set_evolution_factor_by_killing_spawners(self, factor: Any, surface: Any = None) -> None:
        """Say the part that comes of killed spawners."""
        self._evolve("killing_spawners", factor)

    def _evolve(self, part: str, factor: Any) -> None:
        self.force.evolution[part] = min(max(values.number(factor, "factor"), 0.0), 1.0)

    # --- the map -------------------------------------------------------------------------------------------

    @lua_method
    def get_spawn_position(self, surface: Any) -> dict[str, float]:
        """Where its players appear."""
        self._surface(surface)
        return values.point(*self.force.spawn_position)

    @lua_method
    def set_spawn_position(self, position: Any, surface: Any) -> None:
        """Say where its players appear."""
        self._surface(surface)
        self.force.spawn_position = values.position(position)

    @lua_method
    def chart(self, surface: Any, area: Any) -> None:
        """Let it see the chunks that an area touches on its map."""
        self._surface(surface)
        left, top, right, bottom = values.area(area)
        columns = range(int(left // 32), int(right // 32) + 1)
        rows = range(int(top // 32), int(bottom // 32) + 1)
        if len(columns) * len(rows) > 100_000:
            raise LuaError(f"Invalid area: it touches {len(columns) * len(rows)} chunks, more than 100000.")
        self.force.charted.update((x, y) for y in rows for x in columns)

    @lua_method
    def chart_all(self, surface: Any = None) -> None:
        """Let it see the whole map."""
        self.force.all_charted = True

    @lua_method
    def clear_chart(self, surface: Any = None) -> None:
        """Forget its map."""
        self.force.all_charted = False
        self.force.charted = set()

    @lua_method
    def rechart(self, surface: Any = None) -> None:
        """Its map is never out of date."""

    @lua_method
    def is_chunk_charted(self, surface: Any, chunk_position: Any) -> bool:
        """Whether a chunk is on its map."""
        self._surface(surface)
        x, y = values.position(chunk_position, "chunk position")
        return self.force.all_charted or (int(x), int(y)) in self.force.charted

    @lua_method
    def is_pathfinder_busy(self) -> bool:
        """Never: every request is answered after a fixed number of ticks."""
        return False
