"""Where the action is: what a camera looks at that nobody steers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runtime.world_eyes import CELL_TILES, Square, around, middle

Point = tuple[float, float]

BUILT_SECONDS = 4.0
"""So long a place is looked at where something was built or taken away, if nothing else is."""
QUIET_SECONDS = 20.0
"""When nothing has happened for so long, the whole factory is more to see."""
STEP_TILES = 1.0
"""Who has gone less far stands."""


class Action:
    """Follows a world from look to look, in which the times never decrease.

    It goes to where most has been built or taken away, then to the player as long as they walk; when both have been
    quiet for a while, to where most machines stand.
    """

    def __init__(self) -> None:
        self._buildings: dict[tuple[int, int], int] | None = None
        self._newest = 0
        self._player: Point | None = None
        self._aim: Point | None = None
        self._built_at = self._happened_at = -math.inf
        self.follows_player = False
        """Whether the last look went to the player, who may have gone on since."""

    def see(self, player: Point | None, squares: Sequence[Square], seconds: float) -> Point:
        """Where to look at that time, in tiles."""
        change = self._change(squares)
        walks = self._walks(player)
        if change is not None:
            self._aim, self.follows_player = change, False
            self._built_at = self._happened_at = seconds
        elif walks and seconds >= self._built_at + BUILT_SECONDS:
            self._aim, self.follows_player = player, True
            self._happened_at = seconds
        elif self._aim is None or seconds >= self._happened_at + QUIET_SECONDS:
            factory = middle(squares)
            self._aim, self.follows_player = factory or player, factory is None
        return self._aim or (0.0, 0.0)

    def _walks(self, player: Point | None) -> bool:
        before, self._player = self._player, player
        return before is not None and player is not None and math.dist(before, player) >= STEP_TILES

    def _change(self, squares: Sequence[Square]) -> Point | None:
        """Where most has changed since the last look; None if nothing has."""
        before = self._buildings
        now = self._buildings = {(square.column, square.row): square.buildings for square in squares}
        newest = max(squares, key=lambda square: square.newest, default=None)
        older, self._newest = self._newest, newest.newest if newest is not None else self._newest
        if before is None:
            return None
        changed = {
            place: abs(now.get(place, 0) - before.get(place, 0))
            for place in now.keys() | before.keys()
            if now.get(place, 0) != before.get(place, 0)
        }
        if not changed and newest is not None and newest.newest > older:
            changed = {(newest.column, newest.row): 1}  # one instead of another
        if not changed:
            return None
        most = max(sorted(changed), key=lambda place: sum(changed.get(near, 0) for near in around(place)))
        if newest is not None and newest.newest > older and (newest.column, newest.row) in around(most):
            return newest.newest_x, newest.newest_y
        x, y = most
        return (x + 0.5) * CELL_TILES, (y + 0.5) * CELL_TILES
