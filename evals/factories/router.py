"""Routes for belts and pipes from one tile to another, underground where something is in the way (A*)."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from itertools import pairwise

from evals.factories.ground import NORTH, STEPS, Cell, Ground, Piece
from runtime.engine.prototypes import load

TURN, DIVE, CROWD = 0.6, 1.5, 0.15  # what a turn, an underground, a neighbour on one side cost more, in tiles
LIKES_DEPTH = 0.1  # what a tile under ground costs less for pipes: they hold less there
HASTE = 1.2  # how much more than it is worth the way left counts: the nearest to the goal is tried first
LIMIT = 50_000  # states looked at before a route is given up


class NoRoute(Exception):
    """A belt or a pipe can't be laid."""

    def __init__(self, what: str, start: Cell, goal: Cell) -> None:
        super().__init__(f"no way for {what} from {start} to {goal}")


@dataclass(frozen=True)
class Port:
    """A tile at which a route begins or ends, and the direction in which things go on there."""

    cell: Cell
    direction: int


@dataclass(frozen=True)
class Line:
    """What a route is made of: entities on the surface and underground, and the tiles from end to end of a tunnel."""

    tag: str
    surface: str
    underground: str
    reach: int
    pipe: bool

    @classmethod
    def belt(cls, item: str, name: str) -> Line:
        """A belt of a kind."""
        underground = load().entity[name].raw["related_underground_belt"]
        return cls(item, name, underground, int(load().entity[underground].raw["max_distance"]), pipe=False)

    @classmethod
    def pipes(cls, fluid: str) -> Line:
        """Pipes for a fluid."""
        joints = load().entity["pipe-to-ground"].raw["fluid_box"]["pipe_connections"]
        reach = next(c["max_underground_distance"] for c in joints if "max_underground_distance" in c)
        return cls(fluid, "pipe", "pipe-to-ground", int(reach), pipe=True)


State = tuple[
    int, int, int
]  # tile, and the direction in which it is entered; after a tunnel, the tile behind it


def route(ground: Ground, line: Line, start: Port, goal: Port) -> None:
    """Lay a line. It enters the first tile in `start.direction` and leaves the last in `goal.direction`.

    Raises `NoRoute`.
    """
    barred: set[State] = set()
    while True:
        states = _search(ground, line, start, goal, barred)
        crossed = _crossing(states)
        if crossed is None:
            break
        barred.add(crossed)
    for here, after in pairwise(states):
        _lay(ground, line, here, after)
    _surface(ground, line, goal.cell, goal.direction)


def _tunnel_end(here: State, after: State) -> Cell | None:
    """The tile of the far end of the tunnel between two states, or None where there is none."""
    if abs(after[0] - here[0]) + abs(after[1] - here[1]) == 1:
        return None
    dx, dy = STEPS[after[2]]
    return after[0] - dx, after[1] - dy


def _crossing(states: list[State]) -> State | None:
    """The state in which a way meets itself, which the search doesn't see; None when it doesn't."""
    used = {states[0][:2]}
    for here, after in pairwise(states):
        end = _tunnel_end(here, after)
        cells = {after[:2]} if end is None else {after[:2], end}
        if not used.isdisjoint(cells):
            return after
        used |= cells
    return None


def _search(ground: Ground, line: Line, start: Port, goal: Port, barred: set[State]) -> list[State]:
    """The states of the best way that comes to none of the barred ones."""
    goal_x, goal_y = goal.cell
    ports = (start.cell, goal.cell)
    first: State = (*start.cell, start.direction)
    came: dict[State, State | None] = {}
    costs: dict[State, float] = {first: 0.0}
    heap: list[tuple[float, float, State, State | None]] = [(0.0, 0.0, first, None)]
    while heap and len(came) < LIMIT:
        _, cost, state, before = heapq.heappop(heap)
        if state in came or state in barred:
            continue
        came[state] = before
        if state[:2] == goal.cell:
            return _retraced(came, state)
        for there, price in _onward(ground, line, state, ports, goal):
            total = cost + price
            if total < costs.get(there, math.inf):
                costs[there] = total
                left = abs(there[0] - goal_x) + abs(there[1] - goal_y)
                heapq.heappush(heap, (total + HASTE * left, total, there, state))
    raise NoRoute(line.tag, start.cell, goal.cell)


def _retraced(came: dict[State, State | None], state: State) -> list[State]:
    states = [state]
    while (before := came[states[-1]]) is not None:
        states.append(before)
    return states[::-1]


def _onward(
    ground: Ground, line: Line, state: State, ports: tuple[Cell, Cell], goal: Port
) -> list[tuple[State, float]]:
    """The states that may follow, and what each costs."""
    x, y, heading = state
    found: list[tuple[State, float]] = []
    if not line.pipe or ground.dry((x, y), line.tag):
        for turn in (0, 4, 12):
            direction = (heading + turn) % 16
            dx, dy = STEPS[direction]
            there = (x + dx, y + dy)
            if _open(ground, ports, there, direction, goal):
                crowd = CROWD * ((there[0] + dy, there[1] + dx) in ground.taken)
                crowd += CROWD * ((there[0] - dy, there[1] - dx) in ground.taken)
                found.append(((*there, direction), 1 + crowd + (TURN if turn else 0)))
    dx, dy = STEPS[heading]
    if not line.pipe and ground.free((x + dx, y + dy), ports):
        return found
    for n in range(2, line.reach + 1):
        end, there = (x + n * dx, y + n * dy), (x + (n + 1) * dx, y + (n + 1) * dy)
        if (
            end != goal.cell
            and ground.free(end, ports)
            and _open(ground, ports, there, heading, goal)
            and ground.may_dig(line.underground, (x, y), end)
        ):
            found.append(((*there, heading), n + 1 + DIVE - (LIKES_DEPTH * n if line.pipe else 0)))
    return found


def _open(ground: Ground, ports: tuple[Cell, Cell], cell: Cell, heading: int, goal: Port) -> bool:
    if not ground.free(cell, ports):
        return False
    return cell != goal.cell or (heading - goal.direction) % 16 != 8


def _lay(ground: Ground, line: Line, here: State, after: State) -> None:
    """Build what leads from one state to the next."""
    x, y, heading = here
    end = _tunnel_end(here, after)
    if end is None:
        _surface(ground, line, (x, y), after[2])
        return
    ground.dig(line.underground, (x, y), end)
    for cell, facing, tunnel in (((x, y), (heading + 8) % 16, "input"), (end, heading, "output")):
        direction, which = (facing, None) if line.pipe else (heading, tunnel)
        ground.put([Piece(line.underground, cell[0] + 0.5, cell[1] + 0.5, direction, tunnel=which)])


def _surface(ground: Ground, line: Line, cell: Cell, direction: int) -> None:
    if line.pipe:
        ground.wet[cell] = line.tag
        direction = NORTH
    ground.put([Piece(line.surface, cell[0] + 0.5, cell[1] + 0.5, direction)])
