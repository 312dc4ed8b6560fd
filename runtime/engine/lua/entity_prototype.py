"""`LuaEntityPrototype`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

from runtime.engine.lua.energy_source_prototype import KINDS, LuaEnergySourcePrototype, drain
from runtime.engine.lua.fluid_box_prototype import LuaFluidBoxPrototype
from runtime.engine.lua.item_prototype import LuaItemPrototype, resistance_tables
from runtime.engine.lua.prototype import (
    LuaPrototypeBase,
    box_table,
    color_table,
    converted,
    field,
    product_table,
    set_of,
)  # fmt: skip
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read
from runtime.engine.prototypes import EntityPrototype, Raw, joules, load, products
from runtime.engine.systems.pipes import prototype_boxes

CRAFTERS = ("assembling-machine", "furnace", "rocket-silo")

CONTAINERS = ("container", "logistic-container", "infinity-container", "temporary-container")

WITHOUT_OWNER = ("tree", "simple-entity", "fish", "cliff")
# defines.inventory's numbers, which mean different things for different types.
FIRST, SOURCE, RESULT, MODULES, BURNT = 1, 2, 3, 4, 6


def vector(raw: Any) -> dict[str, float]:
    """A `Vector` or position as a table."""
    return {"x": raw[0], "y": raw[1]}


def entity_of(name: str) -> LuaObject | None:
    """The entity prototype of a name."""
    return LuaEntityPrototype.of(name)


@cache
def items_that_place() -> dict[str, list[LuaItemPrototype]]:
    """Entity -> the items that place it, in the game's order."""
    out: dict[str, list[LuaItemPrototype]] = {}
    for item in LuaItemPrototype.all().values():
        for key in ("place_result", "plant_result"):
            if item.raw.get(key):
                out.setdefault(item.raw[key], []).append(item)
    return out


