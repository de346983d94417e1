"""The tables of transitions in the documentation, executed beside :func:`transition` in every situation.

The first row of ``transitions.csv`` that fits decides.  Every row of ``transition-incidents.csv`` that fits raises its
incident.  A cell is a text for the reader; each condition is a function here.
"""

import csv
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from creance_pay import Euros, Movement, MovementKind, PaymentState, Source, VerifiedPayment
from creance_pay.ledger import Change, Disposition, IncidentKind, Payment, transition
from creance_pay.ledger.transitions import apply
from programs import ROOT, load
from sips_merchant import NOON, order

S, D = PaymentState, Disposition
ORDER = order(nonce="a nonce")
MINUTE = timedelta(minutes=1)
SETTLED = [S.PAID, S.PARTIALLY_REFUNDED, S.REFUNDED, S.CHARGED_BACK]
GROUPS = {
    "open": [S.CREATED, S.PENDING, S.AUTHORISED, S.UNKNOWN],
    "failed": [S.REFUSED, S.CANCELLED, S.EXPIRED, S.ERROR],
    "settled": SETTLED,
    "any": [*S],
}
# The bank's times of a message.  The order is of noon, and the recorded message of ten minutes later.
RECORDED = NOON + 10 * MINUTE
TIMES = {"undated": None, "before the order": NOON - MINUTE, "older": NOON + 5 * MINUTE, "later": NOON + 20 * MINUTE}


class Situation(NamedTuple):
    """A recorded payment and a message about it.

    Attributes:
        recorded: The recorded state.
        message: The state that the message reports.
        source: The way it came.
        repeated: Whether a message of the same fingerprint was recorded before.
        bound: Whether the message has the order's nonce.
        time: The bank's time, of ``TIMES``.
        used_before: Whether an earlier message reported that the bank knew the reference before.
        used: Whether this message reports it.
        number: The authorisation number; that of the recorded message is ``1``.
        returned: The state before the chargeback, where the message reports that the cardholder's bank returned it all.
    """

    recorded: PaymentState
    message: PaymentState
    source: Source
    repeated: bool
    bound: bool
    time: str
    used_before: bool
    used: bool
    number: str
    returned: PaymentState | None

    @property
    def older(self) -> bool:
        """Whether the message is older than the recorded one, by the bank's times; for CREATED there is none."""
        return self.recorded is not S.CREATED and self.time in {"before the order", "older"}


class Case(NamedTuple):
    """A situation, with the recorded payment and the decision."""

    situation: Situation
    payment: Payment
    change: Change


Condition = Callable[[Case], bool]
CONDITIONS: Mapping[str, Condition] = {
    "always": lambda _: True,
    "otherwise": lambda _: True,
    "repeated": lambda case: case.situation.repeated,
    "older than the recorded message": lambda case: case.situation.older,
    "not older than the recorded message": lambda case: not case.situation.older,
    "it changes the sums of the money": lambda case: case.change.sums != case.payment.sums,
    "by the reference alone, and undated, older than the order, or known to the bank before": (
        lambda case: (
            not case.situation.bound
            and (case.situation.time in {"undated", "before the order"} or case.situation.used_before)
        )
    ),
    "with another authorisation number": lambda case: case.situation.number != "1",
    "first report that the bank knew the reference before; not MISMATCH": (
        lambda case: (
            case.situation.used and not case.situation.used_before and case.change.disposition is not D.MISMATCH
        )
    ),
    "the disposition is MISMATCH": lambda case: case.change.disposition is D.MISMATCH,
    "the disposition is APPLIED": lambda case: case.change.disposition is D.APPLIED,
}
Row = dict[str, str]


def message(
    state: PaymentState,
    *,
    source: Source = Source.NOTIFICATION,
    bound: bool = True,
    time: str = "",
    used: bool = False,
    number: str = "1",
    returned: bool = False,
) -> VerifiedPayment:
    """Make a message, by default as late as the recorded one."""
    whole = Movement(kind=MovementKind.REPRESENTED, amount=ORDER.amount, identifier="a movement")
    return VerifiedPayment(
        state=state,
        source=source,
        bound=bound,
        authorised_at=TIMES[time] if time else RECORDED,
        reference_used=used,
        authorisation_number=number,
        remaining=Euros(600) if state is S.PARTIALLY_REFUNDED else None,
        movement=whole if returned else None,
    )


@cache
def payment(state: PaymentState, before: PaymentState | None, *, used_before: bool) -> Payment:
    """Make a payment from the messages that lead to a state, through another state before it."""
    made = Payment(order=ORDER, created_at=NOON, changed_at=NOON, reference_used=used_before)
    way = [S.PAID] if state in SETTLED else []
    for each in [*way, *filter(None, [before]), *([state] if state is not S.CREATED else [])]:
        made = apply(made, transition(made, message(each)), message(each), now=NOON, display_by=NOON)
    assert state is made.state
    return made


