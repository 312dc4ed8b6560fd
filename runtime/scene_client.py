"""Scenes over RCON: the embedded engine's own command, or on Factorio itself a script of ours that gives the same."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from runtime.rcon_client import WorldClient

SCRIPT = Path(__file__).with_name("scene.lua")
UNKNOWN = "Unknown command"
CHUNK_TILES = 32
Rect = tuple[int, int, int, int]  # chunks: left, top, right, bottom; the latter two are outside


class SceneClient:
    """Asks a world for scenes; see `runtime.engine.scene` for what it answers.

    Args:
        by_script: go by the script even where the world has commands of its own.
    """

    def __init__(self, client: WorldClient, by_script: bool = False) -> None:
        self._client = client
        self._by_script = by_script

    def changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """What there is to see in a rectangle of chunks, as far as it isn't known. Raises WorldGone, ValueError."""
        return self._ask("scene-changes", "claudetorio_scene", (*rect, epoch, since, *known))

    def tiles(self, rect: Rect) -> dict[str, Any]:
        """The tiles of a rectangle of chunks. Raises WorldGone, ValueError."""
        return self._ask("scene-tiles", "claudetorio_tiles", rect)

    def _ask(self, command: str, function: str, arguments: tuple[int, ...]) -> dict[str, Any]:
        if not self._by_script:
            answer = self._client.command(f"/{command} {' '.join(map(str, arguments))}")
            if not answer.startswith(UNKNOWN):
                return _read(answer)
            self._by_script = True
        call = f"/silent-command rcon.print({function} and {function}({','.join(map(str, arguments))}) or '')"
        answer = self._client.command(call)
        if not answer:  # never told, or it has been started anew since
            self._client.command(f"/silent-command {_script()}")
            answer = self._client.command(call)
        return _read(answer)


@cache
def _script() -> str:
    return SCRIPT.read_text()


def _read(answer: str) -> dict[str, Any]:
    try:
        seen: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise ValueError(f"the world answered no scene: {answer[:200]!r}") from error
    return seen
