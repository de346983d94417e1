"""Build letters from the rows of a file: one column a field of the letter, or one value for all rows.

The type of a field decides how its cell is read:

======================  ==========================================================
amount                  cents or euros, by the unit
date                    ``2026-11-26`` or ``26/11/2026``
time                    ``08:59``
reference               as a person types it; several are separated by ``;``
years of care           ``2024=3000;2025=2850``, amounts in the unit
instalments             ``2026-12-07=5000;2027-01-05=4400``, amounts in the unit
======================  ==========================================================
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any, get_args

import attrs

from ..caisses import find_caisse, managing_caisse
from ..errors import InvalidValueError, MessageError
from ..messages import MESSAGES, contact_line
from ..messages.letters import CareYear, Document, DueAmount
from ..money import Euros
from ..references import NoticeReference
from ..rules import Policy
from ..rules.cells import Unit
from ..rules.choices import MinBasis

#: The letters by the key that a file names.
LETTERS: Mapping[str, type[Document]] = {kind.key: kind for kind in MESSAGES if issubclass(kind, Document)}
#: The columns that are no field of a letter.
RECIPIENT, LETTER, LANG = "recipient", "letter", "lang"
#: The fields that a row need not have: the library knows their usual values.
_KNOWN = {"caisse", "contact", "minimum", "maximum"}
_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")

#: Every name that a column or a value may have, sorted.
FIELDS = tuple(sorted({
    RECIPIENT, LETTER, LANG, *(field.name for kind in LETTERS.values() for field in attrs.fields(kind) if field.init),
}))  # fmt: skip

Cell = Callable[[Any, Unit], object]


def fields(kind: type[Document]) -> list[str]:
    """List the fields of a letter that a caller gives."""
    return [field.name for field in attrs.fields(kind) if field.init]


def required(kind: type[Document]) -> list[str]:
    """List the fields without which no row makes this letter."""
    mandatory = [field.name for field in attrs.fields(kind) if field.init and field.default is attrs.NOTHING]
    return [name for name in mandatory if name not in _KNOWN]


def letter_of(
    kind: type[Document], cells: Mapping[str, object], names: Mapping[str, str], *, unit: Unit, policy: Policy
) -> Document:
    """Build a letter from the cells of a row.

    Args:
        kind: The class of the letter.
        cells: The cells by field; ``None`` and a missing one mean no value.
        names: The name of the column of each field, for errors.
        unit: The unit of amounts.
        policy: The policy, for the bounds of an online payment where the row has none.

    Raises:
        InvalidValueError: for a cell that cannot be read.  The error names the column, and quotes no cell.
        MessageError: for a missing field.
    """
    values: dict[str, object] = {}
    for name, read in _readers(kind).items():  # type: ignore[arg-type]
        if (cell := cells.get(name)) is not None:
            try:
                values[name] = read(cell, unit)
            except (ValueError, TypeError, AttributeError) as error:
                raise InvalidValueError(f"{names.get(name, name)}: {_expectation(kind, name, unit)}") from error
    return kind.of({**_usual(kind, values, policy), **values})


def _usual(kind: type[Document], values: Mapping[str, object], policy: Policy) -> dict[str, object]:
    """Return the usual values of fields that a row need not have."""
    found: dict[str, object] = {}
    day = values.get(kind.dated_by)
    if isinstance(day, date):
        found["contact"] = contact_line(day)
    code = _caisse_code(values)
    if code and (caisse := find_caisse(managing_caisse(code))):
        found["caisse"] = caisse.name.replace("'", "’")
    due = values.get("remaining") or sum((each.amount for each in _parts(values.get("years"))), Euros(0))
    if policy.min_basis is MinBasis.SELECTION or (isinstance(due, Euros) and due >= policy.online_min):
        found |= {"minimum": policy.online_min, "maximum": policy.online_max_per_payment}
    return found


def _parts(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _caisse_code(values: Mapping[str, object]) -> str | None:
    """Return the code of the caisse of the references of a letter."""
    for value in values.values():
        for each in (value, *_parts(value)):
            if isinstance(each, NoticeReference):
                return each.caisse_code
    return None


@cache
def _types(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401 - mypy denies a hash to our classes
    return typing.get_type_hints(kind)


@cache
def _readers(kind: Any) -> Mapping[str, Cell]:  # noqa: ANN401 - as above
    """Return the function that reads a cell of each field."""
    return {name: _reader(_types(kind)[name]) for name in fields(kind)}


def _reader(hint: Any) -> Cell:  # noqa: ANN401 - annotations have no common type
    """Return the function that reads a cell for an annotation."""
    if typing.get_origin(hint) is tuple:
        one = _READERS[get_args(hint)[0]]
        return lambda cell, unit: tuple(one(part.strip(), unit) for part in str(cell).split(";") if part.strip())
    plain = [each for each in (get_args(hint) or (hint,)) if each in _READERS]
    return _READERS[plain[0]]


def _amount(cell: Any, unit: Unit) -> Euros:  # noqa: ANN401 - a cell of a file
    if unit == "euros":
        return Euros.parse(cell) if isinstance(cell, str) else Euros.exact(cell)
    if isinstance(cell, str) and not re.fullmatch("[0-9]{1,12}", cell.strip()):
        raise InvalidValueError("not whole cents")
    return Euros(int(cell) if isinstance(cell, str) else cell)


def _date(cell: Any, _: Unit = "cents") -> date:  # noqa: ANN401 - as above
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DAY.fullmatch(cell.strip())
    return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(cell.strip())


def _time(cell: Any, _: Unit) -> time:  # noqa: ANN401 - as above
    return cell if isinstance(cell, time) else time.fromisoformat(cell.strip())


def _two_parts(cell: str) -> tuple[str, str]:
    before, equals, after = cell.partition("=")
    if not equals:
        raise InvalidValueError("no sign =")
    return before.strip(), after.strip()


def _care_year(cell: str, unit: Unit) -> CareYear:
    year, amount = _two_parts(cell)
    if not re.fullmatch("[0-9]{4}", year):
        raise InvalidValueError("no year")
    return CareYear(year=int(year), amount=_amount(amount, unit))


def _due_amount(cell: str, unit: Unit) -> DueAmount:
    day, amount = _two_parts(cell)
    return DueAmount(due_on=_date(day), amount=_amount(amount, unit))


_READERS: Mapping[Any, Cell] = {
    Euros: _amount,
    date: _date,
    time: _time,
    int: lambda cell, _: int(cell),
    str: lambda cell, _: str(cell).strip(),
    NoticeReference: lambda cell, _: NoticeReference.parse(str(cell)),
    CareYear: _care_year,
    DueAmount: _due_amount,
}


def _expectation(kind: type[Document], name: str, unit: Unit) -> str:
    """Describe what the cell of a field has to be."""
    hint = _types(kind)[name]  # type: ignore[arg-type]
    amount = "30,00" if unit == "euros" else "3000"
    if typing.get_origin(hint) is tuple:
        samples = {
            NoticeReference: "references separated by ;",
            CareYear: f"years with amounts in {unit}, such as 2024={amount};2025={amount}",
            DueAmount: f"dates with amounts in {unit}, such as 2026-12-07={amount};2027-01-05={amount}",
        }
        return f"expected {samples[get_args(hint)[0]]}"
    expected = {
        Euros: f"an amount in {unit}, such as {amount}",
        date: "a date, such as 2026-11-26 or 26/11/2026",
        time: "a time, such as 08:59",
        int: "a whole number",
        NoticeReference: "a reference of 16 digits and a letter",
    }
    return f"expected {next(expected[each] for each in (get_args(hint) or (hint,)) if each in expected)}"


def kind_named(key: object) -> type[Document]:
    """Return the class of a letter.

    Raises:
        MessageError: for a key that no letter has.
    """
    if key not in LETTERS:
        raise MessageError(f"expected a letter of {', '.join(LETTERS)}, got another word")
    return LETTERS[str(key)]
