"""Lua 5.2, bounded and deterministic, and the protocol by which Python objects appear in it.

A class of the game's Lua API is a subclass of `LuaObject` whose members are tagged:

    class LuaSurface(LuaObject):
        object_name = "LuaSurface"

        @lua_read
        def name(self) -> str: ...

        @lua_write("name")
        def set_name(self, value: str) -> None: ...

        @lua_method
        def set_tiles(self, tiles: Any) -> None: ...

        @lua_query
        def get_tile(self, x: float, y: float) -> LuaTile: ...

Reads and queries change nothing, and give the same until a member is written, a method is called, or the run ends:
boot.lua keeps what they gave that long.

What goes to Lua: None, bool, numbers, str, `LuaObject`s, Lua functions; a list, tuple or dict becomes a new
table (lists from 1, None left out), except that a method that returns a tuple returns several values. What
comes from Lua is plain Python: a table becomes a list when its keys are 1..n, else a dict; an empty table is `{}`.
Raise `LuaError` for what a script did wrong.
"""

from __future__ import annotations

import inspect
import logging
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

from lupa import lua52

log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])

INSTRUCTIONS = 100_000_000  # about 2 s of Lua on one 2020s core
MEMORY_BYTES = 192 * 2**20  # FLE needs 20; filling it with strings takes about 3 s
DEEPEST_TABLE = 100
TABLES = (dict, list, tuple)
CHUNK = 4000
MOST_VALUES = 200  # that a call returns side by side
PLAIN = frozenset({type(None), bool, int, float, str})
BOOT = Path(__file__).with_name("boot.lua")
PATTERNS = Path(__file__).with_name("patterns.lua")
SERPENT = Path(__file__).with_name("serpent.lua")


class LuaError(Exception):
    """A script's mistake: the message reaches Lua as a string with `chunk:line:` in front."""


def _tag(tag: str, name_or_function: Any) -> Any:
    if isinstance(name_or_function, str):

        def decorate(function: Any) -> Any:
            setattr(function, tag, name_or_function)
            return function

        return decorate
    setattr(name_or_function, tag, name_or_function.__name__)
    return name_or_function


def lua_query(function: F) -> F:
    """Tag as a `lua_method` that changes nothing and gives the same until something changes: Lua may keep its result."""
    function._lua_query = True  # type: ignore[attr-defined]
    return lua_method(function)


@overload
def lua_read(name_or_function: str) -> Callable[[F], F]: ...
@overload
def lua_read(name_or_function: F) -> F: ...
def lua_read(name_or_function: Any) -> Any:
    """Tag `def position(self)` as what Lua reads; `@lua_read("type")` names the attribute."""
    return _tag("_lua_read", name_or_function)


@overload
def lua_write(name_or_function: str) -> Callable[[F], F]: ...
@overload
def lua_write(name_or_function: F) -> F: ...
def lua_write(name_or_function: Any) -> Any:
    """Tag `def set_direction(self, value)` as what Lua writes: `@lua_write("direction")`."""
    return _tag("_lua_write", name_or_function)


@overload
def lua_method(name_or_function: str) -> Callable[[F], F]: ...
@overload
def lua_method(name_or_function: F) -> F: ...
def lua_method(name_or_function: Any) -> Any:
    """Tag `def get_inventory(self, index)` as what Lua calls with a dot: `entity.get_inventory(1)`."""
    return _tag("_lua_method", name_or_function)


