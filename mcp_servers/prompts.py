"""What a model is told: how to play, in general and for each of FLE's tasks."""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import mcp_types
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from runtime.names import nearest

INSTRUCTIONS = """\
{name}: a live world of the game Factorio, which runs on between your calls. You play its character, by single tools \
or by programs (run_program).
- x grows to the east, y to the south; one unit is a tile. You reach 10 tiles, and mine 2.7: move_to first.
- Names are Factorio's: iron-ore, burner-mining-drill. A thing that stands is named by its place: {{"x": 1, "y": 2}}.
- Burner drills, stone furnaces and burner inserters need fuel: insert_item coal. Actions take game time.
- The production score values everything made; the automated score only what machines made of what machines \
mined: have drills, belts, inserters and furnaces feed each other, fuel included.
- Every result has a cursor: pass it as `since` to any tool to learn what happened meanwhile.
- Where somebody plays, acting needs a `token`: claim gives it, and with take_over an agent waits while you play.
- More on each tool: the resource factorio://manual/NAME. Names: factorio://names.
Begin with observe.
"""

PLAY = """\
Play this Factorio world through its tools, and make its automated score grow for as long as you can.

First look: observe, then nearest for iron-ore, copper-ore, coal and stone, and a screenshot. By hand, mine just
enough to craft burner mining drills and stone furnaces. Put a drill on each ore so that it drops into a furnace or
onto a belt, fuel them, and make coal feed itself: two burner drills on coal can fuel each other. Then go on with
belts and inserters, steam power, electric drills, assembling machines, labs and research, one step at a time.

After each step observe again, with `since`, and put right first what stands still: its alert says why. When an
action fails, read the reason, look, and try another way. Wait with sleep only when machines have something to do."""

TASK = """\
{goal}

Machines have to do it by themselves: nothing that you mine, craft or carry counts. Play this Factorio world through
its tools: observe first, build step by step, then observe again and put right what stands still. When it should be
enough, let a minute of game time pass (sleep), and read produced_per_minute in observe."""


@cache
def tasks() -> dict[str, str]:
    """The goals of FLE's throughput tasks by the tasks' names, read out of its source: importing it takes seconds."""
    package = importlib.util.find_spec("fle")
    assert package is not None
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "eval" / "tasks" / "task_definitions" / "lab_play"
    tree = ast.parse((folder / "throughput_tasks.py").read_text())
    names = {
        target.id: ast.literal_eval(line.value)
        for line in tree.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    goals: dict[str, str] = {}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        fields = {keyword.arg: keyword.value for keyword in call.keywords}
        key = fields.get("task_key")
        if isinstance(key, ast.Name):
            goals[names[key.id]] = ast.literal_eval(fields["goal_description"])
    return goals


async def list_prompts(_ctx: Any, _params: Any) -> mcp_types.ListPromptsResult:
    """To play freely, and to play each task."""
    described = {"play": "Play freely: build a factory that grows.", **tasks()}
    return mcp_types.ListPromptsResult(
        prompts=[mcp_types.Prompt(name=name, description=text) for name, text in described.items()]
    )


async def get_prompt(_ctx: Any, params: mcp_types.GetPromptRequestParams) -> mcp_types.GetPromptResult:
    """The text of a prompt. Raises MCPError."""
    if params.name == "play":
        text = PLAY
    elif params.name in tasks():
        text = TASK.format(goal=tasks()[params.name])
    else:
        near = nearest(params.name, ["play", *tasks()])
        hint = f"The nearest: {', '.join(near)}." if near else "prompts/list has them all."
        raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name[:60]!r}. {hint}")
    content = mcp_types.TextContent(type="text", text=text)
    return mcp_types.GetPromptResult(messages=[mcp_types.PromptMessage(role="user", content=content)])
