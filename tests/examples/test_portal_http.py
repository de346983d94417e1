"""The example portal over real HTTP: what a person may do, what a tampered form gets, what the bank tells."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
import requests
from visitor import Visitor

from creance_pay import PaymentState, Source
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import ReportLine, SealAlgorithm, seal
from creance_pay.ledger import Payment
from creance_pay.testing import TrialMerchant
from creance_pay.testing.sips import Fault
from portal_scenario import ACCEPTED, REFUSED, SIXTY, Scenario, go_to_bank

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
    """Post a form as a server does, and give the status."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, data=dict(fields), timeout=10).status_code


def letters(visitor: Visitor) -> int:
    """Count the messages of the mailbox."""
    visitor.open("/messagerie")
    return visitor.html.count('href="/messagerie/')


class TestSearch:
    """Step 1 finds what the person owes, and says nothing about anything else."""

    def test_found(self, visitor: Visitor) -> None:
        """A reference as letters print it leads to the debt."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference=" 6311 7260 0000 0512 k ")

        assert (200, True) == (visitor.status, "Montant restant dû60,00 €" in visitor.page.text)

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("", "La référence de votre avis est obligatoire."),
            ("631163120000297F", "s’agit-il de 6311 6312 0000 0297 F ?"),
            ("6311 705 4 0000 0: 344 F", "s’agit-il de 6311 7054 0000 0344 F ?"),
            ("<b>", "Une référence se compose de 16 chiffres et d’une lettre."),
            ("6311 7054 0000 0344 F", NOT_OPEN),
        ],
    )
    def test_told(self, visitor: Visitor, typed: str, told: str) -> None:
        """What is not a reference is explained, with the guide's own misprints corrected."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference=typed)

        assert (422, True, "Erreur : ") == (visitor.status, told in visitor.page.text, visitor.page.title[:9])

    def test_one_answer(self, visitor: Visitor) -> None:
        """Closed, of a closed kind, somebody else's and nobody's: one page, word for word (G17, R21)."""
        pages = set()
        for reference in ("6311705400000344F", "6311731000000801B", "6311725000000891H", "6311725000000999Z"):
            visitor.open("/creance")
            visitor.press("Rechercher", reference=reference)
            pages.add(visitor.html.replace(reference, ""))

        assert 1 == len(pages)

    def test_limit(self, visitor: Visitor) -> None:
        """Who tries references out is stopped, and for the same ten minutes a right one is no help (G17)."""
        for number in range(20):
            visitor.open("/creance")
            visitor.press("Rechercher", reference=f"63117250000{number:05}H")
        visitor.open("/creance")
        visitor.press("Rechercher", reference=SIXTY)

        assert (429, True) == (visitor.status, "revenez dans dix minutes" in visitor.page.text)

    def test_limit_ends(self, scenario: Scenario, visitor: Visitor) -> None:
        """After ten minutes the person may search again."""
        for number in range(20):
            visitor.open("/creance")
            visitor.press("Rechercher", reference=f"63117250000{number:05}H")
        scenario.offset = timedelta(minutes=10)
        visitor.open("/creance")
        visitor.press("Rechercher", reference=SIXTY)

        assert 200 == visitor.status


