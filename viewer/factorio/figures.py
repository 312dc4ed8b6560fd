"""Entities as parts of the installation's pictures: what `viewer.figures` does for our own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.atlas import Atlas
from viewer.display_list import QUAD, WHITE, Order, Quads
from viewer.factorio.book import IDLE, WORKING, Book, Row
from viewer.factorio.looks import TREES_SHOWN, TURNS, VARIANTS_SHOWN
from viewer.figures import GHOST, ITEM_SIZE, Figures, Parts

assert TREES_SHOWN == VARIANTS_SHOWN


class FactorioFigures(Figures):
    """Entities as parts of an atlas with a Factorio installation's pictures.

    What it has no picture of is drawn as our own.
    """

    sliding_doors = False
    upright = True

    def __init__(self, atlas: Atlas, book: Book) -> None:
        super().__init__(atlas)
        self.book = book

    def _entity(
        self, name: str, kind: str, direction: int = 0, width: float = 1, height: float = 1, *, shape: str = "",
        mask: int = 0, working: bool = True, variant: int = 0, turn: float = 0, ghost: bool = False,
        fluid: int = 0,
    ) -> Parts:  # fmt: skip
        states = self.book.looks.get(name)
        if states is None:
            ours = any(n in self.atlas.names for n in (name, f"{name}/0", f"{name}/0/0"))
            if not ours:
                name = kind = ""  # a box of its size
            return super()._entity(
                name, kind, direction, width, height, shape=shape, mask=mask, working=working, variant=variant,
                turn=turn, ghost=ghost, fluid=fluid,
            )  # fmt: skip
        quarter, point = direction // 4 % 4, round((direction / 16 if turn < 0 else turn) * TURNS) % TURNS
        wanted = (
            f"{shape or 'straight'}/{quarter}", f"{shape or 'input'}/{quarter}", f"{shape}/{variant % VARIANTS_SHOWN}",
            f"{shape}/0", f"mask/{mask}", f"{'running' if shape == 'walking' else 'idle'}/{round(direction / 2) % 8}",
            f"facing/{round(direction / 2) % 8}", f"turn/{point}", f"variant/{variant % VARIANTS_SHOWN}",
            f"working/{quarter}", "working/0",
        )  # fmt: skip
        state = next((s for s in wanted if s in states), next(iter(states)))
        rows = [*states[state], *states.get(f"gun/{point}", ())]
        parts = [p for row in rows if (p := self._row(row, working, fluid)) is not None]
        if not parts:
            parts = [self.part("unknown", size=(width, height))]
        out = np.concatenate(parts)
        if ghost:
            out["tint"] = GHOST
            out = out[(out["order"] != Order.SHADOW) & (out["order"] != Order.GLOW)]
        out.flags.writeable = False
        return out

    def _row(self, row: Row, working: bool, fluid: int) -> Parts | None:
        picture, order, frames, rate, flicker, when, of_fluid, x, y = row
        if (when == WORKING and not working) or (when == IDLE and working) or (of_fluid and not fluid):
            return None
        tint = fluid if of_fluid else WHITE
        return self.part(picture, x, y, order, frames=frames, rate=rate, flicker=flicker, tint=tint)

    def chimney(self, name: str, quarter: int) -> tuple[float, float] | None:
        """Where smoke comes out; see `Figures.chimney`."""
        sides = self.book.chimneys.get(name)
        return sides[quarter] if sides is not None else None

    def pole_top(self, name: str) -> tuple[float, float]:
        """Where a pole's wires hang; see `Figures.pole_top`."""
        return self.book.pole_tops.get(name, (0.0, 0.0))

    def arms(
        self, name: str, x: NDArray[Any], y: NDArray[Any], hand_x: NDArray[Any], hand_y: NDArray[Any],
        held: NDArray[Any], scale: float = math.inf,
    ) -> Quads:  # fmt: skip
        """The arms of all inserters of one name; see `Figures.arms`."""
        names = [f"{name}/hand_base", f"{name}/hand_open", f"{name}/hand_closed"]
        if not all(n in self.atlas.names for n in names):
            return super().arms(name, x, y, hand_x, hand_y, held, scale)
        base, opened, closed = (self.atlas.cell(n) for n in names)
        cells = self.atlas.cells
        count = len(x)
        dx, dy = hand_x - x, hand_y - y
        angle = np.arctan2(dx, -dy) / math.tau
        reach = np.maximum(np.hypot(dx, dy), 1e-6)
        east, south = dx / reach, dy / reach
        out: Quads = np.zeros(2 * count + int((held >= 0).sum()), QUAD)
        out["tint"] = WHITE
        lower, hands, items = out[:count], out[count : 2 * count], out[2 * count :]
        # The base is stretched from the foot to the elbow, the hand reaches from there to what it holds.
        hand_cell = np.where(held >= 0, closed, opened)
        long = np.minimum(cells["h"][hand_cell], np.maximum(reach, 0.2))
        lower_long = np.maximum(reach - long * 0.8, 0.1)
        lower["x"], lower["y"] = x + east * lower_long / 2, y + south * lower_long / 2
        lower["w"], lower["h"], lower["cell"], lower["angle"] = cells["w"][base], lower_long, base, angle
        lower["order"] = Order.ARM
        hands["x"], hands["y"] = hand_x - east * long / 2, hand_y - south * long / 2
        hands["w"], hands["h"] = cells["w"][hand_cell], long
        hands["cell"], hands["angle"], hands["order"] = hand_cell, angle, Order.HELD
        some = np.flatnonzero(held >= 0)
        items["x"], items["y"], items["cell"] = hand_x[some], hand_y[some], held[some]
        items["w"] = items["h"] = ITEM_SIZE
        items["order"] = Order.HELD - 1
        return out
