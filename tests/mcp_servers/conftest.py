"""A running program with a world in it, for the tests of MCP servers to share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client

from tests.harness.program import up


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the gateway of a fleet answers: world-1 and world-2, which nobody plays."""
    with up(tmp_path_factory.mktemp("data"), "--worlds", "2", "--agent", "none") as (_, address):
        yield address


async def call(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """Call a tool that succeeds; its structured answer, which the client has checked against its schema."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


async def refusal(client: Client, tool: str, /, **arguments: Any) -> str:
    """Call a tool that fails; why. Every reason is a sentence or two, and every answer has a cursor."""
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error, (str(arguments)[:500], answer.structured_content)
    text: str = answer.content[0].text
    assert answer.structured_content is not None
    assert answer.structured_content["cursor"]
    assert 10 < len(text) < 500, text
    assert not any(word in text for word in ("Traceback", "https://", "pydantic", "[type=", "line 1")), text
    return text
