"""Every amount from 0.00 to 200.00 euros, in the spellings of people and in the types of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import pyarrow as pa

from columns_table import GOOD

#: Every amount of cents from 0.00 to 200.00 euros.
CENTS = range(20_001)

#: The spellings of an amount in euros that people and systems write; Euros.parse accepts each.
SPELLINGS: dict[str, Callable[[int], str]] = {
    "60.00": lambda cents: f"{cents // 100}.{cents % 100:02}",
    "60,00": lambda cents: f"{cents // 100},{cents % 100:02}",
    "60,00 €": lambda cents: f"{cents // 100},{cents % 100:02}\u00a0€",
    "shortest": lambda cents: f"{cents / 100:.2f}".rstrip("0").rstrip(".").replace(".", ","),
    "one decimal": lambda cents: f"{cents // 100},{cents % 100:02}".removesuffix("0"),
    "a narrow space": lambda cents: f"{cents // 100},{cents % 100:02}".rjust(9, "\u202f"),
    "60,00 euros": lambda cents: f"{cents // 100},{cents % 100:02}\u2009euros",
    "spaces around": lambda cents: f" {cents // 100:03}.{cents % 100:02}\t",
}

#: A conversion of whole cents to a column of another type, in PyArrow.
DECIMAL = {
    "decimal(10, 2)": pa.decimal128(10, 2),
    "decimal(38, 10)": pa.decimal128(38, 10),
    "decimal(7, 3)": pa.decimal128(7, 3),
}


def decimals(cents: Sequence[int], dtype: pa.Decimal128Type) -> pa.Array:
    """Build a column of decimals, in euros."""
    return pa.array([Decimal(each).scaleb(-2) for each in cents], dtype)


def amount_columns() -> Iterator[tuple[str, pa.Array]]:
    """List the columns that contain every amount in euros: eight spellings of text, and five other types."""
    for name, spell in SPELLINGS.items():
        yield name, pa.array([spell(cents) for cents in CENTS])
    for name, dtype in DECIMAL.items():
        yield name, decimals(CENTS, dtype)
    for width in (pa.float32(), pa.float64()):
        yield str(width), pa.array([cents / 100 for cents in CENTS], width)
    yield "categories", pa.array([SPELLINGS["60,00"](cents) for cents in CENTS]).dictionary_encode()


COLUMNS = dict(amount_columns())


def notices(balances: pa.Array, received: pa.Array | None = None) -> pa.Table:
    """Build notices with these balances."""
    received = pa.array([True] * len(balances)) if received is None else received
    return pa.table({"balance": balances, "notice_received": received})


def debts(remaining: pa.Array, open_online: pa.Array | None = None) -> pa.Table:
    """Build debts with these remaining amounts."""
    count = len(remaining)
    return pa.table({
        "reference": [GOOD] * count, "kind": ["FRR"] * count, "remaining": remaining,
        "open_online": pa.array([True] * count) if open_online is None else open_online,
    })  # fmt: skip
