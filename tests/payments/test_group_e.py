"""Time, order, repetition and concurrency: the scenarios of group E of the hostile cases, each by its id.

Every test runs on a ledger in memory, in SQLite and in PostgreSQL; those of several processes are in their own module.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from creance_pay import Euros, HttpMessage, PaymentState
from creance_pay.errors import GatewayUnavailableError, PaymentInProgressError, SealMismatchError, UnknownKeyError
from creance_pay.gateways import KeyRing, ReportLine, SecretKey
from creance_pay.ledger import Effect, Ledger, MemoryLedger
from creance_pay.payments import Posting
from ledger_desk import ACCEPTED, LEFT, NOTICE, OTHER, PENDING, Desk, at, message
from ledgers import OpenLedger, OpenSql
from sips_merchant import NOON, body, local_gateway, settings, text_of

PARIS = ZoneInfo("Europe/Paris")
BOTH = ["acknowledgement", "display"]


def test_e1_same_notification_twice(ledger: Ledger) -> None:
    """The same notification twice pays once, and acknowledges once (E1)."""
    desk = Desk(ledger)
    started = desk.start()

    assert [200, 200] == [desk.notify(started).http_status, desk.notify(started).http_status]
    assert ["APPLIED", "DUPLICATE"] == desk.dispositions(started)
    assert BOTH == desk.effects_of(started)


def test_e2_hundred_times_in_fifty_threads(open_ledger: OpenLedger) -> None:
    """The same notification a hundred times, in fifty threads, has one effect, and every one is answered (E2)."""
    desk = Desk(open_ledger())
    started, posted = desk.start(), message(desk.start(OTHER))
    posted = message(started)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: desk.service.on_notification(posted).http_status, range(100)))

    assert [200] * 100 == answers
    assert ["APPLIED", *["DUPLICATE"] * 99] == sorted(desk.dispositions(started))
    assert BOTH == desk.effects_of(started)


def test_e3_return_and_notification_at_once(ledger: Ledger) -> None:
    """A notification and a return at the same instant are both answered, and have one effect (E3)."""
    desk = Desk(ledger)
    started, together = desk.start(), Barrier(2)

    def come(way: str) -> int:
        together.wait()
        return (desk.notify if way == "notification" else desk.bring_back)(started).http_status

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(come, ["notification", "return"]))

    assert [200, 200] == answers
    assert BOTH == desk.effects_of(started)


def test_e4_same_meaning_other_bytes(ledger: Ledger) -> None:
    """The same content in another order, freshly sealed, is a duplicate (E4)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, "05")
    desk.notify(started, "17")
    fields = message(started, "05").body
    backwards = HttpMessage(body(text_of(dict(reversed(list(_fields(started, "05").items()))))))

    answer = desk.service.on_notification(backwards)

    assert fields != backwards.body
    assert 200 == answer.http_status
    assert ["APPLIED", "APPLIED", "DUPLICATE"] == desk.dispositions(started)
    assert "CANCELLED" == desk.state(started)


def _fields(started: object, code: str) -> dict[str, str]:
    reference = getattr(started, "transaction_reference", "")
    return {
        "merchantId": "011223744550001", "transactionReference": reference, "amount": "1600", "currencyCode": "978",
        "responseCode": code, "keyVersion": "2", "captureMode": "AUTHOR_CAPTURE",
    }  # fmt: skip


def test_e5_return_first(ledger: Ledger) -> None:
    """A sealed return settles the payment, and the notification an hour later is a duplicate (E5)."""
    desk = Desk(ledger)
    started = desk.start()
    view = desk.bring_back(started)
    desk.later(hours=1)
    desk.notify(started)

    assert PaymentState.PAID is view.state
    assert ["APPLIED", "DUPLICATE"] == desk.dispositions(started)


