"""In program processes: the agent's variables as bytes, which the next program process takes up again."""

import builtins
import importlib
import io
import pickle
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.program import Prepared

MAX_STATE_BYTES = 32 << 20


def pack_state(prepared: "Prepared") -> tuple[bytes, list[str]]:
    """The program's variables as bytes, and the names of those that can't be kept."""
    namespace = prepared.namespace
    variables = {
        name: value
        for name, value in namespace.persistent_vars.items()
        if name not in prepared.builtin_names or value is not getattr(builtins, name, value)
    }
    packed = _try_pack(variables, prepared)
    if packed is not None and len(packed) <= MAX_STATE_BYTES:
        return packed, []
    sizes: dict[str, int] = {}
    for name, value in variables.items():
        alone = _try_pack({name: value}, prepared)
        if alone is not None:
            sizes[name] = len(alone)
    kept: dict[str, Any] = {}
    room = MAX_STATE_BYTES
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        if size <= room:
            room -= size
            kept[name] = variables[name]
    packed = _try_pack(kept, prepared)
    if packed is None:
        packed, kept = _try_pack({}, prepared) or b"", {}
    return packed, sorted(set(variables) - set(kept))


def _try_pack(variables: dict[str, Any], prepared: "Prepared") -> bytes | None:
    target = io.BytesIO()
    try:
        _Pickler(target, prepared).dump(variables)
    except Exception:  # whatever the agent's own objects raise: then they can't be kept, and are named
        return None
    return target.getvalue()


def _live_objects(prepared: "Prepared") -> dict[str, Any]:
    """What variables may refer to and every program process has anew, by name."""
    return {
        "instance": prepared.instance,
        "namespace": prepared.namespace,
        "scripts": prepared.instance.lua_script_manager,
        "rcon": prepared.rcon,
    }


class _Pickler(pickle.Pickler):
    def __init__(self, target: io.BytesIO, prepared: "Prepared") -> None:
        super().__init__(target, protocol=pickle.HIGHEST_PROTOCOL)
        self._live = {id(thing): name for name, thing in _live_objects(prepared).items()}

    def persistent_id(self, thing: Any) -> str | None:
        return self._live.get(id(thing))

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, types.ModuleType):
            return importlib.import_module, (thing.__name__,)
        return NotImplemented


class Unpickler(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, prepared: "Prepared") -> None:
        super().__init__(source)
        self._live = _live_objects(prepared)

    def persistent_load(self, name: str) -> Any:
        return self._live[name]
