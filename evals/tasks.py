"""`claudetorio eval`: FLE's own tasks, played through MCP and verified with FLE's own code."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import structlog
import typer

from evals.served_world import CouldNotRun, ServedWorld, Setup, end_fork_server, served_world
from runtime.host import HostError
from runtime.world_process import WorldStartError

TICKS_PER_SECOND = 60
PLAY_SECONDS = 600.0
"""Wall time that an agent may play one trial."""
VERIFY_SECONDS = 600.0
AGENTS = ("scripted",)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Task:
    """One of FLE's throughput tasks, as `evals.verify` describes it.

    item: what the factory has to make. quota: how many in `holdout_seconds` of game time.
    steps: how many programs an agent may run. inventory, all_technologies_researched: how the world begins.
    """

    name: str
    item: str
    quota: int
    holdout_seconds: int
    steps: int
    goal: str
    inventory: dict[str, int]
    all_technologies_researched: bool


@dataclass(frozen=True)
class Trial:
    """How one trial went. throughput: items of the task's kind in its holdout time; steps: programs run."""

    task: str
    agent: str
    passed: bool
    throughput: float
    quota: int
    steps: int
    game_seconds: float
    error: str | None


@app.command()
def evaluate(
    tasks: Annotated[list[str], typer.Argument(help="FLE's names of the tasks.", metavar="TASK…")],
    agent: Annotated[str, typer.Option(help=f"Who plays: {', '.join(AGENTS)}.")] = "scripted",
    trials: Annotated[int, typer.Option(min=1, help="How often each task is played.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Game seconds per second.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Let an agent play FLE's tasks in fresh worlds, and verify them once it has stopped.

    Exit code 0: all passed; 1: some failed; 2: could not run.
    """
    progress_to_stderr()
    try:
        if agent not in AGENTS:
            raise CouldNotRun(f"there is no agent {agent!r}; these can play: {', '.join(AGENTS)}")
        chosen = [find_task(name) for name in tasks]
        done = [run_trial(task, agent, speed) for task in chosen for _ in range(trials)]
    except CouldNotRun as error:
        print(f"claudetorio eval: {error}.", file=sys.stderr)
        raise typer.Exit(2) from error
    finally:
        end_fork_server()
    if as_json:
        print(json.dumps({"trials": [asdict(trial) for trial in done]}, indent=2))
    else:
        for trial in done:
            print(
                f"{trial.task}: {'passed' if trial.passed else 'failed'}, {trial.throughput:g} of {trial.quota}"
            )
    raise typer.Exit(0 if all(trial.passed for trial in done) else 1)


def progress_to_stderr() -> None:
    """Send everybody's log lines to stderr: stdout is for the result alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def say(words: str) -> None:
    """Write a line of progress."""
    print(words, file=sys.stderr, flush=True)


def find_task(name: str) -> Task:
    """FLE's task of that name. Raises CouldNotRun."""
    return Task(name=name, **json.loads(_fle("describe", {"task": name}, 60)))


def run_trial(task: Task, agent: str, speed: float) -> Trial:
    """Play a task once in a world of its own, stop the player, and verify. Raises CouldNotRun."""
    say(f"{task.name}: making a world")
    setup = Setup(task.inventory, task.all_technologies_researched, speed)
    with tempfile.TemporaryDirectory(prefix="claudetorio-eval-") as folder:
        try:
            with served_world("trial", Path(folder), setup) as world:
                began = world.host.score().tick
                error = play(task, world)
                played = world.host.score().tick - began
                say(
                    f"{task.name}: verifying after {world.session.steps} steps, {played // TICKS_PER_SECOND} s"
                )
                found = verify(task, world, speed)
                say(f"{task.name}: {found['throughput']:g} of {task.quota} {task.item}")
                return Trial(
                    task=task.name,
                    agent=agent,
                    passed=bool(found["success"]),
                    throughput=float(found["throughput"]),
                    quota=task.quota,
                    steps=world.session.steps,
                    game_seconds=round(played / TICKS_PER_SECOND, 1),
                    error=error,
                )
        except (HostError, WorldStartError) as problem:
            raise CouldNotRun(str(problem)) from problem


def play(task: Task, world: ServedWorld) -> str | None:
    """Have the built-in player play until it has reached the goal, or its steps or time are used up.

    What it says goes to stderr. It has ended when this returns; what went wrong, if anything did.
    """
    goal = f"{task.item}={task.quota}/{task.holdout_seconds}"
    command = [sys.executable, "-m", "harness.player", "--url", world.url, "--goal", goal]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + PLAY_SECONDS
        while player.poll() is None:
            if world.session.steps >= task.steps:
                return f"not done in {task.steps} steps"
            if time.monotonic() > deadline:
                return f"not done in {PLAY_SECONDS:g} s"
            time.sleep(0.1)
        return None if player.returncode == 0 else f"the player ended with exit code {player.returncode}"
    finally:
        player.kill()
        player.wait()
        world.host.cancel()


def verify(task: Task, world: ServedWorld, speed: float) -> dict[str, float]:
    """FLE's verdict on the world that was played, from a fresh process attached to it. Raises CouldNotRun."""
    order = {
        "task": task.name,
        "port": world.process.rcon_port,
        "password": world.process.password,
        "speed": speed,
    }
    verdict: dict[str, float] = json.loads(_fle("verify", order, VERIFY_SECONDS))
    return verdict


def _fle(what: str, order: dict[str, object], seconds: float) -> str:
    """Have `evals.verify` do something in a process of its own; the line of JSON that it answers."""
    from runtime.fle_attach import clean_environment

    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "evals.verify", what],
            input=json.dumps(order),
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise CouldNotRun(f"FLE did not {what} the task {order['task']} within {seconds:g} s") from error
    if done.returncode:
        raise CouldNotRun(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{what} failed")
    return done.stdout.strip().splitlines()[-1]
