"""Count how many debts, people and euros of a file get another decision under another policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from ..errors import InvalidValueError, MissingExtraError
from ..money import Euros
from ..rules import Policy, columns

try:
    import polars as pl
except ImportError as error:
    raise MissingExtraError("files of debts need Polars: pip install 'creance-pay[batch]'", extra="batch") from error


@attrs.frozen(kw_only=True)
class Change:
    """The debts that change from one decision to another.

    Attributes:
        before: The code under the first policies; ``None`` for all debts that change.
        after: The code under the second policies.  Equal codes have other reasons or other payable amounts.
        debts: The number of debts.
        people: The number of people, where the file has a column of them.
        remaining: The sum of their remaining amounts; a missing or negative amount counts as zero.
    """

    before: str | None
    after: str | None
    debts: int
    people: int | None
    remaining: Euros


def count_changes(
    source: Path,
    *,
    before: Policy | Sequence[Policy],
    after: Policy | Sequence[Policy],
    names: Mapping[str, str],
    debtor: str | None = None,
) -> list[Change]:
    """Decide every debt of a file under two policies, and count the debts whose decision differs.

    Args:
        source: A Parquet file, or a folder of them.
        before: The policy or the policies of today; of several, each debt has the one that opens its kind.
        after: The policy or the policies to compare with.
        names: For each operand of the rules, the name of its column.
        debtor: The column that identifies the person, or ``None``.

    Returns:
        The changes, the most frequent first, and the whole of them first of all.

    Raises:
        InvalidValueError: when the file is no Parquet, or lacks a column.
        UnsupportedError: for a policy that depends on more than a row contains.
    """
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    remaining = names["remaining"]
    try:
        rows = pl.scan_parquet(files)
        used = [*names.values(), *([debtor] if debtor else [])]
        if missing := [name for name in used if name not in rows.collect_schema()]:
            raise InvalidValueError(f"missing columns: {', '.join(missing)}")
        decided = columns.compare(rows.select(*dict.fromkeys(used)), before=before, after=after, **names)
        sums = [
            pl.len().alias("debts"),
            pl.col(remaining).clip(lower_bound=0).sum().cast(pl.Int64).alias("cents"),
            *([pl.col(debtor).n_unique().alias("people")] if debtor else []),
        ]
        changed = decided.filter("differs").select("before", "after", remaining, *([debtor] if debtor else []))
        found = changed.collect(engine="streaming")
        whole, parts = found.select(sums), found.group_by("before", "after").agg(sums)
    except pl.exceptions.PolarsError as error:
        raise InvalidValueError(f"{source} cannot be read as Parquet ({type(error).__name__})") from None
    ordered = sorted(parts.to_dicts(), key=lambda row: (-row["debts"], row["before"], row["after"]))
    return [_change(row) for row in (*whole.to_dicts(), *ordered)]


def _change(row: Mapping[str, Any]) -> Change:
    return Change(
        before=row.get("before"),
        after=row.get("after"),
        debts=row["debts"],
        people=row.get("people"),
        remaining=Euros(row["cents"]),
    )
