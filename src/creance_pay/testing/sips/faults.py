"""How a bank misbehaves, on demand: what goes out for a payment that has ended, by which way, and when.

A fault changes either what both ways tell, or which notifications there are and when they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from itertools import count

import attrs

from ...gateways.keys import KeyRing, SecretKey
from ...money import Euros
from .decisions import ACCEPTED, EXPIRED, PENDING, Decision, PaymentRequest, sealed_answer


class Fault(StrEnum):
    """What goes wrong at the bank, or between it and the portal."""

    #: Nothing: one notification at once, and the browser carries the same.
    NONE = "none"
    #: No notification ever comes.
    LOST = "lost"
    #: The notification comes after the delay, when the person has long been back.
    LATE = "late"
    #: The same notification comes twice.
    DOUBLED = "doubled"
    #: After the notification comes one that was written before it, and says *pending*.
    OUT_OF_ORDER = "out-of-order"
    #: Both ways tell, rightly sealed, one cent more than was asked.
    WRONG_AMOUNT = "wrong-amount"
    #: Both ways are sealed by another key of the shop's ring, which they name; of a ring of one, by a key not in it.
    OLD_KEY = "old-key"
    #: Somebody without the key says *accepted* by both ways, whatever the bank has decided.
    FORGED = "forged"
    #: Both ways lack their seal, as when the vendor cannot make one.
    EMPTY_SEAL = "empty-seal"
    #: Both ways say *pending* (code 60); what the bank has decided is notified after the delay.
    PENDING_FIRST = "pending-first"
    #: No notification comes, and Office answers every question about the payment by an HTML page.
    HTML_ERROR = "html-error"


@attrs.frozen(kw_only=True)
class Notification:
    """A message that the bank's server posts to a portal.

    Attributes:
        url: Where to.
        fields: The fields of the form.
        decision: What it tells of.
        after: How long after the payment's end.
    """

    url: str
    fields: Mapping[str, str] = attrs.field(repr=False)
    decision: Decision
    after: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class Dispatch:
    """All that goes out for a payment that has ended.

    Attributes:
        decision: What the person is told, and Office too until a later notification says more.
        fault: What goes wrong.
        return_fields: The fields that the browser posts to the return address; ``None`` after an expiry: nobody is there.
        notifications: What the bank's server posts, in this order.
    """

    decision: Decision
    fault: Fault
    return_fields: Mapping[str, str] | None = attrs.field(repr=False)
    notifications: tuple[Notification, ...]

    @property
    def at_once(self) -> tuple[Notification, ...]:
        """The notifications that wait for nothing."""
        return tuple(each for each in self.notifications if not each.after)


def dispatch(
    request: PaymentRequest, decision: Decision, *, keys: KeyRing, fault: Fault = Fault.NONE, delay: timedelta
) -> Dispatch:
    """Say what goes out for a decision.

    Args:
        request: What was asked for.
        decision: What was decided.
        keys: The shop's ring, in which :attr:`Fault.OLD_KEY` finds another key.
        fault: What goes wrong.
        delay: How late what comes late is.
    """
    pending = attrs.evolve(decision, response_code=PENDING, authorisation_number=None)
    told = pending if fault is Fault.PENDING_FIRST else decision
    plan = {
        Fault.LOST: [],
        Fault.HTML_ERROR: [],
        Fault.LATE: [(decision, delay)],
        Fault.DOUBLED: [(decision, timedelta(0))] * 2,
        Fault.OUT_OF_ORDER: [(decision, timedelta(0)), (pending, delay)],
        Fault.PENDING_FIRST: [(pending, timedelta(0)), (decision, delay)],
    }.get(fault, [(decision, timedelta(0))])
    return Dispatch(
        decision=told,
        fault=fault,
        return_fields=None if decision.response_code == EXPIRED else _told(request, told, keys, fault),
        notifications=tuple(
            Notification(
                url=request.notification_url, fields=_told(request, each, keys, fault), decision=each, after=after
            )
            for each, after in plan
        ),
    )


def _told(request: PaymentRequest, decision: Decision, keys: KeyRing, fault: Fault) -> dict[str, str]:
    """Write what one message tells, with the fault in it if it is one of what is told."""
    if fault is Fault.WRONG_AMOUNT:
        request = attrs.evolve(request, amount=request.amount + Euros(1))
    if fault is Fault.OLD_KEY:
        request = attrs.evolve(request, key=_other_key(keys, request.key))
    if fault is Fault.FORGED:
        guessed = SecretKey(version=request.key.version, secret="a-key-that-somebody-made-up")  # noqa: S106 - no one's
        request = attrs.evolve(request, key=guessed)
        decision = attrs.evolve(decision, response_code=ACCEPTED, authorisation_number="000000")
    answer = sealed_answer(request, decision)
    return answer | {"Seal": ""} if fault is Fault.EMPTY_SEAL else answer


def _other_key(keys: KeyRing, used: SecretKey) -> SecretKey:
    """Find another key of the ring, or make one up, of a version that the ring does not have."""
    unknown = next(version for version in map(str, count()) if version not in keys.versions)
    beyond = SecretKey(version=unknown, secret="a-key-that-the-shop-never-had")  # noqa: S106 - no one's
    return next((key for key in keys if key.version != used.version), beyond)
