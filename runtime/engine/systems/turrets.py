"""Turrets: gun turrets with ammunition, laser turrets with electricity, worms, and land mines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CRAFT, NEVER, PICK, Entity, Process, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import joules, load
from runtime.engine.systems.combat import CENTRES, Fighter, Lookout, distance, military, order, ticks_at
from runtime.engine.systems.damage import ammo_hits, attack_hits, hits, hurt, kill, vulnerable
from runtime.engine.systems.electricity import ONE, Power, units

if TYPE_CHECKING:
    from runtime.engine.world import World

FOLDED, PREPARING, READY, FOLDING = range(4)
AMMO = 1  # defines.inventory.turret_ammo


class Turret(Fighter):
    """It unfolds when somebody comes whom it would shoot at, shoots at the nearest as long as that is in range, then folds."""

    __slots__ = ("stage", "turned_at")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.stage = FOLDED
        self.turned_at = 0  # when it is done with unfolding or folding

    @property
    def sight(self) -> float:
        return float(self.proto.raw.get("prepare_range", self.attack["range"]))

    def wanted(self, entity: Entity) -> bool:
        return military(entity) and super().wanted(entity)

    def in_range(self, entity: Entity) -> bool:
        """Whether it can hit an entity where that is."""
        away = distance(self.mode, self, entity)
        return bool(self.attack.get("min_range", 0) <= away <= self.attack["range"])

    def on_event(self, world: World, tick: int) -> None:
        if self.stage in (PREPARING, FOLDING):
            if tick < self.turned_at:
                world.schedule(self, self.turned_at, PICK)
                return
            self.stage = READY if self.stage == PREPARING else FOLDED
        if not self.may_fight():
            return
        target = self.target
        if target is None or not self.wanted(target) or not self.in_range(target):
            target = self.target = self.nearest(self.sight)
        if target is None:
            self.angry = False
            if self.stage == READY:
                self._turn(FOLDING, "folding_speed")
        elif self.stage == FOLDED:
            if self.loaded():
                self._turn(PREPARING, "preparing_speed")
        elif self.in_range(target) and self.loaded():
            ready = -(-self.ready_at // 1000)
            if tick >= ready:
                ready = self.cool(tick, self.cooldown())
                self.shoot(target)
            if self.key == NEVER and self.valid:
                world.schedule(self, ready, PICK)

    def _turn(self, stage: int, speed: str) -> None:
        self.stage = stage
        self.turned_at = self.world.tick + ticks_at(self.proto.raw.get(speed, 0))
        self.world.schedule(self, self.turned_at, PICK)

    def loaded(self) -> bool:
        """Whether it has what a shot takes; if not, it wakes when that comes."""
        return True

    def cooldown(self) -> float:
        """Ticks from shot to shot."""
        return float(self.attack["cooldown"])

    def shoot(self, target: Entity) -> None:
        """Do one shot's damage."""
        raise NotImplementedError

    def faster(self, category: str, ticks: float) -> float:
        """A cooldown with what its force's technologies add to the speed of shooting."""
        return ticks / max(0.01, 1 + self.force.modifiers.get(("gun-speed", category), 0))

    def stronger(self, category: str, amount: float) -> float:
        """Damage with what its force's technologies add: to the ammunition, and to the turret."""
        modifiers = self.force.modifiers
        return (
            amount
            * (1 + modifiers.get(("ammo-damage", category), 0))
            * (1 + modifiers.get(("turret-attack", self.name), 0))
        )

    def status(self) -> str | None:
        return "normal"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.stage, self.turned_at]


