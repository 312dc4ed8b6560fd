"""What `since` tells a player that comes back: deaths, research, machines that stop, messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from mcp import Client

from evals.served_world import ServedWorld, Setup, served_world
from tests.mcp_servers.conftest import call

CARRIED = {"coal": 20, "iron-ore": 20, "stone-furnace": 2, "burner-mining-drill": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorld]:
    with served_world("news", tmp_path_factory.mktemp("news"), Setup(inventory=CARRIED, speed=20)) as world:
        yield world


def lua(world: ServedWorld, code: str) -> str:
    with world.process.client() as client:
        return client.command(f"/silent-command {code}").strip()


async def told(client: Client, since: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The change that is wanted, when it is there; observing looks for it."""
    with anyio.fail_after(20):
        while True:
            await call(client, "observe")
            changes = (await call(client, "score", since=since))["changes"]
            for change in changes:
                if wanted(change):
                    return dict(change)


async def test_a_death_is_told_and_the_player_goes_on(world: ServedWorld) -> None:
    async with Client(world.url) as client:
        await call(client, "run_program", code="kept = 'still here'")
        await call(client, "move_to", position={"x": 20, "y": 20})
        known = (await call(client, "observe"))["cursor"]
        assert lua(world, "rcon.print(tostring(storage.agent_characters[1].die()))") == "true"
        death = await told(client, known, lambda change: change["kind"] == "death")
        assert "died" in death["text"]
        # It begins again with empty hands; what was built stays, and so do a program's variables.
        there = (await call(client, "move_to", position={"x": 5, "y": 5}))["result"]
        assert abs(there["x"] - 5) + abs(there["y"] - 5) < 3
        seen = await call(client, "observe")
        assert seen["position"] == [there["x"], there["y"]]
        assert seen["inventory"] == {}
        await call(client, "move_to", position=(await call(client, "nearest", type="coal"))["result"])
        coal = (await call(client, "nearest", type="coal"))["result"]
        assert (await call(client, "harvest_resource", position=coal, quantity=3))["result"] == 3
        again = await call(client, "run_program", code="print(kept, inspect_inventory()[Prototype.Coal])")
        assert again["output"] == "still here 3\n", again
        lua(world, "for name, count in pairs({coal = 20, ['iron-ore'] = 20, ['stone-furnace'] = 2, "
                   "['burner-mining-drill'] = 1}) do "
                   "storage.agent_characters[1].insert{name = name, count = count} end")  # fmt: skip


async def test_research_that_is_done_is_told(world: ServedWorld) -> None:
    async with Client(world.url) as client:
        known = (await call(client, "set_research", technology="automation"))["cursor"]
        lua(world, "game.forces.player.research_progress = 1")
        lua(world, "game.forces.player.technologies['automation'].researched = true")
        done = await told(client, known, lambda change: change["kind"] == "research")
        assert done["text"] == "automation is researched"


async def test_a_machine_that_stops_is_told_and_observe_says_where(world: ServedWorld) -> None:
    async with Client(world.url) as client:
        coal = (await call(client, "nearest", type="coal"))["result"]
        await call(client, "move_to", position=coal)
        place = (await call(client, "place_entity", entity="stone-furnace", position=coal, exact=False))[
            "result"
        ]["position"]
        await call(client, "insert_item", entity="coal", target=place, quantity=1)
        await call(client, "insert_item", entity="iron-ore", target=place, quantity=20)
        known = (await call(client, "observe"))["cursor"]
        # A piece of coal smelts 12 plates.
        await call(client, "sleep", seconds=60)
        where = f"({place['x']:g}, {place['y']:g})"
        stopped = await told(client, known, lambda change: change["kind"] == "alert")
        assert stopped["text"] == f"stone-furnace at {where}: no fuel"
        assert (await call(client, "observe"))["machines"]["stone-furnace"] == f"1 no fuel at {where}"
        await call(client, "insert_item", entity="coal", target=place, quantity=5)
        assert (await call(client, "observe"))["machines"]["stone-furnace"] == "1 working"


async def test_alerts_do_not_crowd_out_what_is_rare(world: ServedWorld) -> None:
    async with Client(world.url) as client:
        known = (await call(client, "observe"))["cursor"]
        world.managed.events.add("research", 1, "logistics is researched")
        for number in range(9):
            world.managed.events.add("alert", 2 + number, f"lab at (1, {number}): no power")
        seen = await call(client, "observe", since=known)
        assert [(c["kind"], c["tick"]) for c in seen["changes"]] == [
            ("research", 1),
            ("alert", 9),
            ("alert", 10),
        ]
        assert seen["missed"] is True


async def test_what_a_person_says_is_told_once(world: ServedWorld) -> None:
    async with Client(world.url) as player:
        known = (await call(player, "observe"))["cursor"]
        world.managed.tell("Grace", "build more drills")
        news = await call(player, "sleep", seconds=1, since=known)
        assert [(c["kind"], c["text"]) for c in news["changes"]] == [("message", "Grace: build more drills")]
        seen = await call(player, "observe", since=known)
        assert seen["messages"] == ["Grace: build more drills"]
        assert (await call(player, "observe", since=news["cursor"]))["messages"] == []


async def test_a_long_program_keeps_its_players_claim(
    world: ServedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_servers.tools.RENEWED_SECONDS", 0.2)
    monkeypatch.setattr("mcp_servers.tools.QUIET_SECONDS", 0.2)
    monkeypatch.setattr("runtime.claims.LEASE_SECONDS", 1.5)
    async with Client(world.url) as client, Client(world.url) as other:
        token = (await call(client, "claim", player="Ada"))["token"]
        # Three seconds of wall time, which is twice the lease.
        code = "for _ in range(6):\n    sleep(10)"
        async with anyio.create_task_group() as group:
            holders: list[Any] = []

            async def watch() -> None:
                while True:
                    holders.append((await call(other, "observe")).get("player"))
                    await anyio.sleep(0.1)

            group.start_soon(watch)
            ran = await call(client, "run_program", code=code, token=token)
            assert ran["ok"], ran
            assert ran["seconds"] > 2
            group.cancel_scope.cancel()
        assert set(holders) == {"Ada"}
        await call(client, "release", token=token)
