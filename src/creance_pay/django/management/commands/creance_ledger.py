"""``manage.py creance_ledger ACT``: the command ``creance-pay ledger`` on the portal's ledger."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ....cli import main
from ...setting import Configuration


class Command(BaseCommand):
    """The commands of the ledger."""

    help = "Read the portal's ledger, and act on it: the acts of creance-pay ledger, without --file and --merchant."

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass every word after the name on to ``creance-pay ledger``."""
        self.handle(words=argv[2:])

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the words, for a call from Python."""
        parser.add_argument("words", nargs="*")

    def handle(self, *, words: list[str], **_: Any) -> None:  # noqa: ANN401 - Django's own
        """Run the command, and exit with its status."""
        configuration = Configuration.read()
        if not (url := configuration.ledger_url):
            raise CommandError("the setting LEDGER is no database: this command needs one")
        gateway = configuration.build_gateway()
        merchant = configuration.merchant_id or getattr(getattr(gateway, "merchant", None), "merchant_id", "")
        os.environ["CREANCE_PAY_LEDGER"] = url
        if status := main(["ledger", *words, *(["--merchant", merchant] if "--merchant" not in words else [])]):
            sys.exit(status)
