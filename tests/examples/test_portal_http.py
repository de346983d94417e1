"""The example portal over HTTP: searches, changed forms, messages of the bank, the mailbox."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
import requests
from visitor import Visitor

from creance_pay import PaymentState, Source
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import ReportLine, RequestsTransport, SealAlgorithm, seal
from creance_pay.ledger import IncidentKind, Payment
from creance_pay.rules import policy_named
from creance_pay.testing import Fault, LocalBank, trial_banks
from creance_pay.testing.sips import SipsTrialMerchant
from ledgers import first_reference  # noqa: F401 - a fixture
from portal.accounts import Account, debt
from portal_scenario import ACCEPTED, REFUSED, SIXTY, Scenario, go_to_bank, serving_portal
from samples import plain

PORTAL = Path(__file__).resolve().parents[2] / "examples" / "portal"
NOT_OPEN = "Cette référence de courrier n’est pas ouverte au paiement en ligne."
THANKS = "Nous vous remercions pour votre paiement, nous le traitons dans les plus brefs délais."
LETTER = "Accusé de réception de votre paiement de créance"
NO_SECOND_PAYMENT = "Ne payez pas une deuxième fois."
# The titles of the catalogue for payments whose money was returned.
SETTLED = [
    (PaymentState.REFUNDED, "Paiement remboursé"),
    (PaymentState.PARTIALLY_REFUNDED, "Paiement remboursé en partie"),
    (PaymentState.CHARGED_BACK, "Paiement repris par la banque"),
]


def unavailable(*_: object, **__: object) -> None:
    """Fail as a ledger whose database does not answer."""
    raise GatewayUnavailableError("no answer", retryable=True)


def post(url: str, fields: Mapping[str, str]) -> int:
    """Post a form as a server does, and return the status."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, data=dict(fields), timeout=10).status_code


def search(visitor: Visitor, reference: str) -> None:
    """Search a reference."""
    visitor.open("/creance")
    visitor.press("Rechercher", reference=reference)


def letters(visitor: Visitor) -> int:
    """Return the number of acknowledgements in the mailbox."""
    visitor.open("/messagerie")
    return visitor.html.count('href="/messagerie/')


class TestSearch:
    """Step 1 finds the person's own debts, and discloses nothing about others."""

    def test_found(self, visitor: Visitor) -> None:
        """A reference in the form of the letters leads to the debt."""
        search(visitor, " 6311 7260 0000 0512 k ")

        assert (200, True) == (visitor.status, "Montant restant dû60,00 €" in visitor.page.text)

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("", "La référence de votre avis est obligatoire."),
            ("631163120000297F", "s’agit-il de 6311 6312 0000 0297 F, 6311 6312"),
            ("6311 7054 0000 O344 F", "s’agit-il de 6311 7054 0000 0344 F ?"),
            ("6131 7054 0000 0344 F", "s’agit-il de 6311 7054 0000 0344 F ?"),
            ("6311 705 4 0000 0: 344 F", "s’agit-il de 6311 7054 0000 0344 F ?"),
            ("<b>", "Une référence se compose de 16 chiffres et d’une lettre."),
            ("6311 7054 0000 0344 F", NOT_OPEN),
        ],
    )
    def test_refused(self, visitor: Visitor, typed: str, sentence: str) -> None:
        """A text that is no reference gets its message; the guide's own misprints are corrected."""
        search(visitor, typed)

        assert (422, True, "Erreur : ") == (visitor.status, sentence in visitor.page.text, visitor.page.title[:9])

    def test_same_answer(self, visitor: Visitor) -> None:
        """A closed reference, a closed kind, another person's and an unknown one get the same page (G17, R21)."""
        pages = set()
        for reference in ("6311705400000344F", "6311731000000801B", "6311725000000891H", "6311725000000999Z"):
            search(visitor, reference)
            pages.add(visitor.html.replace(reference, ""))

        assert 1 == len(pages)

    def test_limit(self, scenario: Scenario, visitor: Visitor) -> None:
        """After twenty searches without a result, every search is refused for ten minutes (G17)."""
        for number in range(20):
            search(visitor, f"63117250000{number:05}H")
        search(visitor, SIXTY)
        refused = visitor.status, "revenez dans dix minutes" in visitor.page.text
        scenario.offset = timedelta(minutes=10)
        search(visitor, SIXTY)

        assert ((429, True), 200) == (refused, visitor.status)


