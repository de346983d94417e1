"""Where the ledger meets other ledgers, the caisse's own system, operators and the bank's reports."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import permutations
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, Movement, MovementKind, PaymentState
from creance_pay.errors import (
    ConfigurationError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    PaymentInProgressError,
    ReferenceUsedError,
    UnsupportedError,
)
from creance_pay.gateways import BadLine, HttpAnswer, OperationOutcome, OperationResult, Report, ReportKind, ReportLine
from creance_pay.ledger import ActState, Effect, Ledger, MemoryLedger, Sums
from creance_pay.ledger.outbox import task_for
from creance_pay.payments import Posting
from creance_pay.payments.inbox import Inbox
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk, message
from ledgers import OpenLedger, OpenSql
from sips_merchant import NOON, body, changed, order

WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}


def line(reference: str, desk: Desk, **details: Any) -> ReportLine:  # noqa: ANN401 - any attribute of a line
    """Make a line that reports a payment of 16 EUR at the desk's time."""
    usual = {
        "number": 3,
        "transaction_reference": reference,
        "amount": Euros(1600),
        "state": PaymentState.PAID,
        "at": desk.now,
        "currency": "978",
        "values": {},
    }
    return ReportLine(**{**usual, **details})


def refund(cents: int, identifier: str) -> dict[str, Any]:
    """Return the details of a line that reports a refund."""
    movement = Movement(kind=MovementKind.REFUNDED, amount=Euros(cents), identifier=identifier, at=None)
    state = PaymentState.PARTIALLY_REFUNDED
    return {"state": state, "movement": movement, "amount": Euros(cents)}


