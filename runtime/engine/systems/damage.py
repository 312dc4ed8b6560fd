"""Damage: what an attack does, what resistances leave of it, and how things die."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from runtime.engine.entity import Entity
from runtime.engine.prototypes import load
from runtime.engine.systems.ghosts import plan_entity

if TYPE_CHECKING:
    from runtime.engine.force import Force

Hit = tuple[str, float]  # type of damage, amount


def hits(effect: Any) -> list[Hit]:
    """The damage that a trigger of the prototypes does to its target, in order: an action, a delivery, an effect, or several."""
    if isinstance(effect, list):
        return [hit for part in effect for hit in hits(part)]
    if not isinstance(effect, dict):
        return []
    kind = effect.get("type")
    if kind == "damage":
        return [(effect["damage"]["type"], float(effect["damage"]["amount"]))]
    if kind == "stream":
        return hits(load().raw["stream"][effect["stream"]].get("initial_action"))
    if kind == "beam":
        return hits(load().raw["beam"][effect["beam"]].get("action"))
    return hits([effect.get("action"), effect.get("action_delivery"), effect.get("target_effects")])


@cache
def ammo_hits(item: str) -> tuple[Hit, ...]:
    """The damage of one shot with an item of ammunition."""
    return tuple(hits(load().item[item].raw["ammo_type"]))


@cache
def attack_hits(entity: str) -> tuple[Hit, ...]:
    """The damage of one attack of an entity that needs no ammunition, its `damage_modifier` included."""
    attack = load().entity[entity].raw["attack_parameters"]
    factor = attack.get("damage_modifier", 1)
    return tuple((kind, amount * factor) for kind, amount in hits(attack["ammo_type"]))


def resisted(entity: Entity, amount: float, kind: str) -> float:
    """The damage that gets through an entity's resistance: first `decrease`, then `percent`.

    A decrease leaves less than 1 only as `1 / (decrease - amount + 2)` (the game's rule).
    """
    for resistance in entity.proto.raw.get("resistances") or ():
        if resistance["type"] == kind:
            decrease = resistance.get("decrease", 0)
            if decrease and amount > 0:
                amount = amount - decrease if amount - decrease >= 1 else 1 / (decrease - amount + 2)
            return float(amount * (1 - resistance.get("percent", 0) / 100))
    return amount


def vulnerable(entity: Entity) -> bool:
    """Whether anything can hurt an entity now."""
    return entity.valid and entity.destructible and entity.proto.max_health > 0 and entity.health > 0


def hurt(entity: Entity, amount: float, kind: str, force: Force | None, cause: Entity | None = None) -> float:
    """Do damage of a kind to an entity on behalf of a force; the health that it lost. It dies when none is left."""
    if not vulnerable(entity) or (force is entity.force and not force.friendly_fire):
        return 0.0
    final = resisted(entity, amount, kind)
    done = min(entity.health, final)
    entity.health -= done
    world = entity.world
    event: dict[str, Any] = {
        "entity": entity, "damage_type": {"name": kind}, "original_damage_amount": amount,
        "final_damage_amount": final, "final_health": entity.health,
    }  # fmt: skip
    world.raise_event("on_entity_damaged", event | _by(force, cause))
    if entity.valid:
        if entity.health <= 0:
            kill(entity, force, cause, kind)
        else:
            entity.attacked(force, cause)
    return done


def kill(
    entity: Entity, force: Force | None = None, cause: Entity | None = None, kind: str | None = None
) -> bool:
    """Let an entity die: what it held is lost, but for a character's, which its corpse keeps. Whether it died."""
    if not entity.valid or entity.proto.max_health <= 0:
        return False
    world = entity.world
    event: dict[str, Any] = {"entity": entity, **_by(force, cause)}
    if kind is not None:
        event["damage_type"] = {"name": kind}
    world.raise_event("on_entity_died", event)
    if not entity.valid:
        return True
    if force is not None:
        force.kills.input[entity.name] += 1
    entity.force.kills.output[entity.name] += 1
    entity.died(force, cause)
    proto, x, y, direction = entity.proto, entity.x, entity.y, entity.direction
    ghost = proto.is_building and bool(entity.force.create_ghost_on_entity_death)
    world.destroy(entity)
    if ghost:
        plan_entity(world, proto, x, y, direction, entity.force, {})
    return True


def _by(force: Force | None, cause: Entity | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if force is not None:
        found["force"] = force
    if cause is not None and cause.valid:
        found["cause"] = cause
    return found
