"""Euros: whole cents, and the three doors that lead to them (rule R9; hostile amounts, group F)."""

import ast
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.codes import VerdictCode
from creance_pay.errors import InvalidAmountError
from samples import COPIES
from strategies import (
    LARGEST_CENTS,
    amounts,
    amounts_above_zero,
    any_texts,
    huge_texts,
    separated,
    spoiled,
)

CASES = Path(__file__).parents[1] / "cases" / "hostile_cases.json"
HOSTILE = json.loads(CASES.read_text(encoding="utf-8"))["amounts"]

#: Inputs of the cases that are no Python literal.
UNLITERAL: dict[str, object] = {"object()": object(), "'9' * 40": "9" * 40, "'9' * 5000": "9" * 5000}
DECIMAL = re.compile(r"Decimal\('(.*)'\)")

machine_texts = amounts_above_zero.map(str)


def python_value(source: str) -> object:
    """Give the value that a case writes as a Python expression."""
    if source in UNLITERAL:
        return UNLITERAL[source]
    if decimal := DECIMAL.fullmatch(source):
        return Decimal(decimal[1])
    return ast.literal_eval(source)


def outcome(read: Callable[[], Euros]) -> str:
    """Say what a reading led to, in the words of the cases."""
    try:
        return str(read().cents)
    except InvalidAmountError:
        return "InvalidAmount"


class TestCents:
    """An amount is zero or more whole cents; nothing else is an amount."""

    @pytest.mark.parametrize("cents", [0, 1, 1600, 10**15])
    def test_keeps_whole_cents(self, cents: int) -> None:
        """What was given is what is held."""
        assert cents == Euros(cents).cents

    @pytest.mark.parametrize("value", [True, False, 16.0, "16", None, Decimal(16), -1, b"1", [1]])
    def test_refuses_what_is_no_number_of_cents(self, value: object) -> None:
        """A bool, a float, a text or a negative number is not taken for cents."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros(value)  # type: ignore[arg-type]

        assert VerdictCode.AMOUNT_BAD_FORMAT == caught.value.code

    def test_cannot_be_changed(self) -> None:
        """An amount stays what it is."""
        with pytest.raises(AttributeError):
            Euros(1600).cents = 1  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("cents", "text"), [(0, "0.00"), (5, "0.05"), (50, "0.50"), (2000, "20.00"), (123456, "1234.56")]
    )
    def test_writes_machine_text(self, cents: int, text: str) -> None:
        """The text has a point and two decimals."""
        assert text == str(Euros(cents))

    def test_repr_is_the_call(self) -> None:
        """The representation gives the amount back."""
        assert "Euros(2000)" == repr(Euros(2000))

    @pytest.mark.parametrize("travel", COPIES)
    @given(amounts)
    def test_survives_travel(self, travel: Callable[[Euros], Euros], amount: Euros) -> None:
        """A copy and a pickle are the same amount."""
        assert amount == travel(amount)


class TestArithmetic:
    """Amounts add and compare as their cents do, and never go below zero."""

    @given(st.lists(amounts))
    def test_sum_is_that_of_the_cents(self, many: list[Euros]) -> None:
        """The sum is exact however many are added."""
        assert sum(amount.cents for amount in many) == sum(many, Euros(0)).cents

    @given(st.lists(amounts, min_size=1))
    def test_sum_needs_no_start(self, many: list[Euros]) -> None:
        """Python's own zero is a start too."""
        assert sum(many, Euros(0)) == sum(many)

    @given(amounts, amounts)
    def test_order_is_that_of_the_cents(self, one: Euros, other: Euros) -> None:
        """The smaller amount has fewer cents."""
        assert (one.cents < other.cents) == (one < other)

    @given(amounts, amounts)
    def test_taking_away_undoes_adding(self, one: Euros, other: Euros) -> None:
        """What was added can be taken away."""
        assert one == one + other - other

    @given(amounts, amounts_above_zero)
    def test_below_zero_there_is_no_amount(self, one: Euros, more: Euros) -> None:
        """Taking away more than there is raises."""
        with pytest.raises(InvalidAmountError):
            one - (one + more)

    @given(amounts, amounts)
    def test_saturating_subtraction_stops_at_zero(self, one: Euros, other: Euros) -> None:
        """The difference is exact where there is one, and zero otherwise."""
        expected = one - other if other <= one else Euros(0)

        assert expected == one.saturating_sub(other)

    @pytest.mark.parametrize(("amount", "subtracted", "left"), [(10, 3, 7), (10, 10, 0), (10, 11, 0), (0, 0, 0)])
    def test_saturating_subtraction_to_the_cent(self, amount: int, subtracted: int, left: int) -> None:
        """The difference is right around zero."""
        assert Euros(left) == Euros(amount).saturating_sub(Euros(subtracted))

    def test_saturating_subtraction_needs_an_amount(self) -> None:
        """A number of cents is refused, and its type named."""
        with pytest.raises(InvalidAmountError, match=r"^expected other to be Euros, got int$"):
            Euros(10).saturating_sub(3)  # type: ignore[arg-type]

    @given(amounts)
    def test_equal_amounts_are_one_key(self, amount: Euros) -> None:
        """Equal amounts have equal hashes."""
        assert hash(Euros(amount.cents)) == hash(amount)

    @pytest.mark.parametrize("other", [1, 0, True, 1.0, "1", None, Decimal(1)])
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
    def test_knows_nothing_but_amounts(self, operate: Callable[[object, object], object], other: object) -> None:
        """A number is not an amount, not even for adding."""
        with pytest.raises(TypeError):
            operate(Euros(1600), other)

    @pytest.mark.parametrize("start", [1, False, 0.0, "0"])
    def test_sum_starts_from_nothing_but_zero(self, start: object) -> None:
        """Only the whole number zero may stand before the first amount."""
        with pytest.raises(TypeError):
            start + Euros(1600)  # type: ignore[operator]

    @pytest.mark.parametrize("other", [1600, 1600.0, "16.00"])
    def test_equals_nothing_but_an_amount(self, other: object) -> None:
        """A number or a text with the same digits is something else."""
        assert Euros(1600) != other


