"""`factorio-embedded`: the command line, the log and the main loop of a world's process."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import importlib.metadata
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from runtime.compiled import in_use
from runtime.engine.errors import StartError, UnreadableSave
from runtime.engine.pages import LargePages
from runtime.engine.save import SaveError
from runtime.engine.version import GAME_VERSION

DEFAULT_SCENARIO = "default_lab_scenario"
SLICE_SECONDS = 0.02  # how long the world is advanced before commands get their turn
PARENT_VARIABLE = "FACTORIO_EMBEDDED_PARENT"  # a pid: the world ends when that process does
DEFAULT_RCON_BIND = "127.0.0.1"
LARGE_WORLD = 800_000  # blocks of Python's allocator: those of some thousand entities at work
QUIET_SECONDS = 0.02  # without a command, until memory is freed: FLE pauses for 0.05 or longer
LATE_SECONDS = 0.001  # a sleep shorter than this is not worth a timer


class WorldGame(Protocol):
    """What the main loop needs of a game (`runtime.engine.game.Game`)."""

    def command(self, text: str) -> str:
        """Run a console command at the present tick; its answer."""

    def advance(self, budget_s: float) -> float | None:
        """Bring the world toward the present; seconds until it needs that again, None if never."""

    def tidy(self) -> None:
        """Free memory; called when no command has come for a while."""

    def save_to(self, path: Path) -> None:
        """Write a save."""

    def close(self) -> None:
        """End the game, saving what it was told to save."""


MakeGame = Callable[..., WorldGame]


class Log:
    """Lines on stdout in the format of Factorio's log: seconds since the start, then the text."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"{time.monotonic() - self._start:8.3f} {line}", flush=True)


class LogHandler(logging.Handler):
    """Sends what Python code logs (warnings, bugs with their traceback) to the same log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(f"{record.levelname.capitalize()} {record.filename}:{record.lineno}: {self.format(record)}")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"factorio-embedded: {message}; see factorio-embedded --help.", file=sys.stderr)
        raise SystemExit(2)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Factorio's flags. Raises SystemExit(2) with one sentence for what it doesn't know."""
    parser = Parser(prog="factorio-embedded", description="A Factorio world over RCON.", allow_abbrev=False)
    add = parser.add_argument
    add("--version", action="store_true", help="show version information")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--start-server-load-scenario", metavar="NAME", help="start a new world of a scenario")
    start.add_argument("--start-server", metavar="SAVE", type=Path, help="start the world of a save")
    add(
        "--create",
        metavar="SAVE",
        type=Path,
        help="make a save of a new world of the scenario that --start-server-load-scenario names, and end",
    )
    add(
        "--data", metavar="DIR", type=Path, help="folder for journal and saves; without it nothing is written"
    )
    add("--port", type=int, default=34197, help="accepted and unused: no Factorio client can join")
    add("--bind", metavar="ADDRESS", help="accepted and unused, like --port")
    add("--rcon-port", type=int, help="port for RCON; 0 chooses a free one, which the log names")
    add("--rcon-bind", metavar="ADDRESS[:PORT]", help=f"address for RCON (default {DEFAULT_RCON_BIND})")
    add("--rcon-password", metavar="PASSWORD", help="password for RCON")
    add("--map-gen-seed", metavar="SEED", type=int, help="seed of a new world")
    for name in ("map-gen-settings", "map-settings", "server-settings"):
        add(f"--{name}", metavar="FILE", type=Path, help="a JSON file, as for Factorio's server")
    for name in ("server-adminlist", "server-banlist", "server-whitelist"):
        add(f"--{name}", metavar="FILE", type=Path, help="accepted and unused")
    add("--use-server-whitelist", action="store_true", help="accepted and unused")
    add("--mod-directory", metavar="DIR", type=Path, help="accepted and unused: there are no mods")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, make_game: MakeGame, log: Callable[[str], None]) -> int:
    """Make the world and play it until a signal ends it; the exit code.

    Raises:
        StartError: with one sentence that says what to do.
    """
    if options.create and options.start_server:
        raise StartError(
            "--create makes a new world and --start-server goes on with one: leave one of them out."
        )
    host, port = rcon_address(options)
    if options.data is not None:
        check_writable(options.data)
    settings = map_gen_settings(options)
    try:
        game = make_game(
            scenario=None if options.start_server else options.start_server_load_scenario or DEFAULT_SCENARIO,
            seed=world_seed(options, settings),
            data=options.data,
            save=options.start_server,
            log=log,
            settings=settings,
        )
    except (SaveError, OSError) as error:
        problem = UnreadableSave if isinstance(error, SaveError) else StartError
        raise problem(
            f"can't start from {options.start_server or options.data} ({error}): "
            "name a save that this version wrote, or start a new world with --start-server-load-scenario."
        ) from error
    if options.create:
        try:
            game.save_to(options.create)
        except OSError as error:
            raise StartError(
                f"can't write {options.create} ({error.strerror}): name another file."
            ) from error
        game.close()
        log(f"Info SaveSystem: saved {options.create}")
        return 0
    return asyncio.run(play(game, host, port, options.rcon_password or "", log))


