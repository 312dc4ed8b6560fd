"""Labs: they turn science packs into research."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from runtime.engine.entity import CRAFT, NEVER, Site
from runtime.engine.inventory import Inventory
from runtime.engine.systems.effects import WHOLE, Receiver
from runtime.engine.systems.electricity import ONE, Power
from runtime.engine.systems.research import UNIT, Technology

PACKS, LAB_MODULES = 2, 3  # defines.inventory.lab_input, .lab_modules


class Lab(Receiver):
    """Does one unit of the current research after another: packs are taken when it begins.

    A unit may end before its time: when the technology is complete by what all labs have done, or another one comes to
    be researched. What is left of its packs is used up first by the next.
    """

    __slots__ = ("_opened", "_work", "_yield", "packs", "power", "researching")
    module_inventory = LAB_MODULES

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.power = Power(self)
        self.packs = Inventory(len(self.proto.raw["inputs"]), self, PACKS, self.accepts)
        self.researching: Technology | None = None  # the technology of the unit that is under way
        self._work = 0  # of the whole unit at the present speed, in `ONE` per tick
        self._yield = 0  # what the unit brings, in `UNIT`s
        self._opened: dict[str, int] = {}  # pack -> what is left of those taken, in `UNIT`s
        self.packs.changed = self._touched

    def accepts(self, name: str) -> bool:
        """Whether an item is a science pack for it."""
        return name in self.proto.raw["inputs"]

    @property
    def researching_speed(self) -> float:
        """Its speed, with what research, modules and beacons add up to."""
        bonus = self.force.laboratory_speed_modifier + (self.speed - WHOLE) / WHOLE
        return float(self.proto.raw["researching_speed"]) * max(0.2, 1 + round(bonus, 9))

    def _productivity(self) -> float:
        """What comes on top of each unit, as a share."""
        return self.force.laboratory_productivity_bonus + self.productivity / WHOLE

    def _length(self, tech: Technology) -> int:
        return max(ONE, math.ceil(tech.proto.unit_energy * ONE / self.researching_speed - 1e-6))

    def _ready(self) -> bool:
        tech = self.force.current_research
        if tech is None or not self.active or not self._has_packs(tech):
            return False
        return self.power.ready()

    def _lacks(self, name: str, count: int) -> int:
        """How many packs have to be opened for a unit."""
        return -(-(count * UNIT - self._opened.get(name, 0)) // UNIT)

    def _has_packs(self, tech: Technology) -> bool:
        return all(self.packs.count(n) >= self._lacks(n, c) for n, c in tech.proto.unit_ingredients)

    def _touched(self) -> None:
        self.changed()
        self.wake(self.world.tick + 1)

    def wake(self, tick: int) -> None:
        if self.researching is not None and not self.active:
            self.force.research.ended(self, self.done())
            if self.researching is not None:
                self.interrupt()
        elif self.researching is None and self.key == NEVER and self._ready():
            self.world.schedule(self, tick, CRAFT)

    def power_came(self) -> None:
        self.wake(self.world.tick + 1)

    def power_changed(self) -> None:
        if self.researching is not None:
            self.force.research.replan()

    def bonus_changed(self, kind: str) -> None:
        self.effects_changed()

    def effects_changed(self) -> None:
        # What a unit brings was settled when it began; how long it takes from here on is not.
        tech = self.researching
        if tech is not None:
            left, before = self.power.left(), self._work
            self._work = self._length(tech)
            self.power.set_rate(self.usage())
            self.power.work(-(-left * self._work // before), CRAFT)
            self.force.research.replan()

    def on_event(self, world: Any, tick: int) -> None:
        over = 0
        if self.researching is not None:
            over = self.power.spare()
            if over == NEVER:
                return
            self.researching = None
            self.force.research.ended(self, self._yield)
        self._begin(over)

    def _begin(self, over: int) -> None:
        """Begin a unit, `over` of whose work has been done in this tick already."""
        tech = self.force.current_research
        if tech is None or not self._ready():
            self.power.set_rate(0.0)
            return
        changed, self.packs.changed = self.packs.changed, None
        for name, count in tech.proto.unit_ingredients:
            opened = self._lacks(name, count)
            if opened:
                self.packs.remove(name, opened)
                self.force.items.used(name, opened)
            self._opened[name] = self._opened.get(name, 0) + (opened - count) * UNIT
        self.packs.changed = changed
        self.changed()
        self.researching = tech
        self._work = self._length(tech)
        self._yield = round((1 + self._productivity()) * UNIT)
        self.power.set_rate(self.usage())
        self.power.work(max(1, self._work - over), CRAFT)
        self.force.research.began(self)

    # --- what `Research` asks of it ----------------------------------------------------------------------------

    def _left(self) -> int:
        return self.power.left()

    def whole(self) -> int:
        """What the unit under way brings, in `UNIT`s."""
        return self._yield

    def done(self) -> int:
        """What of it has been done."""
        return self._yield * (self._work - self._left()) // self._work

    def pace(self) -> float:
        """What is done of it in a tick."""
        return self._yield * self.power.satisfaction / self._work

    def interrupt(self) -> None:
        """The unit ends here: what is left of its packs is for the next one."""
        tech = self.researching
        assert tech is not None
        share = UNIT * self._left() // self._work
        for name, count in tech.proto.unit_ingredients:
            self._opened[name] += count * share
        self.researching = None
        self.power.stop()
        self.power.set_rate(0.0)
        self.world.cancel(self)

    def removed(self) -> None:
        if self.researching is not None:
            self.force.research.ended(self, self.done())

    # --- items -------------------------------------------------------------------------------------------------

    def inventories(self) -> dict[int, Inventory]:
        return {PACKS: self.packs, LAB_MODULES: self.modules}

    def insertable(self, name: str) -> int:
        return (self.packs if self.accepts(name) else self.modules).room(name)

    def insert(self, name: str, count: int) -> int:
        return (self.packs if self.accepts(name) else self.modules).insert(name, count)

    def takes(self, name: str) -> bool:
        if not self.packs.room(name):
            return False
        tech = self.force.current_research
        needed = dict(tech.proto.unit_ingredients).get(name, 1) if tech is not None else 1
        return self.packs.count(name) < 2 * needed

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        # For other labs; inserters to anything else don't ask.
        return self.packs.contents()

    def take(self, name: str, count: int) -> int:
        return self.packs.remove(name, count)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        if not self.power.satisfaction:
            return "no_power"
        if self.researching is None:
            tech = self.force.current_research
            if tech is None:
                return "no_research_in_progress"
            if not self._has_packs(tech):
                return "missing_science_packs"
        return self.power.status()

    def more_state(self) -> list[Any]:
        tech = self.researching
        return [self.power.state(), self.effect_state(), tech.name if tech is not None else None, self._work, self._left(),
                self._yield, sorted(self._opened.items())]  # fmt: skip
