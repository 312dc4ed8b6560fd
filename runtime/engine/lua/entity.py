"""`LuaEntity`, with what it has from `LuaControl`."""

from __future__ import annotations

import math
from typing import Any

from runtime.engine.defines import entity_status
from runtime.engine.entity import Entity
from runtime.engine.force import FlowStatistics
from runtime.engine.inventory import Inventory
from runtime.engine.lua import values
from runtime.engine.lua.burner import LuaBurner
from runtime.engine.lua.control import ControlMembers
from runtime.engine.lua.entity_prototype import LuaEntityPrototype
from runtime.engine.lua.flow_statistics import LuaFlowStatistics
from runtime.engine.lua.fluid_box import LuaFluidBox, values_of_fluid
from runtime.engine.lua.force import LuaForce
from runtime.engine.lua.ghost import GhostMembers, ghost_recipe
from runtime.engine.lua.inventory import LuaInventory
from runtime.engine.lua.item_stack import LuaItemStack
from runtime.engine.lua.recipe import LuaRecipe
from runtime.engine.lua.sandbox import LuaError, lua_method, lua_query, lua_read, lua_write
from runtime.engine.lua.silo import SiloMembers
from runtime.engine.lua.transport_line import LuaTransportLine
from runtime.engine.placing import snapped
from runtime.engine.prototypes import load
from runtime.engine.systems.beacons import Beacon
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.character import MAIN, Character, mine
from runtime.engine.systems.combat import alert
from runtime.engine.systems.crafting import AssemblingMachine, CraftingMachine, Furnace
from runtime.engine.systems.damage import hurt, kill
from runtime.engine.systems.effects import WHOLE, Receiver
from runtime.engine.systems.electricity import (
    UNITS,
    Accumulator,
    ElectricPole,
    EnergyInterface,
    Network,
    SolarPanel,
    daylight,
)
from runtime.engine.systems.fluids import boxes_of, contents, insert_fluid, remove_fluid
from runtime.engine.systems.gates import CLOSED, CLOSING, OPEN, OPENING, Gate, Wall
from runtime.engine.systems.gates import neighbours as joined
from runtime.engine.systems.ghosts import EntityGhost, Planned
from runtime.engine.systems.ground import ItemOnGround, receiver
from runtime.engine.systems.heat import Heat, Reactor
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.labs import Lab
from runtime.engine.systems.mining import MiningDrill, Resource
from runtime.engine.systems.nature import Cliff, Nature
from runtime.engine.systems.splitters import NAMES, SIDES, Splitter, SplitterHalf
from runtime.engine.systems.steam import Generator
from runtime.engine.systems.turrets import ElectricTurret, Turret
from runtime.engine.systems.undergrounds import UndergroundBelt

# Belts can't be teleported in the game either; drills and labs would have to be taken out of their work.
STAY_PUT = (TransportBelt, Splitter, Resource, MiningDrill, Lab, Planned)


def lua_entity(entity: Entity | None) -> LuaEntity | None:
    """The one object that stands for an entity in Lua."""
    if entity is None:
        return None
    if isinstance(entity, SplitterHalf):
        entity = entity.whole
    if entity.lua is None:
        entity.lua = LuaEntity(entity)
    made: LuaEntity = entity.lua
    return made


