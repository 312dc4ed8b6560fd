"""What the engine's page tells those who change it, run as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runtime.engine.kinds  # noqa: F401 - fills the table
from runtime.engine.entity import CLASSES
from runtime.engine.save import state_hash

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


@pytest.fixture
def classes() -> Iterator[None]:
    """The classes of entities are afterwards what they were."""
    before = dict(CLASSES)
    yield
    CLASSES.clear()
    CLASSES.update(before)


def example() -> list[str]:
    section = PAGE.read_text().split("## A new kind of entity\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_the_worked_example(classes: None) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    blocks = example()
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    world = names["world"]
    assert "sectors" in names["Radar"].__slots__
    assert not hasattr(names["radar"], "__dict__")
    before = state_hash(world, {}, [])
    names["radar"].sectors += 1
    assert state_hash(world, {}, []) != before
