"""What else a portal may do with the service and the ledger, and what goes wrong with it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Debt, DebtKind, Euros, NoticeReference, PaymentState, messages, rules
from creance_pay.errors import (
    ConfigurationError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    OrderMismatchError,
)
from creance_pay.gateways import ReportLine, sips
from creance_pay.ledger import Disposition, Effect, Evidence, IncidentKind, Ledger, MemoryLedger, PaymentEvent
from creance_pay.payments import PaymentService, Posting
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk, at, message
from sips_merchant import MERCHANT, NOON, NOTIFICATION_URL, RETURN_URL, local_gateway, order, settings

REPORT = """TRANSACTIONS;{shop};20261123;1
transactionReference;amount;responseCode;transactionDateTime;currencyCode;transactionStatus
{rows}END;{count}
"""


class TestStart:
    """What starts, and what does not."""

    def test_recorded_first(self, ledger: Ledger) -> None:
        """The order is recorded before anybody has the form, with what each notice receives."""
        desk = Desk(ledger)
        started = desk.start(NOTICE, OTHER)
        payment = desk.payment(started)

        assert {NOTICE: Euros(1600), OTHER: Euros(1600)} == payment.order.notices
        assert (Euros(3200), PaymentState.CREATED, NOON) == (payment.amount, payment.state, payment.created_at)
        assert (RETURN_URL, NOTIFICATION_URL) == (payment.order.return_url, payment.order.notification_url)

    def test_no_notice(self, ledger: Ledger) -> None:
        """A payment of no notice could be made twice, and is refused."""
        with pytest.raises(InvalidValueError, match="at least one notice"):
            Desk(ledger).service.start(Euros(1600), {}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL)

    def test_tampered(self, ledger: Ledger) -> None:
        """An amount that is not the sum of the notices is refused, and nothing is recorded (G18)."""
        desk = Desk(ledger)
        with pytest.raises(InvalidAmountError):
            desk.service.start(
                Euros(100), {NOTICE: Euros(1600)}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL
            )
        assert () == ledger.payments()

    def test_refused_by_the_gateway(self, ledger: Ledger) -> None:
        """An order that the bank would refuse is abandoned at once, and blocks no other."""
        desk = Desk(ledger)
        with pytest.raises(InvalidValueError):
            desk.service.start(
                Euros(1600), {NOTICE: Euros(1600)}, return_url="javascript:x", notification_url=NOTIFICATION_URL
            )
        assert ["ERROR"] == [payment.state.value for payment in ledger.payments()]
        assert "CREATED" == desk.state(desk.start())

    def test_too_late_to_give_up(self, ledger: Ledger) -> None:
        """An order of which something was heard is not given up."""
        desk = Desk(ledger)
        started = desk.start()
        stale = desk.payment(started)
        desk.notify(started)
        ledger.give_up(stale, now=NOON)

        assert "PAID" == desk.state(started)

    def test_day_without_reference(self, ledger: Ledger) -> None:
        """A clock of another century makes no reference."""
        desk = Desk(ledger)
        desk.now = NOON.replace(year=2126)
        with pytest.raises(InvalidReferenceError):
            desk.start()

    def test_clock_without_zone(self) -> None:
        """A clock that tells no zone is refused when the service is built."""
        with pytest.raises(ConfigurationError, match="zone"):
            Desk(MemoryLedger(), clock=lambda: datetime(2026, 11, 23))  # noqa: DTZ001 - that is what is refused

    def test_two_effects_of_one_name(self) -> None:
        """Two effects of one name could not be incoming apart."""
        effect = Effect(name="mail", run=print)
        with pytest.raises(ConfigurationError, match="different names"):
            PaymentService(local_gateway(), MemoryLedger(), effects=[effect, effect])


class TestPending:
    """What is accepted and does not show yet (R25)."""

    def test_feeds_assess(self, ledger: Ledger) -> None:
        """A pending amount reduces the payable amount until the display delay ends."""
        desk = Desk(ledger, posting=Posting.AFTER_DELAY)
        desk.notify(desk.start(NOTICE, OTHER), amount="3200")
        debt = Debt(
            reference=NOTICE, kind=DebtKind.FRANCHISE, initial=Euros(6000), remaining=Euros(6000),
            issued_on=None, open_online=True,
        )  # fmt: skip
        pending = ledger.pending([NOTICE], desk.now)
        assessment = rules.assess(debt, pending=pending, policy=rules.policy_named("ameli-2019-11"))

        assert ({NOTICE: Euros(1600)}, Euros(4400)) == (pending, assessment.total)
        assert {} == ledger.pending([NOTICE], NOON + timedelta(hours=24))

    def test_held_by_the_bank(self, ledger: Ledger) -> None:
        """An authorised amount counts as pending until it is captured."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started, captureMode="VALIDATION")

        assert "AUTHORISED" == desk.state(started)
        assert {NOTICE: Euros(1600)} == ledger.pending([NOTICE, OTHER], NOON + timedelta(days=9))


