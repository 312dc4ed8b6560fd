"""Resources in the ground and the drills that mine them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

from runtime.engine.entity import CRAFT, DROP, NEVER, Site, turned_point
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import RecipePrototype, fixed, load
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.effects import WHOLE, Receiver, known_to
from runtime.engine.systems.electricity import ONE, Power
from runtime.engine.systems.fluids import FLUID, Box, join
from runtime.engine.systems.ground import await_delivery, deliver
from runtime.engine.systems.lanes import Lane
from runtime.engine.systems.nature import Natural
from runtime.engine.systems.tanks import Tank

# From fuelling an idle drill to its first item: its work, and three ticks to get going (measured on a burner drill).
STARTUP = 3
DRILL_MODULES = 2  # defines.inventory.mining_drill_modules
# What mining a resource once takes of its `required_fluid` is a tenth of the `fluid_amount` of its prototype.
FLUID_SHARE = 10


class Resource(Natural):
    """One tile of ore, or one well. `amount` is what is left; for a well 300,000 is a yield of 100 %."""

    __slots__ = ("amount", "drills", "initial_amount")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.amount = 0
        self.initial_amount: int | None = None
        self.drills: dict[int, MiningDrill] = {}

    def traits(self) -> list[Any]:
        return [self.amount, self.initial_amount, self.drills]

    def take_on(self, traits: list[Any]) -> None:
        self.amount, self.initial_amount, self.drills = traits

    @property
    def infinite(self) -> bool:
        """Whether it never runs out."""
        return bool(self.proto.raw.get("infinite", False))

    def deplete(self, count: int = 1) -> None:
        """Mine `count` from it; at nothing it is gone."""
        if self.proto.raw.get("infinite"):
            minimum = self.proto.raw.get("minimum", 0)
            self.amount = max(
                minimum, self.amount - count * self.proto.raw.get("infinite_depletion_amount", 1)
            )
        else:
            self.amount -= count
            if self.amount <= 0:
                self.world.destroy(self)

    def removed(self) -> None:
        for drill in list(self.drills.values()):
            drill.forget(self)

    def more_state(self) -> list[Any]:
        return [self.amount]


class MiningDrill(Receiver):
    """A drill. It works on one resource after another among those under it and keeps one item that it can't drop."""

    __slots__ = (
        "_blocked", "_bonus", "_drop", "_entry", "_finish", "_holding", "_lane", "_left", "_lengths", "_owed", "_started",
        "_work", "burner", "inlet", "next_resource", "power", "resources", "tank",
    )  # fmt: skip
    rotatable = True
    module_inventory = DRILL_MODULES

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self, alone=True) if self.proto.electric else None
        self.tank: Tank | None = None  # for what it brings up
        self.inlet: Box | None = None  # for what its resources need; it hands that on to what is joined to it
        self.resources: list[Resource] = []
        self.next_resource = 0
        self._drop: tuple[float, float] | None = None  # where its items appear, once asked
        self._lane: Lane | None = None  # of the belt there, as far as is known
        self._entry = 0  # the place on that lane
        self._holding: list[str] = []  # mined, and waiting to be dropped
        self._bonus = 0  # of `WHOLE`: how far the productivity bar is
        self._work = 0  # of the present item at the present speed, in `ONE` per tick; 0: none begun
        self._left = 0  # of it, while the drill stands
        self._owed = 0  # of it, when the productivity bar was last brought forward
        # Resource -> the work of mining it once at the present speed.
        self._lengths: dict[str, int] = known_to(self.name, self.speed)
        self._finish = NEVER  # the tick at which that is done, while working
        self._started = False
        self._blocked = False

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_lane": None}  # it is found again

    # --- what is under it --------------------------------------------------------------------------------------

    @property
    def radius(self) -> float:
        """Half the side of the square it mines, tiles."""
        return float(self.proto.raw["resource_searching_radius"])

    def mining_area(self) -> tuple[float, float, float, float]:
        """The square it mines."""
        r = self.radius
        return (self.x - r, self.y - r, self.x + r, self.y + r)

    def built(self) -> None:
        super().built()
        self._drop = self._lane = None
        if self.burner is not None:
            self.burner.since = self.world.tick
            self.burner.inventory.changed = self._fuelled
        categories = set(self.proto.raw["resource_categories"])
        left, top, right, bottom = self.mining_area()
        for e in self.world.surface.within((left, top, right, bottom)):
            if not isinstance(e, Resource) or not (left <= e.x <= right and top <= e.y <= bottom):
                continue
            if e.proto.raw.get("category", "basic-solid") in categories:
                self.resources.append(e)
                e.drills[self.unit_number] = self
        if self.proto.raw.get("output_fluid_box"):
            self.tank = Tank(self)
            for name in [p.name for p in self.resources[0].proto.products] if self.resources else [""]:
                self.tank.open(name)
        elif self.proto.raw.get("input_fluid_box"):
            recipe = next((r for e in self.resources if (r := fluid_for(e.name)) is not None), None)
            if recipe is not None:
                self.inlet = Box(self, 0, self.proto.raw["input_fluid_box"])
                self.inlet.filter = recipe.ingredients[0].name
                join(self.inlet)
        self._start()

    def removed(self) -> None:
        if self.tank is not None:
            self.tank.close()
        self._leave_pipes()
        self._stop_waiting()
        for resource in self.resources:
            resource.drills.pop(self.unit_number, None)

    def forget(self, resource: Resource) -> None:
        """A resource under it has run out."""
        index = self.resources.index(resource)
        del self.resources[index]
        if index < self.next_resource:
            self.next_resource -= 1
        if not self.resources and self._finish != NEVER:
            self._pause()
            self._work = self._left = 0

    @property
    def target(self) -> Resource | None:
        """The resource that the present item comes from."""
        resources = self.resources
        return resources[self.next_resource % len(resources)] if resources else None

    def drop_position(self) -> tuple[float, float]:
        """Where its items appear, with the game's 1/256 truncation."""
        place = self._drop
        if place is None:
            raw = self.proto.raw.get("vector_to_place_result", (0, 0))
            dx, dy = turned_point(fixed(raw[0]), fixed(raw[1]), self.direction)
            place = self._drop = (self.x + dx, self.y + dy)
        return place

    # --- working -----------------------------------------------------------------------------------------------

    def _length(self, resource: Resource) -> int:
        """The work of mining once at the present speed, of which `ONE` is a tick's at full power."""
        length = self._lengths.get(resource.name)
        if length is None:
            base: float = self.proto.raw["mining_speed"]
            work = round(resource.proto.mining_time * 60 * ONE) * WHOLE * WHOLE
            length = self._lengths[resource.name] = max(ONE, -(-work // (round(base * WHOLE) * self.speed)))
        return length

    @property
    def _productivity(self) -> int:
        """What comes on top of what is mined, of `WHOLE`: by modules and by the force's research."""
        bonus = self.force.mining_drill_productivity_bonus
        return self.productivity + round(bonus * WHOLE) if bonus else self.productivity

    def about_to_change(self) -> None:
        if self._work:
            self._bring_bar_forward(self._work_left())

    def effects_changed(self) -> None:
        self._lengths = known_to(self.name, self.speed)
        target = self.target
        if self._work and target is not None:
            left, length = self._work_left(), self._length(target)
            self._left = self._owed = -(-left * length // self._work)
            self._work = length
            if self._finish != NEVER:
                self._run(self.world.tick, self._left)

    def _bring_bar_forward(self, left: int) -> None:
        productivity = self._productivity
        if productivity:
            self._bonus += productivity * (self._owed - left) // self._work
        self._owed = left

    def _work_left(self) -> int:
        """The work that is left of the present item."""
        if self._finish == NEVER:
            return self._left
        if self.power is not None:
            return min(self._work, self.power.left())
        return min(self._work, max(0, self._finish - self.world.tick) * ONE)

    def _start(self, spare: int = 0, late: int = 0) -> None:
        """Begin or go on with the present item; `spare` is work already done for it in this tick.

        `late`: ticks that it waited for its fuel to be lit, which count as ticks in which a cold drill starts up.
        """
        tick = self.world.tick
        if self._holding or self._finish != NEVER or not self.active:
            return
        target = self.target
        if target is None:
            return
        if self.burner is not None:
            if not self.burner.load_fuel():
                return
        elif self.power is None or not self.power.ready():
            return
        startup = 0 if self._started else max(0, (1 if self._work else STARTUP) - late)
        if not self._work:
            if not self._take_fluid(target):
                return
            self._work = self._owed = self._length(target)
            self._left = max(1, self._work - spare)
        self._started = True
        self._run(tick, startup * ONE + self._left)

    def _run(self, tick: int, work: int) -> None:
        self._finish = tick - (-work // ONE)
        if self.power is not None:
            self.power.set_rate(self.usage())
            self.power.work(work, DROP)
        elif self.burner is not None:
            self.burner.set_rate(self.usage(), tick)
            self._schedule()

    def _take_fluid(self, target: Resource) -> bool:
        """Whether there is room for what is brought up, or the fluid that mining needs; that is taken."""
        if self.tank is not None:
            return self._has_room()
        recipe = fluid_for(target.name)
        if recipe is None:
            return True
        fluid, inlet = recipe.ingredients[0], self.inlet
        segment = inlet.segment if inlet is not None else None
        if inlet is None or segment is None or inlet.filter != fluid.name or not self.force.mining_with_fluid:
            return False
        amount = int(fluid.amount * FLUID)
        if segment.fluid == fluid.name and segment.now() >= amount and not segment.overextended:
            segment.draw(amount)
            self.force.fluids.used(fluid.name, fluid.amount)
            return True
        segment.waiting[inlet.key] = (self, amount)
        if segment.fluid in (None, fluid.name) and not segment.overextended:
            segment.touch()
        return False

    def _has_room(self) -> bool:
        target = self.target
        if target is None or self.tank is None:
            return False
        self.tank.flush()
        return self.tank.room(target.proto.products[0].name, self._yield(target))

    def _yield(self, well: Resource) -> float:
        """Fluid that a cycle brings up: a product's amount at the well's yield."""
        share = well.amount * (WHOLE + self._productivity) / (float(well.proto.raw["normal"]) * WHOLE)
        return well.proto.products[0].amount * share

    def bonus_changed(self, kind: str) -> None:
        super().bonus_changed(kind)
        self._start()  # it may mine with fluid now

    def fluid_came(self) -> None:
        if self.tank is not None:
            self.tank.flush()
        self._start()

    @property
    def boxes(self) -> list[Box]:
        """Its fluid boxes."""
        if self.inlet is not None:
            return [self.inlet]
        return self.tank.boxes if self.tank is not None else []

    def joined(self, box: Box) -> None:
        """Its inlet is part of a segment now."""

    def _leave_pipes(self) -> None:
        inlet = self.inlet
        if inlet is not None:
            inlet.unlink()
            if inlet.segment is not None:
                inlet.segment.waiting.pop(inlet.key, None)
                inlet.segment.part(inlet)

    def power_came(self) -> None:
        self._start()

    def _schedule(self) -> None:
        assert self.burner is not None
        out = self.world.tick + self.burner.ticks_left()
        self.world.schedule(self, min(out, self._finish), DROP if self._finish <= out else CRAFT)

    def _pause(self, cold: bool = True) -> None:
        """Stop drawing power; the work done on the present item is kept. Cold: the energy buffer ran empty, too."""
        tick = self.world.tick
        self._left = self._work_left()
        self._finish = NEVER
        if cold:
            self._started = False
        if self.burner is not None:
            self.burner.set_rate(0.0, tick)
        if self.power is not None:
            self.power.stop()
            self.power.set_rate(0.0)
        self.world.cancel(self)

    def on_event(self, world: Any, tick: int) -> None:
        burner = self.burner
        if self._holding:
            self._deliver()
            return
        if self.power is not None:
            if self._finish != NEVER:
                spare = self.power.spare()
                if spare != NEVER:
                    self._finished(spare)
            return
        assert burner is not None
        if self._finish == NEVER:
            self._start(late=1)
            return
        if tick >= self._finish:
            self._finished(0)
            return
        if burner.goes_on(tick):
            self._schedule()
        else:
            self._pause()

    def _finished(self, spare: int) -> None:
        target = self.target
        assert target is not None
        if self.burner is not None:
            self.burner.settle(self.world.tick)
        product = target.proto.products[0]
        self._finish = NEVER
        self.next_resource = (self.next_resource + 1) % len(self.resources)
        if product.type == "fluid" and self.tank is not None:
            amount = self._yield(target)
            self._work = self._left = 0
            target.deplete()
            self.force.mined(target.name)
            self.force.fluids.made(product.name, amount)
            self.tank.make(product.name, amount)
            self._start(spare)
            if self._finish == NEVER:
                self._pause()
            return
        self._bring_bar_forward(0)
        count = int(product.amount) * (1 + self._bonus // WHOLE)
        self._bonus %= WHOLE
        self._work = self._left = 0
        self._holding = [product.name] * count
        target.deplete()
        self.force.mined(target.name)
        self.force.items.made(product.name, count)
        self._deliver(spare)

    def _deliver(self, spare: int = 0) -> None:
        holding = self._holding
        while holding and self._let_fall(holding[0]):
            del holding[0]
        if holding:
            self._blocked = True
            self._pause(cold=False)
            lane = self._lane
            if lane is None or lane.gone:
                await_delivery(self.world, self, *self.drop_position(), holding[0])
            else:
                lane.wait_for_room(self._entry, self, 2 * self.unit_number, self.world.tick)
            return
        self._blocked = False
        self._start(spare)
        if self._finish == NEVER:
            self._pause()

    def _let_fall(self, name: str) -> bool:
        lane = self._lane
        if lane is None or lane.gone:
            x, y = self.drop_position()
            belts = self.world.belts
            belt = belts.grid.get((math.floor(x), math.floor(y)))
            if belt is None:
                self._lane = None
                return deliver(self.world, self, x, y, name)
            lane, self._entry = belts.aim(belt, x, y)
            self._lane = lane
        return lane.drop(self._entry, name, self.world.tick)

    def wake(self, tick: int) -> None:
        if not self.active:
            self._pause()
        elif self._holding:
            self.world.schedule(self, tick, DROP)
        else:
            self._start()

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        self.wake(self.world.tick + 1)

    def rotate_to(self, direction: int) -> None:
        self._stop_waiting()
        if self.tank is not None:
            self.tank.close()
        self._drop = self._lane = None
        self._leave_pipes()
        super().rotate_to(direction)
        if self.inlet is not None:
            join(self.inlet)
        if self.tank is not None:
            self.tank.open_up()
        self.wake(self.world.tick + 1)

    def _stop_waiting(self) -> None:
        x, y = self.drop_position()
        self.world.surface.unwatch_tile(math.floor(x), math.floor(y), self)

    def _fuelled(self) -> None:
        self.changed()
        burner = self.burner
        if burner is not None and self._finish == NEVER and not self._holding and burner.remaining <= 0:
            self.world.schedule(self, self.world.tick + 1, CRAFT)  # fuel is lit on the tick after it came
        else:
            self._start()

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        found: dict[int, Inventory] = {}
        if self.burner is not None:
            found[FUEL] = self.burner.inventory
            found[BURNT_RESULT] = self.burner.burnt
        if len(self.modules):
            found[DRILL_MODULES] = self.modules
        return found

    def _place(self) -> Inventory:
        return self.burner.inventory if self.burner is not None else self.modules

    def insertable(self, name: str) -> int:
        return self._place().room(name)

    def insert(self, name: str, count: int) -> int:
        return self._place().insert(name, count)

    def takes(self, name: str) -> bool:
        return self.burner is not None and self.burner.takes(name)

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return list(self.burner.burnt.contents()) if self.burner else ()

    def take(self, name: str, count: int) -> int:
        return self.burner.burnt.remove(name, count) if self.burner else 0

    # --- what it says of itself --------------------------------------------------------------------------------

    @property
    def progress(self) -> float:
        """Share of the present item that is done, 0 to 1."""
        if not self._work:
            return 0.0
        return min(1.0, max(0.0, 1 - self._work_left() / self._work))

    @property
    def bonus_progress(self) -> float:
        """How full the productivity bar is, 0 to 1."""
        bar = self._bonus
        if self._work:
            bar += self._productivity * (self._owed - self._work_left()) // self._work
        return min(1.0, bar / WHOLE)

    def settle(self) -> None:
        if self.burner is not None:
            self.burner.settle(self.world.tick)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        if self._holding and self._blocked:
            return "waiting_for_space_in_destination"
        if not self.resources:
            return "no_minable_resources"
        if self.power is not None:
            if self._finish == NEVER and self.power.satisfaction and not self._work:
                return self._idle_status()
            return self.power.status()
        if self._finish == NEVER and self.key == NEVER:
            return "no_fuel"
        return "working"

    def _idle_status(self) -> str:
        """Why it mines nothing though it has power and resources."""
        pipes = self.tank if self.inlet is None else self.inlet.segment
        if pipes is not None and pipes.overextended:
            return "pipeline_overextended"
        return "full_output" if self.tank is not None else "missing_required_fluid"

    def more_state(self) -> list[Any]:
        return [self._holding, self._bonus, self._work, self._work_left(), self._owed, self._finish, self._started,
                self._blocked, self.next_resource, self.effect_state(), self.burner.state() if self.burner else None,
                self.power.state() if self.power else None, [b.state() for b in self.boxes]]  # fmt: skip


@cache
def fluid_for(resource: str) -> RecipePrototype | None:
    """What mining a resource once takes, as a recipe that makes nothing; None where it takes no fluid."""
    minable = load().entity[resource].minable or {}
    fluid = minable.get("required_fluid")
    if fluid is None:
        return None
    row = {"type": "fluid", "name": fluid, "amount": minable["fluid_amount"] / FLUID_SHARE}
    return RecipePrototype({"name": resource, "ingredients": [row], "results": []})