class TestParse:
    """Strip spaces and the euro sign; digits, perhaps a comma or a point and one or two decimals; never round (R9)."""

    @pytest.mark.parametrize(
        ("text", "cents"),
        [
            ("20,00", 2000),
            ("20.00", 2000),
            ("16", 1600),
            ("50 €", 5000),
            ("50€", 5000),
            ("€ 50", 5000),
            ("12,50 €", 1250),
            ("12.5", 1250),
            ("1 234,5", 123450),
            ("1\u202f234,50\u00a0€", 123450),
            (" 16 ", 1600),
            ("0", 0),
            ("0,01", 1),
        ],
    )
    def test_reads_what_a_person_types(self, text: str, cents: int) -> None:
        """A form's text gives its cents."""
        assert Euros(cents) == Euros.parse(text)

    @pytest.mark.parametrize("text", ["", " ", "\u00a0\u202f\t", "€", " € "])
    def test_asks_for_an_amount(self, text: str) -> None:
        """An empty field is required."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.parse(text)

        assert VerdictCode.AMOUNT_REQUIRED == caught.value.code

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "20,005",
                "20,",
                ",5",
                ".5",
                "1.234,50",
                "1,234.50",
                "1'234",
                "1_000",
                "1e3",
                "0x10",
                "+16",
                "-16",
                "\u221216",
            ),
            *(
                "١٦",
                "\uff11\uff16",
                "1²",
                "½",
                "seize",
                "16 EUR",
                "16 $",
                "16€50",
                "16\u200b",
                "16,0,0",
                "16..0",
                "NaN",
                "Infinity",
            ),
            *("16,\u0660\u0660", "16;00", "99999999999", "9" * 5000, "\ud800"),
        ],
    )
    def test_refuses_any_other_text(self, text: str) -> None:
        """A sign, another separator, a third decimal or another script's digit is not an amount."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.parse(text)

        assert VerdictCode.AMOUNT_BAD_FORMAT == caught.value.code

    @pytest.mark.parametrize("value", [None, 16, 16.0, b"16", Decimal(16), ["16"]])
    def test_refuses_what_is_no_text(self, value: object) -> None:
        """A form's field holds text."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.parse(value)  # type: ignore[arg-type]

        assert VerdictCode.AMOUNT_BAD_FORMAT == caught.value.code

    @given(any_texts | spoiled(machine_texts))
    @example("\ud800")
    def test_gives_an_amount_or_our_error(self, text: str) -> None:
        """Whatever the text, the answer is an amount or InvalidAmountError with one of two codes."""
        try:
            answer = Euros.parse(text).cents >= 0
        except InvalidAmountError as error:
            answer = error.code in {VerdictCode.AMOUNT_REQUIRED, VerdictCode.AMOUNT_BAD_FORMAT}

        assert answer

    @given(separated(machine_texts, separators=" \t\u00a0\u202f\u2009\u3000"))
    def test_overlooks_spaces(self, pair: tuple[str, str]) -> None:
        """Spaces of every kind change nothing, wherever they stand."""
        text, spaced = pair

        assert Euros.exact(text) == Euros.parse(spaced)

    @given(amounts)
    def test_reads_a_comma_and_a_euro_sign(self, amount: Euros) -> None:
        """What the machine writes, written the French way, reads back."""
        assert amount == Euros.parse(str(amount).replace(".", ",") + " €")

    def test_quotes_nothing(self) -> None:
        """The error names the expected form and the length of the text, without the text."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.parse("4970 1000 0000 0000 X")

        assert "expected digits and at most two decimals, got a text of 21 characters" == str(caught.value)


