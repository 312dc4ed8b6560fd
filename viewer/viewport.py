"""A viewport: a process that films one world for those who watch it. The gateway starts it and tells it what to do.

`python -m viewer.viewport FD`, where FD is a socket that says what `viewer.control` has.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

from runtime.player_process import LIBC, PR_SET_PDEATHSIG
from viewer.control import LONGEST, Message, read, write
from viewer.encoder import Codec, Packet
from viewer.film import Film
from viewer.peers import BadOffer, Peers, TooManyPeers
from viewer.ring import NothingFilmed, Ring, write_mp4
from viewer.video import FrameSource, TimeCoded, WorldFilm

SIZE = (1280, 720)
FPS = 30
FIRST_PICTURE_SECONDS = 10.0
HEARTBEAT_SECONDS = 2.0
"""How often the gateway is told who watches."""


class Viewport:
    """What the process does, on its event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: Message) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._world = WorldFilm(*SIZE, self._lost, settings["place"])
        self._peers = Peers(settings["ice_servers"], self._tell)
        source: FrameSource = TimeCoded(self._world) if settings["time_code"] else self._world
        self._film = self._peers.film = Film(source, SIZE, FPS, self._deliver)
        self._ring = Ring()
        self._agents = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until the gateway is gone."""
        # What the first picture waits for is made ready while the first offer is on its way.
        self._start(asyncio.to_thread(self._world.warm_up))
        self._start(self._beat())
        while (request := await read(self._reader)) is not None:
            self._start(self._answer(request))

    async def _answer(self, request: Message) -> None:
        answer: Message = {"id": request["id"]}
        try:
            answer["value"] = await self._do(request)
        except BadOffer as error:
            answer |= {"error": "bad", "why": str(error)}
        except TooManyPeers as error:
            answer |= {"error": "many", "why": str(error)}
        except NothingFilmed as error:
            answer |= {"error": "unseen", "why": str(error)}
        except KeyError:
            answer |= {"error": "gone", "why": "that viewer is not here any more"}
        write(self._writer, answer)

    async def _do(self, request: Message) -> Any:
        match request["do"]:
            case "world":
                self._world.find(request["host"], request["port"], request["password"])
            case "offer":
                return await self._peers.offer(request["name"], request["sdp"])
            case "trickle":
                await self._peers.trickle(request["name"], request["fragment"])
            case "place":
                return self._world.place
            case "found":
                return await asyncio.to_thread(self._world.wait_for_place, FIRST_PICTURE_SECONDS)
            case "aim":
                self._world.aim(request["place"])
            case "agents":
                self._count_agents(request["count"])
            case "clip":
                return await self._clip(Path(request["path"]), request.get("last"), request.get("following"))
            case "end":
                await self._peers.end(request["name"])
            case other:
                raise AssertionError(f"nobody asks for {other!r}")
        return None

    def _deliver(self, codec: Codec, packet: Packet) -> None:
        if codec is Codec.H264:
            self._ring.add(packet)
        self._peers.deliver(codec, packet)

    def _count_agents(self, count: int) -> None:
        """So many watch who take clips, and no video."""
        before, self._agents = self._agents, count
        if count and not before:
            self._film.watch(Codec.H264)
        elif before and not count:
            self._film.leave(Codec.H264)

    async def _clip(self, path: Path, last: float | None, following: float | None) -> float:
        """Write a film of so many seconds; how many there are in it. Raises NothingFilmed."""
        now = self._film.seconds
        if last is not None:
            if set(self._film.encoders) == {Codec.VP8}:
                raise NothingFilmed(
                    "It is watched in VP8 alone, which is not kept; ask for the next seconds."
                )
            begin = now - last
        else:
            assert following is not None
            begin = await self._next_keyframe(now)
            while self._film.seconds < begin + following:
                await asyncio.sleep(begin + following - self._film.seconds)
            while self._ring.newest <= begin and self._film.seconds < begin + FIRST_PICTURE_SECONDS:
                await asyncio.sleep(1 / FPS)  # pictures come slower than that
            now = max(begin + following, self._ring.newest)
        return await asyncio.to_thread(lambda: write_mp4(self._ring.between(begin, now), begin, path))

    async def _next_keyframe(self, after: float) -> float:
        """When the first picture after a time was taken that can be shown by itself, once it is there."""
        seen = None
        while (newest := self._ring.newest_keyframe) < after:
            if newest != seen:  # also when one came that was on its way already
                self._film.ask_keyframe(Codec.H264)
                seen = newest
            if self._film.seconds > after + FIRST_PICTURE_SECONDS:
                raise NothingFilmed("There is no picture yet; ask again in a few seconds.")
            await asyncio.sleep(1 / FPS)
        return newest

    def _lost(self) -> None:
        self._loop.call_soon_threadsafe(write, self._writer, {"told": "lost"})

    def _tell(self) -> None:
        encoders = {codec.value: name for codec, name in self._film.encoders.items()}
        told = {
            "told": "peers", "names": self._peers.names, "watching": self._peers.watching,
            "frames": self._film.frames, "encoded": self._film.encoded, "encoders": encoders,
        }  # fmt: skip
        write(self._writer, told)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._peers.names:
                self._tell()

    def _start(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            fail(error)


async def serve(descriptor: int) -> None:
    """Be a viewport for the gateway at the other end of a socket, until it is gone."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=LONGEST)
    settings = await read(reader)
    if settings is not None:
        await Viewport(reader, writer, settings).run()


def fail(error: BaseException | None) -> NoReturn:
    """End the process: it would be watched for ever without a picture. The gateway starts a fresh one."""
    traceback.print_exception(error)
    os._exit(os.EX_SOFTWARE)


def main() -> None:
    """Entry point of the process."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.excepthook = lambda failed: fail(failed.exc_value)
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
