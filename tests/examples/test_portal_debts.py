"""The list of the person's debts, the exclusions, the other means of payment, and debts of any kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitor import Visitor

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.ledger import ActKind, SqlLedger
from creance_pay.rules import Policy, load_policies, policy_named
from creance_pay.testing import LocalBank
from creance_pay.testing.sips import SipsTrialMerchant
from portal import create_portal
from portal.accounts import Account, debt
from portal.app import THEMES
from portal.means import OtherMeans, read_means
from portal_scenario import ACCEPTED, Scenario, go_to_bank, serving_portal
from samples import plain
from strategies import amounts, days, notice_references

REFERENCE, SELECTION = policy_named("ameli-2019-11"), policy_named("ameli-2019-11-selection")
#: The shipped policy, but a balance outside the band is refused at access (Q3).
(AT_ACCESS,) = load_policies(
    resources.files("creance_pay.rules")
    .joinpath("policy.toml")
    .read_text("utf-8")
    .replace('"notice"\n', '"access"\n', 1)
)
PORTAL = Path(__file__).resolve().parents[2] / "examples" / "portal"


Serve = Callable[..., tuple[Scenario, Visitor]]


@pytest.fixture
def serve(bank_page: LocalBank, tmp_path: Path) -> Iterator[Serve]:
    """Return a function that serves the portal, and opens account A."""
    with ExitStack() as opened:

        def start(policy: Policy = REFERENCE, *debts: Debt, theme: str = "sea") -> tuple[Scenario, Visitor]:
            """Serve it under a policy, with debts of account A in place of those of the example."""
            accounts = {"A": Account(dict(enumerate(debts, 1)))} if debts else None
            served: AbstractContextManager[Scenario] = serving_portal(
                bank_page, tmp_path, accounts, policy, THEMES / theme
            )
            scenario = opened.enter_context(served)
            person = Visitor(scenario.url)
            opened.callback(person.close)
            person.press("Ouvrir le compte A")
            return scenario, person

        yield start


def rows(person: Visitor) -> dict[str, str]:
    """Return the text of each row of the list, by the last five characters of its reference."""
    found = BeautifulSoup(person.html, "html.parser").select("#references tbody tr")
    texts = [" ".join(plain(row.get_text(" ")).split()) for row in found]
    return {text[:21].replace(" ", "")[-5:]: text for text in texts}


class TestList:
    """The person's debts, each with its amounts, and a way to pay one, several or all of them."""

    def test_every_debt(self, visitor: Visitor) -> None:
        """Each debt of the person is listed with both amounts, those that are closed included; no other person's is."""
        visitor.open("/creances")
        amounts = {key: re.findall(r"[\d,]+ €", text) for key, text in rows(visitor).items()}

        assert {
            "0344F": ["60,00 €", "60,00 €"],
            "0408F": ["7,00 €", "7,00 €"],
            "0297F": ["3,80 €", "3,80 €"],
            "0512K": ["60,00 €", "60,00 €"],
            "0733M": ["54,50 €", "24,50 €"],
            "0801B": ["90,00 €", "90,00 €"],
        } == amounts

    def test_closed_cannot_be_selected(self, visitor: Visitor) -> None:
        """A closed debt has no check box, and its address is refused."""
        visitor.open("/creances?choix=1")
        ticked = visitor.status
        visitor.open("/creances/selection?choix=6")

        assert (404, 404) == (ticked, visitor.status)

    def test_one(self, scenario: Scenario, visitor: Visitor) -> None:
        """One debt is paid from its row."""
        visitor.open("/creances")
        visitor.follow("Payer 6311 7260 0000 0512 K")
        visitor.press("Valider", montant="20,00")
        visitor.press("Confirmer et payer")

        assert [{"6311726000000512K": 2000}] == orders(scenario)

    def test_several(self, scenario: Scenario, visitor: Visitor) -> None:
        """Several debts are paid together, whatever their order: the largest one is compared with the minimum."""
        visitor.open("/creances")
        visitor.press("Payer la sélection", choix=["3", "4"])
        visitor.press("Valider", montant="20,00")
        visitor.press("Confirmer et payer")

        assert [{"6311631200000297F": 380, "6311726000000512K": 1620}] == orders(scenario)

    def test_all(self, scenario: Scenario, visitor: Visitor) -> None:
        """All open debts are selected, with the first payment of the plan; 95,30 EUR need two payments."""
        visitor.open("/creances")
        announced = "il faut 2 paiements : 50,00 €, 45,30 €" in visitor.page.text
        visitor.press("Tout payer")
        visitor.press("Valider")
        visitor.press("Confirmer et payer")
        paid = orders(scenario)[0]

        assert (True, 5000) == (announced, sum(paid.values()))
        assert {"6311631200000297F": 380, "6311632600000408F": 700} == {
            key: part for key, part in paid.items() if key in {"6311631200000297F", "6311632600000408F"}
        }

    def test_none(self, visitor: Visitor) -> None:
        """Without a selection the page explains that one is missing."""
        visitor.open("/creances")
        visitor.press("Payer la sélection")

        assert (422, True) == (visitor.status, "Sélectionnez au moins une référence." in visitor.page.text)

    def test_nothing_payable(self, serve: Serve) -> None:
        """Without a payable debt there is no button for all of them."""
        _, person = serve(REFERENCE, debt("A", "6311726000000512K", 700))
        person.open("/creances")
        offered = "Tout payer" in person.page.text
        person.open("/creances/selection?tout=1")

        assert (False, 404) == (offered, person.status)

    def test_needs_a_schedule(self, serve: Serve) -> None:
        """Debts of more than twelve payments have no plan: a plan of ten million euros would be a page without end."""
        _, person = serve(REFERENCE, debt("A", "6311726000000512K", 1_000_000_000))
        person.open("/creances")

        assert (False, True) == ("Tout payer" in person.page.text, "demandez un échéancier" in person.page.text)
        person.open("/creances/selection?tout=1")
        assert 404 == person.status

    @pytest.mark.parametrize(("policy", "payable"), [(REFERENCE, False), (SELECTION, True)])
    def test_small_debts(self, serve: Serve, policy: Policy, *, payable: bool) -> None:
        """Three debts of 7 EUR are payable together where the total is compared with the minimum."""
        small = [debt("A", f"631172600000051{number}K", 700) for number in range(3)]
        _, person = serve(policy, *small)
        person.open("/creances?choix=1&choix=2&choix=3")
        refused = "inférieur au montant minimum" in person.page.text
        person.press("Payer la sélection")

        assert (not payable, payable, True) == (
            refused, ">Valider<" in person.html, "Solde total à payer : 21,00 €" in person.page.text,
        )  # fmt: skip

    def test_other_caisse(self, serve: Serve) -> None:
        """Debts of two caisses are refused together, on the list itself."""
        _, person = serve(REFERENCE, debt("A", "6311726000000512K", 2000), debt("A", "0111726000000512K", 2000))
        person.open("/creances?choix=1&choix=2")

        assert "ne relèvent pas toutes de la même caisse" in person.page.text

    def test_nothing_for_a_selected_debt(self, visitor: Visitor) -> None:
        """The recapitulation explains why a selected debt receives nothing."""
        visitor.open("/creances/5/recapitulatif?choix=4&montant=16")

        assert "Rien : ce montant va d’abord aux autres références." in visitor.page.text

    def test_nothing_for_a_covered_debt(self, serve: Serve) -> None:
        """An accepted payment that covers a debt, or a debt of nothing, is the reason why it receives nothing."""
        scenario, person = serve(
            REFERENCE,
            debt("A", "6311726000000512K", 2000),
            debt("A", "6311730100000733M", 3000),
            debt("A", "6311730100000734M", 3000, paid=3000),
        )
        go_to_bank(person)
        person.press("Valider", card=ACCEPTED)
        person.open(f"{scenario.url}/creances/2/recapitulatif?choix=1&choix=3&montant=30")

        assert ["Rien : un paiement déjà accepté couvre cette référence.", "Rien : il ne reste rien à payer"] == [
            words
            for words in ("Rien : un paiement déjà accepté couvre cette référence.", "Rien : il ne reste rien à payer")
            if words in person.page.text
        ]
        person.open("/creances")
        assert "Paiement accepté, bientôt affiché" in rows(person)["0512K"]
        assert "Rien à payer" in rows(person)["0734M"]


