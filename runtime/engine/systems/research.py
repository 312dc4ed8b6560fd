"""Technologies: what the data stage says of them, and what a force has made of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from runtime.engine.prototypes import TICKS_PER_SECOND, Raw, load

INFINITE = 2**32 - 1  # `max_level` of a technology without end, as the runtime API says it
QUEUE_LENGTH = 7  # technologies that a force may have queued


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

    `level` is the level to be researched next, or the last one once `researched`; `saved_progress` is the
    fraction of that level that is done, of the technology in research too.
    """

    __slots__ = ("enabled", "level", "name", "researched", "saved_progress", "visible_when_disabled")

    def __init__(self, proto: TechnologyPrototype) -> None:
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
        self.saved_progress = 0.0
        self.visible_when_disabled: bool = proto.raw.get("visible_when_disabled", False)

    @property
    def times_done(self) -> int:
        """How often its effects are in force: once, or once for each level done."""
        return self.level - self.proto.level + (1 if self.researched else 0)

    @property
    def unit_count(self) -> int:
        """Units that the present level takes."""
        return self.proto.unit_count(self.level)

    def state(self) -> list[Any]:
        """For the state hash."""
        return [
            self.name,
            self.enabled,
            self.researched,
            self.level,
            self.saved_progress,
            self.visible_when_disabled,
        ]
