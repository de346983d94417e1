"""Run merchants in equal simulated worlds and count what goes wrong: ``python3 dev.py bench worlds``.

The bank, the people, the office, the operator and the faults of a world are those of ``dev.py simulate``.  One merchant
is creance-pay.  The other uses the module ``sips2`` of eopayment as its documentation shows: ``request``, then
``response`` for each message, and an order is paid when the result is PAID.  A second row adds the checks that a
careful caller can make with what ``response`` returns: the seal, the merchant and the amount.

The peer keeps its orders in a table that survives a crash, and subtracts what is paid and not posted from what it asks.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.metadata import version
from typing import Any
from uuid import UUID

import attrs
from eopayment import PAID, Payment
from rounds import machine, publish, table

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentOrder, PaymentState
from creance_pay.errors import InvalidValueError
from creance_pay.gateways import FormPost
from creance_pay.ledger import Disposition, MemoryLedger, PostingState, RecordResult, Sums
from creance_pay.ledger import Payment as Row
from creance_pay.payments import Answer, PaymentView, StartedPayment
from creance_pay.testing.simulation import Letter, World
from creance_pay.testing.simulation.sites import Process, Site, Surroundings
from creance_pay.testing.sips import SimulatedSips
from creance_pay.testing.sips.simulated import MERCHANT

WORLDS = 1000
#: The keys of the simulated merchant, by version.
KEYS = {each: f"a-key-number-{each}-of-a-simulated-merchant" for each in ("1", "2")}
_REFUSED, _OK = 400, 200


class Orders:
    """The service of a merchant that uses eopayment: a table of orders, and the loop of the documentation.

    Args:
        process: The process that it runs in.
        careful: Whether the caller checks the seal, the merchant and the amount.
    """

    def __init__(self, process: Process, *, careful: bool) -> None:
        """Configure the backend of the process."""
        self._process, self._careful = process, careful
        # Only an operator rotates: the end of the faults, when every process has both keys, changes nothing here.
        key = "2" if process.rotated and "rotation" in process.world.faults else "1"
        options = {
            "platform": "prod", "merchant_id": MERCHANT, "secret_key": KEYS[key], "key_version": key,
            "normal_return_url": "http://127.0.0.1/return", "automatic_return_url": "http://127.0.0.1/notification",
        }  # fmt: skip
        self._payment = Payment("sips2", options)

    def start(self, amount: Euros, notices: Mapping[NoticeReference, Euros], **_: object) -> StartedPayment:
        """Request a payment, and record its order."""
        process, now = self._process, self._process.clock()
        drawn = UUID(int=process.ledger.chance.getrandbits(128)).hex  # as eopayment draws one, but from the seed
        reference, _, form = self._payment.request(str(Decimal(amount.cents) / 100), transaction_id=drawn)
        order = PaymentOrder(
            transaction_reference=reference,
            amount=amount,
            notices=notices,
            return_url="http://127.0.0.1/return",
            notification_url="http://127.0.0.1/notification",
            nonce=reference,
        )
        open_ = dict.fromkeys(notices, PostingState.OPEN)
        row = Row(order=order, created_at=now, changed_at=now, awaits_posting=True, postings=open_)
        with process.ledger.transaction() as store:
            store.add(row)
        fields = {field["name"]: field["value"] for field in form.fields}
        return StartedPayment(transaction_reference=reference, form=FormPost(form.url, fields))

    def on_notification(self, message: HttpMessage) -> Answer:
        """Mark the order of a message as paid, when the result is PAID."""
        try:
            response = self._payment.response(message.body.decode())
        except Exception:  # noqa: BLE001 - the framework answers a failed view; the bank sends nothing again
            return Answer(http_status=_REFUSED, result=InvalidValueError("response raised"))
        if self._careful and not self._right(response):
            return Answer(http_status=_REFUSED, result=InvalidValueError("not of this order"))
        row = self._process.site.inner.find(response.order_id or "")
        if response.result != PAID or row is None:
            return Answer(http_status=_OK, result=InvalidValueError("not paid"))
        paid = attrs.evolve(row, state=PaymentState.PAID, sums=Sums(captured=row.amount))
        if not row.sums.captured.cents:
            with self._process.ledger.transaction() as store:
                store.update(paid)
        return Answer(http_status=_OK, result=RecordResult(payment=paid, disposition=Disposition.APPLIED))

    def on_return(self, message: HttpMessage) -> Answer:
        """Process a return as a notification: ``response`` takes both."""
        return self.on_notification(message)

    def _right(self, response: Any) -> bool:  # noqa: ANN401 - eopayment has no types
        row, data = self._process.site.inner.find(response.order_id or ""), response.bank_data
        same = row is not None and data.get("amount") == str(row.amount.cents) and data.get("merchantId") == MERCHANT
        return bool(response.signed and same)

    def posted(self, reference: str, notices: list[NoticeReference] | None = None, **_: object) -> None:
        """Record that the caisse has posted an order."""
        with self._process.ledger.transaction() as store:
            row = store.find(reference)
            if row is not None:
                done = dict.fromkeys(notices or row.order.notices, PostingState.POSTED)
                store.update(attrs.evolve(row, postings={**row.postings, **done}))

    def refund(self, reference: str, amount: Euros | None = None, **_: object) -> None:
        """Refund at the bank's own screens: ``sips2`` has no refund."""
        row = self._process.site.inner.find(reference)
        entry = self._process.world.bank.entries().get(reference)
        if row is not None and entry is not None and entry.held.cents:
            self._process.world.bank.give_back(reference, min(amount or entry.held, entry.held))

    cancel = refund

    def nothing(self, *_: object, **__: object) -> None:
        """Do nothing: a caller of eopayment has no effects, questions, reports, incidents and corrections."""

    rejected = run_effects = reconcile = close_incident = correct = nothing


