"""The acts of operators at the bank: each is recorded before the call, one at a time, and happens once."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Barrier
from typing import Any

import pytest

import ledger_workers as worker
from creance_pay import Euros, PaymentState
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidValueError,
    PaymentInProgressError,
    UnsupportedError,
)
from creance_pay.gateways import HttpAnswer, ReportKind, ReportLine, Transport
from creance_pay.ledger import ActState, Ledger
from creance_pay.payment import Movement, MovementKind
from creance_pay.payments import PaymentService
from creance_pay.testing.server import serving_bank
from creance_pay.testing.sips import SipsBank, SipsServices
from ledger_desk import ACCEPTED, Desk
from ledgers import PAYLOAD_KEY, OpenLedger, OpenSql
from sips_merchant import MERCHANT, local_gateway, ring

WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}


class TestActs:
    """An act of an operator at the bank is recorded before the call, and one at a time."""

    @pytest.fixture
    def desk(self, ledger: Ledger) -> Desk:
        """Return a desk whose bank can be asked."""
        return Desk(ledger, asking=True)

    @pytest.fixture
    def paid(self, desk: Desk) -> str:
        """Pay 16 EUR, capture them, and return the reference."""
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(minutes=30)
        desk.service.reconcile()
        desk.line.services.run_nightly_batch()
        return started.transaction_reference

    def test_two_operators(self, open_ledger: OpenLedger, desk: Desk, paid: str) -> None:
        """Two operators who refund all at the same time refund once."""
        other = PaymentService(
            local_gateway(clock=lambda: desk.now), open_ledger(), transport=desk.line, clock=lambda: desk.now
        )
        barrier = Barrier(2)

        def give_back(service: PaymentService) -> object:
            barrier.wait(10)
            try:
                return service.refund(paid, **WHO).state
            except (PaymentInProgressError, InvalidAmountError) as error:
                return type(error)

        with ThreadPoolExecutor(2) as pool:
            results = set(pool.map(give_back, [desk.service, other]))

        assert ActState.DONE in results
        assert 1 == len([act for act in desk.ledger.acts(paid) if act.state is ActState.DONE])
        assert Euros(0) == desk.ledger.find(paid).sums.held  # type: ignore[union-attr]

    def test_no_answer(self, desk: Desk, paid: str) -> None:
        """A refund without answer stays open, blocks another, and is ended by the bank's records."""
        desk.line.cut = True
        act = desk.service.refund(paid, Euros(600), **WHO)
        with pytest.raises(PaymentInProgressError):
            desk.service.refund(paid, Euros(600), **WHO)
        found = (act.state, desk.incidents())
        desk.line.cut = False
        desk.later(minutes=5)
        desk.service.reconcile()

        assert (ActState.REQUESTED, ["ACT_UNCERTAIN"]) == found
        assert (ActState.FAILED, ()) == (desk.ledger.acts(paid)[0].state, desk.ledger.open_acts())

    def test_unknown_at_the_bank(self, desk: Desk, paid: str) -> None:
        """An open refund stays open while the bank does not know the payment: it may have made the refund."""
        desk.line.cut = True
        desk.service.refund(paid, Euros(600), **WHO)
        desk.line.cut = False
        known, desk.line.services = (
            desk.line.services,
            SipsServices(SipsBank({MERCHANT: ring()}, clock=lambda: desk.now)),
        )
        desk.later(minutes=5)
        desk.service.reconcile()
        before = desk.ledger.acts(paid)[0].state
        desk.line.services = known
        desk.service.reconcile()

        assert (ActState.REQUESTED, ActState.FAILED) == (before, desk.ledger.acts(paid)[0].state)

    def test_ended_meanwhile(self, open_ledger: OpenLedger, desk: Desk, paid: str) -> None:
        """The money of a later refund does not end an earlier one, which another process has ended meanwhile."""
        desk.line.cut = True
        desk.service.refund(paid, Euros(600), **WHO)
        desk.line.cut = False
        desk.later(minutes=5)

        class SlowLine(Transport):
            """A line on which a question takes so long that an operator reconciles and refunds meanwhile."""

            def send(self, *given: Any, **named: Any) -> HttpAnswer:  # noqa: ANN401 - the transport's own
                """Answer a question."""
                desk.service.reconcile()
                desk.service.refund(paid, **WHO)
                return desk.line.send(*given, **named)

        gateway = local_gateway(clock=lambda: desk.now)
        PaymentService(gateway, open_ledger(), transport=SlowLine(), clock=lambda: desk.now).reconcile()

        assert [ActState.FAILED, ActState.DONE] == [act.state for act in desk.ledger.acts(paid)]

    def test_no_question_after(self, desk: Desk, paid: str) -> None:
        """The question about an open act is not followed by questions about the payment, which is decided."""
        desk.line.cut = True
        desk.service.refund(paid, Euros(600), **WHO)
        desk.line.cut = False
        desk.later(minutes=5)
        desk.service.reconcile()
        asked = desk.line.asked
        desk.later(days=2)
        desk.service.reconcile()

        assert (None, asked) == (desk.ledger.find(paid).ask_at, desk.line.asked)  # type: ignore[union-attr]

    def test_charged_back_meanwhile(self, desk: Desk, paid: str) -> None:
        """A chargeback is no refund: the refund that the bank has not made fails."""
        desk.line.cut = True
        desk.service.refund(paid, Euros(600), **WHO)
        desk.line.cut = False
        returned = Movement(kind=MovementKind.CHARGED_BACK, amount=Euros(1600), identifier="1")
        line = ReportLine(
            number=1,
            transaction_reference=paid,
            amount=Euros(1600),
            state=PaymentState.CHARGED_BACK,
            at=desk.now,
            currency="978",
            values={},
            kind=ReportKind.CHARGEBACKS,
            movement=returned,
        )
        desk.later(minutes=5)
        desk.service.reconcile(reports=[line])

        assert (ActState.FAILED, "CHARGED_BACK") == (desk.ledger.acts(paid)[0].state, desk.ledger.find(paid).state)  # type: ignore[union-attr]

    @pytest.mark.parametrize("cents", [0, 1601])
    def test_amount(self, desk: Desk, paid: str, cents: int) -> None:
        """An amount of zero, or above what the merchant holds, is refused before the bank is called."""
        asked = desk.line.asked
        with pytest.raises(InvalidAmountError):
            desk.service.refund(paid, Euros(cents), **WHO)

        assert (asked, ()) == (desk.line.asked, desk.ledger.acts(paid))

    @pytest.mark.parametrize("missing", ["by", "reason"])
    def test_person(self, desk: Desk, paid: str, missing: str) -> None:
        """An act needs a person and a reason."""
        with pytest.raises(InvalidValueError):
            desk.service.refund(paid, **{**WHO, missing: ""})

    def test_correct(self, desk: Desk) -> None:
        """A person's decision is recorded with the person, and money that moved stays."""
        started = desk.start()
        desk.service.correct(started.transaction_reference, PaymentState.PAID, **WHO)
        desk.service.correct(started.transaction_reference, PaymentState.REFUSED, **WHO)
        event = desk.ledger.events(started.transaction_reference)[0]

        assert ("PAID", "PERSON", "an operator") == (desk.state(started), event.evidence.source, event.evidence.by)

    @pytest.mark.parametrize("state", [PaymentState.PARTIALLY_REFUNDED, PaymentState.PENDING, PaymentState.CREATED])
    def test_not_correctable(self, desk: Desk, state: PaymentState) -> None:
        """A state that needs an amount, or that only the bank knows, is refused."""
        reference = desk.start().transaction_reference

        with pytest.raises(InvalidValueError, match=f"got {state}"):
            desk.service.correct(reference, state, **WHO)

    def test_no_transport(self, ledger: Ledger) -> None:
        """Without a transport no act is recorded."""
        with pytest.raises(UnsupportedError):
            Desk(ledger).service.refund("PCLCB1", **WHO)

    def test_late_answer(self, desk: Desk, paid: str) -> None:
        """The bank's late DONE replaces FAILED; nothing replaces DONE."""
        desk.line.cut = True
        act = desk.service.refund(paid, **WHO)
        states = []
        for state in (ActState.FAILED, ActState.DONE, ActState.FAILED):
            desk.ledger.end(act, state=state, detail="", now=desk.now)
            states.append(desk.ledger.acts(paid)[0].state)

        assert [ActState.FAILED, ActState.DONE, ActState.DONE] == states


