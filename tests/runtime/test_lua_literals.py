import pytest
from hypothesis import given
from hypothesis import strategies as st
from lupa import lua52

from runtime.lua_literals import LiteralError, LiteralReader, encode


def whole(text: str) -> object:
    """The one literal that `text` is."""
    reader = LiteralReader(text)
    value = reader.value()
    if reader.at != len(text):
        raise LiteralError(f"more follows: {text[reader.at :]}")
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nil", None),
        ("true", True),
        ("-3", -3),
        ("1e-05", 1e-05),
        ("2.0", 2),
        ('"a \\"b\\" \\\\ c"', 'a "b" \\ c'),
        ('{\n\t["x"] = 0,\n\t["y"] = 1.5\n}', {"x": 0, "y": 1.5}),
        ("{1, 2,3}", [1, 2, 3]),
        ("{}", []),
    ],
)
def test_reads_what_fle_writes(text: str, value: object) -> None:
    assert whole(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "1e999", "nan", "inf", "0x10", "1 + 1", "12345678901", "--1", "1..2",
        "print", "storage", "function() end", "os.exit()", '"open', '"a\nb"', '"\\x41"', '"\\065"',
        "{{{{{1}}}}}", "{[{}] = 1}", "{a = 1}", "", '"' + "x" * 20_000 + '"', "{" + "1," * 300 + "}",
        "[[long]]",
    ],
)  # fmt: skip
def test_refuses_everything_else(text: str) -> None:
    with pytest.raises(LiteralError):
        whole(text)


@given(st.text())
def test_strings_come_out_in_lua_as_they_went_in(text: str) -> None:
    lua = lua52.LuaRuntime(encoding=None)
    assert lua.eval(encode(text).encode()) == text.encode("utf-8", "surrogatepass")


@given(
    st.recursive(st.integers(-(10**7), 10**7) | st.booleans() | st.text(max_size=20), st.lists, max_leaves=5)
)
def test_reads_nothing_but_ascii_back(value: object) -> None:
    assert encode(value).isascii()  # type: ignore[arg-type]
