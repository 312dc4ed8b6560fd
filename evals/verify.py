"""FLE's task code, in a process that ran no agent's code: `python -m evals.verify describe|verify`.

Reads an order as JSON on stdin, prints one line of JSON. Only this module of `evals` imports FLE.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fle.eval.tasks.task_definitions.lab_play.throughput_tasks import THROUGHPUT_TASKS
from fle.eval.tasks.throughput_task import ThroughputTask

from runtime.fle_attach import attach
from runtime.rcon_client import WorldClient


class Rcon:
    """What FLE wants of an RCON client, over ours. `rcon_socket` and `rcon_failure` tell FLE that it is connected."""

    def __init__(self, world: WorldClient) -> None:
        self._world = world
        self.rcon_socket = world
        self.rcon_failure = False

    def send_command(self, command: str) -> str:
        """The answer to a command."""
        return self._world.command(command)

    def close(self) -> None:
        """End the connection."""
        self._world.close()


def make_task(name: str) -> ThroughputTask:
    """FLE's task of that name. Ends the program if there is none."""
    config = THROUGHPUT_TASKS.get(name)
    if config is None:
        sys.exit(f"FLE has no throughput task {name!r}; it has {', '.join(sorted(THROUGHPUT_TASKS))}")
    fields = {k: v for k, v in config.to_dict().items() if k not in ("task_type", "num_agents")}
    return ThroughputTask(**fields)


def describe(order: dict[str, Any]) -> dict[str, Any]:
    """A task in plain data: see `evals.tasks.Task`."""
    task = make_task(order["task"])
    return {
        "item": task.throughput_entity,
        "quota": task.quota,
        "holdout_seconds": task.holdout_wait_period,
        "steps": task.trajectory_length,
        "goal": task.goal_description,
        "inventory": dict(task.starting_inventory),
        "all_technologies_researched": task.all_technology_reserached,
    }


def verify(order: dict[str, Any]) -> dict[str, Any]:
    """FLE's verdict on a world: its holdout waits pass at the world's speed, and FLE counts what was made.

    order: task, and the world's port, password and speed.
    """
    task = make_task(order["task"])
    with (
        WorldClient("127.0.0.1", order["port"], order["password"]) as world,
        ThreadPoolExecutor(max_workers=1) as executor,
    ):
        instance = attach(Rcon(world), speed=order["speed"])
        instance._executor = executor  # what FLE evaluates programs on; program processes need none
        response = task.verify(0.0, instance, {})
    return {"success": response.success, "throughput": response.meta[task.throughput_key]}


def main() -> None:
    """Do what the command line names."""
    order = json.load(sys.stdin)
    answer = describe(order) if sys.argv[1] == "describe" else verify(order)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
