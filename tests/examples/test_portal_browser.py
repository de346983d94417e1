"""The example portal in a browser: keyboard, back button, two tabs, forms changed in the page, no scripts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, expect

from creance_pay.testing import Fault, trial_banks
from portal_scenario import ACCEPTED, REFUSED, SIXTY, Scenario
from portal_steps import back, bank, decide, leave, search, type_amount

ONCE = ["PAID"]


@pytest.fixture(params=trial_banks())
def bank_name(request: pytest.FixtureRequest) -> str:
    """Return the name of a bank, of each in turn."""
    name: str = request.param
    return name


def title_of(page: Page) -> str:
    """Return the title of the message on the page."""
    return page.locator(".message-title").inner_text()


def letters(page: Page, scenario: Scenario) -> int:
    """Return the number of acknowledgements in the mailbox."""
    page.goto(f"{scenario.url}/messagerie")
    return page.get_by_role("link", name="Accusé de réception").count()


@pytest.mark.slow
class TestState:
    """The account shows the known state, whatever happened at the bank."""

    @pytest.mark.parametrize(("card", "title"), [(ACCEPTED, "Paiement accepté"), (REFUSED, "Paiement refusé")])
    def test_decided(self, page: Page, scenario: Scenario, card: str, title: str) -> None:
        """The account's first page shows accepted and refused, with the focus on the message."""
        back(page, scenario, card)

        expect(page.locator(".verdict")).to_be_focused()
        assert title == title_of(page)

    def test_late(self, page: Page, scenario: Scenario) -> None:
        """The return suffices; the late notification changes nothing."""
        scenario.bank.bank.fault = Fault.LATE
        back(page, scenario)
        first = title_of(page)
        scenario.bank.wait(timedelta(minutes=1))
        page.reload()

        assert ("Paiement accepté", "Paiement accepté", ONCE, 1) == (
            first, title_of(page), scenario.states(), letters(page, scenario),
        )  # fmt: skip

    def test_pending_then_accepted(self, page: Page, scenario: Scenario) -> None:
        """A pending payment becomes accepted by a later notification; the same address then shows it."""
        scenario.bank.bank.fault = Fault.PENDING_FIRST
        back(page, scenario)
        first = title_of(page)
        scenario.bank.wait(timedelta(minutes=1))
        page.reload()

        assert ("Paiement en attente", "Paiement accepté", 1) == (first, title_of(page), letters(page, scenario))

    def test_doubled(self, page: Page, scenario: Scenario) -> None:
        """Two notifications and a return make one payment and one acknowledgement."""
        scenario.bank.bank.fault = Fault.DOUBLED
        back(page, scenario)

        assert (ONCE, 1) == (scenario.states(), letters(page, scenario))


