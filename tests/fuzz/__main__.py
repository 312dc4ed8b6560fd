"""`python -m tests.fuzz --seconds 60 --seed 1`: fuzz a world's Lua, its RCON port and its MCP server; exit code 1 if one breaks."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from runtime.rcon_client import WorldGone
from runtime.world_process import WorldProcess
from tests.fuzz import lua_calls, mcp_rounds, rcon_bytes

ROUND = 500  # attempts until a new world is begun: what scripts may do to a world, they do
HUGE = 3  # calls with huge strings in a round


def main() -> None:
    """Run until the time is over, or so many MCP calls have been made."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="what was printed by the run to be repeated")
    parser.add_argument("--calls", type=int, default=0, help="only MCP calls, so many of them to one world")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(2**32)
    if given.calls:
        print(f"seed {seed}")
        sys.exit(1 if _mcp_round(seed, given.calls, 1e9) else 0)
    end = time.monotonic() + given.seconds
    rounds = broken = 0
    while time.monotonic() < end:
        print(f"seed {seed}: {rounds} rounds so far, {broken} broken")
        problems = one_round(seed, ROUND, end - time.monotonic())
        for problem in problems:
            print(f"BROKEN (seed {seed}): {problem}")
        broken += len(problems) + _mcp_round(seed, ROUND, end - time.monotonic())
        rounds, seed = rounds + 1, seed + 1
    print(f"{rounds} rounds of {ROUND} Lua attempts, connections and MCP calls, {broken} broken")
    sys.exit(1 if broken else 0)


def _mcp_round(seed: int, count: int, seconds: float) -> int:
    """A round of MCP calls; how much is broken."""
    with tempfile.TemporaryDirectory(prefix="claudetorio-fuzz-") as folder:
        made = mcp_rounds.one_round(seed, count, HUGE, Path(folder), seconds)
    kinds = ", ".join(f"{number} {kind}" for kind, number in made.calls.most_common())
    print(f"seed {seed}: {kinds}; state hash {made.hashes[0]}, without the bad calls {made.hashes[1]}")
    for problem in made.broken:
        print(f"BROKEN (seed {seed}): {problem}")
    return len(made.broken)


def one_round(seed: int, count: int, seconds: float) -> list[str]:
    """Try `count` uses of members and a tenth as many connections on a new world; what broke, a line each."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    broken: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-fuzz-") as folder,
        WorldProcess.start(name="fuzz", log_path=Path(folder) / "world.log") as process,
        process.client(timeout_s=60) as world,
    ):
        lua_calls.prepare(world)
        uses = lua_calls.attempts(chance)
        for _ in range(0, count, lua_calls.BATCH):
            batch = [next(uses) for _ in range(lua_calls.BATCH)]
            try:
                broken += lua_calls.run_batch(world, batch)
                for _ in range(lua_calls.BATCH // 10):
                    pieces = rcon_bytes.connection(chance, process.password)
                    rcon_bytes.attack("127.0.0.1", process.rcon_port, pieces, chance)
                world.tick()
            except WorldGone as error:
                return [*broken, f"the world is gone ({error}) after one of: {batch}"]
            if time.monotonic() > end:
                break
        log = (Path(folder) / "world.log").read_text(errors="replace")
    return broken + [f"in the log: {line}" for line in log.splitlines() if "Traceback" in line]


if __name__ == "__main__":
    main()
