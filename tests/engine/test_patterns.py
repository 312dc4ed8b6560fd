"""Lua's patterns, where ours decide: the same answers as Lua's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lupa import lua52

from runtime.engine.lua import sandbox

PATTERNS = [
    "%d+", "(%a+)=(%w+)", "^%s*(.-)%s*$", "a*b", "a-b", "(a*(.)%w(%s*))", "()a()", "%b()", "%f[%w]%w+", "(.)%1",
    "[^,]+", "[%]a-]+", "x?y*z", "^(-?%d+)(%d%d%d)", ".", "", "a$", "$", "^", ".-", "(a?)(b?)c", "%s+",
    "(%w+)%s*=%s*(%w+)", "[]]", "[^]]+", "a.-b.-c", "^a+", "-", "%-", "a+$", "[a-cX]+.", "%w%W",
]  # fmt: skip
MALFORMED = ["%", "[a"]  # ours finds the mistake even where Lua's matcher does not get to it
SUBJECTS = [
    "", "aab", "foo=bar baz=12", "  trim me  ", "((a)b)", "1234567", "aa,bb,,c", "hello world", "xyyz", "abcabc",
    "a[b]c-d", "aXXbYYcaXXbYYc", "iron-plate", "a\nb\0c", "  a  b  c  d  " * 8, "abc" * 20,
]  # fmt: skip
ASK = """
return function(how, s, p)
  local function list(...)
    local t = {}
    for i = 1, select("#", ...) do t[i] = tostring((select(i, ...))) end
    return table.concat(t, "|")
  end
  local function all()
    local t = {}
    for a, b in s:gmatch(p) do t[#t + 1] = tostring(a) .. ":" .. tostring(b) end
    return table.concat(t, ",")
  end
  local function joined(a, b) return tostring(a) .. tostring(b) end
  local ask = {
    find = function() return s:find(p) end,
    find_from = function() return s:find(p, -5) end,
    match = function() return s:match(p, 2) end,
    gsub = function() return s:gsub(p, "<%0>") end,
    gsub_function = function() return s:gsub(p, joined, 3) end,
    gsub_table = function() return s:gsub(p, { a = 1, b = false, ["12"] = "x" }) end,
    gmatch = all,
  }
  return (list(pcall(ask[how])):gsub("%[string[^|]*:%d+: ", ""))
end
"""
WAYS = ["find", "find_from", "match", "gsub", "gsub_function", "gsub_table", "gmatch"]


@pytest.mark.parametrize("always", [False, True], ids=["as used", "always ours"])
def test_same_answers(always: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if always:
        text = sandbox.PATTERNS.read_text()
        for condition in ("#s < 2 and #pattern < 20", "program.power <= 1 and worst <= 1e8"):
            assert condition in text
            text = text.replace(condition, "false")
        forced = tmp_path / "patterns.lua"
        forced.write_text(text.replace("worst > CHEAP", "true"))
        monkeypatch.setattr(sandbox, "PATTERNS", forced)
    box = sandbox.Sandbox(instructions=10**12)
    box.execute(f"ask = (function() {ASK} end)()")
    ours = box.get_global("ask")
    theirs: Any = lua52.LuaRuntime().execute(ASK)
    for pattern in PATTERNS if always else [*PATTERNS, *MALFORMED]:
        for subject in SUBJECTS:
            for how in WAYS:
                asked = (how, subject, pattern)
                assert (asked, box.call(ours, *asked)) == (asked, theirs(*asked))
