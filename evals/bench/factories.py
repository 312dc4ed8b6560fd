"""The factories whose speed `bench sim` measures, as Lua that builds them on free ground of the lab map.

Each is a console command to be formatted; it prints how many of its entities stand. Inserters face what they take from.
"""

START = """/silent-command
local surface, force = game.surfaces[1], game.forces.player
local NORTH, EAST, SOUTH, WEST = 0, 4, 8, 12
local made = 0
local x0, y0 = 0, 0
local function put(name, x, y, direction, recipe)
    local entity = surface.create_entity{{
        name = name, position = {{x0 + x, y0 + y}}, direction = direction or NORTH, force = force,
    }}
    if not entity then error("no room for " .. name .. " at " .. x0 + x .. ", " .. y0 + y) end
    if recipe then
        force.recipes[recipe].enabled = true
        entity.set_recipe(recipe)
    end
    made = made + 1
    return entity
end
local function belts(x, y, direction, count)
    local dx, dy = ({{[0] = 0, [4] = 1, [8] = 0, [12] = -1}})[direction], ({{[0] = -1, [4] = 0, [8] = 1, [12] = 0}})[direction]
    for i = 0, count - 1 do put("transport-belt", x + i * dx + 0.5, y + i * dy + 0.5, direction) end
end
local function ore(name, x, y, width, height, amount)
    for dx = 0, width - 1 do for dy = 0, height - 1 do
        surface.create_entity{{name = name, position = {{x0 + x + dx + 0.5, y0 + y + dy + 0.5}}, amount = amount or 1000000}}
    end end
end
"""

# An electric drill, five belts, inserter, stone furnace, inserter, five belts, inserter, chest; twenty to a row.
# The furnace is what limits a cell. Substations stand between the rows, and one source feeds them all.
CELLS = (
    START
    + """
x0, y0 = -200, 230
put("electric-energy-interface", -2, 9).power_production = {watts} / 60
for row = 0, math.ceil({count} / 100) - 1 do for column = 0, math.min({count}, 20) - 1 do
    put("substation", 20 * column + 6, 15 * row + 9)
    put("substation", 20 * column + 15, 15 * row + 9)
end end
made = 0
for cell = 0, {count} - 1 do
    x0, y0 = -200 + 20 * (cell % 20), 230 + 3 * math.floor(cell / 20)
    ore("iron-ore", 0, 0, 3, 3)
    put("electric-mining-drill", 1.5, 1.5, EAST)
    belts(3, 1, EAST, 5)
    put("inserter", 8.5, 1.5, WEST)
    put("stone-furnace", 10, 2)
    put("inserter", 11.5, 1.5, WEST)
    belts(12, 1, EAST, 5)
    put("inserter", 17.5, 1.5, WEST)
    put("steel-chest", 18.5, 1.5)
end
rcon.print(made)
"""
)

# 500 full belts in line with nine electric drills on each side of their head and twelve furnaces on each side of their end.
BUS = (
    START
    + """
x0, y0 = -245, 200
for _, x in pairs{{-6, 380}} do put("electric-energy-interface", x, -9).power_production = 5e6 / 60 end
for i = 0, 1 do for j = 0, 1 do put("substation", 17 * i, 17 * j - 8) end end
for i = 0, 7 do for j = 0, 1 do put("substation", 385 + 17 * i, 17 * j - 8) end end
made = 0
for i = 0, 8 do
    ore("iron-ore", 3 * i, -3, 3, 3)
    ore("iron-ore", 3 * i, 1, 3, 3)
    put("electric-mining-drill", 3 * i + 1.5, -1.5, SOUTH)
    put("electric-mining-drill", 3 * i + 1.5, 2.5, NORTH)
end
belts(0, 0, EAST, 500)
for i = 0, 11 do
    local x = 390 + 9 * i
    put("inserter", x + 0.5, -0.5, SOUTH)
    put("stone-furnace", x + 1, -2)
    put("inserter", x + 0.5, -3.5, SOUTH)
    put("steel-chest", x + 0.5, -4.5)
    put("inserter", x + 0.5, 1.5, NORTH)
    put("stone-furnace", x + 1, 3)
    put("inserter", x + 0.5, 4.5, NORTH)
    put("steel-chest", x + 0.5, 5.5)
end
for _, belt in pairs(surface.find_entities_filtered{{name = "transport-belt"}}) do
    for lane = 1, 2 do
        local line = belt.get_transport_line(lane)
        for place = 0, 3 do line.insert_at(place / 4, {{name = "iron-ore"}}) end
    end
end
rcon.print(made)
"""
)

