-- What there is to see of a world, and what of it has changed, by chunk: see runtime/engine/scene.py, whose answer this
-- gives on Factorio itself. It registers no handlers, so nobody else's are touched: whoever looks has chunks compared
-- with what was last told of them. What it remembers is in one global, which no save holds; then it begins anew.

local ROUNDS, TOMBSTONES, FEW_CHUNKS = 10, 1000, 1024
local STOPPED = {no_power = true, no_fuel = true, disabled_by_script = true, not_plugged_in_electric_network = true}
local TURNED = {
  "artillery-wagon", "car", "cargo-wagon", "combat-robot", "construction-robot", "fluid-wagon", "locomotive",
  "logistic-robot", "spider-vehicle", "unit"
}
local TURRETS = {"ammo-turret", "artillery-turret", "electric-turret", "fluid-turret", "turret"}
local SIDES = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}}
local floor, concat = math.floor, table.concat

local function turned_about(group)
  local names = {}
  for name, number in pairs(group) do names[number] = name end
  return names
end
local STATUS, STAGE = turned_about(defines.entity_status), turned_about(defines.rocket_silo_status)

local function key_of(e)
  if e.unit_number then return e.unit_number end
  local p = e.position
  return -1 - floor(p.x * 32) % 1024 - floor(p.y * 32) % 1024 * 1024
end

-- What is told of some types beside what is told of all. A name is a table {name}, so that it can be told from a number.
local function name(text) return {text or false} end
local more = {}
more["transport-belt"] = function(e) return {name(e.belt_shape)} end
more["underground-belt"] = function(e) return {name(e.belt_to_ground_type)} end
local function machine(e)
  local recipe = e.get_recipe()
  return {name(recipe and recipe.name)}
end
more["assembling-machine"], more["furnace"] = machine, machine
more["rocket-silo"] = function(e)
  local row = machine(e)
  row[2] = name(STAGE[e.rocket_silo_status])
  return row
