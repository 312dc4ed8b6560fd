"""What the README tells people to run, run as written (but for the port, which is any free one)."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
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
