"""The steps of a payment in the example portal, in a real browser; each starts with the one before it.

The elements are found by their place in the page, since the portal has two languages.
"""

from __future__ import annotations

from playwright.sync_api import Page

from portal_scenario import ACCEPTED, SIXTY, Scenario


def search(page: Page, scenario: Scenario, reference: str = SIXTY) -> None:
    """Search a reference."""
    page.goto(f"{scenario.url}/creance")
    page.locator("#reference").fill(reference)
    page.locator("#reference ~ .actions button").click()


def type_amount(page: Page, scenario: Scenario, amount: str = "20,00") -> None:
    """Search the reference of 60 EUR, and type an amount."""
    search(page, scenario)
    page.locator("#amount").fill(amount)
    page.locator("#actions button:not(.plain)").click()


def leave(page: Page, scenario: Scenario) -> None:
    """Confirm the amount, up to the page with the form to the bank."""
    type_amount(page, scenario)
    page.locator("form[action$='/paiement'] button").click()


def bank(page: Page, scenario: Scenario) -> None:
    """Go to the bank's page."""
    leave(page, scenario)
    page.locator("#payment-form button").click()
    page.get_by_label("Numéro de carte").wait_for()


def decide(page: Page, scenario: Scenario, card: str = ACCEPTED) -> None:
    """Pay by card on the bank's page."""
    bank(page, scenario)
    page.get_by_label("Numéro de carte").fill(card)
    page.get_by_role("button", name="Valider").click()
    page.locator("#back button").wait_for()


def back(page: Page, scenario: Scenario, card: str = ACCEPTED) -> None:
    """Return from the bank to the account."""
    decide(page, scenario, card)
    page.locator("#back button").click()
    page.locator("main .message").first.wait_for()
