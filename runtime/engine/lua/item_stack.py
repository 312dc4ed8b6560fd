"""`LuaItemStack`."""

from __future__ import annotations

from typing import Any

from runtime.engine.defines import inventory as inventory_numbers
from runtime.engine.inventory import Inventory, copied
from runtime.engine.lua import values
from runtime.engine.lua.blueprint import BlueprintMembers
from runtime.engine.lua.sandbox import LuaError, lua_method, lua_query, lua_read, lua_write
from runtime.engine.prototypes import ItemPrototype, load

TYPES = {
    "is_blueprint": "blueprint", "is_blueprint_book": "blueprint-book", "is_upgrade_item": "upgrade-item",
    "is_deconstruction_item": "deconstruction-item", "is_armor": "armor", "is_repair_tool": "repair-tool", "is_ammo": "ammo",
    "is_tool": "tool", "is_module": "module", "is_item_with_inventory": "item-with-inventory",
    "is_item_with_label": "item-with-label", "is_item_with_tags": "item-with-tags",
    "is_item_with_entity_data": "item-with-entity-data", "is_selection_tool": "selection-tool",
}  # fmt: skip


class LuaItemStack(BlueprintMembers):
    """One slot of an inventory, with what is in it; an empty slot is not `valid_for_read`."""

    __slots__ = ("inventory", "slot")
    object_name = "LuaItemStack"

    def __init__(self, inventory: Inventory, slot: int) -> None:
        self.inventory = inventory
        self.slot = slot

    @property
    def valid(self) -> bool:
        owner = self.inventory.owner
        return (owner is None or owner.valid) and self.slot < len(self.inventory)

    def same_as(self, other: Any) -> bool:
        return (
            isinstance(other, LuaItemStack) and other.inventory is self.inventory and other.slot == self.slot
        )

    def _held(self) -> ItemPrototype:
        name = self.inventory.names[self.slot]
        if name is None:
            raise LuaError("This is not valid for read.")
        return load().item[name]

    @lua_read
    def valid_for_read(self) -> bool:
        return self.inventory.names[self.slot] is not None

    @lua_read
    def name(self) -> str:
        return self._held().name

    @lua_read
    def type(self) -> str:
        return self._held().type

    @lua_read
    def prototype(self) -> Any:
        from runtime.engine.lua.item_prototype import LuaItemPrototype

        return LuaItemPrototype.of(self._held().name)

    @lua_read
    def count(self) -> int:
        self._held()
        return self.inventory.counts[self.slot]

    @lua_write("count")
    def set_count(self, value: Any) -> None:
        held = self._held()
        self.inventory.set_slot(
            self.slot, held.name, max(0, min(held.stack_size, values.integer(value, "count")))
        )

    @lua_read
    def health(self) -> float:
        self._held()
        return float(self._extra("health", 1.0))

    @lua_write("health")
    def set_health(self, value: Any) -> None:
        self._held()
        self._set_extra("health", max(0.0, min(1.0, values.number(value, "health"))))

    @lua_read
    def durability(self) -> Any:
        held = self._held()
        full = held.raw.get("durability")
        return None if full is None else self._extra("durability", full)

    @lua_read
    def ammo(self) -> int:
        held = self._held()
        if held.type != "ammo":
            raise LuaError("The item is not ammo.")
        return int(self._extra("ammo", held.raw.get("magazine_size", 1)))

    @lua_read
    def quality(self) -> str:
        return "normal"

    @lua_read
    def grid(self) -> None:
        self._held()
        return None

    @lua_method
    def clear(self) -> None:
        self.inventory.set_slot(self.slot, None, 0)

    @lua_method
    def set_stack(self, stack: Any = None) -> bool:
        if stack is None:
            self.clear()
            return True
        if isinstance(stack, LuaItemStack) and not stack.valid_for_read():
            self.clear()
            return True
        name, count = values.item_stack(stack)
        if self.inventory.accepts is not None and not self.inventory.accepts(name):
            return False
        more = stack.copied_extra() if isinstance(stack, LuaItemStack) else None
        self.inventory.set_slot(self.slot, name, min(count, load().item[name].stack_size), more)
        return True

    @lua_query
    def can_set_stack(self, stack: Any = None) -> bool:
        return (
            stack is None
            or self.inventory.accepts is None
            or self.inventory.accepts(values.item_stack(stack)[0])
        )

    @lua_method
    def transfer_stack(self, stack: Any) -> bool:
        if not isinstance(stack, LuaItemStack):
            raise LuaError("Invalid stack: LuaItemStack expected.")
        if not stack.valid_for_read() or self.valid_for_read():
            return False
        if not self.set_stack(stack):
            return False
        stack.clear()
        return True

    @lua_method
    def swap_stack(self, stack: Any) -> bool:
        if not isinstance(stack, LuaItemStack):
            raise LuaError("Invalid stack: LuaItemStack expected.")
        if not self.can_set_stack(_or_nil(stack)) or not stack.can_set_stack(_or_nil(self)):
            return False
        mine = LuaItemStack(Inventory(1), 0)
        mine.set_stack(self)
        self.set_stack(stack)
        stack.set_stack(mine)
        return True

    @lua_method
    def get_inventory(self, index: Any) -> Any:
        """The inventory of a blueprint book; the other items here have none."""
        from runtime.engine.lua.inventory import LuaInventory

        held = self._extra("inventory", None) if self._held().type == "blueprint-book" else None
        if held is None and self._held().type == "blueprint-book":
            held = Inventory(0)
            self._set_extra("inventory", held)
        return (
            None
            if held is None or values.integer(index, "index") != inventory_numbers()["item_main"]
            else LuaInventory(held)
        )

    def copied_extra(self) -> dict[str, Any]:
        """A copy of what the stack carries beside name and count."""
        return copied(self.inventory.extra.get(self.slot, {}))

    def _extra(self, key: str, default: Any) -> Any:
        return self.inventory.extra.get(self.slot, {}).get(key, default)

    def _set_extra(self, key: str, value: Any) -> None:
        self.inventory.extra.setdefault(self.slot, {})[key] = value


def _or_nil(stack: LuaItemStack) -> LuaItemStack | None:
    return stack if stack.valid_for_read() else None


def _is(kind: str) -> Any:
    def read(self: LuaItemStack) -> bool:
        name = self.inventory.names[self.slot]
        return name is not None and load().item[name].type == kind

    return read


LuaItemStack._reads.update({attribute: _is(kind) for attribute, kind in TYPES.items()})
