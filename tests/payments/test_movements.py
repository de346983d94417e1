"""Refunds and chargebacks: the ledger's sums equal those of a plain list, whichever voices report it, in any order.

The list stands for the bank's own accounts.  It is kept by the test: no code of the library computes it.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creance_pay import Euros, NoticeReference
from creance_pay.gateways import OperationOutcome, OperationResult, Report, ReportKind
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import Disposition, Evidence, Ledger, MemoryLedger, PaymentEvent, Sums
from creance_pay.payment import Movement, MovementKind
from creance_pay.payments import StartedPayment
from ledger_desk import ACCEPTED, Desk, at, message, nonce
from ledgers import OpenSql
from sips_merchant import MERCHANT

AMOUNT = 2000
WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}
CAPTURE, REFUND, CHARGEBACK, RETURNED = "CAPTURED", "REFUNDED", "CHARGED_BACK", "REPRESENTED"
# One line of each kind of report, under the vendor's names of columns.
COLUMNS = {
    "TRANSACTION_REPORT": "transactionReference;amount;currencyCode;responseCode;transactionDateTime;"
    "transactionStatus;currentAmount;returnContext",
    "OPERATION_REPORT": "transactionReference;operationSequence;operationName;operationAmount;currencyCode;"
    "transactionDateTime;operationDateTime;responseCode;newStatus;returnContext",
    "CHARGEBACK_REPORT": "transactionReference;chargebackAcquirerReference;chargebackAmount;currencyCode;"
    "transactionDateTime;returnContext",
    "RECONCILIATION_REPORT": "transactionReference;grossAmount;netAmount;transactionDateTime;returnContext",
    "RECONCILIATION_CHARGEBACK_REPORT": "transactionReference;chargebackAmount;remittanceNumber;transactionDateTime;"
    "returnContext",
}
OPERATIONS = {CAPTURE: "DEBIT_CAPTURE", REFUND: "CREDIT_CAPTURE", RETURNED: "REPRESENTMENT"}
Movements = list[tuple[str, int]]
_numbers = count(1)


def totals(movements: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Sum up a list of movements by kind."""
    return {
        kind: sum(cents for each, cents in movements if each == kind)
        for kind in (CAPTURE, REFUND, CHARGEBACK, RETURNED)
    }


def state_of(movements: Sequence[tuple[str, int]]) -> str:
    """Return the state that an accountant would read from a list of movements."""
    sums = totals(movements)
    if sums[CHARGEBACK] > sums[RETURNED]:
        return "CHARGED_BACK"
    if sums[REFUND] == sums[CAPTURE]:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if sums[REFUND] else "PAID"