async def play(
    game: WorldGame, host: str, port: int | None, password: str, log: Callable[[str], None]
) -> int:
    """The main loop: the world is advanced when it needs it, and commands run as they come."""
    from runtime.engine import rcon

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()

    def end(why: str) -> None:
        if not ended.done():
            ended.set_result(why)

    pump = Pump(game, end)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, f"Received {number.name}, shutting down")
    watch_parent(end)

    def handle(text: str) -> str:
        try:
            return game.command(text)
        except Exception as error:
            logging.getLogger(__name__).exception("a bug, met by a command")
            return f"internal error: {type(error).__name__}: {error}\n"
        finally:
            pump.wake()

    log("Info ServerMultiplayerManager: changing state from(Ready) to(PreparedToHostGame)")
    log("Info ServerMultiplayerManager: changing state from(PreparedToHostGame) to(CreatingGame)")
    server = None
    if port is not None:
        try:
            server = await rcon.serve(host, port, password, handle)
        except OSError as error:
            game.close()
            raise StartError(address_problem(host, port, error)) from error
    log("Info ServerMultiplayerManager: changing state from(CreatingGame) to(InGame)")
    if server is not None:
        log(
            "Info RemoteCommandProcessor: "
            f"Starting RCON interface at IP ADDR:({{{server.host}:{server.port}}})"
        )
    pump.wake()
    why = await ended
    log(why)
    pump.stop()
    if server is not None:
        await server.close()
    game.close()
    log("Info ServerMultiplayerManager: changing state from(InGame) to(Closed)")
    log("Goodbye")
    return 1 if pump.failed else 0


class Pump:
    """Advances the world whenever it says it needs that. A world that needs nothing costs no CPU."""

    def __init__(self, game: WorldGame, end: Callable[[str], None]) -> None:
        self._game = game
        self._end = end
        self._next: asyncio.Handle | None = None
        self._tidy: asyncio.TimerHandle | None = None
        self.failed = False

    def wake(self) -> None:
        """Ask the world again soon: a command may have changed what it needs."""
        self.stop()
        if not self.failed:
            loop = asyncio.get_running_loop()
            self._next = loop.call_soon(self._step)
            self._tidy = loop.call_later(QUIET_SECONDS, self._game.tidy)

    def stop(self) -> None:
        """Advance no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._tidy is not None:
            self._tidy.cancel()
            self._tidy = None

    def _step(self) -> None:
        self._next = None
        try:
            delay = self._game.advance(SLICE_SECONDS)
        except Exception:
            logging.getLogger(__name__).exception("a bug: the world can't go on")
            self.failed = True
            self._end("Error: the world stopped; its supervisor restores it from its newest save and journal")
            return
        loop = asyncio.get_running_loop()
        if delay is not None and delay <= LATE_SECONDS:
            self._next = loop.call_soon(self._step)
        elif delay is not None:
            self._next = loop.call_later(delay, self._step)


def watch_parent(end: Callable[[str], None]) -> None:
    """End when the process named by the environment ends, so that nobody's world is left behind."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return
    try:
        handle = os.pidfd_open(int(parent))
    except ProcessLookupError:
        end("The process that started this world is gone, shutting down")
        return
    asyncio.get_running_loop().add_reader(
        handle, end, "The process that started this world is gone, shutting down"
    )


