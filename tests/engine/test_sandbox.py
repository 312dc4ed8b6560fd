"""The Lua state: what scripts see of Python objects, the order of keys, the limits."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.engine.lua.sandbox import (
    LeaveOut,
    LuaError,
    LuaObject,
    Sandbox,
    lua_method,
    lua_query,
    lua_read,
    lua_write,
)

SECONDS = 5.0  # what the limits promise; they count instructions, so a slow machine may need longer


class Chest(LuaObject):
    object_name = "LuaEntity"
    __slots__ = ("direction", "seen", "valid")

    def __init__(self) -> None:
        self.valid = True
        self.direction: Any = 0
        self.seen: Any = None

    @lua_read
    def position(self) -> dict[str, float]:
        return {"x": 1.5, "y": 2.0}

    @lua_read("type")
    def _type(self) -> str:
        return "container"

    @lua_read
    def five(self) -> float:
        return 5.0

    @lua_read
    def stacks(self) -> list[Any]:
        return [{"name": "coal"}, self]

    @lua_read("direction")
    def _direction(self) -> Any:
        return self.direction

    @lua_write("direction")
    def _set_direction(self, value: Any) -> None:
        self.direction = value

    @lua_method
    def me(self) -> Chest:
        return self

    @lua_method
    def take(self, *values: Any) -> int:
        self.seen = values
        return len(values)

    @lua_method
    def two(self) -> tuple[int, list[int]]:
        return 1, [2, 3]

    @lua_method
    def refuse(self) -> None:
        raise LuaError("no such thing")

    @lua_method
    def broken(self) -> float:
        return 1 / 0

    def index(self, key: Any) -> Any:
        return key * 2

    def length(self) -> int:
        return 7

    def items(self) -> Iterable[tuple[Any, Any]]:
        return [("b", 1), ("a", self)]

    def __str__(self) -> str:
        return "[LuaEntity: chest]"


class Script:
    """A sandbox with a chest in it, and what scripts printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.chest = Chest()
        self.sandbox = Sandbox(print_line=self.lines.append, memory_bytes=128 * 2**20)
        self.sandbox.set_global("chest", self.chest)

    def __call__(self, source: str) -> str:
        """What the script printed."""
        self.lines.clear()
        self.sandbox.execute(source)
        return "\n".join(self.lines)

    def fails(self, source: str) -> str:
        with pytest.raises(LuaError) as caught:
            self.sandbox.execute(source, "=script")
        return str(caught.value)


@pytest.fixture
def lua() -> Script:
    return Script()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("chest.position.x, chest.position.y", "1.5\t2"),
        ("chest.type", "container"),
        ("chest.five, 5.0, 2^53, 0.1", "5\t5\t9.007199254741e+15\t0.1"),
        ("type(chest), chest.object_name, chest.valid", "userdata\tLuaEntity\ttrue"),
        ("#chest.stacks, chest.stacks[1].name, chest.stacks[2] == chest", "2\tcoal\ttrue"),
        ("chest.me() == chest, chest.me", "true"),
        ("#chest, chest[4], tostring(chest)", "7\t8\t[LuaEntity: chest]"),
        ("chest.take(), chest.take(nil), chest.take(1, nil, nil)", "0\t1\t3"),
        ("select('#', chest.two()), (select(2, chest.two()))[2]", "2\t3"),
        ("getmetatable(chest)", "private"),
        ("table_size({1, 2, a = 3})", "3"),
    ],
)
def test_objects(lua: Script, expression: str, text: str) -> None:
    assert lua(f"print({expression})").startswith(text)


def test_object_is_the_same_key(lua: Script) -> None:
    assert lua("t = {} t[chest] = 1 t[chest.me()] = 2 print(table_size(t), t[chest])") == "1\t2"


def test_objects_in_pairs(lua: Script) -> None:
    assert lua("for k, v in pairs(chest) do print(k, v) end") == "b\t1\na\t[LuaEntity: chest]"