class TestBeforeCapture:
    """Acts on an accepted payment before the bank captures it."""

    @pytest.fixture
    def desk(self, ledger: Ledger) -> Desk:
        """Return a desk whose bank can be asked."""
        return Desk(ledger, asking=True)

    @pytest.fixture
    def accepted(self, desk: Desk) -> str:
        """Pay 16 EUR, and return the reference."""
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.later(minutes=30)
        desk.service.reconcile()
        return started.transaction_reference

    def test_cancel(self, desk: Desk, accepted: str) -> None:
        """A payment cancelled before the bank captures it counts as refunded, in part or whole."""
        states = []
        for cents in (600, 1000):
            desk.service.cancel(accepted, Euros(cents), **WHO)
            states.append(desk.ledger.find(accepted).state)  # type: ignore[union-attr]

        assert ["PARTIALLY_REFUNDED", "REFUNDED"] == states

    @pytest.mark.parametrize(("cents", "state"), [(600, "PARTIALLY_REFUNDED"), (1600, "REFUNDED")])
    def test_cancel_without_answer(self, desk: Desk, accepted: str, cents: int, state: str) -> None:
        """A cancellation whose answer is lost is ended by the bank's records."""
        with lost_answers(desk):
            desk.service.cancel(accepted, Euros(cents), **WHO)
        desk.later(minutes=5)
        desk.service.reconcile()

        assert (ActState.DONE, state) == (desk.ledger.acts(accepted)[0].state, desk.ledger.find(accepted).state)  # type: ignore[union-attr]
        assert [] == desk.incidents()

    def test_cancelled_meanwhile(self, desk: Desk, accepted: str) -> None:
        """A cancellation by the bank's own screens ends an open refund: nothing is left to refund."""
        desk.line.cut = True
        desk.service.refund(accepted, **WHO)
        desk.line.cut = False
        desk.bank.accounts[accepted].status, desk.bank.accounts[accepted].remaining = "CANCELLED", Euros(0)
        desk.later(minutes=5)
        desk.service.reconcile()

        assert (ActState.DONE, "REFUNDED") == (desk.ledger.acts(accepted)[0].state, desk.ledger.find(accepted).state)  # type: ignore[union-attr]

    def test_capture_refused(self, desk: Desk, accepted: str) -> None:
        """The bank's refusal of an act ends it, and the payment stays as it is."""
        act = desk.service.capture(accepted, **WHO)

        assert (ActState.FAILED, "PAID") == (act.state, desk.ledger.find(accepted).state)  # type: ignore[union-attr]
        assert act.key.startswith(accepted)