def test_e6_return_never_comes(ledger: Ledger) -> None:
    """The notification alone settles the payment (E6)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started)

    assert "PAID" == desk.state(started)
    assert BOTH == desk.effects_of(started)


def test_e7_only_an_unsealed_return(ledger: Ledger) -> None:
    """An unsealed return says that the payment is being confirmed, asks for nothing, and reconciling settles (E7)."""
    gateway = _Unsealed(**settings(host=local_gateway().merchant.host))
    desk = Desk(ledger, asking=True, gateway=gateway)
    started = desk.start()
    desk.visit(started, ACCEPTED)

    view = desk.bring_back(started)

    assert (200, PaymentState.PENDING) == (view.http_status, view.state)
    assert ("CREATED", 0) == (desk.state(started), desk.line.asked)
    desk.later(minutes=30)
    desk.service.reconcile(older_than=timedelta(minutes=20))
    assert "PAID" == desk.state(started)


class _Unsealed(type(local_gateway())):  # type: ignore[misc]
    """The bank, if its returns proved nothing."""

    capabilities = frozenset({"STATUS"})


class TestE8:
    """Neither return nor notification comes (E8)."""

    def test_e8_paid(self, ledger: Ledger) -> None:
        """Reconciling asks the bank after some minutes, and not before."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(minutes=19)
        desk.service.reconcile(older_than=timedelta(minutes=20))
        early = desk.state(started)
        desk.later(minutes=2)
        desk.service.reconcile(older_than=timedelta(minutes=20))

        assert ("CREATED", "PAID") == (early, desk.state(started))
        assert BOTH == desk.effects_of(started)

    def test_e8_expired(self, ledger: Ledger) -> None:
        """EXPIRED is what the bank says, and time alone never."""
        desk = Desk(ledger, asking=True)
        said, silent = desk.start(), desk.start(OTHER)
        desk.visit(said, "5017670000001897")
        desk.later(days=1)
        desk.service.reconcile()

        assert ("EXPIRED", "CREATED") == (desk.state(said), desk.state(silent))

    def test_e8_silence(self, ledger: Ledger) -> None:
        """A bank that does not answer changes nothing, is named, and is asked again."""
        desk = Desk(ledger, asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(hours=1)
        desk.line.cut = True
        cut = desk.service.reconcile()
        desk.line.cut = False

        assert (started.transaction_reference,) == cut.unanswered
        assert [started.transaction_reference] == [
            each.transaction_reference for each in desk.service.reconcile().changed
        ]

    def test_e8_not_for_ever(self, ledger: Ledger) -> None:
        """An attempt of which nobody knows anything is asked about for a week."""
        desk = Desk(ledger, asking=True)
        desk.start()
        desk.later(days=6)
        desk.service.reconcile()
        desk.later(days=2)
        desk.service.reconcile()

        assert 1 == desk.line.asked


NONCE = "A" * 22  # sixteen bytes of zero


class TestE9:
    """A notification comes before its order is recorded (E9)."""

    @pytest.mark.usefixtures("first_reference")
    def test_e9_parked_and_tried_again(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is answered 503, kept, and recorded once its order is there."""
        monkeypatch.setattr(Ledger.chance, "randbytes", bytes)
        desk = Desk(ledger)
        early = desk.notify("PCLCB263270000001", returnContext=NONCE)
        again = desk.notify("PCLCB263270000001", returnContext=NONCE)
        incidents = desk.incidents()
        started = desk.start()
        waiting = len(ledger.parked())
        done = desk.service.reconcile()

        assert "PCLCB263270000001" == started.transaction_reference
        assert (503, 503, 1, ["UNKNOWN_ORDER"]) == (early.http_status, again.http_status, waiting, incidents)
        assert ("PAID", 1) == (desk.state(started), len(done.changed))
        assert ((), []) == (ledger.parked(), desk.incidents())
        assert BOTH == desk.effects_of(started)

    def test_e9_still_unknown(self, ledger: Ledger) -> None:
        """A message whose order is not recorded yet waits, and costs a reconciliation nothing."""
        desk = Desk(ledger)
        desk.notify("PCLCB263270000001")
        desk.service.reconcile()

        assert ((), ["PARKED"]) == (
            ledger.parked(),
            [event.disposition for event in ledger.events("PCLCB263270000001")],
        )


def test_e10_refusal_after_paid(ledger: Ledger) -> None:
    """A refusal after PAID, older by the bank's time, is recorded and changes nothing (E10)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, "00", **at(NOON))
    answer = desk.notify(started, "05", **at(NOON - timedelta(minutes=5)))

    assert (200, "PAID") == (answer.http_status, desk.state(started))
    assert ["APPLIED", "SUPERSEDED"] == desk.dispositions(started)
    assert [] == desk.incidents()


def test_e11_cancel_after_paid(ledger: Ledger) -> None:
    """Leaving the bank's page in a second window after having paid changes nothing (E11)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started)
    view = desk.bring_back(started, "17")

    assert ("PAID", PaymentState.PAID) == (desk.state(started), view.state)


def test_e12_expired_after_paid(ledger: Ledger) -> None:
    """EXPIRED after PAID changes nothing (E12)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started)
    desk.notify(started, "97")

    assert "PAID" == desk.state(started)


@pytest.mark.parametrize(("code", "state"), [("17", "CANCELLED"), ("97", "EXPIRED"), ("05", "REFUSED")])
def test_e13_paid_after_no(ledger: Ledger, code: str, state: str) -> None:
    """PAID after a no, a new attempt on the bank's page, wins, with an incident (E13)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, code)
    before = desk.state(started)
    desk.notify(started)

    assert (state, "PAID", ["PAID_AFTER_NO"]) == (before, desk.state(started), desk.incidents())
    assert BOTH == desk.effects_of(started)


def test_e14_paid_after_settlement(ledger: Ledger) -> None:
    """PAID after the debt was settled elsewhere is recorded, with an incident: to give back (E14)."""
    desk = Desk(ledger)
    started = desk.start()
    ledger.settled_elsewhere([NOTICE], at=NOON)
    ledger.settled_elsewhere([NOTICE], at=NOON)
    desk.notify(started)

    assert ("PAID", ["PAID_AFTER_SETTLEMENT"]) == (desk.state(started), desk.incidents())


def test_e15_paid_after_refunded(ledger: Ledger) -> None:
    """PAID after REFUNDED is a duplicate, and never paid again (E15)."""
    desk = Desk(ledger, asking=True)
    started = desk.start()
    desk.visit(started, PENDING)
    desk.notify(started, "60")
    account = desk.bank.accounts[started.transaction_reference]
    account.status, account.remaining = "CREDITED", Euros(0)
    desk.later(hours=1)
    desk.service.reconcile()
    refunded = desk.state(started)
    desk.notify(started)

    assert ("REFUNDED", "REFUNDED") == (refunded, desk.state(started))
    assert "DUPLICATE" == desk.dispositions(started)[-1]
    assert [] == desk.effects_of(started)


class TestE16:
    """Two references of the same debt, both PAID (E16)."""

    def test_e16_double(self, ledger: Ledger) -> None:
        """Both are recorded, with one acknowledgement each and an incident."""
        desk = Desk(ledger)
        first = desk.start()
        desk.later(hours=1)
        second = desk.start()
        desk.notify(second)
        desk.notify(first)

        assert ("PAID", "PAID") == (desk.state(first), desk.state(second))
        assert ["DOUBLE_PAYMENT"] == desk.incidents()
        assert (BOTH, BOTH) == (desk.effects_of(first), desk.effects_of(second))

    def test_e16_at_once(self, ledger: Ledger) -> None:
        """Neither of two that are paid at the same instant overlooks the other."""
        for _ in range(10):
            desk = Desk(ledger)
            first = desk.start(NOTICE, OTHER)
            desk.later(hours=1)
            second = desk.start(OTHER, NOTICE)
            together = Barrier(2)

            def pay(started: object, desk: Desk = desk, together: Barrier = together) -> int:
                together.wait()
                return desk.notify(started, amount="3200").http_status  # type: ignore[arg-type]

            with ThreadPoolExecutor(2) as pool:
                assert [200, 200] == list(pool.map(pay, [first, second]))
            assert {"DOUBLE_PAYMENT"} == {incident.kind for incident in ledger.incidents()}
            for incident in ledger.incidents():
                ledger.close_incident(incident, at=NOON)
            ledger.settled_elsewhere([], at=NOON)
            _refund(ledger, desk, first, second)

    def test_e16_instalments(self, ledger: Ledger) -> None:
        """A second instalment, started when the first one shows, is no double payment."""
        desk = Desk(ledger, posting=Posting.AFTER_DELAY)
        first = desk.start()
        desk.notify(first)
        desk.later(hours=25)
        second = desk.start()
        desk.notify(second)

        assert ("PAID", []) == (desk.state(second), desk.incidents())


def _refund(ledger: Ledger, desk: Desk, *paid: object) -> None:
    """Remove the payments, so that the next round starts empty."""
    for started in paid:
        line = _reported(getattr(started, "transaction_reference", ""), state=PaymentState.REFUNDED, amount=Euros(3200))
        desk.service.reconcile(reports=[line])
    assert () == ledger.payments({PaymentState.PAID})


def _reported(
    reference: str,
    *,
    state: PaymentState = PaymentState.PAID,
    amount: Euros | None = None,
    moment: datetime | None = None,
) -> ReportLine:
    """Make a report line about a payment."""
    return ReportLine(
        number=3,
        transaction_reference=reference,
        amount=amount,
        state=state,
        at=moment,
        currency="978",
        values={"transactionReference": reference, "state": state.value},
    )


def test_e17_two_authorisations(ledger: Ledger) -> None:
    """One reference with two authorisation numbers makes an incident (E17)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, authorisationId="761208")
    desk.notify(started, authorisationId="761209")

    assert ("PAID", ["TWO_AUTHORISATIONS"]) == (desk.state(started), desk.incidents())
    assert "761208" == desk.payment(started).authorisation_number
    assert BOTH == desk.effects_of(started)


