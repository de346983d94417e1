"""A payment at Worldline Direct from its start to a refund: the service and the ledger, over a small bank."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentState, VerifiedPayment
from creance_pay.errors import ConfigurationError, GatewayUnavailableError, InvalidValueError, NothingToRecordError
from creance_pay.gateways import HttpAnswer, OperationOutcome, Redirect, ReportLine
from creance_pay.ledger import ActState, Ledger, MemoryLedger, Payment
from creance_pay.payments import PaymentService
from creance_pay.testing import GatewayConformance, Subject
from direct_bank import (
    API_SECRET,
    CARD,
    NOTIFICATION_URL,
    NOW,
    RETURN_URL,
    WEBHOOK_SECRET,
    DirectBank,
    answers,
    direct_gateway,
    direct_order,
    event,
    payment,
    webhook,
)
from trial_desk import TrialDesk

NOTICE = NoticeReference("6311705400000344F")
WHO = {"by": "an operator", "reason": "paid twice"}


@attrs.define
class Portal:
    """A portal with its bank."""

    ledger: Ledger
    bank: DirectBank = attrs.field(factory=DirectBank)
    now: Any = NOW

    @property
    def service(self) -> PaymentService:
        """The service."""
        clock: Callable[[], Any] = lambda: self.now  # noqa: E731 - reads the time at each call
        gateway = direct_gateway(transport=self.bank, clock=clock)
        return PaymentService(gateway, self.ledger, transport=self.bank, clock=clock)

    def start(self) -> str:
        """Start a payment of 20 EUR, and return its reference."""
        amount = Euros(2000)
        started = self.service.start(amount, {NOTICE: amount}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL)
        assert isinstance(started.form, Redirect)
        return started.transaction_reference

    def payment(self, reference: str) -> Payment:
        """Read a payment."""
        found = self.ledger.find(reference)
        assert found is not None
        return found

    def state(self, reference: str) -> str:
        """Read the state of a payment."""
        return str(self.payment(reference).state)

    def notify(self, message: HttpMessage) -> int:
        """Deliver a webhook."""
        return self.service.on_notification(message).http_status


@pytest.fixture
def portal(ledger: Ledger) -> Portal:
    """Open a portal on each kind of ledger."""
    return Portal(ledger)


class TestPayment:
    """A payment."""

    def test_paid(self, portal: Portal) -> None:
        """The checkout's identifier is recorded before the browser leaves, the payment's with the webhook."""
        reference = portal.start()
        before = portal.payment(reference).bank_reference
        status = portal.notify(portal.bank.pay("4481347252"))

        assert ("4481347252", 200) == (before, status)
        assert "4481347252/4481347252_0" == portal.payment(reference).bank_reference
        assert "PAID" == portal.state(reference)

    @pytest.mark.parametrize("code", ["12\0", "\ud800", "\x1b[2J", 5, None])
    def test_text_that_no_database_stores(self, portal: Portal, code: object) -> None:
        """JSON can express texts that a database refuses: the payment is recorded without them."""
        reference = portal.start()
        sent = json.loads(portal.bank.pay("4481347252").body)
        sent["payment"]["paymentOutput"]["cardPaymentMethodSpecificOutput"]["authorisationCode"] = code

        assert (200, "PAID") == (portal.notify(webhook(sent)), portal.state(reference))
        assert portal.payment(reference).authorisation_number is None

    def test_confirm(self, portal: Portal) -> None:
        """The page that follows the return asks once, and the return itself changes nothing."""
        reference = portal.start()
        view = portal.service.on_return(HttpMessage(b"RETURNMAC=x&hostedCheckoutId=1"))
        pending = portal.service.confirm(reference)
        portal.bank.pay("4481347252")
        paid = portal.service.confirm(reference)

        assert (200, "PENDING", "PENDING", "PAID") == (view.http_status, view.state, pending.state, paid.state)
        assert "PAID" == portal.service.confirm(reference).state

    def test_confirm_without_answer(self, portal: Portal) -> None:
        """A bank that does not answer changes nothing, and a second reload asks no more than reconciliation would."""
        reference = portal.start()
        portal.bank.down = True

        assert "CREATED" == portal.service.confirm(reference).state
        with pytest.raises(InvalidValueError):
            portal.service.confirm("PCLCB1")

    def test_reconciled(self, portal: Portal) -> None:
        """Without a webhook, the bank is asked by its own identifier."""
        reference = portal.start()
        portal.bank.pay("4481347252")
        portal.now += timedelta(hours=1)
        portal.service.reconcile()

        assert "PAID" == portal.state(reference)

    def test_no_page(self, portal: Portal) -> None:
        """Without a page of the bank, nothing stays open."""
        portal.bank.down = True
        with pytest.raises(GatewayUnavailableError):
            portal.start()
        portal.bank.down = False

        assert "CREATED" == portal.state(portal.start())

    def test_page_life(self) -> None:
        """A page that stays open for the life of an attempt is refused: an old page could be paid beside a new one."""
        life = timedelta(minutes=20)
        with pytest.raises(ConfigurationError, match="closes within attempt_life"):
            PaymentService(direct_gateway(page_life=life), MemoryLedger(), attempt_life=life)

    def test_test_event(self, portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
        """The bank's test event is answered 200 and logged, and nothing is recorded."""
        caplog.set_level("INFO", "creance_pay.payments")
        message = webhook(event(payment("TEST", 1234, id="9999_9"), "payment.test"))
        answer = portal.service.on_notification(message)

        assert (200, True) == (answer.http_status, isinstance(answer.result, NothingToRecordError))
        assert ((), ()) == (portal.service.incidents(), portal.ledger.parked())
        assert ["nothing_to_record"] == [record.getMessage().split()[0] for record in caplog.records]

    def test_another_checkout(self, portal: Portal) -> None:
        """An event about another checkout with our reference is a mismatch."""
        reference = portal.start()
        message = webhook(event(payment(reference, hostedCheckoutSpecificOutput={"hostedCheckoutId": "999"})))

        assert 200 == portal.notify(message)
        assert ("CREATED", ["ORDER_MISMATCH"]) == (
            portal.state(reference),
            [incident.kind for incident in portal.service.incidents()],
        )

    def test_not_bound(self, portal: Portal) -> None:
        """An event that nothing binds to this order pays nothing: the bank is asked."""
        reference = portal.start()
        portal.notify(webhook(event(payment(reference))))
        before = portal.state(reference)
        portal.bank.pay("4481347252")
        portal.now += timedelta(hours=1)
        portal.service.reconcile()

        assert ("UNKNOWN", "PAID") == (before, portal.state(reference))

    def test_late_event(self, portal: Portal) -> None:
        """A late event about a creation changes nothing (DK2)."""
        reference = portal.start()
        late = payment(reference, status="CREATED", statusOutput={"statusCode": 0, "statusCategory": "CREATED"})
        portal.notify(portal.bank.pay("4481347252"))
        portal.notify(webhook(event(late)))

        assert "PAID" == portal.state(reference)

    def test_captured_later(self, portal: Portal) -> None:
        """A requested capture is pending until the bank reports the capture (DK3)."""
        reference = portal.start()
        portal.notify(portal.bank.pay("4481347252", PaymentState.PENDING))
        before = portal.state(reference)
        portal.notify(portal.bank.pay("4481347252"))

        assert ("PENDING", "PAID") == (before, portal.state(reference))

    def test_before_the_order(self) -> None:
        """An event about an unknown order is answered 503, and counts when it comes again after the order (DK6)."""
        first, portal = Portal(MemoryLedger()), Portal(MemoryLedger())
        first.start()
        message = first.bank.pay("4481347252")

        assert 503 == portal.notify(message)

    def test_chargeback(self, portal: Portal) -> None:
        """A chargeback has no documented event: one in the bank's words moves no money, and calls for a person."""
        reference = portal.start()
        message = portal.bank.pay("4481347252")
        portal.notify(message)
        taken = payment(reference, status="CHARGEBACKED")
        portal.notify(webhook(event(taken, "payment.chargebacked")))

        assert ("PAID", ["CHARGED_BACK"]) == (
            portal.state(reference),
            [incident.kind for incident in portal.service.incidents()],
        )