class TestExact:
    """Machine text is above zero, in ASCII digits, without sign, exponent, leading zero or fraction of a cent."""

    @pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["id"])
    def test_hostile_case(self, case: dict[str, str]) -> None:
        """The case gives the cents that it says, or the one error."""
        assert case["expect"] == outcome(lambda: Euros.exact(python_value(case["input"])))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "text", ["0", "0.00", "-0", "16.", ".5", "00.50", " 16", "16 ", "16,00", "+16", "16.00€", ""]
    )
    def test_refuses_any_other_spelling(self, text: str) -> None:
        """One spelling is read, so that none is misread."""
        with pytest.raises(InvalidAmountError) as caught:
            Euros.exact(text)

        assert VerdictCode.AMOUNT_BAD_FORMAT == caught.value.code

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "0",
                "-0",
                "0E+5",
                "-16",
                "16.001",
                "1E-3",
                "NaN",
                "-Infinity",
                "sNaN",
                "1E+11",
                "1E+999999",
                "1E-999999",
            ),
            "9" * 29,
            "1600.000000000000000000000000000",
        ],
    )
    def test_refuses_a_decimal_that_is_no_payment(self, text: str) -> None:
        """Zero, less than zero, part of a cent, more than twelve digits or no number is refused, at any size."""
        with pytest.raises(InvalidAmountError):
            Euros.exact(Decimal(text))

    @pytest.mark.parametrize(
        ("text", "cents"),
        [
            ("16", 1600),
            ("16.0", 1600),
            ("16.0000", 1600),
            ("1.6E+1", 1600),
            ("0.01", 1),
            ("9999999999.99", LARGEST_CENTS),
        ],
    )
    def test_takes_a_decimal_of_whole_cents(self, text: str, cents: int) -> None:
        """However a Decimal is written, its whole cents count."""
        assert Euros(cents) == Euros.exact(Decimal(text))

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
        """Whatever is given, only a Decimal above zero passes, and with its exact value."""
        try:
            answer = Decimal(Euros.exact(value).cents) == value * 100  # type: ignore[arg-type,operator]
        except InvalidAmountError:
            answer = True

        assert answer

    @given(any_texts | spoiled(machine_texts))
    def test_gives_the_amount_or_our_error(self, text: str) -> None:
        """Whatever the text, it is refused, or it is exactly the amount."""
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

    @pytest.mark.parametrize("value", [Decimal("9999999999.99"), "9999999999.99"])
    def test_largest(self, value: str | Decimal) -> None:
        """The largest amount of twelve digits is one."""
        assert Euros(999_999_999_999) == Euros.exact(value)

    @pytest.mark.parametrize("value", [Decimal("1E+10"), Decimal("10000000000.00"), "10000000000.00"])
    def test_over_the_largest(self, value: str | Decimal) -> None:
        """One cent more is not."""
        with pytest.raises(InvalidAmountError):
            Euros.exact(value)

    def test_most_digits(self) -> None:
        """Trailing zeros are exact up to twenty-eight digits, and refused from there on."""
        assert Euros(1600) == Euros.exact(Decimal("16." + "0" * 26))

        with pytest.raises(InvalidAmountError):
            Euros.exact(Decimal("16." + "0" * 27))
