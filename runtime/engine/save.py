"""Saves: everything of a world that outlives its process, as bytes; and the hash of a world's state.

A save lists the classes of the engine's objects in it; then comes the pickled state of each, with the others named by
number. So a chain of a thousand belts needs no deep recursion, and reading one makes
instances of the engine's classes and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import pickle
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import attributes

if TYPE_CHECKING:
    from runtime.engine.world import World

FAMILY, FORMAT = b"factorio-embedded save ", 4
MAGIC = FAMILY + b"%d\n" % FORMAT
ALLOWED = {
    ("random", "Random"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("collections", "deque"),
    ("collections", "Counter"),
}


OUTSIDE = {"server", "journal", "rcon", "cache", "game", "scripts", "lua"}
"""Modules of the engine whose classes reach beyond a world (files, sockets, Lua): no save names them."""
MOST_BYTES = 1 << 30
"""Of a save, unpacked; a thousand times what a large factory takes."""
PROTOTYPES = {"_entity_prototype", "_item_prototype", "_recipe_prototype"}  # how a save names a prototype


class SaveError(Exception):
    """Bytes that are not a save of this program."""


@dataclass
class Save:
    """What a save holds. `storage` is the plain data of Lua's `storage`; `prelude` defines its functions again."""

    world: World
    storage: dict[Any, Any]
    prelude: list[str]
    speed: float
    paused: bool
    ticks_to_run: int
    scenario: str
    lua: dict[str, Any] = field(default_factory=dict)


class _Pickler(pickle.Pickler):
    """Pickles the state of one engine object at a time; the others it meets are named by number and queued."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.numbers: dict[int, int] = {}  # id of an object -> its number
        self.objects: list[Any] = []

    def persistent_id(self, obj: Any) -> int | None:
        cls = type(obj)
        if not cls.__module__.startswith("runtime.engine.") or "__reduce__" in vars(cls):
            return None
        number = self.numbers.get(id(obj))
        if number is None:
            number = self.numbers[id(obj)] = len(self.objects)
            self.objects.append(obj)
        return number


class _Unpickler(pickle.Unpickler):
    """Loads classes of the engine alone: a save from elsewhere can't name anything else."""

    objects: list[Any]

    def persistent_load(self, pid: Any) -> Any:
        return self.objects[pid]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        if (module, name) == ("builtins", "getattr"):
            return _method
        found = engine_class(module, name, or_function=True)
        if found is not None:
            return found
        raise SaveError(f"the save names {module}.{name}, which no save of a world holds")


def engine_class(module: str, name: str, or_function: bool = False) -> Any:
    """A class of the engine by name, or one of the few functions that a save may name; None for anything else."""
    if not module.startswith("runtime.engine.") or "." in name or module.split(".")[2] in OUTSIDE:
        return None
    found = getattr(importlib.import_module(module), name, None)
    if getattr(found, "__module__", None) != module:
        return None
    if isinstance(found, type):
        return found
    known = module.startswith("runtime.engine.maps.") or name in PROTOTYPES
    return found if or_function and known else None


def _method(owner: Any, name: str) -> Any:
    """A bound method of one of the engine's objects, which is how inventories remember whom to tell."""
    if not type(owner).__module__.startswith("runtime.engine.") or name.startswith("__"):
        raise SaveError(f"the save names {name} of {type(owner).__name__}, which no save of a world holds")
    return getattr(owner, name)


def dumps(save: Save) -> bytes:
    """A save as bytes."""
    states = io.BytesIO()
    pickler = _Pickler(states)
    pickler.persistent_id(save)
    for obj in pickler.objects:  # grows while it is gone through
        own: Any = type(obj).__getstate__
        pickler.dump(attributes(obj) if own is object.__getstate__ else own(obj))
    classes = [(type(o).__module__, type(o).__qualname__) for o in pickler.objects]
    return MAGIC + zlib.compress(json.dumps(classes).encode() + b"\n" + states.getvalue(), 1)


def loads(data: bytes) -> Save:
    """The save that `dumps` wrote.

    Raises:
        SaveError: these bytes are something else.
    """
    # It gives every type of entity its class: else what is built in a world that a new process restores would not act.
    from runtime.engine import kinds  # noqa: F401

    if not data.startswith(MAGIC):
        written = data[len(FAMILY) :].partition(b"\n")[0]
        if data.startswith(FAMILY) and written.isdigit() and len(written) < 9:
            raise SaveError(
                f"its save has format {int(written)}, of another version of this program; this one reads format {FORMAT}"
            )
        raise SaveError("not a save of factorio-embedded")
    try:
        classes, states = _unpacked(data[len(MAGIC) :]).split(b"\n", 1)
        unpickler = _Unpickler(io.BytesIO(states))
        unpickler.objects = [_empty(*name) for name in json.loads(classes)]
        for obj in unpickler.objects:
            _fill(obj, unpickler.load())
        save = unpickler.objects[0]
        if not isinstance(save, Save):
            raise SaveError("the save holds no world")
        save.world.surface.restore()
    except (
        zlib.error, pickle.UnpicklingError, EOFError, AttributeError, ImportError, LookupError, TypeError, ValueError,
        ArithmeticError, AssertionError, MemoryError, RecursionError,
    ) as error:  # fmt: skip
        raise SaveError(f"the save is damaged: {error}") from error
    return save


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(packed, MOST_BYTES)
    if unpacker.unconsumed_tail:
        raise SaveError(f"the save unpacks to more than {MOST_BYTES >> 20} MB")
    if not unpacker.eof:
        raise SaveError("the save is cut short")
    return unpacked


def _empty(module: str, name: str) -> Any:
    cls = engine_class(module, name)
    if cls is None:
        raise SaveError(f"the save names {module}.{name}, which no save of a world holds")
    return cls.__new__(cls)


def _fill(obj: Any, state: Any) -> None:
    """Give an object the state that it had: its attributes, or what its `__getstate__` gave to its `__setstate__`."""
    own = getattr(obj, "__setstate__", None)
    if own is not None:
        own(state)
        return
    for name, value in state.items():
        object.__setattr__(obj, name, value)


def state_hash(world: World, storage: Any, clock: list[Any]) -> str:
    """A hash of everything that decides a world's future: the same in every process that holds the same world."""
    digest = hashlib.sha256()
    digest.update(
        repr([world.tick, world.seed, world.next_unit_number, world.random.getstate(), clock]).encode()
    )
    for chunk in sorted(world.surface.chunks):
        there = world.surface.chunks[chunk]
        for order in sorted(there):
            digest.update(repr(there[order].state()).encode())
    digest.update(repr(sorted(world.surface.changed_tiles.items())).encode())
    if world.surface.land is not None:
        digest.update(repr(world.surface.land.state()).encode())
    digest.update(repr([f.state() for f in world.forces.values()]).encode())
    digest.update(repr(world.more_state()).encode())
    digest.update(canonical(storage).encode())
    return digest.hexdigest()


def canonical(value: Any) -> str:
    """Plain data as text that does not depend on the order of its keys."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{canonical(k)}:{canonical(v)}" for k, v in value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(v) for v in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return repr(value)
