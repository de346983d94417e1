"""Euros: whole cents, and the three constructors (rule R9; hostile amounts, group F)."""

import ast
import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.codes import VerdictCode
from creance_pay.errors import InvalidAmountError
from samples import COPIES, error_codes
from strategies import (
    LARGEST_CENTS,
    amounts,
    amounts_above_zero,
    any_texts,
    huge_texts,
    spoiled,
)

CASES = Path(__file__).parents[1] / "cases" / "hostile_cases.json"
HOSTILE = json.loads(CASES.read_text(encoding="utf-8"))["amounts"]

#: Inputs of the cases that are no Python literal.
UNLITERAL: dict[str, object] = {"object()": object(), "'9' * 40": "9" * 40, "'9' * 5000": "9" * 5000}
DECIMAL = re.compile(r"Decimal\('(.*)'\)")

machine_texts = amounts_above_zero.map(str)


def python_value(source: str) -> object:
    """Evaluate the Python expression of a case."""
    if source in UNLITERAL:
        return UNLITERAL[source]
    if decimal := DECIMAL.fullmatch(source):
        return Decimal(decimal[1])
    return ast.literal_eval(source)


def outcome(value: object) -> str:
    """Parse a value, and return the result in the words of the cases."""
    try:
        return str(Euros.exact(value).cents)  # type: ignore[arg-type]
    except InvalidAmountError:
        return "InvalidAmount"


def refused(values: Sequence[object], code: VerdictCode = VerdictCode.AMOUNT_BAD_FORMAT) -> list[object]:
    """List values with the code of their refusal, as :func:`error_codes` does."""
    return [(value, code) for value in values]


class TestCents:
    """An amount is zero or more whole cents, and no other value is one."""

    def test_whole_cents(self) -> None:
        """An amount has the given cents, which cannot be changed."""
        cents = [0, 1, 1600, 10**15]

        assert cents == [Euros(each).cents for each in cents]
        with pytest.raises(AttributeError):
            Euros(1600).cents = 1  # type: ignore[misc]

    def test_other_values(self) -> None:
        """A bool, a float, a text or a negative number is no number of cents."""
        values = [True, False, 16.0, "16", None, Decimal(16), -1, b"1", [1]]

        assert refused(values) == error_codes(Euros, values, InvalidAmountError)

    def test_error_text(self) -> None:
        """The error names the argument and the type."""
        with pytest.raises(InvalidAmountError, match=r"^expected cents to be an int, got float$"):
            Euros(16.0)  # type: ignore[arg-type]

    def test_machine_text(self) -> None:
        """The text has a point and two decimals, and the representation is the Python expression."""
        texts = {0: "0.00", 5: "0.05", 50: "0.50", 2000: "20.00", 123456: "1234.56"}

        assert texts == {cents: str(Euros(cents)) for cents in texts}
        assert "Euros(2000)" == repr(Euros(2000))

    @given(amounts)
    def test_copies(self, amount: Euros) -> None:
        """A copy and an unpickled pickle equal the amount."""
        assert [amount] * len(COPIES) == [travel(amount) for travel in COPIES]


class TestArithmetic:
    """Amounts add and compare as their cents do, and never go below zero."""

    @given(st.lists(amounts))
    def test_sum_is_that_of_the_cents(self, many: list[Euros]) -> None:
        """The sum is exact however many are added."""
        assert sum(amount.cents for amount in many) == sum(many, Euros(0)).cents

    @given(st.lists(amounts, min_size=1))
    def test_sum_needs_no_start(self, many: list[Euros]) -> None:
        """A sum may start from the int 0."""
        assert sum(many, Euros(0)) == sum(many)

    @given(amounts, amounts)
    def test_order_is_that_of_the_cents(self, one: Euros, other: Euros) -> None:
        """The smaller amount has fewer cents."""
        assert (one.cents < other.cents) == (one < other)

    @given(amounts, amounts)
    def test_taking_away_undoes_adding(self, one: Euros, other: Euros) -> None:
        """The difference of a sum and one amount is the other one."""
        assert one == one + other - other

    @given(amounts, amounts_above_zero)
    def test_below_zero_there_is_no_amount(self, one: Euros, more: Euros) -> None:
        """A negative difference raises."""
        with pytest.raises(InvalidAmountError):
            one - (one + more)

    @given(amounts, amounts)
    def test_saturating_subtraction_stops_at_zero(self, one: Euros, other: Euros) -> None:
        """The difference is exact where there is one, and zero otherwise."""
        expected = one - other if other <= one else Euros(0)

        assert expected == one.saturating_sub(other)

    def test_saturating_subtraction_to_the_cent(self) -> None:
        """The difference is right around zero."""
        differences = {(10, 3): 7, (10, 10): 0, (10, 11): 0, (0, 0): 0}

        assert differences == {(one, two): Euros(one).saturating_sub(Euros(two)).cents for one, two in differences}

    def test_saturating_subtraction_needs_an_amount(self) -> None:
        """A number of cents is refused, and its type named."""
        with pytest.raises(InvalidAmountError, match=r"^expected other to be Euros, got int$"):
            Euros(10).saturating_sub(3)  # type: ignore[arg-type]

    @given(amounts)
    def test_equal_amounts_are_one_key(self, amount: Euros) -> None:
        """Equal amounts have equal hashes."""
        assert hash(Euros(amount.cents)) == hash(amount)

    @pytest.mark.parametrize(
        "operate",
        [
            lambda amount, other: amount + other,
            lambda amount, other: amount - other,
            lambda amount, other: amount < other,
            lambda amount, other: other - amount,
        ],
        ids=["add", "subtract", "compare", "subtract from"],
    )
    def test_other_operands(self, operate: Callable[[object, object], object]) -> None:
        """A number is no amount in any operation."""
        for other in (1, 0, True, 1.0, "1", None, Decimal(1)):
            with pytest.raises(TypeError):
                operate(Euros(1600), other)

    def test_other_starts_of_a_sum(self) -> None:
        """A sum starts from the int 0 or from an amount."""
        for start in (1, False, 0.0, "0"):
            with pytest.raises(TypeError):
                start + Euros(1600)  # type: ignore[operator]

    def test_equality(self) -> None:
        """A number or a text with the same digits does not equal an amount."""
        others: list[object] = [1600, 1600.0, "16.00"]

        assert [] == [other for other in others if Euros(1600) == other]


