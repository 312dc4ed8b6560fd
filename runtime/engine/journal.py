"""The data folder of a world: saves, and a journal of everything that happened to it since the newest one.

The folder holds pairs `N.save` and `N.journal`, N counting up. A journal is lines of JSON, each `[tick, text]` for a
command executed at that tick, or `[tick]` for time that passed without one. A save and the journal after it give the
same world, tick for tick.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

KEEP = 3  # newest saves that are kept


class Journal:
    """Appends to the newest segment. A line is with the operating system before the command it records is answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file: int | None = None
        self.number = max(self.numbers(), default=0)

    def numbers(self) -> list[int]:
        """The numbers of the saves in the folder, rising."""
        return sorted(int(p.stem) for p in self.folder.glob("*.save") if p.stem.isdigit())

    def save_path(self, number: int) -> Path:
        """Where save `number` is."""
        return self.folder / f"{number}.save"

    def journal_path(self, number: int) -> Path:
        """Where the journal that follows save `number` is."""
        return self.folder / f"{number}.journal"

    def cut(self, save: bytes) -> None:
        """Begin a new segment with a save; older ones than the last few are removed."""
        number = self.number + 1
        partial = self.folder / f"{number}.partial"
        partial.write_bytes(save)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        self.close()
        self.journal_path(number).write_bytes(b"")
        partial.rename(self.save_path(number))
        self.number = number
        self.open()
        for old in self.numbers()[:-KEEP]:
            self.save_path(old).unlink()
            self.journal_path(old).unlink(missing_ok=True)

    def open(self) -> None:
        """Go on writing at the end of the newest segment."""
        path = self.journal_path(self.number)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, tick: int, text: str | None = None) -> None:
        """Record a command at a tick, or that a tick was reached."""
        assert self._file is not None
        line = json.dumps([tick] if text is None else [tick, text], ensure_ascii=False)
        os.write(self._file, line.encode(errors="surrogateescape") + b"\n")

    def read(self) -> Iterator[tuple[int, str | None]]:
        """The records since the newest save. A last line cut short by a crash was never answered: it is dropped."""
        path = self.journal_path(self.number)
        if not path.exists():
            return
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            path.write_bytes(whole)
        for line in whole.splitlines():
            record = json.loads(line.decode(errors="surrogateescape"))
            yield record[0], record[1] if len(record) > 1 else None

    def close(self) -> None:
        """Stop writing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
