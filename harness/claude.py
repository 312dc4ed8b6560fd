"""Claude plays one world through its MCP server, for as long as its budget lasts.

    python -m harness.claude --url http://127.0.0.1:3000/worlds/world-1/mcp --world world-1 --folder data/claude

How it goes on after a kill, wherever that was, without doing anything twice. What it knows is rows in the database,
and what it does next follows from them (`harness.claude_run`): there is no other state, so a start and a restart are
the same. A reply is written down before its calls are made. A call is written down as begun, and acknowledged, before
it is sent, and as ended when its result is there. So a call without a row has not been sent, and is made now; one with
a result is not made again; one that was begun and has none may have happened, wholly, in part or not at all. Nobody
can tell from outside, so it is never sent again: Claude is told that it was interrupted and that it has to look, and
the calls that were to follow it in the same reply are not made. What the world has meanwhile written into its events
comes with the next result, because the cursor is a row too. A reply that was on its way is asked for again.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from harness.claude_api import BROKEN, Claude
from harness.claude_endings import Ended, NothingUsable, Refused, Unlawful, WorldAway, check_budget
from harness.claude_hands import Hands, words
from harness.claude_run import Run
from harness.player import FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS, PROGRAM_SECONDS, say
from harness.prices import UnknownPrice, prices
from harness.settings import ClaudeSettings, explain, has_key

SPOILED_REPLIES = 3
"""After so many replies in a row that can't be used the conversation begins anew; after as many again the run ends."""

SYSTEM = """\
{instructions}

You play this world alone and without end: nobody answers your questions, and there is no last step. Think of what
raises the automated score most, do it, look at what came of it, and go on. When you end your turn without calling a
tool you are shown the world and go on as well.

- `since` and `token` are filled in for you, so each result tells what has happened in between. A change of the kind
  `message`, or one of the `messages` of observe, comes from a person who watches: do what it asks, and say so.
- The conversation is shortened when it gets long: old results are left out, then all of it is summarised. What you
  will need later (where things stand, what works, what doesn't, what is next) belongs into files under /memories.
- A picture costs about 1,500 tokens; ask for one when it shows more than words do.
"""
LOOK = "The world as it is now: "
BEGIN = "Look at /memories first: you may have played here, or in a world before this one. Then observe, and play."
ANEW = "The conversation so far could not go on: {reason}. You play this world; /memories holds your notes. Observe, and go on."
INTERRUPTED = (
    "The player was restarted after this call had been sent and before its result came. What it did stays done, "
    "which may be all, a part or nothing of it. It is not sent again by itself: look before you repeat anything."
)
NOT_MADE = "This call was not made, because the one before it was interrupted."
CUT_OFF = "Your message was cut off at its longest, so this call was not made: write less in one message."


async def play(run: Run, claude: Claude, hands: Hands, limits: ClaudeSettings) -> None:
    """Play until something ends the run. Raises Ended, Refused, WorldAway."""
    while True:
        for block, begun in run.due():
            if begun:
                result = words(INTERRUPTED, is_error=True)
            else:
                await run.begin(block)
                if run.was_told(INTERRUPTED):
                    result = words(NOT_MADE, is_error=True)
                elif run.cut_off(block):
                    result = words(CUT_OFF, is_error=True)
                else:
                    result = await hands.call(block["name"], block["input"], run.cursor)
            await run.end(block, result.content, result.is_error, result.cursor)
        check_budget(limits, run.spent, run.steps)
        await recover(run)
        if run.empty:
            await run.tell(BEGIN)
        elif run.idle:
            seen = await hands.look(run.cursor)
            await run.tell(LOOK + seen.text, cursor=seen.cursor)
        try:
            said = await claude.answer(run.conversation(), run.show)
        except Unlawful as problem:
            if run.begun_anew:
                raise NothingUsable(str(problem)) from problem
            await run.tell(ANEW.format(reason=problem), fresh=True)
            continue
        await run.add(said)
        say(f"{run.words}: {said.unusable or said.stop_reason}")


