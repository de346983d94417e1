"""The notice reference (rules R1, R2 and R22) and the transaction reference (R15)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creance_pay import NoticeReference, TransactionReference
from creance_pay.codes import ReferenceCode, TransactionCode
from creance_pay.errors import InvalidReferenceError
from samples import COPIES, error_codes
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
    """Return the error that parsing a text raises."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse(text)  # type: ignore[arg-type]
    return caught.value


class TestParsing:
    """Separators are removed, a lower-case letter is converted; then sixteen digits and a letter are left (R1)."""

    def test_typed_texts(self) -> None:
        """The separators of every kind and the case of the letter change nothing."""
        texts = [
            CANONICAL,
            "6311 7054 9000 0001 F",
            " 6311705490000001f ",
            "6311.7054.9000.0001.F",
            "6311-7054-9000-0001-F",
            "6311\u20117054\u20139000\u20140001\u00adF",
            "6311\u00a07054\u202f9000\u30000001\tF\n",
            *(separator.join(CANONICAL) for separator in SEPARATORS),
        ]

        assert [NoticeReference(CANONICAL)] * len(texts) == [NoticeReference.parse(text) for text in texts]

    @given(separated(notice_texts))
    def test_overlooks_separators_and_case(self, pair: tuple[str, str]) -> None:
        """A reference with separators parses to itself."""
        text, typed = pair

        assert text == str(NoticeReference.parse(typed))

    @given(notice_references)
    def test_grouped_text_reads_back(self, reference: NoticeReference) -> None:
        """The printed form parses to the reference."""
        assert reference == NoticeReference.parse(reference.grouped)

    @given(notice_texts)
    def test_canonical_text_is_kept(self, text: str) -> None:
        """The text of a parsed reference is the parsed text."""
        assert text == str(NoticeReference.parse(text))

    @given(any_texts | spoiled(notice_texts))
    @example("631170549000000\u017fF")
    @example("631170549000000\u0661F")
    @example("6311705490000001\u0131")
    @example("\ud800")
    def test_gives_a_reference_or_our_error(self, text: str) -> None:
        """Any text is a reference, or raises InvalidReferenceError with a ReferenceCode."""
        try:
            answer = NoticeReference.parse(text).canonical.isascii()
        except InvalidReferenceError as error:
            answer = error.code in set(ReferenceCode) - {ReferenceCode.REFERENCE_OK}

        assert answer

    @given(any_texts | spoiled(notice_texts))
    def test_suggests_nothing_but_references(self, text: str) -> None:
        """The suggestions are canonical references, at most three, each once."""
        suggestions: tuple[str, ...] = ()
        try:
            NoticeReference.parse(text)
        except InvalidReferenceError as error:
            suggestions = error.suggestions

        assert suggestions == tuple(dict.fromkeys(str(NoticeReference(each)) for each in suggestions))[:3]


