"""Crafting by hand: a queue of jobs, each with the intermediates that it lacks before it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CRAFT, NEVER, Process
from runtime.engine.prototypes import TICKS_PER_SECOND, RecipePrototype, load

if TYPE_CHECKING:
    from runtime.engine.systems.character import Character
    from runtime.engine.world import World


class Plan:
    """How a recipe is made of what is in `stock`: the crafts in their order, and what of it they take.

    `possible` says whether it can be; a plan that can't be has taken something all the same.
    """

    __slots__ = ("character", "possible", "spare", "steps", "stock", "taken")

    def __init__(
        self, character: Character, recipe: RecipePrototype, crafts: int, stock: dict[str, int]
    ) -> None:
        self.character = character
        self.stock = dict(stock)
        self.spare: Counter[str] = Counter()  # what intermediates leave over
        self.taken: Counter[str] = Counter()
        self.steps: list[Step] = []
        self.possible = self._add(recipe, crafts, ())

    def _add(self, recipe: RecipePrototype, crafts: int, above: tuple[str, ...]) -> bool:
        if recipe.name in above or not craftable(self.character, recipe):
            return False
        for ingredient in recipe.ingredients:
            name, needed = ingredient.name, int(ingredient.amount) * crafts
            needed -= self._use_spare(name, needed)
            at_hand = min(needed, self.stock.get(name, 0))
            if at_hand:
                self.stock[name] -= at_hand
                self.taken[name] += at_hand
                needed -= at_hand
            if needed:
                maker = load().recipe.get(name)
                if (
                    maker is None
                    or not recipe.raw.get("allow_intermediates", True)
                    or not maker.raw.get("allow_as_intermediate", True)
                ):
                    return False
                made = int(maker.products[0].amount)
                times = -(-needed // made)
                if not self._add(maker, times, (*above, recipe.name)):
                    return False
                self.spare[name] += times * made - needed
        if self.steps and self.steps[-1].recipe is recipe:
            self.steps[-1].crafts += crafts
        else:
            self.steps.append(Step(recipe, crafts))
        return True

    def _use_spare(self, name: str, needed: int) -> int:
        used = min(needed, self.spare[name])
        self.spare[name] -= used
        return used


class Step:
    """Some crafts of one recipe that are still to come, the one under way included."""

    __slots__ = ("crafts", "recipe")

    def __init__(self, recipe: RecipePrototype, crafts: int) -> None:
        self.recipe = recipe
        self.crafts = crafts


class Job:
    """What was asked for at once: its last step, and the intermediates before it. `held` is what it has for them."""

    __slots__ = ("held", "steps")

    def __init__(self, plan: Plan) -> None:
        self.steps = plan.steps
        self.held = plan.taken

    def lacks(self, name: str) -> int:
        """How many of an item its later crafts use beyond what it holds. Those don't reach the inventory."""
        used = sum(
            int(i.amount) * s.crafts for s in self.steps for i in s.recipe.ingredients if i.name == name
        )
        return max(0, used - self.held[name])


