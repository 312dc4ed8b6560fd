"""The host's side of a program process: gives it programs and tool calls, answers its commands, ends it when it must.

Nothing from inside is trusted: frames are bounded, JSON is checked, the variables' bytes are kept unread. A
process that breaks the protocol, dies or overruns its time is killed and replaced; the next one takes up the
variables of the last program that finished.
"""

import os
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.broker import Broker, Refused, TimeUp
from runtime.channel import ChannelClosed, Frame, ProtocolViolation, read_json
from runtime.fork_server import Child, ForkServer, ForkServerError
from runtime.rcon_client import WorldGone, WorldRefused

MAX_PRINTED_LINES = 2_000
MAX_PRINTED_CHARACTERS = 256 * 1024
GRACE_SECONDS = 1.0
"""A program is told that its time is up, and gets this long to report where it was; then it is killed."""
START_SECONDS = 10.0

_AT_ANY_TIME = {Frame.COMMAND: 64 * 1024, Frame.PRINTED: 128 * 1024}
_WHILE_RUNNING = {**_AT_ANY_TIME, Frame.STATE: 33 << 20, Frame.RESULT: 512 * 1024}
_WHILE_CALLING = {**_AT_ANY_TIME, Frame.RETURNED: 2 << 20}
ENDED_BY_REQUEST = "was ended by request."

_DEATHS = (ChannelClosed, ProtocolViolation, TimeoutError)


@dataclass(frozen=True)
class PrintedLine:
    """One thing that a program printed, with the line of the program that did."""

    line: int
    text: str


@dataclass(frozen=True)
class FailedCall:
    """The call of one of FLE's tools that ended a program, as the program process tells it: not to be trusted.

    where: in the program. arguments: JSON. said: FLE's words.
    """

    where: str
    tool: str
    arguments: dict[str, Any]
    said: str


@dataclass(frozen=True)
class ProgramResult:
    """How a program went.

    error: what ended it early, with its line; None if nothing did. timed_out: that was the wall time.
    seconds: of wall time. unsaved: variables that the next program process won't have, by name. notes: what
    else the agent should know. call: what failed, where that was a call of one of FLE's tools.
    """

    ok: bool
    lines: list[PrintedLine]
    error: str | None
    error_line: int | None
    timed_out: bool
    seconds: float
    unsaved: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    call: FailedCall | None = None


@dataclass(frozen=True)
class CallResult:
    """How a call of a tool went: what it returned as JSON, or why it failed; and what it printed."""

    value: Any
    error: str | None
    lines: list[PrintedLine]
    failure: str | None = None
    """What FLE's Lua said, if the call's last command failed."""


