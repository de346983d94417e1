"""Every schedule of a few acts, statement by statement: the proof of the ledger's locks.

The model is in ``isolation_model.py``.  Each test explores a set of acts from many recorded states, and checks

* that no money and no refund is lost;
* that no order is opened for a notice that is settled, or while another payment of it is in flight, or is accepted
  and not posted;
* that two accepted payments of one notice raise DOUBLE_PAYMENT exactly when neither was opened after the other had been
  recorded as accepted, by the order of the commits;
* that the caisse is asked to subtract each accepted amount until it is posted, and never after;
* that an accepted payment of a notice that was settled by other means raises PAID_AFTER_SETTLEMENT;
* that each result is the result of the same acts one after another, in some order.
"""

import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import combinations, product
from threading import Thread
from typing import Any, NamedTuple

import attrs
import psycopg
import pytest
from psycopg import sql

from creance_pay import (
    Euros,
    Movement,
    MovementKind,
    NoticeReference,
    PaymentOrder,
    PaymentState,
    Source,
    VerifiedPayment,
)
from creance_pay.errors import PaymentInProgressError
from creance_pay.ledger import (
    Change,
    Evidence,
    IncidentKind,
    Ledger,
    Payment,
    PostingState,
    SqlLedger,
    recording,
    transition,
)
from creance_pay.ledger.transitions import apply
from isolation_model import (
    Ended,
    Exploration,
    Isolation,
    Key,
    Model,
    ModelStore,
    Notices,
    Process,
    Rows,
    World,
    require,
)
from ledgers import OpenSql
from sips_merchant import NOON, NOTIFICATION_URL, RETURN_URL

S, P = PaymentState, PostingState
NOTICE, OTHER = NoticeReference("6311705400000344F"), NoticeReference("6311705400000345F")
AMOUNT = Euros(1600)
LIFE = timedelta(minutes=30)
#: The recorded payments were opened before; the attempts without an answer do not block any more.
BEFORE = NOON - timedelta(hours=1)
#: The messages came before the orders that are opened now; their processes may be slow.
ARRIVED = NOON - timedelta(seconds=1)
STATES = [*PaymentState]
ACCEPTED = {S.PAID, S.PARTIALLY_REFUNDED}
#: The messages that lead from CREATED to a state.
WAY: dict[PaymentState, list[PaymentState]] = {
    S.CREATED: [],
    **{state: [state] for state in STATES[1:9]},
    **{state: [S.PAID, state] for state in STATES[9:]},
}


def message(state: PaymentState, refund: str = "") -> VerifiedPayment:
    """Make a notification of the bank; a refund of 5.00 EUR under an identifier, or a partial one as a total."""
    movement = Movement(kind=MovementKind.REFUNDED, amount=Euros(500), identifier=refund) if refund else None
    remaining = Euros(600) if state is S.PARTIALLY_REFUNDED and not refund else None
    return VerifiedPayment(state=state, source=Source.NOTIFICATION, bound=True, remaining=remaining, movement=movement)


def recorded(
    reference: str,
    state: PaymentState,
    *notices: NoticeReference,
    posting: PostingState = P.OPEN,
    follows: Iterable[str] = (),
) -> Payment:
    """Make a payment in a state, as the ledger records it."""
    parts = dict.fromkeys(notices or (NOTICE,), AMOUNT)
    order = PaymentOrder(
        transaction_reference=reference,
        amount=sum(parts.values(), Euros(0)),
        notices=parts,
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
        nonce=f"the nonce of {reference}",
    )
    payment = Payment(
        order=order,
        created_at=BEFORE,
        changed_at=BEFORE,
        awaits_posting=True,
        postings=dict.fromkeys(parts, posting),
        follows=frozenset(follows),
    )
    for each in map(message, WAY[state]):
        payment = apply(payment, transition(payment, each), each, now=BEFORE, display_by=NOON)
    return payment


def rows_of(*payments: Payment) -> dict[Key, Any]:
    """Return the rows of payments, with the incident of two that pay one debt."""
    rows: dict[Key, Any] = {("merchants",): 7}
    for payment in payments:
        reference = payment.transaction_reference
        rows[("payments", reference)] = attrs.evolve(payment, postings={})
        rows |= {("notices", str(notice), reference): state for notice, state in payment.postings.items()}
    double = begin(tuple(rows.items())).double
    return rows | {("incidents", late, IncidentKind.DOUBLE_PAYMENT.value, ""): True for _, late in double}


# ---- acts


