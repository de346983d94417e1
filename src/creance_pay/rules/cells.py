r"""Read the cells of a column: amounts in cents or euros, booleans and nulls in the spellings of other systems.

The expressions of `Narwhals <https://narwhals-dev.github.io/narwhals/>`_ below use regular expressions and integers
only, so that every engine reads a cell alike and to the cent.  Decimals and floats are read by their text: no engine
multiplies an amount.

An amount in euros, as text::

    1 234,56 €      spaces of every kind between groups of three digits; €, EUR or euros at either end
    1234.5          a comma or a point, then one or two decimals
    1.234,56        groups of three digits, if the decimals have the other sign
    60.0000         four decimals, if the last two are zeros
    -5,00  5,00-    a sign before the digits, or a minus after them

``1.234`` and ``20,005`` are refused: the sign may separate decimals or thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from operator import and_
from typing import Any, Literal

import attrs

from ..errors import InvalidValueError, MissingExtraError

try:
    import narwhals.stable.v2 as nw
except ImportError as error:
    raise MissingExtraError("columns need an extra: pip install 'creance-pay[batch]'", extra="batch") from error

Unit = Literal["cents", "euros"]

LARGEST = 2**63 - 1  # the largest integer that every engine has
_CENTS_PER_EURO = 100
_WIDER = (nw.UInt64, nw.Int128, nw.UInt128)
_FLOATS = (nw.Float32, nw.Float64)
_LARGEST_FLOAT = 10_000_000  # from here on, Java writes a float with an exponent
# Every character that Python's ``str.split`` removes, in a form that every engine of regular expressions reads.
_SPACES = "[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_UNIT = "(?:€|[Ee][Uu][Rr](?:[Oo][Ss]?)?)"
_EURO_SIGN = f"^{_UNIT} ?| ?{_UNIT}$"
_ZERO = "^-?0[Ee][+-]?[0-9]+$"  # zero as a decimal, which some engines write with an exponent
_SIGN, _MINUS = "^[+-] ?| ?-$", "^-|-$"
_GROUPED = r"^[0-9]{1,3}(?:\.[0-9]{3}){1,4},[0-9]{1,2}$|^[0-9]{1,3}(?:,[0-9]{3}){1,4}\.[0-9]{1,2}$"
_SPACED = "^[1-9][0-9]{0,2}(?: [0-9]{3}){1,4}(?:[.,][0-9]{1,2})?$"  # one space before each group of three digits
_EUROS = f"^[0-9]{{1,16}}$|^[0-9]{{0,16}}[.,][0-9]{{1,2}}$|{_GROUPED}|{_SPACED}"
_CENTS = "^[0-9]{1,18}$|^[1-9][0-9]{0,2}(?: [0-9]{3}){1,5}$"


def where(test: Any, one: Any, other: Any, /) -> nw.Expr:  # noqa: ANN401 - expressions, or values
    """Return one value in the rows where a test is true, the other one elsewhere."""
    return nw.when(test).then(one).otherwise(other)


@attrs.frozen
class Cell:
    """The expressions of a cell.

    Attributes:
        value: The value; where the cell is absent or unreadable, a value that passes every rule.
        present: Whether the cell is not null.
        readable: Whether the cell is null or readable; ``None`` where the type of the column guarantees it.
    """

    value: nw.Expr
    present: nw.Expr
    readable: nw.Expr | None = None


@attrs.define(kw_only=True)
class Cells:
    """The reader of the cells of a frame.

    A cell that takes several steps is computed once, in a column that the result does not select: most engines
    evaluate an expression again wherever it occurs.

    Attributes:
        frame: The frame, of Narwhals, with the columns of the steps.
        types: The type of each column.
        on_pandas: Whether the frame is of pandas, whose text has no null of its own.
        unit: The unit of amounts; ``None`` for cents in integers, and nothing else.
        booleans: The spellings of true and false; ``None`` for columns of booleans, and nothing else.
        nulls: The texts that mean a null.
    """

    frame: Any
    types: Mapping[str, nw.dtypes.DType]
    on_pandas: bool = False
    unit: Unit | None = None
    booleans: Mapping[str, bool] | None = None
    nulls: Collection[str] = ()
    _steps: list[str] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        """Check the unit."""
        if self.unit not in {None, "cents", "euros"}:
            raise InvalidValueError(f"expected the unit cents or euros, got {self.unit!r}")

    def require_text(self, name: str) -> None:
        """Raise unless a column contains text."""
        self._require(name, _is_text, "text")

    def require_amount(self, name: str) -> None:
        """Raise unless a column contains amounts in the unit."""
        if self.unit is None:
            expected = "whole cents, as integers and not as floats, decimals or text, or a unit, cents or euros"
            self._require(name, lambda dtype: dtype.is_integer(), expected)
        else:
            expected = f"{self.unit}, as integers, decimals, floats or text"
            self._require(name, lambda dtype: dtype.is_numeric() or _is_text(dtype) or dtype == nw.Object, expected)

    def require_boolean(self, name: str) -> None:
        """Raise unless a column contains booleans, or spellings of booleans."""
        if self.booleans is None:
            self._require(name, lambda dtype: dtype == nw.Boolean, "booleans")
        else:
            expected = "booleans, as text or numbers"
            self._require(name, lambda dtype: dtype in _SPELLED or dtype.is_numeric(), expected)

    def require_day(self, name: str) -> None:
        """Raise unless a column contains dates."""
        self._require(name, lambda dtype: dtype == nw.Date, "dates")

    def _require(self, name: str, suits: Callable[[nw.dtypes.DType], bool], expected: str) -> None:
        if not suits(self.types[name]):
            found = type(self.types[name]).__name__  # without its parameters: those of an enumeration are cells
            raise InvalidValueError(f"column {name}: expected {expected}, got {found}")

    def text(self, name: str, passing: str) -> Cell:
        """Read a text."""
        present = self.present(name)
        text = nw.col(name).cast(nw.String)
        if self.on_pandas or self.nulls:
            return Cell(where(present, text, nw.lit(passing)), present)
        return Cell(text.fill_null(passing), present)

    def boolean(self, name: str) -> Cell:
        """Read a boolean."""
        if self.types[name] == nw.Boolean:
            return Cell(nw.col(name).fill_null(True), self.present(name))  # noqa: FBT003 - the value of a cell
        cell = self.text(name, "")
        (word,) = self._step(cell.value.str.replace_all(_SPACES, "").str.to_lowercase())
        false, true = (word.is_in([*self._words(value)]) for value in (False, True))
        value, readable = self._step(~(cell.present & false), ~cell.present | true | false)
        return Cell(value, cell.present, readable)

    def amount(self, name: str, passing: int) -> Cell:
        """Read an amount in cents, as Int64; an integer beyond Int64 as the largest one."""
        if self.types[name].is_integer():
            return self._integer(name, passing)
        cell = self.text(name, "0")
        euros = self.unit == "euros"
        text, minus = self._unsigned(name, cell.value)
        readable = text.str.contains(_EUROS if euros else _CENTS)
        if self.types[name] in _FLOATS:
            small = (nw.col(name) < _LARGEST_FLOAT) & (nw.col(name) > -_LARGEST_FLOAT)
            readable &= ~cell.present | small.fill_null(True)  # noqa: FBT003 - the value of a cell
        (readable,) = self._step(readable)
        (digits,) = self._step(where(readable, text.str.replace_all("[., ]", ""), nw.lit("0")).cast(nw.Int64))
        if euros:
            one, two = (text.str.contains(f"[.,][0-9]{{{count}}}$") for count in (1, 2))
            (digits,) = self._step(digits * where(two, 1, where(one, 10, _CENTS_PER_EURO)))
        (cents,) = self._step(where(cell.present & readable, where(minus, -digits, digits), passing))
        return Cell(cents, cell.present, ~cell.present | readable)

    def _step(self, *values: nw.Expr) -> list[nw.Expr]:
        """Add values to the frame as columns, and return these columns."""
        names = [f"creance_pay step {len(self._steps) + number}" for number in range(len(values))]
        self.frame = self.frame.with_columns(**dict(zip(names, values, strict=True)))
        self._steps += names
        return [nw.col(name) for name in names]

    def _integer(self, name: str, passing: int) -> Cell:
        cell, dtype = nw.col(name), self.types[name]
        if dtype in _WIDER:
            least = None if dtype.is_unsigned_integer() else nw.lit(-1, dtype)
            cell = cell.clip(least, nw.lit(LARGEST, dtype))
        cents = cell.cast(nw.Int64)
        if self.unit == "euros":
            largest = LARGEST // _CENTS_PER_EURO
            cents = cents.clip(-largest, largest) * _CENTS_PER_EURO
        return Cell(cents.fill_null(passing), self.present(name))

    def _unsigned(self, name: str, text: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
        """Return an amount without spaces, sign and needless zeros, and whether a minus is before or after it."""
        written = _is_text(self.types[name])
        if written:
            text = text.str.replace_all(f"{_SPACES}+", " ").str.replace_all("^ | $", "")
            text = text.str.replace_all(_EURO_SIGN, "")
        else:
            text = text.str.replace_all(_ZERO, "0")
        (text,) = self._step(text)
        text, minus = self._step(text.str.replace_all(_SIGN, ""), text.str.contains(_MINUS))
        if not written:
            short = text.str.replace_all("0+$", "").str.replace_all(r"\.$", "")
            text = where(text.str.contains(r"\.[0-9]*0$"), short, text)
        elif self.unit == "euros":
            text = where(text.str.contains("[.,][0-9]{2}00$"), text.str.replace_all("00$", ""), text)
        else:
            text = text.str.replace_all(r"\.0$", "")
        (text,) = self._step(text)
        return text, minus

    def present(self, name: str) -> nw.Expr:
        """Test that a cell is not null."""
        cell, dtype = nw.col(name), self.types[name]
        tests = [~cell.is_null()]
        if dtype in _FLOATS:
            tests.append(~cell.is_nan().fill_null(False))  # noqa: FBT003 - the value of a cell
        if _is_text(dtype) and self.nulls:
            tests.append(~cell.cast(nw.String).fill_null("").is_in([*self.nulls]))
        return reduce(and_, tests)

    def _words(self, value: bool) -> list[str]:  # noqa: FBT001 - the value of a cell
        return [word.strip().lower() for word, meaning in (self.booleans or {}).items() if meaning is value]


def _is_text(dtype: nw.dtypes.DType) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum)


_SPELLED = (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object)
