"""Every screen of the portal in a browser: checked by axe and by the keyboard, at 320 CSS pixels, and captured.

Each screen is checked twice, so that it has both policies, both themes and both languages, and a third time without
scripts.  ``--long`` checks it under every combination of them.

``pytest --slow --screens`` writes the pictures of the documentation into ``docs/screens``, and those at 1280, 390 and
320 pixels into ``build/screens``.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path

import attrs
import pytest
from babel.messages.pofile import read_po
from PIL import Image
from playwright.sync_api import Browser, Page

from creance_pay import Euros, PaymentState
from creance_pay.gateways import ReportLine
from creance_pay.ledger import ActKind
from creance_pay.rules import policy_named
from creance_pay.testing import LocalBank
from portal.app import THEMES
from portal.texts import COOKIE
from portal_scenario import REFUSED, Scenario, serving_portal
from portal_steps import back, bank, decide, leave, search, type_amount

ROOT = Path(__file__).resolve().parents[2]
DOCS, BUILD = ROOT / "docs" / "screens", ROOT / "build" / "screens"
WIDTHS = (1280, 390, 320)
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
LEVELS = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}}"
PENDING = "5017670000001860"
WHO = {"by": "an operator", "reason": "a reason"}
with (THEMES.parent / "locales" / "en.po").open("rb") as opened:
    ENGLISH = read_po(opened)


@attrs.frozen
class Look:
    """The settings of a portal: policy, theme and language; and whether the browser runs scripts."""

    policy: str
    theme: str
    lang: str
    scripts: bool = True


FRENCH = Look("ameli-2019-11", "sea", "fr")
ENGLISH_LOOK = Look("ameli-2019-11-selection", "meadow", "en")
LOOKS = {
    "fr": FRENCH,
    "en": ENGLISH_LOOK,
    "no-script": Look("ameli-2019-11", "meadow", "fr", scripts=False),
}
OTHERS = {
    "-".join(settings): Look(*settings)
    for settings in itertools.product(("ameli-2019-11", "ameli-2019-11-selection"), ("sea", "meadow"), ("fr", "en"))
    if Look(*settings) not in LOOKS.values()
}


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """Return the settings: those of the parameter."""
    found: Look = getattr(request, "param", FRENCH)
    return found


@pytest.fixture
def scenario(bank_page: LocalBank, tmp_path: Path, look: Look) -> Iterator[Scenario]:
    """Serve the portal and the bank with the settings."""
    policy = policy_named(look.policy)
    with serving_portal(bank_page, tmp_path, policy=policy, theme=THEMES / look.theme) as both:
        yield both


@pytest.fixture
def page(chromium: Browser, scenario: Scenario, look: Look) -> Iterator[Page]:
    """Open a tab in account A, in the language of the settings."""
    context = chromium.new_context(
        timezone_id="Europe/Paris",
        viewport={"width": 920, "height": 600},
        reduced_motion="reduce",
        java_script_enabled=look.scripts,
    )
    context.set_default_timeout(10_000)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None)
    context.add_cookies([{"name": COOKIE, "value": look.lang, "url": scenario.url}])
    tab = context.new_page()
    open_account(tab, scenario, "A")
    yield tab
    context.close()
    assert [] == wrong


def open_account(page: Page, scenario: Scenario, name: str) -> None:
    """Open an account."""
    page.goto(scenario.url)
    if page.locator("button.quiet").count():
        page.locator("button.quiet").click()
    page.locator(f"button[name=account][value={name}]").click()
    page.locator("button.quiet").wait_for()


def at(path: str) -> Steps:
    """Return the step that opens an address."""
    return lambda page, scenario: page.goto(f"{scenario.url}{path}")


def excluded(name: str) -> Steps:
    """Return the steps that open the debts of an account."""

    def steps(page: Page, scenario: Scenario) -> None:
        """Open them."""
        open_account(page, scenario, name)
        page.goto(f"{scenario.url}/creances")

    return steps


def abandon(page: Page, scenario: Scenario) -> None:
    """Cancel on the bank's page, and return."""
    bank(page, scenario)
    page.get_by_role("button", name="Abandonner").click()
    page.locator("#back button").click()
    page.locator("main .message").wait_for()


