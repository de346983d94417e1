"""The recipes for web frameworks, each in a process of its own: browser, bank page and bank server over HTTP.

The browser of these tests treats cookies as browsers do: a ``SameSite=Lax`` cookie is not sent when the bank's page
posts, and is sent when the browser then gets a page.
"""

import html
import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from zoneinfo import ZoneInfo

import attrs
import pytest
import requests

from creance_pay import PaymentState, Source, VerifiedPayment
from creance_pay.errors import GatewayUnavailableError, InvalidValueError
from creance_pay.messages import Medium, Message, message_for, render
from creance_pay.payments import StartedPayment
from creance_pay.testing.sips import SipsBank, write_daily_reports

RECIPES = Path(__file__).resolve().parents[1] / "examples" / "recipes"
ACCEPTED, REFUSED = "5017670000001800", "5017670000001805"
TIMEOUT_S = 60  # generous, for a busy machine
FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')
# The display delay of the guide (R17), « sous 24h ».
DISPLAYED = "Consultez votre compte : le paiement y apparaît sous 24 h."
NO_SECOND_PAYMENT = "deuxième fois"


@attrs.define
class Browser:
    """A person's browser."""

    portal: str
    session: requests.Session = attrs.field(factory=requests.Session)

    def __attrs_post_init__(self) -> None:
        """Ignore the proxies of the environment."""
        self.session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Get a page of the portal, and do not follow a redirection."""
        return self.session.get(self.portal + path, allow_redirects=False, timeout=TIMEOUT_S)

    def pay(self, reference: str, amount: str, host: str | None = None, **more: str) -> requests.Response:
        """Fill in the portal's form, and post it, perhaps under another host name."""
        typed = {**fields(self.get("").text), "reference": reference, "amount": amount, **more}
        headers = {"Host": host} if host else {}
        return self.session.post(f"{self.portal}pay", data=typed, headers=headers, timeout=TIMEOUT_S)

    def decide(self, form: str, card: str) -> dict[str, str]:
        """Post the form to the bank, pay by card there, and return the fields of the form that leads back."""
        found = re.search(r'action="([^"]+)"', form)
        assert found is not None
        bank = html.unescape(found[1])
        page = self.session.post(bank, data=fields(form), timeout=TIMEOUT_S).text
        decided = {**fields(page), "card": card, "validate": ""}
        return fields(self.session.post(bank.replace("/paymentInit", "/payment"), data=decided, timeout=TIMEOUT_S).text)

    def post_return(self, answer: dict[str, str]) -> requests.Response:
        """Post from the bank's page: another site, so that the Lax cookie is not sent."""
        return post_without_cookies(f"{self.portal}bank/return", answer)


def post_without_cookies(url: str, posted: dict[str, str]) -> requests.Response:
    """Post as another site or server does, and do not follow a redirection."""
    with requests.Session() as other:
        other.trust_env = False
        return other.post(url, data=posted, allow_redirects=False, timeout=TIMEOUT_S)


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return {html.unescape(name): html.unescape(value) for name, value in FIELD.findall(page)}


def sentence(state: PaymentState) -> str:
    """Return the sentence about a state, as a page shows it."""
    return render(message_for(VerifiedPayment(state=state, source=Source.NOTIFICATION)), medium=Medium.HTML).body


@attrs.frozen
class Recipe:
    """A running recipe."""

    process: subprocess.Popen[str]
    portal: str
    references: Iterator[str]

    def line(self) -> str:
        """Read a line of its output; an empty one after its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture(scope="module", params=["flask", "fastapi"])
def recipe(request: pytest.FixtureRequest) -> Iterator[Recipe]:
    """Run a recipe in a process of its own, and check its exit status."""
    command = [sys.executable, str(RECIPES / "run.py"), request.param]
    with subprocess.Popen(  # noqa: S603 - our own example
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        guard = threading.Timer(10 * TIMEOUT_S, process.kill)
        guard.start()
        assert process.stdout is not None
        address = process.stdout.readline().split(" ")[0]
        yield Recipe(process, address, (f"6311 7054 0000 0{number} F" for number in range(344, 400)))
        process.communicate("\n")
        guard.cancel()
        assert 0 == process.returncode


@pytest.fixture
def browser(recipe: Recipe) -> Iterator[Browser]:
    """Open a browser without cookies."""
    opened = Browser(recipe.portal)
    yield opened
    opened.session.close()


def test_paid(recipe: Recipe, browser: Browser) -> None:
    """After the return the page shows the payment as accepted, also when reloaded; one acknowledgement is sent."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, ACCEPTED)
    back = browser.post_return(answer)
    pages = [browser.get("paid").text.replace("\u00a0", " ").replace("\u202f", " ") for _ in range(2)]

    assert (303, f"{recipe.portal}paid") == (back.status_code, back.headers["Location"])
    assert [] == [words for words in (sentence(PaymentState.PAID), DISPLAYED) for page in pages if words not in page]
    assert recipe.line().startswith("acknowledgement of PCLCB")


