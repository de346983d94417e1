"""The checks of a simulated world that follow a ledger from commit to commit: each rewritten row, each new order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from ...ledger import Act, ActState, Disposition, Payment, PaymentEvent, PostingState
from ...ledger.acts import ActKind
from ...ledger.records import FAILED_STATES, IN_FLIGHT_STATES, SETTLED_STATES, UNCONFIRMED_STATES
from ...money import Euros
from ...payment import MovementKind, PaymentState
from ...references import NoticeReference
from .banks import Entry
from .sites import Attempt, Site
from .world import ACT_TIMEOUT, World

_LIFE = timedelta(minutes=30)
_DISPLAY = timedelta(hours=24)
_RETURNS = {PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED, PaymentState.CHARGED_BACK}
#: The most times that processes, one at the same time as another, process a parked message again.
_RETRIES = 4
#: After so many refused messages in an hour, one incident stands for all others.
_MANY_REFUSED = 10
_SUMS = ("captured", "refunded", "charged_back", "represented")
#: Incidents that explain why a person has paid more than a debt.
_TOO_MUCH = {
    "CHARGED_BACK", "DOUBLE_PAYMENT", "FOREIGN_TRANSACTION", "ORDER_MISMATCH", "PAID_AFTER_SETTLEMENT",
    "POSTING_REJECTED", "REFERENCE_USED", "REPORT_SURPLUS", "UNKNOWN_ORDER",
}  # fmt: skip


def check_history(world: World, site: Site) -> None:
    """Check each committed transaction of a portal against those before it."""
    last: dict[str, Payment] = {}
    settled: set[NoticeReference] = set()
    opened: set[str] = set()
    raised = site.raised()
    for commit in site.commits:
        for name, value in commit.writes:
            if isinstance(value, Act):
                _check_act(world, name, value, last, opened)
            elif name == "settle":
                settled.add(value)
                _check_settled(world, value, last, raised)
            elif isinstance(value, Payment):
                before = last.get(value.order.nonce)
                if before is None:
                    _check_opened(world, site, value, [*last.values()], settled)
                else:
                    _check_rewritten(world, before, value, raised)
                last[value.order.nonce] = value
    _check_events(world, site)


def _check_act(world: World, name: str, act: Act, payments: dict[str, Payment], opened: set[str]) -> None:
    """Check that a new act is the only open one of its payment, and within what the merchant holds.

    The bank's records end no act that its operator has just begun.
    """
    reference = act.transaction_reference
    if name == "finish_act":
        young = act.finished_at is not None and act.finished_at < act.requested_at + ACT_TIMEOUT
        if young and act.detail == "by the bank's records" and "clocks" not in world.faults:
            world.violate(f"an act on {reference} was ended while its operator's call could still run")
        opened.discard(reference)
        return
    if reference in opened:
        world.violate(f"two acts on {reference} are open")
    opened.add(reference)
    held = [each.sums.held for each in payments.values() if each.transaction_reference == reference]
    if act.kind is ActKind.REFUND and act.amount > max(held):
        world.violate(f"an act on {reference} is above what the merchant holds")


def check_posted(world: World) -> None:
    """Check that a notice is POSTED only when the caisse has posted it."""
    for site in world.sites:
        waiting = Counter[NoticeReference]()
        for payment in site.inner.payments():
            for notice, state in payment.postings.items():
                waiting[notice] += 0 if state is PostingState.POSTED else payment.shares()[notice].cents
                if state is PostingState.POSTED and (payment.order.nonce, notice) not in site.posted:
                    world.violate(f"{payment.transaction_reference} is posted here, and not by the caisse")
        pending = site.inner.pending(site.debts, world.now)
        if {notice: amount.cents for notice, amount in pending.items()} != {**+waiting}:
            world.violate(f"other amounts are pending in portal {site.number} than those that wait")


def _check_settled(
    world: World, notice: NoticeReference, payments: dict[str, Payment], raised: set[tuple[str, str]]
) -> None:
    """Check that a payment that is not posted has an incident when its notice is settled by other means."""
    for payment in payments.values():
        unposted = payment.postings.get(notice) is PostingState.OPEN and payment.shares()[notice].cents
        reference = payment.transaction_reference
        if unposted and payment.holds_money and ("PAID_AFTER_SETTLEMENT", reference) not in raised:
            world.violate(f"{reference} was not posted when its notice was settled, and has no incident")


def _check_opened(
    world: World, site: Site, order: Payment, others: list[Payment], settled: set[NoticeReference]
) -> None:
    """Check that nothing stood against a new order when it was recorded."""
    name, attempt = order.transaction_reference, site.attempts.get(order.order.nonce)
    if settled & order.order.notices.keys():
        world.violate(f"{name} was opened after its notice was settled")
    for other in others:
        shared = order.order.notices.keys() & other.order.notices.keys()
        if not shared:
            continue
        about = other.transaction_reference
        unposted = [each for each in shared if other.postings[each] is not PostingState.POSTED]
        if other.state in IN_FLIGHT_STATES:
            world.violate(f"{name} was opened while the bank decides on {about}")
        if other.holds_money and any(other.shares()[each].cents for each in unposted):
            world.violate(f"{name} was opened while {about} is not posted")
        young = order.created_at < other.created_at + _LIFE and "clocks" not in world.faults
        if attempt and young and other.state in UNCONFIRMED_STATES:
            if not attempt.replace:
                world.violate(f"{name} was opened while {about} may be paid")
            elif about not in attempt.asked:
                world.violate(f"{name} was opened, and the bank has not answered about {about}")


def _check_rewritten(world: World, before: Payment, after: Payment, raised: set[tuple[str, str]]) -> None:
    """Check a new version of a row."""
    name = after.transaction_reference
    if after.version != before.version + 1:
        world.violate(f"version {after.version} of {name} replaces version {before.version}")
    if any(getattr(after.sums, each) < getattr(before.sums, each) for each in _SUMS):
        world.violate(f"a sum of {name} decreases")
    if after.sums.captured.cents and after.state not in SETTLED_STATES:
        world.violate(f"{name} is {after.state}, and money has moved")
    if before.paid_at and after.paid_at != before.paid_at:
        world.violate(f"the time of the payment of {name} changes")
    if after.paid_at and after.display_by != after.paid_at + _DISPLAY:
        world.violate(f"{name} is paid and is to show at another time than a day later")
    first = after.sums.captured.cents and not before.sums.captured.cents
    if first and before.state in FAILED_STATES and ("PAID_AFTER_NO", name) not in raised:
        world.violate(f"{name} was paid after it had failed, without an incident")


def _check_events(world: World, site: Site) -> None:
    """Check what the events contain."""
    parked, retried = Counter[str](), Counter[int | None]()
    for commit in site.commits:
        for event in commit.of(PaymentEvent):
            if event.disposition is Disposition.REFUSED and event.evidence.payload is not None:
                world.violate("a message that is not authentic is stored")
            _check_event(world, event)
            parked[event.evidence.digest] += event.disposition is Disposition.PARKED
            retried[event.evidence.retry_of] += event.evidence.retry_of is not None
    if max(parked.values(), default=0) > 1:
        world.violate("an equal message is parked twice")
    if max(retried.values(), default=0) > _RETRIES:
        world.violate(f"a parked message was processed again {max(retried.values())} times")


def _check_event(world: World, event: PaymentEvent) -> None:
    """Check that the state that an event reports agrees with the money that it moved."""
    moved = event.moved
    if event.state is PaymentState.REFUNDED and moved.charged_back.cents and not moved.captured.cents:
        world.violate(f"an event of {event.transaction_reference} reports a refund, and moved a chargeback")
    entries = [each for each in world.bank.entries().values() if each.reference == event.transaction_reference]
    whole = event.state is PaymentState.REFUNDED and not event.identifier
    if whole and entries and all(each.refunded < each.taken for each in entries):
        world.violate(f"an event of {event.transaction_reference} reports a whole refund, and it was a part")


def check_statement(world: World, site: Site, entries: dict[str, Entry]) -> None:
    """Check the statement of each person: nobody has paid more than a debt without an incident."""
    raised, paid_at = site.raised(), first_paid(site)
    for notice, debt in site.debts.items():
        paid, references = Euros(0), {""}
        for attempt in site.attempts.values():
            entry = entries.get(attempt.nonce)
            # An amount that was computed before another payment, and asked for after it, is the portal's own fault.
            stale = any(
                attempt.priced <= paid_at.get(each.nonce, 0) < attempt.opened
                for each in site.attempts.values()
                if notice in each.notices and each.nonce in paid_at
            )
            if entry and notice in attempt.notices and entry.held.cents and not stale:
                paid += attempt.share(notice, entry.held)
                references.add(attempt.reference)
        if paid > debt and not any(kind in _TOO_MUCH and about in references for kind, about in raised):
            world.violate(f"people have paid {paid} for a debt of {debt}, without an incident")


def first_paid(site: Site) -> dict[str, int]:
    """Return, by nonce, the number of the commit after which the merchant first held money."""
    found: dict[str, int] = {}
    for commit in site.commits:
        for payment in commit.of(Payment):
            if payment.holds_money:
                found.setdefault(payment.order.nonce, commit.number)
    return found


def check_state(world: World, site: Site, attempt: Attempt, payment: Payment, entry: Entry | None) -> None:
    """Compare the state of a payment that the bank has taken, and what follows from it, with the bank's account."""
    if entry is None or not payment.sums.captured.cents or not entry.taken.cents:
        return
    name = f"{attempt.reference} of portal {site.number}"
    expected = PaymentState.PARTIALLY_REFUNDED if entry.refunded.cents else PaymentState.PAID
    expected = PaymentState.REFUNDED if entry.refunded >= entry.taken else expected
    expected = PaymentState.CHARGED_BACK if entry.charged_back.cents else expected
    if payment.state is not expected:
        world.violate(f"{name} is {expected} at the bank and {payment.state} here")
    if payment.authorisation_number and payment.authorisation_number != entry.authorisation:
        world.violate(f"{name} has another number of its authorisation than the bank")
    undone = attempt.reference in site.undone
    if entry.charged_back.cents and not undone and ("CHARGED_BACK", attempt.reference) not in site.raised():
        world.violate(f"{name} is charged back without an incident")
    if payment.authorised_at not in {None, entry.at}:
        world.violate(f"{name} has another time of its authorisation than the bank")
    held = sum(payment.shares().values(), Euros(0))
    if held != payment.sums.held:
        world.violate(f"{name} holds {payment.sums.held}, and its notices hold {held}")
    _check_returned(world, site, attempt)


