"""A small factory that has some of everything in a picture, and the steps of a world of the test's own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from runtime.rcon_client import WorldClient
from runtime.scene_client import Rect, SceneClient

FACTORY = """/silent-command
local s, f = game.surfaces[1], game.forces.player
local function put(name, x, y, direction, more)
    local what = {name = name, position = {x, y}, direction = direction or 0, force = f}
    for k, v in pairs(more or {}) do what[k] = v end
    return assert(s.create_entity(what), name)
end
for _, t in pairs(f.technologies) do t.researched = true end
put("electric-energy-interface", 40, 101).power_production = 5e6 / 60
put("substation", 44, 101)
put("substation", 57, 104)
for x = 16, 19 do for y = 100, 103 do s.create_entity{name = "iron-ore", position = {x + 0.5, y + 0.5}, amount = 40000} end end
put("burner-mining-drill", 18, 102, 4).insert{name = "coal", count = 5}
-- A belt with a curve each way, a tunnel, a splitter, a side load and a loop.
for x = 20, 24 do put("transport-belt", x + 0.5, 101.5, 4) end
put("underground-belt", 25.5, 101.5, 4, {type = "input"})
put("underground-belt", 28.5, 101.5, 4, {type = "output"})
put("transport-belt", 29.5, 101.5, 8)
put("transport-belt", 29.5, 102.5, 8)
put("transport-belt", 29.5, 103.5, 4)
put("splitter", 30.5, 103, 4)
for x = 31, 40 do put("transport-belt", x + 0.5, 103.5, 4) end
for x = 31, 34 do put("transport-belt", x + 0.5, 102.5, 4) end
put("transport-belt", 35.5, 102.5, 8)
local loop = {{30, 108, 4}, {31, 108, 8}, {31, 109, 12}, {30, 109, 0}}
for _, b in pairs(loop) do put("transport-belt", b[1] + 0.5, b[2] + 0.5, b[3]) end
s.find_entities_filtered{name = "transport-belt", position = {30.5, 108.5}}[1].insert{name = "coal", count = 3}
put("inserter", 41.5, 103.5, 12)
put("wooden-chest", 42.5, 103.5)
for i, item in pairs{"copper-plate", "iron-plate", "copper-plate", "stone"} do
    s.find_entities_filtered{name = "transport-belt", position = {19.5 + i, 101.5}}[1].insert{name = item, count = 8}
end
local maker = put("assembling-machine-2", 47.5, 104.5)
maker.set_recipe("iron-gear-wheel")
maker.insert{name = "iron-plate", count = 80}
put("inserter", 49.5, 104.5, 12)
put("iron-chest", 50.5, 104.5)
put("lab", 54.5, 108.5)
for x = 46, 52 do put("pipe", x + 0.5, 98.5) end
put("storage-tank", 54.5, 98.5).insert_fluid{name = "water", amount = 9000}
for x = 60, 63 do put("stone-wall", x + 0.5, 100.5) end
put("entity-ghost", 60.5, 104.5, 0, {inner_name = "gun-turret"})
put("gun-turret", 67, 101)
put("small-electric-pole", 70.5, 101.5)
local c = put("character", 45, 110)
storage.agent_characters = {c}
rcon.print(#s.find_entities_filtered{force = f})
"""
VIEW = (46.0, 104.0)
"""The middle of it."""


@dataclass(frozen=True)
class Eyes:
    """How a scene looks at a world."""

    reader: SceneClient

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """See `SceneClient.changes`."""
        return self.reader.changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """See `SceneClient.tiles`."""
        return self.reader.tiles(rect)


def build(world: WorldClient) -> None:
    """Put the factory into an empty lab and let it run for a while."""
    world.command("/silent-command game.tick_paused = true")  # what happens does not depend on how fast this is
    answer = world.command(FACTORY)
    assert answer.isdigit(), answer
    step(world, 150)


def step(world: WorldClient, ticks: int) -> None:
    """Run exactly so many ticks; the world is paused before and after."""
    world.command("/silent-command game.tick_paused = true")
    goal = world.tick() + ticks
    world.command(f"/silent-command game.speed = 1000 game.ticks_to_run = {ticks}")
    deadline = time.monotonic() + 20
    while world.tick() < goal:
        assert time.monotonic() < deadline
