"""How a generated map is to be: what Factorio's `--map-gen-settings` file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from runtime.engine.errors import StartError

# The controls that this generator heeds, by the game's names.
CONTROLS = (
    "coal", "copper-ore", "crude-oil", "enemy-base", "iron-ore", "nauvis_cliff", "rocks", "stone", "trees",
    "uranium-ore", "water",
)  # fmt: skip
LEAST, MOST = (
    1 / 6,
    6.0,
)  # of frequency, size and richness, as in the game's own dialogue; a size of 0 means none
FARTHEST = 2_000_000  # tiles from one side of a map to the other


@dataclass(frozen=True)
class Control:
    """How often something is there, how large it is, and how rich; 1 is usual, a size of 0 means none."""

    frequency: float = 1.0
    size: float = 1.0
    richness: float = 1.0


@dataclass(frozen=True)
class MapGenSettings:
    """`width` and `height` in tiles; the map ends half of that from the origin. `peaceful`: nothing lives in nests."""

    seed: int
    controls: Mapping[str, Control] = field(default_factory=dict)
    width: int = FARTHEST
    height: int = FARTHEST
    starting_area: float = 1.0
    peaceful: bool = True

    def control(self, name: str) -> Control:
        """The control of a resource, or of water, trees, rocks, cliffs or nests."""
        return self.controls.get(name) or Control()

    def state(self) -> list[Any]:
        """Plain data that `settings_of` makes the same settings of."""
        controls = sorted((name, list(astuple(control))) for name, control in self.controls.items())
        return [self.seed, controls, self.width, self.height, self.starting_area, self.peaceful]


def settings_of(state: list[Any]) -> MapGenSettings:
    """The settings whose `state` this is."""
    seed, controls, *rest = state
    return MapGenSettings(seed, {name: Control(*control) for name, control in controls}, *rest)


def read_settings(seed: int, file: Mapping[str, Any]) -> MapGenSettings:
    """The settings of a map from what a `--map-gen-settings` file holds; what it leaves out is as usual.

    Worlds are peaceful unless the file says otherwise: they are to be played by agents first of all.

    Raises:
        StartError: something in it is not what it should be.
    """
    controls = {}
    rows = file.get("autoplace_controls") or {}
    if not isinstance(rows, dict):
        raise StartError(
            '"autoplace_controls" in --map-gen-settings is not an object: see Factorio\'s example.'
        )
    for name, row in rows.items():
        if name in CONTROLS:
            if not isinstance(row, dict):
                raise StartError(
                    f"{name} in --map-gen-settings is not an object: give frequency, size, richness."
                )
            controls[name] = Control(
                *(
                    _number(row, key, f"{name}'s {key}", key == "size")
                    for key in ("frequency", "size", "richness")
                )
            )
    cliffs = file.get("cliff_settings")
    if isinstance(cliffs, dict) and "nauvis_cliff" not in controls:
        controls["nauvis_cliff"] = Control(size=_number(cliffs, "richness", "the cliffs' richness", True))
    return MapGenSettings(
        seed=seed & 0xFFFFFFFF,
        controls=controls,
        width=_side(file, "width"),
        height=_side(file, "height"),
        starting_area=_number(file, "starting_area", "starting_area", False),
        peaceful=bool(file.get("peaceful_mode", True)),
    )


def _number(row: Mapping[str, Any], key: str, what: str, or_none: bool) -> float:
    value = row.get(key, 1)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise StartError(f"{what} in --map-gen-settings is {value!r}: give a number, 1 for what is usual.")
    if or_none and value <= 0:
        return 0.0
    return min(max(float(value), LEAST), MOST)


def _side(file: Mapping[str, Any], key: str) -> int:
    value = file.get(key) or FARTHEST
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise StartError(f"{key} in --map-gen-settings is {value!r}: give a number of tiles, 0 for no end.")
    return int(min(value, FARTHEST))
