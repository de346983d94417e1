"""The records of a ledger: payments, which change by version, and payment events, which stay as they are."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from .._validators import describe
from ..errors import InvalidValueError
from ..http import HttpMessage, require_message
from ..money import Euros
from ..payment import MovementKind, PaymentOrder, PaymentProgress, PaymentState, Source, VerifiedPayment
from ..references import NoticeReference
from .acts import Act, ActKind, ActState

# Headers of a person's browser, useless as evidence.
_PRIVATE_HEADERS = {"authorization", "cookie", "user-agent", "x-forwarded-for", "forwarded"}

#: Money has moved.
SETTLED_STATES = frozenset(
    {PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED, PaymentState.CHARGED_BACK}
)
#: The attempt is over, and no money has moved.
FAILED_STATES = frozenset({PaymentState.REFUSED, PaymentState.CANCELLED, PaymentState.EXPIRED, PaymentState.ERROR})
#: The bank knows the attempt and has not decided.
IN_FLIGHT_STATES = frozenset({PaymentState.PENDING, PaymentState.AUTHORISED})
#: The bank has reported nothing, or nothing certain.
UNCONFIRMED_STATES = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN})

# The bank is asked again after these waits, then daily.
_QUESTIONS = (timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
_DAILY = timedelta(days=1)
#: Clocks of one merchant differ by less; a time that no right clock can have written came from a wrong one.
WRONG_CLOCK = timedelta(days=1)
#: No question is due later.
LATEST_QUESTION = _DAILY + WRONG_CLOCK
_NOTHING = Euros(0)
# Every database refuses half a surrogate pair, which a terminal of another encoding gives; PostgreSQL refuses NUL.
_STORABLE = re.compile("[^\\0\ud800-\udfff]*")
_STATES = [*PaymentState]  # a list: an item that cannot be hashed is compared, too


class Disposition(StrEnum):
    """The way the ledger disposed of a message."""

    #: The payment has a new state, or money has moved.
    APPLIED = "APPLIED"
    #: It reports what is known.
    DUPLICATE = "DUPLICATE"
    #: It is authentic, and the recorded state takes precedence.
    SUPERSEDED = "SUPERSEDED"
    #: It is authentic, and not about the recorded order.
    MISMATCH = "MISMATCH"
    #: It is authentic, about an order that is not recorded, and waits for it.
    PARKED = "PARKED"
    #: It is not authentic or not readable; only its hash is recorded.
    REFUSED = "REFUSED"


class PostingState(StrEnum):
    """The state of one notice of one payment in the caisse's own system."""

    #: Not posted yet, as far as the ledger knows.
    OPEN = "OPEN"
    #: The caisse has posted the amount to the debt.
    POSTED = "POSTED"
    #: The caisse cannot post it: a person has to act.
    REJECTED = "REJECTED"


@attrs.frozen(kw_only=True)
class Sums:
    """The money of a payment, from its movements; each sum only grows.

    The same money is reported in several ways, which have to agree in any order: one by one with identifiers, in one
    or more series, or as a total (the amount minus what remains).  The largest of these sums counts.

    Attributes:
        captured: The amount debited.
        refunded: The amount that the merchant gave back.
        charged_back: The amount that the cardholder's bank has taken back, the returned part included.
        represented: The amount that the cardholder's bank has returned after a chargeback.
    """

    captured: Euros = _NOTHING
    refunded: Euros = _NOTHING
    charged_back: Euros = _NOTHING
    represented: Euros = _NOTHING

    @property
    def held(self) -> Euros:
        """The amount that the merchant still holds."""
        return self.captured.saturating_sub(self.refunded + self.charged_back.saturating_sub(self.represented))

    def since(self, earlier: Sums) -> Sums:
        """Return the money that moved after earlier sums of the same payment; the sums are zero before the capture.

        >>> paid = Sums(captured=Euros(2000))
        >>> Sums(captured=Euros(2000), refunded=Euros(800)).since(paid).refunded
        Euros(800)
        """
        if not self.captured.cents:
            return Sums()
        if not earlier.captured.cents:
            return self
        return Sums(
            captured=self.captured - earlier.captured,
            refunded=self.refunded - earlier.refunded,
            charged_back=self.charged_back - earlier.charged_back,
            represented=self.represented - earlier.represented,
        )

    def plus(self, moved: Sums) -> Sums:
        """Return the sums after more money has moved."""
        return Sums(
            captured=self.captured + moved.captured,
            refunded=self.refunded + moved.refunded,
            charged_back=self.charged_back + moved.charged_back,
            represented=self.represented + moved.represented,
        )

    def state(self) -> PaymentState | None:
        """Return the state that follows from the sums; ``None`` before any capture.

        >>> Sums(captured=Euros(2000), refunded=Euros(800)).state()
        <PaymentState.PARTIALLY_REFUNDED: 'PARTIALLY_REFUNDED'>
        """
        if not self.captured.cents:
            return None
        if self.charged_back > self.represented:
            return PaymentState.CHARGED_BACK
        if self.refunded >= self.captured:
            return PaymentState.REFUNDED
        return PaymentState.PARTIALLY_REFUNDED if self.refunded.cents else PaymentState.PAID


