"""The renderer for machines without a GPU: NumPy and Pillow."""

from __future__ import annotations

import itertools
from operator import is_not

import numpy as np

from viewer.atlas import Atlas, Pixels
from viewer.blitter import ANGLES, HUGE, PAD, Blitter, Frame, Words, lay_huge
from viewer.display_list import DisplayList
from viewer.ground import GroundPainter, Page
from viewer.night import shade
from viewer.view import View


class NumpyRenderer:
    """Draws with the processor alone. Not safe to use from two threads at once."""

    name = "numpy"
    adapter = "NumPy on the processor"

    def __init__(self, atlas: Atlas, painter: GroundPainter | None = None) -> None:
        self.atlas = atlas
        self.painter = painter or GroundPainter(atlas)
        self._frame = Frame(1, 1)
        self._blitter = Blitter(atlas, self._frame.stride)
        # The ground as it was laid last, in which view, and the pages that it was made of.
        self._ground: tuple[View | None, list[Page], Words] = (None, [], self._frame.words)

    def draw(self, display_list: DisplayList, view: View) -> Pixels:
        """Draw one frame: uint8[height, width, RGBA], opaque."""
        frame = self._frame
        if (frame.width, frame.height) != (view.width, view.height):
            frame = self._frame = Frame(view.width, view.height)
        sprites = self._blitter.sprites
        if frame.stride != sprites.stride or sprites.full:
            self._blitter = Blitter(self.atlas, frame.stride)
        self._lay_ground(frame, display_list, view)
        self._lay_quads(frame, display_list, view)
        out = frame.inside.copy()
        out[..., 3] = 255
        return shade(out, display_list.lights, display_list.darkness, view)

    def close(self) -> None:
        """Forget what was kept."""
        self._ground = (None, [], self._frame.words)
        self._blitter = Blitter(self.atlas, self._frame.stride)

    def _lay_ground(self, frame: Frame, display_list: DisplayList, view: View) -> None:
        """Begin a frame with the ground, laid anew only when it or the view is another."""
        pages = self.painter.pages(display_list.ground, view)
        seen, made_of, laid = self._ground
        if seen != view or len(made_of) != len(pages) or any(map(is_not, made_of, pages)):
            for page in pages:
                self._lay_page(frame, page, view)
            self._ground = (view, pages, frame.words.copy())
        else:
            frame.words[...] = laid

    @staticmethod
    def _lay_page(frame: Frame, page: Page, view: View) -> None:
        left, top = (round(p) for p in view.pixel(page.x, page.y))
        right, bottom = (round(p) for p in view.pixel(page.x + page.tiles, page.y + page.tiles))
        x0, x1 = max(left, 0), min(right, frame.width)
        y0, y1 = max(top, 0), min(bottom, frame.height)
        if x0 >= x1 or y0 >= y1:
            return
        side = page.pixels.shape[0]
        columns = ((np.arange(x0, x1) - left + 0.5) * (side / (right - left))).astype(np.intp)
        rows = ((np.arange(y0, y1) - top + 0.5) * (side / (bottom - top))).astype(np.intp)
        words = page.pixels.view(np.uint32)[..., 0]
        into = frame.words.reshape(-1, frame.stride)[PAD + y0 : PAD + y1, PAD + x0 : PAD + x1]
        into[...] = words[rows[:, None], columns[None, :]]

    def _lay_quads(self, frame: Frame, display_list: DisplayList, view: View) -> None:
        quads = display_list.quads
        scale = view.scale
        x = (quads["x"] - view.x) * scale + view.width / 2
        y = (quads["y"] - view.y) * scale + view.height / 2
        # Any turned quad lies in the circle around it.
        w, h = quads["w"] * scale, quads["h"] * scale
        reach = np.where(quads["angle"] == 0, 0, (w + h) / 2)
        seen = (
            (x + np.maximum(w / 2, reach) > 0)
            & (x - np.maximum(w / 2, reach) < view.width)
            & (y + np.maximum(h / 2, reach) > 0)
            & (y - np.maximum(h / 2, reach) < view.height)
            & (quads["tint"] >> np.uint32(24) > 0)
        )
        chosen = np.flatnonzero(seen)
        if not len(chosen):
            return
        chosen = chosen[np.argsort(quads["order"][chosen].astype(np.int16), kind="stable")]
        x, y = x[chosen], y[chosen]
        wide = np.clip(np.ceil(w[chosen] - 0.01), 1, HUGE).astype(np.int64)
        high = np.clip(np.ceil(h[chosen] - 0.01), 1, HUGE).astype(np.int64)
        angle = np.rint(quads["angle"][chosen] * ANGLES).astype(np.int64) % ANGLES
        cell = quads["cell"][chosen].astype(np.int64)
        tints, tint = np.unique(quads["tint"][chosen], return_inverse=True)
        # One number says all that a sprite is made by: 10 bits for each side, 7 for the angle, 20 for the cell.
        key = ((tint << 20 | cell) << 7 | angle) << 20 | wide << 10 | high
        keys, number = np.unique(key, return_inverse=True)
        get = self._blitter.sprites.get
        sprites = np.array(
            [
                get(k >> 27 & 0xFFFFF, k >> 10 & 0x3FF, k & 0x3FF, k >> 20 & 0x7F, int(tints[k >> 47]))
                for k in keys.tolist()
            ],
            np.int64,
        )
        order = quads["order"][chosen]
        edges = [0, *(np.flatnonzero(np.diff(order)) + 1).tolist(), len(order)]
        batches = list(itertools.pairwise(edges))
        huge = (wide == HUGE) | (high == HUGE)
        for begin, end in batches:
            for i in np.flatnonzero(huge[begin:end]) + begin:
                row = quads[chosen[i]]
                lay_huge(frame, self.atlas, row, float(x[i]), float(y[i]), scale)
            self._blitter.paint(frame, x, y, sprites[number], ~huge, begin, end)
