"""Characters: what they carry, and how they craft, mine and walk by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import NEVER, PICK, SETTLE, Entity, Process, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import TICKS_PER_SECOND, ItemPrototype, load
from runtime.engine.systems.corpses import lay_down
from runtime.engine.systems.gates import Gate
from runtime.engine.systems.hand_crafting import HandCrafting
from runtime.engine.systems.mining import Resource

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

# defines.inventory.character_*
MAIN, GUNS, AMMO, ARMOR, TRASH = 1, 3, 4, 5, 8

MOST_SLOTS = 2**16 - 1  # of any inventory

WALK: dict[int, tuple[float, float]] = {
    d: (math.sin(d * math.pi / 8), -math.cos(d * math.pi / 8)) for d in range(0, 16, 2)
}  # direction -> unit step


class Character(Entity):
    """A character without a player: an agent's hands.

    `bonuses` are its own, beside its force's: the name after `character_` in `LuaControl` -> how much.
    """

    moves = True
    __slots__ = (
        "_healed",
        "_heals_from",
        "_health",
        "ammo",
        "armor",
        "bonuses",
        "color",
        "crafting",
        "cursor",
        "guns",
        "main",
        "mining",
        "selected",
        "trash",
        "walking",
    )

    def __init__(self, site: Site) -> None:
        self._health = 0.0
        self._healed = 0  # the tick of `_health`
        self._heals_from = 0
        self.bonuses: dict[str, float] = {}
        super().__init__(site)
        raw = self.proto.raw
        self.main = Inventory(raw["inventory_size"], self, MAIN)
        self.guns = Inventory(raw.get("guns_inventory_size", 3), self, GUNS, self.is_gun)
        self.ammo = Inventory(raw.get("guns_inventory_size", 3), self, AMMO, self.is_ammo)
        self.armor = Inventory(1, self, ARMOR, self.is_armor)
        self.trash = Inventory(0, self, TRASH)
        self.cursor = Inventory(1, self)  # what is in the hand
        self.color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
        self.selected: tuple[float, float] | None = None

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["health"]  # follows from `_health`
        return state

    def built(self) -> None:
        self.crafting = HandCrafting(self)
        self.mining = HandMining(self)
        self.walking = Walking(self)
        self.main.changed = self.crafting.room_came
        self.armor.changed = self.fit_inventories
        self.fit_inventories()

    def removed(self) -> None:
        for process in (self.crafting, self.mining, self.walking):
            self.world.unregister(process)

    def is_gun(self, name: str) -> bool:
        """Whether an item goes into its slots for guns."""
        return load().item[name].type == "gun"

    def is_ammo(self, name: str) -> bool:
        """Whether an item goes into its slots for ammunition."""
        return load().item[name].type == "ammo"

    def is_armor(self, name: str) -> bool:
        """Whether an item goes into its slot for armour."""
        return load().item[name].type == "armor"

    # --- what it carries -----------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        return {MAIN: self.main, GUNS: self.guns, AMMO: self.ammo, ARMOR: self.armor, TRASH: self.trash}

    def insertable(self, name: str) -> int:
        return self.main.room(name) + sum(
            i.room(name) for i in (self.guns, self.armor) if load().item[name].type in ("gun", "armor")
        )

    def insert(self, name: str, count: int) -> int:
        """A gun, ammunition for a gun it has, and armour are put on where there is an empty slot; all else is carried."""
        worn = self._wear(load().item[name], count)
        return worn + self.main.insert(name, count - worn)

    def _wear(self, item: ItemPrototype, count: int) -> int:
        if item.type == "ammo":
            for slot, gun in enumerate(self.guns.names):
                if gun is not None and self.ammo.names[slot] is None and shoots(gun, item):
                    put = min(count, item.stack_size)
                    self.ammo.set_slot(slot, item.name, put)
                    return put
        if item.type in ("gun", "armor"):
            return (self.guns if item.type == "gun" else self.armor).insert(item.name, count)
        return 0

    def receive(self, name: str, count: int) -> None:
        """Put items into the inventory; what doesn't fit falls to the ground."""
        put = self.main.insert(name, count)
        if put < count:
            self.world.spill(self.x, self.y, name, count - put)

    def fit_inventories(self) -> None:
        """Have as many slots as prototype, armour and bonuses come to; what was in lost ones goes elsewhere or falls."""
        force = self.force
        armor = self.armor.names[0]
        slots = self.proto.raw["inventory_size"] + force.character_inventory_slots_bonus
        slots += self.bonus("inventory_slots_bonus")
        if armor is not None:
            slots += load().item[armor].raw.get("inventory_size_bonus", 0)
        self._resize(self.main, int(slots))
        self._resize(self.trash, int(force.character_trash_slot_count + self.bonus("trash_slot_count_bonus")))

    def _resize(self, inventory: Inventory, slots: int) -> None:
        slots = min(max(0, slots), MOST_SLOTS)
        if slots == len(inventory):
            return
        lost = [
            (n, c)
            for n, c in zip(inventory.names[slots:], inventory.counts[slots:], strict=True)
            if n is not None
        ]
        inventory.resize(slots)
        for name, count in lost:
            self.receive(name, count)
        if inventory is self.main:
            self.crafting.room_came()

    # --- bonuses -------------------------------------------------------------------------------------------------

    def bonus(self, name: str) -> float:
        """One of its own bonuses."""
        return self.bonuses.get(name, 0.0)

    def set_bonus(self, name: str, value: float) -> None:
        """Set one of its own bonuses."""
        self.bonuses[name] = value
        self.bonus_changed(name)

    def bonus_changed(self, kind: str) -> None:
        self.fit_inventories()
        self.crafting.speed_changed()
        self.mining.speed_changed()

    @property
    def reach(self) -> float:
        """How far it reaches entities, tiles."""
        bonus = self.force.character_reach_distance_bonus + self.bonus("reach_distance_bonus")
        return float(self.proto.raw["reach_distance"] + bonus)

    @property
    def build_distance(self) -> float:
        """How far it builds, tiles."""
        bonus = self.force.character_build_distance_bonus + self.bonus("build_distance_bonus")
        return float(self.proto.raw["build_distance"] + bonus)

    @property
    def resource_reach(self) -> float:
        """How far it mines resources, tiles."""
        bonus = self.force.character_resource_reach_distance_bonus + self.bonus(
            "resource_reach_distance_bonus"
        )
        return float(self.proto.raw["reach_resource_distance"] + bonus)

    @property
    def running_speed(self) -> float:
        """Tiles per tick, on the tile on which it stands."""
        bonus = self.force.character_running_speed_modifier + self.bonus("running_speed_modifier")
        tile = load().raw["tile"][self.world.surface.tile(math.floor(self.x), math.floor(self.y))]
        return float(
            self.proto.raw["running_speed"] * max(0.0, 1 + bonus) * tile.get("walking_speed_modifier", 1)
        )

    @property
    def mining_speed(self) -> float:
        """Mining speed of its hands."""
        bonus = self.force.manual_mining_speed_modifier + self.bonus("mining_speed_modifier")
        return float(self.proto.raw["mining_speed"] * max(0.01, 1 + bonus))

    # --- health --------------------------------------------------------------------------------------------------

    @property
    def max_health(self) -> float:
        """Its health when nothing hurts it."""
        return float(self.proto.max_health + self.force.character_health_bonus + self.bonus("health_bonus"))

    @property
    def health(self) -> float:
        """Its health now: it comes back by and by once nothing has hurt it for a while (`ticks_to_stay_in_combat`)."""
        ticks = self.world.tick - max(self._healed, self._heals_from)
        if ticks <= 0 or self._health >= self.max_health:
            return self._health
        return min(self.max_health, self._health + float(self.proto.raw["healing_per_tick"]) * ticks)

    @health.setter
    def health(self, value: float) -> None:
        tick = self.world.tick
        if value < self.health:
            self._heals_from = tick + int(self.proto.raw["ticks_to_stay_in_combat"])
        self._health = value
        self._healed = tick

    def died(self, force: Force | None, cause: Entity | None) -> None:
        """What it carried stays in its corpse."""
        while entries := self.crafting.entries():
            self.crafting.cancel(0, entries[0][1])
        carried = (self.main, self.guns, self.ammo, self.armor, self.trash, self.cursor)
        self.armor.changed = None  # else what its pockets held would fall out
        lay_down(self.world, self.proto.raw["character_corpse"], self.x, self.y, carried)

    # --- what it reaches -----------------------------------------------------------------------------------------

    def passes(self, entity: Entity) -> bool:
        """Whether an entity does not stand in its way: itself, and open gates."""
        return entity is self or (isinstance(entity, Gate) and entity.is_open)

    def can_reach(self, entity: Entity) -> bool:
        """Whether an entity's collision box is within reach (measured: box, boundary included)."""
        dx = max(entity.left - self.x, 0.0, self.x - entity.right)
        dy = max(entity.top - self.y, 0.0, self.y - entity.bottom)
        return dx * dx + dy * dy <= self.reach**2

    def more_state(self) -> list[Any]:
        return [self.crafting.state(), self.mining.state(), self.walking.state(), self.cursor.state(), list(self.color),
                sorted(self.bonuses.items()), self._heals_from]  # fmt: skip


