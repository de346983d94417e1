"""A model of the ledger's database that executes every schedule of a few acts.

The acts are the library's own: :meth:`Ledger.open`, ``record``, ``post`` and the others run unchanged, with the real
decisions.  Only the database under them is a model: rows, snapshots, row locks and commits.  :class:`ModelStore`
executes the statements of ``SqlStore`` in the same order; a test compares the two.

An act is executed again from its beginning at each step, with the answers of the statements before.  It stops at its
next statement.  So the state of a process is the list of these answers, and two schedules that lead to equal states are
explored once.

====================  ==================================================================================================
isolation level       a statement reads, and waits
====================  ==================================================================================================
``READ_COMMITTED``    the rows committed before the statement; a row lock waits, and reads the row again.  Rows that
                      were inserted during the wait are not found (PostgreSQL 13.2.1).
``REPEATABLE_READ``   the rows committed before the first statement; a lock or a write of a row that another transaction
                      has written since aborts (PostgreSQL 13.2.2)
``SERIALIZABLE``      the same; a commit after which no serial order of the transactions is left aborts.  PostgreSQL
                      aborts in these cases and in some others (13.2.3).
``SERIAL``            the same as if each transaction ran alone: SQLite's BEGIN IMMEDIATE, and the ledger in memory
====================  ==================================================================================================

A statement whose only act is to insert a row of its own is no step of its own: no other process can notice it before
the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import attrs

from creance_pay import Movement, NoticeReference, PaymentState
from creance_pay.errors import CreancePayError
from creance_pay.ledger import EffectTask, Incident, IncidentKind, Ledger, Payment, PaymentEvent, PostingState

#: The key of a row: its table and its primary key.  In a pattern, ``None`` fits any text.
Key = tuple[str | None, ...]
#: Rows, ordered by key.
Rows = tuple[tuple[Key, Any], ...]
#: The patterns of the rows that a statement reads, from the rows that it can see.
Reads = Callable[[dict[Key, Any]], Iterable[Key]]
#: Notices, from the rows that a statement can see.
Notices = Callable[[dict[Key, Any]], list[str]]
#: A process: acts on a ledger, one after another; it returns what its callers see.
Process = Callable[[Ledger], object]


class FaultError(Exception):
    """A schedule has led to a fault."""


def require(holds: object, fault: str) -> None:
    """Raise :class:`FaultError` unless a property holds."""
    if not holds:
        raise FaultError(fault)


class Isolation(StrEnum):
    """The isolation level of every transaction of a world."""

    READ_COMMITTED = "READ COMMITTED"
    REPEATABLE_READ = "REPEATABLE READ"
    SERIALIZABLE = "SERIALIZABLE"
    SERIAL = "SERIAL"


class Write(StrEnum):
    """The way that a statement writes its rows."""

    #: UPDATE of rows that the statement finds; ``None`` removes them.
    UPDATE = "UPDATE"
    #: INSERT of a row that no other process inserts.
    INSERT = "INSERT"
    #: INSERT ... ON CONFLICT DO NOTHING: waits for another transaction that inserts the same row.
    ONCE = "ONCE"
    #: INSERT ... ON CONFLICT DO UPDATE: adds one.
    ADD = "ADD"


@attrs.frozen
class Statement:
    """A statement of SQL, as far as the model needs it.

    Attributes:
        text: Its verb and its tables, for traces.
        reads: The patterns of the rows that it reads; ``None`` for a statement that reads none.
        for_update: Whether it locks the rows that it reads.
        how: The way that it writes.
        writes: The rows that it writes.
    """

    text: str
    reads: Reads | None = None
    for_update: bool = False
    how: Write = Write.UPDATE
    writes: Rows = ()

    @property
    def private(self) -> bool:
        """Whether no other process can notice it before the commit, and it notices no other."""
        ends = self.text in {"COMMIT", "ROLLBACK"}
        return not ends and not self.reads and (self.how is Write.INSERT or not self.writes)


COMMIT, ROLLBACK = Statement("COMMIT"), Statement("ROLLBACK")


class Answer(NamedTuple):
    """The answer of a statement: the rows that it read, and the number that it wrote."""

    rows: Rows = ()
    number: int = 0


class _PausedError(BaseException):
    """The act has reached a statement without an answer."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement


class Ended(NamedTuple):
    """The end of a process."""

    result: object


#: What a process does next.
Next = Statement | Ended


