"""What the built-in player does next, decided from what it sees. No world, no network: data in, a stage out.

Every decision begins with the world as it is, so the player goes on wherever it, or anybody else, left off.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.factory import yard
from harness.pieces import (
    ALIKE,
    BELT,
    BOILER,
    COST,
    DRILL,
    FURNACE,
    INGREDIENTS,
    LAB,
    PAIRS,
    RED,
    Patch,
    Piece,
    Step,
    size_of,
)
from harness.plan import CELL_PER_SECOND, PLATES
from harness.view import Place, Thing, View
from harness.workshop import AUTOMATION

BATCH = 60
"""How many things one program puts up at most."""
BELTS_AT_ONCE = 20
"""It isn't worth walking for fewer belts."""
POCKET_COAL, POCKET_STONE, POCKET_WOOD, POCKET_PLATES = 60, 50, 40, 400
"""How much the player likes to carry, and takes when it is there anyway."""
MEAL = 8
"""Coal put into a machine that has none left, and on the same walk into those that have less than half of it."""
FULL_CHEST = 1000
"""Plates in a chest that are worth a walk; a wooden chest holds 1,600, so it goes on for half an hour and more."""
FULL_POCKETS = 2000
"""Plates of a kind that the player carries at most, before it puts some into the yard."""
YARD_CHEST = 3000
"""Plates that are put into a chest of the yard; an iron one holds 3,200."""
ATTEMPTS, FORGIVENESS = 3, 100
"""How often something is tried at a place, and after how many stages it is tried again."""
PATIENCE = 8
"""After so many waits in vain the player smelts by hand."""
SMELT_SECONDS = 3.2
FIRST_SCIENCE = 10
"""Red science that is made by hand: without it there are no machines that make any."""
SURPLUS = 20
"""A chest of the workshop with more than so many of a thing can spare it."""
AREA = 64
"""Side of the squares in which the player looks around where much stands, tiles."""
RESEARCH = (
    AUTOMATION,
    "logistic-science-pack",
    "logistics",
    "steel-processing",
    "automation-2",
    "fast-inserter",
    "research-speed-1",
    "engine",
    "toolbelt",
    "fluid-handling",
    "electric-energy-distribution-1",
    "advanced-material-processing",
    "logistics-2",
    "solar-energy",
    "landfill",
    "circuit-network",
    "oil-gathering",
    "research-speed-2",
    "railway",
    "concrete",
)
"""What is researched, in this order: as far as red and green science go."""


@dataclass(frozen=True)
class Stage:
    """One program: what it is for, and the calls of the kit that do it.

    places: of what it works on, as (x, y). waits: whether it only lets time pass. built: what stands once it is done;
    None if there is more than that to be seen then.
    """

    words: str
    call: str
    places: tuple[Place, ...] = ()
    waits: bool = False
    built: tuple[Piece, ...] | None = None


