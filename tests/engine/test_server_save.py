"""Saves that a console or a script asks for by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.engine.game import Game

Make = Callable[..., Game]


@pytest.fixture
def make() -> Iterator[Make]:
    games: list[Game] = []

    def start(data: Path | None = None, save: Path | None = None) -> Game:
        game = Game(None, None, data, save, lambda line: None)
        game.command("/sc game.tick_paused = true")
        games.append(game)
        return game

    yield start
    for game in games:
        game.close()


def test_the_console_saves_at_once_under_a_name(make: Make, tmp_path: Path) -> None:
    game = make(tmp_path / "data")
    game.command("/sc storage.mark = 7")
    before, journal = game.state_hash(), (tmp_path / "data" / "1.journal").read_bytes()
    assert game.command("/server-save before-oil") == "Saved before-oil.save.\n"
    assert game.state_hash() == before
    assert (tmp_path / "data" / "1.journal").read_bytes() == journal, "saving is no part of a world's history"
    again = make(save=tmp_path / "data" / "saves" / "before-oil.save")
    assert again.state_hash() == before
    assert again.command("/sc rcon.print(storage.mark)") == "7\n"


def test_a_script_saves_when_its_command_is_done(make: Make, tmp_path: Path) -> None:
    game = make(tmp_path / "data")
    game.command("/sc storage.mark = 1 game.server_save('mine') storage.mark = 2")
    again = make(save=tmp_path / "data" / "saves" / "mine.save")
    assert again.command("/sc rcon.print(storage.mark)") == "2\n"


def test_what_a_journal_plays_again_saves_nothing(make: Make, tmp_path: Path) -> None:
    game = make(tmp_path / "data")
    game.command("/sc game.server_save('mine') storage.f = function() end")
    (tmp_path / "data" / "saves" / "mine.save").unlink()
    game._journal = None  # as if its process had been killed
    again = make(tmp_path / "data")
    again.advance(0.1)
    assert not list((tmp_path / "data" / "saves").iterdir())


@pytest.mark.parametrize("name", ["..", "../x", "/tmp/x", "a/b", "a.b", "x" * 101, "a b"])
def test_names_that_are_paths_are_refused(make: Make, tmp_path: Path, name: str) -> None:
    game = make(tmp_path / "data")
    assert "is named by" in game.command(f"/server-save {name}")
    game.command(f"/sc game.server_save('{name}')")
    assert not list(tmp_path.rglob("saves/*"))
    assert not (tmp_path / "x.save").exists()


def test_without_a_data_folder_there_is_nowhere_to_save(make: Make) -> None:
    assert "--data" in make().command("/server-save x")
    assert make().command("/server-save") == "Saving the map.\n"
