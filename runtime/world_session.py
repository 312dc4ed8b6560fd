"""One life of a world: its process, and the host attached to it. What the supervisor starts and closes."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runtime import fork_server, price_list
from runtime.fork_server import ForkServerError
from runtime.host import Host, HostError, ScoreReading
from runtime.program_runner import PrintedLine
from runtime.rcon_client import WorldGone, WorldRefused
from runtime.scene_client import Rect
from runtime.world_eyes import WorldEyes
from runtime.world_folder import WorldFolder
from runtime.world_life import (
    LaunchError,
    Look,
    ProgramReport,
    RconAddress,
    Scores,
    ToolReport,
    WorldDetails,
    WorldPlan,
    WorldUnavailable,
)
from runtime.world_process import WorldProcess, WorldStartError

CREATED = "storage.claudetorio_created"
"""Set in a world once FLE has made it, so that no later host resets it. The world itself remembers."""
START_SECONDS = 60.0
SAVE_SECONDS = 60.0
ANSWER_SECONDS = 30.0


def warm_up() -> None:
    """Do now what the first world would wait for: import FLE in the fork server, load the prices."""
    fork_server.shared.start()
    price_list.prices()


def launch(plan: WorldPlan, progress: Callable[[str], None]) -> HostedWorld:
    """Start a world's process, which restores itself from its data folder, and attach a host to it.

    Args:
        plan: the world; `plan.data` gets its log, its journal and saves, and the agent's variables.
        progress: is told what is under way.

    Raises:
        LaunchError: with the reason.
    """
    progress("starting its process")
    plan.data.mkdir(parents=True, exist_ok=True)
    folder = WorldFolder(plan.data)
    folder.take_up_next()
    try:
        process = WorldProcess.start(
            name=plan.name,
            log_path=plan.data / "world.log",
            scenario=plan.scenario,
            data=folder.world,
            deadline_s=START_SECONDS,
        )
    except WorldStartError as error:
        raise LaunchError(str(error), error.lasting) from error
    host = Host(
        process.client(ANSWER_SECONDS),
        plan.name,
        password=process.password,
        state_file=folder.variables,
    )
    try:
        with process.client(ANSWER_SECONDS) as client:
            created = client.command(f"/silent-command rcon.print({CREATED} and 1 or 0)").strip() == "1"
            if not created:
                progress("creating the world")
                host.create(speed=plan.speed)
                client.command(f"/silent-command {CREATED} = true")
        progress("attaching to it")
        host.attach()
        if host.speed != plan.speed:
            host.set_speed(plan.speed)
    except (HostError, ForkServerError, WorldGone, WorldRefused) as error:
        host.close()
        process.stop()
        raise LaunchError(str(error)) from error
    return HostedWorld(process, host, folder.world)


class HostedWorld:
    """A running world and its host: see `runtime.supervisor.WorldSession`."""

    def __init__(self, process: WorldProcess, host: Host, data: Path | None = None) -> None:
        self.process = process
        self._data = data
        self.host = host
        # Pictures have a connection of their own, so that they don't wait for a program's commands.
        self._eyes = WorldEyes(process.client(ANSWER_SECONDS))
        self._newest = ScoreReading(0, 0.0, 0.0, {}, {})

    def end_of_life(self) -> str | None:
        """None while the process runs, else how it ended."""
        code = self.process.poll()
        if code is None:
            return None
        return (
            f"its process ended by signal {-code}" if code < 0 else f"its process ended with exit code {code}"
        )

    def scores(self) -> Scores:
        """The scores now."""
        with _unavailable():
            self._newest = self.host.score()
        return self._known_scores()

    def look(self) -> Look:
        """Scores, speed and activity now."""
        return Look(self.scores(), self.host.speed, self.host.activity)

    def details(self) -> WorldDetails:
        """What there is besides; what was made and used up is as of the newest look."""
        with _unavailable():
            seen = self.host.details()
        return WorldDetails(
            tick=seen.tick,
            position=seen.position,
            inventory=seen.inventory,
            entities=seen.entities,
            statuses=seen.statuses,
            produced=self._newest.produced,
            consumed=self._newest.consumed,
            research=seen.research,
            research_progress=seen.research_progress,
            technologies=tuple(seen.technologies),
            alerts=tuple(seen.alerts),
            deaths=seen.deaths,
        )

    def run_program(
        self, code: str, timeout_s: float, on_printed: Callable[[int, str], None] | None = None
    ) -> ProgramReport:
        """Run a program. Raises ValueError for one that is too long."""

        def printed(line: PrintedLine) -> None:
            if on_printed is not None:
                on_printed(line.line, line.text)

        with _unavailable():
            result = self.host.run_program(code, timeout_s, printed)
        # What the program did and printed is worth more than its newest score.
        with suppress(WorldUnavailable):
            self.scores()
        notes = list(result.notes)
        if result.unsaved:
            notes.append(
                f"These variables will not be there in a later program process: {', '.join(result.unsaved)}."
            )
        return ProgramReport(
            output="".join(f"{line.text}\n" for line in result.lines),
            error=result.error,
            line=result.error_line,
            seconds=result.seconds,
            notes=tuple(notes),
            scores=self._known_scores(),
        )

    def call_tool(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> ToolReport:
        """Call one of FLE's tools. Raises ValueError for a call that can't be made."""
        with _unavailable():
            return self.host.call_tool(tool, arguments, timeout_s)

    def cancel(self) -> None:
        """End the running program or call, if one runs."""
        self.host.cancel()

    def scene_changes(self, rect: Rect, epoch: int, since: int, known: Rect) -> dict[str, Any]:
        """What there is to see in some chunks, as far as it isn't known."""
        with _unavailable():
            return self._eyes.scene_changes(rect, epoch, since, known)

    def scene_tiles(self, rect: Rect) -> dict[str, Any]:
        """The tiles of some chunks."""
        with _unavailable():
            return self._eyes.scene_tiles(rect)

    def position(self) -> tuple[float, float] | None:
        """Where the character is."""
        with _unavailable():
            return self._eyes.position()

    def factory(self) -> tuple[float, float] | None:
        """The middle of the machines where most of them stand together."""
        with _unavailable():
            return self._eyes.factory()

    def rcon(self) -> RconAddress:
        """Where a process of ours finds this life of the world."""
        return RconAddress(self.process.rcon_port, self.process.password)

    def save(self, path: Path) -> None:
        """Write a save of the world as it is now."""
        if self._data is None:
            raise WorldUnavailable("This world keeps no saves.")
        name = secrets.token_hex(8)
        with _unavailable(), self.process.client(SAVE_SECONDS) as client:
            answer = client.command(f"/server-save {name}").strip()
        made = self._data / "saves" / f"{name}.save"
        if not made.exists():
            raise WorldUnavailable(f"The world could not be saved: {answer[:200]}.")
        shutil.move(made, path)

    def close(self) -> None:
        """End the host, then the process, which saves first if it still runs."""
        self.host.close()
        self._eyes.close()
        self.process.stop()

    def _known_scores(self) -> Scores:
        known = self._newest
        return Scores(known.tick, float(known.production_score), float(known.automated_score))


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (WorldGone, WorldRefused, ForkServerError) as error:
        raise WorldUnavailable(
            f"The world does not answer now ({error}); try again in a few seconds."
        ) from error
