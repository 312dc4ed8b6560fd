"""Labs hand packs on: inserters carry them from lab to lab, and to nothing else."""

from __future__ import annotations

from tests.engine.test_belts import build
from tests.engine.test_electricity import powered

EAST_TO_WEST = 4  # an inserter faces what it picks from
RED = "automation-science-pack"


def test_inserters_hand_packs_from_lab_to_lab_up_to_what_the_next_one_needs() -> None:
    world = powered(6)
    first, second = build(world, "lab", 6.5, 4.5), build(world, "lab", 2.5, 4.5)
    build(world, "inserter", 4.5, 4.5, EAST_TO_WEST)
    first.insert(RED, 10)
    world.advance(600)
    assert [sum(lab.inventories()[2].contents().values()) for lab in (first, second)] == [8, 2]


def test_inserters_leave_packs_in_a_lab_for_all_else() -> None:
    world = powered(6)
    lab, chest = build(world, "lab", 6.5, 4.5), build(world, "iron-chest", 3.5, 4.5)
    build(world, "inserter", 4.5, 4.5, EAST_TO_WEST)
    lab.insert(RED, 10)
    world.advance(600)
    assert lab.inventories()[2].contents() == {RED: 10}
    assert not chest.inventories()[1].contents()
