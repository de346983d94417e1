"""Faults of the bank, on demand: the messages about a payment that has ended, and their times.

A fault changes either the content of both messages (return and notification), or the number and the times of the
notifications.
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
    """A fault at the bank, or between the bank and the portal."""

    #: No fault: one notification at once, and the return has the same content.
    NONE = "none"
    #: No notification is sent.
    LOST = "lost"
    #: The notification is sent after the delay, long after the return.
    LATE = "late"
    #: The same notification is sent twice.
    DOUBLED = "doubled"
    #: A second notification, older and *pending* (code 60), is sent after the delay.
    OUT_OF_ORDER = "out-of-order"
    #: Both messages, authentic, state an amount of one cent more than the order.
    WRONG_AMOUNT = "wrong-amount"
    #: Both messages are sealed with another key of the merchant's ring, and name it.  A ring of one key has no other:
    #: they are sealed with a key that the merchant does not know.
    OLD_KEY = "old-key"
    #: Both messages state *accepted*, whatever the decision, and are sealed by a forger without the key.
    FORGED = "forged"
    #: The seal of both messages is empty, as the vendor sends it when it cannot build one.
    EMPTY_SEAL = "empty-seal"
    #: Both messages state *pending* (code 60); the decision is notified after the delay.
    PENDING_FIRST = "pending-first"
    #: No notification is sent, and Office answers every question about the payment with an HTML page.
    HTML_ERROR = "html-error"


@attrs.frozen(kw_only=True)
class Notification:
    """A message that the bank's server posts to a portal.

    Attributes:
        url: The address to post to.
        fields: The fields of the form.
        decision: The decision that it reports.
        delay: The time between the end of the payment and the post.
    """

    url: str
    fields: Mapping[str, str] = attrs.field(repr=False)
    decision: Decision
    delay: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class Dispatch:
    """The messages about a payment that has ended.

    Attributes:
        decision: The decision that the bank's page shows, and Office too until a later notification reports another.
        fault: The fault.
        return_fields: The fields that the browser posts to the return address; ``None`` after an expiry, when no
            browser returns.
        notifications: The notifications of the bank's server, in the order of posting.
    """

    decision: Decision
    fault: Fault
    return_fields: Mapping[str, str] | None = attrs.field(repr=False)
    notifications: tuple[Notification, ...]

    @property
    def immediate(self) -> tuple[Notification, ...]:
        """The notifications without a delay."""
        return tuple(each for each in self.notifications if not each.delay)


def dispatch(
    request: PaymentRequest, decision: Decision, *, keys: KeyRing, fault: Fault = Fault.NONE, delay: timedelta
) -> Dispatch:
    """Build the messages about a decision.

    Args:
        request: The payment request.
        decision: The decision.
        keys: The merchant's ring, from which :attr:`Fault.OLD_KEY` takes another key.
        fault: The fault.
        delay: The delay of late notifications.
    """
    pending = attrs.evolve(decision, response_code=PENDING, authorisation_number=None)
    reported = pending if fault is Fault.PENDING_FIRST else decision
    schedule = {
        Fault.LOST: [],
        Fault.HTML_ERROR: [],
        Fault.LATE: [(decision, delay)],
        Fault.DOUBLED: [(decision, timedelta(0))] * 2,
        Fault.OUT_OF_ORDER: [(decision, timedelta(0)), (pending, delay)],
        Fault.PENDING_FIRST: [(pending, timedelta(0)), (decision, delay)],
    }.get(fault, [(decision, timedelta(0))])
    return Dispatch(
        decision=reported,
        fault=fault,
        return_fields=None if decision.response_code == EXPIRED else _fields(request, reported, keys, fault),
        notifications=tuple(
            Notification(
                url=request.notification_url, fields=_fields(request, each, keys, fault), decision=each, delay=wait
            )
            for each, wait in schedule
        ),
    )


def _fields(request: PaymentRequest, decision: Decision, keys: KeyRing, fault: Fault) -> dict[str, str]:
    """Build the fields of one message, with the fault where it is one of content."""
    if fault is Fault.WRONG_AMOUNT:
        request = attrs.evolve(request, amount=request.amount + Euros(1))
    if fault is Fault.OLD_KEY:
        request = attrs.evolve(request, key=_other_key(keys, request.key))
    if fault is Fault.FORGED:
        guessed = SecretKey(version=request.key.version, secret="a-key-that-somebody-made-up")  # noqa: S106 - fictitious
        request = attrs.evolve(request, key=guessed)
        decision = attrs.evolve(decision, response_code=ACCEPTED, authorisation_number="000000")
    answer = sealed_answer(request, decision)
    return answer | {"Seal": ""} if fault is Fault.EMPTY_SEAL else answer


def _other_key(keys: KeyRing, used: SecretKey) -> SecretKey:
    """Return another key of the ring, or else a new one whose version is not in the ring."""
    unknown = next(version for version in map(str, count()) if version not in keys.versions)
    foreign = SecretKey(version=unknown, secret="a-key-made-up-and-never-given")  # noqa: S106 - fictitious
    return next((key for key in keys if key.version != used.version), foreign)
