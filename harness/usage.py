"""How many tokens something took, and what they cost."""

from __future__ import annotations

from pydantic import BaseModel

BUDGET = "budget"
"""With this begins the outcome of a run that goes on when it may spend more."""


class Usage(BaseModel):
    """What Claude's API counted and what that costs; the input is the sum of the first three."""

    input_tokens: int = 0
    """Read anew."""
    cached_tokens: int = 0
    """Read from the prompt cache."""
    written_tokens: int = 0
    """Read anew and written into the prompt cache."""
    output_tokens: int = 0
    dollars: float = 0.0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.cached_tokens + self.written_tokens + self.output_tokens

    @property
    def cached_share(self) -> float | None:
        """How much of the input came from the cache, 0 to 1; None without any."""
        given = self.tokens - self.output_tokens
        return round(self.cached_tokens / given, 4) if given else None

    def add(self, other: Usage) -> None:
        """Add what another counted."""
        for name in Usage.model_fields:
            setattr(self, name, getattr(self, name) + getattr(other, name))
