"""`LuaSurface`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from runtime.engine.entity import Entity
from runtime.engine.force import Force
from runtime.engine.lua import values
from runtime.engine.lua.entity import LuaEntity, direction_of, force_of, lua_entity
from runtime.engine.lua.item_stack import LuaItemStack
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read, lua_write
from runtime.engine.lua.tile import LuaTile
from runtime.engine.placing import can_fast_replace, can_place, faced, place, snapped
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.surface import CHUNK
from runtime.engine.systems.combat import alert
from runtime.engine.systems.electricity import ElectricPole, darkness
from runtime.engine.systems.ghosts import GHOST, TILE_GHOST, EntityGhost, Planned, plan_entity, plan_tile
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.world import World

MOST_TILES = 4_000_000
MOST_CHUNKS = 64  # that are generated to each side by one call


class LuaSurface(LuaObject):
    """The world's one surface, nauvis."""

    __slots__ = ("world",)
    object_name = "LuaSurface"
    _made: ClassVar[dict[int, LuaSurface]] = {}

    def __init__(self, world: World) -> None:
        self.world = world

    @classmethod
    def of(cls, world: World) -> LuaSurface:
        """The one object for a world's surface."""
        made = cls._made.get(id(world))
        if made is None or made.world is not world:
            made = cls._made[id(world)] = cls(world)
        return made

    def __str__(self) -> str:
        return "[LuaSurface: nauvis]"

    @lua_read
    def name(self) -> str:
        return "nauvis"

    @lua_read("index")
    def surface_index(self) -> int:
        return 1

    @lua_read
    def darkness(self) -> float:
        return darkness(self.world)

    @lua_read
    def always_day(self) -> bool:
        return self.world.surface.always_day

    @lua_write("always_day")
    def set_always_day(self, value: Any) -> None:
        self.world.surface.always_day = bool(value)
        for pole in self.world.surface.by_type.get("electric-pole", {}).values():
            if isinstance(pole, ElectricPole) and pole.network is not None:
                pole.network.touch()

    @lua_read
    def ticks_per_day(self) -> int:
        return 25200

    @lua_read
    def peaceful_mode(self) -> bool:
        return self.world.combat.peaceful

    @lua_write("peaceful_mode")
    def set_peaceful_mode(self, value: Any) -> None:
        self.world.combat.peaceful = bool(value)
        alert(self.world)

    # --- finding entities --------------------------------------------------------------------------------------

    @lua_query
    def find_entities(self, area: Any = None) -> list[Any]:
        surface = self.world.surface
        found: Iterable[Entity]
        found = (
            surface.all_of(surface.by_type, surface.by_type)
            if area is None
            else surface.within(values.area(area))
        )
        return [lua_entity(e) for e in found]

    def find_within(self, left: float, top: float, right: float, bottom: float) -> list[Any]:
        """What `find_entities_filtered` gives for an area alone."""
        area = (*values.point_at(left, top, "area"), *values.point_at(right, bottom, "area"))
        surface = self.world.surface
        found = surface.at(*area[:2]) if area[:2] == area[2:] else surface.within(area)
        return [e.lua or lua_entity(e) for e in found]

    @lua_query
    def find_entities_filtered(self, filters: Any) -> list[Any]:
        wanted = values.table(filters, "filter")
        if isinstance(wanted.get("name"), str):
            self.world.searched.add(wanted["name"])  # scripts keep what such searches find (boot.lua)
        return [lua_entity(e) for e in self._filtered(wanted)]

    @lua_query
    def count_entities_filtered(self, filters: Any) -> int:
        return sum(1 for _ in self._filtered(values.table(filters, "filter")))

    def _filtered(self, wanted: dict[Any, Any]) -> Iterator[Entity]:
        names = values.names(wanted.get("name"), "name")
        types = values.names(wanted.get("type"), "type")
        test = self._test(wanted, names, types)
        limit = wanted.get("limit")
        left = -1 if limit is None else values.integer(limit, "limit")
        for e in self._candidates(wanted, names, types):
            if left == 0:
                return
            if test(e):
                left -= 1
                yield e

    def _candidates(
        self, wanted: dict[Any, Any], names: list[str] | None, types: list[str] | None
    ) -> Iterable[Entity]:
        """Entities by place, or by name or type when no place is given; in the order in which they are answered."""
        surface = self.world.surface
        place = wanted.get("position")
        if place is not None:
            x, y = values.position(place)
            radius = wanted.get("radius")
            if radius is None:
                return surface.at(x, y)
            return surface.around(x, y, max(0.0, values.number(radius, "radius")))
        if wanted.get("area") is not None:
            area = values.area(wanted["area"])
            return surface.at(*area[:2]) if area[:2] == area[2:] else surface.within(area)
        if not wanted.get("invert"):
            if names is not None:
                return surface.all_of(surface.by_name, names)
            if types is not None:
                return surface.all_of(surface.by_type, types)
        return surface.all_of(surface.by_type, list(surface.by_type))

    def _test(
        self, wanted: dict[Any, Any], names: list[str] | None, types: list[str] | None
    ) -> Callable[[Entity], bool]:
        name_set = None if names is None else frozenset(names)
        type_set = None if types is None else frozenset(types)
        given = wanted.get("force")
        if given is None:
            forces = None
        else:
            rows = given if isinstance(given, list) else [given]
            forces = frozenset(force_of(self.world, f).name for f in rows)
        mask = wanted.get("collision_mask")
        layers = None if mask is None else frozenset(_layers(mask))
        directions = wanted.get("direction")
        if directions is not None:
            directions = frozenset(directions if isinstance(directions, list) else [directions])
        invert = bool(wanted.get("invert"))
        ghosts = values.names(wanted.get("ghost_name"), "ghost_name")
        ghost_types = values.names(wanted.get("ghost_type"), "ghost_type")
        if (name_set, type_set, forces, layers, directions, ghosts, ghost_types) == (None,) * 7:
            return lambda e: not invert

        def test(e: Entity) -> bool:
            held = (
                (name_set is None or e.name in name_set)
                and (type_set is None or e.type in type_set)
                and (forces is None or e.force.name in forces)
                and (ghosts is None or (isinstance(e, Planned) and e.ghost_name in ghosts))
                and (ghost_types is None or (isinstance(e, EntityGhost) and e.inner.type in ghost_types))
                and (layers is None or not layers.isdisjoint(e.proto.collision_layers))
                and (directions is None or e.direction in directions)
            )
            return held != invert

        return test

    @lua_query
    def find_entity(self, name: Any, position: Any) -> Any:
        wanted = values.name_of(name, "entity")
        x, y = values.position(position)
        for e in self.world.surface.on_tile(math.floor(x), math.floor(y)):
            if e.name == wanted and e.left <= x <= e.right and e.top <= y <= e.bottom:
                return lua_entity(e)
        return None

    # --- tiles -------------------------------------------------------------------------------------------------

    @lua_query
    def get_tile(self, x: Any, y: Any = None) -> LuaTile:
        if y is None:
            x, y = values.position(x)
        return LuaTile(self.world, math.floor(values.number(x)), math.floor(values.number(y)))

    def _tiles(self, wanted: dict[Any, Any]) -> Iterator[tuple[int, int]]:
        names = values.names(wanted.get("name"), "name")
        name_set = None if names is None else frozenset(names)
        mask = wanted.get("collision_mask")
        layers = None if mask is None else frozenset(_layers(mask))
        invert = bool(wanted.get("invert"))
        limit = wanted.get("limit")
        left_over = -1 if limit is None else values.integer(limit, "limit")
        tile, tile_layers = self.world.surface.tile, load().tile_layers
        places: Iterable[tuple[int, int]] = self._tile_places(wanted)
        endless = self.world.surface.land is not None
        if endless and name_set and not invert and wanted.get("position") is None and wanted.get("area"):
            left, top, right, bottom = values.area(wanted["area"])
            self._bound((right - left) * (bottom - top))
            places = self.world.surface.tiles_named(
                name_set, math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
            )
        for x, y in places:
            if left_over == 0:
                return
            name = tile(x, y)
            held = (name_set is None or name in name_set) and (
                layers is None or not layers.isdisjoint(tile_layers[name])
            )
            if held != invert:
                left_over -= 1
                yield x, y

    def _tile_places(self, wanted: dict[Any, Any]) -> Iterator[tuple[int, int]]:
        place = wanted.get("position")
        if place is not None:
            x, y = values.position(place)
            radius = wanted.get("radius")
            if radius is None:
                yield math.floor(x), math.floor(y)
                return
            r = values.number(radius, "radius")
            self._bound((2 * r) ** 2)
            for ty in range(math.floor(y - r), math.ceil(y + r)):
                for tx in range(math.floor(x - r), math.ceil(x + r)):
                    if (tx + 0.5 - x) ** 2 + (ty + 0.5 - y) ** 2 <= r * r:
                        yield tx, ty
            return
        if wanted.get("area") is None:
            raise LuaError("A search for tiles needs a position or an area.")
        left, top, right, bottom = values.area(wanted["area"])
        self._bound((right - left) * (bottom - top))
        for ty in range(math.floor(top), math.ceil(bottom)):
            for tx in range(math.floor(left), math.ceil(right)):
                yield tx, ty

    def _bound(self, tiles: float) -> None:
        if tiles > MOST_TILES:
            raise LuaError(f"The search covers {tiles:.0f} tiles; {MOST_TILES} are the most.")

    @lua_query
    def find_tiles_filtered(self, filters: Any) -> list[LuaTile]:
        return [LuaTile(self.world, x, y) for x, y in self._tiles(values.table(filters, "filter"))]

    @lua_query
    def count_tiles_filtered(self, filters: Any) -> int:
        return sum(1 for _ in self._tiles(values.table(filters, "filter")))

    @lua_method
    def set_tiles(self, tiles: Any, *rest: Any) -> None:
        rows = tiles if isinstance(tiles, list) else list(values.table(tiles, "tiles").values())
        checked = []
        for row in rows:
            row = values.table(row, "tile")
            name = values.text(row.get("name"), "tile name")
            if name not in load().tile_layers:
                raise LuaError(f"Unknown tile name: {name}")
            x, y = values.position(row.get("position"))
            checked.append((math.floor(x), math.floor(y), name))
        for x, y, name in checked:
            self.world.surface.set_tile(x, y, name)

    # --- building ----------------------------------------------------------------------------------------------

    def _build(self, params: Any) -> tuple[EntityPrototype, float, float, int]:
        wanted = values.table(params)
        name = values.name_of(wanted.get("name"), "name")
        proto = load().entity.get(name)
        if proto is None:
            raise LuaError(f"Unknown entity name: {name}")
        x, y = values.position(wanted.get("position"))
        direction = direction_of(wanted.get("direction") or 0)
        return (proto, *snapped(proto, x, y, direction), direction)

    def _plan(self, wanted: dict[Any, Any], force: Force) -> Entity:
        """A ghost of `inner_name`, an entity or a tile."""
        inner = values.name_of(wanted.get("inner_name"), "inner_name")
        x, y = values.position(wanted.get("position"))
        if wanted["name"] == TILE_GHOST:
            if inner not in load().tile_layers:
                raise LuaError(f"Unknown tile name: {inner}")
            return plan_tile(self.world, inner, math.floor(x), math.floor(y), force)
        proto = load().entity.get(inner)
        if proto is None:
            raise LuaError(f"Unknown entity name: {inner}")
        direction = faced(proto, direction_of(wanted.get("direction") or 0))
        given = {k: wanted[k] for k in ("recipe", "type") if isinstance(wanted.get(k), str)}
        return plan_entity(self.world, proto, *snapped(proto, x, y, direction), direction, force, given)

    @lua_query
    def can_place_entity(self, params: Any) -> bool:
        proto, x, y, direction = self._build(params)
        wanted = values.table(params)
        force = force_of(self.world, wanted.get("force") or "neutral")
        return can_place(
            self.world, proto, x, y, direction, force, manual=wanted.get("build_check_type") == 1
        )

    @lua_query
    def can_fast_replace(self, params: Any) -> bool:
        proto, x, y, direction = self._build(params)
        return can_fast_replace(self.world, proto, x, y, direction) is not None

    @lua_method
    def create_entity(self, params: Any) -> Any:
        proto, x, y, direction = self._build(params)
        wanted = values.table(params)
        force = force_of(self.world, wanted.get("force") or "neutral")
        more: dict[str, Any] = {}
        if proto.type == "resource":
            amount = values.integer(wanted.get("amount", 1), "amount")
            if not 0 < amount < 2**32:
                raise LuaError("Entity amount must be a number greater than 0.")
            more = {"amount": amount, "initial_amount": amount if proto.raw.get("infinite") else None}
        if proto.type == "underground-belt" and wanted.get("type") is not None:
            kind = wanted["type"]
            if kind not in ("input", "output"):
                raise LuaError(f"Invalid underground belt type: {kind} (input or output).")
            more = {"belt_to_ground_type": kind}
        if proto.type == "item-entity":
            name, count = values.item_stack(wanted.get("stack"))
            pile = self.world.drop_pile(x, y, name, count)
            if isinstance(wanted["stack"], LuaItemStack) and isinstance(pile, ItemOnGround):
                pile.extra = wanted["stack"].copied_extra()
            return lua_entity(pile)
        if proto.type in (GHOST, TILE_GHOST):
            return lua_entity(self._plan(wanted, force))
        made = place(self.world, proto, x, y, direction, force, bool(wanted.get("fast_replace")), more)
        if made is not None and wanted.get("recipe") is not None and made.type == "assembling-machine":
            LuaEntity.set_recipe(lua_entity(made), wanted["recipe"])  # type: ignore[arg-type]
        return lua_entity(made)

    @lua_query
    def find_non_colliding_position(
        self, name: Any, center: Any, radius: Any, precision: Any, to_center: Any = False
    ) -> Any:
        wanted = values.name_of(name, "name")
        proto = load().entity.get(wanted)
        if proto is None:
            raise LuaError(f"Unknown entity name: {wanted}")
        x, y = values.position(center, "center")
        step = max(values.number(precision, "precision"), 0.01)
        most = values.number(radius, "radius") or 50.0
        if (2 * most / step) ** 2 > MOST_TILES:
            raise LuaError("The search is too fine for its radius.")
        for ring in range(int(most / step) + 1):
            for dx, dy in _ring(ring):
                px, py = x + dx * step, y + dy * step
                if to_center:
                    px, py = math.floor(px) + 0.5, math.floor(py) + 0.5
                if self.world.surface.obstacle(proto, px, py, 0) is None:
                    return values.point(px, py)
        return None

    @lua_method
    def spill_item_stack(self, params: Any, *rest: Any) -> list[Any]:
        if rest:  # the older form: position, stack
            params = {"position": params, "stack": rest[0]}
        wanted = values.table(params)
        x, y = values.position(wanted.get("position"))
        name, count = values.item_stack(wanted.get("stack"))
        return [lua_entity(e) for e in self.world.spill(x, y, name, count)]

    # --- chunks and paths --------------------------------------------------------------------------------------

    @lua_query
    def is_chunk_generated(self, chunk: Any) -> bool:
        x, y = values.position(chunk)
        return self.world.surface.has_chunk(math.floor(x), math.floor(y))

    @lua_method
    def request_to_generate_chunks(self, position: Any, radius: Any = None) -> None:
        """Chunks are generated as they are asked for; nothing is ever waiting."""
        x, y = values.position(position)
        reach = 0 if radius is None else values.integer(radius, "radius")
        if reach > MOST_CHUNKS:
            raise LuaError(f"The radius is {reach} chunks; {MOST_CHUNKS} are the most.")
        self.world.surface.generate(math.floor(x / CHUNK), math.floor(y / CHUNK), reach)

    @lua_method
    def force_generate_chunk_requests(self) -> None:
        """Nothing is ever waiting to be generated."""

    @lua_method
    def get_chunks(self) -> Any:
        chunks = iter(self.world.surface.chunk_places())

        def following(*loop: Any) -> Any:  # `for` hands it a state and the last chunk
            for cx, cy in chunks:
                x, y = cx * CHUNK, cy * CHUNK
                return {"x": cx, "y": cy, "area": values.box((x, y, x + CHUNK, y + CHUNK))}
            return None

        return self.world.lua_function(following)

    @lua_method
    def regenerate_entity(self, entities: Any = None, chunks: Any = None) -> None:
        self.world.regenerate(values.names(entities, "entities"))

    @lua_method
    def request_path(self, params: Any) -> int:
        wanted = values.table(params)
        box = values.area(wanted.get("bounding_box"))
        goal = values.position(wanted.get("goal"), "goal")
        start = values.position(wanted.get("start"), "start")
        mask = wanted.get("collision_mask")
        layers = (
            frozenset(_layers(mask)) if mask is not None else frozenset({"player", "water_tile", "object"})
        )
        flags = wanted.get("pathfind_flags") or {}
        ignore = wanted.get("entity_to_ignore")
        return self.world.paths.request(
            start, goal, values.number(wanted.get("radius", 1), "radius"), box, layers,
            resolution=values.integer(wanted.get("path_resolution_modifier", 0)),
            straight=bool(flags.get("prefer_straight_paths")) if isinstance(flags, dict) else False,
            through_own=bool(flags.get("allow_paths_through_own_entities")) if isinstance(flags, dict) else False,
            ignore=ignore.entity if isinstance(ignore, LuaEntity) else None,
            force=force_of(self.world, wanted.get("force") or "player"),
            opens_gates=bool(wanted.get("can_open_gates")),
        )  # fmt: skip


def _layers(mask: Any) -> list[str]:
    """The collision layers that a filter names: one, a list, or `{layers = {name = true}}`."""
    if isinstance(mask, str):
        return [mask]
    if isinstance(mask, list):
        return [values.text(m, "collision layer") for m in mask]
    layers = values.table(mask, "collision mask").get("layers", mask)
    if isinstance(layers, list):
        return [values.text(m, "collision layer") for m in layers]
    return [name for name, on in layers.items() if on]


def _ring(ring: int) -> Iterable[tuple[int, int]]:
    """The points of a square ring around the origin, the nearest ones first."""
    if ring == 0:
        return [(0, 0)]
    edge = range(-ring, ring + 1)
    points = {(d, s) for d in edge for s in (-ring, ring)} | {(s, d) for d in edge for s in (-ring, ring)}
    return sorted(points, key=lambda p: (p[0] ** 2 + p[1] ** 2, p[1], p[0]))
