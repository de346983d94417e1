"""The notice reference (rules R1, R2 and R22) and the transaction reference (R15)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creance_pay import NoticeReference, TransactionReference
from creance_pay.codes import ReferenceCode, TransactionCode
from creance_pay.errors import InvalidReferenceError
from samples import COPIES
from strategies import (
    SEPARATORS,
    any_texts,
    days,
    notice_references,
    notice_texts,
    separated,
    sequences,
    spoiled,
    transaction_references,
)

CANONICAL = "6311705490000001F"
POSSIBLE_DAYS = [date(2000, 1, 1) + timedelta(days=number) for number in range(36_525)]


def refusal(text: object) -> InvalidReferenceError:
    """Give the error that a text meets."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse(text)  # type: ignore[arg-type]
    return caught.value


class TestReading:
    """Spaces, dots and hyphens are left out, a small letter is raised; then sixteen digits and a letter (R1)."""

    @pytest.mark.parametrize(
        "text",
        [
            CANONICAL,
            "6311 7054 9000 0001 F",
            " 6311705490000001f ",
            "6311.7054.9000.0001.F",
            "6311-7054-9000-0001-F",
            "6311\u20117054\u20139000\u20140001\u00adF",
            "6311\u00a07054\u202f9000\u30000001\tF\n",
        ],
    )
    def test_reads_what_a_person_types(self, text: str) -> None:
        """The separators and the case of a letter change nothing."""
        assert NoticeReference(CANONICAL) == NoticeReference.parse(text)

    @pytest.mark.parametrize("separator", SEPARATORS)
    def test_leaves_out_each_separator(self, separator: str) -> None:
        """Every kind of space, dot and hyphen is one."""
        assert NoticeReference(CANONICAL) == NoticeReference.parse(separator.join(CANONICAL))

    @given(separated(notice_texts))
    def test_overlooks_separators_and_case(self, pair: tuple[str, str]) -> None:
        """However a reference is spaced out, it reads as itself."""
        text, typed = pair

        assert text == str(NoticeReference.parse(typed))

    @given(notice_references)
    def test_grouped_text_reads_back(self, reference: NoticeReference) -> None:
        """What a letter prints can be typed."""
        assert reference == NoticeReference.parse(reference.grouped)

    @given(notice_texts)
    def test_canonical_text_is_kept(self, text: str) -> None:
        """To read and to write is the identity."""
        assert text == str(NoticeReference.parse(text))

    @given(any_texts | spoiled(notice_texts))
    @example("631170549000000\u017fF")
    @example("631170549000000\u0661F")
    @example("6311705490000001\u0131")
    @example("\ud800")
    def test_gives_a_reference_or_our_error(self, text: str) -> None:
        """Whatever the text, the answer is a reference or InvalidReferenceError with a word of ReferenceCode."""
        try:
            answer = NoticeReference.parse(text).canonical.isascii()
        except InvalidReferenceError as error:
            answer = error.code in set(ReferenceCode) - {ReferenceCode.REFERENCE_OK}

        assert answer

    @given(any_texts | spoiled(notice_texts))
    def test_suggests_nothing_but_references(self, text: str) -> None:
        """A suggestion is a canonical reference."""
        suggestion = None
        try:
            NoticeReference.parse(text)
        except InvalidReferenceError as error:
            suggestion = error.suggestion

        assert suggestion is None or suggestion == str(NoticeReference(suggestion))


