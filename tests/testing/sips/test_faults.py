"""The messages of each fault, verified by a merchant's gateway."""

import gc
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from creance_pay import HttpMessage, PaymentState
from creance_pay.errors import OrderMismatchError, SealMismatchError, UnknownKeyError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.sips import SipsPaypage
from creance_pay.testing import Decision, Dispatch, Fault, Notification, PaymentRequest, TrialCard
from creance_pay.testing.sips import SipsBank, form_body
from sips_merchant import MERCHANT, NOON, NOTIFICATION_URL, SECRET, local_gateway, order, ring

DELAY = timedelta(minutes=2)
AT_ONCE = timedelta(0)
GATEWAY = local_gateway()


def ending(fault: Fault, card: str | None = TrialCard.ACCEPTED) -> Dispatch:
    """End one payment with a fault; without a card the person leaves."""
    bank = SipsBank({MERCHANT: ring()}, clock=lambda: NOON, delay=DELAY)
    request = bank.receive(GATEWAY.initiate(order()).fields)
    ended = bank.settle(request, bank.leave() if card is None else bank.pay(request, card), fault=fault)
    assert ended is not None
    return ended


def verified(fields: Mapping[str, str] | None, gateway: SipsPaypage = GATEWAY) -> object:
    """Return the state that a message proves, or the type of the error that it causes."""
    if fields is None:
        return None
    try:
        return gateway.verify(HttpMessage(form_body(fields)), expected=order()).state
    except (OrderMismatchError, SealMismatchError, UnknownKeyError) as error:
        return type(error)


# The notifications (delay, result) and the result of the return, for a card that the bank accepts.
EXPECTED: dict[Fault, tuple[list[tuple[timedelta, object]], object]] = {
    Fault.NONE: ([(AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    Fault.LOST: ([], PaymentState.PAID),
    Fault.LATE: ([(DELAY, PaymentState.PAID)], PaymentState.PAID),
    Fault.DOUBLED: ([(AT_ONCE, PaymentState.PAID), (AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    Fault.OUT_OF_ORDER: ([(AT_ONCE, PaymentState.PAID), (DELAY, PaymentState.PENDING)], PaymentState.PAID),
    Fault.WRONG_AMOUNT: ([(AT_ONCE, OrderMismatchError)], OrderMismatchError),
    Fault.OLD_KEY: ([(AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    Fault.FORGED: ([(AT_ONCE, SealMismatchError)], SealMismatchError),
    Fault.EMPTY_SEAL: ([(AT_ONCE, SealMismatchError)], SealMismatchError),
    Fault.PENDING_FIRST: ([(AT_ONCE, PaymentState.PENDING), (DELAY, PaymentState.PAID)], PaymentState.PENDING),
    Fault.HTML_ERROR: ([], PaymentState.PAID),
}


def test_accepted() -> None:
    """For an accepted payment, each fault has its notifications, in order and in time, and its return."""
    found = {fault: ending(fault) for fault in Fault}

    assert EXPECTED == {
        fault: (
            [(each.delay, verified(fields_of(each))) for each in ended.notifications],
            verified(ended.return_fields),
        )
        for fault, ended in found.items()
    }


def test_address() -> None:
    """Every notification is posted to the order's address."""
    assert {NOTIFICATION_URL} == {each.url for fault in Fault for each in ending(fault).notifications}


def test_refused() -> None:
    """No fault makes a paid payment of a refused one."""
    refused = {fault: ending(fault, TrialCard.REFUSED) for fault in Fault}

    assert [] == [
        fault
        for fault, ended in refused.items()
        if PaymentState.PAID in [verified(fields) for fields in (ended.return_fields, *posted(ended))]
    ]


def fields_of(notification: Notification) -> dict[str, str]:
    """Return the fields of a notification."""
    return dict(parse_qsl(notification.message.body.decode(), keep_blank_values=True))


def posted(ended: Dispatch) -> list[Mapping[str, str]]:
    """List the fields of the notifications."""
    return [fields_of(each) for each in ended.notifications]


class TestOldKey:
    """The messages are sealed with another key than the request."""

    def test_version(self) -> None:
        """Another key of the ring seals, and the message names it."""
        assert "keyVersion=1" in posted(ending(Fault.OLD_KEY))[0]["Data"].split("|")

    def test_ring_of_one(self) -> None:
        """Without another key in the ring, a key that the merchant does not know seals."""
        found = []
        for version in ("0", "1", "7"):
            keys = KeyRing([SecretKey(version=version, secret=SECRET)], current=version)
            gateway = local_gateway(keys=keys)
            bank = SipsBank({MERCHANT: keys}, clock=lambda: NOON, fault=Fault.OLD_KEY)
            ended = bank.settle(bank.receive(gateway.initiate(order()).fields), bank.leave())
            found.append(verified(ended.return_fields if ended else None, gateway))

        assert [UnknownKeyError] * 3 == found


@pytest.mark.parametrize("card", [TrialCard.REFUSED, TrialCard.ACCEPTED, None])
def test_forged(card: str | None) -> None:
    """A forged message states *accepted*, whatever the decision: a portal that believed it would be wrong."""
    assert "responseCode=00" in posted(ending(Fault.FORGED, card))[0]["Data"].split("|")


def test_empty_seal() -> None:
    """The field of the seal is present and empty, as the vendor sends it."""
    assert "" == posted(ending(Fault.EMPTY_SEAL))[0]["Seal"]


def test_one_cent() -> None:
    """The wrong amount differs by one cent, which a tolerance would accept."""
    assert "amount=1601" in posted(ending(Fault.WRONG_AMOUNT))[0]["Data"].split("|")


def test_discretion() -> None:
    """No card number is stored, and no repr shows a sealed text or a secret."""
    found = [ending(fault) for fault in Fault]
    objects = [thing for thing in gc.get_objects() if type(thing) in (Decision, Notification, PaymentRequest)]

    assert [] == [text for text in (TrialCard.ACCEPTED.value, SECRET, "keyVersion=") if text in f"{found} {objects}"]
