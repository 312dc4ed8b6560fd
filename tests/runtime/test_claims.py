"""Who may act in a world."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.claims import LEASE_SECONDS, LONGEST_NAME, Claimed, Claims


class Clock:
    """Unix seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_an_unclaimed_world_is_anybodys(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claim.json")
    assert claims.holder is None
    claims.check(None)
    claims.check("any token")


def test_a_claimed_world_is_one_players_until_released(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claim.json")
    token = claims.claim("Ada")
    assert claims.holder == "Ada"
    claims.check(token)
    for wrong in (None, "", token + "x", "tökén"):
        with pytest.raises(Claimed, match="Ada plays this world"):
            claims.check(wrong)
        with pytest.raises(Claimed, match="Only Ada"):
            claims.release(wrong)
    with pytest.raises(Claimed, match="Ada plays this world"):
        claims.claim("Bob")
    claims.release(token)
    claims.check(None)
    assert claims.claim("Bob") != token


def test_a_claim_outlives_its_process_but_its_token_is_not_on_disk(tmp_path: Path) -> None:
    token = Claims(tmp_path / "claim.json").claim("Ada")
    assert token not in (tmp_path / "claim.json").read_text()
    later = Claims(tmp_path / "claim.json")
    assert later.holder == "Ada"
    later.check(token)


def test_who_does_not_act_loses_the_world(tmp_path: Path) -> None:
    clock = Clock()
    claims = Claims(tmp_path / "claim.json", clock)
    token = claims.claim("Ada")
    for _ in range(3):  # acting renews the lease, also for later processes
        clock.now += LEASE_SECONDS * 0.9
        claims.check(token)
    assert Claims(tmp_path / "claim.json", clock).holder == "Ada"
    clock.now += LEASE_SECONDS + 1
    assert claims.holder is None
    assert claims.claim("Bob") != token
    with pytest.raises(Claimed):
        claims.check(token)


def test_taking_over_makes_the_earlier_token_worth_nothing(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claim.json")
    agents = claims.claim("claude")
    mine = claims.take_over("Ada")
    with pytest.raises(Claimed):
        claims.check(agents)
    claims.check(mine)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * (LONGEST_NAME + 1)])
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    claims = Claims(tmp_path / "claim.json")
    with pytest.raises(Claimed, match="name"):
        claims.claim(name)
    with pytest.raises(Claimed, match="name"):
        claims.take_over(name)
    assert claims.holder is None


def test_a_damaged_file_is_no_claim(tmp_path: Path) -> None:
    (tmp_path / "claim.json").write_text("{")
    assert Claims(tmp_path / "claim.json").holder is None


def test_the_claim_of_a_player_who_is_gone_is_dropped(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claim.json")
    claims.claim("Claude")
    claims.drop("Ada")
    assert claims.holder == "Claude"
    claims.drop("claude")
    assert Claims(tmp_path / "claim.json").holder is None
