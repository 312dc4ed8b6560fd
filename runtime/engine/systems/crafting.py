"""Machines that craft: furnaces, which choose their recipe by what is put in, and assembling machines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import CRAFT, NEVER, Entity, entity_class
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, RecipePrototype, load
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import ONE, Power
from runtime.engine.systems.fluids import Box, Tank

INPUT, OUTPUT, MODULES = 2, 3, 4  # defines.inventory.crafter_input, .crafter_output, .crafter_modules


class CraftingMachine(Entity):
    """One craft after another: ingredients are taken when it begins, products appear when it ends.

    A cold machine begins on the second tick after it has all it needs, a warm one on the next (measured).
    """

    __slots__ = (
        "_finish",
        "_left",
        "_warm",
        "burner",
        "crafting",
        "input",
        "modules",
        "output",
        "power",
        "products_finished",
        "recipe",
        "tank",
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        raw = self.proto.raw
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self) if self.proto.electric else None
        self.tank = Tank(self) if raw.get("fluid_boxes") else None
        self.recipe: RecipePrototype | None = None
        self.crafting: RecipePrototype | None = None  # the recipe of the craft that is under way
        self.products_finished = 0
        self.input = Inventory(raw.get("source_inventory_size", 0), self, INPUT, self.accepts)
        self.output = Inventory(raw.get("result_inventory_size", 0), self, OUTPUT)
        self.modules = Inventory(raw.get("module_slots", 0), self, MODULES)
        self._left = -1
        self._finish = NEVER
        self._warm = False
        self.input.changed = self.output.changed = self._touched
        if self.burner is not None:
            self.burner.inventory.changed = self._touched

    def built(self) -> None:
        if self.burner is not None:
            self.burner.since = self.world.tick
        if self.tank is not None:
            self.tank.fit(self.recipe)

    # --- recipe ------------------------------------------------------------------------------------------------

    def accepts(self, name: str) -> bool:
        """Whether an item is an ingredient here."""
        raise NotImplementedError

    def next_recipe(self) -> RecipePrototype | None:
        """The recipe of the next craft, going by recipe and ingredients."""
        raise NotImplementedError

    def craft_ticks(self, recipe: RecipePrototype) -> int:
        """How long one craft takes here."""
        speed: float = self.proto.raw["crafting_speed"]
        return max(1, math.ceil(recipe.energy * 60 / speed - 1e-9))

    # --- working -----------------------------------------------------------------------------------------------

    @property
    def _powered(self) -> bool:
        if self.power is not None:
            return self.power.ready()
        return self.burner is not None and (self.burner.remaining > 0 or not self.burner.inventory.is_empty())

    def _touched(self) -> None:
        """Items went in or out: what waits here may go on, and so may the machine."""
        self.changed()
        if self.key == NEVER and self._finish == NEVER and self.active and self._powered and self._ready():
            # A cold machine first fills its energy buffer.
            self.world.schedule(
                self, self.world.tick + (1 if self._warm or self.burner is None else 2), CRAFT
            )

    def _ready(self) -> bool:
        if self._left >= 0:
            return True
        recipe = self.next_recipe()
        if recipe is not None and self.tank is not None:
            self.tank.pull(recipe)
        return recipe is not None and self._has_ingredients(recipe) and self._has_room(recipe)

    def _has_ingredients(self, recipe: RecipePrototype) -> bool:
        held = self.input.count
        for i in recipe.ingredients:
            if i.type == "item":
                if held(i.name) < i.amount:
                    return False
            elif self.tank is None or self.tank.amount(i.name) < i.amount:
                return False
        return True

    def _has_room(self, recipe: RecipePrototype) -> bool:
        for p in recipe.products:
            if p.type == "item":
                if self.output.room(p.name) < p.amount:
                    return False
            elif self.tank is None or not self.tank.room(p.name, p.amount):
                return False
        return True

    def on_event(self, world: Any, tick: int) -> None:
        if self._finish == NEVER:
            self._begin(tick)
        elif self.power is not None:
            if self.power.done():
                self._finished(tick)
        elif tick >= self._finish:
            self._finished(tick)
        else:
            self._refuel(tick)

    def _begin(self, tick: int) -> None:
        burner, power = self.burner, self.power
        if not self.active or not (burner.load_fuel() if burner is not None else self._powered):
            self._stop(tick)
            return
        if self._left < 0:
            recipe = self.next_recipe()
            if recipe is not None and self.tank is not None:
                self.tank.pull(recipe)
            if recipe is None or not self._has_ingredients(recipe) or not self._has_room(recipe):
                self._stop(tick)
                return
            self.crafting = recipe
            self._left = self.craft_ticks(recipe)
            used = self.force.items.used
            for ingredient in recipe.ingredients:
                if ingredient.type == "fluid":
                    assert self.tank is not None
                    self.tank.use(ingredient.name, ingredient.amount)
                    self.force.fluids.used(ingredient.name, ingredient.amount)
                    continue
                used(ingredient.name, int(ingredient.amount))
                changed, self.input.changed = self.input.changed, None
                self.input.remove(ingredient.name, int(ingredient.amount))
                self.input.changed = changed
            self.changed()
        self._warm = True
        self._finish = tick + self._left
        if power is not None:
            power.set_rate(self.proto.energy_usage)
            power.work(self._left * ONE, CRAFT)
        elif burner is not None:
            burner.set_rate(self.proto.energy_usage, tick)
            self._schedule(tick)

    def power_came(self) -> None:
        self._touched()

    def fluid_came(self) -> None:
        if self.tank is not None:
            self.tank.flush()
        self._touched()

    @property
    def boxes(self) -> list[Box]:
        """Its fluid boxes."""
        return self.tank.boxes if self.tank is not None else []

    def _schedule(self, tick: int) -> None:
        assert self.burner is not None
        self.world.schedule(self, min(self._finish, tick + self.burner.ticks_left()), CRAFT)

    def _refuel(self, tick: int) -> None:
        burner = self.burner
        assert burner is not None
        burner.settle(tick)
        if burner.ticks_left() <= 0:
            burner.remaining = 0.0
            if not burner.load_fuel():
                self._left = self._finish - tick
                self._stop(tick)
                return
        self._schedule(tick)

    def _stop(self, tick: int) -> None:
        self._finish = NEVER
        if self.burner is not None:
            self.burner.set_rate(0.0, tick)
            self._warm = self.burner.remaining > 0
        if self.power is not None:
            self.power.stop()
            self.power.set_rate(0.0)

    def _finished(self, tick: int) -> None:
        recipe = self.crafting
        assert recipe is not None
        if self.burner is not None:
            self.burner.settle(tick)
        self._finish = NEVER
        self._left = -1
        self.crafting = None
        self.products_finished += 1
        changed, self.output.changed = self.output.changed, None
        for product in recipe.products:
            if product.type == "fluid":
                assert self.tank is not None
                self.force.fluids.made(product.name, product.amount)
                self.tank.make(product.name, product.amount, product.raw.get("temperature"))
                continue
            count = self._roll(product.amount, product.probability)
            if count:
                self.force.items.made(product.name, count)
                self.output.insert(product.name, count)
        self.output.changed = changed
        self.changed()
        self._begin(tick)

    def _roll(self, amount: float, probability: float) -> int:
        if probability < 1 and self.world.random.random() >= probability:
            return 0
        return int(amount)

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        found: dict[int, Inventory] = {}
        if self.burner is not None:
            found[FUEL] = self.burner.inventory
            found[BURNT_RESULT] = self.burner.burnt
        found[INPUT] = self.input
        found[OUTPUT] = self.output
        if len(self.modules):
            found[MODULES] = self.modules
        return found

    def output_inventory(self) -> Inventory:
        return self.output

    def _place_for(self, name: str) -> Inventory | None:
        if self.burner is not None and self.burner.accepts(name):
            return self.burner.inventory
        if self.accepts(name):
            return self.input
        if len(self.modules) and load().item[name].type == "module":
            return self.modules
        return None

    def insertable(self, name: str) -> int:
        place = self._place_for(name)
        return place.room(name) if place is not None else 0

    def insert(self, name: str, count: int) -> int:
        place = self._place_for(name)
        return place.insert(name, count) if place is not None else 0

    def takes(self, name: str) -> bool:
        if self.burner is not None and self.burner.accepts(name):
            return self.burner.takes(name)
        recipe = self.recipe_with(name)
        if recipe is None or not self.input.room(name):
            return False
        needed = next(i.amount for i in recipe.ingredients if i.name == name)
        return self.input.count(name) < 2 * needed

    def recipe_with(self, name: str) -> RecipePrototype | None:
        """The recipe for which an item would be used here."""
        raise NotImplementedError

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        names: dict[str, None] = dict.fromkeys(n for n in self.output.names if n is not None)
        if self.burner is not None:
            names.update(dict.fromkeys(self.burner.burnt.contents()))
        return names

    def take(self, name: str, count: int) -> int:
        taken = self.output.remove(name, count)
        if not taken and self.burner is not None:
            taken = self.burner.burnt.remove(name, count)
        return taken

    # --- what it says of itself --------------------------------------------------------------------------------

    @property
    def progress(self) -> float:
        """Share of the present craft that is done, 0 to 1."""
        if self.crafting is None:
            return 0.0
        left: float = self._finish - self.world.tick if self._finish != NEVER else self._left
        if self.power is not None and self._finish != NEVER:
            left = self.power.left() / ONE
        return min(1.0, max(0.0, 1 - left / self.craft_ticks(self.crafting)))

    def settle(self) -> None:
        if self.burner is not None:
            self.burner.settle(self.world.tick)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        power = self.power
        if self._finish != NEVER:
            return power.status() if power is not None else "working"
        if power is not None and not power.satisfaction:
            return "no_power"
        recipe = self.next_recipe()
        if self._left < 0:
            if recipe is None:
                return "no_ingredients" if self.is_furnace else "no_recipe"
            if not self._has_room(recipe):
                return "full_output"
            if not self._has_ingredients(recipe):
                if self.is_furnace:
                    return "no_ingredients"
                lacking = any(i.type == "item" and self.input.count(i.name) < i.amount for i in recipe.ingredients)
                return "item_ingredient_shortage" if lacking else "fluid_ingredient_shortage"
        if power is not None:
            return power.status()
        return "working" if self._powered else "no_fuel"

    @property
    def is_furnace(self) -> bool:
        """Whether the recipe follows from what is put in."""
        return self.type == "furnace"

    def more_state(self) -> list[Any]:
        return [self.recipe.name if self.recipe else None, self.crafting.name if self.crafting else None, self._left,
                self._finish, self._warm, self.products_finished, self.burner.state() if self.burner else None,
                self.power.state() if self.power else None, self.tank.state() if self.tank else None]  # fmt: skip


@entity_class("furnace")
class Furnace(CraftingMachine):
    """Smelts whatever its crafting categories know a recipe for."""

    __slots__ = ()

    def recipe_with(self, name: str) -> RecipePrototype | None:
        held = self.input.names[0]
        if held is not None and held != name:
            return None
        for category in self.proto.raw["crafting_categories"]:
            recipe = load().smelting.get((category, name))
            if recipe is not None and recipe.name in self.force.recipes_enabled:
                return recipe
        return None

    def accepts(self, name: str) -> bool:
        return self.recipe_with(name) is not None

    def next_recipe(self) -> RecipePrototype | None:
        held = self.input.names[0]
        return self.recipe_with(held) if held is not None else None


@entity_class("assembling-machine")
class AssemblingMachine(CraftingMachine):
    """Crafts the recipe that is set. Its inventories have a slot for each ingredient and product."""

    __slots__ = ()
    rotatable = True

    @classmethod
    def can_face(cls, proto: EntityPrototype) -> bool:
        return bool(proto.raw.get("fluid_boxes"))

    def set_recipe(self, recipe: RecipePrototype | None) -> dict[str, int]:
        """Set or clear the recipe; what was in it comes back, the ingredients of a begun craft included."""
        freed: dict[str, int] = {}
        for inventory in (self.input, self.output):
            for name, count in inventory.contents().items():
                freed[name] = freed.get(name, 0) + count
        if self.crafting is not None:
            for i in self.crafting.ingredients:
                if i.type == "item":
                    freed[i.name] = freed.get(i.name, 0) + int(i.amount)
        self.crafting = None
        self._left = -1
        self._stop(self.world.tick)
        self.world.cancel(self)
        self.recipe = recipe
        if self.tank is not None:
            self.tank.fit(recipe)
        for inventory, rows in (
            (self.input, recipe.ingredients if recipe else []),
            (self.output, recipe.products if recipe else []),
        ):
            items = [r.name for r in rows if r.type == "item"]
            inventory.clear()
            inventory.resize(len(items))
            inventory.filters = dict(enumerate(items))
        self.changed()
        return freed

    def recipe_with(self, name: str) -> RecipePrototype | None:
        if self.recipe is not None and any(
            i.name == name and i.type == "item" for i in self.recipe.ingredients
        ):
            return self.recipe
        return None

    def accepts(self, name: str) -> bool:
        return self.recipe_with(name) is not None

    def next_recipe(self) -> RecipePrototype | None:
        return self.recipe
