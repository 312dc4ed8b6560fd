"""Worlds for tests: real `factorio-embedded` processes over real sockets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.compiled import VARIABLE

# Tests run the Python, whether or not `make compile` was run; CLAUDETORIO_COMPILED=1 has them run what that made.
os.environ.setdefault(VARIABLE, "0")

from runtime.world_process import WorldProcess


@pytest.fixture
def world(tmp_path: Path) -> Iterator[WorldProcess]:
    """A fresh world of the lab scenario."""
    with WorldProcess.start(name="test", log_path=tmp_path / "world.log") as process:
        yield process


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorldProcess]:
    """A world of the lab scenario that the tests of one module share."""
    with WorldProcess.start(
        name="shared", log_path=tmp_path_factory.mktemp("world") / "world.log"
    ) as process:
        yield process