def test_e18_pending_then_paid(ledger: Ledger) -> None:
    """PENDING, then PAID (E18)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, "60")
    pending = desk.state(started)
    desk.notify(started)

    assert ("PENDING", "PAID", []) == (pending, desk.state(started), desk.incidents())


def test_e19_pending_then_silence(ledger: Ledger) -> None:
    """PENDING and then silence for three days, or a year, is asked about and never expires by itself (E19)."""
    desk = Desk(ledger, asking=True)
    started = desk.start()
    desk.visit(started, PENDING)
    desk.notify(started, "60")
    for days in (3, 365):
        desk.later(days=days)
        desk.service.reconcile()

    assert (2, "PENDING") == (desk.line.asked, desk.state(started))
    desk.bank.accounts[started.transaction_reference].status = "CAPTURED"
    desk.later(days=1)
    desk.service.reconcile()
    assert "PAID" == desk.state(started)


@pytest.mark.parametrize("after", [timedelta(days=1), timedelta(days=365)], ids=["next day", "next year"])
@pytest.mark.parametrize("codes", [["00"], ["05"], ["05", "00"], ["60", "05"], ["17", "05"]], ids="-".join)
def test_e20_replay(ledger: Ledger, codes: list[str], after: timedelta) -> None:
    """An exact replay, the next day or the next year, is a duplicate in any final state (E20)."""
    desk = Desk(ledger)
    started = desk.start()
    for code in codes:
        desk.notify(started, code)
    before, effects = desk.state(started), desk.effects_of(started)
    desk.later(seconds=after.total_seconds())
    for code in codes:
        desk.notify(started, code)

    assert before == desk.state(started)
    assert ["DUPLICATE"] * len(codes) == desk.dispositions(started)[len(codes) :]
    assert effects == desk.effects_of(started)


def test_e21_another_orders_message(ledger: Ledger) -> None:
    """A genuine message is about the order that it names, whichever address and session it comes by (E21)."""
    desk = Desk(ledger)
    mine, theirs = desk.start(), desk.start(OTHER)
    view = desk.bring_back(theirs)

    assert theirs.transaction_reference == getattr(view.result, "transaction_reference", None)
    assert ("CREATED", "PAID") == (desk.state(mine), desk.state(theirs))


def test_e22_shared_link(ledger: Ledger) -> None:
    """The page of a return shows no data of the person, the notices, the amount or the card (E22)."""
    desk = Desk(ledger)
    started = desk.start()
    view = desk.bring_back(started, maskedPan="5017##########00")

    assert not [word for word in (str(NOTICE), "16.00", "1600", "5017") if word in repr(view)]
    assert PaymentState.PAID is view.state


class TestE23:
    """A crash between the record and the effect (E23)."""

    def test_e23_before_the_effect(self, open_ledger: OpenLedger) -> None:
        """The effect is there after a restart, and runs once."""
        desk = Desk(open_ledger())
        started = desk.start()
        desk.notify(started)
        restarted = Desk(open_ledger())

        assert BOTH == restarted.effects_of(started)
        assert [] == desk.effects_of(started)

    def test_e23_within_the_effect(self, open_ledger: OpenLedger) -> None:
        """An effect that began and never ended runs again, with the same key."""
        keys: list[str] = []

        def crash(_: object, key: str) -> None:
            keys.append(key)
            raise KeyboardInterrupt

        desk = Desk(open_ledger(), effects=[Effect(name="mail", run=crash)])
        started = desk.start()
        desk.notify(started)
        with pytest.raises(KeyboardInterrupt):
            desk.service.run_effects()
        effect = Effect(name="mail", run=lambda _, key: keys.append(key))
        restarted = Desk(open_ledger(), effects=[effect])

        assert 0 == restarted.service.run_effects().done
        restarted.later(minutes=5)
        assert 1 == restarted.service.run_effects().done
        assert [f"{started.transaction_reference}:PAID:mail"] * 2 == keys


class TestE24:
    """An effect raises (E24)."""

    def test_e24_kept_and_tried_again(self, ledger: Ledger) -> None:
        """The state stays, the notification is answered 200, the other effects happen, and it is tried again."""
        troubles = iter([OSError("mail of 6311705400000344F"), ValueError("x"), None])
        done: list[str] = []

        def post(_: object, key: str) -> None:
            trouble = next(troubles)
            if trouble:
                raise trouble
            done.append(key)

        happened: list[str] = []
        display = Effect(name="display", run=lambda _, key: happened.append(key))
        desk = Desk(ledger, effects=[Effect(name="post", run=post), display])
        started = desk.start()

        assert 200 == desk.notify(started).http_status
        first = desk.service.run_effects()
        assert ("PAID", 1, 1) == (desk.state(started), first.done, first.failed)
        assert [("post", 1, "OSError")] == [(task.name, task.attempts, task.error) for task in ledger.tasks()]
        assert 0 == desk.service.run_effects().failed
        desk.later(minutes=1)
        assert 1 == desk.service.run_effects().failed
        desk.later(minutes=1)
        assert 0 == desk.service.run_effects().done
        desk.later(minutes=1)
        assert 1 == desk.service.run_effects().done
        assert [f"{started.transaction_reference}:PAID:post"] == done
        assert () == ledger.tasks()

    def test_e24_fails_for_long(self, ledger: Ledger) -> None:
        """An effect that fails many times opens one incident, and is still retried."""

        def fail(*_: object) -> None:
            raise OSError

        desk = Desk(ledger, effects=[Effect(name="post", run=fail)])
        desk.notify(desk.start())
        failed = 0
        for _ in range(8):
            failed += desk.service.run_effects().failed
            desk.later(hours=1)

        assert (8, ["EFFECT_FAILING"], "post") == (failed, desk.incidents(), desk.service.incidents()[0].detail)


def test_e25_database_down(tmp_path: Path, open_sql: OpenSql) -> None:
    """With the database away a notification is answered 503, and recorded when it is sent again (E25)."""
    file = tmp_path / "ledger.db"
    desk = Desk(open_sql(f"sqlite:///{file}"))
    started = desk.start()
    away = tmp_path / "away"
    desk.ledger.close()  # type: ignore[attr-defined]
    file.rename(away)
    file.mkdir()

    answer, view = desk.notify(started), desk.bring_back(started)

    assert (503, 503, PaymentState.PENDING) == (answer.http_status, view.http_status, view.state)
    assert isinstance(answer.result, GatewayUnavailableError)
    assert 400 == desk.service.on_notification(HttpMessage(b"x")).http_status
    with pytest.raises(GatewayUnavailableError):
        desk.start(OTHER)
    file.rmdir()
    away.rename(file)
    assert (200, "PAID") == (desk.notify(started).http_status, desk.state(started))


@pytest.mark.parametrize("minutes", [10, -10])
def test_e26_wrong_clock(ledger: Ledger, minutes: int) -> None:
    """A clock that is ten minutes wrong, either way, refuses no sealed message (E26)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.later(minutes=minutes)
    desk.notify(started, **at(NOON))

    assert ("PAID", BOTH) == (desk.state(started), desk.effects_of(started))
    assert "" == ledger.events(started.transaction_reference)[0].detail


