"""The gateway's side of a viewport: starts the process, asks it, hears what it tells, and notices its end."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from viewer.control import LONGEST, Message, read, write

ANSWER_SECONDS = 15.0
COMMAND = (sys.executable, "-m", "viewer.viewport")


class ViewportGone(Exception):
    """The process has ended, or doesn't answer."""


class Refused(Exception):
    """The viewport won't do it. kind: "bad", "many", "gone" or "unseen"."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class ViewportProcess:
    """A running viewport. It ends when this process does, however that ends.

    Args:
        told: is given what it tells of.
        ended: is called once it has ended, however that came about.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        told: Callable[[Message], None],
        ended: Callable[[], None],
    ) -> None:
        self._process = process
        self._writer = writer
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._gone = False
        self._reading = asyncio.create_task(self._read(reader, told, ended))

    @classmethod
    async def start(
        cls,
        settings: Message,
        log: Path,
        told: Callable[[Message], None],
        ended: Callable[[], None],
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Start one; it takes requests at once, and answers when it has come so far. Raises OSError."""
        log.parent.mkdir(parents=True, exist_ok=True)
        ours, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST)
        write(writer, settings)
        return cls(process, reader, writer, told, ended)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, do: str, within: float = ANSWER_SECONDS, /, **more: Any) -> Any:
        """Have it do something, within so many seconds. Raises ViewportGone, Refused."""
        if self._gone:
            raise ViewportGone("the viewport has ended")
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            write(self._writer, {"id": number, "do": do, **more})
            async with asyncio.timeout(within):
                message = await answer
        except TimeoutError as error:
            if self._process.returncode is None:
                self._process.kill()  # it hangs; `ended` is called, and another may be started
            raise ViewportGone("the viewport doesn't answer") from error
        finally:
            del self._waiting[number]
        if "error" in message:
            raise Refused(message["error"], message["why"])
        return message["value"]

    async def end(self) -> None:
        """End it, and wait until it has ended; `ended` is not called for that."""
        self._reading.cancel()
        self._go()
        if self._process.returncode is None:
            self._process.kill()  # there is nothing that it would have to put in order
        await self._process.wait()

    async def _read(
        self, reader: asyncio.StreamReader, told: Callable[[Message], None], ended: Callable[[], None]
    ) -> None:
        while (message := await read(reader)) is not None:
            if "told" in message:
                told(message)
            elif (waiting := self._waiting.get(message["id"])) is not None and not waiting.done():
                waiting.set_result(message)
        self._go()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        ended()

    def _go(self) -> None:
        self._gone = True
        self._writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ViewportGone("the viewport has ended"))
