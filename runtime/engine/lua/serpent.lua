-- `serpent.line` and `serpent.block`: Lua values as text, in the form that the game's library of that name prints.

local format, match, rep, concat = string.format, string.match, string.rep, table.concat
local pairs, tostring, type, floor, huge = pairs, tostring, type, math.floor, math.huge

local KEYWORDS = {}
for word in string.gmatch(
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
  "%a+"
) do
  KEYWORDS[word] = true
end

local function number(value)
  if value ~= value then return "0/0 --[[NaN]]" end
  if value == huge then return "math.huge --[[inf]]" end
  if value == -huge then return "-math.huge --[[-inf]]" end
  if value == floor(value) and value > -1e15 and value < 1e15 then return format("%d", value) end
  return format("%.17g", value)
end

local function quoted(text)
  return (string.gsub(format("%q", text), "\n", "n"))
end

local function write(value, indent, level, open, longest)
  local kind = type(value)
  if kind == "number" then return number(value) end
  if kind == "string" then return quoted(value) end
  if kind ~= "table" then
    if kind == "nil" or kind == "boolean" then return tostring(value) end
    return quoted(tostring(value))
  end
  if open[value] then return "nil --[[ref]]" end
  if level >= longest then return "{} --[[max]]" end
  open[value] = true
  local parts, count = {}, 0
  local n = #value
  for k, v in pairs(value) do
    count = count + 1
    local text = write(v, indent, level + 1, open, longest)
    if type(k) == "number" and k >= 1 and k <= n and k == floor(k) then
      parts[count] = text
    elseif type(k) == "string" and match(k, "^[%a_][%w_]*$") and not KEYWORDS[k] then
      parts[count] = k .. " = " .. text
    else
      parts[count] = "[" .. write(k, indent, level + 1, open, longest) .. "] = " .. text
    end
  end
  open[value] = nil
  if count == 0 then return "{}" end
  if not indent then return "{" .. concat(parts, ", ") .. "}" end
  local margin = "\n" .. rep(indent, level + 1)
  return "{" .. margin .. concat(parts, "," .. margin) .. "\n" .. rep(indent, level) .. "}"
end

local function options(given)
  local longest = type(given) == "table" and given.maxlevel or 100
  return longest
end

serpent = {
  line = function(value, given)
    return write(value, nil, 0, {}, options(given))
  end,
  block = function(value, given)
    return write(value, type(given) == "table" and given.indent or "  ", 0, {}, options(given))
  end,
}