@attrs.frozen(kw_only=True)
class Payment:
    """A payment of one order: a row of the ledger, rewritten at each change under the next version.

    Attributes:
        order: The order.
        state: The state.
        sums: The money moved.
        created_at: The time of recording; times are the ledger's own unless stated otherwise, with their zone.
        changed_at: The time of the last change of state.
        paid_at: The time when it became PAID.
        display_by: The time by which the person's account shows it (rule R17).
        awaits_posting: Whether it is pending until the caisse has posted it (rule R25); otherwise until ``display_by``.
        postings: The state of each notice in the caisse's own system.
        follows: The references of the payments of its notices that held money when this order was recorded: this one
            is an instalment after each of them.
        authorisation_number: The bank's number of the authorisation.
        authorised_at: The bank's time of the message that the state comes from.
        response_code: The bank's code of the message that the state comes from.
        masked_card: The card number with its middle hidden, until it is erased.
        reference_used: Whether the bank knew the transaction reference before this order: another ledger issued it.
        bank_reference: The bank's own identifier of the payment, where calls to the bank need it.
        questions: The number of questions to the bank about it.
        ask_at: The time of the next question; ``None`` when none is due.
        version: The number of times it was written.
    """

    order: PaymentOrder
    state: PaymentState = PaymentState.CREATED
    sums: Sums = attrs.field(factory=Sums, repr=False)
    created_at: datetime
    changed_at: datetime
    paid_at: datetime | None = None
    display_by: datetime | None = None
    awaits_posting: bool = False
    postings: Mapping[NoticeReference, PostingState] = attrs.field(factory=dict, repr=False, hash=False)
    follows: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    authorisation_number: str | None = None
    authorised_at: datetime | None = None
    response_code: str | None = None
    masked_card: str | None = attrs.field(default=None, repr=False)
    reference_used: bool = False
    bank_reference: str | None = attrs.field(default=None, repr=False)
    questions: int = 0
    ask_at: datetime | None = None
    version: int = 1

    @property
    def transaction_reference(self) -> str:
        """The reference of the order."""
        return self.order.transaction_reference

    @property
    def amount(self) -> Euros:
        """The amount of the order."""
        return self.order.amount

    @property
    def holds_money(self) -> bool:
        """Whether the merchant holds money of the person, even a part after a refund or a chargeback."""
        return bool(self.sums.held.cents)

    def shown_by(self, now: datetime) -> bool:
        """Return whether the time for the payment to show in the person's account has passed."""
        return self.display_by is not None and self.display_by <= now

    def shares(self) -> dict[NoticeReference, Euros]:
        """Split the money that the merchant holds, or will hold, among the notices.

        Refunds and chargebacks reduce the last notice first, in the order of the notice references.
        """
        held = self.amount if self.state is PaymentState.AUTHORISED else self.sums.held
        split = {}
        for notice in sorted(self.order.notices, key=str):
            split[notice] = min(self.order.notices[notice], held)
            held = held.saturating_sub(split[notice])
        return split

    def pending(self, now: datetime) -> dict[NoticeReference, Euros]:
        """Return the accepted amounts that wait for the posting by the caisse (rule R25), by notice."""
        shown = self.state is not PaymentState.AUTHORISED and not self.awaits_posting and self.shown_by(now)
        waiting = {PostingState.REJECTED} if shown else {PostingState.OPEN, PostingState.REJECTED}
        return {
            notice: share
            for notice, share in self.shares().items()
            if share.cents and self.postings.get(notice, PostingState.OPEN) in waiting
        }

    def unposted(self) -> list[NoticeReference]:
        """List the notices that wait for the caisse to post them."""
        if not self.awaits_posting:
            return []
        shares = self.shares()
        return [
            notice for notice, state in self.postings.items() if state is PostingState.OPEN and shares[notice].cents
        ]

    def progress(self, acts: Iterable[Act] = ()) -> PaymentProgress | None:
        """Return the fact that the state does not show, or ``None``.

        Args:
            acts: The acts on the payment, as ``Ledger.acts`` lists them.
        """
        if any(act.state is ActState.REQUESTED and act.kind is not ActKind.CAPTURE for act in acts):
            return PaymentProgress.REFUND_REQUESTED
        postings = set(self.postings.values())
        if self.state is not PaymentState.PAID:
            return None
        if PostingState.REJECTED in postings:
            return PaymentProgress.POSTING_REJECTED
        return PaymentProgress.POSTED if postings == {PostingState.POSTED} else None

    def message_values(self, now: datetime, acts: Iterable[Act] = ()) -> dict[str, object]:
        """Return the values of a message about the payment, for ``messages.message_for(payment, **values)``.

        They are the progress, the amount refunded, and the hours within which the account shows an accepted payment.
        After this delay the message leaves the number of hours out.

        Args:
            now: The time.
            acts: The acts on the payment, as ``Ledger.acts`` lists them; by default, refunds in progress are left out.
        """
        hours = None
        if self.display_by is not None and self.paid_at is not None and now < self.display_by:
            hours = round((self.display_by - self.paid_at) / timedelta(hours=1))
        return {
            "display_delay_hours": hours,
            "refunded": self.sums.refunded,
            "progress": self.progress(acts),
        }

    def blocks(self, now: datetime, attempt_life: timedelta, notices: Iterable[NoticeReference]) -> bool:
        """Return whether another payment of some of its notices could be a second payment of a debt.

        Args:
            now: The time.
            attempt_life: How long an attempt that waits for the bank's answer may still be open.
            notices: The notices of the other payment.
        """
        if self.state in UNCONFIRMED_STATES:
            return now < self.created_at + attempt_life
        return self.state in IN_FLIGHT_STATES or not self.pending(now).keys().isdisjoint(notices)

    def is_asked(self, now: datetime, poll_window: timedelta) -> bool:
        """Return whether the bank is asked about it: at any age while in progress, otherwise within a time."""
        return self.state in IN_FLIGHT_STATES or self.created_at >= now - poll_window

    def to_ask(self, now: datetime, before: datetime) -> bool:
        """Return whether a question about a payment that was recorded before a time is due.

        A question is asked under a wrong clock too: a time that is further ahead than any wait counts as passed.
        """
        if self.ask_at is None:
            return False
        due = not now < self.ask_at <= now + LATEST_QUESTION
        return due and not before < self.created_at <= now + WRONG_CLOCK

    def asked(self, now: datetime) -> Payment:
        """Return the payment after a question whose answer had no news: the next one, if any is due, is asked later.

        After a question about an open act, a decided payment needs no further question.
        """
        wait = _QUESTIONS[self.questions + 1] if self.questions + 1 < len(_QUESTIONS) else _DAILY
        later = now + wait if self.ask_at else None
        return attrs.evolve(self, questions=self.questions + 1, ask_at=later, version=self.version + 1)


