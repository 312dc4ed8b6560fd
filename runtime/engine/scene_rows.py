"""What is told of an entity in a scene: see `scene.Scenes.changes`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.systems.character import Character
from runtime.engine.systems.crafting import AssemblingMachine, CraftingMachine
from runtime.engine.systems.electricity import ElectricPole
from runtime.engine.systems.fluids import Box
from runtime.engine.systems.gates import OPEN, OPENING, Gate
from runtime.engine.systems.ghosts import EntityGhost, Planned
from runtime.engine.systems.ground import ItemOnGround
from runtime.engine.systems.inserters import Inserter
from runtime.engine.systems.nature import Cliff
from runtime.engine.systems.rocket import RocketSilo
from runtime.engine.systems.turrets import Turret

Row = tuple[Any, ...]

TURNED = frozenset(
    {"artillery-wagon", "car", "cargo-wagon", "combat-robot", "construction-robot", "fluid-wagon", "locomotive",
     "logistic-robot", "spider-vehicle", "unit"}
)  # fmt: skip
TURRETS = frozenset({"ammo-turret", "artillery-turret", "electric-turret", "fluid-turret", "turret"})
FLUID_HOLDERS = frozenset({"pipe", "pipe-to-ground", "storage-tank", "infinity-pipe"})


def key_at(x: float, y: float) -> int:
    """The key, within its chunk, of something without a unit number."""
    return -1 - int(x * 32 // 1) % 1024 - int(y * 32 // 1) % 1024 * 1024


def row_of(key: int, e: Entity) -> Row:
    """What is told of an entity."""
    row = (key, e.name, e.x, e.y, e.direction, e.status() if e.unit_number else None)
    more = MORE.get(e.type)
    return row if more is None else row + more(e)


def arm_row(e: Inserter, stopped: bool) -> Row:
    """Hand and goal from where an inserter stands, in hundredths of a tile, and what it holds."""
    hand_x, hand_y = e.hand_position()
    goal_x, goal_y = (
        (hand_x, hand_y) if stopped else e.drop_position() if e.held is not None else e.pickup_position()
    )
    x, y = e.x, e.y
    return (
        int((hand_x - x) * 100 // 1), int((hand_y - y) * 100 // 1), int((goal_x - x) * 100 // 1),
        int((goal_y - y) * 100 // 1), e.held,
    )  # fmt: skip


def _belt(e: Any) -> Row:
    return (e.shape(),)


def _underground(e: Any) -> Row:
    return (e.belt_to_ground_type,)


def _machine(e: Any) -> Row:
    if not isinstance(e, CraftingMachine):
        return (None,)
    recipe = e.recipe if isinstance(e, AssemblingMachine) else e.crafting or e.next_recipe()
    if isinstance(e, RocketSilo):
        return (recipe.name if recipe is not None else None, e.launch.stage)
    return (recipe.name if recipe is not None else None,)


def _pole(e: Any) -> Row:
    return (tuple(sorted(p.unit_number for p in e.wired())) if isinstance(e, ElectricPole) else (),)


SIDES = ((0, -1), (1, 0), (0, 1), (-1, 0))


def _fluid(e: Any) -> Row:
    boxes: list[Box] = getattr(e, "boxes", None) or []
    if not boxes:
        return (0, None, 0)
    mask = 0
    if e.type in ("pipe", "infinity-pipe"):
        for box in boxes[0].links():
            other = box.owner
            for bit, (dx, dy) in enumerate(SIDES):
                x, y = e.x + dx, e.y + dy
                if other.left <= x <= other.right and other.top <= y <= other.bottom:
                    mask |= 1 << bit
    name, amount, _ = boxes[0].content()
    if not name or not amount:
        return (mask, None, 0)
    return (mask, name, -(-amount * 8 // boxes[0].capacity))


def _ghost(e: Any) -> Row:
    assert isinstance(e, Planned)
    return (e.ghost_name, e.inner.type if isinstance(e, EntityGhost) else "tile")


def _cliff(e: Any) -> Row:
    return (e.orientation if isinstance(e, Cliff) else "west-to-east",)


def _item(e: Any) -> Row:
    assert isinstance(e, ItemOnGround)
    return (e.stack_name,)


def _station(e: Any) -> Row:
    return (None,)  # stations of this engine have no names


def _gate(e: Any) -> Row:
    return (1 if isinstance(e, Gate) and e.stage in (OPENING, OPEN) else 0,)


def _gun(e: Any) -> Row:
    target = e.target if isinstance(e, Turret) else None
    if target is None or not target.valid:
        return (-1,)
    return (math.floor(math.atan2(target.x - e.x, e.y - target.y) / math.tau * 64 + 0.5) % 64,)


def _character(e: Any) -> Row:
    return (1 if isinstance(e, Character) and e.walking.walking else 0,)


def _turned(e: Any) -> Row:
    return (e.direction * 4,)


MORE: dict[str, Callable[[Any], Row]] = {
    "transport-belt": _belt,
    "underground-belt": _underground,
    "assembling-machine": _machine,
    "furnace": _machine,
    "rocket-silo": _machine,
    "electric-pole": _pole,
    **dict.fromkeys(FLUID_HOLDERS, _fluid),
    "entity-ghost": _ghost,
    "tile-ghost": _ghost,
    "cliff": _cliff,
    "item-entity": _item,
    "character": _character,
    "train-stop": _station,
    "gate": _gate,
    **dict.fromkeys(TURRETS, _gun),
    **dict.fromkeys(TURNED, _turned),
}
