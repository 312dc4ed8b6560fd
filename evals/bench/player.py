"""How the built-in player's factory grows, from bare hands."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from evals.bench import Measurement
from evals.served_world import CouldNotRun, ServedWorld, Setup, served_world
from runtime.host import ScoreReading

SPEED = 15.0
INTERVAL_MINUTES, INTERVALS = 10, 12
"""Game minutes that the player plays: 12 times 10."""
TICKS_PER_MINUTE = 3600
SCORED_MINUTES = (60, 120)
MADE = (
    "iron-plate",
    "iron-gear-wheel",
    "electronic-circuit",
    "automation-science-pack",
    "logistic-science-pack",
)
LONGEST_PLAY_SECONDS = 900.0


def measure() -> Iterator[Measurement]:
    """What each ten game minutes of two hours add to the automated score, and what was made in all."""
    with (
        tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
        served_world("bench", Path(folder), Setup(speed=SPEED)) as world,
    ):
        before = 0.0
        for number, now in enumerate(_play(world), 1):
            minutes = number * INTERVAL_MINUTES
            yield Measurement(f"player.gain.{minutes}", round(now.automated_score - before), "points")
            before = now.automated_score
            if minutes in SCORED_MINUTES:
                hours = minutes // 60
                yield Measurement(f"player.automated_score.{hours}h", round(now.automated_score), "points")
                yield Measurement(f"player.score.{hours}h", round(now.production_score), "points")
        for item in MADE:
            yield Measurement(f"player.made.{item}", round(now.produced.get(item, 0)), "items")


def _play(world: ServedWorld) -> Iterator[ScoreReading]:
    """Let the player play; the scores at the end of each interval."""
    command = [sys.executable, "-m", "harness.player", "--url", world.url]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + LONGEST_PLAY_SECONDS
        for number in range(1, INTERVALS + 1):
            while (now := world.host.score()).tick < number * INTERVAL_MINUTES * TICKS_PER_MINUTE:
                if player.poll() is not None:
                    raise CouldNotRun(f"the player ended with exit code {player.returncode}")
                if time.monotonic() > deadline:
                    raise CouldNotRun(
                        f"the world is too slow: {now.tick} ticks in {LONGEST_PLAY_SECONDS:g} s"
                    )
                time.sleep(0.2)
            yield now
    finally:
        player.kill()
        player.wait()
        world.host.cancel()