class AmmoTurret(Turret):
    """A gun turret. The magazine in use keeps its rounds beside its stack, as `LuaItemStack.ammo`."""

    __slots__ = ("ammo",)
    rotatable = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.ammo = Inventory(self.proto.raw["inventory_size"], self, AMMO, self.is_ammo)
        self.ammo.changed = self.ammo_changed

    def is_ammo(self, name: str) -> bool:
        """Whether it shoots with an item."""
        item = load().item[name]
        return item.type == "ammo" and item.raw["ammo_category"] == self.attack["ammo_category"]

    def ammo_changed(self) -> None:
        """Ammunition came or went."""
        self.changed()
        if self.valid:
            self.wake(self.world.tick + 1)

    def inventories(self) -> dict[int, Inventory]:
        return {AMMO: self.ammo}

    def insertable(self, name: str) -> int:
        return self.ammo.room(name)

    def insert(self, name: str, count: int) -> int:
        return self.ammo.insert(name, count)

    def takes(self, name: str) -> bool:
        return self.ammo.room(name) > 0 and self.ammo.count(name) < self.proto.raw["automated_ammo_count"]

    def _slot(self) -> int:
        return next((n for n, name in enumerate(self.ammo.names) if name is not None), -1)

    def loaded(self) -> bool:
        return self._slot() >= 0

    def cooldown(self) -> float:
        return self.faster(self.attack["ammo_category"], float(self.attack["cooldown"]))

    def shoot(self, target: Entity) -> None:
        slot = self._slot()
        name = self.ammo.names[slot]
        assert name is not None
        category = self.attack["ammo_category"]
        self._spend(slot, name)
        for kind, amount in ammo_hits(name):
            hurt(target, self.stronger(category, amount), kind, self.force, self)

    def _spend(self, slot: int, name: str) -> None:
        full = int(load().item[name].raw.get("magazine_size", 1))
        extra = self.ammo.extra.get(slot, {})
        left = int(extra.get("ammo", full)) - 1
        if left > 0:
            self.ammo.extra[slot] = {**extra, "ammo": left}
            return
        self.ammo.extra.pop(slot, None)
        self.ammo.take_quietly(slot, 1)
        self.force.items.used(name, 1)
        self.changed()

    def status(self) -> str | None:
        return "normal" if self.loaded() else "no_ammo"


