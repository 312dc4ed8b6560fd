"""How many of FLE's tool calls a world answers in a second, on a real world process.

In three ways: FLE's own API from Python, over RCON (`api`); programs that FLE's interpreter runs in the same process, which asks
the world for FLE's score after each (`interpreter`); and programs as agents run them, through a host and its program process,
with the score read on the trusted side (`program`).

The eleven operations are those of FLE's own benchmark (`tests/benchmarks` of its repository), at speed 10, in its order, with
its positions and arguments, and counted as it counts: what is refused counts nothing. FLE's clients wait for the game time
that an action costs, by the wall clock; that waiting is not the world's doing and is counted apart. A host makes the world, so
FLE's alerts are looked for when asked for. Two operations differ from FLE's, because what FLE's do is refused, all but once:

- `place_entity` takes 100 places around the character. FLE's puts 100 belts on one tile.
- `rotate_entity` names the directions in turn. FLE's asks `Direction.next_clockwise`, which FLE no longer has.

Of `connect_entities` every other call is refused, as in FLE's: what the call before laid is in the way of its belt.
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

COAL = "patch = nearest(Resource.Coal)"
CHEST = "chest = place_entity(Prototype.IronChest, position=Position(x=0, y=0))"

# Operation -> (what comes before, what is repeated with `i` counting from 0, the same as a program of its own where FLE's
# differs), as programs of FLE's API.
OPERATIONS = {
    "place_entity_next_to": (
        "entity = Position(x=0, y=0)",
        "global entity\n"
        "entity = place_entity_next_to(Prototype.TransportBelt, reference_position=entity,"
        " direction=Direction.RIGHT, spacing=0).position",
        "place_entity_next_to(Prototype.TransportBelt, reference_position=Position(x={i}, y=0),"
        " direction=Direction.RIGHT, spacing=0)",
    ),
    "place_entity": ("", f"place_entity(Prototype.TransportBelt, position={SPOT})", None),
    "move_to": ("", "move_to(Position(x={i}, y=0))", None),
    "harvest_resource": (
        f"{COAL}\nmove_to(patch)",
        "harvest_resource(patch, quantity=1)",
        "harvest_resource(nearest(Resource.Coal), quantity=1)",
    ),
    "craft_item": ("", "craft_item(Prototype.IronGearWheel, quantity=1)", None),
    "connect_entities": (
        "move_to(Position(x=0, y=0))\nplace_entity(Prototype.TransportBelt, position=Position(x=0, y=0))",
        "move_to(Position(x={i} + 1, y=0))\n"
        "place_entity(Prototype.TransportBelt, position=Position(x={i} + 1, y=0))\n"
        "connect_entities(Position(x={i}, y=0), Position(x={i} + 1, y=0), Prototype.TransportBelt)",
        None,
    ),
    "rotate_entity": (
        "move_to(Position(x=0, y=0))\n"
        "belt = place_entity(Prototype.TransportBelt, position=Position(x=0, y=0))",
        "rotate_entity(belt, (Direction.RIGHT, Direction.DOWN, Direction.LEFT, Direction.UP)[{i} % 4])",
        None,
    ),
    "insert_item": (CHEST, "insert_item(Prototype.IronPlate, chest, quantity=1)", None),
    "extract_item": (
        f"{CHEST}\ninsert_item(Prototype.IronPlate, chest, quantity={ITERATIONS})",
        "extract_item(Prototype.IronPlate, chest.position, quantity=1)",
        None,
    ),
    "inspect_inventory": ("", "inspect_inventory()", None),
    "get_resource_patch": (
        COAL,
        "get_resource_patch(Resource.Coal, patch)",
        "get_resource_patch(Resource.Coal, nearest(Resource.Coal))",
    ),
}
REFUSED_AT_TIMES = "connect_entities"


def measure() -> Iterator[Measurement]:
    """In each way: operations per second, without the waiting for game time, for each operation and in all; and how long
    was waited in all, in seconds."""
    for way in ("api", "interpreter", "program"):
        with (
            tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder,
            WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as world,
            ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process,
        ):
            host = Host(world.client(), "bench", password=world.password)
            try:
                host.create(inventory=INVENTORY, speed=SPEED)
                host.attach()
                if way == "program":
                    taken = dict(_programs(host))
                else:
                    taken = process.submit(_run, way, world.rcon_port, world.password).result()
            finally:
                host.close()
        for operation, (count, seconds, _) in taken.items():
            yield Measurement(f"tools.{way}.{operation}", round(count / seconds, 1), "calls/s")
        counts, spent, waited = (sum(column) for column in zip(*taken.values(), strict=True))
        yield Measurement(f"tools.{way}.total", round(counts / spent, 1), "calls/s")
        yield Measurement(f"tools.{way}.waited", round(waited, 2), "s")


def _programs(host: Host) -> Iterator[tuple[str, tuple[int, float, float]]]:
    """Operation, and its (calls, seconds without waiting, seconds waited), for programs that a host runs."""
    for operation, (before, repeated, program) in OPERATIONS.items():
        host.create(inventory=INVENTORY, speed=SPEED)
        host.attach()
        programs = [before, *((program or repeated).replace("{i}", str(i)) for i in range(ITERATIONS))]
        _run_program(host, programs[0])
        began, waited = time.perf_counter(), host.waited_s
        for one in programs[1:]:
            _run_program(host, one, strict=operation != REFUSED_AT_TIMES)
        waited = host.waited_s - waited
        yield operation, (ITERATIONS, time.perf_counter() - began - waited, waited)


def _run_program(host: Host, code: str, strict: bool = True) -> None:
    """Raises CouldNotRun when it fails and is `strict`."""
    error = host.run_program(code).error
    if error is not None and strict:
        raise CouldNotRun(f"{code!r}: {error}")


def _run(way: str, port: int, password: str) -> dict[str, tuple[int, float, float]]:
    """In a process of its own: operation -> (calls, seconds without FLE's waiting, seconds that FLE waited)."""
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
) -> dict[str, tuple[int, float, float]]:
    from evals.verify import Rcon
    from runtime.fle_attach import attach

    with WorldClient("127.0.0.1", port, password) as world, ThreadPoolExecutor(max_workers=1) as executor:
        game = attach(Rcon(world), speed=SPEED)
        game._executor = executor  # what FLE evaluates programs on
        game.initial_inventory = INVENTORY  # what FLE's reset gives
        taken = {}
        for operation, (before, repeated, program) in OPERATIONS.items():
            game.reset()
            strict = operation != REFUSED_AT_TIMES
            if way == "api":
                call = _api_calls(game, before, repeated, strict)
            else:
                call = _program_calls(game, before, program or repeated, strict)
            began, waited_before = time.perf_counter(), waited()
            count = sum(call(i) for i in range(ITERATIONS))
            here = waited() - waited_before
            taken[operation] = (count, time.perf_counter() - began - here, here)
    return taken


def _api_calls(game: Any, before: str, repeated: str, strict: bool) -> Callable[[int], bool]:
    """A function that does one operation, and says whether it wasn't refused; `before` has run.

    It raises what FLE raises if it is `strict`.
    """
    namespace = game.namespace
    names = {name: getattr(namespace, name) for name in dir(namespace) if not name.startswith("_")}
    exec(before, names)
    # As a compiled function, so that no time goes into Python's parser.
    exec(f"def call(i):\n    {repeated.replace('{i}', 'i').replace(chr(10), chr(10) + '    ')}", names)

    def call(i: int) -> bool:
        try:
            names["call"](i)
        except Exception:  # FLE raises no narrower one
            if strict:
                raise
            return False
        return True

    return call


def _program_calls(game: Any, before: str, program: str, strict: bool) -> Callable[[int], bool]:
    """The same for programs that FLE's interpreter runs, which FLE counts whatever they print.

    Raises:
        CouldNotRun: the world refuses and it is `strict`.
    """

    def run(program: str, strict: bool = True) -> bool:
        _, _, result = game.eval(program)
        if strict and "Error" in result:
            raise CouldNotRun(f"{program!r}: {result}")
        return True

    run(before)
    return lambda i: run(program.replace("{i}", str(i)), strict)
