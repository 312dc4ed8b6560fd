"""Two ways to draw a list of quads, behind one interface: the GPU's and NumPy's."""

from __future__ import annotations

from typing import Protocol

from viewer.art_source import art_source
from viewer.atlas import Atlas, Pixels
from viewer.display_list import DisplayList
from viewer.renderers.gpu import GpuRenderer, NoAdapter, choose_adapter, is_software
from viewer.renderers.numpy_ import NumpyRenderer
from viewer.view import View

NAMES = ("gpu", "numpy")


class Renderer(Protocol):
    """Draws pictures; for one thread at a time."""

    @property
    def name(self) -> str:
        """One of NAMES."""

    @property
    def adapter(self) -> str:
        """What it draws with, for people."""

    def draw(self, display_list: DisplayList, view: View) -> Pixels:
        """One frame: uint8[height, width, RGBA], opaque."""

    def close(self) -> None:
        """Give back what is held; the next frame takes it again."""


def renderer(name: str, atlas: Atlas | None = None) -> Renderer:
    """The renderer of that name, one of NAMES, with the art of `viewer.art_source` unless told otherwise.

    Raises:
        NoAdapter: the GPU's was asked for where there is nothing to draw with.
    """
    atlas = atlas or art_source().atlas
    return GpuRenderer(atlas) if name == "gpu" else NumpyRenderer(atlas)


def best_renderer(atlas: Atlas | None = None) -> Renderer:
    """The GPU's where there is a GPU, NumPy's elsewhere.

    An adapter in software draws too, when asked for by name; but it takes longer than NumPy for each picture, two
    seconds for the first one, and four times the memory.
    """
    try:
        real = not is_software(choose_adapter())
    except NoAdapter:
        real = False
    return renderer("gpu" if real else "numpy", atlas)
