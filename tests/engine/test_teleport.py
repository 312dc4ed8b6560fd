"""Scripts that put buildings elsewhere."""

from __future__ import annotations

import pytest

from runtime.engine.game import Game


@pytest.fixture
def game() -> Game:
    made = Game("default_lab_scenario", 1, None, None, lambda line: None)
    made.command("""/sc s = game.surfaces[1]
      function put(n, x, y, d) return s.create_entity{name = n, position = {x, y}, direction = d, force = 'player'} end
    """)
    return made


def value(game: Game, expression: str) -> str:
    return game.command(f"/sc rcon.print(tostring({expression}))").strip()


def test_a_building_snaps_to_the_grid_and_works_where_it_comes_to_stand(game: Game) -> None:
    game.command("""/sc
      put('offshore-pump', -3.5, -52.5, 12)
      boiler = put('boiler', 0, -52.5, 4) boiler.insert('coal')
      boiler.direction = 8
      moved = boiler.teleport{0, -53}
      for _, q in pairs{{-2.5, -52.5}, {-1.5, -52.5}, {-1.5, -53.5}} do put('pipe', q[1], q[2]) end
    """)
    assert value(game, "moved") == "true"
    assert value(game, "boiler") == "[LuaEntity: boiler at (0.5, -53)]"
    assert value(game, "s.find_entity('boiler', {0.5, -53}) == boiler") == "true"
    game.world.advance(game.world.tick + 600)
    assert value(game, "boiler.fluidbox[1].name .. boiler.fluidbox[2].name") == "watersteam"


def test_a_tank_keeps_what_is_in_it_and_a_chest_is_found_by_its_inserter(game: Game) -> None:
    game.command("""/sc
      tank = put('storage-tank', 20.5, 40.5) tank.fluidbox[1] = {name = 'water', amount = 1000}
      tank.teleport{30.5, 40.5}
      chest = put('iron-chest', 40.5, 40.5) chest.insert{name = 'coal', count = 5}
      arm = put('burner-inserter', 45.5, 40.5, 12) arm.insert('coal')
      chest.teleport{44.5, 40.5}
    """)
    assert value(game, "tank.fluidbox[1].amount") == "1000"
    assert value(game, "arm.pickup_target == chest") == "true"


def test_belts_stay_where_they_are(game: Game) -> None:
    game.command("/sc belt = put('transport-belt', 20.5, 40.5, 4)")
    assert value(game, "belt.teleport{30.5, 40.5}") == "false"
    assert value(game, "belt") == "[LuaEntity: transport-belt at (20.5, 40.5)]"
