"""Transaction references that another ledger of the merchant has issued too: no payment becomes another's.

Three situations produce them: another portal of the contract, a database restored from an older copy, and a ledger in
memory after a restart.  Each voice of the bank reports the other's payment.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Euros, PaymentState
from creance_pay.errors import ResponseRefusedError
from creance_pay.gateways import ReportLine
from creance_pay.ledger import IncidentKind, Ledger, MemoryLedger
from creance_pay.payments import StartedPayment
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk, at, nonce
from ledgers import PAYLOAD_KEY, OpenLedger, OpenSql
from sips_merchant import NOON

pytestmark = pytest.mark.usefixtures("first_reference")


@attrs.frozen
class Clash:
    """An order that nobody has paid, and another's payment under the same reference at the same bank."""

    desk: Desk
    own: StartedPayment
    other: Desk
    foreign: StartedPayment

    def report(self, **details: Any) -> ReportLine:  # noqa: ANN401 - any attribute of a line
        """Return a report line of the other's payment."""
        usual = {
            "number": 3,
            "transaction_reference": self.foreign.transaction_reference,
            "amount": Euros(1600),
            "state": PaymentState.PAID,
            "currency": "978",
            "values": {},
        }
        return ReportLine(**{**usual, **details})


def _asked(clash: Clash) -> None:
    clash.desk.later(minutes=30)
    clash.desk.service.reconcile()


def _asked_without_nonce(clash: Clash) -> None:
    """Ask a bank whose Office does not repeat the nonce: the time of the transaction lies before the order."""
    reference = clash.foreign.transaction_reference
    requests = clash.desk.bank.requests
    requests[reference] = attrs.evolve(requests[reference], nonce=None)
    _asked(clash)


def _reported(**details: Any) -> Callable[[Clash], object]:  # noqa: ANN401 - any attribute of a line
    return lambda clash: clash.desk.service.reconcile(reports=[clash.report(**details)])


VOICES: dict[str, Callable[[Clash], object]] = {
    "notification": lambda clash: clash.desk.notify(clash.foreign),
    "return": lambda clash: clash.desk.bring_back(clash.foreign),
    "Office": _asked,
    "Office without the nonce": _asked_without_nonce,
    "report with the nonce": lambda clash: _reported(at=clash.desk.now, nonce=nonce(clash.foreign))(clash),
    "report of a time before the order": _reported(at=NOON + timedelta(minutes=1)),
    "report without time and nonce": _reported(at=None),
}


def _another_portal(open_ledger: OpenLedger, _: Callable[[Ledger], Any]) -> Clash:
    other = Desk(MemoryLedger())
    foreign = other.start(OTHER)
    other.visit(foreign, ACCEPTED)
    other.notify(foreign)
    return _clash(Desk(open_ledger(), asking=True), other, foreign)


def _restored(open_ledger: OpenLedger, copy: Callable[[Ledger], Callable[[], None]]) -> Clash:
    other = Desk(open_ledger())
    restore = copy(other.ledger)
    foreign = other.start(OTHER)
    other.visit(foreign, ACCEPTED)
    other.notify(foreign)
    restore()
    return _clash(Desk(open_ledger(), asking=True), other, foreign)


def _clash(desk: Desk, other: Desk, foreign: StartedPayment) -> Clash:
    """Open an order of an hour later at the same bank."""
    desk.bank = other.bank
    desk.line.services = type(desk.line.services)(other.bank)
    desk.later(hours=1)
    own = desk.start(NOTICE)
    assert own.transaction_reference == foreign.transaction_reference
    return Clash(desk=desk, own=own, other=other, foreign=foreign)