class TestTampering:
    """The form gives choices: debts and amounts are read again on the server (G18)."""

    @pytest.fixture
    def confirming(self, visitor: Visitor) -> Visitor:
        """Give a person who is about to confirm 20 EUR of the 60."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference=SIXTY)
        visitor.press("Valider", montant="20,00")
        return visitor

    @pytest.mark.parametrize("amount", ["15,99", "50,01", "0", "-20", "20,001", "1e1", "", "5000"])
    def test_amount(self, scenario: Scenario, confirming: Visitor, amount: str) -> None:
        """An amount that could not be typed cannot be confirmed either."""
        confirming.press("Confirmer et payer", montant=amount)

        assert (422, []) == (confirming.status, scenario.states())

    @pytest.mark.parametrize(
        ("rows", "status"),
        [(["101"], 404), (["1"], 404), (["6"], 404), (["999"], 404), (["3", "3"], 422), (["4"], 422)],
        ids=["other person's", "closed", "closed kind", "nobody's", "one twice", "itself again"],
    )
    def test_debts(self, scenario: Scenario, confirming: Visitor, rows: list[str], status: int) -> None:
        """A debt that was not offered cannot be added."""
        confirming.press("Confirmer et payer", choix=rows)

        assert (status, []) == (confirming.status, scenario.states())

    @pytest.mark.parametrize("row", [1, 6, 101, 999])
    def test_address(self, scenario: Scenario, confirming: Visitor, row: int) -> None:
        """Nor can another debt be put in the place of the one that was searched for."""
        fields = confirming.form_data("Confirmer et payer")
        confirming.post(f"/creances/{row}/paiement", fields)

        assert (404, []) == (confirming.status, scenario.states())

    def test_field_not_offered(self, scenario: Scenario, confirming: Visitor) -> None:
        """Fields that no form has change nothing: what the bank is asked for is the server's."""
        confirming.press("Confirmer et payer", amount="1", remaining="1", total="100", notices="x")

        assert [2000] == [entry.amount.cents for entry in scenario.ledger.payments()]

    def test_shares(self, scenario: Scenario, visitor: Visitor) -> None:
        """Each notice receives what the rules give it: first the searched one, then the oldest (R13)."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference="6311 7301 0000 0733 M")
        visitor.press("Valider", montant="30,00", choix=["4", "3"])
        visitor.press("Confirmer et payer")
        shares = {str(notice)[-5:]: part.cents for notice, part in scenario.ledger.payments()[0].order.notices.items()}

        assert {"0733M": 2450, "0297F": 380, "0512K": 170} == shares

    @pytest.mark.parametrize("token", [None, "", "x" * 43, "é"])
    def test_token(self, scenario: Scenario, confirming: Visitor, token: str | None) -> None:
        """A form from elsewhere, without this session's token, does nothing."""
        confirming.press("Confirmer et payer", token=token)

        assert (400, []) == (confirming.status, scenario.states())

    @pytest.mark.parametrize(
        "path", ["/creance", "/creances/4", "/creances/4/recapitulatif", "/paiement", "/messagerie"]
    )
    def test_nobody(self, scenario: Scenario, path: str) -> None:
        """Without an account every page leads to where one is opened."""
        nobody = Visitor(scenario.url)
        nobody.open(path)
        nobody.close()

        assert f"{scenario.url}/" == nobody.url


class TestBank:
    """What the bank tells, by both ways, reaches the ledger once and the person in words."""

    @pytest.mark.parametrize(
        ("card", "button", "told", "count"),
        [
            (ACCEPTED, "Valider", THANKS, 1),
            (REFUSED, "Valider", "Votre transaction de paiement a échoué.", 0),
            (ACCEPTED, "Abandonner", "Vous avez quitté la page de paiement. Rien n’a été débité.", 0),
            ("5017670000001860", "Valider", "Nous n’avons pas encore la réponse de la banque.", 0),
        ],
    )
    def test_return(self, visitor: Visitor, card: str, button: str, told: str, count: int) -> None:
        """Back in the account, the sentence of the guide; an acknowledgement for what is paid alone."""
        go_to_bank(visitor)
        visitor.press(button, card=card)
        visitor.press("Aller au compte")

        assert (200, True, count) == (visitor.status, told in visitor.page.text, letters(visitor))

    @pytest.mark.parametrize("fault", [Fault.DOUBLED, Fault.OUT_OF_ORDER, Fault.LOST, Fault.LATE, Fault.HTML_ERROR])
    def test_notifications(self, scenario: Scenario, visitor: Visitor, fault: Fault) -> None:
        """However the notifications come, there is one payment and one acknowledgement."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED, fault=fault.value)
        visitor.press("Aller au compte")
        scenario.bank.wait(timedelta(minutes=1))

        assert (["PAID"], 1) == (scenario.states(), letters(visitor))

    def test_return_never_comes(self, scenario: Scenario, visitor: Visitor) -> None:
        """Who closes the bank's page has paid all the same."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(scenario.url)

        assert (["PAID"], 1) == (scenario.states(), letters(visitor))

    @pytest.mark.parametrize(
        ("fault", "status"), [(Fault.FORGED, 400), (Fault.EMPTY_SEAL, 400), (Fault.WRONG_AMOUNT, 200)]
    )
    def test_not_believed(self, scenario: Scenario, visitor: Visitor, fault: Fault, status: int) -> None:
        """A forged answer changes nothing; the person is told to wait, and not to pay twice."""
        go_to_bank(visitor)
        visitor.press("Valider", card=REFUSED, fault=fault.value)
        visitor.press("Aller au compte")
        told = "Ne payez pas une deuxième fois." in visitor.page.text

        assert (status, True, ["CREATED"], 0) == (visitor.status, told, scenario.states(), letters(visitor))

    @pytest.mark.parametrize("currency", ["392", "414", "XXX", "eur", "EUR", "0978"])
    def test_currency(self, scenario: Scenario, visitor: Visitor, bank_merchant: TrialMerchant, currency: str) -> None:
        """An authentic notification in another currency, or another spelling of it, is not this order's (F51)."""
        go_to_bank(visitor)
        order = scenario.ledger.payments()[0].order
        data = f"merchantId={bank_merchant.merchant_id}|transactionReference={order.transaction_reference}|amount=2000"
        data += f"|currencyCode={currency}|responseCode=00|keyVersion=2|transactionDateTime=2026-11-23T12:00:00+01:00"
        sealed = seal(data, bank_merchant.keys.current, SealAlgorithm.HMAC_SHA_256)
        status = post(f"{scenario.url}/notification", {"Data": data, "Seal": sealed, "InterfaceVersion": "HP_3.4"})

        assert (200, ["CREATED"]) == (status, scenario.states())

    def test_same_cents(self, scenario: Scenario, visitor: Visitor) -> None:
        """The recapitulation, the ledger, the bank and the acknowledgement have the same cents (F52)."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference=SIXTY)
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

    @pytest.mark.parametrize("path", ["/notification", "/retour"])
    def test_get(self, scenario: Scenario, path: str) -> None:
        """The bank's addresses are posted to (B43)."""
        nobody = Visitor(f"{scenario.url}{path}")
        nobody.close()

        assert 405 == nobody.status

    def test_too_large(self, scenario: Scenario) -> None:
        """A body that no bank would send is not read."""
        assert 413 == post(f"{scenario.url}/notification", {"Data": "x" * 70_000})

    def test_guessed_address(self, visitor: Visitor) -> None:
        """The address of a payment's state cannot be made up: the page says nothing of a payment."""
        visitor.open("/?paiement=PCLCB172540000004")

        assert (200, False) == (visitor.status, "message-title" in visitor.html)


