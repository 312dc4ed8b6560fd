"""Inside a program process: FLE and the agent's Python, with nothing but one channel to the host.

The process is forked from the fork server, where `prepare` has made FLE's instance and tools. FLE's
`rcon_client` is a stub that passes commands through the channel. Programs run by FLE's own
`eval_with_timeout`, one after another in one namespace. After each run the variables are pickled and handed
to the host, which keeps the bytes unread for the next program process.
"""

import ast
import ctypes
import functools
import inspect
import io
import json
import os
import resource
import signal
import socket
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

from fle.commons.models.serializable_function import SerializableFunction
from fle.env.entities import Entity, Position
from fle.env.namespace import FactorioNamespace, wrap_for_serialization
from fle.env.tools.agent.shift_entity.client import ShiftEntity

from runtime.channel import Channel, ChannelClosed, Frame
from runtime.fle_attach import attach
from runtime.program_errors import Call, Failure, explain
from runtime.program_state import MAX_STATE_BYTES, Unpickler, pack_state
from runtime.tool_calls import ToolCaller, reason

MEMORY_BYTES = 1 << 30
"""What a program may allocate beyond what FLE itself takes."""
MAX_LINE_CHARACTERS = 16_384
MAX_ERROR_CHARACTERS = 8_192
MAX_LINES = 2_000
"""Printed lines of one program that are passed on; FLE's own limit is 512 log entries."""

_ANSWERS = {Frame.ANSWER: 64 << 20, Frame.REFUSED: 1 << 16, Frame.TIME_UP: 0}
_ORDERS = {Frame.RESTORE: MAX_STATE_BYTES, Frame.RUN: 16 << 20, Frame.CALL: 1 << 20}
_PAUSING = ("get_entity", "get_entities", "connect_entities")
"""FLE's tools that sleep before they look or while a path is sought; the broker sees to that (`broker.LOOKS`, `broker.PATHS`)."""
_NO_PROCESSES = frozenset(
    {"os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
)


class CommandRefused(Exception):
    """What the broker said to a tool's command."""


class TimedOut(SystemExit):
    """Ends a program at its time-out. FLE takes SystemExit for a program's error; its tools let it pass."""


class ChannelRcon:
    """FLE's `rcon_client` inside: a command goes to the host as a frame, its answer comes back as one."""

    def __init__(self) -> None:
        self.channel: Channel | None = None
        self.line: Callable[[], int] = lambda: 0
        """Gives the program's line that runs, 0 where none does."""
        self.refusal: str | None = None
        self.busy = False
        self.expired = False

    def send_command(self, command: str) -> str:
        """Raises CommandRefused, or TimedOut once the program's time is up."""
        if self.channel is None:
            raise CommandRefused("There is no world yet.")
        self.busy = True
        try:
            line = struct.pack(">I", max(self.line(), 0))
            self.channel.send(Frame.COMMAND, line + str(command).encode("utf-8", "replace"))
            kind, payload = self.channel.receive(_ANSWERS)
        finally:
            self.busy = False
        if kind is Frame.TIME_UP or self.expired:
            self.expired = True
            raise TimedOut("the program's time is up")
        text = payload.decode("utf-8", "replace")
        if kind is Frame.REFUSED:
            self.refusal = text
            raise CommandRefused(text)
        return text

    def close(self) -> None:
        """FLE closes its client; the channel is the host's to close."""


class ProgramNamespace(FactorioNamespace):  # type: ignore[misc]
    """FLE's namespace, with what programs print passed on as it comes and errors told from prints."""

    def __init__(self, instance: Any, agent_index: int) -> None:
        super().__init__(instance, agent_index)
        self._send_line: Callable[[int, str], None] = lambda line, text: None
        self._errors_seen = 0
        self._code = ""
        self._failure: Failure | None = None
        self._failed_call: Call | None = None
        self._locals: dict[str, Any] = {}

    def execute_node(
        self, node: ast.AST, eval_dict: dict[str, Any], parent_node: ast.AST | None = None
    ) -> Any:
        """FLE's, which keeps the variables of a running program in `eval_dict`."""
        self._locals = eval_dict
        if isinstance(node, ast.Expr) and _fle_would_not_call(node.value, eval_dict):
            self.line_value = node.lineno
            eval(compile(ast.Expression(node.value), "file", "eval"), eval_dict)
            return True
        return super().execute_node(node, eval_dict, parent_node)

    def _keep_locals(self) -> None:
        """Keeps what FLE forgets after a program: classes, names from loops, from `with`, from unpacking."""
        for name, value in self._locals.items():
            forgotten = name not in self.persistent_vars and name not in self._protected_names
            if forgotten and not name.startswith("_") and not isinstance(value, BaseException):
                self.persistent_vars[name] = wrap_for_serialization(value)
                setattr(self, name, value)
        self._locals = {}

    def log(self, *arg: Any) -> None:
        """In place of FLE's, which keeps all it is given until the program ends.

        Called for the print calls of programs, and with the report of an exception that ended one.
        """
        if self._sequential_exception_count != self._errors_seen:
            self._errors_seen = self._sequential_exception_count
            # FLE's own report has lines of functions of earlier programs, and of a message only the last line.
            error = sys.exception()
            assert error is not None, "FLE reports an exception while it handles it"
            self._failure = self._explain(error)
        else:
            self._send_line(self.line_value, " ".join(map(_told, arg)))

    def _explain(self, error: BaseException) -> Failure:
        return explain(error, self._code, self.line_value, self._locals, self._failed_call)


def _told(value: Any) -> str:
    """What print says of a value: of a thing that stands what a list of things says, which is a third of its str."""
    return repr(value).strip() if isinstance(value, Entity) else str(value)


def _fle_would_not_call(value: ast.expr, names: dict[str, Any]) -> bool:
    """Whether a statement is a call that FLE skips in silence, or can't make.

    It passes over a call of a name that is not defined, and doesn't know `f(*list)` and `f(**dict)`.
    """
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name)):
        return False
    return (
        value.func.id not in names
        or any(isinstance(argument, ast.Starred) for argument in value.args)
        or any(keyword.arg is None for keyword in value.keywords)
    )