def expire(page: Page, scenario: Scenario) -> None:
    """Wait until the bank's page expires, and open the account."""
    bank(page, scenario)
    scenario.bank.wait(timedelta(minutes=15))
    page.goto(f"{scenario.url}/paiement")


def sign_out(page: Page, scenario: Scenario) -> None:
    """Sign out."""
    page.goto(scenario.url)
    page.locator("button.quiet").click()
    page.locator("button[name=account]").first.wait_for()


def paid(path: str) -> Steps:
    """Return the steps that pay, and open an address."""

    def steps(page: Page, scenario: Scenario) -> None:
        """Pay, and open it."""
        back(page, scenario)
        page.goto(f"{scenario.url}{path}")

    return steps


def in_progress(page: Page, scenario: Scenario) -> None:
    """Leave the bank's page by the address bar, and open step 3 again."""
    bank(page, scenario)
    page.goto(f"{scenario.url}/paiement")


def blocked(page: Page, scenario: Scenario) -> None:
    """Try to pay while another payment is pending."""
    back(page, scenario, PENDING)
    page.goto(f"{scenario.url}/creances/4/recapitulatif?montant=20,00")
    page.locator("form[action$='/paiement'] button").click()
    page.locator("main .message").wait_for()


def everything(page: Page, scenario: Scenario) -> None:
    """Choose to pay everything."""
    page.goto(f"{scenario.url}/creances")
    page.locator("button[name=tout]").click()
    page.locator("#amount").wait_for()


def history(page: Page, scenario: Scenario) -> None:
    """Pay twice, once refused, leave a third payment, and open the debts."""
    back(page, scenario, REFUSED)
    back(page, scenario)
    page.goto(f"{scenario.url}/creances/5/recapitulatif?montant=16,00")
    page.locator("form[action$='/paiement'] button").click()
    page.locator("#payment-form button").wait_for()
    page.goto(f"{scenario.url}/creances")


def after(act: Callable[[Scenario, str], object]) -> Steps:
    """Return the steps that pay, act on the payment, and read its state again."""

    def steps(page: Page, scenario: Scenario) -> None:
        """Pay, act and read."""
        back(page, scenario)
        act(scenario, scenario.ledger.payments()[-1].transaction_reference)
        page.reload()

    return steps


def posted(scenario: Scenario, reference: str) -> None:
    """Post the payment at the caisse."""
    scenario.service.payment_service.posted(reference, by="a job")


def rejected(scenario: Scenario, reference: str) -> None:
    """Reject the payment at the caisse."""
    scenario.service.payment_service.rejected(reference, by="a job", reason="a reason")


def asked_back(scenario: Scenario, reference: str) -> None:
    """Record a refund that the bank has not confirmed."""
    scenario.ledger.begin(reference, kind=ActKind.REFUND, amount=None, now=scenario.now(), **WHO)


def refunded(scenario: Scenario, reference: str, amount: Euros | None = None) -> None:
    """Refund the payment, or a part of it."""
    scenario.bank.bank.run_nightly_batch()
    scenario.service.payment_service.refund(reference, amount, **WHO)


def charged_back(scenario: Scenario, reference: str) -> None:
    """Report that the bank of the card has taken the money back."""
    payment = scenario.ledger.find(reference)
    assert payment is not None
    line = ReportLine(
        number=1,
        transaction_reference=reference,
        amount=payment.amount,
        state=PaymentState.CHARGED_BACK,
        at=scenario.now(),
        currency="978",
        values={},
    )
    scenario.service.payment_service.reconcile(reports=[line])


def unavailable(page: Page, scenario: Scenario) -> None:
    """Search without a result twenty-one times."""
    scenario.service._misses["A"].extend([scenario.now()] * 20)
    search(page, scenario, "63117")