class TestRefusal:
    """The error names the fault and a suggestion, and the text is never corrected (R1)."""

    def test_empty_text(self) -> None:
        """A field of separators only is empty."""
        texts = ["", " ", ".-\u00a0\u202f", "\u00ad"]

        assert {ReferenceCode.REFERENCE_REQUIRED} == {refusal(text).code for text in texts}

    def test_other_character(self) -> None:
        """The error names the first character that no reference contains."""
        texts = {
            "6311 7054 9000 000: 1F": ":",
            "631170549000000\u0661F": "\u0661",
            "\uff16311705490000001F": "\uff16",
            "6311705490000001\u0131": "\u0131",
            "6311705490000001\u017f": "\u017f",
            "6311705490000001É": "É",
            "6311705490000001²F": "²",
            "6311705490000001F\u200b": "\u200b",
            "\ud8006311705490000001F": "\ud800",
            "6311/7054_9000": "/",
        }

        assert texts == {text: refusal(text).character for text in texts}
        assert {ReferenceCode.REFERENCE_BAD_CHARACTER} == {refusal(text).code for text in texts}

    def test_suggestion_without_the_character(self) -> None:
        """The suggestion is the text without that character, if it is a reference."""
        texts = {
            "6311 7054 9000 0001: f": (CANONICAL,),
            ":6311:7054:9000:0001:F": (CANONICAL,),
            "6311 7054 9000 000:F": (),
            "6311:7054/9000 0001 F": (),
            "6311705490000001\u017fF": (CANONICAL,),
        }

        assert texts == {text: refusal(text).suggestions for text in texts}

    def test_number_of_digits(self) -> None:
        """For one letter at the end, the error gives the number of digits."""
        texts = {"F": 0, "1F": 1, "631170549000001F": 15, "63117054900000011F": 17, "7" * 99_999 + "f": 99_999}

        assert texts == {text: refusal(text).digits for text in texts}
        assert {ReferenceCode.REFERENCE_BAD_LENGTH} == {refusal(text).code for text in texts}

    def test_suggestion_with_a_zero(self) -> None:
        """For fifteen digits, the first suggestion has a zero at the start of the sequence, if the day is possible."""
        texts = {
            "631163120000297F": "6311631200000297F",  # the guide's own misprint
            "631 170 549 000 001 f": "6311705409000001F",
        }
        impossible = {
            "631163670000297F": "6311636700000297F",  # day 367
            "631170000000297F": "6311700000000297F",  # day 0
        }

        assert texts == {text: refusal(text).suggestions[0] for text in texts}
        assert [] == [text for text, zero in impossible.items() if zero in refusal(text).suggestions]

    def test_two_misprints(self) -> None:
        """A text with two misprints is too far from any reference, and one without a letter has no suggestion."""
        texts = ["63116312000297F", "631163120000000297F", "6311631200000297", "63116312000002970", "7" * 10_000]

        assert {()} == {refusal(text).suggestions for text in texts}

    def test_other_formats(self) -> None:
        """Digits and letters in another order, and other types than str, have another format."""
        values = [
            *("6311705490000001", "631170549000000", "F6311705490000001", "6311705490000001FF", "ABC"),
            *("63F1705490000001", None, 6311705490000001, b"6311705490000001F", [CANONICAL]),
        ]

        assert {ReferenceCode.REFERENCE_BAD_FORMAT} == {refusal(value).code for value in values}

    def test_error_text(self) -> None:
        """The error text has no three successive characters of the typed text."""
        texts = ["6311705490000001X9", "631170549000001F", "6311705490000001:9F", "6311705490000001"]
        parts = {text: [text[start : start + 3] for start in range(len(text) - 2)] for text in texts}

        assert [] == [part for text in texts for part in parts[text] if part in str(refusal(text))]

    def test_error_text_of_a_length(self) -> None:
        """The error text gives the number of digits, and the type of a value that is no text."""
        assert "expected sixteen digits before the letter, got 15" == str(refusal("631170549000001F"))
        assert "expected text to be a str, got int" == str(refusal(6311705490000001))


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

    def test_an_impossible_day_is_none(self) -> None:
        """A day that the year does not have is no error."""
        parts = ["17000", "17366", "17367", "17999", "00367", "99366"]

        assert {None} == {NoticeReference(f"631{part}90000001F").issued_on for part in parts}

    def test_a_leap_year_has_366_days(self) -> None:
        """The last day of a leap year is a day."""
        assert date(2016, 12, 31) == NoticeReference("6311636690000001F").issued_on

    def test_constructor(self) -> None:
        """The constructor accepts the canonical form only."""
        values = [
            *("", "6311705490000001f", " 6311705490000001F", "6311705490000001F\n", "631170549000000\u0661F"),
            *(None, 1),
        ]

        assert [(value, ReferenceCode.REFERENCE_BAD_FORMAT) for value in values] == error_codes(
            NoticeReference, values, InvalidReferenceError
        )

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

    @given(notice_references)
    def test_copies(self, reference: NoticeReference) -> None:
        """A copy and an unpickled pickle equal the reference."""
        assert [reference] * len(COPIES) == [travel(reference) for travel in COPIES]


