"""Inside a program process: FLE and the agent's Python, with nothing but one channel to the host.

The process is forked from the fork server, where `prepare` has made FLE's instance and tools. FLE's
`rcon_client` is a stub that passes commands through the channel. Programs run by FLE's own
`eval_with_timeout`, one after another in one namespace. After each run the variables are pickled and handed
to the host, which keeps the bytes unread for the next program process.
"""

import ast
import builtins
import ctypes
import functools
import importlib
import io
import json
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

from fle.commons.models.serializable_function import SerializableFunction
from fle.env.entities import Position
from fle.env.namespace import FactorioNamespace, wrap_for_serialization

from runtime.channel import Channel, ChannelClosed, Frame
from runtime.fle_attach import attach

MEMORY_BYTES = 1 << 30
"""What a program may allocate beyond what FLE itself takes."""
MAX_STATE_BYTES = 32 << 20
MAX_LINE_CHARACTERS = 16_384
MAX_LINES = 2_000
"""Printed lines of one program that are passed on; FLE's own limit is 512 log entries."""

_ANSWERS = {Frame.ANSWER: 64 << 20, Frame.REFUSED: 1 << 16, Frame.TIME_UP: 0}
_ORDERS = {Frame.RESTORE: MAX_STATE_BYTES, Frame.RUN: 16 << 20}
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
        self._error: tuple[int, str] | None = None
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
            self._error = (self.line_value, str(arg[0]))
        else:
            self._send_line(self.line_value, " ".join(map(str, arg)))


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
        self.rcon.line = lambda: self.namespace.line_value
        for name, tool in list(vars(self.namespace).items()):
            if name in self.instance.controllers:
                setattr(self.namespace, name, self._raising_refusals(tool))
        self.builtin_names = frozenset(self.namespace.persistent_vars)

    def _raising_refusals(self, tool: Callable[..., Any]) -> Callable[..., Any]:
        """A tool that raises what the broker refused: FLE's clients swallow exceptions of their RCON."""

        @functools.wraps(tool)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.rcon.refusal = None
            try:
                result = tool(*args, **kwargs)
            except Exception:
                if self.rcon.refusal is not None:
                    raise CommandRefused(self.rcon.refusal) from None
                raise
            if self.rcon.refusal is not None:
                raise CommandRefused(self.rcon.refusal)
            return result

        return guarded


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
            else:
                runner.run(**json.loads(payload))
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
        self._writer = PrintWriter(lambda text: self._print(self._namespace.line_value, text))
        sys.stdout = sys.stderr = self._writer
        signal.signal(signal.SIGALRM, self._on_alarm)

    def run(self, code: str, timeout_s: float, position: list[float] | None) -> None:
        """Runs one program and reports STATE and RESULT."""
        namespace = self._namespace
        if position is not None:
            # FLE asks for paths from where it last saw the character.
            namespace.player_location = Position(x=position[0], y=position[1])
        namespace._error = None
        self._lines_left = MAX_LINES
        self._rcon.expired = False
        error: str | None = None
        line: int | None = None
        timed_out = False
        self._channel.send(Frame.STARTED)
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, timeout_s, 0.1)
            namespace.eval_with_timeout(code)
        except ChannelClosed:
            raise
        except SyntaxError as mistake:
            line = mistake.lineno
            error = f"SyntaxError: {mistake.msg}"
        except TimedOut:
            timed_out = True
        except BaseException as mistake:  # programs may raise anything; FLE catches most of it
            error = f"{type(mistake).__name__}: {mistake}"
            line = namespace.line_value or None
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        if namespace._error is not None:
            line, error = namespace._error
        if timed_out or self._rcon.expired:
            timed_out = True
            line = line or namespace.line_value
            error = f"The program ran longer than {timeout_s:g} s and was ended in line {line}."
        self._writer.finish()
        namespace._keep_locals()
        state, unsaved = pack_state(self._prepared)
        self._channel.send(Frame.STATE, state)
        self._channel.send_json(
            Frame.RESULT, {"error": error, "line": line, "timed_out": timed_out, "unsaved": unsaved[:100]}
        )

    def restore(self, state: bytes) -> str | None:
        """Takes up an earlier process's variables; returns what went wrong, if anything did."""
        try:
            variables = _Unpickler(io.BytesIO(state), self._prepared).load()
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


def pack_state(prepared: Prepared) -> tuple[bytes, list[str]]:
    """The program's variables as bytes, and the names of those that can't be kept."""
    namespace = prepared.namespace
    variables = {
        name: value
        for name, value in namespace.persistent_vars.items()
        if name not in prepared.builtin_names or value is not getattr(builtins, name, value)
    }
    packed = _try_pack(variables, prepared)
    if packed is not None and len(packed) <= MAX_STATE_BYTES:
        return packed, []
    sizes: dict[str, int] = {}
    for name, value in variables.items():
        alone = _try_pack({name: value}, prepared)
        if alone is not None:
            sizes[name] = len(alone)
    kept: dict[str, Any] = {}
    room = MAX_STATE_BYTES
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        if size <= room:
            room -= size
            kept[name] = variables[name]
    packed = _try_pack(kept, prepared)
    if packed is None:
        packed, kept = _try_pack({}, prepared) or b"", {}
    return packed, sorted(set(variables) - set(kept))


def _try_pack(variables: dict[str, Any], prepared: Prepared) -> bytes | None:
    target = io.BytesIO()
    try:
        _Pickler(target, prepared).dump(variables)
    except Exception:  # whatever the agent's own objects raise: then they can't be kept, and are named
        return None
    return target.getvalue()


def _live_objects(prepared: Prepared) -> dict[str, Any]:
    """What variables may refer to and every program process has anew, by name."""
    return {
        "instance": prepared.instance,
        "namespace": prepared.namespace,
        "scripts": prepared.instance.lua_script_manager,
        "rcon": prepared.rcon,
    }


class _Pickler(pickle.Pickler):
    def __init__(self, target: io.BytesIO, prepared: Prepared) -> None:
        super().__init__(target, protocol=pickle.HIGHEST_PROTOCOL)
        self._live = {id(thing): name for name, thing in _live_objects(prepared).items()}

    def persistent_id(self, thing: Any) -> str | None:
        return self._live.get(id(thing))

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, types.ModuleType):
            return importlib.import_module, (thing.__name__,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, prepared: Prepared) -> None:
        super().__init__(source)
        self._live = _live_objects(prepared)

    def persistent_load(self, name: str) -> Any:
        return self._live[name]


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when the process `parent`, its parent, ends."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