def test_e26_clock_moves_back(ledger: Ledger) -> None:
    """An effect that a clock a year ahead has put off is run when the clock is right again (E26)."""
    desk = Desk(ledger, effects=[Effect(name="post", run=lambda *_: 1 / 0)])
    started = desk.start()
    desk.later(days=365)
    desk.notify(started)
    desk.service.run_effects()
    desk.later(days=-365)
    right = Desk(ledger, effects=[desk.effect("post")])

    assert 1 == right.service.run_effects().done


def test_e27_bank_ahead(ledger: Ledger) -> None:
    """A payment that the bank dates a day ahead is accepted, with a warning in its record (E27)."""
    desk = Desk(ledger)
    started = desk.start()
    desk.notify(started, **at(NOON + timedelta(days=1)))

    assert "PAID" == desk.state(started)
    assert "the bank's time is in the future" == ledger.events(started.transaction_reference)[0].detail


def test_e28_two_starts_at_once(ledger: Ledger) -> None:
    """Of ten starts at once for one debt one goes through; for ten debts no reference is given twice (E28, G10)."""
    desk = Desk(ledger)

    def start(_: int) -> str:
        try:
            return desk.start().transaction_reference
        except PaymentInProgressError:
            return "refused"

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(start, range(10)))

    assert ["refused"] * 9 == answers[1:]
    assert desk.start(OTHER).transaction_reference != answers[0]


