"""The host of a world: creates it once, attaches ever after, runs programs in it, reads what counts.

A host holds no part of the world's state. It may be closed and another made for the same world at any time;
the agent's variables go from one to the next as bytes in `state_file`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime import fork_server, look, price_list, things, tool_arguments, tool_hints
from runtime.broker import Broker
from runtime.channel import ChannelClosed, Frame, ProtocolViolation, read_json
from runtime.fle_attach import prelude
from runtime.fork_server import ForkServer
from runtime.program_runner import FailedCall, PrintedLine, ProgramResult, ProgramRunner
from runtime.rcon_client import WorldClient, WorldGone, WorldRefused
from runtime.world_eyes import WorldEyes
from runtime.world_life import ToolReport

CREATE_SECONDS = 120.0
DEFAULT_SPEED = 10.0
"""FLE's."""
MAX_SPEED = 1000.0
MAX_TIMEOUT_SECONDS = 24 * 3600
MAX_CODE_CHARACTERS = 256 * 1024
IDLE = "idle"


class HostError(Exception):
    """A world could not be created or attached to; the message says why."""


@dataclass(frozen=True)
class HostEvent:
    """Something to show while it happens. kind: "activity", "printed" or "speed"; text: a few words."""

    world: str
    kind: str
    text: str


@dataclass(frozen=True)
class ScoreReading:
    """A world's scores at a tick, from its cumulative statistics.

    automated_score: without what was mined or crafted by hand. produced, consumed: items and fluids by name.
    """

    tick: int
    production_score: float
    automated_score: float
    produced: dict[str, float]
    consumed: dict[str, float]


@dataclass(frozen=True)
class Observation:
    """Everything that a model is told of a world without running a program."""

    activity: str
    score: ScoreReading
    details: look.Details


