"""The own fluid boxes of machines that craft or mine: ingredients come into them, products leave them, in whole amounts."""

from __future__ import annotations

from typing import Any

from runtime.engine.entity import Entity
from runtime.engine.prototypes import RecipePrototype
from runtime.engine.systems.fluids import FLUID, Box, degrees
from runtime.engine.systems.pipes import fluid_boxes

CRAFTS = 2  # ingredients are held for so many crafts
SIP = 10 * FLUID  # a product that finds no room waits for so much of it


class Tank:
    """What is beside the boxes may be a segment or, where machines touch, another machine's own box."""

    __slots__ = ("boxes", "mirrored", "owner", "wanted")

    def __init__(self, owner: Entity) -> None:
        self.owner = owner
        self.boxes: list[Box] = []
        self.mirrored = False  # left and right, as seen facing north, are the other way round
        self.wanted: dict[str, int] = {}  # ingredient -> most of it that is held

    # --- which boxes there are ---------------------------------------------------------------------------------

    def fit(self, recipe: RecipePrototype | None) -> None:
        """Have the boxes for a recipe (`fluidbox_index` says which, else the next free one).

        What was in them stays where the new recipe has the same fluid on the same side; the rest is gone.
        """
        self.close()
        old, self.boxes = (
            self.boxes,
            [Box(self.owner, n, raw) for n, raw in enumerate(fluid_boxes(self.owner))],
        )
        self.wanted = {}
        raw = recipe.raw if recipe is not None else {}
        for kind, field in (("input", "ingredients"), ("output", "results")):
            rows = [r for r in raw.get(field) or () if r["type"] == "fluid"]
            boxes = [b for b in self.boxes if b.kind == kind]
            for row in sorted(rows, key=lambda r: not r.get("fluidbox_index")):
                index = row.get("fluidbox_index")
                free = [b for b in boxes if b.filter is None]
                box = boxes[index - 1] if index and index <= len(boxes) else (free[0] if free else None)
                if box is not None:
                    self._give(box, kind, row["name"], int(row["amount"] * FLUID), old)
        self.open_up()

    def _give(self, box: Box, kind: str, name: str, amount: int, old: list[Box]) -> None:
        box.filter = name
        box.capacity = max(box.capacity, amount)
        if kind == "input":
            self.wanted[name] = CRAFTS * amount
        for before in old:
            if before.amount and before.fluid == name and before.kind == kind:
                box.fill(name, before.amount, before.heat // before.amount)

    def open(self, name: str) -> None:
        """Let the first box of products take this one."""
        if not self.boxes:
            self.boxes = [Box(self.owner, n, raw) for n, raw in enumerate(fluid_boxes(self.owner))]
        box = next((b for b in self.boxes if b.kind == "output"), None)
        if box is not None:
            box.filter = name
        self.open_up()

    def open_up(self) -> None:
        """The boxes are where they are now: let neighbours know."""
        for box in self.boxes:
            box.unlink()
            for other in box.links():
                if other.segment is None and other.owner is not self.owner:
                    other.owner.fluid_came()

    def close(self) -> None:
        """The boxes are about to be gone or to be elsewhere."""
        for box in self.boxes:
            box.unlink()
            for _, other in box.neighbours():
                if other.segment is not None:
                    other.segment.waiting.pop(box.key, None)

    def mirror(self, mirrored: bool) -> None:
        """Flip the machine where it stands."""
        self.close()
        self.mirrored = mirrored
        self.open_up()
        self.owner.fluid_came()

    @property
    def overextended(self) -> bool:
        """Whether a pipeline beside it reaches too far to work."""
        return any(s.overextended for box in self.boxes if box.filter for s in box.beside())

    # --- ingredients -------------------------------------------------------------------------------------------

    def _box(self, kind: str, name: str) -> Box | None:
        for box in self.boxes:
            if box.filter == name and box.kind == kind:
                return box
        return None

    def pull(self, recipe: RecipePrototype) -> None:
        """Fill the boxes of ingredients for two crafts; for what is short of one, `fluid_came` is called when it comes."""
        self.flush()
        unit = self.owner.unit_number
        for ingredient in recipe.ingredients:
            if ingredient.type != "fluid":
                continue
            name, needed = ingredient.name, int(ingredient.amount * FLUID)
            box = self._box("input", name)
            if box is None:
                continue
            most = min(box.capacity, CRAFTS * needed)
            for other in box.links():
                segment = other.segment
                if box.amount >= most:
                    break
                if segment is None:
                    if other.kind == "output" and other.fluid == name and other.amount:
                        warmth = other.heat // other.amount
                        box.fill(name, other.drain(most - box.amount), warmth)
                        other.owner.fluid_came()
                elif segment.fluid == name and not segment.overextended:
                    segment.settle()
                    warmth = segment.warmth
                    box.fill(name, segment.draw(most - box.amount), warmth)
            short = needed - box.amount
            if short > 0:
                for segment in box.beside():
                    wait = (self.owner, min(short, segment.capacity))
                    if segment.waiting.get((unit, box.number)) != wait:
                        segment.waiting[(unit, box.number)] = wait
                        if segment.fluid in (None, name):
                            segment.touch()

    def use(self, name: str, amount: float) -> None:
        """Take an ingredient out of its box."""
        box = self._box("input", name)
        assert box is not None
        box.drain(int(amount * FLUID))

    def amount(self, name: str) -> float:
        """What is in the machine of an ingredient."""
        box = self._box("input", name)
        return box.amount / FLUID if box is not None else 0.0

    # --- products ----------------------------------------------------------------------------------------------

    def room(self, name: str, amount: float) -> bool:
        """Whether a product would go into its box."""
        box = self._box("output", name)
        return box is not None and box.capacity - box.amount >= int(amount * FLUID)

    def make(self, name: str, amount: float, temperature: float | None = None) -> None:
        """Put a product into its box (a bonus may overfill it), and on into what is beside it."""
        box = self._box("output", name)
        assert box is not None
        whole = int(amount * FLUID)
        box.fluid = name
        box.amount += whole
        box.heat += whole * degrees(name, temperature)
        self.flush()

    def flush(self) -> None:
        """Let products flow on."""
        for box in self.boxes:
            if box.amount and box.fluid is not None and box.kind == "output":
                self._flush(box, box.fluid)

    def _flush(self, box: Box, name: str) -> None:
        warmth = box.heat // box.amount
        for segment in box.beside():
            box.drain(segment.add(name, box.amount, warmth))
            if not box.amount:
                return
            wait = (self.owner, -min(box.amount, SIP))
            if segment.waiting.get(box.key) != wait:
                segment.waiting[box.key] = wait
                if segment.takes(name):
                    segment.touch()
        for other in box.links():
            if other.segment is None and other.kind == "input" and other.filter == name and box.amount:
                tank = getattr(other.owner, "tank", None)
                most = tank.wanted.get(name, 0) if tank is not None else 0
                moved = min(box.amount, most - other.amount)
                if moved > 0:
                    other.fill(name, box.drain(moved), warmth)
                    other.owner.fluid_came()

    def state(self) -> list[Any]:
        """Plain data for the state hash."""
        return [self.mirrored, [b.state() for b in self.boxes]]
