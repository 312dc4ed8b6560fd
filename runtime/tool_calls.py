"""In the fork server and in program processes: FLE's names, and typed calls of FLE's tools."""

from typing import Any

from fle.env.game_types import Prototype, RecipeName, Resource, Technology


def fle_names() -> dict[str, dict[str, str]]:
    """By kind, FLE's spelling of each name it knows -> Factorio's spelling."""
    return {
        "prototypes": {spelling: member.value[0] for spelling, member in Prototype.__members__.items()},
        "resources": {
            spelling: value[0] for spelling, value in vars(Resource).items() if isinstance(value, tuple)
        },
        "technologies": _values(Technology),
        "recipes": _values(RecipeName),
    }


def _values(kind: Any) -> dict[str, str]:
    return {spelling: member.value for spelling, member in kind.__members__.items()}
