"""A world as a process: start it, wait until it answers, stop it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from runtime.rcon_client import WorldClient

PROGRAM = "factorio-embedded"
HOST = "127.0.0.1"
RCON_LINE = re.compile(r"Starting RCON interface at IP ADDR:\(\{[^}]*:(\d+)\}\)")
UNREADABLE = re.compile(r"can't start from .*? \((.*)\): ")
POLL_S = 0.005
LAST_LINES = 20


class WorldStartError(Exception):
    """A world's process ended, or did not answer in time; with the last lines of its log.

    lasting: it will be no better next time.
    """

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class WorldProcess:
    """A running world program. It ends when this process does, however that ends.

    `rcon_port` and `password` are what RCON wants on loopback; `pid` names the process.
    """

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], rcon_port: int, password: str, log_path: Path
    ) -> None:
        self.name = name
        self.rcon_port = rcon_port
        self.password = password
        self.log_path = log_path
        self._process = process

    @classmethod
    def start(
        cls,
        *,
        name: str,
        log_path: Path,
        scenario: str = "default_lab_scenario",
        seed: int | None = None,
        data: Path | None = None,
        save: Path | None = None,
        rcon_password: str | None = None,
        speed: float | None = None,
        deadline_s: float = 30.0,
    ) -> Self:
        """Start a world and wait until its RCON answers.

        `save` is started when given, else a new world of `scenario`; `data` is the folder of its journal and
        saves; its log is appended to `log_path`; `speed` is set when given (1 is 60 ticks a second).

        Raises:
            WorldStartError: it ended or did not answer within `deadline_s`.
        """
        password = rcon_password if rcon_password is not None else secrets.token_hex(16)
        command = [find_program(), "--rcon-bind", HOST, "--rcon-port", "0", "--rcon-password", password]
        command += ["--start-server", str(save)] if save else ["--start-server-load-scenario", scenario]
        if seed is not None:
            command += ["--map-gen-seed", str(seed)]
        if data is not None:
            command += ["--data", str(data)]
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"FACTORIO_EMBEDDED_PARENT": str(os.getpid()), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C goes to whoever supervises it
            )
        deadline = time.monotonic() + deadline_s
        try:
            port = _wait_for_port(name, process, log_path, begin, deadline)
            world = cls(name, process, port, password, log_path)
            with world.client(timeout_s=max(0.1, deadline - time.monotonic())) as client:
                client.command(f"/silent-command game.speed = {speed:g}" if speed is not None else "/tick")
        except BaseException:
            process.kill()
            process.wait()
            raise
        return world

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def client(self, timeout_s: float = 60.0) -> WorldClient:
        """A new connection to the world, not yet opened."""
        return WorldClient(HOST, self.rcon_port, self.password, timeout_s)

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait until it has ended; the exit code. Raises `subprocess.TimeoutExpired`."""
        return self._process.wait(timeout_s)

    def stop(self, timeout_s: float = 10.0) -> int:
        """Ask it to end (it saves if it has where to), kill it after `timeout_s`; the exit code."""
        if self.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it at once, without a save; the exit code."""
        self._process.kill()
        return self._process.wait()

    def last_lines(self, count: int = LAST_LINES) -> str:
        """The end of its log."""
        return _last_lines(self.log_path, 0, count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def find_program() -> str:
    """The path of `factorio-embedded`: beside this Python, else on PATH."""
    beside = Path(sys.executable).with_name(PROGRAM)
    if beside.is_file():
        return str(beside)
    found = shutil.which(PROGRAM)
    if found is None:
        raise WorldStartError(f"{PROGRAM} is neither beside {sys.executable} nor on PATH: run `make env`.")
    return found


def _wait_for_port(
    name: str, process: subprocess.Popen[bytes], log_path: Path, begin: int, deadline: float
) -> int:
    while True:
        ended = process.poll() is not None
        found = RCON_LINE.search(_text(log_path, begin))
        if found:
            return int(found[1])
        if ended and process.returncode == os.EX_DATAERR:
            said = _last_lines(log_path, begin, 1)
            reason = UNREADABLE.search(said)
            raise WorldStartError(
                f"its saves can't be read ({reason[1] if reason else said}): reset it to begin anew, or use the version "
                "of this program that wrote them",
                lasting=True,
            )
        if ended:
            why = f"ended with exit code {process.returncode}"
        elif time.monotonic() > deadline:
            why = "did not answer in time"
        else:
            time.sleep(POLL_S)
            continue
        raise WorldStartError(f"world {name} {why}:\n{_last_lines(log_path, begin, LAST_LINES)}")


def _text(path: Path, begin: int) -> str:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", "replace")


def _last_lines(path: Path, begin: int, count: int) -> str:
    return "\n".join(_text(path, begin).splitlines()[-count:])
