"""What there is to know of a world that a picture and the statistics don't say.

An embedded world answers it natively, which leaves no trace in its journal. Any other is asked through a Lua
function that the prelude defines, the global `claudetorio_look`; it changes nothing either.
"""

import json
from dataclasses import dataclass, field
from typing import Any

# Statuses that say that a machine stands still and won't go on by itself, in the game's own names.
PROBLEMS = (
    "no_fuel",
    "no_power",
    "low_power",
    "not_plugged_in_electric_network",
    "no_minable_resources",
    "no_recipe",
    "no_ingredients",
    "item_ingredient_shortage",
    "fluid_ingredient_shortage",
    "no_input_fluid",
    "missing_science_packs",
    "no_research_in_progress",
    "full_output",
    "missing_required_fluid",
    "waiting_for_space_in_destination",
)

NATIVE = "/look " + " ".join(PROBLEMS)
THROUGH_LUA = "/silent-command claudetorio_look()"

DEFINITION = """
claudetorio_look = function()
    local names, stuck = {}, {}
    for name, number in pairs(defines.entity_status) do names[number] = name end
    for _, name in ipairs({PROBLEMS}) do stuck[name] = true end
    local force, surface = game.forces.player, game.surfaces[1]
    local character = storage.agent_characters and storage.agent_characters[1]
    if character and not character.valid then character = nil end
    local inventory = character and character.get_main_inventory().get_contents() or {}
    local counts, statuses, problems = {}, {}, {}
    for _, entity in pairs(surface.find_entities_filtered({force = "player"})) do
        local name = entity.name
        if name ~= "character" then
            counts[name] = (counts[name] or 0) + 1
            local problem = names[entity.status]
            if problem then
                local kind = statuses[name] or {}
                statuses[name] = kind
                kind[problem] = (kind[problem] or 0) + 1
            end
            if stuck[problem] then
                local key = name .. "/" .. problem
                local known = problems[key]
                if known then
                    known.count = known.count + 1
                else
                    local at = entity.position
                    problems[key] = {name = name, problem = problem, x = at.x, y = at.y, count = 1}
                end
            end
        end
    end
    local researched = {}
    for name, technology in pairs(force.technologies) do
        if technology.researched then table.insert(researched, name) end
    end
    local current = force.current_research
    rcon.print(helpers.table_to_json({
        tick = game.tick,
        speed = game.speed,
        paused = game.tick_paused,
        position = character and {x = character.position.x, y = character.position.y},
        inventory = inventory,
        entities = counts,
        statuses = statuses,
        problems = problems,
        research = current and current.name,
        research_progress = current and force.research_progress or 0,
        technologies = researched,
        deaths = force.get_kill_count_statistics(surface).get_output_count("character"),
    }))
end
""".replace("PROBLEMS", ", ".join(f'"{name}"' for name in PROBLEMS))


@dataclass(frozen=True)
class Details:
    """A world's inside at a tick.

    speed: game seconds per second. position: of the player's character, in tiles. inventory, entities: how
    many of each by name. statuses: of each kind that has any, how many are in which (the game's own names).
    research: the technology being researched, and how much of it is done (0 … 1). alerts: what stands still
    and why, in words. deaths: how often a player's character has died.
    """

    tick: int
    speed: float
    paused: bool
    position: tuple[float, float] | None
    inventory: dict[str, int]
    entities: dict[str, int]
    research: str | None
    research_progress: float
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    technologies: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    deaths: int = 0


def parse(text: str) -> Details:
    """The details in an answer to NATIVE or THROUGH_LUA. Raises ValueError if it is none."""
    seen: dict[str, Any] = json.loads(text)
    position = seen.get("position")
    inventory: dict[str, int] = {}
    for stack in _values(seen["inventory"]):
        inventory[stack["name"]] = inventory.get(stack["name"], 0) + int(stack["count"])
    return Details(
        tick=int(seen["tick"]),
        speed=float(seen["speed"]),
        paused=bool(seen["paused"]),
        position=(float(position["x"]), float(position["y"])) if position else None,
        inventory=inventory,
        entities={name: int(count) for name, count in dict(seen["entities"] or {}).items()},
        research=seen.get("research"),
        research_progress=float(seen.get("research_progress") or 0),
        statuses={name: dict(counts) for name, counts in dict(seen["statuses"] or {}).items()},
        technologies=sorted(_values(seen["technologies"])),
        alerts=[_alert(problem) for problem in _values(seen["problems"])],
        deaths=int(seen["deaths"]),
    )


def _alert(problem: dict[str, Any]) -> str:
    place = f"({problem['x']:g}, {problem['y']:g})"
    what = str(problem["problem"]).replace("_", " ")
    if problem["count"] == 1:
        return f"{problem['name']} at {place}: {what}"
    return f"{problem['count']} of {problem['name']}, the first at {place}: {what}"


def _values(table: Any) -> list[Any]:
    """A Lua table's values: `table_to_json` writes an empty one, and one with keys, as an object."""
    return list(table.values()) if isinstance(table, dict) else list(table)
