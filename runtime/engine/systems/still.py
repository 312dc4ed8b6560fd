"""Things with fluid in them that do nothing with it yet: flamethrower turrets and fluid wagons."""

from __future__ import annotations

from runtime.engine.systems.fluids import FluidEntity


class Vessel(FluidEntity):
    """It holds fluid, which comes through its connections where it has any."""

    __slots__ = ()
    acts = False

    def status(self) -> str | None:
        return "normal"
