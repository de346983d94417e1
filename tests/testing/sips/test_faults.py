"""What each fault sends, judged by the gateway that has to withstand it."""

import gc
from collections.abc import Mapping
from datetime import timedelta

import pytest

from creance_pay import HttpMessage, PaymentState
from creance_pay.errors import OrderMismatchError, SealMismatchError, UnknownKeyError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.sips import SipsPaypage
from creance_pay.testing.sips import (
    Decision,
    Dispatch,
    Fault,
    Notification,
    PaymentRequest,
    SipsBank,
    TrialCard,
    form_body,
)
from sips_shop import MERCHANT, NOON, NOTIFICATION_URL, SECRET, local_shop, order, ring

DELAY = timedelta(minutes=2)
AT_ONCE = timedelta(0)
GATEWAY = local_shop()


def ending(fault: Fault, card: str | None = TrialCard.ACCEPTED, keys: KeyRing | None = None) -> Dispatch:
    """End one payment with a fault; without card the person leaves."""
    bank = SipsBank({MERCHANT: keys or ring()}, clock=lambda: NOON, delay=DELAY)
    asked = bank.receive(GATEWAY.initiate(order()).fields)
    ended = bank.settle(asked, bank.leave() if card is None else bank.pay(asked, card), fault=fault)
    assert ended is not None
    return ended


def judged(fields: Mapping[str, str] | None, gateway: SipsPaypage = GATEWAY) -> object:
    """Give the outcome that a message proves, or the family of the error that it meets."""
    if fields is None:
        return None
    try:
        return gateway.verify(HttpMessage(form_body(fields)), expected=order()).state
    except (OrderMismatchError, SealMismatchError, UnknownKeyError) as error:
        return type(error)


# What is notified, after how long, and what the browser carries, when the bank has accepted.
EXPECTED: list[tuple[Fault, list[tuple[timedelta, object]], object]] = [
    (Fault.NONE, [(AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    (Fault.LOST, [], PaymentState.PAID),
    (Fault.LATE, [(DELAY, PaymentState.PAID)], PaymentState.PAID),
    (Fault.DOUBLED, [(AT_ONCE, PaymentState.PAID), (AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    (Fault.OUT_OF_ORDER, [(AT_ONCE, PaymentState.PAID), (DELAY, PaymentState.PENDING)], PaymentState.PAID),
    (Fault.WRONG_AMOUNT, [(AT_ONCE, OrderMismatchError)], OrderMismatchError),
    (Fault.OLD_KEY, [(AT_ONCE, PaymentState.PAID)], PaymentState.PAID),
    (Fault.FORGED, [(AT_ONCE, SealMismatchError)], SealMismatchError),
    (Fault.EMPTY_SEAL, [(AT_ONCE, SealMismatchError)], SealMismatchError),
    (Fault.PENDING_FIRST, [(AT_ONCE, PaymentState.PENDING), (DELAY, PaymentState.PAID)], PaymentState.PENDING),
    (Fault.HTML_ERROR, [], PaymentState.PAID),
]


@pytest.mark.parametrize(("fault", "notified", "return_fields"), EXPECTED)
class TestAccepted:
    """An accepted payment, under each fault."""

    def test_notified(self, fault: Fault, notified: list[tuple[timedelta, object]], return_fields: object) -> None:
        """The notifications come in this order, at these times, and prove this."""
        found = ending(fault)

        assert (notified, return_fields) == (
            [(each.delay, judged(each.fields)) for each in found.notifications],
            judged(found.return_fields),
        )

    def test_address(self, fault: Fault, notified: list[object], return_fields: object) -> None:
        """They go to the order's address."""
        assert [NOTIFICATION_URL] * len(notified) == [each.url for each in ending(fault).notifications], return_fields


def test_every_fault() -> None:
    """The table leaves out no fault."""
    assert list(Fault) == [row[0] for row in EXPECTED]


class TestOldKey:
    """Sealed by a key that is not the one that the shop asked by."""

    def test_version(self) -> None:
        """The other key of the ring seals, and the message names it."""
        text = ending(Fault.OLD_KEY).notifications[0].fields["Data"]

        assert "keyVersion=1" in text.split("|")

    @pytest.mark.parametrize("version", ["0", "1", "7"])
    def test_ring_of_one(self, version: str) -> None:
        """Where there is no other key, a key seals that the shop does not have."""
        keys = KeyRing([SecretKey(version=version, secret=SECRET)], current=version)
        shop = local_shop(keys=keys)
        bank = SipsBank({MERCHANT: keys}, clock=lambda: NOON, fault=Fault.OLD_KEY)
        asked = bank.receive(shop.initiate(order()).fields)
        ended = bank.settle(asked, bank.leave())

        assert ended is not None
        assert UnknownKeyError is judged(ended.return_fields, shop)


@pytest.mark.parametrize("card", [TrialCard.REFUSED, TrialCard.ACCEPTED, None])
def test_forgery(card: str | None) -> None:
    """A forgery says *accepted* whatever the bank has decided, and of this alone a portal could be wrong."""
    text = ending(Fault.FORGED, card).notifications[0].fields["Data"]

    assert "responseCode=00" in text.split("|")


def test_empty_seal() -> None:
    """The seal is there, and empty, as the vendor sends it."""
    assert "" == ending(Fault.EMPTY_SEAL).notifications[0].fields["Seal"]


def test_one_cent() -> None:
    """The wrong amount is wrong by one cent, which a tolerance would let pass."""
    assert "amount=1601" in ending(Fault.WRONG_AMOUNT).notifications[0].fields["Data"].split("|")


@pytest.mark.parametrize("fault", Fault)
def test_refused(fault: Fault) -> None:
    """No fault makes a paid payment of a refused one."""
    found = ending(fault, TrialCard.REFUSED)

    assert PaymentState.PAID not in [judged(found.return_fields), *(judged(each.fields) for each in found.notifications)]


@pytest.mark.parametrize("fault", Fault)
def test_discretion(fault: Fault) -> None:
    """No card number stays, and no repr shows a sealed text or a secret."""
    found = ending(fault)
    held = [thing for thing in gc.get_objects() if isinstance(thing, (Decision, Notification, PaymentRequest))]

    assert [] == [text for text in (TrialCard.ACCEPTED.value, SECRET, "keyVersion=") if text in f"{found} {held}"]
