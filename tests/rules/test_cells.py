"""Amounts, booleans and nulls in the spellings of other systems: every engine reads them alike, and to the cent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cells_table import CENTS, COLUMNS, SPELLINGS, debts, notices
from columns_table import GOOD
from creance_pay import Euros
from creance_pay.errors import InvalidValueError, UnsupportedError
from creance_pay.rules import columns
from creance_pay.rules.cells import Unit
from frames import ENGINES
from samples import POLICY


def frame_of(table: pa.Table, name: str) -> Any:  # noqa: ANN401 - a frame of any engine
    """Convert a table to a frame of an engine."""
    match name:
        case "Polars":
            return pl.from_arrow(table)
        case "Polars, lazy":
            return pl.DataFrame(pl.from_arrow(table)).lazy()
        case "PyArrow":
            return table
        case "DuckDB":
            return duckdb.from_arrow(table)
        case "pandas, Arrow":
            return table.to_pandas(types_mapper=pd.ArrowDtype)
        case _:
            return table.to_pandas()


FRAMES = ("Polars", "Polars, lazy", "PyArrow", "DuckDB", "pandas, Arrow", "pandas, objects")


def read(name: str, decided: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - a frame of any engine
    """Read a decided frame."""
    return ENGINES[name].read(decided)


@pytest.mark.parametrize("engine", FRAMES)
class TestEuros:
    """Amounts in euros."""

    def test_every_amount(self, engine: str) -> None:
        """Every amount from 0.00 to 200.00, in every spelling and type, has the answer of its cents (Euros.parse)."""
        parsed = [Euros.parse(text).cents for text in COLUMNS["60,00"].to_pylist()]
        expected = columns.assess(pl.DataFrame(pl.from_arrow(debts(pa.array(parsed)))), policy=POLICY)
        answers = [*expected.select("code", "payable_max", "next_payment").iter_rows()]

        for name, column in COLUMNS.items():
            found = read(engine, columns.assess(frame_of(debts(column), engine), policy=POLICY, unit="euros"))
            rows = zip(found["code"], found["payable_max"], found["next_payment"], strict=True)
            differing = [each for each in zip(CENTS, answers, rows, strict=True) if each[1] != each[2]]
            assert (name, []) == (name, differing[:3])

    def test_other_spellings(self, engine: str) -> None:
        """A sign, groups of digits, four decimals of zeros, and the sign of the euro before the digits."""
        good = ["+60", "60,00 EUR", "€60", "0000060.00", "60.0000", "1.234,56", "1,234.56", ",50", "EUR 60", "6 000"]
        # Below the band, in it, above it: 50.00 to 150.00 euros.
        scopes = [*["IN_SCOPE"] * 5, "ABOVE_BAND", "ABOVE_BAND", "BELOW_BAND", "IN_SCOPE", "ABOVE_BAND"]

        found = read(
            engine, columns.notice_scope(frame_of(notices(pa.array(good)), engine), policy=POLICY, unit="euros")
        )

        assert scopes == found["scope"]

    def test_invalid(self, engine: str) -> None:
        """No other text is an amount: nothing is rounded, and a sign that may separate thousands is not guessed."""
        bad = [
            "-60",
            "60,00-",
            "60.001",
            "1.234",
            "60,0001",
            "6e1",
            "60;00",
            "٦٠",
            "",
            "x",
            "1 234.567,8",
            "60.",
            "--6",
        ]

        found = read(
            engine, columns.notice_scope(frame_of(notices(pa.array(bad)), engine), policy=POLICY, unit="euros")
        )

        assert dict.fromkeys(bad, "INPUT_INVALID") == dict(zip(bad, found["scope"], strict=True))

    @pytest.mark.parametrize("bits", [8, 16, 32, 64])
    def test_integers(self, engine: str, bits: int) -> None:
        """Integers of any width are whole euros; the largest is above every bound."""
        given = notices(pa.array([60, 0, -1, 2 ** (bits - 1) - 1, None], f"int{bits}"))
        expected = [
            "IN_SCOPE",
            "BELOW_BAND",
            "INPUT_INVALID",
            "IN_SCOPE" if bits == 8 else "ABOVE_BAND",
            "INPUT_MISSING",
        ]
        frame = given.to_pandas(types_mapper=pd.ArrowDtype) if "pandas" in engine else frame_of(given, engine)

        found = columns.notice_scope(frame, policy=POLICY, unit="euros")

        assert expected == read(engine, found)["scope"]

    def test_floats(self, engine: str) -> None:
        """A float is an amount when its shortest decimal form is whole cents; NaN is a null."""
        floats = [60.0, 19.99, 0.1 + 0.2, 1.005, -0.01, float("inf"), 1e15, 9_999_999.99, float("nan"), None]
        invalid = "INPUT_INVALID"

        decided = columns.notice_scope(frame_of(notices(pa.array(floats)), engine), policy=POLICY, unit="euros")

        assert [
            *("IN_SCOPE", "BELOW_BAND", invalid, invalid, invalid, invalid, invalid, "ABOVE_BAND"),
            *["INPUT_MISSING"] * 2,
        ] == read(engine, decided)["scope"]

    def test_decimals(self, engine: str) -> None:
        """A decimal with a fraction of a cent is refused; zero, which some engines write with an exponent, is not."""
        cells = [Decimal("60.00000001"), Decimal(60), Decimal(0), Decimal("-0.01"), None]
        given = notices(pa.array(cells, pa.decimal128(38, 8)))
        expected = ["INPUT_INVALID", "IN_SCOPE", "BELOW_BAND", "INPUT_INVALID", "INPUT_MISSING"]

        found = read(engine, columns.notice_scope(frame_of(given, engine), policy=POLICY, unit="euros"))

        assert expected == found["scope"]


@pytest.mark.parametrize("engine", FRAMES)
class TestCents:
    """Amounts in cents that are no integers."""

    def test_types(self, engine: str) -> None:
        """Whole cents as text, decimals and floats; pandas writes integers with nulls as floats."""
        cells = ["6000", "6000.0", "00006000", " 6 000", "-6000", "60.00", "6,000", "6000.5"]
        expected = [*["IN_SCOPE"] * 4, *["INPUT_INVALID"] * 4]
        other = [pa.array([6000.0, 6000.5]), pa.array([Decimal(6000), Decimal("6000.5")], pa.decimal128(38, 10))]

        found = [
            read(engine, columns.notice_scope(frame_of(notices(each), engine), policy=POLICY, unit="cents"))["scope"]
            for each in (pa.array(cells), *other)
        ]

        assert [expected, *[["IN_SCOPE", "INPUT_INVALID"]] * 2] == found


@pytest.mark.parametrize("engine", FRAMES)
class TestBooleans:
    """Spellings of true and false, and of a null."""

    def test_words(self, engine: str) -> None:
        """Each usual spelling has its meaning; another text is invalid."""
        words = [*columns.BOOLEANS, " Vrai ", "FAUX", "T", "2", "peut-être", None]
        meanings = [*columns.BOOLEANS.values(), True, False, True, "?", "?", None]
        codes = {True: "PAYABLE", False: "REFERENCE_NOT_OPEN", "?": "INPUT_INVALID", None: "INPUT_MISSING"}
        given = debts(pa.array([6000] * len(words)), pa.array(words))

        found = columns.assess(frame_of(given, engine), policy=POLICY, booleans=columns.BOOLEANS)

        assert [codes[meaning] for meaning in meanings] == read(engine, found)["code"]

    def test_numbers(self, engine: str) -> None:
        """A column of numbers contains 1 and 0."""
        given = debts(pa.array([6000] * 3), pa.array([1, 0, 2], pa.int8()))

        found = columns.assess(frame_of(given, engine), policy=POLICY, booleans=columns.BOOLEANS)

        assert ["PAYABLE", "REFERENCE_NOT_OPEN", "INPUT_INVALID"] == read(engine, found)["code"]

    def test_own_words(self, engine: str) -> None:
        """A caller's own spellings replace the usual ones."""
        given = debts(pa.array([6000] * 3), pa.array(["X", "", "true"]))

        found = columns.assess(frame_of(given, engine), policy=POLICY, booleans={"x": True, "": False})

        assert ["PAYABLE", "REFERENCE_NOT_OPEN", "INPUT_INVALID"] == read(engine, found)["code"]

    def test_nulls(self, engine: str) -> None:
        """A text that means a null is one, in each column."""
        given = pa.table({name: pa.array([cell, r"\N"]) for name, cell in zip(
            ("reference", "kind", "remaining", "open_online"), (GOOD, "FRR", "60,00", "t"), strict=True
        )})  # fmt: skip
        options: dict[str, Any] = {"unit": "euros", "booleans": columns.BOOLEANS, "nulls": columns.NULLS}

        found = columns.assess(frame_of(given, engine), policy=POLICY, **options)

        assert [0, 1] == read(engine, found)["reasons"]  # INPUT_MISSING, and no other reason


