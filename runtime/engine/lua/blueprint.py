"""The members of `LuaItemStack` that blueprints, blueprint books and planners have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from runtime.engine import blueprint_strings as strings
from runtime.engine import blueprints
from runtime.engine.blueprint_strings import BlueprintError, Values
from runtime.engine.inventory import Inventory
from runtime.engine.lua import values
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_read, lua_write
from runtime.engine.prototypes import load

OK, WITH_LOSSES, FAILED = 0, -1, 1  # what `import_stack` answers
BUILD_MODES = ("normal", "forced", "superforced")  # defines.build_mode
KINDS = {item: kind for kind, item in strings.ITEMS.items()}  # item -> what a string calls it
# Keys of a string, in the game's order; what else it holds comes before the item.
LAST_KEYS = ("item", "label", "label_color", "active_index", "version")


class BlueprintMembers(LuaObject):
    """A slot that holds a blueprint: its data is `extra["blueprint"]` of the slot; a book's contents are an inventory."""

    __slots__ = ()
    inventory: Inventory
    slot: int

    # --- what it is --------------------------------------------------------------------------------------------

    def _more(self) -> dict[str, Any]:
        return self.inventory.extra.setdefault(self.slot, {})

    def _item_name(self) -> str:
        name = self.inventory.names[self.slot]
        if name is None:
            raise LuaError("This is not valid for read.")
        return name

    def _blueprint(self, member: str) -> Values:
        """The blueprint's data, to read and to change."""
        if load().item[self._item_name()].type != "blueprint":
            raise LuaError(
                f"LuaItemStack::{member} can only be used on blueprints; the item is {self._item_name()}."
            )
        data: Values = self._more().setdefault("blueprint", {})
        return data

    @lua_method
    def is_blueprint_setup(self) -> bool:
        name = self.inventory.names[self.slot]
        if name is None or load().item[name].type != "blueprint":
            return False
        data = self._blueprint("is_blueprint_setup")
        return bool(data.get("entities") or data.get("tiles"))

    @lua_method
    def clear_blueprint(self) -> None:
        self._blueprint("clear_blueprint")
        for key in ("blueprint", "label", "label_color"):
            self._more().pop(key, None)

    # --- strings -----------------------------------------------------------------------------------------------

    @lua_method
    def export_stack(self) -> str:
        kind = KINDS.get(self._item_name())
        if kind is None:
            raise LuaError(f"{self._item_name()} can't be exported to a string.")
        return strings.encode(kind, self._exported(kind))

    def _exported(self, kind: str) -> Values:
        more = self._more()
        data: Values = dict(more.get("blueprint", {}))
        if kind == "blueprint":
            data = {"icons": data.get("icons") or blueprints.default_icons(data), **data}
        if kind == "blueprint_book":
            data["blueprints"] = self._exported_pages()
            data["active_index"] = more.get("active_index", 1) - 1
        for key in ("label", "label_color"):
            if more.get(key) is not None:
                data[key] = more[key]
        data.update(item=self._item_name(), version=strings.version_number())
        return {k: data[k] for k in (*(k for k in data if k not in LAST_KEYS), *LAST_KEYS) if k in data}

    def _exported_pages(self) -> list[Values]:
        pages: list[Values] = []
        held = self._more().get("inventory")
        for slot, name in enumerate(held.names if isinstance(held, Inventory) else ()):
            if name in KINDS:
                page = type(self)(held, slot)  # type: ignore[call-arg]
                pages.append({"index": slot, KINDS[name]: page._exported(KINDS[name])})
        return pages

    @lua_method
    def import_stack(self, data: Any) -> int:
        try:
            kind, found, complete = strings.decode(values.text(data, "data"))
        except BlueprintError:
            return FAILED
        item = strings.ITEMS[kind]
        if self.inventory.accepts is not None and not self.inventory.accepts(item):
            return FAILED
        hold(self.inventory, self.slot, kind, found)
        return OK if complete else WITH_LOSSES

    # --- entities and tiles ------------------------------------------------------------------------------------

    @lua_method
    def get_blueprint_entity_count(self) -> int:
        return len(self._blueprint("get_blueprint_entity_count").get("entities", ()))

    @lua_method
    def get_blueprint_entities(self) -> Any:
        data = self._blueprint("get_blueprint_entities")
        rows = copy.deepcopy(data.get("entities", []))
        by_number = {row["entity_number"]: row for row in rows}
        for wire in data.get("wires", ()):
            for end in (wire[0], wire[2]):
                if end in by_number:
                    by_number[end].setdefault("wires", []).append(list(wire))
        return rows or None

    @lua_method
    def set_blueprint_entities(self, entities: Any = None) -> None:
        data = self._blueprint("set_blueprint_entities")
        rows = _rows(entities, "entities")
        wires: list[list[int]] = []
        for row in rows:
            for wire in values.table(row.pop("wires", {}), "wires").values():
                if wire not in wires:
                    wires.append(wire)
        made = _checked(lambda: strings.checked_entities(strings.plain(rows)))
        if len(made) != len(rows):
            names = {row["name"] for row in made}
            lost = next(row.get("name") for row in rows if row.get("name") not in names)
            raise LuaError(f"Unknown entity name: {lost}")
        data["entities"], data["wires"] = (
            made,
            _checked(lambda: strings.checked_wires(strings.plain(wires), made)),
        )
        for key in ("entities", "wires"):
            if not data[key]:
                del data[key]

    @lua_method
    def get_blueprint_tiles(self) -> Any:
        return copy.deepcopy(self._blueprint("get_blueprint_tiles").get("tiles")) or None

    @lua_method
    def set_blueprint_tiles(self, tiles: Any = None) -> None:
        data = self._blueprint("set_blueprint_tiles")
        rows = _rows(tiles, "tiles")
        made = _checked(lambda: strings.checked_tiles(strings.plain(rows)))
        if len(made) != len(rows):
            raise LuaError("A tile can't be placed by any item.")
        data.pop("tiles", None)
        if made:
            data["tiles"] = made

    def _entity(self, member: str, index: Any) -> Values:
        rows = self._blueprint(member).get("entities", [])
        number = values.integer(index, "index")
        if not 1 <= number <= len(rows):
            raise LuaError(f"Index out of bounds: {number} (the blueprint has {len(rows)} entities).")
        row: Values = rows[number - 1]
        return row

    @lua_method
    def get_blueprint_entity_tags(self, index: Any) -> Values:
        return copy.deepcopy(self._entity("get_blueprint_entity_tags", index).get("tags", {}))

    @lua_method
    def set_blueprint_entity_tags(self, index: Any, tags: Any) -> None:
        given = values.table(tags, "tags")
        self._entity("set_blueprint_entity_tags", index)["tags"] = _checked(lambda: strings.plain(given))

    @lua_method
    def get_blueprint_entity_tag(self, index: Any, tag: Any) -> Any:
        return self.get_blueprint_entity_tags(index).get(values.text(tag, "tag"))

    @lua_method
    def set_blueprint_entity_tag(self, index: Any, tag: Any, value: Any = None) -> None:
        key = values.text(tag, "tag")
        tags = self.get_blueprint_entity_tags(index)
        tags.pop(key, None)
        self.set_blueprint_entity_tags(index, tags if value is None else {**tags, key: value})

    # --- copying and planning ----------------------------------------------------------------------------------

    @lua_method
    def create_blueprint(self, params: Any) -> dict[int, Any]:
        from runtime.engine.lua.entity import force_of, lua_entity

        self._blueprint("create_blueprint")
        wanted = values.table(params)
        world = _world(wanted.get("surface"))
        area, force = values.area(wanted.get("area")), force_of(world, wanted.get("force"))
        data, entities = _checked(
            lambda: blueprints.capture(
                world, area, force,
                entities=wanted.get("include_entities") is not False,
                tiles=bool(wanted.get("always_include_tiles")),
                modules=wanted.get("include_modules") is not False,
                trains=bool(wanted.get("include_trains")),
            )
        )  # fmt: skip
        self._more()["blueprint"] = data
        return {number: lua_entity(entity) for number, entity in entities.items()}

    @lua_method
    def build_blueprint(self, params: Any) -> list[Any]:
        from runtime.engine.lua.entity import direction_of, force_of, lua_entity

        data = self._blueprint("build_blueprint")
        wanted = values.table(params)
        world = _world(wanted.get("surface"))
        x, y = values.position(wanted.get("position"))
        # Blueprints turn by quarters.
        direction = direction_of(wanted.get("direction") or 0) // 4 * 4
        mode = wanted.get("build_mode")
        if mode is None:
            mode = int(bool(wanted.get("force_build")))  # the older name
        elif mode not in range(len(BUILD_MODES)):
            raise LuaError(f"Invalid build_mode: {mode} (0 to {len(BUILD_MODES) - 1}).")
        force = force_of(world, wanted.get("force"))
        made = blueprints.build(world, data, x, y, direction, force, forced=mode >= 1, everything=mode == 2)
        if wanted.get("raise_built"):
            for ghost in made:
                world.raise_event("script_raised_built", {"entity": lua_entity(ghost)})
        return [lua_entity(ghost) for ghost in made if ghost.valid]

    @lua_read
    def cost_to_build(self) -> list[dict[str, Any]]:
        return values.contents(blueprints.cost(self._blueprint("cost_to_build")))

    # --- how it looks ------------------------------------------------------------------------------------------

    @lua_read
    def default_icons(self) -> list[Values]:
        return blueprints.default_icons(self._blueprint("default_icons"))

    @lua_read
    def preview_icons(self) -> Any:
        return copy.deepcopy(self._blueprint("preview_icons").get("icons")) or None

    @lua_write("preview_icons")
    def set_preview_icons(self, value: Any) -> None:
        data = self._blueprint("preview_icons")
        rows = _rows(value, "preview_icons")
        data.pop("icons", None)
        if rows:
            data["icons"] = _checked(lambda: strings.plain(rows))

    @lua_read
    def blueprint_description(self) -> str:
        return str(self._blueprint("blueprint_description").get("description", ""))

    @lua_write("blueprint_description")
    def set_blueprint_description(self, value: Any) -> None:
        self._blueprint("blueprint_description")["description"] = values.text(value, "description")

    @lua_read
    def blueprint_snap_to_grid(self) -> Any:
        return copy.deepcopy(self._blueprint("blueprint_snap_to_grid").get("snap-to-grid"))

    @lua_write("blueprint_snap_to_grid")
    def set_blueprint_snap_to_grid(self, value: Any) -> None:
        self._set_place("blueprint_snap_to_grid", "snap-to-grid", value)

    @lua_read
    def blueprint_position_relative_to_grid(self) -> Any:
        data = self._blueprint("blueprint_position_relative_to_grid")
        return copy.deepcopy(data.get("position-relative-to-grid"))

    @lua_write("blueprint_position_relative_to_grid")
    def set_blueprint_position_relative_to_grid(self, value: Any) -> None:
        self._set_place("blueprint_position_relative_to_grid", "position-relative-to-grid", value)

    def _set_place(self, member: str, key: str, value: Any) -> None:
        data = self._blueprint(member)
        if value is None:
            data.pop(key, None)
        else:
            x, y = values.position(value, member)
            data[key] = {"x": int(x), "y": int(y)}

    @lua_read
    def blueprint_absolute_snapping(self) -> bool:
        return bool(self._blueprint("blueprint_absolute_snapping").get("absolute-snapping"))

    @lua_write("blueprint_absolute_snapping")
    def set_blueprint_absolute_snapping(self, value: Any) -> None:
        self._blueprint("blueprint_absolute_snapping")["absolute-snapping"] = bool(value)

    # --- labels (items with labels) ----------------------------------------------------------------------------

    def _labelled(self, member: str) -> dict[str, Any]:
        item = load().item[self._item_name()]
        if item.name not in KINDS and not item.type.startswith("item-with-"):
            raise LuaError(
                f"LuaItemStack::{member} can only be used on items with a label; the item is {item.name}."
            )
        return self._more()

    @lua_read
    def label(self) -> Any:
        return self._labelled("label").get("label")

    @lua_write("label")
    def set_label(self, value: Any) -> None:
        more = self._labelled("label")
        more["label"] = None if value is None else values.text(value, "label")

    @lua_read
    def label_color(self) -> Any:
        return self._labelled("label_color").get("label_color")

    @lua_write("label_color")
    def set_label_color(self, value: Any) -> None:
        more = self._labelled("label_color")
        given = values.table(value, "label_color")
        more["label_color"] = _checked(lambda: strings.plain(given))

    @lua_read
    def allow_manual_label_change(self) -> bool:
        return bool(self._labelled("allow_manual_label_change").get("allow_manual_label_change", True))

    @lua_write("allow_manual_label_change")
    def set_allow_manual_label_change(self, value: Any) -> None:
        self._labelled("allow_manual_label_change")["allow_manual_label_change"] = bool(value)

    # --- books -------------------------------------------------------------------------------------------------

    def _book(self, member: str) -> dict[str, Any]:
        if load().item[self._item_name()].type != "blueprint-book":
            raise LuaError(
                f"LuaItemStack::{member} can only be used on blueprint books; the item is {self._item_name()}."
            )
        return self._more()

    @lua_read
    def active_index(self) -> int:
        return int(self._book("active_index").get("active_index", 1))

    @lua_write("active_index")
    def set_active_index(self, value: Any) -> None:
        self._book("active_index")["active_index"] = max(1, values.integer(value, "active_index"))


