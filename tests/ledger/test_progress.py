"""The progress of a payment: the facts that its state does not show."""

from datetime import UTC, datetime

import attrs
import pytest

from creance_pay import Euros, NoticeReference, PaymentOrder, PaymentProgress, PaymentState
from creance_pay.ledger import Act, ActKind, ActState, Payment, PostingState

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST, SECOND = NoticeReference("6311726000000512K"), NoticeReference("6311730100000733M")
PAYMENT = Payment(
    order=PaymentOrder(
        transaction_reference="REF1",
        amount=Euros(2000),
        return_url="https://example.org/return",
        notification_url="https://example.org/notification",
        notices={FIRST: Euros(1000), SECOND: Euros(1000)},
    ),
    state=PaymentState.PAID,
    created_at=NOON,
    changed_at=NOON,
)
ACT = Act(
    transaction_reference="REF1",
    kind=ActKind.REFUND,
    amount=Euros(2000),
    held_before=Euros(2000),
    by="an operator",
    reason="a reason",
    requested_at=NOON,
)
OPEN, POSTED, REJECTED = PostingState.OPEN, PostingState.POSTED, PostingState.REJECTED


@pytest.mark.parametrize(
    ("postings", "state", "expected"),
    [
        ((OPEN, OPEN), PaymentState.PAID, None),
        ((POSTED, OPEN), PaymentState.PAID, None),
        ((POSTED, POSTED), PaymentState.PAID, PaymentProgress.POSTED),
        ((POSTED, REJECTED), PaymentState.PAID, PaymentProgress.POSTING_REJECTED),
        ((OPEN, REJECTED), PaymentState.PAID, PaymentProgress.POSTING_REJECTED),
        ((POSTED, POSTED), PaymentState.REFUNDED, None),
        ((REJECTED, REJECTED), PaymentState.CHARGED_BACK, None),
    ],
)
def test_postings(
    postings: tuple[PostingState, PostingState], state: PaymentState, expected: PaymentProgress | None
) -> None:
    """Every part posted, or any part rejected, counts for an accepted payment alone."""
    payment = attrs.evolve(PAYMENT, state=state, postings=dict(zip((FIRST, SECOND), postings, strict=True)))

    assert expected is payment.progress()


def test_no_notice() -> None:
    """A payment of no notice is never posted."""
    assert PAYMENT.progress() is None


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        (ActKind.REFUND, ActState.REQUESTED, PaymentProgress.REFUND_REQUESTED),
        (ActKind.CANCEL, ActState.REQUESTED, PaymentProgress.REFUND_REQUESTED),
        (ActKind.CAPTURE, ActState.REQUESTED, PaymentProgress.POSTED),
        (ActKind.REFUND, ActState.FAILED, PaymentProgress.POSTED),
        (ActKind.REFUND, ActState.DONE, PaymentProgress.POSTED),
    ],
)
def test_acts(kind: ActKind, state: ActState, expected: PaymentProgress) -> None:
    """An open refund or cancellation comes before the posting; a finished one leaves it to the state."""
    payment = attrs.evolve(PAYMENT, postings={FIRST: POSTED, SECOND: POSTED})

    assert expected is payment.progress([attrs.evolve(ACT, kind=kind, state=state)])
    assert expected is payment.message_values(NOON, [attrs.evolve(ACT, kind=kind, state=state)])["progress"]
