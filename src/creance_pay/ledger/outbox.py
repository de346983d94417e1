"""The outbox: the effects that follow a new state, such as the acknowledgement or the display in an account.

The task of an effect is recorded in the same transaction as the state that calls for it, and retried until it succeeds.
So an effect runs at least once, and exactly once where its receiver honours the idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import attrs

from .._validators import of_type
from ..payment import PaymentState
from .records import Payment

_FIRST = timedelta(minutes=1)
#: The maximum back-off.
LONGEST = timedelta(hours=1)


def _states(states: Iterable[PaymentState]) -> frozenset[PaymentState]:
    return frozenset(states)


@attrs.frozen(kw_only=True)
class Effect:
    """An effect of a payment.

    Args:
        name: Its name.  A task keeps the name under which it was recorded: do not change it.
        run: The function to call with the payment and the idempotency key; any exception is retried.  The key is the
            same at each try, and of this payment alone: pass it on to the receiver.
        on: The states that call for the effect.
    """

    name: str = attrs.field(validator=of_type(str))
    run: Callable[[Payment, str], object] = attrs.field(repr=False)
    on: frozenset[PaymentState] = attrs.field(default=frozenset({PaymentState.PAID}), converter=_states)


@attrs.frozen(kw_only=True)
class EffectTask:
    """The task to run one effect of one payment, kept until it succeeds.

    Attributes:
        key: The idempotency key: reference, state and name.
        name: The effect's name.
        transaction_reference: The payment.
        due_at: When to run it, or to retry it.
        attempts: The number of runs begun.
        error: The type of the last exception; empty before.
    """

    key: str
    name: str
    transaction_reference: str
    due_at: datetime
    attempts: int = 0
    error: str = ""

    def claimed(self, now: datetime) -> EffectTask:
        """Return the task with its lease extended, so that another worker retries it after a crash."""
        wait = min(_FIRST * 2 ** min(self.attempts, 6), LONGEST)
        return attrs.evolve(self, due_at=now + wait, attempts=self.attempts + 1)

    def due(self, now: datetime) -> bool:
        """Return whether to run it; a due time beyond the maximum back-off came from a wrong clock and is ignored."""
        return self.due_at <= now or self.due_at > now + LONGEST


def task_for(reference: str, state: PaymentState, name: str, now: datetime) -> EffectTask:
    """Build the task of an effect that a state calls for."""
    return EffectTask(key=f"{reference}:{state}:{name}", name=name, transaction_reference=reference, due_at=now)
