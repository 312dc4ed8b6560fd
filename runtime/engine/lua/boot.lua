-- Makes a Lua state safe, bounded and deterministic, before any script runs in it.
--
-- Called once with `host`, a table of Python functions, and two limits. Returns the functions that sandbox.py calls.
-- Cost is counted in VM instructions: a hook adds `STEP` every `STEP` instructions, and library functions written
-- in C add what they cost, since no hook runs inside them. Nothing here looks at a clock.

local host, INSTRUCTION_LIMIT, MEMORY_LIMIT = ...
local STEP = 10000
local PYTHON_CALL_COST = 50
local BYTES_COST = 1 / 16
local ROOMY = 32 * 2 ^ 20 -- bytes
local LITTER = 2 ^ 20 -- bytes
local OWN = { boot = true, patterns = true, serpent = true } -- sources that messages don't point at
local LIMIT_TEXT = string.format("the script was stopped: it ran more than %d instructions", INSTRUCTION_LIMIT)

local raw_xpcall, raw_tostring, raw_next = xpcall, tostring, next
local match, gsub, format, concat = string.match, string.gsub, string.format, table.concat
local raw_getmetatable, raw_setmetatable = debug.getmetatable, setmetatable
local getmetatable = getmetatable
local error, select, type, ipairs, rawget, rawset = error, select, type, ipairs, rawget, rawset
local rawlen, rawequal = rawlen, rawequal
local load, unpack, sort, floor, min, max = load, table.unpack, table.sort, math.floor, math.min, math.max
local sethook, getinfo, memory_in_use = debug.sethook, debug.getinfo, collectgarbage

-- Python's functions, as Lua functions that don't show that they are Python's.
local as_function = python.as_function
local read, first_read, write = as_function(host.read), as_function(host.first_read), as_function(host.write)
local call_method, call_with_table = as_function(host.call_method), as_function(host.call_with_table)
local call_function = as_function(host.call_function)
local same, describe, sort_key = as_function(host.same), as_function(host.describe), as_function(host.sort_key)
local find_within, glance, kind_of = as_function(host.find_within), as_function(host.glance), as_function(host.kind_of)
local length_of, items_of, members_of = as_function(host.length), as_function(host.items), as_function(host.members)

-- Each step of the collector is a whole cycle with all its finalizers. lupa finds the userdata that stands for a Python
-- object by its slot in a weak table. Between a cycle's clearing of the slot and the finalizer that gives it up, lupa
-- hands the slot out again: scripts would now and then meet one object in place of another.
memory_in_use("setstepmul", 1000000000)

-- Limits ------------------------------------------------------------------------------------------------------------

local used, depth, exceeded = 0, 0, false

-- The text with the place in a script that runs now, not in files of ours, in front.
local function placed(text)
  local level, place = 3, getinfo(2, "Sl")
  while place and (OWN[place.short_src] or place.currentline < 0) do
    place = getinfo(level, "Sl")
    level = level + 1
  end
  if place then return place.short_src .. ":" .. place.currentline .. ": " .. text end
  return text
end

local function stop(text)
  error(placed(text), 0)
end

local function trip()
  exceeded = true
  stop(LIMIT_TEXT)
end

local function charge(cost)
  used = used + cost
  if used > INSTRUCTION_LIMIT then trip() end
end

local hook

-- A collection takes long when much is alive: one that leaves less than a quarter free would soon be followed by another.
local function over_memory()
  memory_in_use("collect")
  return memory_in_use("count") * 1024 > MEMORY_LIMIT * 0.75
end

local window = STEP

local function watch(instructions)
  window = instructions
  sethook(hook, "", instructions)
end

function hook()
  used = used + window
  local over_instructions = used > INSTRUCTION_LIMIT
  if not over_instructions and memory_in_use("count") * 1024 < MEMORY_LIMIT then return end
  -- This file's own functions are let finish: an error in the middle of `leave` would be nobody's to catch.
  if getinfo(2, "S").short_src == "boot" then return watch(1) end
  if over_instructions then trip() end
  if over_memory() then stop("not enough memory") end
  watch(STEP)
end

-- Bytes cost too, also those that `..` allocates, which no hook can see: each cycle of the collector finalizes one such
-- canary. Where little is alive, it lets more be allocated before the next cycle than is alive now; the collector heeds that
-- from the cycle after the next on.
local canary, allowed, pause = {}, 0, 200
function canary.__gc()
  local alive = memory_in_use("count") * 1024
  used = used + max(allowed, alive) * BYTES_COST
  allowed = alive * (pause / 100 - 1)
  pause = min(max(200, floor(100 + 100 * ROOMY / alive)), 2000)
  memory_in_use("setpause", pause)
  if used > INSTRUCTION_LIMIT and depth > 0 then watch(1) end
  raw_setmetatable({}, canary)
