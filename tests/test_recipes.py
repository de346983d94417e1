"""The recipes for web frameworks, each run as a person runs it: a browser, the bank's page and its server over HTTP.

The browser of these tests keeps cookies as browsers do: those that are ``SameSite=Lax`` are not sent when the bank's
page posts, and are sent when the browser then gets a page.
"""

import html
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import requests

from creance_pay import PaymentState, Source, VerifiedPayment
from creance_pay.messages import Medium, message_for, render

RECIPES = Path(__file__).resolve().parents[1] / "examples" / "recipes"
ACCEPTED, REFUSED = "5017670000001800", "5017670000001805"
PATIENCE = 60  # seconds for an answer, on a machine that is busy with other things
FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')


@attrs.define
class Browser:
    """A person's browser, and what it needs to know of a page."""

    portal: str
    session: requests.Session = attrs.field(factory=requests.Session)

    def __attrs_post_init__(self) -> None:
        """Leave out the proxies of the environment."""
        self.session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Get a page of the portal, with its cookies, and stay there."""
        return self.session.get(self.portal + path, allow_redirects=False, timeout=PATIENCE)

    def pay(self, reference: str, amount: str) -> requests.Response:
        """Fill in the portal's form."""
        hidden = fields(self.get("").text)
        typed = {**hidden, "reference": reference, "amount": amount}
        return self.session.post(f"{self.portal}pay", data=typed, timeout=PATIENCE)

    def decide(self, way_out: str, card: str) -> dict[str, str]:
        """Go to the bank, give a card number there, and get the fields to come back with."""
        found = re.search(r'action="([^"]+)"', way_out)
        assert found is not None
        bank = html.unescape(found[1])
        page = self.session.post(bank, data=fields(way_out), timeout=PATIENCE).text
        decided = {**fields(page), "card": card, "validate": ""}
        return fields(self.session.post(bank.replace("/paymentInit", "/payment"), data=decided, timeout=PATIENCE).text)

    def come_back(self, answer: dict[str, str]) -> requests.Response:
        """Post from the bank's page: another site, so that no Lax cookie goes along."""
        return abroad(f"{self.portal}return", answer)


def abroad(url: str, posted: dict[str, str]) -> requests.Response:
    """Post as another site or server does, without any cookie and staying there."""
    with requests.Session() as other:
        other.trust_env = False
        return other.post(url, data=posted, allow_redirects=False, timeout=PATIENCE)


def fields(page: str) -> dict[str, str]:
    """Read the hidden fields of a page."""
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
        """Read a line that it prints; an empty one when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture(scope="module", params=["flask", "django", "fastapi"])
def recipe(request: pytest.FixtureRequest) -> Iterator[Recipe]:
    """Run a recipe in a process of its own, as its first line says, and end it as its last."""
    command = [sys.executable, str(RECIPES / "run.py"), request.param]
    with subprocess.Popen(  # noqa: S603 - our own example
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        guard = threading.Timer(10 * PATIENCE, process.kill)  # nothing waits for ever for a line
        guard.start()
        assert process.stdout is not None
        address = process.stdout.readline().split(" ")[0]
        yield Recipe(process, address, (f"6311 7054 0000 0{number} F" for number in range(344, 400)))
        process.communicate("\n")
        guard.cancel()
        assert 0 == process.returncode


@pytest.fixture
def browser(recipe: Recipe) -> Iterator[Browser]:
    """Open a browser that has never been there."""
    opened = Browser(recipe.portal)
    yield opened
    opened.session.close()


def test_paid(recipe: Recipe, browser: Browser) -> None:
    """From the reference to the bank and back: the page says that it is paid, and the acknowledgement is sent once."""
    way_out = browser.pay(next(recipe.references), "20,00").text
    answer = browser.decide(way_out, ACCEPTED)
    back = browser.come_back(answer)

    assert (303, "/paid") == (back.status_code, back.headers["Location"])
    assert sentence(PaymentState.PAID) in browser.get("paid").text
    assert sentence(PaymentState.PAID) in browser.get("paid").text
    assert recipe.line().startswith("acknowledgement of PCLCB")


def test_refused(recipe: Recipe, browser: Browser) -> None:
    """The bank's no is told on the same page."""
    browser.come_back(browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED))

    assert sentence(PaymentState.REFUSED) in browser.get("paid").text


def test_never_came_back(recipe: Recipe, browser: Browser) -> None:
    """Whoever closes the bank's page is told the same as whoever comes back: the notification was enough."""
    browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)

    assert sentence(PaymentState.REFUSED) in browser.get("paid").text


def test_not_heard_yet(recipe: Recipe, browser: Browser) -> None:
    """Before anything is heard, the page says that it is not known yet."""
    browser.pay(next(recipe.references), "20,00")

    assert sentence(PaymentState.PENDING) in browser.get("paid").text


def test_session_is_left_alone(recipe: Recipe, browser: Browser) -> None:
    """The bank's post sets no cookie: one would take the place of the person's, who would be signed out."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)

    assert [] == [name for name in browser.come_back(answer).headers if name.lower() == "set-cookie"]


def test_cookie(recipe: Recipe, browser: Browser) -> None:
    """The session's cookie is for this site alone, and for no script."""
    cookie = browser.pay(next(recipe.references), "20,00").headers["Set-Cookie"].lower()

    assert ["samesite=lax", "httponly"] == [each for each in ("samesite=lax", "httponly") if each in cookie]


def test_notification(recipe: Recipe, browser: Browser) -> None:
    """The bank's server needs neither token nor session, and may send its message as often as it likes."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)

    assert [200, 200] == [abroad(f"{recipe.portal}notification", answer).status_code for _ in range(2)]


@pytest.mark.parametrize("address", ["notification", "return"])
def test_forged(recipe: Recipe, browser: Browser, address: str) -> None:
    """What the seal does not cover is answered 400, and changes nothing."""
    answer = browser.decide(browser.pay(next(recipe.references), "20,00").text, REFUSED)
    forged = {**answer, "Data": answer["Data"].replace("responseCode=05", "responseCode=00")}

    assert 400 == abroad(recipe.portal + address, forged).status_code
    assert sentence(PaymentState.REFUSED) in browser.get("paid").text


@pytest.mark.parametrize("address", ["notification", "return"])
def test_only_posts(browser: Browser, address: str) -> None:
    """Nothing is taken from an address bar."""
    assert 405 == browser.get(address).status_code


def test_stranger(recipe: Recipe) -> None:
    """A person without a payment of their own is shown none (E22)."""
    answer = Browser(recipe.portal).get("paid")

    assert (303, "/") == (answer.status_code, answer.headers["Location"])


@pytest.mark.parametrize(
    ("reference", "amount"),
    [("6311 7054 0000 0399 F", "15,99"), ("6311 7054 0000 0399 F", "0"), ("6311 7054 0000 0400 F", "20"), ("631", "")],
    ids=["too little", "nothing", "not the person's", "no reference"],
)
def test_not_payable(browser: Browser, reference: str, amount: str) -> None:
    """What the rules refuse never leaves for the bank."""
    answer = browser.pay(reference, amount)

    assert (422, False) == (answer.status_code, "paymentInit" in answer.text)


def test_second_payment(recipe: Recipe, browser: Browser) -> None:
    """A second payment of the same notice is refused while the first is open."""
    reference = next(recipe.references)

    assert [200, 422] == [browser.pay(reference, "20,00").status_code for _ in range(2)]
