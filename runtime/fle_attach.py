"""FLE attached to a world that is already running, and FLE creating a new one.

FLE's `FactorioInstance` resets the world when it is constructed. `create` lets it do that, once. `attach`
makes an instance without its `__init__`: all tools, nothing sent to the world. `prelude` gives FLE's Lua as
definitions without side effects, for worlds that lost them (functions can't be saved).

This module imports FLE only inside functions: importing it is cheap.
"""

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

ENDLESS_SPEED = float("inf")
"""What FLE's clients are told of the world's speed where a broker waits in their stead."""

LIBRARIES = (
    "lualib_util",
    "utils",
    "alerts",
    "connection_points",
    "recipe_fluid_connection_mappings",
    "serialize",
    "serialize_direction_fix",
)
"""FLE's libraries in the order of FactorioInstance.initialise."""


class RconClient(Protocol):
    """What FLE uses of factorio_rcon.RCONClient."""

    def send_command(self, command: str) -> str | None: ...


def attach(
    rcon_client: RconClient,
    *,
    speed: float = ENDLESS_SPEED,
    num_agents: int = 1,
    namespace_class: Callable[[Any, int], Any] | None = None,
) -> Any:
    """A FactorioInstance on a running world: tools set up, nothing sent, nothing reset, FLE's helpers the faster ones.

    rcon_client: carries FLE's commands. speed: what FLE believes of the world's speed, for its own waiting.
    namespace_class: in place of FLE's FactorioNamespace.
    """
    from fle.env.instance import FactorioInstance, GameControl
    from fle.env.lua_manager import LuaScriptManager
    from fle.env.namespace import FactorioNamespace

    from runtime.fle_faster import put_in_place

    put_in_place()

    class LoadedScripts(LuaScriptManager):  # type: ignore[misc]
        """FLE's script manager for a world that has the scripts: it loads none."""

        def __init__(self) -> None:
            self.rcon_client = rcon_client
            self.cache_scripts = True
            self.lib_scripts: dict[str, str] = {}
            self.tool_scripts: dict[str, str] = {}

        def load_tool_into_game(self, name: str) -> None:
            pass

        def load_init_into_game(self, name: str) -> None:
            pass

    instance = FactorioInstance.__new__(FactorioInstance)
    instance.id = "attached"
    instance.num_agents = num_agents
    instance.persistent_vars = {}
    instance.tcp_port = 0
    instance.rcon_client = rcon_client
    instance.address = "127.0.0.1"
    instance.fast = True
    instance._ticks_elapsed = 0
    instance._is_initialised = True
    instance.peaceful = True
    instance.initial_inventory = {}
    instance.all_technologies_researched = False
    instance.initial_score = 0
    instance.pre_tool_hooks = {}
    instance.post_tool_hooks = {}
    instance.script_dict = {}
    make_namespace = namespace_class or FactorioNamespace
    instance.namespaces = [make_namespace(instance, index) for index in range(num_agents)]
    instance.game_control = GameControl(rcon_client, None, speed, False)
    instance.game_control._speed = speed
    instance.lua_script_manager = LoadedScripts()
    instance.lua_script_manager.setup_tools(instance)
    for namespace in instance.namespaces:
        namespace._freeze_protected_names()
    return instance


def create(
    port: int,
    password: str,
    *,
    inventory: dict[str, int],
    all_technologies_researched: bool,
    speed: float,
) -> None:
    """Runs FLE's own FactorioInstance against a new world at 127.0.0.1:`port`: resets it, loads the scripts.

    inventory: items and counts that the character starts with. speed: the world's speed afterwards.
    Raises what FLE raises.
    """
    from fle.env import instance as fle_instance

    fle_instance.RCON_PASSWORD = password
    made = fle_instance.FactorioInstance(
        address="127.0.0.1",
        tcp_port=port,
        fast=True,
        peaceful=True,
        inventory=inventory,
        all_technologies_researched=all_technologies_researched,
        clear_entities=True,
        reset_speed=speed,
    )
    made.cleanup()


