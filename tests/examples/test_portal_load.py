"""The example portal under load: many people pay at once, and every payment is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from visitor import Visitor

from creance_pay import DebtKind
from creance_pay.testing import LocalBank
from creance_pay.testing.sips import Fault
from portal.accounts import Account, debt
from portal_scenario import ACCEPTED, REFUSED, Scenario, go_to_bank, serving_portal

PEOPLE, EACH = 50, 40
FAULTS = [Fault.NONE, Fault.LOST, Fault.DOUBLED, Fault.NONE]


def reference(person: int, number: int) -> str:
    """Make up the reference of a person's debt."""
    return f"63117260{person:04}{number:04}K"


@pytest.fixture
def crowded(bank_page: LocalBank, tmp_path: Path) -> Iterator[Scenario]:
    """Serve the portal to fifty people with forty debts each."""
    accounts = {
        f"P{person}": Account({
            person * EACH + number + 1: debt(f"P{person}", reference(person, number), 3000, kind=DebtKind.FRANCHISE)
            for number in range(EACH)
        })
        for person in range(PEOPLE)
    }  # fmt: skip
    with serving_portal(bank_page, tmp_path, accounts) as scenario:
        yield scenario


def pay_everything(scenario: Scenario, person: int) -> int:
    """Pay all debts of a person, one after the other; every tenth card is refused.  Count the acknowledgements."""
    visitor = Visitor(scenario.url)
    visitor.press(f"Ouvrir le compte P{person}")
    for number in range(EACH):
        visitor.open(f"{scenario.url}/creance")
        go_to_bank(visitor, reference=reference(person, number))
        card = REFUSED if number % 10 == 9 else ACCEPTED
        visitor.press("Valider", card=card, fault=FAULTS[number % len(FAULTS)].value)
        visitor.press("Aller au compte")
    visitor.open("/messagerie")
    visitor.close()
    return visitor.html.count('href="/messagerie/')


@pytest.mark.long
def test_two_thousand_payments(crowded: Scenario) -> None:
    """2,000 payments by 50 people at once: each is in the ledger once, decided as its card says, acknowledged once."""
    with ThreadPoolExecutor(PEOPLE) as people:
        letters = list(people.map(lambda person: pay_everything(crowded, person), range(PEOPLE)))
    entries = crowded.ledger.payments()
    notices = {notice for entry in entries for notice in entry.order.notices}

    assert (
        PEOPLE * EACH,
        PEOPLE * EACH,
        Counter(PAID=PEOPLE * EACH * 9 // 10, REFUSED=PEOPLE * EACH // 10),
        [EACH * 9 // 10] * PEOPLE,
        (),
    ) == (
        len(notices),
        len({entry.transaction_reference for entry in entries}),
        Counter(entry.state.value for entry in entries),
        letters,
        crowded.service.payment_service.incidents(),
    )  # fmt: skip