class TestRefusal:
    """Say what is wrong, offer what was meant, and never repair it in silence (R1)."""

    @pytest.mark.parametrize("text", ["", " ", ".-\u00a0\u202f", "\u00ad"])
    def test_asks_for_a_reference(self, text: str) -> None:
        """A field that holds nothing but separators is empty."""
        assert ReferenceCode.REFERENCE_REQUIRED == refusal(text).code

    @pytest.mark.parametrize(
        ("text", "character"),
        [
            ("6311 7054 9000 000: 1F", ":"),
            ("631170549000000\u0661F", "\u0661"),
            ("\uff16311705490000001F", "\uff16"),
            ("6311705490000001\u0131", "\u0131"),
            ("6311705490000001\u017f", "\u017f"),
            ("6311705490000001É", "É"),
            ("6311705490000001²F", "²"),
            ("6311705490000001F\u200b", "\u200b"),
            ("\ud8006311705490000001F", "\ud800"),
            ("6311/7054_9000", "/"),
        ],
    )
    def test_reports_the_first_other_character(self, text: str, character: str) -> None:
        """The first character that cannot stand in a reference is named."""
        error = refusal(text)

        assert (ReferenceCode.REFERENCE_BAD_CHARACTER, character) == (error.code, error.character)

    @pytest.mark.parametrize(
        ("text", "suggestion"),
        [
            ("6311 7054 9000 0001: f", CANONICAL),
            (":6311:7054:9000:0001:F", CANONICAL),
            ("6311 7054 9000 000:F", None),
            ("6311:7054/9000 0001 F", None),
            ("6311705490000001\u017fF", CANONICAL),
        ],
    )
    def test_suggests_the_text_without_that_character(self, text: str, suggestion: str | None) -> None:
        """What remains is suggested if it is a reference."""
        assert suggestion == refusal(text).suggestion

    @pytest.mark.parametrize(
        ("text", "digits"),
        [("F", 0), ("1F", 1), ("631170549000001F", 15), ("63117054900000011F", 17), ("7" * 99_999 + "f", 99_999)],
    )
    def test_counts_the_digits(self, text: str, digits: int) -> None:
        """With one letter at the end, only the number of digits is wrong."""
        error = refusal(text)

        assert (ReferenceCode.REFERENCE_BAD_LENGTH, digits) == (error.code, error.digits)

    @pytest.mark.parametrize(
        ("text", "suggestion"),
        [
            ("631163120000297F", "6311631200000297F"),
            ("631 170 549 000 001 f", "6311705409000001F"),
            ("631163670000297F", None),
            ("631170000000297F", None),
            ("63116312000297F", None),
            ("63116312000000297F", None),
        ],
        ids=["the guide's own", "spaced, small", "day 367", "day 0", "fourteen digits", "seventeen digits"],
    )
    def test_suggests_the_lost_zero(self, text: str, suggestion: str | None) -> None:
        """Fifteen digits get a zero at the start of the sequence, if the date then decodes."""
        assert suggestion == refusal(text).suggestion

    @pytest.mark.parametrize(
        "text",
        ["6311705490000001", "631170549000000", "F6311705490000001", "6311705490000001FF", "ABC", "63F1705490000001"],
    )
    def test_refuses_a_letter_that_is_missing_or_not_alone_at_the_end(self, text: str) -> None:
        """Digits and letters in any other order have another format."""
        assert ReferenceCode.REFERENCE_BAD_FORMAT == refusal(text).code

    @pytest.mark.parametrize("value", [None, 6311705490000001, b"6311705490000001F", [CANONICAL]])
    def test_refuses_what_is_no_text(self, value: object) -> None:
        """Only text is read."""
        assert ReferenceCode.REFERENCE_BAD_FORMAT == refusal(value).code

    @pytest.mark.parametrize(
        "text", ["6311705490000001X9", "631170549000001F", "6311705490000001:9F", "6311705490000001"]
    )
    def test_quotes_nothing(self, text: str) -> None:
        """The error text has no three successive characters of what was typed."""
        found = str(refusal(text))

        assert [] == [text[start : start + 3] for start in range(len(text) - 2) if text[start : start + 3] in found]


class TestNoticeReference:
    """A reference is CCC YY DDD SSSSSSSS L, and valid because it exists (R2)."""

    def test_has_its_parts(self) -> None:
        """Each part is read from its place."""
        reference = NoticeReference("6311632600000408F")
        parts = (reference.caisse_code, reference.issued_on, reference.sequence, reference.letter, reference.grouped)

        assert ("631", date(2016, 11, 21), 408, "F", "6311 6326 0000 0408 F") == parts

    def test_every_day_of_the_century_decodes(self) -> None:
        """Year and number of the day, written by Python, give the day back."""
        assert POSSIBLE_DAYS == [NoticeReference(f"631{day:%y%j}90000001F").issued_on for day in POSSIBLE_DAYS]

    @pytest.mark.parametrize("part", ["17000", "17366", "17367", "17999", "00367", "99366"])
    def test_an_impossible_day_is_none(self, part: str) -> None:
        """A day that the year does not have is no error."""
        assert NoticeReference(f"631{part}90000001F").issued_on is None

    def test_a_leap_year_has_366_days(self) -> None:
        """The last day of a leap year is a day."""
        assert date(2016, 12, 31) == NoticeReference("6311636690000001F").issued_on

    @pytest.mark.parametrize(
        "text",
        ["", "6311705490000001f", " 6311705490000001F", "6311705490000001F\n", "631170549000000\u0661F", None, 1],
    )
    def test_is_canonical_or_does_not_exist(self, text: object) -> None:
        """The constructor forgives nothing."""
        with pytest.raises(InvalidReferenceError) as caught:
            NoticeReference(text)  # type: ignore[arg-type]

        assert ReferenceCode.REFERENCE_BAD_FORMAT == caught.value.code

    def test_logs_show_seven_characters(self) -> None:
        """The representation has the first three and the last four (R22)."""
        assert "<NoticeReference 631…001F>" == repr(NoticeReference(CANONICAL))

    def test_masked_text_has_seven_characters(self) -> None:
        """The middle is left out (R22)."""
        assert "631…001F" == NoticeReference(CANONICAL).masked

    @given(notice_references, notice_references)
    def test_order_is_that_of_the_text(self, one: NoticeReference, other: NoticeReference) -> None:
        """References sort as their texts do."""
        assert (str(one) < str(other)) == (one < other)

    @given(notice_texts)
    def test_equal_references_are_one_key(self, text: str) -> None:
        """Equal references have equal hashes."""
        assert hash(NoticeReference(text)) == hash(NoticeReference.parse(text.lower()))

    @pytest.mark.parametrize("travel", COPIES)
    @given(notice_references)
    def test_survives_travel(self, travel: Callable[[object], object], reference: NoticeReference) -> None:
        """A copy and a pickle are the same reference."""
        assert reference == travel(reference)


