"""A program of its own: runs the data stage of a Factorio installation and prints `data.raw` as JSON."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

WANTED_NOT = {
    "ambient-sound", "custom-input", "gui-style", "map-gen-presets", "noise-expression", "noise-function",
    "optimized-particle", "particle", "shortcut", "tips-and-tricks-item", "tutorial", "utility-sounds",
}  # fmt: skip


def main(data: Path) -> None:
    """Print the prototypes of core and base in a folder; the exit code is 1, with the reason, if that fails."""
    from draftsman.environment.update import run_data_lifecycle

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        # Only these two, whatever else is installed: worlds are of the base game.
        for mod in ("core", "base"):
            (Path(folder) / mod).symlink_to((data / mod).resolve())
        raw = run_data_lifecycle(game_path=folder, owned_dlc=[], no_mods=True).globals().data.raw
        told = {
            kind: {name: _plain(raw[kind][name]) for name in sorted(raw[kind].keys())}
            for kind in sorted(raw.keys())
            if kind not in WANTED_NOT
        }
    json.dump(told, sys.stdout)


def _plain(value: Any) -> Any:
    if not hasattr(value, "keys"):
        return value.decode(errors="replace") if isinstance(value, bytes) else value
    keys = list(value.keys())
    if keys and all(isinstance(key, int) for key in keys):
        return [_plain(value[key]) for key in sorted(keys)]
    return {str(key): _plain(value[key]) for key in sorted(keys, key=str)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
