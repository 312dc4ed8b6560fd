"""What is counted of calls, for `/metrics`: how many of which tool, how they ended, and how long programs ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcp_types import CallToolResult
from prometheus_client import Counter, Histogram

UNKNOWN = "unknown"
"""What calls of tools that there are not are counted as: anybody can make up names."""
CALLS = Counter(
    "claudetorio_calls", "Calls of MCP tools; the fleet's own have no world.", ["world", "tool", "outcome"]
)
PROGRAM_SECONDS = Histogram(
    "claudetorio_program_seconds",
    "Wall time that programs of players ran.",
    ["world"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 300),
)


class Counting:
    """A call that is under way. Without `answered` it counts as cancelled."""

    outcome = "cancelled"

    def answered(self, result: CallToolResult) -> CallToolResult:
        """Note how it ended, and give its result back."""
        self.outcome = "error" if result.is_error else "ok"
        return result


@contextmanager
def counted(world: str, tool: str, known: bool) -> Iterator[Counting]:
    """Count one call of a tool when the block ends."""
    counting = Counting()
    try:
        yield counting
    finally:
        CALLS.labels(world, tool if known else UNKNOWN, counting.outcome).inc()


def forget(world: str) -> None:
    """Drop what was counted in a world that is gone."""
    for metric in (CALLS, PROGRAM_SECONDS):
        metric.remove_by_labels({"world": world})