def is_storable(text: object) -> bool:
    """Return whether a value is a text that every ledger can store: a search for another one finds nothing."""
    return isinstance(text, str) and _STORABLE.fullmatch(text) is not None


def require_person(by: object, reason: object = None, *, reasoned: bool = True) -> None:
    """Check that an act names who decides, and why, in texts that every ledger stores.

    Args:
        by: The person, or the name of the file or job.
        reason: The reason.
        reasoned: Whether the act needs a reason.

    Raises:
        InvalidValueError: for anything but a text, an empty text, or one with a character that is not Unicode or NUL.
    """
    for name, text in [("by", by), ("reason", reason)] if reasoned else [("by", by)]:
        if not is_storable(text) or not str(text).strip():
            found = (
                f"{describe(text)} that is empty or that no database stores"
                if isinstance(text, str)
                else describe(text)
            )
            raise InvalidValueError(f"expected who decides (by) and why (reason), got as {name} {found}")


def _set_of(given: object, accepted: Callable[[object], bool], expected: str) -> frozenset[Any]:
    """Return a list as a set; a text is none, although Python reads it as the list of its letters."""
    found = describe(given)
    if isinstance(given, Iterable) and not isinstance(given, str):
        listed = list(given)
        others = [each for each in listed if not accepted(each)]
        if not others:
            return frozenset(listed)
        found = f"a list with {describe(others[0])} in it"
    raise InvalidValueError(f"expected {expected}, got {found}")


