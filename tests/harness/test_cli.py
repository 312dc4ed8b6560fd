"""The program `claudetorio`, run as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.harness.program import CLAUDETORIO, up

TICKS_LOST = 120
"""What a killed world may lose at speed 1."""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLAUDETORIO, *arguments], capture_output=True, text=True, timeout=60, env=os.environ | environment
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("claudetorio: ")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr


def test_help_is_quick_and_names_the_commands() -> None:
    began = time.monotonic()
    done = run("--help")
    assert time.monotonic() - began < 5
    for command in ("up", "status", "eval", "bench", "doctor"):
        assert command in done.stdout
    heavy = (
        "import sys, harness.cli; print([m for m in ('mcp', 'sqlmodel', 'fle', 'PIL') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", heavy], text=True) == "[]\n"


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("up", "--port", port, "--data", str(tmp_path))
    assert_one_sentence(done, 1, f"port {port} is in use", "--port")


def test_an_unwritable_data_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("up", "--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert_one_sentence(done, 1, "can't write into the data folder", "--data")


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "part"),
    [
        (["--worlds", "0"], {}, 1, "--worlds (or CLAUDETORIO_WORLDS) is 0"),
        (["--agent", "human"], {}, 1, "--agent (or CLAUDETORIO_AGENT) is 'human'"),
        ([], {"CLAUDETORIO_PORT": "http"}, 1, "CLAUDETORIO_PORT) is 'http'"),
        (["--agent", "claude"], {"ANTHROPIC_API_KEY": ""}, 2, "ANTHROPIC_API_KEY"),
        ([], {"DATABASE_URL": "sqlite:////nonexistent/x.db"}, 1, "DATABASE_URL"),
        (["--host", "no.such.host.invalid"], {}, 1, "--host"),
    ],
)
def test_bad_settings_are_one_sentence(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], code: int, part: str
) -> None:
    done = run("up", "--data", str(tmp_path), *arguments, **({"CLAUDETORIO_PORT": "0"} | environment))
    assert_one_sentence(done, code, part)


def test_status_without_a_gateway_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    assert_one_sentence(run("status", "--port", port), 1, "claudetorio up")


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_up_shows_its_worlds_and_ends_all_it_started(tmp_path: Path) -> None:
    with up(tmp_path / "data", "--worlds", "2", "--agent", "none") as (process, address):
        assert get(f"{address}/healthz") == {"ok": True}
        worlds = get(f"{address}/api/worlds")
        assert [(w["name"], w["status"], w["agent"]) for w in worlds] == [
            ("world-1", "running", "none"),
            ("world-2", "running", "none"),
        ]
        second = run("up", "--port", "0", "--data", str(tmp_path / "data"))
        assert_one_sentence(second, 1, "in use by another")
        port = address.rpartition(":")[2]
        assert json.loads(run("status", "--port", port, "--json").stdout)[0]["name"] == "world-1"
        assert "world-2" in run("status", "--port", port).stdout
        started = family(process)
        assert len(started) >= 3
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        _, alive = psutil.wait_procs(started, timeout=5)
        assert not alive


def test_a_killed_world_is_restarting_and_then_back(tmp_path: Path) -> None:
    with up(tmp_path, "--worlds", "1", "--agent", "none", "--speed", "1") as (process, address):

        def world() -> dict[str, Any]:
            return dict(get(f"{address}/api/worlds")[0])

        tick = world()["tick"]
        (program,) = [p for p in family(process) if any("factorio-embedded" in part for part in p.cmdline())]
        began = time.monotonic()
        program.kill()
        seen = set()
        while "restarting" not in seen or world()["status"] != "running":
            seen.add(world()["status"])
            assert time.monotonic() - began < 20
        # 5 s on a machine that does nothing else; tests share theirs.
        assert time.monotonic() - began < 10
        assert seen <= {"running", "restarting"}
        assert world()["tick"] >= tick - TICKS_LOST


def test_a_killed_up_leaves_no_orphan_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with up(tmp_path, "--worlds", "1", "--agent", "none", "--speed", "1") as (process, address):
        tick = get(f"{address}/api/worlds")[0]["tick"]
        started = family(process)
        assert started
        process.kill()
        _, alive = psutil.wait_procs(started, timeout=5)
        assert not alive
    with up(tmp_path, "--worlds", "1", "--agent", "none", "--speed", "1") as (_, address):
        assert get(f"{address}/api/worlds")[0]["tick"] >= tick - TICKS_LOST


def test_the_doctor_says_what_draws_and_what_is_missing(tmp_path: Path) -> None:
    done = run("doctor", "--json", FACTORIO_HOME="", ANTHROPIC_API_KEY="")
    assert done.returncode == 0, done.stderr
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert found["renderer"]["found"].startswith(("gpu: ", "numpy"))
    assert found["engine"]["state"] == "ok"
    assert found["Claude"]["state"] == found["Factorio"]["state"] == "absent"
    done = run("doctor", FACTORIO_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "broken" in done.stdout