class TestAgain:
    """A debt is not paid twice by accident."""

    def test_open_payment(self, scenario: Scenario, visitor: Visitor) -> None:
        """While the bank's page is open, another payment of the notice is not started."""
        go_to_bank(visitor)
        visitor.open(f"{scenario.url}/creances/4/recapitulatif?montant=20,00")
        visitor.press("Confirmer et payer")

        assert (409, ["CREATED"], True) == (
            visitor.status,
            scenario.states(),
            "Un paiement est déjà en cours" in visitor.page.title,
        )

    def test_given_up(self, scenario: Scenario, visitor: Visitor) -> None:
        """Who left the bank's page without a word may begin again: the bank is asked first."""
        go_to_bank(visitor)
        visitor.open(f"{scenario.url}/paiement")
        visitor.press("Recommencer le paiement")
        visitor.press("Aller sur la page de la banque")
        visitor.press("Valider", card=ACCEPTED)

        assert "PAID" == scenario.states()[-1]

    def test_accepted_and_not_shown(self, scenario: Scenario, visitor: Visitor) -> None:
        """Until an accepted payment shows, the notice takes no other, and what is left is subtracted (R25)."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/creances/4")
        pending = "Paiement accepté, bientôt affiché20,00 €" in visitor.page.text
        visitor.press("Valider", montant="20,00")
        visitor.press("Confirmer et payer")

        assert (True, 409, "Recommencer le paiement" in visitor.html) == (pending, visitor.status, False)

    def test_shown(self, scenario: Scenario, visitor: Visitor) -> None:
        """After a day the payment is among the last ones (R17)."""
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
            assert store.compare_and_set(attrs.evolve(payment, state=state, version=payment.version + 1))

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


class TestMailbox:
    """The acknowledgement can be read, kept, printed and deleted, by its person alone."""

    @pytest.fixture
    def reader(self, scenario: Scenario, visitor: Visitor) -> Visitor:
        """Give a person who reads the acknowledgement of 20 EUR."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/messagerie")
        visitor.follow(LETTER)
        return visitor

    def test_words(self, scenario: Scenario, reader: Visitor) -> None:
        """Sender, both days and the mentions of the law are there."""
        sent = scenario.now()
        wanted = [
            "De : Assurance Maladie",
            f"{sent:%d/%m/%Y}",
            "Sera supprimé le",
            "Montant : 20,00 €",
            "CPAM du Puy-de-Dôme",
        ]

        assert [] == [words for words in wanted if words not in reader.page.text]

    def test_pdf(self, reader: Visitor) -> None:
        """The file is a PDF with a name of its own."""
        reader.follow("Télécharger en PDF")

        assert (b"%PDF-", "attachment; filename=accuse-reception-") == (
            reader.content[:5],
            reader.headers["Content-Disposition"][:38],
        )

    def test_print(self, reader: Visitor) -> None:
        """The page for paper has its style, by a nonce that the policy names."""
        reader.follow("Imprimer")
        nonce = reader.html.partition('nonce="')[2].partition('"')[0]

        assert f"'nonce-{nonce}'" in reader.headers["Content-Security-Policy"]

    def test_delete(self, reader: Visitor) -> None:
        """Once deleted it is gone, also from its own address."""
        address = reader.url
        reader.press("Supprimer")
        reader.open(address)

        assert (404, 0) == (reader.status, letters(reader))

    def test_other_person(self, scenario: Scenario, reader: Visitor) -> None:
        """Somebody else's message does not exist."""
        other = Visitor(scenario.url)
        other.press("Ouvrir le compte B")
        statuses = []
        for path in ("", "/pdf", "/imprimer"):
            other.open(reader.url + path)
            statuses.append(other.status)
        other.close()

        assert [404] * 3 == statuses

    def test_retention(self, scenario: Scenario, reader: Visitor) -> None:
        """After six months it has left the mailbox (R19)."""
        scenario.offset = timedelta(days=185)

        assert 0 == letters(reader)

    def test_effect_again(self, scenario: Scenario, reader: Visitor) -> None:
        """The effect that runs twice puts in one message, and brings no deleted one back."""
        entry = scenario.ledger.payments()[0]
        reader.press("Supprimer")
        key = f"{entry.transaction_reference}:PAID:acknowledgement"
        scenario.service._acknowledge(entry, key)

        assert 0 == letters(reader)


