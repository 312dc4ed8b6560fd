"""Reads from each entity's prototype how it looks; one function for each family of types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from viewer.display_list import Order
from viewer.factorio.book import IDLE, WORKING, Book
from viewer.factorio.sprites import EIGHTHS, QUARTERS, Colour, Side, Strip, colour, pair, strips

Raw = dict[str, Any]
TURNS = 16
"""From so many sides is shown what can point anywhere."""
TREES_SHOWN = 4
VARIANTS_SHOWN = 4
SHAPES = ("straight", "left", "right")
STRAIGHT_INDEX = {"east": 1, "west": 2, "north": 3, "south": 4}
CORNERS = {
    "east_to_north": 5, "north_to_east": 6, "west_to_north": 7, "north_to_west": 8, "south_to_east": 9,
    "east_to_south": 10, "south_to_west": 11, "west_to_south": 12,
}  # fmt: skip
"""Rows of a belt's sheet if the prototype doesn't say, counted from 1; from which side to which."""
JOINED = {
    "pipe": (
        "straight_vertical_single", "ending_up", "ending_right", "corner_up_right", "ending_down", "straight_vertical",
        "corner_down_right", "t_right", "ending_left", "corner_up_left", "straight_horizontal", "t_up",
        "corner_down_left", "t_left", "t_down", "cross",
    ),
    "heat-pipe": (
        "single", "ending_up", "ending_right", "corner_right_up", "ending_down", "straight_vertical",
        "corner_right_down", "t_right", "ending_left", "corner_left_up", "straight_horizontal", "t_up",
        "corner_left_down", "t_left", "t_down", "cross",
    ),
    "wall": (
        "single", "single", "ending_right", "ending_right", "straight_vertical", "straight_vertical",
        "corner_right_down", "corner_right_down", "ending_left", "ending_left", "straight_horizontal",
        "straight_horizontal", "corner_left_down", "corner_left_down", "t_up", "t_up",
    ),
}  # fmt: skip
"""Which picture is that of each mask, of what is joined to its neighbours: 1 north, 2 east, 4 south, 8 west."""
PLAIN = (
    "animation", "animations", "picture", "pictures", "sprite", "sprites", "chargable_graphics", "idle_animation", "idle",
    "off_animation", "base_picture", "base", "picture_set", "picture_safe", "picture_off", "power_on_animation", "base_day_sprite",
)  # fmt: skip
"""Where the picture is of those that have no more to them, the first that there is."""
PLAIN_TYPES = frozenset(
    {"arithmetic-combinator", "assembling-machine", "beacon", "cargo-landing-pad", "character-corpse", "constant-combinator",
     "container", "decider-combinator", "display-panel", "electric-energy-interface", "furnace", "heat-interface",
     "infinity-container", "land-mine", "linked-container", "logistic-container", "market", "mining-drill", "offshore-pump",
     "pipe-to-ground", "power-switch", "programmable-speaker", "proxy-container", "selector-combinator",
     "simple-entity-with-force", "simple-entity-with-owner", "solar-panel", "temporary-container", "train-stop",
     "unit-spawner", "valve"}
)  # fmt: skip
"""Types without a reader of their own."""


def read_entity(book: Book, kind: str, raw: Raw) -> None:
    """Add how one entity looks, if it looks like anything; nothing of what is no entity that is drawn."""
    if kind in READERS or kind in PLAIN_TYPES:
        READERS.get(kind, _plain)(book, raw["name"], raw)
        _read_chimney(book, raw)


def _read_chimney(book: Book, raw: Raw) -> None:
    source = raw.get("energy_source")
    listed = raw.get("smoke") or (source.get("smoke") if isinstance(source, dict) else None)
    smoke = listed[0] if isinstance(listed, list) and listed else None
    if isinstance(smoke, dict):
        default = pair(smoke.get("position"))
        sides = [pair(smoke[key]) if (key := f"{way}_position") in smoke else None for way in QUARTERS]
        # What has places for two sides only is the same from the opposite ones.
        book.chimneys[raw["name"]] = [sides[q] or sides[(q + 2) % 4] or default for q in range(4)]


def _sides(read: Callable[[Side, str], None]) -> None:
    for quarter in range(4):
        read(Side(quarter / 4), str(quarter))


# --- belts ----------------------------------------------------------------------------------------------------


def _belt_strips(raw: Raw, shape: str, quarter: int) -> list[Strip]:
    belts = raw.get("belt_animation_set")
    if not isinstance(belts, dict):
        return []
    way = QUARTERS[quarter]
    if shape == "straight":
        row = belts.get(f"{way}_index", STRAIGHT_INDEX[way])
    else:
        # It comes in from its right if it turns right.
        corner = f"{QUARTERS[(quarter + (1 if shape == 'right' else 3)) % 4]}_to_{way}"
        row = belts.get(f"{corner}_index", CORNERS[corner])
    return _row(belts.get("animation_set"), int(row) - 1)


def _row(value: Any, row: int) -> list[Strip]:
    """The layers of a sheet with a row for each direction, which here are no directions."""
    if isinstance(value, dict) and isinstance(value.get("layers"), list):
        return [strip for layer in value["layers"] for strip in _row(layer, row)]
    if not isinstance(value, dict):
        return []
    rows = max(1, int(value.get("direction_count", 1)))
    return strips(value, Side(row / rows))


def _lay_belt(
    book: Book, name: str, raw: Raw, state: str, shape: str, quarter: int, x: float, y: float
) -> None:
    found = _belt_strips(raw, shape, quarter)
    speed = float(raw.get("speed", 0)) * float(raw.get("animation_speed_coefficient", 1))
    book.look(name, state, found, Order.BELT, speed=speed, most=64, when=WORKING, at=(x, y))
    book.look(name, state, found, Order.BELT, still=True, when=IDLE, at=(x, y))


def _belt(book: Book, name: str, raw: Raw) -> None:
    for shape in SHAPES:
        for quarter in range(4):
            _lay_belt(book, name, raw, f"{shape}/{quarter}", shape, quarter, 0, 0)


def _underground(book: Book, name: str, raw: Raw) -> None:
    structure = raw.get("structure") or {}
    for quarter in range(4):
        for state, part in (("input", "direction_in"), ("output", "direction_out")):
            key = f"{state}/{quarter}"
            _lay_belt(book, name, raw, key, "straight", quarter, 0, 0)
            # What comes out of the ground has its back to where it goes.
            seen = Side(quarter / 4 if state == "input" else (quarter + 2) % 4 / 4)
            for layer in ("back_patch", part, "front_patch"):
                book.look(name, key, strips(structure.get(layer), seen), Order.HOOD)


def _splitter(book: Book, name: str, raw: Raw) -> None:
    for quarter in range(4):
        key = f"working/{quarter}"
        beside = ((0.5, 0.0), (0.0, 0.5))[quarter % 2] if raw["type"] == "splitter" else (0.0, 0.0)
        for sign in (-1, 1):
            _lay_belt(book, name, raw, key, "straight", quarter, beside[0] * sign, beside[1] * sign)
        speed = float(raw.get("structure_animation_speed_coefficient", 1)) * float(raw.get("speed", 0)) * 32
        for layer in ("structure", "structure_patch"):
            found = [s for s in strips(raw.get(layer), Side(quarter / 4)) if s.width > 1]
            book.look(name, key, found, Order.HOOD, speed=speed, shadow=Order.HOOD - 1)


# --- machines -------------------------------------------------------------------------------------------------


def _machine(book: Book, name: str, raw: Raw) -> None:
    """Drills, furnaces, assemblers and all others with a graphics set."""
    graphics = raw.get("graphics_set") or {}
    if not isinstance(graphics, dict):
        return

    def side(seen: Side, quarter: str) -> None:
        key = f"working/{quarter}"
        for layer in ("base_pictures", "underwater_pictures"):
            book.look(name, key, strips(graphics.get(layer), seen), Order.DECAL)
        book.look(name, key, strips(raw.get("integration_patch"), seen), Order.DECAL)
        book.look(name, key, strips(raw.get("base_picture"), seen), still=True)
        idle = graphics.get("idle_animation")
        found = strips(graphics.get("animation") or graphics.get("animations") or idle, seen)
        moving = [replace(s, speed=s.speed * float(raw.get("crafting_speed", 1))) for s in found]
        book.look(name, key, moving, when=WORKING)
        book.look(name, key, strips(idle, seen) or moving, still=True, when=IDLE)
        for entry in graphics.get("animation_list") or ():
            if isinstance(entry, dict):
                order = Order.DECAL if entry.get("render_layer") == "floor-mechanics" else Order.BODY
                book.look(name, key, strips(entry.get("animation"), seen), order)
        for entry in graphics.get("picture") or ():
            book.look(name, key, strips(entry, seen), still=True)
        for shown in graphics.get("working_visualisations") or ():
            _visualisation(book, name, key, shown, seen)

    _sides(side)


def _visualisation(book: Book, name: str, key: str, shown: Raw, seen: Side) -> None:
    if not isinstance(shown, dict):
        return
    way = QUARTERS[seen.quarter]
    x, y = pair(shown.get(f"{way}_position"))
    found = [s.moved(x, y) for s in strips(shown.get(f"{way}_animation") or shown.get("animation"), seen)]
    # What is coloured by a recipe or a resource is left out: nobody tells here by which.
    if shown.get("apply_tint") or shown.get("apply_recipe_tint") or not found:
        return
    flicker = 0.3 if shown.get("effect") in ("flicker", "uranium-glow") else 0.0
    glows = any(s.how == "add" for s in found)
    order = Order.GLOW if glows else Order.BODY
    book.look(name, key, found, order, flicker=flicker, when=WORKING)
    if shown.get("always_draw"):
        book.look(name, key, found, order, still=True, when=IDLE)


def _plain(book: Book, name: str, raw: Raw) -> None:
    """Those with one picture, or one for each side."""
    if isinstance(raw.get("graphics_set"), dict) and (
        {"animation", "animations", "idle_animation", "animation_list", "picture"}
        & raw["graphics_set"].keys()
    ):
        _machine(book, name, raw)
        return
    value = next((v for key in PLAIN if strips(v := _plain_value(raw, key))), None)
    _sides(lambda seen, quarter: book.look(name, f"working/{quarter}", strips(value, seen), still=True))


def _plain_value(raw: Raw, key: str) -> Any:
    value = raw.get(key)
    return value.get("picture") if key == "chargable_graphics" and isinstance(value, dict) else value


def _lab(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("on_animation")), when=WORKING)
    book.look(name, "working/0", strips(raw.get("off_animation")), still=True, when=IDLE)


def _generator(book: Book, name: str, raw: Raw) -> None:
    for quarter in range(4):
        found = strips(raw.get(("vertical_animation", "horizontal_animation")[quarter % 2]))
        book.look(name, f"working/{quarter}", found, when=WORKING)
        book.look(name, f"working/{quarter}", found, still=True, when=IDLE)


def _gate(book: Book, name: str, raw: Raw) -> None:
    for quarter in range(4):
        found = strips(raw.get(("vertical_animation", "horizontal_animation")[quarter % 2]))
        book.look(name, f"working/{quarter}", found, still=True)
        # It has opened when its animation is over.
        book.look(name, f"open/{quarter}", [replace(s, frames=s.frames[-1:]) for s in found], still=True)


def _boiler(book: Book, name: str, raw: Raw) -> None:
    for quarter, way in enumerate(QUARTERS):
        views = raw.get("pictures")
        view = views.get(way) if isinstance(views, dict) else None
        if not isinstance(view, dict):
            continue
        key = f"working/{quarter}"
        for layer in ("structure", "patch"):
            book.look(name, key, strips(view.get(layer)), still=True)
        book.look(name, key, strips(view.get("fire")), Order.GLOW, flicker=0.2, when=WORKING)
        book.look(name, key, strips(view.get("fire_glow")), Order.GLOW, flicker=0.4, when=WORKING)


def _radar(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("integration_patch")), Order.DECAL)
    around: list[list[Strip]] = [strips(raw.get("pictures"), Side(i / TURNS)) for i in range(TURNS)]
    if not around[0]:
        return
    # A turn is an animation: layer by layer the frames of all sides.
    turning = [
        Strip(
            tuple(side[n].frames[0] for side in around), s.width, s.height, s.scale, s.x, s.y, s.tint, s.how
        )
        for n, s in enumerate(around[0])
    ]
    speed = float(raw.get("rotation_speed", 0.01)) * TURNS
    book.look(name, "working/0", turning, when=WORKING, speed=speed)
    book.look(name, "working/0", turning, when=IDLE, still=True)


def _lamp(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("picture_off")))
    book.look(name, "working/0", strips(raw.get("picture_on")), Order.GLOW, when=WORKING)


def _accumulator(book: Book, name: str, raw: Raw) -> None:
    graphics = raw.get("chargable_graphics") or {}
    book.look(name, "working/0", strips(graphics.get("picture") or raw.get("picture")), still=True)


def _reactor(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("lower_layer_picture")), Order.DECAL)
    book.look(name, "working/0", strips(raw.get("picture")))
    book.look(
        name, "working/0", strips(raw.get("working_light_picture")), Order.GLOW, flicker=0.3, when=WORKING
    )


def _roboport(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("base")))
    book.look(name, "working/0", strips(raw.get("base_patch")))
    for doors in ("door_animation_up", "door_animation_down"):
        book.look(name, "working/0", strips(raw.get(doors)), still=True)
    book.look(name, "working/0", strips(raw.get("base_animation")))


def _silo(book: Book, name: str, raw: Raw) -> None:
    for state in ("working/0", "open/0"):
        for layer in ("shadow_sprite", "hole_sprite"):
            book.look(name, state, strips(raw.get(layer)), Order.DECAL)
        for door in ("door_back", "door_front"):
            x, y = pair(raw.get(f"{door}_open_offset")) if state == "open/0" else (0.0, 0.0)
            found = [s.moved(x, y) for s in strips(raw.get(f"{door}_sprite"))]
            book.look(name, state, found, Order.DECAL + 1)
        for layer in ("base_day_sprite", "base_front_sprite"):
            book.look(name, state, strips(raw.get(layer)))


def _pole(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("pictures")))
    points = raw.get("connection_points")
    wire = (
        points[0].get("wire") if isinstance(points, list) and points and isinstance(points[0], dict) else None
    )
    if isinstance(wire, dict):
        book.pole_tops[name] = pair(wire.get("copper"))


def _inserter(book: Book, name: str, raw: Raw) -> None:
    for quarter in range(4):
        # It faces what it takes from; its picture what it gives to.
        found = strips(raw.get("platform_picture"), Side((quarter + 2) % 4 / 4))
        book.look(name, f"working/{quarter}", found)
    for part in ("hand_base", "hand_open", "hand_closed"):
        for strip in strips(raw.get(f"{part}_picture"))[:1]:
            book.picture(f"{name}/{part}", [strip])


# --- pipes and walls ------------------------------------------------------------------------------------------


def _pipe(book: Book, name: str, raw: Raw) -> None:
    pictures = raw.get("pictures") or {}
    for mask, part in enumerate(JOINED["pipe"]):
        key = f"mask/{mask}"
        if mask not in (5, 10):
            book.look(name, key, strips(pictures.get(part)), Order.PIPE)
            continue
        way = "vertical" if mask == 5 else "horizontal"
        book.look(name, key, strips(pictures.get(f"{way}_window_background")), Order.PIPE)
        book.look(name, key, strips(pictures.get("fluid_background")), Order.PIPE + 1, fluid=True)
        book.look(name, key, strips(pictures.get(f"{part}_window") or pictures.get(part)), Order.PIPE + 2)


def _heat_pipe(book: Book, name: str, raw: Raw) -> None:
    for mask, part in enumerate(JOINED["heat-pipe"]):
        book.look(name, f"mask/{mask}", strips((raw.get("connection_sprites") or {}).get(part)), Order.PIPE)
        glow = strips((raw.get("heat_glow_sprites") or {}).get(part))
        book.look(
            name, f"mask/{mask}", [s for s in glow if s.width > 1], Order.PIPE + 1, flicker=0.3, when=WORKING
        )


def _wall(book: Book, name: str, raw: Raw) -> None:
    for mask, part in enumerate(JOINED["wall"]):
        book.look(name, f"mask/{mask}", strips((raw.get("pictures") or {}).get(part)))


def _tank(book: Book, name: str, raw: Raw) -> None:
    pictures = raw.get("pictures") or {}

    def side(seen: Side, quarter: str) -> None:
        key = f"working/{quarter}"
        book.look(name, key, strips(pictures.get("window_background")), Order.BODY)
        book.look(name, key, strips(pictures.get("fluid_background")), Order.BODY, fluid=True)
        book.look(name, key, strips(pictures.get("picture"), seen))

    _sides(side)


def _pump(book: Book, name: str, raw: Raw) -> None:
    def side(seen: Side, quarter: str) -> None:
        found = strips(raw.get("animations"), seen)
        book.look(name, f"working/{quarter}", found, when=WORKING)
        book.look(name, f"working/{quarter}", found, still=True, when=IDLE)

    _sides(side)


# --- what turns, walks and grows ------------------------------------------------------------------------------


def _turret(book: Book, name: str, raw: Raw) -> None:
    base = (raw.get("graphics_set") or {}).get("base_visualisation") or {}
    shown = base if isinstance(base, list) else [base]
    for quarter in range(4):
        for part in shown:
            found = strips(part.get("animation") if isinstance(part, dict) else None, Side(quarter / 4))
            book.look(name, f"working/{quarter}", found, still=True)
        book.look(name, f"working/{quarter}", strips(raw.get("base_picture"), Side(quarter / 4)), still=True)
        book.look(name, f"working/{quarter}", strips(raw.get("integration")), Order.DECAL, still=True)
    gun = next(
        (raw[k] for k in ("prepared_animation", "cannon_barrel_pictures", "folded_animation") if k in raw),
        None,
    )
    for turn in range(TURNS):
        book.look(name, f"gun/{turn}", strips(gun, Side(turn / TURNS)), Order.MOVING, still=True)
        if isinstance(raw.get("cannon_base_pictures"), dict):
            book.look(
                name, f"gun/{turn}", strips(raw["cannon_base_pictures"], Side(turn / TURNS)), Order.MOVING
            )


def _turning(order: int, most: int, *keys: str) -> Callable[[Book, str, Raw], None]:
    """A reader of what is seen from many sides: the pictures under these keys, one over the other."""

    def read(book: Book, name: str, raw: Raw) -> None:
        for turn in range(TURNS):
            for key in keys:
                value = raw.get(key)
                if isinstance(value, dict) and isinstance(value.get("rotated"), dict):
                    value = value["rotated"]
                found = strips(value, Side(turn / TURNS))
                book.look(name, f"turn/{turn}", found, order, most=most, shadow=order - 2, scale=32)

    return read


def _character(book: Book, name: str, raw: Raw) -> None:
    worn = raw.get("animations") or ()
    first = worn[0] if isinstance(worn, list) and worn and isinstance(worn[0], dict) else {}
    for facing in range(8):
        for state, still in (("idle", True), ("running", False)):
            found = strips(first.get(state), Side(facing / 8))
            book.look(
                name, f"{state}/{facing}", found, Order.CHARACTER, still=still, shadow=Order.CHARACTER_SHADOW
            )


def _tree(book: Book, name: str, raw: Raw) -> None:
    tints = [colour(c) for c in raw.get("colors") or ()]
    kinds = raw.get("variations") or ()
    for number in range(TREES_SHOWN):
        key = f"variant/{number}"
        if kinds:
            # Evenly spread: neighbours in the list are alike.
            kind = kinds[number * len(kinds) // TREES_SHOWN]
            tint: Colour = tints[number * len(tints) // TREES_SHOWN] if tints else (1, 1, 1, 1)
            book.look(name, key, strips(kind.get("shadow")), still=True)
            book.look(name, key, strips(kind.get("trunk")), still=True)
            book.look(name, key, [s.tinted(tint) for s in strips(kind.get("leaves"))], still=True)
        else:
            book.look(name, key, strips(raw.get("pictures"), Side(variant=number)), still=True)


def _varied(order: int) -> Callable[[Book, str, Raw], None]:
    """A reader of what has several pictures of which each has one."""

    def read(book: Book, name: str, raw: Raw) -> None:
        value = next((raw[k] for k in ("pictures", "animations", "picture") if strips(raw.get(k))), None)
        for number in range(VARIANTS_SHOWN):
            book.look(name, f"variant/{number}", strips(value, Side(variant=number)), order, still=True)

    return read


def _cliff(book: Book, name: str, raw: Raw) -> None:
    for way, view in (raw.get("orientations") or {}).items():
        for number in range(VARIANTS_SHOWN):
            if isinstance(view, dict):
                found = strips(view.get("pictures_lower"), Side(variant=number))
                book.look(name, f"{way.replace('_', '-')}/{number}", found, Order.DECAL, still=True, scale=32)
                found = strips(view.get("pictures"), Side(variant=number))
                book.look(name, f"{way.replace('_', '-')}/{number}", found, still=True, scale=32)


def _rail(book: Book, name: str, raw: Raw) -> None:
    views = raw.get("pictures")
    for facing, way in enumerate(EIGHTHS):
        # Straight ones have pictures only for half of the ways that they can lie.
        found = (views.get(way) or views.get(EIGHTHS[(facing + 4) % 8])) if isinstance(views, dict) else None
        view = found if isinstance(found, dict) else {}
        for layer in ("stone_path_background", "stone_path", "ties", "backplates", "metals"):
            book.look(name, f"facing/{facing}", strips(view.get(layer)), Order.RAIL, scale=32)


def _resource(book: Book, name: str, raw: Raw) -> None:
    """Of what is drawn as an entity: oil. Its sheet has its variants in a row."""
    for number, strip in enumerate(stage_variants(raw, 0)):
        book.look(name, f"variant/{number}", [strip], Order.DECAL)


def stage_variants(raw: Raw, stage: int) -> list[Strip]:
    """The variants of a resource at a stage, the richest of which is 0: each row of its sheet is a stage."""
    value = raw.get("stages")
    found = strips(
        value["sheet"] if isinstance(value, dict) and "sheet" in value else value, Side(variant=stage)
    )
    if not found:
        return []
    sheet = found[0]
    return [
        Strip((frame,), sheet.width, sheet.height, sheet.scale, sheet.x, sheet.y, sheet.tint)
        for frame in sheet.frames[:VARIANTS_SHOWN]
    ]


def _rocket(book: Book, name: str, raw: Raw) -> None:
    book.look(name, "working/0", strips(raw.get("rocket_sprite")), Order.FLYING, shadow=Order.FLYING_SHADOW)


READERS: dict[str, Callable[[Book, str, Raw], None]] = {
    "transport-belt": _belt, "underground-belt": _underground, "splitter": _splitter, "lane-splitter": _splitter,
    "loader": _underground, "loader-1x1": _underground, "linked-belt": _underground, "inserter": _inserter,
    "lab": _lab, "generator": _generator, "burner-generator": _plain, "boiler": _boiler, "radar": _radar, "lamp": _lamp,
    "accumulator": _accumulator, "reactor": _reactor, "roboport": _roboport, "rocket-silo": _silo,
    "rocket-silo-rocket": _rocket, "electric-pole": _pole, "pipe": _pipe, "infinity-pipe": _pipe, "heat-pipe": _heat_pipe,
    "wall": _wall, "gate": _gate, "storage-tank": _tank, "pump": _pump, "ammo-turret": _turret,
    "electric-turret": _turret, "fluid-turret": _turret, "artillery-turret": _turret, "turret": _turret,
    "unit": _turning(Order.CHARACTER, 4, "run_animation"), "car": _turning(Order.CHARACTER, 1, "animation", "turret_animation"),
    "locomotive": _turning(Order.CHARACTER, 1, "pictures"), "cargo-wagon": _turning(Order.CHARACTER, 1, "pictures"),
    "fluid-wagon": _turning(Order.CHARACTER, 1, "pictures"), "artillery-wagon": _turning(Order.CHARACTER, 1, "pictures"),
    "construction-robot": _turning(Order.FLYING, 1, "idle", "shadow_idle"),
    "logistic-robot": _turning(Order.FLYING, 1, "idle", "shadow_idle"),
    "combat-robot": _turning(Order.FLYING, 1, "idle", "shadow_idle"), "character": _character, "tree": _tree,
    "plant": _tree, "simple-entity": _varied(Order.BODY), "fish": _varied(Order.DECAL), "cliff": _cliff,
    "resource": _resource, "straight-rail": _rail, "half-diagonal-rail": _rail, "curved-rail-a": _rail,
    "curved-rail-b": _rail,
}  # fmt: skip
