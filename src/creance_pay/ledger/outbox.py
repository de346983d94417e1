"""The outbox: the effects that follow a new state, such as the acknowledgement or the display in an account.

The task of an effect is recorded in the same transaction as the state that calls for it, and retried until it succeeds.
So an effect runs at least once, and exactly once where its receiver honours the idempotency key.

The names of effects are registered in the ledger: a payment owes each registered effect, whichever process records its
state.  A state that calls for no registered effect waits for the first process that registers one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import attrs

from .._validators import describe, of_type
from ..errors import InvalidValueError
from ..payment import PaymentState
from .records import WRONG_CLOCK, Payment, is_storable, states_of

_FIRST = timedelta(minutes=1)
_LONGEST_NAME = 200
#: The maximum back-off.
LONGEST = timedelta(hours=1)
#: The name of a task of every effect of its state, until one is registered.
UNRESOLVED = ""


def _states(states: Iterable[PaymentState]) -> frozenset[PaymentState]:
    return states_of(states, "on")


def _named(_: Effect, __: attrs.Attribute[str], name: str) -> None:
    if not (is_storable(name) and 0 < len(name) <= _LONGEST_NAME):
        raise InvalidValueError(
            f"expected the name of an effect to have 1 to {_LONGEST_NAME} characters that a database stores, got"
            f" {describe(name)}"
        )


def _plain_function(_: Effect, __: attrs.Attribute[Callable[[Payment, str], object]], run: object) -> None:
    """Refuse a function that does nothing when it is called."""
    if not callable(run):
        raise InvalidValueError(f"expected run to be a function, got {type(run).__name__}")
    if inspect.iscoroutinefunction(run) or inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
        raise InvalidValueError("expected run to be a plain function, got a coroutine or generator function")


def _positive(_: Effect, __: attrs.Attribute[timedelta], lease: timedelta) -> None:
    if lease <= timedelta(0):
        raise InvalidValueError("expected lease to be above zero")


@attrs.frozen(kw_only=True)
class Effect:
    """An effect of a payment.

    Args:
        name: Its name, at most 200 characters.  A task keeps the name under which it was recorded: do not change it.
        run: The function to call with the payment and the idempotency key; any exception is retried.  The key is the
            same at each try, and of this payment alone: pass it on to the receiver.
        on: The states that call for the effect.
        lease: The longest time that a run may take.  After it, another worker may run the effect again.

    Raises:
        InvalidValueError: for an empty or too long name, a lease that is not above zero, a coroutine or generator
            function, or anything but a list of states.

    >>> Effect(name="acknowledgement", run=lambda payment, key: print(payment.amount, key)).on
    frozenset({<PaymentState.PAID: 'PAID'>})
    """

    name: str = attrs.field(validator=[of_type(str), _named])
    run: Callable[[Payment, str], object] = attrs.field(repr=False, validator=_plain_function)
    on: frozenset[PaymentState] = attrs.field(default=frozenset({PaymentState.PAID}), converter=_states)
    lease: timedelta = attrs.field(default=timedelta(minutes=5), validator=[of_type(timedelta), _positive])


@attrs.frozen(kw_only=True)
class EffectTask:
    """The task to run one effect of one payment, kept until it succeeds.

    Attributes:
        key: The idempotency key: reference, state and name.
        name: The effect's name; empty until an effect of the state is registered.
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

    def claimed(self, now: datetime, lease: timedelta = timedelta(0)) -> EffectTask:
        """Return the task with a lease, so that another worker retries it after a crash."""
        return attrs.evolve(self, due_at=now + max(lease, self.back_off()), attempts=self.attempts + 1)

    def failed(self, now: datetime, error: str) -> EffectTask:
        """Return the task due again after its back-off."""
        wait = attrs.evolve(self, attempts=self.attempts - 1).back_off()
        return attrs.evolve(self, due_at=now + wait, error=error)

    def back_off(self) -> timedelta:
        """Return the wait before the next try: a minute, doubled at each try, up to an hour."""
        doubled: timedelta = _FIRST * 2 ** min(self.attempts, 6)
        return min(doubled, LONGEST)

    def due(self, now: datetime) -> bool:
        """Return whether to run it; a due time beyond every lease came from a wrong clock and is ignored."""
        return self.due_at <= now or self.due_at > now + WRONG_CLOCK

    @property
    def state(self) -> PaymentState:
        """The state that called for it."""
        return PaymentState(self.key.split(":")[1].partition("-")[0])


def occasion(payment: Payment, state: PaymentState) -> str:
    """Name the occasion of an effect: the state of a payment, and its sum where a state can come again."""
    amounts = {
        PaymentState.PARTIALLY_REFUNDED: payment.sums.refunded,
        PaymentState.CHARGED_BACK: payment.sums.charged_back,
    }
    suffix = f"-{amounts[state].cents}" if state in amounts else ""
    return f"{payment.transaction_reference}:{state}{suffix}"


def task_for(reference: str, event: str, name: str, now: datetime) -> EffectTask:
    """Build the task of an effect that an occasion calls for."""
    key = f"{event}:{name}" if name else event
    return EffectTask(key=key, name=name, transaction_reference=reference, due_at=now)
