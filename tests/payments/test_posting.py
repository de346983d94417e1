"""The table of posting: what is pending, what the person is told, and which incident is open, hour by hour (R25)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from creance_pay import Euros, messages
from creance_pay.errors import PaymentInProgressError
from creance_pay.gateways import ReportKind
from creance_pay.gateways.sips import read_reports
from creance_pay.ledger import Ledger, MemoryLedger
from creance_pay.payments import Posting
from creance_pay.testing.sips import write_daily_reports
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk
from sips_merchant import NOON

WHO: dict[str, Any] = {"by": "an operator", "reason": "a reason"}
# A payment of 32 EUR of two notices, 16 EUR each, is accepted at hour 0.  A cell has the pending euros of each notice,
# the message of the person, and the incidents:
# 24h « accepté, sous 24 h », soon « accepté, bientôt », done « enregistré », stuck « à vérifier », given « remboursé »,
# part « remboursé en partie »,
# lost « repris par la banque »; late POSTING_OVERDUE, no POSTING_REJECTED, cb CHARGED_BACK.
TABLE = """
case                         |acts                       |1 h        |12 h        |25 h              |49 h
in time                      |20 post both               |16/16 24h -|16/16 24h - |0/0 done -        |0/0 done -
early                        |2 post both                |16/16 24h -|0/0 done -  |0/0 done -        |0/0 done -
late                         |30 post both               |16/16 24h -|16/16 24h - |16/16 soon late   |0/0 done -
never                        |                           |16/16 24h -|16/16 24h - |16/16 soon late   |16/16 soon late
posted twice                 |2 post both, 13 post both  |16/16 24h -|0/0 done -  |0/0 done -        |0/0 done -
posted by half               |2 post one                 |16/16 24h -|0/16 24h -  |0/16 soon late    |0/16 soon late
the other half late          |2 post one, 30 post other  |16/16 24h -|0/16 24h -  |0/16 soon late    |0/0 done -
rejected                     |2 reject both              |16/16 24h -|16/16 stuck no|16/16 stuck no    |16/16 stuck no
rejected by half             |2 post one, 3 reject other |16/16 24h -|0/16 stuck no|0/16 stuck no     |0/16 stuck no
rejected by half, rest posted|2 reject one, 13 post other|16/16 24h -|16/16 stuck no|16/0 stuck no     |16/0 stuck no
rejected, then posted        |2 reject both, 30 post both|16/16 24h -|16/16 stuck no|16/16 stuck no    |0/0 done -
rejected late                |30 reject both             |16/16 24h -|16/16 24h - |16/16 soon late   |16/16 stuck no
posted, then rejected        |2 post both, 13 reject one |16/16 24h -|0/0 done -  |16/0 stuck no     |16/0 stuck no
refunded, never posted       |13 refund 32               |16/16 24h -|16/16 24h - |0/0 given -       |0/0 given -
a part refunded, then posted |2 refund 20, 13 post both  |16/16 24h -|12/0 part - |0/0 part -        |0/0 part -
a part refunded, not posted  |2 refund 20                |16/16 24h -|12/0 part - |12/0 part late    |12/0 part late
posted, then refunded        |2 post both, 13 refund 32  |16/16 24h -|0/0 done -  |0/0 given -       |0/0 given -
charged back, never posted   |13 chargeback              |16/16 24h -|16/16 24h - |0/0 lost cb       |0/0 lost cb
charged back, returned       |2 chargeback, 13 returned  |16/16 24h -|0/0 lost cb |16/16 soon cb+late|16/16 soon cb+late
"""
AFTER_DELAY = """
case                         |acts                       |1 h        |12 h        |25 h              |49 h
after the delay              |                           |16/16 24h -|16/16 24h - |0/0 soon -        |0/0 soon -
posted all the same          |2 post both                |16/16 24h -|0/0 done -  |0/0 done -        |0/0 done -
rejected all the same        |2 reject one               |16/16 24h -|16/16 stuck no|16/0 stuck no     |16/0 stuck no
refunded                     |13 refund 32               |16/16 24h -|16/16 24h - |0/0 given -       |0/0 given -
"""
INCIDENTS = {"POSTING_OVERDUE": "late", "POSTING_REJECTED": "no", "CHARGED_BACK": "cb"}
TOLD = {
    "payment_posted": "done",
    "payment_not_posted": "stuck",
    "payment_refunded": "given",
    "payment_partially_refunded": "part",
    "payment_charged_back": "lost",
}


class Day:
    """A payment of two notices that was accepted at noon, and everything that happens to it."""

    def __init__(self, ledger: Ledger, posting: Posting, folder: Path) -> None:
        """Pay 16 EUR for each of the two notices; the bank debits the card at once."""
        self.folder = folder
        self.desk = Desk(ledger, asking=True, posting=posting)
        self.started = self.desk.start(NOTICE, OTHER)
        self.reference = self.started.transaction_reference
        self.desk.visit(self.started, ACCEPTED)
        self.desk.notify(self.started, amount="3200")
        self.desk.service.run_effects()
        self.desk.bank.run_nightly_batch()

    @property
    def acts(self) -> Mapping[str, Callable[[], object]]:
        """The acts, by their words in the table."""
        service, reference = self.desk.service, self.reference
        return {
            "post both": lambda: service.posted(reference, by="a job"),
            "post one": lambda: service.posted(reference, [NOTICE], by="a job"),
            "post other": lambda: service.posted(reference, [OTHER], by="a job"),
            "reject both": lambda: service.rejected(reference, **WHO),
            "reject one": lambda: service.rejected(reference, [NOTICE], **WHO),
            "reject other": lambda: service.rejected(reference, [OTHER], **WHO),
            "refund 32": lambda: service.refund(reference, **WHO),
            "refund 20": lambda: service.refund(reference, Euros(2000), **WHO),
            "chargeback": lambda: self.report(self.desk.bank.charge_back(reference)),
            "returned": lambda: self.report(self.desk.bank.represent(reference)),
        }

    def report(self, _: object) -> None:
        """Read the reports of chargebacks and of operations of this day, after an operation of the bank."""
        day = self.desk.now.date()
        wanted = {ReportKind.CHARGEBACKS, ReportKind.OPERATIONS}
        found = [read_reports(path) for path in write_daily_reports(self.desk.bank, day, self.folder)]
        self.desk.service.reconcile(reports=[line for each in found if each.kind in wanted for line in each])

    def cell(self) -> str:
        """Return what is pending, what the person is told and which incidents are open."""
        desk, payment = self.desk, self.desk.payment(self.started)
        pending = desk.ledger.pending([NOTICE, OTHER], desk.now)
        told = messages.message_for(payment, **payment.message_values(desk.now))
        delays = {True: "24h", False: "soon"}
        words = TOLD.get(told.key) or delays["sous 24 h" in messages.render(told).action.replace("\xa0", " ")]
        found = sorted(INCIDENTS[kind] for kind in desk.incidents())
        amounts = "/".join(str(pending.get(each, Euros(0)).cents // 100) for each in (NOTICE, OTHER))
        return f"{amounts} {words} {'+'.join(found) or '-'}"


def rows(table: str) -> Iterator[tuple[str, list[tuple[int, str]], dict[int, str]]]:
    """Parse a table: the case, the acts with their hours, and the cells by hour."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    hours = [int(cell.split()[0]) for cell in header[2:]]
    for case, acts, *cells in lines:
        told = [act.split(maxsplit=1) for act in filter(None, acts.split(", "))]
        yield case, [(int(hour), act) for hour, act in told], dict(zip(hours, cells, strict=True))


