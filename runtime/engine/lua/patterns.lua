-- string.find, match, gmatch and gsub in bounded time.
--
-- Lua's own matcher backtracks inside one C call, where no hook counts: ("a"):rep(40):find(("a*"):rep(40) .. "b")
-- would take years. A call whose worst case is cheap goes to it; any other to the same algorithm in Lua, whose
-- instructions count.

local charge = ...
local raw_find, raw_match, raw_gmatch, raw_gsub = string.find, string.match, string.gmatch, string.gsub
local byte, sub, char, concat, unpack = string.byte, string.sub, string.char, table.concat, table.unpack
local type, error, tostring, tonumber, rawget = type, error, tostring, tonumber, rawget

local CHEAP = 100000 -- steps of the C matcher, well under a millisecond
local CHARGED = 1000
local MOST_PLAIN = 1e9 -- comparisons of bytes by a plain search

-- Compiling ---------------------------------------------------------------------------------------------------------

local sets = {} -- text of a single-character class -> which bytes are in it

local function set_of(class)
  local set = sets[class]
  if not set then
    set = {}
    local anchored = "^" .. class
    for code = 0, 255 do set[code] = raw_find(char(code), anchored) ~= nil end
    sets[class] = set
  end
  return set
end

local function class_end(pattern, i)
  local c = sub(pattern, i, i)
  if c == "%" then return i + 2 end
  if c ~= "[" then return i + 1 end
  i = i + 1
  if sub(pattern, i, i) == "^" then i = i + 1 end
  repeat
    c = sub(pattern, i, i)
    if c == "" then error("malformed pattern (missing ']')", 0) end
    i = i + (c == "%" and 2 or 1)
  until sub(pattern, i, i) == "]"
  return i + 1
end

