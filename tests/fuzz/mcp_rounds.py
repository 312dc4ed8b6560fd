"""A world that is played over MCP by somebody who makes mistakes: what it must be afterwards.

`claudetorio up` serves it, as ever. Its journal tells which commands came of which call. So, when all is over, a second world
begins with the save that the first began with, and is given what came of the calls that made sense, and nothing else: it
must come to the same state hash. What was cut off half-way counts as far as it came.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
from mcp import Client, MCPError
from mcp_types import CallToolResult

from runtime.world_process import WorldProcess
from tests.fuzz.mcp_calls import CUT, FLEET, WORLD, Call, bad_calls, good_calls, huge_call
from tests.harness.program import up

NAME = "world-1"
SPEED = 60
MOST_CUT_SECONDS = 0.3
MOST_SECONDS = 60.0
BACKSTAGE = (
    "Traceback",
    "https://",
    "pydantic",
    "[type=",
    "line 1,",
    "/runtime/",
    "/mcp_servers/",
    "object at 0x",
)
PREPARE = """
move_to(nearest(Resource.Wood))
harvest_resource(nearest(Resource.Wood), 20)
craft_item(Prototype.WoodenChest, 5)
move_to(Position(x=2, y=3))
"""
PAUSE = "/silent-command game.tick_paused = true"
Mark = tuple[int, int]
"""A place in a world's journal: number of the segment, bytes."""


class Unanswered(Exception):
    """A call was not answered."""


@dataclass
class Round:
    """What came of a round: how many calls of which kind there were, what is broken, the hashes of both worlds."""

    calls: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)


def one_round(seed: int, count: int, huge: int, folder: Path, seconds: float = 1e9) -> Round:
    """Make so many calls, `huge` of them with strings of ten megabytes, within about so many wall seconds."""
    made = Round()
    with up(folder / "data", "--worlds", "1", "--agent", "none", "--speed", str(SPEED)) as (process, address):
        journal = folder / "data" / "worlds" / NAME / "world"
        kept = folder / "kept"
        kept.mkdir()
        player = _Player(made, address, journal, kept, random.Random(seed), time.monotonic() + seconds)
        try:
            anyio.run(player.play, psutil.Process(process.pid), count, huge)
        except* Unanswered as unanswered:
            made.broken += [str(error) for error in unanswered.exceptions]
        process.send_signal(signal.SIGINT)
        process.wait(60)
    keep(journal, kept)
    ended, again, untouched = made.hashes = _hashes(folder, kept, player.first, player.out)
    if ended != again:
        made.broken.append(f"the state hash is {ended}; without the bad calls it is {again}")
    if ended == untouched:
        made.broken.append("the good calls have changed nothing, so nothing is shown")
    return made


