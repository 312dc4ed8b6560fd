"""Which machines that stop, or go on again, are news."""

from __future__ import annotations

from runtime.alerts import CLEAR_SECONDS, Alerts

ONE = "stone-furnace at (1, 2): no fuel"
TWO = "2 of stone-furnace, the first at (1, 2): no fuel"
OTHER = "lab at (8, 8): no power"


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stop_is_told_once_and_its_end_when_it_lasts() -> None:
    clock = Clock()
    alerts = Alerts(clock)
    assert alerts.news([ONE]) == [ONE]
    assert alerts.news([ONE, OTHER]) == [OTHER]
    clock.now += 1000
    assert alerts.news([ONE, OTHER]) == []
    # It flickers.
    for _ in range(5):
        clock.now += CLEAR_SECONDS / 2
        assert alerts.news([OTHER]) == []
        clock.now += CLEAR_SECONDS / 4
        assert alerts.news([ONE, OTHER]) == []
    clock.now += CLEAR_SECONDS + 1
    assert alerts.news([OTHER]) == ["stone-furnace: no fuel is over"]
    assert alerts.news([OTHER]) == []
    assert alerts.news([ONE, OTHER]) == [ONE]


def test_one_more_that_stops_is_news() -> None:
    clock = Clock()
    alerts = Alerts(clock)
    assert alerts.news([ONE]) == [ONE]
    assert alerts.news([TWO]) == [TWO]
    assert alerts.news([ONE]) == []
    assert alerts.news([TWO]) == []
    assert alerts.news([ONE]) == []
    clock.now += CLEAR_SECONDS + 1
    # Now one of them has been going for long: the next is news again.
    assert alerts.news([ONE]) == []
    assert alerts.news([TWO]) == [TWO]
