"""Whether what the built-in player leaves behind works on by itself."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from evals.bench import Measurement
from evals.bench.sim import step
from evals.served_world import CouldNotRun, ServedWorld, Setup, served_world

SPEED = 40.0
PLAY_MINUTES = 60
"""Game minutes that the player plays, from bare hands."""
INTERVAL_MINUTES, INTERVALS = 5, 6
TICKS_PER_MINUTE = 3600
LONGEST_PLAY_SECONDS = 900.0


def measure() -> Iterator[Measurement]:
    """The automated score when the player is stopped, and what each five game minutes of the next half hour add."""
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        served_world("bench", Path(folder), Setup(speed=SPEED)) as world,
    ):
        _play(world)
        host = world.host
        host.pause()
        before = host.score()
        yield Measurement("player.minutes", round(before.tick / TICKS_PER_MINUTE, 1), "game minutes")
        yield Measurement("player.score", round(before.production_score), "points")
        yield Measurement("player.automated_score", round(before.automated_score), "points")
        with world.process.client() as client:
            for number in range(1, INTERVALS + 1):
                step(client, INTERVAL_MINUTES * TICKS_PER_MINUTE)
                now = host.score()
                gained = now.automated_score - before.automated_score
                yield Measurement(f"player.gain.{number * INTERVAL_MINUTES}", round(gained), "points")
                before = now


def _play(world: ServedWorld) -> None:
    """Let the player play for its time, then stop it."""
    command = [sys.executable, "-m", "harness.player", "--url", world.url]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + LONGEST_PLAY_SECONDS
        while world.host.score().tick < PLAY_MINUTES * TICKS_PER_MINUTE and time.monotonic() < deadline:
            if player.poll() is not None:
                raise CouldNotRun(f"the player ended with exit code {player.returncode}")
            time.sleep(0.5)
    finally:
        player.kill()
        player.wait()
        world.host.cancel()
