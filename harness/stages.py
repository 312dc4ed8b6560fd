"""What the built-in player does next, decided from what it sees. No world, no network: data in, a stage out.

Every decision begins with the world as it is, so the player goes on wherever it, or anybody else, left off.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.factory import (
    BELT,
    CHEST,
    CHESTS,
    COST,
    DRILL,
    FURNACE,
    Cell,
    Line,
    Patch,
    Piece,
    building_order,
    yard,
)

BATCH = 40
"""How many things one program puts up at most."""
BELTS_AT_ONCE = 20
"""It isn't worth walking for fewer belts."""
POCKET_COAL, POCKET_STONE = 60, 50
"""How much coal and stone the player likes to carry."""
MEAL = 8
"""Coal put into a machine that has none left, and on the same walk into those that have less than half of it."""
FULL_CHEST = 1000
"""Plates in a chest that are worth a walk; a wooden chest holds 1,600, so it goes on for half an hour and more."""
FULL_POCKETS = 2000
"""Plates of a kind that the player carries at most, before it puts some into the yard."""
YARD_CHEST = 3000
"""Plates that are put into a chest of the yard; an iron one holds 3,200."""
PLATES = {"iron-ore": "iron-plate", "copper-ore": "copper-plate"}
ATTEMPTS, FORGIVENESS = 3, 100
"""How often something is tried at a place, and after how many stages it is tried again."""
PATIENCE = 8
"""After so many waits in vain the player smelts by hand."""
SMELT_SECONDS = 3.2


Place = tuple[float, float]


@dataclass(frozen=True)
class Stage:
    """One program: what it is for, and the calls of the kit that do it.

    places: of what it works on, as (x, y). waits: whether it only lets time pass.
    """

    words: str
    call: str
    places: tuple[Place, ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class Thing:
    """Something that stands in the world. `fuel` is None for what burns none; sizes are in tiles."""

    name: str
    x: float
    y: float
    facing: str = "UP"
    size: Sequence[float] = (1, 1)
    status: str = "normal"
    fuel: int | None = None
    holds: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, line: str) -> Thing:
        """A line that the kit's `look_around` printed: the fields in their order."""
        return cls(*json.loads(line))


@dataclass
class View:
    """What the player sees: things by their place, and what it carries."""

    things: list[Thing]
    carried: Mapping[str, int]

    def __post_init__(self) -> None:
        self.at = {(thing.x, thing.y): thing for thing in self.things}
        self.on_tile = {tile: thing for thing in self.things for tile in tiles(thing.x, thing.y, thing.size)}

    def stands(self, piece: Piece) -> bool:
        """Whether a piece of the plan is there as planned."""
        thing = self.at.get((piece.x, piece.y))
        if thing is None:
            return False
        if piece.name == CHEST:
            return thing.name in CHESTS
        return thing.name == piece.name and (piece.name == FURNACE or thing.facing == piece.facing)

    def in_the_way(self, piece: Piece) -> list[Thing]:
        """What stands where a missing piece is to go."""
        found = (self.on_tile.get(tile) for tile in tiles(piece.x, piece.y, size_of(piece.name)))
        return list({(t.x, t.y): t for t in found if t is not None}.values())

    def holding(self, item: str) -> list[Thing]:
        """Things with some of an item, most first."""
        return sorted((t for t in self.things if t.holds.get(item)), key=lambda t: -t.holds[item])


def size_of(name: str) -> Sequence[float]:
    """The size of a planned thing, tiles."""
    return (2, 2) if name in (DRILL, FURNACE) else (1, 1)


