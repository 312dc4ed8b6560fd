"""In program processes: the agent's variables as bytes, which the next program process takes up again."""

import builtins
import copyreg
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
    """Has a table by type, so that no Python runs for each object that is packed."""

    def __init__(self, target: io.BytesIO, prepared: "Prepared") -> None:
        super().__init__(target, protocol=pickle.HIGHEST_PROTOCOL)
        names = {id(thing): name for name, thing in _live_objects(prepared).items()}

        def live(thing: Any) -> Any:
            name = names.get(id(thing))
            return thing.__reduce_ex__(pickle.HIGHEST_PROTOCOL) if name is None else (_live_object, (name,))

        kinds = {type(thing): live for thing in _live_objects(prepared).values()}
        self.dispatch_table = {**copyreg.dispatch_table, **kinds, types.ModuleType: _import}


def _import(module: types.ModuleType) -> Any:
    return importlib.import_module, (module.__name__,)


_live: dict[str, Any] = {}


def _live_object(name: str) -> Any:
    """What stands in a state for one of `_live_objects`."""
    return _live[name]


class Unpickler(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, prepared: "Prepared") -> None:
        super().__init__(source)
        _live.update(_live_objects(prepared))

    def persistent_load(self, name: str) -> Any:
        """What older states have in place of `_live_object`."""
        return _live[name]
