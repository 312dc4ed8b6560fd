from __future__ import annotations

import marshal
from functools import partial
from pathlib import Path

import pytest

from runtime.engine.cache import cached
from runtime.engine.defines import Direction, entity_status, inventory, load_defines


def test_the_whole_tree_is_plain_data() -> None:
    tree = load_defines()
    assert len(tree["direction"]) == 16
    assert isinstance(tree["events"]["on_script_path_request_finished"], int)
    assert tree["prototypes"]["achievement"]["achievement"] == 0
    assert marshal.loads(marshal.dumps(tree)) == tree


def test_directions_are_the_games_own() -> None:
    names = load_defines()["direction"]
    assert names["north"] == Direction.NORTH
    assert names["east"] == Direction.EAST
    assert names["south"] == Direction.SOUTH
    assert names["west"] == Direction.WEST


def test_groups_that_the_engine_uses() -> None:
    assert entity_status()["working"] == load_defines()["entity_status"]["working"]
    assert {"chest", "fuel", "character_main"} <= inventory().keys()


def test_cached_data_is_made_once_for_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[str] = []

    def make(version: str) -> dict[str, list[float]]:
        made.append(version)
        return {version: [1, 2.5]}

    for version in ("1", "1", "2", "1"):
        assert cached("thing", version, partial(make, version)) == {version: [1, 2.5]}
    assert made == ["1", "2"]


def test_a_damaged_file_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cached("thing", "1", lambda: [1])
    [file] = (tmp_path / "claudetorio").iterdir()
    for damage in (b"", b"[", file.read_bytes()[:-1]):
        file.write_bytes(damage)
        assert cached("thing", "1", lambda: [2]) == [2]
        assert cached("thing", "1", lambda: [3]) == [2]


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cached("thing", "1", lambda: [1]) == [1]
    assert cached("thing", "1", lambda: [2]) == [2]
