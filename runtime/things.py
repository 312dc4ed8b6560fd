"""What stands where, asked from the trusted side: a call names a thing by its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.broker import World
from runtime.lua_literals import Literal, encode
from runtime.tool_arguments import GROUPS

NEAR_TILES = 1
"""So far from the place that is named a thing may be."""
AROUND_TILES = 10
"""So far around it others are looked for, to name the nearest."""

ALWAYS = {
    "extract_item": ("source",),
    "insert_item": ("target",),
    "inspect_inventory": ("entity",),
    "launch_rocket": ("silo",),
    "pickup_entity": ("entity",),
    "rotate_entity": ("entity",),
    "set_entity_recipe": ("entity",),
    "shift_entity": ("entity",),
}
"""The arguments that mean a thing. Others that have a name mean one too, and a place where they have none."""

TAKES_GROUPS = frozenset({"connect_entities", "get_connection_amount", "insert_item", "pickup_entity"})
"""For other tools the name of a group means the one part that stands there."""

_CHARACTER = """/silent-command
local c = storage.agent_characters and storage.agent_characters[1]
if not (c and c.valid) then c = nil end
local surface = c and c.surface or game.surfaces[1]
rcon.print(c and c.position.x .. " " .. c.position.y or "")
"""
_FIND = """
local find
function find(x, y, names, other)
    local near, distance
    for _, radius in ipairs({NEAR, AROUND}) do
        local area = {{x - radius, y - radius}, {x + radius, y + radius}}
        for _, e in pairs(surface.find_entities_filtered{area = area, force = "player", name = names}) do
            if e.name ~= "character" then
                local box, at = e.bounding_box, e.position
                local dx = math.max(box.left_top.x - x, 0, x - box.right_bottom.x)
                local dy = math.max(box.left_top.y - y, 0, y - box.right_bottom.y)
                local d = dx * dx + dy * dy + ((at.x - x) ^ 2 + (at.y - y) ^ 2) / 10000
                if not near or d < distance then near, distance = e, d end
            end
        end
        if near then
            rcon.print(near.name .. " " .. near.position.x .. " " .. near.position.y .. " " .. radius .. other)
            return
        end
    end
    if names then find(x, y, nil, " other") else rcon.print("") end
end
""".replace("{NEAR, AROUND}", f"{{{NEAR_TILES}, {AROUND_TILES}}}")


class NothingThere(ValueError):
    """Nothing of the player's stands where a call says; the message names the nearest thing."""


@dataclass(frozen=True)
class Ready:
    """A call's arguments with each thing's own name and position, and where the character is, if that was read."""

    arguments: dict[str, Any]
    position: tuple[float, float] | None


def look_up(world: World, tool: str, arguments: Mapping[str, Any]) -> Ready:
    """Finds the things that checked arguments mean. Asks the world only if the call needs it.

    Raises NothingThere.
    """
    meant = {
        name: value
        for name, value in arguments.items()
        if isinstance(value, dict) and ("name" in value or name in ALWAYS.get(tool, ()))
    }
    if not meant and tool != "move_to":
        return Ready(dict(arguments), None)
    command = _CHARACTER
    if meant:
        command += _FIND
    if tool == "launch_rocket":
        meant = {"silo": {**meant["silo"], "name": "rocket-silo"}}
    for value in meant.values():
        name = value.get("name")
        parts: Literal = list(GROUPS.get(name, (name,))) if name is not None else None
        command += f"find({encode(value['x'])}, {encode(value['y'])}, {encode(parts)}, '')\n"
    character, *found = world.command(command).split("\n")[: len(meant) + 1] + [""] * len(meant)
    ready = dict(arguments)
    for (name, value), line in zip(meant.items(), found, strict=False):
        ready[name] = _thing(value, line.split(), tool in TAKES_GROUPS)
    x, _, y = character.partition(" ")
    return Ready(ready, (float(x), float(y)) if y else None)


def _thing(asked: Mapping[str, Any], found: list[str], groups: bool) -> dict[str, Any]:
    what = asked.get("name", "")
    # Where a group is said to be may be in the middle of its parts.
    if len(found) == 4 and (int(found[3]) == NEAR_TILES or what in GROUPS):
        name = what if what in GROUPS and groups else found[0]
        return {"name": name, "x": float(found[1]), "y": float(found[2])}
    place = f"({asked['x']:g}, {asked['y']:g})"
    missing = f"No {what} of yours stands at {place}" if what else f"Nothing of yours stands at {place}"
    if not found:
        raise NothingThere(f"{missing}, nor within {AROUND_TILES} tiles of it.")
    if found[4:]:
        raise NothingThere(
            f"{missing}; the nearest of your things is {found[0]} at ({float(found[1]):g}, {float(found[2]):g})."
        )
    nearest = "the nearest is" if what else f"the nearest is {found[0]}"
    raise NothingThere(f"{missing}; {nearest} at ({float(found[1]):g}, {float(found[2]):g}).")