def shoots(gun: str, ammo: ItemPrototype) -> bool:
    """Whether a gun takes ammunition of a kind."""
    attack = load().item[gun].raw["attack_parameters"]
    taken = attack.get("ammo_categories") or [attack.get("ammo_category")]
    return ammo.raw["ammo_category"] in taken


class HandMining(Process):
    """Mining by hand: `mining_speed` of the character over the target's mining time, an item each time it is done.

    The first item of a resource comes 121 ticks after asking and each next one 120 later (measured for ore).
    """

    __slots__ = ("_ends", "_length", "character", "position", "target")

    def __init__(self, character: Character) -> None:
        self.character = character
        self.position: tuple[float, float] | None = None
        self.target: Entity | None = None
        self._length = 0  # ticks that one item takes at the present speed
        self._ends = 0  # the tick at which the next one comes
        character.world.register(self)

    def start(self, x: float, y: float) -> None:
        """Mine what is at a position, until told to stop."""
        found = [e for e in self.character.world.surface.at(x, y) if e.minable and e is not self.character]
        self.position = (x, y)
        target = max(found, key=lambda e: not isinstance(e, Resource), default=None)
        if target is self.target and self.key != NEVER:
            return
        self.target = target
        self.character.world.cancel(self)
        if target is not None and self._within_reach(target) and by_hand(self.character, target):
            self._length = self._ticks(target)
            self._end_in(self._length + 1)

    def _end_in(self, ticks: int) -> None:
        world = self.character.world
        self._ends = world.tick + ticks
        world.schedule(self, self._ends, PICK)

    def speed_changed(self) -> None:
        """The hands' speed is another now: what is left of this item takes longer, or less long."""
        if self.target is not None and self.target.valid and self.key != NEVER:
            left, before = self._ends - self.character.world.tick, self._length
            self._length = self._ticks(self.target)
            self._end_in(max(1, -(-left * self._length // before)))

    def stop(self) -> None:
        """Stop mining."""
        self.position = None
        self.target = None
        self.character.world.cancel(self)

    def _within_reach(self, target: Entity) -> bool:
        character = self.character
        if isinstance(target, Resource):
            return math.hypot(target.x - character.x, target.y - character.y) <= character.resource_reach
        return character.can_reach(target)

    def _ticks(self, target: Entity) -> int:
        seconds = target.proto.mining_time / self.character.mining_speed
        return max(1, math.ceil(seconds * TICKS_PER_SECOND - 1e-9))

    def on_event(self, world: World, tick: int) -> None:
        target = self.target
        if target is None or not target.valid or not self._within_reach(target):
            self.stop()
            return
        mine(self.character, target)
        if target.valid and by_hand(self.character, target):
            self._length = self._ticks(target)
            self._end_in(self._length)
        else:
            self.stop()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.key, self.position]


def by_hand(character: Character, target: Entity) -> bool:
    """Whether something can be mined without a drill: not fluids, nor what is mined with the help of one."""
    if isinstance(target, Resource):
        raw = target.proto.raw
        if raw.get("category", "basic-solid") not in character.proto.raw["mining_categories"]:
            return False
        return not (target.proto.minable or {}).get("required_fluid")
    return all(product.type == "item" for product in target.proto.products)


def mine(character: Character, target: Entity) -> bool:
    """Mine an entity, or one item of a resource, at once; False if that can't be done by hand.

    Everything goes to the character; what doesn't fit is spilled.
    """
    if not by_hand(character, target):
        return False
    world = character.world
    gained = list(target.mined_items())
    for product in target.proto.products:
        gained.append((product.name, int(product.amount)))
        if not target.proto.is_building:
            character.force.items.made_by_hand(product.name, int(product.amount))
    for name, count in gained:
        put = character.main.insert(name, count)
        if put < count:
            world.spill(target.x, target.y, name, count - put)
    character.force.mined(target.name)
    if isinstance(target, Resource):
        target.deplete()
    else:
        world.destroy(target)
    return True


class Walking(Process):
    """Walking: one step of running speed a tick in a direction, stopped by what stands in the way."""

    __slots__ = ("character", "direction", "walking")

    def __init__(self, character: Character) -> None:
        self.character = character
        self.walking = False
        self.direction = 0
        character.world.register(self)

    def set(self, walking: bool, direction: int) -> None:
        """Walk, or stand still, facing a direction."""
        self.walking = walking
        self.direction = direction
        world = self.character.world
        if walking:
            self.character.direction = direction
            world.schedule(self, world.tick + 1, SETTLE)
        else:
            world.cancel(self)

    def on_event(self, world: World, tick: int) -> None:
        character = self.character
        dx, dy = WALK[self.direction - self.direction % 2]
        speed = character.running_speed
        for step_x, step_y in ((dx, dy), (dx, 0.0), (0.0, dy)):
            if step_x or step_y:
                x, y = _grid(character.x + step_x * speed), _grid(character.y + step_y * speed)
                if world.surface.obstacle(character.proto, x, y, 0, character.passes) is None:
                    world.surface.moved(character, x, y)
                    break
        world.schedule(self, tick + 1, SETTLE)

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.walking, self.direction]


def _grid(value: float) -> float:
    return math.floor(value * 256 + 0.5) / 256