@contextmanager
def lost_answers(desk: Desk) -> Iterator[None]:
    """Lose the answers of the bank during the block; the bank has received the calls."""
    post = desk.line.post_json

    def lose(url: str, document: Mapping[str, Any]) -> HttpAnswer:
        post(url, document)
        raise GatewayUnavailableError("no answer", retryable=True)

    desk.line.post_json = lose  # type: ignore[method-assign]
    yield
    desk.line.post_json = post  # type: ignore[method-assign]


class TestProcesses:
    """Operators in processes of their own, at a bank that is served: one refund at the bank."""

    @pytest.fixture
    def refund(self, ledger_url: str, open_sql: OpenSql) -> Iterator[tuple[Desk, str, Callable[..., Any]]]:
        """Yield a desk, its paid payment of 16 EUR, and a function that refunds 6 EUR of it in another process."""
        merchant = uuid.uuid4().hex
        desk = Desk(open_sql(ledger_url, merchant_id=merchant, payload_keys=[PAYLOAD_KEY]), asking=True)
        started = desk.start()
        desk.visit(started, ACCEPTED)
        desk.notify(started)
        desk.line.services.run_nightly_batch()
        reference, context = started.transaction_reference, get_context("spawn")
        with serving_bank(desk.bank) as bank:

            def begin(when: str = "") -> Future[str]:
                """Begin a refund in a new process; the result is the state of the act."""
                pool = ProcessPoolExecutor(1, mp_context=context)
                found = pool.submit(worker.refund, (ledger_url, merchant), bank, reference, desk.now, when)
                pool.shutdown(wait=False)
                return found

            yield desk, reference, begin

    def test_at_once(self, refund: tuple[Desk, str, Callable[..., Future[str]]]) -> None:
        """Two processes that begin at once: the bank refunds once, or the second act comes after the first."""
        desk, reference, begin = refund
        results = [each.result(60) for each in [begin(), begin()]]
        done = results.count("DONE")

        assert {"DONE"} <= {*results} <= {"DONE", "PaymentInProgressError"}
        assert Euros(1600 - 600 * done) == desk.bank.accounts[reference].remaining
        assert Euros(600 * done) == desk.ledger.find(reference).sums.refunded  # type: ignore[union-attr]

    @pytest.mark.parametrize(("when", "result"), [("before", "FAILED"), ("after", "DONE"), ("lost", "DONE")])
    def test_stopped(self, refund: tuple[Desk, str, Callable[..., Future[str]]], when: str, result: str) -> None:
        """A process that is killed at its call, or loses the answer: nobody refunds meanwhile, then one refund."""
        desk, reference, begin = refund
        if when == "lost":
            assert "REQUESTED" == begin(when).result(60)
        else:
            with pytest.raises(BrokenProcessPool):
                begin(when).result(60)
        with pytest.raises(PaymentInProgressError):
            desk.service.refund(reference, Euros(600), **WHO)
        desk.later(minutes=5)
        desk.service.reconcile()
        found = desk.ledger.acts(reference)[0].state
        if found is ActState.FAILED:
            desk.service.refund(reference, Euros(600), **WHO)

        assert (result, Euros(1000)) == (found, desk.bank.accounts[reference].remaining)
        assert Euros(600) == desk.ledger.find(reference).sums.refunded  # type: ignore[union-attr]
