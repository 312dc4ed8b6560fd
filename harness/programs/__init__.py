"""Programs that the built-in player sends: text in the Python of the Factorio Learning Environment."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def kit() -> str:
    """The functions that every program of the player begins with."""
    return resources.files(__name__).joinpath("kit.py").read_text("utf-8")


def program(words: str, call: str) -> str:
    """A program: what it is for, as people who watch see it; the kit; and calls of functions in it."""
    return f"# {words}\n{kit()}\n{call}\n"
