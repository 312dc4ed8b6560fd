"""The built-in player: plays one world through its MCP server, without end and without a key.

    python -m harness.player --url http://127.0.0.1:3000/worlds/world-1/mcp

It is also the example for players of your own. All there is to it: look at the world, choose what to do next, send
a program that does it, and begin again. It keeps no memory that matters: what it does next follows from what it
sees (`harness.stages`), so it can be stopped at any time, and go on in a world that others have played.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextResourceContents

from harness.pieces import Patch, Piece
from harness.plan import MADE, PLATES, Hopeless, Site, for_goal, open_play
from harness.programs import program
from harness.stages import Planner, Stage
from harness.view import Thing, View

NAME = "scripted"
PROGRAM_SECONDS = 300
"""Wall time that one program may take."""
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 1.0, 30.0
"""How long to wait before trying again when the world doesn't answer: ever twice as long."""
TICKS_PER_SECOND = 60
GLANCE_SECONDS = 90
"""After so many game seconds the player looks again in any case."""
MANY = 800
"""More things than that are looked at area by area."""


class WorldAway(Exception):
    """The world, or the way to it, doesn't answer now; it may again."""


@dataclass(frozen=True)
class Goal:
    """So many of an item in so many game seconds, made by machines."""

    item: str
    count: float
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Goal:
        """Read ITEM=COUNT/SECONDS, such as iron-plate=16/60. Raises ValueError."""
        item, _, rate = text.partition("=")
        count, _, seconds = rate.partition("/")
        goal = cls(item, float(count), float(seconds))
        able = (*PLATES, *PLATES.values(), *MADE)
        if goal.item not in able:
            raise ValueError(f"{goal.item} is not made by this player, only {', '.join(able)}")
        return goal


class World:
    """A world, as a client of its MCP server sees it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._claimed: dict[str, str] = {}

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool; its structured answer. Raises WorldAway when there is none."""
        result = await self._client.call_tool(tool, arguments)
        if result.is_error or result.structured_content is None:
            raise WorldAway("; ".join(getattr(part, "text", "") for part in result.content))
        answer: dict[str, Any] = result.structured_content
        return answer

    async def status(self) -> dict[str, Any]:
        """All there is to know without looking closely; `observe` says it in few words."""
        read = await self._client.read_resource("factorio://status")
        contents = read.contents[0]
        assert isinstance(contents, TextResourceContents)
        answer: dict[str, Any] = json.loads(contents.text)
        return answer

    async def run(self, words: str, calls: str) -> dict[str, Any]:
        """Run functions of the kit in the world; how that went."""
        return await self.call(
            "run_program", code=program(words, calls), timeout_s=PROGRAM_SECONDS, **self._claimed
        )

    async def claim(self, kept: Path) -> None:
        """Claim the world. The token is kept in a file, by which this claim is given up when it is claimed anew.

        Raises:
            WorldAway: somebody else plays it.
        """
        if kept.exists():
            await self.call("release", token=kept.read_text())
        claimed = await self.call("claim", player=NAME)
        kept.touch(mode=0o600)
        kept.write_text(claimed["token"])
        self._claimed = {"token": claimed["token"]}


async def play(world: World, goal: Goal | None = None) -> None:
    """Play a world: without end, or until its machines reach the goal.

    Raises:
        WorldAway: it doesn't answer.
        Hopeless: there is nothing to do.
    """
    planner = await survey(world, goal)
    view: View | None = None
    looked, built = 0, tuple[Piece, ...]()
    while True:
        state = await world.status()
        if view is None or state["tick"] - looked > GLANCE_SECONDS * TICKS_PER_SECOND:
            view, looked = await look(world, planner, state), state["tick"]
        else:
            # Looking takes a while where much stands: what has just been built need not be looked for.
            view = view.then(built, state["inventory"], state["research"])
        if goal and planner.complete(view):
            made = await measure(world, goal)
            say(f"{made:.1f} {goal.item} in {goal.seconds:g} s")
            if made >= goal.count:
                return
        stage = planner.choose(view)
        done = await act(world, planner, stage)
        built = stage.built or ()
        if not done or stage.built is None:
            view = None


