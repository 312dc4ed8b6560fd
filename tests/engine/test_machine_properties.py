"""Whatever is done to machines, nothing is lost or made of nothing, and looking more often changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.engine.maps import lab
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.beacons import Beacon
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.world import World

MODULES = ("speed-module", "speed-module-3", "productivity-module-3", "efficiency-module-2")
RECIPES = ("iron-gear-wheel", "pipe", "iron-stick", "transport-belt", None)
# Plates and what is made of them, in sixths of an iron plate: nothing else comes into these machines.
IRON = {"iron-plate": 6, "iron-gear-wheel": 12, "pipe": 6, "iron-stick": 3, "transport-belt": 9}
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("plates"), st.integers(1, 200)),
    st.tuples(st.just("gears"), st.integers(1, 50)),
    st.tuples(st.just("take"), st.integers(1, 100)),
    st.tuples(st.just("recipe"), st.integers(0, len(RECIPES) - 1)),
    st.tuples(st.just("module"), st.integers(0, len(MODULES) - 1)),
    st.tuples(st.just("beacon"), st.integers(0, len(MODULES) - 1)),
    st.tuples(st.just("unmodule"), st.just(0)),
    st.tuples(st.just("pole"), st.just(0)),
    st.tuples(st.just("panel"), st.integers(0, 5)),
    st.tuples(st.just("active"), st.integers(0, 1)),
    st.tuples(st.just("save"), st.just(0)),
)


class Shop:
    """An assembling machine, a beacon, and a little power; what has gone in and come out."""

    def __init__(self) -> None:
        self.world = World(lab.tile_at, 1, lab.resources)
        self.world.surface.always_day = True
        for name, x, y in (("assembling-machine-3", 4.5, 4.5), ("beacon", 4.5, 8.5), ("substation", 0, 0),
                           ("solar-panel", -4.5, 0.5), ("solar-panel", -4.5, 3.5), ("solar-panel", -4.5, 6.5)):  # fmt: skip
            self._build(name, x, y)
        self.balance = 0  # sixths of a plate that have gone in and not come out

    def _build(self, name: str, x: float, y: float) -> Any:
        return self.world.create(name, x, y, 0, self.world.forces["player"])

    @property
    def machine(self) -> AssemblingMachine:
        (found,) = self.world.surface.by_type["assembling-machine"].values()
        assert isinstance(found, AssemblingMachine)
        return found

    @property
    def beacon(self) -> Beacon:
        (found,) = self.world.surface.by_type["beacon"].values()
        assert isinstance(found, Beacon)
        return found

    def do(self, step: tuple[str, int], looks: int) -> None:
        what, n = step
        machine = self.machine
        if what == "wait":
            end = self.world.tick + n
            while self.world.tick < end:
                self.world.advance(min(end, self.world.tick + (looks if looks else n)))
                self.look()
        elif what in ("plates", "gears"):
            name = "iron-plate" if what == "plates" else "iron-gear-wheel"
            self.balance += IRON[name] * (machine.insert(name, n) if machine.accepts(name) else 0)
        elif what == "take":
            for name in list(machine.offer()):
                self.balance -= IRON[name] * machine.take(name, n)
        elif what == "recipe":
            recipe = RECIPES[n]
            freed = machine.set_recipe(load().recipe[recipe] if recipe else None)
            self.balance -= sum(IRON.get(name, 0) * count for name, count in freed.items())
        elif what == "module":
            machine.insert(MODULES[n], 1)
        elif what == "beacon":
            self.beacon.insert(MODULES[n], 1)
        elif what == "unmodule":
            machine.modules.clear()
        elif what == "pole":
            poles = list(self.world.surface.by_type.get("electric-pole", {}).values())
            if poles:
                self.world.destroy(poles[0])
            else:
                self._build("substation", 0, 0)
        elif what == "panel":
            self._build("solar-panel", -7.5, -8.5 + 3 * n)
        elif what == "active":
            machine.active = bool(n)
            machine.wake(self.world.tick + 1)
        elif what == "save":
            self.world = loads(dumps(Save(self.world, {}, [], 1.0, False, 0, ""))).world

    def look(self) -> None:
        machine = self.machine
        assert 0 <= machine.progress <= 1
        assert 0 <= machine.bonus_progress <= 1
        assert machine.status() is not None
        assert machine.crafting is not None or machine.status() not in ("working", "low_power")

    def inside(self) -> int:
        machine = self.machine
        held = [*machine.input.contents().items(), *machine.output.contents().items()]
        if machine.crafting is not None:
            held += [(i.name, int(i.amount)) for i in machine.crafting.ingredients]
        return sum(IRON[name] * count for name, count in held)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_nothing_is_lost_and_looking_changes_nothing(steps: list[tuple[str, int]]) -> None:
    rare, often = Shop(), Shop()
    for step in [("recipe", 0), ("plates", 100), *steps]:
        for shop, looks in ((rare, 0), (often, 7)):
            shop.do(step, looks)
    assert rare.inside() == often.inside()
    if ("module", 2) in steps:
        assert rare.inside() >= rare.balance  # what comes by productivity takes nothing
    else:
        assert rare.inside() == rare.balance
    assert state_hash(rare.world, {}, []) == state_hash(often.world, {}, [])