class LuaEntityPrototype(LuaPrototypeBase):
    """A kind of entity. Lengths in tiles, energies in joules, powers in joules per tick."""

    object_name = "LuaEntityPrototype"
    prefix = "entity"

    @classmethod
    def source(cls) -> Iterable[Raw]:
        """Every entity."""
        return [e.raw for e in load().entity.values()]

    @cached_property
    def proto(self) -> EntityPrototype:
        """The engine's view of it."""
        return load().entity[self.raw["name"]]

    def place_in_menu(self) -> tuple[str, str]:
        """Its own, or that of the item that places it."""
        items = items_that_place().get(self.raw["name"])
        subgroup, order = items[0].place_in_menu() if items else super().place_in_menu()
        return (self.raw.get("subgroup", subgroup), self.raw.get("order", order))

    # --- what the data stage says as it is -----------------------------------------------------------------

    fast_replaceable_group = field("fast_replaceable_group")
    healing_per_tick = field("healing_per_tick", 0)
    selectable_in_game = field("selectable_in_game", True)
    selection_priority = field("selection_priority", 50)
    allow_copy_paste = field("allow_copy_paste", True)
    build_base_evolution_requirement = field("build_base_evolution_requirement", 0)
    drawing_box_vertical_extension = field("drawing_box_vertical_extension", 0)
    time_to_live = field("time_to_live", 0)
    weight = field("weight")
    create_ghost_on_death = field("create_ghost_on_death", True)
    protected_from_tile_building = field("protected_from_tile_building", True)
    is_military_target = field("is_military_target")
    remove_decoratives = field("remove_decoratives", "automatic")
    map_color = converted("map_color", color_table)
    color = converted("color", color_table)
    resistances = converted("resistances", resistance_tables)
    sticker_box = converted("sticker_box", lambda b: box_table((*b[0], *b[1])))
    next_upgrade = converted("next_upgrade", entity_of)
    related_underground_belt = converted("related_underground_belt", entity_of)
    character_corpse = converted("character_corpse", entity_of)
    rocket_entity_prototype = converted("rocket_entity_prototype", entity_of, key="rocket_entity")
    # Resources and trees.
    infinite_resource = field("infinite_resource", False, key="infinite", only=("resource",))
    minimum_resource_amount = field("minimum_resource_amount", 0, key="minimum", only=("resource",))
    normal_resource_amount = field("normal_resource_amount", 1, key="normal", only=("resource",))
    infinite_depletion_resource_amount = field(
        "infinite_depletion_resource_amount", 1, key="infinite_depletion_amount", only=("resource",)
    )
    # Machines.
    fixed_recipe = field("fixed_recipe")
    rocket_parts_required = field("rocket_parts_required")
    ingredient_count = field("ingredient_count", 65535, only=CRAFTERS)
    max_item_product_count = field("max_item_product_count", 65535, only=CRAFTERS)
    module_inventory_size = field("module_inventory_size", key="module_slots")
    allowed_effects = converted("allowed_effects", set_of)
    effect_receiver = field("effect_receiver")
    lab_inputs = field("lab_inputs", key="inputs")
    science_pack_drain_rate_percent = field("science_pack_drain_rate_percent", 100, only=("lab",))
    distribution_effectivity = field("distribution_effectivity")
    target_temperature = field("target_temperature")
    boiler_mode = field("boiler_mode", "heat-fluid-inside", key="mode", only=("boiler",))
    fluid_usage_per_tick = field("fluid_usage_per_tick")
    maximum_temperature = field("maximum_temperature")
    effectivity = field("effectivity")
    burns_fluid = field("burns_fluid", False, only=("generator",))
    scale_fluid_usage = field("scale_fluid_usage", False, only=("generator",))
    pumping_speed = field("pumping_speed")
    fluid_source_offset = converted("fluid_source_offset", vector)
    neighbour_bonus = field("neighbour_bonus", 1, only=("reactor",))
    vector_to_place_result = converted("vector_to_place_result", vector)
    resource_drain_rate_percent = field("resource_drain_rate_percent", 100, only=("mining-drill",))
    mining_drill_radius = field("mining_drill_radius", key="resource_searching_radius")
    mining_speed = field("mining_speed")
    active_energy_usage = converted("active_energy_usage", joules)
    lamp_energy_usage = converted("lamp_energy_usage", joules)
    # Belts, inserters and chests.
    belt_speed = field("belt_speed", key="speed")
    bulk = field("bulk", False, only=("inserter",))
    allow_custom_vectors = field("allow_custom_vectors", False, only=("inserter",))
    allow_burner_leech = field("allow_burner_leech", False, only=("inserter",))
    inserter_pickup_position = converted("inserter_pickup_position", vector, key="pickup_position")
    inserter_drop_position = converted("inserter_drop_position", vector, key="insert_position")
    inserter_chases_belt_items = field(
        "inserter_chases_belt_items", True, key="chases_belt_items", only=("inserter",)
    )
    inserter_stack_size_bonus = field(
        "inserter_stack_size_bonus", 0, key="stack_size_bonus", only=("inserter",)
    )
    inserter_max_belt_stack_size = field(
        "inserter_max_belt_stack_size", 1, key="max_belt_stack_size", only=("inserter",)
    )
    uses_inserter_stack_size_bonus = field("uses_inserter_stack_size_bonus", True, only=("inserter",))
    filter_count = field("filter_count")
    logistic_mode = field("logistic_mode")
    inventory_type = field("inventory_type", "with_bar", only=CONTAINERS)
    # Characters, robots, units and fighting.
    running_speed = field("running_speed")
    build_distance = field("build_distance", 10, only=("character",))
    drop_item_distance = field("drop_item_distance")
    reach_distance = field("reach_distance")
    reach_resource_distance = field("reach_resource_distance")
    item_pickup_distance = field("item_pickup_distance")
    loot_pickup_distance = field("loot_pickup_distance")
    enter_vehicle_distance = field("enter_vehicle_distance", 3, only=("character",))
    ticks_to_keep_gun = field("ticks_to_keep_gun")
    ticks_to_keep_aiming_direction = field("ticks_to_keep_aiming_direction")
    ticks_to_stay_in_combat = field("ticks_to_stay_in_combat")
    respawn_time = field("respawn_time", 10, only=("character",))
    logistic_radius = field("logistic_radius")
    construction_radius = field("construction_radius")
    max_payload_size = field("max_payload_size")
    vision_distance = field("vision_distance")
    attack_parameters = field("attack_parameters")
    automated_ammo_count = field("automated_ammo_count")

    # --- shape ---------------------------------------------------------------------------------------------

    @lua_read
    def collision_box(self) -> dict[str, Any]:
        """Facing north, around its position."""
        return box_table(self.proto.collision_box)

    @lua_read
    def selection_box(self) -> dict[str, Any]:
        """Facing north, around its position."""
        return box_table(self.proto.selection_box)

    @lua_read
    def map_generator_bounding_box(self) -> dict[str, Any]:
        """What the map's generator keeps free for it."""
        raw = self.raw.get("map_generator_bounding_box")
        return box_table((*raw[0], *raw[1]) if raw else self.proto.collision_box)

    @lua_read
    def tile_width(self) -> int:
        """Tiles from west to east, facing north."""
        return self.proto.tile_width

    @lua_read
    def tile_height(self) -> int:
        """Tiles from north to south, facing north."""
        return self.proto.tile_height

    @lua_read
    def collision_mask(self) -> dict[str, Any]:
        """Layers, and the three flags where they are set."""
        proto = self.proto
        out: dict[str, Any] = {"layers": set_of(sorted(proto.collision_layers))}
        if not proto.collides_with_itself:
            out["not_colliding_with_itself"] = True
        if proto.collides_with_tiles_only:
            out["colliding_with_tiles_only"] = True
        return out

    @lua_read
    def collision_mask_collides_with_self(self) -> bool:
        """Whether two of it collide."""
        return self.proto.collides_with_itself

    @lua_read
    def collision_mask_collides_with_tiles_only(self) -> bool:
        """Whether it collides with no entity."""
        return self.proto.collides_with_tiles_only

    @lua_read
    def radius(self) -> float:
        """Half of the longer side of the collision box."""
        left, top, right, bottom = self.proto.collision_box
        return max(right - left, bottom - top) / 2

    # --- its life ------------------------------------------------------------------------------------------

    @lua_read
    def flags(self) -> dict[str, bool]:
        """Flag -> true."""
        return set_of(sorted(self.proto.flags))

    @lua_read
    def is_building(self) -> bool:
        """Whether the game counts it as a building."""
        return self.proto.is_building

    @lua_read
    def is_entity_with_owner(self) -> bool:
        """Whether it belongs to a force that may be attacked."""
        return self.proto.max_health > 0 and self.raw["type"] not in (
            "tree",
            "simple-entity",
            "fish",
            "cliff",
        )

    @lua_read
    def mineable_properties(self) -> dict[str, Any]:
        """Whether, how long and for what it is mined."""
        minable = self.proto.minable
        if minable is None:
            return {"minable": False, "mining_time": 0}
        out: dict[str, Any] = {"minable": True, "mining_time": self.proto.mining_time}
        out["products"] = [product_table(p.raw) for p in products(minable)]
        if "required_fluid" in minable:
            out["required_fluid"] = minable["required_fluid"]
            out["fluid_amount"] = minable["fluid_amount"]
        return out

    @lua_read
    def items_to_place_this(self) -> list[dict[str, Any]] | None:
        """The items that place it, nil when there are none."""
        items = items_that_place().get(self.raw["name"])
        return [{"name": i.raw["name"], "count": 1} for i in items] if items else None

    @lua_read
    def corpses(self) -> dict[str, Any] | None:
        """What it leaves when it dies."""
        raw = self.raw.get("corpse")
        names = [raw] if isinstance(raw, str) else raw
        return {n: self.of(n) for n in names} if names else None

    @lua_read
    def remains_when_mined(self) -> list[Any]:
        """What it leaves when it is mined."""
        raw = self.raw.get("remains_when_mined") or []
        return [self.of(n) for n in ([raw] if isinstance(raw, str) else raw)]

    @lua_read
    def emissions_per_second(self) -> dict[str, float]:
        """Pollutant -> units; below 0 what it takes in."""
        if "emissions_per_second" in self.raw:
            return dict(self.raw["emissions_per_second"])
        source = self.proto.energy_source or {}
        return {k: v / 60 for k, v in (source.get("emissions_per_minute") or {}).items()}

    # --- kinds ---------------------------------------------------------------------------------------------

    @lua_read
    def resource_category(self) -> str | None:
        """Of a resource: what may mine it."""
        return self.raw.get("category", "basic-solid") if self.raw["type"] == "resource" else None

    @lua_read
    def resource_categories(self) -> dict[str, bool] | None:
        """Of a drill or character: what it mines."""
        found = self.raw.get("resource_categories") or self.raw.get("mining_categories")
        return set_of(found) if found is not None else None

    @lua_read
    def crafting_categories(self) -> dict[str, bool] | None:
        """Of a machine or character: what it crafts."""
        found = self.raw.get("crafting_categories")
        return set_of(found) if found is not None else None

    @lua_read
    def tree_color_count(self) -> int | None:
        """Of a tree: how many colours it comes in."""
        return len(self.raw.get("colors") or ()) if self.raw["type"] == "tree" else None

    @lua_read
    def max_underground_distance(self) -> int | None:
        """Of an underground belt or pipe: tiles between its two ends, the far end included."""
        if self.raw["type"] == "underground-belt":
            return int(self.raw["max_distance"])
        for box in prototype_boxes(self.proto) if self.raw["type"] == "pipe-to-ground" else ():
            for connection in box["pipe_connections"]:
                if "max_underground_distance" in connection:
                    return int(connection["max_underground_distance"])
        return None

    @lua_read
    def speed(self) -> float | None:
        """Of a robot or unit: tiles per tick."""
        return self.raw.get("movement_speed", self.raw.get("speed"))

    @lua_read
    def guns(self) -> dict[str, Any] | None:
        """Of a vehicle: its guns."""
        raw = self.raw.get("guns")
        return {n: LuaItemPrototype.of(n) for n in raw} if raw else None

    # --- energy and fluids --------------------------------------------------------------------------------

    @cached_property
    def energy_source(self) -> LuaEnergySourcePrototype | None:
        """The one object for its energy source."""
        source = self.proto.energy_source
        return KINDS[source["type"]](self.proto) if source else None

    def _source(self, kind: str) -> LuaObject | None:
        source = self.proto.energy_source
        return self.energy_source if source and source["type"] == kind else None

    @lua_read
    def burner_prototype(self) -> LuaObject | None:
        """Nil unless it burns items."""
        return self._source("burner")

    @lua_read
    def electric_energy_source_prototype(self) -> LuaObject | None:
        """Nil unless it is part of an electric network."""
        return self._source("electric")

    @lua_read
    def heat_energy_source_prototype(self) -> LuaObject | None:
        """Nil unless it runs on heat."""
        return self._source("heat")

    @lua_read
    def void_energy_source_prototype(self) -> LuaObject | None:
        """Nil unless it needs nothing."""
        return self._source("void")

    @lua_read
    def fluid_energy_source_prototype(self) -> LuaObject | None:
        """Nil: no entity of the base game runs on a fluid."""
        return self._source("fluid")

    @lua_read
    def energy_usage(self) -> float | None:
        """What it uses while working, without drain."""
        return self.proto.energy_usage if "energy_usage" in self.raw else None

    @lua_read
    def fluidbox_prototypes(self) -> list[LuaFluidBoxPrototype]:
        """Its fluid boxes."""
        return [
            LuaFluidBoxPrototype(self.proto, i, raw) for i, raw in enumerate(prototype_boxes(self.proto), 1)
        ]

    @lua_read
    def fluid_capacity(self) -> float:
        """How much fluid all its boxes hold."""
        return float(sum(b.get("volume", 100) for b in prototype_boxes(self.proto)))

    @lua_method
    def get_max_energy_usage(self, quality: Any = None) -> float:
        """What it uses at most, with drain."""
        consumption = self.raw.get("energy_consumption", self.raw.get("consumption"))
        return joules(consumption) if consumption else self.proto.energy_usage + drain(self.proto)

    @lua_method
    def get_max_energy_production(self, quality: Any = None) -> float:
        """What it gives to an electric network at most."""
        if "production" in self.raw:
            return joules(self.raw["production"])
        return self.get_max_power_output() or 0.0

    @lua_method
    def get_max_power_output(self, quality: Any = None) -> float | None:
        """Of a generator: what it makes of its hottest fluid."""
        raw = self.raw
        if "max_power_output" in raw:
            return joules(raw["max_power_output"])
        if raw["type"] != "generator":
            return None
        fluid = load().raw["fluid"][raw["fluid_box"]["filter"]]
        heat = joules(fluid["heat_capacity"]) * (raw["maximum_temperature"] - fluid["default_temperature"])
        return float(heat * raw["fluid_usage_per_tick"] * raw.get("effectivity", 1))

    # --- methods -------------------------------------------------------------------------------------------

    def _needs(self, member: str, value: Any) -> Any:
        if value is None:
            raise LuaError(f"{self.raw['name']} ({self.raw['type']}) has no {member}.")
        return value

    @lua_method
    def has_flag(self, flag: str) -> bool:
        """Whether the data stage gave it a flag."""
        return flag in self.proto.flags

    @lua_method
    def get_max_health(self, quality: Any = None) -> float:
        """Health when whole."""
        return self.proto.max_health

    @lua_method
    def get_crafting_speed(self, quality: Any = None) -> float:
        """Of a machine or character: seconds of a recipe done in a second."""
        speed: Any = 1 if self.raw["type"] == "character" else self.raw.get("crafting_speed")
        return float(self._needs("crafting speed", speed))

    @lua_method
    def get_supply_area_distance(self, quality: Any = None) -> float:
        """Of a pole or beacon: tiles from its middle (pole) or edge (beacon) that it supplies."""
        return float(self._needs("supply area", self.raw.get("supply_area_distance")))

    @lua_method
    def get_max_wire_distance(self, quality: Any = None) -> float:
        """Tiles that a copper wire from it spans."""
        return float(self.raw.get("maximum_wire_distance", 0))

    @lua_method
    def get_max_circuit_wire_distance(self, quality: Any = None) -> float:
        """Tiles that a circuit wire from it spans."""
        return float(self.raw.get("circuit_wire_max_distance") or self.raw.get("maximum_wire_distance") or 0)

    @lua_method
    def get_inserter_rotation_speed(self, quality: Any = None) -> float | None:
        """Of an inserter: turns per tick."""
        return self.raw.get("rotation_speed") if self.raw["type"] == "inserter" else None

    @lua_method
    def get_inserter_extension_speed(self, quality: Any = None) -> float | None:
        """Of an inserter: tiles per tick."""
        return self.raw.get("extension_speed") if self.raw["type"] == "inserter" else None

    @lua_method
    def get_researching_speed(self, quality: Any = None) -> float | None:
        """Of a lab."""
        return self.raw.get("researching_speed")

    @lua_method
    def get_mining_drill_radius(self, quality: Any = None) -> float | None:
        """Of a drill: tiles from its middle that it mines."""
        return self.raw.get("resource_searching_radius")

    @lua_method
    def get_fluid_usage_per_tick(self, quality: Any = None) -> float | None:
        """Of a generator."""
        return self.raw.get("fluid_usage_per_tick")

    @lua_method
    def get_fluid_capacity(self, quality: Any = None) -> float:
        """How much fluid all its boxes hold."""
        return float(sum(b.get("volume", 100) for b in prototype_boxes(self.proto)))

    @lua_method
    def get_pumping_speed(self, quality: Any = None) -> float:
        """Of a pump: fluid per tick."""
        return float(self._needs("pumping speed", self.raw.get("pumping_speed")))

    @lua_method
    def get_inventory_size(self, index: int, quality: Any = None) -> int | None:
        """Slots of one of its inventories, nil when it has none of that number."""
        raw, kind = self.raw, self.raw["type"]
        burner = self.proto.burner
        if burner is not None and index == FIRST:
            return int(burner["fuel_inventory_size"])
        if burner is not None and index == BURNT:
            return int(burner.get("burnt_inventory_size", 0)) or None
        if kind in (*CONTAINERS, "character", "cargo-wagon", "linked-container") and index == FIRST:
            return int(raw["inventory_size"])
        if kind == "furnace" and index in (SOURCE, RESULT):
            return int(raw["source_inventory_size" if index == SOURCE else "result_inventory_size"])
        if kind == "lab" and index == SOURCE:
            return len(raw["inputs"])
        modules = {"lab": RESULT, "mining-drill": SOURCE, "beacon": FIRST}.get(kind, MODULES)
        return raw.get("module_slots") if index == modules else None
