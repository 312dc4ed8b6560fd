"""The fleet's tools: worlds come and go, and so do their agents; see `mcp_servers.tool` for how methods become tools."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp_types import ResourceLink
from pydantic import BaseModel, WithJsonSchema

from mcp_servers.arguments import Speed, Text
from mcp_servers.tool import acts, looks
from runtime.managed_world import ManagedWorld
from runtime.names import nearest
from runtime.supervisor import FleetError, Supervisor
from runtime.world_life import AgentStatus

Scenario = Literal["default_lab_scenario", "open_world"]
Agent = Literal["claude", "scripted"]
Leaders = Callable[[], dict[str, list[dict[str, Any]]]]
"""What `GET /api/leaderboard` answers."""
Rows = Annotated[list[dict[str, Any]], WithJsonSchema({"type": "array", "items": {"type": "object"}})]


@dataclass(frozen=True)
class Address:
    """Where this call came in: `http://host:port`, to be told in answers; and what else is to be sent.

    pictures: images, and what they are. links: what can be fetched.
    """

    base: str
    pictures: list[tuple[bytes, str]] = field(default_factory=list)
    links: list[ResourceLink] = field(default_factory=list)

    def mcp(self, world: str) -> str:
        """A world's own MCP server."""
        return f"{self.base}/worlds/{world}/mcp"

    def save(self, world: str) -> str:
        """Where a save of a world is downloaded."""
        return f"{self.base}/api/worlds/{world}/save"


class World(BaseModel):
    """A world in one row. agent: who plays it; holder: who has claimed it; url: its own MCP server."""

    name: str
    status: str
    agent: str
    activity: str
    holder: str | None = None
    score: float
    automated_score: float
    tick: int
    speed: float
    url: str


class Changed(BaseModel):
    """What became of a world."""

    name: str
    status: str
    agent: str
    url: str


class Worlds(BaseModel):
    """All worlds."""

    worlds: Annotated[list[World], WithJsonSchema({"type": "array", "items": {"type": "object"}})]


class Done(BaseModel):
    """What was done, in a sentence."""

    done: str


class Saved(BaseModel):
    """Where a save is downloaded; tick: the world's, now."""

    url: str
    tick: int


class TakenOver(BaseModel):
    """Who plays now. token: what acting tools of the world want; url: where they are."""

    token: str
    url: str
    paused: bool


class Leaderboard(BaseModel):
    """live: the runs that are played now; all_time: all of an agent and a model together. The best first."""

    live: Rows
    all_time: Rows