class TestChangedForms:
    """A form contains choices only: debts and amounts are read again on the server (G18)."""

    @pytest.fixture
    def confirming(self, visitor: Visitor) -> Visitor:
        """Return a person who is about to confirm 20 EUR of the 60."""
        visitor.open("/creances/4/recapitulatif?montant=20,00")
        return visitor

    def confirm(self, confirming: Visitor, **changes: str | list[str] | None) -> int:
        """Confirm with changed fields, and return the status."""
        confirming.open("/creances/4/recapitulatif?montant=20,00")
        confirming.press("Confirmer et payer", **changes)
        return confirming.status

    def test_amount(self, scenario: Scenario, confirming: Visitor) -> None:
        """An amount that step 2 refuses cannot be confirmed."""
        amounts = ["15,99", "50,01", "0", "-20", "20,001", "1e1", "", "5000"]
        statuses = [self.confirm(confirming, montant=amount) for amount in amounts]

        assert ([422] * len(amounts), []) == (statuses, scenario.states())

    def test_debts(self, scenario: Scenario, confirming: Visitor) -> None:
        """A debt that step 2 does not offer cannot be added: another person's, closed, unknown, selected twice."""
        expected = {("101",): 404, ("1",): 404, ("6",): 404, ("999",): 404, ("3", "3"): 422, ("4",): 422}

        assert (expected, []) == (
            {rows: self.confirm(confirming, choix=list(rows)) for rows in expected},
            scenario.states(),
        )

    def test_address(self, scenario: Scenario, confirming: Visitor) -> None:
        """The searched debt cannot be replaced by one that the person may not pay."""
        fields, found = confirming.form_data("Confirmer et payer"), []
        for row in (1, 6, 101, 999):
            confirming.post(f"/creances/{row}/paiement", fields)
            found.append(confirming.status)

        assert ([404] * 4, []) == (found, scenario.states())

    def test_unknown_fields(self, scenario: Scenario, confirming: Visitor) -> None:
        """Fields that no form has change nothing."""
        confirming.press("Confirmer et payer", amount="1", remaining="1", total="100", notices="x")

        assert [2000] == [payment.amount.cents for payment in scenario.ledger.payments()]

    def test_shares(self, scenario: Scenario, visitor: Visitor) -> None:
        """The amount is allocated by the rules: first to the searched notice, then to the oldest (R13)."""
        search(visitor, "6311 7301 0000 0733 M")
        visitor.press("Valider", montant="30,00", choix=["4", "3"])
        visitor.press("Confirmer et payer")
        shares = {str(notice)[-5:]: part.cents for notice, part in scenario.ledger.payments()[0].order.notices.items()}

        assert {"0733M": 2450, "0297F": 380, "0512K": 170} == shares

    def test_token(self, scenario: Scenario, confirming: Visitor) -> None:
        """A form without this session's token is refused."""
        statuses = [self.confirm(confirming, token=token) for token in (None, "", "x" * 43, "é")]

        assert ([400] * 4, []) == (statuses, scenario.states())

    def test_nobody(self, scenario: Scenario) -> None:
        """Without an account every page redirects to the first page."""
        nobody, found = Visitor(scenario.url), set()
        for path in ("/creance", "/creances/4", "/creances/4/recapitulatif", "/paiement", "/messagerie"):
            nobody.open(path)
            found.add(nobody.url)
        nobody.close()

        assert {f"{scenario.url}/"} == found


