"""The members of `LuaEntity` that ghosts and requests for items have."""

from __future__ import annotations

import copy
from typing import Any

from runtime.engine.blueprint_settings import requested
from runtime.engine.entity import Entity
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read, lua_write
from runtime.engine.prototypes import load
from runtime.engine.systems.ghosts import EntityGhost, ItemRequestProxy, Planned, TileGhost, revive


class GhostMembers(LuaObject):
    """What `LuaEntity` has for ghosts alone."""

    __slots__ = ()
    entity: Entity

    def _ghost(self, member: str) -> Planned:
        if not isinstance(self.entity, Planned):
            raise LuaError(f"LuaEntity::{member} can only be used on ghosts; {self.entity.name} is none.")
        return self.entity

    @lua_read
    def ghost_name(self) -> str:
        return self._ghost("ghost_name").ghost_name

    @lua_read
    def ghost_type(self) -> str:
        ghost = self._ghost("ghost_type")
        return ghost.inner.type if isinstance(ghost, EntityGhost) else "tile"

    @lua_read
    def ghost_localised_name(self) -> list[str]:
        ghost = self._ghost("ghost_localised_name")
        return [f"{'tile' if isinstance(ghost, TileGhost) else 'entity'}-name.{ghost.ghost_name}"]

    @lua_read
    def ghost_prototype(self) -> Any:
        from runtime.engine.lua.entity_prototype import LuaEntityPrototype
        from runtime.engine.lua.tile_prototype import LuaTilePrototype

        ghost = self._ghost("ghost_prototype")
        of = LuaTilePrototype.of if isinstance(ghost, TileGhost) else LuaEntityPrototype.of
        return of(ghost.ghost_name)

    @lua_read
    def tags(self) -> Any:
        return copy.deepcopy(self._ghost("tags").tags) or None

    @lua_read
    def time_to_live(self) -> int:
        self._ghost("time_to_live")
        return 2**32 - 1  # a plan stays until somebody builds it or takes it back

    def _plan(self, member: str) -> list[dict[str, Any]]:
        if isinstance(self.entity, ItemRequestProxy):
            return self.entity.plan
        plan: list[dict[str, Any]] = self._ghost(member).settings.get("items", [])
        return plan

    @lua_read
    def item_requests(self) -> list[dict[str, Any]]:
        return values.contents(requested(self._plan("item_requests")))

    @lua_read
    def insert_plan(self) -> list[dict[str, Any]]:
        return copy.deepcopy(self._plan("insert_plan"))

    @lua_write("insert_plan")
    def set_insert_plan(self, value: Any) -> None:
        from runtime.engine.blueprint_strings import BlueprintError, checked_plan, plain

        self._plan("insert_plan")
        given = list(values.table(value, "insert_plan").values())
        try:
            plan = checked_plan(plain(given))
        except BlueprintError as error:
            raise LuaError(f"Invalid insert_plan: {error}.") from error
        if isinstance(self.entity, ItemRequestProxy):
            self.entity.plan = plan
        else:
            self._ghost("insert_plan").settings["items"] = plan

    @lua_read
    def proxy_target(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        if not isinstance(self.entity, ItemRequestProxy):
            raise LuaError(
                f"LuaEntity::proxy_target can only be used on item request proxies; {self.entity.name} is none."
            )
        return lua_entity(self.entity.target if self.entity.target.valid else None)

    @lua_method
    def silent_revive(self, params: Any = None) -> Any:
        return self._revive("silent_revive", params)

    @lua_method("revive")
    def revive_ghost(self, params: Any = None) -> Any:
        return self._revive("revive", params)

    def _revive(self, member: str, params: Any) -> Any:
        from runtime.engine.lua.entity import lua_entity
        from runtime.engine.lua.inventory import LuaInventory

        ghost = self._ghost(member)
        wanted = values.table(params) if params is not None else {}
        world, tags = ghost.world, ghost.tags
        done = revive(ghost)
        if done is None:
            return None
        collided, made, proxy = done
        overflow = wanted.get("overflow")
        if isinstance(overflow, LuaInventory):
            for name, count in collided.items():
                overflow.inventory.insert(name, count)
        if wanted.get("raise_revive"):
            world.raise_event("script_raised_revive", {"entity": lua_entity(made), "tags": tags or None})
        return collided, lua_entity(made), lua_entity(proxy)


def ghost_recipe(ghost: EntityGhost) -> str | None:
    """The recipe that a machine shall have when it is built."""
    name = ghost.settings.get("recipe")
    return name if name in load().recipe else None