def forged(page: Page, scenario: Scenario) -> None:
    """Send a form without the token of the session."""
    page.goto(f"{scenario.url}/creance")
    page.context.clear_cookies(name="compte")
    page.locator("#reference ~ .actions button").click()
    page.locator("#reference").wait_for(state="detached")


Steps = Callable[[Page, Scenario], object]
PAY, HOME, DEBTS = "Payer une créance", "Accueil", "Mes créances"
LETTER = "Accusé de réception de votre paiement de créance"
#: The steps to each screen, and its heading in French.
SCREENS: dict[str, tuple[Steps, str]] = {
    "compte": (sign_out, "Accès à mon compte"),
    "accueil": (at("/"), HOME),
    "mes-creances": (at("/creances"), DEBTS),
    "mes-creances-total": (at("/creances?choix=4&choix=3"), DEBTS),
    "mes-creances-minimum": (at("/creances?choix=2&choix=3"), DEBTS),
    "mes-creances-erreur": (at("/creances/selection"), DEBTS),
    "mes-paiements": (history, DEBTS),
    "exclusion-avis": (excluded("C"), DEBTS),
    "exclusion-seuil": (excluded("D"), DEBTS),
    "exclusion-plafond": (excluded("E"), DEBTS),
    "caisse-inconnue": (excluded("B"), DEBTS),
    "reference": (at("/creance"), PAY),
    "reference-erreur": (lambda page, scenario: search(page, scenario, "631163120000297F"), PAY),
    "annexe-non-ouverte": (lambda page, scenario: search(page, scenario, "6311 7054 0000 0344 F"), PAY),
    "annexe-minimum": (lambda page, scenario: search(page, scenario, "6311632600000408F"), PAY),
    "creance": (search, PAY),
    "selection": (at("/creances/4?choix=3&choix=5"), PAY),
    "tout-payer": (everything, PAY),
    "montant-erreur": (lambda page, scenario: type_amount(page, scenario, "15,99"), PAY),
    "recapitulatif": (type_amount, "Récapitulatif de votre paiement"),
    "recapitulatif-rien": (at("/creances/5/recapitulatif?choix=4&montant=16"), "Récapitulatif de votre paiement"),
    "reliquat": (lambda page, scenario: type_amount(page, scenario, "50"), "Récapitulatif de votre paiement"),
    "depart": (leave, "Paiement par carte bancaire"),
    "banque": (bank, "Informations de la carte"),
    "banque-acceptee": (decide, "Informations de paiement"),
    "retour-accepte": (back, HOME),
    "retour-refuse": (lambda page, scenario: back(page, scenario, REFUSED), HOME),
    "retour-abandonne": (abandon, HOME),
    "retour-expire": (expire, HOME),
    "retour-en-attente": (lambda page, scenario: back(page, scenario, PENDING), HOME),
    "retour-enregistre": (after(posted), HOME),
    "retour-rejete": (after(rejected), HOME),
    "retour-remboursement": (after(asked_back), HOME),
    "retour-rembourse": (after(refunded), HOME),
    "retour-rembourse-partie": (after(lambda scenario, each: refunded(scenario, each, Euros(800))), HOME),
    "retour-repris": (after(charged_back), HOME),
    "en-cours": (in_progress, "Un paiement est déjà en cours"),
    "bloque": (blocked, "Un paiement est déjà en cours"),
    "messagerie": (paid("/messagerie"), "Ma messagerie"),
    "accuse": (paid("/messagerie/1"), LETTER),
    "imprimer": (paid("/messagerie/1/imprimer"), LETTER),
    "introuvable": (at("/creances/101"), "Page introuvable"),
    "trop": (unavailable, "Trop de recherches"),
    "demande-refusee": (forged, "Demande refusée"),
    "accessibilite": (at("/informations/accessibilite"), "Déclaration d’accessibilité"),
    "mentions-legales": (at("/informations/mentions-legales"), "Mentions légales"),
    "donnees-personnelles": (at("/informations/donnees-personnelles"), "Données personnelles"),
    "plan-du-site": (at("/informations/plan-du-site"), "Plan du site"),
}