@pytest.mark.slow
class TestTwice:
    """Repeated actions pay nothing twice."""

    def test_double_click_on_confirm(self, page: Page, scenario: Scenario) -> None:
        """A double click starts one payment."""
        type_amount(page, scenario)
        page.get_by_role("button", name="Confirmer et payer").dblclick()
        page.get_by_role("button", name="Aller sur la page de la banque").click()

        expect(page.get_by_label("Numéro de carte")).to_be_visible()
        assert [20_00] == [payment.amount.cents for payment in scenario.ledger.payments()]

    def test_double_click_on_leave(self, page: Page, scenario: Scenario) -> None:
        """A double click posts one form to the bank: the bank would refuse a second one."""
        leave(page, scenario)
        page.get_by_role("button", name="Aller sur la page de la banque").dblclick()

        expect(page.get_by_label("Numéro de carte")).to_be_visible()

    def test_back_after_the_payment(self, page: Page, tabs: BrowserContext, scenario: Scenario) -> None:
        """After the payment, neither the history nor step 3 pays again; step 3 shows the state."""
        back(page, scenario)
        with pytest.raises(Error):  # the browser stored no copy, and asks before it posts again
            page.go_back()
        other = tabs.new_page()
        other.goto(f"{scenario.url}/paiement")

        assert ("Paiement accepté", ONCE) == (title_of(other), scenario.states())

    def test_two_tabs(self, page: Page, tabs: BrowserContext, scenario: Scenario) -> None:
        """While one tab is at the bank, another cannot start a payment of the same notice."""
        bank(page, scenario)
        other = tabs.new_page()
        type_amount(other, scenario)
        other.get_by_role("button", name="Confirmer et payer").click()
        expect(other.locator("h1")).to_have_text("Un paiement est déjà en cours")
        page.get_by_label("Numéro de carte").fill(ACCEPTED)
        page.get_by_role("button", name="Valider").click()
        page.get_by_role("button", name="Aller au compte").wait_for()

        assert ONCE == scenario.states()

    def test_two_tabs_two_debts(self, page: Page, tabs: BrowserContext, scenario: Scenario) -> None:
        """Each tab pays the debt that it shows, whatever another tab does."""
        type_amount(page, scenario)
        other = tabs.new_page()
        search(other, scenario, "6311 7301 0000 0733 M")
        other.get_by_label("Montant du paiement").fill("16")
        other.get_by_role("button", name="Valider").click()
        page.get_by_role("button", name="Confirmer et payer").click()
        page.get_by_role("button", name="Aller sur la page de la banque").wait_for()
        paid = {
            str(notice)[-5:]: part.cents
            for each in scenario.ledger.payments()
            for notice, part in each.order.notices.items()
        }

        assert {"0512K": 2000} == paid


@pytest.mark.slow
class TestChangedInThePage:
    """Data changed with the browser's tools is refused (G18)."""

    def test_refused(self, page: Page, scenario: Scenario) -> None:
        """No order is recorded."""
        changes = [
            "document.querySelector('[name=montant]').value = '1,00'",
            "document.querySelector('[name=montant]').value = '60,00'",
            "document.forms[1].action = '/creances/1/paiement'",
            "document.forms[1].action = '/creances/101/paiement'",
            "document.forms[1].insertAdjacentHTML('beforeend', '<input name=choix value=101>')",
            "document.forms[1].insertAdjacentHTML('beforeend', '<input name=choix value=4>')",
            "document.querySelectorAll('[name=token]').forEach(each => each.value = 'x')",
        ]
        accepted = []
        for change in changes:
            type_amount(page, scenario)
            confirm = page.get_by_role("button", name="Confirmer et payer")
            confirm.wait_for()  # the page is complete
            page.evaluate(change)
            with page.expect_navigation():
                confirm.click()
            accepted += [] if page.title().startswith(("Erreur", "Page introuvable")) else [change]

        assert ([], []) == (accepted, scenario.states())