end
more["electric-pole"] = function(e)
  local keys = {}
  local connector = e.get_wire_connector(defines.wire_connector_id.pole_copper, false)
  for _, connection in ipairs(connector and connector.connections or {}) do
    keys[#keys + 1] = connection.target.owner.unit_number
  end
  table.sort(keys)
  return {keys}
end
local function fluid(e)
  local box, mask = e.fluidbox, 0
  if #box == 0 then return {0, name(), 0} end
  if e.type == "pipe" or e.type == "infinity-pipe" then
    for _, c in ipairs(box.get_pipe_connections(1)) do
      if c.target then
        local dx, dy = c.target_position.x - e.position.x, c.target_position.y - e.position.y
        for bit, side in ipairs(SIDES) do
          if floor(dx + 0.5) == side[1] and floor(dy + 0.5) == side[2] then mask = mask + 2 ^ (bit - 1) end
        end
      end
    end
  end
  local held = box[1]
  if not held then return {mask, name(), 0} end
  return {mask, name(held.name), math.min(8, math.ceil(held.amount * 8 / box.get_capacity(1) - 1e-9))}
end
for _, kind in ipairs{"pipe", "pipe-to-ground", "storage-tank", "infinity-pipe"} do more[kind] = fluid end
local function ghost(e) return {name(e.ghost_name), name(e.ghost_type)} end
more["entity-ghost"], more["tile-ghost"] = ghost, ghost
more["cliff"] = function(e) return {name(e.cliff_orientation)} end
more["item-entity"] = function(e) return {name(e.stack.name)} end
more["train-stop"] = function(e) return {name(e.backer_name)} end
more["gate"] = function(e) return {(e.is_opened() or e.is_opening()) and 1 or 0} end
more["character"] = function(e) return {e.walking_state.walking and 1 or 0} end
for _, kind in ipairs(TURNED) do more[kind] = function(e) return {floor(e.orientation * 64 + 0.5)} end end

for _, kind in ipairs(TURRETS) do
  more[kind] = function(e)
    local target = e.shooting_target
    if not target then return {-1} end
    local a, b = e.position, target.position
    return {floor(math.atan2(b.x - a.x, a.y - b.y) / (2 * math.pi) * 64 + 0.5) % 64}
  end
end

-- Who the characters are: those of players by their names, those that FLE keeps for agents by their numbers.
local function agents()
  local out = {}
  for _, player in pairs(game.connected_players) do
    if player.character then out[#out + 1] = {player.character.unit_number, player.name} end
  end
  for number, who in ipairs(storage.agent_characters or {}) do
    if who.valid then out[#out + 1] = {who.unit_number, "agent " .. number} end
  end
  return out
end

local function row_of(key, e)
  local p, status = e.position, e.unit_number and e.status
  local row = {key, name(e.name), p.x, p.y, e.direction, name(status and STATUS[status])}
  local rest = more[e.type]
  for _, value in ipairs(rest and rest(e) or {}) do row[#row + 1] = value end
  return row
end

local function arm_of(key, e)
  local p, hand, status = e.position, e.held_stack_position, e.status
  local held = e.held_stack.valid_for_read and e.held_stack.name
  local goal = (status and STOPPED[STATUS[status]]) and hand or held and e.drop_position or e.pickup_position
  local function hundredths(v) return floor(v * 100) end
  return {
    key, hundredths(hand.x - p.x), hundredths(hand.y - p.y), hundredths(goal.x - p.x), hundredths(goal.y - p.y), name(held)
  }
end

-- What lies on a line: name, place, name, place, … from its end on.
local function line_of(key, number, line)
  local row = {key, number}
  for _, item in ipairs(line.get_detailed_contents()) do
    row[#row + 1] = name(item.stack.name)
    row[#row + 1] = floor(item.position * 256 + 0.5)
  end
  return row
end

local function signature(row)
  local words = {}
  for i, value in ipairs(row) do
    words[i] = type(value) ~= "table" and value or type(value[1]) == "number" and concat(value, "+") or tostring(value[1])
  end
  return concat(words, " ")
end

local function level_of(amount)
  local level = 0
  while amount >= 2 do
    amount = floor(amount / 2)
    level = level + 1
  end
  return level
end

local BELTS = {["transport-belt"] = true, ["underground-belt"] = true, splitter = true}

local function note(store, key, row, version, neutral)
  local signed, known = signature(row), store[key]
  if known and known.signed == signed then
    known.seen = version
  else
    store[key] = {row = row, signed = signed, version = version, seen = version, neutral = neutral}
  end
end

local function look_at(chunk, e, version, neutral)
  local key = key_of(e)
  note(chunk.rows, key, row_of(key, e), version, neutral)
  if e.type == "inserter" then note(chunk.arms, key, arm_of(key, e), version) end
  if BELTS[e.type] then
    for i = 1, e.get_max_transport_line_index() do
      note(chunk.lines, key * 8 + i - 1, line_of(key, i, e.get_transport_line(i)), version)
    end
  end
end

local function look(surface, chunk, x, y, version, closely)
  local area = {{x * 32, y * 32}, {x * 32 + 32, y * 32 + 32}}
  local function here(e)
    local p = e.position
    return floor(p.x / 32) == x and floor(p.y / 32) == y
  end
  for _, e in ipairs(surface.find_entities_filtered{area = area, force = "neutral", invert = true}) do
    if here(e) then look_at(chunk, e, version) end
  end
  if closely then
    for _, e in ipairs(surface.find_entities_filtered{area = area, force = "neutral"}) do
      if here(e) then
        if e.type == "resource" and not e.initial_amount then
          local p = e.position
          note(chunk.ores, key_of(e), {p.x, p.y, name(e.name), level_of(e.amount)}, version)
        else
          look_at(chunk, e, version, true)
        end
      end
    end
  end
  for key, known in pairs(chunk.rows) do
    if known.seen ~= version and (closely or not known.neutral) then
      chunk.rows[key], chunk.arms[key] = nil, nil
      for i = 0, 7 do chunk.lines[key * 8 + i] = nil end
      chunk.gone[#chunk.gone + 1] = {version, key}
    end
  end
  if closely then
    for _, ore in pairs(chunk.ores) do
      if ore.seen ~= version and ore.row[4] >= 0 then
        ore.row = {ore.row[1], ore.row[2], ore.row[3], -1}
        ore.signed, ore.version = "", version
      end
    end
  end
  if #chunk.gone > TOMBSTONES then chunk.gone, chunk.born = {}, version end
end

local function places_in(surface, left, top, right, bottom)
  local places = {}
  if (right - left) * (bottom - top) <= FEW_CHUNKS then
    for y = top, bottom - 1 do
      for x = left, right - 1 do places[#places + 1] = {x, y} end
    end
  else
    for c in surface.get_chunks() do
      if c.x >= left and c.x < right and c.y >= top and c.y < bottom then places[#places + 1] = {c.x, c.y} end
    end
  end
  return places
end

local function namer()
  local names, numbers = {}, {}
  local function spell(row)
    local out = {}
    for i, value in ipairs(row) do
      if type(value) == "table" and type(value[1]) ~= "number" and #value > 0 then
        local text = value[1]
        if not text then
          value = -1
        else
          if not numbers[text] then
            names[#names + 1] = text
            numbers[text] = #names - 1
          end
          value = numbers[text]
        end
      end
      out[i] = value
    end
    return out
  end
  return names, spell
end

local function after(store, since, spell, into, wanted)
  for _, known in pairs(store) do
    if known.version > since and (not wanted or wanted(known.row)) then into[#into + 1] = spell(known.row) end
  end
end

local memory

function claudetorio_scene(left, top, right, bottom, epoch, since, kleft, ktop, kright, kbottom)
  local surface = game.surfaces[1]
  if not memory then
    memory = {epoch = game.tick + 1, version = 0, turn = 0, chunks = {}}
    if memory.epoch == epoch then memory.epoch = epoch + 1 end
  end
  memory.version = memory.version + 1
  local version = memory.version
  if epoch ~= memory.epoch then since = 0 end
  local names, spell = namer()
  local chunks, lines = {}, {}
  local places = places_in(surface, left, top, right, bottom)
  local turns = math.max(1, floor(#places / ROUNDS))
  local first = memory.turn % math.max(1, #places)
  memory.turn = memory.turn + turns
  for number, place in ipairs(places) do
    local x, y = place[1], place[2]
    local id = x .. " " .. y
    local chunk, fresh = memory.chunks[id], false
    if not chunk then
      chunk, fresh = {born = version, rows = {}, arms = {}, lines = {}, ores = {}, gone = {}}, true
      memory.chunks[id] = chunk
    end
    look(surface, chunk, x, y, version, fresh or (number - 1 - first) % #places < turns)
    local known = since > 0 and x >= kleft and x < kright and y >= ktop and y < kbottom and chunk.born <= since
    local from = known and since or 0
    local gone, rows, arms, ores = {}, {}, {}, {}
    if known then
      for _, lost in ipairs(chunk.gone) do
        if lost[1] > from then gone[#gone + 1] = lost[2] end
      end
    end
    after(chunk.rows, from, spell, rows)
    after(chunk.arms, from, spell, arms)
    after(chunk.ores, from, spell, ores, function(row) return known or row[4] >= 0 end)
    after(chunk.lines, from, spell, lines, function(row) return known or #row > 2 end)
    if not known or #gone + #rows + #arms + #ores > 0 then
      chunks[#chunks + 1] = {x, y, known and 0 or 1, gone, rows, arms, ores}
    end
  end
  return helpers.table_to_json{
    epoch = memory.epoch, version = version, tick = game.tick, tiles = 0, names = names, chunks = chunks, lines = lines,
    speed = game.speed, paused = game.tick_paused, darkness = surface.darkness, agents = agents()
  }
end

function claudetorio_tiles(left, top, right, bottom)
  local surface = game.surfaces[1]
  local names, spell = namer()
  local chunks = {}
  for y = top, bottom - 1 do
    for x = left, right - 1 do
      local row, before = {x, y}, nil
      for ty = y * 32, y * 32 + 31 do
        for tx = x * 32, x * 32 + 31 do
          local tile = surface.get_tile(tx, ty).name
          if tile == before then
            row[#row - 1] = row[#row - 1] + 1
          else
            before = tile
            row[#row + 1] = 1
            row[#row + 1] = name(tile)
          end
        end
      end
      chunks[#chunks + 1] = spell(row)
    end
  end
  return helpers.table_to_json{names = names, chunks = chunks}
end