def orders(scenario: Scenario) -> list[dict[str, int]]:
    """Return the cents of each notice, for each order."""
    return [
        {str(notice): part.cents for notice, part in each.order.notices.items()} for each in scenario.ledger.payments()
    ]


class TestHistory:
    """The payments of the person, with their state, their receipt, and a way to resume them."""

    def test_resume(self, scenario: Scenario, visitor: Visitor) -> None:
        """A payment whose tab was closed starts again from the list, in a new session too."""
        go_to_bank(visitor)
        again = Visitor(scenario.url)
        again.press("Ouvrir le compte A")
        again.follow("Mes créances")
        again.follow(f"Reprendre ce paiement {scenario.ledger.payments()[0].transaction_reference}")
        again.press("Recommencer le paiement")
        again.press("Aller sur la page de la banque")
        again.press("Valider", card=ACCEPTED)
        again.close()

        assert "PAID" == scenario.states()[-1]

    def test_receipt(self, scenario: Scenario, visitor: Visitor) -> None:
        """An accepted payment links to its state and to its acknowledgement."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.open(f"{scenario.url}/creances")
        reference = scenario.ledger.payments()[0].transaction_reference
        visitor.follow(f"Voir l’état {reference}")
        state = "Nous vous remercions pour votre paiement" in visitor.page.text
        visitor.open("/creances")
        visitor.follow(f"Accusé de réception {reference}")

        assert (True, True) == (state, "Montant : 20,00 €" in visitor.page.text)

    def test_other_person(self, scenario: Scenario, visitor: Visitor) -> None:
        """The signed address of a payment is unknown in another account, and without its signature."""
        go_to_bank(visitor)
        visitor.open(f"{scenario.url}/creances")
        address = visitor.page.links[f"Reprendre ce paiement {scenario.ledger.payments()[0].transaction_reference}"]
        other, statuses = Visitor(scenario.url), []
        other.press("Ouvrir le compte B")
        for path in (address, "/paiements/PCLCB172540000004"):
            other.open(path)
            statuses.append(other.status)
        other.close()

        assert [404, 404] == statuses

    @pytest.mark.parametrize(
        ("act", "title"),
        [("posted", "Paiement enregistré"), ("rejected", "Paiement à vérifier par votre caisse"),
         ("begin", "Remboursement en cours")],
    )  # fmt: skip
    def test_states(self, scenario: Scenario, visitor: Visitor, act: str, title: str) -> None:
        """The page of the payment and the list show what the ledger knows beyond the state."""
        go_to_bank(visitor)
        visitor.press("Valider", card=ACCEPTED)
        visitor.press("Aller au compte")
        reference, service = scenario.ledger.payments()[0].transaction_reference, scenario.service.payment_service
        if act == "posted":
            service.posted(reference, by="a job")
        elif act == "rejected":
            service.rejected(reference, by="a job", reason="a reason")
        else:
            scenario.ledger.begin(
                reference, ActKind.REFUND, None, by="an operator", reason="a reason", now=scenario.now()
            )
        visitor.open(visitor.url)
        shown = title in visitor.page.text
        visitor.open("/creances")

        assert (True, True) == (shown, title in visitor.page.text)


class TestExclusions:
    """The three cases of exclusion of the guide, each with another means of payment."""

    @pytest.mark.parametrize(
        ("account", "sentence"),
        [
            ("C", "Vous n’avez pas reçu d’avis de sommes à payer."),
            ("D", "Le paiement en ligne concerne les soldes à partir de 50 €."),
            ("E", "Le paiement en ligne concerne les soldes jusqu’à 150 €."),
        ],
    )
    def test_without_notice(self, scenario: Scenario, account: str, sentence: str) -> None:
        """No notice, under the band, over the band: the list and step 1 explain it."""
        person, found = Visitor(scenario.url), []
        person.press(f"Ouvrir le compte {account}")
        for path in ("/creances", "/creance"):
            person.open(path)
            found.append(sentence in person.page.text)
        person.open("/creances")
        person.close()

        assert ([True, True], True) == (found, "par virement ou par chèque" in person.page.text)

    @pytest.mark.parametrize(("cents", "sentence"), [(4000, "à partir de 50 €"), (20000, "jusqu’à 150 €")])
    def test_band_at_access(self, serve: Serve, cents: int, sentence: str) -> None:
        """Under a policy that tests the band at access, the debt is refused, and the other means are shown."""
        _, person = serve(AT_ACCESS, debt("A", "6311726000000512K", cents))
        person.open("/creances/1")

        assert (True, False) == (sentence in person.page.text, ">Valider<" in person.html)
        assert "FR14 2004 1010 0505 0001 3M02 606" in person.page.text

    def test_no_debt(self, serve: Serve) -> None:
        """A person who owes nothing is told so."""
        scenario, person = serve()
        scenario.service.accounts = {"A": Account({})}
        person.open("/creances")

        assert "Vous n’avez aucune créance." in person.page.text


class TestOtherMeans:
    """The other means of payment of a caisse."""

    def test_shown(self, visitor: Visitor) -> None:
        """The refusal of the annex names the transfer, the cheque and the reference."""
        visitor.open("/creances/2")
        wanted = [
            "FR14 2004 1010 0505 0001 3M02 606",
            "Avis 6311 6326 0000 0408 F",
            "À l’ordre de",
            "délai de paiement",
        ]

        assert [] == [words for words in wanted if words not in visitor.page.text]

    def test_unknown_caisse(self, serve: Serve) -> None:
        """For a caisse without such means the person is sent to the caisse."""
        _, person = serve(REFERENCE, debt("A", "6321726000000514K", 700))
        person.open("/creances/1")

        assert "Demandez à votre caisse comment payer par virement ou par chèque." in person.page.text
        assert "IBAN" not in person.page.text

    def test_iban(self) -> None:
        """The account of the example is the registry's own: its check digits are right (ISO 13616)."""
        for means in read_means().values():
            moved = means.iban[4:] + means.iban[:4]
            assert 1 == int("".join(str(int(character, 36)) for character in moved)) % 97

    def test_label_escaped(self) -> None:
        """The alternative text of the code cannot add an element."""
        means = OtherMeans(payee="P", iban="FR1420041010050500013M02606")

        assert "<b>" not in means.qr_code(NoticeReference("6311726000000512K"), Euros(700), "<b>")