class ProgramRunner:
    """Runs programs and calls tools, one at a time in a program process that it keeps ready.

    state_file: where the variables' bytes are kept between processes of ours, if anywhere.
    on_printed: is told each printed line as it comes.
    """

    def __init__(
        self,
        fork_server: ForkServer,
        broker: Broker,
        *,
        state_file: Path | None = None,
        on_printed: Callable[[PrintedLine], None] = lambda line: None,
    ) -> None:
        self._fork_server = fork_server
        self._broker = broker
        self._state_file = state_file
        self._on_printed = on_printed
        self._child: Child | None = None
        self._notes: list[str] = []
        self._state: bytes | None = None
        self._cancelled = threading.Event()
        self._running = False
        self._cancel_lock = threading.Lock()
        if state_file is not None and state_file.exists():
            self._state = state_file.read_bytes()

    @property
    def pid(self) -> int | None:
        """Of the program process that waits or runs."""
        return self._child.pid if self._child is not None else None

    def make_ready(self) -> None:
        """Has a program process waiting, with the variables of earlier programs in it.

        Raises ForkServerError.
        """
        if self._child is not None and not self._child.channel.ended():
            return
        self._discard()
        try:
            self._child = self._fresh_child(self._state)
        except _DEATHS:
            # Whatever the agent kept may end the process that takes it up again.
            self._state = None
            self._notes.append("Variables of earlier programs are lost: restoring them ended the process.")
            try:
                self._child = self._fresh_child(None)
            except _DEATHS as death:
                raise ForkServerError("no program process could be had: two died at once") from death

    def _fresh_child(self, state: bytes | None) -> Child:
        child = self._fork_server.fork({"do": "program"})
        deadline = time.monotonic() + START_SECONDS
        try:
            child.channel.receive({Frame.READY: 0}, deadline)
            if state is not None:
                child.channel.send(Frame.RESTORE, state)
                _, payload = child.channel.receive({Frame.RESTORED: 64 * 1024}, deadline)
                error = _dictionary(read_json(payload)).get("error")
                if error is not None:
                    self._notes.append(f"Variables of earlier programs are lost: {error}")
        except BaseException:
            self._fork_server.end(child)
            raise
        return child

    def run(
        self,
        code: str,
        timeout_s: float,
        position: tuple[float, float] | None,
        on_printed: Callable[[PrintedLine], None] | None = None,
    ) -> ProgramResult:
        """Runs a program to its end or until `timeout_s` wall seconds have passed.

        position: where the player's character is (tiles), if known. on_printed: is told each printed line too.

        Raises ForkServerError when no program process could be had.
        """
        with self._busy():
            return self._run(code, timeout_s, position, on_printed)

    def _run(
        self,
        code: str,
        timeout_s: float,
        position: tuple[float, float] | None,
        on_printed: Callable[[PrintedLine], None] | None,
    ) -> ProgramResult:
        start = time.monotonic()
        order = {"code": code, "timeout_s": timeout_s, "position": position}
        talk = self._begin(Frame.RUN, order, timeout_s, on_printed)
        try:
            outcome = _outcome(talk.hold(_WHILE_RUNNING))
        except _DEATHS as end:
            self._discard()
            self._notes.append(
                "Variables that this program set are lost; those of earlier programs are kept."
            )
            error = f"The program {_early_end(end, timeout_s, talk.line)}"
            outcome = _Outcome(error, talk.line or None, isinstance(end, TimeoutError), [])
        else:
            self._keep(talk.state)
            if outcome.timed_out:
                self._discard()
        if self._cancelled.is_set() and not outcome.ok:
            outcome = _Outcome(f"The program {ENDED_BY_REQUEST}", outcome.line, False, outcome.unsaved)
        notes, self._notes = self._notes, []
        if self._child is None:
            self.make_ready()
        return ProgramResult(
            ok=outcome.ok,
            lines=talk.lines,
            error=outcome.error,
            error_line=outcome.line,
            timed_out=outcome.timed_out,
            seconds=time.monotonic() - start,
            unsaved=outcome.unsaved,
            notes=notes,
            call=outcome.call,
        )

    def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        timeout_s: float,
        position: tuple[float, float] | None,
    ) -> CallResult:
        """Calls one of FLE's tools, within `timeout_s` wall seconds; the agent's variables stay as they are.

        arguments: as `runtime.tool_arguments` checks them. position: as for `run`.

        Raises ForkServerError when no program process could be had.
        """
        with self._busy():
            return self._call(tool, arguments, timeout_s, position)

    def _call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        timeout_s: float,
        position: tuple[float, float] | None,
    ) -> CallResult:
        order = {"tool": tool, "arguments": arguments, "timeout_s": timeout_s, "position": position}
        talk = self._begin(Frame.CALL, order, timeout_s, None)
        self._broker.failure = value = None
        try:
            value, error, timed_out = _returned(talk.hold(_WHILE_CALLING))
        except _DEATHS as end:
            error, timed_out = f"The call {_early_end(end, timeout_s, 0)}", True
        if timed_out:
            # What was cut short may have left FLE's own objects in the middle of something.
            self._discard()
        if self._cancelled.is_set() and error is not None:
            error = f"The call {ENDED_BY_REQUEST}"
        if self._child is None:
            self.make_ready()
        return CallResult(value, error, talk.lines, self._broker.failure)

    def cancel(self) -> None:
        """Ends the running program or call, if one runs; from any thread."""
        with self._cancel_lock:
            if not self._running:
                return
            self._cancelled.set()
        self._broker.stop.set()
        child = self._child
        if child is not None:
            self._fork_server.kill(child)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """While the block runs, there is something to cancel."""
        with self._cancel_lock:
            self._running = True
            self._cancelled.clear()
            self._broker.stop.clear()
        try:
            yield
        finally:
            with self._cancel_lock:
                self._running = False

    def close(self) -> None:
        """Ends the program process."""
        self._discard()

    def _begin(
        self,
        kind: Frame,
        order: dict[str, Any],
        timeout_s: float,
        on_printed: Callable[[PrintedLine], None] | None,
    ) -> "_Conversation":
        """Has a process start on an order; one that died while it waited is replaced first."""

        def printed(line: PrintedLine) -> None:
            self._on_printed(line)
            if on_printed is not None:
                on_printed(line)

        for attempt in (1, 2):
            self.make_ready()
            assert self._child is not None
            talk = _Conversation(self._child, self._broker, printed, time.monotonic() + timeout_s)
            try:
                talk.begin(kind, order)
                if self._cancelled.is_set():
                    self._fork_server.kill(self._child)
                return talk
            except _DEATHS as death:
                self._discard()
                if attempt == 2:
                    raise ForkServerError("no program process could be had: two died at once") from death
        raise AssertionError("unreachable")

    def _keep(self, state: bytes | None) -> None:
        if state is None or state == self._state:
            return
        self._state = state
        if self._state_file is not None:
            fresh = self._state_file.with_name(self._state_file.name + ".new")
            fresh.write_bytes(state)
            os.replace(fresh, self._state_file)

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._fork_server.end(child)


