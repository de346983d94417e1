"""The references that people type: 1,000 misprints of each kind, with the suggestions for each (R1, RGAA 11.11).

``pytest -s tests/values/test_typed_references.py`` prints the table.

A true reference has a known caisse, a past day since the pilot of September 2016, and a sequence number of one to five
digits, padded with zeros.  A misprint that is itself a plausible reference has no suggestion, and is none here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from string import ascii_uppercase

import attrs
import pytest

from creance_pay import NoticeReference, find_caisse
from creance_pay.errors import InvalidReferenceError

TODAY, FIRST = date(2026, 11, 26), date(2016, 9, 1)
KNOWN = [code for code in (f"{number:03d}" for number in range(1000)) if find_caisse(code)]
DIGITS = 16

Misprint = Callable[[str, Random], str]


def true_reference(chance: Random) -> str:
    """Draw a reference."""
    day = FIRST + timedelta(days=chance.randrange((TODAY - FIRST).days + 1))
    sequence = chance.randrange(1, 10 ** chance.randint(1, 5))
    return f"{chance.choice(KNOWN)}{day:%y%j}{sequence:08d}{chance.choice(ascii_uppercase)}"


def lookalike(looks: str, digit: str) -> Misprint:
    """Type a letter for a digit."""

    def misprint(text: str, chance: Random) -> str:
        places = [place for place in range(DIGITS) if text[place] == digit]
        if not places:
            return text
        place = chance.choice(places)
        return text[:place] + looks + text[place + 1 :]

    return misprint


def equal_neighbours(text: str) -> list[int]:
    """List the places whose character equals the one before."""
    return [place for place in range(1, DIGITS) if text[place] == text[place - 1]]


def one_of_several_missing(text: str, chance: Random) -> str:
    """Leave out one of several equal neighbours, as the guide does."""
    place = chance.choice(equal_neighbours(text))
    return text[:place] + text[place + 1 :]


def a_lone_digit_missing(text: str, chance: Random) -> str:
    """Leave out a digit that differs from its neighbours."""
    places = [place for place in range(DIGITS) if text[place] not in {text[place - 1 : place], text[place + 1]}]
    place = chance.choice(places)
    return text[:place] + text[place + 1 :]


def doubled(text: str, chance: Random) -> str:
    """Type a character twice, the letter too."""
    place = chance.randrange(DIGITS + 1)
    return text[:place] + text[place] + text[place:]


def exchanged(text: str, chance: Random) -> str:
    """Exchange two different neighbours, the letter too."""
    place = chance.choice([place for place in range(DIGITS) if text[place] != text[place + 1]])
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def letter_missing(text: str, _: Random) -> str:
    """Leave out the letter."""
    return text[:-1]


KINDS: dict[str, Misprint] = {
    "letter O for 0": lookalike("O", "0"),
    "letter o for 0": lookalike("o", "0"),
    "letter I for 1": lookalike("I", "1"),
    "letter l for 1": lookalike("l", "1"),
    "one of several equal digits missing": one_of_several_missing,
    "a character doubled": doubled,
    "two neighbours exchanged": exchanged,
    "a lone digit missing": a_lone_digit_missing,
    "the letter missing": letter_missing,
}
#: The digit that is missing has ten values at each place, and the letter has 26: the text does not contain them.
LOST = {"a lone digit missing", "the letter missing"}


@attrs.define
class Row:
    """The results of one kind.

    Attributes:
        typed: The number of misprints.
        suggested: The misprints with suggestions.
        right: The misprints whose suggestions contain the true reference.
        first: The misprints whose first suggestion is the true reference.
        wrong_alone: The misprints with one suggestion, which is wrong.
        repaired: The misprints that parsing changed into another reference without an error.
    """

    typed: int = 0
    suggested: int = 0
    right: int = 0
    first: int = 0
    wrong_alone: int = 0
    repaired: int = 0


def suggestions_for(text: str) -> tuple[NoticeReference | None, list[str]]:
    """Return the parsed reference, if any, and the suggestions that the person reads."""
    try:
        reference = NoticeReference.parse(text, today=TODAY)
    except InvalidReferenceError as error:
        return None, list(error.suggestions)
    return reference, [str(each) for each in reference.suggestions(today=TODAY)]


def measured(misprint: Misprint, count: int) -> Row:
    """Type misprints of a kind."""
    chance, row = Random(17), Row()  # noqa: S311 - the same misprints in each run
    while row.typed < count:
        true = true_reference(chance)
        text = misprint(true, chance)
        if text == true:
            continue
        parsed, found = suggestions_for(text)
        row.typed += 1
        row.suggested += bool(found)
        row.right += true in found
        row.first += found[:1] == [true]
        row.wrong_alone += len(found) == 1 and true not in found
        row.repaired += parsed is not None and str(parsed) != text.upper()
    return row


@pytest.fixture(scope="module", name="table")
def _table() -> dict[str, Row]:
    """Measure each kind, and print the table."""
    rows = {name: measured(misprint, 1000) for name, misprint in KINDS.items()}
    lines = ["", "| misprint | typed | with suggestions | right among them | right first | a wrong one alone |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        share = f"{100 * row.right / row.suggested:.1f} %" if row.suggested else "-"
        cells = (row.typed, row.suggested, f"{row.right} ({share})", row.first, row.wrong_alone)
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    sys.stdout.write("\n".join([*lines, ""]))
    return rows


def test_right_among_the_suggestions(table: dict[str, Row]) -> None:
    """Where there are suggestions, the right reference is among them in at least 95 %."""
    assert [] == [name for name, row in table.items() if row.right < 0.95 * row.suggested and name not in LOST]


def test_suggestions_exist(table: dict[str, Row]) -> None:
    """Every misprint that is visible in the text has suggestions; an exchange inside the sequence is not visible."""
    invisible = {"two neighbours exchanged", *LOST}

    assert [] == [name for name, row in table.items() if row.suggested < row.typed and name not in invisible]


def test_no_wrong_one_alone(table: dict[str, Row]) -> None:
    """No kind has a misprint with one suggestion that is wrong."""
    assert {0} == {row.wrong_alone for row in table.values()}


def test_nothing_is_repaired(table: dict[str, Row]) -> None:
    """No misprint is parsed as another reference than the typed one."""
    assert {0} == {row.repaired for row in table.values()}


def test_day_of_the_search() -> None:
    """A reference dated after the day of the search is a misprint, and no suggestion is dated after it."""
    reference = NoticeReference("6311705400000344F")

    assert () == reference.suggestions(today=date(2017, 2, 23))
    assert ("6311704500000344F", "6311705040000344F") == tuple(map(str, reference.suggestions(today=date(2017, 2, 22))))
    assert () == reference.suggestions()


def test_known_caisses_only() -> None:
    """A reference of an unknown caisse has suggestions of known ones, and none if an exchange finds none."""
    found = [
        [str(each) for each in NoticeReference(text).suggestions(today=TODAY)]
        for text in ("6131705400000344F", "9991705400000344F")
    ]

    assert [["6311705400000344F"], []] == found


def test_unknown_caisse_of_a_misprint() -> None:
    """Where no correction has a known caisse, those of the unknown one are suggested: the table is of 2020."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse("999170540O000344F", today=TODAY)

    assert ("9991705400000344F",) == caught.value.suggestions
