"""``manage.py creance_worker``: run effects, ask the bank, watch the health, erase old letters, until SIGTERM."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from ...._signals import on_end
from ....payments import Problem, Worker
from ...models import Letter
from ...setting import Configuration, payment_service, today


def _erase_letters() -> None:
    """Erase the texts of letters past their day, on a connection that the database has not closed."""
    close_old_connections()
    Letter.objects.erase(today())


class Command(BaseCommand):
    """The worker of the payments; several at once share the work."""

    help = "Run effects, ask the bank about open payments and erase old letters, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="run once, as from a timer, and print what is wrong")
        parser.add_argument("--every", type=float, default=60.0, help="the seconds between two questions (default: 60)")

    def handle(self, *_: Any, once: bool, every: float, **__: Any) -> None:  # noqa: ANN401 - Django's own
        """Run until a signal; exit with 1 when the process has to be started again."""
        policies = Configuration.read().policies
        daily = {"letters": _erase_letters}
        worker = Worker(payment_service(), every=timedelta(seconds=every), policies=policies, daily=daily)
        if once:
            self._print(worker.once())
            return
        with on_end(lambda *_: worker.stop()):
            stopped = worker.run()
        if not stopped:
            sys.exit(1)

    def _print(self, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            self.stdout.write(str(problem))