def opened(ledger: Ledger, now: datetime, *notices: NoticeReference) -> Payment:
    """Open an order."""
    parts = dict.fromkeys(notices or (NOTICE,), AMOUNT)
    return ledger.open(
        sum(parts.values(), Euros(0)),
        parts,
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
        now=now,
        attempt_life=LIFE,
    )


def records(payment: Payment, state: PaymentState, refund: str = "") -> Process:
    """Record a message of the bank about a payment."""

    def act(ledger: Ledger) -> object:
        incoming = message(state, refund)
        evidence = Evidence(source=incoming.source, at=ARRIVED, digest="")
        reference = payment.transaction_reference
        result = ledger.record(lambda _: incoming, evidence, reference=reference, display_by=NOON)
        return result.state, result.disposition, result.incidents

    return act


def starts(*notices: NoticeReference, then: Iterable[PaymentState] = ()) -> Process:
    """Open an order, and record the bank's messages about it."""

    def act(ledger: Ledger) -> object:
        payment = opened(ledger, NOON, *notices)
        return payment.transaction_reference, *(records(payment, state)(ledger) for state in then)

    return act


def posts(payment: Payment) -> Process:
    """Record that the caisse has posted a payment."""
    return lambda ledger: ledger.post(payment.transaction_reference, None, P.POSTED, by="a job", now=NOON) is None


def asks(payment: Payment) -> Process:
    """Record that a question about a payment brought nothing."""
    return lambda ledger: ledger.asked(payment, now=NOON)


def gives_up(payment: Payment) -> Process:
    """Record that the browser never left."""
    return lambda ledger: ledger.give_up(payment, now=NOON)


def binds(payment: Payment) -> Process:
    """Record the bank's own identifier of a payment."""
    return lambda ledger: ledger.bind(payment, "4481347252")


def settles(*notices: NoticeReference) -> Process:
    """Record that a notice was settled by other means."""
    return lambda ledger: ledger.settled_elsewhere(notices or (NOTICE,), at=NOON)


# ---- the properties


class Noted(NamedTuple):
    """Facts that the order of the commits has decided.

    Attributes:
        instalments: Pairs of payments: the second one was opened after the first one was accepted.
        double: Pairs of payments that were accepted at one time, and are no instalments.
    """

    instalments: frozenset[tuple[str, str]]
    double: frozenset[tuple[str, str]]


def payments_in(rows: Rows) -> dict[str, Payment]:
    """Return the payments, by reference."""
    return {str(key[1]): row for key, row in rows if key[0] == "payments"}


def posted_in(rows: Rows) -> set[tuple[str, str]]:
    """Return the notices that are posted: payment and notice."""
    return {(str(key[2]), str(key[1])) for key, row in rows if key[0] == "notices" and row is P.POSTED}


def settled_in(rows: Rows) -> set[str]:
    """Return the notices that were settled by other means."""
    return {str(key[1]) for key, _ in rows if key[0] == "settlements"}


def begin(rows: Rows) -> Noted:
    """Note the facts of the recorded payments."""
    instalments = frozenset((early, late) for late, each in payments_in(rows).items() for early in each.follows)
    return Noted(instalments, overlapping(rows, instalments))


