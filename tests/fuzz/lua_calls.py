"""Every member of the Lua API that FLE uses, read, written and called with everything that it doesn't expect.

Where the members come from: lua_members.csv, a line for each (class, member, access, keys that FLE passes in its table).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtime.rcon_client import WorldClient

MEMBERS = Path(__file__).with_name("lua_members.csv")
BATCH = 40  # attempts in one command

# A world with one of nearly everything, and `subjects`: class -> objects of that class.
PREPARE = r"""
local surface, force = game.surfaces[1], game.forces.player
subjects, invalid = {}, nil
local function add(class, object)
  if object then
    subjects[class] = subjects[class] or {}
    table.insert(subjects[class], object)
  end
end
local x, y = -200, -200
for name, prototype in pairs(prototypes.item) do
  local result = prototype.place_result
  if result then
    local made = surface.create_entity{name = result.name, position = {x, y}, force = force}
    add("LuaEntity", made)
    add("LuaEntityPrototype", result)
    x = x + 14
    if x > 200 then x, y = -200, y - 14 end
  end
end
for _, name in pairs{"iron-ore", "crude-oil", "character", "item-on-ground", "cliff", "tree-01"} do
  add("LuaEntity", surface.find_entities_filtered{name = name, limit = 1}[1])
end
add("LuaEntity", surface.create_entity{name = "character", position = {-210, -210}, force = force})
for _, entity in pairs(subjects.LuaEntity) do
  if entity.burner then add("LuaBurner", entity.burner) end
  for index = 1, 4 do
    local inventory = entity.get_inventory(index)
    if inventory then
      add("LuaInventory", inventory)
      if #inventory > 0 then add("LuaItemStack", inventory[1]) end
    end
  end
  if entity.type == "transport-belt" then add("LuaTransportLine", entity.get_transport_line(1)) end
  if entity.fluidbox and #entity.fluidbox > 0 then add("LuaFluidBox", entity.fluidbox) end
