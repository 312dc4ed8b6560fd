"""What `claudetorio up` and Claude's player can be told, by options or by environment variables named CLAUDETORIO_*."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NotRequired

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import TypedDict

Agent = Literal["auto", "scripted", "claude", "none"]


class ClaudeSettings(BaseSettings):
    """How Claude plays, and what it may spend on each world; 0 is no limit."""

    model_config = SettingsConfigDict(env_prefix="CLAUDETORIO_", extra="ignore")

    model: str = "claude-opus-5-5"
    """Which Claude, by the name that its API has for it."""
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    """How hard it tries; the model's own default when left out."""
    thinking: bool = True
    """Whether it thinks before it answers; models that can't are older than 4.6."""
    tools: Literal["program", "full"] = "program"
    """Which of the world's tools it has: a handful for programs, or FLE's too."""
    budget_dollars: float = Field(default=10, ge=0)
    """What a run may cost; looked at before each step, so the last one may go beyond."""
    budget_tokens: int = Field(default=0, ge=0)
    """How many tokens it may take, all kinds together."""
    budget_steps: int = Field(default=0, ge=0)
    """How many replies it may take."""
    price_input: float | None = Field(default=None, ge=0)
    """Dollars per million tokens; those of the model (`harness.prices`) when left out."""
    price_output: float | None = Field(default=None, ge=0)
    """The same for what Claude says."""
    price_cached: float | None = Field(default=None, ge=0)
    """The same for input that is read from the prompt cache."""
    price_written: float | None = Field(default=None, ge=0)
    """The same for input that is written into it."""
    stream: bool = True
    """Whether replies come while they are said; not every proxy before the API can do that."""
    max_tokens: int = Field(default=16_000, ge=1)
    """The longest reply, thinking included."""
    clear_at: int = Field(default=60_000, ge=1_000)
    """When the conversation is longer than so many tokens, old results of tools are left out of it."""
    compact_at: int = Field(default=100_000, ge=50_000)
    """When it is longer than that, it is summarised."""


class IceServer(TypedDict):
    """A STUN or TURN server, as browsers write it."""

    urls: str | list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


class Settings(ClaudeSettings):
    """Settings of the fleet; an explicit argument wins over the environment, which wins over the default."""

    model_config = SettingsConfigDict(env_prefix="CLAUDETORIO_", extra="ignore")

    host: str = "127.0.0.1"
    """Address the gateway listens on."""
    port: int = Field(default=3000, ge=0, le=65535)
    """TCP port of the gateway; 0 takes a free one."""
    data: Path = Path("data")
    """Folder for the database, saves, journals and logs."""
    worlds: int = Field(default=2, ge=1, le=100)
    """How many worlds to run; they are named world-1, world-2, …"""
    agent: Agent = "auto"
    """Who plays: Claude, the built-in player (scripted), or nobody of ours (none); auto is Claude when there is a key."""
    speed: float = Field(default=10, ge=0.01, le=100)
    """Game seconds per second."""
    viewports: int = Field(default=4, ge=1, le=64)
    """How many worlds may be filmed at once."""
    viewport_drain_seconds: float = Field(default=30, ge=0)
    """How long a world is kept ready to be filmed after its last viewer."""
    ice_servers: list[IceServer] = Field(default_factory=list)
    """STUN and TURN servers for viewers elsewhere (JSON list of {"urls", "username", "credential"})."""
    allowed_hosts: list[str] = Field(default_factory=list)
    """Names besides loopback and `host` under which clients may reach the worlds' MCP servers (JSON list)."""

    @property
    def player(self) -> Literal["claude", "scripted", "none"]:
        """Who plays, now that it is known whether there is a key."""
        if self.agent == "auto":
            return "claude" if has_key() else "scripted"
        return self.agent

    @property
    def database_url(self) -> str:
        """Where scores are kept: DATABASE_URL, or SQLite in the data folder."""
        return os.environ.get("DATABASE_URL") or f"sqlite:///{self.data.resolve() / 'claudetorio.db'}"

    @property
    def world_names(self) -> list[str]:
        """The names of the worlds, which are part of their URLs."""
        return [f"world-{i + 1}" for i in range(self.worlds)]


def has_key() -> bool:
    """Whether Claude's API can be asked: the SDK reads the same variables."""
    return any(os.environ.get(name) for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"))


def explain(error: ValidationError) -> str:
    """The first thing wrong with some settings, as one sentence that names the option and its value."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"--{name} (or CLAUDETORIO_{name.upper()}) is {first['input']!r}: {first['msg'].lower()}."