def fle_directory() -> Path:
    """FLE's `env` folder, found without importing FLE."""
    spec = importlib.util.find_spec("fle")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("factorio-learning-environment is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "env"


def prelude() -> list[str]:
    """FLE's Lua as commands' bodies, in order, that define everything and change nothing in the world.

    A world remembers them and runs them again after a restore. What the scripts' first lines set in
    `storage` is put back afterwards; the lines of score/server.lua that rebase the score are left out. The
    handlers that FLE registers for slow mode and for its scan of all entities once a game second are
    removed, and alerts are looked for when they are asked for. Last come the checksums by which FLE knows
    that its scripts are loaded.
    """
    env = fle_directory()
    scripts: dict[str, str] = {}
    checksums: dict[str, str] = {}

    def add(name: str, path: Path) -> None:
        text = path.read_text("utf-8")
        checksums[name] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        scripts[name] = _without_rebase(text) if path.parent.name == "score" else text

    add("checksum", env / "mods" / "checksum.lua")
    add("initialise", env / "mods" / "initialise.lua")
    for folder in ("admin", "agent"):  # the agents' score comes last: it knows the automated part
        for tool in sorted((env / "tools" / folder).iterdir()):
            if (tool / "client.py").is_file() and (tool / "server.lua").is_file():
                for path in sorted(
                    tool.glob("*.lua"), key=lambda path: (path.name == "server.lua", path.name)
                ):
                    add(f"{folder}/{tool.name}/{path.name}", path)
    for library in LIBRARIES:
        add(library, env / "mods" / f"{library}.lua")
    # FLE's first script needs no checksum: it loads that one every time.
    del checksums["checksum"]
    marks = "\n".join(
        f"storage.__lua_script_checksums[{json.dumps(name)}] = {json.dumps(checksum)}"
        for name, checksum in checksums.items()
    )
    return [_KEEP, *scripts.values(), _PUT_BACK, _ON_DEMAND_ALERTS, marks]


def _without_rebase(text: str) -> str:
    """score/server.lua without what runs when it is loaded: it would set the score back to zero."""
    shortened, count = re.subn(
        r"^storage\.goal = nil$.*?(?=^storage\.actions\.score = )", "", text, flags=re.DOTALL | re.MULTILINE
    )
    if count != 1:
        raise ValueError(
            "FLE's score/server.lua does not look as expected: its rebasing lines were not found"
        )
    return shortened


# Everything plain in storage, as it was before the scripts ran. (FLE's global `player` is put back as well.)
_KEEP = """
__kept = {}
for key, value in pairs(storage) do
    if type(value) ~= "function" and key ~= "actions" and key ~= "utils" then __kept[key] = value end
end
"""

_PUT_BACK = """
for key, value in pairs(__kept) do storage[key] = value end
__kept = nil
player = storage.agent_characters[1]
script.on_event(defines.events.on_tick, nil)
script.on_nth_tick(5, nil)
script.on_nth_tick(15, nil)
"""

# FLE's records alerts once a game second, and gives those that are older than some seconds. Here an alert
# is whatever is wrong now.
_ON_DEMAND_ALERTS = """
storage.get_alerts = function(seconds)
    local alerts = {}
    for _, surface in pairs(game.surfaces) do
        for _, entity in pairs(surface.find_entities_filtered({force = "player"})) do
            local issues = storage.utils.get_issues(entity)
            if #issues > 0 then
                table.insert(alerts, {
                    position = entity.position,
                    issues = issues,
                    entity_name = '"' .. entity.name:gsub(" ", "_") .. '"',
                    tick = game.tick,
                })
            end
        end
    end
    return alerts
end
"""


def clean_environment() -> dict[str, str]:
    """The environment of processes that import FLE: nothing of ours but the path, and no `.env` read."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
        "PYTHON_DOTENV_DISABLED": "1",
        "PYTHONWARNINGS": "ignore",
        "OPENBLAS_NUM_THREADS": "1",
    }
