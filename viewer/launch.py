"""A rocket's way out of its silo: it comes up, waits, and leaves on fire and smoke."""

from __future__ import annotations

import numpy as np

from viewer import marks
from viewer.atlas import Atlas
from viewer.display_list import Order, Quads, tint
from viewer.figures import DOOR_WAY, DOORS, Figures, Parts
from viewer.scene import Thing

UNSEEN = frozenset({"", "building_rocket", "create_rocket", "lights_blinking_open", "doors_opening"})
"""Stages in which the doors hide it."""
BURNING = frozenset({"engine_starting", "arms_retract", "rocket_flying"})
DOORS_OPEN = frozenset(
    {"doors_opened", "rocket_rising", "arms_advance", "rocket_ready", "launch_starting", "launch_started",
     "engine_starting", "arms_retract", "rocket_flying", "lights_blinking_close"}
)  # fmt: skip
WARNING = frozenset({"lights_blinking_open", "doors_opening", "doors_closing", "lights_blinking_close"})
DOOR_TICKS, BLINK_TICKS = 256, 30
LAMP, DIM = tint(1.0, 0.25, 0.15, 1.0), tint(1.0, 0.25, 0.15, 0.25)
RISE_TICKS = 318
DEPTH = 0.45
"""By so much smaller it looks at the bottom of its silo."""
CLIMB = 0.0016
"""Tiles a tick, each tick, by which a rocket that has left its silo gets faster."""
PUFFS = 14
FIRE, SOOT = tint(1.0, 0.72, 0.32, 0.9), tint(0.78, 0.76, 0.74, 0.7)


def rocket(parts: Parts, silo: Thing, tick: float) -> Parts:
    """The rocket of a silo as it is in its stage, around the middle of the silo."""
    stage, past = _stage(silo, tick)
    if stage in UNSEEN:
        return parts[:0]
    rows = parts.copy()
    if stage in ("doors_opened", "rocket_rising"):
        deep = DEPTH * (1 - min(1.0, past / RISE_TICKS)) if stage == "rocket_rising" else DEPTH
        rows["w"] *= 1 - deep
        rows["h"] *= 1 - deep
        light = 1 - deep
        rows["tint"] = tint(light, light, light)
    if stage != "rocket_flying":
        rows["order"] = Order.MOVING - 1  # the doors are over it
    rows["y"] -= climbed(silo, tick)
    return rows


def doors(figures: Figures, silo: Thing, tick: float) -> list[Parts]:
    """The two halves of a silo's door as far as they have slid, and the lamps that warn of it."""
    stage, past = _stage(silo, tick)
    slid = min(1.0, past / DOOR_TICKS)
    share = 1.0 if stage in DOORS_OPEN else slid if stage == "doors_opening" else 0.0
    if stage == "doors_closing":
        share = 1 - slid
    way = DOOR_WAY * share * share * (3 - 2 * share)
    rows = [
        figures.part(door, side * way, 0, Order.MOVING) for door, side in zip(DOORS, (-1, 1), strict=True)
    ]
    if stage in WARNING:
        for x, y in ((-3.95, -3.1), (3.95, -3.1), (-3.95, 3.1), (3.95, 3.1)):
            on = tick % BLINK_TICKS < BLINK_TICKS / 2
            rows.append(figures.part("spark", x, y, Order.GLOW, size=(2.4, 2.4), tint=LAMP if on else DIM))
    for row in rows:
        row["x"] += silo.x
        row["y"] += silo.y
    return rows


def climbed(silo: Thing, tick: float) -> float:
    """How far the rocket of a silo has flown, tiles."""
    stage, past = _stage(silo, tick)
    return CLIMB * past**2 if stage == "rocket_flying" else 0.0


def exhaust(atlas: Atlas, silo: Thing, tick: float, scale: float) -> list[Quads]:
    """Fire and smoke under a rocket whose engine burns."""
    stage, past = _stage(silo, tick)
    if stage not in BURNING:
        return []
    turns = np.arange(PUFFS) / PUFFS * np.pi * 2
    seeds = silo.key + np.arange(PUFFS)
    x, y = silo.x + 2.4 * np.cos(turns), silo.y + 2.4 * np.sin(turns)
    clouds = marks.smoke(atlas, x, y, seeds, tick, SOOT, scale)
    clouds["w"] *= 2.6
    clouds["h"] *= 2.6
    height = climbed(silo, tick)
    under = Order.FLYING - 1 if stage == "rocket_flying" else Order.MOVING - 2
    fire = marks.blank(atlas, 3, "spark", under)
    fire["x"], fire["y"] = silo.x, silo.y - height + np.array([0.4, 1.2, 2.0])
    flicker = 1 + 0.15 * np.sin(tick * np.array([0.9, 1.3, 1.7]))
    strong = min(1.0, past / 60) if stage == "engine_starting" else 1.0
    fire["w"] = fire["h"] = np.array([3.4, 2.8, 2.0]) * flicker * strong
    fire["tint"] = FIRE
    return [clouds, fire]


def _stage(silo: Thing, tick: float) -> tuple[str, float]:
    """A silo's stage, and for how many ticks it has been in it, as far as is known."""
    stage = str(silo.more[1]) if len(silo.more) > 1 else ""
    return stage, max(0.0, tick - silo.since)
