"""What Claude's tokens cost, in dollars per million."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.settings import ClaudeSettings
from harness.usage import Usage

MILLION = 1_000_000
LONG_PROMPT_TOKENS = 100_000


class UnknownPrice(ValueError):
    """Nobody knows what a model costs; the message says which settings would tell."""


@dataclass(frozen=True)
class Prices:
    """Dollars per million tokens. `long` multiplies all of them for prompts above LONG_PROMPT_TOKENS."""

    input: float
    output: float
    cached: float
    written: float
    long: float = 1.0

    def dollars(self, usage: Usage) -> float:
        """What a request cost."""
        prompt = usage.tokens - usage.output_tokens
        sum_ = (
            usage.input_tokens * self.input
            + usage.cached_tokens * self.cached
            + usage.written_tokens * self.written
            + usage.output_tokens * self.output
        )
        return sum_ / MILLION * (self.long if prompt > LONG_PROMPT_TOKENS else 1)


def _model(input_: float, output: float, cached_part: float = 0.1, long: float = 1.0) -> Prices:
    return Prices(input_, output, input_ * cached_part, input_ * 1.25, long)


MODELS = {
    "claude-fable-5": _model(10, 50),
    "claude-fable-5-1": _model(10, 50, 0.025),
    "claude-mythos-5": _model(10, 50),
    "claude-mythos-5-1": _model(10, 50, 0.025),
    "claude-opus-4": _model(5, 25),
    "claude-opus-5": _model(5, 25),
    "claude-opus-5-5": _model(4, 20, 0.05),
    "claude-sonnet-4": _model(3, 15),
    "claude-sonnet-5": _model(2, 10),
    "claude-sonnet-5-5": _model(2, 10, 0.05),
    "claude-haiku-4": _model(1, 5),
    "claude-haiku-5-5": _model(0.1, 0.5, 0.1, long=5),
}
"""By the beginning of the model's name, the longest that fits: platform.claude.com, pricing, autumn 2026."""


def prices(settings: ClaudeSettings) -> Prices:
    """The prices of the model that plays: the settings', and the table's for those left out.

    Raises:
        UnknownPrice: the model is not in the table, and a setting is left out.
    """
    given = {
        name: price
        for name in ("input", "output", "cached", "written")
        if (price := getattr(settings, f"price_{name}")) is not None
    }
    known = max((name for name in MODELS if settings.model.startswith(name)), key=len, default=None)
    if known is not None:
        return replace(MODELS[known], **given)
    missing = sorted({"input", "output", "cached", "written"} - set(given))
    if missing:
        names = ", ".join(f"CLAUDETORIO_PRICE_{name.upper()}" for name in missing)
        raise UnknownPrice(
            f"what {settings.model} costs is not known here: set {names}, in dollars per million tokens"
        )
    return Prices(**given)