def _check_returned(world: World, site: Site, attempt: Attempt) -> None:
    """Check that the effect of each return of money has run."""
    amounts: set[tuple[PaymentState, Euros]] = set()
    for commit in site.commits:
        for payment in commit.of(Payment):
            if payment.order.nonce == attempt.nonce and payment.state in _RETURNS and payment.sums.captured.cents:
                sums, state = payment.sums, payment.state
                amount = sums.charged_back if state is PaymentState.CHARGED_BACK else sums.refunded
                amounts.add((state, amount))
    keys = [key for key, nonces in site.happened.items() if key.endswith(":returned") and attempt.nonce in nonces]
    if len(keys) < len(amounts) and attempt.reference not in site.undone:
        world.violate(f"{attempt.reference} returned money {len(amounts)} times, and {len(keys)} effects ran")


def check_acts(world: World, site: Site, attempt: Attempt, entry: Entry | None) -> None:
    """Compare the acts of operators with what the bank gave back."""
    acts = [each for each in site.inner.acts(attempt.reference) if each.kind is not ActKind.CAPTURE]
    states = {each.number: each.state for each in acts}
    for commit in site.commits:
        for name, act in commit.writes:
            ended = name == "finish_act" and act.state is ActState.DONE and act.number in states
            if ended and states[act.number] is not ActState.DONE:
                world.violate(f"an act on {attempt.reference} was DONE, and is {states[act.number]}")
    done = _total(acts, ActState.DONE)
    refunded = entry.refunded if entry else Euros(0)
    if world.believed(attempt.reference):
        return
    slow = attempt.reference in site.slow
    if done > refunded:
        world.violate(f"acts on {attempt.reference} returned {done}, and the bank has returned {refunded}")
    refunded = refunded.saturating_sub(Euros(world.given_back[attempt.nonce]))
    if done < refunded and attempt.reference not in site.undone and not slow:
        world.violate(f"the bank has returned {refunded} of {attempt.reference}, and acts have returned {done}")