class TestRefund:
    """Refunds."""

    @pytest.fixture
    def reference(self, portal: Portal) -> str:
        """Return the reference of a payment that is paid."""
        reference = portal.start()
        portal.notify(portal.bank.pay("4481347252"))
        return reference

    def test_two_equal_refunds(self, portal: Portal, reference: str) -> None:
        """Two events about equal parts are two movements, and the same event again is none (DK5)."""
        for _ in range(2):
            portal.bank.give_back("4481347252", 500)
            for _ in range(2):
                portal.notify(portal.bank.refund_event("4481347252"))
        refunded = portal.payment(reference).sums.refunded

        assert ("PARTIALLY_REFUNDED", Euros(1000)) == (portal.state(reference), refunded)

    def test_two_refunds(self, portal: Portal, reference: str) -> None:
        """Two acts have two idempotence keys, and the bank makes two refunds (DJ8)."""
        acts = []
        for _ in range(2):
            acts.append(portal.service.refund(reference, Euros(500), **WHO).state)
            portal.notify(portal.bank.refund_event("4481347252"))  # the same money, reported once more

        assert [ActState.DONE, ActState.DONE] == acts
        assert Euros(1000) == portal.payment(reference).sums.refunded
        assert 3 == len(portal.bank.checkouts["4481347252"]["operations"])

    @pytest.mark.parametrize("identifier", ["x" * 201, "a/b", "é", ""])
    def test_ill_formed_identifier(self, portal: Portal, reference: str, identifier: str) -> None:
        """A refund whose identifier is ill-formed could be counted twice: it moves no money."""
        portal.bank.give_back("4481347252", 500)
        sent = json.loads(portal.bank.refund_event("4481347252").body)
        sent["refund"]["id"] = identifier
        portal.notify(webhook(sent))

        assert "PAID" == portal.state(reference)

    def test_one_refund_twice(self, portal: Portal, reference: str) -> None:
        """One key, used again after a lost answer, is one refund (DJ9)."""
        known = portal.payment(reference)
        results = [
            direct_gateway().refund(
                known.order, portal.bank, amount=Euros(500), bank_reference=known.bank_reference, key="refund-1"
            )
            for _ in range(2)
        ]

        assert results[0] == results[1]
        assert 2 == len(portal.bank.checkouts["4481347252"]["operations"])

    def test_accepted(self, portal: Portal, reference: str) -> None:
        """A refund that the bank has only accepted moves no money in the ledger; its event does."""
        portal.bank.refund_code = 81
        act = portal.service.refund(reference, Euros(500), **WHO)
        before = portal.state(reference)
        portal.notify(portal.bank.refund_event("4481347252"))

        assert (ActState.DONE, "PAID", "PARTIALLY_REFUNDED") == (act.state, before, portal.state(reference))


