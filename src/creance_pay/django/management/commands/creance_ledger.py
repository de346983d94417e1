"""``manage.py creance_ledger ACT``: the command ``creance-pay ledger`` on the portal's ledger."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ....cli import main
from ...setting import Configuration

#: The acts that the portal's own service carries out.
_OF_THE_SERVICE = {"refund", "correct", "replay", "reconcile"}


class Command(BaseCommand):
    """The commands of the ledger."""

    help = "Read the portal's ledger and act on it: creance-pay ledger, without --file, --merchant and service."

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass every word after the name on to ``creance-pay ledger``."""
        self.handle(words=argv[2:])

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the words, for a call from Python."""
        parser.add_argument("words", nargs="*")

    def handle(self, *, words: list[str], **_: Any) -> None:  # noqa: ANN401 - Django's own
        """Run the command, and exit with its status."""
        act, *others = words or ["--help"]
        if act in _OF_THE_SERVICE:
            status = main(["ledger", act, "creance_pay.django:payment_service", *others])
        else:
            configuration = Configuration.read()
            if not (url := configuration.ledger_url):
                raise CommandError("the setting LEDGER is no database: this act needs one")
            os.environ["CREANCE_PAY_LEDGER"] = url
            merchant = ["--merchant", configuration.build_merchant()] if others[:1] != ["--help"] else []
            status = main(["ledger", act, *others, *merchant])
        if status:
            sys.exit(status)