# Eleven pumpjacks, five refineries at basic oil processing, and three chemical plants that make plastic of it and of coal.
OIL = (
    START
    + """
x0, y0 = 0, 220
put("electric-energy-interface", -1, -17).power_production = 1e7 / 60
put("substation", -4, -15)
for i = 0, 2 do put("substation", 9 + 16 * i, -4) end
made = 0
for i = 0, 10 do
    ore("crude-oil", 4 * i, 2, 1, 1, 300000)
    put("pumpjack", 4 * i + 0.5, 2.5)
end
for x = 0, 41 do put("pipe", x + 0.5, 0.5) end
for i = 0, 4 do
    local x = 4 + 8 * i
    put("oil-refinery", x + 0.5, -3.5, NORTH, "basic-oil-processing")
    put("pipe", x + 1.5, -0.5)
    put("pipe", x + 2.5, -6.5)
end
for x = 3, 38 do put("pipe", x + 0.5, -7.5) end
belts(-14, -13, EAST, 45)
for i = 0, 2 do
    for _, side in pairs{{-1, 1}} do
        ore("coal", 3 * i - 14, 2 * side - 14, 3, 3)
        put("electric-mining-drill", 3 * i - 12.5, 2 * side - 12.5, side < 0 and SOUTH or NORTH)
    end
    local x = 4 + 12 * i
    put("chemical-plant", x + 0.5, -9.5, SOUTH, "plastic-bar")
    put("fast-inserter", x + 0.5, -11.5, NORTH)
    put("fast-inserter", x + 2.5, -9.5, WEST)
    put("steel-chest", x + 3.5, -9.5)
end
rcon.print(made)
"""
)

# Red and green science from ore, ten times: an iron and a copper belt with assemblers on both sides, which hand on to each
# other what they need; inserters (the product) and belts meet on the two lanes of one belt.
SCIENCE = (
    START
    + """
local function furnace(name, x, side)
    local function y(distance) return 0.5 + distance * side + (side > 0 and 1 or 0) end
    ore(name, x - 1, y(5) - 1.5, 3, 3)
    put("electric-mining-drill", x + 0.5, y(5), side < 0 and SOUTH or NORTH)
    put("stone-furnace", x + 1, y(2.5))
    put("inserter", x + 0.5, y(1), side < 0 and NORTH or SOUTH)
end
local function assembler(recipe, x, y) put("assembling-machine-1", x + 1.5, y + 1.5, NORTH, recipe) end
for row = 0, 9 do
    x0, y0 = -100 + 60 * (row % 2), 200 + 24 * math.floor(row / 2)
    local before = made
    put("electric-energy-interface", -13, -1).power_production = 3e6 / 60
    for _, place in pairs{{ {{-10, -1}}, {{3, 10}}, {{14, 8}}, {{4, -9}}, {{18, -8}}, {{32, -8}} }} do
        put("substation", place[1], place[2])
    end
    made = before
    belts(-8, 0, EAST, 42)
    belts(-8, 1, EAST, 42)
    for x = -7, 9, 4 do furnace("iron-ore", x, -1) end
    for x = -7, 1, 4 do furnace("copper-ore", x, 1) end
    assembler("copper-cable", 14, -4)
    put("long-handed-inserter", 15.5, -0.5, SOUTH)
    put("inserter", 17.5, -2.5, WEST)
    assembler("electronic-circuit", 18, -4)
    put("inserter", 19.5, -0.5, SOUTH)
    put("inserter", 21.5, -2.5, WEST)
    assembler("inserter", 22, -4)
    put("inserter", 23.5, -0.5, SOUTH)
    put("inserter", 25.5, -2.5, EAST)
    assembler("iron-gear-wheel", 26, -4)
    put("inserter", 27.5, -0.5, SOUTH)
    put("inserter", 29.5, -2.5, WEST)
    assembler("transport-belt", 30, -4)
    put("inserter", 31.5, -0.5, SOUTH)
    put("inserter", 23.5, -4.5, SOUTH)
    belts(22, -6, EAST, 17)
    put("inserter", 33.5, -2.5, WEST)
    belts(34, -3, NORTH, 3)
    put("inserter", 36.5, -6.5, SOUTH)
    put("inserter", 37.5, -6.5, SOUTH)
    assembler("logistic-science-pack", 36, -10)
    put("inserter", 39.5, -8.5, WEST)
    put("steel-chest", 40.5, -8.5)
    assembler("automation-science-pack", 11, 3)
    put("inserter", 12.5, 2.5, NORTH)
    put("inserter", 14.5, 4.5, EAST)
    assembler("iron-gear-wheel", 15, 3)
    put("long-handed-inserter", 16.5, 2.5, NORTH)
    put("inserter", 10.5, 4.5, EAST)
    put("steel-chest", 9.5, 4.5)
end
rcon.print(made)
"""
)

COAL = """/silent-command
for _, entity in pairs(game.surfaces[1].find_entities_filtered{force = "player"}) do
    local fuel = entity.get_fuel_inventory()
    if fuel then fuel.insert{name = "coal", count = 50} end
end
"""