@pytest.fixture
def copy() -> Callable[[Ledger], Callable[[], None]]:
    """Return a function that copies a ledger's rows, and returns a function that puts the copy in their place."""

    def copied(ledger: Ledger) -> Callable[[], None]:
        if isinstance(ledger, MemoryLedger):  # a process that starts again has an empty ledger
            return lambda: MemoryLedger.__init__(ledger)
        from creance_pay.ledger.sql.tables import metadata  # noqa: PLC0415 - an extra

        engine = ledger._database._engine  # type: ignore[attr-defined]
        merchant_id = ledger._merchant_id  # type: ignore[attr-defined]
        tables = metadata.sorted_tables
        with engine.connect() as connection:
            rows = {
                table: connection.execute(table.select().where(table.c.merchant_id == merchant_id)).mappings().all()
                for table in tables
            }

        def restore() -> None:
            with engine.begin() as connection:
                for table in reversed(tables):
                    connection.execute(table.delete().where(table.c.merchant_id == merchant_id))
                for table in tables:
                    if rows[table]:
                        connection.execute(table.insert(), [dict(row) for row in rows[table]])

        return restore

    return copied


@pytest.mark.parametrize("situation", [_another_portal, _restored])
@pytest.mark.parametrize("voice", VOICES)
def test_voice(
    open_ledger: OpenLedger,
    copy: Callable[[Ledger], Callable[[], None]],
    situation: Callable[[OpenLedger, Callable[[Ledger], Any]], Clash],
    voice: str,
) -> None:
    """The other's money never pays this order, an incident is raised, and no effect runs; its own message pays it."""
    clash = situation(open_ledger, copy)
    VOICES[voice](clash)
    desk = clash.desk
    before = (desk.state(clash.own), desk.incidents(), desk.effects_of(clash.own))
    desk.notify(clash.own, **at(desk.now))

    assert ("CREATED", ["FOREIGN_TRANSACTION"], []) == before
    assert "PAID" == desk.state(clash.own)


@pytest.mark.parametrize("situation", [_another_portal, _restored])
def test_already_processed(
    open_ledger: OpenLedger,
    copy: Callable[[Ledger], Callable[[], None]],
    situation: Callable[[OpenLedger, Callable[[Ledger], Any]], Clash],
) -> None:
    """The bank's « already processed » (94) is an incident, and no report by reference alone pays the order."""
    clash = situation(open_ledger, copy)
    desk = clash.desk
    with pytest.raises(ResponseRefusedError, match="already processed"):
        desk.visit(clash.own, ACCEPTED)
    desk.notify(clash.own, "94", **at(desk.now))
    desk.service.reconcile(reports=[clash.report(at=desk.now + timedelta(minutes=1))])

    assert "PAID" != desk.state(clash.own)
    assert {"REFERENCE_USED", "FOREIGN_TRANSACTION"} <= set(desk.incidents())


def test_parked(open_ledger: OpenLedger) -> None:
    """A message that waited for its order does not pay a later order of the same reference."""
    other = Desk(MemoryLedger())
    foreign = other.start(OTHER)
    desk = Desk(open_ledger())
    desk.notify(foreign)
    own = desk.start(NOTICE)
    desk.service.reconcile()

    assert own.transaction_reference == foreign.transaction_reference
    assert ("CREATED", [IncidentKind.FOREIGN_TRANSACTION, IncidentKind.UNKNOWN_ORDER]) == (
        desk.state(own),
        sorted(desk.incidents()),
    )


def test_copied_file(tmp_path: Path, open_sql: OpenSql) -> None:
    """A copied file of SQLite, used beside the original, takes no money of the original's payments."""
    files = tmp_path / "ledger.db", tmp_path / "copy.db"
    opened = [open_sql(f"sqlite:///{files[0]}", payload_keys=[PAYLOAD_KEY])]
    with closing(sqlite3.connect(files[0])) as source, closing(sqlite3.connect(files[1])) as target:
        source.backup(target)
    files[1].chmod(0o600)
    opened.append(open_sql(f"sqlite:///{files[1]}", payload_keys=[PAYLOAD_KEY]))
    other, desk = Desk(opened[0]), Desk(opened[1], asking=True)
    foreign = other.start(OTHER)
    other.visit(foreign, ACCEPTED)
    clash = _clash(desk, other, foreign)
    _asked(clash)

    assert ("CREATED", ["FOREIGN_TRANSACTION"]) == (desk.state(clash.own), desk.incidents())


def test_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger begins with a random sequence number: references of unrelated ledgers practically never meet."""
    monkeypatch.undo()
    references = {Desk(MemoryLedger()).start().transaction_reference for _ in range(5)}

    assert 1 < len(references)
