"""Whatever a client sends, it gets a sentence back, and the world is as if it had not been sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from evals.served_world import ServedWorld, Setup, served_world
from tests.fuzz.mcp_rounds import one_round
from tests.mcp_servers.conftest import call

SEED = 4
CALLS, HUGE_CALLS = 600, 2


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorld]:
    with served_world("quiet", tmp_path_factory.mktemp("quiet"), Setup()) as world:
        yield world


def test_bad_calls_are_refused_and_leave_no_trace_in_a_world_that_is_played(tmp_path: Path) -> None:
    made = one_round(SEED, CALLS, HUGE_CALLS, tmp_path)
    assert not made.broken
    assert made.calls.keys() >= {"good", "good, refused", "bad", "huge", "cancelled", "dropped"}


async def test_what_is_no_json_or_no_call_is_refused(served: ServedWorld) -> None:
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": "2026-07-28",
    }
    arguments = '{"name":"move_to","arguments":{"position":{"x":NaN,"y":1e999}}}'
    call_of_nan = f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{arguments}}}'
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        for body in (
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b'{"jsonrpc":"2.0","id":1}',
            call_of_nan.encode(),
        ):
            answer = await http.post(served.url, content=body)
            assert 200 <= answer.status_code < 500
            assert "Traceback" not in answer.text
        answer = await http.post(served.url, content=b'{"a":"' + b"x" * 10_000_000 + b'"}')
        assert answer.status_code in (400, 413)


async def test_a_connection_that_is_dropped_ends_what_it_asked_for(served: ServedWorld) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "run_program",
            "arguments": {"code": "while True:\n    sleep(1)", "timeout_s": 300},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Content-Type": "application/json",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "run_program",
    }
    async with httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(30, read=1)) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(served.url, content=json.dumps(body))
    async with Client(served.url) as client:
        with anyio.fail_after(20):
            assert (await call(client, "run_program", code="print('free')"))["output"] == "free\n"
