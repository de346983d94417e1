"""What has to happen once a payment is in a new state: the acknowledgement, the display, the back office.

An effect is written down in the same transaction as the state that calls for it, and runs afterwards, as often as it
takes.  So it happens at least once; and exactly once where what it calls honours the key that comes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import attrs

from .._validators import of_type
from ..payment import PaymentState
from .records import Payment

_FIRST = timedelta(minutes=1)
#: The longest that an effect waits before it is tried again.
LONGEST = timedelta(hours=1)


def _states(states: Iterable[PaymentState]) -> frozenset[PaymentState]:
    return frozenset(states)


@attrs.frozen(kw_only=True)
class Effect:
    """Something that follows a payment.

    Args:
        name: Its name, for ever: what was written down under another one is not run.
        run: What to call with the payment and the key; any exception means that it has to run again.  The key is the
            same each time, and of no other payment: hand it on to whatever can tell a repetition by it.
        on: The states that call for it.
    """

    name: str = attrs.field(validator=of_type(str))
    run: Callable[[Payment, str], object] = attrs.field(repr=False)
    on: frozenset[PaymentState] = attrs.field(default=frozenset({PaymentState.PAID}), converter=_states)


@attrs.frozen(kw_only=True)
class EffectTask:
    """One effect of one payment, as the ledger remembers it until it has happened.

    Attributes:
        key: The idempotency key: reference, state and name.
        name: The effect's name.
        transaction_reference: The payment.
        due_at: When to run it, or to run it again.
        attempts: How often it was begun.
        error: The type of what it raised last; empty before.
    """

    key: str
    name: str
    transaction_reference: str
    due_at: datetime
    attempts: int = 0
    error: str = ""

    def claimed(self, now: datetime) -> EffectTask:
        """Put it off before it is begun: who crashes in between has left it to the next one."""
        wait = min(_FIRST * 2 ** min(self.attempts, 6), LONGEST)
        return attrs.evolve(self, due_at=now + wait, attempts=self.attempts + 1)

    def due(self, now: datetime) -> bool:
        """Tell whether to run it; what waits for longer than anything may was written by a clock that was wrong."""
        return self.due_at <= now or self.due_at > now + LONGEST


def task_for(reference: str, state: PaymentState, name: str, now: datetime) -> EffectTask:
    """Write down an effect that a state calls for."""
    return EffectTask(key=f"{reference}:{state}:{name}", name=name, transaction_reference=reference, due_at=now)
