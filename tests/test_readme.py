"""What the README tells people to run, run as written (but for the port, which is any free one)."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from tests.harness.program import up
from tests.mcp_servers.test_clients import CLAUDE_CODE, CLIENTS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DEADLINE_S = 60.0


def section(title: str) -> str:
    """The text under a heading."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## )", README.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, f"no section {title!r}"
    return found.group(1)


def block(text: str, language: str) -> str:
    """The first code block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"no {language} block"
    return found.group(1)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (_, address):
        yield address


def as_written(text: str, address: str) -> str:
    """What somebody would run, but for the port and where the checkout is."""
    return text.replace("http://127.0.0.1:3000", address).replace("/path/to/claudetorio", str(ROOT))


def shell(commands: str, home: Path) -> str:
    """Run commands for a shell that has Claude Code and the Node clients in its path; returns what they print."""
    path = f"{CLAUDE_CODE.parent}:{CLIENTS / '.bin'}:{os.defpath}"
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=home,
        env={"HOME": str(home), "PATH": path, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def over_stdio(configuration: str, port: str) -> list[str]:
    """The tools of the one server in a configuration, as a client of the older era sees them."""
    [server] = json.loads(configuration)["mcpServers"].values()
    environment = {**server.get("env", {}), "CLAUDETORIO_PORT": port}
    parameters = StdioServerParameters(command=server["command"], args=server["args"], env=environment)
    async with Client(stdio_client(parameters), mode="legacy") as client:
        return [tool.name for tool in (await client.list_tools()).tools]


async def test_connect_your_client(address: str, tmp_path: Path) -> None:
    text = as_written(section("Connect your client"), address)
    shell(block(text, "sh"), tmp_path)
    assert "Connected" in shell("claude mcp list", tmp_path)
    assert "run_program" in await over_stdio(block(text, "json"), address.rpartition(":")[2])


async def test_the_page_on_clients(address: str, tmp_path: Path) -> None:
    text = as_written((ROOT / "docs" / "clients.md").read_text(), address)
    claude, programs, inspector = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert shell(claude, tmp_path).count("Connected") == 2
    shell(programs, tmp_path)
    assert shell("claude mcp list", tmp_path).count("Connected") == 3
    assert "run_program" in await over_stdio(block(text, "json"), address.rpartition(":")[2])
    script = await anyio.run_process([sys.executable, "-c", block(text, "python")])
    assert b"x=" in script.stdout
    if CLIENTS.exists() or os.environ.get("CLAUDETORIO_ALL_CLIENTS"):
        listed, called = (shell(line, tmp_path) for line in inspector.strip().splitlines())
        assert "run_program" in listed
        assert json.loads(called)["structuredContent"]["output"] == "42\n"


def test_fle_without_docker(port: int, tmp_path: Path) -> None:
    text = section("FLE without Docker").replace("27000", str(port))
    program, *arguments = shlex.split(block(text, "sh"))
    server = subprocess.Popen([str(Path(sys.executable).with_name(Path(program).name)), *arguments])
    try:
        _wait_until_open(port)
        done = subprocess.run(
            [sys.executable, "-c", block(text, "python")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    finally:
        server.terminate()
        server.wait(DEADLINE_S)
    assert done.returncode == 0, done.stderr
    mined = re.search(r"iron-ore=(\d+)", done.stdout)
    assert mined is not None, done.stdout
    assert int(mined.group(1)) >= 7  # 0.25 a second for 30 s; on a busy machine the last call comes later


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline, "the world does not answer"
            time.sleep(0.05)