def states_of(given: Iterable[PaymentState], name: str) -> frozenset[PaymentState]:
    """Return a list of states as a set.

    Args:
        given: The states.
        name: The name of the argument, for the error text.

    Raises:
        InvalidValueError: for a single state, for any other value that is no list, and for an item that is no state.
    """
    return frozenset(map(PaymentState, _set_of(given, _STATES.__contains__, f"{name} to be a list of states")))


def notices_of(given: Iterable[NoticeReference]) -> frozenset[NoticeReference]:
    """Return a list of notices as a set.

    Raises:
        InvalidValueError: for a single notice, for any other value that is no list, and for an item that is none.
    """
    return _set_of(given, lambda each: isinstance(each, NoticeReference), "notices to be a list of NoticeReference")


def first_question(now: datetime) -> datetime:
    """Return the time of the first question about an order recorded now."""
    return now + _QUESTIONS[0]


@attrs.frozen(kw_only=True)
class Evidence:
    """The evidence of a message, an answer, a report line or a person's decision.

    Attributes:
        source: The way it came.
        at: The time of arrival.
        digest: Its SHA-256, in hexadecimal.
        payload: Its content, as text; encrypted at rest.
        retry_of: The number of the parked event that is processed again.
        by: The person who decided; empty for the bank.
        reason: The person's reason.
    """

    source: Source
    at: datetime
    digest: str
    payload: str | None = attrs.field(default=None, repr=False)
    retry_of: int | None = None
    by: str = ""
    reason: str = ""

    @classmethod
    def message(cls, message: HttpMessage, source: Source, at: datetime) -> Evidence:
        """Build the evidence of a message, without the headers that identify a person's browser."""
        headers = {
            name: text
            for name, text in require_message(message).headers.items()
            if name.lower() not in _PRIVATE_HEADERS
        }
        payload = json.dumps({"body": b64encode(message.body).decode(), "headers": headers})
        return cls(source=source, at=at, digest=hashlib.sha256(message.body).hexdigest(), payload=payload)

    @classmethod
    def fields(cls, fields: Mapping[str, object], source: Source, at: datetime) -> Evidence:
        """Build the evidence of an answer to a question, or of a report line."""
        payload = json.dumps({"fields": {name: fields[name] for name in sorted(fields)}})
        return cls(source=source, at=at, digest=hashlib.sha256(payload.encode()).hexdigest(), payload=payload)

    @classmethod
    def person(cls, decision: str, at: datetime, *, by: str, reason: str) -> Evidence:
        """Build the evidence of a person's decision."""
        digest = hashlib.sha256(json.dumps([decision, by, reason, at.isoformat()]).encode()).hexdigest()
        return cls(source=Source.PERSON, at=at, digest=digest, by=by, reason=reason)