class ElectricTurret(Turret):
    """A laser turret: a shot takes its energy from the buffer at once, which is charged as fast as the network allows."""

    __slots__ = ("beam", "charging", "power", "stored")
    rotatable = True

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.power = Power(self)
        self.stored = 0  # in the buffer when it last began or ended to be charged, energy units
        self.charging = False

    @property
    def size(self) -> int:
        """What the buffer holds, energy units."""
        return units(joules(self._source["buffer_capacity"]))

    @property
    def _source(self) -> dict[str, Any]:
        assert self.proto.energy_source is not None
        return self.proto.energy_source

    @property
    def shot(self) -> int:
        """What a shot takes, energy units."""
        return units(joules(self.attack["ammo_type"]["energy_consumption"]))

    def built(self) -> None:
        self.beam = Beam(self)
        super().built()

    def removed(self) -> None:
        super().removed()
        self.world.unregister(self.beam)

    def plug(self, network: Any) -> None:
        self.power.join(network)
        if network is not None and not self.charging:
            self._charge()

    def _charge(self) -> None:
        if self.stored < self.size:
            flow = joules(self._source["input_flow_limit"])
            self.charging = True
            self.power.set_rate(flow)
            self.power.work(-(-(self.size - self.stored) * ONE // units(flow)), CRAFT)

    def buffered(self) -> int:
        """What is in the buffer now, energy units."""
        if not self.charging:
            return self.stored
        flow = units(joules(self._source["input_flow_limit"]))
        return max(self.stored, self.size - self.power.left() * flow // ONE)

    def wake(self, tick: int) -> None:
        if not self.charging:  # it looks about when that is done
            super().wake(tick)

    def on_event(self, world: World, tick: int) -> None:
        if self.charging:
            if not self.power.done():
                return
            self.charging = False
            self.stored = self.size
            self.power.set_rate(0.0)
        super().on_event(world, tick)

    def loaded(self) -> bool:
        return self.stored >= self.shot

    def cooldown(self) -> float:
        return self.faster(self.attack["ammo_category"], float(self.attack["cooldown"]))

    def shoot(self, target: Entity) -> None:
        self.stored -= self.shot
        self.beam.point_at(target)
        self._charge()

    def status(self) -> str | None:
        if self.charging and self.power.status() != "working":
            return self.power.status()
        return "normal"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.buffered(), self.charging, self.power.state(), self.beam.state()]


class Beam(Process):
    """What a laser turret shoots: it hurts its target again and again while it lasts, and before the next is shot."""

    __slots__ = ("left", "target", "turret")

    def __init__(self, turret: ElectricTurret) -> None:
        self.turret = turret
        self.target: Entity | None = None
        self.left = 0  # hits still to come
        turret.world.register(self)

    def point_at(self, target: Entity) -> None:
        """Begin."""
        delivery = self.turret.attack["ammo_type"]["action"]["action_delivery"]
        self.target = target
        self.left = int(delivery["duration"] // self._interval())
        self.turret.world.schedule(self, self.turret.world.tick + self._interval(), CRAFT)

    def _interval(self) -> int:
        delivery = self.turret.attack["ammo_type"]["action"]["action_delivery"]
        return int(load().raw["beam"][delivery["beam"]]["damage_interval"])

    def on_event(self, world: World, tick: int) -> None:
        turret, target = self.turret, self.target
        self.left -= 1
        if target is not None and vulnerable(target):
            category = turret.attack["ammo_category"]
            for kind, amount in attack_hits(turret.name):
                hurt(target, turret.stronger(category, amount), kind, turret.force, turret)
            if self.left > 0 and turret.valid:
                world.schedule(self, tick + self._interval(), CRAFT)
                return
        self.target = None
        self.left = 0

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.key, self.left, self.target.unit_number if self.target is not None else None]


class Worm(Turret):
    """A worm: it spits at whoever and whatever of an enemy's is in range."""

    __slots__ = ()

    def may_fight(self) -> bool:
        return self.active and (self.angry or not self.world.combat.peaceful)

    def wanted(self, entity: Entity) -> bool:
        return Fighter.wanted(self, entity)

    def cooldown(self) -> float:
        """Its own cooldown, and what the attack takes from rearing up to lying down."""
        raw = self.proto.raw
        return float(
            self.attack["cooldown"]
            + ticks_at(raw["starting_attack_speed"])
            + ticks_at(raw["ending_attack_speed"])
        )

    def shoot(self, target: Entity) -> None:
        for kind, amount in attack_hits(self.name):
            hurt(target, amount, kind, self.force, self)


class LandMine(Lookout):
    """It goes off when an enemy comes near, once it has armed itself."""

    __slots__ = ("armed_at",)
    TIMEOUT = 120  # `timeout` and `trigger_radius` of `LandMinePrototype`, where a prototype leaves them out
    RADIUS = 2.5

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.armed_at = self.world.tick + int(self.proto.raw.get("timeout", self.TIMEOUT))

    @property
    def sight(self) -> float:
        return float(self.proto.raw.get("trigger_radius", self.RADIUS))

    def _sets_off(self, entity: Entity) -> bool:
        return (
            entity.valid
            and self.force.is_enemy(entity.force)
            and entity.moves
            and vulnerable(entity)
            and distance(CENTRES, self, entity) <= self.sight
        )

    def noticed(self, entity: Entity) -> None:
        if self._sets_off(entity):
            self.wake(self.world.tick + 1)

    def on_event(self, world: World, tick: int) -> None:
        if tick < self.armed_at:
            world.schedule(self, self.armed_at, PICK)
        elif self.active and any(map(self._sets_off, world.surface.around(self.x, self.y, self.sight))):
            self._go_off()

    def _go_off(self) -> None:
        blast = self.proto.raw["action"]["action_delivery"]["source_effects"][0]["action"]
        near = self.world.surface.around(self.x, self.y, blast["radius"])
        for entity in order(e for e in near if self.force.is_enemy(e.force)):
            for kind, amount in hits(blast):
                hurt(entity, amount, kind, self.force, self)
        if self.valid:
            kill(self, self.force, self)

    def more_state(self) -> list[Any]:
        return [self.armed_at]