class TestEitherBank:
    """A payment at each bank is recorded once, whatever the way of its messages, and the person gets its message."""

    @pytest.fixture(params=trial_banks())
    def bank_name(self, request: pytest.FixtureRequest) -> str:
        """Return the name of a bank, of each in turn."""
        name: str = request.param
        return name

    @pytest.mark.parametrize(
        ("card", "button", "sentences", "count"),
        [
            (ACCEPTED, "Valider", (THANKS, "le paiement y apparaît sous 24 h."), 1),
            (REFUSED, "Valider", ("Votre transaction de paiement a échoué.",), 0),
            (ACCEPTED, "Abandonner", ("Vous avez quitté la page de paiement. Rien n’a été débité.",), 0),
            ("5017670000001860", "Valider", ("Nous n’avons pas encore la réponse de la banque.",), 0),
        ],
    )
    def test_return(self, visitor: Visitor, card: str, button: str, sentences: tuple[str, ...], count: int) -> None:
        """The account shows the guide's sentence; only an accepted payment has an acknowledgement."""
        go_to_bank(visitor)
        visitor.press(button, card=card)
        visitor.press("Aller au compte")
        missing = [each for each in sentences if each not in visitor.page.text]

        assert (200, [], count) == (visitor.status, missing, letters(visitor))

    @pytest.mark.parametrize("fault", [Fault.DOUBLED, Fault.OUT_OF_ORDER, Fault.LOST, Fault.LATE])
    def test_notifications(self, scenario: Scenario, visitor: Visitor, fault: Fault) -> None:
        """Any fault of the notifications leaves one payment and one acknowledgement."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED, fault=fault.value)
        visitor.press("Aller au compte")
        scenario.bank.wait(timedelta(minutes=1))

        assert (["PAID"], 1) == (scenario.states(), letters(visitor))

    def test_no_return(self, scenario: Scenario, visitor: Visitor) -> None:
        """The notification suffices when the person closes the bank's page."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(scenario.url)

        assert (["PAID"], 1) == (scenario.states(), letters(visitor))

    def test_return_of_nobody(self, scenario: Scenario, visitor: Visitor) -> None:
        """A return without the session of a payment shows nothing and asks nothing."""
        go_to_bank(visitor)
        reference = scenario.ledger.payments()[0].transaction_reference
        visitor.press("Valider", card=ACCEPTED, fault=Fault.LOST.value)
        for query in ("", f"?hostedCheckoutId={reference}"):
            nobody = Visitor(f"{scenario.url}/retour{query}")
            nobody.close()

        assert ["CREATED"] == scenario.states()

    def test_check_of_the_address(self, scenario: Scenario) -> None:
        """The bank's check of the address gets its value back where the bank has one, and never another text."""
        transport, url = RequestsTransport(direct=True), f"{scenario.url}/notification"
        name = "X-GCS-Webhooks-Endpoint-Verification"
        answers = [transport.send("GET", url, headers={name: value}) for value in ("a-value", "<b>")]
        known = scenario.service.gateway.answer_check({name: "a-value"}) is not None

        assert ([200, 400] if known else [405, 405]) == [answer.status for answer in answers]
        assert known is (answers[0].body == b"a-value")