CASES = [
    pytest.param(acts, cells, posting, id=f"{case} {posting.lower()}".replace(" ", "-"))
    for table, posting in ((TABLE, Posting.REPORTED), (AFTER_DELAY, Posting.AFTER_DELAY))
    for case, acts, cells in rows(table)
]


@pytest.mark.parametrize(("acts", "cells", "posting"), CASES)
def test_table(
    ledger: Ledger, acts: list[tuple[int, str]], cells: dict[int, str], posting: Posting, tmp_path: Path
) -> None:
    """Each cell of the table is as the ledger, the messages and the incidents say, after a reconciliation."""
    day, seen = Day(ledger, posting, tmp_path), {}
    for hour, act in sorted([*acts, *((hour, "") for hour in cells)]):
        day.desk.now = NOON + timedelta(hours=hour)
        if act:
            day.acts[act]()
        else:
            day.desk.service.reconcile()
            seen[hour] = day.cell()

    assert cells == seen


@pytest.mark.parametrize(("acts", "cells", "posting"), CASES)
def test_no_second_payment(
    acts: list[tuple[int, str]], cells: dict[int, str], posting: Posting, tmp_path: Path
) -> None:
    """A notice takes another payment exactly where nothing of it is pending."""
    for hour, cell in cells.items():
        day = Day(MemoryLedger(), posting, tmp_path)
        for at, act in acts:
            day.desk.now = NOON + timedelta(hours=at)
            if at <= hour:
                day.acts[act]()
        day.desk.now = NOON + timedelta(hours=hour)
        for notice, pending in zip((NOTICE, OTHER), cell.split()[0].split("/"), strict=True):
            refused = False
            try:
                day.desk.start(notice)
            except PaymentInProgressError:
                refused = True
            assert refused == (pending != "0")


def test_posted_again(ledger: Ledger, tmp_path: Path) -> None:
    """The same posting again leaves no second event and the same version."""
    day = Day(ledger, Posting.REPORTED, tmp_path)
    first = day.desk.service.posted(day.reference, by="a job")
    before = day.desk.dispositions(day.started)
    day.desk.later(hours=1)

    assert (first, before) == (day.desk.service.posted(day.reference, by="another"), day.desk.dispositions(day.started))
