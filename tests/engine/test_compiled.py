"""The compiled simulation against the same in plain Python. Where `make compile` was not run there is nothing to compare."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.compiled import ROOT, VARIABLE, build_folder, in_use, sources
from runtime.engine.maps import lab
from runtime.engine.prototypes import load
from runtime.engine.save import Save, dumps, loads, state_hash
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.world import World
from tests.engine.test_belts import EAST, NORTH, SOUTH, WEST, build, line

TICKS = 6000


def factory(seed: int) -> list[str]:
    """Whether it ran compiled, and state hashes of a random factory over time, in the middle of which it is saved and restored."""
    chance = random.Random(seed)
    world = World(tile_at=lab.tile_at, seed=seed, natural_resources=lab.resources)
    for x in range(-24, 25, 16):
        build(world, "substation", x, -8)
    for i in range(18):
        build(world, "solar-panel", -30.5 + 3 * i, -11.5)
    for i in range(4):
        build(world, "accumulator", -10 + 2 * i, -5)
    neutral = world.forces["neutral"]
    for row in range(4):
        y = 8 * row
        for dx in range(-2, 3):
            for dy in range(-2, 3):
                world.create(
                    "iron-ore", dx - 3.5, y + dy + 0.5, NORTH, neutral, amount=chance.randrange(5, 60)
                )
        build(
            world, "burner-mining-drill" if row % 2 else "electric-mining-drill", -3.5, y + 0.5, EAST
        ).insert("coal", 5)
        belts = line(world, -2, y, EAST, 6)
        for belt in belts:
            belt.insert(chance.choice(["iron-ore", "coal", "copper-ore"]), chance.randrange(4))
        build(world, "splitter", 4.5, y + 1, EAST)
        line(world, 5, y, EAST, 3)
        line(world, 5, y + 1, SOUTH, 2)
        build(
            world, chance.choice(["burner-inserter", "inserter", "fast-inserter"]), 8.5, y + 0.5, WEST
        ).insert("coal", 2)
        build(world, chance.choice(["stone-furnace", "steel-furnace"]), 10, y + 1).insert("coal", 3)
        build(world, "inserter", 11.5, y + 0.5, WEST)
        machine = build(world, "assembling-machine-2", 13.5, y + 0.5)
        assert isinstance(machine, AssemblingMachine)
        machine.set_recipe(load().recipe["iron-gear-wheel"])
        build(world, chance.choice(["bulk-inserter", "inserter"]), 15.5, y + 0.5, WEST)
        build(world, "wooden-chest", 16.5, y + 0.5)
    hashes = [str(in_use())]
    for tick in range(500, TICKS + 1, 500):
        world.advance(tick)
        hashes.append(state_hash(world, {}, []))
        if tick == TICKS // 2:
            world = loads(dumps(Save(world, {}, [], 1.0, False, 0, "lab"))).world
    return hashes


def run(seed: int, compiled: bool) -> list[str]:
    script = f"from tests.engine.test_compiled import factory; print(*factory({seed}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {VARIABLE: "1" if compiled else "0"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(importlib.util.find_spec("mypyc") is None, reason="mypyc is not installed")
def test_mypyc_takes_it(tmp_path: Path) -> None:
    # As far as C, which needs no compiler and a tenth of the time.
    parts = [str(path.relative_to(ROOT)) for path in sources()]
    arguments = ["--config-file", "pyproject.toml", *parts]
    script = f"from mypyc.build import mypycify; mypycify({arguments}, target_dir={str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = "".join(path.read_text() for path in sources())
    # mypyc hands the arguments of such a call on as one.
    assert "super().__init__(*" not in text


@pytest.mark.skipif(not build_folder().is_dir(), reason="make compile was not run for these sources")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_compiled_or_not_comes_to_the_same(seed: int) -> None:
    python, compiled = run(seed, False), run(seed, True)
    assert (python[0], compiled[0]) == ("False", "True")
    assert python[1:] == compiled[1:]


@pytest.mark.skipif(not build_folder().is_dir(), reason="make compile was not run for these sources")
def test_a_spawned_process_finds_what_is_not_compiled_too() -> None:
    # It starts with a copy of its parent's `sys.path`.
    script = (
        "import multiprocessing, runtime.engine.world, runtime.price_list\n"
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.apply(runtime.price_list.prices)['iron-plate'] > 0)"
    )
    environment = {**os.environ, VARIABLE: "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.stdout == "True\n", done.stderr
