"""The example portal under load: many people pay at once, and every payment is recorded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from visitor import Visitor

from creance_pay import DebtKind
from creance_pay.testing import Fault, LocalBank
from portal.accounts import Account, debt
from portal_scenario import ACCEPTED, REFUSED, Scenario, go_to_bank, serving_portal

PEOPLE, EACH = 50, 40
FAULTS = [Fault.NONE, Fault.LOST, Fault.DOUBLED, Fault.NONE]


def reference(person: int, number: int) -> str:
    """Build the reference of a person's debt."""
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
    """Pay all debts of a person in turn, every tenth with a refused card; return the number of acknowledgements."""
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
    """2,000 payments by 50 people at once: each is recorded once, with the state of its card, and acknowledged once."""
    with ThreadPoolExecutor(PEOPLE) as people:
        letters = list(people.map(lambda person: pay_everything(crowded, person), range(PEOPLE)))
    payments = crowded.ledger.payments()
    notices = {notice for payment in payments for notice in payment.order.notices}

    assert (
        PEOPLE * EACH,
        PEOPLE * EACH,
        Counter(PAID=PEOPLE * EACH * 9 // 10, REFUSED=PEOPLE * EACH // 10),
        [EACH * 9 // 10] * PEOPLE,
        (),
    ) == (
        len(notices),
        len({payment.transaction_reference for payment in payments}),
        Counter(payment.state.value for payment in payments),
        letters,
        crowded.service.payment_service.incidents(),
    )  # fmt: skip