# The screen of the default level.
SHORT = "recapitulatif"


def heading(name: str, lang: str) -> str:
    """Return the heading of a screen; the bank's page is in French."""
    french = SCREENS[name][1]
    if lang == "fr" or name.startswith("banque"):
        return french
    found = ENGLISH.get(french)
    return str(found.string) if found else {"accessibilite": "Accessibility statement"}[name]


def capture(page: Page, file: Path) -> None:
    """Save a picture of the whole page, in few colours, so that the file is small."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(48, dither=Image.Dither.NONE).save(file, optimize=True)


def violations(page: Page) -> list[tuple[str, str]]:
    """List the violations that axe finds; its source is evaluated, since the policy forbids a script tag."""
    page.evaluate(AXE)
    found = page.evaluate(f"() => axe.run(document, {LEVELS})")
    return [(each["id"], each["nodes"][0]["html"][:120]) for each in found["violations"]]


FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter(each => each.checkVisibility({visibilityProperty: true})).length"""
FOCUSED = """() => {
    const each = document.activeElement;
    if (each === document.body || each.tabIndex < 0) return null;
    const at = [...document.querySelectorAll('*')].indexOf(each);
    return getComputedStyle(each).outlineStyle === 'none' ? `${at} without outline` : `${at}`;
}"""


def reached(page: Page) -> tuple[int, set[str]]:
    """Press Tab through the page; return the number of links, buttons and fields, and those that had the focus."""
    number, found = page.evaluate(FOCUSABLE), set()
    for _ in range(2 * number + 4):
        page.keyboard.press("Tab")
        found.add(page.evaluate(FOCUSED))
        if len(found - {None}) == number:
            break
    return number, found - {None}


def level(look: str, name: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return the mark of a screen under a look; the default level has one screen."""
    if (look, name) == ("fr", SHORT):
        return ()
    return (pytest.mark.slow if look in LOOKS else pytest.mark.long,)


def cases(names: list[str], *looks: str) -> list[object]:
    """Build the parameters: each screen under each look."""
    every = {**LOOKS, **OTHERS}
    return [
        pytest.param(every[look], name, id=f"{name}-{look}", marks=level(look, name))
        for look in looks
        for name in names
    ]


@pytest.mark.parametrize(("look", "name"), cases([*SCREENS], "fr", "en", *OTHERS), indirect=["look"])
def test_screen(page: Page, scenario: Scenario, look: Look, request: pytest.FixtureRequest, name: str) -> None:
    """Axe finds nothing; the keyboard reaches every element with a visible focus; 320 CSS pixels are enough."""
    SCREENS[name][0](page, scenario)
    if request.config.getoption("--screens"):
        if look is FRENCH:
            capture(page, DOCS / f"{name}.png")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            capture(page, BUILD / f"{width}-{look.policy}-{look.theme}-{look.lang}" / f"{name}.png")
        page.set_viewport_size({"width": 920, "height": 600})
    found = violations(page)
    number, focused = reached(page)
    page.set_viewport_size({"width": 320, "height": 640})
    if request.config.getoption("--screens") and look is FRENCH and name in {"creance", "mes-creances"}:
        capture(page, DOCS / f"{name}-320.png")
    width = page.evaluate("document.documentElement.scrollWidth")
    shown = page.locator("h1").all_inner_texts(), page.locator("html").get_attribute("lang")

    lang = "fr" if name.startswith("banque") else look.lang
    assert (([heading(name, look.lang)], lang), [], 320) == (shown, found, width)
    assert (number, []) == (len(focused), [each for each in focused if "without" in each])


@pytest.mark.slow
@pytest.mark.parametrize(("look", "name"), cases([*SCREENS], "no-script"), indirect=["look"])
def test_without_script(page: Page, scenario: Scenario, name: str) -> None:
    """Each screen is reached without scripts."""
    SCREENS[name][0](page, scenario)

    assert [SCREENS[name][1]] == page.locator("h1").all_inner_texts()


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
