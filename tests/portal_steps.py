"""The steps of a payment in the example portal, in a real browser; each starts with the one before it."""

from __future__ import annotations

from playwright.sync_api import Page

from portal_scenario import ACCEPTED, SIXTY, Scenario


def search(page: Page, scenario: Scenario, reference: str = SIXTY) -> None:
    """Search a reference."""
    page.goto(f"{scenario.url}/creance")
    page.get_by_label("Référence de l’avis").fill(reference)
    page.get_by_role("button", name="Rechercher").click()


def type_amount(page: Page, scenario: Scenario, amount: str = "20,00") -> None:
    """Search the reference of 60 EUR, and type an amount."""
    search(page, scenario)
    page.get_by_label("Montant du paiement").fill(amount)
    page.get_by_role("button", name="Valider").click()


def leave(page: Page, scenario: Scenario) -> None:
    """Confirm the amount, up to the page with the form to the bank."""
    type_amount(page, scenario)
    page.get_by_role("button", name="Confirmer et payer").click()


def bank(page: Page, scenario: Scenario) -> None:
    """Go to the bank's page."""
    leave(page, scenario)
    page.get_by_role("button", name="Aller sur la page de la banque").click()


def decide(page: Page, scenario: Scenario, card: str = ACCEPTED) -> None:
    """Pay by card on the bank's page."""
    bank(page, scenario)
    page.get_by_label("Numéro de carte").fill(card)
    page.get_by_role("button", name="Valider").click()


def back(page: Page, scenario: Scenario, card: str = ACCEPTED) -> None:
    """Return from the bank to the account."""
    decide(page, scenario, card)
    page.get_by_role("button", name="Aller au compte").click()