def test_arguments_are_plain_python(lua: Script) -> None:
    lua("chest.take({x = 1, y = 2}, {1, {2}}, {}, {1, nil, 3, a = chest})")
    assert lua.chest.seen == ({"x": 1, "y": 2}, [1, [2]], {}, {1: 1, 3: 3, "a": lua.chest})
    lua("chest.direction = {a = {1}}")
    assert lua.chest.direction == {"a": [1]}


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("return chest.foo", "script:1: LuaEntity doesn't contain key foo."),
        ("chest.foo = 1", "script:1: LuaEntity doesn't contain key foo."),
        ("chest.type = 1", "script:1: LuaEntity::type is read only."),
        ("\nchest.refuse()", "script:2: no such thing"),
        ("chest.broken()", "script:1: internal error: ZeroDivisionError: division by zero"),
        ("chest()", "script:1: attempt to call a userdata value"),
        ("return chest .. 'x'", "script:1: attempt to concatenate global 'chest' (a userdata value)"),
        ("return nothing.x", "script:1: attempt to index global 'nothing' (a nil value)"),
        ("x = = 1", "script:1: unexpected symbol near '='"),
        ("string.find()", "script:1: bad argument #1 to 'find' (string expected, got nil)"),
        ("('x'):rep({})", "script:1: bad argument #2 to 'rep' (number expected, got table)"),
        ("error({})", "(error object is a table value)"),
        ("print('\\255')", "script:1: a string is not valid UTF-8"),
        ("local t = {} t.t = t chest.take(t)", "script:1: a table is nested deeper than 100 levels"),
        ("setmetatable({}, {__gc = print})", "script:1: setmetatable: __gc and __mode are not available"),
        ("math.random(2, 1)", "script:1: bad argument #1 to 'random' (interval is empty)"),
    ],
)
def test_mistakes(lua: Script, script: str, message: str) -> None:
    assert lua.fails(script).startswith(message)
    if "= =" not in script and "error" not in script:
        lua(f"ok, e = pcall(function() {script} end) print(type(e))")
        assert lua.lines == ["string"]


def test_object_that_became_invalid(lua: Script) -> None:
    lua("take = chest.take")
    lua.chest.valid = False
    assert lua("print(chest.valid, chest.object_name)") == "false\tLuaEntity"
    gone = "script:1: LuaEntity API call when LuaEntity was invalid."
    for script in (
        "return chest.type",
        "chest.direction = 1",
        "take(1)",
        "return chest.me",
        "return #chest",
    ):
        assert lua.fails(script) == gone


def test_nothing_dangerous_is_there(lua: Script) -> None:
    names = (
        "io os package debug require load loadfile dofile loadstring coroutine collectgarbage python module"
    )
    for name in names.split():
        assert lua(f"print({name})") == "nil"
    assert lua("print(string.dump, getmetatable('').__index == string)") == "nil\ttrue"


def test_one_environment(lua: Script) -> None:
    lua("a, b = 1, {2}")
    assert lua("print(a, b[1])") == "1\t2"


# Order ------------------------------------------------------------------------------------------------------


def test_order_of_keys(lua: Script) -> None:
    lua("t = {z = 1, [true] = 1, 'one', 'two', a = 1, [chest] = 1, [10] = 1, [-1] = 1, [2.5] = 1, B = 1}")
    order = "1 2 -1 2.5 10 B a z true [LuaEntity: chest]"
    by_pairs = "local s = {} for k in pairs(t) do s[#s + 1] = tostring(k) end print(table.concat(s, ' '))"
    by_next = "local s, k = {} repeat k = next(t, k) s[#s + 1] = tostring(k) until k == nil"
    assert lua(by_pairs) == order
    assert lua(by_next + " print(table.concat(s, ' '))") == order + " nil"
    assert lua("print(next({}), next({7}))") == "nil\t1\t7"


@pytest.mark.parametrize("walk", ["for k in pairs(t) do", "for k in next, t do"])
def test_removing_while_walking(lua: Script, walk: str) -> None:
    lua("t = {1, 2, 3, [9] = 9, a = 1, b = 2, c = 3}")
    assert lua(f"n = 0 {walk} t[k] = nil n = n + 1 end print(n, next(t))") == "7\tnil"
    lua("t = {1, 2, 3, a = 1, b = 2, c = 3}")
    assert lua(f"n = 0 {walk} t[2] = nil t.b = nil n = n + 1 end print(n)") == "4"
    lua("t = {1, 2, 3}")
    assert lua(f"n = 0 {walk} t[2] = nil n = n + 1 end print(n)") == "2"