class TestTwoPortals:
    """Two portals of one contract issue the same reference."""

    def test_key_of_an_act(self, portal: Portal) -> None:
        """The key of an act names order and act: no act of another portal or of a lost ledger has it."""
        reference = portal.start()
        portal.notify(portal.bank.pay("4481347252"))
        portal.service.refund(reference, Euros(500), **WHO)
        nonce, number = portal.payment(reference).order.nonce, portal.ledger.acts(reference)[0].number

        assert [f"{nonce}-create", f"{nonce}:{number}:R500"] == list(portal.bank.done)

    def test_refund_of_another(self, portal: Portal) -> None:
        """A refund that nothing binds to the order is an incident: nobody would ask about a paid payment."""
        reference = portal.start()
        portal.notify(portal.bank.pay("4481347252"))
        output = {"amountOfMoney": {"amount": 500, "currencyCode": "EUR"}}
        references = {"references": {"merchantReference": reference}}
        refund = {
            "id": "999_1", "status": "REFUNDED", "statusOutput": {"statusCode": 8}, "refundOutput": output | references,
        }  # fmt: skip

        assert 200 == portal.notify(webhook(event(refund, "payment.refunded")))
        assert ("PAID", ["ORDER_MISMATCH"]) == (
            portal.state(reference),
            [incident.kind for incident in portal.service.incidents()],
        )

    def test_lines_of_both(self, portal: Portal) -> None:
        """The line about another portal's order is no repetition of this order's line."""
        reference = portal.start()
        order = portal.payment(reference).order
        lines = [
            ReportLine(
                number=number,
                transaction_reference=reference,
                amount=order.amount,
                state=PaymentState.PAID,
                at=NOW,
                currency="EUR",
                values={"line": str(number)},
                nonce=nonce,
            )
            for number, nonce in enumerate(("of-another-portal", order.nonce), 1)
        ]
        portal.service.reconcile(reports=lines)

        assert ("PAID", ["FOREIGN_TRANSACTION"]) == (
            portal.state(reference),
            [incident.kind for incident in portal.service.incidents()],
        )


