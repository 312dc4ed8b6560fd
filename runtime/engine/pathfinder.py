"""Ways around obstacles, for `LuaSurface.request_path`.

A path is a list of the centres of neighbouring cells. That density is what callers build on: FLE lays one
belt or pipe at every waypoint, and between waypoints that are farther apart it guesses.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator

Cell = tuple[int, int]
Position = tuple[float, float]
Blocked = Callable[[float, float], bool]

# Costs are whole numbers, so that equal paths compare equal on every machine.
STEP = 1000
DIAGONAL = 1414
# A turn costs less than the two steps of the smallest detour: fewest turns among the shortest paths, mostly.
TURN = 600

# In order of preference between equals: north, east, south, west, then the diagonals. How the game chooses isn't known;
# that it turns early and prefers the north follows from FLE's tests of belts that merge and of pipes around machines.
STRAIGHT: tuple[Cell, ...] = ((0, -1), (1, 0), (0, 1), (-1, 0))
DIAGONALS: tuple[Cell, ...] = ((1, -1), (1, 1), (-1, 1), (-1, -1))

# Cells searched from the goal's side first: that many show whether the goal is walled in.
ENCLOSURE_CELLS = 1500
# Around a goal with a radius beyond this (tiles) there is always somewhere free.
LARGE_RADIUS = 8.0


def find_path(
    start: Position,
    goal: Position,
    radius: float,
    blocked: Blocked,
    *,
    resolution_modifier: int = 0,
    max_nodes: int = 200_000,
    prefer_straight: bool = False,
) -> list[Position] | None:
    """The waypoints from `start` to within `radius` of `goal`, or None where there is no way.

    Args:
        start, goal: positions in tiles. Where the walker stands at first may be blocked; no other cell may.
        radius: tiles. The cell that holds the goal is always near enough.
        blocked: whether the walker would collide with anything when its centre is at x, y (tiles).
        resolution_modifier: a cell is 2 ** -resolution_modifier tiles wide, as in `path_resolution_modifier`.
        max_nodes: cells to visit at most before giving up.
        prefer_straight: go along the axes only, with as few turns as possible; else diagonally too, but never
            between two cells of which one is blocked.

    The first waypoint is the centre of the cell that holds `start`. The last is the goal itself when it lies
    in the last cell and is free, else that cell's centre. The same question always gets the same answer.
    """
    search = _Search(start, goal, radius, blocked, 2.0**-resolution_modifier, max_nodes, prefer_straight)
    cells = search.run()
    if cells is None:
        return None
    path = [search.centre(cell) for cell in cells]
    if cells[-1] == search.goal and path[-1] != goal and not blocked(*goal):
        path[-1] = goal
    return path


class _Search:
    """One request: the grid it runs on and what was found out about its cells."""

    def __init__(
        self,
        start: Position,
        goal: Position,
        radius: float,
        blocked: Blocked,
        cell_tiles: float,
        max_nodes: int,
        straight: bool,
    ) -> None:
        self.cell_tiles = cell_tiles
        self.goal_position = goal
        self.radius = radius
        self.blocked = blocked
        self.max_nodes = max_nodes
        self.straight = straight
        self.start = self.cell_of(start)
        self.goal = self.cell_of(goal)
        self.known: dict[Cell, bool] = {self.start: True}
        # No cell near enough to the goal is farther than this from the goal's own cell, in cells.
        aside = max(abs(a - b) for a, b in zip(goal, self.centre(self.goal), strict=True))
        self.slack = math.floor((radius + aside) / cell_tiles)

    def cell_of(self, position: Position) -> Cell:
        return (math.floor(position[0] / self.cell_tiles), math.floor(position[1] / self.cell_tiles))

    def centre(self, cell: Cell) -> Position:
        return ((cell[0] + 0.5) * self.cell_tiles, (cell[1] + 0.5) * self.cell_tiles)

    def free(self, cell: Cell) -> bool:
        known = self.known.get(cell)
        if known is None:
            known = self.known[cell] = not self.blocked(*self.centre(cell))
        return known

    def arrived(self, cell: Cell) -> bool:
        return cell == self.goal or math.dist(self.centre(cell), self.goal_position) <= self.radius

    def run(self) -> list[Cell] | None:
        if self.arrived(self.start):
            return [self.start]
        for steps in self.plain_routes():
            cells = self.follow(steps)
            if cells is not None:
                return cells
        if self.walled_in():
            return None
        return self.a_star()

    # --- over free ground: no search at all -----------------------------------------------------------

    def plain_routes(self) -> Iterator[Iterable[Cell]]:
        """Steps of the shortest routes with at most one turn, the shorter leg first."""
        dx, dy = self.goal[0] - self.start[0], self.goal[1] - self.start[1]
        east, south = (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
        if self.straight:
            legs = [((east, 0), abs(dx)), ((0, south), abs(dy))]
        else:
            both = min(abs(dx), abs(dy))
            along = (east, 0) if abs(dx) > abs(dy) else (0, south)
            legs = [(along, max(abs(dx), abs(dy)) - both), ((east, south), both)]
        if legs[1][1] < legs[0][1]:
            legs.reverse()
        for order in (legs, legs[::-1]):
            yield (step for step, count in order for _ in range(count))

    def follow(self, steps: Iterable[Cell]) -> list[Cell] | None:
        """The cells of a route up to the first that is near enough, or None when something is in the way."""
        cell = self.start
        cells = [cell]
        for step in steps:
            if not self.passable(cell, step):
                return None
            cell = (cell[0] + step[0], cell[1] + step[1])
            cells.append(cell)
            if self.arrived(cell):
                return cells
        return None

    def passable(self, cell: Cell, step: Cell) -> bool:
        """Whether one may step from a cell: the next is free, and so are both beside a diagonal step."""
        x, y = cell
        dx, dy = step
        if not self.free((x + dx, y + dy)):
            return False
        return not (dx and dy) or (self.free((x + dx, y)) and self.free((x, y + dy)))

    # --- around obstacles -----------------------------------------------------------------------------

    def walled_in(self) -> bool:
        """Whether the goal's surroundings are full or closed: known after few cells, from the goal's side."""
        if self.radius > LARGE_RADIUS:
            return False
        gx, gy = self.goal
        reach = range(-self.slack, self.slack + 1)
        near = [(gx + dx, gy + dy) for dy in reach for dx in reach]
        queue = [cell for cell in near if self.arrived(cell) and self.free(cell)]
        seen = set(queue)
        for x, y in queue:  # grows while it is gone through
            if len(seen) > ENCLOSURE_CELLS:
                return False
            for dx, dy in STRAIGHT:
                cell = (x + dx, y + dy)
                if cell == self.start:
                    return False
                if cell not in seen and self.free(cell):
                    seen.add(cell)
                    queue.append(cell)
        return True

    def a_star(self) -> list[Cell] | None:
        """The cheapest path, ties going to what is nearer to the goal, then to what was found first."""
        directions = STRAIGHT if self.straight else STRAIGHT + DIAGONALS
        # Where turns cost, how one arrived at a cell matters, so it belongs to the node.
        start = (self.start, -1)
        cost = {start: 0}
        came: dict[tuple[Cell, int], tuple[Cell, int]] = {}
        done: set[tuple[Cell, int]] = set()
        found = 0
        queue = [(0, 0, found, start)]
        while queue and len(done) < self.max_nodes:
            _, _, _, node = heapq.heappop(queue)
            if node in done:
                continue
            done.add(node)
            cell, facing = node
            if self.arrived(cell):
                return _trace(came, node)
            here = cost[node]
            for index, step in enumerate(directions):
                if not self.passable(cell, step):
                    continue
                price = here + (DIAGONAL if step[0] and step[1] else STEP)
                if self.straight and facing not in (-1, index):
                    price += TURN
                following = ((cell[0] + step[0], cell[1] + step[1]), index if self.straight else 0)
                if price < cost.get(following, price + 1):
                    cost[following] = price
                    came[following] = node
                    found += 1
                    left = self.estimate(*following)
                    heapq.heappush(queue, (price + left, left, found, following))
        return None

    def estimate(self, cell: Cell, facing: int) -> int:
        """Never more than the way from a cell to the goal costs, and it never falls by more than a step costs."""
        east, south = self.goal[0] - cell[0], self.goal[1] - cell[1]
        dx, dy = max(0, abs(east) - self.slack), max(0, abs(south) - self.slack)
        if not self.straight:
            return abs(dx - dy) * STEP + min(dx, dy) * DIAGONAL
        ahead, aside = STRAIGHT[facing]
        nearer = (ahead * east > 0 and dx > 0) or (aside * south > 0 and dy > 0)
        turns = (dx > 0) + (dy > 0) - nearer
        return (dx + dy) * STEP + turns * TURN


def _trace(came: dict[tuple[Cell, int], tuple[Cell, int]], node: tuple[Cell, int]) -> list[Cell]:
    cells = [node[0]]
    while node in came:
        node = came[node]
        cells.append(node[0])
    return cells[::-1]
