"""The one door for TOML: nothing is coerced, nothing is ignored, and the place is named."""

from datetime import date, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay._toml import read_toml
from creance_pay.errors import ConfigurationError
from strategies import TRICKY


@attrs.frozen(kw_only=True)
class Leaf:
    """A table with a key of each kind."""

    number: int = 1
    text: str = ""
    truth: bool = False
    day: date | None = None
    moment: datetime | None = None


TYPES = {
    "int": "3",
    "str": '"3"',
    "bool": "true",
    "float": "3.9",
    "date": "2019-11-01",
    "datetime": "2019-11-01T12:00:00Z",
    "time": "12:00:00",
    "list": "[3]",
    "table": "{a = 3}",
}
KEYS = {"number": "int", "text": "str", "truth": "bool", "day": "date", "moment": "datetime"}


@pytest.mark.parametrize(("key", "kind"), KEYS.items())
def test_takes_the_type_of_the_key(key: str, kind: str) -> None:
    """A value of the right type enters as it is."""
    leaf = read_toml(f"[leaf]\n{key} = {TYPES[kind]}", dict[str, Leaf], origin="file")["leaf"]

    assert kind == type(getattr(leaf, key)).__name__


@pytest.mark.parametrize(
    ("key", "kind"), [(key, kind) for key, right in KEYS.items() for kind in TYPES if kind != right]
)
def test_coerces_nothing(key: str, kind: str) -> None:
    """A value of any other type is refused, and the error names the file, the table and the key."""
    with pytest.raises(ConfigurationError, match=rf"^file: .*leaf.*{key}"):
        read_toml(f"[leaf]\n{key} = {TYPES[kind]}", dict[str, Leaf], origin="file")


@pytest.mark.parametrize(
    "text",
    [
        "[leaf",
        "leaf = 1\nleaf = 2",
        "[leaf]\nnumber = 1\nnumber = 2",
        "[leaf]\nnumber = " + "9" * 5000,
        "[leaf]\nday = 2019-02-30",
        "[leaf]\ntext = '\x00'",
    ],
    ids=["open table", "two values", "two keys", "number too long", "impossible day", "NUL"],
)
def test_refuses_broken_toml(text: str) -> None:
    """What is not TOML is a fault of the configuration, of the file named."""
    with pytest.raises(ConfigurationError, match=r"^file: "):
        read_toml(text, dict[str, Leaf], origin="file")


@pytest.mark.parametrize("value", TYPES.values(), ids=TYPES)
def test_refuses_a_value_in_place_of_a_table(value: str) -> None:
    """A table is a table, and has no keys but its own."""
    with pytest.raises(ConfigurationError, match=r"^file: .*leaf"):
        read_toml(f"leaf = {value}", dict[str, Leaf], origin="file")


def test_refuses_an_unknown_key() -> None:
    """A misspelt key is not dropped."""
    with pytest.raises(ConfigurationError, match=r"^file: .*nummer.*leaf"):
        read_toml("[leaf]\nnummer = 3", dict[str, Leaf], origin="file")


@given(st.text(st.characters()) | st.text(st.sampled_from(TRICKY + "leaf[]\"'#=123.\n{}")))
def test_gives_a_value_or_our_error(text: str) -> None:
    """Whatever the text, it is read or it is a fault of the file named."""
    try:
        said = f"file: {len(read_toml(text, dict[str, Leaf], origin='file'))}"
    except ConfigurationError as error:
        said = str(error)

    assert said.startswith("file: ")