def test_unknown_caisse_paid(serve: Serve) -> None:
    """The acknowledgement of a payment for a caisse that the directory lacks is a letter, and no error (R3)."""
    scenario, person = serve(REFERENCE, debt("A", "6321726000000514K", 2000))
    go_to_bank(person, reference="6321726000000514K")
    person.press("Valider", card=ACCEPTED)
    person.open(f"{scenario.url}/messagerie")
    person.follow("Accusé de réception de votre paiement de créance")

    assert (200, True) == (person.status, "Caisse : Caisse 632" in person.page.text)


class TestLanguages:
    """Every page exists in both languages."""

    def test_complete(self) -> None:
        """Each text of the templates has an English one, and no English one is left over."""
        options = {"**.html": {"trimmed": "true"}}
        found = {each[2] for each in extract_from_dir(PORTAL, [("**.html", "jinja2")], options)}
        with (PORTAL / "locales" / "en.po").open("rb") as file:
            known = {message.id for message in read_po(file) if message.id and message.string and all(message.string)}

        assert found == known

    def test_switch(self, visitor: Visitor) -> None:
        """The switch leads back to the same page with its selection, and lasts after signing out."""
        visitor.open("/creances/4?choix=3&montant=20")
        visitor.follow("English")
        page = visitor.url.partition("/creances")[2], "1 reference selected" in visitor.page.text, visitor.html
        visitor.press("Sign out")

        assert ("/4?choix=3&montant=20", True) == page[:2]
        assert ('<html lang="en">' in page[2], True) == (True, "Open account A" in visitor.page.text)

    @pytest.mark.parametrize(
        "target",
        ["//example.org/", "https://example.org/creance", "/nowhere", "/retour", "", "/\\e", "http://["],
    )
    def test_foreign_target(self, visitor: Visitor, scenario: Scenario, target: str) -> None:
        """The switch leads to pages of the portal alone."""
        visitor._browser.get(f"{scenario.url}/langue/en", params={"page": target}, timeout=10)
        answer = visitor._browser.get(
            f"{scenario.url}/langue/fr", params={"page": target}, timeout=10, allow_redirects=False
        )

        assert answer.headers["Location"] in {"/", "/creance"}

    def test_unknown_language(self, visitor: Visitor) -> None:
        """A cookie with another value gives French, and another language has no address."""
        visitor.cookies.set("langue", "xx")
        visitor.open("/creance")
        shown = '<html lang="fr">' in visitor.html
        visitor.open("/langue/xx")

        assert (True, 404) == (shown, visitor.status)