end
raw_setmetatable({}, canary)

-- Called between runs, when nobody waits: collects what they left, if it is much. Few runs then meet a cycle of the collector.
local left_alive = 0
local function tidy()
  if memory_in_use("count") * 1024 > left_alive * 1.5 + LITTER then
    memory_in_use("collect")
    left_alive = memory_in_use("count") * 1024
  end
end

-- Called before a C function makes a string of `size` bytes: the state's own limit would hold too, but late.
local function reserve(size)
  charge(size * BYTES_COST)
  if size + memory_in_use("count") * 1024 > MEMORY_LIMIT then
    memory_in_use("collect")
    if size + memory_in_use("count") * 1024 > MEMORY_LIMIT then stop("not enough memory") end
  end
end

-- Errors ------------------------------------------------------------------------------------------------------------

-- What Lua may see of an error, while its place is still on the stack: Python's exceptions arrive as userdata and
-- become text, and what a C function reports of its caller, a wrapper of ours, is the script's.
local function error_value(e)
  if type(e) == "userdata" then return placed(describe(e)) end
  if type(e) == "string" then
    local source, text = match(e, "^(%l+):%d+: (.*)")
    if OWN[source] then return placed((gsub(text, "'raw_", "'"))) end
  end
  return e
end

local function settle(ok, e, ...)
  if ok then return true, e, ... end
  if exceeded then error(e, 0) end
  return false, e
end

function pcall(f, ...)
  return settle(raw_xpcall(f, error_value, ...))
end

function xpcall(f, handler, ...)
  local function guarded(e)
    -- No hook runs while an error that the hook raised is being handled: a handler could loop without end.
    if exceeded then return e end
    return handler(error_value(e))
  end
  return settle(raw_xpcall(f, guarded, ...))
end

local changed

local function leave(ok, e, ...)
  depth = depth - 1
  changed()
  if ok then return true, e, ... end
  local kind = type(e)
  if kind == "number" then e = raw_tostring(e) end
  if kind ~= "string" and kind ~= "number" then e = "(error object is a " .. kind .. " value)" end
  return false, e
end

-- Runs f with a budget of its own, or inside the budget of the run that called Python, which called this.
local function run(f, ...)
  if depth == 0 then
    used, exceeded = 0, false
    watch(STEP)
  end
  depth = depth + 1
  changed()
  return leave(raw_xpcall(f, error_value, ...))
end

local function execute(source, chunk)
  local f, message = load(source, chunk, "t")
  if not f then return false, message end
  return run(f)
end

-- Order of keys -----------------------------------------------------------------------------------------------------

local function by_sort_key(keys)
  local place = {}
  for i = 1, #keys do place[keys[i]] = sort_key(keys[i]) end
  sort(keys, function(a, b) return place[a] < place[b] end)
end

-- Tables that were made of JSON keep the order of its keys, as the game's tables keep the order of insertion:
-- table -> {key -> place}. Keys that came later follow, sorted.
local places = raw_setmetatable({}, { __mode = "k" })

local function remember(t, keys)
  local place = {}
  for i = 1, #keys do place[keys[i]] = i end
  places[t] = place
end

local function sort_strings(strings, place)
  if not place then return sort(strings) end
  sort(strings, function(a, b)
    local p, q = place[a], place[b]
    if p and q then return p < q end
    if p or q then return p ~= nil end
    return a < b
  end)
end

