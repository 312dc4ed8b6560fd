"""The state of play stays short, however much there is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from mcp import Client

from evals.served_world import ServedWorld, Setup, served_world
from runtime.engine.prototypes import load
from tests.mcp_servers.conftest import call

CHARACTERS = 1_800
"""600 tokens of three characters each."""
BUILD = """/silent-command
local surface = game.surfaces[1]
surface.request_to_generate_chunks({0, 0}, 5)
surface.force_generate_chunk_requests()
local row = 0
for _, name in ipairs({NAMES}) do
    for i = 1, 8 do
        surface.create_entity{name = name, position = {i * 12, -60 - row * 12}, force = "player"}
    end
    row = row + 1
end
local character = storage.agent_characters[1]
for _, name in ipairs({ITEMS}) do character.insert{name = name, count = 3} end
"""
MACHINES = (
    "burner-mining-drill", "electric-mining-drill", "stone-furnace", "steel-furnace", "electric-furnace",
    "assembling-machine-1", "assembling-machine-2", "assembling-machine-3", "burner-inserter", "inserter",
    "fast-inserter", "long-handed-inserter", "boiler", "steam-engine", "lab", "chemical-plant", "oil-refinery",
    "beacon", "radar", "pumpjack", "small-electric-pole", "medium-electric-pole", "wooden-chest", "iron-chest",
    "steel-chest", "transport-belt", "fast-transport-belt", "pipe", "storage-tank", "gun-turret", "solar-panel",
)  # fmt: skip


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorld]:
    """A world with much of everything: 30 kinds of machines that stand still, 60 kinds of items in the pack."""
    items = [name for name in load().item if load().raw["item"].get(name)][:60]
    quoted = [", ".join(f'"{name}"' for name in names) for names in (MACHINES, items)]
    with served_world("big", tmp_path_factory.mktemp("big"), Setup(inventory={"coal": 50})) as world:
        with world.process.client() as client:
            answer = client.command(BUILD.replace("NAMES", quoted[0]).replace("ITEMS", quoted[1]))
            assert not answer.strip(), answer
        yield world


async def test_a_big_factory_is_told_in_600_tokens(factory: ServedWorld) -> None:
    async with Client(factory.url) as client:
        first = await call(client, "observe")
        for number in range(20):
            await call(client, "send_message", message=f"number {number}: " + "do not forget the coal " * 20)
            await call(client, "print", args="x" * 500)
        seen = await call(client, "observe", since=first["cursor"])
        # As it is sent.
        assert len(json.dumps(seen, separators=(",", ":"), ensure_ascii=False)) < CHARACTERS
        # What is left out is counted, and what matters is there.
        assert "more kinds of items" in seen["more"]
        assert "more kinds of machines" in seen["more"]
        assert seen["inventory"]["coal"] >= 50
        assert seen["position"] is not None
        assert all(state.startswith("8 ") for state in seen["machines"].values()), seen["machines"]
        assert seen["machines"]["boiler"].startswith("8 no fuel, first at (12.5, ")
        assert seen["messages"][-1].startswith("player: number 19")
        # What the caller did is no change to it; who wants that too asks another tool.
        assert {change["kind"] for change in seen["changes"]} <= {"alert", "status"}
        rest = await call(client, "nearest", type="coal", since=first["cursor"])
        assert len(rest["changes"]) == 40


async def test_production_is_told_per_minute(factory: ServedWorld) -> None:
    async with Client(factory.url) as client:
        await call(client, "run_program", code=(
            "spot = nearest(Resource.IronOre)\nmove_to(spot)\nharvest_resource(spot, 20)\nsleep(30)"
        ))  # fmt: skip
        seen = await call(client, "observe")
        assert 5 < seen["produced_per_minute"]["iron-ore"] < 40
