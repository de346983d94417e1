"""The example in Django in a real browser: payment, refusal, refund, mailbox, admin."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from playwright.sync_api import BrowserContext, Page

from creance_pay import Euros, PaymentState
from creance_pay.django.pytest_fixtures import LivePortal
from creance_pay.ledger import Incident, IncidentKind
from creance_pay.testing import TrialCard

OWN, ANOTHER = "6311 7054 0000 0344 F", "6311 7054 0000 0346 F"


@pytest.fixture
def page(tabs: BrowserContext, live_portal: LivePortal) -> Page:
    """Open a tab in the portal, signed in."""
    tab = tabs.new_page()
    sign_in(tab, f"{live_portal.url}/", "assure0")
    return tab


def sign_in(tab: Page, url: str, name: str) -> None:
    """Sign in on the page that an address leads to."""
    tab.goto(url)
    tab.locator("input[name=username]").fill(name)
    tab.locator("input[name=password]").fill("pw")
    tab.locator("form button, form input[type=submit]").last.click()


def pay(page: Page, reference: str, card: str) -> None:
    """Pay 20 EUR by a card on the bank's page, and return."""
    page.get_by_label("Référence").fill(reference)
    page.get_by_label("Montant").fill("20,00")
    page.get_by_role("button", name="Payer").click()
    page.get_by_role("button", name="Payer").click()
    page.locator("[name=card]").fill(card)
    page.locator("[name=validate]").click()
    page.get_by_role("button").first.click()
    page.wait_for_url("**/bank/result")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that the browser left
def test_journey(page: Page, tabs: BrowserContext, live_portal: LivePortal) -> None:
    """A refusal, a payment, its letter and the deletion; then the office finds, sees, refunds and closes."""
    pay(page, ANOTHER, TrialCard.REFUSED)
    refusal = page.locator(".message-error").count()
    page.goto(live_portal.url)
    pay(page, OWN, TrialCard.ACCEPTED)
    success = page.locator(".message-success").inner_text()
    call_command("creance_worker", "--once")

    assert (1, True) == (refusal, "20,00" in success or "accepté" in success)

    page.get_by_role("link", name="Mes courriers").click()
    page.get_by_role("listitem").get_by_role("link").click()
    letter = page.locator("main").inner_text()
    page.get_by_role("button", name="Supprimer").click()

    assert "6311705400000344F" in "".join(letter.split())
    assert "Aucun courrier." in page.locator("main").inner_text()

    service = live_portal.service
    (payment,) = service.ledger.payments({PaymentState.PAID})
    live_portal.bank.bank.run_nightly_batch()
    service.refund(payment.transaction_reference, Euros(800), by="agent", reason="trop payé")
    incident = Incident(
        kind=IncidentKind.REPORT_SURPLUS, transaction_reference=payment.transaction_reference, at=payment.created_at
    )
    service.ledger.raise_incident(incident)
    office = tabs.new_page()
    sign_in(office, f"{live_portal.url}/admin/", "agent")
    office.get_by_role("link", name="Paiements", exact=True).first.click()
    office.locator("[name=q]").fill("6311705400000344F")
    office.get_by_role("button", name="Chercher").click()
    office.get_by_role("link", name=payment.transaction_reference).click()
    story = office.locator("#content").inner_text()

    assert [] == [words for words in ("PARTIALLY_REFUNDED", "trop payé", "REPORT_SURPLUS") if words not in story]

    office.get_by_role("link", name="Incidents", exact=True).last.click()
    office.get_by_role("button", name="Vu").click()
    seen = office.locator("#content table").inner_text()
    office.get_by_label("Motif").fill("vérifié")
    office.get_by_role("button", name="Clore").click()

    assert "agent (" in seen
    assert "L’incident est clos." in office.locator("body").inner_text()
    assert () == service.incidents()
    office.get_by_role("link", name="Par heure").click()

    assert "1 paiements, 1 refus" == office.locator("#content svg").get_attribute("aria-label")