-- The keys of t that are not in 1..n: numbers, strings, booleans, game objects; each kind in its own order.
-- Tables and functions as keys come last; they have no order that another process could repeat.
local function keys_after(t, n)
  local numbers, strings, booleans, objects, others
  for k in raw_next, t do
    local kind = type(k)
    if kind == "string" then
      if strings then strings[#strings + 1] = k else strings = { k } end
    elseif kind == "number" then
      if k < 1 or k > n or k % 1 ~= 0 then
        if numbers then numbers[#numbers + 1] = k else numbers = { k } end
      end
    elseif kind == "boolean" then
      if booleans then booleans = { false, true } else booleans = { k } end
    elseif kind == "userdata" then
      if objects then objects[#objects + 1] = k else objects = { k } end
    else
      if others then others[#others + 1] = k else others = { k } end
    end
  end
  if strings and strings[2] then sort_strings(strings, places[t]) end
  if not (numbers or booleans or objects or others) then return strings or {} end
  if numbers then sort(numbers) end
  if objects and objects[2] then by_sort_key(objects) end
  local keys = numbers or {}
  local function append(list)
    if list then
      for i = 1, #list do keys[#keys + 1] = list[i] end
    end
  end
  append(strings)
  append(booleans)
  append(objects)
  append(others)
  return keys
end

local function first_key(t)
  if rawget(t, 1) ~= nil then return 1 end
  local best = raw_next(t)
  if best == nil then return nil end
  if raw_next(t, best) == nil then return best end
  if places[t] then return keys_after(t, 0)[1] end
  local number, text
  for k in raw_next, t do
    local kind = type(k)
    if kind == "number" then
      if number == nil or k < number then number = k end
    elseif kind == "string" then
      if text == nil or k < text then text = k end
    end
  end
  if number ~= nil then return number end
  if text ~= nil then return text end
  return keys_after(t, 0)[1]
end

-- Walks that `next` is in the middle of: table -> {keys, place of the key handed out last}.
local walks = raw_setmetatable({}, { __mode = "k" })

local function next_in_order(t, k)
  if type(t) ~= "table" then
    error("bad argument #1 to 'next' (table expected, got " .. (t == nil and "no value" or type(t)) .. ")", 2)
  end
  local walk
  if k == nil then
    walks[t] = nil
    k = first_key(t)
    if k == nil then return nil end
    return k, rawget(t, k)
  end
  if type(k) == "number" and k >= 1 and k == floor(k) then
    local v = rawget(t, k + 1)
    if v ~= nil and not walks[t] and rawget(t, 1) ~= nil then return k + 1, v end
  end
  walk = walks[t]
  if not (walk and rawequal(walk.keys[walk.place], k)) then
    local n = 0
    while rawget(t, n + 1) ~= nil do n = n + 1 end
    local keys, rest = {}, keys_after(t, n)
    for i = 1, n do keys[i] = i end
    for i = 1, #rest do keys[n + i] = rest[i] end
    walk = { keys = keys }
    for i = 1, #keys do
      if rawequal(keys[i], k) then walk.place = i break end
    end
    if not walk.place then
      -- The key was removed after `next` gave it: go on behind the place where it would be.
      keys[#keys + 1] = k
      rawset(t, k, true)
      rest = keys_after(t, n)
      rawset(t, k, nil)
      for i = 1, #rest do
        keys[n + i] = rest[i]
        if rawequal(rest[i], k) then walk.place = n + i end
      end
      if not walk.place then error("invalid key to 'next'", 2) end
    end
    walks[t] = walk
  end
  local keys = walk.keys
  for i = walk.place + 1, #keys do
    local v = rawget(t, keys[i])
    if v ~= nil then
      walk.place = i
      return keys[i], v
    end
  end
  walks[t] = nil
  return nil
end
next = next_in_order

-- Tables with the same keys are sorted once, as long as they have few: a tree, from each key that raw `next` gives to the one
-- that follows it, with the iterator of the keys in order where a table ends. `for` calls that with the table and the key before,
-- so that a walk makes no function of its own.
local orders, order_count = {}, 0
local ORDERLY, MOST_ORDERS, LONGEST_ORDER = {}, 10000, 100
local ORDERED = { string = true, number = true, boolean = true }

local function iterator_of(keys)
  local first, following = keys[1], {}
  for i = 1, #keys do following[keys[i]] = keys[i + 1] end
  return function(t, k)
    if k == nil then k = first else k = following[k] end
    while k ~= nil do
      local v = t[k]
      if v ~= nil then return k, v end
      k = following[k]
    end
  end
end

local function learn_order(t, keys)
  if #keys > LONGEST_ORDER or places[t] then return nil end
  if order_count + #keys > MOST_ORDERS then orders, order_count = {}, 0 end
  local node = orders
  for k in raw_next, t do
    if not ORDERED[type(k)] then return nil end
    local following = node[k]
    if not following then
      following, order_count = {}, order_count + 1
      node[k] = following
    end
    node = following
  end
  node[ORDERLY] = iterator_of(keys)
  return node[ORDERLY]
end

local function nothing() end

-- Tables that hardly ever get another key, such as those of `defines`, keep their iterator: table -> iterator. Where they hold
-- numbers it goes by these, the order in which the game defines them. A new key is noticed, and then they are tables like others.
local steady, STEADY = {}, { __metatable = false }
local change_metatable = debug.setmetatable

local function unsteady(t)
  steady[t] = nil
  change_metatable(t, nil)
end

function STEADY.__newindex(t, k, v)
  unsteady(t)
  t[k] = v
end

local function make_steady(t)
  local numbered = true
  for _, v in raw_next, t do
    if type(v) == "table" then make_steady(v) end
    numbered = numbered and type(v) == "number"
  end
  local keys = keys_after(t, 0)
  if numbered then
    sort(keys, function(a, b)
      if t[a] ~= t[b] then return t[a] < t[b] end
      return a < b
    end)
  end
  steady[t] = iterator_of(keys)
  raw_setmetatable(t, STEADY)
end

function _G.rawset(t, k, v)
  if steady[t] then unsteady(t) end
  return rawset(t, k, v)
end

-- The walk of a table that has a metatable, is long, or isn't all list or all keys of a plain kind.
local function walk(t, keys)
  local i = 0
  return function()
    if not keys then
      i = i + 1
      local v = rawget(t, i)
      if v ~= nil then return i, v end
      keys, i = keys_after(t, i - 1), 0
    end
    while true do
      i = i + 1
      local k = keys[i]
      if k == nil then return nil end
      local v = rawget(t, k)
      if v ~= nil then return k, v end
    end
  end, t, nil
end

-- Where a list ends, or goes on behind an entry that was taken out of it meanwhile.
local function behind(t, i)
  local place
  for k in raw_next, t do
    if type(k) == "number" and k > i and (place == nil or k < place) then place = k end
  end
  if place then return place, t[place] end
end

local function list_iterator(t, i)
  i = (i or 0) + 1
  local v = t[i]
  if v ~= nil then return i, v end
  if i > 1 and t[i - 1] ~= nil and raw_next(t, i - 1) == nil then return nil end
  return behind(t, i)
end

local SHORT_LIST = 10

function pairs(t)
  local meta = raw_getmetatable(t)
  if meta then
    if meta == STEADY then return steady[t], t, nil end
    local handler = rawget(meta, "__pairs")
    if handler then
      local a, b, c = handler(t)
      return a, b, c
    end
  end
  if type(t) ~= "table" then
    error("bad argument #1 to 'for iterator' (table expected, got " .. type(t) .. ")", 2)
  end
  if meta then
    if rawget(t, 1) ~= nil then return walk(t) end
    return walk(t, keys_after(t, 0))
  end
  if t[1] ~= nil then
    local count = 0
    for k in raw_next, t do
      count = count + 1
      if k ~= count or count > SHORT_LIST then return walk(t) end
    end
    return list_iterator, t, nil
  end
  if places[t] then return walk(t, keys_after(t, 0)) end
  local node = orders
  for k in raw_next, t do
    node = node[k]
    if not node then break end
  end
  local iterator = node and node[ORDERLY]
  if iterator then return iterator, t, nil end
  if node == orders then return nothing, t, nil end
  local keys = keys_after(t, 0)
  iterator = learn_order(t, keys)
  if iterator then return iterator, t, nil end
  return walk(t, keys)
end

function table_size(t)
  local n = 0
  for _ in raw_next, t do n = n + 1 end
  return n
end

-- Game objects: userdata that stand for Python objects -----------------------------------------------------------------

local function finish(value, problem, ...)
  if problem == nil then return value end
  if problem == false then return ... end -- several values
  error(problem, 2)
end

-- What is known of objects without asking Python, so that reading it again costs little: object -> row, a row: name of a
-- member -> value. `known` holds for good: of entities what they are and where they stand, as long as they are valid and
-- aren't moved (then Python says `forget`), of constant objects (prototypes) all that was ever read of them, and methods.
-- `fresh` holds until the world may have changed: until a member is written, a method is called that is no query, or a run
-- begins or ends. `answers` holds as long, of queries: method -> row, a row: argument -> value.
local known, known_count, constants = {}, 0, {}
local fresh, answers, fresh_count = {}, {}, 0
local MOST_KNOWN, MOST_FRESH = 10000, 20000
local IS_ENTITY, CONSTANT, X, Y, MEMBERS, ITEMS, KIND = {}, {}, {}, {}, {}, {}, {}
local NOTHING, NO_ARGUMENT = {}, {} -- stand for nil
local TABLES, MAKERS = {}, {} -- the tables among a row's values; what makes them

function changed()
  if fresh_count > 0 then fresh, answers, fresh_count = {}, {}, 0 end
end

local function know(object, row)
  if known_count >= MOST_KNOWN then
    known, known_count = {}, 0
    for constant, own in raw_next, constants do known[constant] = own end
  end
  known[object], known_count = row, known_count + 1
end

local function copied(t)
  local copy = {}
  for k, v in raw_next, t do
    if type(v) == "table" then v = copied(v) end
    copy[k] = v
  end
  return copy
end

-- A function that makes a table like t: the source of its constructor, compiled, is three times as fast as copying. Nil for
-- tables that are too large for that.
local LARGEST_MADE = 100

local function maker_of(t)
  local given, left = {}, LARGEST_MADE -- `given`: what can't be written
  local write

  local function write_table(t)
    local parts, n = {}, rawlen(t)
    for i = 1, n do parts[i] = write(rawget(t, i)) end
    for k, v in raw_next, t do
      if not (type(k) == "number" and k >= 1 and k <= n and k % 1 == 0) then
        parts[#parts + 1] = "[" .. write(k) .. "]=" .. write(v)
      end
    end
    return "{" .. concat(parts, ",") .. "}"
  end

  function write(v)
    left = left - 1
    local kind = type(v)
    if left < 0 or kind == "nil" then return "nil" end
    if kind == "table" then return write_table(v) end
    if kind == "string" then return format("%q", v) end
    if kind == "boolean" then return raw_tostring(v) end
    if kind == "number" and v % 1 == 0 and v ~= 0 then return format("%.17g", v) end
    given[#given + 1] = v
    return "given[" .. #given .. "]"
  end

  local source = write_table(t)
  if left < 0 then return nil end
  return load("local given = ... return function() return " .. source .. " end", "=boot", "t")(given)
end

-- Keeps a value in a row, and gives what the script gets: of a table a copy, which it may change.
local function keep(row, key, value)
  if key ~= key then return value end -- NaN is no key
  local constant = row[CONSTANT]
  if not constant then
    if fresh_count >= MOST_FRESH then changed() end
    fresh_count = fresh_count + 1
  end
  if value == nil then
    row[key] = NOTHING
  elseif type(value) == "table" then
    local make = constant and maker_of(value)
    local kept = row[make and MAKERS or TABLES]
    if not kept then
      kept = {}
      row[make and MAKERS or TABLES] = kept
    end
    kept[key] = make or value
    return make and make() or copied(value)
  else
    row[key] = value
  end
  return value
end

-- A small table as a row of values, so that Python needs no further call to read it: LIST, its values, END; or DICT, then
-- key, value, key, value …, in order, END. Gives how many there are, or nil when the table is too large for it.
local LIST, DICT, END = host.list_token, host.dict_token, host.end_token
local MOST_TOKENS, DEEPEST_TOKENS = 200, 8
local tokens = {}

local encode

local function encode_value(v, n, level)
  if type(v) == "table" then return encode(v, n, level + 1) end
  tokens[n + 1] = v
  return n + 1
end

function encode(t, n, level)
  local count, length = 0, rawlen(t)
  for _ in raw_next, t do count = count + 1 end
  if level > DEEPEST_TOKENS or n + 2 * count + 2 > MOST_TOKENS then return nil end
  n = n + 1
  if count == length and count > 0 then
    tokens[n] = LIST
    for i = 1, count do
      local v = rawget(t, i)
      n = v ~= nil and encode_value(v, n, level)
      if not n then return nil end
    end
  else
    tokens[n] = DICT
    length = 0
    while rawget(t, length + 1) ~= nil do length = length + 1 end
    local keys = keys_after(t, length)
    for i = 1, count do
      local k = i <= length and i or keys[i - length]
      tokens[n + 1] = k
      n = encode_value(rawget(t, k), n + 1, level)
      if not n then return nil end
    end
  end
  n = n + 1
  tokens[n] = END
  return n
end

local function call(object, key, ...)
  local argument = ...
  if type(argument) == "table" and select("#", ...) == 1 then
    local n = encode(argument, 0, 1)
    if n then return call_with_table(object, key, unpack(tokens, 1, n)) end
  end
  return call_method(object, key, ...)
end

-- Searches by name and place, and what they found. They hold until something of that name comes, goes or moves: then
-- Python says `forget_searches`. name -> {count = how many, type and limit -> x -> y -> x or radius -> y -> what was found}.
local searches = {}
local MOST_SEARCHES, MOST_FOUND = 2000, 64
local PLAIN_SEARCH = { name = true, type = true, area = true, position = true, radius = true, limit = true }

local function point_of(p)
  if type(p) ~= "table" then return nil end
  local x, y = p.x or p[1], p.y or p[2]
  if type(x) == "number" and type(y) == "number" then return x, y end
end

local function corners_of(area)
  if type(area) ~= "table" then return nil end
  local left, top = point_of(area.left_top or area[1])
  if left then return left, top, point_of(area.right_bottom or area[2]) end
end

-- What a search goes by; nil when it is of another kind.
local function search_of(filter)
  for k in raw_next, filter do
    if not PLAIN_SEARCH[k] then return nil end
  end
  local kind, radius, limit = filter.type or "", filter.radius, filter.limit
  if type(kind) ~= "string" or (radius and type(radius) ~= "number") then return nil end
  if limit then
    if type(limit) ~= "number" then return nil end
    kind = kind .. " " .. limit
  end
  local place = filter.position
  if place then
    local x, y = point_of(place)
    return x and kind, x, y, radius or "", ""
  elseif not radius then
    local left, top, right, bottom = corners_of(filter.area)
    return bottom and kind, left, top, right, bottom
  end
end

local function keep_search(name, found, kind, x, y, x2, y2)
  local here = searches[name]
  if not here or here.count >= MOST_SEARCHES then
    here = { count = 0, found = {} }
    searches[name] = here
  end
  here.count = here.count + 1
  local t = here.found
  for _, key in ipairs({ kind, x, y, x2 }) do
    local inner = t[key]
    if not inner then
      inner = {}
      t[key] = inner
    end
    t = inner
  end
  t[y2] = found
end

local function gather(value, problem, ...)
  if problem == false then return { ... } end
  return finish(value, problem)
end

local function bind_search(row, object, key)
  local function method(...)
    used = used + PYTHON_CALL_COST
    local filter = ...
    if type(filter) ~= "table" or raw_getmetatable(filter) or select("#", ...) > 1 then
      return finish(call(object, key, ...))
    end
    local name = filter.name
    if type(name) == "string" then
      local kind, x, y, x2, y2 = search_of(filter)
      if not kind then return finish(call(object, key, filter)) end
      local here = searches[name]
      local t = here and here.found[kind]
      t = t and t[x]
      t = t and t[y]
      t = t and t[x2]
      local found, problem = t and t[y2], nil
      if not found then
        found, problem = call(object, key, filter)
        if problem ~= nil then return finish(found, problem) end
        if #found > MOST_FOUND then return found end
        keep_search(name, found, kind, x, y, x2, y2)
      end
      return { unpack(found) } -- the script's own
    end
    local left, top, right, bottom = corners_of(filter.area)
    if bottom and raw_next(filter) == "area" and raw_next(filter, "area") == nil then
      return gather(find_within(object, left, top, right, bottom))
    end
    return finish(call(object, key, filter))
  end
  row[key] = method
  return method
end

-- The result of a query with one plain argument or none, kept.
local function keep_answer(method, argument, value, problem, ...)
  if problem ~= nil then return finish(value, problem, ...) end
  local row = answers[method]
  if not row then
    row = {}
    answers[method] = row
  end
  return keep(row, argument, value)
end

local function bind_query(row, object, key)
  local function method(...)
    used = used + PYTHON_CALL_COST
    local argument = ...
    if select("#", ...) > 1 or type(argument) == "table" then return finish(call(object, key, ...)) end
    if argument == nil then argument = select("#", ...) == 0 and NO_ARGUMENT or NOTHING end
    local here = answers[method]
    if here then
      local value = here[argument]
      if value == NOTHING then return nil end
      if value ~= nil then return value end
      local tables = here[TABLES]
      value = tables and tables[argument]
      if value then return copied(value) end
    end
    return keep_answer(method, argument, call_method(object, key, ...))
  end
  row[key] = method
  return method
end

-- `get_inventory` of what never has one.
local function bind_no_inventory(row, object, key)
  local function method(...)
    local index = ...
    if known[object] ~= row or type(index) ~= "number" or index % 1 ~= 0 or select("#", ...) > 1 then
      return finish(call(object, key, ...))
    end
    used = used + PYTHON_CALL_COST
    return nil
  end
  row[key] = method
  return method
end

local function bind(row, object, key)
  if key == "find_entities_filtered" then return bind_search(row, object, key) end
  if key == "get_inventory" and row[KIND] and row[KIND].inventories == false then
    return bind_no_inventory(row, object, key)
  end
  if row[MEMBERS][key] == "query" then return bind_query(row, object, key) end
  local function method(...)
    used = used + PYTHON_CALL_COST
    changed()
    return finish(call(object, key, ...))
  end
  row[key] = method
  return method
end

local classes = {} -- name of a class of objects -> {name of a method -> "query" or "method"}

-- Name of an entity -> what members read of all that have it: prototype, surface, and those that are nil. `inventories` is
-- false where there are none.
local kinds = {}

local function learn_kind(object, name)
  local kind, absent = kind_of(object)
  for i = 1, #absent do kind[absent[i]] = NOTHING end
  kinds[name] = kind
  return kind
end

-- `class` and what follows it are nil when the object isn't valid.
local function get_to_know(object, key, value, problem, class, name, kind, x, y, unit_number)
  if not class then
    if problem == nil then return value end
    error(problem, 2) -- __index called this in its place
  end
  local members = classes[class]
  if not members then
    members = members_of(object)
    classes[class] = members
  end
  local row = { [MEMBERS] = members }
  if name == true then
    row[CONSTANT] = true
    constants[object] = row
    know(object, row)
  elseif name then
    row[IS_ENTITY], row.valid, row.name, row.type, row[X], row[Y] = true, true, name, kind, x, y
    row.unit_number, row[KIND] = unit_number, kinds[name] or learn_kind(object, name)
    know(object, row)
  elseif name == false then
    know(object, row)
  else
    fresh[object], fresh_count = row, fresh_count + 1
  end
  if problem == true then return bind(row, object, key) end
  if problem ~= nil then error(problem, 2) end
  if row[IS_ENTITY] then return value end
  return keep(row, key, value)
end

local objects = raw_getmetatable(host.read)

-- Who reads one of these of an entity soon reads the others.
local READ_TOGETHER = { status = true, health = true, energy = true }

function objects.__index(object, key)
  used = used + PYTHON_CALL_COST
  local own = known[object]
  local row = own
  if own then
    if key == "position" then
      local x = own[X]
      if x then return { x = x, y = own[Y] } end
    end
    local value = own[key]
    if value == NOTHING then return nil end
    if value ~= nil then return value end
    if own[CONSTANT] then
      local make = own[MAKERS]
      make = make and make[key]
      if make then return make() end
    else
      local kind = own[KIND]
      if kind then
        value = kind[key]
        if value == NOTHING then return nil end
        if value ~= nil then return value end
      end
      row = fresh[object]
    end
  else
    own = fresh[object]
    row = own
    if not own then return get_to_know(object, key, first_read(object, key)) end
  end
  if row then
    local value = row[key]
    if value == NOTHING then return nil end
    if value ~= nil then return value end
    local tables = row[TABLES]
    value = tables and tables[key]
    if value then return copied(value) end
  end
  if own[MEMBERS][key] then return bind(own, object, key) end
  if not row then
    row = {}
    fresh[object] = row
  end
  if own[IS_ENTITY] and READ_TOGETHER[key] then
    local ok, status, health, energy = glance(object)
    if ok then
      keep(row, "status", status)
      keep(row, "health", health)
      keep(row, "energy", energy)
      if key == "status" then return status elseif key == "health" then return health end
      return energy
    end
  end
  local value, problem = read(object, key)
  if problem ~= nil then error(problem, 2) end
  if key == "fluidbox" and own[IS_ENTITY] then
    own[key] = value
    return value
  end
  return keep(row, key, value)
end

function objects.__newindex(object, key, value)
  used = used + PYTHON_CALL_COST
  changed()
  local problem = write(object, key, value)
  if problem then error(problem, 2) end
end

function objects.__len(object)
  local value, problem = length_of(object)
  if problem then error(problem, 2) end
  return value
end

function objects.__pairs(object)
  if not known[object] then get_to_know(object, "valid", first_read(object, "valid")) end
  local own = known[object]
  local list, problem = own and own[ITEMS]
  if not list then
    list, problem = items_of(object)
    if problem then error(problem, 3) end
    if own and own[CONSTANT] then own[ITEMS] = list end
  end
  local i = -1
  return function()
    i = i + 2
    return list[i], list[i + 1]
  end, object, nil
end

function objects.__eq(a, b)
  local own, other = known[a], known[b]
  if own and other and own[IS_ENTITY] and other[IS_ENTITY] then return false end -- each has one object
  return same(a, b)
end

function objects.__tostring(object)
  return describe(object)
end

function objects.__call(object)
  error("attempt to call a userdata value", 2)
end

objects.__metatable = "private"

-- A Lua function that calls a Python function.
local function wrap(f)
  f = as_function(f)
  return function(...)
    used = used + PYTHON_CALL_COST
    changed()
    return finish(call_function(f, ...))
  end
end

-- Libraries ---------------------------------------------------------------------------------------------------------

function setmetatable(t, meta)
  if type(meta) == "table" and (rawget(meta, "__gc") ~= nil or rawget(meta, "__mode") ~= nil) then
    error("setmetatable: __gc and __mode are not available, since they depend on when memory is collected", 2)
  end
  return raw_setmetatable(t, meta)
end

-- Addresses differ from process to process; these numbers count the tables and functions that were asked about.
local serials, last_serial = raw_setmetatable({}, { __mode = "k" }), 0

function tostring(...)
  local v = ...
  local kind = type(v)
  if kind == "table" or kind == "function" then
    local meta = kind == "table" and raw_getmetatable(v)
    if not (meta and rawget(meta, "__tostring")) then
      if not serials[v] then
        charge(50)
        last_serial = last_serial + 1
        serials[v] = string.format("0x%08x", last_serial)
      end
      return kind .. ": " .. serials[v]
    end
  end
  return raw_tostring(...)
end
local tostring = tostring

local raw_string, raw_table = {}, {}
for k, v in raw_next, string do raw_string[k] = v end
for k, v in raw_next, table do raw_table[k] = v end
string.dump = nil

function string.rep(s, n, separator)
  if type(s) == "string" and type(n) == "number" and n > 0 then
    reserve((#s + (type(separator) == "string" and #separator or 0)) * n)
  end
  return raw_string.rep(s, n, separator)
end

for _, name in raw_next, { "lower", "upper", "reverse" } do
  local f = raw_string[name]
  string[name] = function(s)
    if type(s) == "string" and #s > 1000 then reserve(#s) end
    return f(s)
  end
end

function string.sub(s, ...)
  if type(s) == "string" and #s > 1000 then charge(#s / 64) end
  return raw_string.sub(s, ...)
end

function string.format(format, ...)
  local n = select("#", ...)
  for i = 1, n do
    local kind = type((select(i, ...)))
    if kind == "table" or kind == "function" then
      local arguments = { ... }
      for j = 1, n do
        kind = type(arguments[j])
        if kind == "table" or kind == "function" then arguments[j] = tostring(arguments[j]) end
      end
      return raw_string.format(format, unpack(arguments, 1, n))
    elseif kind == "string" and #(select(i, ...)) > 1000 then
      reserve(#(select(i, ...)))
    end
  end
  return raw_string.format(format, ...)
end

local function charge_range(t, i, j, cost)
  i, j = i or 1, j or (type(t) == "table" and #t or 0)
  if type(i) == "number" and type(j) == "number" and j >= i then charge((j - i + 1) * cost) end
end

function table.concat(t, separator, i, j)
  charge_range(t, i, j, 4)
  return raw_table.concat(t, separator, i, j)
end

function table.unpack(t, i, j)
  charge_range(t, i, j, 1)
  return unpack(t, i, j)
end

function table.sort(t, before)
  local n = type(t) == "table" and #t or 0
  charge(n * 8)
  if n > 1000 then charge(n * 60) end
  return sort(t, before)
end

function table.insert(t, ...)
  if steady[t] then unsteady(t) end
  if select("#", ...) == 2 and type(t) == "table" then
    local place = ...
    if type(place) == "number" and place <= #t then charge((#t - place) * 2) end
  end
  return raw_table.insert(t, ...)
end

function table.remove(t, ...)
  local place = ...
  if type(place) == "number" and type(t) == "table" and place < #t then charge((#t - place) * 2) end
  return raw_table.remove(t, ...)
end

host.patterns(charge)

math.random = wrap(host.random)
-- The game's generator belongs to the map: a script can't seed it.
function math.randomseed() end
local print_line = wrap(host.print)
function print(...)
  local words = { ... }
  for i = 1, select("#", ...) do words[i] = tostring(words[i]) end
  print_line(raw_table.concat(words, "\t"))
end

for _, name in raw_next, {
  "collectgarbage", "coroutine", "debug", "dofile", "io", "load", "loadfile", "loadstring", "module", "os", "package",
  "python", "require", "unpack",
} do
  rawset(_G, name, nil)
end

-- What Python needs ---------------------------------------------------------------------------------------------------

local MOST_RESULTS = 5000

-- The entries of a table, in order. A list: 1 and its values. Other tables: 2, then key, value, key, value …
-- When there are more than a call may return: 3 or 4 and a list of them, to be read with `slice`.
local function flatten(t)
  local n, count = rawlen(t), 0
  for _ in raw_next, t do count = count + 1 end
  if count == 2 then
    local x, y = rawget(t, "x"), rawget(t, "y") -- a position
    if x ~= nil and y ~= nil then return 2, "x", x, "y", y end
  end
  local list = count == n
  if list then
    for i = 1, n do
      if rawget(t, i) == nil then list = false break end
    end
  end
  if list then
    if n > MOST_RESULTS then return 3, n, t end
    return 1, unpack(t, 1, n)
  end
  n = 0
  while rawget(t, n + 1) ~= nil do n = n + 1 end
  local entries, keys = {}, keys_after(t, n)
  for i = 1, n do
    entries[2 * i - 1] = i
    entries[2 * i] = rawget(t, i)
  end
  n = 2 * n
  for i = 1, #keys do
    entries[n + 1] = keys[i]
    entries[n + 2] = rawget(t, keys[i])
    n = n + 2
  end
  if n > MOST_RESULTS then return 4, n, entries end
  return 2, unpack(entries, 1, n)
end

return {
  execute = execute,
  run = run,
  tidy = tidy,
  charge = function(cost) used = used + cost end,
  flatten = flatten,
  remember = remember,
  forget = function(object) known[object] = nil end,
  forget_searches = function(name) searches[name] = nil end,
  slice = function(t, i, j) return unpack(t, i, j) end,
  wrap = wrap,
  set_global = function(name, value) rawset(_G, name, value) end,
  make_steady = make_steady,
  get_global = function(name) return rawget(_G, name) end,
}
