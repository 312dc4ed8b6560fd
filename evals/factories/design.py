"""From a demand to a plan of a factory on the lab map: blocks on the ground, routes between them, wires to all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from evals.factories import sites, station
from evals.factories.block import Block, Strip, belt_pieces, ends_of
from evals.factories.demand import CRUDE, WATER, Demand, demand
from evals.factories.ground import SOUTH, Ground, Piece
from evals.factories.router import Line, NoRoute, Port, route
from evals.factories.row import rows
from runtime.engine.prototypes import joules, load

BELT = "express-transport-belt"
ITEMS_PER_TILE = 4  # on a lane
RESERVE = 1.1
"""How much more than asked for a factory is planned to make."""
FACTORY, PANELS = (64, -40), (-36, 112)  # left top tiles of the areas for rows and for solar panels
FACTORY_HEIGHT, PANELS_HEIGHT = 200, 110  # tiles
AISLE, STREET = 10, 22  # tiles between blocks, one below the other and side by side
WIRE = 24  # tiles from big pole to big pole, with room to look for a free place
MOST_TRIES = 60
MORE_STEAM = 1.2
"""Power of the steam engines, of what everything draws at most."""
NO_POWER = 0.0
TICKS_PER_SECOND = 60


class Job(NamedTuple):
    """A route to be laid."""

    line: Line
    start: Port
    goal: Port


class NoRoom(Exception):
    """A pole for a wire finds no free place."""


@dataclass(frozen=True)
class Plan:
    """A factory: what to build, in this order. item: what it makes; rate: units per second that it was planned for."""

    item: str
    rate: float
    pieces: tuple[Piece, ...]


def design(item: str, per_minute: float, belt: str = BELT, steam: bool = False) -> Plan:
    """Plan a factory that makes so many of an item, or so much of a fluid, per minute, and keeps them.

    belt: the kind that it is built with; the fastest give the first product soonest.
    Everything comes from ore, wells and water, and power from solar panels, which want `always_day`; or from steam
    engines, started by a few panels.
    Raises `NoWayToMake`, `TooMuch`, `NoRoute` or `NoRoom`.
    """
    wanted = demand(item, per_minute / 60 * RESERVE)
    ground = Ground.lab()
    standing, loose = _blocks(wanted)
    power = sum(_power(p) for b in standing + loose for p in b.pieces)
    if steam:
        power *= MORE_STEAM
        _want(wanted, {station.FUEL: station.coal(power), WATER: math.inf})
        standing = _blocks(wanted)[0]
        loose = station.stations(power) + loose
    blocks = _place(standing, loose, ground)
    jobs: list[Job] = []
    for through, tag in _chains(wanted, blocks):
        if wanted.is_fluid(tag):
            jobs += _pipes(tag, [s for b in through for s in b.pipes if s.tag == tag])
        else:
            _check(belt, tag, wanted.rates[tag], sum(b.makes(tag) for b in through))
            jobs += _belts(ground, tag, through, belt)
    ground = _routed(ground, jobs)
    anchors = [b.anchor for b in blocks if b.anchor]
    if steam:
        anchors += _panels(ground, 1, station.STARTER_ROWS)
    else:
        anchors += _panels(ground, math.ceil(power / sites.panels_power()))
    _wire(ground, anchors)
    return Plan(item, per_minute / 60, tuple(ground.pieces))


def _routed(ground: Ground, jobs: list[Job]) -> Ground:
    """The ground with all routes on it. One that finds no way between the others goes before them next time."""
    for _ in range(MOST_TRIES):
        tried = ground.copy()
        for job in jobs:
            try:
                route(tried, *job)
            except NoRoute as error:
                blocked, failed = job, error
                break
        else:
            return tried
        jobs = [blocked, *(j for j in jobs if j is not blocked)]
    raise failed


def _blocks(wanted: Demand) -> tuple[list[Block], list[Block]]:
    """What it takes: blocks that stand where the map wants them, and those that may stand anywhere, makers first."""
    standing: list[Block] = []
    for name, rate in sorted(wanted.raw.items()):
        if name == WATER:
            standing.append(sites.water())
        elif name == CRUDE:
            standing.append(sites.wells(rate))
        else:
            standing += sites.mines(name, rate)
    loose = [block for stage in wanted.stages for block in rows(stage)]
    fluid = wanted.is_fluid(wanted.item)
    return standing, [*loose, sites.tank(wanted.item) if fluid else sites.chests(wanted.item)]


def _want(wanted: Demand, more: dict[str, float]) -> None:
    """Let more raw resources be got."""
    for name, rate in more.items():
        wanted.rates[name] = wanted.rates.get(name, 0.0) + rate
        wanted.raw[name] = wanted.raw.get(name, 0.0) + rate


def _place(standing: list[Block], loose: list[Block], ground: Ground) -> list[Block]:
    """All blocks where they stand."""
    placed = list(standing)
    x, y = FACTORY
    widest = 0
    for block in loose:
        left, top, right, bottom = block.bounds()
        if y + bottom - top > FACTORY[1] + FACTORY_HEIGHT:
            x, y, widest = x + widest + STREET, FACTORY[1], 0
        placed.append(block.moved(x - left, y - top))
        y += bottom - top + 1 + AISLE
        widest = max(widest, right - left + 1)
    for block in placed:
        block.settle(ground)
    return placed


def _chains(wanted: Demand, blocks: list[Block]) -> list[tuple[list[Block], str]]:
    """For each item and fluid, the blocks that it passes through: those that make it, then those that use it.

    Whoever comes first on a belt takes all that it can, until what it makes backs up. So those who want little come
    first: they hardly make the others wait.
    """
    uses = {(s.recipe.name, i.name): s.crafts * i.amount for s in wanted.stages for i in s.recipe.ingredients}
    uses["steam", station.FUEL] = 0.0  # before all others
    chains = []
    for tag in wanted.rates:
        through = [
            b for b in blocks if tag in b.belts or tag in b.mergers or any(s.tag == tag for s in b.pipes)
        ]

        def turn(block: Block, tag: str = tag) -> tuple[bool, bool, float]:
            # Where it joins another item's belt it can't go on.
            return not block.makes(tag), tag in block.mergers, uses.get((block.name, tag), math.inf)

        chains.append((sorted(through, key=turn), tag))
    return chains


def _check(belt: str, tag: str, rate: float, makers: int) -> None:
    """Raise `TooMuch` where a belt can't carry so many items per second; its makers fill both lanes by turns."""
    share = -(-makers // 2) / max(makers, 1)
    if rate * share > ITEMS_PER_TILE * load().entity[belt].raw["speed"] * TICKS_PER_SECOND:
        raise sites.TooMuch(f"{belt}s have no room for {rate:g} {tag} a second")


def _belts(ground: Ground, tag: str, blocks: list[Block], name: str) -> list[Job]:
    """Lay an item's belts in the blocks; the routes between them."""
    for block in blocks:
        if tag in block.belts:
            ground.pieces += belt_pieces(block.belts[tag], name)
        elif block.mergers[tag].direction == SOUTH:  # one of the two for both
            ground.pieces += belt_pieces(block.belts["+".join(block.mergers)], name)
    return [Job(Line.belt(tag, name), a.exit(tag), b.entry(tag)) for a, b in pairwise(blocks)]


def _pipes(fluid: str, strips: list[Strip]) -> list[Job]:
    """The routes that join all lines of pipes of a fluid, the nearest ends first."""
    jobs = []
    joined, left = [strips[0]], strips[1:]
    open_ends = {strip: list(ends_of(strip)) for strip in strips}
    while left:
        pairs = [
            (a, b, one, other)
            for one in joined
            for other in left
            for a in open_ends[one]
            for b in open_ends[other]
        ]
        start, goal, one, other = min(pairs, key=lambda pair: _distance(pair[0], pair[1]))
        jobs.append(Job(Line.pipes(fluid), start, Port(goal.cell, (goal.direction + 8) % 16)))
        open_ends[one].remove(start)
        open_ends[other].remove(goal)
        joined.append(other)
        left.remove(other)
    return jobs


def _distance(a: Port, b: Port) -> int:
    return abs(a.cell[0] - b.cell[0]) + abs(a.cell[1] - b.cell[1])


def _power(piece: Piece) -> float:
    """The most that an entity draws, watts."""
    proto = load().entity[piece.name]
    if not proto.electric or proto.type == "solar-panel":
        return NO_POWER
    usage = proto.energy_usage or ARM_POWER * joules(proto.raw.get("energy_per_rotation", "0J"))
    return (usage + usage / 30) * TICKS_PER_SECOND


ARM_POWER = 0.04 * 2
"""Turns and stretches per tick that an inserter is counted with: those of a fast one that never rests."""


def _panels(ground: Ground, count: int, rows: int = sites.PANEL_ROWS) -> list[tuple[float, float]]:
    anchors = []
    x, y = PANELS
    for _ in range(count):
        block = sites.panels(rows)
        left, top, right, bottom = block.bounds()
        if y + bottom - top > PANELS[1] + PANELS_HEIGHT:
            x, y = x + right - left + 3, PANELS[1]
        block = block.moved(x - left, y - top)
        block.settle(ground)
        y += bottom - top + 3
        assert block.anchor is not None
        anchors.append(block.anchor)
    return anchors


def _wire(ground: Ground, anchors: list[tuple[float, float]]) -> None:
    """Big poles between all anchors, along the shortest tree."""
    joined, left = anchors[:1], anchors[1:]
    while left:
        a, b = min(((a, b) for a in joined for b in left), key=lambda pair: math.dist(*pair))
        steps = math.ceil(math.dist(a, b) / WIRE)
        for n in range(1, steps):
            x, y = (round(p + (q - p) * n / steps) for p, q in zip(a, b, strict=True))
            ground.put([_free_pole(ground, x, y)])
        joined.append(b)
        left.remove(b)


def _free_pole(ground: Ground, x: int, y: int) -> Piece:
    near = sorted(
        ((dx, dy) for dx in range(-6, 7) for dy in range(-6, 7)), key=lambda d: (d[0] ** 2 + d[1] ** 2, d)
    )
    for dx, dy in near:
        pole = Piece("big-electric-pole", x + dx, y + dy)
        if all(ground.free(c) for c in pole.cells()):
            return pole
    raise NoRoom(f"no free place for a pole near ({x}, {y})")
