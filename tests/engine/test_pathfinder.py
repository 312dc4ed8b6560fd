from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.engine.pathfinder import DIAGONAL, STEP, TURN, find_path

Blocked = Callable[[float, float], bool]


def anything_on(tiles: Iterable[tuple[int, int]], counted: list[int] | None = None) -> Blocked:
    wall = set(tiles)

    def blocked(x: float, y: float) -> bool:
        if counted is not None:
            counted.append(1)
        return (math.floor(x), math.floor(y)) in wall

    return blocked


FREE = anything_on(())


def turns(path: list[tuple[float, float]]) -> int:
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(path)]
    return sum(a != b for a, b in itertools.pairwise(steps))


def test_a_straight_way_has_one_waypoint_a_tile() -> None:
    path = find_path((0.5, 0.5), (5.5, 0.5), 0.5, FREE)
    assert path == [(x + 0.5, 0.5) for x in range(6)]


def test_straight_paths_turn_once_over_free_ground() -> None:
    path = find_path((0.5, 1.5), (2.5, 4.5), 0.5, FREE, prefer_straight=True)
    assert path is not None
    assert len(path) == 6
    assert turns(path) == 1


def test_other_paths_go_diagonally() -> None:
    path = find_path((0.5, 0.5), (10.5, 4.5), 0, FREE)
    assert path is not None
    assert len(path) == 11
    assert turns(path) == 1


def test_the_path_begins_at_a_tiles_middle_and_ends_at_the_goal() -> None:
    path = find_path((0.0, 0.0), (3.25, 0.25), 0, FREE)
    assert path is not None
    assert (path[0], path[-1]) == ((0.5, 0.5), (3.25, 0.25))


def test_a_radius_ends_the_path_early() -> None:
    path = find_path((0.5, 0.5), (20.5, 0.5), 4, FREE, prefer_straight=True)
    assert path is not None
    assert path[-1] == (16.5, 0.5)


def test_one_is_there_already() -> None:
    assert find_path((0.5, 0.5), (2.5, 0.5), 4, FREE) == [(0.5, 0.5)]
    assert find_path((0.25, 0.5), (0.5, 0.75), 0, FREE) == [(0.5, 0.75)]


def test_the_first_cell_may_be_blocked() -> None:
    assert find_path((0.5, 0.5), (2.5, 0.5), 0, anything_on([(0, 0)])) is not None


def test_a_blocked_goal_is_reached_as_near_as_its_radius_allows() -> None:
    lake = anything_on((x, y) for x in range(9, 12) for y in range(-1, 2))
    path = find_path((0.5, 0.5), (10.5, 0.5), 2.5, lake, prefer_straight=True)
    assert path is not None
    assert path[-1] == (8.5, 0.5)
    assert find_path((0.5, 0.5), (10.5, 0.5), 0.5, lake) is None


def test_no_corner_is_cut() -> None:
    assert find_path((0.5, 0.5), (1.5, 1.5), 0, anything_on([(1, 0)])) == [(0.5, 0.5), (0.5, 1.5), (1.5, 1.5)]


def test_around_a_wall_with_few_turns() -> None:
    wall = anything_on((5, y) for y in range(-10, 4))
    path = find_path((0.5, 0.5), (10.5, 0.5), 0.5, wall, prefer_straight=True)
    assert path is not None
    assert len(path) == 19
    assert turns(path) == 2


def test_finer_and_coarser_grids() -> None:
    fine = find_path((0.25, 0.25), (2.25, 0.25), 0, FREE, resolution_modifier=1)
    assert fine == [(0.25 + i / 2, 0.25) for i in range(5)]
    coarse = find_path((1.0, 1.0), (5.0, 1.0), 0, FREE, resolution_modifier=-1)
    assert coarse == [(1.0, 1.0), (3.0, 1.0), (5.0, 1.0)]


def test_free_ground_costs_a_look_a_tile() -> None:
    looks: list[int] = []
    for straight in (True, False):
        path = find_path(
            (-450.5, -450.5), (450.5, 440.5), 0.5, anything_on((), looks), prefer_straight=straight
        )
        assert path is not None
    assert len(looks) < 6000


