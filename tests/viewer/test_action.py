"""Where the shared camera looks."""

from __future__ import annotations

from runtime.world_eyes import Square, WorldEyes
from runtime.world_process import WorldProcess
from viewer.action import BUILT_SECONDS, QUIET_SECONDS, Action

BUILD = (
    "/silent-command rcon.print(game.surfaces[1].create_entity"
    "{{name = '{}', position = {{{}, {}}}, force = 'player'}}.unit_number)"
)


def square(column: int, row: int, buildings: int, newest: int = 1) -> Square:
    """Buildings in the middle of a square."""
    x, y = column * 16 + 8.0, row * 16 + 8.0
    return Square(column, row, buildings, buildings * x, buildings * y, buildings, newest, x + 1, y + 1)


def test_it_goes_to_what_changes_most_then_to_who_walks_then_to_the_factory() -> None:
    action = Action()
    factory = [square(0, 0, 9, 9), square(5, 5, 1, 3)]
    assert action.see((100, 0), factory, 0) == (8, 8)
    assert action.see((100.5, 0), factory, 1) == (8, 8)
    assert action.see((103, 0), factory, 2) == (103, 0)
    assert action.follows_player
    # Built in two places: where most is, and if the newest is there, to that.
    built = [square(0, 0, 9, 9), square(5, 5, 4, 12), square(-7, 2, 1, 13)]
    assert action.see((106, 0), built, 4) == (88, 88)
    assert not action.follows_player
    assert action.see((109, 0), built, 4 + BUILT_SECONDS / 2) == (88, 88)
    assert action.see((112, 0), built, 4 + BUILT_SECONDS) == (112, 0)
    newer = [*built, square(-7, 3, 2, 15)]
    assert action.see((115, 0), newer, 10) == (-103, 57)
    # Taken away, and replaced.
    assert action.see((115, 0), newer[1:], 20) == (8, 8)
    assert action.see((115, 0), [square(5, 5, 4, 16), *newer[2:]], 30) == (89, 89)
    still = [square(5, 5, 4, 16), *newer[2:]]
    assert action.see((115, 0), still, 29 + QUIET_SECONDS) == (89, 89)
    assert action.see((115, 0), still, 30 + QUIET_SECONDS) == (88, 88)


def test_without_a_factory_it_is_at_the_player_and_without_one_in_the_middle() -> None:
    assert Action().see((3, 4), [], 0) == (3, 4)
    assert Action().see(None, [], 0) == (0, 0)


def test_a_world_tells_of_its_newest_building_wherever_it_is(shared_world: WorldProcess) -> None:
    client = shared_world.client(10)
    eyes, action = WorldEyes(shared_world.client(10)), Action()
    action.see(None, eyes.squares(), 0)
    for name, x, y in (("stone-furnace", 300, 40), ("transport-belt", 360.5, -40.5)):
        number = int(client.command(BUILD.format(name, x, y)))
        squares = eyes.squares()
        assert max(one.newest for one in squares) == number
        assert action.see(None, squares, number) == (x, y)
    assert sum(one.machines for one in squares) < sum(one.buildings for one in squares)