def hold(inventory: Inventory, slot: int, kind: str, data: Values) -> None:
    """Put the item into a slot that holds what a string held."""
    data = dict(data)
    more: dict[str, Any] = {k: data.pop(k) for k in ("label", "label_color") if k in data}
    for key in ("item", "version"):
        data.pop(key, None)
    if kind == "blueprint_book":
        pages = data.pop("blueprints")
        more["active_index"] = max(0, int(data.pop("active_index", 0))) + 1
        held = Inventory(max((p["index"] for p in pages), default=-1) + 1)
        for page in pages:
            inner = next(k for k in strings.ITEMS if k in page)
            hold(held, page["index"], inner, page[inner])
        more["inventory"] = held
    more["blueprint"] = data
    inventory.set_slot(slot, strings.ITEMS[kind], 1, more)


def _rows(value: Any, what: str) -> list[Values]:
    given = {} if value is None else values.table(value, what)
    return [dict(values.table(row, what)) for row in given.values()]


def _checked(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except BlueprintError as error:
        raise LuaError(f"Invalid blueprint: {error}.") from error


def _world(surface: Any) -> Any:
    from runtime.engine.lua.surface import LuaSurface

    if not isinstance(surface, LuaSurface):
        raise LuaError("Invalid surface: LuaSurface expected.")
    return surface.world
