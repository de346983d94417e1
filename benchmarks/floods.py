"""Measure an honest payment beside a flood of forgeries: part of ``python3 dev.py bench``.

One process starts and notifies payments; others post forgeries about its orders without a pause, past the limit of an
hour.  The ledger is one file of SQLite, which has one writer at a time.  Rounds with and without the flood alternate.
"""

import argparse
import os
import statistics
import time
from http import HTTPStatus
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from rounds import demand, machine, publish, table

from creance_pay import HttpMessage, NoticeReference
from creance_pay.gateways import KeyRing, SealAlgorithm, seal
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.ledger import SqlLedger
from creance_pay.payments import PaymentService
from ledger import AMOUNT, ANSWER, KEY, MERCHANT, NOTIFICATION_URL, PAYLOAD_KEY, RETURN_URL

ATTACKERS, LIMIT = 2, 1_000
MAX_DELAY_MS = 50


def service_of(url: str) -> PaymentService:
    """Build the service of a portal."""
    gateway = SipsPaypage(
        merchant_id=MERCHANT, keys=KeyRing([KEY], current=KEY.version), host=SipsHost.WORLDLINE_SIMULATION
    )
    return PaymentService(gateway, SqlLedger(url, merchant_id=MERCHANT, payload_keys=[PAYLOAD_KEY]))


def message(reference: str, nonce: str, *, forged: bool = False) -> HttpMessage:
    """Return a message of the bank."""
    text = f"{ANSWER}|transactionReference={reference}|returnContext={nonce}"
    sealed = seal(text, KEY, SealAlgorithm.HMAC_SHA_256)
    return HttpMessage(urlencode({"Data": text, "Seal": "0" * 64 if forged else sealed}).encode())


def forge(url: str, reference: str, begun: Event, flood: Event, end: Event) -> None:
    """Post forgeries while the flood lasts."""
    service, forgery = service_of(url), message(reference, "none", forged=True)
    begun.set()
    while not end.is_set():
        if flood.wait(0.1):
            service.on_notification(forgery)


def start(service: PaymentService, notice: NoticeReference) -> str:
    """Start a payment, and return its reference."""
    return service.start(
        AMOUNT, {notice: AMOUNT}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL
    ).transaction_reference


def pay(service: PaymentService, ledger: SqlLedger, notice: NoticeReference) -> float:
    """Start and notify a payment, and return the milliseconds."""
    began = time.perf_counter()
    reference = start(service, notice)
    started = time.perf_counter() - began
    payment = ledger.find(reference)
    posted = message(reference, payment.order.nonce if payment else "")
    began = time.perf_counter()
    status = service.on_notification(posted).http_status
    spent = started + time.perf_counter() - began
    demand(status == HTTPStatus.OK, f"answered {status}")
    return spent * 1_000


def main() -> None:
    """Measure, and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--payments", type=int, default=50)
    options = parser.parse_args()
    context, numbers, load = get_context("spawn"), count(), os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        service = service_of(url)
        ledger = SqlLedger(url, merchant_id=MERCHANT, payload_keys=[PAYLOAD_KEY])

        def notice() -> NoticeReference:
            return NoticeReference(f"63117054{next(numbers):08d}F")

        reference = start(service, notice())
        for _ in range(LIMIT):
            service.on_notification(message(reference, "none", forged=True))
        flood, end = context.Event(), context.Event()
        begun = [context.Event() for _ in range(ATTACKERS)]
        attackers = [context.Process(target=forge, args=(url, reference, each, flood, end)) for each in begun]
        for attacker in attackers:
            attacker.start()
        for ready in begun:
            ready.wait()
        times: dict[bool, list[float]] = {False: [], True: []}
        for turn in range(2 * options.rounds):
            flooded = bool(turn % 2)
            flood.set() if flooded else flood.clear()
            times[flooded] += [pay(service, ledger, notice()) for _ in range(options.payments)]
        flood.set()
        end.set()
        for attacker in attackers:
            attacker.join()
    quiet, busy = (statistics.median(times[each]) for each in (False, True))
    head = ("load", "payments", "median ms", "times quiet")
    rows = [
        ("quiet", "start and notification", f"{quiet:.1f}", "1.00"),
        (f"{ATTACKERS} processes that forge", "start and notification", f"{busy:.1f}", f"{busy / quiet:.2f}"),
    ]
    publish(
        "An honest payment beside forgeries",
        [
            f"The median of {len(times[True])} payments in each load, in turns; wall-clock time, without effects.",
            f"Machine: {machine()}.  Load average before the measurement: {load:.0f}.",
            f"The forgeries delay a payment by {busy - quiet:.1f} ms at the median; the bound is {MAX_DELAY_MS} ms.",
            "",
            *table(head, rows),
        ],
    )


if __name__ == "__main__":
    main()