async def recover(run: Run) -> None:
    """Do something about replies that can't be used: wait, begin the conversation anew, or give up (Ended)."""
    failed = run.unusable
    if not failed:
        return
    if failed[-1]["stop_reason"] == BROKEN:
        await asyncio.sleep(min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (len(failed) - 1)))
    elif len(failed) >= SPOILED_REPLIES:
        if run.begun_anew:
            raise NothingUsable(failed[-1]["unusable"])
        await run.tell(ANEW.format(reason=failed[-1]["unusable"]), fresh=True)


async def keep_playing(url: str, world: str, folder: Path, settings: ClaudeSettings) -> None:
    """Play a world until the run ends, and connect again whenever the world was away. Raises Ended, Refused."""
    parts = urlsplit(url)
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            async with httpx2.AsyncClient(base_url=f"{parts.scheme}://{parts.netloc}", timeout=60) as gateway:
                await take_part(f"{url}?tools={settings.tools}", world, folder, settings, gateway)
        except* (WorldAway, MCPError, httpx2.HTTPError, OSError) as problems:
            say(f"the world is away: {first(problems)}")
        if time.monotonic() - began > LAST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE_SECONDS)


async def take_part(
    url: str, world: str, folder: Path, settings: ClaudeSettings, gateway: httpx2.AsyncClient
) -> None:
    """Connect to the world, resume or begin the run, and play it."""
    async with (
        httpx2.AsyncClient(timeout=httpx2.Timeout(30, read=PROGRAM_SECONDS * 3)) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        run = await Run.open(gateway, world, settings.model)
        say(run.words)
        if run.ended:
            check_budget(settings, run.spent, run.steps)
            await run.conclude(None)
        hands = Hands(client, http, gateway, world, folder)
        tools = await hands.prepare()
        claude = Claude(settings, SYSTEM.format(instructions=client.instructions or ""), tools)
        try:
            await play(run, claude, hands, settings)
        except Ended as end:
            await run.note(str(end))
            await run.conclude(str(end))
            await hands.release()
            raise
        except Refused as problem:
            await run.note(str(problem))
            raise
        finally:
            await claude.close()


def read_settings() -> ClaudeSettings:
    """What the environment says. Raises Refused when that isn't enough to play."""
    if not has_key():
        raise Refused("there is no key: set ANTHROPIC_API_KEY")
    try:
        given = ClaudeSettings()
        prices(given)
    except ValidationError as error:
        raise Refused(explain(error)) from error
    except UnknownPrice as error:
        raise Refused(str(error)) from error
    return given


def first(problems: BaseException) -> BaseException:
    """The first of the exceptions that a group holds."""
    while isinstance(problems, BaseExceptionGroup):
        problems = problems.exceptions[0]
    return problems


def main(arguments: Sequence[str] | None = None) -> None:
    """Play until the run has ended (exit code 0), or until a person has to put something right (EX_CONFIG)."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.claude", description="Claude plays a world over MCP."
    )
    parser.add_argument("--url", required=True, help="the world's MCP server: http://…/worlds/NAME/mcp")
    parser.add_argument("--world", required=True, help="its name")
    parser.add_argument("--folder", required=True, type=Path, help="where its memory is kept")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("anthropic").setLevel(logging.INFO)
    given.folder.mkdir(parents=True, exist_ok=True)
    with (given.folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process plays from {given.folder}")
            sys.exit(os.EX_TEMPFAIL)
        try:
            asyncio.run(keep_playing(given.url, given.world, given.folder, read_settings()))
        except* Ended as ends:
            say(f"the run has ended: {first(ends)}")
        except* Refused as problems:
            say(f"it can't go on before somebody puts this right: {first(problems)}")
            sys.exit(os.EX_CONFIG)


if __name__ == "__main__":
    main()