def rcon_address(options: argparse.Namespace) -> tuple[str, int | None]:
    """Where RCON listens: the host, and the port (None: nowhere)."""
    host, port = DEFAULT_RCON_BIND, options.rcon_port
    if options.rcon_bind:
        host, _, named = options.rcon_bind.rpartition(":")
        if not host:
            host, named = named, ""
        if named:
            if not named.isdigit():
                raise StartError(
                    f"--rcon-bind {options.rcon_bind}: give ADDRESS:PORT, such as 127.0.0.1:27015."
                )
            port = int(named)
    if port is not None and not 0 <= port <= 65535:
        raise StartError(f"the RCON port {port} is not possible: choose one from 1 to 65535, or 0 for any.")
    if port is not None and not options.rcon_password:
        raise StartError("RCON needs a password: add --rcon-password.")
    return host, port


def address_problem(host: str, port: int, error: OSError) -> str:
    """A sentence on an address that can't be listened at."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"the RCON port {host}:{port} is in use: "
            "stop the program that uses it, or choose another with --rcon-port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"not allowed to listen at {host}:{port}: choose an RCON port above 1023 with --rcon-port."
    return f"can't listen at {host}:{port} ({error.strerror}): choose another address with --rcon-bind."


def check_writable(folder: Path) -> None:
    """Make a data folder if it isn't there, and try to write into it."""
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"can't write into the data folder {folder} ({error.strerror}): "
            "make it writable, or choose another with --data."
        ) from error


def map_gen_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What the --map-gen-settings file holds. The other files are read too, so that a mistake in one is told."""
    found: dict[str, Any] = {}
    for name in ("map_settings", "server_settings", "map_gen_settings"):
        path: Path | None = getattr(options, name)
        if path is None:
            continue
        flag = "--" + name.replace("_", "-")
        try:
            settings = json.loads(path.read_text())
        except OSError as error:
            raise StartError(
                f"can't read {path} ({error.strerror}): name a JSON file with {flag}."
            ) from error
        except ValueError as error:
            raise StartError(f"{path} is not JSON ({error}): name a JSON file with {flag}.") from error
        found = settings if name == "map_gen_settings" and isinstance(settings, dict) else {}
    return found


def world_seed(options: argparse.Namespace, settings: dict[str, Any]) -> int | None:
    """The seed of a new world: the flag's, else that of --map-gen-settings; None: the scenario's own."""
    if options.map_gen_seed is not None:
        return int(options.map_gen_seed)
    seed = settings.get("seed")
    return seed if isinstance(seed, int) else None


def game_class() -> MakeGame:
    """The real game, imported only when a world is wanted: `--version` and mistakes answer at once."""
    from runtime.engine.game import Game

    make_game: MakeGame = Game
    return make_game


def main(arguments: Sequence[str] | None = None, find_game: Callable[[], MakeGame] = game_class) -> int:
    """Entry point of `factorio-embedded`; returns its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 (said in a sentence, not by a traceback)
        print("factorio-embedded: Python 3.11 or newer is needed: run it with one.", file=sys.stderr)
        return 1
    options = parse(arguments)
    version = importlib.metadata.version("claudetorio")
    if options.version:
        print(f"Version: {GAME_VERSION} (factorio-embedded {version})")
        return 0
    if not (options.start_server_load_scenario or options.start_server or options.create):
        print(
            "factorio-embedded: name a world: "
            "--start-server-load-scenario NAME, --start-server SAVE or --create SAVE.",
            file=sys.stderr,
        )
        return 1
    # A world makes little garbage that refers to itself, and has many objects to look through for it.
    gc.set_threshold(50_000, 20, 20)
    LargePages(LARGE_WORLD).watch()
    log = Log()
    logging.basicConfig(level=logging.INFO, handlers=[LogHandler(log)], format="%(message)s")
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    log(f"{now}; Factorio {GAME_VERSION} (factorio-embedded {version}, headless)")
    log(f"Info Simulation: runs {'compiled by mypyc' if in_use() else 'as Python'}")
    try:
        return run(options, find_game(), log)
    except StartError as error:
        print(f"factorio-embedded: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