class TestMessage:
    """The state that the person is shown."""

    @pytest.mark.parametrize(
        ("code", "outcome"),
        [
            ("00", PaymentState.PAID),
            ("05", PaymentState.REFUSED),
            ("17", PaymentState.CANCELLED),
            ("60", PaymentState.PENDING),
        ],
    )
    def test_has_a_sentence(self, ledger: Ledger, code: str, outcome: PaymentState) -> None:
        """The view gives what a sentence is made of."""
        desk = Desk(ledger)
        view = desk.bring_back(desk.start(), code)

        assert outcome is view.state
        assert messages.render(messages.message_for(view)).title

    def test_mismatch(self, ledger: Ledger) -> None:
        """A genuine message of another amount is answered 200, with an incident, and the person waits."""
        desk = Desk(ledger)
        started = desk.start()
        view = desk.bring_back(started, amount="1601")

        assert (200, PaymentState.PENDING) == (view.http_status, view.state)
        assert isinstance(view.result, OrderMismatchError)
        assert ["MISMATCH"] == desk.dispositions(started)
        assert [("ORDER_MISMATCH", "amount")] == [(each.kind, each.detail) for each in desk.service.incidents()]

    def test_refunded(self, ledger: Ledger) -> None:
        """A return that comes again after a refund shows the refund."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.service.reconcile(reports=[line(started, state=PaymentState.REFUNDED)])

        assert PaymentState.REFUNDED is desk.bring_back(started).state

    def test_nothing_heard(self, ledger: Ledger) -> None:
        """A message that changes nothing of a fresh payment leaves it pending for the person."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.later(hours=1)
        answered = desk.service.reconcile().recorded[0]

        assert "payment_pending" == messages.message_for(answered.payment).key
        assert ("SUPERSEDED", []) == (answered.disposition, desk.dispositions(started))


class TestAsking:
    """The bank's answers to questions."""

    def test_another_amount(self, ledger: Ledger) -> None:
        """An answer of another amount is no answer, and makes an incident (I16)."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        request = desk.bank.requests[started.transaction_reference]
        desk.bank.requests[started.transaction_reference] = attrs.evolve(request, amount=Euros(1500))
        desk.later(hours=1)
        reconciled = desk.service.reconcile()

        assert ("CREATED", ["ORDER_MISMATCH"]) == (desk.state(started), desk.incidents())
        assert (started.transaction_reference,) == reconciled.unanswered

    def test_told_meanwhile(self, ledger: Ledger) -> None:
        """A notification that comes while the bank is asked is recorded first, and the answer is a duplicate (I15)."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(hours=1)
        answer = desk.line.post_json

        def overtaken(url: str, document: Any) -> Any:  # noqa: ANN401 - as the line's own
            desk.notify(started)
            return answer(url, document)

        desk.line.post_json = overtaken  # type: ignore[method-assign]
        desk.service.reconcile()

        assert ["APPLIED", "DUPLICATE"] == desk.dispositions(started)
        assert ["acknowledgement", "display"] == desk.effects_of(started)

    def test_without_transport(self, ledger: Ledger) -> None:
        """Without a transport nobody is asked."""
        desk = Desk(ledger)
        desk.start()
        desk.later(hours=1)

        assert ((), ()) == (desk.service.reconcile().recorded, desk.service.reconcile().unanswered)


