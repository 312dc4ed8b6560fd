"""Building: the grid, what stands in the way, turning and replacing."""

from __future__ import annotations

import pytest

from runtime.engine.entity import Entity
from runtime.engine.placing import can_place, place, snapped
from runtime.engine.prototypes import load
from runtime.engine.world import World


def new_world(water_from: int | None = None) -> World:
    def tile(x: int, y: int) -> str:
        return "water" if water_from is not None and x >= water_from else "lab-dark-1"

    return World(tile_at=tile, seed=1)


def allowed(world: World, name: str, x: float, y: float, direction: int = 0, manual: bool = True) -> bool:
    proto = load().entity[name]
    return can_place(
        world, proto, *snapped(proto, x, y, direction), direction, world.forces["player"], manual
    )


def put(world: World, name: str, x: float, y: float, direction: int = 0, fast: bool = False) -> Entity | None:
    proto = load().entity[name]
    x, y = snapped(proto, x, y, direction)
    return place(world, proto, x, y, direction, world.forces["player"], fast, {})


@pytest.mark.parametrize(
    ("name", "direction", "expected"),
    [("wooden-chest", 0, (3.5, 7.5)), ("stone-furnace", 0, (3.0, 8.0)), ("electric-mining-drill", 0, (3.5, 7.5)),
     ("splitter", 0, (3.0, 7.5)), ("splitter", 4, (3.5, 8.0)), ("boiler", 0, (3.5, 8.0)), ("boiler", 4, (3.0, 7.5))],
)  # fmt: skip
def test_snapping(name: str, direction: int, expected: tuple[float, float]) -> None:
    assert snapped(load().entity[name], 3.3, 7.6, direction) == expected


def test_buildings_do_not_overlap() -> None:
    world = new_world()
    assert put(world, "stone-furnace", 0, 0) is not None
    assert not allowed(world, "wooden-chest", 0.5, 0.5)
    assert put(world, "wooden-chest", 0.5, 0.5) is None
    assert allowed(world, "wooden-chest", 1.5, 0.5)
    assert put(world, "stone-furnace", 2, 0) is not None


def test_water_and_shore() -> None:
    world = new_world(water_from=10)
    assert not allowed(world, "stone-furnace", 12, 0)
    assert allowed(world, "stone-furnace", 9, 0)
    assert not allowed(world, "stone-furnace", 10, 0)
    assert not allowed(world, "offshore-pump", 5.5, 0.5, 4)
    assert allowed(world, "offshore-pump", 9.5, 0.5, 4)
    assert not allowed(world, "offshore-pump", 9.5, 0.5, 12)
    assert not allowed(world, "offshore-pump", 10.5, 0.5, 4)
    # Scripts may build one anywhere; FLE asks so about pumps that face away from the water, and builds the others.
    assert allowed(world, "offshore-pump", 5.5, 0.5, 4, manual=False)


def test_a_pump_wants_three_by_two_tiles_of_water_ahead() -> None:
    world = new_world(water_from=10)
    for land in ((10, 1), (11, -1)):
        world.surface.set_tile(*land, "lab-dark-1")
        assert not allowed(world, "offshore-pump", 9.5, 0.5, 4)
        assert allowed(world, "offshore-pump", 9.5, 3.5, 4)
        world.surface.set_tile(*land, "water")
    world.surface.set_tile(12, 0, "lab-dark-1")
    assert allowed(world, "offshore-pump", 9.5, 0.5, 4)


def test_scripts_put_what_never_acts_over_buildings() -> None:
    world = new_world()
    assert put(world, "boiler", 0.5, 0) is not None
    assert put(world, "simple-entity-with-owner", 0.5, 0.5) is not None
    assert put(world, "wooden-chest", 0.5, 0.5) is None
    assert not allowed(world, "wooden-chest", 0.5, 0.5)


def test_a_hand_builds_drills_on_ore_only() -> None:
    world = new_world()
    assert not allowed(world, "burner-mining-drill", 0, 0)
    assert allowed(world, "burner-mining-drill", 0, 0, manual=False)
    world.create("coal", 0.5, 0.5, 0, world.forces["neutral"], amount=10)
    assert allowed(world, "burner-mining-drill", 0, 0)
    assert not allowed(world, "pumpjack", 0.5, 0.5)


def test_building_over_items_moves_them_aside() -> None:
    world = new_world()
    world.drop_pile(0.5, 0.5, "coal", 3)
    assert allowed(world, "wooden-chest", 0.5, 0.5)
    chest = put(world, "wooden-chest", 0.5, 0.5)
    assert chest is not None
    piles = list(world.surface.by_type["item-entity"].values())
    assert sum(p.count for p in piles) == 3  # type: ignore[attr-defined]
    overlapping = [
        p
        for p in piles
        if p.right > chest.left and p.left < chest.right and p.bottom > chest.top and p.top < chest.bottom
    ]
    assert overlapping == []


def test_fast_replace_keeps_contents() -> None:
    world = new_world()
    chest = put(world, "wooden-chest", 0.5, 0.5)
    assert chest is not None
    chest.insert("coal", 20)
    better = put(world, "iron-chest", 0.5, 0.5, fast=True)
    assert better is not None
    assert better.name == "iron-chest"
    assert better.inventories()[1].count("coal") == 20
    assert not chest.valid


def test_a_belt_over_a_belt_turns_it() -> None:
    world = new_world()
    belt = put(world, "transport-belt", 0.5, 0.5, 0)
    assert put(world, "transport-belt", 0.5, 0.5, 4, fast=True) is belt
    assert belt is not None
    assert belt.direction == 4


def test_turning_a_long_entity_turns_its_box() -> None:
    world = new_world()
    boiler = put(world, "boiler", 0, 0)
    assert boiler is not None
    wide = boiler.right - boiler.left
    boiler.rotate_to(4)
    assert boiler.bottom - boiler.top == pytest.approx(wide)
    assert boiler in world.surface.on_tile(int(boiler.x // 1), int(boiler.y // 1))


def test_fast_replace_needs_room_for_the_new_one() -> None:
    world = new_world()
    put(world, "stone-furnace", 0, 0)
    put(world, "wooden-chest", 1.5, 0.5)
    assert put(world, "steel-furnace", 0, 0, fast=True) is not None
    assert put(world, "electric-furnace", 0, 0, fast=True) is None