def overlapping(rows: Rows, instalments: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return the pairs of accepted payments of one notice that are no instalments."""
    accepted = {reference: each for reference, each in payments_in(rows).items() if each.state in ACCEPTED}
    return frozenset(
        pair
        for pair in combinations(accepted, 2)
        if accepted[pair[0]].order.notices.keys() & accepted[pair[1]].order.notices.keys()
        and not {pair, pair[::-1]}.intersection(instalments)
    )


def watch(before: Rows, after: Rows, noted: Noted) -> Noted:
    """Check a commit, and note the facts that it decides."""
    old, new, posted = payments_in(before), payments_in(after), posted_in(before)
    for reference, payment in old.items():
        require(payment.sums.captured <= new[reference].sums.captured, "an accepted payment is lost")
    require(posted <= posted_in(after), "a posting is lost")
    instalments, settlements = set(noted.instalments), settled_in(before)
    for opened in new.keys() - old.keys():
        require(settlements.isdisjoint(map(str, new[opened].order.notices)), "an order of a settled notice")
    for opened, (reference, payment) in product(new.keys() - old.keys(), old.items()):
        for notice in payment.order.notices.keys() & new[opened].order.notices.keys():
            waits = payment.state in {S.CREATED, S.UNKNOWN} and payment.created_at + LIFE > NOON
            require(not waits, "a second order beside one without an answer")
            require(payment.state not in {S.PENDING, S.AUTHORISED}, "a second order beside one in flight")
            if payment.state in ACCEPTED:
                require((reference, str(notice)) in posted, "a second order beside an accepted one that is not posted")
                instalments.add((reference, opened))
    return Noted(frozenset(instalments), noted.double | overlapping(after, instalments))


def judge(world: World) -> None:
    """Check the end of a schedule."""
    noted: Noted = world.memory
    incidents = {str(key[1]) for key, _ in world.rows if key[0] == "incidents" and key[2] == "DOUBLE_PAYMENT"}
    require(all(incidents.intersection(pair) for pair in noted.double), "a double payment without an incident")
    require(incidents <= {each for pair in noted.double for each in pair}, "an incident without a double payment")
    require(Ended("aborted") not in {state.result for state in world.states}, "a message is lost")
    posted, postings = posted_in(world.rows), [key for key, row in world.rows if key[0] == "records" and row[2] is None]
    require(len(postings) == len({key[1] for key in postings}), "a posting is recorded twice")
    for reference, payment in payments_in(world.rows).items():
        refunds = [row.amount for key, row in world.rows if key[0] == "movements" and key[1] == reference]
        require(sum(refunds, Euros(0)) <= payment.sums.refunded, "a refund is lost")
        states = {
            notice: P.POSTED if (reference, str(notice)) in posted else P.OPEN for notice in payment.order.notices
        }
        pending = attrs.evolve(payment, postings=states).pending(NOON).keys()
        held = payment.state in ACCEPTED | {S.AUTHORISED}
        due = {notice for notice, state in states.items() if held and state is not P.POSTED}
        require(due == pending, "an amount is subtracted twice, or not at all")
        twice = payment.state in ACCEPTED and settled_in(world.rows).intersection(map(str, due))
        incident = ("incidents", reference, "PAID_AFTER_SETTLEMENT", "")
        require(not twice or incident in dict(world.rows), "a payment of a settled notice without an incident")


def explore(payments: Collection[Payment], *acts: Process, **settings: Any) -> Exploration:  # noqa: ANN401 - any argument of the model
    """Explore a set of acts on recorded payments."""
    return Model(acts, watch=watch, **settings).explore(rows_of(*payments), begin, judge)


# ---- sets of acts: the recorded payments, then the acts

Sets = Iterator[tuple[list[Payment], list[Process]]]


def two_payments() -> Iterator[list[Payment]]:
    """Yield two payments of one notice, in any states."""
    for first, second in product(STATES, STATES):
        yield [recorded("A", first), recorded("B", second)]
        if first in ACCEPTED:
            yield [recorded("A", first, posting=P.POSTED), recorded("B", second, follows=["A"])]


def two_accepted() -> Sets:
    """Accept two orders of one notice."""
    for payments in two_payments():
        yield payments, [records(each, S.PAID) for each in payments]


def accepted_and_start() -> Sets:
    """Accept an order of a notice, while a second one is opened and accepted."""
    for state, posting in product(STATES, [P.OPEN, P.POSTED]):
        payment = recorded("A", state, posting=posting)
        yield [payment], [records(payment, S.PAID), starts(then=[S.PAID])]


def accepted_posted_and_start() -> Sets:
    """Accept and post an order of a notice, while a second one is opened and accepted."""
    for state in STATES:
        payment = recorded("A", state)
        yield [payment], [records(payment, S.PAID), posts(payment), starts(then=[S.PAID])]


def same_message() -> Sets:
    """Receive one message from the bank and from the browser, while an order of the notice is opened."""
    for state, reported in product(STATES, [S.PAID, S.REFUSED, S.PENDING]):
        payment = recorded("A", state)
        yield [payment], [records(payment, reported), records(payment, reported), starts()]


def two_starts() -> Sets:
    """Open two orders of one notice, one of which is accepted, beside an earlier one that is accepted late."""
    yield [], [starts(then=[S.PAID]), starts()]
    for state in STATES:
        payment = recorded("A", state)
        yield [payment], [starts(then=[S.PAID]), starts()]
        yield [payment], [records(payment, S.PAID), starts(), starts()]


def several_notices() -> Sets:
    """Accept orders of overlapping notices in either order, while a third one is opened."""
    for first, second in product([S.CREATED, S.REFUSED, S.PAID], repeat=2):
        payments = [recorded("A", first, NOTICE, OTHER), recorded("B", second, OTHER, NOTICE)]
        yield payments, [records(each, S.PAID) for each in payments]
        yield payments[:1], [records(payments[0], S.PAID), starts(OTHER, NOTICE), starts(NOTICE)]


def question() -> Sets:
    """Ask the bank about an order without an answer, bind it, or give it up, while its answer comes."""
    for state, reported, act in product([S.CREATED, S.PENDING, S.UNKNOWN], STATES[1:9], [asks, binds, gives_up]):
        payment = recorded("A", state)
        yield [payment], [records(payment, reported), act(payment)]


def two_messages() -> Sets:
    """Receive any two messages about two orders of one notice."""
    reported = [S.AUTHORISED, S.PAID, S.REFUSED, S.PARTIALLY_REFUNDED, S.REFUNDED, S.CHARGED_BACK]
    for payments, states in product(two_payments(), product(reported, reported)):
        yield payments, [records(payment, state) for payment, state in zip(payments, states, strict=True)]


def four_acts() -> Sets:
    """Accept two orders of one notice and post one of them, while a third one is opened."""
    for first, second in product([S.CREATED, S.REFUSED, S.PAID], repeat=2):
        payments = [recorded("A", first), recorded("B", second)]
        yield payments, [records(payments[0], S.PAID), records(payments[1], S.PAID), posts(payments[0]), starts()]


def money_back() -> Sets:
    """Refund or charge back an order, while it is posted twice, or while a second order of its notice is accepted."""
    for state, reported in product([S.CREATED, S.PAID, S.PARTIALLY_REFUNDED], [S.PARTIALLY_REFUNDED, S.CHARGED_BACK]):
        first = recorded("A", state)
        yield [first], [records(first, reported), posts(first), posts(first)]
        for follows in [[], ["A"]]:
            second = recorded("B", S.CREATED, follows=follows)
            yield [first, second], [records(first, reported), records(second, S.PAID)]


def movements() -> Sets:
    """Receive two refunds, equal or different, while a third message comes."""
    for state, other in product([S.CREATED, S.AUTHORISED, S.PAID, S.PARTIALLY_REFUNDED], ["one", "other"]):
        payment = recorded("A", state)
        refunds = [records(payment, S.PARTIALLY_REFUNDED, each) for each in ("one", other)]
        yield [payment], [*refunds, records(payment, S.PAID)]


def settled() -> Sets:
    """Settle a notice by other means, while its order is accepted and another one is opened."""
    yield [], [settles(), starts(then=[S.PAID])]
    for state in STATES:
        payment = recorded("A", state)
        yield [payment], [records(payment, S.PAID), settles()]
        yield [payment], [settles(), starts(then=[S.PAID])]


SETS: list[Callable[[], Sets]] = [
    two_accepted, accepted_and_start, accepted_posted_and_start, same_message, two_starts, several_notices, question,
    money_back, movements, settled,
]  # fmt: skip
SLOW: list[Callable[[], Sets]] = [two_messages, four_acts]


@pytest.mark.parametrize(
    ("sets", "level"),
    [
        *product(SETS, [Isolation.READ_COMMITTED]),
        (accepted_and_start, Isolation.SERIALIZABLE),
        *(pytest.param(sets, Isolation.SERIALIZABLE, marks=pytest.mark.slow) for sets in SETS[:1] + SETS[2:]),
        *(pytest.param(sets, Isolation.READ_COMMITTED, marks=pytest.mark.slow) for sets in SLOW),
    ],
)
def test_schedules(sets: Callable[[], Sets], level: Isolation, record_property: Callable[[str, object], None]) -> None:
    """Every schedule of each set of acts has the properties, and a result of the acts in some serial order."""
    number = states = schedules = 0
    for payments, acts in sets():
        found = explore(payments, *acts, isolation=level)
        names = [f"{each.transaction_reference} {each.state}" for each in payments]
        assert (names, None) == (names, found.fault)
        assert found.outcomes <= explore(payments, *acts, isolation=Isolation.SERIAL).outcomes
        number, states, schedules = number + 1, states + found.states, schedules + found.schedules
    record_property("figure", f"{number} sets of acts, {states:,} states, {schedules:,} schedules")


class Unlocked(ModelStore):
    """A store without locks on notices."""

    def lock_rows(self, notices: Notices) -> set[str]:  # noqa: ARG002 - the fault
        """Lock nothing."""
        return set()


class LockedLate(ModelStore):
    """A store that reads before it locks."""

    def locked(self, notices: Notices) -> tuple[list[Payment], bool]:
        """Read, then lock."""
        found = self.read(notices)
        self.lock_rows(notices)
        return found


class LockedOnly(ModelStore):
    """A store that reads the payments whose locks it has, and not those that were recorded while it waited."""

    def locked(self, notices: Notices) -> tuple[list[Payment], bool]:
        """Read the payments that the lock returns."""
        references = self.lock_rows(notices)
        found, settled = self.read(notices)
        return [each for each in found if each.transaction_reference in references], settled


class Unordered(ModelStore):
    """A store that locks one notice after another, in an order that depends on the process."""

    def lock_rows(self, notices: Notices) -> set[str]:
        """Lock the first notice, then the second one, or the reverse."""
        for place in (0, 1) if self._ledger.process else (1, 0):
            super().lock_rows(lambda view, place=place: notices(view)[place : place + 1])  # type: ignore[misc]
        return set()


class FreeSequence(ModelStore):
    """A store whose sequence locks nothing, such as a SEQUENCE of PostgreSQL."""

    def next_sequence(self, first: int) -> int:  # noqa: ARG002 - the number is fixed
        """Return a number of this process alone."""
        return 100 + self._ledger.process


def by_clocks(found: Iterable[Payment], payment: Payment, change: Change, *, settled: bool) -> list[IncidentKind]:
    """Decide by times whether two payments are instalments."""
    return by_states([each for each in found if _overlap_in_time(each, payment)], payment, change, settled=settled)


def _overlap_in_time(one: Payment, other: Payment) -> bool:
    return (one.paid_at or NOON) >= other.created_at and (other.paid_at or NOON) >= one.created_at


def by_states(found: Iterable[Payment], payment: Payment, change: Change, *, settled: bool) -> list[IncidentKind]:  # noqa: ARG001 - the fault
    """Decide that every second payment of a notice is a double payment."""
    others = {each.transaction_reference for each in found if each.state in ACCEPTED} - {payment.transaction_reference}
    return [IncidentKind.DOUBLE_PAYMENT] if change.state in ACCEPTED and others else []


MISSED = "a double payment without an incident"
LOST = "an accepted payment is lost"


class TestFaults:
    """The model finds each fault that the design excludes."""

    def fault(self, sets: Callable[[], Sets], **settings: Any) -> str:  # noqa: ANN401 - any argument of the model
        """Return the first fault in some sets of acts."""
        faults = (explore(payments, *acts, **settings).fault for payments, acts in sets())
        return next((schedule[-1] for schedule in faults if schedule), "none")

    @pytest.mark.parametrize(
        ("store", "sets", "expected"),
        [
            (Unlocked, two_accepted, MISSED),
            (Unlocked, accepted_and_start, "a second order beside an accepted one that is not posted"),
            (Unlocked, question, LOST),
            (LockedLate, two_accepted, MISSED),
            (LockedLate, question, LOST),
            (LockedOnly, accepted_and_start, MISSED),
            (FreeSequence, two_starts, "a second order beside one without an answer"),
            (Unordered, several_notices, "a deadlock"),
        ],
    )
    def test_locks(self, store: type[ModelStore], sets: Callable[[], Sets], expected: str) -> None:
        """Locks that are absent, late, incomplete or in another order."""
        assert expected == self.fault(sets, store=store)

    @pytest.mark.parametrize(
        ("isolation", "retry", "expected"),
        [
            (Isolation.REPEATABLE_READ, True, MISSED),
            (Isolation.REPEATABLE_READ, False, MISSED),
            (Isolation.SERIALIZABLE, False, "a message is lost"),
        ],
    )
    def test_isolation(self, isolation: Isolation, *, retry: bool, expected: str) -> None:
        """Under REPEATABLE READ two messages read the state before each other; SERIALIZABLE needs retries."""
        assert expected == self.fault(two_accepted, isolation=isolation, retry=retry)

    @pytest.mark.parametrize(
        ("decide", "expected"), [(by_clocks, MISSED), (by_states, "an incident without a double payment")]
    )
    def test_instalments(
        self, monkeypatch: pytest.MonkeyPatch, decide: Callable[..., list[IncidentKind]], expected: str
    ) -> None:
        """Instalments that the clocks of processes decide, or that nothing decides."""
        monkeypatch.setattr(recording, "_between_payments", decide)

        assert expected == self.fault(accepted_and_start)


TABLE = re.compile(r"creance_([a-z]+)")
# The model names a table as the code does.
NAMES = {"shops": "merchants"}


class TestStatements:
    """The model executes the statements that PostgreSQL receives."""

    def of_model(self, payment: Payment, act: Process) -> list[str]:
        """List the statements of an act in the model."""
        model = Model([act])
        model.explore(rows_of(payment))
        return [each.text for each in model.executed() if each.text not in {"COMMIT", "ROLLBACK"}]

    @pytest.fixture
    def executed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return the list of statements that the driver executes from now on: verb, tables, lock."""
        statements: list[str] = []

        def log(method: Callable[..., object]) -> Callable[..., object]:
            def execute(cursor: object, query: object, *others: object, **settings: object) -> object:
                words = str(query)
                tables = sorted({NAMES.get(name, name) for name in TABLE.findall(words)})
                lock = ["FOR UPDATE"] if "FOR UPDATE" in words else []
                statements.append(" ".join([words.partition(" ")[0], *tables, *lock]))
                return method(cursor, query, *others, **settings)

            return execute

        for name in ("execute", "executemany"):
            monkeypatch.setattr(psycopg.Cursor, name, log(getattr(psycopg.Cursor, name)))
        return statements

    @pytest.mark.parametrize(
        ("state", "act"),
        [
            (S.CREATED, lambda payment: records(payment, S.PAID)),
            (S.REFUSED, lambda payment: records(payment, S.PAID)),
            (S.PAID, lambda payment: records(payment, S.PAID)),
            (S.PAID, lambda payment: records(payment, S.PARTIALLY_REFUNDED, "one")),
            (S.CREATED, lambda _: starts()),
            (S.PAID, lambda _: starts()),
            (S.PAID, posts),
            (S.CREATED, asks),
            (S.CREATED, binds),
            (S.CREATED, gives_up),
            (S.PAID, lambda _: settles()),
        ],
    )
    def test_same(
        self,
        postgres: str,
        open_sql: OpenSql,
        executed: list[str],
        state: PaymentState,
        act: Callable[[Payment], Process],
    ) -> None:
        """Each act executes the same statements, on the same tables, in the same order."""
        ledger = open_sql(postgres, merchant_id=uuid.uuid4().hex)
        payment = opened(ledger, BEFORE)
        for each in WAY[state]:
            records(payment, each)(ledger)
        executed.clear()
        with suppress(PaymentInProgressError):
            act(payment)(ledger)

        assert self.of_model(recorded("A", state), act(recorded("A", state))) == executed


@contextmanager
def stopped_while_waiting(url: str, table: str, payment: Payment, act: Thread) -> Iterator[None]:
    """Start an act that waits for a row of a payment, and stop its process of PostgreSQL during the block.

    The row is free then, so that other acts run before this one.
    """
    statement = sql.SQL("SELECT * FROM {} WHERE transaction_reference = %s FOR UPDATE")
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as watching:
        other.execute(statement.format(sql.Identifier(table)), [payment.transaction_reference])
        act.start()
        while (row := watching.execute(waiting).fetchone()) is None:
            time.sleep(0.01)
        os.kill(row[0], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(row[0], signal.SIGCONT)
        act.join()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stops a process")
class TestPostgresql:
    """The schedules of the model that a real database executed with a fault."""

    @pytest.fixture
    def ledger(self, postgres: str, open_sql: OpenSql) -> SqlLedger:
        """Open an empty ledger."""
        return open_sql(postgres, merchant_id=uuid.uuid4().hex)

    def test_opened_during_a_wait(self, postgres: str, ledger: SqlLedger) -> None:
        """An order that is opened and accepted while an earlier one waits for its lock raises DOUBLE_PAYMENT."""
        first = opened(ledger, BEFORE)
        late = Thread(target=records(first, S.PAID), args=[ledger])
        with stopped_while_waiting(postgres, "creance_notices", first, late):
            records(opened(ledger, NOON), S.PAID)(ledger)

        assert ["DOUBLE_PAYMENT"] == [each.kind.value for each in ledger.incidents()]

    @pytest.mark.parametrize("act", [asks, binds, gives_up])
    def test_accepted_during_a_wait(self, postgres: str, ledger: SqlLedger, act: Callable[[Payment], Process]) -> None:
        """An answer that comes while a question is recorded, or while an order is given up, is not lost."""
        payment = opened(ledger, BEFORE)
        accepted = Thread(target=records(payment, S.PAID), args=[ledger])
        late = Thread(target=act(payment), args=[ledger])
        with stopped_while_waiting(postgres, "creance_payments", payment, late):
            accepted.start()
            accepted.join(0.2)
        accepted.join()

        assert [S.PAID] == [each.state for each in ledger.payments()]
