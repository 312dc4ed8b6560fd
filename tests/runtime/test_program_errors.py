"""What a program that fails is told: where, why, and what would work; with FLE on a real world."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.host import Host
from runtime.world_life import WorldPlan
from runtime.world_session import launch


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A world whose character stands at the origin, with a furnace beside it and little in its inventory."""
    session = launch(
        WorldPlan(name="w", data=Path(tmp_path_factory.mktemp("w")), speed=50), lambda doing: None
    )
    lua = (
        "local c = storage.agent_characters[1] c.insert{name = 'coal', count = 3} "
        "c.surface.create_entity{name = 'stone-furnace', position = {4, 0}, force = 'player'}"
    )
    session.host._world.command(f"/silent-command {lua}")
    yield session.host
    session.close()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        # What the world says would work, as a typed call of the tool is told.
        (
            "x = 1\ncraft_item(Prototype.IronGearWheel, 2)",
            "Line 2, craft_item: .*4 iron-plate.* You carry 0 iron-plate",
        ),
        (
            "place_entity(Prototype.StoneFurnace, Direction.UP, Position(x=1, y=1))",
            "You carry no stone-furnace; it is made",
        ),
        (
            "insert_item(Prototype.IronPlate, get_entities()[0], 5)",
            "Line 1, insert_item: You carry no iron-plate",
        ),
        (
            "harvest_resource(Position(x=90, y=90), 5)",
            r"Line 1, harvest_resource: \(90, 90\) is .* move_to it first",
        ),
        (
            "connect_entities(Position(x=0, y=9), Position(x=5, y=9), Prototype.Pipe)",
            "pipe are needed and you carry 0",
        ),
        (
            "set_research(Technology.Automation2)",
            "Line 1, set_research: automation-2 can't be researched before",
        ),
        ("pickup_entity(Prototype.Lab, Position(x=3, y=3))", "No lab of yours stands at"),
        # Where that is, in functions too, also of earlier programs.
        (
            "def build(what):\n    craft_item(what)\n\nfor i in range(2):\n    build(Prototype.Lab)",
            r"Line 2 \(in build, called from line 5\), craft_item: ",
        ),
        ("\nbuild(Prototype.Lab)", r"Line 2 \(in build of an earlier program, its line 2\), craft_item: "),
        (
            "class A:\n    def f(self):\n        return 1 / 0\nA().f()",
            r"Line 3 \(in f, called from line 4\): ZeroDivisionError",
        ),
        # How a tool is called that was called in another way.
        ("move_to((1, 2))", r"type tuple.* It is move_to\(position: Position"),
        ("insert_item(Prototype.Coal, Position(x=1, y=1))", "you passed in a Position. It is insert_item"),
        (
            "place_entity(prototype=Prototype.Lab)",
            r"unexpected keyword argument prototype. It is place_entity\(entity: Prototype",
        ),
        (
            "connect_entities(Position(x=1, y=1), Position(x=2, y=2))",
            "It is connect_entities.*connection_type",
        ),
        ("nearest('iron-ore')", "instead of 'iron-ore' write Resource.IronOre"),
        ("rotate_entity(None)", "It is rotate_entity"),
        # Names that were meant.
        (
            "nearest(Resource.Iron)",
            r"Line 1: there is no Resource.Iron; the nearest: Resource.IronOre, Prototype.IronOre\.$",
        ),
        ("nearest(Prototype.Tree)", "Resource.Wood"),
        ("craft_item(Prototype.BurnerDrill)", "Prototype.BurnerMiningDrill"),
        ("Resource.StoneFurnace", "Prototype.StoneFurnace"),
        ("craft_item(Prototype.RedScience)", "Prototype.AutomationSciencePack"),
        ("Resource.Xyz", "there are Coal, "),
        ("Prototype.Xyz", "for one in Prototype"),
        ("Technology.Steel", "Technology.SteelProcessing"),
        ("place_entity(Prototype.Lab, Direction.North)", "the nearest: Direction.NORTH"),
        ("inventory['coal']", "inventory is not defined; the nearest: .*inspect_inventory"),
        # What the program says itself stays as it is.
        ("raise ValueError('no\\nmore')", "^Line 1: ValueError: no\nmore$"),
        (
            "try:\n    craft_item(Prototype.Lab)\nexcept Exception as e:\n    raise KeyError('mine')",
            "Line 4: KeyError: mine",
        ),
        ("sleep('a')", "Line 1, sleep: Argument 1 is a and should be a number"),
    ],
)
def test_a_program_that_fails_is_told_where_and_what_would_work(host: Host, code: str, says: str) -> None:
    result = host.run_program(code)
    assert result.error is not None
    assert re.search(says, result.error), result.error
    assert len(result.error) < 400


def test_what_a_process_says_of_a_failed_call_is_not_trusted(host: Host) -> None:
    """A program may have changed what is told of its calls: it is checked like a call of its own."""
    code = (
        "import runtime.program_errors as errors\n"
        "errors.Call.as_json = lambda self: {ARGUMENTS}\n"
        "craft_item(Prototype.Lab)"
    )
    for arguments in (
        "{'entity': 'lab', 'quantity': 10 ** 99}",
        "{'entity': 'x\\'})'}",
        "{'self': 1}",
        "{'entity': {}}",
    ):
        result = host.run_program(code.replace("{ARGUMENTS}", arguments))
        assert result.error is not None
        assert result.error.startswith("Line 3, craft_item: "), result.error
    assert host.run_program("print(1)").ok
