"""Rocket silos: a hundred parts, a rocket that comes up, its launch, and what comes back for its cargo."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

from runtime.engine.entity import CRAFT, SETTLE, Entity, Process, Site
from runtime.engine.inventory import Inventory
from runtime.engine.prototypes import Raw, RecipePrototype, joules, load, products
from runtime.engine.systems.containers import Container
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.systems.electricity import ONE, Power, units
from runtime.engine.systems.plans import Plan

ROCKET = 9  # defines.inventory.rocket_silo_rocket
FLOWN = (
    0.1  # the silo is free when a rocket has flown this share of its way (hardcoded in the game, from 2.0 on)
)

# Stages, by their names in `defines.rocket_silo_status`.
BUILDING, CREATE, READY, CLOSING = "building_rocket", "create_rocket", "rocket_ready", "lights_blinking_close"
RISING_AGAIN = "rocket_rising again"  # through doors that are open still, from farther below
PREPARING = (CREATE, "lights_blinking_open", "doors_opening", "doors_opened", "rocket_rising", "arms_advance")
LAUNCHING = ("launch_starting", "launch_started", "engine_starting", "arms_retract", "rocket_flying")
# Those in which it draws `active_energy_usage`, and which take longer with too little power.
ACTIVE = {
    "doors_opening", "rocket_rising", "arms_advance", "engine_starting", "arms_retract", "doors_closing"
}  # fmt: skip
AFTER = {
    CREATE: "lights_blinking_open",
    "lights_blinking_open": "doors_opening",
    "doors_opening": "doors_opened",
    "doors_opened": "rocket_rising",
    "rocket_rising": "arms_advance",
    "arms_advance": READY,
    "launch_starting": "launch_started",
    "launch_started": "engine_starting",
    "engine_starting": "arms_retract",
    "arms_retract": "rocket_flying",
    CLOSING: "doors_closing",
    "doors_closing": BUILDING,
}


@cache
def stage_ticks(name: str) -> dict[str, int]:
    """How long each stage takes at full power in a silo of a prototype, ticks.

    A stage ends when its progress is 1, and the next begins on the tick after. The arms advance during the end of the
    rise, and retract while the rocket begins to fly.
    """
    silo = load().raw["rocket-silo"][name]
    rocket = load().raw["rocket-silo-rocket"][silo["rocket_entity"]]
    arm = silo["arm_01_back_animation"]
    arms = arm["frame_count"] / arm["animation_speed"]
    blinks = 1 / silo["light_blinking_speed"]
    doors = 1 / silo["door_opening_speed"]
    grows = rocket["flying_acceleration"]
    flight = math.log(1 + FLOWN * grows / rocket["flying_speed"]) / math.log(1 + grows)
    ticks = {
        CREATE: 0.0,
        "lights_blinking_open": blinks,
        "doors_opening": doors,
        "doors_opened": float(silo.get("rocket_rising_delay", 30)),
        "rocket_rising": 1 / rocket["rising_speed"] - arms,
        RISING_AGAIN: (1 - silo["rocket_quick_relaunch_start_offset"]) / rocket["rising_speed"] - arms,
        "arms_advance": arms,
        "launch_starting": 0.0,
        "launch_started": float(silo.get("launch_wait_time", 120)),
        "engine_starting": 1 / rocket["engine_starting_speed"],
        "arms_retract": arms,
        "rocket_flying": max(0.0, flight - arms),
        CLOSING: blinks,
        "doors_closing": doors,
    }
    return {stage: math.ceil(length - 1e-6) + 1 for stage, length in ticks.items()}


def is_cargo(name: str) -> bool:
    """Whether an item may be sent to orbit."""
    return str(load().item[name].raw.get("send_to_orbit_mode", "not-sendable")) != "not-sendable"


class SiloPower(Power):
    """Draws for the launch beside what crafting draws."""

    __slots__ = ("active", "crafting")

    def __init__(self, owner: Entity) -> None:
        super().__init__(owner)
        self.crafting = 0
        self.active = 0

    def set_rate(self, rate: float) -> None:
        self.crafting = units(rate)
        self._draw(self.drain + self.crafting + self.active)

    def set_active(self, rate: float) -> None:
        """Draw `rate` joules per tick for the launch from now on."""
        self.active = units(rate)
        self._draw(self.drain + self.crafting + self.active)


class RocketSilo(AssemblingMachine):
    """Crafts the parts of rockets, and launches them. While one waits or flies, the parts of the next are crafted."""

    __slots__ = ("_automatically", "cargo", "launch", "parts")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.power = SiloPower(self)
        self.parts = 0  # of the rocket that is being built
        self.cargo = Inventory(
            self.proto.raw.get("to_be_inserted_to_rocket_inventory_size", 0), self, ROCKET, self.accepts_cargo
        )
        self.cargo.changed = self._cargo_changed
        self._automatically = False

    def built(self) -> None:
        super().built()
        self.launch = Launch(self)
        self.set_recipe(None)

    def removed(self) -> None:
        self.launch.removed()
        super().removed()

    # --- parts ---------------------------------------------------------------------------------------------------

    def set_recipe(self, recipe: RecipePrototype | None) -> dict[str, int]:
        """Its recipe is fixed; whatever is asked for, that is what it has."""
        fixed = load().recipe[self.proto.raw["fixed_recipe"]]
        freed = super().set_recipe(fixed)
        # Parts stay inside; the one slot is for what comes back from orbit.
        self.output.filters = {}
        return freed

    @property
    def parts_required(self) -> int:
        """Parts of a rocket."""
        return int(self.proto.raw["rocket_parts_required"])

    @property
    def most_parts(self) -> int:
        """Parts that it keeps while another rocket stands in it."""
        return int(self.proto.raw.get("rocket_parts_storage_cap", self.parts_required))

    def next_recipe(self) -> RecipePrototype | None:
        recipe = self.recipe
        return recipe if recipe is not None and recipe.name in self.force.recipes_enabled else None

    def bonus_changed(self, kind: str) -> None:
        super().bonus_changed(kind)
        self.wake(self.world.tick + 1)

    def _can_begin(self, plan: Plan) -> bool:
        return self.parts < self.most_parts and super()._can_begin(plan)

    def _has_room(self, plan: Plan) -> bool:
        return self.parts < self.most_parts

    def _give(self, plan: Plan, bonus: bool) -> None:
        for _, name, count, counted in plan.made(self.world.random, bonus):
            self.parts += count
            if counted > 0:
                self.force.items.made(name, counted)
        self.launch.look()

    def set_parts(self, parts: int) -> None:
        """Have so many parts of the next rocket."""
        self.parts = min(max(0, parts), self.most_parts)
        self.launch.look()
        self._touched()

    # --- items ---------------------------------------------------------------------------------------------------

    def accepts_cargo(self, name: str) -> bool:
        """Whether an item may be put into its rocket."""
        return is_cargo(name)

    def _cargo_changed(self) -> None:
        self.changed()
        self.launch.look()

    def inventories(self) -> dict[int, Inventory]:
        return {**super().inventories(), ROCKET: self.cargo}

    def _place_for(self, name: str) -> Inventory | None:
        return self.cargo if is_cargo(name) else super()._place_for(name)

    def takes(self, name: str) -> bool:
        return self.cargo.room(name) > 0 if is_cargo(name) else super().takes(name)

    def offer(self, wanted: Iterable[str] | None = None) -> Iterable[str]:
        return [n for n in self.output.names if n is not None]

    @property
    def send_to_orbit_automatically(self) -> bool:
        """Whether a rocket is launched as soon as there is cargo in it."""
        return self._automatically

    @send_to_orbit_automatically.setter
    def send_to_orbit_automatically(self, value: bool) -> None:
        self._automatically = value
        self.launch.look()

    # --- power ---------------------------------------------------------------------------------------------------

    @property
    def silo_power(self) -> SiloPower:
        """Its `power` as what that is here."""
        assert isinstance(self.power, SiloPower)
        return self.power

    def plug(self, network: Any) -> None:
        self.launch.pause()
        super().plug(network)
        self.launch.resume()

    # --- what it says of itself ----------------------------------------------------------------------------------

    def status(self) -> str | None:
        stage = self.launch.stage
        if not self.active:
            return "disabled_by_script"
        if not self.silo_power.satisfaction and stage != READY:
            return "no_power"
        if stage in PREPARING:
            return "preparing_rocket_for_launch"
        if stage == READY:
            return "waiting_to_launch_rocket"
        if stage in LAUNCHING:
            return "launching_rocket"
        if self.recipe is not None and self.next_recipe() is None:
            return "recipe_not_researched"
        return super().status()

    def more_state(self) -> list[Any]:
        return [
            *super().more_state(),
            self.parts,
            self._automatically,
            self.silo_power.active,
            self.launch.state(),
        ]


class Launch(Process):
    """What a silo does with a rocket whose parts are complete, stage after stage.

    Stages that draw power end on the clock of the silo's network, the others by the tick.
    """

    __slots__ = ("_due", "_left", "again", "payload", "rocket", "silo", "stage")

    def __init__(self, silo: RocketSilo) -> None:
        self.silo = silo
        self.stage = BUILDING
        self.rocket: SiloRocket | None = None
        self.payload: dict[str, int] = {}  # what flies with the rocket that has been ordered to launch
        self.again = False  # this rocket comes up through doors that were open still
        self._left = 0  # work of an active stage, while there is no network
        self._due = 0  # on the network's clock, while there is one
        silo.world.register(self)

    def removed(self) -> None:
        """The silo goes, and its rocket with it."""
        self.pause()
        self._lose_rocket()
        self.silo.world.unregister(self)

    def _lose_rocket(self) -> None:
        rocket, self.rocket = self.rocket, None
        if rocket is not None:
            self.silo.world.destroy(rocket)

    def destroyed(self) -> None:
        """Somebody has destroyed the rocket: the doors close."""
        self.rocket = None
        self.payload = {}
        self.pause()
        self._enter(CLOSING)

    # --- stages --------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Parts, cargo or a setting have changed: begin what can begin now."""
        silo = self.silo
        if self.stage == BUILDING and silo.parts >= silo.parts_required:
            self.again = False
            self._create()
        elif self.stage == READY and silo.send_to_orbit_automatically and not silo.cargo.is_empty():
            self.order()

    def _create(self) -> None:
        silo = self.silo
        silo.parts -= silo.parts_required
        rocket = silo.world.create(silo.proto.raw["rocket_entity"], silo.x, silo.y, 0, silo.force, silo=silo)
        assert isinstance(rocket, SiloRocket)
        self.rocket = rocket
        self._enter("doors_opened" if self.again else CREATE)

    def order(self) -> bool:
        """Launch the rocket; whether there was one that is ready."""
        silo = self.silo
        if self.stage != READY:
            return False
        self.payload = silo.cargo.contents()
        changed, silo.cargo.changed = silo.cargo.changed, None
        silo.cargo.clear()
        silo.cargo.changed = changed
        self._enter("launch_starting")
        silo.changed()
        silo.world.raise_event("on_rocket_launch_ordered", {"rocket": self.rocket, "rocket_silo": silo})
        return True

    def _enter(self, stage: str) -> None:
        self.stage = stage
        silo = self.silo
        active = stage in ACTIVE
        silo.silo_power.set_active(joules(silo.proto.raw["active_energy_usage"]) if active else 0.0)
        if stage in (BUILDING, READY):
            silo.world.cancel(self)
            self.look()
            return
        ticks = stage_ticks(silo.name)[stage]
        if stage == "rocket_rising" and self.again:
            ticks = stage_ticks(silo.name)[RISING_AGAIN]
        elif stage == "doors_opened" and self.again:
            ticks = 1
        if active:
            self._left = ticks * ONE
            self.resume()
        else:
            silo.world.schedule(self, silo.world.tick + ticks, CRAFT)

    def on_event(self, world: Any, tick: int) -> None:
        if self.stage in ACTIVE and self._remaining():
            self.resume()
        elif self.stage == "rocket_flying":
            self._flown()
        else:
            self._enter(AFTER[self.stage])

    def _flown(self) -> None:
        silo = self.silo
        silo.world.raise_event("on_rocket_launched", {"rocket": self.rocket, "rocket_silo": silo})
        self._lose_rocket()
        payload, self.payload = self.payload, {}
        launched(silo, payload)
        self.again = silo.parts >= silo.parts_required
        if self.again:
            self._create()
            silo.wake(silo.world.tick + 1)  # there is room for parts again
        else:
            self._enter(CLOSING)

    # --- the clock of active stages ------------------------------------------------------------------------------

    def _remaining(self) -> int:
        network = self.silo.silo_power.network
        if network is None:
            return self._left
        return max(0, self._due - network.clock.at(self.silo.world.tick))

    def pause(self) -> None:
        """The silo leaves its network: keep what is left of the stage."""
        network = self.silo.silo_power.network
        if self.stage in ACTIVE:
            self._left = self._remaining()
            self.silo.world.cancel(self)
            if network is not None:
                network.clock.forget(self)

    def resume(self) -> None:
        """Wait on the clock of the silo's network for what is left of the stage."""
        network = self.silo.silo_power.network
        if self.stage in ACTIVE and network is not None:
            if self._left:
                self._due = network.clock.at(self.silo.world.tick) + self._left
                self._left = 0
            network.clock.wait(self, self._due, CRAFT)

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        left = self._remaining() if self.stage in ACTIVE else 0
        return [self.key, self.stage, self.again, sorted(self.payload.items()), left]


