"""`LuaTechnology`: a technology as one force has it."""

from __future__ import annotations

from typing import Any

from runtime.engine.force import Force
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read, lua_write
from runtime.engine.lua.technology_prototype import LuaTechnologyPrototype, ingredient_tables
from runtime.engine.systems.research import Technology, technology_prototypes


def technology_name(value: Any) -> str:
    """The name that a `TechnologyID` (a name, a LuaTechnology or its prototype) stands for.

    Raises:
        LuaError: there is no such technology.
    """
    name = values.name_of(value, "technology")
    if name not in technology_prototypes():
        raise LuaError(f"Unknown technology name: {name}")
    return name


def of_prototype(name: str) -> Any:
    """A member that is the same as the prototype's."""

    def read(self: LuaTechnology) -> Any:
        return LuaTechnologyPrototype._reads[name](self.prototype())

    return lua_read(name)(read)


class LuaTechnology(LuaObject):
    """Whether, and how far, a force has researched a technology."""

    object_name = "LuaTechnology"
    __slots__ = ("_force", "_tech")

    def __init__(self, force: Force, tech: Technology) -> None:
        self._force = force
        self._tech = tech

    @classmethod
    def of(cls, force: Force, name: str) -> LuaTechnology | None:
        """A force's technology, None if there is none of that name."""
        tech = force.technologies.get(name)
        return cls(force, tech) if tech is not None else None

    @classmethod
    def all_of(cls, force: Force) -> dict[str, LuaTechnology]:
        """All technologies of a force, in the game's order."""
        return {name: cls(force, tech) for name, tech in force.technologies.items()}

    def same_as(self, other: Any) -> bool:
        """The same technology of the same force."""
        return isinstance(other, LuaTechnology) and other._tech is self._tech

    def __str__(self) -> str:
        return f"[LuaTechnology: {self._tech.name}]"

    name = of_prototype("name")
    localised_name = of_prototype("localised_name")
    localised_description = of_prototype("localised_description")
    upgrade = of_prototype("upgrade")
    order = of_prototype("order")
    research_unit_count_formula = of_prototype("research_unit_count_formula")

    @lua_read
    def force(self) -> LuaObject:
        """The force."""
        from runtime.engine.lua.force import LuaForce

        return LuaForce.of(self._force)

    @lua_read
    def prototype(self) -> LuaTechnologyPrototype:
        """The prototype."""
        return LuaTechnologyPrototype.all()[self._tech.name]

    @lua_read
    def enabled(self) -> bool:
        """Whether it may be researched."""
        return self._tech.enabled

    @lua_write("enabled")
    def set_enabled(self, value: Any) -> None:
        """Let it be researched, or not."""
        self._tech.enabled = bool(value)

    @lua_read
    def visible_when_disabled(self) -> bool:
        """Whether the list shows it all the same."""
        return self._tech.visible_when_disabled

    @lua_write("visible_when_disabled")
    def set_visible_when_disabled(self, value: Any) -> None:
        """Show it in the list all the same, or not."""
        self._tech.visible_when_disabled = bool(value)

    @lua_read
    def researched(self) -> bool:
        """Whether it is done; never true of a technology without end."""
        return self._tech.researched

    @lua_write("researched")
    def set_researched(self, value: Any) -> None:
        """Complete it (the present level, if there are several), or take it back; effects follow."""
        self._force.set_researched(self._tech.name, bool(value))

    @lua_read
    def level(self) -> int:
        """The level to be researched next, or the last one."""
        return self._tech.level

    @lua_write("level")
    def set_level(self, value: Any) -> None:
        """As if researched up to the level before; enables it."""
        self._force.set_level(self._tech.name, values.integer(value, "level"))

    @lua_read
    def saved_progress(self) -> float:
        """The fraction of the present level that is done, 0 to 1."""
        return self._tech.saved_progress

    @lua_write("saved_progress")
    def set_saved_progress(self, value: Any) -> None:
        """Say how much is done: 0 up to, but not, 1."""
        progress = values.number(value, "saved_progress")
        if not 0 <= progress < 1:
            raise LuaError(f"Invalid saved_progress: {progress:g} is not in [0, 1).")
        self._tech.saved_progress = progress

    @lua_read
    def prerequisites(self) -> dict[str, LuaTechnology | None]:
        """Name -> technology that has to be researched first."""
        return {n: self.of(self._force, n) for n in self._tech.proto.prerequisites}

    @lua_read
    def successors(self) -> dict[str, LuaTechnology | None]:
        """Name -> technology that needs this one."""
        return {n: self.of(self._force, n) for n in self._tech.proto.successors}

    @lua_read
    def research_unit_ingredients(self) -> list[dict[str, Any]]:
        """What one unit takes."""
        return ingredient_tables(self._tech.proto)

    @lua_read
    def research_unit_count(self) -> int:
        """How many units the present level takes."""
        return self._tech.unit_count

    @lua_read
    def research_unit_energy(self) -> float:
        """Ticks that one unit takes in a lab of speed 1."""
        return self._tech.proto.unit_energy

    @lua_method
    def research_recursive(self) -> None:
        """Complete it and everything it needs."""
        waiting = [self._tech]
        while waiting:
            tech = waiting[-1]
            needed = [self._force.technologies[p] for p in tech.proto.prerequisites]
            missing = [t for t in needed if not t.researched and not t.times_done]
            if missing:
                waiting.extend(missing)
            else:
                waiting.pop()
                if not tech.times_done:
                    self._force.finish(tech)

    @lua_method
    def reload(self) -> None:
        """The prototypes of a world never change."""