class TestOvertaken:
    """Two messages at once."""

    def test_overtaken(self, ledger: Ledger) -> None:
        """A message that another one has overtaken is decided on the state that the other one left."""
        desk = Desk(ledger)
        started = desk.start()
        before = desk.payment(started)
        desk.notify(started)
        refusal = local_gateway().verify(message(started, "05"), expected=before.order)
        evidence = Evidence.fields({}, refusal.source, NOON)
        reference = before.transaction_reference
        result = ledger.record(lambda _: refusal, evidence, reference=reference, display_by=NOON)

        assert (PaymentState.PAID, Disposition.SUPERSEDED) == (result.state, result.disposition)

    def test_effect_begun_elsewhere(self, ledger: Ledger) -> None:
        """An effect that another process has begun is left to it."""
        desk = Desk(ledger)
        desk.notify(desk.start())

        first = ledger.claim(now=NOON, effects=[desk.effect("acknowledgement"), desk.effect("display")])
        run = desk.service.run_effects()
        assert first is not None
        assert (
            [(first[0].transaction_reference, "acknowledgement"), (first[0].transaction_reference, "display")],
            1,
        ) == (
            sorted([*desk.happened, (first[0].transaction_reference, first[0].name)]),
            run.done,
        )

    def test_effect_of_another_program(self, ledger: Ledger) -> None:
        """An effect that this program does not define is left to others, and blocks no other."""
        desk = Desk(ledger)
        desk.notify(desk.start())

        assert ledger.claim(now=NOON, effects=[desk.effect("post")]) is None
        assert ledger.claim(now=NOON, effects=[]) is None
        assert ["display"] == [
            task.name for task, _ in filter(None, [ledger.claim(now=NOON, effects=[desk.effect("display")])])
        ]

    def test_effect_fails_late(self, ledger: Ledger) -> None:
        """A late failure does not undo an effect that another process has completed meanwhile."""
        desk = Desk(ledger)
        desk.notify(desk.start())
        slow = ledger.claim(now=NOON, effects=[desk.effect("display")])
        assert slow is not None
        again = ledger.claim(now=NOON + timedelta(minutes=5), effects=[desk.effect("display")])
        assert again is not None
        ledger.finish(again[0], at=NOON + timedelta(minutes=2))
        ledger.finish(attrs.evolve(slow[0], error="OSError"), at=None)

        assert ["acknowledgement"] == [task.name for task in ledger.tasks()]

    def test_happened_before(self, ledger: Ledger) -> None:
        """A completed effect is not recorded a second time."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        task = ledger.tasks()[0]
        desk.service.run_effects()
        with ledger.transaction() as store:
            store.add_task(task)

        assert () == ledger.tasks()
        assert 2 == len(desk.happened)


def line(started: Any, **details: Any) -> ReportLine:  # noqa: ANN401 - a payment, or its reference
    """Make a report line about a payment."""
    usual = {"state": PaymentState.PAID, "amount": Euros(1600), "at": NOON, "currency": "978", "values": {}}
    reference = getattr(started, "transaction_reference", started)
    return ReportLine(**{"number": 3, "transaction_reference": reference, **usual, **details})


class TestReports:
    """The bank's daily reports, the last to tell (I17)."""

    def test_of_sips(self, ledger: Ledger, tmp_path: Path) -> None:
        """A report that was read from a file settles what nobody incoming, and the effects follow."""
        desk = Desk(ledger)
        started = desk.start()
        row = f"{started.transaction_reference};1600;00;2026-11-23 13:00:00;978;CAPTURED\n"
        file = tmp_path / "report.csv"
        file.write_text(REPORT.format(shop=MERCHANT, rows=row, count=1), encoding="utf-8")
        first = desk.service.reconcile(reports=sips.read_reports(file))
        again = desk.service.reconcile(reports=sips.read_reports(file))

        assert (["PAID"], ()) == ([each.state.value for each in first.changed], again.changed)
        assert ["acknowledgement", "display"] == desk.effects_of(started)
        assert [] == desk.incidents()

    @pytest.mark.parametrize(
        ("facts", "state", "incidents"),
        [
            ({"amount": Euros(1500)}, "CREATED", ["REPORT_DIFFERENT"]),
            ({"amount": Euros(1700), "state": PaymentState.REFUNDED}, "CREATED", ["REPORT_DIFFERENT"]),
            ({"currency": "840"}, "CREATED", ["REPORT_DIFFERENT"]),
            ({"amount": None, "currency": None, "at": None}, "CREATED", ["FOREIGN_TRANSACTION"]),
            ({"state": PaymentState.REFUNDED}, "REFUNDED", []),
            ({"state": PaymentState.REFUNDED, "amount": Euros(600)}, "CREATED", ["FOREIGN_TRANSACTION"]),
            ({"state": PaymentState.REFUSED}, "REFUSED", []),
        ],
    )
    def test_line(self, ledger: Ledger, facts: dict[str, Any], state: str, incidents: list[str]) -> None:
        """A line is recorded as what it says, unless it is of another amount or currency."""
        desk = Desk(ledger)
        started = desk.start()
        desk.service.reconcile(reports=[line(started, **facts)])

        assert (state, incidents) == (desk.state(started), desk.incidents())

    def test_surplus(self, ledger: Ledger) -> None:
        """A line of no payment, or one line too many, makes an incident."""
        desk = Desk(ledger)
        started = desk.start()
        desk.service.reconcile(reports=[line(started), line(started), line("X" * 300)])

        assert ["REPORT_SURPLUS", "REPORT_SURPLUS"] == desk.incidents()
        assert {started.transaction_reference, ""} == {
            incident.transaction_reference for incident in desk.service.incidents()
        }

    def test_missing(self, ledger: Ledger) -> None:
        """A payment within the reported time, by the bank's clock, of which no line tells makes an incident."""
        desk = Desk(ledger, posting=Posting.AFTER_DELAY)
        first, missing, last = desk.start(), desk.start(OTHER), None
        desk.notify(first, **at(NOON))
        desk.notify(missing, **at(NOON + timedelta(hours=1)))
        desk.later(hours=25)
        last = desk.start()
        desk.notify(last, **at(desk.now))
        lines = [line(first), line(last, at=desk.now)]
        desk.service.reconcile(reports=lines)
        desk.service.reconcile(reports=lines)

        assert [missing.transaction_reference] == [
            incident.transaction_reference
            for incident in desk.service.incidents()
            if incident.kind is IncidentKind.REPORT_MISSING
        ]

    def test_denied(self, ledger: Ledger) -> None:
        """The bank's own store deny a payment that it had confirmed: a person has to look."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.service.reconcile(reports=[line(started, state=PaymentState.CANCELLED)])

        assert ("PAID", ["CONTRADICTED"]) == (desk.state(started), desk.incidents())


class TestIncidents:
    """What a person sees to."""

    def test_closed(self, ledger: Ledger) -> None:
        """A closed incident is not listed, and opens again when the same happens again."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started, amount="1601")
        incident = desk.service.incidents()[0]
        ledger.close_incident(incident, at=NOON)
        ledger.close_incident(incident, at=NOON)
        closed = desk.incidents()
        desk.notify(started, amount="1601")

        assert ([], ["ORDER_MISMATCH"]) == (closed, desk.incidents())
        assert IncidentKind.ORDER_MISMATCH is desk.service.incidents()[0].kind