class LuaEntity(GhostMembers, ControlMembers, SiloMembers):
    """An entity. A member that its kind doesn't have raises, or is nil where the game says so."""

    __slots__ = ("_lines", "entity")
    object_name = "LuaEntity"

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._lines: dict[int, LuaTransportLine] = {}

    @property
    def valid(self) -> bool:
        return self.entity.valid

    def __str__(self) -> str:
        e = self.entity
        return f"[LuaEntity: {e.name} at ({e.x:g}, {e.y:g})]" if e.valid else "[LuaEntity: invalid]"

    def facts(self) -> tuple[str, str, float | None, float | None, int | None] | None:
        e = self.entity
        if not e.valid:
            return None
        x, y = (None, None) if e.moves else (e.x, e.y)
        return e.name, e.type, x, y, e.unit_number or None

    def kind_facts(self) -> dict[str, Any]:
        e = self.entity
        facts: dict[str, Any] = {"prototype": self.prototype(), "surface": self.surface(), "grid": None}
        if e.proto.burner is None:
            facts["burner"] = None
        if not hasattr(e, "power") and not hasattr(e, "network"):
            facts["electric_network_id"] = None
        if type(e).inventories is Entity.inventories:
            facts["inventories"] = False
        return facts

    @property
    def sort_key(self) -> Any:
        return f"entity {self.entity.unit_number:012} {self.entity.order:030}"

    def _need(self, kind: type[Any] | tuple[type[Any], ...], member: str, what: str) -> Any:
        if not isinstance(self.entity, kind):
            raise LuaError(
                f"LuaEntity::{member} can only be used on {what}; {self.entity.name} is of type {self.entity.type}."
            )
        return self.entity

    # --- what and where ----------------------------------------------------------------------------------------

    @lua_read
    def name(self) -> str:
        return self.entity.name

    @lua_read
    def type(self) -> str:
        return self.entity.type

    @lua_read
    def localised_name(self) -> list[str]:
        return [f"entity-name.{self.entity.name}"]

    @lua_read
    def unit_number(self) -> Any:
        return self.entity.unit_number or None

    @lua_read
    def prototype(self) -> Any:
        return LuaEntityPrototype.of(self.entity.name)

    @lua_read
    def position(self) -> dict[str, float]:
        return {"x": self.entity.x, "y": self.entity.y}

    @lua_read
    def bounding_box(self) -> Any:
        e = self.entity
        return values.box((e.left, e.top, e.right, e.bottom))

    @lua_read
    def selection_box(self) -> Any:
        e = self.entity
        left, top, right, bottom = e.proto.selection_box
        return values.box((e.x + left, e.y + top, e.x + right, e.y + bottom))

    @lua_read
    def tile_width(self) -> int:
        return self.entity.proto.tile_width

    @lua_read
    def tile_height(self) -> int:
        return self.entity.proto.tile_height

    @lua_read
    def surface(self) -> Any:
        from runtime.engine.lua.surface import LuaSurface

        return LuaSurface.of(self.entity.world)

    @lua_read
    def surface_index(self) -> int:
        return 1

    @lua_read
    def force(self) -> LuaForce:
        return LuaForce.of(self.entity.force)

    @lua_write("force")
    def set_force(self, value: Any) -> None:
        self.entity.force = force_of(self.entity.world, value)
        alert(self.entity.world)

    @lua_read
    def force_index(self) -> int:
        return self.entity.force.index

    @lua_read
    def direction(self) -> int:
        return self.entity.direction

    @lua_write("direction")
    def set_direction(self, value: Any) -> None:
        direction = direction_of(value)
        if self.supports_direction():
            self.entity.rotate_to(direction)
        elif isinstance(self.entity, Character):
            self.entity.direction = direction

    @lua_read
    def orientation(self) -> float:
        return self.entity.direction / 16

    @lua_read
    def mirroring(self) -> bool:
        tank = getattr(self.entity, "tank", None)
        return tank is not None and tank.mirrored

    @lua_write("mirroring")
    def set_mirroring(self, value: Any) -> None:
        tank = getattr(self.entity, "tank", None)
        if tank is not None:
            tank.mirror(bool(value))

    @lua_read
    def quality(self) -> dict[str, Any]:
        return {"name": "normal", "level": 0}

    @lua_read
    def supports_direction(self) -> bool:
        return self.entity.can_face(self.entity.proto)

    @lua_read
    def rotatable(self) -> bool:
        return self.supports_direction()

    @lua_method
    def rotate(self, params: Any = None) -> bool:
        if not self.supports_direction():
            return False
        reverse = bool(values.table(params).get("reverse")) if params is not None else False
        before = self.entity.direction
        about = isinstance(self.entity, (Splitter, UndergroundBelt))  # it only turns about
        self.entity.rotate_to((before + (8 if about else 12 if reverse else 4)) % 16)
        return self.entity.direction != before

    @lua_method
    def teleport(
        self,
        position: Any,
        surface: Any = None,
        raise_teleported: Any = None,
        snap_to_grid: Any = True,
        *rest: Any,
    ) -> bool:
        entity = self.entity
        x, y = (
            values.position(position)
            if not isinstance(position, (int, float))
            else (position, values.number(surface))
        )
        if isinstance(entity, Character):
            entity.world.surface.moved(entity, x, y)
            return True
        if snap_to_grid is not False:
            x, y = snapped(entity.proto, x, y, entity.direction)
        if isinstance(entity, STAY_PUT):
            return False
        if (x, y) != (entity.x, entity.y):
            entity.world.move(entity, x, y)
        return True

    # --- life --------------------------------------------------------------------------------------------------

    @lua_read
    def active(self) -> bool:
        return self.entity.active

    @lua_write("active")
    def set_active(self, value: Any) -> None:
        self.entity.active = bool(value)
        self.entity.wake(self.entity.world.tick + 1)

    @lua_read
    def destructible(self) -> bool:
        return self.entity.destructible

    @lua_write("destructible")
    def set_destructible(self, value: Any) -> None:
        self.entity.destructible = bool(value)

    @lua_read
    def minable(self) -> bool:
        return self.entity.minable

    @lua_write("minable")
    def set_minable(self, value: Any) -> None:
        self.entity.minable = bool(value)

    @lua_read
    def operable(self) -> bool:
        return True

    @lua_read
    def health(self) -> Any:
        return self.entity.health if self.entity.proto.max_health else None

    @lua_write("health")
    def set_health(self, value: Any) -> None:
        limit = self.max_health()
        self.entity.health = max(0.0, min(limit, values.number(value, "health")))

    @lua_read
    def max_health(self) -> float:
        return self.entity.max_health if isinstance(self.entity, Character) else self.entity.proto.max_health

    @lua_query
    def get_health_ratio(self) -> Any:
        limit = self.max_health()
        return self.entity.health / limit if limit else None

    @lua_method
    def damage(
        self, damage: Any, force: Any, kind: Any = None, source: Any = None, cause: Any = None, *rest: Any
    ) -> float:
        entity = self.entity
        if not entity.proto.max_health:
            raise LuaError(f"{entity.name} has no health.")
        name = "impact" if kind is None else values.name_of(kind, "damage type")
        if name not in load().raw["damage-type"]:
            raise LuaError(f"Unknown damage type: {name}")
        by = cause if isinstance(cause, LuaEntity) else source
        return hurt(
            entity,
            max(0.0, values.number(damage, "damage")),
            name,
            force_of(entity.world, force),
            by.entity if isinstance(by, LuaEntity) and by.valid else None,
        )

    @lua_method
    def die(self, force: Any = None, cause: Any = None) -> bool:
        by = None if force is None else force_of(self.entity.world, force)
        return kill(self.entity, by, cause.entity if isinstance(cause, LuaEntity) and cause.valid else None)

    @lua_read
    def shooting_target(self) -> Any:
        target = self.entity.target if isinstance(self.entity, Turret) else None
        return None if target is None or not target.valid else lua_entity(target)

    @lua_read
    def backer_name(self) -> Any:
        return None  # nothing here has one

    @lua_query
    def is_opened(self) -> bool:
        gate: Gate = self._need(Gate, "is_opened", "gates")
        return gate.stage == OPEN

    @lua_query
    def is_opening(self) -> bool:
        gate: Gate = self._need(Gate, "is_opening", "gates")
        return gate.stage == OPENING

    @lua_query
    def is_closed(self) -> bool:
        gate: Gate = self._need(Gate, "is_closed", "gates")
        return gate.stage == CLOSED

    @lua_query
    def is_closing(self) -> bool:
        gate: Gate = self._need(Gate, "is_closing", "gates")
        return gate.stage == CLOSING

    @lua_method
    def request_to_open(self, force: Any, extra_time: Any = 0) -> None:
        gate: Gate = self._need(Gate, "request_to_open", "gates")
        gate.ask(force_of(gate.world, force), 1 + values.unsigned(extra_time, "extra_time"))

    @lua_method
    def request_to_close(self, force: Any) -> None:
        gate: Gate = self._need(Gate, "request_to_close", "gates")
        gate.ask(force_of(gate.world, force), 0)

    @lua_method
    def destroy(self, params: Any = None) -> bool:
        self.entity.world.destroy(self.entity)
        return True

    @lua_query
    def can_be_destroyed(self) -> bool:
        return True

    @lua_method
    def mine(self, params: Any = None) -> bool:
        entity = self.entity
        wanted = values.table(params) if params is not None else {}
        if not entity.minable and not wanted.get("ignore_minable", True):
            return False
        target = wanted.get("inventory")
        if isinstance(target, LuaInventory):
            for name, count in [
                *entity.mined_items(),
                *((p.name, int(p.amount)) for p in entity.proto.products),
            ]:
                target.inventory.insert(name, count)
        if isinstance(entity, Resource):
            entity.deplete()
        else:
            entity.world.destroy(entity)
        return True

    # --- resources ---------------------------------------------------------------------------------------------

    @lua_read
    def amount(self) -> int:
        resource: Resource = self._need(Resource, "amount", "resources")
        return resource.amount

    @lua_write("amount")
    def set_amount(self, value: Any) -> None:
        resource: Resource = self._need(Resource, "amount", "resources")
        amount = values.integer(value, "amount")
        if not 0 < amount < 2**32:
            raise LuaError("Entity amount must be a number greater than 0.")
        resource.amount = amount

    @lua_read
    def initial_amount(self) -> Any:
        resource: Resource = self._need(Resource, "initial_amount", "resources")
        return resource.initial_amount

    @lua_read
    def mining_target(self) -> Any:
        drill: MiningDrill = self._need(MiningDrill, "mining_target", "mining drills")
        return lua_entity(drill.target)

    @lua_read
    def mining_progress(self) -> Any:
        return self.entity.progress if isinstance(self.entity, MiningDrill) else None

    @lua_method
    def update_connections(self) -> None:
        """Connections are always up to date."""

    # --- energy ------------------------------------------------------------------------------------------------

    @lua_read
    def burner(self) -> Any:
        burner = getattr(self.entity, "burner", None)
        return None if burner is None else LuaBurner(burner)

    @lua_read
    def energy(self) -> float:
        burner = getattr(self.entity, "burner", None)
        return electric_buffer(self.entity)[0] if burner is None else burner.owner_energy()

    @lua_write("energy")
    def set_energy(self, value: Any) -> None:
        # A burner's buffer follows from what burns and a consumer's from its network; accumulators keep what they are given.
        energy = values.number(value, "energy")
        if isinstance(self.entity, Accumulator):
            self.entity.set_stored(energy)

    @lua_read
    def electric_buffer_size(self) -> Any:
        return electric_buffer(self.entity)[1] if self.entity.proto.electric else None

    @lua_read
    def power_production(self) -> float:
        interface: EnergyInterface = self._need(
            EnergyInterface, "power_production", "electric energy interfaces"
        )
        return interface.production / UNITS

    @lua_write("power_production")
    def set_power_production(self, value: Any) -> None:
        interface: EnergyInterface = self._need(
            EnergyInterface, "power_production", "electric energy interfaces"
        )
        energy = values.number(value, "power_production")
        if not 0 <= energy < 1e15:
            raise LuaError(f"power_production: {energy} is not from 0 to 1e15 joules per tick.")
        interface.set_production(energy)

    @lua_read
    def electric_network_id(self) -> Any:
        network = network_of(self.entity)
        return None if network is None else network.id

    @lua_query
    def is_connected_to_electric_network(self) -> bool:
        return network_of(self.entity) is not None

    @lua_read
    def electric_network_statistics(self) -> LuaFlowStatistics:
        pole: ElectricPole = self._need(ElectricPole, "electric_network_statistics", "electric poles")
        statistics = FlowStatistics()
        if pole.network is not None:
            statistics.input.update(pole.network.consumption())  # the game calls consumption the input
            statistics.output.update(pole.network.production())
        return LuaFlowStatistics(statistics, load().entity, "entity")

    @lua_read
    def status(self) -> Any:
        name = self.entity.status()
        return None if name is None else entity_status()[name]

    @lua_read
    def fluidbox(self) -> LuaFluidBox:
        return LuaFluidBox(self.entity)

    @lua_read
    def fluids_count(self) -> int:
        return sum(box.held() is not None for box in boxes_of(self.entity))

    @lua_query
    def get_fluid_count(self, fluid: Any = None) -> float:
        held = contents(self.entity)
        return sum(held.values()) if fluid is None else held.get(values.name_of(fluid, "fluid"), 0.0)

    @lua_query
    def get_fluid_contents(self) -> dict[str, float]:
        return contents(self.entity)

    @lua_method
    def clear_fluid_inside(self) -> None:
        for box in boxes_of(self.entity):
            box.put(None, 0.0)

    @lua_method
    def insert_fluid(self, fluid: Any) -> float:
        return insert_fluid(self.entity, *values_of_fluid(fluid))

    @lua_method
    def remove_fluid(self, fluid: Any) -> float:
        wanted = values.table(fluid, "fluid")
        name, amount, exactly = values_of_fluid(fluid)
        low, high = wanted.get("minimum_temperature"), wanted.get("maximum_temperature")
        return remove_fluid(
            self.entity,
            name,
            amount,
            exactly if exactly is not None else -math.inf if low is None else values.number(low),
            exactly if exactly is not None else math.inf if high is None else values.number(high),
        )

    @lua_read
    def temperature(self) -> Any:
        heat = getattr(self.entity, "heat", None)
        return heat.temperature if isinstance(heat, Heat) else None

    @lua_write("temperature")
    def set_temperature(self, value: Any) -> None:
        heat = getattr(self.entity, "heat", None)
        if not isinstance(heat, Heat):
            raise LuaError(
                f"LuaEntity::temperature can only be set on what has a heat buffer; {self.entity.name} has none."
            )
        heat.set_temperature(values.number(value, "temperature"))

    @lua_read
    def neighbour_bonus(self) -> float:
        reactor: Reactor = self._need(Reactor, "neighbour_bonus", "reactors")
        return reactor.neighbour_bonus

    @lua_read
    def energy_generated_last_tick(self) -> float:
        generator: Generator = self._need(Generator, "energy_generated_last_tick", "generators")
        return generator.output / UNITS

    # --- crafting ----------------------------------------------------------------------------------------------

    @lua_read
    def crafting_progress(self) -> float:
        machine: CraftingMachine = self._need(CraftingMachine, "crafting_progress", "crafting machines")
        return machine.progress

    @lua_read
    def crafting_speed(self) -> float:
        machine: CraftingMachine = self._need(CraftingMachine, "crafting_speed", "crafting machines")
        return machine.crafting_speed

    @lua_read
    def bonus_progress(self) -> float:
        machine: CraftingMachine = self._need(CraftingMachine, "bonus_progress", "crafting machines")
        return machine.bonus_progress

    @lua_read
    def bonus_mining_progress(self) -> Any:
        return self.entity.bonus_progress if isinstance(self.entity, MiningDrill) else None

    @lua_read
    def speed_bonus(self) -> float:
        return (self._receiver("speed_bonus").speed - WHOLE) / WHOLE

    @lua_read
    def consumption_bonus(self) -> float:
        return (self._receiver("consumption_bonus").consumption - WHOLE) / WHOLE

    @lua_read
    def pollution_bonus(self) -> float:
        return (self._receiver("pollution_bonus").pollution - WHOLE) / WHOLE

    @lua_read
    def productivity_bonus(self) -> float:
        return self._receiver("productivity_bonus").productivity / WHOLE

    def _receiver(self, member: str) -> Receiver:
        receiver: Receiver = self._need(Receiver, member, "machines that take modules")
        return receiver

    @lua_read
    def beacons_count(self) -> Any:
        return len(self.entity.beacons()) if isinstance(self.entity, Receiver) else None

    @lua_query
    def get_beacons(self) -> Any:
        return [lua_entity(b) for b in self.entity.beacons()] if isinstance(self.entity, Receiver) else None

    @lua_query
    def get_beacon_effect_receivers(self) -> list[Any]:
        beacon: Beacon = self._need(Beacon, "get_beacon_effect_receivers", "beacons")
        return [lua_entity(e) for e in beacon.receivers()]

    @lua_read
    def products_finished(self) -> int:
        machine: CraftingMachine = self._need(CraftingMachine, "products_finished", "crafting machines")
        return machine.products_finished

    @lua_query
    def is_crafting(self) -> bool:
        machine: CraftingMachine = self._need(CraftingMachine, "is_crafting", "crafting machines")
        return machine.crafting is not None

    @lua_read
    def previous_recipe(self) -> None:
        return None

    @lua_query
    def get_recipe(self) -> Any:
        if isinstance(self.entity, EntityGhost):
            planned = ghost_recipe(self.entity)
            return None if planned is None else (LuaRecipe.of(self.entity.force, planned), {"name": "normal"})
        machine: CraftingMachine = self._need(CraftingMachine, "get_recipe", "crafting machines")
        recipe = machine.crafting or machine.next_recipe() if isinstance(machine, Furnace) else machine.recipe
        if recipe is None:
            return None
        return LuaRecipe.of(machine.force, recipe.name), {"name": "normal"}

    @lua_method
    def set_recipe(self, recipe: Any = None, quality: Any = None) -> Any:
        machine: AssemblingMachine = self._need(AssemblingMachine, "set_recipe", "assembling machines")
        if recipe is None:
            return values.contents(machine.set_recipe(None))
        name = values.name_of(recipe, "recipe")
        proto = load().recipe.get(name)
        if proto is None:
            raise LuaError(f"Unknown recipe name: {name}")
        if proto.category not in machine.proto.raw["crafting_categories"]:
            raise LuaError(f"{machine.name} can't craft {name}: its category is {proto.category}.")
        return values.contents(machine.set_recipe(proto))

    # --- inventories -------------------------------------------------------------------------------------------

    @lua_query
    def get_inventory(self, index: Any) -> Any:
        inventory = self.entity.inventories().get(values.integer(index, "inventory index"))
        return None if inventory is None or not len(inventory) else LuaInventory(inventory)

    @lua_query
    def get_max_inventory_index(self) -> int:
        return max(self.entity.inventories(), default=0)

    @lua_query
    def get_main_inventory(self) -> Any:
        return self.get_inventory(MAIN) if isinstance(self.entity, Character) else None

    @lua_query
    def get_output_inventory(self) -> Any:
        inventory = self.entity.output_inventory()
        return None if inventory is None else LuaInventory(inventory)

    @lua_query
    def get_fuel_inventory(self) -> Any:
        burner = getattr(self.entity, "burner", None)
        return None if burner is None else LuaInventory(burner.inventory)

    @lua_query
    def get_burnt_result_inventory(self) -> Any:
        burner = getattr(self.entity, "burner", None)
        return None if burner is None else LuaInventory(burner.burnt)

    @lua_query
    def get_module_inventory(self) -> Any:
        modules = getattr(self.entity, "modules", None)
        return None if modules is None or not len(modules) else LuaInventory(modules)

    @lua_query
    def has_items_inside(self) -> bool:
        return any(not i.is_empty() for i in self.entity.inventories().values())

    @lua_method
    def clear_items_inside(self) -> None:
        for inventory in self.entity.inventories().values():
            inventory.clear()
        if isinstance(self.entity, (TransportBelt, Splitter)):
            for belt, lane in self.entity.lines():
                belt.clear(lane)

    @lua_query
    def get_item_count(self, item: Any = None) -> int:
        name = None if item is None else values.name_of(item, "item")
        entity = self.entity
        if isinstance(entity, (TransportBelt, Splitter)):
            here = [n for belt, lane in entity.lines() for n, _ in belt.lane_contents(lane)]
            return len(here) if name is None else here.count(name)
        return sum(i.count(name) for i in entity.inventories().values())

    @lua_query
    def can_insert(self, items: Any) -> bool:
        return self.entity.insertable(values.item_stack(items)[0]) > 0

    @lua_query
    def get_insertable_count(self, item: Any) -> int:
        return self.entity.insertable(values.item_stack(values.name_of(item, "item"))[0])

    @lua_method
    def insert(self, items: Any) -> int:
        name, count = values.item_stack(items)
        extra = items.copied_extra() if isinstance(items, LuaItemStack) else None
        if extra:
            return next(
                (n for i in self.entity.inventories().values() if (n := i.put(name, count, extra))), 0
            )
        return self.entity.insert(name, count) if count else 0

    @lua_method
    def remove_item(self, items: Any) -> int:
        name, count = values.item_stack(items)
        entity = self.entity
        if isinstance(entity, (TransportBelt, Splitter)):
            return entity.remove(name, count)
        taken = 0
        for inventory in entity.inventories().values():
            taken += inventory.remove(name, count - taken)
            if taken >= count:
                break
        return taken

    @lua_read
    def grid(self) -> None:
        return None

    @lua_read
    def stack(self) -> Any:
        pile: ItemOnGround = self._need(ItemOnGround, "stack", "items on the ground")
        return LuaItemStack(pile.as_inventory(), 0)

    # --- belts and inserters -----------------------------------------------------------------------------------

    @lua_read
    def belt_neighbours(self) -> dict[str, list[Any]]:
        belt: TransportBelt | Splitter = self._need(
            (TransportBelt, Splitter), "belt_neighbours", "transport belt connectables"
        )
        return {
            "inputs": [lua_entity(b) for b in belt.inputs()],
            "outputs": [lua_entity(b) for b in belt.outputs()],
        }

    @lua_read
    def belt_shape(self) -> str:
        belt: TransportBelt = self._need(TransportBelt, "belt_shape", "transport belts")
        return belt.shape()

    @lua_read
    def belt_to_ground_type(self) -> str:
        belt: UndergroundBelt = self._need(UndergroundBelt, "belt_to_ground_type", "underground belts")
        return belt.belt_to_ground_type

    @lua_read
    def neighbours(self) -> Any:
        if isinstance(self.entity, (Wall, Gate)):
            return {side: lua_entity(other) for side, other in joined(self.entity).items()}
        belt: UndergroundBelt = self._need(UndergroundBelt, "neighbours", "underground belts")
        return lua_entity(belt.other_end())

    @lua_query
    def get_wire_connector(self, wire_connector_id: Any, or_create: Any = None) -> Any:
        """A pole's connector of copper wires; nil for all others, of which there are none."""
        from runtime.engine.lua.wire_connector import POLE_COPPER, LuaWireConnector

        number = values.integer(wire_connector_id, "wire_connector_id")
        if number != POLE_COPPER or not isinstance(self.entity, ElectricPole):
            return None
        return LuaWireConnector(self.entity)

    @lua_query
    def get_max_transport_line_index(self) -> int:
        belt: TransportBelt | Splitter = self._need(
            (TransportBelt, Splitter), "get_max_transport_line_index", "transport belt connectables"
        )
        return len(belt.lines())

    @lua_query
    def get_transport_line(self, index: Any) -> Any:
        number = values.integer(index, "index")
        belt: TransportBelt | Splitter = self._need(
            (TransportBelt, Splitter), "get_transport_line", "transport belt connectables"
        )
        lines = belt.lines()
        if not 1 <= number <= len(lines):
            raise LuaError(f"Index out of bounds: {number} ({belt.name} has {len(lines)} lines).")
        belt_part, lane = lines[number - 1]
        line = self._lines.get(number)
        if line is None or line.belt is not belt_part or line.lane != lane:
            line = self._lines[number] = LuaTransportLine(belt_part, lane)
        return line

    @lua_read
    def splitter_filter(self) -> Any:
        splitter: Splitter = self._need(Splitter, "splitter_filter", "splitters")
        name = splitter.filter
        return None if name is None else {"name": name, "quality": "normal", "comparator": "="}

    @lua_write("splitter_filter")
    def set_splitter_filter(self, value: Any) -> None:
        splitter: Splitter = self._need(Splitter, "splitter_filter", "splitters")
        splitter.set_filter(None if value is None else values.item_stack(values.name_of(value, "item"))[0])

    @lua_read
    def splitter_input_priority(self) -> str:
        splitter: Splitter = self._need(Splitter, "splitter_input_priority", "splitters")
        return NAMES[splitter.input_priority]

    @lua_write("splitter_input_priority")
    def set_splitter_input_priority(self, value: Any) -> None:
        splitter: Splitter = self._need(Splitter, "splitter_input_priority", "splitters")
        splitter.set_input_priority(splitter_side(value))

    @lua_read
    def splitter_output_priority(self) -> str:
        splitter: Splitter = self._need(Splitter, "splitter_output_priority", "splitters")
        return NAMES[splitter.output_priority]

    @lua_write("splitter_output_priority")
    def set_splitter_output_priority(self, value: Any) -> None:
        splitter: Splitter = self._need(Splitter, "splitter_output_priority", "splitters")
        splitter.set_output_priority(splitter_side(value))

    @lua_read
    def drop_position(self) -> dict[str, float]:
        entity = self.entity
        if isinstance(entity, (Inserter, MiningDrill)):
            return values.point(*entity.drop_position())
        raise LuaError(
            f"LuaEntity::drop_position can only be used on inserters and mining drills; {entity.name} is neither."
        )

    @lua_read
    def drop_target(self) -> Any:
        entity = self.entity
        if isinstance(entity, Inserter):
            return lua_entity(entity.drop_target)
        if isinstance(entity, MiningDrill):
            return lua_entity(receiver(entity.world, entity, *entity.drop_position()))
        raise LuaError(
            f"LuaEntity::drop_target can only be used on inserters and mining drills; {entity.name} is neither."
        )

    @lua_read
    def pickup_position(self) -> dict[str, float]:
        inserter: Inserter = self._need(Inserter, "pickup_position", "inserters")
        return values.point(*inserter.pickup_position())

    @lua_read
    def pickup_target(self) -> Any:
        inserter: Inserter = self._need(Inserter, "pickup_target", "inserters")
        return lua_entity(inserter.pickup_target)

    @lua_read
    def held_stack(self) -> Any:
        inserter: Inserter = self._need(Inserter, "held_stack", "inserters")
        return lone_stack(inserter, inserter.held, inserter.held_count)

    @lua_read
    def held_stack_position(self) -> dict[str, float]:
        inserter: Inserter = self._need(Inserter, "held_stack_position", "inserters")
        return values.point(*inserter.hand_position())

    @lua_read
    def use_filters(self) -> bool:
        inserter: Inserter = self._need(Inserter, "use_filters", "inserters")
        return inserter.use_filters

    @lua_write("use_filters")
    def set_use_filters(self, value: Any) -> None:
        inserter: Inserter = self._need(Inserter, "use_filters", "inserters")
        inserter.use_filters = bool(value)
        inserter.wake(inserter.world.tick + 1)

    @lua_read
    def filter_slot_count(self) -> int:
        return int(self.entity.proto.raw.get("filter_count", 0))

    @lua_query
    def get_filter(self, index: Any) -> Any:
        inserter: Inserter = self._need(Inserter, "get_filter", "inserters")
        name = inserter.filters.get(values.integer(index, "index"))
        return None if name is None else {"name": name, "quality": "normal", "comparator": "="}

    @lua_method
    def set_filter(self, index: Any, item: Any = None) -> None:
        inserter: Inserter = self._need(Inserter, "set_filter", "inserters")
        slot = values.integer(index, "index")
        if not 1 <= slot <= self.filter_slot_count():
            raise LuaError(f"Index out of bounds: {slot} (there are {self.filter_slot_count()} filters).")
        if item is None:
            inserter.filters.pop(slot, None)
        else:
            inserter.filters[slot] = values.item_stack(values.name_of(item, "item"))[0]
        inserter.wake(inserter.world.tick + 1)

    @lua_read
    def inserter_filter_mode(self) -> Any:
        inserter: Inserter = self._need(Inserter, "inserter_filter_mode", "inserters")
        if not self.filter_slot_count():
            return None
        return "blacklist" if inserter.blacklist else "whitelist"

    @lua_write("inserter_filter_mode")
    def set_inserter_filter_mode(self, value: Any) -> None:
        inserter: Inserter = self._need(Inserter, "inserter_filter_mode", "inserters")
        mode = values.text(value, "inserter_filter_mode")
        if mode not in ("whitelist", "blacklist"):
            raise LuaError(f"inserter_filter_mode: {mode!r} is neither whitelist nor blacklist.")
        inserter.blacklist = mode == "blacklist"
        inserter.wake(inserter.world.tick + 1)

    @lua_read
    def inserter_stack_size_override(self) -> int:
        inserter: Inserter = self._need(Inserter, "inserter_stack_size_override", "inserters")
        return inserter.override

    @lua_write("inserter_stack_size_override")
    def set_inserter_stack_size_override(self, value: Any) -> None:
        inserter: Inserter = self._need(Inserter, "inserter_stack_size_override", "inserters")
        most = values.integer(value, "inserter_stack_size_override")
        if not 0 <= most <= 255:
            raise LuaError(f"inserter_stack_size_override: {most} is not from 0 to 255.")
        inserter.set_override(most)

    @lua_read
    def inserter_target_pickup_count(self) -> int:
        inserter: Inserter = self._need(Inserter, "inserter_target_pickup_count", "inserters")
        return inserter.capacity

    # --- characters (LuaControl) -------------------------------------------------------------------------------

    @lua_read
    def player(self) -> None:
        return None

    @lua_read
    def character(self) -> None:
        return None

    @lua_read
    def graphics_variation(self) -> int | None:
        return self.entity.variation if isinstance(self.entity, Nature) else None

    @lua_read
    def cliff_orientation(self) -> str:
        if not isinstance(self.entity, Cliff):
            raise LuaError("LuaEntity::cliff_orientation can only be used if this is cliff")
        return self.entity.orientation

    @lua_write("graphics_variation")
    def set_graphics_variation(self, value: Any) -> None:
        variation = values.integer(value, "graphics_variation")
        if not 0 <= variation < 256:
            raise LuaError(f"Invalid graphics_variation: {variation} (0 to 255).")
        if isinstance(self.entity, Nature):
            self.entity.variation = variation

    @lua_read
    def color(self) -> Any:
        if not isinstance(self.entity, Character):
            return None
        r, g, b, a = self.entity.color
        return {"r": r, "g": g, "b": b, "a": a}

    @lua_write("color")
    def set_color(self, value: Any) -> None:
        if isinstance(self.entity, Character):
            given = values.table(value, "color")
            parts = [given.get(k, given.get(i, 1.0 if k == "a" else 0.0)) for i, k in enumerate("rgba", 1)]
            r, g, b, a = (values.number(v, "color") for v in parts)
            self.entity.color = (r, g, b, a)

    @lua_read
    def mining_state(self) -> dict[str, Any]:
        mining = self._character("mining_state").mining
        place = mining.position
        return {"mining": place is not None, **({"position": values.point(*place)} if place else {})}

    @lua_write("mining_state")
    def set_mining_state(self, value: Any) -> None:
        character = self._character("mining_state")
        wanted = values.table(value, "mining_state")
        if not wanted.get("mining"):
            character.mining.stop()
        else:
            place = wanted.get("position")
            x, y = (
                values.position(place)
                if place is not None
                else (character.selected or (character.x, character.y))
            )
            character.mining.start(x, y)

    @lua_method
    def mine_entity(self, entity: Any, force: Any = None) -> bool:
        character = self._character("mine_entity")
        if not isinstance(entity, LuaEntity) or not entity.valid:
            raise LuaError("Invalid entity: a valid LuaEntity expected.")
        return entity.entity.minable and mine(character, entity.entity)

    @lua_read
    def walking_state(self) -> dict[str, Any]:
        walking = self._character("walking_state").walking
        return {"walking": walking.walking, "direction": walking.direction}

    @lua_write("walking_state")
    def set_walking_state(self, value: Any) -> None:
        wanted = values.table(value, "walking_state")
        walking = self._character("walking_state").walking
        direction = wanted.get("direction")
        walking.set(
            bool(wanted.get("walking")), walking.direction if direction is None else direction_of(direction)
        )

    @lua_method
    def update_selected_entity(self, position: Any) -> None:
        self._character("update_selected_entity").selected = values.position(position)

    @lua_read
    def selected(self) -> Any:
        character = self._character("selected")
        if character.selected is None:
            return None
        found = [e for e in character.world.surface.at(*character.selected) if e is not character]
        return lua_entity(found[0]) if found else None

    @lua_read
    def cursor_stack(self) -> Any:
        return LuaItemStack(self._character("cursor_stack").cursor, 0)

    @lua_read
    def cursor_ghost(self) -> Any:
        self._character("cursor_ghost")
        return None

    @lua_write("cursor_ghost")
    def set_cursor_ghost(self, value: Any) -> None:
        self._character("cursor_ghost")  # there is no cursor without a player

    @lua_read
    def opened(self) -> Any:
        self._character("opened")
        return None

    @lua_write("opened")
    def set_opened(self, value: Any) -> None:
        self._character("opened")  # there is no window without a player


