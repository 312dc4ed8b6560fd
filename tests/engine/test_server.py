"""`factorio-embedded` as a program: flags, log, signals, mistakes; and the world behind RCON, which plays on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess, WorldStartError, find_program

DEADLINE_S = 20.0
SCENARIO = ["--start-server-load-scenario", "default_lab_scenario"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_program(), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def client(shared_world: WorldProcess) -> WorldClient:
    return shared_world.client(timeout_s=DEADLINE_S)


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("Version: 2.0.76 (factorio-embedded ")


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["--no-such-flag"], "unrecognized arguments: --no-such-flag", 2),
        ([], "name a world: --start-server-load-scenario NAME", 1),
        ([*SCENARIO, "--rcon-port", "0"], "RCON needs a password: add --rcon-password.", 1),
        ([*SCENARIO, "--rcon-port", "70000", "--rcon-password", "x"], "choose one from 1 to 65535", 1),
        ([*SCENARIO, "--rcon-bind", "127.0.0.1:x", "--rcon-password", "x"], "give ADDRESS:PORT", 1),
        ([*SCENARIO, "--rcon-bind", "192.0.2.1:0", "--rcon-password", "x"], "choose another address with", 1),
        ([*SCENARIO, "--data", "/proc/nowhere"], "can't write into the data folder /proc/nowhere", 1),
        (["--start-server-load-scenario", "no_such"], "there is no scenario no_such: choose one of", 1),
        (["--start-server", "/no/such/save.zip"], "can't start from /no/such/save.zip", 1),
        (["--start-server", __file__], "name a save that this version wrote", os.EX_DATAERR),
        ([*SCENARIO, "--map-gen-settings", __file__], "is not JSON", 1),
        ([*SCENARIO, "--server-settings", "/no/such.json"], "can't read /no/such.json", 1),
        (["--create", "/no/such/folder/save"], "can't write /no/such/folder/save", 1),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str, code: int) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stdout


def test_port_in_use(shared_world: WorldProcess) -> None:
    port = str(shared_world.rcon_port)
    done = run(*SCENARIO, "--rcon-port", port, "--rcon-password", "x")
    assert done.returncode == 1
    assert (
        f"the RCON port 127.0.0.1:{port} is in use: stop the program that uses it, or choose another"
        in done.stderr
    )


def test_log_has_factorios_lines(shared_world: WorldProcess) -> None:
    log = shared_world.log_path.read_text()
    order = [
        "; Factorio 2.0.76 ",
        "changing state from(Ready) to(PreparedToHostGame)",
        "changing state from(PreparedToHostGame) to(CreatingGame)",
        "changing state from(CreatingGame) to(InGame)",
        f"Starting RCON interface at IP ADDR:({{127.0.0.1:{shared_world.rcon_port}}})",
    ]
    places = [log.index(line) for line in order]
    assert places == sorted(places)


def test_all_of_factorios_flags(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"seed": 3}')
    flags = ["--port", "34197", "--bind", "127.0.0.1", "--map-gen-seed", "5", "--use-server-whitelist"]
    for name in ("map-gen-settings", "map-settings", "server-settings"):
        flags += [f"--{name}", str(tmp_path / "settings.json")]
    for name in ("server-adminlist", "server-banlist", "server-whitelist"):
        flags += [f"--{name}", str(tmp_path / "list.json")]
    flags += ["--mod-directory", str(tmp_path)]
    assert run(*flags, "--create", tmp_path / "save").returncode == 0
    with WorldProcess.start(name="saved", save=tmp_path / "save", log_path=tmp_path / "log") as world:
        assert world.client().tick() >= 0


@pytest.mark.parametrize(
    "script",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local t = {} for i = 1, 1e10 do t[i] = 'ten gigabytes' .. i end",
        "big = {} for i = 1, 1e10 do big[i] = i end",
        "return ('x'):rep(1e10)",
        "return ('a'):rep(40):find(('a*'):rep(40) .. 'b')",
        "error({})",
        "x = = 1",
        "return nothing.at_all",
        "print('\\255')",
    ],
)
def test_bad_lua(client: WorldClient, script: str) -> None:
    """A clear error within 5 s of the processor's time, and the world plays on."""
    before = client.tick()
    answer = client.command(f"/silent-command {script}")
    assert answer.startswith("Cannot execute command. Error: ")
    assert client.command("/silent-command big = nil rcon.print(1 + 1)") == "2"
    until(lambda: client.tick() > before, "the world stands still")


def test_script_seconds(client: WorldClient) -> None:
    started = time.monotonic()
    client.command("/silent-command while true do end")
    assert time.monotonic() - started < 5


def test_another_client_is_answered(shared_world: WorldProcess, client: WorldClient) -> None:
    with socket.create_connection(("127.0.0.1", shared_world.rcon_port)) as silent:
        silent.sendall(b"\x10")
        assert client.command("/silent-command rcon.print('here')") == "here"


def test_long_command(client: WorldClient) -> None:
    text = "x" * 300_000
    assert client.command(f"/silent-command rcon.print(#'{text}') rcon.print(('y'):rep(1000000))") == (
        "300000\n" + "y" * 1_000_000
    )


def test_time_passes_and_stands(world: WorldProcess) -> None:
    client = world.client()
    until(lambda: client.tick() > 0, "no tick")
    client.command("/silent-command game.tick_paused = true")
    tick = client.tick()
    client.command("/silent-command game.ticks_to_run = 7")
    until(lambda: client.tick() == tick + 7, "not 7 ticks")
    used = processor_seconds(world.pid)
    time.sleep(0.5)  # nothing to wait for: this is what a world that stands does
    assert processor_seconds(world.pid) - used <= 0.02
    assert client.tick() == tick + 7


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_sigterm_saves(tmp_path: Path) -> None:
    save = tmp_path / "save"
    assert run("--create", save).returncode == 0
    with WorldProcess.start(name="first", save=save, log_path=tmp_path / "log") as world:
        world.client().command("/silent-command storage.kept = {1, 'two'} game.tick_paused = true")
        tick = world.client().tick()
        assert world.stop() == 0
    assert "Goodbye" in (tmp_path / "log").read_text()
    with WorldProcess.start(name="second", save=save, log_path=tmp_path / "log") as world:
        assert world.client().tick() == tick
        assert world.client().command("/silent-command rcon.print(storage.kept[2])") == "two"


def test_ends_with_its_parent(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from runtime.world_process import WorldProcess
print(WorldProcess.start(name="child", log_path=Path({str(tmp_path / "log")!r})).pid, flush=True)
input()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until(lambda: gone(pid), "the world outlived its parent")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_start_error_has_the_log(tmp_path: Path) -> None:
    with pytest.raises(WorldStartError, match="there is no scenario nowhere"):
        WorldProcess.start(name="lost", scenario="nowhere", log_path=tmp_path / "log")


def test_kill(world: WorldProcess) -> None:
    assert world.poll() is None
    assert world.kill() == -signal.SIGKILL
    assert world.poll() == -signal.SIGKILL
