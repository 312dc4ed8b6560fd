"""What a world keeps on disk, in a folder of its own.

world.json     what it is to be: its plan
world/         the world's own saves and journal
variables      the agent's variables
claim.json     whose it is
checkpoints/   saves that were asked for (`runtime.checkpoints`)
next/          what the world is to be from its next start on, complete or not there at all
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from runtime.files import write_whole
from runtime.world_life import WorldPlan

WORLD, VARIABLES = "world", "variables"
PARTS = (WORLD, VARIABLES)


class PlanFile(BaseModel):
    """world.json: a plan without the folder that it lies in."""

    scenario: str = "default_lab_scenario"
    engine: str = "factorio-embedded"
    speed: float = 10.0
    agent: str = "none"
    paused: bool = False
    waits: bool = False
    stopped: bool = False


@dataclass(frozen=True)
class Start:
    """What a world begins from: a save, and the agent's variables at that time. Without a save it begins anew."""

    save: Path | None = None
    variables: Path | None = None


class WorldFolder:
    """The folder of one world."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def variables(self) -> Path:
        """Where the agent's variables are, as bytes."""
        return self.path / VARIABLES

    @property
    def world(self) -> Path:
        """The data folder of the world's process."""
        return self.path / WORLD

    def read_plan(self) -> WorldPlan | None:
        """The plan that was written last; None where there is none."""
        try:
            known = PlanFile.model_validate_json((self.path / "world.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None
        return WorldPlan(name=self.path.name, data=self.path, **known.model_dump())

    def write_plan(self, plan: WorldPlan) -> None:
        """Keep a plan for later starts."""
        fields = {name: getattr(plan, name) for name in PlanFile.model_fields}
        write_whole(self.path / "world.json", PlanFile(**fields).model_dump_json().encode())

    def begin_next_from(self, start: Start) -> None:
        """Have the next start begin from what is copied here now. Nothing happens to the world until then."""
        partial = self.path / "next.partial"
        shutil.rmtree(partial, ignore_errors=True)
        (partial / WORLD).mkdir(parents=True)
        if start.save is not None:
            shutil.copyfile(start.save, partial / WORLD / "1.save")
        else:
            (partial / WORLD).rmdir()
        if start.variables is not None and start.variables.exists():
            shutil.copyfile(start.variables, partial / VARIABLES)
        there = [part for part in PARTS if (partial / part).exists()]
        write_whole(partial / "parts.json", json.dumps(there).encode())
        shutil.rmtree(self.path / "next", ignore_errors=True)
        partial.rename(self.path / "next")

    def take_up_next(self) -> bool:
        """Put what `begin_next_from` prepared in the place of what is here; whether there was anything.

        It may be interrupted at any point and is finished by the next call.
        """
        following = self.path / "next"
        if not following.is_dir():
            return False
        listed = following / "parts.json"
        if listed.exists():
            parts = json.loads(listed.read_bytes())
            for part in PARTS:
                new, old = following / part, self.path / part
                if part in parts and not new.exists():
                    continue  # moved already, by a call that was interrupted
                if old.is_dir():
                    shutil.rmtree(old)
                else:
                    old.unlink(missing_ok=True)
                if new.exists():
                    new.rename(old)
            listed.unlink()
        shutil.rmtree(following)
        return True


def stored_plans(worlds: Path) -> list[WorldPlan]:
    """The plans of the worlds in a folder, by name."""
    if not worlds.is_dir():
        return []
    plans = [WorldFolder(path).read_plan() for path in sorted(worlds.iterdir()) if path.name[0] != "."]
    return [plan for plan in plans if plan is not None]
