"""The endless map, `open_world`: a pure function of its settings, made where somebody comes or asks.

Tiles and what stands on them are worked out for blocks of 4 × 4 chunks (`block.py`), and given out by chunk.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.engine.maps.block import BLOCK, CHUNK, OUTSIDE, SIDE, TILES, Block, Terrain, Thing
from runtime.engine.maps.settings import MapGenSettings, settings_of

if TYPE_CHECKING:
    from runtime.engine.world import World

START_CHUNKS = 7  # around the origin are there when a world begins
FEW_BLOCKS = 64  # whose things are kept until their chunks are wanted
Place = tuple[int, int]  # of a tile, a chunk or a block
NOWHERE = bytes([OUTSIDE]) * (CHUNK * CHUNK)


class OpenLand:
    """The tiles and things of a map, and which chunks of it there are by now.

    A chunk that isn't there yet is out of the map and has nothing in it.
    """

    def __init__(self, settings: MapGenSettings) -> None:
        self.generated: set[Place] = set()
        self._set_up(settings)

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self.settings.state(), "generated": self.generated}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.generated = state["generated"]
        self._set_up(settings_of(state["settings"]))

    def _set_up(self, settings: MapGenSettings) -> None:
        self.settings = settings
        self.terrain = Terrain(settings)
        self._ground: dict[Place, bytes] = {}  # chunk -> numbers in `TILES`, row by row
        # Block -> chunk -> what will stand there.
        self._things: dict[Place, dict[Place, list[Thing]]] = {}

    # --- tiles -------------------------------------------------------------------------------------------------

    def tile_at(self, x: int, y: int) -> str:
        """The name of the tile whose left top corner is (x, y); `out-of-map` where nothing is generated yet."""
        chunk = (x >> 5, y >> 5)
        ground = self._ground.get(chunk)
        if ground is None:
            ground = self._bring(chunk) if chunk in self.generated else NOWHERE
        return TILES[ground[(y & 31) << 5 | (x & 31)]]

    def names_in(self, chunk: Place) -> list[str]:
        """The names of a chunk's tiles, row by row."""
        ground = self._ground.get(chunk)
        if ground is None:
            ground = self._bring(chunk) if chunk in self.generated else NOWHERE
        return [TILES[number] for number in ground]

    def _bring(self, chunk: Place) -> bytes:
        """The tiles of a generated chunk, worked out again where they were forgotten."""
        if self._beyond(chunk):
            return NOWHERE
        self._work_out((chunk[0] // SIDE, chunk[1] // SIDE))
        return self._ground[chunk]

    def tiles_named(self, names: Container[str], left: int, top: int, right: int, bottom: int) -> list[Place]:
        """(x, y) of the generated tiles of some names in a rectangle, by rising y, then x; right and bottom are outside."""
        wanted = bytes(number for number, name in enumerate(TILES) if name in names)
        rows: dict[int, list[Place]] = {}
        for y in range(top // CHUNK, -(-bottom // CHUNK)):
            for x in range(left // CHUNK, -(-right // CHUNK)):
                if (x, y) not in self.generated:
                    continue
                ground = self._ground.get((x, y)) or self._bring((x, y))
                if not any(number in ground for number in wanted):
                    continue
                for place in np.isin(np.frombuffer(ground, np.uint8), tuple(wanted)).nonzero()[0].tolist():
                    row, column = divmod(place, CHUNK)
                    rows.setdefault(y * CHUNK + row, []).append((x * CHUNK + column, y * CHUNK + row))
        return [
            place for y in sorted(rows) if top <= y < bottom for place in rows[y] if left <= place[0] < right
        ]

    def _beyond(self, chunk: Place) -> bool:
        """Whether a chunk lies beyond the edge of a map that has one."""
        left, top = chunk[0] * CHUNK, chunk[1] * CHUNK
        across, down = self.settings.width / 2, self.settings.height / 2
        return left >= across or left + CHUNK <= -across or top >= down or top + CHUNK <= -down

    # --- chunks ------------------------------------------------------------------------------------------------

    def generate(self, world: World, chunk_x: int, chunk_y: int, radius: int) -> None:
        """Put the things of the chunks within a radius (in chunks, a square) where they belong, if they aren't yet."""
        generated = self.generated
        for y in range(chunk_y - radius, chunk_y + radius + 1):
            for x in range(chunk_x - radius, chunk_x + radius + 1):
                if (x, y) not in generated:
                    generated.add((x, y))
                    for thing in self.things((x, y)):
                        _put(world, thing)

    def things(self, chunk: Place) -> list[Thing]:
        """What stands in a chunk from the beginning: resources by rising y, then all else."""
        if self._beyond(chunk):
            return []
        block = (chunk[0] // SIDE, chunk[1] // SIDE)
        there = self._things.get(block)
        if there is None or chunk not in there:
            there = self._work_out(block)
        things = there.pop(chunk)
        if not there:
            del self._things[block]
        return things

    def natural_resources(self) -> Iterator[tuple[str, float, float, int]]:
        """(prototype, x, y, amount) of the resources that the generated chunks had."""
        for chunk in sorted(self.generated, key=lambda c: (c[1], c[0])):
            left, top = chunk[0] * CHUNK, chunk[1] * CHUNK
            if self.terrain.patches.near(left, top, left + CHUNK, top + CHUNK):
                for thing in self.things(chunk):
                    if thing.amount:
                        yield thing.name, thing.x, thing.y, thing.amount

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.settings.state(), sorted(self.generated)]

    # --- a block -----------------------------------------------------------------------------------------------

    def _work_out(self, block: Place) -> dict[Place, list[Thing]]:
        """The things of a block by chunk; its tiles are remembered."""
        made = Block(self.terrain, block[0] * BLOCK, block[1] * BLOCK)
        for row in range(SIDE):
            for column in range(SIDE):
                part = made.ground[row * CHUNK : (row + 1) * CHUNK, column * CHUNK : (column + 1) * CHUNK]
                self._ground[(block[0] * SIDE + column, block[1] * SIDE + row)] = part.tobytes()
        while len(self._things) >= FEW_BLOCKS:
            del self._things[next(iter(self._things))]
        self._things[block] = made.by_chunk()
        return self._things[block]


def _put(world: World, thing: Thing) -> None:
    proto = world.prototypes.entity[thing.name]
    if proto.type in ("unit-spawner", "turret"):
        if not world.combat.peaceful:
            world.create(thing.name, thing.x, thing.y, 0, world.forces["enemy"])
        return
    neutral = world.forces["neutral"]
    if thing.amount:
        first = thing.amount if proto.raw.get("infinite") else None
        world.create(thing.name, thing.x, thing.y, 0, neutral, amount=thing.amount, initial_amount=first)
    elif thing.orientation:
        world.create(thing.name, thing.x, thing.y, 0, neutral, orientation=thing.orientation)
    else:
        world.create(thing.name, thing.x, thing.y, 0, neutral)
