"""A world as one who only looks sees it: its scenes, where the player stands, where machines are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.rcon_client import WorldClient
from runtime.scene_client import Rect, SceneClient

CELL_TILES = 16
MACHINES = (
    "/silent-command local cells = {} "
    "for _, e in pairs(game.surfaces[1].find_entities_filtered{force = 'player'}) do "
    "if e.type ~= 'character' then "
    "local p = e.position; local x, y = math.floor(p.x / CELL), math.floor(p.y / CELL) "
    "local key = x .. ' ' .. y; local c = cells[key] or {x, y, 0, 0, 0, 0, 0, 0, 0}; cells[key] = c "
    "if e.type ~= 'transport-belt' and e.type ~= 'pipe' then "
    "c[3], c[4], c[5] = c[3] + 1, c[4] + p.x, c[5] + p.y end "
    "local n = e.unit_number or 0; c[6] = c[6] + 1; if n > c[7] then c[7], c[8], c[9] = n, p.x, p.y end end end "
    "for _, c in pairs(cells) do rcon.print(table.concat(c, ' ')) end"
).replace("CELL", str(CELL_TILES))
"""Prints for each square of the map with buildings in it what `Square` has."""
CHARACTER = (
    "/silent-command local c = storage.agent_characters and storage.agent_characters[1] "
    "if c and c.valid then rcon.print(c.position.x .. ' ' .. c.position.y) end"
)


@dataclass(frozen=True)
class Square:
    """What the player's force has on a square of `CELL_TILES` by `CELL_TILES` tiles.

    column, row: which. machines, sum_x, sum_y: those that are neither belts nor pipes, and the sums of where they
    stand. buildings: all. newest: the highest unit number, and where that one stands.
    """

    column: int
    row: int
    machines: int
    sum_x: float
    sum_y: float
    buildings: int
    newest: int
    newest_x: float
    newest_y: float


class WorldEyes:
    """Looks at a world over a connection of its own. Any method raises `WorldGone` or `WorldRefused`."""

    def __init__(self, client: WorldClient) -> None:
        self._client = client
        self._scenes = SceneClient(client)

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """What there is to see in some chunks, as far as it isn't known."""
        return self._scenes.changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """The tiles of some chunks."""
        return self._scenes.tiles(rect)

    def position(self) -> tuple[float, float] | None:
        """Where the character is."""
        numbers = self._numbers(CHARACTER)
        return (numbers[0], numbers[1]) if len(numbers) == 2 else None

    def factory(self) -> tuple[float, float] | None:
        """The middle of the machines where most of them stand together."""
        return middle(self.squares())

    def squares(self) -> list[Square]:
        """Where something is built."""
        numbers = self._numbers(MACHINES)
        return [
            Square(
                int(row[0]),
                int(row[1]),
                int(row[2]),
                row[3],
                row[4],
                int(row[5]),
                int(row[6]),
                row[7],
                row[8],
            )
            for row in zip(*[iter(numbers)] * 9, strict=True)
        ]

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        self._client.close()

    def _numbers(self, command: str) -> list[float]:
        return [float(word) for word in self._client.command(command).split()]


def middle(squares: Sequence[Square]) -> tuple[float, float] | None:
    """The middle of the machines where most of them stand together; None without any."""
    by_place = {(square.column, square.row): square for square in squares}
    crowds = [[by_place[near] for near in around(place) if near in by_place] for place in sorted(by_place)]
    crowd = max(crowds, key=lambda crowd: sum(square.machines for square in crowd), default=[])
    count = sum(square.machines for square in crowd)
    if not count:
        return None
    return sum(square.sum_x for square in crowd) / count, sum(square.sum_y for square in crowd) / count


def around(place: tuple[int, int]) -> list[tuple[int, int]]:
    """A square, by its column and row, and those next to it."""
    x, y = place
    return [(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
