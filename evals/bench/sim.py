"""How fast a world's time passes, over RCON on a real world process with FLE attached.

Time is stepped exactly: `game.ticks_to_run` at a speed that the wall clock never bounds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evals.bench import Measurement
from evals.served_world import CouldNotRun
from runtime.host import Host
from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess

IDLE_TICKS = 60_000_000
ROUND_TICKS = 36_000
"""Coal is added between rounds of so many ticks; a slot of it lasts for twice as long."""
ROUNDS = {1: 20, 10: 12, 100: 4}
"""How many rounds are measured, by how many cells there are; a chest holds the plates of 21."""
ENDLESS_SPEED = 1e9
POLL_SECONDS = 0.001
STEP_SECONDS = 600.0

# A burner drill on ore, five belts, burner inserter, stone furnace, burner inserter, chest; in rows on free ground.
CELLS = """/silent-command
local surface, force = game.surfaces[1], game.forces.player
local function put(name, x, y, direction)
    return surface.create_entity{{name = name, position = {{x, y}}, direction = direction, force = force}}
end
local east, pick_west = defines.direction.east, defines.direction.west
for cell = 0, {count} - 1 do
    local x, y = -80 + 14 * (cell % 10), 150 + 4 * math.floor(cell / 10)
    for dx = 0, 1 do for dy = 0, 1 do
        surface.create_entity{{name = "iron-ore", position = {{x + dx + 0.5, y + dy + 0.5}}, amount = 100000}}
    end end
    for belt = 2, 6 do put("transport-belt", x + belt + 0.5, y + 0.5, east) end
    put("iron-chest", x + 11.5, y + 0.5, 0)
    put("stone-furnace", x + 9, y + 1, 0)
    put("burner-inserter", x + 7.5, y + 0.5, pick_west)
    put("burner-inserter", x + 10.5, y + 0.5, pick_west)
    put("burner-mining-drill", x + 1, y + 1, east)
end
local made = 0
for _, chest in pairs(surface.find_entities_filtered{{name = "iron-chest"}}) do made = made + 1 end
rcon.print(made)
"""
COAL = """/silent-command
for _, entity in pairs(game.surfaces[1].find_entities_filtered{force = "player"}) do
    local fuel = entity.get_fuel_inventory()
    if fuel then fuel.insert{name = "coal", count = 50} end
end
"""


def measure() -> Iterator[Measurement]:
    """sim.idle: nothing is built. sim.cells.N: N cells work. Each in ticks per second, with the memory it takes."""
    with _world() as (process, world):
        yield Measurement("sim.idle", round(IDLE_TICKS / step(world, IDLE_TICKS)), "ticks/s")
        yield Measurement("sim.idle.memory", _megabytes(process.pid), "MB")
    for count, rounds in ROUNDS.items():
        with _world() as (process, world):
            made = int(world.command(CELLS.format(count=count)))
            if made != count:
                raise CouldNotRun(f"{made} cells stand where {count} should")
            _run_fuelled(world, 1)
            plates = _plates(world)
            yield Measurement(f"sim.cells.{count}", round(_run_fuelled(world, rounds)), "ticks/s")
            yield Measurement(f"sim.cells.{count}.memory", _megabytes(process.pid), "MB")
            each = (_plates(world) - plates) / count / (rounds * ROUND_TICKS / 60)
            if not 0.24 < each < 0.26:
                raise CouldNotRun(f"a cell makes {each:.3f} plates a second and not 0.25: it is not at work")


@contextmanager
def _world() -> Iterator[tuple[WorldProcess, WorldClient]]:
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as process,
        process.client() as world,
    ):
        host = Host(process.client(), "bench", password=process.password)
        try:
            host.create()
            host.attach()
            yield process, world
        finally:
            host.close()


def step(world: WorldClient, ticks: int) -> float:
    """Run exactly so many ticks as fast as they go; the wall seconds that took. The world is paused afterwards."""
    world.command("/silent-command game.tick_paused = true")
    goal = world.tick() + ticks
    began = time.perf_counter()
    world.command(f"/silent-command game.speed = {ENDLESS_SPEED:.0f}; game.ticks_to_run = {ticks}")
    while (now := world.tick()) < goal:
        if time.perf_counter() - began > STEP_SECONDS:
            raise CouldNotRun(f"{now - goal + ticks} of {ticks} ticks have passed in {STEP_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def _run_fuelled(world: WorldClient, rounds: int) -> float:
    """Ticks per second of some rounds; adding coal is not measured."""
    seconds = 0.0
    for _ in range(rounds):
        if complaint := world.command(COAL):
            raise CouldNotRun(complaint)
        seconds += step(world, ROUND_TICKS)
    return rounds * ROUND_TICKS / seconds


def _plates(world: WorldClient) -> float:
    return float(world.statistics()["items"]["input"].get("iron-plate", 0))


def _megabytes(pid: int) -> float:
    """The memory that a process has in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise CouldNotRun(f"process {pid} has no VmRSS")
