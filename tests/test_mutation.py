"""The list of survivors, and the program that compares mutants with it."""

import tomllib

import pytest

from mutation import HERE, class_of, outdated, place_of


def test_outdated() -> None:
    """An entry is outdated when its module, its function or its line is no longer in the library."""
    entries = [
        {"place": "creance_pay.money.Euros.parse", "change": "+ new"},
        {"place": "creance_pay.monies.Euros.parse", "change": "+ new"},
        {"place": "creance_pay.money.Euros.unknown", "change": "+ new"},
        {"place": "creance_pay.money.Euros.parse", "change": "\n- a line that is not there\n+ new\n"},
    ]

    assert [entry["place"] for entry in entries[1:]] == outdated(entries)


def test_entries() -> None:
    """Each entry has a place, a class, a reason and a change of at least one line."""
    listed = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))["survivor"]

    assert [] == [entry for entry in listed if {"place", "class", "why", "change"} != entry.keys()]
    assert [] == [
        entry for entry in listed if not {"-", "+"} >= {line[0] for line in entry["change"].split("\n") if line}
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ('- raise InvalidValueError("a day")\n+ raise InvalidValueError("XXa dayXX")', "message text"),
        ("- zip(a, b, strict=True)\n+ zip(a, b, )", "check of lengths"),
        ("- return a\n+ return b", None),
        ("- return a\n+ return a", None),
    ],
)
def test_class(change: str, expected: str | None) -> None:
    """A change of an error's text or of zip's check of lengths is classified; other changes need an entry."""
    assert expected == class_of(change)


def test_place() -> None:
    """The place of a mutant is its function, without the mangling of mutmut."""
    assert "creance_pay.money.Euros.parse" == place_of("creance_pay.money.xǁEurosǁparse__mutmut_3")
    assert "creance_pay.money._cents" == place_of("creance_pay.money.x__cents__mutmut_1")
