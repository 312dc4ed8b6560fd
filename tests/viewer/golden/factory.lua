-- A small factory with some of every kind of thing, in an empty lab. It is looked at 240 ticks after it was built.
local s, f = game.surfaces[1], game.forces.player
local function put(name, x, y, direction, more)
  local what = {name = name, position = {x, y}, direction = direction or 0, force = f}
  for k, v in pairs(more or {}) do what[k] = v end
  return assert(s.create_entity(what), name .. " at " .. x .. ", " .. y)
end
local function field(name, left, top, right, bottom, amount)
  for x = left, right do
    for y = top, bottom do s.create_entity{name = name, position = {x + 0.5, y + 0.5}, amount = amount} end
  end
end
local function row(name, left, right, y, direction)
  for x = left, right do put(name, x + 0.5, y + 0.5, direction) end
end
for _, e in pairs(s.find_entities_filtered{area = {{90, 80}, {150, 140}}}) do e.destroy() end
for _, t in pairs(f.technologies) do t.researched = true end
put("electric-energy-interface", 100, 90).power_production = 5e8 / 60
for x = 104, 136, 16 do for y = 96, 128, 16 do put("substation", x, y) end end
local ground = {}
for x = 90, 149 do
  for y = 80, 139 do
    local wet = (x - 143) ^ 2 + (y - 92) ^ 2 < 60
    local name = wet and "water" or y < 94 and "grass-1" or x > 138 and "sand-1"
    if name then ground[#ground + 1] = {name = name, position = {x, y}} end
  end
end
s.set_tiles(ground)
for i = 0, 6 do s.create_entity{name = "tree-0" .. i % 5 + 1, position = {93 + i * 3, 85 + i % 3 * 2}} end
s.create_entity{name = "big-rock", position = {120, 85}}

field("iron-ore", 104, 99, 111, 105, 3000)
for i = 0, 1 do
  put("electric-mining-drill", 105.5 + i * 3, 100.5, 8)
  put("electric-mining-drill", 105.5 + i * 3, 105.5, 0)
end
put("burner-mining-drill", 111, 100, 8).insert{name = "coal", count = 5}
row("transport-belt", 104, 122, 102, 4)
put("transport-belt", 123.5, 102.5, 8)
row("fast-transport-belt", 112, 126, 108, 4)
for i = 0, 4 do
  local furnace = put(i < 3 and "stone-furnace" or "steel-furnace", 113 + i * 2, 105)
  furnace.insert{name = "coal", count = 20}
  furnace.insert{name = "iron-ore", count = 50}
  put("inserter", 112.5 + i * 2, 103.5, 0)
  put("inserter", 112.5 + i * 2, 106.5, 0)
end
put("electric-furnace", 124.5, 105.5).insert{name = "copper-ore", count = 50}
local recipes = {"iron-gear-wheel", "electronic-circuit", "transport-belt", "automation-science-pack"}
for i, recipe in ipairs(recipes) do
  local x = ({107.5, 111.5, 115.5, 123.5})[i]
  local maker = put("assembling-machine-" .. (i - 1) % 3 + 1, x, 112.5)
  maker.set_recipe(recipe)
  for name, count in pairs{["iron-plate"] = 40, ["copper-cable"] = 40, ["iron-gear-wheel"] = 10} do
    pcall(maker.insert, {name = name, count = count})
  end
  put("fast-inserter", x, 110.5, 0)
  put("bulk-inserter", x, 114.5, 0)
  put(({"wooden-chest", "iron-chest", "steel-chest", "requester-chest"})[i], x, 115.5)
end
put("underground-belt", 127.5, 108.5, 4, {type = "input"})
put("underground-belt", 130.5, 108.5, 4, {type = "output"})
put("splitter", 131.5, 109, 4)

put("oil-refinery", 106.5, 120.5).set_recipe("basic-oil-processing")
put("chemical-plant", 112.5, 120.5, 4).set_recipe("plastic-bar")
put("storage-tank", 117.5, 120.5).insert_fluid{name = "crude-oil", amount = 15000}
put("storage-tank", 121.5, 120.5, 4).insert_fluid{name = "water", amount = 9000}
for x = 104, 122 do put("pipe", x + 0.5, 124.5) end
s.find_entities_filtered{name = "pipe"}[1].insert_fluid{name = "petroleum-gas", amount = 900}
put("pump", 124, 124.5, 4)
put("boiler", 126.5, 120, 4)
put("steam-engine", 131.5, 120.5, 4)
for i = 0, 1 do
  put("solar-panel", 126.5 + i * 3, 114.5)
  put("accumulator", 133 + i * 2, 114)
  local lab = put("lab", 108.5 + i * 4, 130.5)
  lab.insert{name = "automation-science-pack", count = 20}
end
put("beacon", 117.5, 130.5)
put("radar", 121.5, 130.5)
put("roboport", 126, 131)
put("small-lamp", 130.5, 127.5)
row("stone-wall", 104, 120, 136)
put("gate", 121.5, 136.5, 4)
put("gun-turret", 108, 134)
put("laser-turret", 112, 134)
put("entity-ghost", 116.5, 133.5, 0, {inner_name = "assembling-machine-2"})
put("medium-electric-pole", 130.5, 99.5) -- with nothing that feeds it but what it touches
put("assembling-machine-2", 145.5, 103.5).set_recipe("pipe") -- without power
for x = 112, 126, 2 do
  s.find_entities_filtered{name = "fast-transport-belt", position = {x + 0.5, 108.5}}[1].insert{name = "iron-plate", count = 8}
  s.find_entities_filtered{name = "transport-belt", position = {x - 6.5, 102.5}}[1].insert{name = "iron-ore", count = 8}
end
storage.agent_characters = {put("character", 117.5, 117.5, 6)}
f.add_research("automation-2")
local silo = put("rocket-silo", 144.5, 118.5)
silo.rocket_parts = 100
rcon.print(s.count_entities_filtered{force = f})
