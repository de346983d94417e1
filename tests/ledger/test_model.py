"""The ledger against a model of thirty lines, for whatever sequence of starts, messages, time and effects."""

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from creance_pay import Euros, NoticeReference
from creance_pay.errors import PaymentInProgressError
from creance_pay.ledger import Ledger, MemoryLedger, SqlLedger
from creance_pay.payments import Posting, StartedPayment
from ledger_desk import Desk, at
from sips_merchant import MERCHANT, NOON

STATES = {
    "00": "PAID", "05": "REFUSED", "12": "ERROR", "17": "CANCELLED", "60": "PENDING", "97": "EXPIRED", "99": "UNKNOWN",
}  # fmt: skip
NOTICES = [NoticeReference(f"631170540000000{number}F") for number in range(3)]


class Model:
    """A payment as the rules of the design tell it, and not as the ledger computes it."""

    def __init__(self, notice: NoticeReference, now: float) -> None:
        """Begin, ``now`` hours after noon."""
        self.notice, self.born, self.paid_at = notice, now, 0.0
        self.state, self.heard = "CREATED", set[tuple[str, int | None]]()
        self.date: int | None = None

    def hear(self, code: str, date: int | None, now: float) -> None:
        """Record a message."""
        incoming, known = STATES[code], (code, date) in self.heard
        self.heard.add((code, date))
        older = date is not None and self.date is not None and date < self.date
        vague = incoming == "UNKNOWN" and self.state == "PENDING"
        if self.state == "PAID" or (incoming != "PAID" and (known or vague or incoming == self.state)):
            return
        if incoming not in {"PAID", "UNKNOWN"} and older:
            return
        self.state, self.date = incoming, self.date if date is None else date
        self.paid_at = now

    def open(self, now: float) -> bool:
        """Return whether another payment of the notice is refused."""
        if self.state in {"CREATED", "UNKNOWN"}:
            return now < self.born + 0.5
        return self.state == "PENDING" or (self.state == "PAID" and now < self.paid_at + 24)


class Machine(RuleBasedStateMachine):
    """What may happen to the payments of three notices."""

    payments = Bundle("payments")

    @initialize()
    def begin(self) -> None:
        """Open at noon."""
        self.desk, self.hours = Desk(self.make(), posting=Posting.AFTER_DELAY), 0.0
        self.models: dict[str, Model] = {}

    def make(self) -> Ledger:
        """Open a ledger."""
        return MemoryLedger()

    @rule(target=payments, notice=st.sampled_from(NOTICES))
    def start(self, notice: NoticeReference) -> StartedPayment | None:
        """Start a payment; it is refused exactly while another one of the notice is open."""
        refused = any(model.open(self.hours) for model in self.models.values() if model.notice == notice)
        try:
            started = self.desk.start(notice)
        except PaymentInProgressError:
            assert refused
            return None
        assert not refused
        self.models[started.transaction_reference] = Model(notice, self.hours)
        return started

    @rule(
        started=payments,
        code=st.sampled_from(sorted(STATES)),
        date=st.none() | st.integers(0, 3),
        returning=st.booleans(),
    )
    def hear(self, started: StartedPayment | None, code: str, date: int | None, *, returning: bool) -> None:
        """Record a message of the bank."""
        if started is None:
            return
        fields = {} if date is None else at(NOON + timedelta(minutes=date))
        answer = (self.desk.bring_back if returning else self.desk.notify)(started, code, **fields)
        assert 200 == answer.http_status
        self.models[started.transaction_reference].hear(code, date, self.hours)

    @rule(hours=st.sampled_from([0.25, 1, 30]))
    def wait(self, hours: float) -> None:
        """Advance the clock."""
        self.hours += hours
        self.desk.later(hours=hours)

    @rule()
    def run_effects(self) -> None:
        """Run what is due: afterwards each payment that is paid was followed once."""
        self.desk.service.run_effects()
        paid = [reference for reference, model in self.models.items() if model.state == "PAID"]
        both = [(reference, name) for reference in paid for name in ("acknowledgement", "display")]
        assert sorted(both) == sorted(self.desk.happened)

    @invariant()
    def agree(self) -> None:
        """Compare the ledger with the model."""
        current = {payment.transaction_reference: payment.state.value for payment in self.desk.ledger.payments()}
        assert {reference: model.state for reference, model in self.models.items()} == current

    @invariant()
    def pending(self) -> None:
        """Subtract what is accepted and does not show yet (R25)."""
        fresh = [m for m in self.models.values() if m.state == "PAID" and self.hours < m.paid_at + 24]
        incoming = self.desk.ledger.pending(NOTICES, self.desk.now)
        sums = {notice: 1600 * sum(m.notice == notice for m in fresh) for notice in NOTICES}
        assert {notice: Euros(cents) for notice, cents in sums.items() if cents} == incoming


class SqlMachine(Machine):
    """The same in SQLite."""

    def make(self) -> Ledger:
        """Open a ledger in a new file."""
        self.folder = tempfile.TemporaryDirectory()
        self.sql = SqlLedger(f"sqlite:///{Path(self.folder.name) / 'ledger.db'}", merchant_id=MERCHANT)
        return self.sql

    def teardown(self) -> None:
        """Delete the file."""
        if hasattr(self, "folder"):
            self.sql.close()
            self.folder.cleanup()


TestInMemory = Machine.TestCase
TestInMemory.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestInSqlite = SqlMachine.TestCase
TestInSqlite.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