def lone_stack(owner: Entity, name: str | None, count: int) -> LuaItemStack:
    """A stack that is in no inventory, to read."""
    place = Inventory(1, owner)
    place.set_slot(0, name, count)
    return LuaItemStack(place, 0)


def network_of(entity: Entity) -> Network | None:
    """The electric network that an entity belongs to."""
    power = getattr(entity, "power", None)
    network: Network | None = power.network if power is not None else getattr(entity, "network", None)
    return network


def electric_buffer(entity: Entity) -> tuple[float, float]:
    """What an electric entity's buffer holds, and its size, joules."""
    if isinstance(entity, Accumulator):
        return entity.stored / UNITS, entity.size / UNITS
    if isinstance(entity, ElectricTurret):
        return entity.buffered() / UNITS, entity.size / UNITS
    if isinstance(entity, SolarPanel):
        light = 1.0 if entity.world.surface.always_day else daylight(entity.world.tick)
        return entity.output * light / UNITS, entity.output / UNITS
    if isinstance(entity, Generator):
        return entity.buffered, entity.max_output
    power = getattr(entity, "power", None)
    if power is not None:
        held: tuple[float, float] = power.buffer()
        return held
    return 0.0, 0.0


def direction_of(value: Any) -> int:
    """A direction, 0 to 15.

    Raises:
        LuaError: it is none.
    """
    direction = values.integer(value, "direction")
    if not 0 <= direction < 16:
        raise LuaError(f"Invalid direction: {direction} (0 to 15).")
    return direction


def splitter_side(value: Any) -> int:
    """The side that a splitter's priority names.

    Raises:
        LuaError: it is none of "left", "none" and "right".
    """
    side = SIDES.get(values.text(value, "splitter priority"))
    if side is None:
        raise LuaError(f"Invalid splitter priority: {value} (left, none or right).")
    return side


def force_of(world: Any, value: Any) -> Any:
    """The force that a name, an index or a LuaForce stands for.

    Raises:
        LuaError: there is no such force.
    """
    if isinstance(value, LuaForce):
        return value.force
    try:
        return world.force(value)
    except ValueError as error:
        raise LuaError(str(error)) from error