def test_accepted_without_answer() -> None:
    """A refund that the bank has accepted, and whose answer is lost, stays open until the bank has ended it.

    Ended too early as FAILED, it would be made a second time by another operator.
    """
    desk = TrialDesk(MemoryLedger(), "direct")
    desk.bank.refunds_at_night = True  # type: ignore[attr-defined]
    started = desk.start()
    desk.notify(desk.pay(started).notifications[0].message)
    reference, states = started.transaction_reference, []
    desk.line.lost = True
    states.append(desk.service.refund(reference, Euros(500), **WHO).state)
    desk.line.lost = False
    for _ in range(2):
        desk.later(minutes=5)
        desk.service.reconcile()
        states.append(desk.ledger.acts(reference)[0].state)
        desk.bank.run_nightly_batch()

    assert [ActState.REQUESTED, ActState.REQUESTED, ActState.DONE] == states
    assert Euros(1100) == desk.bank.account(reference)[1].remaining


def test_accepted_before_another() -> None:
    """A refund that the bank has accepted, and that ends later, does not end another act of the same amount."""
    desk = TrialDesk(MemoryLedger(), "direct")
    desk.bank.refunds_at_night = True  # type: ignore[attr-defined]
    started = desk.start()
    desk.notify(desk.pay(started).notifications[0].message)
    reference = started.transaction_reference
    desk.service.refund(reference, Euros(500), **WHO)
    desk.line.cut = True
    desk.service.refund(reference, Euros(500), **WHO)  # the bank never receives it
    desk.line.cut = False
    desk.bank.run_nightly_batch()
    desk.later(minutes=5)
    desk.service.reconcile()

    assert [ActState.DONE, ActState.FAILED] == [act.state for act in desk.ledger.acts(reference)]


def direct_subject() -> Subject:
    """Return the gateway, as a subject of the conformance suite."""
    order = direct_order()
    genuine = webhook(event(payment()))
    own = {name: value for name, value in genuine.headers.items() if name != "X-GCS-Signature"}
    return Subject(
        gateway=direct_gateway(transport=DirectBank()),
        order=order,
        genuine=lambda about, state: webhook(event(payment(about.transaction_reference, about.amount.cents, state))),
        states=(
            PaymentState.PAID,
            PaymentState.AUTHORISED,
            PaymentState.REFUSED,
            PaymentState.CANCELLED,
            PaymentState.PENDING,
        ),
        forged={
            "another key": webhook(event(payment()), secret="another-secret-of-somebody"),
            "the key of the interface": webhook(event(payment()), secret=API_SECRET),
            "an unknown key": webhook(event(payment()), key_id="unknown"),
            "no signature": HttpMessage(genuine.body, own),
            "another text": HttpMessage(webhook(event(payment(cents=1))).body, genuine.headers),
            "a repeated name (J26)": webhook(genuine.body.replace(b'{"apiVersion"', b'{"type": "x", "apiVersion"', 1)),
            "not a number": webhook(genuine.body.replace(b"2000", b"NaN", 1)),
            "no type": webhook({"apiVersion": "v1"}),
        },
        foreign={
            "another merchant": webhook({**event(payment()), "merchantId": "ANOTHER"}),
            "another currency": webhook(event(payment(currency="USD"))),
        },
        ignored={
            "a test": webhook(event(payment("TEST", 1234), "payment.test")),
            "another product": webhook(event(payment(), "paymentlink.paid")),
            "nothing": webhook({"apiVersion": "v1", "type": "payment.created", "merchantId": "x"}),
        },
        secrets=(API_SECRET, WEBHOOK_SECRET, CARD),
    )


class TestConformance(GatewayConformance):
    """Worldline Direct: a page created by a call, a seal in a header over JSON, an unsealed return."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Return the gateway of the cases."""
        return direct_subject()


def test_nothing_known() -> None:
    """A checkout without a payment cannot be refunded, and no identifier at all is an error before any call."""
    bank = answers({"status": "IN_PROGRESS"})
    result = direct_gateway().refund(direct_order(), bank, bank_reference="4481347252")

    assert OperationOutcome.NOT_FOUND is result.outcome
    with pytest.raises(InvalidValueError, match="the bank's identifier"):
        direct_gateway().fetch_status(direct_order(), bank)


def test_types() -> None:
    """The answers of the small bank are those of the interface."""
    assert isinstance(DirectBank().send("GET", "https://x", headers={"Date": "", "Authorization": ""}), HttpAnswer)
    assert isinstance(direct_gateway().verify(webhook(event(payment())), expected=direct_order()), VerifiedPayment)
