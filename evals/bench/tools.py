"""How many of FLE's tool calls a world answers in a second: FLE's own API on a real world process, over RCON.

The eleven operations are those of FLE's own benchmark (`tests/benchmarks` of its repository), at speed 10. FLE's
clients wait for the game time that an action costs, by the wall clock; that waiting is not the world's
doing and is counted apart. A host makes the world, so FLE's alerts are looked for when asked for.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from evals.bench import Measurement
from evals.served_world import CouldNotRun
from runtime.host import Host
from runtime.rcon_client import WorldClient
from runtime.world_process import WorldProcess

ITERATIONS = 100
SPEED = 10
INVENTORY = {
    "iron-plate": 500, "copper-plate": 200, "coal": 200, "stone": 200, "iron-gear-wheel": 200,
    "transport-belt": 1000, "burner-inserter": 200, "assembling-machine-1": 20, "iron-chest": 10,
}  # fmt: skip

SPOT = "Position(x={i} % 10 - 5, y=2 + {i} // 10 if {i} < 50 else 3 - {i} // 10)"
"""100 places within reach of a character at (0, 0), and none where it stands."""

# Operation -> (what comes before, what is repeated with `i` counting from 0), as programs of FLE's API.
OPERATIONS = {
    "place_entity_next_to": (
        "",
        f"place_entity_next_to(Prototype.TransportBelt, reference_position={SPOT},"
        " direction=Direction.RIGHT, spacing=0)",
    ),
    "place_entity": (
        "",
        f"place_entity(Prototype.TransportBelt, position={SPOT})",
    ),
    "move_to": ("", "move_to(Position(x={i}, y=0))"),
    "harvest_resource": (
        "patch = nearest(Resource.Coal)\nmove_to(patch)",
        "harvest_resource(patch, quantity=1)",
    ),
    "craft_item": ("", "craft_item(Prototype.IronGearWheel, quantity=1)"),
    "connect_entities": (
        "",
        "move_to(Position(x=0, y=2 * {i}))\n"
        "connect_entities(Position(x=2, y=2 * {i}), Position(x=3, y=2 * {i}), Prototype.TransportBelt)",
    ),
    "rotate_entity": (
        "belt = place_entity(Prototype.TransportBelt, position=Position(x=0, y=0))",
        "rotate_entity(belt, (Direction.RIGHT, Direction.DOWN, Direction.LEFT, Direction.UP)[{i} % 4])",
    ),
    "insert_item": (
        "chest = place_entity(Prototype.IronChest, position=Position(x=0, y=0))",
        "insert_item(Prototype.IronPlate, chest, quantity=1)",
    ),
    "extract_item": (
        "chest = place_entity(Prototype.IronChest, position=Position(x=0, y=0))\n"
        f"insert_item(Prototype.IronPlate, chest, quantity={ITERATIONS})",
        "extract_item(Prototype.IronPlate, chest.position, quantity=1)",
    ),
    "inspect_inventory": ("", "inspect_inventory()"),
    "get_resource_patch": (
        "patch = nearest(Resource.Coal)",
        "get_resource_patch(Resource.Coal, patch)",
    ),
}


def measure() -> Iterator[Measurement]:
    """For FLE's API called from Python, and for programs that its interpreter runs: operations per second, without
    FLE's waiting, for each operation and in all; and how long FLE waited in all, in seconds."""
    for way in ("api", "interpreter"):
        with (
            tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
            WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as world,
            ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
        ):
            host = Host(world.client(), "bench", password=world.password)
            try:
                host.create(inventory=INVENTORY, speed=SPEED)
                host.attach()
            finally:
                host.close()
            taken = process.submit(_run, way, world.rcon_port, world.password).result()
        for operation, (seconds, _) in taken.items():
            yield Measurement(f"tools.{way}.{operation}", round(ITERATIONS / seconds, 1), "calls/s")
        spent = sum(seconds for seconds, _ in taken.values())
        yield Measurement(f"tools.{way}.total", round(ITERATIONS * len(taken) / spent, 1), "calls/s")
        yield Measurement(f"tools.{way}.waited", round(sum(waited for _, waited in taken.values()), 2), "s")


def _run(way: str, port: int, password: str) -> dict[str, tuple[float, float]]:
    """In a process of its own: operation -> (seconds without FLE's waiting, seconds that FLE waited)."""
    warnings.simplefilter("ignore")
    waited = 0.0
    sleep = time.sleep

    def counted(seconds: float) -> None:
        nonlocal waited
        began = time.perf_counter()
        sleep(seconds)
        waited += time.perf_counter() - began

    time.sleep = counted  # type: ignore[assignment] # before FLE's modules take the name from `time`
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # FLE prints what it loads
        return _operations(way, port, password, lambda: waited)


def _operations(
    way: str, port: int, password: str, waited: Callable[[], float]
) -> dict[str, tuple[float, float]]:
    from evals.verify import Rcon
    from runtime.fle_attach import attach

    with WorldClient("127.0.0.1", port, password) as world, ThreadPoolExecutor(max_workers=1) as executor:
        game = attach(Rcon(world), speed=SPEED)
        game._executor = executor  # what FLE evaluates programs on
        game.initial_inventory = INVENTORY  # what FLE's reset gives
        taken = {}
        for operation, (before, repeated) in OPERATIONS.items():
            game.reset()
            call = _calls(game, way, f"move_to(Position(x=0, y=0))\n{before}", repeated)
            began, waited_before = time.perf_counter(), waited()
            for i in range(ITERATIONS):
                call(i)
            here = waited() - waited_before
            taken[operation] = (time.perf_counter() - began - here, here)
    return taken


def _calls(game: Any, way: str, before: str, repeated: str) -> Callable[[int], None]:
    """A function that does one operation; `before` has run. Raises CouldNotRun if the world refuses."""
    if way == "interpreter":

        def run(program: str) -> None:
            _, _, result = game.eval(program)
            if "Error" in result:
                raise CouldNotRun(f"{program!r}: {result}")

        run(before)
        return lambda i: run(repeated.replace("{i}", str(i)))
    namespace = game.namespace
    names = {name: getattr(namespace, name) for name in dir(namespace) if not name.startswith("_")}
    exec(before, names)
    # As a compiled function, so that no time goes into Python's parser.
    exec(f"def call(i):\n    {repeated.replace('{i}', 'i').replace(chr(10), chr(10) + '    ')}", names)
    call: Callable[[int], None] = names["call"]
    return call
