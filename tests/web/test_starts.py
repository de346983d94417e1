"""The message about a payment that cannot start: it fits the cause, and speaks of a second payment only after one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from creance_pay import Euros, NoticeReference
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidReferenceError,
    InvalidValueError,
    PaymentInProgressError,
)
from creance_pay.ledger import MemoryLedger
from creance_pay.messages import AttemptOpen, Message, ServiceUnavailable, render
from creance_pay.payments import PaymentService
from creance_pay.testing import TrialCard
from creance_pay.testing.sips import SipsTrialMerchant
from creance_pay.web import message_for_start

NOTICE = NoticeReference("6311705400000344F")
NOW = datetime.now(UTC)
ADDRESSES: dict[str, Any] = {
    "return_url": "http://127.0.0.1:8000/return",
    "notification_url": "http://127.0.0.1:8000/notification",
}


@attrs.frozen
class Portal:
    """A service, and the start of one payment of 20 EUR."""

    service: PaymentService = attrs.field(factory=lambda: PaymentService(SipsTrialMerchant().gateway(), MemoryLedger()))

    def start(self) -> None:
        """Start."""
        self.service.start(Euros(2000), {NOTICE: Euros(2000)}, **ADDRESSES)

    def message(self) -> Message:
        """Return the message about a start that fails."""
        with pytest.raises(PaymentInProgressError) as caught:
            self.start()
        return message_for_start(caught.value, self.service.ledger, now=NOW)


@pytest.fixture
def portal() -> Portal:
    """Return a portal without a payment."""
    return Portal()


def test_back_button(portal: Portal) -> None:
    """The bank has not answered about the attempt: the person may resume it."""
    portal.start()

    assert AttemptOpen() == portal.message()
    assert "reprenez le paiement" in render(AttemptOpen()).action


def test_paid(portal: Portal) -> None:
    """The payment is accepted and not posted: its message."""
    portal.start()
    (payment,) = portal.service.ledger.payments()
    portal.service.on_notification(SipsTrialMerchant().notification(payment.order, card=TrialCard.ACCEPTED))

    assert "PAYMENT_ACCEPTED" == portal.message().code


def test_paid_beside_an_attempt(portal: Portal) -> None:
    """An attempt was given up, and the payment in its place is accepted: the person is not asked to resume."""
    portal.start()
    ledger = portal.service.ledger
    given_up, life = [each.transaction_reference for each in ledger.payments()], timedelta(minutes=30)
    parts = {NOTICE: Euros(2000)}
    later = ledger.open(Euros(2000), parts, now=NOW, attempt_life=life, ignoring=given_up, **ADDRESSES)
    portal.service.on_notification(SipsTrialMerchant().notification(later.order, card=TrialCard.ACCEPTED))

    assert "PAYMENT_ACCEPTED" == portal.message().code


def test_settled_elsewhere(portal: Portal) -> None:
    """The notice was settled by other means: it is not open online."""
    portal.service.ledger.settled_elsewhere([NOTICE], at=NOW, by="agent", reason="virement")

    assert "REFERENCE_NOT_OPEN" == portal.message().code


def test_nothing_sent(portal: Portal) -> None:
    """Bank or ledger did not answer: nothing was debited, try again; no word of a second payment."""
    message = message_for_start(GatewayUnavailableError("no answer"), portal.service.ledger, now=NOW)
    text = str(render(message))

    assert ServiceUnavailable() == message
    assert (True, True, False) == ("rien n’a été débité" in text, "Recommencez" in text, "deuxième" in text)


def test_reference(portal: Portal) -> None:
    """A typed text that is no reference has a message of its own."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse("631")

    assert "reference" == message_for_start(caught.value, portal.service.ledger, now=NOW).field


def test_fault(portal: Portal) -> None:
    """A fault of the portal is raised: a person can do nothing about it."""
    error = InvalidValueError("expected an absolute https address")
    with pytest.raises(InvalidValueError) as caught:
        message_for_start(error, portal.service.ledger, now=NOW)

    assert error is caught.value
