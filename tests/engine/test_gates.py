"""Walls that join, and gates that open for who may pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.engine.entity import Entity
from runtime.engine.game import Game
from tests.engine.test_combat import lua, new_game, put, run


@pytest.fixture
def game() -> Iterator[Game]:
    """A wall from north to south at x = 5 with a gate in it at y = 0, and a character `c` at the origin."""
    made = new_game()
    for y in range(-3, 4):
        put(made, "gate" if y == 0 else "stone-wall", 5.5, y + 0.5)
        if y == 0:
            made.command("/sc g = e")
    put(made, "character", 0, 0.5)
    made.command("/sc c = e")
    yield made
    made.close()


def stage(game: Game) -> list[bool]:
    """Closed, opening, opened, closing."""
    found = lua(game, "{g.is_closed(), g.is_opening(), g.is_opened(), g.is_closing()}")
    assert sum(found) == 1
    return [bool(x) for x in found]


CLOSED, OPENING, OPENED, CLOSING = ([n == m for m in range(4)] for n in range(4))


def walk(game: Game, direction: str | None) -> None:
    state = f"walking = true, direction = defines.direction.{direction}" if direction else "walking = false"
    game.command(f"/sc c.walking_state = {{{state}}}")


def test_opens_in_time_for_who_walks_up_and_closes_behind(game: Game) -> None:
    assert stage(game) == CLOSED
    walk(game, "east")
    run(game, 200)  # hardly stopped: 0.15 tiles a tick, and more on this ground
    assert lua(game, "c.position.x") == pytest.approx(41.6, abs=0.5)
    assert stage(game) == CLOSED


def test_opening_takes_15_ticks_and_closing_after_5_as_long(game: Game) -> None:
    game.command("/sc c.teleport({3, 0.5})")
    run(game, 2)
    assert stage(game) == OPENING
    run(game, 14)
    assert stage(game) == OPENED
    run(game, 1000)
    assert stage(game) == OPENED
    assert game.world.next_event_tick() is None  # nothing polls
    game.command("/sc c.teleport({-20, 0.5})")
    run(game, 5)
    assert stage(game) == OPENED
    run(game, 2)
    assert stage(game) == CLOSING
    game.command("/sc c.teleport({3, 0.5})")
    run(game, 8)
    assert stage(game) == OPENED  # it had only begun
    game.command("/sc c.teleport({-20, 0.5})")
    run(game, 25)
    assert stage(game) == CLOSED


def test_walls_and_closed_gates_stop_a_walker(game: Game) -> None:
    game.command("/sc g.force = 'enemy'")
    walk(game, "east")
    run(game, 300)
    assert stage(game) == CLOSED
    assert 4.5 < lua(game, "c.position.x") < 5.1
    game.command("/sc game.forces.enemy.set_friend('player', true) c.teleport({4, 0.5})")
    run(game, 100)
    assert lua(game, "c.position.x") > 7


def test_scripts_ask_for_it(game: Game) -> None:
    game.command("/sc g.request_to_open('player', 60)")
    run(game, 17)
    assert stage(game) == OPENED
    run(game, 50)
    assert stage(game) == OPENED
    run(game, 40)
    assert stage(game) == CLOSED
    game.command("/sc g.request_to_open('player', 1000)")
    run(game, 100)
    game.command("/sc g.request_to_close('player')")
    run(game, 40)
    assert stage(game) == CLOSED
    game.command("/sc g.request_to_open('enemy', 100)")
    run(game, 20)
    assert stage(game) == CLOSED
    assert "gates" in game.command("/sc c.is_opened()")


def test_a_path_leads_through_a_gate_of_ones_own(game: Game) -> None:
    for y in (-3, 3):
        for x in range(4, 8):
            if x != 5:
                put(game, "stone-wall", x + 0.5, y + 0.5)
    for x in (7,):
        for y in range(-2, 3):
            put(game, "stone-wall", x + 0.5, y + 0.5)
    request = """/sc script.on_event(defines.events.on_script_path_request_finished, function(event)
            found = event.path and #event.path or 0 end)
        s.request_path{{start = {{0.5, 0.5}}, goal = {{6.5, 0.5}}, radius = 0.1, force = 'player', can_open_gates = {yes},
            bounding_box = {{{{-0.2, -0.2}}, {{0.2, 0.2}}}}, collision_mask = {{layers = {{player = true, object = true}}}}}}"""
    for yes, found in (("true", 7), ("false", 0)):
        game.command(request.format(yes=yes))
        run(game, 2)
        assert lua(game, "found") == found


def test_neighbours_by_side(game: Game) -> None:
    assert lua(game, "g.direction") == 0
    assert lua(game, "g.neighbours.north.name") == "stone-wall"
    assert lua(game, "g.neighbours.south.position") == {"x": 5.5, "y": 1.5}
    assert lua(game, "g.neighbours.east == nil") is True
    put(game, "stone-wall", 6.5, 0.5)
    assert lua(game, "g.neighbours.east == nil") is True
    assert lua(game, "e.neighbours.west == nil") is True
    game.command("/sc g.rotate()")
    assert lua(game, "g.direction") == 4
    assert lua(game, "g.neighbours.east == e and e.neighbours.west == g") is True
    assert lua(game, "g.neighbours.north == nil") is True
    game.command("/sc g.rotate()")
    assert lua(game, "g.direction") == 0
    put(game, "stone-wall", 10.5, 0.5)
    assert lua(game, "table_size(e.neighbours)") == 0


def test_a_gate_goes_over_a_wall(game: Game) -> None:
    answer = lua(
        game,
        "s.create_entity{name = 'gate', position = {5.5, 2.5}, force = 'player', direction = 4, fast_replace = true}.direction",
    )
    assert answer == 4
    names = [e.name for e in game.world.surface.at(5.5, 2.5)]
    assert names == ["gate"]


def test_nobody_is_left_looking_out(game: Game) -> None:
    gate: Entity = next(iter(game.world.surface.by_name["gate"].values()))
    assert game.world.surface.lookouts
    game.command("/sc g.teleport({100.5, 100.5})")
    assert all(gate.unit_number in there for there in game.world.surface.lookouts.values())
    assert (gate.x, gate.y) == (100.5, 100.5)
    game.command("/sc e = s.find_entities_filtered{name = 'gate'}[1] e.destroy()")
    assert not game.world.surface.lookouts
