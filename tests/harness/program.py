"""`claudetorio up` as a process, for tests of what it serves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLAUDETORIO = [sys.executable, "-m", "harness.cli"]


@contextmanager
def up(data: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `claudetorio up` and its address; made to end if the test doesn't end it."""
    command = [*CLAUDETORIO, "up", "--port", "0", "--data", str(data), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Watch "):
                yield process, line.split()[1].rstrip(":")
                return
        raise AssertionError(f"it ended with {process.wait()}")
    finally:
        process.kill()
        process.wait()
