"""Technologies: what the data stage says of them, what a force has made of them, and what its labs work on."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Protocol

from runtime.engine.entity import NEVER, SETTLE, Process
from runtime.engine.prototypes import TICKS_PER_SECOND, Raw, load

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

INFINITE = 2**32 - 1  # `max_level` of a technology without end, as the runtime API says it
QUEUE_LENGTH = 7  # technologies that a force may have queued
UNIT = 1_000_000  # progress that one unit of research makes; every productivity in percent is whole in it


class TechnologyPrototype:
    """`LuaTechnologyPrototype`'s data; `unit_energy` in ticks per unit."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.enabled: bool = raw.get("enabled", True)
        self.hidden: bool = raw.get("hidden", False)
        self.upgrade: bool = raw.get("upgrade", False)
        self.essential: bool = raw.get("essential", False)
        self.order: str = raw.get("order", "")
        self.prerequisites: list[str] = sorted(raw.get("prerequisites") or ())
        self.effects: list[Raw] = raw.get("effects") or []
        self.trigger: Raw | None = raw.get("research_trigger")
        unit: Raw = raw.get("unit") or {}
        self.unit_energy: float = unit.get("time", 0) * TICKS_PER_SECOND
        self.unit_ingredients: list[tuple[str, int]] = [(n, a) for n, a in unit.get("ingredients") or ()]
        self.count_formula: str | None = unit.get("count_formula")
        self._count: int = unit.get("count", 0)
        number = re.search(r"-(\d+)$", self.name)
        self.level: int = int(number.group(1)) if number else 1
        max_level = raw.get("max_level", self.level)
        self.max_level: int = INFINITE if max_level == "infinite" else max_level

    @cached_property
    def successors(self) -> list[str]:
        """The technologies that have this one as a prerequisite."""
        return [n for n, t in technology_prototypes().items() if self.name in t.prerequisites]

    @cached_property
    def _formula(self) -> Callable[[int], float]:
        # The game's own arithmetic in `L`, with ^ for powers ("2^(L-7)*1000").
        code = compile(str(self.count_formula).replace("^", "**"), self.name, "eval")
        return lambda level: float(eval(code, {"__builtins__": {}}, {"L": level, "l": level}))

    def unit_count(self, level: int) -> int:
        """How many units researching a level takes; 0 for a technology that is triggered."""
        return int(self._formula(level)) if self.count_formula is not None else self._count


@cache
def technology_prototypes() -> dict[str, TechnologyPrototype]:
    """Every technology by name, in the game's order: the field `order`, then name."""
    made = [TechnologyPrototype(p) for p in load().raw["technology"].values()]
    return {t.name: t for t in sorted(made, key=lambda t: (t.order, t.name))}


@cache
def unlocked_by() -> dict[str, tuple[str, ...]]:
    """Recipe -> the technologies that unlock it."""
    out: dict[str, tuple[str, ...]] = {}
    for name, proto in technology_prototypes().items():
        for effect in proto.effects:
            if effect["type"] == "unlock-recipe":
                out[effect["recipe"]] = (*out.get(effect["recipe"], ()), name)
    return out


@cache
def triggered_by() -> dict[tuple[str, str], tuple[str, ...]]:
    """What has to happen (kind, and of which item or entity) -> the technologies that it completes."""
    out: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, proto in technology_prototypes().items():
        if proto.trigger is not None:
            key = (proto.trigger["type"], proto.trigger.get("item") or proto.trigger.get("entity") or "")
            out[key] = (*out.get(key, ()), name)
    return out


