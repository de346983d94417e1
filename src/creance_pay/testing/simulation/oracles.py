"""The checks of a simulated world, from outside the ledger: by the bank, by each person and by the caisse.

========  ============================================================================================================
safety    a payment holds money only when the bank has taken it for that order; the sums are the bank's; two payments
          of one debt have an incident and an instalment has none; effects follow paid payments and no others
liveness  after the faults end, every decision of the bank is in the ledger, every effect has run, every act has ended
cost      questions to the bank, rows and incidents are bounded by the messages that came
========  ============================================================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from ...ledger import Act, Payment, PaymentEvent
from ...ledger.records import IN_FLIGHT_STATES, UNCONFIRMED_STATES
from ...money import Euros
from ...payment import PaymentState
from .banks import Entry
from .histories import (
    check_acts,
    check_history,
    check_incidents,
    check_lines,
    check_state,
    check_statement,
    first_paid,
    overdue,
)
from .sites import Attempt, Site
from .world import ASKED, World

_STRANGE = {"UNKNOWN_ORDER", "FOREIGN_TRANSACTION", "ORDER_MISMATCH", "REPORT_SURPLUS", "REFERENCE_USED"}

#: One question in each half day after the faults, and two about acts.
_CALM_QUESTIONS = 9


def check_questions(world: World) -> None:
    """Check, before any report, that questions alone have brought the bank's decisions into the ledgers."""
    entries = world.bank.entries()
    for site, attempt, payment in _payments(world):
        entry = entries.get(attempt.nonce)
        asked = world.now - attempt.at < ASKED and attempt.reference not in site.corrected
        if not (entry and entry.decided and asked and attempt.known(payment)):
            continue
        if entry.held.cents and not payment.sums.captured.cents:
            world.violate(f"{attempt.reference} of portal {site.number} is paid at the bank and {payment.state} here")
        elif payment.state in UNCONFIRMED_STATES | IN_FLIGHT_STATES:
            world.violate(f"{attempt.reference} of portal {site.number} is decided and still {payment.state} here")
    _check_foreign_answers(world, entries)
    open_acts = {act.transaction_reference for site in world.sites for act in site.inner.open_acts()}
    world.settled = {
        payment.transaction_reference: world.questions[payment.transaction_reference]
        for _, _, payment in _payments(world)
        if payment.sums.captured.cents and payment.transaction_reference not in open_acts
    }
    for site in world.sites:
        for task in site.inner.tasks():
            world.violate(f"the effect {task.key} waits two days after the faults")


def _check_foreign_answers(world: World, entries: dict[str, Entry]) -> None:
    """Check that an answer about the accepted payment of another order has raised an incident."""
    owners = {entry.reference: nonce for nonce, entry in entries.items() if entry.taken.cents}
    for site, attempt, _ in _payments(world) if world.bank.by_reference else ():
        owner = owners.get(attempt.reference, attempt.nonce)
        strange = {reference for kind, reference in site.raised() if kind in _STRANGE}
        quiet = site.answered[attempt.reference] and attempt.reference not in strange
        if owner != attempt.nonce and quiet and not world.believed(attempt.reference):
            world.violate(f"the bank answered about another order {attempt.reference}, without an incident")


def check_overdue(world: World) -> None:
    """Check that postings that are overdue have incidents, after a reconciliation."""
    for site in world.sites:
        for reference in overdue(world, site):
            world.violate(f"{reference} is not posted a day after its payment, without an incident")


def check(world: World) -> None:
    """Check everything at the end of a world."""
    entries = world.bank.entries()
    for site, attempt, payment in _payments(world):
        _check_money(world, site, attempt, payment, entries.get(attempt.nonce))
        check_state(world, site, attempt, payment, entries.get(attempt.nonce))
        check_acts(world, site, attempt, entries.get(attempt.nonce))
        _check_effects(world, site, attempt, payment)
    for site in world.sites:
        check_history(world, site)
        check_statement(world, site, entries)
        check_lines(world, site)
        check_incidents(world, site)
        _check_pairs(world, site)
        _check_settlements(world, site)
        _check_lost(world, site, entries)
        _check_pending(world, site)
        _check_waiting(world, site)
        _check_cost(world, site)
        _note(world, site)


def _payments(world: World) -> Iterator[tuple[Site, Attempt, Payment]]:
    """Yield each order that its ledger still contains."""
    for site in world.sites:
        for attempt in site.attempts.values():
            payment = site.inner.find(attempt.reference)
            if payment is not None and payment.order.nonce == attempt.nonce:
                yield site, attempt, payment
            elif attempt.nonce not in site.lost:
                world.violate(f"the order {attempt.reference} of portal {site.number} is gone")


