"""Plain data that is slow to make, kept between processes outside the repository."""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/claudetorio`, or `~/.cache/claudetorio`; it need not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "claudetorio"


def cached(name: str, version: str, make: Callable[[], T]) -> T:
    """What `make()` returned, this time or in an earlier process with the same `version`.

    The data must be plain: None, numbers, strings, bytes, and lists, tuples, dicts and sets of them. A file
    that is missing, damaged or of another Python is made anew; where nothing can be written, nothing is kept.
    """
    # marshal's format belongs to one Python version, so that version is part of the name.
    file = cache_dir() / f"{name}-{version}-{sys.implementation.cache_tag}.marshal"
    try:
        return cast(T, marshal.loads(file.read_bytes()))
    except (OSError, ValueError, EOFError, TypeError):
        value = make()
    data: bytes = marshal.dumps(cast(Any, value))
    _write(file, data)
    return value


def _write(file: Path, data: bytes) -> None:
    """Put the whole file there at once, so that no reader ever sees half of it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    except OSError:
        return  # a read-only home is no reason not to run: the data is made again next time
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(temporary, file)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
