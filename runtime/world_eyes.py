"""A world as one who only looks sees it: its scenes, where the player stands, where machines are."""

from __future__ import annotations

from typing import Any

from runtime.rcon_client import WorldClient
from runtime.scene_client import Rect, SceneClient

CELL_TILES = 16
MACHINES = (
    "/silent-command local cells = {} "
    "for _, e in pairs(game.surfaces[1].find_entities_filtered{force = 'player'}) do "
    "if e.type ~= 'character' and e.type ~= 'transport-belt' and e.type ~= 'pipe' then "
    "local p = e.position; local x, y = math.floor(p.x / CELL), math.floor(p.y / CELL) "
    "local key = x .. ' ' .. y; local c = cells[key] or {x, y, 0, 0, 0}; cells[key] = c "
    "c[3], c[4], c[5] = c[3] + 1, c[4] + p.x, c[5] + p.y end end "
    "for _, c in pairs(cells) do rcon.print(table.concat(c, ' ')) end"
).replace("CELL", str(CELL_TILES))
"""Prints for each square of the map with machines in it: its column and row, how many, the sums of x and y."""
CHARACTER = (
    "/silent-command local c = storage.agent_characters and storage.agent_characters[1] "
    "if c and c.valid then rcon.print(c.position.x .. ' ' .. c.position.y) end"
)


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
        numbers = self._numbers(MACHINES)
        cells = {(row[0], row[1]): row[2:] for row in zip(*[iter(numbers)] * 5, strict=True)}
        crowds = [
            [
                cells[near]
                for near in ((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
                if near in cells
            ]
            for x, y in sorted(cells)
        ]
        if not crowds:
            return None
        count, x, y = map(sum, zip(*max(crowds, key=lambda crowd: sum(c[0] for c in crowd)), strict=True))
        return x / count, y / count

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        self._client.close()

    def _numbers(self, command: str) -> list[float]:
        return [float(word) for word in self._client.command(command).split()]
