"""`LuaRecipe`: a recipe as one force has it."""

from __future__ import annotations

from typing import Any

from runtime.engine.force import Force
from runtime.engine.lua import values
from runtime.engine.lua.recipe_prototype import LuaRecipePrototype
from runtime.engine.lua.sandbox import LuaObject, lua_method, lua_query, lua_read, lua_write


def of_prototype(name: str) -> Any:
    """A member that is the same as the prototype's."""

    def read(self: LuaRecipe) -> Any:
        return LuaRecipePrototype._reads[name](self.proto)

    return lua_read(name)(read)


class LuaRecipe(LuaObject):
    """What a force knows of a recipe is whether it is enabled; all else is the prototype's."""

    object_name = "LuaRecipe"
    __slots__ = ("_force", "_name", "proto")

    def __init__(self, force: Force, proto: LuaRecipePrototype) -> None:
        self._force = force
        self._name: str = proto.raw["name"]
        self.proto = proto

    @classmethod
    def of(cls, force: Force, name: str) -> LuaRecipe | None:
        """A force's recipe, None if there is none of that name."""
        proto = LuaRecipePrototype.of(name)
        return cls(force, proto) if proto is not None else None

    @classmethod
    def all_of(cls, force: Force) -> dict[str, LuaRecipe]:
        """All recipes of a force, in the game's order."""
        return {name: cls(force, proto) for name, proto in LuaRecipePrototype.all().items()}

    def same_as(self, other: Any) -> bool:
        """The same recipe of the same force."""
        return isinstance(other, LuaRecipe) and other._force is self._force and other._name == self._name

    def __str__(self) -> str:
        return f"[LuaRecipe: {self._name}]"

    name = of_prototype("name")
    localised_name = of_prototype("localised_name")
    localised_description = of_prototype("localised_description")
    category = of_prototype("category")
    additional_categories = of_prototype("additional_categories")
    ingredients = of_prototype("ingredients")
    products = of_prototype("products")
    hidden = of_prototype("hidden")
    hidden_from_flow_stats = of_prototype("hidden_from_flow_stats")
    energy = of_prototype("energy")
    order = of_prototype("order")
    group = of_prototype("group")
    subgroup = of_prototype("subgroup")

    @lua_read
    def prototype(self) -> LuaRecipePrototype:
        """The prototype."""
        return self.proto

    @lua_read
    def force(self) -> LuaObject:
        """The force."""
        from runtime.engine.lua.force import LuaForce

        return LuaForce.of(self._force)

    @lua_read
    def enabled(self) -> bool:
        """Whether the force may use it."""
        return self._name in self._force.recipes_enabled

    @lua_write("enabled")
    def set_enabled(self, value: Any) -> None:
        """Let the force use it, or not."""
        self._force.enable_recipe(self._name, bool(value))

    @lua_read
    def productivity_bonus(self) -> float:
        """What technologies add to what it gives, as a share."""
        return self._force.modifiers.get(("change-recipe-productivity", self._name), 0.0)

    @lua_write("productivity_bonus")
    def set_productivity_bonus(self, value: Any) -> None:
        """Say what is added to what it gives."""
        bonus = values.modifier(value, "productivity_bonus")
        self._force.set_modifier("change-recipe-productivity", self._name, bonus)

    @lua_query
    def has_category(self, category: str) -> bool:
        """Whether machines of a crafting category make it."""
        return self.proto.has_category(category)

    @lua_method
    def reload(self) -> None:
        """The prototypes of a world never change."""
