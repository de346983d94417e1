"""Faults of a test bank, on demand: the messages about a payment that has ended, and their times.

A fault changes either the content of the messages (return and notification), or the number and the times of the
notifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from itertools import count

import attrs

from ..gateways.keys import KeyRing, SecretKey
from ..http import HttpMessage
from .decisions import Decision


class Fault(StrEnum):
    """A fault at the bank, or between the bank and the portal.

    A bank that does not seal the browser's return has the faults of content in its notifications alone.
    """

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
    #: The seal of both messages is empty, as Sips sends it when it cannot build one.
    EMPTY_SEAL = "empty-seal"
    #: Both messages state *pending* (code 60); the decision is notified after the delay.
    PENDING_FIRST = "pending-first"
    #: No notification is sent, and the bank answers every question about the payment with an HTML page.
    HTML_ERROR = "html-error"


@attrs.frozen(kw_only=True)
class Notification:
    """A message that the bank's server posts to a portal.

    Attributes:
        url: The address to post to.
        message: The body and the headers.
        delay: The time between its cause and the post.
        decision: The decision that it reports; ``None`` for an operation after the payment.
        identifier: The bank's identifier of the payment.
        attempt: The number of attempts to deliver it before this one.
    """

    url: str
    message: HttpMessage = attrs.field(repr=False)
    delay: timedelta = timedelta(0)
    decision: Decision | None = None
    identifier: str = ""
    attempt: int = 0


@attrs.frozen(kw_only=True)
class Dispatch:
    """The messages about a payment that has ended.

    Attributes:
        decision: The decision that the bank's page shows, and the answer to questions too until a later notification
            reports another.
        fault: The fault.
        return_fields: The fields that the browser brings to the return address; ``None`` after an expiry, when no
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


def schedule(fault: Fault, decision: Decision, pending: Decision, delay: timedelta) -> list[tuple[Decision, timedelta]]:
    """List the decisions to notify under a fault, each with its delay.

    Args:
        fault: The fault.
        decision: The decision.
        pending: The same decision, not taken yet.
        delay: The delay of late notifications.
    """
    now = timedelta(0)
    return {
        Fault.LOST: [],
        Fault.HTML_ERROR: [],
        Fault.LATE: [(decision, delay)],
        Fault.DOUBLED: [(decision, now)] * 2,
        Fault.OUT_OF_ORDER: [(decision, now), (pending, delay)],
        Fault.PENDING_FIRST: [(pending, now), (decision, delay)],
    }.get(fault, [(decision, now)])


def key_under(fault: Fault, keys: KeyRing, used: SecretKey) -> SecretKey | None:
    """Return the key that seals a message under a fault; ``None`` for an empty seal.

    Args:
        fault: The fault.
        keys: The merchant's ring, from which :attr:`Fault.OLD_KEY` takes another key.
        used: The key without a fault.
    """
    if fault is Fault.EMPTY_SEAL:
        return None
    if fault is Fault.FORGED:
        return SecretKey(version=used.version, secret="a-key-that-somebody-made-up")  # noqa: S106 - fictitious
    if fault is not Fault.OLD_KEY:
        return used
    unknown = next(version for version in map(str, count()) if version not in keys.versions)
    foreign = SecretKey(version=unknown, secret="a-key-made-up-and-never-given")  # noqa: S106 - fictitious
    return next((key for key in keys if key.version != used.version), foreign)