def test_tables_with_the_same_keys_are_walked_alike(lua: Script) -> None:
    lua("function walk(t) local s = '' for k in pairs(t) do s = s .. tostring(k) .. ' ' end return s end")
    made = "{b = 1, [7] = 1, a = 1, [true] = 1}"
    assert lua(
        f"local t = {{}} t[true] = 1 t[7] = 1 t.a = 1 t.b = 1 print(walk(t), walk{made}, walk{made})"
    ) == "\t".join(["7 a b true "] * 3)
    lua(
        "for i = 1, 3000 do walk{['a' .. i] = 1, b = 1, ['c' .. i] = 1, d = 1, [i + 1] = 1} end"
    )  # more than are kept
    assert lua(f"local t = {made} t.b = nil t.c = 1 print(walk(t), walk{made})") == "7 a c true \t7 a b true "


KEYS = st.one_of(st.integers(-2, 14), st.sampled_from([0.5, 2.5, "a", "b", "c", "1", True, False]))


def lua_key(key: Any) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key).lower()


def in_order(keys: list[Any]) -> list[Any]:
    """A list's keys, then numbers, strings, false and true."""
    booleans = sorted(key for key in keys if type(key) is bool)
    strings = sorted(key for key in keys if isinstance(key, str))
    numbers = sorted(key for key in keys if not isinstance(key, (bool, str)))
    listed = 0
    while listed + 1 in numbers:
        listed += 1
    rest = [key for key in numbers if key % 1 or not 1 <= key <= listed]
    return [*range(1, listed + 1), *rest, *strings, *booleans]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(KEYS, unique_by=lambda key: (type(key) is bool, key)), st.lists(KEYS), st.integers(0, 5))
def test_pairs_goes_through_any_table_in_order_whatever_is_taken_out_of_it(
    lua: Script, keys: list[Any], removed: list[Any], after: int
) -> None:
    order = in_order(keys)
    gone = {lua_key(key) for key in removed}
    seen = [key for place, key in enumerate(order) if not 0 < after <= place or lua_key(key) not in gone]
    made = "".join(f"t[{lua_key(key)}] = 1 " for key in keys)
    taken = "".join(f"t[{lua_key(key)}] = nil " for key in removed)
    walked = lua(
        f"local t, s = {{}}, {{}} {made} for k in pairs(t) do s[#s + 1] = tostring(k) if #s == {after} then {taken} end end "
        "print(table.concat(s, ' '))"
    )
    names = [str(key).lower() for key in seen]
    if any(lua_key(key) in gone for key in order[max(after, 0) :] if type(key) is int and key > 0) and after:
        # Where a list is cut in two, its end comes among the other numbers: each key still comes once.
        assert walked.split()[:after] == names[:after]
        assert sorted(walked.split()) == sorted(names)
    else:
        assert walked == " ".join(names)


def test_pairs_of_other_things(lua: Script) -> None:
    assert "table expected, got nil" in lua.fails("for k in pairs(nil) do end")
    lua(
        "m = setmetatable({}, {__pairs = function() return function(_, k) if not k then return 'k', 1 end end end})"
    )
    assert lua("for k, v in pairs(m) do print(k, v) end") == "k\t1"


ORDER_PROGRAM = """
from runtime.engine.lua.sandbox import Sandbox
sandbox = Sandbox(seed=7, print_line=print)
sandbox.set_global("given", sandbox.table({f"k{i % 97}": {"x": i} for i in range(300)}))
sandbox.execute('''
local t, s = {}, {}
for i = 1, 200 do t["key" .. i * 7919 % 1009] = i t[i * 31 % 17 + 0.5] = i end
for k in pairs(t) do s[#s + 1] = tostring(k) end
for k, v in pairs(given) do s[#s + 1] = k .. v.x end
local k repeat k = next(t, k) s[#s + 1] = tostring(k) until k == nil
for i = 1, 20 do s[#s + 1] = tostring(math.random(100)) .. tostring({}) end
print(table.concat(s, " "))
''')
"""


def test_same_order_in_every_process() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", ORDER_PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1
    assert len(answers.pop()) > 1000


