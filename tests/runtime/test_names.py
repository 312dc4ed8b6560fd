"""The names that FLE's tools know, as the fork server tells them, and what wrong ones may have meant."""

import subprocess
import sys

import pytest

from runtime.names import UnknownName, names


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("prototype", "burner-mining-drill", "burner-mining-drill"),
        ("prototype", "BurnerMiningDrill", "burner-mining-drill"),
        ("prototype", "Prototype.UndergroundPipe", "pipe-to-ground"),
        ("prototype", "stone_furnace", "stone-furnace"),
        ("prototype", "Stone Furnace", "stone-furnace"),
        ("prototype", "BeltGroup", "belt-group"),
        ("resource", "Resource.IronOre", "iron-ore"),
        ("resource", "wood", "wood"),
        ("technology", "automation", "automation"),
        ("technology", "SolarEnergy", "solar-energy"),
        ("technology", "gun-turret", "gun-turret"),
        ("recipe", "BasicOilProcessing", "basic-oil-processing"),
        ("recipe", "iron-gear-wheel", "iron-gear-wheel"),
        ("direction", "UP", "up"),
        ("direction", "south", "down"),
    ],
)
def test_spellings(kind: str, text: str, name: str) -> None:
    assert names().find(kind, text) == name


@pytest.mark.parametrize(
    ("kind", "text", "nearest"),
    [
        ("prototype", "iron-drill", {"burner-mining-drill", "electric-mining-drill"}),
        ("prototype", "furnace", {"stone-furnace", "steel-furnace", "electric-furnace"}),
        ("prototype", "stonefurnce", {"stone-furnace"}),
        ("prototype", "gear", {"iron-gear-wheel"}),
        ("resource", "iron", {"iron-ore"}),
        ("resource", "trees", {"wood"}),
        ("prototype", "red-science-pack", {"automation-science-pack"}),
        ("prototype", "conveyor belt", {"transport-belt"}),
        ("prototype", "miner", {"burner-mining-drill", "electric-mining-drill"}),
        ("direction", "upwards", {"up", "right", "down", "left"}),
        ("prototype", "", set()),
        ("prototype", "ж" * 1_000_000, set()),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(kind: str, text: str, nearest: set[str]) -> None:
    with pytest.raises(UnknownName) as unknown:
        names().find(kind, text)
    assert set(unknown.value.nearest) == nearest
    assert all(name in str(unknown.value) for name in nearest)
    assert len(str(unknown.value)) < 300


def test_names_that_the_game_does_not_have_are_left_out() -> None:
    assert "rocket-control-unit" not in names().prototypes
    assert "advanced-electronics" not in names().technologies
    assert "iron-ore" not in names().recipes


def test_fle_is_not_imported() -> None:
    code = "import sys, runtime.names; runtime.names.names(); sys.exit('fle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_where_nothing_is_near_it_is_said_where_all_are() -> None:
    with pytest.raises(UnknownName, match=r"'qqqq'.*factorio://names has them all"):
        names().find("prototype", "qqqq")