@cache
def cases() -> list[Case]:
    """List every situation with its decision; a field that decides nothing about a message has one value."""
    both, found = [False, True], []
    for recorded, reported in product(S, [*S][1:]):
        numbers = ["1", "2"] if reported is S.PAID else ["1"]
        returned = [None, *SETTLED[:3]] if (recorded, reported) == (S.CHARGED_BACK, S.PAID) else [None]
        for others in product(Source, both, both, TIMES, both, both, numbers, returned):
            it = Situation(recorded, reported, *others)
            current = payment(recorded, it.returned, used_before=it.used_before)
            report = message(
                reported,
                source=it.source,
                bound=it.bound,
                time=it.time,
                used=it.used,
                number=it.number,
                returned=it.returned is not None,
            )
            found.append(Case(it, current, transition(current, report, repeated=it.repeated)))
    return found


@cache
def table(name: str) -> list[Row]:
    """Read a table of the documentation."""
    with (ROOT / "docs" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


@cache
def states(cell: str) -> frozenset[PaymentState]:
    """Return the states that a cell names, one by one or by group."""
    return frozenset(state for name in cell.split(", ") for state in GROUPS.get(name) or [S(name)])


def fits(row: Row, case: Case) -> bool:
    """Return whether a row is about a case."""
    it = case.situation
    same = row["Message"] == "the recorded state"
    return (
        it.recorded in states(row["Recorded"])
        and (it.message is it.recorded if same else it.message in states(row["Message"]))
        and (row["Source"] == "any" or it.source.value in row["Source"].split(", "))
        and CONDITIONS[row["When"]](case)
    )


def decision(row: Row, case: Case) -> tuple[PaymentState | None, str]:
    """Return the next state and the disposition of a row."""
    following = {
        "recorded": case.situation.recorded,
        "message": case.situation.message,
        "by the sums": case.change.sums.state(),
    }
    return following[row["Next state"]], row["Disposition"]


class TestTables:
    """The tables decide as :func:`transition` does."""

    def test_decisions(self) -> None:
        """The first row that fits has the next state and the disposition of every case."""
        wrong = []
        for case in cases():
            row = next(row for row in table("transitions") if fits(row, case))
            if decision(row, case) != (case.change.state, case.change.disposition.value):
                wrong.append((row, case.situation, case.change))
        assert [] == wrong[:3]

    def test_incidents(self) -> None:
        """The rows that fit have the incidents of every case."""
        wrong = []
        for case in cases():
            raised = {row["Incident"] for row in table("transition-incidents") if fits(row, case)}
            if raised != {kind.value for kind in case.change.incidents}:
                wrong.append((raised, case.situation, case.change))
        assert [] == wrong[:3]

    def test_no_idle_row(self) -> None:
        """Each row decides a case: none is hidden by the rows above it."""
        used = {id(next(row for row in table("transitions") if fits(row, case))) for case in cases()}

        assert {id(row) for row in table("transitions")} == used


class TestDiagram:
    """The diagram shows the changes of state that :func:`transition` makes."""

    @pytest.fixture
    def program(self) -> ModuleType:
        """Return tools/states.py."""
        return load("tools/states.py")

    def test_arrows(self, program: ModuleType) -> None:
        """The arrows are the changes that some situation makes."""
        changes = {(case.situation.recorded.value, case.change.state.value) for case in cases()}

        assert {(before, after) for before, after in changes if before != after} == program.pairs()

    def test_incidents(self, program: ModuleType) -> None:
        """A dashed arrow is a change that always raises an incident."""
        quiet = {
            (case.situation.recorded.value, case.change.state.value)
            for case in cases()
            if not set(case.change.incidents) & {IncidentKind.PAID_AFTER_NO, IncidentKind.CHARGED_BACK}
        }
        dashed = {
            pair
            for arrow in program.ARROWS
            if arrow.kind == "incident"
            for pair in product(program.states_of(arrow.source), program.states_of(arrow.target))
        }

        assert set() == quiet & dashed

    def test_boxes(self, program: ModuleType) -> None:
        """Each state has a box."""
        assert sorted(S) == sorted(box.text for box in program.BOXES if box.kind == "state")

    def test_current(self, program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The documentation has the diagram that ``tools/states.py`` draws, with a title and a description."""
        shown = (ROOT / "docs" / "states.svg").read_text(encoding="utf-8")
        monkeypatch.setattr(program, "FILE", tmp_path / "states.svg")

        assert 0 == program.main()
        assert shown == program.FILE.read_text(encoding="utf-8")
        assert {"title", "desc"} == {each.get("id") for each in ET.fromstring(shown)} - {None}  # noqa: S314 - our file