class PrintWriter(io.TextIOBase):
    """Stands for stdout and stderr: FLE's own log misses a `print` inside `with`."""

    def __init__(self, send_line: Callable[[str], None]) -> None:
        self._send_line = send_line
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._send_line(line)
        return len(text)

    def finish(self) -> None:
        """Passes on a last line without an end."""
        if self._rest:
            self._send_line(self._rest)
            self._rest = ""


class Prepared:
    """FLE's instance with all its tools, made in the fork server and completed in each program process."""

    def __init__(self) -> None:
        self.rcon = ChannelRcon()
        self.instance = attach(self.rcon, namespace_class=ProgramNamespace)
        self.namespace: ProgramNamespace = self.instance.namespace
        _end_pauses(self.instance.controllers)
        for name, tool in list(vars(self.namespace).items()):
            if name in self.instance.controllers:
                setattr(self.namespace, name, self._raising_refusals(name, tool))
        self.caller = ToolCaller(self._own_tools())
        self.builtin_names = frozenset(self.namespace.persistent_vars)

    def _own_tools(self) -> dict[str, Callable[..., Any]]:
        """FLE's tools by name, out of reach of what programs make of the names in their namespace."""
        shift = ShiftEntity(self.instance.lua_script_manager, self.namespace)
        tools = {**self.instance.controllers, "shift_entity": shift}
        return {name: self._raising_refusals(name, tool) for name, tool in tools.items()}

    def _raising_refusals(self, name: str, tool: Callable[..., Any]) -> Callable[..., Any]:
        """A tool that raises what the broker refused: FLE's clients swallow exceptions of their RCON.

        What it raises is noted with what it was called with.
        """
        client = type(self.instance.controllers.get(name, tool))
        signature = inspect.signature(getattr(client, "__call_impl__", client.__call__))
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])

        @functools.wraps(tool, updated=())
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.rcon.refusal = None
            try:
                result = tool(*args, **kwargs)
                if self.rcon.refusal is None:
                    return result
            except Exception as error:
                if self.rcon.refusal is None:
                    self.namespace._failed_call = Call(error, name, args, kwargs, signature)
                    raise
            refused = CommandRefused(self.rcon.refusal)
            self.namespace._failed_call = Call(refused, name, args, kwargs, signature, refused=True)
            raise refused

        return guarded


def _end_pauses(controllers: dict[str, Any]) -> None:
    """Ends the pauses by which FLE's clients let what was done show its effects: the broker sees to that."""
    for name in _PAUSING:
        type(controllers[name]).__call__.__globals__["sleep"] = _do_not_sleep
        module = sys.modules.get(f"fle.env.tools.agent.{name}.client")
        if module is not None:
            vars(module)["sleep"] = _do_not_sleep


def _do_not_sleep(seconds: float) -> None:
    pass


def serve(prepared: Prepared, sock: socket.socket) -> None:
    """A program process's life: confine itself, then run what the host orders until the channel ends."""
    _confine(sock)
    channel = Channel(sock)
    prepared.rcon.channel = channel
    runner = _Runner(prepared, channel)
    try:
        channel.send(Frame.READY)
        while True:
            kind, payload = channel.receive(_ORDERS)
            if kind is Frame.RESTORE:
                channel.send_json(Frame.RESTORED, {"error": runner.restore(payload)})
            elif kind is Frame.RUN:
                runner.run(**json.loads(payload))
            else:
                runner.call(**json.loads(payload))
    except ChannelClosed:
        return