class TestTransactionReference:
    """PCLCB, a day in two parts, a sequence of seven digits: nothing else, and nothing is forgiven (R15)."""

    def test_has_its_parts(self) -> None:
        """The guide's own reference gives the guide's own day."""
        reference = TransactionReference.parse("PCLCB172540000004")

        assert (date(2017, 9, 11), 4) == (reference.day, reference.sequence)

    @given(days, sequences)
    def test_what_is_made_has_the_day_and_the_sequence(self, day: date, sequence: int) -> None:
        """A reference gives back what it was made of."""
        reference = TransactionReference.make(day, sequence)

        assert (day, sequence) == (reference.day, reference.sequence)

    @given(transaction_references)
    def test_text_reads_back(self, reference: TransactionReference) -> None:
        """To write and to read is the identity."""
        assert reference == TransactionReference.parse(str(reference))

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "PCLCB17254000000",
                "PCLCB1725400000044",
                "pclcb172540000004",
                " PCLCB172540000004",
                "PCLCB172540000004\n",
            ),
            *("PCLCB170000000004", "PCLCB173660000004", "PCLCB17254000000٤", "PCLXX172540000004", None, 172540000004),
        ],
    )
    def test_refuses_any_other_text(self, text: object) -> None:
        """An impossible day, another length or another alphabet is not a reference."""
        with pytest.raises(InvalidReferenceError) as caught:
            TransactionReference.parse(text)  # type: ignore[arg-type]

        assert TransactionCode.TRANSACTION_BAD == caught.value.code

    @given(any_texts | spoiled(transaction_references.map(str)))
    def test_gives_a_reference_or_our_error(self, text: str) -> None:
        """Whatever the text, it is the reference's own or it is refused."""
        try:
            answer = str(TransactionReference.parse(text))
        except InvalidReferenceError:
            answer = text

        assert text == answer

    @pytest.mark.parametrize(
        ("day", "sequence"),
        [
            (date(1999, 12, 31), 1),
            (date(2100, 1, 1), 1),
            (datetime(2017, 9, 11, 23, 30), 1),  # noqa: DTZ001 - to be refused with or without a zone
            ("2017-09-11", 1),
            (date(2017, 9, 11), -1),
            (date(2017, 9, 11), 10_000_000),
            pytest.param(date(2017, 9, 11), 10**5000, id="number of 5001 digits"),
            (date(2017, 9, 11), True),
            (date(2017, 9, 11), 1.0),
            (date(2017, 9, 11), "1"),
        ],
    )
    def test_is_made_of_a_day_and_a_number(self, day: date, sequence: int) -> None:
        """Another century, a moment, or a number that is negative, too long or none is refused."""
        with pytest.raises(InvalidReferenceError) as caught:
            TransactionReference.make(day, sequence)

        assert TransactionCode.TRANSACTION_BAD == caught.value.code

    @given(st.lists(st.tuples(days, sequences), unique=True))
    def test_two_attempts_have_two_references(self, attempts: list[tuple[date, int]]) -> None:
        """Neither days nor numbers run into one another."""
        assert len(attempts) == len({TransactionReference.make(day, sequence) for day, sequence in attempts})

    @pytest.mark.parametrize("travel", COPIES)
    @given(transaction_references)
    def test_survives_travel(self, travel: Callable[[object], object], reference: TransactionReference) -> None:
        """A copy and a pickle are the same reference."""
        assert reference == travel(reference)
