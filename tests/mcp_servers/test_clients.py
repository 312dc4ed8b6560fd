"""MCP clients of others, as they are published, against a running gateway.

The conformance suite and the inspector need Node: `make clients` installs both with it. Where CLAUDETORIO_ALL_CLIENTS
is set a client that is missing is a failure.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import claude_agent_sdk
import pytest
from PIL import Image

from tests.fakes.anthropic_api import AnthropicApi, Reply, text, tool
from tests.harness.program import CLAUDETORIO, up

CLIENTS = Path(__file__).parents[2] / ".venv" / "clients" / "node_modules"
CLAUDE_CODE = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
DRILL = """\
def mine(resource, quantity):
    spot = nearest(resource)
    move_to(spot)
    harvest_resource(spot, quantity)

mine(Resource.Stone, 10)
mine(Resource.Coal, 4)
mine(Resource.IronOre, 9)
craft_item(Prototype.StoneFurnace, 2)
move_to(Position(x=0, y=0))
furnace = place_entity(Prototype.StoneFurnace, position=Position(x=0, y=0))
furnace = insert_item(Prototype.Coal, furnace, 2)
furnace = insert_item(Prototype.IronOre, furnace, 9)
sleep(30)
extract_item(Prototype.IronPlate, furnace, 9)
craft_item(Prototype.BurnerMiningDrill)
spot = nearest(Resource.IronOre)
move_to(spot)
print("at", spot.x, spot.y)
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none", "--speed", "100") as (
        _,
        address,
    ):
        yield address


def run(
    *command: str | Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a client in an environment of its own, which knows nothing of the user's."""
    clean = {"HOME": str(cwd), "PATH": f"{CLIENTS / '.bin'}:{os.defpath}", "NO_COLOR": "1"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def node_tool() -> Callable[[str], Path]:
    """Where a program of a Node package is."""

    def find(name: str) -> Path:
        path = CLIENTS / ".bin" / name
        if not path.exists() and not os.environ.get("CLAUDETORIO_ALL_CLIENTS"):
            pytest.skip(f"{name} is not installed: `make clients` does it, with npm")
        return path

    return find


WORLD, FLEET = "/worlds/world-1/mcp", "/mcp"


@pytest.mark.parametrize(
    ("path", "scenario"),
    [
        (WORLD, "server-initialize"),
        (WORLD, "ping"),
        (WORLD, "tools-list"),
        (WORLD, "resources-list"),
        (WORLD, "prompts-list"),
        (WORLD, "dns-rebinding-protection"),
        (FLEET, "tools-list"),
        (FLEET, "dns-rebinding-protection"),
    ],
)
def test_conformance(
    address: str, path: str, scenario: str, tmp_path: Path, node_tool: Callable[[str], Path]
) -> None:
    suite, url = node_tool("conformance"), f"{address}{path}"
    done = run(suite, "server", "--url", url, "--scenario", scenario, "-o", tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    [report] = tmp_path.glob("*/checks.json")
    checks = json.loads(report.read_text())
    assert checks
    assert {check["status"] for check in checks} == {"SUCCESS"}, checks


def test_the_inspector_lists_and_calls(
    address: str, tmp_path: Path, node_tool: Callable[[str], Path]
) -> None:
    inspector = node_tool("mcp-inspector")
    world = f"{address}{WORLD}"

    def inspect(target: tuple[str, ...], *arguments: str) -> dict[str, Any]:
        done = run(inspector, "--cli", *target, *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    # --strict: the schemas have nothing that some client can't take.
    listed = inspect((world,), "--method", "tools/list", "--strict")
    assert {"run_program", "observe", "score", "screenshot"} <= {t["name"] for t in listed["tools"]}
    call = ("--method", "tools/call", "--tool-name", "run_program", "--tool-arg", "code=print(6*7)")
    assert inspect((world,), *call)["structuredContent"]["output"] == "42\n"
    shot = inspect((world,), "--method", "tools/call", "--tool-name", "screenshot", "--tool-arg", "width=64")
    assert [block.get("mimeType") for block in shot["content"]] == [None, "image/webp"]
    stdio = (*CLAUDETORIO, "mcp", "world-1", "--url", address)
    assert inspect(stdio, *call)["structuredContent"]["output"] == "42\n"


@pytest.fixture
def claude(tmp_path: Path) -> Run:
    """Run Claude Code in a home of its own."""

    def claude(*arguments: str, api: AnthropicApi | None = None) -> subprocess.CompletedProcess[str]:
        environment = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", **(api.environment() if api else {})}
        done = run(CLAUDE_CODE, *arguments, cwd=tmp_path, environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return claude


def test_claude_code_connects_and_plays(address: str, claude: Run) -> None:
    claude("mcp", "add", "--transport", "http", "world", f"{address}{WORLD}")
    claude("mcp", "add", "--transport", "http", "fleet", f"{address}{FLEET}")
    claude("mcp", "add", "piped", "--", *CLAUDETORIO, "mcp", "world-1", "--url", address)
    listed = claude("mcp", "list").stdout
    for name in ("world", "fleet", "piped"):
        [line] = [line for line in listed.splitlines() if line.startswith(f"{name}:")]
        assert line.endswith("Connected"), listed
    ore = {"x": 15.5, "y": 70.5}
    turns = [
        Reply([tool("mcp__world__run_program", code=DRILL)]),
        Reply([tool("mcp__world__place_entity", entity="burner-mining-drill", position=ore)]),
        Reply([tool("mcp__piped__observe")]),
        Reply([tool("mcp__world__screenshot", width=320, height=200)]),
        Reply([text("A drill stands on the ore.")]),
    ]
    with AnthropicApi(turns) as api:
        asked = ("-p", "Place a drill and look at it.", "--tools", "", "--output-format", "json")
        done = claude(*asked, "--allowedTools", "mcp__world", "mcp__piped", api=api)
    assert json.loads(done.stdout)["result"] == "A drill stands on the ore."
    crafted, placed, seen, shot = (block["content"] for block in api.requests[-1].blocks("tool_result"))
    assert json.loads(crafted)["output"] == "at 15.5 70.5\n", crafted
    assert json.loads(placed)["result"]["name"] == "burner-mining-drill", placed
    assert json.loads(seen)["machines"]["burner-mining-drill"].startswith("1 no fuel at ")
    [picture] = [block for block in shot if block["type"] == "image"]
    image = Image.open(io.BytesIO(base64.b64decode(picture["source"]["data"])))
    assert (image.size, picture["source"]["media_type"]) == ((320, 200), "image/webp")
