"""`LuaInventory`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runtime.engine.inventory import Inventory
from runtime.engine.lua import values
from runtime.engine.lua.item_stack import LuaItemStack
from runtime.engine.lua.sandbox import LuaError, LuaObject, lua_method, lua_query, lua_read
from runtime.engine.prototypes import load


class LuaInventory(LuaObject):
    """An inventory of an entity, or one that a script made. Two objects for one inventory are equal."""

    __slots__ = ("alive", "inventory")
    object_name = "LuaInventory"

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.alive = True

    @property
    def valid(self) -> bool:
        owner = self.inventory.owner
        return self.alive and (owner is None or owner.valid)

    def same_as(self, other: Any) -> bool:
        return isinstance(other, LuaInventory) and other.inventory is self.inventory

    def length(self) -> int:
        return len(self.inventory)

    def index(self, key: Any) -> Any:
        if not isinstance(key, int) or not 1 <= key <= len(self.inventory):
            raise LuaError(f"Index out of bounds: {key} (the inventory has {len(self.inventory)} slots).")
        return LuaItemStack(self.inventory, key - 1)

    def items(self) -> Iterable[tuple[Any, Any]]:
        return [(i + 1, LuaItemStack(self.inventory, i)) for i in range(len(self.inventory))]

    @lua_read("index")
    def inventory_index(self) -> int:
        return self.inventory.index

    @lua_read
    def name(self) -> None:
        return None

    @lua_read
    def entity_owner(self) -> Any:
        from runtime.engine.lua.entity import lua_entity

        return lua_entity(self.inventory.owner)

    @lua_query
    def get_contents(self) -> list[dict[str, Any]]:
        return values.contents(self.inventory.contents())

    @lua_query
    def get_item_count(self, item: Any = None) -> int:
        return self.inventory.count(None if item is None else values.name_of(item, "item"))

    @lua_method
    def insert(self, items: Any) -> int:
        name, count = values.item_stack(items)
        extra = items.copied_extra() if isinstance(items, LuaItemStack) else None
        return self.inventory.put(name, count, extra) if extra else self.inventory.insert(name, count)

    @lua_method
    def remove(self, items: Any) -> int:
        return self.inventory.remove(*values.item_stack(items))

    @lua_query
    def can_insert(self, items: Any) -> bool:
        return self.inventory.can_insert(*values.item_stack(items))

    @lua_query
    def get_insertable_count(self, item: Any) -> int:
        return self.inventory.room(values.item_stack(values.name_of(item, "item"))[0])

    @lua_query
    def is_empty(self) -> bool:
        return self.inventory.is_empty()

    @lua_query
    def is_full(self) -> bool:
        return self.inventory.is_full()

    @lua_method
    def clear(self) -> None:
        self.inventory.clear()

    @lua_method
    def sort_and_merge(self) -> None:
        self.inventory.sort()

    @lua_query
    def count_empty_stacks(self, include_filtered: bool = False, include_bar: bool = False) -> int:
        inventory = self.inventory
        last = len(inventory) if include_bar else inventory.bar
        return sum(
            inventory.names[i] is None and (include_filtered or i not in inventory.filters)
            for i in range(last)
        )

    @lua_query
    def find_item_stack(self, item: Any) -> tuple[Any, Any]:
        name = values.name_of(item, "item")
        if name in self.inventory.names:
            slot = self.inventory.names.index(name)
            return LuaItemStack(self.inventory, slot), slot + 1
        return None, None

    @lua_query
    def find_empty_stack(self, item: Any = None) -> tuple[Any, Any]:
        for slot, name in enumerate(self.inventory.names):
            if name is None:
                return LuaItemStack(self.inventory, slot), slot + 1
        return None, None

    @lua_query
    def supports_bar(self) -> bool:
        owner = self.inventory.owner
        return owner is not None and owner.type in ("container", "logistic-container", "car", "cargo-wagon")

    @lua_query
    def get_bar(self) -> int:
        return self.inventory.bar + 1

    @lua_method
    def set_bar(self, bar: Any = None) -> None:
        if not self.supports_bar():
            raise LuaError("The inventory doesn't support a bar.")
        size = len(self.inventory)
        self.inventory.bar = size if bar is None else max(0, min(size, values.integer(bar, "bar") - 1))

    @lua_query
    def supports_filters(self) -> bool:
        owner = self.inventory.owner
        return owner is not None and owner.type in ("character", "car", "cargo-wagon")

    @lua_query
    def is_filtered(self) -> bool:
        return bool(self.inventory.filters)

    @lua_query
    def can_set_filter(self, index: Any, item: Any) -> bool:
        return self.supports_filters()

    @lua_query
    def get_filter(self, index: Any) -> Any:
        name = self.inventory.filters.get(values.integer(index, "index") - 1)
        return None if name is None else {"name": name, "quality": "normal"}

    @lua_method
    def set_filter(self, index: Any, item: Any) -> bool:
        slot = values.integer(index, "index") - 1
        if not self.supports_filters() or not 0 <= slot < len(self.inventory):
            return False
        if item is None:
            self.inventory.filters.pop(slot, None)
        else:
            name = values.name_of(item, "item")
            if name not in load().item:
                raise LuaError(f"Unknown item name: {name}")
            self.inventory.filters[slot] = name
        return True

    @lua_method
    def resize(self, size: Any) -> None:
        if self.inventory.owner is not None:
            raise LuaError("Only inventories made by a script can be resized.")
        self.inventory.resize(max(0, min(65535, values.integer(size, "size"))))

    @lua_method
    def destroy(self) -> None:
        if self.inventory.owner is not None:
            raise LuaError("Only inventories made by a script can be destroyed.")
        self.alive = False

    @property
    def sort_key(self) -> Any:
        return f"inventory {self.inventory.index}"