class TestE29:
    """A second payment of the same notice while the first is open (E29)."""

    def test_e29_refused(self, ledger: Ledger) -> None:
        """It is refused, by whatever notice the two share."""
        desk = Desk(ledger)
        first = desk.start(NOTICE, OTHER)

        with pytest.raises(PaymentInProgressError) as caught:
            desk.start(OTHER)
        assert (first.transaction_reference,) == caught.value.references
        assert first.transaction_reference not in str(caught.value)

    def test_e29_not_asked(self, ledger: Ledger) -> None:
        """A second click within the time of the first is refused, and asks nothing of the bank."""
        desk = Desk(ledger, asking=True)
        desk.start()

        with pytest.raises(PaymentInProgressError):
            desk.start()
        assert 0 == desk.line.asked

    def test_e29_asked_first(self, ledger: Ledger) -> None:
        """A person who gave the first up may start anew when the bank knows nothing of it."""
        desk = Desk(ledger, asking=True)
        first = desk.start()
        second = desk.start(replace=True)

        assert (1, "CREATED") == (desk.line.asked, desk.state(first))
        assert first.transaction_reference != second.transaction_reference

    def test_e29_paid_meanwhile(self, ledger: Ledger) -> None:
        """When the bank says that the first was paid there is no second one, and the first is recorded."""
        desk = Desk(ledger, asking=True)
        first = desk.start()
        desk.visit(first, ACCEPTED)

        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)
        assert "PAID" == desk.state(first)

    def test_e29_lost_answer(self, ledger: Ledger) -> None:
        """An attempt whose time is over is asked about before another takes its place."""
        desk = Desk(ledger, asking=True)
        first = desk.start()
        desk.visit(first, ACCEPTED)
        desk.later(hours=1)

        with pytest.raises(PaymentInProgressError):
            desk.start()
        assert "PAID" == desk.state(first)

    def test_e29_left(self, ledger: Ledger) -> None:
        """When the bank says that the person has left there is a second one."""
        desk = Desk(ledger, asking=True)
        first = desk.start()
        desk.visit(first, LEFT)
        desk.start(replace=True)

        assert "CANCELLED" == desk.state(first)

    def test_e29_bank_away(self, ledger: Ledger) -> None:
        """When the bank does not answer, what is open stays open."""
        desk = Desk(ledger, asking=True)
        desk.start()
        desk.line.cut = True

        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)

    def test_e29_pending(self, ledger: Ledger) -> None:
        """A payment that the bank is processing is never replaced, however old."""
        desk = Desk(ledger, asking=True)
        first = desk.start()
        desk.visit(first, PENDING)
        desk.notify(first, "60")
        desk.later(days=30)

        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)

    def test_e29_time(self, ledger: Ledger) -> None:
        """Where the bank cannot be asked, time alone makes way."""
        desk = Desk(ledger)
        desk.start()
        desk.later(minutes=29)
        with pytest.raises(PaymentInProgressError):
            desk.start(replace=True)
        desk.later(minutes=1)

        assert "CREATED" == desk.state(desk.start())

    def test_e29_not_displayed(self, ledger: Ledger) -> None:
        """An accepted payment that does not show yet blocks the notice until it shows."""
        desk = Desk(ledger, posting=Posting.AFTER_DELAY)
        desk.notify(desk.start())
        desk.later(hours=23)
        with pytest.raises(PaymentInProgressError):
            desk.start()
        desk.later(hours=1)

        assert "CREATED" == desk.state(desk.start())


