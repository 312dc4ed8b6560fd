"""The names that FLE's tools know, for processes that don't import FLE, and what a wrong one may have meant.

FLE says in the fork server which names it has; those that the game doesn't have are left out. Technologies and
recipes are the game's own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache, lru_cache

from runtime import fork_server
from runtime.engine.prototypes import load

DIRECTIONS = ("up", "right", "down", "left")
_COMPASS = {"north": "up", "east": "right", "south": "down", "west": "left"}
MAX_NAME_CHARACTERS = 60
_SUGGESTIONS = 3
_NEAR = 0.6
"""How alike a name must be (0 … 1) to be suggested."""
_NEARLY_AS_NEAR = 0.15
_SCIENCE = {
    "red": "automation", "green": "logistic", "black": "military", "grey": "military", "blue": "chemical",
    "purple": "production", "yellow": "utility", "white": "space",
}  # fmt: skip
_CALLED: dict[str, tuple[str, ...]] = {
    "tree": ("wood",),
    "log": ("wood",),
    "forest": ("wood",),
    "timber": ("wood",),
    "rock": ("stone",),
    "stone ore": ("stone",),
    "coal ore": ("coal",),
    "lake": ("water",),
    "conveyor": ("transport-belt",),
    "miner": ("burner-mining-drill", "electric-mining-drill"),
    "smelter": ("stone-furnace", "electric-furnace"),
    "generator": ("steam-engine",),
    "box": ("wooden-chest", "iron-chest"),
    "assembler": ("assembling-machine-1",),
    "water pump": ("offshore-pump",),
    "oil pump": ("pumpjack",),
    "wire": ("copper-cable",),
    "green circuit": ("electronic-circuit",),
    "red circuit": ("advanced-circuit",),
    "blue circuit": ("processing-unit",),
    **{f"{colour} science": (f"{name}-science-pack",) for colour, name in _SCIENCE.items()},
}
"""What players call things by other words than the game's."""
_FEW = 8
"""Of so few names all are given where none is near."""

FleNames = Mapping[str, Mapping[str, str]]
"""By kind, FLE's spelling (BurnerMiningDrill) -> Factorio's (burner-mining-drill)."""


class UnknownName(ValueError):
    """There is no such name; the message gives the nearest ones, which are also in `nearest`."""

    def __init__(self, kind: str, text: str, nearest: list[str]) -> None:
        self.nearest = nearest
        shown = text if len(text) <= MAX_NAME_CHARACTERS else text[:MAX_NAME_CHARACTERS] + "…"
        hint = (
            f"The nearest: {', '.join(nearest)}."
            if nearest
            else "None is like it: factorio://names has them all."
        )
        super().__init__(f"There is no {kind} {shown!r}. {hint}")


@dataclass(frozen=True)
class Names:
    """Every name that a tool takes, in Factorio's spelling.

    prototypes: entities and items, and FLE's groups (belt-group, pipe-group, electricity-group).
    """

    prototypes: tuple[str, ...]
    resources: tuple[str, ...]
    technologies: tuple[str, ...]
    recipes: tuple[str, ...]
    directions: tuple[str, ...] = DIRECTIONS
    _index: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def of(self, kind: str) -> tuple[str, ...]:
        """The names of a kind: "prototype", "resource", "technology", "recipe" or "direction"."""
        every: dict[str, tuple[str, ...]] = {
            "prototype": self.prototypes,
            "resource": self.resources,
            "technology": self.technologies,
            "recipe": self.recipes,
            "direction": self.directions,
        }
        return every[kind]

    def find(self, kind: str, text: str) -> str:
        """Factorio's spelling of a name; FLE's own (`Prototype.BurnerMiningDrill`) will do. Raises UnknownName."""
        if len(text) <= MAX_NAME_CHARACTERS:
            name = self._index[kind].get(_plain(text))
            if name is not None:
                return name
        raise self.unknown([kind], text)

    def unknown(self, kinds: Sequence[str], text: str) -> UnknownName:
        """What there is to say of a text that is no name of any of some kinds."""
        names = [name for kind in kinds for name in self.of(kind)]
        near = nearest(text, dict.fromkeys(names))
        return UnknownName(" or ".join(kinds), text, names if not near and len(names) <= _FEW else near)


def collect(fle: FleNames) -> Names:
    """The names that both FLE, by what it says of itself, and the game have."""
    game = load()
    known = {*game.item, *game.raw["fluid"], *game.entity}
    prototypes = {
        spelling: name
        for spelling, name in fle["prototypes"].items()
        if name in known or name.endswith("-group")
    }
    technologies = {name: name for name in game.raw["technology"]}
    recipes = {spelling: name for spelling, name in fle["recipes"].items() if name in game.recipe}
    recipes |= {spelling: name for spelling, name in prototypes.items() if name in game.recipe}
    spellings: dict[str, Mapping[str, str]] = {
        "prototype": prototypes,
        "resource": fle["resources"],
        "technology": technologies
        | {spelling: name for spelling, name in fle["technologies"].items() if name in technologies},
        "recipe": recipes,
        "direction": {name: name for name in DIRECTIONS} | _COMPASS,
    }
    return Names(
        prototypes=_sorted(prototypes.values()),
        resources=_sorted(fle["resources"].values()),
        technologies=_sorted(technologies),
        recipes=_sorted(recipes.values()),
        _index={
            kind: {_plain(text): name for pair in pairs.items() for text, name in (pair, (pair[1], pair[1]))}
            for kind, pairs in spellings.items()
        },
    )


@cache
def names() -> Names:
    """The names, told by this process's fork server, which is started if need be. Raises ForkServerError."""
    return collect(fork_server.shared.fle_names())


def nearest(text: str, candidates: Iterable[str]) -> list[str]:
    """The names most like a text, best first; few or none.

    Names are compared word by word, and the last word counts most: an "iron-drill" is a kind of drill.
    """
    wanted = _words(text[:MAX_NAME_CHARACTERS])
    if not wanted:
        return []
    candidates = list(candidates)
    said = {word.removesuffix("s") for word in wanted}
    called = [name for words, meant in _CALLED.items() if said >= {*words.split()} for name in meant]
    if called := [name for name in dict.fromkeys(called) if name in candidates]:
        return called[:_SUGGESTIONS]
    scored = sorted(((_likeness(wanted, name), name) for name in candidates), key=lambda pair: -pair[0])
    return [
        name
        for likeness, name in scored[:_SUGGESTIONS]
        if likeness >= max(_NEAR, scored[0][0] - _NEARLY_AS_NEAR)
    ]


def _likeness(wanted: list[str], name: str) -> float:
    words = _words(name)
    head = max((i for i, word in enumerate(wanted) if not word.isdigit()), default=len(wanted) - 1)
    total = 0.0
    for i, word in enumerate(wanted):
        total += (2 if i == head else 1) * max(_alike(word, other) for other in words)
    by_word = total / (len(wanted) + 1) - 0.05 * abs(len(words) - len(wanted))
    return max(by_word, 0.9 * _alike("".join(wanted), "".join(words)))


@lru_cache(maxsize=20_000)
def _alike(a: str, b: str) -> float:
    if a == b:
        return 1.0
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _NEAR / 2 else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", _bare(text)).lower())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _bare(text).lower())


def _bare(text: str) -> str:
    return re.sub(r"^\s*(?:Prototype|Resource|Technology|RecipeName|Direction)\.", "", text)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
