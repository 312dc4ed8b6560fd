"""A short, seeded piece of `make fuzz`."""

from types import SimpleNamespace

from runtime.engine.game import Game
from runtime.engine.lua.sandbox import LuaObject
from tests.fuzz.__main__ import one_round
from tests.fuzz.lua_calls import members, prepare


def test_every_member_is_there() -> None:
    assert len(members()) == 290


def test_a_world_survives_what_it_does_not_expect() -> None:
    assert one_round(seed=7, count=400, seconds=60) == []


def test_queries_change_nothing() -> None:
    """What is kept of them in Lua depends on that."""
    game = Game("default_lab_scenario", None, None, None, lambda line: None)
    prepare(SimpleNamespace(command=lambda text: game.command(text).rstrip()))  # type: ignore[arg-type]
    game.command("/sc game.tick_paused = true")
    before = game.state_hash()
    calls = "".join(f"pcall(function() return object[name]({value}) end)\n" for value in ARGUMENTS)
    by_class: dict[str, list[str]] = {}
    for owner, name in sorted(queries()):
        by_class.setdefault(owner, []).append(name)
    for owner, names in by_class.items():
        listed = ", ".join(f'"{name}"' for name in names)
        answer = game.command(
            f"""/sc local found = {{}}
            for _, object in pairs(subjects.{owner}) do
                for _, name in pairs{{{listed}}} do
                    if pcall(function() return object[name] end) then found[name] = true end
                    {calls}
                end
            end
            rcon.print(table_size(found))"""
        )
        assert answer == f"{len(names)}\n"
        assert game.state_hash() == before, f"one of {owner}'s is no query: {listed}"


ARGUMENTS = (
    "", "1", "2", "0.5", '"iron-plate"', '"player"', "game.surfaces[1]", "{5, 60}", "{{-20, -20}, {20, 20}}", "1, 2",
    "{name = 'iron-chest', position = {5, 60}}", "{area = {{-9, -9}, {9, 9}}}", '"iron-chest", {5, 60}, 3, 1', "object",
)  # fmt: skip


def queries() -> set[tuple[str, str]]:
    """(class, name) of the methods that are tagged as queries, by the classes that scripts meet."""
    found, classes = set(), [LuaObject]
    for cls in classes:
        classes += cls.__subclasses__()
        found |= {(cls.object_name, name) for name, m in cls._methods.items() if hasattr(m, "_lua_query")}
    return {(owner, name) for owner, name in found if owner in {member.owner for member in members()}}
