"""Routes for belts and pipes from one tile to another, underground where something is in the way (A*)."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from evals.factories.ground import NORTH, STEPS, Cell, Ground, Piece
from runtime.engine.prototypes import load

TURN, DIVE, CROWD = 0.6, 1.5, 0.15  # what a turn, an underground, a neighbour on one side cost more, in tiles
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
    """What a route is made of: entities on the surface, and undergrounds with the tiles from end to end of each."""

    tag: str
    surface: str
    undergrounds: tuple[tuple[str, int], ...]
    pipe: bool

    @classmethod
    def belt(cls, item: str, name: str) -> Line:
        """A belt of a kind; underground, of a faster one too, for its reach."""
        entity = load().entity
        speed: float = entity[name].raw["speed"]
        found = [
            (e.name, int(e.raw["max_distance"]))
            for e in entity.values()
            if e.type == "underground-belt" and e.raw["speed"] >= speed
        ]
        return cls(item, name, tuple(sorted(found, key=lambda u: u[1])), pipe=False)

    @classmethod
    def pipes(cls, fluid: str) -> Line:
        """Pipes for a fluid."""
        joints = load().entity["pipe-to-ground"].raw["fluid_box"]["pipe_connections"]
        reach = next(c["max_underground_distance"] for c in joints if "max_underground_distance" in c)
        return cls(fluid, "pipe", (("pipe-to-ground", int(reach)),), pipe=True)


State = tuple[int, int, int]  # tile, and the direction in which it is entered
Before = tuple[State, str] | None  # the state before, and the underground that led from there, or ""


def route(ground: Ground, line: Line, start: Port, goal: Port) -> None:
    """Lay a line. It enters the first tile in `start.direction` and leaves the last in `goal.direction`.

    Raises `NoRoute`.
    """
    barred: set[State] = set()
    while True:
        states, undergrounds = _search(ground, line, start, goal, barred)
        crossed = _crossing(states, undergrounds)
        if crossed is None:
            break
        barred.add(crossed)
    for here, after, underground in zip(states, states[1:], undergrounds, strict=False):
        _lay(ground, line, here, after, underground)
    _surface(ground, line, goal.cell, goal.direction)


def _crossing(states: list[State], undergrounds: list[str]) -> State | None:
    """The state in which a way meets itself, which the search doesn't see; None when it doesn't."""
    used: set[Cell] = set()
    for n, (x, y, heading) in enumerate(states):
        cells = [(x, y)]
        if n and undergrounds[n - 1]:
            dx, dy = STEPS[heading]
            cells.append((x - dx, y - dy))
        if not used.isdisjoint(cells):
            return states[n]
        used.update(cells)
    return None


def _search(
    ground: Ground, line: Line, start: Port, goal: Port, barred: set[State]
) -> tuple[list[State], list[str]]:
    """The states of the best way that comes to none of the barred ones, and what is between them."""
    goal_x, goal_y = goal.cell
    ports = (start.cell, goal.cell)
    first: State = (*start.cell, start.direction)
    came: dict[State, Before] = {}
    costs: dict[State, float] = {first: 0.0}
    heap: list[tuple[float, float, State, Before]] = [(0.0, 0.0, first, None)]
    while heap and len(came) < LIMIT:
        _, cost, state, before = heapq.heappop(heap)
        if state in came or state in barred:
            continue
        came[state] = before
        if state[:2] == goal.cell:
            return _retraced(came, state)
        for there, price, underground in _onward(ground, line, state, ports, goal):
            total = cost + price
            if total < costs.get(there, 1e9):
                costs[there] = total
                left = abs(there[0] - goal_x) + abs(there[1] - goal_y)
                heapq.heappush(heap, (total + HASTE * left, total, there, (state, underground)))
    raise NoRoute(line.tag, start.cell, goal.cell)


def _retraced(came: dict[State, Before], state: State) -> tuple[list[State], list[str]]:
    states, undergrounds = [state], []
    while (before := came[states[-1]]) is not None:
        states.append(before[0])
        undergrounds.append(before[1])
    return states[::-1], undergrounds[::-1]


def _onward(
    ground: Ground, line: Line, state: State, ports: tuple[Cell, Cell], goal: Port
) -> list[tuple[State, float, str]]:
    """The states that follow, what each costs, and the underground that it takes."""
    x, y, heading = state
    found: list[tuple[State, float, str]] = []
    if not line.pipe or ground.dry((x, y), line.tag):
        for turn in (0, 4, 12):
            direction = (heading + turn) % 16
            dx, dy = STEPS[direction]
            there = (x + dx, y + dy)
            if _open(ground, ports, there, direction, goal):
                crowd = CROWD * ((there[0] + dy, there[1] + dx) in ground.taken)
                crowd += CROWD * ((there[0] - dy, there[1] - dx) in ground.taken)
                found.append(((*there, direction), 1 + crowd + (TURN if turn else 0), ""))
    dx, dy = STEPS[heading]
    if not line.pipe and ground.free((x + dx, y + dy), ports):
        return found
    shortest = 2
    for underground, reach in line.undergrounds:
        for n in range(shortest, reach + 1):
            end, there = (x + n * dx, y + n * dy), (x + (n + 1) * dx, y + (n + 1) * dy)
            if (
                end != goal.cell
                and ground.free(end, ports)
                and _open(ground, ports, there, heading, goal)
                and ground.may_dig(underground, (x, y), end)
            ):
                found.append(((*there, heading), n + 1 + DIVE - (0.1 * n if line.pipe else 0), underground))
        shortest = reach + 1
    return found


def _open(ground: Ground, ports: tuple[Cell, Cell], cell: Cell, heading: int, goal: Port) -> bool:
    if not ground.free(cell, ports):
        return False
    return cell != goal.cell or (heading - goal.direction) % 16 != 8


def _lay(ground: Ground, line: Line, here: State, after: State, underground: str) -> None:
    """Build what leads from one state to the next."""
    x, y, heading = here
    if not underground:
        _surface(ground, line, (x, y), after[2])
        return
    dx, dy = STEPS[heading]
    end = (after[0] - dx, after[1] - dy)
    ground.dig(underground, (x, y), end)
    for cell, facing, tunnel in (((x, y), (heading + 8) % 16, "input"), (end, heading, "output")):
        direction, which = (facing, None) if line.pipe else (heading, tunnel)
        ground.put([Piece(underground, cell[0] + 0.5, cell[1] + 0.5, direction, tunnel=which)])


def _surface(ground: Ground, line: Line, cell: Cell, direction: int) -> None:
    if line.pipe:
        ground.wet[cell] = line.tag
        direction = NORTH
    ground.put([Piece(line.surface, cell[0] + 0.5, cell[1] + 0.5, direction)])