class TestThemes:
    """A caisse's theme replaces variables, logo, header and footer."""

    def test_variables(self) -> None:
        """Each theme sets every variable that the style sheet uses, and no other."""
        sheet = (PORTAL / "static" / "portal.css").read_text("utf-8")
        used = set(re.findall(r"var\((--[\w-]+)\)", sheet))
        themes = sorted(each for each in THEMES.iterdir())

        assert [used] * 2 == [
            set(re.findall(r"(--[\w-]+):", (each / "theme.css").read_text("utf-8"))) for each in themes
        ]

    def test_replaced(self, serve: Serve) -> None:
        """The second theme has its own header, footer and files; nothing else of its folder is served."""
        _, person = serve(theme="meadow")
        own = "Caisse du pré" in person.page.text and "Écrivez-nous dans votre compte." in person.page.text
        statuses = {}
        for name in ("theme.css", "logo.svg", "header.html", "../app.py"):
            person.open(f"/theme/{name}")
            statuses[name] = person.status

        assert (True, {"theme.css": 200, "logo.svg": 200, "header.html": 404, "../app.py": 404}) == (own, statuses)


class TestInformation:
    """The pages that a public service owes, from every page."""

    @pytest.mark.parametrize(
        ("link", "words"),
        [
            ("Accessibilité : non conforme", "Défenseur des droits"),
            ("Mentions légales", "Hébergeur"),
            ("Données personnelles", "CNIL"),
            ("Plan du site", "Ma messagerie"),
        ],
    )
    def test_reached(self, scenario: Scenario, link: str, words: str) -> None:
        """Each is reached from the footer, without an account."""
        nobody = Visitor(scenario.url)
        links = {" ".join(text.split()): url for text, url in nobody.page.links.items()}
        nobody.open(links[link])
        nobody.close()

        assert (200, True) == (nobody.status, words in nobody.page.text)

    def test_unknown(self, visitor: Visitor) -> None:
        """No other page is there."""
        visitor.open("/informations/links")

        assert 404 == visitor.status