class FleetTools:
    """What the fleet's server does. Methods raise FleetError, WorldUnavailable or ValueError with a sentence."""

    def __init__(self, fleet: Supervisor, leaders: Leaders, speed: float) -> None:
        self._fleet = fleet
        self._leaders = leaders
        self._speed = speed

    @looks
    def list_worlds(self, call: Address) -> Worlds:
        """All worlds: how they are, who plays them, what they scored.

        Example: list_worlds()
        """
        return Worlds(worlds=[_row(world, call) for world in list(self._fleet.worlds.values())])

    @acts()
    def create_world(
        self,
        call: Address,
        name: Text,
        scenario: Scenario = "default_lab_scenario",
        speed: Speed | None = None,
        agent: Agent | Literal["none"] = "none",
        save: str | None = None,
    ) -> Changed:
        """Make a world; with save (base64 of a save file) it is that save's. Large ones: POST /api/worlds?name=NAME.

        Example: create_world(name="islands", scenario="open_world", agent="claude")
        """
        with _decoded(save) as path:
            world = self._fleet.create(
                name, scenario=scenario, speed=speed or self._speed, save=path, agent=agent
            )
        return _changed(world, call)

    @acts()
    def copy_world(self, call: Address, name: Text, new_name: Text) -> Changed:
        """Make a world like another, from a save taken now; nobody plays it.

        Example: copy_world(name="world-1", new_name="what-if")
        """
        return _changed(self._fleet.copy(self.find(name).name, new_name), call)

    @acts(destroys=True)
    def reset_world(self, call: Address, name: Text) -> Changed:
        """Begin a world anew; what stands in it is gone. A stopped one stays stopped, a failed one is started.

        Example: reset_world(name="world-1")
        """
        return _changed(self._fleet.reset(self.find(name).name), call)

    @acts(idempotent=True)
    def stop_world(self, call: Address, name: Text) -> Changed:
        """Stop a world and its agent; it is kept as it is.

        Example: stop_world(name="world-1")
        """
        return _changed(self._fleet.stop_world(self.find(name).name), call)

    @acts(idempotent=True)
    def start_world(self, call: Address, name: Text) -> Changed:
        """Start a stopped world where it was.

        Example: start_world(name="world-1")
        """
        return _changed(self._fleet.start_world(self.find(name).name), call)

    @acts(destroys=True)
    def remove_world(self, call: Address, name: Text) -> Done:
        """Remove a world and all that is kept of it; its scores stay.

        Example: remove_world(name="what-if")
        """
        self._fleet.remove(self.find(name).name)
        return Done(done=f"{name} is removed.")

    @looks
    def save_world(self, call: Address, name: Text) -> Saved:
        """Where to download (GET) a save of a world; it is taken at that moment.

        Example: save_world(name="world-1")
        """
        world = self.find(name)
        return Saved(url=call.save(world.name), tick=world.score().tick)

    @acts()
    def start_agent(self, call: Address, name: Text, agent: Agent) -> Changed:
        """Have an agent play a world.

        Example: start_agent(name="world-1", agent="claude")
        """
        return _changed(self._fleet.start_agent(self.find(name).name, agent), call)

    @acts(idempotent=True)
    def pause_agent(self, call: Address, name: Text) -> Changed:
        """Have a world's agent wait, until resume_agent.

        Example: pause_agent(name="world-1")
        """
        return _changed(self._fleet.pause_agent(self.find(name).name), call)

    @acts(idempotent=True)
    def resume_agent(self, call: Address, name: Text) -> Changed:
        """Have a paused agent go on.

        Example: resume_agent(name="world-1")
        """
        return _changed(self._fleet.resume_agent(self.find(name).name), call)

    @acts(idempotent=True)
    def stop_agent(self, call: Address, name: Text) -> Changed:
        """End a world's agent; the world goes on without.

        Example: stop_agent(name="world-1")
        """
        return _changed(self._fleet.stop_agent(self.find(name).name), call)

    @acts()
    def tell_agent(self, call: Address, name: Text, text: Text, sender: Text = "a person") -> Done:
        """Tell a world's agent, or whoever plays it, something; they read it with their next result.

        Example: tell_agent(name="world-1", text="Build more labs.")
        """
        world = self.find(name)
        world.tell(sender, text)
        agent = world.summary().agent
        who = (
            f"{agent} reads it"
            if world.agent_status is AgentStatus.PLAYING
            else "Whoever plays next reads it"
        )
        return Done(done=f"{who} with the next result.")

    @acts()
    def take_over(self, call: Address, name: Text, player: Text = "a person") -> TakenOver:
        """Play a world yourself: its agent waits, and token is yours to act with, until give_back (or 10 idle minutes).

        Example: take_over(name="world-1", player="Ada")
        """
        world = self.find(name)
        paused = world.agent_status is not AgentStatus.NONE
        return TakenOver(token=world.take_over(player), url=call.mcp(world.name), paused=paused)

    @acts()
    def give_back(self, call: Address, name: Text, token: Text) -> Changed:
        """Release a world that you took over; its agent goes on.

        Example: give_back(name="world-1", token="…")
        """
        world = self.find(name)
        world.claims.release(token)
        return _changed(self._fleet.resume_agent(world.name), call)

    @looks
    def leaderboard(self, call: Address) -> Leaderboard:
        """Who gained most: runs played now, and agents of all time.

        Example: leaderboard()
        """
        return Leaderboard.model_validate(self._leaders())

    def find(self, name: str) -> ManagedWorld:
        """The world of that name. Raises FleetError, with the nearest names."""
        world = self._fleet.worlds.get(name)
        if world is None:
            near = nearest(name, list(self._fleet.worlds))
            hint = f"The nearest: {', '.join(near)}." if near else "list_worlds tells which there are."
            raise FleetError(f"There is no world {name[:60]!r}. {hint}")
        return world


def _changed(world: ManagedWorld, call: Address) -> Changed:
    summary = world.summary()
    return Changed(name=summary.name, status=summary.status, agent=summary.agent, url=call.mcp(summary.name))


def _row(world: ManagedWorld, call: Address) -> World:
    summary = world.summary()
    return World(
        name=summary.name,
        status=summary.status,
        agent=summary.agent,
        activity=summary.activity,
        holder=world.claims.holder,
        score=round(summary.score),
        automated_score=round(summary.automated_score),
        tick=summary.tick,
        speed=summary.speed,
        url=call.mcp(summary.name),
    )


@contextmanager
def _decoded(save: str | None) -> Iterator[Path | None]:
    """A file with the bytes of a save, for as long as the block runs."""
    if save is None:
        yield None
        return
    try:
        content = base64.b64decode(save, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FleetError(f"save is no base64 ({error}): encode the bytes of a save file.") from error
    descriptor, name = tempfile.mkstemp(suffix=".save")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
