"""`claudetorio bench NAME`: measurements under the names that issues and reports use. Never asserted in tests."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.served_world import CouldNotRun, end_fork_server
from evals.tasks import progress_to_stderr
from runtime.compiled import in_use
from runtime.host import HostError
from runtime.rcon_client import WorldGone
from runtime.world_process import WorldStartError

NAMES = ("start", "sim", "tools", "player", "mcp", "render", "viewport")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Measurement:
    """One number: its name is `bench.case`."""

    name: str
    value: float
    unit: str


@app.command()
def bench(
    name: Annotated[
        str, typer.Argument(help=f"Which: {', '.join(NAMES)}; sim.CASE measures that alone (sim.cells.100).")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Measure how fast things are, on this machine. `player` takes ten minutes."""
    progress_to_stderr()
    name, _, case = name.partition(".")
    if name not in NAMES or (case and name != "sim"):
        print(f"claudetorio bench: there is no benchmark {name!r}: try {', '.join(NAMES)}.", file=sys.stderr)
        raise typer.Exit(2)
    results = []
    try:
        measure: Any = importlib.import_module(f"evals.bench.{name}").measure
        taken: Iterator[Measurement] = measure(case) if case else measure()
        for found in taken:
            print(f"{found.name}: {found.value:,.6g} {found.unit}", file=sys.stderr, flush=True)
            results.append(found)
    except (CouldNotRun, HostError, WorldStartError, WorldGone) as error:
        print(f"claudetorio bench: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    finally:
        end_fork_server()
    if as_json:
        report = {"bench": name, "machine": machine(), "results": [asdict(result) for result in results]}
        print(json.dumps(report, indent=2))
    else:
        for found in results:
            print(f"{found.name:24} {found.value:>14,.6g} {found.unit}")


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.release(),
        "simulation": "compiled" if in_use() else "python",
        "adapter": _adapter(),
    }


def _adapter() -> str | None:
    """What `gpu` stands for in the names of cases, or None where there is nothing."""
    from viewer.renderers.gpu import NoAdapter, adapter_name, choose_adapter

    try:
        return adapter_name(choose_adapter())
    except NoAdapter:
        return None
