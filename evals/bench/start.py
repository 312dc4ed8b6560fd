"""How long it takes until something can be played."""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from evals.bench import Measurement
from runtime import fork_server, price_list
from runtime.host import Host
from runtime.world_process import WorldProcess

ROUNDS = 5


def measure() -> Iterator[Measurement]:
    """Medians of some rounds, in seconds.

    start.world: from nothing to a world that answers RCON. start.ready: to one with FLE attached, with the fork
    server warm and the prices loaded. start.program: from the end of a program process, killed, to the first
    program that has run in the next one.
    """
    fork_server.shared.start()
    price_list.prices()
    worlds, ready, programs = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="claudetorio-bench-") as folder:
            began = time.perf_counter()
            with WorldProcess.start(name="bench", log_path=Path(folder) / "world.log") as world:
                worlds.append(time.perf_counter() - began)
                host = Host(world.client(), "bench", password=world.password)
                try:
                    host.create()
                    host.attach()
                    ready.append(time.perf_counter() - began)
                    programs.append(_next_program(host))
                finally:
                    host.close()
    for name, values in (("world", worlds), ("ready", ready), ("program", programs)):
        yield Measurement(f"start.{name}", round(statistics.median(values), 4), "s")


def _next_program(host: Host) -> float:
    host.run_program("x = 1")
    pid = host.program_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    began = time.perf_counter()
    host.run_program("x = 2")
    return time.perf_counter() - began
