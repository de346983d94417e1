"""``creance-pay bank``: serve a test bank on this machine.  No payment is real; faults can be chosen."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import attrs

from .._signals import on_end
from ..gateways import KeyRing
from ..testing import Fault, TrialCard, TrialMerchant, trial_banks, trial_merchant
from . import bank_trigger
from .arguments import seconds, values, whole_number


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    faults = values(Fault)
    command.add_argument("--bank", choices=trial_banks(), default="sips", help="the bank (default: %(default)s)")
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
    from ..testing.server import serving_bank  # noqa: PLC0415 - loads Flask, an extra

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    merchant, fault = _merchant(options), Fault(options.fault)
    bank = merchant.open_bank(
        lifetime=options.seconds,
        attempts=options.attempts,
        delay=options.delay,
        fault=fault,
    )
    # A shell makes a background process ignore SIGINT: both handlers are set.
    with suppress(KeyboardInterrupt), on_end(signal.default_int_handler), serving_bank(bank, port=options.port) as url:
        _print_settings(url, merchant.settings, fault, hidden=bool(options.key_file))
        threading.Event().wait()
    return 0


def _merchant(options: Namespace) -> TrialMerchant:
    """Build the merchant of the options; the default is the test merchant of the bank."""
    changes: dict[str, object] = {"merchant_id": options.merchant} if options.merchant else {}
    changes |= {"keys": KeyRing.from_file(options.key_file)} if options.key_file else {}
    merchant: TrialMerchant = attrs.evolve(trial_merchant(options.bank), **changes)  # type: ignore[misc]
    return merchant


def _print_settings(url: str, settings: Mapping[str, str], fault: Fault, *, hidden: bool) -> None:
    """Print the settings for a portal.  The keys of the test merchant are published, and protect nothing."""
    print(f"The bank's page: {url}   (Ctrl-C stops it; no payment is real)")
    for name, value in settings.items():
        secret = hidden and name.startswith("key ")
        print(f"{name:16} {'(in the key file)' if secret else value}")
    print(f"operations       {url}/operations   (nightly batch, refunds, chargebacks, daily reports)")
    print("\nTest cards")
    for card in TrialCard:
        print(f"{card:16} {card.name.replace('_', ' ').lower()}")
    print(f"\nFault: {fault}; others: {', '.join(each for each in Fault if each is not fault)}", flush=True)
