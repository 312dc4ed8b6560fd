"""A surface to draw sprites on, measured in tiles; what comes off it is smooth and has a shadow."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
Point = tuple[float, float]

OVERSAMPLE = 4
"""A sprite is drawn so many times too large and scaled down, which is what makes its edges smooth."""
MARGIN_TILES = 0.25
"""Room around an entity's own tiles, for its shadow."""
SHADOW = (0, 0, 0, 110)


def shade(colour: Colour, factor: float) -> Colour:
    """The colour made darker (factor below 1) or lighter (above 1)."""
    r, g, b = (max(0, min(255, round(c * factor))) for c in colour)
    return (r, g, b)


class Canvas:
    """A drawing surface measured in tiles, its origin in the middle, y pointing south.

    Args:
        width, height: size in tiles of what is drawn, without the margin.
        scale: pixels per tile of the finished sprite.
        margin: tiles of room around it.
    """

    def __init__(self, width: float, height: float, scale: float, margin: float = MARGIN_TILES) -> None:
        self.scale = scale * OVERSAMPLE
        self.size = (
            max(1, round((width + 2 * margin) * scale)),
            max(1, round((height + 2 * margin) * scale)),
        )
        self.image = Image.new("RGBA", (self.size[0] * OVERSAMPLE, self.size[1] * OVERSAMPLE))
        self.draw = ImageDraw.Draw(self.image)
        self.cx, self.cy = self.image.width / 2, self.image.height / 2

    def _xy(self, point: Point) -> Point:
        return (self.cx + point[0] * self.scale, self.cy + point[1] * self.scale)

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> list[Point]:
        return [self._xy((x0, y0)), self._xy((x1, y1))]

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Colour | None,
        radius: float = 0,
        line: Colour | None = None,
        width: float = 0.06,
    ) -> None:
        """A rectangle from corner to corner, its corners rounded by `radius` tiles."""
        self.draw.rounded_rectangle(
            self._box(x0, y0, x1, y1), radius * self.scale, fill, line, self._width(width) if line else 0
        )

    def circle(
        self,
        x: float,
        y: float,
        r: float,
        fill: Colour | None,
        line: Colour | None = None,
        width: float = 0.06,
    ) -> None:
        """A disc of radius `r` tiles."""
        self.draw.ellipse(
            self._box(x - r, y - r, x + r, y + r), fill, line, self._width(width) if line else 0
        )

    def poly(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self.draw.polygon([self._xy(p) for p in points], fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A stroke of `width` tiles through the points."""
        self.draw.line([self._xy(p) for p in points], fill, self._width(width), joint="curve")

    def ring(
        self, x: float, y: float, r: float, start: float, end: float, fill: Colour, width: float
    ) -> None:
        """An arc of outer radius `r`, from `start` to `end` degrees, clockwise from east."""
        self.draw.arc(self._box(x - r, y - r, x + r, y + r), start, end, fill, self._width(width))

    def text(self, x: float, y: float, text: str, height: float, fill: Colour) -> None:
        """Letters `height` tiles high, centred on the point."""
        font = ImageFont.load_default(max(6, round(height * self.scale)))
        self.draw.text(self._xy((x, y)), text, fill, font, anchor="mm")

    def _width(self, tiles: float) -> int:
        return max(1, round(tiles * self.scale))

    def finish(self, turn: int = 0, shadow: bool = True) -> Image.Image:
        """The sprite at its real size, turned clockwise by `turn` quarters, over its shadow."""
        image = self.image
        if turn % 4:
            steps = (None, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)
            step = steps[turn % 4]
            assert step is not None
            image = image.transpose(step)
        size = self.size if turn % 2 == 0 else (self.size[1], self.size[0])
        small = image.resize(size, Image.Resampling.BOX)
        if not shadow or self.scale < 8 * OVERSAMPLE:
            return small
        offset = max(1, round(self.scale / OVERSAMPLE * 0.09))
        under = Image.new("RGBA", small.size)
        blot = Image.new("RGBA", small.size, SHADOW)
        under.paste(blot, (offset, offset), small.getchannel("A"))
        under = under.filter(ImageFilter.GaussianBlur(offset * 0.6))
        return Image.alpha_composite(under, small)