class ModelLedger(Ledger):
    """A ledger whose statements are answered from a list; the first statement after it pauses the act."""

    def __init__(self, store: type[ModelStore], process: int, answers: Iterable[Answer]) -> None:
        self._store = store
        self._answers = iter(answers)
        self.process = process
        self.inserted = 0

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Any]:
        """Open the store; end with COMMIT, or with ROLLBACK when the block raises an error."""
        try:
            yield self._store(self)
        except Exception:
            self.answer(ROLLBACK)
            raise
        self.answer(COMMIT)

    def answer(self, statement: Statement) -> Answer:
        """Return the next answer."""
        for answer in self._answers:
            return answer
        raise _PausedError(statement)


class ModelStore:
    """The store of ``SqlStore``, statement by statement; see :class:`creance_pay.ledger.Store` for each method."""

    def __init__(self, ledger: ModelLedger) -> None:
        self._ledger = ledger

    def lock(self, notices: Collection[NoticeReference]) -> tuple[list[Payment], bool]:
        return self.locked(lambda _: [str(notice) for notice in notices])

    def lock_payment(self, transaction_reference: str) -> tuple[list[Payment], bool]:
        own = ("notices", None, transaction_reference)
        return self.locked(lambda view: [str(key[1]) for key in view if matches(own, key)])

    def locked(self, notices: Notices) -> tuple[list[Payment], bool]:
        """Lock the rows of notices, then read them."""
        self.lock_rows(notices)
        return self.read(notices)

    def lock_rows(self, notices: Notices) -> set[str]:
        """Lock the rows of notices, and return the references of their payments."""
        found = self.run(
            "SELECT notices FOR UPDATE",
            reads=lambda view: [("notices", notice, None) for notice in notices(view)],
            for_update=True,
        )
        return {str(key[2]) for key, _ in found.rows}

    def read(self, notices: Notices) -> tuple[list[Payment], bool]:
        """Read the payments of notices, joined with all of their notices, and whether one of these was settled."""

        def joined(view: dict[Key, Any]) -> Iterator[Key]:
            for notice in notices(view):
                yield from (("settlements", notice), ("notices", notice, None))
                for reference in [key[2] for key in view if matches(("notices", notice, None), key)]:
                    yield from (("payments", reference), ("notices", None, reference))

        found = self.run("SELECT notices payments settlements", reads=joined).rows
        postings = {(key[2], key[1]): state for key, state in found if key[0] == "notices"}
        payments = [
            attrs.evolve(row, postings={notice: postings[key[1], str(notice)] for notice in row.order.notices})
            for key, row in found
            if key[0] == "payments"
        ]
        return payments, any(key[0] == "settlements" for key, _ in found)

    def next_sequence(self, first: int) -> int:
        return self.run("INSERT merchants", how=Write.ADD, writes=[(("merchants",), 0)]).number

    def add(self, payment: Payment) -> bool:
        reference = payment.transaction_reference
        nonce = f"the nonce of {reference}"  # a random one would differ each time that the act runs again
        row = attrs.evolve(payment, postings={}, order=attrs.evolve(payment.order, nonce=nonce))
        if not self.run("INSERT payments", how=Write.ONCE, writes=[(("payments", reference), row)]).number:
            return False
        for notice, state in payment.postings.items():
            self.run("INSERT notices", how=Write.INSERT, writes=[(("notices", str(notice), reference), state)])
        return True

    def update(self, payment: Payment) -> None:
        row = attrs.evolve(payment, postings={})
        self.run("UPDATE payments", writes=[(("payments", payment.transaction_reference), row)])

    def set_postings(
        self,
        transaction_reference: str,
        postings: dict[NoticeReference, PostingState],
        **_: object,
    ) -> None:
        for notice, state in postings.items():
            self.run("UPDATE notices", writes=[(("notices", str(notice), transaction_reference), state)])

    def number_of_events(self, transaction_reference: str) -> int:
        pattern = ("records", transaction_reference, None, None)
        return len(self.run("SELECT records", reads=lambda _: [pattern]).rows)

    def has_fingerprint(self, transaction_reference: str, fingerprint: str) -> bool:
        pattern = ("records", transaction_reference, fingerprint, None)
        return bool(self.run("SELECT records", reads=lambda _: [pattern]).rows)

    def movements(self, transaction_reference: str) -> list[Movement]:
        found = self.run("SELECT movements", reads=lambda _: [("movements", transaction_reference, None, None)])
        return [movement for _, movement in found.rows]

    def add_movement(self, transaction_reference: str, movement: Movement, **_: object) -> None:
        key = ("movements", transaction_reference, movement.kind.value, movement.identifier)
        inserted = self.run("INSERT movements", how=Write.ONCE, writes=[(key, movement)]).number
        require(inserted, "a movement is inserted twice")  # the database has a unique index

    def add_event(self, event: PaymentEvent) -> int:
        self._ledger.inserted += 1
        number = f"{self._ledger.process}-{self._ledger.inserted}"
        key = ("records", event.transaction_reference, event.fingerprint, number)
        row = (event.evidence.source, event.disposition, event.state)
        return self.run("INSERT records", how=Write.INSERT, writes=[(key, row)]).number

    def add_incident(self, incident: Incident) -> None:
        key = ("incidents", incident.transaction_reference, incident.kind.value, incident.detail)
        self.run("INSERT incidents", how=Write.ADD, writes=[(key, 0)])

    def close_incidents(self, kind: IncidentKind, transaction_reference: str, at: datetime) -> None:
        key = ("incidents", transaction_reference, kind.value, "")
        self.run("UPDATE incidents", writes=[(key, None)])

    def settle(self, notice: NoticeReference, at: datetime, by: str, reason: str) -> None:
        self.run("INSERT settlements", how=Write.ONCE, writes=[(("settlements", str(notice)), True)])

    def registered(self, state: PaymentState) -> set[str]:
        self.run("SELECT effects")  # no act of the model writes this table: the answer is always empty
        return set()

    def add_task(self, task: EffectTask) -> None:
        self.run("INSERT tasks", how=Write.ONCE, writes=[(("tasks", task.key), task)])

    def run(
        self,
        text: str,
        *,
        reads: Reads | None = None,
        for_update: bool = False,
        how: Write = Write.UPDATE,
        writes: Iterable[tuple[Key, Any]] = (),
    ) -> Answer:
        """Execute a statement."""
        return self._ledger.answer(Statement(text, reads=reads, for_update=for_update, how=how, writes=tuple(writes)))