@pytest.mark.parametrize(
    ("paris", "day"),
    [
        (datetime(2026, 3, 29, 1, 59, tzinfo=PARIS), "26088"),
        (datetime(2026, 3, 29, 3, 1, tzinfo=PARIS), "26088"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=PARIS), "26298"),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS), "26298"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=PARIS), "26365"),
        (datetime(2027, 1, 1, 0, 0, tzinfo=PARIS), "27001"),
    ],
)
def test_e30_daylight_saving(ledger: Ledger, paris: datetime, day: str) -> None:
    """A change of hour lengthens no session; the day of a reference is that of Paris (E30)."""
    desk = Desk(ledger)
    desk.now = paris
    started = desk.start()

    assert f"PCLCB{day}" == started.transaction_reference[:10]
    assert timedelta(0) == desk.payment(started).created_at - desk.now
    desk.notify(started)
    assert timedelta(hours=24) == desk.payment(started).display_by - desk.now.astimezone(UTC)  # type: ignore[operator]


def test_e31_two_sites(open_ledger: OpenLedger) -> None:
    """The same notification on two sites of one database has one effect (E31)."""
    first, second = Desk(open_ledger()), Desk(open_ledger())
    started = first.start()
    first.notify(started)
    second.notify(started)

    assert BOTH == sorted(first.effects_of(started) + second.effects_of(started))


