"""``creance-pay work``: the process that runs effects, asks the bank and watches the health of a portal's service."""

from __future__ import annotations

import logging
from argparse import ArgumentParser, Namespace
from datetime import timedelta

from .._signals import on_end
from ..payments import Worker
from .arguments import add_policies, seconds
from .policies import all_policies
from .portal_service import add_service, import_service, print_problems

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    add_service(command)
    command.add_argument(
        "--once",
        action="store_true",
        help="do what is due, print the problems that remain, and end with the status of `ledger health`",
    )
    command.add_argument(
        "--every",
        type=seconds,
        default=timedelta(minutes=1),
        metavar="SECONDS",
        help="the time between two reconciliations, in seconds (default: 60)",
    )
    add_policies(command)
    command.add_argument("--json", action="store_true", help="print the problems of --once as JSON, one object a line")
    command.add_argument("--verbose", action="store_true", help="log each payment, and not only what is wrong")
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Work until SIGTERM or SIGINT (Ctrl-C); return 1 when the process has to be started again."""
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format=_FORMAT)
    policies = all_policies(options.policy)
    worker = Worker(import_service(options.service), every=options.every, policies=policies)
    if options.once:
        return print_problems(options, worker.once())
    logging.getLogger("creance_pay.worker").setLevel(logging.INFO)
    with on_end(lambda *_: worker.stop()):
        return 0 if worker.run() else 1
