"""Claude's player as a process, in a world that a real gateway serves, with a stand-in for Claude's API."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult

from harness import claude
from tests.fakes.anthropic_api import AnthropicApi, Block, tool

SECONDS = 40.0
WORLD = "world-1"
FURNACE = "craft_item(Prototype.StoneFurnace, 1)"
"""A program whose runs can be counted in the world."""


def crafting() -> Block:
    """A call that makes a furnace."""
    return tool("run_program", code=FURNACE)


@dataclass(frozen=True)
class Game:
    """A world to play, and where its player keeps what it remembers."""

    address: str
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.address}/worlds/{WORLD}/mcp"

    def get(self, path: str) -> Any:
        answer = httpx.get(f"{self.address}{path}", timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.address}{path}", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self) -> dict[str, Any]:
        """The run of Claude's that is open, which this begins if there is none."""
        run: dict[str, Any] = self.post(f"/api/worlds/{WORLD}/runs", agent="claude", model="claude-opus-5-5")
        return run

    def over(self) -> None:
        """End the newest run for good, so that the next to play begins another."""
        for outcome in (None, "over"):
            self.post(f"/api/runs/{self.run()['id']}/outcome", outcome=outcome)

    def messages(self, run: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(f"/api/runs/{run}/messages")
        return rows

    def calls(self, run: int) -> list[dict[str, Any]]:
        return [call for message in self.messages(run) for call in message["calls"]]

    def call(self, tool: str, url: str | None = None, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool of the world, or of another server, from outside."""
        answer = self._call(tool, arguments, url or self.url)
        assert not answer.is_error, answer.content
        content: dict[str, Any] = answer.structured_content
        return content

    def refused(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool of the world that won't do it; why not."""
        answer = self._call(tool, arguments, self.url)
        assert answer.is_error, answer.content
        return str(answer.content)

    def _call(self, tool: str, arguments: dict[str, Any], url: str) -> CallToolResult:
        async def once() -> CallToolResult:
            async with Client(url) as client:
                return await client.call_tool(tool, arguments)

        return asyncio.run(once())

    def furnaces(self) -> int:
        return int(self.call("observe")["inventory"].get("stone-furnace", 0))

    def gather(self, stone: int) -> None:
        """Have so much stone in the player's hands."""
        code = f"spot = nearest(Resource.Stone)\nmove_to(spot)\nprint(harvest_resource(spot, {stone}))"
        assert self.call("run_program", code=code)["ok"]

    @contextmanager
    def player(self, api: AnthropicApi, **settings: Any) -> Iterator[subprocess.Popen[str]]:
        """Claude's player, killed at the end if it still runs. Settings go by their names without CLAUDETORIO_."""
        command = [sys.executable, "-m", "harness.claude", "--url", self.url, "--world", WORLD]
        player = subprocess.Popen(
            [*command, "--folder", str(self.folder)],
            env=os.environ | api.environment() | variables(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield player
        finally:
            player.kill()
            player.communicate()

    def play(self, api: AnthropicApi, **settings: Any) -> str:
        """Let Claude play, in this process, until the run has ended; what its player said."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            for name, value in (api.environment() | variables(settings)).items():
                patch.setenv(name, value)
            patch.setattr(claude, "FIRST_PAUSE_SECONDS", 0.05)
            claude.main(["--url", self.url, "--world", WORLD, "--folder", str(self.folder)])
        return said.getvalue()


def variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as environment variables."""
    return {f"CLAUDETORIO_{name.upper()}": str(value) for name, value in settings.items()}


def until(true: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
