"""``manage.py creance_ledger ACT``: the command ``creance-pay ledger`` on the portal's ledger."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ....cli import ledger_command, parse, run
from ...setting import Configuration


class Command(BaseCommand):
    """The commands of the ledger."""

    help = "Read the portal's ledger and act on it; the setting CREANCE_PAY names the ledger and the service."

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass every word after the name on to ``creance-pay ledger``."""
        self.handle(words=argv[2:])

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the words, for a call from Python."""
        parser.add_argument("words", nargs="*")

    def handle(self, *, words: list[str], **_: Any) -> None:  # noqa: ANN401 - Django's own
        """Run the command, and exit with its status."""
        status = run(lambda: self._options(words or ["--help"]))
        if status:
            sys.exit(status)

    def _options(self, words: list[str]) -> Namespace:
        """Parse the words, and add the ledger and the policy of the setting."""
        command = ArgumentParser(prog="manage.py creance_ledger", description=self.help)
        ledger_command.declare(command, service="creance_pay.django:payment_service")
        options = parse(command, words)
        if "service" in options:
            return options
        configuration = Configuration.read()
        if not (url := configuration.ledger_url):
            raise CommandError("the setting LEDGER is no database: this act needs one")
        os.environ["CREANCE_PAY_LEDGER"] = url
        options.merchant = configuration.build_merchant()
        if getattr(options, "policy", None) == []:
            options.policy = [configuration.policy]
        return options
