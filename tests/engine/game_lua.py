"""What a Lua expression is, in a game that runs in the test's own process."""

from __future__ import annotations

import json
from typing import Any

from runtime.engine.game import Game


def lua(game: Game, expression: str) -> Any:
    """What a Lua expression is."""
    text = game.command(f"/sc rcon.print(helpers.table_to_json({{x = {expression}}}))").strip()
    try:
        return json.loads(text).get("x")
    except ValueError:
        raise AssertionError(text) from None
