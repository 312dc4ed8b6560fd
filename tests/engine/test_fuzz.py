"""A short, seeded piece of `make fuzz`."""

from tests.fuzz.__main__ import one_round
from tests.fuzz.lua_calls import members


def test_every_member_is_there() -> None:
    assert len(members()) == 290


def test_a_world_survives_what_it_does_not_expect() -> None:
    assert one_round(seed=7, count=400, seconds=60) == []