@dataclass
class _Outcome:
    error: str | None
    line: int | None
    timed_out: bool
    unsaved: list[str]
    call: FailedCall | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


class _Conversation:
    """One order's frames, from RUN to RESULT or from CALL to RETURNED."""

    def __init__(
        self, child: Child, broker: Broker, on_printed: Callable[[PrintedLine], None], deadline: float
    ) -> None:
        self._deadline = deadline
        self._channel = child.channel
        self._broker = broker
        self._on_printed = on_printed
        self._room = MAX_PRINTED_CHARACTERS
        self.lines: list[PrintedLine] = []
        self.line = 0
        self.state: bytes | None = None

    def begin(self, kind: Frame, order: dict[str, Any]) -> None:
        self._channel.send_json(kind, order)
        self._channel.receive({Frame.STARTED: 0}, time.monotonic() + START_SECONDS)

    def hold(self, limits: dict[Frame, int]) -> Any:
        """The JSON of the frame that ends it."""
        while True:
            kind, payload = self._channel.receive(limits, self._deadline + GRACE_SECONDS)
            if kind is Frame.COMMAND:
                self._answer(payload, self._deadline)
            elif kind is Frame.PRINTED:
                self._take_line(read_json(payload))
            elif kind is Frame.STATE:
                self.state = payload
            else:
                return read_json(payload)

    def _answer(self, payload: bytes, deadline: float) -> None:
        if len(payload) < 4:
            raise ProtocolViolation("a command without its line")
        (self.line,) = struct.unpack(">I", payload[:4])
        try:
            answer = self._broker.answer(payload[4:].decode("utf-8", "replace"), deadline)
        except Refused as refusal:
            self._channel.send(Frame.REFUSED, str(refusal).encode("utf-8", "replace")[: 1 << 16])
        except (WorldGone, WorldRefused):
            self._channel.send(Frame.REFUSED, b"The world is being restarted; try again in a few seconds.")
        except TimeUp:
            self._channel.send(Frame.TIME_UP)
        else:
            self._channel.send(Frame.ANSWER, answer.encode("utf-8", "replace"))

    def _take_line(self, value: Any) -> None:
        match value:
            case [int(line), str(text)] if not isinstance(line, bool):
                pass
            case _:
                raise ProtocolViolation("a printed line that is none")
        self.line = line
        if self._room <= 0 or len(self.lines) >= MAX_PRINTED_LINES:
            return
        printed = PrintedLine(line, text[: self._room])
        self._room -= len(text)
        self.lines.append(printed)
        self._on_printed(printed)


def _early_end(end: Exception, timeout_s: float, line: int) -> str:
    where = f" in line {line}" if line else ""
    if isinstance(end, TimeoutError):
        return f"ran longer than {timeout_s:g} s and was killed{where}."
    if isinstance(end, ChannelClosed):
        return f"ended its own process{where}."
    return f"had its process killed because it sent {end}{where}."


def _returned(value: Any) -> tuple[Any, str | None, bool]:
    match _dictionary(value):
        case {"value": returned, "error": str() | None as error, "timed_out": bool(timed_out)}:
            return returned, error, timed_out
    raise ProtocolViolation("a result of a call that is none")


def _outcome(value: Any) -> _Outcome:
    match _dictionary(value):
        case {
            "error": str() | None as error,
            "line": int() | None as line,
            "timed_out": bool(timed_out),
            "unsaved": list(unsaved),
            "call": call,
        } if all(isinstance(name, str) for name in unsaved):
            return _Outcome(error, line, timed_out, unsaved, _failed_call(call))
    raise ProtocolViolation("a result that is none")


def _failed_call(value: Any) -> FailedCall | None:
    match value:
        case None:
            return None
        case [str(where), str(tool), dict(arguments), str(said)]:
            return FailedCall(where, tool, arguments, said)
    raise ProtocolViolation("a failed call that is none")


def _dictionary(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolViolation("JSON that is no object")
    return value