def _total(acts: list[Act], state: ActState) -> Euros:
    return sum((each.amount for each in acts if each.state is state), Euros(0))


def check_lines(world: World, site: Site) -> None:
    """Check that the lines to post add up to what each notice holds."""
    lines = [*site.inner.to_post()]
    middle = lines[len(lines) // 2].number if lines else 0
    if [*site.inner.to_post(after=middle)] != [line for line in lines if line.number > middle]:
        world.violate("a later call yields other lines to post")
    cents = Counter[tuple[str, NoticeReference]]()
    for line in lines:
        sign = 1 if line.kind in {MovementKind.CAPTURED, MovementKind.REPRESENTED} else -1
        cents[line.transaction_reference, line.notice] += sign * line.amount.cents
    for payment in site.inner.payments():
        sums = payment.sums
        if sums.refunded + sums.charged_back > sums.captured + sums.represented:
            continue  # more went back than was captured
        for notice, share in payment.shares().items():
            found = cents[payment.transaction_reference, notice]
            if payment.state is not PaymentState.AUTHORISED and found != share.cents:
                world.violate(f"the lines to post of {payment.transaction_reference} add up to another amount")


def check_incidents(world: World, site: Site) -> None:
    """Check that forgeries and used references have incidents."""
    raised = site.raised()
    missing = sorted(about for kind, about in raised if kind == "REPORT_MISSING")
    if missing and len(world.sites) == 1:
        world.violate(f"{missing[0]} is reported, and an incident denies it")
    _check_open_incidents(world, site)
    if len(world.sites) == 1 and not site.lost and "nonces" not in world.faults:
        _check_alarms(world, site, raised)
    refused = [each for commit in site.commits for each in commit.of(PaymentEvent) if each.disposition == "REFUSED"]
    together = len(refused) >= _MANY_REFUSED and ("NOT_AUTHENTIC", "") in raised
    for reference in sorted(site.forged):
        if ("NOT_AUTHENTIC", reference) not in raised and not together:
            world.violate(f"a forgery about {reference} has no incident")
    for payment in site.inner.payments():
        reference = payment.transaction_reference
        if payment.order.nonce in site.used and not payment.reference_used:
            world.violate(f"the ledger forgets that the bank knew {reference} before")
        if payment.reference_used and ("REFERENCE_USED", reference) not in raised:
            world.violate(f"the bank knew {reference} before, and there is no incident")


def _check_open_incidents(world: World, site: Site) -> None:
    """Check that the open incidents are those that were raised and not closed."""
    opened: set[tuple[str, ...]] = set()
    for commit in site.commits:
        for name, value in commit.writes:
            if name == "add_incident":
                opened.add((value.kind, value.transaction_reference, value.detail))
            elif name == "close_incident":
                opened.discard((value.kind, value.transaction_reference, value.detail))
            elif name == "close_incidents":
                opened = {each for each in opened if each[:2] != value}
    found = {(each.kind, each.transaction_reference, each.detail) for each in site.inner.incidents()}
    for kind, reference, _ in sorted(opened ^ found):
        world.violate(f"the incident {kind} about {reference} is {'open' if opened - found else 'closed'}")


def _check_alarms(world: World, site: Site, raised: set[tuple[str, str]]) -> None:
    """Check that no incident takes the money of an order for another's, or denies what the bank has reported."""
    for kind, reference in sorted(raised):
        movements = {each.kind for each in site.inner.movements(reference)}
        if kind == "FOREIGN_TRANSACTION" and MovementKind.CHARGED_BACK not in movements:  # reported without a nonce
            world.violate(f"an incident takes the money of {reference} for another's")
        if kind == "CONTRADICTED":
            world.violate(f"an incident says that the bank contradicts itself about {reference}")


def overdue(world: World, site: Site) -> Iterator[str]:
    """Yield the references of payments that are not posted a day after they were paid, without an open incident."""
    known = {each.transaction_reference for each in site.inner.incidents() if each.kind == "POSTING_OVERDUE"}
    for payment in site.inner.payments():
        shares = payment.shares()
        waits = any(state is PostingState.OPEN and shares[notice].cents for notice, state in payment.postings.items())
        late = payment.paid_at is not None and payment.paid_at + _DISPLAY <= world.now
        if late and waits and payment.transaction_reference not in known:
            yield payment.transaction_reference  # pragma: no cover - only a fault of the library