def _check_money(world: World, site: Site, attempt: Attempt, payment: Payment, entry: Entry | None) -> None:
    """Compare the sums of a payment with the bank's account."""
    name = f"{attempt.reference} of portal {site.number}"
    taken = entry.taken if entry else Euros(0)
    if payment.sums.captured.cents and not taken.cents:
        if not _believable(world, site, payment):
            world.violate(f"{name} is {payment.state}, and the bank has no money of it")
    elif payment.sums.captured != taken and (payment.sums.captured.cents or (entry and entry.held.cents)):
        world.violate(f"{name}: the bank took {taken}, the ledger has {payment.sums.captured}")
    elif entry and payment.sums.held != entry.held:
        world.violate(f"{name}: the merchant holds {entry.held}, the ledger has {payment.sums.held}")


def _believable(world: World, site: Site, payment: Payment) -> bool:
    """Return whether a ledger could not know that money is of another order with the same reference.

    The bank repeats no nonce, took the same amount after the order was recorded, and has not refused its reference.
    """
    before = [each for commit in site.commits for each in commit.of(Payment) if each.order.nonce == payment.order.nonce]
    unpaid = [each for each in before if not each.sums.captured.cents]
    recorded = payment.created_at.replace(microsecond=0)
    return world.believed(payment.transaction_reference) and any(
        entry.reference == payment.transaction_reference
        and entry.taken == payment.amount
        and entry.at is not None
        and entry.at >= recorded
        and not unpaid[-1].reference_used
        for entry in world.bank.entries().values()
    )


def _check_effects(world: World, site: Site, attempt: Attempt, payment: Payment) -> None:
    """Compare the effects that happened with the state."""
    name = f"{attempt.reference} of portal {site.number}"
    for effect in ("acknowledgement", "display"):
        nonces = site.happened.get(f"{attempt.reference}:PAID:{effect}", [])
        if _held_at_first(site, attempt.nonce) and attempt.nonce not in nonces:
            world.violate(f"{name} is paid, and its effect {effect} never ran")
        if not payment.sums.captured.cents and attempt.nonce in nonces and attempt.reference not in site.undone:
            world.violate(f"{name} was never paid, and its effect {effect} ran")


def _held_at_first(site: Site, nonce: str) -> bool:
    """Return whether the merchant held money of a payment when it was first recorded as captured."""
    for commit in site.commits:
        for payment in commit.of(Payment):
            if payment.order.nonce == nonce and payment.sums.captured.cents:
                return payment.holds_money
    return False


def _check_pairs(world: World, site: Site) -> None:
    """Check that payments of one debt have an incident, and that instalments have none."""
    paid_at, opened_at = first_paid(site), {nonce: each.opened for nonce, each in site.attempts.items()}
    doubled = {reference for kind, reference in site.raised() if kind == "DOUBLE_PAYMENT"}
    overlapping: set[str] = set()
    for one, other in combinations([each for each in site.attempts.values() if each.nonce in paid_at], 2):
        if one.nonce in site.lost or other.nonce in site.lost or not set(one.notices) & set(other.notices):
            continue
        first, second = sorted((one, other), key=lambda each: paid_at[each.nonce])
        if paid_at[first.nonce] < opened_at[second.nonce]:
            world.reached["a payment follows another as an instalment"] += 1
            continue
        overlapping |= {one.reference, other.reference}
        if _held_before(site, first.nonce, paid_at[second.nonce]):
            world.reached["two payments pay one debt"] += 1
            if not doubled & {one.reference, other.reference}:
                world.violate(f"{one.reference} and {other.reference} pay one debt without an incident")
    if not site.lost:
        for reference in sorted(doubled - overlapping):
            world.violate(f"{reference} has an incident of a double payment, and is none")


def _held_before(site: Site, nonce: str, number: int) -> bool:
    """Return whether the merchant held money of a payment before a commit."""
    held = False
    for commit in site.commits[:number]:
        for payment in commit.of(Payment):
            if payment.order.nonce == nonce:
                held = payment.holds_money
    return held


