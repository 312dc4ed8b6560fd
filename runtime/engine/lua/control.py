"""The members that `LuaEntity` has from `LuaControl` for characters alone."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read, lua_write
from runtime.engine.prototypes import RecipePrototype, load
from runtime.engine.systems.character import Character
from runtime.engine.systems.hand_crafting import craftable

MOST_CRAFTS = 100_000  # that are queued by one call

# What `character_…` members set: `Character.bonuses`.
BONUSES = (
    "build_distance_bonus", "crafting_speed_modifier", "health_bonus", "inventory_slots_bonus",
    "item_drop_distance_bonus", "item_pickup_distance_bonus", "loot_pickup_distance_bonus",
    "maximum_following_robot_count_bonus", "mining_speed_modifier", "reach_distance_bonus",
    "resource_reach_distance_bonus", "running_speed_modifier", "trash_slot_count_bonus",
)  # fmt: skip


def _bonus(name: str) -> tuple[Any, Any]:
    member = f"character_{name}"

    def read(self: ControlMembers) -> float:
        return self._character(member).bonus(name)

    def write(self: ControlMembers, value: Any) -> None:
        read_as = values.modifier if name.endswith("modifier") or name == "health_bonus" else values.unsigned
        bonus = read_as(value, member)
        self._character(member).set_bonus(name, bonus)

    return lua_read(member)(read), lua_write(member)(write)


class ControlMembers(LuaObject):
    """What `LuaEntity` has for characters: bonuses, reach, and crafting by hand."""

    __slots__ = ()
    entity: Entity

    for _name in BONUSES:
        vars()[f"character_{_name}"], vars()[f"set_character_{_name}"] = _bonus(_name)
    del _name

    def _character(self, member: str) -> Character:
        if not isinstance(self.entity, Character):
            raise LuaError(
                f"LuaEntity::{member} can only be used on characters; {self.entity.name} is of type {self.entity.type}."
            )
        return self.entity

    # --- how far and how fast ------------------------------------------------------------------------------------

    @lua_read
    def reach_distance(self) -> float:
        """How far it reaches entities, tiles."""
        return self._character("reach_distance").reach

    @lua_read
    def build_distance(self) -> float:
        """How far it builds, tiles."""
        return self._character("build_distance").build_distance

    @lua_read
    def resource_reach_distance(self) -> float:
        """How far it mines resources, tiles."""
        return self._character("resource_reach_distance").resource_reach

    @lua_read
    def drop_item_distance(self) -> float:
        """How far it drops items, tiles."""
        character = self._character("drop_item_distance")
        bonus = character.force.character_item_drop_distance_bonus + character.bonus(
            "item_drop_distance_bonus"
        )
        return float(character.proto.raw["drop_item_distance"] + bonus)

    @lua_read
    def item_pickup_distance(self) -> float:
        """How far it picks items up, tiles."""
        character = self._character("item_pickup_distance")
        bonus = character.force.character_item_pickup_distance_bonus
        return float(
            character.proto.raw["item_pickup_distance"]
            + bonus
            + character.bonus("item_pickup_distance_bonus")
        )

    @lua_read
    def loot_pickup_distance(self) -> float:
        """How far it picks up what fell from enemies, tiles."""
        character = self._character("loot_pickup_distance")
        bonus = character.force.character_loot_pickup_distance_bonus
        return float(
            character.proto.raw["loot_pickup_distance"]
            + bonus
            + character.bonus("loot_pickup_distance_bonus")
        )

    @lua_read
    def character_running_speed(self) -> float:
        """Tiles per tick, where it stands."""
        return self._character("character_running_speed").running_speed

    @lua_query
    def can_reach_entity(self, other: Any) -> bool:
        """Whether another entity is within its reach."""
        if not isinstance(other, ControlMembers):
            raise LuaError("Invalid entity: LuaEntity expected.")
        return self._character("can_reach_entity").can_reach(other.entity)

    # --- crafting by hand ----------------------------------------------------------------------------------------

    @lua_read
    def crafting_queue_size(self) -> int:
        """Crafts still to come."""
        return self._character("crafting_queue_size").crafting.size()

    @lua_read
    def crafting_queue(self) -> Any:
        """What is to be crafted, intermediates too; nil for nothing."""
        entries = self._character("crafting_queue").crafting.entries()
        return [{"index": i, "recipe": r.name, "count": n} for i, (r, n) in enumerate(entries, 1)] or None

    @lua_read
    def crafting_queue_progress(self) -> float:
        """Share of the craft under way that is done."""
        return self._character("crafting_queue_progress").crafting.progress

    def _recipe(self, value: Any) -> RecipePrototype:
        name = values.name_of(value, "recipe")
        proto = load().recipe.get(name)
        if proto is None:
            raise LuaError(f"Unknown recipe name: {name}")
        return proto

    @lua_query
    def get_craftable_count(self, recipe: Any) -> int:
        """How many times it could make a recipe of what it has, intermediates included."""
        character = self._character("get_craftable_count")
        proto = self._recipe(recipe)
        if not craftable(character, proto) or not proto.ingredients:
            return 0
        plan = character.crafting.possible(proto, MOST_CRAFTS)
        return plan.steps[-1].crafts if plan is not None else 0

    @lua_method
    def begin_crafting(self, params: Any) -> int:
        """Queue crafts of a recipe with what they lack; how many were queued."""
        character = self._character("begin_crafting")
        wanted = values.table(params)
        count = max(0, min(MOST_CRAFTS, values.integer(wanted.get("count", 1), "count")))
        return character.crafting.begin(self._recipe(wanted.get("recipe")), count)

    @lua_method
    def cancel_crafting(self, options: Any) -> None:
        """Cancel crafts of an entry of the queue; what they held goes back."""
        crafting = self._character("cancel_crafting").crafting
        wanted = values.table(options)
        index = values.integer(wanted.get("index"), "index")
        count = values.integer(wanted.get("count"), "count")
        if not 1 <= index <= len(crafting.entries()):
            raise LuaError(f"Index out of bounds: {index} (the queue has {len(crafting.entries())} entries).")
        if count > 0:
            crafting.cancel(index - 1, count)
