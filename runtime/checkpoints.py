"""A world's checkpoints: saves that somebody asked for, each with the agent's variables of that time."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from runtime.files import write_whole
from runtime.world_folder import Start
from runtime.world_life import Scores

KEPT = 20
"""So many are kept; the oldest goes when there is another."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


class CheckpointError(ValueError):
    """A checkpoint that can't be made or is not there; the message says what would do."""


class Checkpoint(BaseModel):
    """A moment of a world that it can be brought back to.

    time: Unix seconds. dropped: the name of an older one that had to go for this.
    """

    name: str
    tick: int
    time: float
    production_score: float
    automated_score: float
    dropped: str | None = None


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints in a folder, each in a folder of its name; one that is there is complete."""

    folder: Path
    lock: threading.Lock

    def make(
        self, name: str | None, scores: Scores, variables: Path, save: Callable[[Path], None]
    ) -> Checkpoint:
        """Keep the world as it is now.

        Args:
            name: of the checkpoint; None: after its tick.
            scores: of the world at its present tick.
            variables: the agent's, if the file is there.
            save: writes the world's save to a path.

        Raises:
            CheckpointError: the name can't be one, or there is one of that name.
        """
        name = f"tick-{scores.tick}" if name is None else name
        with self.lock:
            if NAME.fullmatch(name) is None:
                raise CheckpointError(
                    f"{name[:80]!r} can't name a checkpoint: use up to 60 letters, digits, - and _, such as before-oil."
                )
            path = self.folder / name
            if path.exists():
                raise CheckpointError(f"There is a checkpoint {name} already; choose another name.")
            partial = self.folder / ".partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            save(partial / "world.save")
            if variables.exists():
                shutil.copyfile(variables, partial / "variables")
            known = self.known()
            made = Checkpoint(
                name=name,
                tick=scores.tick,
                time=time.time(),
                production_score=scores.production_score,
                automated_score=scores.automated_score,
                dropped=known[0].name if len(known) >= KEPT else None,
            )
            write_whole(partial / "checkpoint.json", made.model_dump_json().encode())
            partial.rename(path)
            if made.dropped is not None:
                shutil.rmtree(self.folder / made.dropped)
            return made

    def known(self) -> list[Checkpoint]:
        """All there are, oldest first."""
        found = []
        for path in self.folder.glob("*/checkpoint.json"):
            if path.parent.name.startswith("."):
                continue
            try:
                found.append(Checkpoint.model_validate_json(path.read_bytes()))
            except (ValidationError, FileNotFoundError):
                continue  # being dropped, or not one of ours
        return sorted(found, key=lambda checkpoint: (checkpoint.time, checkpoint.name))

    def find(self, name: str) -> tuple[Checkpoint, Start]:
        """A checkpoint by name, and what the world begins from to be there again. Raises CheckpointError."""
        known = self.known()
        for checkpoint in known:
            if checkpoint.name == name:
                path = self.folder / name
                return checkpoint, Start(path / "world.save", path / "variables")
        names = ", ".join(c.name for c in known[-5:])
        raise CheckpointError(
            f"There is no checkpoint {name[:80]!r}; "
            + (f"the newest are {names}." if names else "none has been made yet.")
        )
