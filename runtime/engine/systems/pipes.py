"""Where entities join pipes: the connections of their fluid boxes, and who they meet there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.engine.entity import Entity, turned_point
from runtime.engine.prototypes import EntityPrototype, Raw

STEPS = {0: (0, -1), 4: (1, 0), 8: (0, 1), 12: (-1, 0)}
SINGLE = ("fluid_box", "input_fluid_box", "output_fluid_box")


@dataclass(frozen=True)
class Connection:
    """One connection of a fluid box: the tile inside the entity, the tile it opens to, and where it leads.

    `kind` is "normal" or "underground" (which reaches `distance` tiles); `flow` is "input", "output" or "input-output".
    """

    x: float
    y: float
    target_x: float
    target_y: float
    direction: int
    kind: str
    flow: str
    distance: int


def fluid_boxes(entity: Entity) -> list[Raw]:
    """The fluid boxes an entity has now, in the game's order; an assembling machine's appear with a fluid recipe."""
    boxes = prototype_boxes(entity.proto)
    recipe = getattr(entity, "recipe", None)
    if entity.proto.raw.get("fluid_boxes_off_when_no_fluid_recipe"):
        fluids = recipe is not None and any(
            r.type == "fluid" for r in (*recipe.ingredients, *recipe.products)
        )
        return boxes if fluids else []
    return boxes


def prototype_boxes(proto: EntityPrototype) -> list[Raw]:
    """The fluid boxes of a prototype, in the game's order."""
    if proto.type == "fluid-wagon":  # a tank that pipes don't join
        return [{"volume": proto.raw["capacity"], "pipe_connections": [], "production_type": "none"}]
    single = [proto.raw[k] for k in SINGLE if proto.raw.get(k)]
    return single + [b for b in proto.raw.get("fluid_boxes") or () if isinstance(b, dict)]


def connections(entity: Entity, box: Raw) -> list[Connection]:
    """The connections of one of an entity's fluid boxes, as it stands."""
    found = []
    tank = getattr(entity, "tank", None)
    mirrored = tank is not None and tank.mirrored
    for raw in box.get("pipe_connections") or ():
        facing = raw.get("direction", 0)
        if raw.get("positions"):
            x, y = raw["positions"][(entity.direction // 4) % 4]
        else:
            left = -raw["position"][0] if mirrored else raw["position"][0]
            facing = -facing if mirrored else facing
            x, y = turned_point(left, raw["position"][1], entity.direction)
        direction = (facing + entity.direction) % 16
        step_x, step_y = STEPS[direction - direction % 4]
        found.append(
            Connection(
                entity.x + x, entity.y + y, entity.x + x + step_x, entity.y + y + step_y, direction,
                raw.get("connection_type", "normal"), raw.get("flow_direction", "input-output"),
                int(raw.get("max_underground_distance") or 0),
            )
        )  # fmt: skip
    return found


def meets(entity: Entity, connection: Connection) -> tuple[Entity, int, Connection] | None:
    """The entity at the other end of a connection, the number of its fluid box (from 0) and its connection."""
    step_x, step_y = STEPS[connection.direction - connection.direction % 4]
    underground = connection.kind == "underground"
    reach = connection.distance if underground else 1
    for n in range(1, max(reach, 1) + 1):
        x, y = connection.x + step_x * n, connection.y + step_y * n
        for other in entity.world.surface.on_tile(math.floor(x), math.floor(y)):
            if other is entity or other.force is not entity.force or getattr(other, "boxes", None) == []:
                continue
            for number, box in enumerate(fluid_boxes(other)):
                for theirs in connections(other, box):
                    same_tile = math.floor(theirs.x) == math.floor(x) and math.floor(theirs.y) == math.floor(
                        y
                    )
                    if not same_tile or theirs.kind != connection.kind:
                        continue
                    turn = (theirs.direction - connection.direction) % 16
                    if turn == 8 and n <= max(theirs.distance, 1):
                        return other, number, theirs
                    if turn == 0 and underground:
                        return None  # what is beyond is joined to that one
    return None
