"""A folder with Factorio in it: which version, its prototypes, and where its pictures are."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODS = ("core", "base")
VERSION = "2.0."
"""What the version of its base game begins with: of other versions the prototypes have other shapes."""
DATA_STAGE_SECONDS = 120
ERROR = re.compile(r"[\w.]+(Error|Exception): ")


class NotFactorio(ValueError):
    """FACTORIO_HOME has nothing in it that could be drawn. The message says what was expected."""


class NoPictures(NotFactorio):
    """It is a Factorio without pictures: its server, which needs none."""


class Installation:
    """Factorio at a folder.

    Raises:
        NotFactorio: there is no base game of Factorio 2.0, or it can't be read.
        NoPictures: there is one, but no pictures.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        if not (self.data / "base").is_dir():
            more = ""
            if self.data.is_dir() and any(self.data.iterdir()):
                more = f", only {', '.join(sorted(p.name for p in self.data.iterdir())[:4])}"
            raise NotFactorio(f"FACTORIO_HOME is {home}, which has no data/base{more}")
        for part in ("base/data.lua", "base/info.json", "core/lualib"):
            if not (self.data / part).exists():
                raise NotFactorio(f"FACTORIO_HOME is {home}, where data/{part} is missing")
        try:
            info = json.loads((self.data / "base" / "info.json").read_text(encoding="utf-8"))
            self.version = str(info["version"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotFactorio(
                f"FACTORIO_HOME is {home}, whose data/base/info.json can't be read: {error}"
            ) from None
        if not self.version.startswith(VERSION):
            raise NotFactorio(f"FACTORIO_HOME is {home}, which is Factorio {self.version}; 2.0 is needed")
        # A server has the folder, with the sizes of sheets in it, but no sheets.
        if next((self.data / "base" / "graphics").rglob("*.png"), None) is None:
            raise NoPictures(f"FACTORIO_HOME is {home}, Factorio {self.version} without pictures (a server)")

    def file(self, name: str) -> Path | None:
        """Where "__base__/graphics/…" is; None for what belongs to neither the base game nor its core."""
        mod, _, rest = name.partition("/")
        folder = mod.strip("_")
        if folder not in MODS or not rest or ".." in Path(rest).parts:
            return None
        return self.data / folder / rest

    def fingerprint(self) -> str:
        """Another one whenever the version or a file of Lua is."""
        return digest([self.version], self._lua())

    def _lua(self) -> Iterator[Path]:
        for mod in MODS:
            yield from sorted((self.data / mod).rglob("*.lua"))

    def prototypes(self) -> dict[str, dict[str, Any]]:
        """`data.raw` of the base game, by type and name. Takes some seconds.

        Raises:
            NotFactorio: its Lua fails, or doesn't come to an end.
        """
        # In a process of its own: it may take a lot of memory, and a broken file may loop for ever.
        command = [sys.executable, "-m", "viewer.factorio.data_stage", str(self.data)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=DATA_STAGE_SECONDS, check=False, stdin=subprocess.DEVNULL
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NotFactorio(
                f"the prototypes in {self.data} took more than {DATA_STAGE_SECONDS} s to load"
            ) from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").splitlines()
            errors = [line.partition(": ")[2] for line in lines if ERROR.match(line)]
            why = errors[-1] if errors else f"it ended with {done.returncode}"
            raise NotFactorio(f"the prototypes in {self.data} can't be loaded: {why[:300]}")
        raw = json.loads(done.stdout)
        if not isinstance(raw, dict):
            raise NotFactorio(f"the prototypes in {self.data} are empty")
        return raw


def digest(words: list[str], files: Iterator[Path]) -> str:
    """Another one whenever a word, or the size or time of a file is."""
    total = hashlib.sha256("\n".join(words).encode())
    for path in files:
        try:
            seen = os.stat(path)
            total.update(f"{path}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
        except OSError:
            total.update(f"{path}\0missing\n".encode())
    return total.hexdigest()[:16]
