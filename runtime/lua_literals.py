"""Lua literals: a strict reader for text from the untrusted side, and the writer that makes it anew.

Only what a call of a tool can carry is read: nil, booleans, decimal numbers, quoted strings and tables of
these, with bounds on every size. Escapes in strings mean what Lua 5.2 says (reference manual, 3.1), so the
value read is the value that a Lua interpreter would have seen.
"""

import math
import re
from typing import TypeAlias, Union

Literal: TypeAlias = Union[bool, int, float, str, dict[str | int, "Literal"], list["Literal"], None]  # noqa: UP007

MAX_NUMBER = 1e7
"""Larger than any coordinate of Factorio's (1,000,000 tiles) and any count that a tool takes."""
MAX_STRING_BYTES = 16_384
MAX_DEPTH = 4
MAX_ENTRIES = 256

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "\n": "\n",
}  # fmt: skip


class LiteralError(ValueError):
    """Text that is not a literal within bounds; the message says what was found and where."""


class LiteralReader:
    """Reads literals one after another from `text`, beginning at `at`."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def accept(self, token: str) -> bool:
        """Steps over `token`, and spaces before it, if it comes next."""
        self.skip_space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise self._error(f"expected {token!r}")

    def value(self, depth: int = 0) -> Literal:
        """Raises LiteralError for anything but a literal within bounds."""
        self.skip_space()
        if self.at >= len(self.text):
            raise self._error("expected a value")
        first = self.text[self.at]
        if first in "\"'":
            return self._string(first)
        if first == "{":
            return self._table(depth)
        if first.isascii() and (first.isdigit() or first in "-."):
            return self._number()
        name = _NAME.match(self.text, self.at)
        constants: dict[str, bool | None] = {"nil": None, "true": True, "false": False}
        if name is None or name.group() not in constants:
            raise self._error("expected a number, a string, a boolean, nil or a table")
        self.at = name.end()
        return constants[name.group()]

    def _number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            raise self._error("malformed number")
        digits = match.group()
        following = self.text[match.end() : match.end() + 1]
        if len(digits) > 40 or following.isalnum() or following in ("_", "."):
            raise self._error("malformed number")
        number = float(digits)
        if not math.isfinite(number) or abs(number) > MAX_NUMBER:
            raise self._error(f"number {digits} is not between -{MAX_NUMBER:.0f} and {MAX_NUMBER:.0f}")
        self.at = match.end()
        return int(number) if number.is_integer() else number

    def _string(self, quote: str) -> str:
        start = self.at
        self.at += 1
        parts: list[str] = []
        size = 0
        while True:
            if self.at >= len(self.text):
                self.at = start
                raise self._error("unfinished string")
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return "".join(parts)
            if char == "\n":
                raise self._error("line break in a string")
            if char == "\\":
                char = self._escape()
            parts.append(char)
            size += len(char.encode("utf-8", "surrogatepass"))
            if size > MAX_STRING_BYTES:
                raise self._error(f"string longer than {MAX_STRING_BYTES} bytes")

    def _escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        if char in _ESCAPES and char:
            self.at += 1
            return _ESCAPES[char]
        raise self._error(f"escape \\{char} in a string")

    def _table(self, depth: int) -> Literal:
        if depth >= MAX_DEPTH:
            raise self._error(f"table deeper than {MAX_DEPTH}")
        self.at += 1
        positional: list[Literal] = []
        keyed: dict[str | int, Literal] = {}
        while not self.accept("}"):
            if len(positional) + len(keyed) >= MAX_ENTRIES:
                raise self._error(f"table of more than {MAX_ENTRIES} entries")
            self.skip_space()
            if self.accept("["):
                key = self.value(MAX_DEPTH)
                if isinstance(key, bool) or not isinstance(key, str | int):
                    raise self._error("table key that is neither a string nor a whole number")
                self.expect("]")
                self.expect("=")
                keyed[key] = self.value(depth + 1)
            else:
                positional.append(self.value(depth + 1))
            if not (self.accept(",") or self.accept(";")):
                self.expect("}")
                break
        if not keyed:
            return positional
        keyed.update(enumerate(positional, 1))
        return keyed

    def _error(self, what: str) -> LiteralError:
        return LiteralError(f"{what} at {self.text[self.at : self.at + 20]!r}")


def encode(value: Literal) -> str:
    """The Lua source of `value`; every byte of a string outside printable ASCII is escaped by number."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise LiteralError(f"{value} has no literal")
        return repr(value)
    if isinstance(value, str):
        quoted = "".join(
            chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03d}"
            for byte in value.encode("utf-8", "surrogatepass")
        )
        return f'"{quoted}"'
    if isinstance(value, list):
        return "{" + ", ".join(encode(item) for item in value) + "}"
    return "{" + ", ".join(f"[{encode(key)}] = {encode(item)}" for key, item in value.items()) + "}"
