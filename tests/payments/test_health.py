"""``PaymentService.health``: each thing that stops in silence becomes a problem, after the documented time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import Report, ReportKind
from creance_pay.ledger import Effect, Incident, IncidentKind, Ledger, MemoryLedger, Payment
from creance_pay.payments import Problem, ProblemKind
from creance_pay.payments.health import EFFECTS, RECONCILE
from creance_pay.rules import policy_named
from ledger_desk import Desk, message
from sips_merchant import NOON, body, changed, hmac_of


class FreshPolicy:
    """A policy whose values were all confirmed."""

    def overdue(self, day: date) -> tuple[str, ...]:  # noqa: ARG002 - on any day
        """List no value."""
        return ()


def kinds(desk: Desk) -> list[str]:
    """List the kinds of problems."""
    return [problem.kind.value for problem in desk.service.health()]


def paid(desk: Desk, *, posted: bool = True) -> str:
    """Pay, run the effects and post; return the reference."""
    started = desk.start()
    desk.notify(started)
    desk.service.run_effects()
    if posted:
        desk.service.posted(started.transaction_reference, by="a job")
    return started.transaction_reference


def test_healthy(ledger: Ledger) -> None:
    """A payment that went its way, with its jobs running, is no problem."""
    desk = Desk(ledger)
    paid(desk)
    desk.later(hours=30)
    desk.service.reconcile()
    ledger.beat(EFFECTS, now=desk.now)

    assert () == desk.service.health()


class TestJobs:
    """A job that stops is a problem after its time, and its first run ends the problem."""

    def test_never_reconciled(self, ledger: Ledger) -> None:
        """A ledger with a payment of an hour ago was never reconciled; the first run ends the problem."""
        desk = Desk(ledger)
        desk.later(hours=-2)
        paid(desk)
        desk.later(minutes=60)
        assert [] == kinds(desk)
        desk.later(minutes=1)
        assert (Problem(kind=ProblemKind.JOB_SILENT, detail="reconcile"),) == desk.service.health()
        desk.service.reconcile()
        assert [] == kinds(desk)

    @pytest.mark.parametrize(("job", "minutes"), [(EFFECTS, 15), (RECONCILE, 60)])
    def test_stopped(self, ledger: Ledger, job: str, minutes: int) -> None:
        """A job that ran once is missed after its time."""
        desk = Desk(ledger)
        ledger.beat(job, now=desk.now)
        desk.later(minutes=minutes)
        assert [] == kinds(desk)
        desk.later(seconds=1)
        assert (Problem(kind=ProblemKind.JOB_SILENT, since=NOON, detail=job),) == desk.service.health()

    def test_report(self, ledger: Ledger) -> None:
        """The report of a day is missed at noon of the second day after it; an older report does not hide that."""
        desk = Desk(ledger)

        def read(day: date) -> None:
            desk.service.reconcile(reports=Report(header=(), kind=ReportKind.TRANSACTIONS, day=day, lines=(), bad=()))

        read(date(2026, 11, 22))
        read(date(2026, 11, 20))
        desk.later(hours=22.9)  # noon of the 24th in Paris is 11 o'clock UTC; NOON is the 23rd
        desk.service.reconcile()
        assert [] == kinds(desk)
        desk.later(hours=0.2)
        assert ["REPORT_OVERDUE"] == kinds(desk)
        read(date(2026, 11, 23))
        assert [] == kinds(desk)

    def test_turns(self, ledger: Ledger) -> None:
        """Of two calls within the time one gets the turn; a time from a clock that is ahead does not block it."""
        minute = timedelta(minutes=1)
        assert [True, False, True] == [
            ledger.beat("a", now=NOON + later, every=minute) for later in (0 * minute, minute / 2, minute)
        ]
        assert {"a": NOON + minute} == ledger.heartbeats()
        ledger.beat("a", now=NOON + timedelta(days=400))
        assert ledger.beat("a", now=NOON, every=minute)


class TestEffects:
    """An effect that does not run is a problem, however that comes."""

    def test_overdue(self, ledger: Ledger) -> None:
        """A quarter of an hour after the payment."""
        desk = Desk(ledger)
        desk.notify(desk.start())
        desk.later(minutes=14)
        assert [] == kinds(desk)
        desk.later(minutes=1)
        expected = Problem(kind=ProblemKind.EFFECT_OVERDUE, count=2, since=NOON, detail="acknowledgement, display")
        assert (expected,) == desk.service.health()
        assert expected.critical

    def test_renamed(self, ledger: Ledger) -> None:
        """An effect of another name than the task is unknown at once."""
        desk = Desk(ledger)
        desk.notify(desk.start())
        worker = Desk(ledger, effects=[desk.effect("acknowledgment"), desk.effect("display")])

        (problem,) = worker.service.health()
        assert (ProblemKind.EFFECT_UNKNOWN, 1, "acknowledgement") == (problem.kind, problem.count, problem.detail)

    def test_without_effects(self) -> None:
        """A payment recorded where no process has an effect is a problem of a service without effects."""
        desk = Desk(MemoryLedger(), effects=[])
        desk.notify(desk.start())
        (problem,) = desk.service.health()

        assert (ProblemKind.EFFECT_UNKNOWN, "no effect is registered") == (problem.kind, problem.detail)

    def test_failing(self, ledger: Ledger) -> None:
        """An effect that was begun five times is failing."""

        def fail(_: Payment, __: str) -> None:
            raise OSError

        desk = Desk(ledger, effects=[Effect(name="acknowledgement", run=fail)])
        desk.notify(desk.start())
        for _ in range(5):
            desk.service.run_effects()
            desk.later(hours=1)

        assert {"EFFECT_FAILING", "INCIDENT_OPEN"} <= set(kinds(desk))


class TestMessages:
    """Refused messages are a problem when they are genuine or many."""

    def test_unknown_key(self, ledger: Ledger) -> None:
        """One message under an unknown version of the key is enough."""
        desk = Desk(ledger)
        desk.notify(desk.start(), keyVersion="9")

        assert ["KEY_UNKNOWN", "INCIDENT_OPEN"] == kinds(desk)

    def test_flood(self, ledger: Ledger) -> None:
        """A hundred refused messages within an hour; no longer after it."""
        desk = Desk(ledger)
        for number in range(100):
            desk.service.on_notification(type(message("REF1"))(body(changed(amount=str(number)), hmac_of("another"))))
        assert "REFUSED_FLOOD" in kinds(desk)
        desk.later(minutes=61)
        assert "REFUSED_FLOOD" not in kinds(desk)


class TestBankAndPeople:
    """What waits for the bank, for the caisse or for a person."""

    def test_questions(self, ledger: Ledger) -> None:
        """A question that is due for an hour; none about an attempt that is given up, and none without a transport."""
        desk, other = Desk(ledger, asking=True), Desk(ledger)
        desk.start()
        desk.line.cut = True
        desk.later(minutes=80)
        desk.service.reconcile()
        other.now = desk.now

        assert (
            Problem(kind=ProblemKind.QUESTION_OVERDUE, since=NOON + timedelta(minutes=20)),
        ) == desk.service.health()
        assert () == other.service.health()
        desk.later(days=8)
        desk.service.reconcile()
        assert () == desk.service.health()

    def test_posting(self, ledger: Ledger) -> None:
        """A payment that the caisse has not posted within a day."""
        desk = Desk(ledger)
        paid(desk, posted=False)
        desk.later(hours=24)
        desk.service.reconcile()

        assert ["POSTING_OVERDUE", "INCIDENT_OPEN"] == kinds(desk)

    def test_act(self, ledger: Ledger) -> None:
        """A refund without an answer, after an hour."""
        desk = Desk(ledger, asking=True)
        reference = paid(desk)
        desk.line.cut = True
        desk.service.refund(reference, by="an operator", reason="paid twice")
        desk.later(minutes=60)
        ledger.beat(RECONCILE, now=desk.now)

        assert ["ACT_OPEN", "INCIDENT_OPEN"] == kinds(desk)

    def test_incidents(self, ledger: Ledger) -> None:
        """One problem for each kind of incident, with its number and the first time."""
        desk = Desk(ledger)
        for number in range(3):
            at = NOON + timedelta(hours=number)
            kind = IncidentKind.REPORT_MISSING if number < 2 else IncidentKind.CHARGED_BACK
            ledger.raise_incident(Incident(kind=kind, transaction_reference=f"REF{number}", at=at))

        found = desk.service.health()
        assert [("REPORT_MISSING", 2, NOON), ("CHARGED_BACK", 1, NOON + timedelta(hours=2))] == [
            (problem.detail, problem.count, problem.since) for problem in found
        ]
        assert not any(problem.critical for problem in found)

    def test_policy(self, ledger: Ledger) -> None:
        """A policy whose values nobody has confirmed for long."""
        policy, desk = policy_named("ameli-2019-11"), Desk(ledger)
        (problem,) = desk.service.health(NOON + timedelta(days=3_650), policies=[policy])

        assert (ProblemKind.POLICY_OVERDUE, len(policy.overdue(date(2036, 11, 20)))) == (problem.kind, problem.count)
        assert problem.count
        assert () == desk.service.health(policies=[FreshPolicy()])


class TestMachine:
    """The ledger and the clock."""

    def test_clock(self, ledger: Ledger) -> None:
        """A recorded time that is more than five minutes ahead."""
        desk = Desk(ledger)
        paid(desk)
        desk.later(minutes=-5)
        assert [] == kinds(desk)
        desk.later(minutes=-1)
        assert ["CLOCK_WRONG"] == kinds(desk)

    def test_no_ledger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A ledger that does not answer is one problem, with its cause."""
        desk = Desk(MemoryLedger())

        def fail(**_: Any) -> Callable[..., None]:  # noqa: ANN401 - any argument
            raise GatewayUnavailableError("no server at this address", retryable=True)

        monkeypatch.setattr(desk.ledger, "transaction", fail)

        (problem,) = desk.service.health()
        assert "LEDGER_UNAVAILABLE 1: no server at this address" == str(problem)


def test_line() -> None:
    """A problem is one line: kind, number, time and names."""
    problem = Problem(kind=ProblemKind.JOB_SILENT, since=NOON, detail="effects")

    assert "JOB_SILENT 1 since 2026-11-23T12:00:00+00:00: effects" == str(problem)