class Planner:
    """Chooses stages for a plan, whose steps are put up in their order. `iron` is the patch beside the yard.

    It remembers only what it has tried in vain, and what has been researched.
    """

    def __init__(self, steps: Sequence[Step], iron: Patch) -> None:
        self.steps = list(steps)
        self.trouble: Counter[Place] = Counter()
        self.researched: set[str] = set()
        self.chosen = self.waits = 0
        self._iron = iron

    def failed(self, places: Iterable[Place]) -> None:
        """Take note of places where something could not be done: after some times it is done elsewhere."""
        self.trouble.update(places)

    def given_up(self, place: Place) -> bool:
        """Whether it was tried in vain often enough there, for now."""
        return self.trouble[place] >= ATTEMPTS

    @property
    def to_research(self) -> list[str]:
        """Technologies that are wanted, the next one first."""
        return [name for name in RESEARCH if name not in self.researched]

    def usable(self) -> list[Step]:
        """The steps that can be taken: nothing of them was given up, nor of what they need."""
        found: dict[Step, None] = {}
        known = set(self.steps)
        for step in self.steps:
            after = step.after is None or step.after in found or step.after not in known
            allowed = step.technology is None or step.technology in self.researched
            if after and allowed and not any(self.given_up((p.x, p.y)) for p in step.pieces):
                found[step] = None
        return list(found)

    def areas(self) -> list[tuple[float, float, float]]:
        """Squares that hold all of the plan and the yard: their middles, and how far they reach."""
        pieces = [*(piece for step in self.steps for piece in step.pieces), *yard(self._iron)]
        squares = {(p.x // AREA, p.y // AREA) for p in pieces}
        # A tile more: what stands on an edge is to be seen from one side at least.
        return [((x + 0.5) * AREA, (y + 0.5) * AREA, AREA / 2 + 1) for x, y in sorted(squares)]

    def unseen(self, things: Iterable[Thing], counts: Mapping[str, int]) -> list[Thing]:
        """Labs that stand though they were not seen: FLE's `get_entities` leaves out those that do research. `counts`
        is how many of each thing stand."""
        seen = {(thing.x, thing.y) for thing in things if thing.name == LAB}
        planned = [piece for step in self.steps for piece in step.pieces if piece.name == LAB]
        hidden = [piece for piece in planned if (piece.x, piece.y) not in seen]
        return [
            Thing(LAB, p.x, p.y, p.facing, size_of(LAB)) for p in hidden[: counts.get(LAB, 0) - len(seen)]
        ]

    def complete(self, view: View) -> bool:
        """Whether all of the plan stands that can be built."""
        return all(view.stands(piece) for step in self.usable() for piece in step.pieces)

    def choose(self, view: View) -> Stage:
        """The next stage."""
        self.chosen += 1
        if self.chosen % FORGIVENESS == 0:
            self.trouble.clear()
        stage = self._choose(view)
        self.waits = self.waits + 1 if stage.waits else 0
        return stage

    def _choose(self, view: View) -> Stage:
        steps = self.usable()
        pieces = list(dict.fromkeys(p for step in steps for p in step.pieces))
        if hungry := self._hungry(view, pieces):
            return self._feed(view, hungry)
        if research := self._research(view, pieces):
            return research
        missing = [piece for piece in pieces if not view.stands(piece)]
        # Iron is what everything is built of: it goes to the yard only when all is built.
        if store := self._store(view, ["copper-plate"] if missing else list(PLATES.values())):
            return store
        if missing:
            return self._build(view, missing, steps)
        return self._empty(view) or self._chores(view) or self._wait(60)

    # --- research ----------------------------------------------------------------------------------------------

    def _research(self, view: View, pieces: Sequence[Piece]) -> Stage | None:
        """Choose what is researched next; None while something is, or without a lab."""
        lab = next((p for p in pieces if p.name == LAB and view.stands(p)), None)
        if lab is None or not self.to_research or self.given_up((lab.x, lab.y)):
            return None
        following, place = self.to_research[0], (lab.x, lab.y)
        if (
            following == AUTOMATION
            and view.at[place].holds.get(RED, 0) < FIRST_SCIENCE
            and not view.researching
        ):
            ready = view.carried.get(RED, 0)
            short = {
                item: count * (FIRST_SCIENCE - ready) - view.carried.get(item, 0)
                for item, count in COST[RED].items()
            }
            if any(count > 0 for count in short.values()):
                return self._get(view, {i: n for i, n in short.items() if n > 0}, [])
            order = [[RED, FIRST_SCIENCE, LAB, lab.x, lab.y]]
            return Stage("the first science", f"have([[{RED!r}, {FIRST_SCIENCE}]])\nput({order})", (place,))
        if view.researching:
            return None
        return Stage(f"researching {following}", f"set_research({following!r})", (place,))

    # --- fuel --------------------------------------------------------------------------------------------------

    def _hungry(self, view: View, planned: Sequence[Piece]) -> list[Thing]:
        found = []
        for piece in planned:
            thing = view.at.get((piece.x, piece.y))
            if thing and thing.fuel is not None and not self.given_up((thing.x, thing.y)):
                # An inserter that carries coal helps itself: its slot may be empty for long.
                low = (
                    MEAL // 2
                    if thing.name in (DRILL, FURNACE, BOILER)
                    else 0
                    if thing.status == "no_fuel"
                    else -1
                )
                if thing.fuel <= low:
                    found.append(thing)
        if all(thing.fuel for thing in found):
            return []
        return sorted(found, key=lambda t: (t.y, t.x))

    def _feed(self, view: View, hungry: list[Thing]) -> Stage:
        coal = view.carried.get("coal", 0)
        if coal < min(MEAL * len(hungry), POCKET_COAL):
            return self._gather(view, "coal", POCKET_COAL - coal)
        fed = hungry[: coal // MEAL]
        orders = [["coal", MEAL, t.name, t.x, t.y] for t in fed]
        return Stage(f"fuelling {len(fed)} machines", f"put({orders})", tuple((t.x, t.y) for t in fed))

    # --- building ----------------------------------------------------------------------------------------------

    def _build(self, view: View, missing: list[Piece], steps: list[Step]) -> Stage:
        for piece in missing:
            thing = view.at.get((piece.x, piece.y))
            if thing and piece.recipe and thing.name in ALIKE.get(piece.name, ()):
                order = [[thing.name, thing.x, thing.y, piece.recipe]]
                return Stage(
                    f"setting a recipe: {piece.recipe}", f"set_recipes({order})", ((piece.x, piece.y),)
                )
        batch, crafts, short = affordable(missing, view.carried)
        for name, count in crafts.items():
            if ready := [t for t in self._sources(view, name) if t.holds[name] > SURPLUS]:
                return self._take(f"fetching {name}", [(t, name) for t in ready], count)
        left = [p for p in missing if p.name == BELT]
        if len(batch) < min(BELTS_AT_ONCE, len(left)) and all(p.name == BELT for p in batch):
            batch = []
        if not batch:
            return self._empty(view) or self._get(view, short, steps)
        for piece in batch:
            if things := [[t.name, t.x, t.y] for t in view.in_the_way(piece)]:
                words = f"clearing away {', '.join(str(name) for name, _, _ in things)}"
                return Stage(words, f"clear({things})", ((piece.x, piece.y),))
        coal = min(POCKET_COAL, sum(p.coal for p in batch))
        if view.carried.get("coal", 0) < coal:
            return self._gather(view, "coal", POCKET_COAL)
        pieces = [[p.name, p.x, p.y, p.facing, p.coal, p.recipe] for p in batch]
        names = Counter(p.name for p in batch)
        words = "building " + ", ".join(f"{count} {name}" for name, count in names.items())
        carry = sorted(([n, c] for n, c in names.items()), key=lambda nc: nc[0] in INGREDIENTS)
        making = f"have({carry})\n" if crafts else ""
        return Stage(words, f"{making}build({pieces})", tuple((p.x, p.y) for p in batch), built=tuple(batch))

    def _get(self, view: View, short: Mapping[str, int], steps: list[Step]) -> Stage:
        """Obtain what is missing for the next pieces: stone and wood by hand, plates from wherever they are."""
        for item, enough in (("stone", POCKET_STONE), ("wood", POCKET_WOOD)):
            if short.get(item):
                return self._gather(view, item, max(short[item], enough))
        plate, needed = next(iter(short.items()))
        holders = self._sources(view, plate)
        if sum(t.holds[plate] for t in holders) >= needed:
            return self._take(
                f"collecting {plate}", [(t, plate) for t in holders], max(needed, POCKET_PLATES)
            )
        cores = [s.pieces[: s.core] for s in steps if s.ore and PLATES[s.ore] == plate]
        smelters = sum(all(map(view.stands, core)) for core in dict.fromkeys(cores))
        if plate != "iron-plate" or (smelters and self.waits < PATIENCE):
            seconds = needed / max(1, smelters) / CELL_PER_SECOND
            return self._chores(view) or self._wait(min(30, max(5, seconds)))
        return self._smelt(view, needed, [core[0] for core in cores if view.stands(core[0])])

    def _smelt(self, view: View, needed: int, furnaces: list[Piece]) -> Stage:
        """Smelt by hand: there is no drill yet, or its furnace gives nothing."""
        if holders := self._sources(view, "iron-plate"):
            return self._take("collecting iron plates", [(t, "iron-plate") for t in holders], needed)
        ore = min(needed, 20)
        if view.carried.get("iron-ore", 0) < ore:
            return self._gather(view, "iron-ore", ore)
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
                return self._gather(view, item, enough)
        return None

    def _gather(self, view: View, item: str, quantity: int) -> Stage:
        """Fetch coal, stone or wood from chests if there is enough, else dig."""
        holders = self._sources(view, item)
        if sum(thing.holds[item] for thing in holders) >= quantity:
            return self._take(f"fetching {item}", [(thing, item) for thing in holders], quantity)
        return Stage(f"digging {quantity} {item}", f"gather({item!r}, {quantity})", built=())

    def _take(self, words: str, sources: list[tuple[Thing, str]], needed: int) -> Stage:
        orders: list[tuple[str, int, float, float]] = []
        for thing, item in sources:
            if needed > 0:
                orders.append((item, min(thing.holds[item], needed), thing.x, thing.y))
                needed -= thing.holds[item]
        return Stage(words, f"take({orders})", tuple((x, y) for _, _, x, y in orders))

    def _wait(self, seconds: float) -> Stage:
        return Stage(f"waiting {seconds:.0f} s for the machines", f"sleep({seconds:.0f})", waits=True)


def affordable(
    missing: Sequence[Piece], carried: Mapping[str, int]
) -> tuple[list[Piece], Counter[str], dict[str, int]]:
    """The first pieces that can be put up with what is carried.

    Returns:
        these pieces, with the names of things that are at hand; what has to be crafted for them; and what the next
        would need more of, in plates, stone and wood (for belts: for as many as are worth the walk).
    """
    stock, crafts = Counter(carried), Counter[str]()
    batch: list[Piece] = []
    for piece in missing[:BATCH]:
        name = next((name for name in ALIKE.get(piece.name, ()) if stock[name]), piece.name)
        if not stock[name]:
            cost = COST[name]
            short = {item: count - stock[item] for item, count in cost.items() if stock[item] < count}
            if short:
                if name == BELT:
                    more = min(BELTS_AT_ONCE, sum(p.name == BELT for p in missing[len(batch) :]))
                    short = {"iron-plate": math.ceil(more / 2) * cost["iron-plate"] - stock["iron-plate"]}
                return batch, crafts, short
            stock.subtract(cost)
            made = 2 if name in PAIRS else 1
            crafts[name] += made
            stock[name] += made
        stock[name] -= 1
        batch.append(replace(piece, name=name))
    return batch, crafts, {}
