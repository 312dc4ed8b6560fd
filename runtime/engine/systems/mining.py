"""Resources in the ground and the drills that mine them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import CRAFT, DROP, NEVER, Entity, entity_class, turned_point
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import fixed
from runtime.engine.systems.burners import BURNT_RESULT, FUEL, Burner
from runtime.engine.systems.electricity import ONE, Power
from runtime.engine.systems.fluids import Box, Tank
from runtime.engine.systems.ground import await_delivery, deliver

# From fuelling an idle drill to its first item: its work, and three ticks to get going (measured on a burner drill).
STARTUP = 3


@entity_class("resource")
class Resource(Entity):
    """One tile of ore, or one well. `amount` is what is left; for a well 300,000 is a yield of 100 %."""

    __slots__ = ("amount", "drills", "initial_amount")
    unnumbered = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.amount = 0
        self.initial_amount: int | None = None
        self.drills: dict[int, MiningDrill] = {}

    @property
    def infinite(self) -> bool:
        """Whether it never runs out."""
        return bool(self.proto.raw.get("infinite", False))

    def deplete(self, count: int = 1) -> None:
        """Mine `count` from it; at nothing it is gone."""
        if self.infinite:
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


@entity_class("mining-drill")
class MiningDrill(Entity):
    """A drill. It works on one resource after another among those under it and keeps one item that it can't drop."""

    __slots__ = (
        "_blocked", "_bonus", "_finish", "_holding", "_left", "_started", "burner", "modules", "next_resource", "power",
        "resources", "tank",
    )  # fmt: skip
    rotatable = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.burner = Burner(self) if self.proto.burner else None
        self.power = Power(self) if self.proto.electric else None
        self.tank = Tank(self) if self.proto.raw.get("output_fluid_box") else None
        self.modules = Inventory(self.proto.raw.get("module_slots", 0), self, 2)
        self.resources: list[Resource] = []
        self.next_resource = 0
        self._holding: list[str] = []  # mined, and waiting to be dropped
        self._bonus = 0.0  # share of an item that mining productivity has added so far
        self._left = -1  # ticks of work left on the present item; -1: none begun
        self._finish = NEVER  # the tick at which that is done, while working
        self._started = False
        self._blocked = False

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
        if self.tank is not None:
            for name in [p.name for p in self.resources[0].proto.products] if self.resources else [""]:
                self.tank.open(name)
        self._start()

    def removed(self) -> None:
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
            self._left = -1

    @property
    def target(self) -> Resource | None:
        """The resource that the present item comes from."""
        if not self.resources:
            return None
        return self.resources[self.next_resource % len(self.resources)]

    def drop_position(self) -> tuple[float, float]:
        """Where its items appear, with the game's 1/256 truncation."""
        raw = self.proto.raw.get("vector_to_place_result", (0, 0))
        dx, dy = turned_point(fixed(raw[0]), fixed(raw[1]), self.direction)
        return (self.x + dx, self.y + dy)

    # --- working -----------------------------------------------------------------------------------------------

    def _ticks_per_item(self, resource: Resource) -> int:
        speed: float = self.proto.raw["mining_speed"]
        return math.ceil(resource.proto.mining_time * 60 / speed - 1e-9)

    @property
    def _mines_solids(self) -> bool:
        return "basic-solid" in self.proto.raw["resource_categories"]

    def _start(self) -> None:
        """Begin or go on with the present item, if there is fuel and something to mine."""
        tick = self.world.tick
        target = self.target
        if target is None or self._holding or self._finish != NEVER or not self.active:
            return
        if not (self.burner.load_fuel() if self.burner is not None else self._electrified()):
            return
        startup = 0 if self._started else (STARTUP if self._left < 0 else 1)
        if self._left < 0:
            self._left = self._ticks_per_item(target)
        self._started = True
        self._finish = tick + startup + self._left
        if self.power is not None:
            self.power.set_rate(self.proto.energy_usage)
            self.power.work((startup + self._left) * ONE, DROP)
        elif self.burner is not None:
            self.burner.set_rate(self.proto.energy_usage, tick)
            self._schedule()

    def _electrified(self) -> bool:
        if self.power is None or not self.power.ready():
            return False
        return self._mines_solids or self._has_room()

    def _has_room(self) -> bool:
        target = self.target
        if target is None or self.tank is None:
            return False
        self.tank.flush()
        return self.tank.room(target.proto.products[0].name, self._yield(target))

    def _yield(self, well: Resource) -> float:
        """Fluid that a cycle brings up: a product's amount at the well's yield."""
        bonus = 1 + self.force.mining_drill_productivity_bonus
        return well.proto.products[0].amount * bonus * well.amount / float(well.proto.raw["normal"])

    def fluid_came(self) -> None:
        if self.tank is not None:
            self.tank.flush()
        self._start()

    @property
    def boxes(self) -> list[Box]:
        """Its fluid boxes."""
        return self.tank.boxes if self.tank is not None else []

    def power_came(self) -> None:
        self._start()

    def _schedule(self) -> None:
        assert self.burner is not None
        out = self.world.tick + self.burner.ticks_left()
        self.world.schedule(self, min(out, self._finish), DROP if self._finish <= out else CRAFT)

    def _pause(self, cold: bool = True) -> None:
        """Stop drawing power; the work done on the present item is kept. Cold: the energy buffer ran empty, too."""
        tick = self.world.tick
        if self._finish != NEVER:
            left = self._finish - tick if self.power is None else math.ceil(self.power.left() / ONE)
            self._left = max(0, left)
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
            if self._finish != NEVER and self.power.done():
                self._finished()
            return
        assert burner is not None
        if tick >= self._finish:
            self._finished()
            return
        burner.settle(tick)
        if burner.ticks_left() <= 0:
            burner.remaining = 0.0
            if not burner.load_fuel():
                self._pause()
                return
        self._schedule()

    def _finished(self) -> None:
        target = self.target
        assert target is not None
        if self.burner is not None:
            self.burner.settle(self.world.tick)
        self._finish = NEVER
        self._left = -1
        product = target.proto.products[0]
        if product.type == "fluid" and self.tank is not None:
            amount = self._yield(target)
            self.next_resource = (self.next_resource + 1) % len(self.resources)
            target.deplete()
            self.force.fluids.made(product.name, amount)
            self.tank.make(product.name, amount)
            self._start()
            if self._finish == NEVER:
                self._pause()
            return
        self._bonus += self.force.mining_drill_productivity_bonus
        count = 1 + int(self._bonus + 1e-9)
        self._bonus -= count - 1
        self._holding = [product.name] * count
        self.next_resource = (self.next_resource + 1) % len(self.resources)
        target.deplete()
        self.force.items.made(product.name, count)
        self._deliver()

    def _deliver(self) -> None:
        x, y = self.drop_position()
        while self._holding and deliver(self.world, self, x, y, self._holding[0]):
            del self._holding[0]
        if self._holding:
            self._blocked = True
            self._pause(cold=False)
            await_delivery(self.world, self, x, y, self._holding[0])
            return
        self._blocked = False
        self._start()
        if self._finish == NEVER:
            self._pause()

    def wake(self, tick: int) -> None:
        if self._holding:
            self.world.schedule(self, tick, DROP)

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        self.wake(self.world.tick + 1)

    def rotate_to(self, direction: int) -> None:
        self._stop_waiting()
        super().rotate_to(direction)
        self.wake(self.world.tick + 1)

    def _stop_waiting(self) -> None:
        x, y = self.drop_position()
        self.world.surface.unwatch_tile(math.floor(x), math.floor(y), self)

    def _fuelled(self) -> None:
        self.changed()
        self._start()

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        found: dict[int, Inventory] = {}
        if self.burner is not None:
            found[FUEL] = self.burner.inventory
            found[BURNT_RESULT] = self.burner.burnt
        if len(self.modules):
            found[2] = self.modules
        return found

    def insertable(self, name: str) -> int:
        return self.burner.inventory.room(name) if self.burner else 0

    def insert(self, name: str, count: int) -> int:
        return self.burner.inventory.insert(name, count) if self.burner else 0

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
        target = self.target
        if target is None or (self._left < 0 and self._finish == NEVER):
            return 0.0
        left: float = self._finish - self.world.tick if self._finish != NEVER else self._left
        if self.power is not None and self._finish != NEVER:
            left = self.power.left() / ONE
        return min(1.0, max(0.0, 1 - left / self._ticks_per_item(target)))

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
            if self._finish == NEVER and self.tank is not None and self.power.satisfaction:
                return "full_output"
            return self.power.status()
        if self._finish == NEVER:
            return "no_fuel"
        return "working"

    def more_state(self) -> list[Any]:
        return [self._holding, self._bonus, self._left, self._finish, self._blocked, self.next_resource,
                self.burner.state() if self.burner else None, self.power.state() if self.power else None,
                self.tank.state() if self.tank else None]  # fmt: skip