class _Player:
    """Who makes the calls, one after the other. `out`: what in the journal came of bad ones."""

    def __init__(
        self, made: Round, address: str, journal: Path, kept: Path, chance: random.Random, until: float
    ) -> None:
        self._made = made
        self._address = address
        self._journal = journal
        self._kept = kept
        self._chance = chance
        self._until = until
        self.first = 0
        self.out: list[tuple[Mark, Mark]] = []
        self._token: str | None = None

    async def play(self, gateway: psutil.Process, count: int, huge: int) -> None:
        """Make all calls, and look at the processes before and after."""
        async with (
            Client(f"{self._address}/worlds/{NAME}/mcp") as world,
            Client(f"{self._address}/worlds/{NAME}/mcp", mode="legacy") as old,
            Client(f"{self._address}/mcp") as fleet,
        ):
            self.first = self._mark()[0]
            await self._listed(world, fleet)
            await self._call(world, ("run_program", {"code": PREPARE, "timeout_s": 60}), "good")
            await self._call(world, ("get_entities", {}), "good")
            before = _processes(gateway)
            clients = (world, old)
            bad, good = bad_calls(self._chance, WORLD), good_calls(self._chance, WORLD)
            fleet_bad, fleet_good = bad_calls(self._chance, FLEET), good_calls(self._chance, FLEET)
            for number in range(count):
                if time.monotonic() > self._until:
                    break
                client = self._chance.choice(clients)
                kind = self._chance.random()
                if number < huge:
                    await self._huge(client, huge_call(self._chance, WORLD))
                elif kind < 0.5:
                    await self._bad(client, next(bad))
                elif kind < 0.6:
                    await self._bad(fleet, next(fleet_bad))
                elif kind < 0.65:
                    await self._call(fleet, next(fleet_good), "good")
                elif kind < 0.95:
                    await self._good(client, next(good))
                elif kind < 0.975:
                    await self._cancelled(client, self._chance.choice(CUT))
                    await self._idle(world)
                else:
                    await self._dropped(self._chance.choice(CUT))
                    await self._idle(world)
            self._compare(before, _processes(gateway))

    async def _listed(self, world: Client, fleet: Client) -> None:
        """Whether every tool is tried."""
        for client, tried in ((world, WORLD), (fleet, FLEET)):
            listed = {tool.name for tool in (await client.list_tools()).tools}
            if listed != tried.keys():
                self._made.broken.append(f"tried are not what there is: {sorted(listed ^ tried.keys())}")

    # --- kinds of calls ----------------------------------------------------------------------------------------

    async def _good(self, client: Client, call: Call) -> None:
        tool, arguments = call
        if self._token is not None:
            tool, arguments = "release", {"token": self._token}
        answer = await self._call(client, (tool, arguments), "good")
        if tool == "claim" and answer is not None:
            self._token = answer["token"]
        elif tool == "release":
            self._token = None

    async def _call(self, client: Client, call: Call, kind: str) -> dict[str, Any] | None:
        """Make a call that may be refused by the game; its structured answer if it was not."""
        answer = await self._ask(client, call)
        self._made.calls[kind if not answer.is_error else f"{kind}, refused"] += 1
        if answer.is_error:
            self._look_at(call, answer.content[0].text)
            return None
        structured: dict[str, Any] = answer.structured_content
        return structured

    async def _ask(self, client: Client, call: Call) -> CallToolResult:
        """Raises Unanswered."""
        with anyio.move_on_after(MOST_SECONDS):
            return await client.call_tool(*call)
        raise Unanswered(f"no answer within {MOST_SECONDS:g} s: {_short(call)}")

    async def _bad(self, client: Client, call: Call) -> None:
        began = self._mark()
        answer = await self._ask(client, call)
        self.out.append((began, self._mark()))
        self._made.calls["bad"] += 1
        if answer.is_error:
            self._look_at(call, answer.content[0].text)
        else:
            self._made.broken.append(f"accepted: {_short(call)}")

    async def _huge(self, client: Client, call: Call) -> None:
        began = self._mark()
        try:
            await self._ask(client, call)
            self._made.broken.append(f"accepted: {_short(call)}")
        except MCPError as error:
            self._look_at(call, str(error))
        self.out.append((began, self._mark()))
        self._made.calls["huge"] += 1

    async def _cancelled(self, client: Client, call: Call) -> None:
        with anyio.move_on_after(self._chance.uniform(0, MOST_CUT_SECONDS)):
            await client.call_tool(*call)
        self._made.calls["cancelled"] += 1

    async def _dropped(self, call: Call) -> None:
        tool, arguments = call
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": meta},
        }
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Content-Type": "application/json",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        async with httpx.AsyncClient(headers=headers) as http:
            with anyio.move_on_after(self._chance.uniform(0.01, MOST_CUT_SECONDS)):
                await http.post(f"{self._address}/worlds/{NAME}/mcp", content=json.dumps(body), timeout=30)
        self._made.calls["dropped"] += 1

    async def _idle(self, client: Client) -> None:
        """Wait until what was cut off is over.

        Whoever acts waits for their turn; but what comes over another connection may take its turn later, though it was
        sent before: so a few programs are run, each of which the world has to answer.
        """
        arguments = {"code": "print(inspect_inventory())", "timeout_s": 30}
        if self._token is not None:
            arguments["token"] = self._token
        for _ in range(3):
            await self._ask(client, ("run_program", arguments))

    # --- what is looked at -------------------------------------------------------------------------------------

    def _look_at(self, call: Call, text: str) -> None:
        if not 5 < len(text) < 500 or any(word in text for word in BACKSTAGE):
            self._made.broken.append(f"no clean sentence for {_short(call)}: {text[:600]!r}")

    def _mark(self) -> Mark:
        newest = max(self._journal.glob("*.journal"), key=lambda path: int(path.stem))
        if not (self._kept / newest.name).exists():
            keep(self._journal, self._kept)
        return int(newest.stem), newest.stat().st_size

    def _compare(self, before: dict[int, str], after: dict[int, str]) -> None:
        gone = {pid: before[pid] for pid in before.keys() - after.keys()}
        # A program that is cut off ends with its process, and the next one is there already.
        allowed = 1 if self._made.calls["cancelled"] + self._made.calls["dropped"] else 0
        if len(gone) > allowed or any("fork_server" not in command for command in gone.values()):
            self._made.broken.append(f"processes have ended: {gone}")
        if len(after) != len(before):
            self._made.broken.append(f"there were {len(before)} processes, there are {len(after)}: {after}")