@pytest.mark.slow
class TestSealedForms:
    """A bank that seals the forms there and back, and at which an open page is no payment yet."""

    @pytest.fixture
    def bank_name(self) -> str:
        """Return the default bank."""
        return trial_banks()[0]

    def test_forged(self, page: Page, scenario: Scenario) -> None:
        """A forged return that states *accepted* changes nothing."""
        scenario.bank.bank.fault = Fault.FORGED
        back(page, scenario, REFUSED)

        assert ("Paiement en attente", ["CREATED"], 0) == (title_of(page), scenario.states(), letters(page, scenario))

    def test_return_changed(self, page: Page, scenario: Scenario) -> None:
        """A return that was changed in the bank's page changes nothing."""
        scenario.bank.bank.fault = Fault.LOST
        decide(page, scenario, REFUSED)
        page.get_by_role("button", name="Aller au compte").wait_for()
        page.evaluate("document.querySelector('[name=Data]').value = document.querySelector('[name=Data]').value"
                      ".replace('responseCode=05', 'responseCode=00')")  # fmt: skip
        page.get_by_role("button", name="Aller au compte").click()

        assert ("Paiement en attente", ["CREATED"]) == (title_of(page), scenario.states())

    def test_expired(self, page: Page, scenario: Scenario) -> None:
        """After fifteen minutes on the bank's page nothing is paid, and the account shows the expiry."""
        bank(page, scenario)
        scenario.bank.wait(timedelta(minutes=15))
        page.get_by_label("Numéro de carte").fill(ACCEPTED)
        page.get_by_role("button", name="Valider").click()
        page.goto(f"{scenario.url}/paiement")

        assert ("Temps de paiement dépassé", ["EXPIRED"]) == (title_of(page), scenario.states())

    def test_closed_tab(self, page: Page, tabs: BrowserContext, scenario: Scenario) -> None:
        """A person who closed the bank's tab finds the payment in the list, starts again, and pays once."""
        bank(page, scenario)
        page.close()
        other = tabs.new_page()
        other.goto(f"{scenario.url}/creances")
        expect(other.locator(".payments")).to_contain_text("Paiement commencé, sans réponse de la banque")
        other.get_by_role("link", name="Reprendre ce paiement").click()
        other.get_by_role("button", name="Recommencer le paiement").click()
        finish(other)

        expect(other.locator("main .message")).to_contain_text("Nous vous remercions pour votre paiement")
        assert 1 == scenario.states().count("PAID")

    def test_back_from_the_bank(self, page: Page, scenario: Scenario) -> None:
        """The back button offers a new attempt, and not the form that the bank has received."""
        bank(page, scenario)
        expect(page.get_by_label("Numéro de carte")).to_be_visible()  # the browser has left the former page
        page.go_back()
        expect(page.locator("h1")).to_have_text("Un paiement est déjà en cours")
        page.get_by_role("button", name="Recommencer le paiement").click()
        page.get_by_role("button", name="Aller sur la page de la banque").click()
        page.get_by_label("Numéro de carte").fill(ACCEPTED)
        page.get_by_role("button", name="Valider").click()
        page.get_by_role("button", name="Aller au compte").wait_for()

        assert ["PAID"] == scenario.states()[1:]

    def test_amount_to_the_bank(self, page: Page, scenario: Scenario) -> None:
        """The bank refuses an amount that was changed in the form: the seal does not match."""
        leave(page, scenario)
        page.get_by_role("button", name="Aller sur la page de la banque").wait_for()
        page.evaluate("document.querySelector('[name=Data]').value = document.querySelector('[name=Data]').value"
                      ".replace('amount=2000', 'amount=1')")  # fmt: skip
        page.get_by_role("button", name="Aller sur la page de la banque").click()

        expect(page.locator("h1")).to_have_text("Demande de paiement refusée")

    def test_cookie_not_sent(self, page: Page, scenario: Scenario) -> None:
        """The post from the bank's page has no cookie, the next page has it, and the account is open."""
        seen: dict[str, bool] = {}

        def record(request: Request) -> None:
            if request.url.startswith(scenario.url) and request.is_navigation_request():
                seen[request.method] = "cookie" in request.all_headers()

        decide(page, scenario)
        page.on("requestfinished", record)
        page.get_by_role("button", name="Aller au compte").click()
        page.get_by_role("button", name="Se déconnecter").wait_for()

        assert {"POST": False, "GET": True} == seen

    def test_session_ended(self, page: Page, tabs: BrowserContext, scenario: Scenario) -> None:
        """After the end of the session the state is shown, and the acknowledgement is in the account."""
        decide(page, scenario)
        tabs.clear_cookies()
        page.get_by_role("button", name="Aller au compte").click()
        title = title_of(page)
        page.get_by_role("button", name="Ouvrir le compte A").click()

        assert ("Paiement accepté", 1) == (title, letters(page, scenario))


