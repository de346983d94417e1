"""The ways through the example portal in a real browser, each going on from the one before it."""

from __future__ import annotations

from playwright.sync_api import Page

from portal_stage import ACCEPTED, SIXTY, Stage


def search(page: Page, stage: Stage, reference: str = SIXTY) -> None:
    """Search a reference."""
    page.goto(f"{stage.url}/creance")
    page.get_by_label("Référence de l’avis").fill(reference)
    page.get_by_role("button", name="Rechercher").click()


def type_amount(page: Page, stage: Stage, amount: str = "20,00") -> None:
    """Search and type an amount."""
    search(page, stage)
    page.get_by_label("Montant du paiement").fill(amount)
    page.get_by_role("button", name="Valider").click()


def leave(page: Page, stage: Stage) -> None:
    """Confirm, and come to the page that leads to the bank."""
    type_amount(page, stage)
    page.get_by_role("button", name="Confirmer et payer").click()


def bank(page: Page, stage: Stage) -> None:
    """Go to the bank's page."""
    leave(page, stage)
    page.get_by_role("button", name="Aller sur la page de la banque").click()


def decide(page: Page, stage: Stage, card: str = ACCEPTED) -> None:
    """Type a card on the bank's page."""
    bank(page, stage)
    page.get_by_label("Numéro de carte").fill(card)
    page.get_by_role("button", name="Valider").click()


def back(page: Page, stage: Stage, card: str = ACCEPTED) -> None:
    """Come back from the bank."""
    decide(page, stage, card)
    page.get_by_role("button", name="Aller au compte").click()