def tiles(x: float, y: float, size: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The tiles under a thing with its centre at (x, y)."""
    left, top = math.floor(x - size[0] / 2 + 0.01), math.floor(y - size[1] / 2 + 0.01)
    for column in range(left, left + max(1, round(size[0]))):
        for row in range(top, top + max(1, round(size[1]))):
            yield column, row


class Planner:
    """Chooses stages for a map: `patches` are its resource patches by name.

    It remembers only what it has tried in vain.
    """

    def __init__(self, lines: Sequence[Line], iron: Patch) -> None:
        self.lines = list(lines)
        self.trouble: Counter[Place] = Counter()
        self.chosen = self.waits = 0
        self._iron = iron

    def failed(self, places: Iterable[Place]) -> None:
        """Take note of places where something could not be done: after some times it is done elsewhere."""
        self.trouble.update(places)

    def given_up(self, place: Place) -> bool:
        """Whether it was tried in vain often enough there, for now."""
        return self.trouble[place] >= ATTEMPTS

    def usable_lines(self) -> list[Line]:
        """The lines whose belts can be built, with the cells and coal drills that can."""
        blocked = {place for place in self.trouble if self.given_up(place)}
        lines = (line.without(blocked) for line in self.lines)
        return [line for line in lines if line.to_iron]

    def complete(self, view: View, ore: str) -> int:
        """How many cells for an ore stand complete."""
        cells = (cell for line in self.lines for cell in line.cells if cell.ore == ore)
        return sum(all(map(view.stands, cell.pieces)) for cell in cells)

    def choose(self, view: View) -> Stage:
        """The next stage."""
        self.chosen += 1
        if self.chosen % FORGIVENESS == 0:
            self.trouble.clear()
        stage = self._choose(view)
        self.waits = self.waits + 1 if stage.waits else 0
        return stage

    def _choose(self, view: View) -> Stage:
        lines = self.usable_lines()
        steps = building_order(lines)
        planned = {piece for step in steps for piece in step}
        hungry = self._hungry(view, planned)
        if hungry:
            return self._feed(view, hungry)
        missing = list(dict.fromkeys(p for step in steps for p in step if not view.stands(p)))
        # Iron is what everything is built of: it goes to the yard only when all is built.
        if store := self._store(view, ["copper-plate"] if missing else list(PLATES.values())):
            return store
        if missing:
            return self._build(view, missing, [cell for line in lines for cell in line.cells])
        return self._empty(view) or self._chores(view) or self._wait(60)

    # --- fuel --------------------------------------------------------------------------------------------------

    def _hungry(self, view: View, planned: set[Piece]) -> list[Thing]:
        found = []
        for piece in planned:
            thing = view.at.get((piece.x, piece.y))
            if thing and thing.fuel is not None and not self.given_up((thing.x, thing.y)):
                # An inserter that carries coal helps itself: its slot may be empty for long.
                low = MEAL // 2 if thing.name in (DRILL, FURNACE) else 0 if thing.status == "no_fuel" else -1
                if thing.fuel <= low:
                    found.append(thing)
        if all(thing.fuel for thing in found):
            return []
        return sorted(found, key=lambda t: (t.y, t.x))

    def _feed(self, view: View, hungry: list[Thing]) -> Stage:
        coal = view.carried.get("coal", 0)
        if coal < min(MEAL * len(hungry), POCKET_COAL):
            return self._gather("coal", POCKET_COAL - coal)
        fed = hungry[: coal // MEAL]
        orders = [["coal", MEAL, t.name, t.x, t.y] for t in fed]
        return Stage(f"fuelling {len(fed)} machines", f"put({orders})", tuple((t.x, t.y) for t in fed))

    # --- building ----------------------------------------------------------------------------------------------

    def _build(self, view: View, missing: list[Piece], cells: list[Cell]) -> Stage:
        batch, crafts, short = affordable(missing, view.carried)
        left = [p for p in missing if p.name == BELT]
        if len(batch) < min(BELTS_AT_ONCE, len(left)) and all(p.name == BELT for p in batch):
            batch = []
        if not batch:
            return self._empty(view) or self._get(view, short, cells)
        for piece in batch:
            if things := [[t.name, t.x, t.y] for t in view.in_the_way(piece)]:
                words = f"clearing away {', '.join(str(name) for name, _, _ in things)}"
                return Stage(words, f"clear({things})", ((piece.x, piece.y),))
        coal = sum(p.coal for p in batch)
        if view.carried.get("coal", 0) < min(coal, POCKET_COAL):
            return self._gather("coal", POCKET_COAL)
        pieces = [[p.name, p.x, p.y, p.facing, p.coal] for p in batch]
        if not crafts[CHEST] and not view.carried.get(CHEST):
            # Another chest that is at hand will do.
            other = next((name for name in CHESTS if view.carried.get(name)), CHEST)
            pieces = [[other if name == CHEST else name, *rest] for name, *rest in pieces]
        names = Counter(p.name for p in batch)
        words = "building " + ", ".join(f"{count} {name}" for name, count in names.items())
        # Furnaces last: crafting a drill uses up one that is carried.
        carry = sorted(([n, c] for n, c in names.items() if crafts[n]), key=lambda nc: nc[0] == FURNACE)
        if crafts[DRILL] and [FURNACE, names[FURNACE]] not in carry and names[FURNACE]:
            carry.append([FURNACE, names[FURNACE]])
        making = f"have({carry})\n" if carry else ""
        return Stage(words, f"{making}build({pieces})", tuple((p.x, p.y) for p in batch))

    def _get(self, view: View, short: Mapping[str, int], cells: list[Cell]) -> Stage:
        """Obtain what is missing for the next pieces: stone by hand, plates from wherever they are."""
        if short.get("stone"):
            return self._gather("stone", max(short["stone"], POCKET_STONE))
        needed = short["iron-plate"]
        holders = self._sources(view, "iron-plate")
        if sum(t.holds["iron-plate"] for t in holders) >= needed:
            return self._take("collecting iron plates", [(t, "iron-plate") for t in holders], needed)
        smelters = [c for c in cells if c.ore == "iron-ore" and all(map(view.stands, c.core))]
        if smelters and self.waits < PATIENCE:
            return self._chores(view) or self._wait(min(30, max(5, needed / len(smelters) / 0.25)))
        return self._smelt(view, needed, [c.core[0] for c in cells if view.stands(c.core[0])])

    def _smelt(self, view: View, needed: int, furnaces: list[Piece]) -> Stage:
        """Smelt by hand: there is no drill yet, or its furnace gives nothing."""
        if holders := self._sources(view, "iron-plate"):
            return self._take("collecting iron plates", [(t, "iron-plate") for t in holders], needed)
        ore = min(needed, 20)
        if view.carried.get("iron-ore", 0) < ore:
            return self._gather("iron-ore", ore)
        furnace = furnaces[0]
        order = [["iron-ore", ore, FURNACE, furnace.x, furnace.y]]
        wait = math.ceil(ore * SMELT_SECONDS)
        return Stage(f"smelting {ore} iron plates", f"put({order})\nsleep({wait})", ((furnace.x, furnace.y),))

    # --- what is made ------------------------------------------------------------------------------------------

    def _sources(self, view: View, item: str) -> list[Thing]:
        return [thing for thing in view.holding(item) if not self.given_up((thing.x, thing.y))]

    def _empty(self, view: View) -> Stage | None:
        """Empty chests that are getting full into the player's pockets; None if none is, or the pockets are full."""
        room = 2 * FULL_POCKETS - sum(view.carried.get(plate, 0) for plate in PLATES.values())
        store = {(piece.x, piece.y) for piece in yard(self._iron)}
        full = [
            (thing, plate)
            for plate in PLATES.values()
            for thing in self._sources(view, plate)
            if thing.holds[plate] >= FULL_CHEST and (thing.x, thing.y) not in store
        ]
        return self._take("emptying full chests", full, room) if full and room > 0 else None

    def _store(self, view: View, plates: Sequence[str]) -> Stage | None:
        """Carry what is too much of some plates to the yard; None if nothing is, or the yard is full."""
        plate = next((p for p in plates if view.carried.get(p, 0) >= FULL_POCKETS), None)
        if plate is None:
            return None
        for piece in yard(self._iron):
            if self.given_up((piece.x, piece.y)):
                continue
            if not view.stands(piece):
                return self._build(view, [piece], [])
            chest = view.at[piece.x, piece.y]
            if room := max(0, YARD_CHEST - sum(chest.holds.values())):
                order = [[plate, min(room, FULL_POCKETS), chest.name, chest.x, chest.y]]
                return Stage(f"storing {plate}", f"put({order})", ((piece.x, piece.y),))
        return None

    # --- by hand -----------------------------------------------------------------------------------------------

    def _chores(self, view: View) -> Stage | None:
        """Something useful to do while machines work."""
        for item, enough in (("coal", POCKET_COAL), ("stone", POCKET_STONE)):
            if view.carried.get(item, 0) < enough / 2:
                return self._gather(item, enough)
        return None

    def _gather(self, item: str, quantity: int) -> Stage:
        return Stage(f"digging {quantity} {item}", f"gather({item!r}, {quantity})")

    def _take(self, words: str, sources: list[tuple[Thing, str]], needed: int) -> Stage:
        orders: list[tuple[str, int, float, float]] = []
        total = 0
        for thing, item in sources:
            if total < needed:
                orders.append((item, thing.holds[item], thing.x, thing.y))
                total += thing.holds[item]
        return Stage(words, f"take({orders})", tuple((x, y) for _, _, x, y in orders))

    def _wait(self, seconds: float) -> Stage:
        return Stage(f"waiting {seconds:.0f} s for the machines", f"sleep({seconds:.0f})", waits=True)


def affordable(
    missing: Sequence[Piece], carried: Mapping[str, int]
) -> tuple[list[Piece], Counter[str], dict[str, int]]:
    """The first pieces that can be put up with what is carried.

    Returns:
        these pieces; what has to be crafted for them; and what the next would need more of, in plates and stone
        (for belts: for as many as are worth the walk).
    """
    stock, crafts = Counter(carried), Counter[str]()
    for number, piece in enumerate(missing[:BATCH]):
        chest = next((name for name in CHESTS if stock[name]), CHEST) if piece.name == CHEST else piece.name
        if stock[chest]:
            stock[chest] -= 1
            continue
        cost = COST[piece.name]
        short = {item: count - stock[item] for item, count in cost.items() if stock[item] < count}
        if short:
            if piece.name == BELT:
                more = min(BELTS_AT_ONCE, sum(p.name == BELT for p in missing[number:]))
                short = {"iron-plate": math.ceil(more / 2) * cost["iron-plate"] - stock["iron-plate"]}
            return list(missing[:number]), crafts, short
        stock.subtract(cost)
        crafts[piece.name] += 1
        stock[piece.name] += piece.name == BELT
    return list(missing[:BATCH]), crafts, {}