class Transaction(NamedTuple):
    """An open transaction.

    Attributes:
        began: The number of answers of its process before its first statement.
        seen: The number of commits in the log before its first statement.
        snapshot: The rows that were committed then; empty under READ COMMITTED, which reads the newest ones.
        writes: The rows that it wrote; ``None`` for one that it removed.
        locks: The rows that it has locked.
        reads: The patterns of the rows that it read.
    """

    began: int
    seen: int
    snapshot: Rows = ()
    writes: Rows = ()
    locks: frozenset[Key] = frozenset()
    reads: frozenset[Key] = frozenset()


class State(NamedTuple):
    """The state of a process.

    Attributes:
        answers: The numbers of the answers of its statements.
        transaction: Its open transaction.
        found: The rows that its present statement found.
        waits_for: The rows that its present statement has still to lock, in this order.
        result: Its result, once it has ended.
    """

    answers: tuple[int, ...] = ()
    transaction: Transaction | None = None
    found: tuple[Key, ...] = ()
    waits_for: tuple[Key, ...] = ()
    result: object = None


class Commit(NamedTuple):
    """A committed transaction, as a serial order of transactions depends on it."""

    seen: int
    reads: frozenset[Key]
    writes: frozenset[Key]


class World(NamedTuple):
    """Everything that decides what can happen next.

    Attributes:
        rows: The committed rows.
        states: The state of each process.
        log: The committed transactions, except under READ COMMITTED, which does not look back.
        memory: What the watch of the exploration has noted.
    """

    rows: Rows
    states: tuple[State, ...]
    log: tuple[Commit, ...] = ()
    memory: Any = ()


def matches(pattern: Key, key: Key) -> bool:
    """Return whether a pattern fits a key."""
    return len(pattern) == len(key) and all(wanted in {None, part} for wanted, part in zip(pattern, key, strict=True))


def serialisable(log: Sequence[Commit]) -> bool:
    """Return whether some serial order of committed transactions reads and writes the same.

    The graph has an edge from a transaction to another that must come later: the second one read or wrote over what
    the first one wrote, or wrote over what the first one read.
    """
    edges: dict[int, set[int]] = {place: set() for place in range(len(log))}
    for late, second in enumerate(log):
        for early, first in enumerate(log[:late]):
            if _overlap(second.reads, first.writes):
                before, after = (early, late) if second.seen > early else (late, early)
                edges[after].add(before)
            if _overlap(first.reads, second.writes) or first.writes & second.writes:
                edges[late].add(early)
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        return False
    return True


def _overlap(patterns: Iterable[Key], keys: Iterable[Key]) -> bool:
    return any(matches(pattern, key) for pattern in patterns for key in keys)


@attrs.frozen
class Exploration:
    """The result of an exploration.

    Attributes:
        states: The number of different states.
        schedules: The number of schedules.
        outcomes: The outcomes: the rows at the end, and the result of each process.
        fault: The shortest schedule that ends in a fault, and the fault.
    """

    states: int
    schedules: int
    outcomes: frozenset[object] = attrs.field(repr=False)
    fault: tuple[str, ...] | None


