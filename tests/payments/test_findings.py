"""What reviews and users of other payment modules found, where no other test has it; docs/limits.md lists all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage
from creance_pay.errors import PaymentInProgressError
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import Effect, Ledger, MemoryLedger
from ledger_desk import ACCEPTED, NOTICE, PENDING, Desk, message
from sips_merchant import MERCHANT, NOON


def test_killed_effect(ledger: Ledger) -> None:
    """An effect that ends its worker each time raises an incident, as one that raises an error does."""
    effect = Effect(name="post", run=lambda *_: None)
    desk = Desk(ledger, effects=[effect])
    desk.notify(desk.start())
    for _ in range(6):
        ledger.claim(now=desk.now, effects=[effect])  # the process ends before it records anything
        desk.later(hours=1)

    assert ["EFFECT_FAILING"] == desk.incidents()


def test_lease(ledger: Ledger) -> None:
    """An effect that runs for longer than a minute is not begun twice: it has a lease of its own."""
    effect = Effect(name="post", run=lambda *_: None, lease=timedelta(minutes=10))
    desk = Desk(ledger, effects=[effect])
    desk.notify(desk.start())
    begun = [ledger.claim(now=NOON + timedelta(minutes=minute), effects=[effect]) for minute in (0, 1, 9, 11)]

    assert [True, False, False, True] == [each is not None for each in begun]


@pytest.mark.parametrize("opening", [True, False], ids=["open", "ask"])
def test_clock_a_year_ahead(ledger: Ledger, opening: bool) -> None:  # noqa: FBT001 - a parameter
    """A process whose clock is a year ahead silences no question of the others, when it opens an order or asks."""
    desk = Desk(ledger, asking=True)
    desk.later(days=365 if opening else 0)
    started = desk.start()
    desk.visit(started, PENDING)
    desk.notify(started, "60")
    desk.later(days=0 if opening else 365)
    desk.service.reconcile()
    desk.later(days=-365)
    request = desk.bank.requests[started.transaction_reference]
    desk.bank.accounts.clear()
    desk.bank.answer(request, desk.bank.pay(request, ACCEPTED))
    desk.later(minutes=30)
    desk.service.reconcile()

    assert ("PAID", None) == (desk.state(started), desk.payment(started).ask_at)


def test_next_question(ledger: Ledger) -> None:
    """Questions that bring nothing new are asked no sooner than their waits, by clocks that differ by a few seconds."""
    desk = Desk(ledger, asking=True)
    desk.start()
    for hours in (1, 4, 24, 48, 48):
        desk.later(hours=hours)
        desk.service.reconcile()
    asked = desk.line.asked
    desk.later(seconds=-10)
    desk.service.reconcile()
    desk.later(hours=23)
    desk.service.reconcile()

    assert (5, 5) == (asked, desk.line.asked)


def test_late_failure(ledger: Ledger) -> None:
    """A failure that comes after the lease does not end the lease of the worker that runs the effect by then."""
    effect = Effect(name="post", run=lambda *_: None)
    desk = Desk(ledger, effects=[effect])
    desk.notify(desk.start())
    first = ledger.claim(now=NOON, effects=[effect])
    second = ledger.claim(now=NOON + timedelta(minutes=10), effects=[effect])
    assert first is not None
    assert second is not None
    ledger.finish(first[0].failed(NOON, "ConnectionError"), at=None)
    third = ledger.claim(now=NOON + timedelta(minutes=11), effects=[effect])
    ledger.finish(second[0].failed(NOON + timedelta(minutes=12), "ConnectionError"), at=None)
    fourth = ledger.claim(now=NOON + timedelta(minutes=14), effects=[effect])

    assert (None, 3) == (third, fourth and fourth[0].attempts)


def test_unbelieved_answer(ledger: Ledger) -> None:
    """An answer that is not believed raises an incident, and the next question waits as after any other."""
    desk = Desk(ledger, asking=True)
    started = desk.start()
    desk.visit(started, ACCEPTED)
    request = desk.bank.requests[started.transaction_reference]
    desk.bank.requests[started.transaction_reference] = attrs.evolve(request, nonce=None)
    desk.notify(started, "94")
    desk.later(minutes=30)
    for _ in range(5):
        desk.service.reconcile()

    assert (1, "UNKNOWN") == (desk.line.asked, desk.state(started))
    assert ["REFERENCE_USED", "FOREIGN_TRANSACTION"] == desk.incidents()


def test_refunded_in_part(ledger: Ledger) -> None:
    """A payment of which a part was refunded the same day still keeps its notice from being paid again."""
    desk = Desk(ledger, asking=True)
    started = desk.start(cents=3000)
    desk.visit(started, ACCEPTED)
    desk.notify(started, amount="3000")
    desk.bank.run_nightly_batch()
    desk.service.refund(started.transaction_reference, Euros(100), by="an operator", reason="a reason")

    assert "PARTIALLY_REFUNDED" == desk.state(started)
    with pytest.raises(PaymentInProgressError):
        desk.start()
    assert {NOTICE: Euros(2900)} == ledger.pending([NOTICE], desk.now)


def test_flood_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit of an hour a forgery opens transactions that read, and takes no lock of a writer."""
    monkeypatch.setattr("creance_pay.ledger.recording.MAX_FOREIGN", 5)
    modes: list[bool] = []

    class Watched(MemoryLedger):
        """A ledger that notes the mode of each transaction."""

        @contextmanager
        def transaction(self, *, write: bool = True) -> Iterator[Any]:
            """Note the mode."""
            modes.append(write)
            with super().transaction(write=write) as store:
                yield store

    desk = Desk(Watched())
    started = desk.start()
    forged = HttpMessage(message(started).body.replace(b"Seal=", b"Seal=0"))
    for _ in range(6):
        desk.service.on_notification(forged)
    modes.clear()
    desk.service.on_notification(forged)

    assert [False] == modes


REPORT = "TRANSACTIONS;{merchant};20261026;1\ntransactionReference;amount;responseCode;transactionDateTime\n"


def test_hour_that_comes_twice(tmp_path: Path, ledger: Ledger) -> None:
    """A report that denies a payment of the hour that comes twice is not taken for an older message."""
    desk = Desk(ledger)
    desk.now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # half past two in Paris, for the second time
    started = desk.start()
    desk.notify(started, transactionDateTime="2026-10-25T02:30:00+01:00")
    file = tmp_path / "report.csv"
    line = f"{started.transaction_reference};1600;05;2026-10-25 02:30:00\nEND;1\n"
    file.write_text(REPORT.format(merchant=MERCHANT) + line, encoding="utf-8")
    desk.service.reconcile(reports=[read_reports(file)])

    assert ("PAID", ["CONTRADICTED"]) == (desk.state(started), desk.incidents())