def _confine(sock: socket.socket) -> None:
    """Limits of memory, files and processes. (A lock-down by the kernel has its place here too.)"""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open("/proc/self/statm") as memory:
        used = int(memory.read().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, used + MEMORY_BYTES),
        (resource.RLIMIT_DATA, used + MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))

    def refuse_processes(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NO_PROCESSES:
            raise PermissionError("a program can't start other processes")

    sys.addaudithook(refuse_processes)


class _Runner:
    """Runs programs in the one namespace and reports to the host."""

    def __init__(self, prepared: Prepared, channel: Channel) -> None:
        self._prepared = prepared
        self._namespace = prepared.namespace
        self._rcon = prepared.rcon
        self._channel = channel
        self._lines_left = 0
        self._armed = False
        self._namespace._send_line = self._print
        self._line: Callable[[], int] = lambda: 0
        self._writer = PrintWriter(lambda text: self._print(self._line(), text))
        sys.stdout = sys.stderr = self._writer
        signal.signal(signal.SIGALRM, self._on_alarm)

    def run(self, code: str, timeout_s: float, position: list[float] | None) -> None:
        """Runs one program and reports STATE and RESULT."""
        namespace = self._namespace
        namespace._code, namespace._failure, namespace._failed_call = code, None, None
        error: str | None = None
        line: int | None = None
        timed_out = False
        self._begin(position, lambda: namespace.line_value)
        try:
            self._start_clock(timeout_s)
            namespace.eval_with_timeout(code)
        except ChannelClosed:
            raise
        except SyntaxError as mistake:
            line = mistake.lineno
            error = f"Line {line}: SyntaxError: {mistake.msg}."
        except TimedOut:
            timed_out = True
        except BaseException as mistake:  # programs may raise anything; FLE catches most of it
            namespace._failure = namespace._explain(mistake)
        finally:
            self._stop_clock()
        failure = namespace._failure
        if failure is not None:
            line, error = namespace.line_value or None, failure.text
        if timed_out or self._rcon.expired:
            timed_out = True
            line = line or namespace.line_value
            error = f"The program ran longer than {timeout_s:g} s and was ended in line {line}."
        self._writer.finish()
        namespace._keep_locals()
        state, unsaved = pack_state(self._prepared)
        self._channel.send(Frame.STATE, state)
        self._channel.send_json(
            Frame.RESULT,
            {
                "error": error,
                "line": line,
                "timed_out": timed_out,
                "unsaved": unsaved[:100],
                "call": None
                if failure is None or timed_out or failure.call is None
                else [failure.where, *failure.call],
            },
        )

    def call(
        self, tool: str, arguments: dict[str, Any], timeout_s: float, position: list[float] | None
    ) -> None:
        """Calls one of FLE's tools and reports RETURNED. The agent's variables stay as they are."""
        value = "null"
        error: str | None = None
        timed_out = False
        self._begin(position, lambda: 0)
        try:
            self._start_clock(timeout_s)
            value = self._prepared.caller.call(tool, arguments)
        except ChannelClosed:
            raise
        except TimedOut:
            timed_out = True
        except BaseException as mistake:  # FLE's tools raise Exception itself, and pydantic's
            error = reason(mistake)
        finally:
            self._stop_clock()
        if timed_out or self._rcon.expired:
            timed_out = True
            error = f"The call took longer than {timeout_s:g} s and was ended."
        self._writer.finish()
        head = json.dumps({"error": error and error[:MAX_ERROR_CHARACTERS], "timed_out": timed_out})
        self._channel.send(Frame.RETURNED, f'{head[:-1]}, "value": {value}}}'.encode("utf-8", "replace"))

    def _begin(self, position: list[float] | None, line: Callable[[], int]) -> None:
        if position is not None:
            # FLE asks for paths from where it last saw the character.
            self._namespace.player_location = Position(x=position[0], y=position[1])
        self._lines_left = MAX_LINES
        self._line = self._rcon.line = line
        self._rcon.expired = False
        self._channel.send(Frame.STARTED)

    def _start_clock(self, timeout_s: float) -> None:
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, timeout_s, 0.1)

    def _stop_clock(self) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def restore(self, state: bytes) -> str | None:
        """Takes up an earlier process's variables; returns what went wrong, if anything did."""
        try:
            variables = Unpickler(io.BytesIO(state), self._prepared).load()
        except Exception as error:  # whatever the agent's own objects raise when they are made again
            return f"{type(error).__name__}: {error}"
        for name, value in variables.items():
            if isinstance(value, SerializableFunction):
                value.bind(self._namespace)
            self._namespace.persistent_vars[name] = value
            setattr(self._namespace, name, value)
        return None

    def _print(self, line: int, text: str) -> None:
        if self._lines_left <= 0:
            return
        self._lines_left -= 1
        if self._lines_left == 0:
            text = f"… more than {MAX_LINES} lines, the rest is left out"
        elif len(text) > MAX_LINE_CHARACTERS:
            text = text[:MAX_LINE_CHARACTERS] + "…"
        busy, self._rcon.busy = self._rcon.busy, True
        try:
            self._channel.send_json(Frame.PRINTED, [line, text])
        finally:
            self._rcon.busy = busy

    def _on_alarm(self, number: int, frame: types.FrameType | None) -> None:
        self._rcon.expired = True
        # Never in the middle of a frame; send_command looks at `expired` when its answer is there.
        if self._armed and not self._rcon.busy:
            raise TimedOut("the program's time is up")


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when the process `parent`, its parent, ends."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