class SiloRocket(Entity):
    """The rocket that stands in a silo or leaves it."""

    __slots__ = ("silo",)
    silo: RocketSilo

    def removed(self) -> None:
        if self.silo.launch.rocket is self:
            self.silo.launch.destroyed()


def launched(silo: RocketSilo, payload: dict[str, int]) -> None:
    """A rocket is gone: count it, and send what its cargo brings.

    What a satellite brings lands on the force's cargo landing pad. FLE has no name for pads, so where there is none it
    comes into the silo's own slot, as it did before pads were (1.1), and what doesn't fit is lost.
    """
    world, force = silo.world, silo.force
    force.rockets_launched += 1
    back: dict[str, int] = {}
    for name, count in payload.items():
        force.items_launched[name] += count
        force.items.used(name, count)
        for product in products({"results": load().item[name].raw.get("rocket_launch_products") or []}):
            back[product.name] = back.get(product.name, 0) + int(product.amount) * count
    for name, count in back.items():
        force.items.made(name, count)
    if back and landing_pad(silo) is not None:
        pod = world.create("cargo-pod", silo.x, silo.y, 0, force)
        assert isinstance(pod, CargoPod)
        pod.load(back)
    else:
        for name, count in back.items():
            silo.output.insert(name, count)
    for name, count in payload.items():
        force.triggered("send-item-to-orbit", name, count)