-- A list of nodes {kind, …}, and how the worst case grows: the power of the subject's length.
local function compile(pattern)
  local nodes, i, open = {}, 1, 0
  local anchored = sub(pattern, 1, 1) == "^"
  if anchored then i = 2 end
  local growing, pending = 0, 0 -- repetitions that something after them can make backtrack; those nothing follows yet
  while i <= #pattern do
    local c, two = sub(pattern, i, i), sub(pattern, i, i + 1)
    local node
    if c == "(" then
      open = open + 1
      if two == "()" then
        node = { "position" }
        i = i + 2
      else
        node = { "open" }
        i = i + 1
      end
    elseif c == ")" then
      node = { "close" }
      i = i + 1
    elseif c == "$" and i == #pattern then
      node = { "end" }
      i = i + 1
    elseif two == "%b" then
      node = { "balance", byte(pattern, i + 2), byte(pattern, i + 3) }
      growing = growing + 1
      i = i + 4
    elseif two == "%f" then
      local last = class_end(pattern, i + 2)
      node = { "frontier", set_of(sub(pattern, i + 2, last - 1)) }
      i = last
    elseif raw_find(two, "^%%%d") then
      node = { "back", tonumber(sub(two, 2)) }
      growing = growing + 1
      i = i + 2
    else
      local last = class_end(pattern, i)
      local quantifier = sub(pattern, last, last)
      node = { "one", set_of(sub(pattern, i, last - 1)) }
      i = last
      if quantifier == "*" or quantifier == "+" or quantifier == "-" or quantifier == "?" then
        node[1] = quantifier
        i = last + 1
      end
    end
    local kind = node[1]
    if kind ~= "open" and kind ~= "close" and kind ~= "position" then
      growing = growing + pending
      pending = 0
    end
    if kind == "*" or kind == "+" or kind == "-" or kind == "?" then
      if kind == "?" then growing = growing + 0.5 else pending = 1 end
    end
    nodes[#nodes + 1] = node
  end
  local power = growing + (anchored and 0 or 1)
  return { nodes = nodes, anchored = anchored, power = power < 1 and 1 or power }
end

local compiled, compiled_count = {}, 0

local function program_of(pattern)
  local program = compiled[pattern]
  if not program then
    raw_find("", pattern) -- raises for most malformed patterns, in Lua's words
    charge(#pattern * 20)
    program = compile(pattern)
    if compiled_count >= 500 then compiled, compiled_count, sets = {}, 0, {} end
    compiled[pattern] = program
    compiled_count = compiled_count + 1
  end
  return program
end

-- Matching ----------------------------------------------------------------------------------------------------------

local step

-- Where the nodes from `at` on stop matching s from byte i, or nil. `captures` holds {first, length or kind}.
function step(nodes, at, s, i, captures)
  while true do
    local node = nodes[at]
    if not node then return i end
    local kind = node[1]
    if kind == "one" then
      local code = byte(s, i)
      if not code or not node[2][code] then return nil end
      i = i + 1
    elseif kind == "*" or kind == "+" then
      local set, first = node[2], i
      while true do
        local code = byte(s, i)
        if not code or not set[code] then break end
        i = i + 1
      end
      if kind == "+" then first = first + 1 end
      if not nodes[at + 1] then return i >= first and i or nil end
      while i >= first do
        local stop = step(nodes, at + 1, s, i, captures)
        if stop then return stop end
        i = i - 1
      end
      return nil
    elseif kind == "-" then
      local set = node[2]
      while true do
        local stop = step(nodes, at + 1, s, i, captures)
        if stop then return stop end
        local code = byte(s, i)
        if not code or not set[code] then return nil end
        i = i + 1
      end
    elseif kind == "?" then
      local code = byte(s, i)
      if code and node[2][code] then
        local stop = step(nodes, at + 1, s, i + 1, captures)
        if stop then return stop end
      end
    elseif kind == "end" then
      if i ~= #s + 1 then return nil end
    elseif kind == "open" or kind == "position" then
      local n = captures.n + 1
      if n > 32 then error("too many captures", 0) end
      captures.n = n
      captures[n] = { i, kind }
      local stop = step(nodes, at + 1, s, i, captures)
      if not stop then captures.n = n - 1 end
      return stop
    elseif kind == "close" then
      local n = captures.n
      while n > 0 and captures[n][2] ~= "open" do n = n - 1 end
      if n == 0 then error("invalid pattern capture", 0) end
      captures[n][2] = i - captures[n][1]
      local stop = step(nodes, at + 1, s, i, captures)
      if not stop then captures[n][2] = "open" end
      return stop
    elseif kind == "balance" then
      if byte(s, i) ~= node[2] then return nil end
      local depth = 0
      while true do
        local code = byte(s, i)
        if not code then return nil end
        i = i + 1
        if code == node[3] then
          depth = depth - 1
          if depth == 0 then break end
        elseif code == node[2] then
          depth = depth + 1
        end
      end
    elseif kind == "frontier" then
      local set = node[2]
      if set[i > 1 and byte(s, i - 1) or 0] or not set[byte(s, i) or 0] then return nil end
    else -- back
      local capture = captures[node[2]]
      if not capture or node[2] > captures.n or type(capture[2]) ~= "number" then
        error("invalid capture index %" .. node[2], 0)
      end
      local text = sub(s, capture[1], capture[1] + capture[2] - 1)
      charge(#text)
      if sub(s, i, i + #text - 1) ~= text then return nil end
      i = i + #text
    end
    at = at + 1
  end
end

local function values(s, captures, list, whole)
  if captures.n == 0 and whole then list[#list + 1] = whole end
  for n = 1, captures.n do
    local capture = captures[n]
    if capture[2] == "position" then
      list[#list + 1] = capture[1]
    elseif capture[2] == "open" then
      error("unfinished capture", 0)
    else
      list[#list + 1] = sub(s, capture[1], capture[1] + capture[2] - 1)
    end
  end
  return list
end

-- The first match at or after byte i: its first byte, the byte behind it, its captures.
local function search(program, s, i)
  if i > #s + 1 then return nil end
  repeat
    local captures = { n = 0 }
    local stop = step(program.nodes, 1, s, i, captures)
    if stop then return i, stop, captures end
    i = i + 1
  until i > #s + 1 or program.anchored
  return nil
end

-- Whether Lua's own matcher may do it; if so, charges what that costs at worst.
local function cheap(s, pattern)
  if type(s) ~= "string" or type(pattern) ~= "string" then return true end -- numbers, and mistakes it reports
  if #s < 2 and #pattern < 20 then return true end
  local program = program_of(pattern)
  local worst = (#s + 1) ^ program.power
  if program.power <= 1 and worst <= 1e8 then
    if worst > CHARGED then charge(worst / 4) end
    return true
  end
  if worst > CHEAP then return false, program end
  if worst > CHARGED then charge(worst / 16) end
  return true
end

local function start_of(s, init)
  init = init or 1
  if init < 0 then init = #s + init + 1 end
  return init < 1 and 1 or init
end

-- The functions -----------------------------------------------------------------------------------------------------

function string.find(s, pattern, init, plain)
  if type(s) == "string" and type(pattern) == "string" and (plain or not raw_find(pattern, "[%^%$%*%+%?%.%(%[%%%-]")) then
    if #s * #pattern > MOST_PLAIN then error("string.find: strings of this length take too long to search", 2) end
    if #s > CHARGED then charge(#s / 16) end
    return raw_find(s, pattern, init, plain)
  end
  local ok, program = cheap(s, pattern)
  if ok then return raw_find(s, pattern, init) end
  local first, stop, captures = search(program, s, start_of(s, init))
  if not first then return nil end
  return unpack(values(s, captures, { first, stop - 1 }))
end

function string.match(s, pattern, init)
  local ok, program = cheap(s, pattern)
  if ok then return raw_match(s, pattern, init) end
  local first, stop, captures = search(program, s, start_of(s, init))
  if not first then return nil end
  return unpack(values(s, captures, {}, sub(s, first, stop - 1)))
end

function string.gmatch(s, pattern)
  -- In gmatch, ^ is a character like others.
  local literal = type(pattern) == "string" and sub(pattern, 1, 1) == "^"
  local ok, program = cheap(s, literal and "%" .. pattern or pattern)
  if ok then return raw_gmatch(s, pattern) end
  local i = 1
  return function()
    if i > #s + 1 then return nil end
    local first, stop, captures = search(program, s, i)
    if not first then
      i = #s + 2
      return nil
    end
    i = stop > first and stop or stop + 1
    return unpack(values(s, captures, {}, sub(s, first, stop - 1)))
  end
end

local function replacement(kind, with, s, whole, captures)
  local list = values(s, captures, {}, whole)
  local value
  if kind == "function" then
    value = with(unpack(list))
  elseif kind == "table" then
    value = with[list[1]]
  else
    return (raw_gsub(with, "%%(.)", function(c)
      if c == "%" then return "%" end
      if c == "0" then return whole end
      local n = tonumber(c)
      if not n then error("invalid use of '%' in replacement string", 0) end
      if not list[n] then error("invalid capture index", 0) end
      return tostring(list[n])
    end))
  end
  if not value then return whole end
  if type(value) ~= "string" and type(value) ~= "number" then
    error("invalid replacement value (a " .. type(value) .. ")", 0)
  end
  return tostring(value)
end

function string.gsub(s, pattern, with, most)
  local ok, program = cheap(s, pattern)
  if ok then
    if type(with) == "string" and type(s) == "string" and #s * #with > CHARGED then charge(#s * #with / 64) end
    return raw_gsub(s, pattern, with, most)
  end
  local kind = type(with)
  if kind == "number" then with, kind = tostring(with), "string" end
  if kind ~= "string" and kind ~= "table" and kind ~= "function" then
    error("bad argument #3 to 'gsub' (string/function/table expected)", 2)
  end
  local parts, count, i = {}, 0, 1
  while not most or count < most do
    local captures = { n = 0 }
    local stop = step(program.nodes, 1, s, i, captures)
    if stop then
      count = count + 1
      parts[#parts + 1] = replacement(kind, with, s, sub(s, i, stop - 1), captures)
    end
    if stop and stop > i then
      i = stop
    elseif i <= #s then
      parts[#parts + 1] = sub(s, i, i)
      i = i + 1
    else
      break
    end
    if program.anchored then break end
  end
  parts[#parts + 1] = sub(s, i)
  return concat(parts), count
end
