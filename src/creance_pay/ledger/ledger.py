"""The ledger: every payment of one merchant, every message about it, and the effects that have to run.

The ledger offers atomic acts: each one is one transaction.

=====================  ==============================================================================================
act                    locks, and what happens when two meet
=====================  ==============================================================================================
``open``               the notices of the order and the merchant's sequence; the second order of a notice waits, sees
                       the first, and is refused while that one may be paid
``record``             the notices of the payment, before anything is read; two messages about payments of one notice
                       are recorded one after the other, and the second sees the result of the first
``refuse``             none; past the limit of an hour, the act only reads
``bind``               the notices of the payment
``give_up``            the notices of the payment; a message that was recorded meanwhile stays
``asked``              the same
``begin``              the notices of the payment; a payment has one open act at a time
``end``                the act, and the notices where the bank's records decide; a late DONE replaces FAILED, and
                       DONE is final
``post``               the notices of the payment; a repeated posting has no effect
``settled_elsewhere``  the merchant's sequence and the notices; an order waits for the end of the act
``claim``, ``finish``  the task; one worker at a time claims it
=====================  ==============================================================================================

:func:`~creance_pay.ledger.transition` alone decides the next state of a payment.  The order of committed transactions
decides what is an instalment and what is a double payment; clocks serve people and deadlines.

:class:`~creance_pay.ledger.MemoryLedger` ends with its process, :class:`~creance_pay.ledger.SqlLedger` is durable.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import wraps
from random import Random, SystemRandom
from typing import Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import attrs

from .._clock import require_aware
from .._log import log
from .._validators import describe
from ..errors import (
    ConflictError,
    CreancePayError,
    InvalidAmountError,
    InvalidValueError,
    OrderMismatchError,
    PaymentInProgressError,
    ResponseRefusedError,
)
from ..money import Euros
from ..payment import Movement, PaymentOrder, PaymentState, VerifiedPayment
from ..references import NoticeReference, TransactionReference
from .acts import Act, ActKind, ActState
from .contract import Store
from .incidents import Incident, IncidentKind
from .outbox import UNRESOLVED, Effect, EffectTask, task_for
from .recording import RecordResult, add_incident, add_mismatch, named, read_refusal, record_message
from .records import (
    UNCONFIRMED_STATES,
    Disposition,
    Evidence,
    Payment,
    PaymentEvent,
    PostingLine,
    PostingState,
    Sums,
    first_question,
    is_storable,
    notices_of,
    posting_lines,
    require_person,
    states_of,
)

T = TypeVar("T")
P = ParamSpec("P")
_SEQUENCES = 10_000_000
_PAGE = 1_000
#: Tries of an act that the store rolls back because of another one, and the longest wait before the second try.
_TRIES, _PAUSE_S = 8, 0.02
_NONCE_BYTES = 16  # 128 bits
_CLAIM_ATTEMPTS_BEFORE_INCIDENT = 5
_OVERDUE = timedelta(hours=1)


def _act(method: Callable[Concatenate[Ledger, P], T]) -> Callable[Concatenate[Ledger, P], T]:
    """Repeat an act, in a new transaction, when the store rolled it back because of another one."""

    @wraps(method)
    def repeated(self: Ledger, /, *given: P.args, **named: P.kwargs) -> T:
        """Try the act, and again after a pause."""
        for attempt in range(_TRIES - 1):
            try:
                return method(self, *given, **named)
            except ConflictError:
                log("transaction_repeated", act=method.__name__)
                time.sleep(self.chance.uniform(0, _PAUSE_S * 2**attempt))
        return method(self, *given, **named)

    return repeated


class Ledger(ABC):
    """The ledger of one merchant; a store of your own implements :meth:`transaction`.

    Every method raises a retryable :class:`~creance_pay.errors.GatewayUnavailableError` when the store is unavailable;
    the ledger is then unchanged.

    Attributes:
        chance: The source of nonces and of the first sequence number; a simulation sets a seeded one.
    """

    chance: Random = SystemRandom()

    @abstractmethod
    def transaction(self, *, write: bool = True) -> AbstractContextManager[Store]:
        """Open a transaction on the store: committed when the block ends, rolled back when it raises.

        Raises:
            ConflictError: when the store rolled it back because of another one; the ledger repeats its acts.
            GatewayUnavailableError: when the store is unavailable, or refuses.
        """

    # ---- acts

    @_act
    def open(
        self,
        amount: Euros,
        notices: Mapping[NoticeReference, Euros],
        *,
        return_url: str,
        notification_url: str,
        now: datetime,
        attempt_life: timedelta,
        ignoring: Collection[str] = (),
        awaits_posting: bool = True,
    ) -> Payment:
        """Record an order under a new transaction reference, before the browser leaves.

        Args:
            amount: The amount to ask from the bank.
            notices: The amount for each notice; sums to ``amount``.
            return_url: The address that the browser returns to.
            notification_url: The address that the bank's server posts to.
            now: The time; the day of the reference is the day in Paris.
            attempt_life: How long an attempt that waits for the bank's answer blocks another; the bank starts payments
                only within it.
            ignoring: References of attempts to ignore: the bank was asked about them.
            awaits_posting: Whether the payment will be pending until the caisse has posted it.

        Raises:
            PaymentInProgressError: when another payment of one of the notices is open or waits for its posting, or a
                notice was settled by other means.
            InvalidValueError: for an empty mapping of notices, or when the order is invalid.

        >>> from datetime import UTC
        >>> from creance_pay.ledger import MemoryLedger
        >>> ledger, now = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> notice = NoticeReference("6311705400000344F")
        >>> payment = ledger.open(
        ...     Euros(2000), {notice: Euros(2000)}, now=now, attempt_life=timedelta(minutes=30),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> payment.state, payment.transaction_reference[:10]  # PCLCB, the year, the day of the year
        (<PaymentState.CREATED: 'CREATED'>, 'PCLCB26327')
        >>> ledger.find(payment.transaction_reference) == payment
        True
        """
        require_aware(now, "now")
        if not notices_of(notices):
            raise InvalidValueError("expected at least one notice: nothing else keeps a debt from being paid twice")
        with self.transaction() as store:
            first = self.chance.randrange(_SEQUENCES)
            sequence = store.next_sequence(first)  # serialises the orders of the merchant, before anything is read
            found, settled = store.lock(notices)
            if settled:
                raise PaymentInProgressError("one of these notices was settled by other means")
            blocking = [
                each.transaction_reference
                for each in found
                if each.blocks(now, attempt_life, notices)
                and (each.state not in UNCONFIRMED_STATES or each.transaction_reference not in ignoring)
            ]
            if blocking:
                raise PaymentInProgressError("a payment of one of these notices is open", references=tuple(blocking))
            day = now.astimezone(ZoneInfo("Europe/Paris")).date()
            while True:
                reference = TransactionReference.make(day, sequence % _SEQUENCES)
                order = PaymentOrder(
                    transaction_reference=reference,
                    amount=amount,
                    notices=notices,
                    return_url=return_url,
                    notification_url=notification_url,
                    nonce=urlsafe_b64encode(self.chance.randbytes(_NONCE_BYTES)).decode().rstrip("="),
                    expires_at=now + attempt_life,
                )
                payment = Payment(
                    order=order,
                    created_at=now,
                    changed_at=now,
                    ask_at=first_question(now),
                    awaits_posting=awaits_posting,
                    postings=dict.fromkeys(notices, PostingState.OPEN),
                    follows=frozenset(each.transaction_reference for each in found if each.holds_money),
                )
                if store.add(payment):
                    return payment
                sequence = store.next_sequence(first)  # the reference exists: the sequence was set back

    @_act
    def record(
        self,
        match: Callable[[Payment], VerifiedPayment],
        evidence: Evidence,
        *,
        reference: str,
        display_by: datetime,
        effects: Collection[Effect] = (),
    ) -> RecordResult:
        """Record an authentic message, the state that follows, its incidents and its effects, in one transaction.

        A message that differs from its order is recorded with an incident.  A message of an unknown order is parked
        with an incident, an equal one once.  After a hundred events of a payment, only a message that changes it adds
        an event; every incident is recorded.

        Args:
            match: Returns the content of the message for the recorded payment, or raises ``OrderMismatchError``; called
                under the lock.
            evidence: The evidence of the message.
            reference: The transaction reference that the message names.
            display_by: The time by which the account shows a payment that becomes PAID.
            effects: Effects of this process, added to those that are registered in the ledger.

        Raises:
            OrderMismatchError: when the message differs from its order.
            GatewayUnavailableError: when the order is not recorded yet.
        """
        with self.transaction() as store:
            result = record_message(store, match, evidence, reference=reference, display_by=display_by, effects=effects)
        if isinstance(result, CreancePayError):
            raise result
        return result

    @_act
    def mismatch(self, evidence: Evidence, error: OrderMismatchError, *, reference: str) -> None:
        """Record an authentic message that differs from its order, and its incident.

        An equal message is recorded once, and at most a thousand in an hour.  Above the limit, incidents are recorded.
        """
        with self.transaction() as store:
            add_mismatch(store, evidence, error, reference)

    @_act
    def refuse(self, evidence: Evidence, *, reference: str, error: ResponseRefusedError) -> bool:
        """Record a refused message by its hash alone, at most a thousand an hour for each type of error.

        A readable message with an unknown seal is a forgery, or its key is missing in the configuration: it raises an
        incident for its order.  After ten of a type in an hour, those about further orders raise one incident
        together.  Incidents are recorded above the limit too.

        Returns:
            Whether the order that the message names is recorded.
        """
        with self.transaction(write=False) as store:
            known, event, incident = read_refusal(store, evidence, error, reference)
        if event is not None or incident is not None:
            with self.transaction() as store:
                if event is not None:
                    store.add_event(event)
                if incident is not None:
                    add_incident(store, incident)
        return bool(known)

    @_act
    def bind(self, payment: Payment, bank_reference: str) -> None:
        """Record the bank's own identifier of a payment, before the browser leaves.

        Args:
            payment: The payment as it was opened.
            bank_reference: The identifier, at most 200 characters.
        """
        with self.transaction() as store:
            current = _existing(store, payment.transaction_reference)
            store.update(attrs.evolve(current, bank_reference=bank_reference, version=current.version + 1))

    @_act
    def give_up(self, payment: Payment, *, now: datetime, reference_used: bool = False) -> None:
        """Record an order as ERROR when the browser stays in the portal, unless the bank has reported on it.

        Args:
            payment: The payment as it was opened.
            now: The time.
            reference_used: Whether the bank refused the order because it knew the reference: an incident.
        """
        with self.transaction() as store:
            current = _locked(store, payment.transaction_reference)
            if current is None or current.version != payment.version:
                return
            store.update(
                attrs.evolve(
                    current,
                    state=PaymentState.ERROR,
                    changed_at=now,
                    ask_at=None,
                    reference_used=reference_used,
                    version=current.version + 1,
                )
            )
            if reference_used:
                kind = IncidentKind.REFERENCE_USED
                add_incident(store, Incident(kind=kind, transaction_reference=payment.transaction_reference, at=now))

    @_act
    def asked(self, payment: Payment, *, now: datetime) -> None:
        """Record that the answer to a question had no news: the next question is due later.  Writes no event."""
        with self.transaction() as store:
            current = _locked(store, payment.transaction_reference)
            if current is not None and current.version == payment.version:
                store.update(current.asked(now))

    @_act
    def begin(
        self, reference: str, kind: ActKind, amount: Euros | None, *, by: str, reason: str, now: datetime
    ) -> tuple[Act, Payment]:
        """Record an act before the bank is called.

        Args:
            reference: The payment.
            kind: The operation.
            amount: The amount; ``None`` for all that the merchant holds, or of the order before a capture.
            by: The person.
            reason: The person's reason.
            now: The time.

        Raises:
            InvalidValueError: for an unknown payment, or without person or reason.
            InvalidAmountError: for an amount of zero, or above what the merchant holds.
            PaymentInProgressError: when another act on the payment is open.
        """
        require_person(by, reason)
        with self.transaction() as store:
            payment = _existing(store, reference)
            if store.open_act(reference) is not None:
                raise PaymentInProgressError("an act on this payment is open", references=(reference,))
            left = payment.amount.saturating_sub(payment.sums.refunded)
            held = payment.sums.held if kind is ActKind.REFUND else left
            wanted = held if amount is None else amount
            if not isinstance(wanted, Euros) or not Euros(0) < wanted <= held:
                raise InvalidAmountError(f"expected an amount above zero and at most {held}, got {wanted}")
            # A refund that the bank has accepted may end later: it must not end this act in its place.
            done = [act for act in store.acts(reference) if act.state is ActState.DONE]
            accepted = sum((act.amount for act in done if act.kind is not ActKind.CAPTURE), Euros(0))
            act = Act(
                transaction_reference=reference,
                kind=kind,
                amount=wanted,
                held_before=min(left, payment.amount.saturating_sub(accepted)),
                by=by,
                reason=reason,
                requested_at=now,
            )
            begun = attrs.evolve(act, number=store.add_act(act))
        log("act_recorded", transaction_reference=reference, act=kind, state=begun.state)
        return begun, payment

    @_act
    def end(self, act: Act, *, state: ActState, detail: str, now: datetime, if_open: bool = False) -> Act:
        """Record the result of an act; a late DONE replaces FAILED, and DONE is final.

        Args:
            act: The act.
            state: The result.
            detail: The bank's answer.
            now: The time.
            if_open: Whether to record it only while the act is open: the bank's records may by now show the money of a
                later act.
        """
        finished = attrs.evolve(act, state=state, detail=detail, finished_at=now)
        with self.transaction() as store:
            if if_open:
                _locked(store, act.transaction_reference)  # no later act begins meanwhile
                found = store.open_act(act.transaction_reference)
                if found is None or found.number != act.number:
                    return act
            store.finish_act(finished)
            store.close_incidents(IncidentKind.ACT_UNCERTAIN, act.transaction_reference, now)
        log("act_recorded", transaction_reference=act.transaction_reference, act=act.kind, state=state)
        return finished

    @_act
    def post(
        self,
        reference: str,
        notices: Collection[NoticeReference] | None,
        state: PostingState,
        *,
        by: str,
        reason: str = "",
        now: datetime,
    ) -> Payment:
        """Record that the caisse has posted a payment to its notices, or has rejected it.

        Args:
            reference: The payment.
            notices: The notices; ``None`` for all of the payment.
            state: POSTED or REJECTED.
            by: The person, or the name of the file or job.
            reason: The reason of a rejection.
            now: The time.

        Raises:
            InvalidValueError: for an unknown payment, a notice that it does not pay, a posting without ``by``, or a
                rejection without reason.
        """
        require_aware(now, "now")
        if state not in [PostingState.POSTED, PostingState.REJECTED]:
            raise InvalidValueError(f"expected state to be POSTED or REJECTED, got {describe(state)}")
        state = PostingState(state)
        require_person(by, reason, reasoned=state is PostingState.REJECTED)
        with self.transaction() as store:
            payment = _existing(store, reference)
            named = [*payment.order.notices] if notices is None else sorted(notices_of(notices))
            if not payment.sums.captured.cents:
                raise InvalidValueError(f"expected a payment that was accepted, got one that is {payment.state}")
            if unknown := [notice for notice in named if notice not in payment.order.notices]:
                raise InvalidValueError(f"expected notices of the payment, got {len(unknown)} others")
            changed = {notice: state for notice in named if payment.postings.get(notice) is not state}
            if not changed:
                return payment
            after = attrs.evolve(payment, postings={**payment.postings, **changed}, version=payment.version + 1)
            store.update(after)
            store.set_postings(reference, changed, at=now, by=by, reason=reason)
            store.add_event(
                PaymentEvent(
                    transaction_reference=reference,
                    evidence=Evidence.person(f"{state}", now, by=by, reason=reason),
                    disposition=Disposition.APPLIED,
                    detail=f"posting {state} of {len(changed)} notices",
                )
            )
            if state is PostingState.REJECTED:
                kind = IncidentKind.POSTING_REJECTED
                add_incident(store, Incident(kind=kind, transaction_reference=reference, at=now))
            elif PostingState.REJECTED not in after.postings.values():
                store.close_incidents(IncidentKind.POSTING_REJECTED, reference, now)
            if not after.unposted():
                store.close_incidents(IncidentKind.POSTING_OVERDUE, reference, now)
        log("posting_recorded", transaction_reference=reference, state=state)
        return after

    @_act
    def register(self, effects: Iterable[Effect]) -> None:
        """Register effects by name, so that payments owe them whichever process records their state."""
        with self.transaction() as store:
            store.register(effects)

    @_act
    def claim(
        self, *, now: datetime, effects: Collection[Effect], finished: EffectTask | None = None
    ) -> tuple[EffectTask, Payment] | None:
        """Claim the effect that is due first, and read its payment; one worker at a time claims it.

        Args:
            now: The time, with its zone.
            effects: The effects that the caller can run.
            finished: A task whose effect has just succeeded, recorded in the same transaction.

        Returns:
            The task, due again after its lease, and its payment; or ``None``.
        """
        leases = {effect.name: effect.lease for effect in effects}
        with self.transaction() as store:
            if finished:
                store.finish(finished, now)
            while True:
                found = store.next_task(now, [*leases, UNRESOLVED] if leases else [])
                if found is None:
                    return None
                task, payment = found
                if task.name == UNRESOLVED:
                    _resolve(store, task, effects, now)
                    continue
                claimed = task.claimed(now, leases[task.name])
                store.claim(claimed)
                if task.attempts >= _CLAIM_ATTEMPTS_BEFORE_INCIDENT:
                    add_incident(store, _effect_incident(IncidentKind.EFFECT_FAILING, task, now))
                if payment:
                    return claimed, payment

    @_act
    def finish(self, task: EffectTask, *, at: datetime | None) -> None:
        """Record that an effect succeeded at a time; with ``None``, that it failed and is due again.

        A failure that comes after the lease, when another worker has begun the effect again, is ignored.
        """
        with self.transaction() as store:
            store.finish(task, at)

    @_act
    def raise_incident(self, incident: Incident) -> None:
        """Record an incident; one that is open is counted."""
        require_aware(incident.at, "incident.at")
        with self.transaction() as store:
            add_incident(store, incident)

    @_act
    def close_incident(
        self, incident: Incident, *, at: datetime, by: str | None = None, reason: str | None = None
    ) -> None:
        """Record that a person has closed an incident.

        Args:
            incident: The incident.
            at: The time.
            by: The person; ``None`` when its cause disappeared.
            reason: The person's reason; ``None`` without a person.

        Raises:
            InvalidValueError: for a person without reason, or a reason without person.

        >>> from datetime import UTC
        >>> from creance_pay.ledger import MemoryLedger
        >>> ledger, now = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> ledger.raise_incident(Incident(kind=IncidentKind.NOT_AUTHENTIC, transaction_reference="", at=now))
        >>> (incident,) = ledger.incidents()
        >>> ledger.close_incident(incident, at=now, by="operator 7", reason="a scan of the address")
        >>> ledger.incidents()
        ()
        """
        require_aware(at, "at")
        if (by, reason) != (None, None):
            require_person(by, reason)
        with self.transaction() as store:
            store.close_incident(incident, at, by or "", reason or "")
        log("incident_closed", kind=incident.kind, transaction_reference=incident.transaction_reference)

    @_act
    def beat(self, job: str, *, now: datetime, every: timedelta = timedelta(0)) -> bool:
        """Record that a job runs, unless one of its name has run within a time: workers share a job by it.

        Args:
            job: The name of the job, at most 64 characters, such as ``effects`` or ``reconcile``.
            now: The time.
            every: The time; by default each call is recorded.

        Returns:
            Whether it was recorded: of several workers that call at once, one gets ``True``.

        >>> from datetime import UTC
        >>> from creance_pay.ledger import MemoryLedger
        >>> ledger, now = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> ledger.beat("report", now=now, every=timedelta(hours=1))
        True
        >>> ledger.beat("report", now=now + timedelta(minutes=59), every=timedelta(hours=1))
        False
        """
        require_aware(now, "now")
        with self.transaction() as store:
            return store.beat(job, now, every)

    @_act
    def settled_elsewhere(
        self, notices: Iterable[NoticeReference], *, at: datetime, by: str | None = None, reason: str | None = None
    ) -> None:
        """Record that notices were settled by other means: later orders of them are refused.

        A payment of one of them that is accepted before or after has to be refunded, and raises an incident.

        Args:
            notices: The notices.
            at: The time.
            by: The person, or the name of the job.
            reason: The reason.

        Raises:
            InvalidValueError: for a person without reason, or a reason without person.

        >>> from datetime import UTC
        >>> from creance_pay.ledger import MemoryLedger
        >>> ledger, now = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> notice = NoticeReference("6311705400000344F")
        >>> ledger.settled_elsewhere([notice], at=now, by="the caisse", reason="paid by cheque")
        >>> ledger.open(
        ...     Euros(2000), {notice: Euros(2000)}, now=now, attempt_life=timedelta(minutes=30),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        Traceback (most recent call last):
        creance_pay.errors.PaymentInProgressError: one of these notices was settled by other means
        """
        wanted = notices_of(notices)
        require_aware(at, "at")
        if (by, reason) != (None, None):
            require_person(by, reason)
        with self.transaction() as store:
            # A notice without an order has no row to lock: new orders wait for the sequence.
            store.next_sequence(self.chance.randrange(_SEQUENCES))
            found, _ = store.lock(wanted)
            for notice in wanted:
                store.settle(notice, at, by or "", reason or "")
            for payment in found:
                if wanted & payment.pending(at).keys() and payment.holds_money:
                    kind = IncidentKind.PAID_AFTER_SETTLEMENT
                    reference = payment.transaction_reference
                    add_incident(store, Incident(kind=kind, transaction_reference=reference, at=at))

    @_act
    def sweep(self, *, now: datetime) -> None:
        """Raise incidents for overdue effects and postings, and for open acts that wait for the bank's answer."""
        with self.transaction(write=False) as store:
            tasks = [task for task in store.tasks() if task.due_at <= now - _OVERDUE]
            unposted = store.unposted(now)
            acts = [act for act in store.open_acts() if act.requested_at <= now - _OVERDUE]
        found = [_effect_incident(IncidentKind.EFFECT_OVERDUE, task, now) for task in tasks]
        found += [
            Incident(kind=IncidentKind.POSTING_OVERDUE, transaction_reference=reference, at=now)
            for reference in unposted
        ]
        found += [
            Incident(kind=IncidentKind.ACT_UNCERTAIN, transaction_reference=act.transaction_reference, at=now)
            for act in acts
        ]
        if found:
            with self.transaction() as store:
                for incident in found:
                    if store.is_open(incident):  # it is overdue still: counted, and not logged again
                        store.add_incident(incident)
                    else:
                        add_incident(store, incident)

    def erase(self, *, before: datetime, progress: Callable[[Sequence[range]], Iterable[range]] = iter) -> int:
        """Erase old personal data: payloads of messages and card masks.  Payments and events stay.

        The work is done in pages, so that a payment made meanwhile waits for one page at most.

        Args:
            before: Erase data that came, or last changed, before this time.
            progress: Yields the pages one by one, such as a progress bar.

        Returns:
            The number of events and payments that were changed.
        """
        require_aware(before, "before")
        with self.transaction(write=False) as store:
            last = store.last_number()
        erased = 0
        for page in progress([range(first, first + _PAGE) for first in range(1, last + 1, _PAGE)]):
            erased += self._erase(before, page)
        return erased

    @_act
    def _erase(self, before: datetime, page: range) -> int:
        with self.transaction() as store:
            return store.erase(before, page)

    # ---- reads

    def find(self, transaction_reference: str) -> Payment | None:
        """Return a payment, or ``None``.  A reference is guessable: answer no person by it alone."""
        if not is_storable(transaction_reference):
            return None
        with self.transaction(write=False) as store:
            return store.find(transaction_reference)

    def payments(
        self,
        states: Collection[PaymentState] = (),
        *,
        notice: NoticeReference | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        amount: Euros | None = None,
        card_end: str | None = None,
        authorisation: str | None = None,
    ) -> tuple[Payment, ...]:
        """List payments, ordered by reference: those that fit all that a caller knows.

        Args:
            states: Only those in one of these states; by default all.
            notice: Only those of this notice.
            since: Only those recorded at or after this time.
            before: Only those recorded before this time.
            amount: Only those of this amount.
            card_end: Only those of a card whose mask ends with these digits; payments whose mask was erased are left
                out.
            authorisation: Only those with this number of the authorisation.

        >>> from datetime import UTC
        >>> from creance_pay.ledger import MemoryLedger
        >>> ledger, now = MemoryLedger(), datetime(2026, 11, 23, 12, tzinfo=UTC)
        >>> notice = NoticeReference("6311705400000344F")
        >>> payment = ledger.open(
        ...     Euros(2000), {notice: Euros(2000)}, now=now, attempt_life=timedelta(minutes=30),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> [each.amount for each in ledger.payments([PaymentState.CREATED], notice=notice)]
        [Euros(2000)]
        """
        wanted = states_of(states, "states")
        for name, moment in {"since": since, "before": before}.items():
            if moment is not None:
                require_aware(moment, name)
        notices = () if notice is None else notices_of([notice])
        with self.transaction(write=False) as store:
            found = store.of_notices(notices) if notices else store.payments(wanted, since, before)
            return tuple(
                each
                for each in found
                if (not wanted or each.state in wanted)
                and (since is None or each.created_at >= since)
                and (before is None or each.created_at < before)
                and amount in {None, each.amount}
                and (card_end is None or (each.masked_card or "").endswith(card_end))
                and authorisation in {None, each.authorisation_number}
            )

    def payments_for_notices(self, notices: Iterable[NoticeReference]) -> tuple[Payment, ...]:
        """List the payments of any of these notices, in every state."""
        wanted = notices_of(notices)
        with self.transaction(write=False) as store:
            return tuple(store.of_notices(wanted))

    def to_ask(self, *, now: datetime, before: datetime) -> tuple[Payment, ...]:
        """List the payments about which a question to the bank is due.

        Args:
            now: The time.
            before: Only those recorded before this time.
        """
        with self.transaction(write=False) as store:
            return tuple(store.to_ask(now, before))

    def events(self, transaction_reference: str) -> tuple[PaymentEvent, ...]:
        """List the events of a payment, in the order of recording."""
        with self.transaction(write=False) as store:
            return tuple(store.events(transaction_reference))

    def movements(self, transaction_reference: str) -> tuple[Movement, ...]:
        """List the movements of a payment that the bank reported one by one, in the order of recording."""
        with self.transaction(write=False) as store:
            return tuple(store.movements(transaction_reference))

    def acts(self, transaction_reference: str) -> tuple[Act, ...]:
        """List the acts of people on a payment, in the order of recording."""
        with self.transaction(write=False) as store:
            return tuple(store.acts(transaction_reference))

    def open_acts(self) -> tuple[Act, ...]:
        """List the acts that wait for a result, the oldest first."""
        with self.transaction(write=False) as store:
            return tuple(store.open_acts())

    def pending(self, references: Iterable[NoticeReference], now: datetime) -> dict[NoticeReference, Euros]:
        """Return the accepted amounts that wait for their posting, for ``rules.assess(pending=)`` (rule R25).

        Args:
            references: The notices; a notice without pending amount is left out of the result.
            now: The time, with its zone.

        Before a search, for the rules::

            pending = ledger.pending([debt.reference for debt in debts], now)
            assessment = rules.assess(searched, others=others, pending=pending, policy=policy)
        """
        wanted = notices_of(references)
        require_aware(now, "now")
        pending: dict[NoticeReference, Euros] = {}
        for payment in self.payments_for_notices(wanted):
            for notice, amount in payment.pending(now).items():
                if notice in wanted:
                    pending[notice] = pending.get(notice, Euros(0)) + amount
        return pending

    def to_post(self, *, after: int = 0) -> Iterator[PostingLine]:
        """Yield the money that moved, in the order of recording, for the caisse to post: each movement once.

        A later call with the number of the last line yields exactly the lines that were recorded since.

        Args:
            after: The number of the last line of the call before.

        The lines since the last call, for the caisse's own system::

            for line in ledger.to_post(after=last_number):
                post(line)
                last_number = line.number
        """
        while True:
            with self.transaction(write=False) as store:
                events = store.moved(after, _PAGE)
                earlier = store.sums({event.transaction_reference for event in events}, after)
                found = (store.find(event.transaction_reference) for event in events)
                payments = {payment.transaction_reference: payment for payment in found if payment}
            for event in events:
                before = earlier.get(event.transaction_reference, Sums())
                earlier[event.transaction_reference] = before.plus(event.moved)
                yield from posting_lines(event, payments[event.transaction_reference], before)
            if not events:
                return
            after = events[-1].number

    def parked(self) -> tuple[PaymentEvent, ...]:
        """List the authentic messages whose order is recorded now; at most a page of those that can be decrypted."""
        found: list[PaymentEvent] = []
        with self.transaction(write=False) as store:
            while page := store.parked(found[-1].number if found else 0, _PAGE):
                found += page
                if sum(event.readable for event in found) >= _PAGE:
                    break
        return tuple(found)

    def incidents(self, transaction_reference: str | None = None) -> tuple[Incident, ...]:
        """List the open incidents, or every incident of a payment, closed ones included; the oldest first."""
        with self.transaction(write=False) as store:
            return tuple(store.incidents(transaction_reference))

    def heartbeats(self) -> dict[str, datetime]:
        """Return when each job has last run, by its name."""
        with self.transaction(write=False) as store:
            return store.heartbeats()

    def tasks(self) -> tuple[EffectTask, ...]:
        """List the effects that wait, ordered by due time."""
        with self.transaction(write=False) as store:
            return tuple(store.tasks())


def _locked(store: Store, reference: str) -> Payment | None:
    """Lock the notices of a payment, and read it."""
    found, _ = store.lock_payment(reference)
    return named(found, reference)


def _existing(store: Store, reference: str) -> Payment:
    """Lock the notices of a payment, and read it; raise for an unknown reference."""
    payment = _locked(store, reference)
    if payment is None:
        raise InvalidValueError("expected the reference of a recorded payment")
    return payment


def _effect_incident(kind: IncidentKind, task: EffectTask, now: datetime) -> Incident:
    name = task.name or "no effect is registered"
    return Incident(kind=kind, transaction_reference=task.transaction_reference, at=now, detail=name)


def _resolve(store: Store, task: EffectTask, effects: Iterable[Effect], now: datetime) -> None:
    """Replace a task without name by the tasks of every effect that its state calls for."""
    names = {effect.name for effect in effects if task.state in effect.on} | store.registered(task.state)
    if not names:
        store.claim(attrs.evolve(task, due_at=now + timedelta(minutes=5)))
        return
    for name in sorted(names):
        store.add_task(task_for(task.transaction_reference, task.key, name, now))
    store.finish(task, now)