def keep(journal: Path, kept: Path) -> None:
    """Keep all saves and segments of a journal, of which a world keeps the newest alone."""
    for path in (*journal.glob("*.save"), *journal.glob("*.journal")):
        if not (kept / path.name).exists():
            os.link(path, kept / path.name)  # what is written to it later is there too


def _processes(gateway: psutil.Process) -> dict[int, str]:
    """The gateway, its worlds, its fork server and what that has forked: pid and command line."""
    every = [gateway, *gateway.children(recursive=True)]
    commands = {process.pid: " ".join(process.cmdline()) for process in every}
    lasting = (
        "harness.cli",
        "factorio-embedded",
        "fork_server",
    )  # viewports, and who draws their art, come and go
    return {pid: command for pid, command in commands.items() if any(name in command for name in lasting)}


def _short(call: Call) -> str:
    return repr(call)[:300]


def _hashes(folder: Path, journal: Path, first: int, out: list[tuple[Mark, Mark]]) -> list[str]:
    """The state hash of the world as it ended, of one with what came of good calls, and of one with no calls at all."""
    last = max(int(path.stem) for path in journal.glob("*.save"))
    kept: list[bytes] = []
    for number in range(first, last):
        at = 0
        for line in (journal / f"{number}.journal").read_bytes().splitlines(keepends=True):
            if not any(begin <= (number, at) < end for begin, end in out):
                kept.append(line)
            at += len(line)
    end = json.dumps([_end(journal / f"{last - 1}.journal"), PAUSE]).encode() + b"\n"
    began, ended = ((journal / f"{number}.save").read_bytes() for number in (first, last))
    return [
        _hash(folder / "ended", ended, end),
        _hash(folder / "again", began, b"".join(kept) + end),
        _hash(folder / "untouched", began, end),
    ]


def _end(journal: Path) -> int:
    """The tick at which a journal ends."""
    tick: int = json.loads(journal.read_bytes().splitlines()[-1])[0]
    return tick


def _hash(folder: Path, save: bytes, journal: bytes) -> str:
    folder.mkdir()
    (folder / "1.save").write_bytes(save)
    (folder / "1.journal").write_bytes(journal)
    with (
        WorldProcess.start(name=folder.name, log_path=folder / "world.log", data=folder) as process,
        process.client() as world,
    ):
        return f"{world.command('/state-hash').strip()} at {world.tick()}"
