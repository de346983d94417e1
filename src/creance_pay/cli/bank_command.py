"""``creance-pay bank``: serve a test bank on this machine.  No payment is real; faults can be chosen."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from datetime import timedelta

from ..testing import TrialMerchant
from ..testing.sips import Fault, SipsBank, TrialCard
from . import bank_trigger
from .arguments import seconds, values, whole_number


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    faults = values(Fault)
    command.add_argument("--port", type=whole_number(0, 65_535), default=0, help="the port (default: a free one)")
    command.add_argument(
        "--fault",
        choices=faults,
        default=Fault.NONE.value,
        metavar="FAULT",
        help=f"the fault of a payment, unless the page chooses another: {', '.join(faults)}",
    )
    command.add_argument(
        "--seconds",
        type=seconds,
        default=timedelta(minutes=15),
        help="the time in seconds after which the payment page expires (default: 900)",
    )
    command.add_argument(
        "--delay",
        type=seconds,
        default=timedelta(seconds=30),
        metavar="SECONDS",
        help="the delay of late notifications, in seconds (default: 30)",
    )
    command.add_argument(
        "--attempts", type=whole_number(1, 99), default=3, help="the number of cards to try (default: %(default)s)"
    )
    command.add_argument("--merchant", metavar="ID", help="the merchant number (default: that of the test merchant)")
    bank_trigger.add_keys(command)
    command.set_defaults(run=run)
    bank_trigger.declare(command)


def run(options: Namespace) -> int:
    """Serve until SIGINT (Ctrl-C) or SIGTERM."""
    from ..testing.sips.server import serving_bank  # noqa: PLC0415 - loads Flask, an extra

    # A shell makes a background process ignore SIGINT: set both handlers explicitly.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    merchant, fault = bank_trigger.merchant_of(options, options.merchant), Fault(options.fault)
    bank = SipsBank(
        {merchant.merchant_id: merchant.keys},
        lifetime=options.seconds,
        attempts=options.attempts,
        delay=options.delay,
        fault=fault,
    )
    with suppress(KeyboardInterrupt), serving_bank(bank, port=options.port) as url:
        _print_settings(url, merchant, fault)
        threading.Event().wait()
    return 0


def _print_settings(url: str, merchant: TrialMerchant, fault: Fault) -> None:
    """Print the settings for a portal.  The keys of the test merchant are published, and protect nothing."""
    print(f"The bank's page: {url}   (Ctrl-C stops it; no payment is real)")
    print(f"merchant_id      {merchant.merchant_id}")
    for key in merchant.keys:
        secret = key.get_secret_value() if key.weakness else "(in the key file)"
        print(f"key {key.version:12} {secret}{'   current' if key is merchant.keys.current else ''}")
    print(f"operations       {url}/operations   (nightly batch, refunds, chargebacks, daily reports)")
    print("\nTest cards")
    for card in TrialCard:
        print(f"{card:16} {card.name.replace('_', ' ').lower()}")
    print(f"\nFault: {fault}; others: {', '.join(each for each in Fault if each is not fault)}", flush=True)