class HandCrafting(Process):
    """A character's crafting queue. Ingredients are taken from its inventory when a job is queued."""

    __slots__ = ("_blocked", "_ends", "_length", "character", "jobs")

    def __init__(self, character: Character) -> None:
        self.character = character
        self.jobs: list[Job] = []
        self._length = 0  # ticks that the craft under way takes at the present speed; 0 when there is none
        self._ends = 0  # the tick at which it is done
        self._blocked = False  # it is done, but there is no room for it
        character.world.register(self)

    # --- the queue ---------------------------------------------------------------------------------------------

    def possible(self, recipe: RecipePrototype, most: int) -> Plan | None:
        """The plan for as many crafts as the inventory allows, `most` at most; None for none at all."""
        stock = self.character.main.contents()
        plan = Plan(self.character, recipe, most, stock)
        if most > 0 and plan.possible:
            return plan
        best, low, high = None, 0, most  # `high` can't be made
        while high - low > 1:
            # Doubling first: what is asked for may be far more than there is.
            middle = min((low + high) // 2, max(1, 2 * low))
            plan = Plan(self.character, recipe, middle, stock)
            if plan.possible:
                best, low = plan, middle
            else:
                high = middle
        return best

    def begin(self, recipe: RecipePrototype, crafts: int) -> int:
        """Queue up to `crafts` of a recipe, with the intermediates it lacks; how many crafts were queued."""
        plan = self.possible(recipe, crafts)
        if plan is None:
            return 0
        queued = plan.steps[-1].crafts
        job = self._take(plan)
        last = self.jobs[-1] if self.jobs else None
        if last is not None and len(last.steps) == len(job.steps) == 1 and last.steps[0].recipe is recipe:
            last.steps[0].crafts += queued
            last.held += job.held
        else:
            self.jobs.append(job)
        if not self._length:
            self._next()
        return queued

    def _take(self, plan: Plan) -> Job:
        for name, count in plan.taken.items():
            self.character.main.remove(name, count)
        return Job(plan)

    def entries(self) -> list[tuple[RecipePrototype, int]]:
        """The queue as one sees it: (recipe, crafts still to come), the one under way first."""
        return [(step.recipe, step.crafts) for job in self.jobs for step in job.steps]

    def size(self) -> int:
        """Crafts still to come."""
        return sum(crafts for _, crafts in self.entries())

    def cancel(self, index: int, count: int) -> None:
        """Cancel crafts of an entry (0-based), and what depends on them; all that they hold goes back.

        Raises:
            IndexError: there is no such entry.
        """
        for job in self.jobs:
            if index < len(job.steps):
                step, wanted = job.steps[index], job.steps[-1].crafts
                # Crafts of what was asked for that the crafts of an intermediate were for.
                self._shorten(job, min(wanted, -(-min(count, step.crafts) * wanted // step.crafts)))
                return
            index -= len(job.steps)
        raise IndexError(f"the crafting queue has no entry {index + 1}")

    def cancel_all(self) -> None:
        """Cancel everything; what was held for it goes back."""
        while self.jobs:
            self._shorten(self.jobs[-1], self.jobs[-1].steps[-1].crafts)

    def _shorten(self, job: Job, crafts: int) -> None:
        place = self.jobs.index(job)
        if place == 0:
            self._give_up(job)
        held, job.held = job.held, Counter()
        for name, count in held.items():
            self.character.receive(name, count)
        wanted = job.steps[-1]
        left = wanted.crafts - crafts
        plan = self.possible(wanted.recipe, left) if left > 0 else None
        if plan is None:
            self.jobs.pop(place)
        else:
            self.jobs[place] = self._take(plan)
        if place == 0:
            self._next()

    def _give_up(self, job: Job) -> None:
        """Leave the craft under way: what it used up comes back."""
        if self._length:
            for i in job.steps[0].recipe.ingredients:
                job.held[i.name] += int(i.amount)
                self.character.force.items.used_by_hand(i.name, -int(i.amount))
            self._length = 0
            self._blocked = False
            self.character.world.cancel(self)

    # --- the craft under way -----------------------------------------------------------------------------------

    @property
    def speed(self) -> float:
        """Crafting speed; 1 without bonuses."""
        character = self.character
        return max(
            0.01,
            1.0 + character.force.manual_crafting_speed_modifier + character.bonus("crafting_speed_modifier"),
        )

    @property
    def progress(self) -> float:
        """Share of the craft under way that is done, 0 to 1."""
        if not self._length:
            return 0.0
        return 1.0 if self._blocked else 1 - self._left() / self._length

    def _left(self) -> int:
        return max(0, self._ends - self.character.world.tick)

    def _ticks(self, recipe: RecipePrototype) -> int:
        return max(1, math.ceil(recipe.energy * TICKS_PER_SECOND / self.speed - 1e-9))

    def _next(self) -> None:
        """Begin the first craft of the queue."""
        self._length = 0
        if self.jobs:
            job = self.jobs[0]
            recipe = job.steps[0].recipe
            for i in recipe.ingredients:
                job.held[i.name] -= int(i.amount)
                self.character.force.items.used_by_hand(i.name, int(i.amount))
            self._length = self._ticks(recipe)
            self._end_in(self._length)

    def speed_changed(self) -> None:
        """Its speed is another now: what is left of the craft under way takes longer, or less long."""
        if self._length and not self._blocked:
            left, before = self._left(), self._length
            self._length = self._ticks(self.jobs[0].steps[0].recipe)
            self._end_in(max(1, -(-left * self._length // before)))

    def _end_in(self, ticks: int) -> None:
        world = self.character.world
        self._ends = world.tick + ticks
        world.schedule(self, self._ends, CRAFT)

    def room_came(self) -> None:
        """The inventory has changed: what is done may fit now."""
        if self._blocked and self.key == NEVER:
            world = self.character.world
            world.schedule(self, world.tick + 1, CRAFT)

    def on_event(self, world: World, tick: int) -> None:
        job = self.jobs[0]
        step = job.steps[0]
        step.crafts -= 1
        kept: Counter[str] = Counter()
        for product in step.recipe.products:
            kept[product.name] = min(int(product.amount), job.lacks(product.name))
        main = self.character.main
        if any(main.room(p.name) < int(p.amount) - kept[p.name] for p in step.recipe.products):
            step.crafts += 1
            self._blocked = True
            return
        self._blocked = False
        if not step.crafts:
            job.steps.pop(0)
        if not job.steps:
            self.jobs.pop(0)
        for product in step.recipe.products:
            count = int(product.amount)
            self.character.force.items.made_by_hand(product.name, count)
            job.held[product.name] += kept[product.name]
            main.insert(product.name, count - kept[product.name])
        self._next()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        jobs = [[[[s.recipe.name, s.crafts] for s in j.steps], sorted((+j.held).items())] for j in self.jobs]
        return [self.key, self._length, self._blocked, jobs]


def craftable(character: Character, recipe: RecipePrototype) -> bool:
    """Whether a character may make a recipe with its hands, given all it takes."""
    force = character.force
    categories = character.proto.raw["crafting_categories"]
    return (
        recipe.name in force.recipes_enabled
        and recipe.name not in force.hand_crafting_disabled
        and (
            recipe.category in categories
            or any(c in categories for c in recipe.raw.get("additional_categories") or ())
        )
        and all(i.type == "item" for i in recipe.ingredients)
        and bool(recipe.products)
        and all(p.type == "item" for p in recipe.products)
    )