class TestPosting:
    """A payment is pending until the caisse has posted it (R25)."""

    def test_pending(self, ledger: Ledger) -> None:
        """Each notice is pending until it is posted; posting again changes nothing."""
        desk = Desk(ledger)
        started = desk.start(NOTICE, OTHER)
        desk.notify(started, amount="3200")
        desk.later(days=3)
        pending = [set(ledger.pending([NOTICE, OTHER], desk.now))]
        for notices in ([NOTICE], [NOTICE], None):
            desk.service.posted(started.transaction_reference, notices, by="a job")
            pending.append(set(ledger.pending([NOTICE, OTHER], desk.now)))

        assert [{NOTICE, OTHER}, {OTHER}, {OTHER}, set()] == pending

    def test_second_payment(self, ledger: Ledger) -> None:
        """A notice is closed to a second payment until the first is posted."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.later(days=3)
        with pytest.raises(PaymentInProgressError):
            desk.start()
        desk.service.posted(started.transaction_reference, by="a job")

        assert "CREATED" == desk.state(desk.start())

    def test_overdue(self, ledger: Ledger) -> None:
        """A posting that is late raises an incident, which the posting closes."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.effects_of(started)
        desk.later(days=3)
        desk.service.reconcile()
        before = desk.incidents()
        desk.service.posted(started.transaction_reference, by="a job")

        assert (["POSTING_OVERDUE"], []) == (before, desk.incidents())

    def test_rejected(self, ledger: Ledger) -> None:
        """A payment that the caisse cannot post raises an incident, and stays pending."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.service.rejected(started.transaction_reference, **WHO)

        assert (["POSTING_REJECTED"], {NOTICE}) == (desk.incidents(), set(ledger.pending([NOTICE], desk.now)))

    def test_not_accepted(self, ledger: Ledger) -> None:
        """Only an accepted payment can be posted."""
        desk = Desk(ledger)
        started = desk.start()

        with pytest.raises(InvalidValueError, match="was accepted"):
            desk.service.posted(started.transaction_reference, by="a job")

    def test_to_post(self, ledger: Ledger) -> None:
        """The accepted payments are listed in the order of acceptance, each once."""
        desk = Desk(ledger, posting=Posting.AFTER_DELAY)
        first, second = desk.start(), desk.start(OTHER)
        desk.notify(second)
        desk.notify(first)
        listed = [*ledger.to_post()]

        assert [second.transaction_reference, first.transaction_reference] == [
            each.transaction_reference for each in listed
        ]
        assert listed[1:] == [*ledger.to_post(after=listed[0].number)]


class TestRefunds:
    """Refunds and chargebacks count once, in any order, from any source."""

    @pytest.mark.parametrize("order", [*permutations(range(4))])
    def test_any_order(self, order: tuple[int, ...]) -> None:
        """Two refunds, one of them reported twice, sum up the same in every order."""
        desk = Desk(MemoryLedger())
        started = desk.start()
        desk.notify(started)
        parts = [refund(300, "A"), refund(500, "B"), refund(300, "A"), {}]
        for number in order:
            desk.service.reconcile(reports=[line(started.transaction_reference, desk, **parts[number])])
        sums = desk.payment(started).sums

        assert (Euros(800), Euros(800), PaymentState.PARTIALLY_REFUNDED) == (
            sums.refunded,
            sums.held,
            desk.payment(started).state,
        )

    def test_total_and_parts(self, ledger: Ledger) -> None:
        """A total that the bank reports and the refunds one by one are the same money."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(minutes=30)
        desk.service.reconcile()
        desk.line.services.run_nightly_batch()
        act = desk.service.refund(started.transaction_reference, Euros(600), **WHO)
        desk.service.reconcile(reports=[line(started.transaction_reference, desk, **refund(600, "A"))])

        assert (ActState.DONE, Euros(600)) == (act.state, desk.payment(started).sums.refunded)

    def test_charged_back(self, ledger: Ledger) -> None:
        """A chargeback has its state and an incident; a representment returns the money."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        states = []
        for kind, state in (
            (MovementKind.CHARGED_BACK, PaymentState.CHARGED_BACK),
            (MovementKind.REPRESENTED, PaymentState.PAID),
        ):
            movement = Movement(kind=kind, amount=Euros(1600), identifier=kind.value, at=None)
            report = line(started.transaction_reference, desk, state=state, movement=movement)
            desk.service.reconcile(reports=[report])
            states.append(desk.state(started))

        assert ["CHARGED_BACK", "PAID"] == states
        assert "CHARGED_BACK" in desk.incidents()


class TestEffects:
    """The outbox of effects."""

    def test_coroutine(self, ledger: Ledger) -> None:
        """An effect that returns a coroutine has not run: it fails, and is retried."""

        async def send(payment: object) -> None:
            raise AssertionError(payment)

        with pytest.raises(InvalidValueError, match="a plain function"):
            Effect(name="send", run=send)  # type: ignore[arg-type]
        desk = Desk(ledger, effects=[Effect(name="send", run=lambda payment, _: send(payment))])
        desk.notify(desk.start())

        assert (0, 1) == ((run := desk.service.run_effects()).done, run.failed)
        assert 1 == ledger.tasks()[0].attempts

    def test_limit(self, ledger: Ledger) -> None:
        """A run ends at its limit of effects or of time."""
        desk = Desk(ledger)
        desk.notify(desk.start())

        assert [1, 0, 1] == [
            desk.service.run_effects(limit=1).done,
            desk.service.run_effects(within=timedelta(0)).done,
            desk.service.run_effects().done,
        ]

    def test_other_process(self, open_ledger: OpenLedger) -> None:
        """A process without effects records a payment, and another that registered them runs them."""
        worker = Desk(open_ledger())
        web = Desk(open_ledger(), effects=())
        started = web.start()
        web.notify(started)

        assert ["acknowledgement", "display"] == worker.effects_of(started)


def test_budget(ledger: Ledger) -> None:
    """The bank is asked about a payment with increasing back-off, and an answer without news leaves no event."""
    desk = Desk(ledger, asking=True)
    started = desk.start()
    for _ in range(24 * 6):
        desk.later(minutes=10)
        desk.service.reconcile()

    assert desk.line.asked <= 5
    assert [] == desk.dispositions(started)


def test_unknown_reference(ledger: Ledger) -> None:
    """An act on a payment that is not recorded is refused."""
    with pytest.raises(InvalidValueError):
        Desk(ledger, asking=True).service.refund("PCLCB1", **WHO)


def test_second_start_asks_the_bank(ledger: Ledger) -> None:
    """An attempt without answer that was paid is found before a second one starts."""
    desk = Desk(ledger, asking=True)
    first = desk.start()
    desk.visit(first, ACCEPTED)
    desk.later(minutes=31)

    with pytest.raises(PaymentInProgressError):
        desk.start()
    assert "PAID" == desk.state(first)


def test_line_is_cut(ledger: Ledger) -> None:
    """A bank that does not answer leaves the payment as it is."""
    desk = Desk(ledger, asking=True)
    started = desk.start()
    desk.line.cut = True
    desk.later(hours=1)

    assert (started.transaction_reference,) == desk.service.reconcile().unanswered
    assert 503 == desk.service.on_notification(message("PCLCB263270000001")).http_status


class TestMore:
    """Rarer paths: each is recorded, and no one stops the others."""

    def test_close_incident(self, ledger: Ledger) -> None:
        """A person closes an incident with a reason."""
        desk = Desk(ledger)
        desk.service.correct(desk.start().transaction_reference, PaymentState.ERROR, **WHO)
        desk.notify("PCLCB263270000001")
        for incident in desk.service.incidents():
            desk.service.close_incident(incident, **WHO)

        assert () == desk.service.incidents()

    def test_unknown_correction(self, ledger: Ledger) -> None:
        """An unknown payment cannot be corrected."""
        with pytest.raises(InvalidValueError):
            Desk(ledger).service.correct("PCLCB1", PaymentState.PAID, **WHO)

    def test_other_notice(self, ledger: Ledger) -> None:
        """A notice that a payment does not pay cannot be posted."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)

        with pytest.raises(InvalidValueError, match="notices of the payment"):
            desk.service.posted(started.transaction_reference, [OTHER], by="a job")

    def test_settled(self, ledger: Ledger) -> None:
        """A notice that was settled by other means takes no order; one that was paid before raises an incident."""
        desk = Desk(ledger)
        desk.notify(desk.start())
        ledger.settled_elsewhere([NOTICE, OTHER], at=desk.now, **WHO)
        with pytest.raises(PaymentInProgressError):
            desk.start(OTHER)

        assert ["PAID_AFTER_SETTLEMENT"] == desk.incidents()

    def test_movements(self, ledger: Ledger) -> None:
        """The movements of a payment are listed, with the bank's identifier; too many refunds are an incident."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        captured = Movement(kind=MovementKind.CAPTURED, amount=Euros(1600), identifier="0", at=None)
        report = [line(started.transaction_reference, desk, movement=captured)]
        report += [line(started.transaction_reference, desk, **refund(900, each)) for each in "AB"]
        desk.service.reconcile(reports=report)

        assert ["0", "A", "B"] == sorted(each.identifier for each in ledger.movements(started.transaction_reference))
        assert "REFUNDED_TOO_MUCH" in desk.incidents()

    def test_foreign_transport(self, ledger: Ledger) -> None:
        """A transport that raises something of its own stops nothing."""
        desk = Desk(ledger, asking=True)
        started = desk.start()

        def fail(url: str, document: Mapping[str, Any]) -> HttpAnswer:
            raise RuntimeError(url, document)

        desk.line.post_json = fail  # type: ignore[method-assign]
        desk.later(hours=1)

        assert (started.transaction_reference,) == desk.service.reconcile().unanswered

    def test_no_effects_anywhere(self, ledger: Ledger) -> None:
        """A payment that no process had effects for waits for the first process that has them."""
        web = Desk(ledger, effects=())
        started = web.start()
        web.notify(started)
        late = Desk(ledger)

        assert ["acknowledgement", "display"] == late.effects_of(started)

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [({"name": ""}, "the name"), ({"run": None}, "a function"), ({"lease": timedelta(0)}, "above zero")],
    )
    def test_effect(self, settings: dict[str, Any], expected: str) -> None:
        """An effect is validated when it is built."""
        with pytest.raises(InvalidValueError, match=expected):
            Effect(**{"name": "mail", "run": print, **settings})


class TestFaults:
    """Faults of the bank, the network and the data: each is an error or an incident."""

    @pytest.fixture
    def desk(self, ledger: Ledger) -> Desk:
        """Return a desk with a payment of 16 EUR that the bank has captured."""
        desk = Desk(ledger, asking=True)
        self.started = desk.start()
        desk.visit(self.started, ACCEPTED)
        desk.later(minutes=30)
        desk.service.reconcile()
        desk.line.services.run_nightly_batch()
        return desk

    def replace(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, result: object) -> None:
        """Replace a method of the gateway by one that raises an error or returns a result."""

        def method(*_: object, **__: object) -> object:
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(type(desk.service._gateway), name, method)

    def test_reference_used(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A start that the bank refuses because it knows the reference is given up, with an incident."""
        self.replace(desk, monkeypatch, "initiate", ReferenceUsedError("known"))
        with pytest.raises(ReferenceUsedError):
            desk.start(OTHER)

        assert ["REFERENCE_USED"] == desk.incidents()

    @pytest.mark.parametrize("error", [UnsupportedError("no"), InvalidValueError("no")])
    def test_not_sent(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        """An act that was not sent has failed."""
        self.replace(desk, monkeypatch, "refund", error)
        with pytest.raises(type(error)):
            desk.service.refund(self.started.transaction_reference, **WHO)

        assert [ActState.FAILED] == [act.state for act in desk.ledger.acts(self.started.transaction_reference)]

    def test_unknown_result(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """An unknown result leaves the act open while the bank cannot be asked."""
        self.replace(desk, monkeypatch, "refund", OperationResult(outcome=OperationOutcome.UNKNOWN))
        act = desk.service.refund(self.started.transaction_reference, **WHO)
        desk.line.cut = True
        desk.later(minutes=5)
        desk.service.reconcile()

        assert ActState.REQUESTED is act.state
        assert 1 == len(desk.ledger.open_acts())
        desk.ledger.end(act, state=ActState.DONE, detail="", now=desk.now)
        desk.ledger.end(act, state=ActState.FAILED, detail="", now=desk.now)
        assert [ActState.DONE] == [each.state for each in desk.ledger.acts(self.started.transaction_reference)]

    def test_report_not_recorded(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """A line that cannot be recorded is an incident; a reconciliation of the acquirer's confirms nothing."""

        def fail(*_: object) -> None:
            raise GatewayUnavailableError("no answer")

        reference = self.started.transaction_reference
        desk.service.reconcile(reports=[line(reference, desk, kind=ReportKind.RECONCILIATIONS)])
        monkeypatch.setattr(Inbox, "record", fail)
        desk.service.reconcile(reports=[line(reference, desk)])

        assert ["REPORT_UNREADABLE"] == desk.incidents()

    def test_report_of_another(self, desk: Desk) -> None:
        """A line with another nonce is of another ledger's payment."""
        desk.service.reconcile(reports=[line(self.started.transaction_reference, desk, nonce="x")])

        assert ["FOREIGN_TRANSACTION"] == desk.incidents()

    def test_empty_report(self, desk: Desk) -> None:
        """An empty report of a day tells that a payment of this day is missing, and names its bad lines."""
        bad = BadLine(number=3, reason="fewer cells than columns", text="x")
        whole = Report(header=(), kind=ReportKind.TRANSACTIONS, day=NOON.date(), lines=(), bad=(bad,))
        other = attrs.evolve(whole, kind=ReportKind.OPERATIONS, bad=())
        desk.service.reconcile(reports=[whole, other])

        assert ["REPORT_MISSING", "REPORT_UNREADABLE"] == sorted(desk.incidents())

    def test_parked(self, ledger: Ledger) -> None:
        """A parked message that cannot be decrypted is an incident; one of an unknown order stays parked."""
        desk = Desk(ledger)
        desk.notify("PCLCB263270000001")
        event = ledger.events("PCLCB263270000001")[0]
        unreadable = attrs.evolve(event, readable=False, evidence=attrs.evolve(event.evidence, payload=None))

        assert None is desk.service._inbox.retry(unreadable)
        assert isinstance(desk.service._inbox.retry(event), CreancePayError)
        assert {"PAYLOAD_UNREADABLE", "UNKNOWN_ORDER"} == set(desk.incidents())
        assert [] == [*ledger.to_post()]

    def test_no_reference(self, ledger: Ledger) -> None:
        """A sealed message without a transaction reference is not readable."""
        answer = Desk(ledger).service.on_notification(HttpMessage(body(changed("transactionReference"))))

        assert 400 == answer.http_status

    def test_refusals_full(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the limit of an hour an unreadable message is not recorded."""
        monkeypatch.setattr("creance_pay.ledger.recording.MAX_FOREIGN", 0)
        answer = Desk(ledger).service.on_notification(HttpMessage(b"x"))

        assert (400, ()) == (answer.http_status, ledger.events(""))

    @pytest.mark.usefixtures("first_reference")
    def test_sequence_set_back(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """A sequence that was set back skips the references that exist."""
        numbers = iter([1, 1, 2])
        with ledger.transaction() as store:
            monkeypatch.setattr(type(store), "next_sequence", lambda *_: next(numbers))
        desk = Desk(ledger)

        assert desk.start().transaction_reference < desk.start(OTHER).transaction_reference

    def test_asked_too_late(self, ledger: Ledger) -> None:
        """A question about a version that is gone changes nothing."""
        desk = Desk(ledger)
        started = desk.start()
        before = desk.payment(started)
        desk.notify(started)
        ledger.asked(before, now=desk.now)

        assert 0 == desk.payment(started).questions

    def test_tasks_of_others(self, ledger: Ledger) -> None:
        """A task of no payment is skipped; one that no effect resolves waits."""
        web = Desk(ledger, effects=())
        web.notify(web.start())
        refunded = Effect(name="mail", run=print, on={PaymentState.REFUNDED})
        with ledger.transaction() as store:
            store.add_task(task_for("REF0", "REF0:REFUNDED", "mail", web.now))

        assert None is ledger.claim(now=web.now, effects=[refunded])

    def test_small(self, open_sql: OpenSql) -> None:
        """Values that are checked when they are built."""
        assert None is Sums().state()
        with pytest.raises(InvalidValueError, match="a time zone"):
            order(expires_at=NOON.replace(tzinfo=None))
        with pytest.raises(ConfigurationError, match="merchant_id"):
            open_sql("sqlite:///nowhere.db", merchant_id="")

    def test_form_given_up(self, ledger: Ledger) -> None:
        """The bank does not open its page for an expired form."""
        desk = Desk(ledger)
        started = desk.start()
        desk.later(hours=1)

        with pytest.raises(MalformedResponseError, match="expired"):
            desk.visit(started, ACCEPTED)