def test_random_is_part_of_the_state(lua: Script) -> None:
    state = lua.sandbox.random_state()
    first = lua("print(math.random(), math.random(10), math.random(5, 6))")
    lua("math.randomseed(1)")
    lua.sandbox.set_random_state(state)
    assert lua("print(math.random(), math.random(10), math.random(5, 6))") == first


# What is kept of objects -----------------------------------------------------------------------------------


class Vane(LuaObject):
    """Points somewhere, and counts how often it was asked where."""

    object_name = "LuaVane"
    __slots__ = ("asked", "direction", "hears")

    def __init__(self) -> None:
        self.asked = 0
        self.direction = 0
        self.hears: Any = None

    def _ask(self) -> dict[str, Any]:
        self.asked += 1
        return {"direction": self.direction, "names": ["north", "east"]}

    @lua_read
    def reading(self) -> dict[str, Any]:
        return self._ask()

    @lua_write("reading")
    def set_reading(self, value: Any) -> None:
        self.direction = value

    @lua_query
    def read(self, factor: Any = None) -> dict[str, Any]:
        return self._ask()

    @lua_query
    def missing(self, key: Any) -> None:
        self.asked += 1

    @lua_method
    def turn(self) -> None:
        self.direction += 1
        if self.hears is not None:
            self.hears()
        self.direction += 1


@pytest.fixture
def vane(lua: Script) -> Vane:
    made = Vane()
    lua.sandbox.set_global("vane", made)
    return made


@pytest.mark.parametrize(
    "read", ["vane.reading", "vane.read()", "vane.read(2)", 'vane.read("a")', "vane.read(true)"]
)
def test_what_was_read_is_not_asked_for_again_until_something_may_have_changed(
    lua: Script, vane: Vane, read: str
) -> None:
    assert lua(
        f"for i = 1, 3 do {read}.direction = 9 {read}.names[1] = 'x' end print({read}.direction, {read}.names[1])"
    ) == ("0\tnorth")
    assert vane.asked == 1
    vane.direction = 5  # as time does
    assert lua(
        f"print({read}.direction) vane.reading = 7 print({read}.direction) vane.turn() print({read}.direction)"
    ) == ("5\n7\n9")
    assert vane.asked == 4


def test_what_was_read_by_another_argument_is_asked_for(lua: Script, vane: Vane) -> None:
    lua("for i = 1, 2 do vane.missing(1) vane.missing(2) vane.missing('1') vane.missing(nil) end")
    assert vane.asked == 4
    lua("for i = 1, 2 do vane.missing({}) vane.missing(0 / 0) end")  # these aren't kept
    assert vane.asked == 8
    assert "Expected 1 argument but 0 were given" in lua.fails("vane.missing(nil) vane.missing()")


def test_a_handler_and_its_caller_read_what_is_new_to_each(lua: Script, vane: Vane) -> None:
    lua("function handler() print(vane.read().direction) end")
    vane.hears = lambda: lua.sandbox.call(lua.sandbox.get_global("handler"))
    assert lua("print(vane.read().direction) vane.turn() print(vane.read().direction)") == "0\n1\n2"


def test_a_lot_may_be_read_at_once(lua: Script, vane: Vane) -> None:
    assert lua("for i = 1, 50000 do vane.read(i) end print(vane.read(1).direction)") == "0"
    assert vane.asked == 50001


# Limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "while true do pcall(error) end",
        "while true do local x = chest.type end",
        "while true do chest.take(1) end",
        "local function f() return f() end f()",
        "local function f() return 1 + f() end f()",
        "big = {} for i = 1, 1e10 do big[i] = i end",
        "local t = {} while true do t = {t, t} end",
        "big = {} while true do big[#big + 1] = ('x'):rep(1000) .. #big end",
        "local s = 'x' while true do s = s .. s end",
        "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
        "while true do local s = ('x'):rep(1e7) end",
        "return ('x'):rep(1e11)",
        "while true do pcall(string.rep, 'x', 1e11) end",
        "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.sort(t) end",
        "local t = {} for i = 1, 1e6 do t[i] = 'x' end while true do table.concat(t) end",
        "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 1) end",
        "return ('a'):rep(40):find(('a*'):rep(40) .. 'b')",
        "return ('a'):rep(1e6):find('.-b')",
        "return ('a'):rep(1e6):find(('a'):rep(5e5) .. 'b', 1, true)",
        "while true do tostring({}) end",
        "for _ in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end",
    ],
)
def test_limits(lua: Script, script: str) -> None:
    """It ends with an error that nothing in the script can catch or outlast, and the state plays on."""
    started = time.process_time()
    message = lua.fails(script)
    assert time.process_time() - started < SECONDS
    assert any(word in message for word in ("instructions", "not enough memory", "overflow", "too long")), (
        message
    )
    lua("big = nil")
    assert lua("local t = {} for i = 1, 1e5 do t[i] = chest.type end print(#t)") == "100000"