end
local chest = surface.create_entity{name = "steel-chest", position = {-210, -220}, force = force}
chest.insert{name = "iron-plate", count = 30}
chest.insert{name = "blueprint", count = 1}
chest.insert{name = "modular-armor", count = 1}
for index = 1, 3 do add("LuaItemStack", chest.get_inventory(1)[index]) end
add("LuaItemStack", game.create_inventory(2)[1])
add("LuaGameScript", game)
add("LuaSurface", surface)
add("LuaForce", force)
add("LuaForce", game.forces.enemy)
add("LuaBootstrap", script)
add("LuaRCON", rcon)
add("LuaHelpers", helpers)
add("LuaPrototypes", prototypes)
add("LuaRendering", rendering)
add("LuaCustomTable", game.forces)
add("LuaCustomTable", prototypes.item)
add("LuaFlowStatistics", force.get_item_production_statistics(surface))
add("LuaFlowStatistics", force.get_fluid_production_statistics(surface))
add("LuaItemPrototype", prototypes.item["iron-plate"])
add("LuaItemPrototype", prototypes.item["coal"])
add("LuaRecipe", force.recipes["iron-gear-wheel"])
add("LuaRecipePrototype", prototypes.recipe["iron-gear-wheel"])
add("LuaTechnology", force.technologies["automation"])
add("LuaTechnologyPrototype", prototypes.technology and prototypes.technology["automation"])
add("LuaTile", surface.get_tile(0, 0))
add("LuaTilePrototype", prototypes.tile["water"])
local gone = surface.create_entity{name = "wooden-chest", position = {-215, -225}, force = force}
gone.destroy()
invalid = gone
local missing = {}
for _, class in pairs(CLASSES) do if not subjects[class] then table.insert(missing, class) end end
rcon.print(table.concat(missing, " "))
"""

# Runs attempts and prints those whose outcome is not a clean one.
ATTEMPT = r"""
local circle = {}
circle.circle = circle
local deep = {}
for _ = 1, 150 do deep = {deep} end
local function alive(class)
  local there = subjects[class]
  for _ = 1, #there do
    local object = there[math.random(#there)]
    if object.valid then return object end
  end
  return there[1]
end
local function try(text, attempt)
  local ok, message = pcall(attempt, circle, deep)
  if not ok and (type(message) ~= "string" or message:find("internal error", 1, true)
      or message:find("Traceback", 1, true) or message:find("%.py") or message:find("object at 0x", 1, true)) then
    rcon.print("BROKEN " .. text .. " -> " .. tostring(message))
  end
end
"""

VALUES = [
    "nil", "true", "false", "0", "1", "-1", "2", "3.7", "-0.5", "1e300", "-1e300", "0/0", "1/0", "-1/0", "2^31", "2^53",
    "65536",
    '""', '"iron-plate"', '"no-such-thing"', '"player"', '"nauvis"', '"x\\0y"', 'string.rep("x", 10000)', "{}", "{1, 2}",
    "{x = 1, y = 2}",
    "{x = 0/0, y = 1/0}", '{x = "1", y = {}}', '{name = "iron-plate", count = 1/0}', '{name = "iron-plate", count = -5}',
    '{name = {}, count = {}}', '{name = "coal", count = 5}', '{"iron-plate", "coal"}', "{{0, 0}, {1, 1}}", "{{5, 5}, {-5, -5}}",
    "{{-1e6, -1e6}, {1e6, 1e6}}", "{left_top = {x = 0, y = 0}, right_bottom = {x = 5, y = 5}}", "{left_top = 1, right_bottom = 2}",
    "{[3] = 1}", "{[true] = false}", "{[0/1] = 0}", "function() end", "function() error({}) end", "circle", "deep", "game",
    "invalid",
    "game.surfaces[1]", "game.forces.player", 'alive("LuaEntity")', 'alive("LuaItemStack")', "defines.inventory.chest", "print",
    "_G",
]  # fmt: skip

# What a parameter of a name would usually be, so that attempts come past the first check.
USUAL = {
    "name": ['"iron-chest"', '"iron-plate"', '"stone-furnace"', '"character"', '"transport-belt"'],
    "position": ["{5, 60}", "{x = -3.5, y = 120}"],
    "area": ["{{-20, -20}, {20, 20}}"],
    "force": ['"player"', "game.forces.player"],
    "direction": ["0", "4", "defines.direction.south"],
    "type": ['"resource"', '"container"'],
    "limit": ["3"],
    "radius": ["7"],
    "count": ["5"],
}


@dataclass(frozen=True)
class Member:
    """A member of a class: what may be done with it (r, w, c), and the keys of the table that it takes."""

    owner: str
    name: str
    access: str
    keys: tuple[str, ...]


def members() -> list[Member]:
    """All members in the table."""
    with MEMBERS.open() as lines:
        return [
            Member(row["class"], row["member"], row["access"], tuple(row["keys"].split()))
            for row in csv.DictReader(lines)
        ]


def attempts(chance: random.Random) -> Iterator[str]:
    """Lua expressions or statements on `o`, without end, each member in turn, in an order that `chance` decides."""
    every = members()
    while True:
        chance.shuffle(every)
        for member in every:
            yield f'local o = alive("{member.owner}"); {_use(member, chance)}'


def _use(member: Member, chance: random.Random) -> str:
    if member.name.startswith("#"):
        return "return #o"
    if member.name == "pairs()":
        return "for _ in pairs(o) do end"
    if member.name.startswith("["):
        index = f"o[{chance.choice([v for v in VALUES if v != 'nil'])}]"
        return f"{index} = {chance.choice(VALUES)}" if chance.random() < 0.5 else f"return {index}"
    if member.access == "c":
        return f"return o.{member.name}({_arguments(member, chance)})"
    if "w" in member.access and chance.random() < 0.7:
        return f"o.{member.name} = {chance.choice(VALUES)}"
    match chance.randrange(4):
        case 0:
            return f"return o.{member.name}()"
        case 1:
            return f"o.{member.name} = {chance.choice(VALUES)}"
        case 2:
            return f"return o.{member.name}[{chance.choice(VALUES)}]"
        case _:
            return f"return o.{member.name}"


def _arguments(member: Member, chance: random.Random) -> str:
    if member.keys and chance.random() < 0.6:
        pairs = []
        for key in member.keys:
            if chance.random() < 0.8:
                usual = USUAL.get(key)
                value = chance.choice(usual if usual and chance.random() < 0.7 else VALUES)
                pairs.append(f"{key} = {value}")
        return "{" + ", ".join(pairs) + "}"
    return ", ".join(chance.choice(VALUES) for _ in range(chance.randrange(4)))


def prepare(world: WorldClient) -> None:
    """Build what is tried on.

    Raises:
        AssertionError: some class has no object to try on.
    """
    classes = sorted({member.owner for member in members()})
    listed = ", ".join(f'"{name}"' for name in classes)
    missing = world.command(f"/silent-command local CLASSES = {{{listed}}}\n{PREPARE}")
    assert missing in ("", *UNREACHABLE), f"nothing to try on: {missing}"


UNREACHABLE = ("LuaEquipment LuaEquipmentGrid LuaPlayer",)
"""A headless server has no players; nothing wears equipment yet."""


def run_batch(world: WorldClient, batch: list[str]) -> list[str]:
    """What didn't end cleanly, a line each. Raises WorldGone when the world has died or hangs."""
    lines = []
    for text in batch:
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines.append(f"try({quoted}, function(circle, deep) {text} end)")
    answer = world.command("/silent-command " + ATTEMPT + "\n".join(lines) + '\nrcon.print("all tried")')
    if "the script was stopped" in answer or "not enough memory" in answer:  # a limit that is meant to hold
        return []
    return (
        [line for line in answer.splitlines() if line.startswith("BROKEN ")]
        if "all tried" in answer
        else [answer]
    )