def test_a_closed_room_is_known_after_few_looks() -> None:
    looks: list[int] = []
    room = [(x, y) for x in range(90, 111) for y in range(-10, 11) if max(abs(x - 100), abs(y)) == 10]
    assert find_path((0.5, 0.5), (100.5, 0.5), 0.5, anything_on(room, looks)) is None
    assert len(looks) < 1500


def test_it_gives_up_after_as_many_cells_as_allowed() -> None:
    wall = anything_on((5, y) for y in range(-100, 100))
    assert find_path((0.5, 0.5), (10.5, 0.5), 0.5, wall, max_nodes=2000) is None
    assert find_path((0.5, 0.5), (10.5, 0.5), 0.5, wall, prefer_straight=True) is not None


tiles = st.tuples(st.integers(0, 9), st.integers(0, 9))


@settings(max_examples=150, deadline=None)
@example({(4, 4), (6, 2), (0, 3)}, (6, 4), (0, 2), True)
@given(st.sets(tiles, max_size=45), tiles, tiles, st.booleans())
def test_paths_are_the_shortest_and_touch_nothing(
    wall: set[tuple[int, int]], start: tuple[int, int], goal: tuple[int, int], straight: bool
) -> None:
    fence = {(x, y) for x in range(-1, 11) for y in range(-1, 11) if not (0 <= x <= 9 and 0 <= y <= 9)}
    blocked = anything_on(wall | fence)
    where = (start[0] + 0.5, start[1] + 0.5), (goal[0] + 0.5, goal[1] + 0.5)
    path = find_path(*where, 0.5, blocked, prefer_straight=straight)
    cheapest = cost_of_the_cheapest(start, goal, wall | fence, straight)
    if cheapest is None:
        assert path is None
        return
    assert path is not None
    assert (path[0], path[-1]) == where
    assert not any(blocked(x, y) for x, y in path[1:])
    for (ax, ay), (bx, by) in itertools.pairwise(path):
        assert abs(ax - bx) + abs(ay - by) == 1 or not (straight or blocked(ax, by) or blocked(bx, ay))
    diagonal = sum(ax != bx and ay != by for (ax, ay), (bx, by) in itertools.pairwise(path))
    paid = (len(path) - 1 - diagonal) * STEP + diagonal * DIAGONAL + (turns(path) * TURN if straight else 0)
    assert paid == cheapest
    assert path == find_path(*where, 0.5, blocked, prefer_straight=straight)


def test_of_equal_ways_fles_tests_want_an_early_turn_and_the_north() -> None:
    # A belt that joins another from the south arrives heading north.
    path = find_path((5.5, 5.5), (4.5, 1.5), 0.5, anything_on(set()), prefer_straight=True)
    assert path == [(5.5, 5.5), (4.5, 5.5), (4.5, 4.5), (4.5, 3.5), (4.5, 2.5), (4.5, 1.5)]
    # A pipe to the far side of a machine leaves its south to the poles.
    machine = {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    path = find_path((-2.5, 0.5), (2.5, 0.5), 0.5, anything_on(machine), prefer_straight=True)
    assert path is not None
    assert min(y for _, y in path) == -1.5
    assert max(y for _, y in path) == 0.5


def cost_of_the_cheapest(
    start: tuple[int, int], goal: tuple[int, int], wall: set[tuple[int, int]], straight: bool
) -> int | None:
    """What the cheapest path costs, found by looking at every way in order of its cost."""
    queue = [(0, start, (0, 0))]
    seen = set()
    wall = wall - {start}
    while queue:
        cost, (x, y), facing = heapq.heappop(queue)
        if (x, y) == goal:
            return cost
        if ((x, y), facing) in seen:
            continue
        seen.add(((x, y), facing))
        for dx, dy in itertools.product((-1, 0, 1), repeat=2):
            if not wall.isdisjoint({(x + dx, y + dy), (x + dx, y), (x, y + dy)}) or (straight and dx and dy):
                continue
            turn = TURN if straight and facing not in ((0, 0), (dx, dy)) else 0
            price = cost + (DIAGONAL if dx and dy else STEP) + turn
            heapq.heappush(queue, (price, (x + dx, y + dy), (dx, dy)))
    return None
