"""Ghosts: what is planned to be built, and requests for items that a built thing still lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.engine.blueprint_settings import apply_settings, first_fields, requested
from runtime.engine.blueprint_strings import Values
from runtime.engine.entity import Entity, Site
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.systems.ground import ItemOnGround

if TYPE_CHECKING:
    from runtime.engine.force import Force
    from runtime.engine.world import World

GHOST, TILE_GHOST, PROXY = "entity-ghost", "tile-ghost", "item-request-proxy"
IN_THE_WAY_OF_NOTHING = ("character", "unit", "fish", "item-entity")


class Planned(Entity):
    """A ghost. It goes as soon as something is built that would collide with what it stands for."""

    __slots__ = ("settings", "tags")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.settings: Values = {}  # what a blueprint says beside name, place and direction
        self.tags: Values = {}

    @property
    def ghost_name(self) -> str:
        """The name of what is planned."""
        raise NotImplementedError

    def built(self) -> None:
        for x, y in self.tiles():
            self.world.surface.watch_tile(x, y, self)

    def removed(self) -> None:
        for x, y in self.tiles():
            self.world.surface.unwatch_tile(x, y, self)

    def rotate_to(self, direction: int) -> None:
        self.removed()
        super().rotate_to(direction)
        self.built()

    def more_state(self) -> list[Any]:
        return [self.ghost_name, self.settings, self.tags]


class EntityGhost(Planned):
    """An entity that is planned. `inner` is its prototype, which gives the ghost its size."""

    __slots__ = ("_inner",)
    rotatable = True

    def __init__(self, site: Site) -> None:
        self._inner: EntityPrototype = load().entity[GHOST]
        super().__init__(site)

    @property
    def inner(self) -> EntityPrototype:
        """The prototype of what is planned."""
        return self._inner

    @inner.setter
    def inner(self, proto: EntityPrototype) -> None:
        self._inner = proto
        self.set_box()

    def set_box(self) -> None:
        own, self.proto = self.proto, self._inner
        super().set_box()
        self.proto = own

    @property
    def ghost_name(self) -> str:
        return self.inner.name

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        layers = self.inner.collision_layers
        for e in self.world.surface.cells.get(cell, ()):
            if (
                e.proto.is_building
                and not isinstance(e, Planned)
                and not layers.isdisjoint(e.proto.collision_layers)
                and e.left < self.right and e.right > self.left and e.top < self.bottom and e.bottom > self.top
            ):  # fmt: skip
                self.world.destroy(self)
                return


class TileGhost(Planned):
    """A tile that is planned: `tile` is its name."""

    __slots__ = ("tile",)

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.tile = ""

    @property
    def ghost_name(self) -> str:
        return self.tile


class ItemRequestProxy(Entity):
    """Asks for the items that a built entity was planned with. `plan` is its insert plan."""

    __slots__ = ("plan", "target")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.plan: list[Values] = []
        self.target: Entity = self

    def built(self) -> None:
        for x, y in self.tiles():
            self.world.surface.watch_tile(x, y, self)

    def removed(self) -> None:
        for x, y in self.tiles():
            self.world.surface.unwatch_tile(x, y, self)

    def surroundings_changed(self, cell: tuple[int, int]) -> None:
        if not self.target.valid:
            self.world.destroy(self)

    def requests(self) -> dict[str, int]:
        """Item -> how many are asked for."""
        return requested(self.plan)

    def more_state(self) -> list[Any]:
        return [self.plan, self.target.unit_number]


def blocked(
    world: World, proto: EntityPrototype, x: float, y: float, direction: int, nature_counts: bool = True
) -> bool:
    """Whether something keeps an entity from being planned or revived here; `nature_counts`: trees and rocks do."""

    def passes(entity: Entity) -> bool:
        return entity.type in IN_THE_WAY_OF_NOTHING or (
            not nature_counts and not entity.proto.is_building and entity.type != "cliff"
        )

    return world.surface.obstacle(proto, x, y, direction, passes) is not None


def plan_entity(
    world: World, proto: EntityPrototype, x: float, y: float, direction: int, force: Force, settings: Values
) -> EntityGhost:
    """Put a ghost where an entity shall stand, in place of ghosts that it would collide with."""
    left, top, right, bottom = world.surface.box_at(proto, x, y, direction)
    for other in list(world.surface.within((left, top, right, bottom))):
        if isinstance(other, EntityGhost) and not other.inner.collision_layers.isdisjoint(
            proto.collision_layers
        ):
            overlap = other.left < right and other.right > left and other.top < bottom and other.bottom > top
            if overlap:
                world.destroy(other)
    tags = settings.get("tags", {})
    made = world.create(GHOST, x, y, direction, force, inner=proto, settings=settings, tags=tags)
    assert isinstance(made, EntityGhost)
    return made


def plan_tile(world: World, name: str, x: int, y: int, force: Force) -> TileGhost:
    """Put a ghost where a tile shall lie; (x, y) is the tile's left top corner."""
    for other in world.surface.on_tile(x, y):
        if isinstance(other, TileGhost):
            world.destroy(other)
    made = world.create(TILE_GHOST, x + 0.5, y + 0.5, 0, force, tile=name)
    assert isinstance(made, TileGhost)
    return made


def revive(ghost: Planned) -> tuple[dict[str, int], Entity | None, ItemRequestProxy | None] | None:
    """Build what a ghost stands for: (items that lay there and are taken up, the entity, its request for items).

    None when something is in the way. A tile has no entity.
    """
    world = ghost.world
    if isinstance(ghost, TileGhost):
        world.destroy(ghost)
        world.surface.set_tile(int(ghost.x // 1), int(ghost.y // 1), ghost.tile)
        return {}, None, None
    assert isinstance(ghost, EntityGhost)
    proto, x, y, direction = ghost.inner, ghost.x, ghost.y, ghost.direction
    if blocked(world, proto, x, y, direction):
        return None
    collided: dict[str, int] = {}
    area = (ghost.left, ghost.top, ghost.right, ghost.bottom)
    for pile in [e for e in world.surface.within(area) if isinstance(e, ItemOnGround)]:
        collided[pile.stack_name] = collided.get(pile.stack_name, 0) + pile.count
        world.destroy(pile)
    settings = ghost.settings
    world.destroy(ghost)
    made = world.create(proto.name, x, y, direction, ghost.force, **first_fields(proto.type, settings))
    apply_settings(made, settings)
    plan = settings.get("items")
    if not plan:
        return collided, made, None
    proxy = world.create(PROXY, x, y, 0, ghost.force, plan=plan, target=made)
    assert isinstance(proxy, ItemRequestProxy)
    return collided, made, proxy
