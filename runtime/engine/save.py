"""Saves: everything of a world that outlives its process, as bytes; and the hash of a world's state."""

from __future__ import annotations

import hashlib
import io
import pickle
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.engine.world import World

MAGIC = b"factorio-embedded save 1\n"
ALLOWED = {
    ("random", "Random"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("collections", "deque"),
    ("collections", "Counter"),
}


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


class _Unpickler(pickle.Unpickler):
    """Loads classes of the engine alone: a save from elsewhere can't name anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        if (module, name) == ("builtins", "getattr"):
            return _method
        if module.startswith("runtime.engine.") and "." not in name:
            found = super().find_class(module, name)
            ours = getattr(found, "__module__", None) == module
            if ours and (
                isinstance(found, type) or module.startswith("runtime.engine.maps.") or name in PROTOTYPES
            ):
                return found
        raise SaveError(f"the save names {module}.{name}, which no save of a world holds")


def _method(owner: Any, name: str) -> Any:
    """A bound method of one of the engine's objects, which is how inventories remember whom to tell."""
    if not type(owner).__module__.startswith("runtime.engine.") or name.startswith("__"):
        raise SaveError(f"the save names {name} of {type(owner).__name__}, which no save of a world holds")
    return getattr(owner, name)


def dumps(save: Save) -> bytes:
    """A save as bytes."""
    return MAGIC + zlib.compress(pickle.dumps(save, protocol=5), 1)


def loads(data: bytes) -> Save:
    """The save that `dumps` wrote.

    Raises:
        SaveError: these bytes are something else.
    """
    if not data.startswith(MAGIC):
        raise SaveError("not a save of factorio-embedded")
    try:
        save = _Unpickler(io.BytesIO(zlib.decompress(data[len(MAGIC) :]))).load()
    except (zlib.error, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        raise SaveError(f"the save is damaged: {error}") from error
    if not isinstance(save, Save):
        raise SaveError("the save holds no world")
    return save


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