@pytest.mark.slow
class TestErrors:
    """An error message has the focus, and a link to its field."""

    def test_focus(self, page: Page, scenario: Scenario) -> None:
        """The summary has the focus; its link moves the focus to the field."""
        type_amount(page, scenario, "15,99")
        expect(page.locator("#error-summary")).to_be_focused()
        page.get_by_role("link", name="Montant hors limites").click()

        expect(page.locator("#amount")).to_be_focused()

    def test_described(self, page: Page, scenario: Scenario) -> None:
        """The field refers to its hint and its error, and contains the typed text."""
        search(page, scenario, "63117")
        expect(page.locator("#error-summary")).to_be_focused()
        field = page.get_by_label("Référence de l’avis")

        assert ("true", "reference-hint reference-error", "63117") == (
            field.get_attribute("aria-invalid"),
            field.get_attribute("aria-describedby"),
            field.input_value(),
        )

    def test_annex(self, page: Page, scenario: Scenario) -> None:
        """The refusal of a debt of 7 EUR has the focus, and the page has no button to validate."""
        search(page, scenario, "6311632600000408F")

        expect(page.locator(".verdict")).to_be_focused()
        assert 0 == page.get_by_role("button", name="Valider").count()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this label has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate("(e => (e.labels?.[0] ?? e).innerText ?? '')(document.activeElement)")
        if label.startswith(name):
            return
    pytest.fail(f"expected the keyboard to reach {name}")


