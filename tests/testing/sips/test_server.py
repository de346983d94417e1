"""The bank's pages over real HTTP on this machine, with a listener that gets the notification."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import attrs
import pytest
from flask import Flask, request

from creance_pay import HttpMessage, PaymentOrder, PaymentState, Source
from creance_pay.errors import GatewayUnavailableError, MissingExtraError
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.gateways.transport import HttpAnswer
from creance_pay.testing.sips import Authentication, Fault, SipsBank, TrialCard
from creance_pay.testing.sips.server import bank_pages, serving, serving_bank
from sips_shop import MERCHANT, NOON, order, ring, shop

CARD = "5017670000001800"


class Page(HTMLParser):
    """A page's text, and the form on it."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__()
        self.html, self.words, self.action, self.fields = html, "", "", dict[str, str]()
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the form's address and its hidden fields."""
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found["action"]
        if found.get("type") == "hidden":
            self.fields[found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        """Gather the text."""
        self.words += data


def post(url: str, fields: Mapping[str, str]) -> tuple[int, Page]:
    """Post a form, without any proxy."""
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, data=urlencode(fields).encode(), timeout=10) as answer:
            return answer.status, Page(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.code, Page(error.read().decode())


@attrs.frozen
class Street:
    """A bank, and a portal that listens to it."""

    bank_url: str
    gateway: SipsPaypage
    placed: PaymentOrder
    heard: list[HttpMessage]

    def enter(self) -> tuple[int, Page]:
        """Leave the portal for the bank's page."""
        form = self.gateway.initiate(self.placed)
        return post(form.action, form.fields)

    def decide(self, **choice: str) -> tuple[int, Page]:
        """Go to the bank's page, and answer there."""
        self.enter()
        return self.finish(**choice)

    def finish(self, **choice: str) -> tuple[int, Page]:
        """Answer on the bank's page once one is there."""
        return post(f"{self.bank_url}/payment", {"reference": self.placed.transaction_reference, **choice})


@pytest.fixture
def bank() -> SipsBank:
    """Open a bank."""
    return SipsBank({MERCHANT: ring()}, clock=lambda: NOON)


@pytest.fixture
def street(bank: SipsBank) -> Iterator[Street]:
    """Open a bank and a portal on two free ports of this machine."""
    heard: list[HttpMessage] = []
    portal = Flask("portal")

    @portal.post("/notification")
    def _hear() -> str:
        heard.append(HttpMessage(request.get_data(), dict(request.headers)))
        return ""

    with serving(portal) as portal_url, serving(bank_pages(bank)) as bank_url:
        gateway = shop(host=SipsHost.loopback(bank_url))
        placed = order(return_url=f"{portal_url}/return", notification_url=f"{portal_url}/notification")
        yield Street(bank_url, gateway, placed, heard)


class TestPaymentPage:
    """The bank's page shows what is to be paid."""

    @pytest.mark.parametrize("shown", ["16,00 €", "REF1", MERCHANT])
    def test_shown(self, street: Street, shown: str) -> None:
        """Amount, reference and shop are on the page."""
        status, page = street.enter()

        assert (200, True) == (status, shown in page.words)

    def test_again(self, street: Street) -> None:
        """The same form twice is refused: the reference was used."""
        street.enter()
        status, page = street.enter()

        assert (400, True) == (status, "transaction already processed" in page.words)

    @pytest.mark.parametrize("changes", [{"Seal": "0" * 64}, {"Seal": ""}, {"Data": "merchantId=<script>"}])
    def test_refused(self, street: Street, changes: dict[str, str]) -> None:
        """A request that is refused gets a page that says so."""
        form = street.gateway.initiate(street.placed)
        status, page = post(form.action, {**form.fields, **changes})

        assert (400, True) == (status, "Demande de paiement refusée" in page.words)

    def test_broken_request(self, street: Street) -> None:
        """A request without any field is refused too."""
        assert 400 == post(f"{street.bank_url}/paymentInit", {})[0]

    @pytest.mark.parametrize("fields", [{}, {"reference": "REF2"}, {"reference": "<script>"}])
    def test_unknown_payment(self, street: Street, fields: dict[str, str]) -> None:
        """A decision about a payment that nobody asked for is refused."""
        assert 400 == post(f"{street.bank_url}/payment", {**fields, "card": CARD})[0]


class TestDecision:
    """What the person does reaches the portal twice."""

    @pytest.mark.parametrize(
        ("choice", "outcome", "sentence"),
        [
            ({"card": CARD}, PaymentState.PAID, "Votre paiement a été accepté."),
            ({"card": "5017670000001805"}, PaymentState.REFUSED, "Votre paiement a été refusé."),
            ({"card": "not a card"}, PaymentState.REFUSED, "Votre paiement a été refusé."),
            ({"card": "", "leave": ""}, PaymentState.CANCELLED, "Vous avez abandonné le paiement."),
            ({"card": CARD, "leave": ""}, PaymentState.CANCELLED, "Vous avez abandonné le paiement."),
        ],
    )
    def test_outcome(self, street: Street, choice: dict[str, str], outcome: PaymentState, sentence: str) -> None:
        """The page says what became of the payment, and the notification proves it."""
        status, page = street.decide(**choice)
        payments = [street.gateway.verify(each, expected=street.placed) for each in street.heard]

        assert (200, True, [outcome]) == (status, sentence in page.words, [payment.state for payment in payments])

    def test_way_back(self, street: Street) -> None:
        """The form back to the portal carries the very fields of the notification."""
        _, page = street.decide(card=CARD)
        message = HttpMessage(urlencode(page.fields).encode())

        assert (street.placed.return_url, street.heard[0].body, PaymentState.PAID) == (
            page.action,
            message.body,
            street.gateway.verify(message, expected=street.placed, source=Source.RETURN).state,
        )

    @pytest.mark.parametrize("shown", ["5017##########00", "REF1", MERCHANT, "001600", "23/11/2026"])
    def test_receipt(self, street: Street, shown: str) -> None:
        """The receipt shows the masked card, both numbers, the shop and the day."""
        assert shown in street.decide(card=CARD)[1].words

    def test_no_card_number(self, street: Street) -> None:
        """Neither page nor notification has the whole card number."""
        _, page = street.decide(card=CARD)

        assert [] == [text for text in (page.html, str(street.heard[0].body)) if CARD in text]

    def test_no_script(self, street: Street) -> None:
        """What a person types does not become markup."""
        assert "script" not in street.decide(card="<script>alert(1)</script>")[1].tags


class Unreachable:
    """A way out that leads nowhere."""

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Get no answer."""
        raise GatewayUnavailableError(f"no answer from {len(url)} letters about {len(fields)} fields")

    post_json = post_form


@pytest.mark.parametrize("transport", [None, Unreachable()])
def test_portal_down(transport: Unreachable | None) -> None:
    """The person gets the receipt even where the portal cannot be reached."""
    with serving(Flask("nobody")) as gone:
        pass
    with serving(bank_pages(SipsBank({MERCHANT: ring()}), transport=transport)) as bank_url:
        placed = order(return_url=f"{gone}/return", notification_url=f"{gone}/notification")
        street = Street(bank_url, shop(host=SipsHost.loopback(bank_url)), placed, [])
        status, page = street.decide(card=CARD)

    assert (200, True) == (status, "Votre paiement a été accepté." in page.words)


def visit(url: str, host: str | None = None) -> tuple[int, Page]:
    """Get a page, perhaps under another name of the host."""
    try:
        with build_opener(ProxyHandler({})).open(
            Request(url, headers={"Host": host} if host else {}),  # noqa: S310 - http on this machine
            timeout=10,
        ) as answer:
            return answer.status, Page(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.code, Page(error.read().decode())


def pages_of(street: Street) -> dict[str, tuple[int, Page]]:
    """Visit each page that there is."""
    form = street.gateway.initiate(street.placed)
    found = {"index": visit(street.bank_url), "nothing": visit(f"{street.bank_url}/nothing")}
    found["method"] = visit(f"{street.bank_url}/payment")
    found["payment"] = post(form.action, form.fields)
    found["refused"] = post(form.action, form.fields)
    answer = {"reference": street.placed.transaction_reference, "card": TrialCard.REFUSED}
    found["error"] = post(f"{street.bank_url}/payment", answer)
    found["receipt"] = post(f"{street.bank_url}/payment", answer | {"card": CARD})
    return found


class TestEveryPage:
    """What every page has."""

    @pytest.fixture
    def pages(self, street: Street, bank: SipsBank) -> dict[str, tuple[int, Page]]:
        """Visit them all, at a bank where a card may be tried again."""
        bank._attempts = 3
        return pages_of(street)

    def test_statuses(self, pages: dict[str, tuple[int, Page]]) -> None:
        """Each answers by its own status."""
        statuses = {"index": 200, "nothing": 404, "method": 405, "payment": 200, "refused": 400, "error": 200}

        assert {**statuses, "receipt": 200} == {name: status for name, (status, _) in pages.items()}

    def test_example(self, pages: dict[str, tuple[int, Page]]) -> None:
        """Nobody can take it for a real bank's."""
        assert [] == [name for name, (_, page) in pages.items() if "exemple : aucun paiement réel" not in page.words]

    def test_language(self, pages: dict[str, tuple[int, Page]]) -> None:
        """Each says that it is in French, and has one heading of the first rank."""
        wrong = [
            name
            for name, (_, page) in pages.items()
            if '<html lang="fr">' not in page.html or page.tags.count("h1") != 1
        ]

        assert [] == wrong

    def test_no_script(self, pages: dict[str, tuple[int, Page]]) -> None:
        """None has a script, a style or a frame within."""
        assert [] == [name for name, (_, page) in pages.items() if {"script", "style", "iframe"} & set(page.tags)]


class TestChoices:
    """What a tester may choose."""

    @pytest.mark.parametrize("choice", [TrialCard, Authentication, Fault])
    def test_offered(self, street: Street, choice: type[TrialCard | Authentication | Fault]) -> None:
        """Each choice is on the page, and has words beside it."""
        _, page = street.enter()

        assert [] == [each for each in choice if not re.search(rf'<option value="{each}"[^>]*>\w', page.html)]

    def test_labels(self, street: Street) -> None:
        """Each field has a label."""
        _, page = street.enter()
        fields = re.findall(r'<(?:input|select) id="([^"]+)"', page.html)

        assert fields == re.findall(r'<label for="([^"]+)"', page.html)

    def test_authentication(self, street: Street) -> None:
        """A choice of how 3-D Secure ends is followed."""
        _, page = street.decide(card=CARD, authentication=Authentication.FAILURE)

        assert "Votre paiement a été refusé." in page.words

    def test_fault(self, street: Street) -> None:
        """So is one of what goes wrong."""
        street.decide(card=CARD, fault=Fault.DOUBLED)

        assert 2 == len(street.heard)

    def test_fault_of_the_bank(self, street: Street, bank: SipsBank) -> None:
        """What goes wrong at the bank is chosen beforehand, and followed where the form says nothing."""
        bank.fault = Fault.LOST
        _, page = street.enter()
        street.finish(card=CARD)

        assert (True, []) == ('<option value="lost" selected>' in page.html, street.heard)

    def test_no_fault(self, street: Street, bank: SipsBank) -> None:
        """Choosing that nothing goes wrong is a choice too."""
        bank.fault = Fault.LOST
        street.decide(card=CARD, fault=Fault.NONE)

        assert 1 == len(street.heard)

    @pytest.mark.parametrize("choice", [{"fault": "rain"}, {"fault": ""}, {"authentication": "PERHAPS"}])
    def test_unknown(self, street: Street, choice: dict[str, str]) -> None:
        """What is no choice is refused, and decides nothing."""
        status, _ = street.decide(card=CARD, **choice)

        assert (400, []) == (status, street.heard)

    def test_told(self, street: Street) -> None:
        """The tester reads how the portal has answered."""
        assert "Notification au commerçant : réponse HTTP 200." in street.decide(card=CARD)[1].words

    def test_pending(self, street: Street) -> None:
        """A payment that the bank has not decided yet is neither accepted nor refused."""
        assert "en attente" in street.decide(card=TrialCard.PENDING)[1].words


class TestAgain:
    """Another card may be tried at a bank that lets one."""

    @pytest.mark.parametrize(
        ("card", "sentence"),
        [(TrialCard.REFUSED, "Votre carte a été refusée."), ("12", "Le numéro de carte n’est pas lisible.")],
    )
    def test_summary(self, street: Street, bank: SipsBank, card: str, sentence: str) -> None:
        """The summary says what is wrong, has the focus, leads to the field, and the title says so first."""
        bank._attempts = 3
        _, page = street.decide(card=card)

        assert (True, True, True, True, True) == (
            sentence in page.words,
            "Essais restants : 2." in page.words,
            'role="alert" tabindex="-1" autofocus' in page.html,
            '<a href="#card">' in page.html,
            "<title>Erreur : Informations de la carte" in page.html,
        )

    def test_no_error_at_first(self, street: Street) -> None:
        """At first there is nothing wrong."""
        _, page = street.enter()

        assert (False, False, True) == (
            'role="alert"' in page.html,
            "aria-invalid" in page.html,
            "<title>Informations de la carte" in page.html,
        )

    def test_nothing_heard(self, street: Street, bank: SipsBank) -> None:
        """The portal hears of the last attempt alone."""
        bank._attempts = 3
        street.decide(card=TrialCard.REFUSED)
        before = len(street.heard)
        street.finish(card=CARD)

        assert (0, 1) == (before, len(street.heard))

    def test_back_button(self, street: Street) -> None:
        """Who goes back and pays again sees the first receipt, and the portal hears nothing more."""
        street.decide(card=CARD)
        _, page = street.finish(leave="")

        assert (True, 1) == ("Votre paiement a été accepté." in page.words, len(street.heard))


def test_expired(street: Street) -> None:
    """An expired page has no way back but the person's own."""
    _, page = street.decide(card="5017670000001897")

    assert (True, False, 1) == ("Session expirée" in page.words, "form" in page.tags, len(street.heard))


class TestProtection:
    """What a browser is told, whatever the page."""

    def headers(self, url: str, fields: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Give the headers of an answer."""
        data = None if fields is None else urlencode(fields).encode()
        with build_opener(ProxyHandler({})).open(url, data=data, timeout=10) as answer:
            return dict(answer.headers.items())

    def test_policy(self, street: Street) -> None:
        """Nothing is loaded but the bank's own style, and nothing sent but to the bank."""
        form = street.gateway.initiate(street.placed)
        headers = self.headers(form.action, form.fields)

        assert (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            "nosniff",
            "no-store",
        ) == tuple(headers[name] for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"))

    def test_way_back(self, street: Street) -> None:
        """The receipt's form leads to the portal, and nowhere else."""
        street.enter()
        headers = self.headers(f"{street.bank_url}/payment", {"reference": "REF1", "card": CARD})
        portal = street.placed.return_url.removesuffix("/return")

        assert headers["Content-Security-Policy"].endswith(f"form-action {portal}")

    def test_style(self, street: Street) -> None:
        """The style that the policy lets in is there."""
        assert "text/css; charset=utf-8" == self.headers(f"{street.bank_url}/static/bank.css")["Content-Type"]

    @pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("127.0.0.1:1234", 200), ("bank.example", 400)])
    def test_host(self, street: Street, host: str, status: int) -> None:
        """A name that somebody else's page had point here is refused."""
        assert status == visit(street.bank_url, host)[0]


def until(happened: Callable[[], bool]) -> None:
    """Wait for what another thread does, and give up after a time that no test comes near."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class TestTime:
    """As time passes, a bank that is served posts what falls due."""

    @pytest.mark.parametrize(
        ("settings", "outcome"),
        [
            ({"fault": Fault.LATE, "delay": timedelta(milliseconds=1)}, PaymentState.PAID),
            ({"lifetime": timedelta(milliseconds=1)}, PaymentState.EXPIRED),
        ],
    )
    def test_by_itself(self, street: Street, settings: dict[str, timedelta], outcome: PaymentState) -> None:
        """A late notification comes, and so does that of an expiry."""
        with serving_bank(SipsBank({MERCHANT: ring()}, **settings)) as url:  # type: ignore[arg-type]
            gateway = shop(host=SipsHost.loopback(url))
            form = gateway.initiate(street.placed)
            post(form.action, form.fields)
            post(f"{url}/payment", {"reference": "REF1", "card": CARD})
            until(lambda: bool(street.heard))

        assert [outcome] == [gateway.verify(each, expected=street.placed).state for each in street.heard]


def test_quiet(street: Street, capfd: pytest.CaptureFixture[str]) -> None:
    """Serving prints no line for each request: they would bury what matters."""
    street.decide(card=CARD)

    assert ("", "") == capfd.readouterr()


def test_loopback_only() -> None:
    """The pages are served on this machine alone."""
    with serving(Flask("page")) as url:
        assert url.startswith("http://127.0.0.1:")


WITHOUT_FLASK = """
import sys
sys.modules["flask"] = None
import creance_pay.testing
try:
    import creance_pay.testing.sips.server
except creance_pay.errors.MissingExtraError as error:
    print(error.extra, isinstance(error, ImportError), error)
"""


def test_without_flask() -> None:
    """Without Flask the bank still decides, and its pages name the extra to install."""
    command = [sys.executable, "-c", WITHOUT_FLASK]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - the text above

    assert "demo True the bank's pages need Flask: pip install 'creance-pay[demo]'\n" == done.stdout


def test_error_of_a_missing_extra() -> None:
    """The error is one of the family, and one of Python's for an import."""
    assert (True, "demo") == (issubclass(MissingExtraError, ImportError), MissingExtraError("x", extra="demo").extra)
