"""Which pictures an entity is made of, and how they move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.engine import prototypes
from viewer.art.belts import FRAMES as BELT_FRAMES
from viewer.art.defence import STEPS
from viewer.art.inserters import COLOURS as INSERTERS
from viewer.art.machines import BEAM_FRAMES, CENTRIFUGES
from viewer.art.nature import ROCKS, TREES, VARIANTS
from viewer.art.power import ENGINE_FRAMES
from viewer.art.vehicles import FACINGS, WALK
from viewer.atlas import Atlas
from viewer.display_list import QUAD, WHITE, Order, Quads, tint

PART = np.dtype(
    [
        *((name, QUAD[name]) for name in QUAD.names or ()),
        ("frames", "<u4"),
        ("rate", "<f4"),
        ("spin", "<f4"),
        ("phase", "<f4"),
        ("flicker", "<f4"),
        ("sway", "<f4"),
        ("least", "<f4"),
    ]
)
"""A quad that moves by itself. frames: pictures from `cell` on that are shown one after the other, `rate` of them each
tick. spin: turns each tick. phase: where it is at tick 0, as a share of a round. flicker: how much of it comes and goes.
sway: by how much it turns to and fro, in turns. least: pixels per tile from which on it is worth drawing."""
Parts = NDArray[Any]
"""An array of PART."""

GHOST = tint(0.55, 0.75, 1.0, 0.55)
HANDS_FROM = 10.0
"""Pixels per tile from which on an inserter's hand is drawn."""
SHADOWS_FROM, SMALL_SHADOWS_FROM = 10.0, 12.0
"""Pixels per tile from which on shadows are drawn, and those of things of one tile."""
SWAY_TICKS = 420
"""In which a turret that has nothing to shoot at looks to one side, to the other and back."""
STRIDE_TICKS = 20
"""In which a walking engineer makes two steps."""


@dataclass(frozen=True)
class Motion:
    """A part that moves while its machine works. x, y: in tiles from the middle of the machine as it faces north.

    `{q}` in its name is the quarter it faces, `{h}` that of two. Only `glow`ing parts are gone when it doesn't work.
    """

    name: str
    x: float = 0
    y: float = 0
    frames: int = 1
    rate: float = 0
    spin: float = 0
    flicker: float = 0
    order: int = Order.MOVING
    glow: bool = False


def _glow(name: str, flicker: float = 0.3) -> Motion:
    return Motion(name, flicker=flicker, order=Order.GLOW, glow=True)


MOTIONS: dict[str, tuple[Motion, ...]] = {
    "burner-mining-drill": (Motion("burner-mining-drill/moving", 0.08, 0.12, spin=1 / 100),),
    "electric-mining-drill": (Motion("electric-mining-drill/moving", 0, 0.02, spin=1 / 70),),
    "pumpjack": (Motion("pumpjack/beam/{q}/0", frames=BEAM_FRAMES, rate=BEAM_FRAMES / 90),),
    "stone-furnace": (_glow("stone-furnace/glow"),),
    "steel-furnace": (_glow("steel-furnace/glow"),),
    "electric-furnace": (_glow("electric-furnace/glow", 0.15),),
    "assembling-machine-1": (Motion("assembling-machine-1/moving", spin=1 / 200),),
    "assembling-machine-2": (Motion("assembling-machine-2/moving", spin=1 / 140),),
    "assembling-machine-3": (Motion("assembling-machine-3/moving", spin=1 / 80),),
    "chemical-plant": (Motion("chemical-plant/moving", -0.52, 0, spin=1 / 45),),
    "oil-refinery": (_glow("oil-refinery/glow/{q}", 0.5),),
    "centrifuge": (
        *(Motion("centrifuge/rotor", x, y, spin=1 / 50) for x, y in CENTRIFUGES),
        _glow("centrifuge/glow", 0.7),
    ),
    "lab": (_glow("lab/glow", 0.75),),
    "boiler": (_glow("boiler/glow/{q}"),),
    "steam-engine": (Motion("steam-engine/moving/{h}/0", frames=ENGINE_FRAMES, rate=ENGINE_FRAMES / 28),),
    "steam-turbine": (Motion("steam-turbine/moving/{h}/0", frames=ENGINE_FRAMES, rate=ENGINE_FRAMES / 12),),
    "accumulator": (_glow("accumulator/glow", 0.4),),
    "nuclear-reactor": (_glow("nuclear-reactor/glow", 0.3),),
    "small-lamp": (_glow("small-lamp/glow", 0),),
    "beacon": (_glow("beacon/glow", 0.6),),
    "pump": (Motion("pump/rotor", 0, 0.22, spin=1 / 40),),
    "offshore-pump": (Motion("offshore-pump/rotor", 0, -0.14, spin=1 / 60),),
    "roboport": (_glow("roboport/glow", 0.6),),
    "radar": (Motion("radar/moving", spin=1 / 200),),
}
DOORS = ("rocket-silo/door-left", "rocket-silo/door-right")
DOOR_WAY = 1.75
"""Tiles that each half of a silo's door slides."""
SMOKE_FROM: dict[str, tuple[float, float]] = {
    "burner-mining-drill": (-0.64, -0.36),
    "stone-furnace": (0, 0),
    "steel-furnace": (0, -0.06),
    "boiler": (-1.08, -0.30),
    "burner-inserter": (0, -0.26),
    "oil-refinery": (1.35, 1.15),
    "steam-engine": (0, 1.9),
    "steam-turbine": (0, 1.2),
    "chemical-plant": (0.72, -0.32),
    "locomotive": (0, 2.15),
}
"""Where smoke comes out, in tiles from the middle of a machine that faces north."""
TURNED_TYPES = frozenset(
    {"locomotive", "cargo-wagon", "fluid-wagon", "artillery-wagon", "car", "spider-vehicle", "construction-robot",
     "logistic-robot", "combat-robot", "unit", "infinity-cargo-wagon"}
)  # fmt: skip
"""Types whose picture is turned to where they head."""