class Technology:
    """A technology as one force has it.

    `level` is the level to be researched next, or the last one once `researched`; `progress` is what is done of
    that level, in `UNIT`s, without what labs have begun and not finished.
    """

    __slots__ = ("enabled", "force", "level", "name", "progress", "researched", "visible_when_disabled")

    def __init__(self, force: Force, proto: TechnologyPrototype) -> None:
        self.force = force
        self.name = proto.name
        self.reset()

    @property
    def proto(self) -> TechnologyPrototype:
        """Its prototype."""
        return technology_prototypes()[self.name]

    def reset(self) -> None:
        """Back to what the prototype says."""
        proto = self.proto
        self.enabled = proto.enabled
        self.researched = False
        self.level = proto.level
        self.progress = 0
        self.visible_when_disabled: bool = proto.raw.get("visible_when_disabled", False)

    @property
    def times_done(self) -> int:
        """How often its effects are in force: once, or once for each level done."""
        return self.level - self.proto.level + (1 if self.researched else 0)

    @property
    def unit_count(self) -> int:
        """Units that the present level takes."""
        return self.proto.unit_count(self.level)

    @property
    def total(self) -> int:
        """`progress` at which the present level is done: its units, or how often its trigger must be pulled."""
        trigger = self.proto.trigger
        return UNIT * int(self.unit_count if trigger is None else trigger.get("count", 1))

    @property
    def saved_progress(self) -> float:
        """The fraction of the present level that is done, 0 to 1."""
        return self.progress / self.total

    @saved_progress.setter
    def saved_progress(self, value: float) -> None:
        self.progress = round(value * self.total)

    def state(self) -> list[Any]:
        """For the state hash."""
        return [
            self.name,
            self.enabled,
            self.researched,
            self.level,
            self.progress,
            self.visible_when_disabled,
        ]


class Researcher(Protocol):
    """A lab in the middle of a unit. Amounts in `UNIT`s, its productivity included."""

    unit_number: int

    def whole(self) -> int:
        """What the unit will have brought when it is done."""

    def done(self) -> int:
        """What it has brought so far."""

    def pace(self) -> float:
        """What it brings in a tick at present."""

    def interrupt(self) -> None:
        """The unit ends here; what is left of its packs is kept for the next one."""