class TestTransactionReference:
    """PCLCB, a day in two parts, a sequence of seven digits, in this form only (R15)."""

    def test_has_its_parts(self) -> None:
        """The guide's own reference gives the guide's own day."""
        reference = TransactionReference.parse("PCLCB172540000004")

        assert (date(2017, 9, 11), 4) == (reference.day, reference.sequence)

    @given(days, sequences)
    def test_what_is_made_has_the_day_and_the_sequence(self, day: date, sequence: int) -> None:
        """A reference has the day and the sequence number that it was built from."""
        reference = TransactionReference.make(day, sequence)

        assert (day, sequence) == (reference.day, reference.sequence)

    @given(transaction_references)
    def test_text_reads_back(self, reference: TransactionReference) -> None:
        """The text of a reference parses to the reference."""
        assert reference == TransactionReference.parse(str(reference))

    def test_last_day_of_a_leap_year(self) -> None:
        """The year and the day of the year are read from their own places."""
        assert date(2016, 12, 31) == TransactionReference.parse("PCLCB163660000001").day

    def test_error_texts(self) -> None:
        """The error texts give the types, the year or the length, and never the reference."""
        day = date(2017, 9, 11)
        texts = {
            "expected day to be a date and sequence to be an int, got datetime and str": (datetime(2017, 9, 11), "4"),  # noqa: DTZ001 - refused
            "expected day to be in the years 2000 to 2099, got 1999": (date(1999, 12, 31), 4),
            "expected sequence to be 0 to 9999999, got a number outside this range": (day, -1),
        }
        for text, arguments in texts.items():
            with pytest.raises(InvalidReferenceError, match=f"^{text}$"):
                TransactionReference.make(*arguments)  # type: ignore[arg-type]
        with pytest.raises(
            InvalidReferenceError, match=r"a day of that year, seven digits, got a text of 7 characters$"
        ):
            TransactionReference.parse("PCLCB17")

    def test_other_texts(self) -> None:
        """An impossible day, another length, another alphabet or another type is refused."""
        values = [
            *("", "PCLCB17254000000", "PCLCB1725400000044", "pclcb172540000004", " PCLCB172540000004"),
            *("PCLCB172540000004\n", "PCLCB170000000004", "PCLCB173660000004", "PCLCB17254000000٤"),
            *("PCLXX172540000004", None, 172540000004),
        ]

        assert [(value, TransactionCode.TRANSACTION_BAD) for value in values] == error_codes(
            TransactionReference.parse, values, InvalidReferenceError
        )

    @given(any_texts | spoiled(transaction_references.map(str)))
    def test_gives_a_reference_or_our_error(self, text: str) -> None:
        """Any text is refused, or is the canonical form."""
        try:
            answer = str(TransactionReference.parse(text))
        except InvalidReferenceError:
            answer = text

        assert text == answer

    def test_other_days_and_numbers(self) -> None:
        """Another century, a datetime, and a number that is negative, too long or no int are refused."""
        pairs: list[tuple[Any, Any]] = [
            (date(1999, 12, 31), 1),
            (date(2100, 1, 1), 1),
            (datetime(2017, 9, 11, 23, 30), 1),  # noqa: DTZ001 - to be refused with or without a zone
            ("2017-09-11", 1),
            (date(2017, 9, 11), -1),
            (date(2017, 9, 11), 10_000_000),
            (date(2017, 9, 11), 10**5000),  # Python refuses to write an int of more than 4300 digits
            (date(2017, 9, 11), True),
            (date(2017, 9, 11), 1.0),
            (date(2017, 9, 11), "1"),
        ]

        codes = [
            code for _, code in error_codes(lambda pair: TransactionReference.make(*pair), pairs, InvalidReferenceError)
        ]

        assert [TransactionCode.TRANSACTION_BAD] * len(pairs) == codes

    @given(st.lists(st.tuples(days, sequences), unique=True))
    def test_two_attempts_have_two_references(self, attempts: list[tuple[date, int]]) -> None:
        """Two days or numbers never give one reference."""
        assert len(attempts) == len({TransactionReference.make(day, sequence) for day, sequence in attempts})

    @given(transaction_references)
    def test_copies(self, reference: TransactionReference) -> None:
        """A copy and an unpickled pickle equal the reference."""
        assert [reference] * len(COPIES) == [travel(reference) for travel in COPIES]
