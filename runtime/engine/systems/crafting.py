"""Machines that craft: furnaces, which choose their recipe by what is put in, and assembling machines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from runtime.engine.entity import CRAFT, NEVER, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, RecipePrototype, load
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.effects import WHOLE, Receiver, known_to
from runtime.engine.systems.electricity import ONE, Power
from runtime.engine.systems.fluids import Box
from runtime.engine.systems.plans import Plan, plan_of
from runtime.engine.systems.tanks import Tank

INPUT, OUTPUT, MODULES = 2, 3, 4  # defines.inventory.crafter_input, .crafter_output, .crafter_modules
HEAP, UNHEEDED = (
    64,
    1000,
)  # a drill adds so many to what is enough for a machine, unless that is so many already
NO_RECIPE: Final = "-"  # what machines know of ingredients while none is set


class CraftingMachine(Receiver):
    """One craft after another: ingredients are taken when it begins, products appear when it ends.

    A cold machine begins on the second tick after it has all it needs, a warm one on the next (measured). Products for
    which there is no room are kept, and nothing else is begun (measured).
    """

    __slots__ = (
        "_finish",
        "_left",
        "_lengths",
        "_limits",
        "_owed",
        "_plan",
        "_running",
        "_warm",
        "_work",
        "bonus",
        "burner",
        "crafting",
        "input",
        "mirrored",
        "output",
        "power",
        "products_finished",
        "recipe",
        "tank",
    )
    module_inventory = MODULES

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        raw = self.proto.raw
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self, alone=True) if self.proto.electric else None
        self.tank = Tank(self) if raw.get("fluid_boxes") else None
        self.recipe: RecipePrototype | None = None
        self.crafting: RecipePrototype | None = None  # the recipe of the craft that is under way
        self.products_finished = 0
        self.mirrored = False
        self.input = self.make_input()
        self.output = Inventory(raw.get("result_inventory_size", 0), self, OUTPUT)
        self.bonus = 0  # of `WHOLE`: how far the productivity bar is
        self._plan: Plan | None = None  # of `crafting`
        self._work = 0  # of the whole craft at the present speed, in `ONE` per tick
        self._left = 0  # of it, while the machine stands
        self._owed = 0  # of it, when the productivity bar was last brought forward
        self._running = False
        self._finish = NEVER  # the tick at which a burner will be done
        self._warm = False
        # Ingredient -> how many of it inserters bring; recipe -> the work of a craft at the present speed.
        self._limits: dict[str, int] = known_to(self.name, self.speed, NO_RECIPE)
        self._lengths: dict[str, int] = known_to(self.name, self.speed)
        self.input.changed = self.output.changed = self._touched
        if self.burner is not None:
            self.burner.inventory.changed = self._touched

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_plan": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self.crafting is not None:
            self._plan = plan_of(self.crafting.name)

    def make_input(self) -> Inventory:
        """The inventory for its ingredients."""
        return Inventory(self.proto.raw.get("source_inventory_size", 0), self, INPUT, self.accepts)

    def built(self) -> None:
        super().built()
        if self.burner is not None:
            self.burner.since = self.world.tick
        if self.tank is not None:
            self.tank.fit(self.recipe)

    def removed(self) -> None:
        super().removed()
        if self.tank is not None:
            self.tank.close()

    def rotate_to(self, direction: int) -> None:
        if self.tank is not None:
            self.tank.close()
        super().rotate_to(direction)
        self._opened_elsewhere()

    def mirror(self, mirrored: bool) -> None:
        """Have its fluid boxes where a mirrored machine has them, or back."""
        if mirrored != self.mirrored:
            if self.tank is not None:
                self.tank.close()
            self.mirrored = mirrored
            self._opened_elsewhere()

    def _opened_elsewhere(self) -> None:
        if self.tank is not None:
            self.tank.open_up()
            self.fluid_came()

    # --- recipe ------------------------------------------------------------------------------------------------

    def accepts(self, name: str) -> bool:
        """Whether an item is an ingredient here."""
        return self.recipe_with(name) is not None

    def next_recipe(self) -> RecipePrototype | None:
        """The recipe of the next craft, going by recipe and ingredients."""
        raise NotImplementedError

    def recipe_with(self, name: str) -> RecipePrototype | None:
        """The recipe for which an item would be used here."""
        raise NotImplementedError

    # --- speed -------------------------------------------------------------------------------------------------

    @property
    def crafting_speed(self) -> float:
        """Its crafting speed, effects included."""
        return float(self.proto.raw["crafting_speed"]) * self.speed / WHOLE

    def _length(self, plan: Plan) -> int:
        """The work of a craft at the present speed; no craft takes less than a tick."""
        length = self._lengths.get(plan.recipe.name)
        if length is None:
            base: float = self.proto.raw["crafting_speed"]
            length = max(ONE, -(-plan.work * WHOLE * WHOLE // (round(base * WHOLE) * self.speed)))
            self._lengths[plan.recipe.name] = length
        return length

    def _limit(self, plan: Plan, name: str) -> int:
        """How many of an ingredient inserters bring: for as many crafts as there are in an inserter's swing, and one more."""
        constants = load().raw["utility-constants"]["default"]
        swing = constants["dynamic_recipe_overload_factor"]
        crafts = math.ceil(swing * self.crafting_speed / plan.recipe.energy - 1e-9) + 1
        crafts = max(crafts, constants["minimum_recipe_overload_multiplier"])
        crafts = min(crafts, constants["maximum_recipe_overload_multiplier"])
        crafts = plan.recipe.raw.get("overload_multiplier") or crafts
        return next((amount for _, n, amount, _ in plan.items_in if n == name), 0) * int(crafts)

    def effect_recipe(self) -> RecipePrototype | None:
        return self.recipe

    def _know(self) -> None:
        recipe = self.recipe.name if self.recipe is not None else NO_RECIPE
        self._limits = known_to(self.name, self.speed, recipe)
        self._lengths = known_to(self.name, self.speed)

    def about_to_change(self) -> None:
        if self.crafting is not None:
            self._bring_bar_forward(self._work_left())

    def effects_changed(self) -> None:
        self._know()
        plan = self._plan
        if plan is not None:
            length = self._length(plan)
            left = -(-self._work_left() * length // self._work)
            self._work, self._left = length, left
            self._owed = left
        if self._running:
            self._run(self.world.tick)

    def _bring_bar_forward(self, left: int) -> None:
        self.bonus += self.productivity * (self._owed - left) // self._work
        self._owed = left

    # --- working -----------------------------------------------------------------------------------------------

    @property
    def _powered(self) -> bool:
        if self.power is not None:
            return self.power.ready()
        return self.burner is not None and (self.burner.remaining > 0 or not self.burner.inventory.is_empty())

    def _touched(self) -> None:
        """Items went in or out: what waits here may go on, and so may the machine."""
        if self.watchers:
            self.changed()
        self.brought()

    def brought(self) -> None:
        """An ingredient came or a product went: it may go on. Nobody who waits here waits for that."""
        if not self._running and self.key == NEVER:
            self._start_soon()

    def _start_soon(self) -> None:
        if self.active and self._powered and self._ready():
            # A cold machine first fills its energy buffer.
            self.world.schedule(
                self, self.world.tick + (1 if self._warm or self.burner is None else 2), CRAFT
            )

    def wake(self, tick: int) -> None:
        if not self.active:
            self._stop(self.world.tick)
            self.world.cancel(self)
        elif not self._running and self.key == NEVER:
            self._start_soon()

    def _ready(self) -> bool:
        plan = self._plan
        if plan is not None:
            return self._left > 0 or self._has_room(plan)
        recipe = self.next_recipe()
        return recipe is not None and self._can_begin(plan_of(recipe.name))

    def _can_begin(self, plan: Plan) -> bool:
        tank = self.tank
        if tank is None:
            return plan.has_items(self.input)
        tank.pull(plan.recipe)
        return (
            plan.has_items(self.input)
            and all(tank.amount(i.name) >= i.amount for i in plan.fluids_in)
            and all(tank.room(p.name, p.amount) for p in plan.fluids_out)
        )

    def _has_room(self, plan: Plan) -> bool:
        """Whether all that a craft may give finds room."""
        if not plan.has_room(self.output):
            return False
        tank = self.tank
        return tank is None or all(tank.room(p.name, p.amount) for p in plan.fluids_out)

    def on_event(self, world: Any, tick: int) -> None:
        if not self._running:
            self._go_on(tick)
        elif self.power is not None:
            spare = self.power.spare()
            if spare != NEVER:
                self._finished(tick, spare)
        elif tick >= self._finish:
            self._finished(tick, 0)
        else:
            self._refuel(tick)

    def _go_on(self, tick: int) -> None:
        if self._plan is not None and self._left <= 0 and self.active:
            self._finished(tick, 0)
        else:
            self._begin(tick, 0)

    def _begin(self, tick: int, spare: int) -> bool:
        """Go on with the present craft or begin one, if it can; `spare` is work already done for it in this tick.

        Whether ingredients were taken, of which those who wait here have been told.
        """
        if not self.active or not (self.burner.load_fuel() if self.burner is not None else self._powered):
            self._stop(tick)
            return False
        begun = self._plan is None
        if begun:
            recipe = self.next_recipe()
            plan = plan_of(recipe.name) if recipe is not None else None
            if plan is None or not self._can_begin(plan):
                self._stop(tick)
                return False
            self._take_ingredients(plan)
            self._plan, self.crafting = plan, plan.recipe
            self._work = self._owed = self._length(plan)
            self._left = max(1, self._work - spare)
            if self.watchers:
                self.changed()
        self._run(tick)
        return begun

    def _take_ingredients(self, plan: Plan) -> None:
        used = self.force.items.used
        inventory = self.input
        for slot, name, amount, counted in plan.items_in:
            inventory.take_quietly(slot, amount)
            if counted:
                used(name, counted)
        for fluid in plan.fluids_in:
            assert self.tank is not None
            self.tank.use(fluid.name, fluid.amount)
            if fluid.amount > plan.ignored[fluid.name]:
                self.force.fluids.used(fluid.name, fluid.amount - plan.ignored[fluid.name])
        if plan.fluids_in:
            self._let_flow()

    def _run(self, tick: int) -> None:
        self._warm = self._running = True
        power = self.power
        if power is not None:
            power.set_rate(self.usage())
            power.work(self._left, CRAFT)
        elif self.burner is not None:
            burner = self.burner
            end = self._finish = tick - (-self._left // ONE)
            burner.set_rate(self.usage(), tick)
            out = tick + burner.ticks_left()
            self.world.schedule(self, end if end < out else out, CRAFT)

    def _work_left(self) -> int:
        """The work that is left of the present craft."""
        if not self._running:
            return self._left
        if self.power is not None:
            return self.power.left()
        return max(0, self._finish - self.world.tick) * ONE

    def power_came(self) -> None:
        self.wake(self.world.tick)

    def fluid_came(self) -> None:
        self._let_flow()
        self._touched()

    def _let_flow(self) -> None:
        """Fluids come and go whether it works or not."""
        if self.tank is not None:
            if self.recipe is not None:
                self.tank.pull(self.recipe)
            else:
                self.tank.flush()

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
        if burner.goes_on(tick):
            self._schedule(tick)
        else:
            self._stop(tick)

    def _stop(self, tick: int) -> None:
        """Stand still, drawing no power; what has been done of a craft is kept."""
        self._left = self._work_left()
        self._running = False
        self._finish = NEVER
        if self.burner is not None:
            self.burner.set_rate(0.0, tick)
            self._warm = self.burner.remaining > 0
        if self.power is not None:
            self.power.stop()
            self.power.set_rate(0.0)

    def _finished(self, tick: int, spare: int) -> None:
        plan = self._plan
        assert plan is not None
        if self.burner is not None:
            self.burner.settle(tick)
        self._running = False
        self._left = 0
        if self.productivity:
            self._bring_bar_forward(0)
        if not self._has_room(plan):
            self._stop(tick)
            return
        self.products_finished += 1
        self._give(plan, False)
        while self.bonus >= WHOLE and self._has_room(plan):
            self.bonus -= WHOLE
            self._give(plan, True)
        if self.tank is not None:
            self.tank.flush()
        self._plan = self.crafting = None
        if not self._begin(tick, spare) and self.watchers:
            self.changed()

    def _give(self, plan: Plan, bonus: bool) -> None:
        """Put the products of one craft into their places; a bonus is one that took nothing."""
        names, counts = self.output.names, self.output.counts
        items = self.force.items
        for slot, name, count, counted in plan.made(self.world.random, bonus):
            if count:
                names[slot] = name
                counts[slot] += count
            if counted > 0:
                items.made(name, counted)
        for p in plan.fluids_out:
            assert self.tank is not None
            amount = p.amount - (p.raw.get("ignored_by_productivity", 0) if bonus else 0)
            ignored = 0 if bonus else p.raw.get("ignored_by_stats", 0)
            if amount > ignored:
                self.force.fluids.made(p.name, amount - ignored)
            self.tank.make(p.name, amount, p.raw.get("temperature"))

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
        return self.modules if len(self.modules) and self.fits_module(name) else None

    def insertable(self, name: str) -> int:
        place = self._place_for(name)
        return place.room(name) if place is not None else 0

    def insert(self, name: str, count: int) -> int:
        place = self._place_for(name)
        return place.insert(name, count) if place is not None else 0

    def takes(self, name: str) -> bool:
        burner = self.burner
        if burner is not None and burner.accepts(name):
            return burner.takes(name)
        recipe = self.recipe_with(name)
        if recipe is None:
            return False
        limit = self._limits.get(name)
        if limit is None:
            limit = self._limits[name] = self._limit(plan_of(recipe.name), name)
        return self.input.count(name) < limit

    def fall_in(self, name: str) -> bool:
        # A drill heeds no inserter's limit: it fills a stack, or what inserters would bring, and 64 more (measured).
        recipe = self.recipe_with(name)
        if recipe is None or (self.burner is not None and self.burner.accepts(name)):
            return super().fall_in(name)
        plan = plan_of(recipe.name)
        source = self.input
        slot = next(slot for slot, item, _, _ in plan.items_in if item == name)
        most = max(load().item[name].stack_size, self._limit(plan, name))
        if most < UNHEEDED:
            most += HEAP
        if source.counts[slot] >= most:
            return False
        source.names[slot] = name
        source.counts[slot] += 1
        self.brought()
        return True

    def first(self) -> str | None:
        for name in self.output.names:
            if name is not None:
                return name
        burner = self.burner
        return (
            next(iter(burner.burnt.contents()), None) if burner is not None and burner.burnt.names else None
        )

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        names = [n for n in self.output.names if n is not None]
        burner = self.burner
        if burner is not None and burner.burnt.names:
            names.extend(burner.burnt.contents())
        return names

    def take(self, name: str, count: int) -> int:
        output = self.output
        for slot, held in enumerate(output.names):
            if held == name:
                taken = output.take_quietly(slot, count)
                self.brought()
                return taken
        return self.burner.burnt.remove(name, count) if self.burner is not None else 0

    # --- what it says of itself --------------------------------------------------------------------------------

    @property
    def progress(self) -> float:
        """Share of the present craft that is done, 0 to 1."""
        if self.crafting is None:
            return 0.0
        return min(1.0, max(0.0, 1 - self._work_left() / self._work))

    @property
    def bonus_progress(self) -> float:
        """How full the productivity bar is, 0 to 1."""
        bar = self.bonus
        if self.crafting is not None:
            bar += self.productivity * (self._owed - self._work_left()) // self._work
        return min(1.0, bar / WHOLE)

    def settle(self) -> None:
        if self.burner is not None:
            self.burner.settle(self.world.tick)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        power = self.power
        if self._running:
            return power.status() if power is not None else "working"
        if power is not None and not power.satisfaction:
            return "no_power"
        if power is None and not self._powered:
            return "no_fuel"
        if self._plan is not None:
            if self._left <= 0 and not self._has_room(self._plan):
                return "full_output"
        else:
            recipe = self.next_recipe()
            if recipe is None:
                return "no_ingredients" if self.is_furnace else "no_recipe"
            plan = plan_of(recipe.name)
            if self.tank is not None and not all(self.tank.room(p.name, p.amount) for p in plan.fluids_out):
                return "pipeline_overextended" if self.tank.overextended else "full_output"
            if not plan.has_items(self.input):
                return "no_ingredients" if self.is_furnace else "item_ingredient_shortage"
            if self.tank is not None and any(self.tank.amount(i.name) < i.amount for i in plan.fluids_in):
                return "pipeline_overextended" if self.tank.overextended else "fluid_ingredient_shortage"
        if power is not None:
            return power.status()
        return "working"

    @property
    def is_furnace(self) -> bool:
        """Whether the recipe follows from what is put in."""
        return self.type == "furnace"

    def more_state(self) -> list[Any]:
        return [self.recipe.name if self.recipe else None, self.crafting.name if self.crafting else None,
                self._work_left(), self._running, self._owed, self._finish, self.mirrored, self._warm, self.products_finished,
                self.bonus, self.effect_state(), self.burner.state() if self.burner else None,
                self.power.state() if self.power else None, self.tank.state() if self.tank else None]  # fmt: skip


class Furnace(CraftingMachine):
    """Smelts whatever its crafting categories know a recipe for."""

    __slots__ = ()

    def recipe_with(self, name: str) -> RecipePrototype | None:
        held = self.input.names[0]
        return self._smelting(name) if held is None or held == name else None

    def _smelting(self, name: str) -> RecipePrototype | None:
        for recipe in smelting_in(self.name).get(name, ()):
            if recipe.name in self.force.recipes_enabled:
                return recipe
        return None

    def bonus_changed(self, kind: str) -> None:
        super().bonus_changed(kind)
        # What it may smelt has changed: an inserter may be waiting with it.
        self._touched()

    def next_recipe(self) -> RecipePrototype | None:
        held = self.input.names[0]
        return self._smelting(held) if held is not None else None

    def insert(self, name: str, count: int) -> int:
        source = self.input
        burner = self.burner
        fuel = (
            name not in self._limits and burner is not None and burner.accepts(name)
        )  # limits are of what is no fuel
        if fuel or self.recipe_with(name) is None:
            return super().insert(name, count)
        put = load().item[name].stack_size - source.counts[0]
        if put > count:
            put = count
        if put <= 0:
            return 0
        source.names[0] = name
        source.counts[0] += put
        if not self._running:
            self.brought()
        return put

    def takes(self, name: str) -> bool:
        limit = self._limits.get(name)  # of what is no fuel
        burner = self.burner
        if limit is None and burner is not None and burner.accepts(name):
            return burner.takes(name)
        source = self.input
        held = source.names[0]
        if held is not None and (held != name or (limit is not None and source.counts[0] >= limit)):
            return False
        recipe = self._smelting(name)
        if recipe is None:
            return False
        if limit is None:
            limit = min(self._limit(plan_of(recipe.name), name), load().item[name].stack_size)
            self._limits[name] = limit
        return source.counts[0] < limit


@cache
def smelting_in(furnace: str) -> dict[str, tuple[RecipePrototype, ...]]:
    """Ingredient -> the recipes by which a furnace would use it."""
    known = load()
    found: dict[str, tuple[RecipePrototype, ...]] = {}
    for category in known.entity[furnace].raw["crafting_categories"]:
        for (of, name), recipe in known.smelting.items():
            if of == category:
                found[name] = (*found.get(name, ()), recipe)
    return found


class Ingredients(Inventory):
    """A slot for each item that a recipe needs. By hand or by script one takes half a stack more than a stack.

    What a craft needs is kept free of that, as FLE's test of the game's assembler has it.
    """

    __slots__ = ("slots",)

    def __init__(self, owner: CraftingMachine) -> None:
        super().__init__(0, owner, INPUT)
        self.slots: dict[str, tuple[int, int]] = {}  # item -> slot, most that goes in

    def fit(self, plan: Plan | None) -> None:
        """Have the slots for a recipe."""
        rows = plan.items_in if plan is not None else []
        self.resize(len(rows))
        self.filters = {slot: name for slot, name, _, _ in rows}
        items = load().item
        self.slots = {}
        for slot, name, amount, _ in rows:
            stack = items[name].stack_size
            self.slots[name] = (slot, max(stack, stack + stack // 2 - amount, 3 * amount))

    def room(self, name: str) -> int:
        place = self.slots.get(name)
        return max(0, place[1] - self.counts[place[0]]) if place is not None else 0

    def insert(self, name: str, count: int) -> int:
        place = self.slots.get(name)
        if place is None or count <= 0:
            return 0
        slot, most = place
        put = min(count, most - self.counts[slot])
        if put <= 0:
            return 0
        self.names[slot] = name
        self.counts[slot] += put
        machine: CraftingMachine = self.owner
        machine.brought()
        return put

    def count(self, name: str | None = None) -> int:
        place = self.slots.get(name) if name is not None else None
        return self.counts[place[0]] if place is not None else super().count(name)


class AssemblingMachine(CraftingMachine):
    """Crafts the recipe that is set. Its inventories have a slot for each ingredient and product."""

    __slots__ = ()
    rotatable = True

    @classmethod
    def can_face(cls, proto: EntityPrototype) -> bool:
        return bool(proto.raw.get("fluid_boxes"))

    def make_input(self) -> Inventory:
        return Ingredients(self)

    @property
    def ingredients(self) -> Ingredients:
        """Its `input` as what that is here."""
        assert isinstance(self.input, Ingredients)
        return self.input

    def set_recipe(self, recipe: RecipePrototype | None) -> dict[str, int]:
        """Set or clear the recipe; what was in it comes back.

        That is what is in its slots, the ingredients of a begun craft, and modules that the new recipe doesn't allow.
        """
        freed: dict[str, int] = {}
        if recipe is self.recipe:
            return freed
        held = [*self.input.contents().items(), *self.output.contents().items()]
        if self._plan is not None:
            held.extend((name, amount) for _, name, amount, _ in self._plan.items_in)
        self._stop(self.world.tick)
        self.world.cancel(self)
        self.crafting = self._plan = None
        self._left = self.bonus = 0
        self.recipe = recipe
        self._know()
        if self.tank is not None:
            self.tank.fit(recipe)
        plan = plan_of(recipe.name) if recipe is not None else None
        self.input.clear()
        self.ingredients.fit(plan)
        self.output.clear()
        self.output.resize(len(plan.items_out) if plan is not None else 0)
        self.output.filters = {slot: p.name for slot, p in plan.items_out} if plan is not None else {}
        for name, count in self.modules.contents().items():
            if not self.fits_module(name):
                held.append((name, self.modules.remove(name, count)))
        self.recount()
        self._let_flow()
        for name, count in held:
            freed[name] = freed.get(name, 0) + count
        self.changed()
        return freed

    def recipe_with(self, name: str) -> RecipePrototype | None:
        return self.recipe if name in self.ingredients.slots else None

    def next_recipe(self) -> RecipePrototype | None:
        return self.recipe
