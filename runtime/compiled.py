"""The simulation as extension modules, made by mypyc of the same Python where `make compile` was run.

They are kept in build/compiled/HASH, with a hash of all that they were made of: so a world runs them exactly as long as
the sources are those, and goes back to the Python after any edit. CLAUDETORIO_COMPILED=0 leaves them alone.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "compiled"
GROUP = "claudetorio_engine"  # the name of the library that all of them share
VARIABLE = "CLAUDETORIO_COMPILED"


def sources() -> list[Path]:
    """What is compiled: the parts of a world that act. A class and all those made of it have to be here together."""
    engine = ROOT / "runtime" / "engine"
    parts = [engine / f"{name}.py" for name in ("entity", "inventory", "surface", "world")]
    systems = sorted((engine / "systems").glob("*.py"))
    return parts + [path for path in systems if path.name != "__init__.py"]


@cache
def build_folder() -> Path:
    """Where the modules for the present sources are, if they have been made."""
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {sys.platform}".encode())
    maker = ROOT / "scripts" / "compile.py"
    for path in [*sources(), *([maker] if maker.exists() else [])]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return FOLDER / digest.hexdigest()[:16]


@cache
def in_use() -> bool:
    """Whether this process runs the compiled modules."""
    return os.environ.get(VARIABLE, "1") != "0" and build_folder().is_dir()


def look_in_build(path: list[str], package: str) -> None:
    """Have a package find its compiled modules first; `path` is its `__path__`."""
    if in_use():
        _load_library()
        path.insert(0, str(build_folder().joinpath(*package.split("."))))


def _load_library() -> None:
    """Import what the modules share under the name that they know. (On `sys.path`, the folder would hide packages.)"""
    name = f"{GROUP}__mypyc"
    if name not in sys.modules:
        spec = spec_from_file_location(name, next(build_folder().glob(f"{name}.*")))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