class TestOptions:
    """Prefixes, enumerations, and refusals."""

    def test_prefix(self) -> None:
        """A prefix before the added names leaves the caller's own columns alone."""
        frame = pl.DataFrame(pl.from_arrow(debts(pa.array([6000])))).with_columns(code=pl.lit("631"))

        decided = columns.assess(frame, policy=POLICY, prefix="assess_")

        assert [("631", "PAYABLE", 0, 1600, 5000, 4400)] == decided.select("code", r"^assess_.*$").rows()  # fmt: skip
        with pytest.raises(InvalidValueError, match="would be lost: assess_code, assess_next"):
            columns.assess(decided, policy=POLICY, prefix="assess_")
        scopes = columns.notice_scope(
            pl.DataFrame(pl.from_arrow(notices(pa.array([6000])))), policy=POLICY, prefix="p_"
        )
        assert ["IN_SCOPE"] == scopes["p_scope"].to_list()

    def test_enum(self) -> None:
        """An enumeration of Polars contains the same text; other engines refuse it."""
        rows, given = debts(pa.array([6000, 0, None])), notices(pa.array([6000, 0, None], pa.int64()))
        for rule, table in ((columns.assess, rows), (columns.notice_scope, given)):
            frame = pl.DataFrame(pl.from_arrow(table))
            plain, listed = rule(frame, policy=POLICY), rule(frame, policy=POLICY, enum=True)
            word = "code" if "code" in plain.columns else "scope"

            assert isinstance(listed.schema[word], pl.Enum)
            assert plain.equals(listed.cast({word: pl.String}))
            with pytest.raises(UnsupportedError, match="expected a frame of Polars for an enumeration, got pyarrow"):
                rule(table, policy=POLICY, enum=True)

    def test_refusals(self) -> None:
        """A unit or a type that cannot be read is refused, and named."""
        amount = "column balance: expected"
        wrong: list[tuple[pa.Table, dict[str, Any], str]] = [
            (
                notices(pa.array([60.0])),
                {},
                f"{amount} whole cents, as integers .* or a unit, cents or euros, got Float",
            ),
            (notices(pa.array([True])), {"unit": "euros"}, f"{amount} euros, as integers, .* got Boolean"),
            (notices(pa.array([6000])), {"unit": "francs"}, "expected the unit cents or euros, got 'francs'"),
            (
                notices(pa.array([6000]), pa.array([[True]])),
                {"booleans": columns.BOOLEANS},
                "column notice_received: expected booleans, as text or numbers, got List",
            ),
        ]
        for table, options, text in wrong:
            with pytest.raises(InvalidValueError, match=text):
                columns.notice_scope(table, policy=POLICY, **options)

    def test_parse_is_narrower(self) -> None:
        """Each text of a table that Euros.parse accepts is read as the same cents; nothing accepted differs."""
        texts = [f"{sign}{body}{tail}" for sign in ("", "-", "+", "€") for body in
                 ("0", "00", "1", "1.", ".1", "1,2", "1,23", "1.234", "1 234", "12,345,6", "9" * 10, "9" * 17)
                 for tail in ("", " ", "€", " EUR", "\n", "-")]  # fmt: skip
        expected = {text: cents for text in texts if (cents := parsed(text)) is not None}

        found = {
            text: number for text, number in zip(texts, read_cents(texts, "euros"), strict=True) if text in expected
        }

        assert expected == found


def parsed(text: str) -> int | None:
    """Parse a text as a person's own, or return ``None``."""
    try:
        return Euros.parse(text).cents
    except InvalidValueError:
        return None


def read_cents(texts: list[str], unit: Unit) -> list[int]:
    """Read texts as amounts."""
    import narwhals.stable.v2 as nw  # noqa: PLC0415 - one test needs it

    from creance_pay.rules.cells import Cells  # noqa: PLC0415 - the same

    frame = nw.from_native(pl.DataFrame({"amount": texts}))
    cells = Cells(frame=frame, types=frame.schema, unit=unit)
    value = cells.amount("amount", -1).value
    found: list[int] = cells.frame.select(amount=value)["amount"].to_list()
    return found


def test_spellings_are_parsed() -> None:
    """The spellings of the tests are those that a person may type, and the amounts are all there are."""
    for spell in SPELLINGS.values():
        assert list(CENTS) == [Euros.parse(spell(cents)).cents for cents in CENTS]
    assert 8 == len(SPELLINGS)
    assert re.fullmatch("0,00", SPELLINGS["60,00"](0))