class TestErasing:
    """What is personal goes; the accounts stay."""

    def test_old_alone(self, ledger: Ledger) -> None:
        """Old payloads and cards are erased, once; states, hashes, amounts and what is newer stay."""
        desk = Desk(ledger)
        old = desk.start()
        desk.notify(old, maskedPan="5017##########00", authorisationId="761208")
        desk.later(days=40)
        new = desk.start(OTHER)
        desk.notify(new, maskedPan="5017##########00")
        before = desk.payment(old)
        erased = ledger.erase(before=NOON + timedelta(days=30))
        after = desk.payment(old)
        records = [ledger.events(each.transaction_reference)[0] for each in (old, new)]

        assert (2, 0) == (erased, ledger.erase(before=NOON + timedelta(days=30)))
        assert [False, True] == [event.message is not None for event in records]
        assert [64, 64] == [len(event.evidence.digest) for event in records]
        assert ("5017##########00", None) == (before.masked_card, after.masked_card)
        assert attrs.evolve(before, masked_card=None, version=after.version) == after
        assert "5017##########00" == desk.payment(new).masked_card

    def test_pages(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is done page by page, each of them incoming to whoever watches, and misses nothing."""
        monkeypatch.setattr("creance_pay.ledger.ledger._PAGE", 2)
        desk, pages = Desk(ledger), list[range]()

        def watch(coming: Sequence[range]) -> Iterator[range]:
            pages.extend(coming)
            yield from coming

        started = [desk.start(NoticeReference(f"631170540000{number}344F")) for number in range(5)]
        for each in started:
            desk.notify(each, maskedPan="5017##########00")

        assert 10 == ledger.erase(before=NOON + timedelta(seconds=1), progress=watch)
        assert {None} == {desk.payment(each).masked_card for each in started}
        assert {None} == {event.message for each in started for event in ledger.events(each.transaction_reference)}
        numbers = [event.number for each in started for event in ledger.events(each.transaction_reference)]
        assert numbers == [number for page in pages for number in page if number in numbers]

    def test_cookies(self) -> None:
        """Session data of the person's browser is never stored."""
        posted = attrs.evolve(message("REF1"), headers={"Cookie": "session=1", "Content-Type": "x"})
        evidence = Evidence.message(posted, local_gateway().verify(message("REF1"), expected=order()).source, NOON)
        event = PaymentEvent(transaction_reference="REF1", evidence=evidence, disposition=Disposition.PARKED)

        assert event.message is not None
        assert {"Content-Type": "x"} == event.message.headers
        assert posted.body == event.message.body

    def test_discreet(self, ledger: Ledger) -> None:
        """No representation shows a card, a payload or a whole notice."""
        desk = Desk(ledger)
        started = desk.start()
        answer = desk.notify(started, maskedPan="5017##########00", customerId="MARKED1")
        texts = repr([answer, desk.payment(started), ledger.events(started.transaction_reference), ledger])

        assert not [word for word in ("5017", "MARKED1", str(NOTICE)) if word in texts]


def test_pending_stays_refused(ledger: Ledger) -> None:
    """A bank that cannot be reached for a page gives the order up, and the person may try again."""

    class Away(type(local_gateway())):  # type: ignore[misc]
        def initiate(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - as the gateway's
            raise GatewayUnavailableError("no page")

    gateway = Away(**settings(host=local_gateway().merchant.host))
    desk = Desk(ledger, gateway=gateway)
    with pytest.raises(GatewayUnavailableError):
        desk.start()

    assert "CREATED" == Desk(ledger).state(Desk(ledger).start())
