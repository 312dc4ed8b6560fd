"""Compile the simulation with mypyc into build/compiled, where worlds find it (see `runtime.compiled`)."""

from __future__ import annotations

import ast
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from runtime.compiled import FOLDER, GROUP, build_folder, sources  # noqa: E402

NEW = """    def __new__(cls, *args: _Any, **kwargs: _Any) -> _Any:
        return super().__new__(cls)
"""


def copy_sources(folder: Path) -> list[str]:
    """Copy the package to compile from; the paths of what is to be compiled, from there.

    Classes get a `__new__`: without one mypyc has that of a class call `__init__`, and saves are read without.
    """
    shutil.copytree(ROOT / "runtime", folder / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    parts = [str(path.relative_to(ROOT)) for path in sources()]
    for part in parts:
        text = (folder / part).read_text()
        lines = text.splitlines(keepends=True)
        roots = [
            node
            for node in ast.parse(text).body
            if isinstance(node, ast.ClassDef)
            and not node.bases
            and not node.decorator_list
            and len(node.body) > 1
        ]
        for node in reversed(roots):
            first = node.body[1]  # after the docstring
            above = [d.lineno for d in getattr(first, "decorator_list", ())]
            lines.insert(min([first.lineno, *above]) - 1, NEW)
        text = "".join(lines)
        start = "from __future__ import annotations\n"
        (folder / part).write_text(text.replace(start, start + "from typing import Any as _Any\n", 1))
    return parts


def main() -> int:
    """Make the modules for the present sources unless they are there; returns the exit code."""
    try:
        from mypyc.build import mypycify
        from setuptools import Distribution
    except ImportError as error:
        print(f"make compile: {error.name} is not installed: pip install mypy setuptools.", file=sys.stderr)
        return 1
    done = build_folder()
    if done.is_dir():
        print(f"compiled already: {done}")
        return 0
    if not (shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")):
        print("make compile: there is no C compiler: on Debian, apt install gcc.", file=sys.stderr)
        return 1
    print("Compiling the simulation, which takes some minutes.", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        folder = Path(name)
        parts = copy_sources(folder)
        os.chdir(folder)
        modules = mypycify(
            ["--config-file", "pyproject.toml", *parts],
            group_name=GROUP,
            target_dir="c",
            multi_file=True,
            debug_level="0",
        )
        build = Distribution({"name": GROUP, "ext_modules": modules}).get_command_obj("build_ext")
        build.build_lib = str(folder / "lib")
        build.build_temp = str(folder / "objects")
        build.ensure_finalized()
        build.run()
        os.chdir(ROOT)
        for old in FOLDER.iterdir():
            if old != folder:
                shutil.rmtree(old)
        (folder / "lib").rename(done)
    print(f"compiled: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
