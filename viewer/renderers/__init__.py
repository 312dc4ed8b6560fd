"""Two ways to draw a list of quads, behind one interface: the GPU's and NumPy's."""

from __future__ import annotations

from typing import Protocol

import structlog

from viewer.art_source import art_source
from viewer.atlas import Atlas, Pixels
from viewer.display_list import DisplayList
from viewer.renderers.gpu import DeviceLost, GpuRenderer, NoAdapter, choose_adapter, is_software
from viewer.renderers.numpy_ import NumpyRenderer
from viewer.view import View

log = structlog.get_logger()

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


class GpuOrNumpy:
    """Draws with the GPU until that is lost, which is logged, and with NumPy from then on."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._one: Renderer = GpuRenderer(atlas)

    @property
    def name(self) -> str:
        """That of the renderer that draws now."""
        return self._one.name

    @property
    def adapter(self) -> str:
        """What draws now, for people."""
        return self._one.adapter

    def draw(self, display_list: DisplayList, view: View) -> Pixels:
        """One frame: see `Renderer.draw`."""
        try:
            return self._one.draw(display_list, view)
        except DeviceLost as error:
            log.error("the GPU is lost: NumPy draws from now on", why=str(error))
            self._one = NumpyRenderer(self._atlas)
        return self._one.draw(display_list, view)

    def close(self) -> None:
        """Give back what is held."""
        self._one.close()


def best_renderer(atlas: Atlas | None = None) -> Renderer:
    """The GPU's where there is a GPU, NumPy's elsewhere, and where the GPU is lost.

    An adapter in software draws too, when asked for by name; but it takes longer than NumPy for each picture, two
    seconds for the first one, and four times the memory.
    """
    try:
        real = not is_software(choose_adapter())
    except NoAdapter:
        real = False
    atlas = atlas or art_source().atlas
    return GpuOrNumpy(atlas) if real else NumpyRenderer(atlas)
