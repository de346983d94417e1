"""The checks of simulated worlds can fail: each finds what was changed behind a world's back."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentState
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidValueError,
    OrderMismatchError,
    SealMismatchError,
    UnknownKeyError,
)
from creance_pay.ledger import (
    Act,
    ActKind,
    ActState,
    Disposition,
    EffectTask,
    Incident,
    IncidentKind,
    MemoryLedger,
    Payment,
    PaymentEvent,
    PostingState,
    RecordResult,
)
from creance_pay.testing.simulation import Entry, World
from creance_pay.testing.simulation.histories import check_posted
from creance_pay.testing.simulation.ledgers import Commit
from creance_pay.testing.simulation.oracles import check, check_overdue, check_questions
from creance_pay.testing.simulation.sites import Process, Site
from creance_pay.testing.sips import SimulatedSips

_STATES = [*PaymentState]
_CENT = Euros(1)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Write no log of the effects that raise."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class SpoiledBank(SimulatedSips):
    """A bank whose account can be replaced."""

    spoiled: dict[str, Entry] | None = None

    def entries(self) -> dict[str, Entry]:
        """Return the replaced account, if any."""
        return super().entries() if self.spoiled is None else self.spoiled


class CarelessService:
    """A service whose answers, starts and acts are sometimes wrong."""

    def __init__(self, process: Process, chance: Random) -> None:
        """Wrap the service of a process."""
        self.inner, self.process, self.chance = process.service, process, chance

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the service
        """Return a method of the service."""
        return getattr(self.inner, name)

    def likely(self) -> bool:
        """Draw whether to be wrong."""
        return self.chance.random() < 0.2

    def on_notification(self, message: HttpMessage) -> Any:  # noqa: ANN401 - of either class
        """Record a message, and answer something else."""
        return self.changed(self.inner.on_notification(message))

    def on_return(self, message: HttpMessage) -> Any:  # noqa: ANN401 - of either class
        """Record a return, and show PAID."""
        view = self.changed(self.inner.on_return(message))
        return attrs.evolve(view, state=PaymentState.PAID) if self.likely() else view

    def changed(self, answer: Any) -> Any:  # noqa: ANN401 - of either class
        """Change the status and the result of an answer."""
        rows = self.process.site.inner.payments()
        results = [
            answer.result,
            SealMismatchError("another seal"),
            UnknownKeyError("another key"),
            OrderMismatchError("another order", fields=("amount",)),
            GatewayUnavailableError("no ledger", retryable=True),
            *(RecordResult(payment=each, disposition=Disposition.APPLIED) for each in rows * 5),
        ]
        if not self.likely():
            return answer
        return attrs.evolve(answer, http_status=self.chance.choice([200, 400, 503]), result=self.chance.choice(results))

    def start(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - the service's own
        """Start a payment that the ledger does not contain, refuse one, or ask nothing."""
        if self.likely():
            raise InvalidValueError("no reason")
        questions = self.process.world.questions
        before = dict(questions)
        started = self.inner.start(*given, **named)
        if self.likely():
            return attrs.evolve(started, transaction_reference="UNKNOWN")
        if self.likely():
            questions.clear()
            questions.update(before)
        return started

    def refund(self, reference: str, amount: Euros | None, **who: str) -> Act:
        """Return that a refund is DONE."""
        act = self.inner.refund(reference, amount, **who)
        return attrs.evolve(act, state=ActState.DONE)


class CarelessProcess(Process):
    """A process with a careless service, which runs effects again."""

    def restart(self) -> None:
        """Wrap the new service."""
        super().restart()
        chance = Random(len(self.site.commits))  # noqa: S311 - for the same world each time
        self.service = CarelessService(self, chance)  # type: ignore[assignment]

    def run_effects(self, limit: int | None = None) -> None:
        """Run effects, and each of them a second time."""
        super().run_effects(limit)
        for attempt in self.site.attempts.values():
            attempt.dead_at -= timedelta(hours=1)
        for payment in self.site.inner.payments():
            for key in [key for key in self.site.happened if key.startswith(payment.transaction_reference)]:
                self._effect(payment, key)


def ended(seed: int, process: Callable[[World, Site], Process] = Process) -> World:
    """Play a world to its end, without its checks."""
    world = World(seed, open_ledger=lambda _: MemoryLedger(), bank=SpoiledBank, process=process)
    world.play()
    world.calm()
    for _ in range(4):
        world.tick()
        world.post()
    world.tick(world.bank.report(whole=True))
    return world


class Spoiler:
    """Changes a tenth of the facts that the checks compare.

    Args:
        seed: The seed of its choices.
        often: The probability of each change.
    """

    def __init__(self, seed: int, often: float = 0.1) -> None:
        """Draw from the seed."""
        self.chance, self.often = Random(seed), often  # noqa: S311 - for the same changes each time

    def likely(self) -> bool:
        """Draw whether to change a fact."""
        return self.chance.random() < self.often

    def spoil(self, world: World) -> None:
        """Change a world."""
        assert isinstance(world.bank, SpoiledBank)
        world.bank.spoiled = {nonce: self.entry(entry) for nonce, entry in world.bank.entries().items()}
        for site in world.sites:
            self.site(world, site)

    def entry(self, entry: Entry) -> Entry:
        """Change an entry of the bank."""
        amounts = [Euros(0), _CENT, entry.taken]
        if self.likely():
            entry = attrs.evolve(entry, taken=self.chance.choice(amounts))
        if self.likely():
            entry = attrs.evolve(entry, refunded=self.chance.choice(amounts))
        if self.likely():
            entry = attrs.evolve(entry, charged_back=self.chance.choice(amounts))
        return attrs.evolve(entry, authorisation="other") if self.likely() else entry

    def site(self, world: World, site: Site) -> None:
        """Change the history, the rows and the records of a portal."""
        site.commits[:] = [Commit(each.number, tuple(self.writes(each.writes, site))) for each in site.commits]
        store: Any = site.inner._store  # type: ignore[attr-defined]
        for reference in list(store.rows):
            if self.likely():
                store.rows[reference] = self.payment(store.rows[reference])
            world.questions[reference] += 100 * self.likely()
            if self.likely():
                site.used.add(store.rows[reference].order.nonce)
                site.forged.add(reference)
        self.people(site)
        store.listed += [self.act(world, reference) for reference in store.rows if self.likely()]
        for number, event in enumerate(store.kept):
            if self.likely() and event.transaction_reference in store.rows:
                store.kept[number] = attrs.evolve(event, moved=attrs.evolve(event.moved, captured=_CENT))
        self.ledger(world, site)
        site.posted = {} if self.likely() else site.posted
        site.debts = dict.fromkeys(site.debts, _CENT) if self.likely() else site.debts
        if self.likely():
            site.lost |= {each.nonce for each in site.attempts.values()}

    def people(self, site: Site) -> None:
        """Change the effects that happened, and the attempts of people."""
        for key in list(site.happened):
            if self.likely():
                del site.happened[key]
        for attempt in site.attempts.values():
            attempt.replace = attempt.replace and not self.likely()
            attempt.asked = frozenset() if self.likely() else attempt.asked
            if self.likely():
                site.happened.setdefault(f"{attempt.reference}:PAID:display", []).append(attempt.nonce)

    def act(self, world: World, reference: str) -> Act:
        """Make an act that nobody has asked for."""
        return Act(
            transaction_reference=reference,
            kind=ActKind.REFUND,
            amount=_CENT,
            held_before=_CENT,
            by="a person",
            reason="a reason",
            requested_at=world.now,
            finished_at=self.chance.choice([None, world.now]),
            state=ActState.DONE,
        )

    def ledger(self, world: World, site: Site) -> None:
        """Add a task, lose a row, and replace some reads of the ledger."""
        inner: Any = site.inner
        store = inner._store
        for reference in list(store.rows):
            if self.likely():
                key = f"{reference}:PAID:other"
                task = EffectTask(key=key, name="other", transaction_reference=reference, due_at=world.now, attempts=1)
                store.waiting[key] = task
            if self.likely():
                world.settled[reference] = -1
        if self.likely():
            inner.pending = lambda *_: {}
        if self.likely() and store.rows:
            del store.rows[self.chance.choice([*store.rows])]
            inner.to_post = lambda **_: iter(())
        elif self.likely():
            post = inner.to_post
            inner.to_post = lambda after=0: iter(() if after else [*post()])

    def writes(self, writes: tuple[tuple[str, Any], ...], site: Site) -> Iterator[tuple[str, Any]]:
        """Change, drop and repeat the writes of a transaction."""
        if self.likely():
            yield "settle", self.chance.choice([*site.debts])
        for name, value in writes:
            if isinstance(value, Incident) and self.likely():
                continue
            if isinstance(value, Payment) and self.likely():
                kind = self.chance.choice([IncidentKind.REPORT_MISSING, IncidentKind.DOUBLE_PAYMENT])
                about = value.transaction_reference
                yield "add_incident", Incident(kind=kind, transaction_reference=about, at=value.created_at)
            changed = self.payment(value) if isinstance(value, Payment) and self.likely() else value
            if isinstance(value, PaymentEvent) and self.likely():
                evidence = attrs.evolve(value.evidence, retry_of=1, payload="a payload")
                disposition = self.chance.choice([Disposition.PARKED, Disposition.REFUSED])
                changed = attrs.evolve(value, evidence=evidence, disposition=disposition)
                yield name, changed
            if isinstance(value, Act) and name == "add_act":
                changed = attrs.evolve(value, amount=value.amount + Euros(100_000))
                yield name, changed
            yield name, changed

    def payment(self, payment: Payment) -> Payment:
        """Change a row."""
        day = timedelta(days=1)
        return attrs.evolve(
            payment,
            state=self.chance.choice([payment.state, self.chance.choice(_STATES)]),
            version=payment.version + self.chance.choice([0, 1]),
            paid_at=self.chance.choice([payment.paid_at, payment.created_at - day]),
            sums=attrs.evolve(payment.sums, captured=self.chance.choice([payment.amount, Euros(0)])),
            postings={
                notice: self.chance.choice([state, PostingState.OPEN]) for notice, state in payment.postings.items()
            },
            reference_used=self.chance.choice([payment.reference_used, True]),
            authorisation_number=self.chance.choice([payment.authorisation_number, "other"]),
        )


@pytest.mark.slow
def test_spoiled() -> None:
    """Changed facts violate the oracles, and make no check raise."""
    sentences: set[str] = set()
    for seed in range(150):
        world = ended(seed, Process if seed % 3 else CarelessProcess)
        Spoiler(seed, often=0.02 if seed % 2 else 0.2).spoil(world)
        check_overdue(world)
        check_questions(world)
        check_posted(world)
        check(world)
        world.probe()
        sentences |= {" ".join(word for word in each.split() if word.isalpha()) for each in world.violations}

    assert 30 <= len(sentences), sorted(sentences)
