"""The atlas and the figures of a Factorio installation, made once and kept outside the repository."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from runtime.engine.cache import cache_dir, cached
from viewer.atlas import Atlas, Picture, cached_atlas, our_atlas
from viewer.factorio.book import Book, Look
from viewer.factorio.figures import FactorioFigures
from viewer.factorio.ground import read_ground, read_icons, textures
from viewer.factorio.installation import Installation, digest
from viewer.factorio.looks import read_entity
from viewer.factorio.sheets import Sheets, fault

ARMS = ("arm", "hand", "grip")
"""What our own inserters are made of, in case that there is nothing to make the installation's of."""


@dataclass(frozen=True)
class FactorioArt:
    """Pictures out of an installation. Raises NotFactorio, when something is asked of it, if its prototypes can't be read."""

    installation: Installation

    @cached_property
    def book(self) -> Book:
        """What its prototypes say, read once for each version of them."""
        key = f"{self.installation.fingerprint()}-{_code()}"

        def make() -> dict[str, Any]:
            for old in cache_dir().glob("factorio-*.marshal"):
                old.unlink(missing_ok=True)
            book = read_book(self.installation)
            return {part.name: getattr(book, part.name) for part in fields(book) if part.name != "same"}

        return Book(**cached("factorio", key, make))

    def faults(self) -> dict[str, str]:
        """Which files it lacks, and what is wrong with others, as far as can be seen without reading them whole."""
        named = ((name, fault(self.installation.file(name))) for name in sorted(self.book.files()))
        return {name: why for name, why in named if why is not None}

    @cached_property
    def atlas(self) -> Atlas:
        """All pictures; those of our own that it has nothing for, too."""
        book = self.book
        atlas = cached_atlas("factorio", self._version, self._pictures)
        # From far away an entity is of the colour of its first picture.
        names = {
            **atlas.names,
            **{name: atlas.names[cell] for name, cell in _faces(book) if cell in atlas.names},
        }
        return Atlas(atlas.levels, atlas.cells, names)

    @cached_property
    def _version(self) -> str:
        """Another one whenever a picture is."""
        paths = (p for name in sorted(self.book.files()) if (p := self.installation.file(name)) is not None)
        return digest([self.installation.version, _code()], paths)

    @property
    def is_ready(self) -> bool:
        """Whether the atlas lies ready; if not, it takes a minute."""
        return (cache_dir() / f"atlas-factorio-{self._version}").is_dir()

    @cached_property
    def figures(self) -> FactorioFigures:
        """How entities are put together of them."""
        return FactorioFigures(self.atlas, self.book)

    def _pictures(self) -> Iterator[Picture]:
        book, sheets = self.book, Sheets(self.installation)
        ours = our_atlas()
        replaced = {*book.pictures, *(f"ground/{name}" for name in book.grounds)}
        for name, number in sorted(ours.names.items(), key=lambda n: n[1]):
            family, _, part = name.partition("/")
            if name in replaced or (family in book.looks and part not in ARMS):
                continue
            cell = ours.cells[number]
            scale = float(cell["width"]) / float(cell["w"])
            yield Picture(name, ours.picture(number), scale, float(cell["dx"]), float(cell["dy"]))
        yield from sheets.pictures(book.pictures.items())
        yield from textures(book, sheets)


def read_book(installation: Installation) -> Book:
    """Everything an installation's prototypes say of pictures. Raises NotFactorio."""
    raw = installation.prototypes()
    book = Book()
    _read(book, "icons", lambda: read_icons(book, raw))
    _read(book, "ground", lambda: read_ground(book, raw))
    for kind in sorted(raw):
        for name, proto in sorted(raw[kind].items()):
            if not name.startswith("factorio-logo"):
                _read(book, name, partial(read_entity, book, kind, proto))
    drawn = {name: {s: look for s, look in states.items() if look} for name, states in book.looks.items()}
    book.looks = {name: states for name, states in drawn.items() if states and name not in book.odd}
    return book


def _read(book: Book, name: str, read: Callable[[], object]) -> None:
    """Read one thing; if its prototype has a shape that isn't the game's, remember that and go on with the next."""
    try:
        read()
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        book.odd[name] = repr(error)


def _faces(book: Book) -> Iterator[tuple[str, str]]:
    """Each entity with the first of its pictures that is no shadow."""
    for name, states in book.looks.items():
        rows: list[Look] = [look for look in states.values() if look]
        cell = next((row[0] for look in rows for row in look if not row[0].endswith("/shadow")), None)
        if cell is not None:
            yield name, cell


def _code() -> str:
    """Another one whenever the code is that makes pictures."""
    here = Path(__file__).parent
    total = hashlib.sha256()
    sources = (
        *sorted(here.glob("*.py")),
        here.parent / "atlas.py",
        *sorted((here.parent / "art").glob("*.py")),
    )
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()[:16]


def installed(home: str | None = None) -> FactorioArt | None:
    """The art of the installation at FACTORIO_HOME, or at another folder; None if there is none set.

    Raises:
        NotFactorio: what is there is no Factorio 2.0.
    """
    home = os.environ.get("FACTORIO_HOME", "") if home is None else home
    return FactorioArt(Installation(Path(home))) if home else None
