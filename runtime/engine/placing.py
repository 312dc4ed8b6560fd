"""Building: where an entity may stand, how it snaps to the grid, and what it may replace."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import CLASSES, Entity, tiles_of, turned
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.systems.belts import TransportBelt
from runtime.engine.systems.fluids import would_mix
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.systems.splitters import Splitter

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

# Scripts put these into the way of path requests, over whatever stands there.
INERT = frozenset({"simple-entity", "simple-entity-with-owner", "simple-entity-with-force"})

RAILS = frozenset({"straight-rail", "half-diagonal-rail", "curved-rail-a", "curved-rail-b"})
RAIL_GRID = RAILS | {"train-stop"}  # they stand on every second tile
ON_RAILS = frozenset({"artillery-wagon", "cargo-wagon", "fluid-wagon", "locomotive"})


def snapped(proto: EntityPrototype, x: float, y: float, direction: int) -> tuple[float, float]:
    """The position the game gives an entity: buildings and resources stand on the tile grid."""
    if proto.type in ON_RAILS or not (proto.is_building or proto.type == "resource"):
        return x, y
    if proto.type in RAIL_GRID:
        return 2 * math.floor(x / 2) + 1.0, 2 * math.floor(y / 2) + 1.0
    width, height = proto.tile_width, proto.tile_height
    if direction % 8 == 4:
        width, height = height, width
    return _snap(x, width), _snap(y, height)


def _snap(value: float, size: int) -> float:
    if size % 2:
        return math.floor(value) + 0.5
    # Halves go away from zero, as FLE's own tests have it.
    return float(math.copysign(math.floor(abs(value) + 0.5), value)) + 0.0


def faced(proto: EntityPrototype, direction: int) -> int:
    """The direction an entity takes: those that can't be turned face north."""
    cls = CLASSES.get(proto.type, Entity)
    if proto.type == "character":
        return direction
    return direction if cls.can_face(proto) else 0


def can_place(
    world: World, proto: EntityPrototype, x: float, y: float, direction: int, force: Force, manual: bool
) -> bool:
    """Whether an entity may be built here. `manual`: by the rules for a player's hand, which also wants resources under
    drills, water before pumps and no pipes of two fluids joined.
    """
    direction = faced(proto, direction)
    if proto.type in ON_RAILS and not has_rails(world, proto, x, y, direction):
        return False
    # A hand builds over items on the ground.
    if world.surface.obstacle(proto, x, y, direction, _lies_about if manual else None) is not None:
        return can_fast_replace(world, proto, x, y, direction) is not None if manual else False
    if manual and proto.type == "mining-drill":
        return has_resources(world, proto, x, y)
    return not manual or (
        has_tiles(world, proto, x, y, direction) and not would_mix(world, proto, x, y, direction, force)
    )


def has_resources(world: World, proto: EntityPrototype, x: float, y: float) -> bool:
    """Whether a drill would have something to mine."""
    radius = proto.raw["resource_searching_radius"]
    wanted = set(proto.raw["resource_categories"])
    return any(
        e.type == "resource" and e.proto.raw.get("category", "basic-solid") in wanted
        for e in world.surface.within((x - radius, y - radius, x + radius, y + radius))
    )


def has_rails(world: World, proto: EntityPrototype, x: float, y: float, direction: int) -> bool:
    """Whether there are rails under both of a wagon's or a locomotive's bogies."""
    half = proto.raw["joint_distance"] / 2
    dx, dy = (half, 0.0) if direction % 8 == 4 else (0.0, half)
    return all(any(e.type in RAILS for e in world.surface.at(x + s * dx, y + s * dy)) for s in (0, 1, -1))


def has_tiles(world: World, proto: EntityPrototype, x: float, y: float, direction: int) -> bool:
    """Whether the ground is what `tile_buildability_rules` want: for offshore pumps land, and 3 × 2 tiles of water ahead."""
    tile_layers = load().tile_layers
    for rule in proto.raw.get("tile_buildability_rules") or ():
        (left, top), (right, bottom) = rule["area"]
        left, top, right, bottom = turned((left, top, right, bottom), direction)
        wanted, unwanted = rule["required_tiles"]["layers"], rule["colliding_tiles"]["layers"]
        for cell in tiles_of(x + left, y + top, x + right, y + bottom):
            layers = tile_layers[world.surface.tile(*cell)]
            if layers.isdisjoint(wanted) or not layers.isdisjoint(unwanted):
                return False
    return True


def can_fast_replace(
    world: World, proto: EntityPrototype, x: float, y: float, direction: int
) -> Entity | None:
    """The entity that one may be built over at once: another of its group, or the same facing elsewhere."""
    if proto.fast_replaceable_group is None:
        return None
    if carries(proto):
        return next(iter(built_over(world, proto, x, y, direction)), None)
    for e in world.surface.at(x, y):
        same_place = e.proto.fast_replaceable_group == proto.fast_replaceable_group and (e.x, e.y) == (x, y)
        if same_place and (e.proto is not proto or e.direction != direction):
            blocker = world.surface.obstacle(proto, x, y, direction, _only(e))
            return e if blocker is None else None
    return None


