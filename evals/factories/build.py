"""Building a plan in a world, as scripts do: each entity where nothing stands, with its recipe."""

from __future__ import annotations

from collections.abc import Sequence

from evals.factories.ground import Piece
from runtime.engine.entity import Entity
from runtime.engine.placing import place
from runtime.engine.prototypes import load
from runtime.engine.systems.crafting import AssemblingMachine
from runtime.engine.world import World


class InTheWay(Exception):
    """Something already stands where a piece should."""

    def __init__(self, piece: Piece) -> None:
        super().__init__(f"there is no room for {piece}")


def build(world: World, pieces: Sequence[Piece]) -> list[Entity]:
    """Build pieces for the player's force. Raises `InTheWay`; what was built until then stays."""
    prototypes, force = load(), world.forces["player"]
    made = []
    for piece in _halves_first(pieces):
        fields = {"belt_to_ground_type": piece.tunnel} if piece.tunnel else {}
        proto = prototypes.entity[piece.name]
        entity = place(world, proto, piece.x, piece.y, piece.direction, force, False, fields)
        if entity is None:
            raise InTheWay(piece)
        if piece.recipe is not None:
            assert isinstance(entity, AssemblingMachine)
            entity.set_recipe(prototypes.recipe[piece.recipe])
        made.append(entity)
    return made


def _halves_first(pieces: Sequence[Piece]) -> list[Piece]:
    """Belts last, every second one first, so that each one joins runs of one length: a run is made anew for each belt."""
    entity = load().entity
    belts = [p for p in pieces if entity[p.name].type in ("transport-belt", "underground-belt")]
    order = sorted(range(1, len(belts) + 1), key=lambda n: n & -n)
    others = [p for p in pieces if entity[p.name].type not in ("transport-belt", "underground-belt")]
    return others + [belts[n - 1] for n in order]
