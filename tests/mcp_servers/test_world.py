"""A real world, played by real MCP clients through the running program."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from PIL import Image

from tests.harness.program import up


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (_, address):
        yield address


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_program_plays_and_its_variables_stay(address: str, mode: Any) -> None:
    async with Client(f"{address}/worlds/world-1/mcp", mode=mode) as client:
        assert client.instructions is not None
        assert "run_program" in client.instructions
        before = await call(client, "observe")
        ran = await call(
            client,
            "run_program",
            code=(
                "spot = nearest(Resource.Coal)\n"
                "move_to(spot)\n"
                "got = harvest_resource(spot, quantity=5)\n"
                "print('coal:', inspect_inventory()[Prototype.Coal])"
            ),
            since=before["cursor"],
        )
        assert ran["ok"], ran
        assert "coal:" in ran["output"]
        after = await call(client, "observe", since=ran["cursor"])
        assert after["inventory"]["coal"] >= 5
        assert after["tick"] > before["tick"]
        assert after["position"] is not None
        assert not [c for c in after["changes"] if c["kind"] == "program"]
        again = await call(client, "run_program", code="print(got)")
        assert again["output"].strip().isdigit()
        score = await call(client, "score")
        assert score["production_score"] > 0
        assert score["automated_score"] == pytest.approx(0)


async def test_a_picture_shows_the_world(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        answer = await client.call_tool(
            "screenshot", {"x": 27, "y": 83, "zoom": 0.5, "width": 640, "height": 480}
        )
        picture = Image.open(io.BytesIO(base64.b64decode(answer.content[1].data)))
        assert picture.size == (640, 480)
        colours = picture.convert("RGB").getcolors(1 << 20)
        assert colours is not None
        # The iron field is in it: ore is blue.
        assert sum(count for count, (r, g, b) in colours if b > r + 30 and b > 80) > 5000


async def test_programs_that_fail_or_never_end_say_where(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        failed = await call(client, "run_program", code="print('so far')\nraise ValueError('no more')")
        assert not failed["ok"]
        assert failed["line"] == 2
        assert "no more" in failed["error"]
        assert "so far" in failed["output"]
        endless = await call(client, "run_program", code="x = 1\nwhile True:\n    x += 1", timeout_s=1)
        assert not endless["ok"]
        assert endless["seconds"] < 4
        assert (await call(client, "run_program", code="print('well')"))["ok"]


async def test_observing_changes_nothing(address: str, tmp_path: Path) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        first = await call(client, "score")
        for _ in range(3):
            await call(client, "observe")
            await client.call_tool("screenshot", {"width": 64, "height": 64})
        second = await call(client, "score")
        assert second["production_score"] == first["production_score"]
