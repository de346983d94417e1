"""The caisse's own debt system, in small: it posts the lines of a posting file to the debts, and answers with files.

A real caisse has a system of its own, which reads the file in the night.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from creance_pay import Debt, Euros, NoticeReference

from .accounts import Account

_REDUCE = {"CAPTURED", "REPRESENTED"}


def post_file(accounts: Mapping[str, Account], file: Path) -> tuple[Path, Path]:
    """Post the lines of a posting file to the debts.

    A line that would pay more than the debt, or a debt that does not exist, is rejected.

    Args:
        accounts: The accounts, by name; their debts change.
        file: The file of ``creance-pay ledger postings``.

    Returns:
        The answers for ``creance-pay ledger posted`` and ``rejected``, with the columns of the file.
    """
    with file.open(encoding="utf-8", newline="") as opened:
        reader = csv.DictReader(opened, delimiter=";")
        rows, columns = [*reader], reader.fieldnames or []
    done = [_post(accounts, row) for row in rows]
    answers = []
    for name, wanted in (("posted", True), ("rejected", False)):
        answer = file.with_name(f"{file.stem}-{name}.csv")
        _write(answer, columns, (row for row, posted in zip(rows, done, strict=True) if posted is wanted))
        answers.append(answer)
    return answers[0], answers[1]


def _post(accounts: Mapping[str, Account], row: Mapping[str, str]) -> bool:
    """Post one line, and return whether the debt takes it."""
    reference, amount = NoticeReference(row["notice_reference"]), Euros.exact(row["amount"])
    for account in accounts.values():
        number = account.row_of(reference)
        if number is not None:
            return _change(account.debts, number, amount, reduce=row["movement"] in _REDUCE)
    return False


def _change(debts: dict[int, Debt], number: int, amount: Euros, *, reduce: bool) -> bool:
    remaining = debts[number].remaining
    if reduce and amount > remaining:
        return False
    debts[number] = attrs.evolve(debts[number], remaining=remaining - amount if reduce else remaining + amount)
    return True


def _write(file: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, [*columns], delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
