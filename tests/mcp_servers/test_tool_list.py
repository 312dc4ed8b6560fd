"""Every one of FLE's agent tools is offered, under FLE's names."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import jsonschema
from mcp import Client

from runtime.tool_arguments import PARAMETERS

OWN = {
    "run_program",
    "observe",
    "screenshot",
    "checkpoint",
    "restore",
    "list_checkpoints",
    "claim",
    "release",
    "open_viewport",
    "close_viewport",
    "clip",
}
LOOKING = {
    "get_entities", "get_entity", "get_prototype_recipe",
    "get_research_progress", "get_resource_patch", "inspect_inventory", "list_checkpoints", "nearest",
    "nearest_buildable", "observe", "score", "screenshot", "open_viewport", "close_viewport", "clip",
}  # fmt: skip
DESTROYING = {"harvest_resource", "launch_rocket", "pickup_entity", "restore", "run_program", "shift_entity"}
IDEMPOTENT = {
    "can_place_entity",
    "get_connection_amount",
    "move_to",
    "release",
    "restore",
    "rotate_entity",
    "set_entity_recipe",
    "set_research",
}


def fle_tools() -> dict[str, list[str]]:
    """FLE's agent tools and the parameters of each, read out of its source."""
    package = importlib.util.find_spec("fle")
    assert package is not None
    assert package.submodule_search_locations
    tools = {}
    for client in Path(package.submodule_search_locations[0]).glob("env/tools/agent/*/client.py"):
        calls = [
            node
            for node in ast.walk(ast.parse(client.read_text()))
            if isinstance(node, ast.FunctionDef) and node.name == "__call__"
        ]
        tools[client.parent.name] = [
            argument.arg for argument in calls[0].args.args if argument.arg != "self"
        ]
    return tools


async def test_every_tool_of_fle_is_offered_with_its_parameters(address: str) -> None:
    fle = fle_tools()
    assert len(fle) == 28
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(listed) == set(fle) | OWN
    for name, parameters in fle.items():
        properties = listed[name].input_schema["properties"]
        # `laying` and `leading` of move_to are left to programs.
        assert set(parameters) - {"laying", "leading"} <= set(properties), name
        if name in PARAMETERS:
            # What is offered is what is checked.
            assert set(properties) - {"since", "token"} == set(PARAMETERS[name]) - {"laying", "leading"}, name


async def test_every_tool_is_described_and_annotated(address: str) -> None:
    async with Client(f"{address}/worlds/world-1/mcp") as client:
        tools = (await client.list_tools()).tools
    for tool in tools:
        assert tool.description is not None
        assert f"Example: {tool.name}(" in tool.description
        assert tool.output_schema is not None
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert "title" not in str(schema)
        assert {"cursor", "tick"} <= set(tool.output_schema["properties"])
        hints = tool.annotations
        assert hints is not None
        assert hints.read_only_hint is (tool.name in LOOKING), tool.name
        assert hints.destructive_hint is (tool.name in DESTROYING), tool.name
        assert hints.idempotent_hint is (tool.name in LOOKING | IDEMPOTENT), tool.name
        assert ("token" in tool.input_schema["properties"]) is (tool.name not in LOOKING), tool.name
