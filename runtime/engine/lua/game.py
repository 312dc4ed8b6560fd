"""`LuaGameScript` (the global `game`) with its map settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.engine.inventory import Inventory
from runtime.engine.lua import values
from runtime.engine.lua.bootstrap import message_text
from runtime.engine.lua.custom_table import LuaCustomTable
from runtime.engine.lua.force import LuaForce
from runtime.engine.lua.inventory import LuaInventory
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read, lua_write
from runtime.engine.lua.surface import LuaSurface

if TYPE_CHECKING:
    from runtime.engine.game import Game
    from runtime.engine.world import World


class LuaGameScript(LuaObject):
    """The game as scripts see it: time, forces, the surface. There are no players."""

    __slots__ = ("game", "settings")
    object_name = "LuaGameScript"

    def __init__(self, game: Game) -> None:
        self.game = game
        self.settings = MapSettings(game.world)

    # --- time --------------------------------------------------------------------------------------------------

    @lua_read
    def tick(self) -> int:
        return self.game.world.tick

    @lua_read
    def ticks_played(self) -> int:
        return self.game.world.tick

    @lua_read
    def speed(self) -> float:
        return self.game.clock.speed

    @lua_write("speed")
    def set_speed(self, value: Any) -> None:
        speed = values.number(value, "speed")
        if speed < 0.01:
            raise LuaError("Game speed can't be lower than 0.01.")
        self.game.clock.set_speed(speed)

    @lua_read
    def tick_paused(self) -> bool:
        return self.game.clock.paused

    @lua_write("tick_paused")
    def set_tick_paused(self, value: Any) -> None:
        self.game.clock.set_paused(bool(value))

    @lua_read
    def ticks_to_run(self) -> int:
        return self.game.clock.ticks_to_run

    @lua_write("ticks_to_run")
    def set_ticks_to_run(self, value: Any) -> None:
        ticks = values.integer(value, "ticks_to_run")
        if ticks < 0:
            raise LuaError("ticks_to_run can't be negative.")
        self.game.clock.set_ticks_to_run(ticks)

    # --- what there is -----------------------------------------------------------------------------------------

    @lua_read
    def players(self) -> LuaCustomTable:
        return LuaCustomTable(dict)

    @lua_read
    def connected_players(self) -> list[Any]:
        return []

    @lua_read
    def player(self) -> None:
        return None

    @lua_read
    def forces(self) -> LuaCustomTable:
        forces = self.game.world.forces
        by_index = {f.index: f for f in forces.values()}

        def find(key: Any) -> Any:
            force = forces.get(key) if isinstance(key, str) else by_index.get(key)
            return None if force is None else LuaForce.of(force)

        return LuaCustomTable(lambda: {n: LuaForce.of(f) for n, f in forces.items()}, find)

    @lua_read
    def surfaces(self) -> LuaCustomTable:
        surface = LuaSurface.of(self.game.world)
        return LuaCustomTable(
            lambda: {"nauvis": surface}, lambda key: surface if key in (1, "nauvis") else None
        )

    @lua_query
    def get_surface(self, surface: Any) -> Any:
        return LuaSurface.of(self.game.world) if surface in (1, "nauvis") else None

    @lua_method
    def get_player(self, player: Any) -> None:
        return None

    @lua_read
    def map_settings(self) -> MapSettings:
        return self.settings

    @lua_read
    def difficulty_settings(self) -> dict[str, Any]:
        return {"technology_price_multiplier": 1, "spoil_time_modifier": 1}

    @lua_read
    def default_map_gen_settings(self) -> dict[str, Any]:
        return {"seed": self.game.world.seed}

    # --- doing -------------------------------------------------------------------------------------------------

    @lua_method("print")
    def print_line(self, message: Any = None, settings: Any = None) -> None:
        self.game.log(f"Script print: {message_text(message)}")

    @lua_method
    def create_inventory(self, size: Any, gui_title: Any = None) -> LuaInventory:
        slots = values.integer(size, "size")
        if not 0 <= slots <= 65535:
            raise LuaError(f"Invalid size: {slots} (0 to 65535).")
        return LuaInventory(Inventory(slots))

    @lua_method
    def reset_game_state(self) -> None:
        """Forgets that the game was won or lost; nobody ever is here."""

    @lua_method
    def reset_time_played(self) -> None:
        """Headless worlds show nobody how long was played."""

    @lua_method
    def auto_save(self, name: Any = None) -> None:
        self.game.save_soon()

    @lua_method
    def server_save(self, name: Any = None) -> None:
        """Saves after this tick, as `saves/NAME.save` where a name is given."""
        if name is None:
            self.game.save_soon()
        else:
            self.game.ask_save(values.text(name, "name"))

    @lua_method
    def take_screenshot(self, params: Any) -> None:
        values.table(params)  # a headless server takes no pictures

    @lua_method
    def is_multiplayer(self) -> bool:
        return True


class EnemyExpansion(LuaObject):
    """`game.map_settings.enemy_expansion`: whether enemies found new nests, which they don't do here."""

    __slots__ = ("world",)
    object_name = "EnemyExpansionMapSettings"
    any_key = True

    def __init__(self, world: World) -> None:
        self.world = world

    @lua_read
    def enabled(self) -> bool:
        return self.world.combat.expands

    @lua_write("enabled")
    def set_enabled(self, value: Any) -> None:
        self.world.combat.expands = bool(value)


class EnemyEvolution(LuaObject):
    """`game.map_settings.enemy_evolution`: whether enemies evolve when their nests are killed."""

    __slots__ = ("world",)
    object_name = "EnemyEvolutionMapSettings"
    any_key = True

    def __init__(self, world: World) -> None:
        self.world = world

    @lua_read
    def enabled(self) -> bool:
        return self.world.combat.evolves

    @lua_write("enabled")
    def set_enabled(self, value: Any) -> None:
        self.world.combat.evolves = bool(value)


class MapSettings(LuaObject):
    """`game.map_settings`."""

    __slots__ = ("evolution", "expansion")
    object_name = "MapSettings"

    def __init__(self, world: World) -> None:
        self.evolution = EnemyEvolution(world)
        self.expansion = EnemyExpansion(world)

    @lua_read
    def enemy_evolution(self) -> EnemyEvolution:
        return self.evolution

    @lua_read
    def enemy_expansion(self) -> EnemyExpansion:
        return self.expansion