@attrs.frozen(kw_only=True)
class PaymentEvent:
    """One message and its disposition.  An event stays as it is, except for the erasure of its payload.

    Attributes:
        number: Its number, increasing; there may be gaps.
        transaction_reference: The payment; empty where no authentic message named one.
        evidence: The evidence.
        disposition: The disposition.
        state: The state that it reports, or ``None``.
        fingerprint: The digest of its meaning, equal for two messages that report the same; empty for no report.
        moved: The money that it moved.
        bank_at: The bank's time of the transaction or of the movement that it reports, where it moved money.
        identifier: The bank's identifier of that movement; empty without one.
        response_code: The bank's code in the message; ``None`` without one.
        detail: The reason, in English: the type of an error, the names of fields; values stay out.
        readable: Whether the stored payload could be decrypted.
    """

    number: int = 0
    transaction_reference: str
    evidence: Evidence
    disposition: Disposition
    state: PaymentState | None = None
    fingerprint: str = ""
    moved: Sums = attrs.field(factory=Sums, repr=False)
    bank_at: datetime | None = None
    identifier: str = ""
    response_code: str | None = None
    detail: str = ""
    readable: bool = True

    @property
    def message(self) -> HttpMessage | None:
        """The message, to process it again; ``None`` for an answer or a report line, or after erasure."""
        kept = json.loads(self.evidence.payload or "{}")
        return HttpMessage(b64decode(kept["body"]), kept["headers"]) if "body" in kept else None


def fingerprint_of(payment: VerifiedPayment) -> str:
    """Digest the meaning of a message: equal for equal reports, whatever their form, seal and source."""
    when = payment.authorised_at.timestamp() if payment.authorised_at else None
    amounts = [amount.cents if amount else None for amount in (payment.amount, payment.remaining)]
    movement = payment.movement
    moved = [movement.kind, movement.amount.cents, movement.series, movement.identifier] if movement else None
    meaning = [payment.state, *amounts, payment.authorisation_number, payment.response_code, when, moved]
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()


@attrs.frozen(kw_only=True)
class PostingLine:
    """The part of one movement of money that the caisse has to post to one notice.

    Attributes:
        number: The number of the event that recorded the movement; its lines share it.
        transaction_reference: The payment.
        notice: The notice.
        kind: CAPTURED and REPRESENTED reduce the debt; REFUNDED and CHARGED_BACK restore it.
        amount: The amount, above zero.
        at: The bank's time of the movement, or the ledger's where the bank reported none.
        identifier: The bank's identifier of the movement; empty without one.
        authorisation_number: The bank's number of the authorisation; empty without one.
    """

    number: int
    transaction_reference: str
    notice: NoticeReference
    kind: MovementKind
    amount: Euros
    at: datetime
    identifier: str = ""
    authorisation_number: str = ""


def posting_lines(event: PaymentEvent, payment: Payment, earlier: Sums) -> Iterator[PostingLine]:
    """Split the money that an event moved among the notices of its payment.

    The notices receive their shares in the order of their references, and give back in the reverse order, as
    :meth:`Payment.shares` does.  More money than was captured can go back, by a chargeback after a refund: the notices
    then give back once more.

    Args:
        event: An event that moved money.
        payment: Its payment.
        earlier: The money that earlier events of the payment moved.
    """
    returned = earlier.refunded.cents + earlier.charged_back.cents - earlier.represented.cents
    moved = event.moved
    changes = (
        (MovementKind.REFUNDED, moved.refunded.cents),
        (MovementKind.CHARGED_BACK, moved.charged_back.cents),
        (MovementKind.REPRESENTED, -moved.represented.cents),
    )
    splits = [(MovementKind.CAPTURED, dict(payment.order.notices))] if moved.captured.cents else []
    for kind, cents in changes:
        before, after = _given_back(payment.order, returned), _given_back(payment.order, returned + cents)
        splits.append((kind, {notice: Euros(abs(after[notice] - before[notice])) for notice in before}))
        returned += cents
    for kind, parts in splits:
        for notice in sorted(parts, key=str):
            if parts[notice].cents:
                yield PostingLine(
                    number=event.number,
                    transaction_reference=payment.transaction_reference,
                    notice=notice,
                    kind=kind,
                    amount=parts[notice],
                    at=event.bank_at or event.evidence.at,
                    identifier="" if kind is MovementKind.CAPTURED else event.identifier,
                    authorisation_number=payment.authorisation_number or "",
                )


def _given_back(order: PaymentOrder, cents: int) -> dict[NoticeReference, int]:
    """Return the cents that each notice has given back of a total, the last notice first, again from the last one."""
    rounds, rest = divmod(cents, order.amount.cents)
    given = {}
    for notice in sorted(order.notices, key=str, reverse=True):
        share = order.notices[notice].cents
        given[notice] = rounds * share + min(share, rest)
        rest -= min(share, rest)
    return given
