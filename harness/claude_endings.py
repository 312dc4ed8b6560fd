"""How a run of Claude's ends, as exceptions: each carries the words that end up in the transcript."""

from __future__ import annotations

from harness.settings import ClaudeSettings
from harness.usage import BUDGET, Usage


class Ended(Exception):
    """The run is over for good; the message is its outcome."""


class BudgetSpent(Ended):
    """A limit was reached."""

    def __init__(self, spent: str) -> None:
        super().__init__(f"{BUDGET}: {spent}")


class NothingUsable(Ended):
    """Reply after reply could not be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"failed: no reply could be used any more, the last because {reason}")


class Refused(Exception):
    """Claude's API won't have it, and asking again won't help: a person has to put something right."""


class Unlawful(Exception):
    """The API can't take this conversation, such as one that is too long."""


class WorldAway(Exception):
    """The world, or the way to it, is gone in the middle of a call."""


def check_budget(settings: ClaudeSettings, spent: Usage, steps: int) -> None:
    """Compare what a run has used with what it may. Raises BudgetSpent."""
    for limit, used, words in [
        (settings.budget_dollars, spent.dollars, "${used:.2f} of ${limit:.2f}"),
        (settings.budget_tokens, spent.tokens, "{used:,} of {limit:,} tokens"),
        (settings.budget_steps, steps, "{used} of {limit} steps"),
    ]:
        if limit and used >= limit:
            raise BudgetSpent(f"{words.format(used=used, limit=limit)} spent")