class TestEveryPage:
    """What every page has."""

    @pytest.mark.parametrize("path", ["/", "/creance", "/creances/4", "/messagerie", "/nowhere"])
    def test_headers(self, visitor: Visitor, path: str) -> None:
        """No page may be framed, kept, or run what is not the portal's; each says that it is an example."""
        visitor.open(path)
        policy = visitor.headers["Content-Security-Policy"]

        assert [] == [
            wanted
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

    def test_cookie(self, scenario: Scenario) -> None:
        """The session's cookie is for no script, and does not come with another site's form."""
        nobody = Visitor(scenario.url)
        nobody.close()
        cookie = nobody.headers["Set-Cookie"]

        assert (True, True) == ("HttpOnly" in cookie, "SameSite=Lax" in cookie)

    def test_no_reference_in_an_address(self, visitor: Visitor) -> None:
        """No address names a notice (R22)."""
        visitor.open("/creance")
        visitor.press("Rechercher", reference=SIXTY)
        visitor.press("Valider", montant="20,00")

        assert "0512" not in visitor.url


def test_public_names() -> None:
    """The portal imports from the library what its documentation offers, and nothing from inside."""
    packages = (
        "codes",
        "errors",
        "gateways",
        "gateways.sips",
        "ledger",
        "payments",
        "messages",
        "testing",
        "testing.sips",
    )
    modules = {"creance_pay", *(f"creance_pay.{name}" for name in packages)}
    inside = []
    for path in PORTAL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("creance_pay"):
                names = importlib.import_module(node.module or "")
                known = node.module in modules and {alias.name for alias in node.names} <= {
                    *getattr(names, "__all__", vars(names)), "messages", "rules",
                }  # fmt: skip
                inside += [] if known or node.module == "creance_pay.testing.sips.server" else [node.module]

    assert [] == inside


def test_sources_agree(scenario: Scenario, visitor: Visitor) -> None:
    """Return and notification of one payment both stand in the ledger: one applied, the other known already."""
    go_to_bank(visitor)
    visitor.press("Valider", card=ACCEPTED)
    visitor.press("Aller au compte")
    records = scenario.ledger.events(scenario.ledger.payments()[0].transaction_reference)

    assert [(Source.NOTIFICATION, "APPLIED"), (Source.RETURN, "DUPLICATE")] == [
        (record.evidence.source, record.disposition) for record in records
    ]
