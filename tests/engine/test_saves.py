"""Saves that come from anybody: a broken or hostile one is refused in a sentence, and does nothing."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from runtime.engine import save as saves
from runtime.engine.game import Game
from runtime.engine.save import MAGIC, SaveError, dumps, loads


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    game = Game("default_lab_scenario", None, None, None, lambda line: None)
    for x in range(5):
        game.command(
            f"/sc game.surfaces[1].create_entity{{name='stone-furnace', position={{{x * 3}, 0}}, force='player'}}"
        )
    path = tmp_path_factory.mktemp("saves") / "good.save"
    game.save_to(path)
    return path.read_bytes()


def packed(classes: list[tuple[str, str]], *states: bytes) -> bytes:
    return MAGIC + zlib.compress(json.dumps(classes).encode() + b"\n" + b"".join(states))


def test_a_good_save_is_read_and_written_again_as_it_was(good: bytes) -> None:
    assert loads(dumps(loads(good))).world.tick == loads(good).world.tick


@pytest.mark.parametrize("part", [0, 10, 40, 0.3, 0.9, 0.999])
def test_a_save_that_is_cut_short_is_refused(good: bytes, part: float) -> None:
    length = part if isinstance(part, int) else int(len(good) * part)
    with pytest.raises(SaveError):
        loads(good[:length])


def test_a_save_with_a_changed_byte_is_refused(good: bytes) -> None:
    refused = 0
    for place in range(len(MAGIC), len(good), max(1, len(good) // 40)):
        changed = bytearray(good)
        changed[place] ^= 0x55
        try:
            loads(bytes(changed))
        except SaveError:
            refused += 1
        else:  # deflate has bits that mean nothing
            assert zlib.decompress(changed[len(MAGIC) :]) == zlib.decompress(good[len(MAGIC) :])
    assert refused >= 35


class Runs:
    """What a hostile save would have its reader do."""

    def __init__(self, what: Any, *arguments: Any) -> None:
        self.call = what, arguments

    def __reduce__(self) -> Any:
        return self.call


def test_a_save_runs_nothing_of_its_own(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for hostile in (
        Runs(os.system, f"touch {trace}"),
        Runs(eval, f"open({str(trace)!r}, 'w')"),
        Runs(Path, "x"),
    ):
        state = pickle.dumps({"world": hostile})
        with pytest.raises(SaveError, match=r"no save of a world holds|damaged"):
            loads(packed([("runtime.engine.save", "Save")], state))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("runtime.host", "Host"),
        ("runtime.engine.journal", "Journal"),
        ("runtime.engine.server", "Log"),
        ("runtime.engine.game", "Game"),
        ("runtime.engine.lua.sandbox", "Sandbox"),
        ("runtime.engine.nowhere", "World"),
        ("runtime.engine.save", "pickle"),
    ],
)
def test_a_save_names_nothing_that_reaches_beyond_a_world(module: str, name: str) -> None:
    with pytest.raises(SaveError):
        loads(packed([(module, name)], pickle.dumps({})))


def test_a_save_without_a_world_is_refused() -> None:
    for state in ({}, {"world": None}, {"world": 7}, {"world": [1]}):
        with pytest.raises(SaveError):
            loads(packed([("runtime.engine.save", "Save")], pickle.dumps(state)))
    with pytest.raises(SaveError, match="no world"):
        loads(packed([("runtime.engine.world", "World")], pickle.dumps({})))
    with pytest.raises(SaveError):
        loads(packed([]))


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saves, "MOST_BYTES", 1 << 20)
    with pytest.raises(SaveError, match="more than 1 MB"):
        loads(MAGIC + zlib.compress(b"[]\n" + bytes(8 << 20)))


def test_a_save_of_another_format_says_so() -> None:
    with pytest.raises(
        SaveError, match="its save has format 3, of another version of this program; this one reads format"
    ):
        loads(b"factorio-embedded save 3\n" + zlib.compress(b"[]\n"))
    for none in (b"factorio-embedded save x\n", b"factorio-embedded save ", b"save 3\n"):
        with pytest.raises(SaveError, match="not a save of"):
            loads(none)
