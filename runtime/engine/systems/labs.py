"""Labs: they turn science packs into research."""

from __future__ import annotations

import math
from typing import Any

from runtime.engine.entity import CRAFT, NEVER, entity_class
from runtime.engine.inventory import Inventory
from runtime.engine.systems.electricity import ONE
from runtime.engine.systems.research import Technology
from runtime.engine.systems.standing import Standing

PACKS = 2  # defines.inventory.lab_input


@entity_class("lab")
class Lab(Standing):
    """Does one unit of the current research after another: packs are taken when it begins, it counts when it ends."""

    __slots__ = ("_begun", "researching")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.researching: str | None = None  # the technology of the unit that is under way
        self._begun = 0  # its length, ticks
        self.packs.changed = self._touched

    @property
    def packs(self) -> Inventory:
        """The science packs in it."""
        return self.held[PACKS]

    def _ticks(self, tech: Technology) -> int:
        speed: float = self.proto.raw["researching_speed"] * (1 + self.force.laboratory_speed_modifier)
        return max(1, math.ceil(tech.proto.unit_energy / speed - 1e-9))

    def _ready(self) -> bool:
        tech = self.force.current_research
        if tech is None or not self.active or not self._has_packs(tech):
            return False
        return self.power is not None and self.power.ready()

    def _has_packs(self, tech: Technology) -> bool:
        return all(self.packs.count(name) >= count for name, count in tech.proto.unit_ingredients)

    def _touched(self) -> None:
        self.changed()
        self.wake(self.world.tick + 1)

    def wake(self, tick: int) -> None:
        if self.researching is None and self.key == NEVER and self._ready():
            self.world.schedule(self, tick, CRAFT)

    def power_came(self) -> None:
        self.wake(self.world.tick + 1)

    def on_event(self, world: Any, tick: int) -> None:
        assert self.power is not None
        if self.researching is not None:
            if not self.power.done():
                return
            tech = self.force.current_research
            if tech is not None and tech.name == self.researching:
                self.force.advance_research(1 + self.force.laboratory_productivity_bonus)
            self.researching = None
        self._begin()

    def _begin(self) -> None:
        assert self.power is not None
        tech = self.force.current_research
        if tech is None or not self._ready():
            self.power.set_rate(0.0)
            return
        changed, self.packs.changed = self.packs.changed, None
        for name, count in tech.proto.unit_ingredients:
            self.packs.remove(name, count)
            self.force.items.used(name, count)
        self.packs.changed = changed
        self.changed()
        self.researching = tech.name
        self._begun = self._ticks(tech)
        self.power.set_rate(self.proto.energy_usage)
        self.power.work(self._begun * ONE, CRAFT)

    def takes(self, name: str) -> bool:
        if not self.packs.room(name):
            return False
        tech = self.force.current_research
        needed = dict(tech.proto.unit_ingredients).get(name, 1) if tech is not None else 1
        return self.packs.count(name) < 2 * needed

    def status(self) -> str | None:
        assert self.power is not None
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
        return [*super().more_state(), self.researching, self._begun]