class Research(Process):
    """What the labs of a force work on: the first of the queue, as long as research is enabled.

    Labs do whole units, but a technology is complete as soon as their parts add up. Its event is the tick when they
    will, planned once what is begun suffices.
    """

    __slots__ = ("_coming", "_enabled", "force", "labs", "previous", "queue", "world")

    def __init__(self, world: World, force: Force) -> None:
        self.world = world
        self.force = force
        self.key = NEVER
        self.unit_number = 0  # until a lab begins: a world without labs has no need of it
        self.reset()

    def reset(self) -> None:
        """Nothing queued, nothing completed yet, enabled."""
        self.queue: list[str] = []
        self.previous: str | None = None
        self._enabled = True
        self.labs: dict[int, Researcher] = {}  # those in the middle of a unit
        self._coming = 0  # what their units bring when they are done

    @property
    def current(self) -> Technology | None:
        """What labs work on."""
        return self.force.technologies[self.queue[0]] if self.queue and self._enabled else None

    @property
    def enabled(self) -> bool:
        """Whether labs may work."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        before = self.current
        self._enabled = value
        self._turn_to_current(before)

    # --- progress -------------------------------------------------------------------------------------------

    def _begun(self) -> int:
        return sum(lab.done() for lab in self.labs.values())

    @property
    def progress(self) -> float:
        """The fraction of the current research that is done, what labs have begun included; 0 when there is none."""
        tech = self.current
        return (tech.progress + self._begun()) / tech.total if tech is not None else 0.0

    @progress.setter
    def progress(self, value: float) -> None:
        tech = self.current
        if tech is not None:
            tech.progress = round(min(max(value, 0.0), 1.0) * tech.total) - self._begun()
            self.replan()

    def began(self, lab: Researcher) -> None:
        """A lab has begun a unit of the current research."""
        self.labs[lab.unit_number] = lab
        self._coming += lab.whole()
        self.replan()

    def ended(self, lab: Researcher, amount: int) -> None:
        """A lab's unit is over and brought so much."""
        if self.labs.pop(lab.unit_number, None) is None:
            return
        self._coming -= lab.whole()
        tech = self.current
        if tech is not None:
            tech.progress += amount
            self.replan()

    def replan(self) -> None:
        """Labs, their pace or the progress have changed: complete the current research, or say when that will be."""
        tech = self.current
        if tech is None or tech.progress + self._coming < tech.total:
            if self.key != NEVER:
                self.world.cancel(self)
            return
        left = tech.total - tech.progress - self._begun()
        if left <= 0:
            self._complete(tech)
            return
        pace = sum(lab.pace() for lab in self.labs.values())
        if pace > 0:
            if not self.unit_number:
                self.world.register(self)
            self.world.schedule(self, self.world.tick + max(1, math.ceil(left / pace - 1e-6)), SETTLE)
        elif self.key != NEVER:
            self.world.cancel(self)

    def on_event(self, world: World, tick: int) -> None:
        self.replan()

    def _complete(self, tech: Technology) -> None:
        self.previous = tech.name
        self.force.finish(tech, by_script=False)

    def finished(self, tech: Technology, by_script: bool) -> None:
        """A level of a technology is done, whoever did it: the queue goes on without it."""
        before = self.current
        if tech.name in self.queue:
            self.queue.remove(tech.name)
        if before is tech:
            self._interrupt()
        after = self.current
        self.world.raise_event("on_research_finished", {"research": tech, "by_script": by_script})
        if before is tech and self.current is after:  # else a handler has moved labs on already
            self._turn_to_current(None)

    def _interrupt(self) -> None:
        labs, self.labs, self._coming = self.labs, {}, 0
        for lab in labs.values():
            lab.interrupt()

    def _turn_to_current(self, before: Technology | None) -> None:
        """Labs leave what they did before, which keeps its part, and look at what there is now."""
        tech = self.current
        if tech is before:
            return
        if before is not None:
            before.progress += self._begun()
            self._interrupt()
        if self.key != NEVER:
            self.world.cancel(self)
        for lab in self.world.surface.by_type.get("lab", {}).values():
            if lab.force is self.force:
                lab.wake(self.world.tick + 1)
        if tech is not None:
            self.world.raise_event("on_research_started", {"research": tech, "last_research": before})

    # --- the queue ------------------------------------------------------------------------------------------

    def can_queue(self, name: str) -> bool:
        """Whether a technology may be put at the end of the queue.

        Not what is done, disabled, queued already (unless it has further levels) or comes by a trigger; and
        all it needs must be done or ahead of it in the queue.
        """
        technologies = self.force.technologies
        tech = technologies[name]
        proto = tech.proto
        if tech.researched or not tech.enabled or proto.trigger is not None:
            return False
        ahead = self.queue.count(name)
        if len(self.queue) >= QUEUE_LENGTH or tech.level + ahead > proto.max_level:
            return False
        return all(technologies[p].researched or p in self.queue for p in proto.prerequisites)

    def add(self, name: str) -> bool:
        """Put a technology at the end of the queue; whether that was possible."""
        before = list(self.queue)
        self.set_queue([*before, name])
        return len(self.queue) > len(before)

    def cancel_current(self) -> None:
        """Stop the current research and whatever is queued that needs it; progress is kept."""
        if self.queue:
            self.set_queue(self.queue[1:])

    def set_queue(self, names: Iterable[str]) -> None:
        """Replace the queue; what may not be queued is left out."""
        before, old = self.current, self.queue
        self.queue = []
        for name in names:
            if self.can_queue(name):
                self.queue.append(name)
        self._tell(old)
        self._turn_to_current(before)

    def _tell(self, old: list[str]) -> None:
        force, raise_event = self.force, self.world.raise_event
        gone, come = Counter(old) - Counter(self.queue), Counter(self.queue) - Counter(old)
        for name in come.elements():
            raise_event("on_research_queued", {"force": force, "research": force.technologies[name]})
        if gone:
            raise_event("on_research_cancelled", {"force": force, "research": dict(gone)})
        elif not come and old != self.queue:
            raise_event("on_research_moved", {"force": force})

    def state(self) -> list[Any]:
        """For the state hash."""
        return [self.key, self.queue, self.previous, self._enabled, sorted(self.labs), self._coming]
