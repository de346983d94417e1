"""``manage.py creance_worker``: run effects, ask the bank, erase old letters, until SIGTERM."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from ...mailbox import today
from ...models import Letter
from ...setting import payment_service


class Command(BaseCommand):
    """The worker of the payments; several at once share the work."""

    help = "Run effects, ask the bank about open payments and erase old letters, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="run once, as from a timer, and exit")
        parser.add_argument("--seconds", type=float, default=5.0, help="the pause between two runs (default: 5)")

    def handle(self, *_: Any, once: bool, seconds: float, **__: Any) -> None:  # noqa: ANN401 - Django's own
        """Run until a signal."""
        stopped = threading.Event()
        if not once:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            self._run()
            if once:
                return
            stopped.wait(seconds)

    def _run(self) -> None:
        """Do what is due; an effect that fails is logged, and retried later."""
        service = payment_service()
        found, run = service.reconcile(), service.run_effects()
        erased = Letter.objects.erase(today())
        close_old_connections()
        if found.recorded or run.done or run.failed or erased:
            self.stdout.write(
                f"answers {len(found.recorded)}, effects {run.done}, failed {run.failed}, letters erased {erased}"
            )
