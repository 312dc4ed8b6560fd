"""Water, steam and the power that is made of it: offshore pumps, boilers and heat exchangers, generators."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import CRAFT, Site
from runtime.engine.prototypes import joules, load
from runtime.engine.systems.burners import Burner
from runtime.engine.systems.electricity import Network, units
from runtime.engine.systems.fluids import DEGREE, FLUID, ONE, Box, FluidEntity, Segment, degrees
from runtime.engine.systems.heat import Heat

FINE = 1024  # burning rates are whole multiples of 1 J / FINE per tick, so that sums of them are exact


def heat_capacity(fluid: str) -> float:
    """Joules per unit and degree."""
    return joules(load().raw["fluid"][fluid].get("heat_capacity", "1kJ"))


def default_temperature(fluid: str) -> float:
    """The temperature at which a fluid is made when nothing else is said."""
    return float(load().raw["fluid"][fluid].get("default_temperature", 15))


class OffshorePump(FluidEntity):
    """Brings water from the shore, `pumping_speed` per tick, without power (its energy source is void)."""

    __slots__ = ("flow",)
    fluid = "water"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.flow = 0

    @property
    def warmth(self) -> int:
        """Temperature of the water, `DEGREE`."""
        return degrees(self.fluid)

    def gives(self, segment: Segment) -> int:
        """The most it gives per tick."""
        return (
            int(self.proto.raw["pumping_speed"] * FLUID) if self.active and segment.takes(self.fluid) else 0
        )

    def set_flow(self, flow: int) -> None:
        """It gives so much per tick from now on."""
        self.force.fluids.flow(self.fluid, flow - self.flow, made=True)
        self.flow = flow

    def wake(self, tick: int) -> None:
        if self.boxes and self.boxes[0].segment is not None:
            self.boxes[0].segment.touch()

    def joined(self, box: Box) -> None:
        assert box.segment is not None
        box.segment.sources[self.unit_number] = self

    def parted(self, box: Box) -> None:
        assert box.segment is not None
        box.segment.sources.pop(self.unit_number, None)
        self.set_flow(0)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        return "pipeline_overextended" if self.overextended else "working"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.flow]


class Boiler(FluidEntity):
    """Makes steam of water as fast as its fuel (or heat), its water and the room for steam allow."""

    __slots__ = ("drawn", "flow", "heat")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.flow = 0  # steam per tick
        self.drawn = 0  # water per tick
        source = self.proto.energy_source or {}
        self.heat = Heat(self, source) if source.get("type") == "heat" else None
        if self.burner is not None:
            self.burner.inventory.changed = self._fuelled

    def built(self) -> None:
        if self.burner is not None:
            self.burner.since = self.world.tick
        super().built()
        if self.heat is not None:
            self.heat.join()

    def removed(self) -> None:
        super().removed()
        if self.heat is not None:
            self.heat.leave()

    def rotate_to(self, direction: int) -> None:
        if self.heat is not None:
            self.heat.leave()
        super().rotate_to(direction)
        if self.heat is not None:
            self.heat.join()

    # --- what it is ------------------------------------------------------------------------------------------

    @property
    def fluid(self) -> str:
        """What it makes."""
        return str(self.proto.raw["output_fluid_box"]["filter"])

    @property
    def warmth(self) -> int:
        """How hot its steam is, `DEGREE`."""
        return round(float(self.proto.raw["target_temperature"]) * DEGREE)

    @property
    def consumption(self) -> float:
        """Joules per tick at full speed."""
        return joules(self.proto.raw["energy_consumption"])

    @property
    def water(self) -> Segment | None:
        """The segment that it takes from."""
        return self.boxes[0].segment if self.boxes else None

    @property
    def steam(self) -> Segment | None:
        """The segment that it puts into."""
        return self.boxes[1].segment if self.boxes else None

    @property
    def _heat_of_steam(self) -> float:
        """Joules that a unit of steam takes: it is heated from the water's temperature."""
        water = self.water
        cold = water.warmth if water is not None and water.fluid is not None else degrees("water")
        return heat_capacity(self.fluid) * max(DEGREE, self.warmth - cold) / DEGREE

    @property
    def most_steam(self) -> int:
        """Steam per tick at full speed."""
        if self.heat is not None:
            return self.heat.allowed * FLUID // units(self._heat_of_steam)
        return int(self.consumption * FLUID / self._heat_of_steam)

    def _water_for(self, steam: int) -> int:
        return int(steam * heat_capacity(self.fluid) // heat_capacity("water"))

    @property
    def fuelled(self) -> bool:
        """Whether it has anything to heat with."""
        if not self.active:
            return False
        if self.heat is not None:
            return self.heat.allowed > 0
        burner = self.burner
        return burner is not None and (burner.remaining > 0 or not burner.inventory.is_empty())

    # --- flows -----------------------------------------------------------------------------------------------

    def most(self) -> int:
        """The most water it could want per tick."""
        return self._water_for(self.most_steam) if self.fuelled else 0

    def share_changed(self) -> None:
        """It gets another share of the water it could want."""
        if self.steam is not None:
            self.steam.touch()

    def gives(self, segment: Segment) -> int:
        """The most steam it could give per tick."""
        water = self.water
        if water is None or not self.fuelled or water.fluid != self.proto.raw["fluid_box"]["filter"]:
            return 0
        if not segment.takes(self.fluid):
            return 0
        return self.most_steam * water.share // ONE

    def set_flow(self, flow: int) -> None:
        """It gives so much steam per tick from now on."""
        burner, heat, tick, water = self.burner, self.heat, self.world.tick, self.water
        if flow and burner is not None:
            burner.settle(tick)
            if not burner.load_fuel():
                flow = 0
        drawn = self._water_for(flow)
        if flow and water is not None:
            drawn = min(drawn, self.most() * water.share // ONE)
        if heat is not None:
            heat.draw(-(-flow * units(self._heat_of_steam) // FLUID))
        if flow == self.flow and drawn == self.drawn:
            return
        self.force.fluids.flow(self.fluid, flow - self.flow, made=True)
        self.force.fluids.flow("water", drawn - self.drawn, made=False)
        self.flow, self.drawn = flow, drawn
        if burner is not None:
            rate = self.consumption * flow / self.most_steam
            burner.set_rate(round(rate * FINE) / FINE, tick)
            self._plan(burner)
        if water is not None:
            water.touch()

    def _plan(self, burner: Burner) -> None:
        if burner.rate:
            self.world.schedule(self, self.world.tick + max(1, burner.ticks_left()), CRAFT)
        else:
            self.world.cancel(self)

    def on_event(self, world: Any, tick: int) -> None:
        burner = self.burner
        assert burner is not None
        if burner.goes_on(tick):
            self._plan(burner)
        else:
            self.touch()

    def _fuelled(self) -> None:
        self.changed()
        self.touch()

    def heat_changed(self) -> None:
        """It may draw more or less heat than before."""
        self.touch()

    def wake(self, tick: int) -> None:
        self.touch()

    def touch(self) -> None:
        """Weigh what flows through it at the end of this tick."""
        for box in self.boxes:
            if box.segment is not None:
                box.segment.touch()

    def joined(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sinks if box.number == 0 else box.segment.sources)[self.unit_number] = self

    def parted(self, box: Box) -> None:
        assert box.segment is not None
        (box.segment.sinks if box.number == 0 else box.segment.sources).pop(self.unit_number, None)
        self.set_flow(0)

    def settle(self) -> None:
        if self.burner is not None:
            self.burner.settle(self.world.tick)

    def status(self) -> str | None:
        if not self.active:
            return "disabled_by_script"
        if self.overextended:
            return "pipeline_overextended"
        if self.heat is not None and not self.flow and self.heat.temperature < self.heat.working:
            return "low_temperature"
        if self.heat is None and not self.fuelled:
            return "no_fuel"
        water, steam = self.water, self.steam
        if water is None or (not water.now() and not self.flow):
            return "no_input_fluid"
        if not self.flow and steam is not None and steam.room() < FLUID:
            return "full_output"
        return "working"

    def more_state(self) -> list[Any]:
        return [
            *super().more_state(),
            self.flow,
            self.drawn,
            self.heat.state() if self.heat is not None else None,
        ]


class Generator(FluidEntity):
    """Steam engines and turbines: as much power as their network asks for, of the heat in their steam."""

    __slots__ = ("drawn", "network", "output")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.network: Network | None = None
        self.power = None
        self.output = 0  # energy units per tick
        self.drawn = 0  # steam per tick

    @property
    def steam(self) -> Segment | None:
        """The segment that it takes from."""
        return self.boxes[0].segment if self.boxes else None

    @property
    def heat(self) -> float:
        """Joules that a unit of its steam gives; what is hotter than it can use gives no more."""
        steam = self.steam
        raw = self.proto.raw
        if steam is None or steam.fluid != raw["fluid_box"]["filter"]:
            return 0.0
        hot = min(steam.warmth / DEGREE, raw["maximum_temperature"])
        if hot < raw["fluid_box"].get("minimum_temperature", 0):
            return 0.0
        fluid = steam.fluid
        assert fluid is not None
        return float(heat_capacity(fluid) * (hot - default_temperature(fluid)) * raw.get("effectivity", 1))

    @property
    def max_output(self) -> float:
        """Joules per tick at its best."""
        raw = self.proto.raw
        fluid = raw["fluid_box"]["filter"]
        hot = raw["maximum_temperature"] - default_temperature(fluid)
        return float(raw["fluid_usage_per_tick"] * heat_capacity(fluid) * hot * raw.get("effectivity", 1))

    @property
    def buffered(self) -> float:
        """Joules in its energy buffer: a tick's worth as long as there is steam, whether or not anybody takes it."""
        steam = self.steam
        return self.max_output if steam is not None and steam.now() and self.heat else 0.0

    def most(self) -> int:
        """The most steam it could want per tick: while it is wired to anybody and can use what is there."""
        if self.network is None or not self.active:
            return 0
        return int(self.proto.raw["fluid_usage_per_tick"] * FLUID)

    def share_changed(self) -> None:
        """It gets another share of the steam it could want, or steam of another temperature."""
        if self.network is not None:
            self.network.touch()

    def wake(self, tick: int) -> None:
        self.share_changed()
        if self.steam is not None:
            self.steam.touch()

    def capacity(self) -> int:
        """Energy units per tick that it could give."""
        steam = self.steam
        if steam is None or not self.active:
            return 0
        return units(self.proto.raw["fluid_usage_per_tick"] * self.heat) * steam.share // ONE

    def produce(self, energy: int) -> None:
        """Give so many energy units per tick from now on."""
        steam, heat = self.steam, units(self.heat)
        drawn = 0
        if heat and steam is not None:
            drawn = min(self.most() * steam.share // ONE, -(-energy * FLUID // heat))
        if energy == self.output and drawn == self.drawn:
            return
        self.output = energy
        self._draw(drawn)
        if steam is not None:
            steam.touch()

    def _draw(self, drawn: int) -> None:
        self.force.fluids.flow(self.proto.raw["fluid_box"]["filter"], drawn - self.drawn, made=False)
        self.drawn = drawn

    def plug(self, network: Network | None) -> None:
        old = self.network
        if old is network:
            return
        if old is not None:
            del old.generators[self.unit_number]
            old.members.pop(self.unit_number, None)
            old.touch()
        self.network = network
        self.output = 0
        self._draw(0)
        if network is not None:
            network.generators[self.unit_number] = self
            network.members[self.unit_number] = self
            network.touch()
        if self.steam is not None:
            self.steam.touch()

    def joined(self, box: Box) -> None:
        assert box.segment is not None
        box.segment.sinks[self.unit_number] = self
        self.share_changed()

    def parted(self, box: Box) -> None:
        assert box.segment is not None
        box.segment.sinks.pop(self.unit_number, None)
        self.output = 0
        self._draw(0)
        self.share_changed()

    def status(self) -> str | None:
        if self.network is None:
            return "not_plugged_in_electric_network"
        if self.overextended:
            return "pipeline_overextended"
        steam = self.steam
        if steam is None or (not steam.now() and not self.output):
            return "no_input_fluid"
        if steam.share < ONE and self.output < units(self.max_output):
            return "low_input_fluid"
        return "working"

    def more_state(self) -> list[Any]:
        return [*super().more_state(), self.output, self.drawn]