@st.composite
def histories(draw: st.DrawFn) -> Movements:
    """Draw the movements of one payment, in the order of the bank: no more goes back than the bank allows."""
    movements = [(CAPTURE, AMOUNT)]
    for kind in draw(st.lists(st.sampled_from([REFUND, REFUND, CHARGEBACK, RETURNED]), max_size=5)):
        sums = totals(movements)
        most = {
            REFUND: AMOUNT - sums[REFUND],
            CHARGEBACK: AMOUNT - sums[CHARGEBACK],
            RETURNED: sums[CHARGEBACK] - sums[RETURNED],
        }[kind]
        if most:
            movements.append((kind, draw(st.sampled_from([most, (most + 1) // 2, min(most, 500)]))))
    return movements


@attrs.frozen
class Story:
    """One payment, the bank's list of its movements, and the messages about them.

    Attributes:
        desk: The portal and its bank.
        started: The payment.
        movements: The bank's list.
    """

    desk: Desk
    started: StartedPayment
    movements: Movements

    @classmethod
    def begin(cls, ledger: Ledger, movements: Movements) -> "Story":
        """Start a payment of two new notices, and pay at the bank without a message."""
        desk, numbers = Desk(ledger, asking=True), (next(_numbers), next(_numbers))
        notices = [NoticeReference(f"63117054{number:08d}F") for number in numbers]
        started = desk.start(*notices, cents=AMOUNT // 2)
        desk.visit(started, ACCEPTED)
        return cls(desk, started, movements)

    @property
    def reference(self) -> str:
        """The transaction reference."""
        return self.started.transaction_reference

    def voices(self, sequence: int) -> dict[str, Callable[[], object]]:
        """Return the messages that report the movement of a sequence number, by the name of the voice."""
        (kind, cents), so_far = self.movements[sequence], totals(self.movements[: sequence + 1])
        left = AMOUNT - so_far[REFUND]
        status = "CREDITED" if so_far[REFUND] else "CAPTURED"
        now, own = at(self.desk.now)["transactionDateTime"], nonce(self.started)
        fields = {"amount": str(AMOUNT), **at(self.desk.now)}
        if kind == CHARGEBACK:
            # The acquirer's reference is in one report only: the other counts equal lines.
            said = f"{self.reference};A{sequence};{cents};978;{now};{own}"
            again = f"{self.reference};{cents};{sequence};{now};{own}"
            return {
                "chargebacks": lambda: self.report("CHARGEBACK_REPORT", said),
                "chargeback reconciliations": lambda: self.report("RECONCILIATION_CHARGEBACK_REPORT", again),
            }
        line = f"{self.reference};{sequence};{OPERATIONS[kind]};{cents};978;{now};{now};00;{status};{own}"
        found: dict[str, Callable[[], object]] = {"operations": lambda: self.report("OPERATION_REPORT", line)}
        if kind in {CAPTURE, REFUND}:
            listed = f"{self.reference};{AMOUNT};978;00;{now};{status};{left};{own}"
            found["office"] = lambda: self.ask(status, left)
            found["transactions"] = lambda: self.report("TRANSACTION_REPORT", listed)
        if kind == CAPTURE:
            gross = f"{self.reference};{AMOUNT};{AMOUNT - 12};{now};{own}"
            found["reconciliations"] = lambda: self.report("RECONCILIATION_REPORT", gross)
            found["notification"] = lambda: self.desk.service.on_notification(message(self.started, **fields))
            found["return"] = lambda: self.desk.service.on_return(message(self.started, **fields))
        return found

    def ask(self, status: str, left: int) -> None:
        """Ask Office, which answers as it did after one of the movements."""
        account = self.desk.bank.accounts[self.reference]
        account.status, account.remaining = status, Euros(left)
        self.desk.service._inbox.ask(self.desk.payment(self.started), self.desk.line)

    def report(self, title: str, line: str) -> None:
        """Read a report of one line."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "report.csv")
            path.write_text(f"{title};{MERCHANT};2026-11-24;1\n{COLUMNS[title]}\n{line}\nEND;1\n", encoding="utf-8")
            self.desk.service.reconcile(reports=read_reports(path))

    def lines(self) -> list[Any]:
        """List the lines of the posting file about the payment."""
        return [line for line in self.desk.ledger.to_post() if line.transaction_reference == self.reference]

    def check(self) -> None:
        """Compare the ledger with the bank's list: the state, the sums, and the lines for the caisse."""
        payment, expected = self.desk.payment(self.started), totals(self.movements)
        sums = payment.sums
        posted = [(line.kind.value, line.amount.cents) for line in self.lines()]

        assert state_of(self.movements) == payment.state
        assert expected == {
            CAPTURE: sums.captured.cents,
            REFUND: sums.refunded.cents,
            CHARGEBACK: sums.charged_back.cents,
            RETURNED: sums.represented.cents,
        }
        assert max(0, AMOUNT - expected[REFUND] - expected[CHARGEBACK] + expected[RETURNED]) == sums.held.cents
        assert expected == totals(posted)


Told = tuple[Movements, list[tuple[int, str]]]
BACK = ["chargebacks", "chargeback reconciliations"]


@st.composite
def told(draw: st.DrawFn) -> Told:
    """Draw movements, and the voices that report them, in a random order.

    One voice at least reports each kind of money completely: every operation, or the last amount that is left; every
    line of one report of chargebacks.
    """
    movements = draw(histories())
    numbers = {kind: [at for at, (each, _) in enumerate(movements) if each == kind] for kind in totals(movements)}
    paid = [0, *numbers[REFUND]]
    lines = [(number, "operations") for number in paid]
    left = [(paid[-1], draw(st.sampled_from(["office", "transactions"])))]
    messages = draw(st.sampled_from([lines, left, lines + left]))
    messages += [(number, name) for name in [draw(st.sampled_from(BACK))] for number in numbers[CHARGEBACK]]
    messages += [(number, "operations") for number in numbers[RETURNED]]
    others = [(0, name) for name in ("notification", "return", "reconciliations")]
    others += [(number, name) for number in paid for name in ("office", "transactions")]
    others += [(number, name) for number in numbers[CHARGEBACK] for name in BACK]
    return movements, draw(st.permutations(messages + draw(st.lists(st.sampled_from(others), max_size=8))))


def play(ledger: Ledger, movements: Movements, messages: Sequence[tuple[int, str]]) -> Story:
    """Deliver messages in their order, and compare the ledger with the list."""
    story = Story.begin(ledger, movements)
    for number, voice in messages:
        story.voices(number)[voice]()
    story.check()
    return story


@pytest.mark.parametrize("examples", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_any_voice_in_any_order(ledger: Ledger, examples: int) -> None:
    """State, sums and posting lines equal the bank's list after any messages in any order."""

    @settings(max_examples=examples)
    @given(drawn=told())
    def run(drawn: Told) -> None:
        play(ledger, *drawn)

    run()


@settings(max_examples=100)
@given(drawn=told())
def test_any_voice_in_memory(drawn: Told) -> None:
    """The same, many times."""
    play(MemoryLedger(), *drawn)


@settings(max_examples=30)
@given(drawn=st.lists(told(), min_size=1, max_size=4), data=st.data())
def test_posting_file(drawn: list[Told], data: st.DataObject) -> None:
    """Each movement of several payments is once in the posting files, wherever one file ends and the next begins."""
    ledger, files, last = MemoryLedger(), [], 0
    stories = [Story.begin(ledger, movements) for movements, _ in drawn]
    calls = [(story, call) for story, (_, messages) in zip(stories, drawn, strict=True) for call in messages]
    for story, (number, voice) in data.draw(st.permutations(calls)):
        story.voices(number)[voice]()
        if data.draw(st.booleans()):
            files += [*ledger.to_post(after=last)]
            last = files[-1].number if files else 0
    files += [*ledger.to_post(after=last)]

    # The number of the authorisation is the one thing that a later message adds to an earlier line.
    again, once = [[attrs.evolve(line, authorisation_number="") for line in each] for each in (ledger.to_post(), files)]
    assert again == once
    for story in stories:
        story.check()


class TestCases:
    """The cases that were wrong before, on every ledger; each movement is reported by every voice."""

    CASES: Mapping[str, tuple[Movements, str, int]] = {
        "two parts that are the whole": ([(REFUND, 800), (REFUND, 1200)], "REFUNDED", 0),
        "two equal refunds": ([(REFUND, 500), (REFUND, 500)], "PARTIALLY_REFUNDED", 1000),
        "a chargeback": ([(CHARGEBACK, 2000)], "CHARGED_BACK", 0),
        "a chargeback of a part": ([(CHARGEBACK, 700)], "CHARGED_BACK", 1300),
        "a chargeback that is returned": ([(CHARGEBACK, 2000), (RETURNED, 2000)], "PAID", 2000),
        "a chargeback that is returned in part": ([(CHARGEBACK, 2000), (RETURNED, 500)], "CHARGED_BACK", 500),
        "a second chargeback": ([(CHARGEBACK, 2000), (RETURNED, 2000), (CHARGEBACK, 2000)], "CHARGED_BACK", 0),
        "a chargeback after a refund": ([(REFUND, 800), (CHARGEBACK, 1200)], "CHARGED_BACK", 0),
        "a chargeback of what was refunded": ([(REFUND, 2000), (CHARGEBACK, 2000)], "CHARGED_BACK", 0),
        "and its return": ([(REFUND, 2000), (CHARGEBACK, 2000), (RETURNED, 2000)], "REFUNDED", 0),
        "a refund after a return": ([(CHARGEBACK, 2000), (RETURNED, 2000), (REFUND, 800)], "PARTIALLY_REFUNDED", 1200),
    }

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("case", CASES)
    def test_case(self, ledger: Ledger, case: str, backwards: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """The state and the money that the merchant holds, told forwards or backwards."""
        movements, state, held = self.CASES[case]
        movements = [(CAPTURE, AMOUNT), *movements]
        probe = Story.begin(MemoryLedger(), movements)
        messages = [(number, name) for number in range(len(movements)) for name in probe.voices(number)]
        story = play(ledger, movements, messages[::-1] if backwards else messages)
        payment = story.desk.payment(story.started)

        assert (state, Euros(held)) == (payment.state, payment.sums.held)
        assert (CHARGEBACK in dict(movements)) == ("CHARGED_BACK" in story.desk.incidents())

    @pytest.mark.parametrize("first", ["act", "operations", "office"])
    def test_refund_of_an_operator(self, ledger: Ledger, first: str) -> None:
        """Refunds by an operator are told by the act, by Office and by the report, and count once each."""
        story = Story.begin(ledger, [(CAPTURE, AMOUNT), (REFUND, 800), (REFUND, 1200)])
        story.voices(0)["notification"]()
        story.desk.bank.accounts[story.reference].status = "CAPTURED"
        story.desk.service.refund(story.reference, Euros(800), **WHO)
        if first == "act":
            story.desk.service.refund(story.reference, Euros(1200), **WHO)
        for number in (1, 2):
            for voice in {"operations", "office", first} - {"act"}:
                story.voices(number)[voice]()
        story.check()

    def test_notices(self, ledger: Ledger) -> None:
        """The last notice gives back first; a chargeback of what was refunded takes from each notice again."""
        movements = [(CAPTURE, 2000), (REFUND, 1200), (CHARGEBACK, 2000), (RETURNED, 2000)]
        story = play(
            ledger,
            movements,
            [(0, "notification"), (1, "operations"), (2, BACK[0]), (3, "operations")],
        )
        first, second = sorted(story.desk.payment(story.started).order.notices, key=str)

        assert [
            ("CAPTURED", first, 1000), ("CAPTURED", second, 1000),
            ("REFUNDED", first, 200), ("REFUNDED", second, 1000),
            ("CHARGED_BACK", first, 1000), ("CHARGED_BACK", second, 1000),
            ("REPRESENTED", first, 1000), ("REPRESENTED", second, 1000),
        ] == [(line.kind, line.notice, line.amount.cents) for line in story.lines()]  # fmt: skip

    def test_line(self, ledger: Ledger) -> None:
        """A line for the caisse has the bank's time and the bank's identifier."""
        story = play(ledger, [(CAPTURE, 2000), (CHARGEBACK, 500)], [(0, "operations"), (1, "chargebacks")])

        assert [("", story.desk.now), ("", story.desk.now), ("A1", story.desk.now)] == [
            (line.identifier, line.at) for line in story.lines()
        ]

    def test_too_much(self, ledger: Ledger) -> None:
        """Refunds above the captured amount are an incident, once for each amount."""
        story = Story.begin(ledger, [(CAPTURE, 2000), (REFUND, 1500), (REFUND, 1500)])
        for number in (0, 1, 2):
            story.voices(number)["operations"]()
        found = story.desk.incidents()
        for incident in story.desk.service.incidents():
            story.desk.service.close_incident(incident, **WHO)
        story.voices(2)["operations"]()

        assert (["REFUNDED_TOO_MUCH"], []) == (found, story.desk.incidents())


class TestCancellation:
    """A payment that the merchant cancels before its debit counts as refunded, by whichever voice it is told."""

    def voices(self, story: Story, cents: int) -> dict[str, Callable[[], object]]:
        """Return the messages about an acceptance and about a cancellation."""
        now, own = at(story.desk.now)["transactionDateTime"], nonce(story.started)
        operation = f"{story.reference};1;CANCEL;{cents};978;{now};{now};00;CANCELLED;{own}"
        listed = f"{story.reference};{AMOUNT};978;00;{now};CANCELLED;;{own}"
        return {
            "notification": story.voices(0)["notification"],
            "operations": lambda: story.report("OPERATION_REPORT", operation),
            "office": lambda: story.ask("CANCELLED", AMOUNT - cents),
            "transactions": lambda: story.report("TRANSACTION_REPORT", listed),
        }

    @pytest.mark.parametrize("voice", ["operations", "office", "transactions"])
    @pytest.mark.parametrize("late", [False, True])
    def test_whole(self, ledger: Ledger, voice: str, late: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """Cancelled whole, before or after the notification of the acceptance: nothing is held."""
        story = Story.begin(ledger, [(CAPTURE, AMOUNT), (REFUND, AMOUNT)])
        told = self.voices(story, AMOUNT)
        for name in [voice, "notification"] if late else ["notification", voice]:
            told[name]()
        story.check()

    def test_part(self, ledger: Ledger) -> None:
        """A cancelled part is refunded; the debit of the rest is no difference."""
        story = Story.begin(ledger, [(CAPTURE, AMOUNT), (REFUND, 800)])
        told = self.voices(story, 800)
        told["notification"]()
        told["operations"]()
        now, own = at(story.desk.now)["transactionDateTime"], nonce(story.started)
        debit = f"{story.reference};2;DEBIT_CAPTURE;1200;978;{now};{now};00;CAPTURED;{own}"
        story.report("OPERATION_REPORT", debit)

        assert [] == story.desk.incidents()
        story.check()

    def test_part_before_acceptance(self, ledger: Ledger) -> None:
        """The bank is asked about an order of which it has only reported that a part was cancelled."""
        story = Story.begin(ledger, [(CAPTURE, AMOUNT), (REFUND, 800)])
        self.voices(story, 800)["operations"]()
        asked = story.desk.line.asked
        story.desk.later(hours=2)
        story.desk.service.reconcile()

        assert 1 == story.desk.line.asked - asked
        assert "PARTIALLY_REFUNDED" == story.desk.state(story.started)

    def test_refunded_transaction(self, ledger: Ledger) -> None:
        """A transaction of another amount confirms nothing, also when it was refunded whole."""
        story = Story.begin(ledger, [])
        now = at(story.desk.now)["transactionDateTime"]
        story.report("TRANSACTION_REPORT", f"{story.reference};1900;978;00;{now};CREDITED;0;")

        assert ("CREATED", ["REPORT_DIFFERENT"]) == (story.desk.state(story.started), story.desk.incidents())

    def test_unknown_part(self, ledger: Ledger) -> None:
        """The debit of a part, of which no cancellation is known, is a difference and confirms nothing."""
        story = Story.begin(ledger, [])
        now, own = at(story.desk.now)["transactionDateTime"], nonce(story.started)
        story.report("OPERATION_REPORT", f"{story.reference};2;DEBIT_CAPTURE;1200;978;{now};{now};00;CAPTURED;{own}")

        assert ("CREATED", ["REPORT_DIFFERENT"]) == (story.desk.state(story.started), story.desk.incidents())

    def test_never_accepted(self, ledger: Ledger) -> None:
        """A cancellation alone moves no money for the caisse."""
        story = Story.begin(ledger, [(CAPTURE, AMOUNT)])
        self.voices(story, AMOUNT)["office"]()

        assert ("CANCELLED", []) == (story.desk.state(story.started), story.lines())


class TestActs:
    """What an operator's act moves, where the bank's answer has no remaining amount."""

    CASES = (
        ("AUTHOR_CAPTURE", [("refund", 800)], "PARTIALLY_REFUNDED", (2000, 800)),
        ("AUTHOR_CAPTURE", [("refund", 800), ("refund", 800)], "PARTIALLY_REFUNDED", (2000, 1600)),
        ("AUTHOR_CAPTURE", [("cancel", 800), ("refund", 1200)], "REFUNDED", (2000, 2000)),
        ("VALIDATION", [("capture", 2000)], "PAID", (2000, 0)),
        ("VALIDATION", [("capture", 1200)], "PARTIALLY_REFUNDED", (2000, 800)),
        ("VALIDATION", [("cancel", 800)], "AUTHORISED", (0, 0)),
        ("VALIDATION", [("cancel", 2000)], "CANCELLED", (0, 2000)),
    )

    @pytest.mark.parametrize("case", CASES)
    def test_act(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, case: Any) -> None:  # noqa: ANN401 - a row
        """The part that is not debited counts as refunded; of a payment that was only authorised, nothing moved."""
        mode, acts, state, sums = case
        story = Story.begin(ledger, [])
        story.desk.notify(story.started, amount=str(AMOUNT), captureMode=mode)
        done = OperationResult(outcome=OperationOutcome.DONE)
        for verb, cents in acts:
            monkeypatch.setattr(type(story.desk.service._gateway), verb, lambda *_, **__: done)
            getattr(story.desk.service, verb)(story.reference, Euros(cents), **WHO)
        payment = story.desk.payment(story.started)

        assert (state, sums) == (payment.state, (payment.sums.captured.cents, payment.sums.refunded.cents))


def test_time_of_the_transaction(ledger: Ledger) -> None:
    """A refund leaves the time of the transaction: the report of its own day does not miss the payment."""
    story = Story.begin(ledger, [(CAPTURE, AMOUNT), (REFUND, 800)])
    story.voices(0)["notification"]()
    paid_at = story.desk.payment(story.started).authorised_at
    story.desk.later(days=2)
    story.desk.bank.accounts[story.reference].status = "CAPTURED"
    story.desk.service.refund(story.reference, Euros(800), **WHO)
    day = story.desk.now.date()
    story.desk.service.reconcile(reports=Report(header=(), kind=ReportKind.TRANSACTIONS, day=day, lines=(), bad=()))

    assert paid_at == story.desk.payment(story.started).authorised_at
    assert [] == [kind for kind in story.desk.incidents() if kind == "REPORT_MISSING"]


def test_no_number_is_missed(open_sql: OpenSql, postgres: str) -> None:
    """A movement that is recorded under a lower number, and committed later, is not missed: the reader waits for it."""
    merchant = uuid.uuid4().hex
    slow, quick, reader = (open_sql(postgres, merchant_id=merchant) for _ in range(3))
    first, second = (Story.begin(ledger, [(CAPTURE, AMOUNT)]) for ledger in (slow, quick))
    with ThreadPoolExecutor(1) as pool:
        with slow.transaction() as store:
            store.add_event(_captured(first))
            second.voices(0)["notification"]()
            read = pool.submit(lambda: [line.transaction_reference for line in reader.to_post()])
            time.sleep(0.5)  # the reader has begun: without a lock it would read the second payment alone
        found = read.result(timeout=30)

    assert [first.reference] * 2 + [second.reference] * 2 == found


def test_rolled_back(ledger: Ledger) -> None:
    """A movement of a transaction that is rolled back is not recorded, beside one that was."""
    desk = Desk(ledger)
    reference = desk.start().transaction_reference
    first, second = (Movement(kind=MovementKind.REFUNDED, amount=Euros(100), identifier=each) for each in "12")
    with ledger.transaction() as store:
        store.add_movement(reference, first, source="REPORT", at=desk.now)
    with suppress(KeyError), ledger.transaction() as store:
        store.add_movement(reference, second, source="REPORT", at=desk.now)
        raise KeyError

    assert (first,) == ledger.movements(reference)


def _captured(story: Story) -> PaymentEvent:
    """Return the event of an accepted payment, without recording it."""
    evidence = Evidence.person("captured", story.desk.now, **WHO)
    return PaymentEvent(
        transaction_reference=story.reference,
        evidence=evidence,
        disposition=Disposition.APPLIED,
        moved=Sums(captured=Euros(AMOUNT)),
    )
