"""``creance-pay bank``: serve a bank's page on this machine, that pays nothing and misbehaves on demand."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from ..testing import TrialMerchant
from ..testing.sips import Fault, SipsBank, TrialCard

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("bank", help="serve a bank's page on this machine, to test a portal")
    command.add_argument("--port", type=int, default=0, help="where to serve it (default: a free port)")
    command.add_argument(
        "--fault",
        type=Fault,
        choices=[*Fault],
        default=Fault.NONE,
        metavar="FAULT",
        help="what goes wrong, unless chosen on the page: " + ", ".join(Fault),
    )
    command.add_argument("--seconds", type=_seconds, default="900", help="until a page expires (default: %(default)s)")
    command.add_argument("--delay", type=_seconds, default="30", help="of what is late, in seconds (default: 30)")
    command.add_argument("--attempts", type=int, default=3, help="cards a person may try (default: %(default)s)")
    command.set_defaults(run=run)


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C, or until told to end."""
    from ..testing.sips.server import serving_bank  # noqa: PLC0415 - only here Flask is needed

    # However it was started: a shell lets what it starts in the background ignore Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    shop = TrialMerchant()
    bank = SipsBank(
        {shop.merchant_id: shop.keys},
        lifetime=options.seconds,
        attempts=options.attempts,
        delay=options.delay,
        fault=options.fault,
    )
    with suppress(KeyboardInterrupt), serving_bank(bank, port=options.port) as url:
        _tell(url, shop, options.fault)
        threading.Event().wait()
    return 0


def _tell(url: str, shop: TrialMerchant, fault: Fault) -> None:
    """Print what a portal is set up with; the keys are made up, and protect nothing."""
    print(f"The bank's page: {url}   (Ctrl-C stops it; no payment is real)")
    print(f"merchant_id      {shop.merchant_id}")
    for key in shop.keys:
        print(f"key {key.version:12} {key.get_secret_value()}{'   current' if key is shop.keys.current else ''}")
    print("\nCards to try")
    for card in TrialCard:
        print(f"{card:16} {card.name.replace('_', ' ').lower()}")
    print(f"\nFault: {fault}; others: {', '.join(each for each in Fault if each is not fault)}", flush=True)