def carries(proto: EntityPrototype) -> bool:
    """Whether entities of a prototype are belts, of whatever kind."""
    return issubclass(CLASSES.get(proto.type, Entity), (TransportBelt, Splitter))


def built_over(
    world: World, proto: EntityPrototype, x: float, y: float, direction: int
) -> list[TransportBelt | Splitter]:
    """The belts, undergrounds and splitters that another one may be built over at once; none where it may not."""
    left, top, right, bottom = world.surface.box_at(proto, x, y, direction)
    found: list[TransportBelt | Splitter] = []
    for e in world.surface.within((left, top, right, bottom)):
        if not isinstance(e, (TransportBelt, Splitter)):
            continue
        if e.proto.fast_replaceable_group != proto.fast_replaceable_group:
            return []
        if isinstance(e, Splitter) and proto.type == e.type and (e.x, e.y) != (x, y):
            return []
        found.append(e)
    if len(found) == 1 and found[0].proto is proto and found[0].direction == direction:
        return []
    blocker = world.surface.obstacle(
        proto, x, y, direction, lambda e: e in found or _lies_about(e) or _movable(e)
    )
    return found if blocker is None else []


def _build_over(
    world: World,
    proto: EntityPrototype,
    x: float,
    y: float,
    direction: int,
    force: Force,
    old: list[TransportBelt | Splitter],
    fields: dict[str, Any],
) -> Entity:
    """Build a belt over others: what lay on its tiles stays on it, the rest comes to lie on the ground."""
    before = sum((carried(e) for e in old), Counter[str]())
    made = world.create(proto.name, x, y, direction, force, **fields)
    assert isinstance(made, (TransportBelt, Splitter))
    if isinstance(made, Splitter):
        for e in old:
            if isinstance(e, Splitter):
                made.set_up_as(e)
    for e in old:
        world.destroy(e)
    for name, count in (before - carried(made)).items():
        world.spill(x, y, name, count)
    return made


def carried(entity: TransportBelt | Splitter) -> Counter[str]:
    """What lies on a belt or a splitter, and in the tunnel that it leads into."""
    return Counter(name for belt, lane in entity.lines() for name, _ in belt.lane_contents(lane))


def place(
    world: World,
    proto: EntityPrototype,
    x: float,
    y: float,
    direction: int,
    force: Force,
    fast_replace: bool,
    fields: dict[str, Any],
) -> Entity | None:
    """Build an entity as `LuaSurface.create_entity`; None where something solid of a player's stands in the way.

    Scripts may build where a hand may not (on trees, on ore, over characters). In the game they may build anything over
    anything; here only what never acts may overlap buildings, since two that act would share their places.
    """
    direction = faced(proto, direction)
    if fast_replace:
        old = can_fast_replace(world, proto, x, y, direction)
        if old is not None:
            if old.proto is proto:
                old.rotate_to(direction)
                return old
            if carries(proto):
                over = built_over(world, proto, x, y, direction)
                return _build_over(world, proto, x, y, direction, force, over, fields)
            kept = [(n, c) for i in old.inventories().values() for n, c in i.contents().items()]
            world.destroy(old)
            made = world.create(proto.name, x, y, direction, force, **fields)
            for name, count in kept:
                made.insert(name, count)
            return made
    if proto.type == "character":
        return world.create(proto.name, x, y, direction, force, **fields)
    if proto.type in ON_RAILS:
        if not has_rails(world, proto, x, y, direction):
            return None
        rail = next(e for e in world.surface.at(x, y) if e.type in RAILS)
        x, y = (x, rail.y) if direction % 8 == 4 else (rail.x, y)
    if (
        "player-creation" in proto.flags
        and proto.type not in INERT
        and world.surface.obstacle(proto, x, y, direction, _movable) is not None
    ):
        return None
    made = world.create(proto.name, x, y, direction, force, **fields)
    if proto.is_building:
        _clear_ground(world, made)
    return made


def _clear_ground(world: World, made: Entity) -> None:
    """Items that lay where something has been built come to lie beside it."""
    area = (made.left, made.top, made.right, made.bottom)
    for pile in [e for e in world.surface.within(area) if isinstance(e, ItemOnGround)]:
        if world.surface.obstacle(pile.proto, pile.x, pile.y, 0, _only(pile)) is not None:
            world.destroy(pile)
            world.spill(pile.x, pile.y, pile.stack_name, pile.count)


def _only(one: Entity) -> Callable[[Entity], bool]:
    return lambda entity: entity is one


def _lies_about(entity: Entity) -> bool:
    return entity.type == "item-entity"


def _movable(entity: Entity) -> bool:
    return entity.type in ("character", "unit", "fish", "item-entity")
