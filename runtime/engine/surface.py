"""The one surface of a world: tiles, where entities stand, and finding them."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import Entity, attributes, tiles_of, turned
from runtime.engine.prototypes import EntityPrototype, load

if TYPE_CHECKING:
    from runtime.engine.maps.open import OpenLand
    from runtime.engine.world import World

Area = tuple[float, float, float, float]  # left, top, right, bottom; tiles
CHUNK = 32
AHEAD = 3  # chunks around a character are generated
LOOKOUT_CELL = 16  # tiles on a side of the cells in which those who look out are shown who comes
FEW_TILES = 64  # an area of no more is looked up tile by tile
REACH = 6.0  # no entity's box reaches farther from its position, tiles


class Surface:
    """Tiles come from the map's function, overridden where `set_tiles` changed them."""

    def __init__(self, world: World, tile_at: Callable[[int, int], str]) -> None:
        self.world = world
        self.tile_at = tile_at
        self.changed_tiles: dict[tuple[int, int], str] = {}
        self.chunks: dict[tuple[int, int], dict[int, Entity]] = {}  # (y, x) of chunk -> order -> entity
        self.by_name: dict[str, dict[int, Entity]] = {}
        self.by_type: dict[str, dict[int, Entity]] = {}
        self.cells: dict[tuple[int, int], list[Entity]] = {}  # tile -> what touches it
        self.interested: dict[
            tuple[int, int], dict[int, Entity]
        ] = {}  # tile -> who wants to know of changes there
        self.lookouts: dict[tuple[int, int], dict[int, Entity]] = {}  # (x, y) of cell -> who looks out there
        self.always_day = False
        self.land: OpenLand | None = None  # generates chunks as they are wanted; None: the map is all there
        self._next_order = 0
        # While it is read from a save: all entities, and the cells that several touch.
        self._saved: tuple[list[Entity], dict[tuple[int, int], list[Entity]]] = ([], {})

    def __getstate__(self) -> dict[str, Any]:
        """Where entities stand is told once; `restore` finds it again for searches."""
        state = attributes(self)
        for index in ("by_name", "by_type", "cells", "chunks"):
            del state[index]
        entities = [e for there in self.chunks.values() for e in there.values()]
        state["_saved"] = (entities, {cell: there for cell, there in self.cells.items() if len(there) > 1})
        return state

    def restore(self) -> None:
        """Everything has been read from a save: make what searches need."""
        entities, crowded = self._saved
        self._saved = ([], {})
        self.chunks, self.by_name, self.by_type, self.cells = {}, {}, {}, {}
        for entity in entities:
            self._index(entity)
        self.cells.update(crowded)

    # --- tiles -------------------------------------------------------------------------------------------------

    def tile(self, x: int, y: int) -> str:
        """The name of the tile whose left top corner is (x, y)."""
        if self.changed_tiles:
            name = self.changed_tiles.get((x, y))
            if name is not None:
                return name
        return self.tile_at(x, y)

    def set_tile(self, x: int, y: int, name: str) -> None:
        """Make a tile another one."""
        self.changed_tiles[(x, y)] = name

    def tiles_named(
        self, names: Container[str], left: int, top: int, right: int, bottom: int
    ) -> list[tuple[int, int]]:
        """(x, y) of the tiles of some names in a rectangle of an endless map, by rising y, then x; right and bottom are
        outside.
        """
        assert self.land is not None
        found = self.land.tiles_named(names, left, top, right, bottom)
        if not self.changed_tiles:
            return found
        changed = [
            (x, y) for x, y in self.changed_tiles if left <= x < right and top <= y < bottom
        ]  # what lies there by nature no longer counts
        kept = set(found).difference(changed).union(p for p in changed if self.changed_tiles[p] in names)
        return sorted(kept, key=lambda place: (place[1], place[0]))

    # --- chunks ------------------------------------------------------------------------------------------------

    def generate(self, chunk_x: int, chunk_y: int, radius: int) -> None:
        """Have all chunks within a radius, in chunks and to each side, on an endless map."""
        if self.land is not None:
            self.land.generate(self.world, chunk_x, chunk_y, radius)

    def has_chunk(self, chunk_x: int, chunk_y: int) -> bool:
        """Whether a chunk is there."""
        return self.land is None or (chunk_x, chunk_y) in self.land.generated

    def chunk_places(self) -> list[tuple[int, int]]:
        """(x, y) of the chunks that there are, by rising y; on a map that is all there, of those with something in it."""
        if self.land is None:
            return [(x, y) for y, x in sorted(self.chunks)]
        return sorted(self.land.generated, key=lambda place: (place[1], place[0]))

    # --- entities come and go ----------------------------------------------------------------------------------

    def add(self, entity: Entity) -> None:
        """Put an entity on the map and tell those who care about its tiles."""
        self._queue_up(entity)
        self._index(entity)
        self._tell(entity)
        if self.lookouts:
            self._show(entity, {_lookout_cell(entity.x, entity.y)})

    def _show(self, entity: Entity, cells: set[tuple[int, int]]) -> None:
        """Let those who look out there know that an entity has come, moved or gone."""
        for cell in sorted(cells):
            for lookout in list(self.lookouts.get(cell, {}).values()):
                if lookout is not entity:
                    lookout.noticed(entity)

    def _queue_up(self, entity: Entity) -> None:
        """Give it the last place in the order in which searches answer: by chunk, then as placed or last moved."""
        chunk_y, chunk_x = int(entity.y // CHUNK), int(entity.x // CHUNK)
        chunk = (chunk_y + 0x8000) << 16 | (chunk_x + 0x8000)
        if self.land is not None and entity.order >> 40 != chunk:
            # What a chunk has from the beginning comes before all that is put there.
            self.land.generate(self.world, chunk_x, chunk_y, AHEAD if entity.type == "character" else 0)
        self._next_order += 1
        entity.order = chunk << 40 | self._next_order

    def _index(self, entity: Entity) -> None:
        self._search_anew(entity.name)
        order = entity.order
        self.chunks.setdefault((int(entity.y // CHUNK), int(entity.x // CHUNK)), {})[order] = entity
        self.by_name.setdefault(entity.name, {})[order] = entity
        self.by_type.setdefault(entity.type, {})[order] = entity
        for cell in entity.tiles():
            self.cells.setdefault(cell, []).append(entity)

    def _search_anew(self, name: str) -> None:
        world = self.world
        if name in world.searched and world.forget_searches is not None:
            world.searched.discard(name)
            world.forget_searches(name)

    def _unindex(self, entity: Entity) -> None:
        self._search_anew(entity.name)
        order = entity.order
        del self.chunks[(int(entity.y // CHUNK), int(entity.x // CHUNK))][order]
        del self.by_name[entity.name][order]
        del self.by_type[entity.type][order]
        for cell in entity.tiles():
            there = self.cells[cell]
            there.remove(entity)
            if not there:
                del self.cells[cell]

    def discard(self, entity: Entity) -> None:
        """Take an entity off the map and tell those who care about its tiles."""
        self._unindex(entity)
        self._tell(entity)
        if self.lookouts:
            self._show(entity, {_lookout_cell(entity.x, entity.y)})

    def moved(self, entity: Entity, x: float, y: float) -> None:
        """Move an entity, or fit its box to a new direction."""
        old, old_place = list(entity.tiles()), (entity.x, entity.y)
        self._unindex(entity)
        if (x, y) != (entity.x, entity.y):
            entity.x, entity.y = x, y
            self._queue_up(entity)
        entity.set_box()
        self._index(entity)
        if self.interested:
            self._tell_cells({*old, *entity.tiles()}, entity)
        if self.lookouts and (x, y) != old_place:
            self._show(entity, {_lookout_cell(*old_place), _lookout_cell(x, y)})

    def watch_tile(self, x: int, y: int, entity: Entity) -> None:
        """`entity.surroundings_changed` is called whenever something is built, removed or turned on a tile."""
        self.interested.setdefault((x, y), {})[entity.unit_number] = entity

    def unwatch_tile(self, x: int, y: int, entity: Entity) -> None:
        """The opposite of `watch_tile`."""
        there = self.interested.get((x, y))
        if there is not None:
            there.pop(entity.unit_number, None)
            if not there:
                del self.interested[(x, y)]

    def _tell(self, entity: Entity) -> None:
        if self.interested:
            self._tell_cells(set(entity.tiles()), entity)

    def _tell_cells(self, cells: set[tuple[int, int]], entity: Entity) -> None:
        for cell in sorted(cells):
            for watcher in list(self.interested.get(cell, {}).values()):
                if watcher is not entity:
                    watcher.surroundings_changed(cell)

    # --- finding -----------------------------------------------------------------------------------------------

    def at(self, x: float, y: float) -> list[Entity]:
        """Entities whose collision box holds a point, in order."""
        there = self.cells.get((math.floor(x), math.floor(y)), ())
        found = [e for e in there if e.left <= x <= e.right and e.top <= y <= e.bottom]
        return sorted(found, key=_order)

    def on_tile(self, x: int, y: int) -> list[Entity]:
        """Entities that touch a tile, in the order in which they were put there."""
        return self.cells.get((x, y), [])

    def within(self, area: Area) -> list[Entity]:
        """Entities whose collision box touches an area, by chunk, then as placed."""
        left, top, right, bottom = area
        # A box that only touches the area's edge is in the tile beyond.
        x0, x1 = math.ceil(left) - 1, math.floor(right)
        y0, y1 = math.ceil(top) - 1, math.floor(bottom)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > FEW_TILES:
            return [
                e
                for e in self._in_chunks(left - REACH, top - REACH, right + REACH, bottom + REACH)
                if e.left <= right and e.right >= left and e.top <= bottom and e.bottom >= top
            ]
        cells = self.cells
        found: dict[int, Entity] = {}
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                for e in cells.get((x, y), ()):
                    if e.left <= right and e.right >= left and e.top <= bottom and e.bottom >= top:
                        found[e.order] = e
        return [found[order] for order in sorted(found)]

    def around(self, x: float, y: float, radius: float) -> list[Entity]:
        """Entities whose position is within a radius of a point, by chunk, then as placed."""
        limit = radius * radius
        left, top, right, bottom = x - radius, y - radius, x + radius, y + radius
        x0, x1 = math.floor(left), math.floor(right)
        y0, y1 = math.floor(top), math.floor(bottom)
        found = self._on_tiles(x0, y0, x1, y1)
        if found is None:
            found = self._in_chunks(left, top, right, bottom)
        return [e for e in found if (e.x - x) ** 2 + (e.y - y) ** 2 <= limit]

    def _on_tiles(self, x0: int, y0: int, x1: int, y1: int) -> list[Entity] | None:
        """Entities that touch some tiles, in order; None when so many tiles are better searched by chunks."""
        if (x1 - x0 + 1) * (y1 - y0 + 1) > FEW_TILES:
            return None
        cells = self.cells
        found: dict[int, Entity] = {}
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                there = cells.get((x, y))
                if there is not None:
                    for e in there:
                        found[e.order] = e
        return [found[order] for order in sorted(found)]

    def _in_chunks(self, left: float, top: float, right: float, bottom: float) -> list[Entity]:
        x0, x1 = int(left // CHUNK), int(right // CHUNK)
        y0, y1 = int(top // CHUNK), int(bottom // CHUNK)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > len(self.chunks):
            wanted = sorted(k for k in self.chunks if y0 <= k[0] <= y1 and x0 <= k[1] <= x1)
        else:
            wanted = [(y, x) for y in range(y0, y1 + 1) for x in range(x0, x1 + 1) if (y, x) in self.chunks]
        found: list[Entity] = []
        for key in wanted:
            there = self.chunks[key]
            found += [there[order] for order in sorted(there)]
        return found

    def all_of(self, index: dict[str, dict[int, Entity]], keys: Iterable[str]) -> list[Entity]:
        """Entities under some keys of `by_name` or `by_type`, by chunk, then as placed."""
        found = [e for key in keys for e in index.get(key, {}).values()]
        found.sort(key=_order)
        return found

    # --- placing -----------------------------------------------------------------------------------------------

    def box_at(self, proto: EntityPrototype, x: float, y: float, direction: int) -> Area:
        """The collision box that an entity would have."""
        left, top, right, bottom = turned(proto.collision_box, direction)
        return (x + left, y + top, x + right, y + bottom)

    def obstacle(
        self,
        proto: EntityPrototype,
        x: float,
        y: float,
        direction: int,
        ignore: Callable[[Entity], bool] | None = None,
    ) -> Entity | str | None:
        """What keeps an entity from standing here: an entity, a tile's name, or None when nothing does."""
        left, top, right, bottom = self.box_at(proto, x, y, direction)
        layers = proto.collision_layers
        if not layers:
            return None
        tile_layers = load().tile_layers
        cells = list(tiles_of(left, top, right, bottom))
        for cell in cells:
            name = self.tile(*cell)
            if not layers.isdisjoint(tile_layers[name]):
                return name
        if proto.collides_with_tiles_only:
            return None
        for cell in cells:
            for e in self.cells.get(cell, ()):
                if (
                    e.left < right and e.right > left and e.top < bottom and e.bottom > top
                    and not layers.isdisjoint(e.proto.collision_layers)
                    and not (e.proto is proto and not proto.collides_with_itself)
                    and not e.proto.collides_with_tiles_only
                    and (ignore is None or not ignore(e))
                ):  # fmt: skip
                    return e
        return None


def _lookout_cell(x: float, y: float) -> tuple[int, int]:
    return (int(x // LOOKOUT_CELL), int(y // LOOKOUT_CELL))


def _order(entity: Entity) -> int:
    return entity.order
