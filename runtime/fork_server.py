"""A warm process that has imported FLE, and forks the processes that need it.

Importing FLE takes seconds; forking takes milliseconds. One fork server serves every host in a process. It
runs no agent's code itself. It ends when its host's process does (its control socket ends), its children are
killed with it, and a host starts another when one has died.

    control socket (packets of JSON): first {"ready": true, "names": FLE's names by kind}, then
                                      {"do": "program"} + descriptor -> {"pid": n}
                                      {"do": "create", …} + descriptor -> {"pid": n}
                                      {"do": "end", "pid": n} -> {"ended": n}
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

from runtime.channel import Channel, Frame

_MAX_PACKET = 128 * 1024
_START_SECONDS = 60.0
_REPLY_SECONDS = 10.0


class ForkServerError(Exception):
    """The fork server could not be started, or did not do what it was asked."""


@dataclass
class Child:
    """A process forked for a host, and the host's end of its one channel."""

    pid: int
    channel: Channel


class ForkServer:
    """The host's side: starts the fork server when it is first needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._names: dict[str, dict[str, str]] = {}

    def start(self) -> None:
        """Starts it and waits until FLE is imported. Raises ForkServerError."""
        with self._lock:
            self._ensure()

    def fle_names(self) -> dict[str, dict[str, str]]:
        """By kind, FLE's spelling of each name it knows -> Factorio's spelling. Raises ForkServerError."""
        self.start()
        return self._names

    @property
    def pid(self) -> int | None:
        """Of the running fork server."""
        return self._process.pid if self._process is not None else None

    def fork(self, order: dict[str, Any]) -> Child:
        """Forks a process for `order` ({"do": "program"} or {"do": "create", …}). Raises ForkServerError."""
        with self._lock:
            for attempt in (1, 2):
                self._ensure()
                ours, theirs = socket.socketpair()
                with theirs:
                    try:
                        reply = self._request(order, [theirs.fileno()])
                    except (OSError, ForkServerError):
                        ours.close()
                        self._stop()
                        if attempt == 2:
                            raise
                        continue
                return Child(int(reply["pid"]), Channel(ours))
        raise AssertionError("unreachable")

    def end(self, child: Child) -> None:
        """Kills a child and everything it may have started, and closes its channel."""
        self.kill(child)
        child.channel.close()

    def kill(self, child: Child) -> None:
        """Kills a child and everything it may have started; whoever reads its channel sees it end."""
        with self._lock:
            if self._control is None:
                return
            try:
                self._request({"do": "end", "pid": child.pid}, [])
            except (OSError, ForkServerError):
                # Its children die with it.
                self._stop()

    def close(self) -> None:
        """Ends the fork server and all its children."""
        with self._lock:
            self._stop()

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._stop()
        from runtime.fle_attach import clean_environment

        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "runtime.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env=clean_environment(),
                cwd="/",
                start_new_session=True,
            )
            theirs.close()
            self._control = ours
            ours.settimeout(_START_SECONDS)
            try:
                ready = ours.recv(_MAX_PACKET)
            except OSError as error:
                self._stop()
                raise ForkServerError(f"the fork server did not start: {error}") from error
            if not ready:
                self._stop()
                complaints.seek(0)
                reason = complaints.read().decode("utf-8", "replace").strip()
                raise ForkServerError(f"the fork server ended while it imported FLE:\n{reason[-2000:]}")
            self._names = json.loads(ready)["names"]
            ours.settimeout(_REPLY_SECONDS)

    def _request(self, order: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        assert self._control is not None
        socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
        packet = self._control.recv(_MAX_PACKET)
        if not packet:
            raise ForkServerError("the fork server is gone")
        reply: dict[str, Any] = json.loads(packet)
        if "error" in reply:
            raise ForkServerError(reply["error"])
        return reply

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


shared = ForkServer()
"""The one that the hosts of this process share unless told otherwise."""


def _serve(control: socket.socket) -> None:
    """The fork server's own loop. Ends when the control socket does."""
    from runtime import program, tool_calls  # import FLE

    prepared = program.Prepared()
    _become_subreaper()
    children: set[int] = set()
    control.send(json.dumps({"ready": True, "names": tool_calls.fle_names()}).encode())
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, _MAX_PACKET, 1)
        if not packet:
            return
        order = json.loads(packet)
        if order["do"] == "end":
            _end(order["pid"], children)
            control.send(json.dumps({"ended": order["pid"]}).encode())
            continue
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _child(order, descriptors[0], parent, prepared)
        os.close(descriptors[0])
        children.add(pid)
        control.send(json.dumps({"pid": pid}).encode())


def _child(order: dict[str, Any], descriptor: int, parent: int, prepared: Any) -> NoReturn:
    """In a forked process: only its channel stays open."""
    from runtime import program
    from runtime.fle_attach import create

    code = 1
    try:
        program.die_with_parent(parent)
        null = os.open(os.devnull, os.O_RDWR)
        channel = os.dup2(descriptor, os.open(os.devnull, os.O_RDWR) if descriptor < 3 else descriptor)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.closerange(3, channel)
        os.closerange(channel + 1, os.sysconf("SC_OPEN_MAX"))
        sock = socket.socket(fileno=channel)
        if order["do"] == "program":
            program.serve(prepared, sock)
        else:
            failure: str | None = None
            try:
                create(**order["with"])
            except Exception:  # the host decides what to do about it
                failure = traceback.format_exc()
            Channel(sock).send_json(Frame.DONE, {"error": failure})
        code = 0
    finally:
        os._exit(code)


def _end(pid: int, children: set[int]) -> None:
    """Kills a child with its process group, and whatever it left behind that became ours."""
    if pid in children:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        children.discard(pid)
    while True:
        strays = _children_of_this_process() - children
        if not strays:
            return
        for stray in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stray, signal.SIGKILL)
            os.waitpid(stray, 0)


def _children_of_this_process() -> set[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:
        return set(map(int, listing.read().split()))


def _become_subreaper() -> None:
    """Orphans of program processes become children of this one, where `_end` finds them."""
    import ctypes

    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as control_socket:
        _serve(control_socket)