class TestParse:
    """Strip spaces and the euro sign; digits, perhaps a comma or a point and one or two decimals; never round (R9)."""

    def test_typed_text(self) -> None:
        """The text of a form gives its cents."""
        texts = {
            "20,00": 2000,
            "20.00": 2000,
            "16": 1600,
            "50 €": 5000,
            "50€": 5000,
            "€ 50": 5000,
            "12,50 €": 1250,
            "12.5": 1250,
            "1 234,5": 123450,
            "1\u202f234,50\u00a0€": 123450,
            " 16 ": 1600,
            "20 EUR": 2000,
            "20 euros": 2000,
            "1 euro": 100,
            "20,5Eur": 2050,
            "EUR 20": 2000,
            "1 234 567,89 €": 123456789,
            "1\u2009234\u00a0567": 123456700,
            "9 999 999 999,99": 999_999_999_999,
            "0": 0,
            "0,01": 1,
        }

        assert texts == {text: Euros.parse(text).cents for text in texts}

    def test_empty_text(self) -> None:
        """An empty field has a code of its own."""
        texts = ["", " ", "\u00a0\u202f\t", "€", " € ", "EUR", " euros "]

        assert refused(texts, VerdictCode.AMOUNT_REQUIRED) == error_codes(Euros.parse, texts, InvalidAmountError)

    def test_other_texts(self) -> None:
        """A sign, another separator, a third decimal or a digit of another script is refused."""
        texts = [
            *("20,005", "20,", ",5", ".5", "1.234,50", "1,234.50", "1'234", "1_000", "1e3", "0x10", "+16", "-16"),
            *("\u221216", "١٦", "\uff11\uff16", "1²", "½", "seize", "16 EURO S", "16 $", "16€50", "16\u200b", "16,0,0"),
            *("16..0", "NaN", "Infinity", "16,\u0660\u0660", "16;00", "99999999999", "9" * 5000, "\ud800"),
            # A space that separates no group of three digits: 1 6 may be 16, or 1.
            *("1 6", "12 34", "1 2345", "1234 567", "0 016", "20 ,50", "20, 50", "20,5 0", "- 20", "99 999 999 999"),
            *("20 euro\u017f", "20 eurs", "euros20euro s"),
        ]

        assert refused(texts) == error_codes(Euros.parse, texts, InvalidAmountError)

    def test_other_types(self) -> None:
        """A value of another type than str is refused."""
        values = [None, 16, 16.0, b"16", Decimal(16), ["16"]]

        assert refused(values) == error_codes(Euros.parse, values, InvalidAmountError)

    @given(any_texts | spoiled(machine_texts))
    @example("\ud800")
    def test_gives_an_amount_or_our_error(self, text: str) -> None:
        """Any text is an amount, or raises InvalidAmountError with one of two codes."""
        try:
            answer = Euros.parse(text).cents >= 0
        except InvalidAmountError as error:
            answer = error.code in {VerdictCode.AMOUNT_REQUIRED, VerdictCode.AMOUNT_BAD_FORMAT}

        assert answer

    @given(
        st.integers(0, 10**10 - 1),
        st.sampled_from(" \t\u00a0\u202f\u2009\u3000"),
        st.sampled_from(["", "€", "EUR", "eur", "euro", "Euros"]),
        st.booleans(),
    )
    def test_overlooks_spaces_and_the_unit(self, euros: int, space: str, unit: str, first: bool) -> None:  # noqa: FBT001
        """Spaces of every kind at either end, between groups of three digits and before a unit change nothing."""
        parts = [unit, f"{euros:,}".replace(",", space)] if first else [f"{euros:,}".replace(",", space), unit]

        assert Euros(euros * 100) == Euros.parse(space.join(["", *parts, ""]))

    @given(amounts)
    def test_reads_a_comma_and_a_euro_sign(self, amount: Euros) -> None:
        """An amount in the French form parses to itself."""
        assert amount == Euros.parse(str(amount).replace(".", ",") + " €")

    def test_quotes_nothing(self) -> None:
        """The error names the expected form and the length of the text, without the text."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.parse("4970 1000 0000 0000 X")

        assert "expected digits and at most two decimals, got a text of 21 characters" == str(caught.value)


class TestExact:
    """Machine text is above zero, in ASCII digits, without sign, exponent, leading zero or fraction of a cent."""

    def test_hostile_cases(self) -> None:
        """Each case gives its cents, or the error."""
        found = {case["id"]: outcome(python_value(case["input"])) for case in HOSTILE}

        assert {case["id"]: case["expect"] for case in HOSTILE} == found

    def test_other_texts(self) -> None:
        """Each amount has one spelling, and other spellings are refused."""
        texts = ["0", "0.00", "-0", "16.", ".5", "00.50", " 16", "16 ", "16,00", "+16", "16.00€", ""]

        assert refused(texts) == error_codes(Euros.exact, texts, InvalidAmountError)

    def test_other_decimals(self) -> None:
        """Zero, a negative number, a part of a cent, more than twelve digits and NaN are refused, at any size."""
        values = [
            *("0", "-0", "0E+5", "-16", "16.001", "1E-3", "NaN", "-Infinity", "sNaN", "1E+11", "1E+999999"),
            *("1E-999999", "9" * 29, "1600.000000000000000000000000000"),
        ]

        assert refused(values) == error_codes(lambda text: Euros.exact(Decimal(text)), values, InvalidAmountError)

    def test_error_text(self) -> None:
        """The error for a Decimal gives its sign, its number of digits and its exponent."""
        with pytest.raises(InvalidAmountError, match=r", got sign 1, 4 digits, exponent -2$"):
            Euros.exact(Decimal("-16.00"))

    def test_decimals(self) -> None:
        """A Decimal of whole cents is accepted in every spelling."""
        texts = {
            "16": 1600,
            "16.0": 1600,
            "16.0000": 1600,
            "1.6E+1": 1600,
            "0.01": 1,
            "9999999999.99": LARGEST_CENTS,
        }

        assert texts == {text: Euros.exact(Decimal(text)).cents for text in texts}

    def test_every_cent_reads_back(self) -> None:
        """From 0.01 to 999.99 text and amount are the same thing."""
        cents = range(1, 100_000)

        assert list(cents) == [Euros.exact(str(Euros(each))).cents for each in cents]

    @given(amounts_above_zero)
    def test_decimal_reads_back(self, amount: Euros) -> None:
        """A Decimal of the machine text is the amount."""
        assert amount == Euros.exact(Decimal(str(amount)))

    @given(st.decimals(allow_nan=True, allow_infinity=True) | st.floats() | st.integers() | st.none() | st.binary())
    def test_any_other_value_gives_an_amount_or_our_error(self, value: Decimal | float | bytes | None) -> None:
        """Of other types, only a Decimal above zero is accepted, with its exact value."""
        try:
            answer = Decimal(Euros.exact(value).cents) == value * 100  # type: ignore[arg-type,operator]
        except InvalidAmountError:
            answer = True

        assert answer

    @given(any_texts | spoiled(machine_texts))
    def test_gives_the_amount_or_our_error(self, text: str) -> None:
        """Any text is refused, or parses to its exact value."""
        try:
            exact = Decimal(str(Euros.exact(text))) == Decimal(text)
        except InvalidAmountError:
            exact = True

        assert exact

    @given(huge_texts)
    def test_huge_texts_are_refused(self, text: str) -> None:
        """A text of a hundred thousand characters is no amount."""
        with pytest.raises(InvalidAmountError):
            Euros.exact(text)


class TestEdgesOfExact:
    """Twelve digits with the cents, and no more digits than any amount has (hostile amounts F42 and F43)."""

    def test_largest(self) -> None:
        """The largest amount has twelve digits, and one cent more is refused."""
        too_large = [Decimal("1E+10"), Decimal("10000000000.00"), "10000000000.00"]

        assert {Euros(999_999_999_999)} == {Euros.exact(Decimal("9999999999.99")), Euros.exact("9999999999.99")}
        assert refused(too_large) == error_codes(Euros.exact, too_large, InvalidAmountError)

    def test_most_digits(self) -> None:
        """Trailing zeros are exact up to twenty-eight digits, and refused from there on."""
        assert Euros(1600) == Euros.exact(Decimal("16." + "0" * 26))

        with pytest.raises(InvalidAmountError):
            Euros.exact(Decimal("16." + "0" * 27))
