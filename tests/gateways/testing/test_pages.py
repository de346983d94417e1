"""The bank's pages over real HTTP on this machine, with a listener that gets the notification."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import attrs
import pytest
from flask import Flask, request

from creance_pay import GatewayUnavailableError, MissingExtraError, Outcome, PaymentOrder, Source
from creance_pay.gateways import HttpMessage
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.gateways.testing import SipsBank
from creance_pay.gateways.testing.pages import bank_pages, serving
from creance_pay.gateways.transport import HttpAnswer
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
        """Answer on the bank's page."""
        _, page = self.enter()
        return post(self.bank_url + page.action, {**page.fields, **choice})


@pytest.fixture
def street() -> Iterator[Street]:
    """Open a bank and a portal on two free ports of this machine."""
    heard: list[HttpMessage] = []
    portal = Flask("portal")

    @portal.post("/notification")
    def _hear() -> str:
        heard.append(HttpMessage(request.get_data(), dict(request.headers)))
        return ""

    bank = SipsBank({MERCHANT: ring()}, clock=lambda: NOON)
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
            ({"card": CARD}, Outcome.PAID, "Votre paiement a été accepté."),
            ({"card": "5017670000001805"}, Outcome.REFUSED, "Votre paiement a été refusé."),
            ({"card": "not a card"}, Outcome.REFUSED, "Votre paiement a été refusé."),
            ({"card": "", "leave": ""}, Outcome.CANCELLED, "Vous avez abandonné le paiement."),
            ({"card": CARD, "leave": ""}, Outcome.CANCELLED, "Vous avez abandonné le paiement."),
        ],
    )
    def test_outcome(self, street: Street, choice: dict[str, str], outcome: Outcome, sentence: str) -> None:
        """The page says what became of the payment, and the notification proves it."""
        status, page = street.decide(**choice)
        payments = [street.gateway.verify(each, expected=street.placed) for each in street.heard]

        assert (200, True, [outcome]) == (status, sentence in page.words, [payment.outcome for payment in payments])

    def test_way_back(self, street: Street) -> None:
        """The form back to the portal carries the very fields of the notification."""
        _, page = street.decide(card=CARD)
        message = HttpMessage(urlencode(page.fields).encode())

        assert (street.placed.return_url, street.heard[0].body, Outcome.PAID) == (
            page.action,
            message.body,
            street.gateway.verify(message, expected=street.placed, source=Source.RETURN).outcome,
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
import creance_pay.gateways.testing
try:
    import creance_pay.gateways.testing.pages
except creance_pay.MissingExtraError as error:
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