def test_finalizers_cannot_run(lua: Script) -> None:
    lua("m = {} setmetatable({}, m) m.__gc = function() while true do end end")
    assert lua("for i = 1, 1e5 do local t = {} end print('on')") == "on"


def test_limits_are_the_same_each_time() -> None:
    counts = set()
    for _ in range(2):
        lua = Script()
        lua.fails("n = 0 while true do n = n + 1 end")
        counts.add(lua.sandbox.get_global("n"))
    assert len(counts) == 1


def test_handler_has_the_budget_of_its_caller(lua: Script) -> None:
    lua("function handler(event) while true do end end")
    handler = lua.sandbox.get_global("handler")

    def raise_event() -> None:
        lua.sandbox.call(handler, {"tick": 1})

    lua.sandbox.set_global("raise_event", raise_event)
    assert "instructions" in lua.fails("while true do pcall(raise_event) end")


# Values -----------------------------------------------------------------------------------------------------


def test_calling_a_handler(lua: Script) -> None:
    lua("function double(event) return {event.tick * 2, event.who} end")
    double = lua.sandbox.get_global("double")
    assert lua.sandbox.is_function(double)
    assert lua.sandbox.call(double, {"tick": 4, "who": lua.chest}) == [8, lua.chest]
    lua("function fail() error('no', 0) end")
    with pytest.raises(LuaError, match=r"^no$"):
        lua.sandbox.call(lua.sandbox.get_global("fail"))


def test_tables_both_ways(lua: Script) -> None:
    value = {
        "a": [1, 2.5, "x", {"deep": [[1], [2]]}],
        "b": {"c": True},
        "many": list(range(20000)),
        "no": None,
    }
    lua.sandbox.set_global("value", lua.sandbox.table(value))
    assert lua("print(#value.many, value.a[4].deep[2][1], value.no)") == "20000\t2\tnil"
    del value["no"]
    assert lua.sandbox.to_python(lua.sandbox.get_global("value")) == value


def test_saving_leaves_functions_out(lua: Script) -> None:
    lua("storage = {f = print, n = 1, list = {1, print, 3}, who = {chest}, deep = {g = function() end}}")

    def convert(value: Any) -> Any:
        if isinstance(value, LuaObject):
            return str(value)
        raise LeaveOut

    saved = lua.sandbox.to_python(lua.sandbox.get_global("storage"), convert)
    assert saved == {"deep": {}, "list": [1, 3], "n": 1, "who": ["[LuaEntity: chest]"]}


def test_libraries_of_python_functions(lua: Script) -> None:
    lua.sandbox.set_global(
        "helpers", {"add": lambda a, b: a + b, "fail": lambda: (_ for _ in ()).throw(LuaError("x"))}
    )
    assert lua("print(type(helpers.add), helpers.add(1, 2))") == "function\t3"
    assert lua.fails("helpers.fail()") == "script:1: x"


def test_serpent(lua: Script) -> None:
    lua("t = {1, 'two', {x = 1.5}, ['a-b'] = false, ['end'] = {}}")
    assert lua("print(serpent.line(t))") == '{1, "two", {x = 1.5}, ["a-b"] = false, ["end"] = {}}'
    assert lua("print(serpent.block({1, a = {b = 2}}))") == "{\n  1,\n  a = {\n    b = 2\n  }\n}"
    assert lua("print(serpent.line(chest), serpent.line('q\"\\n'))") == '"[LuaEntity: chest]"\t"q\\"\\n"'
