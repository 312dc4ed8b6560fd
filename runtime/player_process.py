"""A player: a subprocess that plays one world, over MCP like anybody else."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
END_SECONDS = 5.0
LIBC = ctypes.CDLL(None)
FINAL_CODES = (0, os.EX_CONFIG)
"""By these exit codes a player says that it is not to be started again: it is done, or a person has to put
something right first."""


class PlayerProcess:
    """A running player, in a process group of its own, that dies when the thread that started it does.

    Args:
        command: the program and its arguments.
        log: the file that its output is added to.

    Raises:
        OSError: the command can't be run or the log not be written.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()

        def tie_to_parent() -> None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before the tie was made
                os._exit(1)

        with log.open("ab") as output:
            # A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends it in order.
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=tie_to_parent,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def outcome(self) -> str | None:
        """None while it runs, else how it ended."""
        code = self._process.poll()
        if code is None:
            return None
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    @property
    def final(self) -> bool:
        """Whether it has ended and is not to be started again."""
        return self._process.poll() in FINAL_CODES

    def end(self) -> None:
        """Ask it to end, and make it end if it doesn't."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