def enter(page: Page, name: str) -> None:
    """Activate a link or a button by the keyboard, and wait for the next page."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_keyboard_alone(page: Page) -> None:
    """From the account to the deleted acknowledgement without a mouse; Enter in a field submits the form."""
    enter(page, "Payer une créance")
    tab_to(page, "Référence de l’avis")
    page.keyboard.type(SIXTY)
    enter(page, "Rechercher")
    tab_to(page, "6311 6312 0000 0297 F")
    page.keyboard.press("Space")
    tab_to(page, "Montant du paiement")
    page.keyboard.type("20")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, "Confirmer et payer")
    enter(page, "Aller sur la page de la banque")
    tab_to(page, "Numéro de carte")
    page.keyboard.type(ACCEPTED)
    for name in ("Valider", "Aller au compte", "Ma messagerie", "Accusé de réception", "Supprimer"):
        enter(page, name)

    expect(page.locator("main")).to_contain_text("Aucun message")


@pytest.mark.slow
def test_skip_link(page: Page, scenario: Scenario) -> None:
    """The first link of the page skips the menu."""
    page.goto(scenario.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


class TestList:
    """Journeys from the list of debts."""

    def test_total_follows(self, page: Page, scenario: Scenario) -> None:
        """A tick changes count and total at once, and the refusal on the list; the focus stays on the check box."""
        page.goto(f"{scenario.url}/creances")
        page.get_by_label("6311 6312 0000 0297 F").check()
        expect(page.locator("#selection")).to_contain_text("1 référence sélectionnée")
        expect(page.locator("#selection .total")).to_have_text("Solde total à payer : 3,80 €")
        expect(page.locator("#selection .message")).to_be_visible()
        page.get_by_label("6311 7260 0000 0512 K").check()
        expect(page.locator("#selection .total")).to_have_text("Solde total à payer : 63,80 €")

        expect(page.locator("#selection .message")).to_have_count(0)
        expect(page.get_by_label("6311 7260 0000 0512 K")).to_be_focused()

    @pytest.mark.slow
    def test_total_follows_in_step_2(self, page: Page, scenario: Scenario) -> None:
        """Under the first page of a debt the count and the total follow too, and the typed amount stays."""
        search(page, scenario)
        page.locator("#amount").fill("30")
        page.get_by_label("6311 6312 0000 0297 F").check()
        expect(page.locator("#total")).to_have_text("Solde total à payer : 63,80 €")
        page.get_by_label("6311 6312 0000 0297 F").uncheck()

        expect(page.locator("#total")).to_have_text("Solde total à payer : 60,00 €")
        expect(page.locator("#selected")).to_have_text("0 référence sélectionnée")
        expect(page.locator("#amount")).to_have_value("30")

    @pytest.mark.slow
    def test_pay_all(self, page: Page, scenario: Scenario) -> None:
        """All debts from the list: the first payment of the plan is accepted, and the list subtracts it."""
        page.goto(f"{scenario.url}/creances")
        page.get_by_role("button", name="Tout payer").click()
        expect(page.locator("#amount")).to_have_value("50,00")
        page.get_by_role("button", name="Valider").click()
        page.get_by_role("button", name="Confirmer et payer").click()
        finish(page)
        page.get_by_role("link", name="Mes créances", exact=True).click()

        expect(page.locator("#history")).to_be_visible()
        assert [50_00] == [payment.amount.cents for payment in scenario.ledger.payments()]
        assert 2 == page.locator("#references").get_by_text("Paiement accepté, bientôt affiché").count()

    @pytest.mark.slow
    def test_another_is_pending(self, page: Page, scenario: Scenario) -> None:
        """While a payment is pending the same debt is blocked with its state; another debt can be paid."""
        back(page, scenario, "5017670000001860")
        page.goto(f"{scenario.url}/creances/4/recapitulatif?montant=20,00")
        page.get_by_role("button", name="Confirmer et payer").click()
        expect(page.locator("main .message")).to_contain_text("Nous n’avons pas encore la réponse de la banque.")
        page.goto(f"{scenario.url}/creances/5/recapitulatif?montant=24,50")
        page.get_by_role("button", name="Confirmer et payer").click()
        finish(page)

        assert ["PENDING", "PAID"] == scenario.states()

    @pytest.mark.slow
    def test_refunded(self, page: Page, scenario: Scenario) -> None:
        """A refund is on the page of the payment and in the list, and the debt can be paid again."""
        back(page, scenario)
        scenario.bank.bank.run_nightly_batch()
        reference = scenario.ledger.payments()[0].transaction_reference
        scenario.service.payment_service.refund(reference, by="an operator", reason="paid twice")
        page.reload()
        expect(page.locator("main .message")).to_contain_text("Votre paiement vous a été remboursé.")
        page.goto(f"{scenario.url}/creances")
        expect(page.locator(".payments")).to_contain_text("Paiement remboursé")

        expect(page.get_by_role("link", name="Payer 6311 7260 0000 0512 K")).to_be_visible()

    @pytest.mark.slow
    def test_unknown_caisse(self, page: Page, scenario: Scenario) -> None:
        """A debt of a caisse that is not in the table is paid, and its acknowledgement read."""
        page.get_by_role("button", name="Se déconnecter").click()
        page.get_by_role("button", name="Ouvrir le compte B").click()
        page.goto(f"{scenario.url}/creances")
        expect(page.locator("#references")).to_contain_text("inconnue")
        page.get_by_role("link", name="Payer 6321 7260 0000 0514 K").click()
        page.locator("#amount").fill("20")
        page.get_by_role("button", name="Valider").click()
        page.get_by_role("button", name="Confirmer et payer").click()
        finish(page)
        page.get_by_role("link", name="Ma messagerie").click()
        page.get_by_role("link", name="Accusé de réception").click()

        expect(page.locator(".letter")).to_contain_text("Caisse : Caisse 632")


def finish(page: Page) -> None:
    """Go from the form to the bank, pay by card, and return."""
    page.get_by_role("button", name="Aller sur la page de la banque").click()
    page.get_by_label("Numéro de carte").fill(ACCEPTED)
    page.get_by_role("button", name="Valider").click()
    page.get_by_role("button", name="Aller au compte").click()
    page.locator("main .message").wait_for()


def test_qr_code(page: Page, scenario: Scenario) -> None:
    """A reader of QR codes finds the transfer of EPC069-12 in the picture: account, amount and reference."""
    page.goto(f"{scenario.url}/creances/2")
    picture = Image.open(io.BytesIO(page.locator(".qr").screenshot()))
    found = zxingcpp.read_barcodes(picture)

    head = ["BCD", "002", "1", "SCT", "", "CPAM du Puy-de-Dôme (exemple)", "FR1420041010050500013M02606", "EUR7"]
    assert [[*head, "", "", "Avis 6311 6326 0000 0408 F"]] == [code.text.split("\n") for code in found]


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """Open a browser without scripts."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.slow
def test_without_script(plain: Page, scenario: Scenario) -> None:
    """A payment needs no scripts."""
    plain.goto(scenario.url)
    plain.get_by_role("button", name="Ouvrir le compte A").click()
    back(plain, scenario)

    assert ("Paiement accepté", 1) == (title_of(plain), letters(plain, scenario))