def landing_pad(near: Entity) -> CargoLandingPad | None:
    """The cargo landing pad of an entity's force, the first that was built."""
    pads = near.world.surface.by_type.get("cargo-landing-pad", {})
    return next((p for p in pads.values() if isinstance(p, CargoLandingPad) and p.force is near.force), None)


class CargoLandingPad(Container):
    """Where what satellites bring comes down."""

    __slots__ = ()


class CargoPod(Entity):
    """Carries what a launch brings: up with the rocket, then down onto a landing pad."""

    __slots__ = ("cargo", "descending")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.cargo: dict[str, int] = {}
        self.descending = False

    def load(self, cargo: dict[str, int]) -> None:
        """Take what it is to bring, and go up."""
        self.cargo = cargo
        self.world.schedule(self, self.world.tick + procession_ticks("departure"), SETTLE)

    def on_event(self, world: Any, tick: int) -> None:
        pad = landing_pad(self)
        if not self.descending:
            self.descending = True
            world.raise_event(
                "on_cargo_pod_finished_ascending", {"cargo_pod": self, "launched_by_rocket": True}
            )
            if pad is not None:
                world.surface.moved(self, pad.x, pad.y)
            world.schedule(self, tick + procession_ticks("arrival"), SETTLE)
            return
        world.raise_event(
            "on_cargo_pod_finished_descending", {"cargo_pod": self, "launched_by_rocket": False}
        )
        for name, count in self.cargo.items():
            if pad is not None:
                pad.insert(name, count)
            else:
                world.spill(self.x, self.y, name, count)
        world.raise_event("on_cargo_pod_delivered_cargo", {"cargo_pod": self})
        world.destroy(self)

    def more_state(self) -> list[Any]:
        return [sorted(self.cargo.items()), self.descending]


@cache
def procession_ticks(usage: str) -> int:
    """How long cargo pods depart from nauvis or arrive there, ticks."""
    raw: dict[str, dict[str, Raw]] = load().raw
    return int(
        raw["procession"][raw["planet"]["nauvis"]["planet_procession_set"][usage][0]]["timeline"]["duration"]
    )
