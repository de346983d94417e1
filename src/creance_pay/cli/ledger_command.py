"""``creance-pay ledger``: read, explain and operate a portal's ledger.

Each act is in the module of its user: ``ledger_story`` for an agent, ``ledger_upkeep`` for an operator, ``ledger_acts``
for what needs the portal's own service, ``posting_file`` for the accounting office.  A ledger in SQLite is the option
``--file``; another one is the URL in the environment's ``CREANCE_PAY_LEDGER``, since other users of the machine could
read its password.  No act prints a card or the content of a message.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..errors import ConfigurationError
from ..ledger import SqlLedger
from . import ledger_acts, ledger_story, ledger_upkeep
from .arguments import Run, add_acts, add_json, whole_number
from .portal_service import add_service
from .posting_file import read_posted, read_rejected, write_postings

_VARIABLE = "CREANCE_PAY_LEDGER"
_MOST_EVENTS = 10**18


def declare(command: ArgumentParser, *, service: str | None = None) -> None:
    """Declare the acts and their arguments.

    Args:
        command: The parser of the command.
        service: The service of the portal that runs the command, as MODULE:NAME.  The portal names its ledger too: no
            argument does.
    """
    by_ledger: dict[str, tuple[Callable[[Namespace, SqlLedger], int], str]] = {
        "find": (ledger_story.find, "find payments by what a caller knows; status 1 when none fits"),
        "show": (ledger_story.show, "show a payment, and all that happened to it in the order of time"),
        "list": (ledger_story.list_payments, "list payments"),
        "incidents": (ledger_upkeep.list_incidents, "list the open incidents; status 1 when there is one"),
        "close": (ledger_upkeep.close, "close an incident; status 1 when it is not open"),
        "health": (ledger_upkeep.health, "print what is wrong; status 0 nothing, 1 a person has work, 2 critical"),
        "tasks": (ledger_upkeep.list_tasks, "list the effects that wait; status 1 when one is late or has failed"),
        "erase": (ledger_upkeep.erase, "erase old messages and card masks; payments and events stay"),
        "backup": (ledger_upkeep.backup, "copy a ledger in SQLite while the portal uses it"),
        "upgrade": (ledger_upkeep.upgrade, "bring the tables of an older version up to date"),
        "rekey": (ledger_upkeep.rekey, "encrypt every message with the first key; status 1 for an unreadable one"),
        "postings": (write_postings, "write the money that moved for the caisse, as CSV"),
        "posted": (read_posted, "record the notices that the caisse has posted; status 1 for a bad line"),
        "rejected": (read_rejected, "record the notices that the caisse cannot post; status 1 likewise"),
    }
    by_service: dict[str, tuple[Run, str]] = {
        "refund": (ledger_acts.refund, "refund money that the bank has debited; status 1 when it has not done it"),
        "cancel": (ledger_acts.cancel, "cancel a payment before the bank debits it; status 1 likewise"),
        "correct": (ledger_acts.correct, "record a person's decision about the state of a payment"),
        "replay": (ledger_acts.replay, "process the recorded messages of a payment again; status 1 for an error"),
        "reconcile": (ledger_acts.reconcile, "ask the bank about open payments; status 1 when an answer is missing"),
    }
    runs = {name: (on_ledger(act, upgrade=name == "upgrade"), text) for name, (act, text) in by_ledger.items()}
    runs["health"] = (ledger_upkeep.or_unavailable(runs["health"][0]), runs["health"][1])
    acts = add_acts(command, runs | by_service)
    for act in acts.values():
        add_json(act)
    for name, act in acts.items():
        if service is not None:
            act.set_defaults(**{"service": service} if name in by_service else {"file": None, "merchant": None})
        elif name in by_service:
            add_service(act)
        else:
            add_ledger(act)
    ledger_story.declare_list(acts["list"])
    ledger_story.declare_find(acts["find"])
    acts["show"].add_argument("reference", help="the transaction reference of the payment")
    ledger_story.add_bank(acts["show"])
    ledger_upkeep.declare_close(acts["close"])
    ledger_upkeep.declare_health(acts["health"])
    ledger_upkeep.declare_erase(acts["erase"])
    ledger_upkeep.declare_backup(acts["backup"])
    _declare_postings(acts)
    for name in ("refund", "cancel"):
        ledger_acts.declare_operation(acts[name])
    ledger_acts.declare_correct(acts["correct"])
    ledger_acts.declare_replay(acts["replay"])
    ledger_acts.declare_reconcile(acts["reconcile"])


def add_ledger(act: ArgumentParser) -> None:
    """Declare the options that name the ledger."""
    act.add_argument(
        "--file", type=Path, help=f"a ledger in SQLite (default: the URL in the environment's {_VARIABLE})"
    )
    act.add_argument(
        "--merchant",
        metavar="ID",
        help="the merchant id of the ledger (default: the only one of the database)",
    )


def _declare_postings(acts: dict[str, ArgumentParser]) -> None:
    acts["postings"].add_argument(
        "--after",
        type=whole_number(0, _MOST_EVENTS),
        default=0,
        metavar="NUMBER",
        help="the last number of the file before (default: %(default)s)",
    )
    for name in ("posted", "rejected"):
        acts[name].add_argument("answer", type=Path, metavar="FILE", help="the answer of the caisse, as CSV")
        ledger_upkeep.add_person(acts[name], reason=name == "rejected")


def on_ledger(act: Callable[[Namespace, SqlLedger], int], *, upgrade: bool = False) -> Run:
    """Return a function that opens the ledger, runs an act on it, and closes it."""

    def run(options: Namespace) -> int:
        """Run the act on the ledger of the options."""
        url = ledger_url(options.file)
        merchant = options.merchant or only_merchant(url)
        with closing(SqlLedger(url, merchant_id=merchant, upgrade=upgrade)) as ledger:
            return act(options, ledger)

    return run


def only_merchant(url: str) -> str:
    """Return the only merchant of a database.

    Raises:
        ConfigurationError: when it has none, or several.
    """
    found = SqlLedger.merchants(url)
    if len(found) != 1:
        named = f"one of {', '.join(found)}" if found else "the database has no payment yet"
        raise ConfigurationError(f"expected --merchant: {named}")
    return found[0]


def ledger_url(file: Path | None) -> str:
    """Return the URL of the ledger.

    Raises:
        ConfigurationError: for a file that does not exist, which SQLite would create, and without file and variable.
    """
    if file is None:
        url = os.environ.get(_VARIABLE)
        if not url:
            raise ConfigurationError(f"expected --file, or {_VARIABLE} in the environment")
        return url
    if not file.exists():
        raise ConfigurationError(f"expected the file of a ledger, {file} does not exist")
    return f"sqlite:///{file}"
