"""What modules, beacons and research do to a machine: its speed, productivity and consumption.

Effects are whole numbers, `WHOLE` for 100 %, so that it doesn't matter in which order they are added up. A module's are
percents, as in the game; a beacon passes on a share of them that has no more digits than `WHOLE`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final

from runtime.engine.entity import Entity, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import EntityPrototype, RecipePrototype, load

if TYPE_CHECKING:
    from runtime.engine.systems.beacons import Beacon

WHOLE: Final = 10**7
LEAST = WHOLE // 5  # speed and consumption don't fall below a fifth
MOST_PRODUCTIVITY = 3 * WHOLE  # a recipe's `maximum_productivity` where it names none
KINDS = ("consumption", "pollution", "productivity", "quality", "speed")
FARTHEST = 16.0  # tiles; no beacon reaches as far beyond its own edge


@cache
def known_to(entity: str, speed: int, recipe: str = "") -> dict[str, int]:
    """What machines alike have found out: one dictionary for all of a prototype at a speed (and with a recipe)."""
    return {}


@cache
def module_effects(name: str) -> tuple[tuple[str, int], ...]:
    """(kind of effect, size) of a module; nothing for another item. Sizes are cut to whole percents, as in the game."""
    item = load().item[name]
    effect = item.raw.get("effect") or {} if item.type == "module" else {}
    return tuple((kind, round(effect[kind] * 100) * (WHOLE // 100)) for kind in KINDS if effect.get(kind))


@cache
def allowed_effects(name: str) -> frozenset[str]:
    """The effects that an entity's prototype allows. Drills and labs allow all where nothing is said, others none."""
    proto = load().entity[name]
    given = proto.raw.get("allowed_effects")
    if given is None:
        return frozenset(KINDS if proto.type in ("mining-drill", "lab") else ())
    return frozenset([given] if isinstance(given, str) else given)


@cache
def module_fits(entity: str, item: str) -> bool:
    """Whether an item is a module that may go into an entity: all the good that it does must be allowed there."""
    effects = module_effects(item)
    good = [kind for kind, size in effects if (size < 0) == (kind in ("consumption", "pollution"))]
    return bool(effects) and allowed_effects(entity).issuperset(good)


def recipe_allows(recipe: RecipePrototype, kind: str) -> bool:
    """Whether an effect acts on what is made by a recipe (its `allow_…`; productivity and no other must be granted)."""
    return bool(recipe.raw.get(f"allow_{kind}", kind != "productivity"))


class ModuleSlots(Inventory):
    """Slots for modules: one goes into each."""

    __slots__ = ()

    def room(self, name: str) -> int:
        return self.names.count(None) if self.accepts is None or self.accepts(name) else 0

    def insert(self, name: str, count: int) -> int:
        put = min(count, self.room(name))
        for _ in range(put):
            slot = self.names.index(None)
            self.names[slot], self.counts[slot] = name, 1
        if put > 0 and self.changed is not None:
            self.changed()
        return max(0, put)


class Receiver(Entity):
    """A machine that takes modules or is in reach of beacons.

    `speed` and `consumption` are factors of `WHOLE`; `productivity` is what comes on top. They are counted anew by
    `recount` when a module or a beacon comes or goes; `effects_changed` is then called if anything is different.
    """

    __slots__ = ("consumption", "modules", "pollution", "productivity", "speed")
    module_inventory: ClassVar[int]  # its number in `defines.inventory`

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.speed = self.consumption = self.pollution = WHOLE
        self.productivity = 0
        self.modules = ModuleSlots(
            self.proto.raw.get("module_slots", 0), self, self.module_inventory, self.fits_module
        )
        self.modules.changed = self._modules_changed

    def built(self) -> None:
        if takes_beacons(self.proto):
            self.recount()

    def fits_module(self, item: str) -> bool:
        """Whether a module may be put in."""
        recipe = self.effect_recipe()
        return module_fits(self.name, item) and (
            recipe is None
            or recipe_allows(recipe, "productivity")
            or all(kind != "productivity" for kind, _ in module_effects(item))
        )

    def effect_recipe(self) -> RecipePrototype | None:
        """The recipe that says which effects act here, if there is any."""
        return None

    def effects_changed(self) -> None:
        """Its speed, productivity or consumption is another now."""

    def _modules_changed(self) -> None:
        self.recount()
        self.changed()

    def recount(self) -> None:
        """Add up what its modules and the beacons around do."""
        sums = dict.fromkeys(KINDS, 0)
        for name, count in self.modules.contents().items():
            for kind, size in module_effects(name):
                sums[kind] += size * count
        if takes_beacons(self.proto):
            for kind, size in self._from_beacons():
                sums[kind] += size
        recipe, allowed = self.effect_recipe(), allowed_effects(self.name)
        for kind in KINDS:
            if kind not in allowed or (recipe is not None and not recipe_allows(recipe, kind)):
                sums[kind] = 0
        if recipe is not None:
            researched = self.force.modifiers.get(("change-recipe-productivity", recipe.name), 0)
            sums["productivity"] += round(researched * WHOLE)
        most = MOST_PRODUCTIVITY
        if recipe is not None and "maximum_productivity" in recipe.raw:
            most = round(recipe.raw["maximum_productivity"] * WHOLE)
        counted = (
            max(LEAST, WHOLE + sums["speed"]),
            max(LEAST, WHOLE + sums["consumption"]),
            max(LEAST, WHOLE + sums["pollution"]),
            min(most, max(0, sums["productivity"])),
        )
        if counted != (self.speed, self.consumption, self.pollution, self.productivity):
            self.about_to_change()
            self.speed, self.consumption, self.pollution, self.productivity = counted
            self.effects_changed()

    def bonus_changed(self, kind: str) -> None:
        self.recount()

    def about_to_change(self) -> None:
        """Its effects are about to be others: what was done by the present ones is to be settled."""

    def beacons(self) -> list[Beacon]:
        """The beacons that act on it, in the order of their unit numbers."""
        index = self.world.surface.by_type.get("beacon")
        if not index or not takes_beacons(self.proto):
            return []
        area = (self.left - FARTHEST, self.top - FARTHEST, self.right + FARTHEST, self.bottom + FARTHEST)
        found: list[Any] = [e for e in self.world.surface.within(area) if e.type == "beacon" and e.valid]
        return sorted((b for b in found if b.reaches(self)), key=lambda b: int(b.unit_number))

    def _from_beacons(self) -> list[tuple[str, int]]:
        beacons = [b for b in self.beacons() if b.transmits]
        same = {n: sum(b.name == n for b in beacons) for n in {b.name for b in beacons}}
        effects: list[tuple[str, int]] = []
        for beacon in beacons:
            share = beacon.share(same[beacon.name])
            for name, count in beacon.modules.contents().items():
                effects.extend((kind, size * count * share // WHOLE) for kind, size in module_effects(name))
        return effects

    def usage(self) -> float:
        """What it draws while it works, joules per tick, beside its drain."""
        return self.proto.energy_usage * self.consumption / WHOLE

    def effect_state(self) -> list[int]:
        """Plain data for the state hash."""
        return [self.speed, self.consumption, self.pollution, self.productivity]


def takes_beacons(proto: EntityPrototype) -> bool:
    """Whether beacons act on an entity."""
    receiver = proto.raw.get("effect_receiver") or {}
    return bool(receiver.get("uses_beacon_effects", True)) and bool(allowed_effects(proto.name))