async def look(world: World, planner: Planner, state: Mapping[str, Any]) -> View:
    """See what stands and what is researched; `state` is what was observed before: research may end in between."""
    # FLE's `get_entities` takes too much time in one go where much stands.
    areas = planner.areas() if sum(state["entities"].values()) > MANY else []
    seen = await world.run("looking around", f"look_around({planner.to_research}, {areas})")
    if seen["error"] is not None:
        raise WorldAway(f"it can't be seen: {seen['error']}")
    lines = seen["output"].splitlines()
    planner.researched.update(
        name for line in lines if line.startswith('{"researched"') for name in json.loads(line)["researched"]
    )
    things = [Thing(*fields) for line in lines if line.startswith("[") for fields in json.loads(line)]
    things += planner.unseen(things, state["entities"])
    return View(things, state["inventory"], state["research"])


async def survey(world: World, goal: Goal | None) -> Planner:
    """Find the resource patches and plan the factory for them."""
    result = await world.run("surveying the map", "find_patches()")
    found = [line for line in result["output"].splitlines() if line.startswith("{")]
    if not found:
        raise WorldAway(f"the survey failed: {result['error']}")
    boxes = json.loads(found[-1])
    patches = {name: Patch(*(int(side // 1) for side in box)) for name, box in boxes.items() if box}
    site = Site(patches)
    steps = for_goal(site, goal.item, goal.count / goal.seconds) if goal else open_play(site)
    return Planner(steps, site.iron)


async def act(world: World, planner: Planner, stage: Stage) -> bool:
    """Carry out a stage; whether all went well. What did not is told to the planner, which then tries something else."""
    say(stage.words)
    result = await world.run(stage.words, stage.call)
    failures = [json.loads(line) for line in result["output"].splitlines() if line.startswith('{"failed"')]
    failed = [(failure["failed"][0], failure["failed"][1]) for failure in failures]
    for failure in failures:
        say(failure["because"])
    if result["error"] is not None:
        say(f"failed: {result['error'].strip().splitlines()[-1]}")
        failed += stage.places[:1]
        await asyncio.sleep(FIRST_PAUSE_SECONDS)
    planner.failed(failed)
    return not failures and result["error"] is None


async def measure(world: World, goal: Goal) -> float:
    """How many of the goal's items the machines make in its time, while the player stands still."""
    before = await world.status()
    await world.run(f"measuring {goal.item}", f"sleep({goal.seconds:g})")
    after = await world.status()
    made = after["produced"].get(goal.item, 0) - before["produced"].get(goal.item, 0)
    seconds = (after["tick"] - before["tick"]) / TICKS_PER_SECOND
    return float(made / seconds * goal.seconds)


async def keep_playing(url: str, token: str | None, goal: Goal | None, claim: Path | None = None) -> None:
    """Play the world at a URL, and connect to it again whenever it was away."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            async with connect(url, token) as client:
                world = World(client)
                if claim is not None:
                    await world.claim(claim)
                await play(world, goal)
                return
        except* (WorldAway, MCPError, httpx2.HTTPError, OSError) as problems:
            say(f"the world is away: {_first(problems)}")
        if time.monotonic() - began > LAST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE_SECONDS)


def connect(url: str, token: str | None) -> Client:
    """A client of a world's MCP server, not yet connected."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    http = httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=PROGRAM_SECONDS + 60))
    return Client(streamable_http_client(url, http_client=http))


def say(words: str) -> None:
    """Write a line into the player's log."""
    print(words, flush=True)


def _first(problems: BaseException) -> BaseException:
    while isinstance(problems, BaseExceptionGroup):
        problems = problems.exceptions[0]
    return problems


def main(arguments: Sequence[str] | None = None) -> None:
    """Play until stopped, until the goal is reached (exit code 0), or until there is nothing to do (1)."""
    parser = argparse.ArgumentParser(prog="python -m harness.player", description="Play a world over MCP.")
    parser.add_argument("--url", required=True, help="the world's MCP server: http://…/worlds/NAME/mcp")
    parser.add_argument("--token", help="what `claim` returned, for a claimed world")
    parser.add_argument("--claim", type=Path, help="claim the world, and keep the token in this file")
    parser.add_argument("--name", help="what to call the world; shown in the list of processes")
    parser.add_argument("--goal", type=Goal.parse, help="ITEM=COUNT/SECONDS: stop when machines make that")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(keep_playing(given.url, given.token, given.goal, given.claim))
    except* Hopeless as problems:
        sys.exit(f"nothing to do: {_first(problems)}")


if __name__ == "__main__":
    main()