def _check_settlements(world: World, site: Site) -> None:
    raised = {reference for kind, reference in site.raised() if kind == "PAID_AFTER_SETTLEMENT"}
    settled_at = {value: commit.number for commit in site.commits for name, value in commit.writes if name == "settle"}
    for nonce, number in first_paid(site).items():
        attempt = site.attempts.get(nonce)
        for notice in attempt.notices if attempt else ():
            if attempt and notice in settled_at and settled_at[notice] < number:
                world.reached["a payment is accepted after its notice was settled"] += 1
                if attempt.reference not in raised:
                    world.violate(f"{attempt.reference} was paid after a settlement without an incident")


def _check_lost(world: World, site: Site, entries: dict[str, Entry]) -> None:
    """Check that money of an order that a restored backup lost has an incident."""
    strange = {reference for kind, reference in site.raised() if kind in _STRANGE}
    for nonce in site.lost:
        attempt, entry = site.attempts[nonce], entries.get(nonce)
        found = site.inner.find(attempt.reference)
        present = found is not None and found.order.nonce == nonce
        believed = world.believed(attempt.reference)
        if entry and entry.taken.cents and not present and not believed and not strange & {attempt.reference, ""}:
            world.violate(f"the money of the lost order {attempt.reference} has no incident")


def _check_pending(world: World, site: Site) -> None:
    """Check that everything is posted at the end, so that no notice is pending."""
    pending = site.inner.pending(site.debts, world.now)
    rejected = {reference for kind, reference in site.raised() if kind == "POSTING_REJECTED"}
    held = {
        notice
        for payment in site.inner.payments()
        if payment.transaction_reference in rejected or payment.state is PaymentState.AUTHORISED
        for notice in payment.order.notices
    }
    for notice in sorted(set(pending) - held, key=str):
        world.violate(f"a posted notice is pending in portal {site.number}: {pending[notice]}")


def _check_waiting(world: World, site: Site) -> None:
    """Check that no effect, no act and no parked message waits."""
    if site.inner.parked():
        world.violate("a parked message of a known order still waits")
    for task in (each for each in site.inner.tasks() if each.attempts):
        world.violate(f"the effect {task.key} still waits after {task.attempts} tries")
    for act in site.inner.open_acts():
        world.violate(f"the act {act.kind} on {act.transaction_reference} is still open")


def _check_cost(world: World, site: Site) -> None:
    """Check that questions, rows and incidents are bounded."""
    for attempt in site.attempts.values():
        days = (world.now - attempt.at) / timedelta(days=1)
        asked, bound = world.questions[attempt.reference], 40 + 4 * days
        if asked > bound:
            world.violate(f"the bank was asked {asked} times about {attempt.reference} in {days:.0f} days")
        calm = asked - world.asked.get(attempt.reference, 0)
        if calm > _CALM_QUESTIONS * len(world.sites):
            world.violate(f"the bank was asked {calm} times about {attempt.reference} after the faults")
    for reference, asked in world.settled.items():
        if len(world.sites) == 1 and world.questions[reference] > asked:
            world.violate(f"the bank was asked about {reference}, which is paid")
    for commit in site.commits:
        rows = sum(isinstance(value, PaymentEvent) for _, value in commit.writes)
        if rows > 1:
            world.violate(f"one transaction wrote {rows} events")


def _note(world: World, site: Site) -> None:
    """Count the rare states that the world has reached."""
    reached, kinds = world.reached, Counter(kind for kind, _ in site.raised())
    for kind, sentence in {
        "PAID_AFTER_NO": "a payment is accepted after a refusal",
        "FOREIGN_TRANSACTION": "another's money is reported under an own reference",
        "POSTING_OVERDUE": "a posting is overdue",
        "CHARGED_BACK": "a payment is charged back",
    }.items():
        reached[sentence] += kinds[kind]
    for key, nonces in site.happened.items():
        if max(Counter(nonces).values(), default=0) > 1 and key:
            reached["an effect runs twice under one key"] += 1
    for commit in site.commits:
        for act in commit.of(Act):
            reached["an act is ended by the bank's records"] += act.detail == "by the bank's records"
        for version in commit.of(Payment):
            reached["the bank has not decided"] += version.state is PaymentState.PENDING
    for payment in site.inner.payments():
        reached["a payment is refunded in part"] += payment.state is PaymentState.PARTIALLY_REFUNDED
        reached["a payment is refunded whole"] += payment.state is PaymentState.REFUNDED
        reached["the bank is asked and knows nothing"] += payment.questions > 0
        for movement in site.inner.movements(payment.transaction_reference):
            reached["a refund of the bank is reported"] += movement.kind == "REFUNDED"
            reached["a chargeback is returned"] += movement.kind == "REPRESENTED"