class LuaObject:
    """A Python object that Lua sees as userdata, like the game's own objects.

    `valid` may be overridden by a slot or a property; while it is false, every member but `valid` and
    `object_name` raises. Keep one wrapper for one game object as long as it lives: Lua's `==` and table keys
    go by identity, unless `same_as` says otherwise.
    """

    __slots__ = ()
    object_name: ClassVar[str] = "LuaObject"
    valid: Any = True
    any_key: ClassVar[bool] = False  # whether `index` reads strings too
    _reads: ClassVar[dict[Any, Callable[[Any], Any]]] = {}
    _writes: ClassVar[dict[Any, Callable[[Any, Any], None]]] = {}
    _methods: ClassVar[dict[Any, Callable[..., Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._reads = dict(cls._reads)
        cls._writes = dict(cls._writes)
        cls._methods = dict(cls._methods)
        for base in reversed(cls.__mro__):
            for member in vars(base).values():
                for tag, members in (
                    ("_lua_read", cls._reads),
                    ("_lua_write", cls._writes),
                    ("_lua_method", cls._methods),
                ):
                    name = getattr(member, tag, None)
                    if name is not None:
                        members[name] = member

    def index(self, key: Any) -> Any:
        """What `object[1]` reads; most classes have nothing there. With `any_key`, what any key reads."""
        raise LuaError(f"{self.object_name} doesn't contain key {key}.")

    def set_index(self, key: int, value: Any) -> None:
        """What `object[1] = value` does."""
        raise LuaError(f"{self.object_name} doesn't contain key {key}.")

    def length(self) -> int:
        """What `#object` gives."""
        raise LuaError(f"{self.object_name} doesn't have a length.")

    def items(self) -> Iterable[tuple[Any, Any]]:
        """What `pairs(object)` goes through, in order."""
        raise LuaError(f"{self.object_name} can't be iterated over.")

    def facts(self) -> tuple[bool] | tuple[str, str, float | None, float | None, int | None] | None:
        """What Lua may keep of it.

        An entity: that it is valid, its name, type, position and unit number, until `Sandbox.forget`; no position if
        it moves. A constant object, whose members always read the same: (True,), for as long as the sandbox lives. An object
        that is the same whenever it is asked for: (False,), its methods.
        """
        return None

    def kind_facts(self) -> dict[str, Any]:
        """What members read, for as long as the sandbox lives, of all entities that have the name of this one."""
        return {}

    def same_as(self, other: Any) -> bool:
        """Whether Lua's `==` holds with another object that is not this one."""
        return False

    @property
    def sort_key(self) -> Any:
        """Its place among a table's keys: any two must compare, and be the same in every process."""
        return str(self)

    def __str__(self) -> str:
        return f"[{self.object_name}]"


def _member(obj: Any, key: Any) -> Any:
    """What is not an attribute that can be read now: members of invalid objects, indices, mistakes."""
    if key == "object_name":
        return obj.object_name
    if key == "valid":
        return bool(obj.valid)
    if not obj.valid:
        raise LuaError(f"{obj.object_name} API call when {obj.object_name} was invalid.")
    if type(key) is int or obj.any_key:
        return obj.index(key)
    if key in obj._writes:
        raise LuaError(f"{obj.object_name}::{key} is write only.")
    raise LuaError(f"{obj.object_name} doesn't contain key {_key_text(key)}.")


def _key_text(key: Any) -> str:
    return key if isinstance(key, str) else str(key)


class Sandbox:
    """A Lua state with one global environment for all the scripts that run in it.

    `instructions`: what one command or handler may cost; `memory_bytes`: what the state's data may take.
    """

    def __init__(
        self,
        *,
        instructions: int = INSTRUCTIONS,
        memory_bytes: int = MEMORY_BYTES,
        seed: int = 0,
        print_line: Callable[[str], None] = log.info,
    ) -> None:
        # The hook keeps scripts under `memory_bytes`. The state's own limit is higher: an allocation that
        # fails while Python is pushing a value would not be inside any protected call.
        self._lua = lua52.LuaRuntime(
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            max_memory=memory_bytes + 256 * 2**20,
        )
        self.print_line = print_line
        self._random = random.Random(seed)
        self._table_type = type(self._lua.table())
        self._table_from = self._lua.table_from
        read, call_method = self._make_read(), self._make_call_method()
        host = self._lua.table_from(
            {
                "read": read,
                "first_read": _first_read(read),
                "write": self._write,
                "call_method": call_method,
                "call_with_table": _call_with_table(call_method),
                "find_within": self._find_within,
                "glance": _glance,
                "kind_of": self._kind_of,
                "list_token": LIST,
                "dict_token": DICT,
                "end_token": END,
                "call_function": self._call_function,
                "same": _same,
                "describe": _describe,
                "sort_key": _sort_key,
                "length": self._length,
                "items": self._items,
                "members": self._members,
                "random": self._next_random,
                "print": self._print,
                "patterns": self._lua.compile(PATTERNS.read_text(), name="=patterns", mode="t"),
            }
        )
        boot = self._lua.compile(BOOT.read_text(), name="=boot", mode="t")(host, instructions, memory_bytes)
        self._lua.compile(SERPENT.read_text(), name="=serpent", mode="t")()
        self._execute: Any = boot["execute"]
        self._run: Any = boot["run"]
        self._flatten: Any = boot["flatten"]
        self._slice: Any = boot["slice"]
        self._wrap: Any = boot["wrap"]
        self._remember: Any = boot["remember"]
        self.tidy: Callable[[], None] = boot["tidy"]
        """Collect what scripts left, if it is much. To be called while nobody waits for an answer."""
        self.forget: Callable[[LuaObject], None] = boot["forget"]
        """Tell that what `LuaObject.facts` said of an object no longer holds."""
        self.forget_searches: Callable[[str], None] = boot["forget_searches"]
        """Tell that something of a name has come, gone or moved."""
        self._charge: Any = boot["charge"]
        self._set_global: Any = boot["set_global"]
        self._make_steady: Any = boot["make_steady"]
        self._get_global: Any = boot["get_global"]

    # Running

    def execute(self, source: str, chunk: str | None = None) -> None:
        """Run a script; `chunk` names it in messages as Lua's `load` does (the source itself when not given).

        Raises:
            LuaError: with Lua's message, `[string "first line"]:1: …`.
        """
        try:
            ok, message = _pair(self._execute(source, source if chunk is None else chunk))
        except (lua52.LuaError, UnicodeError) as error:
            raise LuaError(_describe(error)) from error
        if not ok:
            raise LuaError(message)

    def call(self, function: Any, *arguments: Any) -> Any:
        """Call a Lua function (an event's handler) with plain values; its first result, as plain Python.

        Raises:
            LuaError: with Lua's message.
        """
        values = [self.to_lua(argument) for argument in arguments]
        try:
            ok, result = _pair(self._run(function, *values))
        except (lua52.LuaError, UnicodeError) as error:
            raise LuaError(_describe(error)) from error
        if not ok:
            raise LuaError(result)
        return self.to_python(result)

    def charge(self, instructions: int) -> None:
        """Count work done in Python against the running script's limit."""
        self._charge(instructions)

    # Values

    def set_global(self, name: str, value: Any) -> None:
        """Set a global; a Python function becomes a Lua function, also inside a dict (a library)."""
        self._set_global(name, self._with_functions(value))

    def set_constants(self, name: str, value: dict[str, Any]) -> None:
        """Set a global to a table of tables that scripts go through often and hardly ever add to."""
        table = self.table(value)
        self._make_steady(table)
        self._set_global(name, table)

    def get_global(self, name: str) -> Any:
        """A global as Lua holds it: a table stays a Lua table (see `to_python`)."""
        return self._get_global(name)

    def function(self, function: Callable[..., Any]) -> Any:
        """A Lua function that calls a Python one, by the rules of methods."""
        return self._wrap(function)

    def table(self, value: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> Any:
        """A new Lua table of plain data and game objects; lists count from 1, None is left out."""
        return self._table_from(value, recursive=True)

    def to_lua(self, value: Any) -> Any:
        """The value, or a new Lua table if it is a dict, list or tuple."""
        if type(value) in PLAIN:
            return value
        if isinstance(value, InOrder):
            return self._in_order(value.value)
        if type(value) is list and not any(isinstance(entry, TABLES) for entry in value):
            return self._table_from(value)
        if isinstance(value, (dict, list, tuple)):
            return self._table_from(value, recursive=True)
        return value

    def _in_order(self, value: Any) -> Any:
        if isinstance(value, list):
            return self._table_from([self._in_order(entry) for entry in value])
        if isinstance(value, dict):
            table = self._table_from({key: self._in_order(entry) for key, entry in value.items()})
            self._remember(table, self._table_from(list(value)))
            return table
        return value

    def is_function(self, value: Any) -> bool:
        """Whether a value that came from Lua is a function."""
        return bool(lua52.lua_type(value) == "function")

    def to_python(self, value: Any, convert: Callable[[Any], Any] | None = None) -> Any:
        """Plain Python of a value from Lua: tables become lists (keys 1..n) or dicts in the order of `pairs`.

        `convert` sees every value that is neither plain nor a table (functions, game objects; not keys) and
        gives what stands for it; it raises `LeaveOut` for what should be left out.

        Raises:
            LuaError: tables nested deeper than 100 (or in a circle).
        """
        return self._to_python(value, convert, 0)

    def _to_python(self, value: Any, convert: Callable[[Any], Any] | None, depth: int) -> Any:
        if type(value) is not self._table_type:
            return value if convert is None or type(value) in PLAIN else convert(value)
        if depth > DEEPEST_TABLE:
            raise LuaError(f"a table is nested deeper than {DEEPEST_TABLE} levels, or contains itself")
        flat = self._flatten(value)
        if type(flat) is not tuple:  # a list or a table without entries
            return {}
        kind = flat[0]
        values: Any = flat[1:]
        if kind > 2:
            count, source = values
            values = []
            for start in range(1, count + 1, CHUNK):
                piece = self._slice(source, start, min(start + CHUNK - 1, count))
                values.extend(piece if type(piece) is tuple else (piece,))
            kind -= 2
        table_type = self._table_type
        entries: list[Any] = []
        depth += 1
        if kind == 1:
            for entry in values:
                if type(entry) is table_type or (convert is not None and type(entry) not in PLAIN):
                    try:
                        entry = self._to_python(entry, convert, depth)
                    except LeaveOut:
                        continue
                entries.append(entry)
            return entries
        result: dict[Any, Any] = {}
        pairs = iter(values)
        for key, entry in zip(pairs, pairs, strict=True):
            if type(entry) is table_type or (convert is not None and type(entry) not in PLAIN):
                try:
                    entry = self._to_python(entry, convert, depth)
                except LeaveOut:
                    continue
            result[key] = entry
        return result

    def _with_functions(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._table_from({key: self._with_functions(entry) for key, entry in value.items()})
        if isinstance(value, (list, tuple)):
            return self.table(value)
        if callable(value) and not isinstance(value, LuaObject) and lua52.lua_type(value) is None:
            return self._wrap(value)
        return value

    # The generator of math.random

    def random_state(self) -> Any:
        """State of `math.random`, JSON-able, for a save."""
        version, state, gauss = self._random.getstate()
        return [version, list(state), gauss]

    def set_random_state(self, state: Any) -> None:
        """Put back what `random_state` gave."""
        self._random.setstate((state[0], tuple(state[1]), state[2]))

    def _next_random(self, low: float | None = None, high: float | None = None) -> float:
        if low is None:
            return self._random.random()
        if high is None:
            low, high = 1, low
        if low > high:
            raise LuaError("bad argument #1 to 'random' (interval is empty)")
        return int(low) + int(self._random.random() * (int(high) - int(low) + 1))

    def _print(self, line: str) -> None:
        self.print_line(line)

    # What boot.lua calls. Each answers a value, or (None, problem), or (None, False, *several values).

    def _make_read(self) -> Callable[[Any, Any], Any]:
        table_from = self._table_from

        def read(obj: Any, key: Any) -> Any:
            try:
                getter = obj._reads.get(key)
                if getter is not None and obj.valid:
                    value = getter(obj)
                else:
                    if key in obj._methods and obj.valid:
                        return None, True
                    value = _member(obj, key)
                kind = type(value)
                if kind in PLAIN:
                    return value
                if kind is dict or kind is list or isinstance(value, (dict, list, tuple)):
                    return table_from(value, recursive=True)
                return value
            except LuaError as error:
                return None, str(error)
            except Exception as error:
                return None, _internal(error)

        return read

    def _make_call_method(self) -> Callable[..., Any]:
        table_from = self._table_from
        table_type = self._table_type
        to_python = self._to_python

        def call_method(obj: Any, name: str, *arguments: Any) -> Any:
            try:
                if not obj.valid:
                    raise LuaError(f"{obj.object_name} API call when {obj.object_name} was invalid.")
                for argument in arguments:
                    if type(argument) is table_type:
                        arguments = tuple([to_python(a, None, 0) for a in arguments])
                        break
                value = obj._methods[name](obj, *arguments)
                kind = type(value)
                if kind in PLAIN:
                    return value
                if kind is list:
                    for entry in value:
                        if isinstance(entry, TABLES):
                            return table_from(value, recursive=True)
                    return table_from(value)
                if kind is dict:
                    return table_from(value, recursive=True)
                if isinstance(value, tuple):
                    return None, False, *[self.to_lua(entry) for entry in value]
                return self.to_lua(value)
            except LuaError as error:
                return None, str(error)
            except Exception as error:
                return None, _miscounted(name, obj._methods[name], (obj, *arguments)) or _internal(error)

        return call_method

    def _find_within(self, surface: Any, left: float, top: float, right: float, bottom: float) -> Any:
        try:
            found = surface.find_within(left, top, right, bottom)
            return (None, False, *found) if len(found) <= MOST_VALUES else self._table_from(found)
        except LuaError as error:
            return None, str(error)
        except Exception as error:
            return None, _internal(error)

    def _kind_of(self, obj: Any) -> Any:
        facts = obj.kind_facts()
        absent = [name for name, value in facts.items() if value is None]
        return self._table_from(facts), self._table_from(absent)

    def _call_function(self, function: Any, *arguments: Any) -> Any:
        try:
            value = function(*[self._to_python(argument, None, 0) for argument in arguments])
            if isinstance(value, tuple):
                return None, False, *[self.to_lua(entry) for entry in value]
            return self.to_lua(value)
        except LuaError as error:
            return None, str(error)
        except Exception as error:
            return None, _miscounted(function.__name__, function, arguments) or _internal(error)

    def _write(self, obj: Any, key: Any, value: Any) -> str | None:
        try:
            if not obj.valid:
                raise LuaError(f"{obj.object_name} API call when {obj.object_name} was invalid.")
            if type(value) is self._table_type:
                value = self._to_python(value, None, 0)
            setter = obj._writes.get(key)
            if setter is not None:
                setter(obj, value)
            elif type(key) is int:
                obj.set_index(key, value)
            elif key in obj._reads or key in obj._methods or key in ("valid", "object_name"):
                raise LuaError(f"{obj.object_name}::{key} is read only.")
            else:
                raise LuaError(f"{obj.object_name} doesn't contain key {_key_text(key)}.")
            return None
        except LuaError as error:
            return str(error)
        except Exception as error:
            return _internal(error)

    def _length(self, obj: Any) -> Any:
        return self._call_function(_valid(obj, "length"))

    def _members(self, obj: Any) -> Any:
        return self.table(
            {
                name: "query" if hasattr(method, "_lua_query") else "method"
                for name, method in obj._methods.items()
            }
        )

    def _items(self, obj: Any) -> Any:
        items = _valid(obj, "items")
        return self._call_function(lambda: [part for pair in items() for part in pair])


def _first_read(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def first_read(obj: Any, key: Any) -> Any:
        answer = read(obj, key)
        if not obj.valid:
            return answer
        value, problem = answer if type(answer) is tuple else (answer, None)
        return value, problem, type(obj).__name__, *(obj.facts() or ())

    return first_read


def _glance(obj: Any) -> Any:
    """An entity's status, health and energy, behind True; None when one of them can't be read."""
    try:
        return (True, obj.status(), obj.health(), obj.energy()) if obj.valid else None
    except LuaError:
        return None


class Token(LuaObject):
    """A sign in the row of values that stands for a table (boot.lua's `encode`)."""

    __slots__ = ()


LIST, DICT, END = Token(), Token(), Token()


def _call_with_table(call_method: Callable[..., Any]) -> Callable[..., Any]:
    def read_list(tokens: Iterator[Any]) -> Any:
        entries: list[Any] = []
        for token in tokens:
            if token is END:
                return entries
            entries.append(
                read_list(tokens) if token is LIST else read_dict(tokens) if token is DICT else token
            )

    def read_dict(tokens: Iterator[Any]) -> Any:
        entries: dict[Any, Any] = {}
        for key in tokens:
            if key is END:
                return entries
            token = next(tokens)
            entries[key] = (
                read_list(tokens) if token is LIST else read_dict(tokens) if token is DICT else token
            )

    def call_with_table(obj: Any, name: str, kind: Any, *row: Any) -> Any:
        read = read_list if kind is LIST else read_dict
        return call_method(obj, name, read(iter(row)))

    return call_with_table


class InOrder:
    """A dict (or list of them, and so on) that becomes tables whose `pairs` goes in the order of the dict's keys."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class LeaveOut(Exception):
    """Raised by the `convert` of `Sandbox.to_python`: this entry is left out."""


def _valid(obj: Any, name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if not obj.valid:
            raise LuaError(f"{obj.object_name} API call when {obj.object_name} was invalid.")
        return getattr(obj, name)(*arguments)

    return call


def _pair(answer: Any) -> tuple[bool, Any]:
    """The first two values of what a Lua function returned."""
    if isinstance(answer, tuple):
        return answer[0], answer[1] if len(answer) > 1 else None
    return answer, None


def _miscounted(name: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> str | None:
    """What the game says of a call with too many arguments or too few; None if their number is right."""
    signature = inspect.signature(function)
    try:
        signature.bind(*arguments)
    except TypeError:
        own = 1 if "self" in signature.parameters else 0
        given, most = len(arguments) - own, len(signature.parameters) - own
        least = sum(p.default is p.empty for p in signature.parameters.values()) - own
        wanted = least if given < least else most
        were = "was" if given == 1 else "were"
        return f"Arguments count error for '{name}': Expected {wanted} argument{'s' * (wanted != 1)} but {given} {were} given."
    return None


def _internal(error: Exception) -> str:
    log.error("a bug, met by a script: %s", error, exc_info=error)
    return f"internal error: {type(error).__name__}: {error}"


def _describe(value: Any) -> str:
    """Text for `tostring`, and for errors that Python raised while values were on their way."""
    if isinstance(value, lua52.LuaMemoryError):
        return "not enough memory"
    if isinstance(value, UnicodeError):
        return "a string is not valid UTF-8"
    if isinstance(value, (LuaError, lua52.LuaError)):
        return str(value)
    if isinstance(value, Exception):
        return _internal(value)
    return str(value)


def _same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, LuaObject) and a.same_as(b))


def _sort_key(obj: Any) -> Any:
    return obj.sort_key
