"""What `claudetorio up` can be told, by options or by environment variables named CLAUDETORIO_*."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Agent = Literal["auto", "scripted", "claude", "none"]


class Settings(BaseSettings):
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
    """Who plays: auto and scripted are the built-in player, none leaves the worlds to others."""
    speed: float = Field(default=10, ge=0.01, le=100)
    """Game seconds per second."""
    allowed_hosts: list[str] = Field(default_factory=list)
    """Names besides loopback and `host` under which clients may reach the worlds' MCP servers (JSON list)."""

    @property
    def database_url(self) -> str:
        """Where scores are kept: DATABASE_URL, or SQLite in the data folder."""
        return os.environ.get("DATABASE_URL") or f"sqlite:///{self.data.resolve() / 'claudetorio.db'}"

    @property
    def world_names(self) -> list[str]:
        """The names of the worlds, which are part of their URLs."""
        return [f"world-{i + 1}" for i in range(self.worlds)]


def explain(error: ValidationError) -> str:
    """The first thing wrong with some settings, as one sentence that names the option and its value."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"--{name} (or CLAUDETORIO_{name.upper()}) is {first['input']!r}: {first['msg'].lower()}."
