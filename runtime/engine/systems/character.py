"""Characters: what they carry, and how they craft, mine and walk by hand."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CRAFT, PICK, SETTLE, Entity, Process, entity_class
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import RecipePrototype, load
from runtime.engine.systems.mining import Resource

if TYPE_CHECKING:
    from runtime.engine.world import World

# defines.inventory.character_*
MAIN, GUNS, AMMO, ARMOR, TRASH = 1, 3, 4, 5, 8

WALK: dict[int, tuple[float, float]] = {
    d: (math.sin(d * math.pi / 8), -math.cos(d * math.pi / 8)) for d in range(0, 16, 2)
}  # direction -> unit step


@entity_class("character")
class Character(Entity):
    """A character without a player: an agent's hands."""

    __slots__ = (
        "ammo",
        "armor",
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

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.main = Inventory(self.proto.raw["inventory_size"], self, MAIN)
        self.guns = Inventory(self.proto.raw.get("guns_inventory_size", 3), self, GUNS)
        self.ammo = Inventory(self.proto.raw.get("guns_inventory_size", 3), self, AMMO)
        self.armor = Inventory(1, self, ARMOR)
        self.trash = Inventory(0, self, TRASH)
        self.cursor = Inventory(1, self)  # what is in the hand
        self.color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
        self.selected: tuple[float, float] | None = None

    def built(self) -> None:
        self.crafting = HandCrafting(self)
        self.mining = HandMining(self)
        self.walking = Walking(self)

    def removed(self) -> None:
        for process in (self.crafting, self.mining, self.walking):
            self.world.unregister(process)

    def inventories(self) -> dict[int, Inventory]:
        return {MAIN: self.main, GUNS: self.guns, AMMO: self.ammo, ARMOR: self.armor, TRASH: self.trash}

    def insertable(self, name: str) -> int:
        return self.main.room(name)

    def insert(self, name: str, count: int) -> int:
        return self.main.insert(name, count)

    @property
    def reach(self) -> float:
        """How far it reaches entities and builds, tiles."""
        return float(self.proto.raw["reach_distance"])

    @property
    def resource_reach(self) -> float:
        """How far it mines resources, tiles."""
        return float(self.proto.raw["reach_resource_distance"])

    @property
    def running_speed(self) -> float:
        """Tiles per tick."""
        return float(self.proto.raw["running_speed"])

    def is_self(self, entity: Entity) -> bool:
        """Whether an entity is this character, which does not stand in its own way."""
        return entity is self

    def can_reach(self, entity: Entity) -> bool:
        """Whether an entity's collision box is within reach (measured: box, boundary included)."""
        dx = max(entity.left - self.x, 0.0, self.x - entity.right)
        dy = max(entity.top - self.y, 0.0, self.y - entity.bottom)
        return dx * dx + dy * dy <= self.reach**2

    def settle(self) -> None:
        self.crafting.settle()

    def more_state(self) -> list[Any]:
        return [self.crafting.state(), self.mining.state(), self.walking.state(), self.cursor.state(), list(self.color)]


class HandCrafting(Process):
    """The crafting queue: intermediates are queued before what needs them; ingredients are taken when queued.

    `reserved` counts the products still to be made that later crafts in the queue use: those don't reach the inventory.
    """

    __slots__ = ("character", "queue", "reserved")

    def __init__(self, character: Character) -> None:
        self.character = character
        self.queue: list[list[Any]] = []  # [recipe, crafts left]
        self.reserved: Counter[str] = Counter()
        character.world.register(self)

    def begin(self, recipe: RecipePrototype, crafts: int) -> int:
        """Queue up to `crafts` of a recipe, with the intermediates it lacks; how many crafts were queued."""
        done = 0
        while done < crafts:
            held = self.character.main.contents()
            steps: list[tuple[RecipePrototype, int]] = []
            before = dict(held)
            if not self._plan(recipe, 1, held, steps, ()):
                break
            self._take(before, held, steps)
            for step, count in steps:
                self._queue(step, count)
            done += 1
        if done and self.key == -1:
            self._next()
        return done

    def _plan(
        self,
        recipe: RecipePrototype,
        crafts: int,
        held: dict[str, int],
        steps: list[tuple[RecipePrototype, int]],
        above: tuple[str, ...],
    ) -> bool:
        """Add the steps to `steps` and take what they use from `held`; False if something can't be had by hand."""
        force = self.character.force
        if recipe.name in above or recipe.name not in force.recipes_enabled:
            return False
        if recipe.category not in self.character.proto.raw["crafting_categories"]:
            return False
        for ingredient in recipe.ingredients:
            if ingredient.type != "item":
                return False
            needed = int(ingredient.amount) * crafts
            lacking = needed - held.get(ingredient.name, 0)
            if lacking > 0:
                maker = load().recipe.get(ingredient.name)
                if maker is None:
                    return False
                made = int(maker.products[0].amount)
                times = -(-lacking // made)
                if not self._plan(maker, times, held, steps, (*above, recipe.name)):
                    return False
                held[ingredient.name] = held.get(ingredient.name, 0) + times * made
            held[ingredient.name] = held.get(ingredient.name, 0) - needed
        steps.append((recipe, crafts))
        return True

    def _take(
        self, before: dict[str, int], after: dict[str, int], steps: list[tuple[RecipePrototype, int]]
    ) -> None:
        """Take from the inventory what a plan uses of it; the rest of what it uses, it makes."""
        used: Counter[str] = Counter()
        for recipe, crafts in steps:
            for i in recipe.ingredients:
                used[i.name] += int(i.amount) * crafts
        for name, count in used.items():
            taken = min(count, max(0, before.get(name, 0) - after[name]))
            self.character.main.remove(name, taken)
            if count > taken:
                self.reserved[name] += count - taken

    def _queue(self, recipe: RecipePrototype, crafts: int) -> None:
        if self.queue and self.queue[-1][0] is recipe:
            self.queue[-1][1] += crafts
        else:
            self.queue.append([recipe, crafts])

    def _next(self) -> None:
        """Let the time of the first craft in the queue run."""
        if self.queue:
            recipe = self.queue[0][0]
            for i in recipe.ingredients:
                self.character.force.items.used_by_hand(i.name, int(i.amount))
            ticks = max(1, math.ceil(recipe.energy * 60 / self.speed - 1e-9))
            world = self.character.world
            world.schedule(self, world.tick + ticks, CRAFT)

    @property
    def speed(self) -> float:
        """Crafting speed; 1 without bonuses."""
        return 1.0 + self.character.force.manual_crafting_speed_modifier

    def on_event(self, world: World, tick: int) -> None:
        character = self.character
        entry = self.queue[0]
        for product in entry[0].products:
            count = int(product.amount)
            character.force.items.made_by_hand(product.name, count)
            kept = min(count, self.reserved[product.name])
            self.reserved[product.name] -= kept
            count -= kept
            put = character.main.insert(product.name, count)
            if put < count:
                world.spill(character.x, character.y, product.name, count - put)
        entry[1] -= 1
        if not entry[1]:
            self.queue.pop(0)
        self._next()

    def size(self) -> int:
        """Crafts still to come."""
        return sum(entry[1] for entry in self.queue)

    def settle(self) -> None:
        """Nothing is kept lazily."""

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.key, [[r.name, n] for r, n in self.queue], sorted((+self.reserved).items())]


class HandMining(Process):
    """Mining by hand: `mining_speed` of the character over the target's mining time, an item each time it is done.

    The first item of a resource comes 121 ticks after asking and each next one 120 later (measured for ore).
    """

    __slots__ = ("character", "position", "target")

    def __init__(self, character: Character) -> None:
        self.character = character
        self.position: tuple[float, float] | None = None
        self.target: Entity | None = None
        character.world.register(self)

    def start(self, x: float, y: float) -> None:
        """Mine what is at a position, until told to stop."""
        found = [e for e in self.character.world.surface.at(x, y) if e.minable and e is not self.character]
        self.position = (x, y)
        target = max(found, key=lambda e: not isinstance(e, Resource), default=None)
        if target is self.target and self.key != -1:
            return
        self.target = target
        self.character.world.cancel(self)
        if target is not None and self._within_reach(target):
            world = self.character.world
            world.schedule(self, world.tick + self._ticks(target) + 1, PICK)

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
        speed: float = self.character.proto.raw["mining_speed"] * (
            1 + self.character.force.manual_mining_speed_modifier
        )
        return max(1, math.ceil(target.proto.mining_time * 60 / speed - 1e-9))

    def on_event(self, world: World, tick: int) -> None:
        target = self.target
        if target is None or not target.valid or not self._within_reach(target):
            self.stop()
            return
        mine(self.character, target)
        if target.valid:
            world.schedule(self, tick + self._ticks(target), PICK)
        else:
            self.stop()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.key, self.position]


def mine(character: Character, target: Entity) -> bool:
    """Mine an entity, or one item of a resource, at once: everything goes to the character; what doesn't fit is spilled."""
    world = character.world
    gained = list(target.mined_items())
    by_hand = character.force.items.made_by_hand
    for product in target.proto.products:
        if product.type != "item":
            return False
        gained.append((product.name, int(product.amount)))
        if not target.proto.is_building:
            by_hand(product.name, int(product.amount))
    for name, count in gained:
        put = character.main.insert(name, count)
        if put < count:
            world.spill(target.x, target.y, name, count - put)
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
                if world.surface.obstacle(character.proto, x, y, 0, character.is_self) is None:
                    world.surface.moved(character, x, y)
                    break
        world.schedule(self, tick + 1, SETTLE)

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.walking, self.direction]


def _grid(value: float) -> float:
    return math.floor(value * 256 + 0.5) / 256
