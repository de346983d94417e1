"""``creance-pay ledger health``, ``tasks``, ``incidents``, ``close``, ``erase``, ``backup``, ``upgrade``, ``rekey``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from .._clock import utc_now
from ..errors import CreancePayError
from ..ledger import IncidentKind, SqlLedger
from ..payments import Problem, ProblemKind, health_of
from .arguments import Run, add_policies, values, whole_number
from .bar import progress
from .ledger_story import format_time, task_values
from .output import print_row, print_values
from .policies import all_policies
from .portal_service import print_problems

T = TypeVar("T")
_CENTURY_DAYS = 36_525


def declare_health(act: ArgumentParser) -> None:
    """Declare the arguments of ``health``."""
    add_policies(act)


def declare_close(act: ArgumentParser) -> None:
    """Declare the arguments of ``close``."""
    kinds = values(IncidentKind)
    act.add_argument("kind", choices=kinds, metavar="KIND", help="the kind of the incident, as `incidents` prints it")
    act.add_argument("reference", nargs="?", default="", help="the transaction reference, where it has one")
    act.add_argument("--all", action="store_true", help="every open incident of the kind, of any payment")
    add_person(act)


def declare_erase(act: ArgumentParser) -> None:
    """Declare the arguments of ``erase``."""
    act.add_argument(
        "--days", type=whole_number(0, _CENTURY_DAYS), required=True, help="the age in days from which data are erased"
    )


def declare_backup(act: ArgumentParser) -> None:
    """Declare the arguments of ``backup``."""
    act.add_argument("target", type=Path, metavar="FILE", help="the new file")


def add_person(act: ArgumentParser, *, reason: bool = True) -> None:
    """Declare the options that name the person and the reason."""
    act.add_argument("--by", required=True, help="the person or job")
    act.add_argument("--reason", required=reason, default="", help="the reason")


def health(options: Namespace, ledger: SqlLedger) -> int:
    """Print what is wrong; return 0 for nothing, 1 when a person has work, 2 when payments or effects stop."""
    policies = all_policies(options.policy)
    return print_problems(options, health_of(ledger, utc_now(), policies=policies))


def or_unavailable(run: Run) -> Run:
    """Return a function that runs ``health``, and prints a ledger that cannot be opened as a critical problem."""

    def guarded(options: Namespace) -> int:
        """Run the act."""
        try:
            return run(options)
        except CreancePayError as error:
            return print_problems(options, [Problem(kind=ProblemKind.LEDGER_UNAVAILABLE, detail=str(error))])

    return guarded


def list_tasks(options: Namespace, ledger: SqlLedger) -> int:
    """Print the effects that wait, ordered by due time; return 1 when one is late or has failed."""
    late, now = False, utc_now()
    for task in ledger.tasks():
        late = late or bool(task.error) or task.due_at <= now - timedelta(minutes=15)
        row = {"due_at": format_time(task.due_at), "transaction_reference": task.transaction_reference}
        print_row(options, row | task_values(task))
    return int(late)


def list_incidents(options: Namespace, ledger: SqlLedger) -> int:
    """Print the open incidents, the oldest first; return 1 when there is one, so that a monitor can raise an alarm."""
    found = ledger.incidents()
    for each in found:
        details = {"kind": each.kind, "transaction_reference": each.transaction_reference, "detail": each.detail}
        counted = {"times": each.times, "last_at": format_time(each.last_at)}
        print_row(options, {"at": format_time(each.at), **details, **counted})
    return 1 if found else 0


def close(options: Namespace, ledger: SqlLedger) -> int:
    """Close the open incidents of a kind and a payment; return 1 when there is none."""
    found = [
        each
        for each in ledger.incidents()
        if each.kind == options.kind and (options.all or each.transaction_reference == options.reference)
    ]
    for each in found:
        ledger.close_incident(each, at=utc_now(), by=options.by, reason=options.reason)
    print_values(options, {"closed": len(found)})
    if not found:
        print("creance-pay: no such incident is open: `ledger incidents` lists kinds and references", file=sys.stderr)
    return 0 if found else 1


def erase(options: Namespace, ledger: SqlLedger) -> int:
    """Erase old personal data, and print the number of changed payments and events."""
    before = utc_now() - timedelta(days=options.days)
    print_values(options, {"erased": ledger.erase(before=before, progress=with_bar)})
    return 0


def backup(options: Namespace, ledger: SqlLedger) -> int:
    """Copy a ledger in SQLite to a new file, while the portal uses it."""
    ledger.backup(options.target)
    print_values(options, {"backup": options.target})
    return 0


def upgrade(options: Namespace, ledger: SqlLedger) -> int:
    """Print the version of the tables; opening the ledger has brought them up to date."""
    print_values(options, {"merchant": ledger.merchant_id, "version": ledger.version})
    return 0


def rekey(options: Namespace, ledger: SqlLedger) -> int:
    """Encrypt every message with the first key; return 1 when no given key decrypts one: it stays as it is."""
    lost = ledger.rekey()
    print_values(options, {"unreadable": lost})
    return 1 if lost else 0


def with_bar(steps: Sequence[T]) -> Iterator[T]:
    """Yield steps one by one, and show on a progress bar how many are done."""
    with progress(len(steps)) as advance:
        for step in steps:
            yield step
            advance(1)