def belt_rate(speed: float) -> float:
    """Pictures a tick of a belt of that speed in tiles a tick (the prototype's `speed`)."""
    return speed * 2 * BELT_FRAMES


def animate(parts: Parts, tick: float, scale: float = math.inf) -> Quads:
    """What moving parts look like at a tick, which may lie between two whole ones, at so many pixels per tile."""
    if scale < SMALL_SHADOWS_FROM:
        parts = parts[parts["least"] <= scale]
    out: Quads = np.zeros(len(parts), QUAD)
    for name in QUAD.names or ():
        out[name] = parts[name]
    frames = np.maximum(parts["frames"], 1)
    step = np.floor(tick * parts["rate"].astype(np.float64) + parts["phase"] * frames)
    out["cell"] += np.mod(step, frames).astype(np.uint32)
    out["angle"] += np.mod(tick * parts["spin"].astype(np.float64) + parts["phase"] * (parts["spin"] != 0), 1)
    swaying = np.flatnonzero(parts["sway"])
    if len(swaying):
        some = parts[swaying]
        turn = np.sin(math.tau * (tick / SWAY_TICKS + some["phase"]))
        out["angle"][swaying] = np.mod(out["angle"][swaying] + some["sway"] * turn, 1)
    flickers = np.flatnonzero(parts["flicker"])
    if len(flickers):
        some = parts[flickers]
        turn = tick / 37 + some["phase"]
        # Two waves that never quite meet look like fire.
        wave = 0.5 + 0.3 * np.sin(math.tau * turn) + 0.2 * np.sin(math.tau * 2.7 * turn)
        # In steps, for the renderer that keeps every tint of a picture.
        alpha = (some["tint"] >> np.uint32(24)) * np.round((1 - some["flicker"] * wave) * 24) / 24
        out["tint"][flickers] = some["tint"] & np.uint32(0xFFFFFF) | alpha.astype(np.uint32) << np.uint32(24)
    return out