def test_refused(recipe: Recipe, browser: Browser) -> None:
    """A refusal is shown by the notification alone, and the return changes nothing and sets no cookie."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)
    before = browser.get("paid").text
    back = browser.post_return(answer)

    assert sentence(PaymentState.REFUSED) in before
    assert before == browser.get("paid").text
    assert [] == [name for name in back.headers if name.lower() == "set-cookie"]


def test_not_notified_yet(recipe: Recipe, browser: Browser) -> None:
    """Before any message of the bank, the page shows the payment as pending."""
    browser.pay(next(recipe.references), "20,00")

    assert sentence(PaymentState.PENDING) in browser.get("paid").text


def test_cookie(recipe: Recipe, browser: Browser) -> None:
    """The session cookie is Lax, and hidden from scripts."""
    cookie = browser.pay(next(recipe.references), "20,00").headers["Set-Cookie"].lower()

    assert ["samesite=lax", "httponly"] == [each for each in ("samesite=lax", "httponly") if each in cookie]


def test_notification(recipe: Recipe, browser: Browser) -> None:
    """The bank's server needs neither token nor session, and may repeat its message."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)

    assert [200, 200] == [
        post_without_cookies(f"{recipe.portal}bank/notification", answer).status_code for _ in range(2)
    ]


def test_forged(recipe: Recipe, browser: Browser) -> None:
    """A message that is not authentic is answered 400 on both addresses, and changes nothing."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)
    forged = {**answer, "Data": answer["Data"].replace("responseCode=05", "responseCode=00")}
    statuses = [
        post_without_cookies(recipe.portal + path, forged).status_code for path in ("bank/notification", "bank/return")
    ]

    assert [400, 400] == statuses
    assert sentence(PaymentState.REFUSED) in browser.get("paid").text


def test_only_posts(browser: Browser) -> None:
    """A GET records nothing: the notification refuses it, and a person who reloads the return sees the payment."""
    notification, back = (browser.get(f"bank/{path}") for path in ("notification", "return"))

    assert (405, 303, f"{browser.portal}paid") == (notification.status_code, back.status_code, back.headers["Location"])


def test_stranger(recipe: Recipe) -> None:
    """A person without a payment in the session is shown none (E22)."""
    answer = Browser(recipe.portal).get("paid")

    assert (303, "/") == (answer.status_code, answer.headers["Location"])


def test_not_payable(browser: Browser) -> None:
    """A request that the rules refuse gets no form to the bank: too little, nothing, another debt, no reference."""
    refused = [("6311 7054 0000 0399 F", "15,99"), ("6311 7054 0000 0399 F", "0"), ("6311 7054 0000 0400 F", "20"),
               ("631", "")]  # fmt: skip
    answers = [browser.pay(*typed) for typed in refused]

    assert [(422, False)] * 4 == [(answer.status_code, "paymentInit" in answer.text) for answer in answers]


def test_second_payment(recipe: Recipe, browser: Browser) -> None:
    """A second payment of a notice is refused while the first is open, unless the person gave that one up."""
    reference = next(recipe.references)
    answers = [browser.pay(reference, "20,00", **more) for more in ({}, {}, {"replace": "on"})]

    assert [200, 422, 200] == [answer.status_code for answer in answers]


def test_host_header(recipe: Recipe, browser: Browser) -> None:
    """The bank gets the configured address, whatever the Host header of the request."""
    answer = browser.pay(next(recipe.references), "20,00", host="evil.example")

    assert "evil.example" not in answer.text


class TestStart:
    """The message of a start that fails: nothing was sent to the bank."""

    @pytest.fixture
    def common(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
        """Load the module that the recipes share, with an empty ledger."""
        monkeypatch.setenv("MERCHANT_SECRET", "a-key-made-up-for-the-recipes")
        monkeypatch.setenv("BANK_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
        spec = importlib.util.spec_from_file_location("common", RECIPES / "common.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
        module.ledger.close()

    def start(self, common: ModuleType) -> StartedPayment | Message:
        """Start the payment of 20 EUR."""
        started: StartedPayment | Message = common.start({"reference": "6311705400000344F", "amount": "20"})
        return started

    def test_ledger_unavailable(self, common: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message denies a debit, and does not speak of a second payment."""

        def fail(*_: object, **__: object) -> None:
            raise GatewayUnavailableError("no answer", retryable=True)

        monkeypatch.setattr(common.ledger, "transaction", fail)
        shown = common.message_page(self.start(common))

        assert (True, False) == ("rien n’a été débité" in shown, NO_SECOND_PAYMENT in shown)

    def test_wrong_address(self, common: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """An address that the bank would refuse is an error of the portal, and no message."""
        wrong = SimpleNamespace(return_url="portal.example/return", notification_url="portal.example/notification")
        monkeypatch.setattr(common, "endpoints", wrong)

        with pytest.raises(InvalidValueError, match="absolute https address"):
            self.start(common)

    def test_night(self, common: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A payment that only the bank's report tells of is sent to the caisse once, and its answer posts it."""
        started = self.start(common)
        assert isinstance(started, StartedPayment)
        bank = SipsBank({common.MERCHANT_ID: common.KEYS})
        request = bank.receive(started.form.fields)
        bank.answer(request, decision := bank.pay(request, ACCEPTED))
        day = decision.decided_at.astimezone(ZoneInfo("Europe/Paris")).date()
        files = write_daily_reports(bank, day, tmp_path)
        monkeypatch.setattr(common.service, "_transport", None)  # the bank is not served
        (line,) = common.every_night(files, 0)
        common.on_posted([(line.transaction_reference, str(line.notice))])

        assert [] == common.every_night(files, line.number)
        assert {} == common.ledger.pending([line.notice], datetime.now(UTC))

    def test_in_progress(self, common: ModuleType) -> None:
        """While another attempt is open, the message offers to resume it: the person may have pressed *Back*."""
        self.start(common)
        shown = common.message_page(self.start(common))

        assert "reprenez le paiement" in shown