@attrs.define
class Model:
    """A world of some processes, whose schedules are all explored.

    Args:
        processes: The processes.
        isolation: The isolation level.
        store: The statements of each method of the store.
        retry: Whether a transaction that was aborted begins again; otherwise its process ends.
        watch: A function that is called at each commit with the rows before, the rows after, and the facts that it
            returned at the commit before; it raises FaultError for a fault.
    """

    processes: Sequence[Process]
    isolation: Isolation = Isolation.READ_COMMITTED
    store: type[ModelStore] = ModelStore
    retry: bool = True
    watch: Callable[[Rows, Rows, Any], Any] = lambda *_: ()
    _next: dict[tuple[int, tuple[int, ...]], Next] = attrs.field(factory=dict, init=False)
    _answers: list[Answer] = attrs.field(factory=list, init=False)
    _numbers: dict[Answer, int] = attrs.field(factory=dict, init=False)

    def explore(
        self,
        rows: dict[Key, Any],
        begin: Callable[[Rows], Any] = lambda _: (),
        judge: Callable[[World], object] = lambda _: None,
    ) -> Exploration:
        """Execute every schedule.

        Args:
            rows: The rows before.
            begin: A function that returns the facts of these rows, for ``watch``.
            judge: A function that raises FaultError for a world that must not be the end of a schedule.
        """
        known: dict[World, tuple[int, tuple[str, ...] | None]] = {}
        outcomes: set[object] = set()

        def visit(world: World) -> tuple[int, tuple[str, ...] | None]:
            if world not in known:
                known[world] = found(world)
            return known[world]

        def found(world: World) -> tuple[int, tuple[str, ...] | None]:
            schedules, faults = 0, list[tuple[str, ...]]()
            for label, following in self._steps(world):
                if isinstance(following, FaultError):
                    faults.append((label, str(following)))
                    continue
                number, fault = visit(following)
                schedules += number
                if fault is not None:
                    faults.append((label, *fault))
            if not schedules and not faults:
                schedules = 1
                outcomes.add(outcome(world))
                try:
                    require(all(state.result for state in world.states), "a deadlock")
                    judge(world)
                except FaultError as error:
                    faults.append((str(error),))
            return schedules, min(faults, key=len, default=None)

        first = _ordered(rows)
        start = World(first, tuple(State() for _ in self.processes), memory=begin(first))
        for place in range(len(self.processes)):
            start = self._advance(start, place)
        schedules, fault = visit(start)
        return Exploration(len(known), schedules, frozenset(outcomes), fault)

    def executed(self) -> list[Statement]:
        """List the statements of an exploration; of a single process, in their order."""
        return [each for each in self._next.values() if isinstance(each, Statement)]

    def _steps(self, world: World) -> Iterator[tuple[str, World | FaultError]]:
        """Yield every step that can come next: its label, and the world after it or a fault."""
        alone = self.isolation is Isolation.SERIAL and any(state.transaction for state in world.states)
        for place, state in enumerate(world.states):
            if (
                state.result
                or (alone and not state.transaction)
                or not _others_locks(world, place).isdisjoint(state.waits_for[:1])
            ):
                continue
            statement = self._following(place, state)
            assert isinstance(statement, Statement)
            label = f"{place}: {statement.text}"
            try:
                yield label, self._advance(self._step(world, place, statement), place)
            except FaultError as error:
                yield label, error

    def _following(self, place: int, state: State) -> Next:
        """Execute a process again up to its next statement."""
        if (place, state.answers) not in self._next:
            ledger = ModelLedger(self.store, place, [self._answers[number] for number in state.answers])
            following: Next
            try:
                following = Ended(self.processes[place](ledger))
            except CreancePayError as error:
                following = Ended(type(error).__name__)
            except _PausedError as paused:
                following = paused.statement
            self._next[place, state.answers] = following
        return self._next[place, state.answers]

    def _advance(self, world: World, place: int) -> World:
        """Execute the statements of a process that no other can notice, up to the next one or the end."""
        state = world.states[place]
        while not state.result and not state.waits_for:
            following = self._following(place, state)
            if isinstance(following, Ended):
                state = state._replace(result=following)
            elif following.private and state.transaction:
                state = self._finish(world, state, following)
            else:
                break
        return _changed(world, place, state)

    def _step(self, world: World, place: int, statement: Statement) -> World:
        """Execute a statement, or a part of it: it takes one step for each row that it locks."""
        state = world.states[place]
        if statement is COMMIT:
            return self._commit(world, place)
        if statement is ROLLBACK:
            return _changed(world, place, self._answered(state._replace(transaction=None), Answer()))
        if not state.waits_for:
            state = self._start(world, state, statement)
        if state.waits_for and state.waits_for[0] not in _others_locks(world, place):
            transaction = _open(state)
            if any(state.waits_for[0] in each.writes for each in world.log[transaction.seen :]):
                return _changed(world, place, self._aborted(state))
            transaction = transaction._replace(locks=transaction.locks | {state.waits_for[0]})
            state = state._replace(transaction=transaction, waits_for=state.waits_for[1:])
        return _changed(world, place, state if state.waits_for else self._finish(world, state, statement))

    def _start(self, world: World, state: State, statement: Statement) -> State:
        """Open the transaction, if none is open, and find the rows that the statement reads, locks and writes."""
        snapshot = world.rows if self._looks_back else ()
        transaction = state.transaction or Transaction(len(state.answers), len(world.log), snapshot)
        view = self._view(world, transaction)
        patterns = frozenset(statement.reads(view)) if statement.reads else frozenset()
        found = tuple(key for key in sorted(view) if _overlap(patterns, [key]))
        written = [key for key, _ in statement.writes if statement.how is not Write.UPDATE or key in view]
        wanted = [*(found if statement.for_update else ()), *written]
        if self.isolation is Isolation.SERIALIZABLE:
            transaction = transaction._replace(reads=transaction.reads.union(patterns, written))
        waits_for = tuple(key for key in wanted if key not in transaction.locks)
        return state._replace(transaction=transaction, found=found, waits_for=waits_for)

    def _finish(self, world: World, state: State, statement: Statement) -> State:
        """Answer a statement whose rows are locked."""
        transaction = _open(state)
        view, number, own = self._view(world, transaction), 0, dict(transaction.writes)
        for key, row in statement.writes:
            if statement.how is Write.ADD:
                number = own[key] = view.get(key, 0) + 1
            elif (key in view) is (statement.how is Write.UPDATE):
                number, own[key] = 1, row
        answer = Answer(tuple((key, view[key]) for key in state.found), number)
        transaction = transaction._replace(writes=_ordered(own))
        return self._answered(state._replace(transaction=transaction, found=()), answer)

    def _commit(self, world: World, place: int) -> World:
        """Publish the rows that a transaction wrote, and release its locks."""
        state, transaction = world.states[place], world.states[place].transaction or Transaction(0, 0)
        changed, log = dict(world.rows) | dict(transaction.writes), world.log
        after = _ordered({key: row for key, row in changed.items() if row is not None})
        if self._looks_back:
            keys = frozenset(key for key, _ in transaction.writes)
            log = (*log, Commit(transaction.seen, transaction.reads, keys))
        if self.isolation is Isolation.SERIALIZABLE and not serialisable(log):
            return _changed(world, place, self._aborted(state))
        memory = self.watch(world.rows, after, world.memory)
        state = self._answered(state._replace(transaction=None), Answer())
        return _changed(world._replace(rows=after, log=log, memory=memory), place, state)

    @property
    def _looks_back(self) -> bool:
        return self.isolation in {Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE}

    def _view(self, world: World, transaction: Transaction) -> dict[Key, Any]:
        """Return the rows that a transaction reads now."""
        view = dict(transaction.snapshot if self._looks_back else world.rows) | dict(transaction.writes)
        return {key: row for key, row in view.items() if row is not None}

    def _answered(self, state: State, answer: Answer) -> State:
        if answer not in self._numbers:
            self._numbers[answer] = len(self._answers)
            self._answers.append(answer)
        return state._replace(answers=(*state.answers, self._numbers[answer]))

    def _aborted(self, state: State) -> State:
        """Roll back; the transaction begins again, or the process ends."""
        return State(state.answers[: _open(state).began], result=None if self.retry else Ended("aborted"))


def _ordered(rows: dict[Key, Any]) -> Rows:
    return tuple(sorted(rows.items(), key=lambda row: row[0]))


def _open(state: State) -> Transaction:
    assert state.transaction is not None
    return state.transaction


def _others_locks(world: World, place: int) -> set[Key]:
    """Return the rows that other processes have locked."""
    others = (state.transaction for other, state in enumerate(world.states) if other != place)
    return {key for transaction in others if transaction for key in transaction.locks}


def _changed(world: World, place: int, state: State) -> World:
    return world._replace(states=(*world.states[:place], state, *world.states[place + 1 :]))


def outcome(world: World) -> object:
    """Return what can be seen from outside at the end: the rows, and the result of each process."""
    return world.rows, tuple(state.result for state in world.states)