class Peer(Process):
    """A process of a merchant that uses eopayment."""

    careful = False

    def restart(self) -> None:
        """Start with the keys of now."""
        super().restart()
        self.service = Orders(self, careful=self.careful)  # type: ignore[assignment]


class CarefulPeer(Peer):
    """The same, whose caller checks the seal, the merchant and the amount."""

    careful = True


class CountedWorld(World):
    """A world that counts the messages that a merchant wrongly believes."""

    deceived = 0

    def _check_answer(self, letter: Letter, answer: Answer | PaymentView, process: Process) -> None:
        super()._check_answer(letter, answer, process)
        wrong = not letter.genuine or not letter.of_order
        self.deceived += wrong and isinstance(answer.result, RecordResult)


def live(seed: int, process: Callable[[Surroundings, Site], Process]) -> Counter[str]:
    """Play one world with a merchant, and count what is wrong at its end."""
    world = CountedWorld(seed, open_ledger=lambda _: MemoryLedger(), bank=SimulatedSips, process=process)
    world.play()
    world.calm()
    for night in range(7):
        world.tick(world.bank.report(whole=night == 4) if night >= 4 else ())  # noqa: PLR2004 - as simulate does
        world.post()
    counts = Counter(orders=sum(len(site.attempts) for site in world.sites), believed=world.deceived)
    entries = world.bank.entries()
    for site in world.sites:
        told = site.raised()
        for attempt in site.attempts.values():
            row, entry = site.inner.find(attempt.reference), entries.get(attempt.nonce)
            paid = row is not None and row.order.nonce == attempt.nonce and bool(row.sums.captured.cents)
            taken = entry is not None and bool(entry.taken.cents)
            known = any(about in {attempt.reference, ""} for _, about in told)
            counts["paid at the bank"] += taken
            counts["wrongly paid"] += paid and not taken
            counts["lost"] += bool(entry and entry.held.cents) and not paid and not known
        for notice, debt in site.debts.items():
            held = Euros(0)
            references = {""}
            for attempt in site.attempts.values():
                entry = entries.get(attempt.nonce)
                if entry and notice in attempt.notices:
                    held += attempt.share(notice, entry.held)
                    references.add(attempt.reference)
            counts["doubled"] += held > debt
            counts["doubled, nobody told"] += held > debt and not any(about in references for _, about in told)
    return counts


def main() -> None:
    """Run each merchant in the worlds, and publish the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=WORLDS)
    worlds = parser.parse_args().worlds
    logging.disable(logging.CRITICAL)
    merchants = {
        "eopayment, the loop of its documentation": Peer,
        "eopayment, the caller checks seal, merchant and amount": CarefulPeer,
        "creance-pay": Process,
    }
    columns = ("orders", "paid at the bank", "wrongly paid", "believed", "lost", "doubled", "doubled, nobody told")
    rows = []
    for name, process in merchants.items():
        counts = sum((live(seed, process) for seed in range(worlds)), Counter[str]())
        rows.append((name, *(counts[column] for column in columns)))
        print(rows[-1], flush=True)
    lines = [
        f"Counts over the worlds of seeds 0 to {worlds - 1}: `python3 dev.py bench worlds`.",
        f"Machine: {machine()}.  Peer: eopayment {version('eopayment')}, module `sips2`.",
        "The bank, the people and the faults are the same; people act on the answers, so that the orders differ.",
        "",
        "- *Wrongly paid*: the merchant has an order as paid, and the bank has no money of it.",
        "- *Believed*: forgeries, and messages with another amount, that the merchant recorded as a payment.",
        "- *Lost*: the bank holds the money, the order is not paid, and no incident reports it.",
        "- *Doubled*: the bank holds more money than the debt of a notice.",
        "",
        "eopayment claims less than these columns ask.",
        "It builds a request and parses an answer; the check of `signed` and of the amount is left to its caller.",
        "It stores no order, has one key, asks the bank nothing by itself, reads no report and knows no debt.",
        "Its caller here subtracts paid orders that are not posted, and has no other rule against a second payment.",
        "",
        "Some banks repeat no nonce in reports and answers.",
        "There an order of creance-pay counts as paid by an order of another ledger with its reference and its amount,",
        "where the bank took the money after the order was recorded: the orders *wrongly paid* of its row.",
        "`docs/limits.md` states the conditions.",
        "",
        *table(("merchant", *columns), rows),
    ]
    publish("Merchants in equal worlds", lines)


if __name__ == "__main__":
    main()