class Figures:
    """Entities as parts of an atlas. Positions of parts are relative to the entity's middle."""

    sliding_doors = True
    """Whether a silo's doors are drawn as they slide, not only open or closed."""
    upright = False
    """Whether what stands farther south hides what is behind it, as in pictures that aren't from straight above."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self.entity = lru_cache(maxsize=8192)(self._entity)

    def part(
        self, name: str, x: float = 0, y: float = 0, order: int = Order.BODY, *, angle: float = 0, frames: int = 1,
        rate: float = 0, spin: float = 0, flicker: float = 0, sway: float = 0, tint: int = WHITE,
        size: tuple[float, float] | None = None,
    ) -> Parts:  # fmt: skip
        """One part of a picture of the atlas, in its own size unless told otherwise. Raises KeyError."""
        number = self.atlas.cell(name)
        cell = self.atlas.cells[number]
        row: Parts = np.zeros(1, PART)
        w, h = size or (float(cell["w"]), float(cell["h"]))
        dx, dy = (float(cell["dx"]), float(cell["dy"])) if size is None else (0.0, 0.0)
        least = 0.0
        if name.endswith("/shadow"):
            least = SMALL_SHADOWS_FROM if max(w, h) < 2 else SHADOWS_FROM
        row[0] = (
            x + dx,
            y + dy,
            w,
            h,
            angle,
            number,
            tint,
            order,
            frames,
            rate,
            spin,
            0,
            flicker,
            sway,
            least,
        )
        return row

    def _has(self, *names: str) -> str | None:
        return next((name for name in names if name in self.atlas.names), None)

    def _entity(
        self, name: str, kind: str, direction: int = 0, width: float = 1, height: float = 1, *, shape: str = "",
        mask: int = 0, working: bool = True, variant: int = 0, turn: float = 0, ghost: bool = False,
        fluid: int = 0,
    ) -> Parts:  # fmt: skip
        """The parts of an entity, read-only.

        Args:
            name, kind: the prototype's name and type.
            direction: 0 … 15, clockwise from north.
            width, height: tiles it covers as it stands; used for what has no picture of its own.
            shape: of a belt "straight", "left" or "right"; of an underground belt "input" or "output"; of a cliff its
                orientation; of a gate "open" when it is; of a silo "doorless" when its doors are drawn by others; of a
                character "walking".
            mask: to which sides a pipe, heat pipe or wall is joined: 1 north, 2 east, 4 south, 8 west.
            working: whether it moves and glows.
            variant: any number, by which trees, rocks and the like differ.
            turn: where vehicles, units and turrets' guns point, in turns clockwise from north; below 0 of a turret that
                has nothing to point at.
            ghost: whether it is only planned.
            fluid: the tint of what is in a pipe or tank; 0 for nothing to be shown.
        """
        quarter = direction // 4 % 4
        rows = (
            self._belt(name, kind, quarter, shape, working)
            or self._joined(name, kind, quarter, mask, working, fluid, shape)
            or self._lively(name, kind, direction, shape, variant, turn)
            or self._machine(name, quarter, shape, working, turn)
        )
        if not rows:
            fallback = self._has(f"item/{name}") or (
                "wreck" if kind in ("container", "simple-entity-with-owner") else "unknown"
            )
            rows = [self.part(fallback, size=(width, height))]
        parts = np.concatenate(rows)
        if ghost:
            parts["tint"] = GHOST
            parts = parts[(parts["order"] != Order.SHADOW) & (parts["flicker"] == 0)]
        parts.flags.writeable = False
        return parts

    def _with_shadow(
        self, name: str, order: int, shadow: int = Order.SHADOW, x: float = 0, y: float = 0
    ) -> list[Parts]:
        under = [self.part(f"{name}/shadow", x, y, shadow)] if f"{name}/shadow" in self.atlas.names else []
        return [*under, self.part(name, x, y, order)]

    def _belt(self, name: str, kind: str, quarter: int, shape: str, working: bool) -> list[Parts]:
        if kind not in (
            "transport-belt",
            "underground-belt",
            "splitter",
            "loader",
            "loader-1x1",
            "linked-belt",
            "lane-splitter",
        ):
            return []
        tier = next((t for t in ("express-", "fast-") if name.startswith(t)), "")
        proto = prototypes.load().entity.get(name)
        rate = belt_rate(proto.raw["speed"]) if proto is not None and working else 0.0

        def belt(x: float, y: float, bend: str) -> Parts:
            picture = f"{tier}transport-belt/{bend}/{quarter}/0"
            return self.part(picture, x, y, Order.BELT, frames=BELT_FRAMES, rate=rate)

        if kind == "transport-belt":
            return [belt(0, 0, shape if shape in ("left", "right") else "straight")]
        if kind in ("splitter", "lane-splitter"):
            x, y = ((0.5, 0.0), (0.0, 0.5))[quarter % 2]
            if kind == "lane-splitter":
                x = y = 0
            body = self._with_shadow(f"{tier}splitter/{quarter}", Order.HOOD, Order.HOOD - 1)
            return [belt(x, y, "straight"), belt(-x, -y, "straight"), *body]
        way = "out" if shape == "output" else "in"
        hood = f"{tier}underground-belt/{way}/{quarter}"
        return [belt(0, 0, "straight"), *self._with_shadow(hood, Order.HOOD, Order.HOOD - 1)]

    def _joined(
        self, name: str, kind: str, quarter: int, mask: int, working: bool, fluid: int, shape: str
    ) -> list[Parts]:
        """Pipes and walls, and tanks, in which a fluid is to be seen too."""
        if kind in ("pipe", "infinity-pipe"):
            rows = self._with_shadow(f"pipe/{mask}", Order.PIPE)
            return (
                [*rows, self.part(f"pipe/{mask}/window", 0, 0, Order.PIPE + 1, tint=fluid)] if fluid else rows
            )
        if kind in ("heat-pipe", "heat-interface"):
            rows = self._with_shadow(f"heat-pipe/{mask}", Order.PIPE)
            if working:
                rows.append(self.part(f"heat-pipe/{mask}/glow", 0, 0, Order.PIPE + 1, flicker=0.3))
            return rows
        if kind == "wall":
            return self._with_shadow(f"stone-wall/{mask}", Order.BODY)
        if kind == "gate":
            opened = "open/" if shape == "open" else ""
            return self._with_shadow(f"gate/{opened}{quarter % 2}", Order.BODY)
        if kind == "valve":
            return self._with_shadow(f"valve/{quarter}", Order.PIPE)
        if kind == "storage-tank":
            rows = self._with_shadow(f"storage-tank/{quarter % 2}", Order.BODY)
            return (
                [*rows, self.part("storage-tank/window", 0, 0, Order.MOVING, tint=fluid)] if fluid else rows
            )
        return []

    def _lively(
        self, name: str, kind: str, direction: int, shape: str, variant: int, turn: float
    ) -> list[Parts]:
        """What grows, walks, drives, or lies about."""
        if name in TREES:
            return self._with_shadow(f"{name}/{variant % VARIANTS}", Order.TREE, Order.TREE_SHADOW)
        if name in ROCKS:
            return self._with_shadow(f"{name}/{variant % VARIANTS}", Order.BODY)
        if kind == "tree":
            return self._with_shadow(f"tree-01/{variant % VARIANTS}", Order.TREE, Order.TREE_SHADOW)
        if kind == "simple-entity" and f"item/{name}" not in self.atlas.names:
            return self._with_shadow(f"big-rock/{variant % VARIANTS}", Order.BODY)
        if kind == "cliff":
            return [self.part(f"cliff/{variant % VARIANTS}", 0, 0, Order.BODY, angle=_cliff_turn(shape))]
        if name == "crude-oil":
            return [self.part(f"ore/crude-oil/{variant % 4}", 0, 0, Order.DECAL)]
        if kind.endswith(("-rail", "-rail-a", "-rail-b")):
            picture = self._has(f"{name.removeprefix('dummy-elevated-')}/{direction // 2 * 2}")
            if picture is None:
                return []
            return [self.part(f"{picture}/bed", 0, 0, Order.RAIL - 1), self.part(picture, 0, 0, Order.RAIL)]
        if kind == "character":
            facing = round(direction * FACINGS / 16) % FACINGS
            walking = shape == "walking"
            under = self.part("character/shadow", 0, 0, Order.CHARACTER_SHADOW)
            first = f"character/{facing}/{0 if walking else WALK}"
            frames, rate = (WALK, WALK / STRIDE_TICKS) if walking else (1, 0)
            return [under, self.part(first, 0, 0, Order.CHARACTER, frames=frames, rate=rate)]
        if kind == "unit" and f"{name}/0" in self.atlas.names:
            return [self.part(f"{name}/0", 0, 0, Order.CHARACTER, angle=turn, frames=STEPS, rate=STEPS / 24)]
        if kind in TURNED_TYPES:
            flies = kind.endswith("robot")
            picture = self._has(name, "defender" if flies else "cargo-wagon")
            order = Order.FLYING if flies else Order.CHARACTER
            return [self.part(picture or "unknown", 0, 0, order, angle=turn)]
        if kind == "fish":
            return [self.part("fish", 0, 0, Order.DECAL, angle=(variant % 16) / 16)]
        if kind == "rocket-silo-rocket":
            return [self.part("rocket-silo-rocket", 0, 0, Order.FLYING)]
        return []

    def _machine(self, name: str, quarter: int, shape: str, working: bool, turn: float) -> list[Parts]:
        body = self._has(f"{name}/{quarter}", f"{name}/{quarter % 2}", name)
        if body is None:
            return []
        order = Order.POLE if "pole" in name else Order.BODY
        rows = self._with_shadow(body, order)
        for motion in MOTIONS.get(name, ()):
            if motion.glow and not working:
                continue
            picture = motion.name.format(q=quarter, h=quarter % 2)
            x, y = turned(motion.x, motion.y, quarter)
            still = 0 if not working else 1
            rows.append(
                self.part(
                    picture, x, y, motion.order, frames=motion.frames, rate=motion.rate * still,
                    spin=motion.spin * still, flicker=motion.flicker,
                )
            )  # fmt: skip
        if f"{name}/gun" in self.atlas.names:
            aims = turn >= 0
            rows.append(
                self.part(
                    f"{name}/gun",
                    0,
                    0,
                    Order.MOVING,
                    angle=turn if aims else quarter / 4,
                    sway=0 if aims else 0.11,
                )
            )
        if name == "rocket-silo" and shape != "doorless":
            way = DOOR_WAY if shape == "open" else 0
            rows += [
                self.part(door, side * way, 0, Order.MOVING)
                for door, side in zip(DOORS, (-1, 1), strict=True)
            ]
        return rows

    def chimney(self, name: str, quarter: int) -> tuple[float, float] | None:
        """Where smoke comes out of an entity that faces so, in tiles from its middle; None if none does."""
        return turned(*SMOKE_FROM[name], quarter) if name in SMOKE_FROM else None

    def pole_top(self, name: str) -> tuple[float, float]:
        """Where a pole's wires hang, in tiles from its middle."""
        return (0.0, 0.0)

    def arms(
        self, name: str, x: NDArray[Any], y: NDArray[Any], hand_x: NDArray[Any], hand_y: NDArray[Any],
        held: NDArray[Any], scale: float = math.inf,
    ) -> Quads:  # fmt: skip
        """The arms of all inserters of one name.

        Args:
            x, y: where they stand. hand_x, hand_y: where their hands are, in tiles.
            held: the atlas's number for each one's item ("item/NAME"), or -1.
            scale: pixels per tile; hands of a pixel or two are left out.
        """
        if name not in INSERTERS:
            name = "inserter"
        count = len(x)
        dx, dy = hand_x - x, hand_y - y
        angle = np.arctan2(dx, -dy) / math.tau
        reach = np.hypot(dx, dy)
        out: Quads = np.zeros(2 * count + int((held >= 0).sum()), QUAD)
        out["tint"] = WHITE
        arms, hands, items = out[:count], out[count : 2 * count], out[2 * count :]
        number = self.atlas.cell(f"{name}/arm")
        arms["x"], arms["y"], arms["angle"], arms["cell"] = x + dx / 2, y + dy / 2, angle, number
        arms["w"], arms["h"] = self.atlas.cells["w"][number], self.atlas.cells["h"][number] * reach
        arms["order"] = Order.ARM
        hand, grip = self.atlas.cell(f"{name}/hand"), self.atlas.cell(f"{name}/grip")
        hands["x"], hands["y"], hands["angle"] = hand_x, hand_y, angle
        hands["cell"] = np.where(held >= 0, grip, hand)
        hands["w"], hands["h"] = self.atlas.cells["w"][hand], self.atlas.cells["h"][hand]
        hands["order"] = Order.HELD
        some = np.flatnonzero(held >= 0)
        items["x"], items["y"], items["cell"] = hand_x[some], hand_y[some], held[some]
        items["w"] = items["h"] = ITEM_SIZE
        items["order"] = Order.HELD - 1
        return out if scale >= HANDS_FROM else np.concatenate((arms, items))


ITEM_SIZE = 0.42
"""Tiles along a side of an item on a belt, in a hand or on the ground."""
ITEMS_FROM = 6.0
"""Pixels per tile below which items on belts are not drawn: they would be grains."""


def turned(x: float, y: float, quarter: int) -> tuple[float, float]:
    """A place on something that faces north, when it faces another quarter."""
    for _ in range(quarter % 4):
        x, y = -y, x
    return x, y


def _cliff_turn(orientation: str) -> float:
    """How far the picture of a ledge from west to east is turned for "WHENCE-to-WHITHER"."""
    sides = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1), "none": (0, 0)}
    whence, _, whither = orientation.partition("-to-")
    a, b = sides.get(whence, (-1, 0)), sides.get(whither, (1, 0))
    return math.atan2(b[1] - a[1], b[0] - a[0]) / math.tau
