"""``creance-pay office``: serve the office's pages about a ledger on this machine."""

from __future__ import annotations

import getpass
import signal
import threading
from argparse import ArgumentParser, Namespace
from contextlib import closing, suppress

from .._signals import on_end
from ..ledger import SqlLedger
from ..office import Office
from .arguments import whole_number
from .ledger_command import add_ledger, ledger_url, only_merchant


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    add_ledger(command)
    command.add_argument("--by", default=None, help="the person who closes incidents (default: the user's name)")
    command.add_argument("--port", type=whole_number(0, 65_535), default=0, help="the port (default: a free one)")
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Serve until SIGINT (Ctrl-C) or SIGTERM."""
    from ..office.loopback import office_pages  # noqa: PLC0415 - loads Flask, an extra
    from ..testing.server import serving  # noqa: PLC0415 - the same

    url = ledger_url(options.file)
    with closing(SqlLedger(url, merchant_id=options.merchant or only_merchant(url))) as ledger:
        pages = office_pages(Office(ledger=ledger), by=options.by or getpass.getuser())
        with (
            suppress(KeyboardInterrupt),
            on_end(signal.default_int_handler),
            serving(pages, port=options.port) as address,
        ):
            print(f"The office's pages: {address}   (Ctrl-C stops it; on this machine alone)", flush=True)
            threading.Event().wait()
    return 0
