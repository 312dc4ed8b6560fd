"""Inventories and the stacks in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from runtime.engine.prototypes import load

_stack_sizes: dict[str, int] = {}


def _stack_size(name: str) -> int:
    size = _stack_sizes[name] = load().item[name].stack_size
    return size


class Inventory:
    """A row of slots, each empty or holding a count of one item.

    `names[i]` is None where slot i is empty. `accepts` limits what may go in (None: anything). `changed` is
    called after each change of contents; it is how the owner learns that something was put in or taken out.
    """

    __slots__ = (
        "_begun",
        "accepts",
        "bar",
        "changed",
        "counts",
        "extra",
        "filters",
        "index",
        "names",
        "owner",
    )

    def __init__(
        self, size: int, owner: Any = None, index: int = 0, accepts: Callable[[str], bool] | None = None
    ) -> None:
        self.names: list[str | None] = [None] * size
        self.counts: list[int] = [0] * size
        self._begun = (
            -1
        )  # the first slot in which a stack is begun of what was put in last, if nothing was taken since
        self.bar = size  # slots from here on take nothing by themselves
        self.filters: dict[int, str] = {}
        self.extra: dict[int, dict[str, Any]] = {}  # slot -> what a stack carries beside name and count
        self.owner = owner
        self.index = index
        self.accepts = accepts
        self.changed: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def resize(self, size: int) -> None:
        """Grow or shrink to `size` slots; what was in lost slots is gone."""
        self._begun = -1
        grow = size - len(self.names)
        self.bar = size if self.bar == len(self.names) else min(self.bar, size)
        self.names = self.names[:size] + [None] * max(0, grow)
        self.counts = self.counts[:size] + [0] * max(0, grow)

    def _allows(self, slot: int, name: str) -> bool:
        wanted = self.filters.get(slot)
        return (wanted is None or wanted == name) and (self.accepts is None or self.accepts(name))

    def room(self, name: str) -> int:
        """How many more of an item would fit."""
        if self.accepts is not None and not self.accepts(name):
            return 0
        stack = load().item[name].stack_size
        total = 0
        for slot in range(self.bar):
            held = self.names[slot]
            if held == name:
                total += max(0, stack - self.counts[slot])
            elif held is None and (not self.filters or self._allows(slot, name)):
                total += stack
        return total

    def can_insert(self, name: str, count: int = 1) -> bool:
        """Whether at least one would fit, as `LuaInventory.can_insert` answers."""
        return count > 0 and self.room(name) > 0

    def insert(self, name: str, count: int) -> int:
        """Put in as many as fit, filling begun stacks first; the number that went in."""
        if count <= 0 or (self.accepts is not None and not self.accepts(name)):
            return 0
        stack = _stack_sizes.get(name) or _stack_size(name)
        names, counts = self.names, self.counts
        slot = self._begun
        if 0 <= slot < self.bar and names[slot] == name and counts[slot] + count <= stack:
            counts[slot] += count
            if self.changed is not None:
                self.changed()
            return count
        left = count
        for slot in range(self.bar):
            if names[slot] == name and counts[slot] < stack:
                put = min(left, stack - counts[slot])
                counts[slot] += put
                left -= put
                if not left:
                    self._begun = slot
                    break
        if left:
            for slot in range(self.bar):
                if names[slot] is None and (not self.filters or self._allows(slot, name)):
                    put = min(left, stack)
                    names[slot] = name
                    counts[slot] = put
                    left -= put
                    if not left:
                        break
        if left != count and self.changed is not None:
            self.changed()
        return count - left

    def put(self, name: str, count: int, extra: dict[str, Any]) -> int:
        """Put a stack that carries something of its own into an empty slot; the number that went in."""
        if self.accepts is not None and not self.accepts(name):
            return 0
        for slot in range(self.bar):
            if self.names[slot] is None and self._allows(slot, name):
                self.set_slot(slot, name, count, extra)
                return count
        return 0

    def remove(self, name: str, count: int) -> int:
        """Take out up to `count`, from the last slot that holds it on; the number taken."""
        left = count
        for slot in range(len(self.names) - 1, -1, -1):
            if left <= 0:
                break
            if self.names[slot] == name:
                left -= self.take_quietly(slot, left)
        if left != count and self.changed is not None:
            self.changed()
        return count - left

    def take_quietly(self, slot: int, count: int) -> int:
        """Take up to `count` from one slot (0-based) without telling the owner, who does it; the number taken."""
        self._begun = -1
        held = self.counts[slot]
        if count < held:
            self.counts[slot] = held - count
            return count
        self.counts[slot] = 0
        self.names[slot] = None
        if self.extra:
            self.extra.pop(slot, None)
        return held

    def take_slot(self, slot: int, count: int) -> int:
        """Take up to `count` from one slot (0-based); the number taken."""
        taken = self.take_quietly(slot, count)
        if taken and self.changed is not None:
            self.changed()
        return taken

    def set_slot(self, slot: int, name: str | None, count: int, extra: dict[str, Any] | None = None) -> None:
        """Make slot `slot` (0-based) hold exactly this."""
        self._begun = -1
        self.names[slot] = name if count else None
        self.counts[slot] = count if name else 0
        self.extra.pop(slot, None)
        if extra and name and count:
            self.extra[slot] = extra
        if self.changed is not None:
            self.changed()

    def count(self, name: str | None = None) -> int:
        """How many of an item there are, or of all items."""
        if name is None:
            return sum(self.counts)
        return sum(c for n, c in zip(self.names, self.counts, strict=True) if n == name)

    def contents(self) -> dict[str, int]:
        """Item -> count, in the order of the slots."""
        out: dict[str, int] = {}
        for name, count in zip(self.names, self.counts, strict=True):
            if name is not None:
                out[name] = out.get(name, 0) + count
        return out

    def is_empty(self) -> bool:
        """Whether every slot is empty."""
        return not any(self.counts)

    def is_full(self) -> bool:
        """Whether no slot is empty (begun stacks count as full, as in the game)."""
        return all(n is not None for n in self.names)

    def clear(self) -> None:
        """Empty every slot."""
        self._begun = -1
        size = len(self.names)
        self.names = [None] * size
        self.counts = [0] * size
        self.extra = {}
        if self.changed is not None:
            self.changed()

    def sort(self) -> None:
        """Merge stacks and order them by name, as the game sorts a character's inventory."""
        changed, self.changed = self.changed, None
        apart = []  # what carries something of its own, such as a blueprint, doesn't merge
        for slot, name in enumerate(self.names):
            if name is not None and self.extra.get(slot):
                apart.append((name, self.counts[slot], self.extra[slot]))
                self.set_slot(slot, None, 0)
        held = sorted(self.contents().items())
        self.clear()
        for name, count in held:
            self.insert(name, count)
        for name, count, extra in sorted(apart, key=lambda stack: stack[0]):
            self.put(name, count, extra)
        self.changed = changed

    def state(self) -> list[Any]:
        """What a state hash needs: (slot, name, count, extra) of slots in use, the bar and the filters."""
        used = [
            [i, n, self.counts[i], extra_state(self.extra.get(i, {}))]
            for i, n in enumerate(self.names)
            if n is not None
        ]
        return [len(self.names), self.bar, sorted(self.filters.items()), used]


def copied(extra: dict[str, Any]) -> dict[str, Any]:
    """A copy of what a stack carries beside name and count: plain data, and the inventory of a blueprint book."""
    return {key: _copied(value) for key, value in extra.items()}


def _copied(value: Any) -> Any:
    if not isinstance(value, Inventory):
        return copy.deepcopy(value)
    made = Inventory(len(value))
    made.names, made.counts = list(value.names), list(value.counts)
    made.extra = {slot: copied(more) for slot, more in value.extra.items()}
    return made


def extra_state(extra: dict[str, Any]) -> list[Any]:
    """What a state hash needs of what a stack carries beside name and count."""
    return [[k, v.state() if isinstance(v, Inventory) else v] for k, v in sorted(extra.items())]
