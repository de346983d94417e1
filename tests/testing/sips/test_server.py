"""The bank's pages over HTTP on this machine, with a portal that receives the notifications."""

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
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import ReportKind
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.gateways.transport import HttpAnswer, Transport
from creance_pay.testing import Authentication, Fault, TrialCard
from creance_pay.testing.server import bank_pages, serving, serving_bank
from creance_pay.testing.sips import ReportForm, SipsBank, daily_report
from sips_merchant import MERCHANT, NOON, order, ring, sips_gateway

CARD = "5017670000001800"


class Page(HTMLParser):
    """The text of a page, and its form."""

    def __init__(self, html: str) -> None:
        """Parse the page."""
        super().__init__()
        self.html, self.text, self.action, self.fields = html, "", "", dict[str, str]()
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Store the form's address and its hidden fields."""
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found["action"]
        if found.get("type") == "hidden":
            self.fields[found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        """Collect the text."""
        self.text += data


def send(url: str, data: Mapping[str, str] | None = None, host: str | None = None) -> tuple[int, Page]:
    """Get a page or post a form, without proxy, perhaps under another host name."""
    body = None if data is None else urlencode(data).encode()
    try:
        with build_opener(ProxyHandler({})).open(
            Request(url, data=body, headers={"Host": host} if host else {}),  # noqa: S310 - http on this machine
            timeout=10,
        ) as answer:
            return answer.status, Page(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.code, Page(error.read().decode())


@attrs.frozen
class Scenario:
    """A bank, an order, and the portal that receives the notifications about it."""

    bank_url: str
    gateway: SipsPaypage
    order: PaymentOrder
    received: list[HttpMessage]

    def open(self) -> tuple[int, Page]:
        """Open the bank's page with the form of the order."""
        form = self.gateway.initiate(self.order)
        return send(form.action, form.fields)

    def decide(self, **choice: str) -> tuple[int, Page]:
        """Open the bank's page, and post a choice."""
        self.open()
        return self.post(**choice)

    def post(self, **choice: str) -> tuple[int, Page]:
        """Post a choice to the bank's page."""
        return send(f"{self.bank_url}/payment", {"reference": self.order.transaction_reference, **choice})

    def states(self) -> list[PaymentState]:
        """Verify every notification, and return the states."""
        return [self.gateway.verify(each, expected=self.order).state for each in self.received]


@pytest.fixture
def bank() -> SipsBank:
    """Build a bank with one merchant."""
    return SipsBank({MERCHANT: ring()}, clock=lambda: NOON)


@pytest.fixture
def scenario(bank: SipsBank) -> Iterator[Scenario]:
    """Serve a bank and a portal on two free ports of this machine."""
    received: list[HttpMessage] = []
    portal = Flask("portal")

    @portal.post("/notification")
    def _notification() -> str:
        received.append(HttpMessage(request.get_data(), dict(request.headers)))
        return ""

    with serving(portal) as portal_url, serving(bank_pages(bank)) as bank_url:
        gateway = sips_gateway(host=SipsHost.loopback(bank_url))
        placed = order(return_url=f"{portal_url}/return", notification_url=f"{portal_url}/notification")
        yield Scenario(bank_url, gateway, placed, received)


class TestPaymentPage:
    """The page of a payment."""

    def test_shown(self, scenario: Scenario) -> None:
        """It shows amount, reference and merchant."""
        status, page = scenario.open()

        assert (200, []) == (status, [words for words in ("16,00 €", "REF1", MERCHANT) if words not in page.text])

    def test_again(self, scenario: Scenario) -> None:
        """The second use of a form is refused: the reference was used."""
        scenario.open()
        status, page = scenario.open()

        assert (400, True) == (status, "transaction already processed" in page.text)

    def test_refused(self, scenario: Scenario) -> None:
        """A request that the bank refuses gets a page that reports the refusal."""
        form = scenario.gateway.initiate(scenario.order)
        changes: list[dict[str, str]] = [{"Seal": "0" * 64}, {"Seal": ""}, {"Data": "merchantId=<script>"}]
        pages = [send(form.action, {**form.fields, **each}) for each in changes]
        pages.append(send(f"{scenario.bank_url}/paymentInit", {}))

        assert [(400, True)] * 4 == [(status, "Demande de paiement refusée" in page.text) for status, page in pages]

    def test_unknown_payment(self, scenario: Scenario) -> None:
        """A choice about an unknown payment is refused."""
        fields: list[dict[str, str]] = [{}, {"reference": "REF2"}, {"reference": "<script>"}]
        found = [send(f"{scenario.bank_url}/payment", {**each, "card": CARD})[0] for each in fields]

        assert [400] * 3 == found


class TestDecision:
    """The person's choice reaches the portal by both ways."""

    @pytest.mark.parametrize(
        ("choice", "state", "sentence"),
        [
            ({"card": CARD}, PaymentState.PAID, "Votre paiement a été accepté."),
            ({"card": "5017670000001805"}, PaymentState.REFUSED, "Votre paiement a été refusé."),
            ({"card": "not a card"}, PaymentState.REFUSED, "Votre paiement a été refusé."),
            ({"card": CARD, "leave": ""}, PaymentState.CANCELLED, "Vous avez abandonné le paiement."),
            ({"card": TrialCard.PENDING}, PaymentState.PENDING, "en attente de la réponse de votre banque"),
        ],
    )
    def test_state(self, scenario: Scenario, choice: dict[str, str], state: PaymentState, sentence: str) -> None:
        """The page shows the decision, and the status of the notification, which proves the decision."""
        status, page = scenario.decide(**choice)
        sentences = (sentence, "Notification au commerçant : réponse HTTP 200.")

        assert (200, [], [state]) == (status, [each for each in sentences if each not in page.text], scenario.states())

    def test_return(self, scenario: Scenario) -> None:
        """The form back to the portal has the same fields as the notification."""
        _, page = scenario.decide(card=CARD)
        message = HttpMessage(urlencode(page.fields).encode())

        assert (scenario.order.return_url, scenario.received[0].body, PaymentState.PAID) == (
            page.action,
            message.body,
            scenario.gateway.verify(message, expected=scenario.order, source=Source.RETURN).state,
        )

    def test_receipt(self, scenario: Scenario) -> None:
        """The receipt shows masked card, both numbers, merchant and day; no message has the whole card number."""
        _, page = scenario.decide(card=CARD)
        shown = ("5017##########00", "REF1", MERCHANT, "001600", "23 nov. 2026")

        assert [] == [words for words in shown if words not in page.text]
        assert [] == [text for text in (page.html, str(scenario.received[0].body)) if CARD in text]

    def test_no_script(self, scenario: Scenario) -> None:
        """Typed markup is escaped."""
        assert "script" not in scenario.decide(card="<script>alert(1)</script>")[1].tags


class Unreachable(Transport):
    """A transport without an answer."""

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Raise the error of a missing answer."""
        del method, headers, body
        raise GatewayUnavailableError(f"no answer from {len(url)} letters")


@pytest.mark.parametrize("transport", [None, Unreachable()])
def test_portal_down(transport: Unreachable | None) -> None:
    """The receipt is shown even when the portal cannot be reached."""
    with serving(Flask("nobody")) as gone:
        pass
    with serving(bank_pages(SipsBank({MERCHANT: ring()}), transport=transport)) as bank_url:
        placed = order(return_url=f"{gone}/return", notification_url=f"{gone}/notification")
        scenario = Scenario(bank_url, sips_gateway(host=SipsHost.loopback(bank_url)), placed, [])
        status, page = scenario.decide(card=CARD)

    assert (200, True) == (status, "Votre paiement a été accepté." in page.text)


def test_every_page(scenario: Scenario, bank: SipsBank) -> None:
    """Each page has its status, is marked as an example, is in French, has one h1, and no script, style or frame."""
    bank._attempts = 3
    form = scenario.gateway.initiate(scenario.order)
    pages = {
        "index": (200, send(scenario.bank_url)),
        "operations": (200, send(f"{scenario.bank_url}/operations")),
        "nothing": (404, send(f"{scenario.bank_url}/nothing")),
        "method": (405, send(f"{scenario.bank_url}/payment")),
        "payment": (200, send(form.action, form.fields)),
        "refused": (400, send(form.action, form.fields)),
        "error": (200, scenario.post(card=TrialCard.REFUSED)),
        "receipt": (200, scenario.post(card=CARD)),
        "payments": (200, send(f"{scenario.bank_url}/operations")),
    }

    assert {name: expected for name, (expected, _) in pages.items()} == {
        name: status for name, (_, (status, _)) in pages.items()
    }
    assert [] == [
        name
        for name, (_, (_, page)) in pages.items()
        if "exemple : aucun paiement réel" not in page.text
        or '<html lang="fr">' not in page.html
        or page.tags.count("h1") != 1
        or {"script", "style", "iframe"} & set(page.tags)
    ]


class TestOperations:
    """The back office: operations of the bank, and its reports."""

    def operate(self, scenario: Scenario, verb: str, amount: str = "") -> tuple[int, Page]:
        """Post an operation on the order."""
        form = {"reference": scenario.order.transaction_reference, "verb": verb, "amount": amount}
        return send(f"{scenario.bank_url}/operation", form)

    def test_operations(self, scenario: Scenario) -> None:
        """A debit, a refund, a chargeback and its return, each shown on the page that follows."""
        scenario.decide(card=CARD)
        shown = [send(f"{scenario.bank_url}/nightly-batch", {})[1].text]
        shown += [
            self.operate(scenario, verb, amount)[1].text
            for verb, amount in (("refund", "6,00"), ("chargeback", "10"), ("represent", ""))
        ]

        assert ["16,00", "10,00", "10,00", "10,00"] == [text.split("restant : ")[1][:5] for text in shown]
        assert ["CAPTURED", "TO_CREDIT", "TO_CREDIT", "TO_CREDIT"] == [
            text.split("État : ")[1].split(".")[0] for text in shown
        ]
        assert [False, False, True, False] == ["Impayé : 10,00 €." in text for text in shown]

    @pytest.mark.parametrize(
        ("verb", "amount", "reason"),
        [
            ("refund", "", "response code 24"),
            ("chargeback", "", "expected a payment that is debited"),
            ("represent", "1,005", "at most two decimals"),
            ("duplicate", "", "expected one of cancel, refund, validate"),
        ],
    )
    def test_refused(self, scenario: Scenario, verb: str, amount: str, reason: str) -> None:
        """An operation that is impossible, an unreadable amount and an unknown operation are refused."""
        scenario.decide(card=CARD)
        status, page = self.operate(scenario, verb, amount)

        assert (400, True) == (status, reason in page.text)

    def test_report(self, scenario: Scenario, bank: SipsBank) -> None:
        """The page leads to the reports of each day with a payment, in both forms."""
        scenario.decide(card=CARD)
        page = send(f"{scenario.bank_url}/operations")[1]
        links = re.findall(r'href="(/reports/[^"]+)"', page.html)
        texts = [send(f"{scenario.bank_url}{link}")[1].html for link in links]

        assert 10 == len(links)
        assert daily_report(bank, ReportKind.TRANSACTIONS, NOON.date()) in texts
        assert daily_report(bank, ReportKind.OPERATIONS, NOON.date(), form=ReportForm.TABS) in texts

    @pytest.mark.parametrize("name", ["x/2026-11-23/operations.csv", f"{MERCHANT}/2026-11-23/novelty.csv"])
    def test_no_report(self, scenario: Scenario, name: str) -> None:
        """A report of an unknown merchant or kind is not found."""
        assert 404 == send(f"{scenario.bank_url}/reports/{name}")[0]


class TestChoices:
    """The choices of a tester."""

    def test_offered(self, scenario: Scenario) -> None:
        """The page offers each choice with a label, and each field has a label."""
        _, page = scenario.open()
        fields = re.findall(r'<(?:input|select) id="([^"]+)"', page.html)

        assert [] == [
            each
            for choices in (TrialCard, Authentication, Fault)
            for each in choices
            if not re.search(rf'<option value="{each}"[^>]*>\w', page.html)
        ]
        assert fields == re.findall(r'<label for="([^"]+)"', page.html)

    def test_authentication(self, scenario: Scenario) -> None:
        """The chosen result of 3-D Secure applies."""
        _, page = scenario.decide(card=CARD, authentication=Authentication.FAILURE)

        assert "Votre paiement a été refusé." in page.text

    def test_fault(self, scenario: Scenario) -> None:
        """The chosen fault applies."""
        scenario.decide(card=CARD, fault=Fault.DOUBLED)

        assert 2 == len(scenario.received)

    def test_default_fault(self, scenario: Scenario, bank: SipsBank) -> None:
        """The bank's default fault is selected on the page, and applies to a form without a choice."""
        bank.fault = Fault.LOST
        _, page = scenario.open()
        scenario.post(card=CARD)

        assert (True, []) == ('<option value="lost" selected>' in page.html, scenario.received)

    def test_no_fault(self, scenario: Scenario, bank: SipsBank) -> None:
        """The choice of no fault replaces the bank's default."""
        bank.fault = Fault.LOST
        scenario.decide(card=CARD, fault=Fault.NONE)

        assert 1 == len(scenario.received)

    def test_unknown(self, scenario: Scenario) -> None:
        """An unknown choice is refused, and decides nothing."""
        scenario.open()
        choices: list[dict[str, str]] = [{"fault": "rain"}, {"fault": ""}, {"authentication": "PERHAPS"}]
        statuses = [scenario.post(card=CARD, **choice)[0] for choice in choices]

        assert ([400] * 3, []) == (statuses, scenario.received)


class TestAgain:
    """A bank with several attempts."""

    @pytest.mark.parametrize(
        ("card", "sentence"),
        [(TrialCard.REFUSED, "Votre carte a été refusée."), ("12", "Le numéro de carte n’est pas lisible.")],
    )
    def test_summary(self, scenario: Scenario, bank: SipsBank, card: str, sentence: str) -> None:
        """The error summary has the focus and a link to the field, and the title of the page starts with the error."""
        bank._attempts = 3
        _, page = scenario.decide(card=card)
        shown = (
            sentence,
            "Essais restants : 2.",
            'role="alert" tabindex="-1" autofocus',
            '<a href="#card">',
            "<title>Erreur : Informations de la carte",
        )

        assert [] == [words for words in shown if words not in page.html]

    def test_no_error_at_first(self, scenario: Scenario) -> None:
        """The first page has no error."""
        _, page = scenario.open()

        assert (False, False, True) == (
            'role="alert"' in page.html,
            "aria-invalid" in page.html,
            "<title>Informations de la carte" in page.html,
        )

    def test_one_notification(self, scenario: Scenario, bank: SipsBank) -> None:
        """Only the last attempt is notified."""
        bank._attempts = 3
        scenario.decide(card=TrialCard.REFUSED)
        before = len(scenario.received)
        scenario.post(card=CARD)

        assert (0, 1) == (before, len(scenario.received))

    def test_back_button(self, scenario: Scenario) -> None:
        """A second post shows the first receipt again, and is not notified."""
        scenario.decide(card=CARD)
        _, page = scenario.post(leave="")

        assert (True, 1) == ("Votre paiement a été accepté." in page.text, len(scenario.received))


def test_expired(scenario: Scenario) -> None:
    """An expired page is notified, and has no form back to the portal."""
    _, page = scenario.decide(card="5017670000001897")

    assert (True, False, 1) == ("Session expirée" in page.text, "form" in page.tags, len(scenario.received))


class TestProtection:
    """The security headers."""

    def headers(self, url: str, fields: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Return the headers of an answer."""
        data = None if fields is None else urlencode(fields).encode()
        with build_opener(ProxyHandler({})).open(url, data=data, timeout=10) as answer:
            answer.read()  # else the server may leave the file of the style sheet open
            return dict(answer.headers.items())

    def test_policy(self, scenario: Scenario) -> None:
        """Only the bank's own style is loaded, and forms are sent to the bank only."""
        form = scenario.gateway.initiate(scenario.order)
        headers = self.headers(form.action, form.fields)

        assert (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            "nosniff",
            "no-store",
        ) == tuple(headers[name] for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"))

    def test_receipt(self, scenario: Scenario) -> None:
        """The receipt's form may be sent to the portal only."""
        scenario.open()
        headers = self.headers(f"{scenario.bank_url}/payment", {"reference": "REF1", "card": CARD})
        portal = scenario.order.return_url.removesuffix("/return")

        assert headers["Content-Security-Policy"].endswith(f"form-action {portal}")

    def test_style(self, scenario: Scenario) -> None:
        """The allowed style sheet exists."""
        assert "text/css; charset=utf-8" == self.headers(f"{scenario.bank_url}/static/bank.css")["Content-Type"]

    def test_host(self, scenario: Scenario) -> None:
        """Another host name than this machine's is refused (DNS rebinding)."""
        expected = {"localhost": 200, "127.0.0.1:1234": 200, "bank.example": 400}

        assert expected == {host: send(scenario.bank_url, host=host)[0] for host in expected}


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another thread fulfils; fail after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"fault": Fault.LATE, "delay": timedelta(milliseconds=1)}, PaymentState.PAID),
        ({"lifetime": timedelta(milliseconds=1)}, PaymentState.EXPIRED),
    ],
)
def test_due(scenario: Scenario, settings: dict[str, timedelta], state: PaymentState) -> None:
    """A served bank posts a late notification, and that of an expiry, when they are due."""
    with serving_bank(SipsBank({MERCHANT: ring()}, **settings)) as url:  # type: ignore[arg-type]
        gateway = sips_gateway(host=SipsHost.loopback(url))
        form = gateway.initiate(scenario.order)
        send(form.action, form.fields)
        send(f"{url}/payment", {"reference": "REF1", "card": CARD})
        wait_until(lambda: bool(scenario.received))

    assert [state] == [gateway.verify(each, expected=scenario.order).state for each in scenario.received]


def test_quiet(scenario: Scenario, capfd: pytest.CaptureFixture[str]) -> None:
    """The server prints no access log, which would hide its errors."""
    scenario.decide(card=CARD)

    assert ("", "") == capfd.readouterr()


def test_loopback_only() -> None:
    """The pages are served on the loopback interface."""
    with serving(Flask("page")) as url:
        assert url.startswith("http://127.0.0.1:")


WITHOUT_FLASK = """
import sys
sys.modules["flask"] = None
import creance_pay.testing
try:
    import creance_pay.testing.server
except creance_pay.errors.MissingExtraError as error:
    print(error.extra, isinstance(error, ImportError), error)
"""


def test_without_flask() -> None:
    """Without Flask the package can be imported, and the error of the pages, an ImportError, names the extra."""
    command = [sys.executable, "-c", WITHOUT_FLASK]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - the text above

    assert "demo True the bank's pages need Flask: pip install 'creance-pay[demo]'\n" == done.stdout