#: Debts as a caisse's system might have them, sums and days that contradict each other included.
strange_debts = st.builds(
    Debt,
    reference=notice_references,
    kind=st.sampled_from(DebtKind),
    initial=amounts,
    remaining=st.one_of(amounts, st.integers(0, 8000).map(Euros)),
    issued_on=st.none() | days,
    open_online=st.booleans(),
    debtor=st.none() | st.sampled_from("AB"),
)
#: Several debts; a reference may occur twice.
strange_lists = st.lists(strange_debts, max_size=4).flatmap(
    lambda debts: st.permutations([*debts, *debts[:1]]) | st.just(debts)
)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Build a portal without a server, and without a bank."""
    app = create_portal(SipsTrialMerchant().gateway("http://127.0.0.1:9"), tmp_path_factory.mktemp("portal"))
    yield app
    ledger = app.extensions["portal"].ledger
    assert isinstance(ledger, SqlLedger)
    ledger.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    debts=strange_lists,
    policy=st.sampled_from([REFERENCE, SELECTION, AT_ACCESS]),
    without_notice=amounts,
    ticked=st.lists(st.integers(1, 6), max_size=3),
    typed=st.sampled_from(["", "16", "50,00", "x", "20,001"]),
    lang=st.sampled_from(["fr", "en"]),
)
def test_no_error(
    application: Flask,
    *,
    debts: list[Debt],
    policy: Policy,
    without_notice: Euros,
    ticked: list[int],
    typed: str,
    lang: str,
) -> None:
    """Every page answers for debts of any kind: a refusal perhaps, and never an error of the server."""
    service = application.extensions["portal"]
    service.accounts = {"A": Account(dict(enumerate(debts, 1)), without_notice)}
    service.policy, service._misses = policy, {"A": service._misses["A"]}
    client, query = application.test_client(), "&".join(f"choix={row}" for row in ticked)
    token = token_of(client, "/")
    client.post("/connexion", data={"token": token, "account": "A"})
    client.set_cookie("langue", lang)
    paths = ["/", "/creances", f"/creances?{query}", f"/creances/selection?{query}", "/creances/selection?tout=1"]
    paths += [
        f"/creances/{row}{page}?{query}&montant={typed}" for row in range(1, 4) for page in ("", "/recapitulatif")
    ]
    statuses = {path: client.get(path).status_code for path in paths}
    token = token_of(client, "/creances")
    for row in (1, 2):
        fields = {"token": token, "choix": [str(row) for row in ticked], "montant": typed}
        statuses[f"pay {row}"] = client.post(f"/creances/{row}/paiement", data=fields).status_code
    statuses["history"] = client.get("/creances").status_code

    assert {} == {path: status for path, status in statuses.items() if status not in {200, 303, 404, 409, 422}}


def token_of(client: FlaskClient, path: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]
