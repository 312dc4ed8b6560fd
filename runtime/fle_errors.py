"""What FLE says when a tool fails, without its noise: one or two sentences that keep the reason."""

import re

MAX_CHARACTERS = 300
MAX_SENTENCES = 2
TOO_MUCH_SAID = "instructions"
"""In what a world says of a script that ran too long."""
TOO_MUCH = "That was too much for the world at once: ask for less, by position and a smaller radius."

_LUA_POSITION = re.compile(r'\[string "[^"]*"\]:\d+: ?|\S*\.lua:\d+: ?')
_NUMBER = r"-?\d+(?:\.\d+)?"
_REPLACED = (
    (re.compile(r"[. ]*Current inventory: .*", re.DOTALL), "."),
    (re.compile(rf"\{{\s*x = ({_NUMBER}), y = ({_NUMBER})\s*\}}"), r"(\1, \2)"),
    (re.compile(rf"\bx=({_NUMBER}),? y=({_NUMBER})"), r"(\1, \2)"),
    (re.compile(r"(-?\d+)\.0\b"), r"\1"),
    (re.compile(r"(-?\d+\.\d{2})\d+"), r"\1"),
    (re.compile(r"Error in \w+ \([^)]*\), ?|Error in \w+ \(.*?\): "), ""),
    (re.compile(r"\bDirection\.([A-Z]+)\b"), lambda found: found.group(1).lower()),
    (re.compile(r"\{'([A-Za-z0-9', ]+)'\}"), r"\1"),
    (re.compile(r"\\?[\"']"), ""),
    (re.compile(r"\b(\w+)nt\b(?= (?:something|exist|find|craft))"), r"\1n't"),
    (re.compile(r"\bisnt\b"), "isn't"),
    (re.compile(r"\b([Cc]ould|does|is|ca)nt\b"), r"\1n't"),
    (re.compile(r"\bin you inventory\b"), "in your inventory"),
    (re.compile(r"\s+"), " "),
)
_PROTOTYPE = re.compile(r"\bPrototype\.([A-Z][A-Za-z0-9]+)")
_UNDERSCORED = re.compile(r"\b([a-z]+(?:_[a-z0-9]+)+)\b(?= (?:in inventory|isn't))")


def clean(text: str, sentences: int = MAX_SENTENCES) -> str:
    """The reason in what FLE's Lua or FLE's client said, in so many sentences at most."""
    text = _LUA_POSITION.split(text)[-1]
    text = _PROTOTYPE.sub(lambda found: _hyphened(found.group(1)), text)
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    text = _UNDERSCORED.sub(lambda found: found.group(1).replace("_", "-"), text).strip(" .,:;")
    text = " ".join(re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)[:sentences]).strip(" .,:;")
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS].rsplit(" ", 1)[0] + " …"
    return sentence(text)


def sentence(text: str) -> str:
    """With a capital where it begins, unless that is a name, and a full stop."""
    if not text:
        return "It failed, and FLE doesn't say why."
    first = text.split(" ", 1)[0]
    if first.isalpha():
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else text + "."


def _hyphened(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[a-z])(\d)", r"-\1\2", name).lower()
