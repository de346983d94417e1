"""The reader of TOML: it converts nothing, ignores nothing, and names the place of a fault."""

import re
from collections.abc import Mapping
from datetime import date, datetime

import attrs
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


def refusals(texts: Mapping[str, str]) -> dict[str, str]:
    """Map the name of each text to the error that reading it raises, or to an empty text."""
    found = {}
    for name, text in texts.items():
        found[name] = ""
        try:
            read_toml(text, dict[str, Leaf], origin="file")
        except ConfigurationError as error:
            found[name] = str(error)
    return found


def test_types() -> None:
    """A value of the type of its key is accepted unchanged."""
    leaves = {
        key: read_toml(f"[leaf]\n{key} = {TYPES[kind]}", dict[str, Leaf], origin="file") for key, kind in KEYS.items()
    }

    assert KEYS == {key: type(getattr(found["leaf"], key)).__name__ for key, found in leaves.items()}


def test_other_types() -> None:
    """A value of another type is refused, and the error names the file, the table and the key."""
    wrong = {
        f"{key} {kind}": f"[leaf]\n{key} = {TYPES[kind]}"
        for key, right in KEYS.items()
        for kind in TYPES
        if kind != right
    }
    found = refusals(wrong)

    assert 40 == len(found)
    assert [] == [name for name, text in found.items() if not re.match(rf"file: .*leaf.*{name.split()[0]}", text)]


def test_broken_toml() -> None:
    """A text that is not TOML is refused, and the error names the file."""
    texts = {
        "open table": "[leaf",
        "two values": "leaf = 1\nleaf = 2",
        "two keys": "[leaf]\nnumber = 1\nnumber = 2",
        "number too long": "[leaf]\nnumber = " + "9" * 5000,
        "impossible day": "[leaf]\nday = 2019-02-30",
        "many levels": "leaf = " + "[" * 100_000,
        "NUL": "[leaf]\ntext = '\x00'",
    }

    assert [] == [name for name, text in refusals(texts).items() if not text.startswith("file: ")]


def test_value_instead_of_a_table() -> None:
    """A value in the place of a table, and an unknown key, are refused with the place."""
    values = {name: f"leaf = {value}" for name, value in TYPES.items()}

    assert [] == [name for name, text in refusals(values).items() if not re.match("file: .*leaf", text)]
    assert re.match("file: .*nummer.*leaf", refusals({"key": "[leaf]\nnummer = 3"})["key"])


@given(st.text(st.characters()) | st.text(st.sampled_from(TRICKY + "leaf[]\"'#=123.\n{}")))
def test_any_text(text: str) -> None:
    """Any text is read, or refused with the name of the file."""
    found = refusals({"text": text})["text"]

    assert not found or found.startswith("file: ")
