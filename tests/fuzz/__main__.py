"""`python -m tests.fuzz --seconds 60 --seed 1`: fuzz a world's Lua and its RCON port; exit code 1 if it breaks."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from runtime.rcon_client import WorldGone
from runtime.world_process import WorldProcess
from tests.fuzz import lua_calls, rcon_bytes

ROUND = 500  # attempts until a new world is begun: what scripts may do to a world, they do


def main() -> None:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="what was printed by the run to be repeated")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(2**32)
    end = time.monotonic() + given.seconds
    calls, connections, broken = 0, 0, 0
    while time.monotonic() < end:
        print(f"seed {seed}: {calls} Lua attempts and {connections} connections so far, {broken} broken")
        for problem in one_round(seed, ROUND, min(end - time.monotonic(), 1e9)):
            broken += 1
            print(f"BROKEN (seed {seed}): {problem}")
        calls, connections, seed = calls + ROUND, connections + ROUND // 10, seed + 1
    print(f"{calls} Lua attempts, {connections} connections, {broken} broken")
    sys.exit(1 if broken else 0)


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
