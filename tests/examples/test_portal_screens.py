"""Every screen of the guide in a browser: checked by axe, at 320 CSS pixels, and captured for the documentation.

``pytest --screens`` writes the pictures into ``docs/screens``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from portal_scenario import REFUSED, Scenario
from portal_steps import back, bank, decide, leave, search, type_amount

DOCS = Path(__file__).resolve().parents[2] / "docs" / "screens"
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
LEVELS = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}}"
PENDING = "5017670000001860"


def abandon(page: Page, scenario: Scenario) -> None:
    """Cancel on the bank's page, and return."""
    bank(page, scenario)
    page.get_by_role("button", name="Abandonner").click()
    page.get_by_role("button", name="Aller au compte").click()


def expire(page: Page, scenario: Scenario) -> None:
    """Wait until the bank's page expires, and open the account."""
    bank(page, scenario)
    scenario.bank.wait(timedelta(minutes=15))
    page.goto(f"{scenario.url}/paiement")


def sign_out(page: Page, scenario: Scenario) -> None:
    """Sign out."""
    page.goto(scenario.url)
    page.get_by_role("button", name="Se déconnecter").click()


def choose(page: Page, scenario: Scenario) -> None:
    """Select two other references, and update the total."""
    search(page, scenario)
    page.get_by_label("6311 6312 0000 0297 F").check()
    page.get_by_label("6311 7301 0000 0733 M").check()
    page.get_by_role("button", name="Recalculer le solde").click()


def read(page: Page, scenario: Scenario) -> None:
    """Pay, and open the acknowledgement."""
    back(page, scenario)
    page.get_by_role("link", name="Ma messagerie").click()
    page.get_by_role("link", name="Accusé de réception").click()


def printed(page: Page, scenario: Scenario) -> None:
    """Open the page to print."""
    read(page, scenario)
    page.get_by_role("link", name="Imprimer").click()


def mailbox(page: Page, scenario: Scenario) -> None:
    """Pay, and open the mailbox."""
    back(page, scenario)
    page.get_by_role("link", name="Ma messagerie").click()


def in_progress(page: Page, scenario: Scenario) -> None:
    """Leave the bank's page by the address bar, and open step 3 again."""
    bank(page, scenario)
    page.goto(f"{scenario.url}/paiement")


def nowhere(page: Page, scenario: Scenario) -> None:
    """Open a page that does not exist."""
    page.goto(f"{scenario.url}/creances/101")


Steps = Callable[[Page, Scenario], object]
#: The steps to each screen, and its heading.
SCREENS: dict[str, tuple[Steps, str]] = {
    "compte": (sign_out, "Accès à mon compte"),
    "accueil": (lambda page, scenario: page.goto(scenario.url), "Accueil"),
    "reference": (lambda page, scenario: page.goto(f"{scenario.url}/creance"), "Payer une créance"),
    "reference-erreur": (lambda page, scenario: search(page, scenario, "631163120000297F"), "Payer une créance"),
    "annexe-non-ouverte": (lambda page, scenario: search(page, scenario, "6311 7054 0000 0344 F"), "Payer une créance"),
    "annexe-minimum": (lambda page, scenario: search(page, scenario, "6311632600000408F"), "Payer une créance"),
    "creance": (search, "Payer une créance"),
    "selection": (choose, "Payer une créance"),
    "montant-erreur": (lambda page, scenario: type_amount(page, scenario, "15,99"), "Payer une créance"),
    "recapitulatif": (type_amount, "Récapitulatif de votre paiement"),
    "reliquat": (lambda page, scenario: type_amount(page, scenario, "50"), "Récapitulatif de votre paiement"),
    "depart": (leave, "Paiement par carte bancaire"),
    "banque": (bank, "Informations de la carte"),
    "banque-acceptee": (decide, "Informations de paiement"),
    "retour-accepte": (back, "Accueil"),
    "retour-refuse": (lambda page, scenario: back(page, scenario, REFUSED), "Accueil"),
    "retour-abandonne": (abandon, "Accueil"),
    "retour-expire": (expire, "Accueil"),
    "retour-en-attente": (lambda page, scenario: back(page, scenario, PENDING), "Accueil"),
    "en-cours": (in_progress, "Un paiement est déjà en cours"),
    "messagerie": (mailbox, "Ma messagerie"),
    "accuse": (read, "Accusé de réception de votre paiement de créance"),
    "imprimer": (printed, "Accusé de réception de votre paiement de créance"),
    "introuvable": (nowhere, "Page introuvable"),
}

# The screen of the default level.
SHORT = "recapitulatif"


def capture(page: Page, name: str) -> None:
    """Save a picture of the whole page, in few colours, so that the file is small."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    DOCS.mkdir(exist_ok=True)
    picture.quantize(48, dither=Image.Dither.NONE).save(DOCS / f"{name}.png", optimize=True)


def violations(page: Page) -> list[tuple[str, str]]:
    """List the violations that axe finds; its source is evaluated, since the policy forbids a script tag."""
    page.evaluate(AXE)
    found = page.evaluate(f"() => axe.run(document, {LEVELS})")
    return [(each["id"], each["nodes"][0]["html"][:120]) for each in found["violations"]]


@pytest.mark.parametrize(
    "name", [SHORT, *(pytest.param(name, marks=pytest.mark.slow) for name in SCREENS if name != SHORT)]
)
def test_screen(page: Page, scenario: Scenario, request: pytest.FixtureRequest, name: str) -> None:
    """The screen has its heading, has no violation of axe's rules, and fits a width of 320 CSS pixels."""
    steps, heading = SCREENS[name]
    steps(page, scenario)
    if request.config.getoption("--screens"):
        capture(page, name)
    found = violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    if request.config.getoption("--screens") and name in {"creance", "recapitulatif"}:
        capture(page, f"{name}-320")
    width = page.evaluate("document.documentElement.scrollWidth")

    assert ([heading], [], 320) == (page.locator("h1").all_inner_texts(), found, width)


def test_axe_levels() -> None:
    """The rules that axe runs cover levels A and AA."""
    assert ["wcag2a", "wcag2aa"] == [level for level in ("wcag2a", "wcag2aa") if level in LEVELS and level in AXE]


@pytest.mark.slow
def test_axe_finds(page: Page, scenario: Scenario) -> None:
    """Axe finds a field without a label."""
    page.goto(f"{scenario.url}/creance")
    page.evaluate("document.querySelector('label').remove()")

    assert "label" in [rule for rule, _ in violations(page)]


def test_documented() -> None:
    """The documentation shows the picture of every screen."""
    text = (DOCS.parent / "portal.md").read_text(encoding="utf-8")

    assert [] == [
        name for name in SCREENS if f"(screens/{name}.png)" not in text or not (DOCS / f"{name}.png").exists()
    ]