class TestSealedBank:
    """A message of a bank that seals every message."""

    def test_html(self, scenario: Scenario, visitor: Visitor) -> None:
        """The sealed return suffices when the bank answers questions with an HTML page."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED, fault=Fault.HTML_ERROR.value)
        visitor.press("Aller au compte")

        assert (["PAID"], 1) == (scenario.states(), letters(visitor))

    @pytest.mark.parametrize(
        ("fault", "status"), [(Fault.FORGED, 400), (Fault.EMPTY_SEAL, 400), (Fault.WRONG_AMOUNT, 200)]
    )
    def test_not_authentic(self, scenario: Scenario, visitor: Visitor, fault: Fault, status: int) -> None:
        """A forged or mismatching message changes nothing; the person is advised to wait and not to pay twice."""
        go_to_bank(visitor)
        visitor.press("Valider", card=REFUSED, fault=fault.value)
        visitor.press("Aller au compte")
        advised = NO_SECOND_PAYMENT in visitor.page.text

        assert (status, True, ["CREATED"], 0) == (visitor.status, advised, scenario.states(), letters(visitor))

    def test_currency(self, scenario: Scenario, visitor: Visitor, bank_merchant: SipsTrialMerchant) -> None:
        """An authentic notification in another currency, or another spelling of it, does not match (F51)."""
        go_to_bank(visitor)
        order, statuses = scenario.ledger.payments()[0].order, []
        for currency in ("392", "414", "XXX", "eur", "EUR", "0978"):
            data = f"merchantId={bank_merchant.merchant_id}|transactionReference={order.transaction_reference}"
            data += f"|amount=2000|currencyCode={currency}|responseCode=00|keyVersion=2"
            data += "|transactionDateTime=2026-11-23T12:00:00+01:00"
            sealed = seal(data, bank_merchant.keys.current, SealAlgorithm.HMAC_SHA_256)
            fields = {"Data": data, "Seal": sealed, "InterfaceVersion": "HP_3.4"}
            statuses.append(post(f"{scenario.url}/notification", fields))

        assert ([200] * 6, ["CREATED"]) == (statuses, scenario.states())

    def test_same_cents(self, scenario: Scenario, visitor: Visitor) -> None:
        """The recapitulation, the ledger, the bank and the acknowledgement have the same cents (F52)."""
        search(visitor, SIXTY)
        visitor.press("Valider", montant="19,99")
        shown = ["19,99 €" in visitor.page.text]
        visitor.press("Confirmer et payer")
        visitor.press("Aller sur la page de la banque")
        shown.append("19,99 €" in visitor.page.text)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/messagerie")
        visitor.follow(LETTER)
        shown.append("Montant : 19,99 €" in visitor.page.text)

        assert ([True] * 3, 1999) == (shown, scenario.ledger.payments()[0].amount.cents)

    def test_requests(self, scenario: Scenario) -> None:
        """The bank's addresses refuse GET (B43), and a body that is larger than a message."""
        statuses = []
        for path in ("/notification", "/retour"):
            nobody = Visitor(f"{scenario.url}{path}")
            nobody.close()
            statuses.append(nobody.status)

        assert [405, 405] == statuses
        assert 413 == post(f"{scenario.url}/notification", {"Data": "x" * 70_000})

    def test_guessed_address(self, visitor: Visitor) -> None:
        """An address with an unsigned reference shows no payment."""
        visitor.open("/?paiement=PCLCB172540000004")

        assert (200, False) == (visitor.status, "message-title" in visitor.html)

    def test_sources(self, scenario: Scenario, visitor: Visitor) -> None:
        """The ledger records the notification as applied, and the return as a duplicate."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.press("Aller au compte")
        events = scenario.ledger.events(scenario.ledger.payments()[0].transaction_reference)

        assert [(Source.NOTIFICATION, "APPLIED"), (Source.RETURN, "DUPLICATE")] == [
            (event.evidence.source, event.disposition) for event in events
        ]


class TestAgain:
    """A debt is not paid twice by accident."""

    def test_open_payment(self, scenario: Scenario, visitor: Visitor) -> None:
        """While the bank's page is open, no other payment of the notice is started."""
        go_to_bank(visitor)
        visitor.open(f"{scenario.url}/creances/4/recapitulatif?montant=20,00")
        visitor.press("Confirmer et payer")

        assert (409, ["CREATED"], True) == (
            visitor.status,
            scenario.states(),
            "Un paiement est déjà en cours" in visitor.page.title,
        )

    def test_replaced(self, scenario: Scenario, visitor: Visitor) -> None:
        """A person who left the bank's page may start again; the bank is asked first."""
        go_to_bank(visitor)
        visitor.open(f"{scenario.url}/paiement")
        visitor.press("Recommencer le paiement")
        visitor.press("Aller sur la page de la banque")
        visitor.press("Valider", card=ACCEPTED)

        assert "PAID" == scenario.states()[-1]

    def test_accepted(self, scenario: Scenario, visitor: Visitor) -> None:
        """Until an accepted payment shows, its amount is subtracted, and no other payment is started (R25)."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/creances/4")
        pending = "Paiement accepté, bientôt affiché20,00 €" in visitor.page.text
        visitor.press("Valider", montant="20,00")
        visitor.press("Confirmer et payer")

        assert (True, 409, False) == (pending, visitor.status, "Recommencer le paiement" in visitor.html)

    def test_displayed(self, scenario: Scenario, visitor: Visitor) -> None:
        """After a day the payment is in the list of the last payments (R17)."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        scenario.offset = timedelta(hours=25)
        visitor.open(scenario.url)

        assert "20,00 €" in visitor.page.text

    def test_ledger_unavailable(self, scenario: Scenario, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the ledger the person is advised not to pay again, and the bank is asked to repeat its message."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED, fault=Fault.LOST.value)
        monkeypatch.setattr(scenario.ledger, "transaction", unavailable)
        status = post(f"{scenario.url}/notification", dict(visitor.form_data("Aller au compte")))
        visitor.press("Aller au compte")
        advised = NO_SECOND_PAYMENT in visitor.page.text

        assert (503, 503, True) == (status, visitor.status, advised)

    def test_not_started(self, scenario: Scenario, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the ledger no payment starts: nothing was debited, and a new attempt is no second payment."""
        visitor.open(f"{scenario.url}/creances/4/recapitulatif?montant=20,00")
        monkeypatch.setattr(scenario.ledger, "transaction", unavailable)
        visitor.press("Confirmer et payer")
        text = visitor.page.text

        assert (503, True, False) == (visitor.status, "rien n’a été débité" in text, NO_SECOND_PAYMENT in text)


class TestState:
    """Every page shows the state of a payment by the library's message."""

    @pytest.fixture
    def paid(self, scenario: Scenario, visitor: Visitor) -> Payment:
        """Pay 20 EUR, return to the account, and return the payment."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.press("Aller au compte")
        return scenario.ledger.payments()[0]

    def record_state(self, scenario: Scenario, state: PaymentState) -> None:
        """Write a state into the ledger."""
        payment = scenario.ledger.payments()[0]
        with scenario.ledger.transaction() as store:
            store.update(attrs.evolve(payment, state=state, version=payment.version + 1))

    def test_refund_reported(self, scenario: Scenario, visitor: Visitor, paid: Payment) -> None:
        """A refund in the bank's daily report is shown on the page that the payment led to."""
        line = ReportLine(
            number=1,
            transaction_reference=paid.transaction_reference,
            amount=paid.amount,
            state=PaymentState.REFUNDED,
            at=scenario.now(),
            currency="978",
            values={},
        )
        scenario.service.payment_service.reconcile(reports=[line])
        visitor.open(visitor.url)

        assert (True, False) == (
            "Votre paiement vous a été remboursé." in visitor.page.text,
            "réponse de la banque" in visitor.page.text,
        )

    @pytest.mark.usefixtures("paid")
    def test_every_page(self, scenario: Scenario, visitor: Visitor) -> None:
        """The page of the payment, step 3 and the list of the last payments show the title of each state."""
        address, shown = visitor.url, []
        scenario.offset = timedelta(hours=25)
        for state, title in SETTLED:
            self.record_state(scenario, state)
            for path, words in ((address, title), ("/paiement", title), ("/", f"20,00 € ({title})")):
                visitor.open(path)
                shown.append((state, path, words in visitor.page.text))

        assert [] == [(state, path) for state, path, found in shown if not found]

    @pytest.mark.usefixtures("paid")
    def test_in_progress(self, scenario: Scenario, visitor: Visitor) -> None:
        """A payment that blocks another one is shown by the message of its state."""
        found = []
        for state, sentence in (
            (PaymentState.PAID, "Nous vous remercions pour votre paiement"),
            (PaymentState.AUTHORISED, "Nous n’avons pas encore la réponse de la banque."),
        ):
            self.record_state(scenario, state)
            visitor.open("/creances/4/recapitulatif?montant=20,00")
            visitor.press("Confirmer et payer")
            found.append((visitor.status, sentence in visitor.page.text))

        assert [(409, True)] * 2 == found


@pytest.mark.usefixtures("first_reference", "scenario")
def test_two_portals(bank_page: LocalBank, visitor: Visitor, tmp_path: Path) -> None:
    """Two portals on one contract give one reference to two payments: one person pays, and the other is not thanked."""
    (tmp_path / "second").mkdir()
    go_to_bank(visitor)
    visitor.press("Valider", card=ACCEPTED)
    visitor.press("Aller au compte")
    with serving_portal(bank_page, tmp_path / "second") as second:
        other = Visitor(second.url)
        other.press("Ouvrir le compte A")
        go_to_bank(other)
        refused = other.page.text
        second.offset = timedelta(minutes=30)
        second.service.payment_service.reconcile()
        second.service.payment_service.run_effects()
        found = (second.states(), letters(other), letters(visitor))
        incidents = [incident.kind for incident in second.service.payment_service.incidents()]
        other.close()

    assert "transaction already processed" in refused
    assert (["CREATED"], 0, 1) == found
    assert [IncidentKind.FOREIGN_TRANSACTION] == incidents


def test_same_browser(scenario: Scenario, visitor: Visitor) -> None:
    """The next person on a browser, whose owner left without closing the account, is shown nothing of that payment."""
    search(visitor, SIXTY)
    visitor.press("Valider", montant="20,00")
    token = dict(visitor.form_data("Confirmer et payer"))["token"]
    visitor.press("Confirmer et payer")
    visitor._browser.post(f"{scenario.url}/connexion", data={"token": token, "account": "B"}, timeout=10)
    visitor.open(f"{scenario.url}/paiement")

    assert (200, f"{scenario.url}/") == (visitor.status, visitor.url)
    assert "20,00" not in visitor.page.text


class TestMailbox:
    """The person alone can read, download, print and delete an acknowledgement."""

    @pytest.fixture
    def reader(self, scenario: Scenario, visitor: Visitor) -> Visitor:
        """Return a person who reads the acknowledgement of 20 EUR."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/messagerie")
        visitor.follow(LETTER)
        return visitor

    def test_content(self, scenario: Scenario, reader: Visitor) -> None:
        """It shows the sender, both days, the amount and the caisse; the PDF has a name of its own."""
        wanted = ["De : Assurance Maladie", f"{scenario.now():%d/%m/%Y}", "Sera supprimé le", "Montant : 20,00 €",
                  "CPAM du Puy-de-Dôme"]  # fmt: skip
        missing = [words for words in wanted if words not in reader.page.text]
        reader.follow("Télécharger en PDF")

        assert [] == missing
        assert (b"%PDF-", "attachment; filename=accuse-reception-") == (
            reader.content[:5],
            reader.headers["Content-Disposition"][:38],
        )

    def test_print(self, reader: Visitor) -> None:
        """The page to print has an inline style, allowed by a nonce."""
        reader.follow("Imprimer")
        nonce = reader.html.partition('nonce="')[2].partition('"')[0]

        assert f"'nonce-{nonce}'" in reader.headers["Content-Security-Policy"]

    def test_delete(self, scenario: Scenario, reader: Visitor) -> None:
        """After its deletion its address is unknown, and a repeated effect does not add it again."""
        address, payment = reader.url, scenario.ledger.payments()[0]
        reader.press("Supprimer")
        scenario.service._acknowledge(payment, f"{payment.transaction_reference}:PAID:acknowledgement")
        reader.open(address)

        assert (404, 0) == (reader.status, letters(reader))

    def test_other_person(self, scenario: Scenario, reader: Visitor) -> None:
        """The acknowledgements of another person are unknown."""
        other = Visitor(scenario.url)
        other.press("Ouvrir le compte B")
        statuses = []
        for path in ("", "/pdf", "/imprimer"):
            other.open(reader.url + path)
            statuses.append(other.status)
        other.close()

        assert [404] * 3 == statuses

    def test_retention(self, scenario: Scenario, reader: Visitor) -> None:
        """After six months it is no longer visible (R19)."""
        scenario.offset = timedelta(days=185)

        assert 0 == letters(reader)


def test_headers(visitor: Visitor) -> None:
    """No page can be framed or stored, or run a foreign script; each is marked as an example."""
    missing = []
    for path in ("/", "/creance", "/creances/4", "/messagerie", "/nowhere"):
        visitor.open(path)
        policy = visitor.headers["Content-Security-Policy"]
        missing += [
            (path, wanted)
            for wanted, found in (
                ("default-src 'none'", policy),
                ("frame-ancestors 'none'", policy),
                ("script-src 'self';", policy),
                ("no-store", visitor.headers["Cache-Control"]),
                ("nosniff", visitor.headers["X-Content-Type-Options"]),
                ("Exemple : aucun paiement réel", visitor.page.text),
            )
            if wanted not in found
        ]

    assert [] == missing


def test_cookie(scenario: Scenario) -> None:
    """The session cookie is hidden from scripts, and Lax."""
    nobody = Visitor(scenario.url)
    nobody.close()
    cookie = nobody.headers["Set-Cookie"]

    assert (True, True) == ("HttpOnly" in cookie, "SameSite=Lax" in cookie)


def test_no_reference_in_an_address(visitor: Visitor) -> None:
    """No address contains a notice reference (R22)."""
    search(visitor, SIXTY)
    visitor.press("Valider", montant="20,00")

    assert "0512" not in visitor.url


def test_public_names() -> None:
    """The portal imports public names of the library only."""
    packages = ("codes", "errors", "gateways", "gateways.sips", "ledger", "payments", "messages", "testing",
                "testing.sips")  # fmt: skip
    modules = {"creance_pay", *(f"creance_pay.{name}" for name in packages)}
    inside = []
    for path in PORTAL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("creance_pay"):
                names = importlib.import_module(node.module or "")
                known = node.module in modules and {alias.name for alias in node.names} <= {
                    *getattr(names, "__all__", vars(names)), "messages", "rules",
                }  # fmt: skip
                inside += [] if known or node.module == "creance_pay.testing.server" else [node.module]

    assert [] == inside


class TestBothReadings:
    """The screen of a debt under the minimum shows the selection, and works under both readings (Q7)."""

    SEVEN = "6311 6326 0000 0408 F"

    def seven(self, bank_page: LocalBank, folder: Path, name: str) -> Iterator[Visitor]:
        """Serve the portal under a policy, and search the debt of 7 EUR."""
        with serving_portal(bank_page, folder, policy=policy_named(name)) as scenario:
            person = Visitor(scenario.url)
            person.press("Ouvrir le compte A")
            search(person, self.SEVEN)
            yield person
            person.close()

    @pytest.fixture
    def of_reference(self, bank_page: LocalBank, tmp_path: Path) -> Iterator[Visitor]:
        """Return a person who searched 7 EUR, under the reading of the reference."""
        yield from self.seven(bank_page, tmp_path, "ameli-2019-11")

    @pytest.fixture
    def of_selection(self, bank_page: LocalBank, tmp_path: Path) -> Iterator[Visitor]:
        """Return a person who searched 7 EUR, under the reading of the selection."""
        yield from self.seven(bank_page, tmp_path, "ameli-2019-11-selection")

    def test_screen_of_the_guide(self, of_reference: Visitor) -> None:
        """The refusal has all parts of the guide's screen: a selection, its total and the amount; no way forward."""
        parts = [
            "inférieur au montant minimum de paiement en ligne",
            "0 référence sélectionnée",
            "Solde total à payer : 7,00 €",
            "champ obligatoire",
            "Vous pouvez payer en ligne entre 16 € et 50 € par paiement",
        ]

        assert [] == [part for part in parts if part not in plain(of_reference.page.text)]
        assert ">Valider<" not in of_reference.html

    def test_reference(self, of_reference: Visitor) -> None:
        """A larger selection does not help where the reference is compared with the minimum."""
        of_reference.press("Recalculer le solde", choix=["4"])

        assert "Solde total à payer : 67,00 €" in plain(of_reference.page.text)
        assert ">Valider<" not in of_reference.html

    def test_selection(self, of_selection: Visitor) -> None:
        """A larger selection is payable where the total is compared with the minimum; the order has both notices."""
        assert ">Valider<" not in of_selection.html
        of_selection.press("Recalculer le solde", choix=["4"])
        of_selection.press("Valider", choix=["4"], montant="20,00")
        of_selection.press("Confirmer et payer")

        assert "Aller sur la page de la banque" in of_selection.html


def test_unreadable_day_and_unknown_caisse(bank_page: LocalBank, tmp_path: Path) -> None:
    """Debts with an impossible day or of an unknown caisse are shown, and payable (R2, R3: warnings only)."""
    odd = [debt("A", "6311736600000512K", 2000), debt("A", "6321736600000513K", 3000)]
    with serving_portal(bank_page, tmp_path, {"A": Account(dict(enumerate(odd, 1)))}) as scenario:
        person = Visitor(scenario.url)
        person.press("Ouvrir le compte A")
        statuses = []
        for row in (1, 2):
            person.open(f"/creances/{row}")
            statuses.append((person.status, ">Valider<" in person.html))
        person.close()

    assert [(200, True)] * 2 == statuses