class Host:
    """One world's host. All methods may be called from any thread; one program runs at a time.

    world: the connection to the world. name: the world's, for events. password: its RCON password, for
    creating it. state_file: where the agent's variables are kept.

    Methods raise WorldGone when the world doesn't answer.
    """

    def __init__(
        self,
        world: WorldClient,
        name: str,
        *,
        password: str,
        state_file: Path | None = None,
        forks: ForkServer = fork_server.shared,
    ) -> None:
        self.name = name
        self._world = world
        self._eyes = WorldEyes(world)
        self._password = password
        self._forks = forks
        self._acting = threading.Lock()
        self._activity = IDLE
        self._speed = DEFAULT_SPEED
        self._listeners: list[Callable[[HostEvent], None]] = []
        self._broker = Broker(
            world,
            speed=lambda: self._speed,
            score=self._both_scores,
            on_activity=self._set_activity,
        )
        self._runner = ProgramRunner(
            forks,
            self._broker,
            state_file=state_file,
            on_printed=lambda line: self._tell("printed", f"{line.line}: {line.text}"),
        )
        # A process that no agent's code was in, made when first needed: looking doesn't wait for what the player does.
        self._looking = threading.Lock()
        eyes = Broker(world, speed=lambda: self._speed)
        eyes.after = self._broker
        self._looker = ProgramRunner(forks, eyes)

    @property
    def activity(self) -> str:
        """What the player is doing, in a few words."""
        return self._activity

    @property
    def speed(self) -> float:
        """The world's speed as last set or read: 1 is 60 ticks a second."""
        return self._speed

    @property
    def waited_s(self) -> float:
        """Wall seconds that programs and acting calls waited for the game time that actions cost."""
        return self._broker.waited_s

    @property
    def program_pid(self) -> int | None:
        """The program process that waits or runs."""
        return self._runner.pid

    def create(
        self,
        *,
        inventory: dict[str, int] | None = None,
        all_technologies_researched: bool = False,
        speed: float = DEFAULT_SPEED,
    ) -> None:
        """Makes the world FLE's: resets it, once, with FLE's own code in a process that ran no agent's.

        inventory: what the character starts with; bare hands, as in FLE's open play, unless given.

        Raises HostError.
        """
        with self._acting:
            child = self._forks.fork(
                {
                    "do": "create",
                    "with": {
                        "port": self._world.port,
                        "password": self._password,
                        "inventory": inventory or {},
                        "all_technologies_researched": all_technologies_researched,
                        "speed": _checked_speed(speed),
                    },
                }
            )
            try:
                _, payload = child.channel.receive({Frame.DONE: 1 << 20}, time.monotonic() + CREATE_SECONDS)
                failure = read_json(payload).get("error")
            except TimeoutError as error:
                raise HostError(f"FLE did not create the world within {CREATE_SECONDS:g} s") from error
            except (ChannelClosed, ProtocolViolation) as error:
                raise HostError("the process that creates the world ended early") from error
            finally:
                self._forks.end(child)
            if failure is not None:
                raise HostError(f"FLE could not create the world:\n{failure}")
            self._load_prelude()
            self._speed = speed

    def attach(self) -> None:
        """Connects to a running world and has a program process ready. Changes nothing in the world.

        FLE's scripts are loaded if they are missing. Raises HostError.
        """
        with self._acting:
            answer = self._world.command(
                "/silent-command rcon.print(game.speed); "
                "rcon.print(storage.actions and storage.actions.score and claudetorio_look and 1 or 0)"
            ).split()
            if len(answer) != 2:
                raise HostError(f"the world answered {' '.join(answer)!r} and not its speed")
            self._speed = float(answer[0])
            if answer[1] != "1":
                self._load_prelude()
            self._runner.make_ready()

    def run_program(
        self,
        code: str,
        timeout_s: float = 60.0,
        on_printed: Callable[[PrintedLine], None] | None = None,
    ) -> ProgramResult:
        """Runs a program of the agent's.

        timeout_s: in wall seconds, waiting for actions included. on_printed: is told each line as it is printed.

        Raises ValueError for a program or a time that is out of bounds, WorldGone, ForkServerError.
        """
        _check_timeout(timeout_s)
        if len(code) > MAX_CODE_CHARACTERS:
            raise ValueError(
                f"The program has {len(code):,} characters and may have {MAX_CODE_CHARACTERS:,}: "
                "send it in parts, its functions and variables stay."
            )
        with self._acting:
            self._set_activity("running a program")
            try:
                result = self._runner.run(code, timeout_s, self._eyes.position(), on_printed)
                return result if result.call is None else self._explained(result, result.call)
            finally:
                self._set_activity(IDLE)

    def _explained(self, result: ProgramResult, failed: FailedCall) -> ProgramResult:
        """A program's result, with what the world says to the call that ended it."""
        try:
            arguments = tool_arguments.check(failed.tool, failed.arguments)
            arguments = things.look_up(self._world, failed.tool, arguments).arguments
            why = tool_hints.explain(self._world, failed.tool, arguments, failed.said, None)
        except things.NothingThere as nothing:
            why = str(nothing)
        except (ValueError, WorldGone, WorldRefused):
            return result
        return replace(result, error=f"{failed.where}: {why}")

    def call_tool(self, tool: str, arguments: Mapping[str, Any], timeout_s: float = 60.0) -> ToolReport:
        """Calls one of FLE's tools without a program (`runtime.tool_arguments` says what they take).

        timeout_s: in wall seconds, waiting for the game time that it costs included.

        Raises ValueError for a call that can't be made as it is: BadArguments, UnknownName; and WorldGone,
        ForkServerError.
        """
        _check_timeout(timeout_s)
        checked = tool_arguments.check(tool, arguments)
        if tool in tool_arguments.LOOKING:
            with self._looking:
                return self._call(self._looker, tool, checked, timeout_s)
        with self._acting:
            try:
                return self._call(self._runner, tool, checked, timeout_s)
            finally:
                if self._activity != IDLE:
                    self._set_activity(IDLE)

    def _call(
        self, runner: ProgramRunner, tool: str, arguments: dict[str, Any], timeout_s: float
    ) -> ToolReport:
        start = time.monotonic()
        try:
            ready = things.look_up(self._world, tool, arguments)
            arguments = ready.arguments
            result = runner.call(tool, ready.arguments, timeout_s, ready.position)
        except things.NothingThere as nothing:
            return ToolReport(None, str(nothing), "", time.monotonic() - start, self._world.tick())
        error, output = result.error, "".join(f"{line.text}\n" for line in result.lines)
        if error is not None:
            error = tool_hints.explain(self._world, tool, arguments, error, result.failure)
        elif tool == "can_place_entity" and result.failure is not None:
            output += tool_hints.explain(self._world, tool, arguments, "", result.failure) + "\n"
        return ToolReport(
            value=result.value,
            error=error,
            output=output,
            seconds=time.monotonic() - start,
            tick=self._world.tick(),
        )

    def cancel(self) -> None:
        """Ends the running program or call, if one runs."""
        self._runner.cancel()

    def set_speed(self, speed: float) -> None:
        """Sets the world's speed: 1 is 60 ticks a second. Raises ValueError."""
        self._world.command(f"/silent-command game.speed = {_checked_speed(speed)!r}")
        self._speed = speed
        self._tell("speed", f"speed {speed:g}")

    def pause(self, paused: bool = True) -> None:
        """Stops the world's time, or lets it go on."""
        self._world.command(f"/silent-command game.tick_paused = {'true' if paused else 'false'}")
        self._tell("speed", "paused" if paused else f"speed {self._speed:g}")

    def score(self) -> ScoreReading:
        """The scores now, read without disturbing the world."""
        statistics = self._world.statistics()
        production, automated = price_list.production_score(statistics)
        items, fluids = statistics["items"], statistics["fluids"]
        return ScoreReading(
            tick=int(statistics["tick"]),
            production_score=production,
            automated_score=automated,
            produced={**items["input"], **fluids["input"]},
            consumed={**items["output"], **fluids["output"]},
        )

    def details(self) -> look.Details:
        """Position, inventory, entities, research and alerts now."""
        answer = self._world.command(look.NATIVE)
        if "unknown command" in answer.lower():
            answer = self._world.command(look.THROUGH_LUA)
        return look.parse(answer)

    def observe(self) -> Observation:
        """Everything at once, for a model."""
        details = self.details()
        return Observation(activity=self._activity, score=self.score(), details=details)

    def subscribe(self, listener: Callable[[HostEvent], None]) -> Callable[[], None]:
        """Has `listener` called with each event, on the thread where it happens; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Ends the running program and the program process; the world plays on."""
        for lock, runner in ((self._acting, self._runner), (self._looking, self._looker)):
            runner.cancel()
            with lock:
                runner.close()

    def _load_prelude(self) -> None:
        """Defines FLE's Lua in the world: where it knows `/prelude`, for all its restores to come."""
        command = "/prelude"
        for script in [*prelude(), look.DEFINITION]:
            answer = self._world.command(f"{command} {script}")
            if command == "/prelude" and "unknown command" in answer.lower():
                command = "/silent-command"
                answer = self._world.command(f"{command} {script}")
            if answer.strip():
                raise HostError(f"FLE's scripts did not load: {answer.strip()[:500]}")

    def _both_scores(self) -> tuple[float, float]:
        return price_list.production_score(self._world.statistics())

    def _set_activity(self, activity: str) -> None:
        self._activity = activity
        self._tell("activity", activity)

    def _tell(self, kind: str, text: str) -> None:
        event = HostEvent(self.name, kind, text)
        for listener in list(self._listeners):
            listener(event)


def _check_timeout(timeout_s: float) -> None:
    if not 0 < timeout_s <= MAX_TIMEOUT_SECONDS:
        raise ValueError(
            f"timeout_s is {timeout_s} and should be between 0 and {MAX_TIMEOUT_SECONDS} seconds"
        )


def _checked_speed(speed: float) -> float:
    if not 0.01 <= speed <= MAX_SPEED:
        raise ValueError(f"speed is {speed} and should be between 0.01 and {MAX_SPEED:g}")
    return speed