class TestE32:
    """A message to a merchant, or by a key, that is gone from the configuration (E32)."""

    @pytest.mark.parametrize("known", [True, False])
    def test_e32_key_gone(self, ledger: Ledger, *, known: bool) -> None:
        """It is refused with an incident, and its hash is recorded; about a known order the bank sends it again."""
        gateway = local_gateway(keys=KeyRing([SecretKey(version="3", secret="a-newer-key-of-the-shop")], current="3"))
        desk = Desk(ledger, gateway=gateway)
        reference = desk.start().transaction_reference if known else "PCLCB260010000001"
        answer = desk.notify(reference)
        about = reference if known else ""
        event = ledger.events(about)[0]

        assert (503 if known else 400, UnknownKeyError) == (answer.http_status, type(answer.result))
        assert [("NOT_AUTHENTIC", about)] == [
            (incident.kind, incident.transaction_reference) for incident in desk.service.incidents()
        ]
        assert ("REFUSED", 64, None) == (event.disposition, len(event.evidence.digest), event.evidence.payload)

    def test_e32_strangers(self, ledger: Ledger) -> None:
        """A text that is not a message opens no incident, or scanners could fill the list."""
        desk = Desk(ledger)
        desk.service.on_notification(HttpMessage(b""))

        assert [] == desk.incidents()

    def test_e32_forged_again_and_again(self, ledger: Ledger) -> None:
        """Forgeries make one incident an order, and no more records than a thousand an hour (B46)."""
        desk = Desk(ledger)
        started = desk.start()
        forged = HttpMessage(message(started).body.replace(b"Seal=", b"Seal=0"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("creance_pay.ledger.recording.MAX_FOREIGN", 3)
            answers = [desk.service.on_notification(forged) for _ in range(5)]

        assert {400} == {answer.http_status for answer in answers}
        assert {SealMismatchError} == {type(answer.result) for answer in answers}
        assert ["REFUSED"] * 3 == desk.dispositions(started)
        assert ["NOT_AUTHENTIC"] == desk.incidents()
        assert 0 == desk.line.asked


def test_memory_is_light() -> None:
    """A ledger in memory starts with nothing in it."""
    assert ((), (), ()) == (MemoryLedger().payments(), MemoryLedger().incidents(), MemoryLedger().tasks())
