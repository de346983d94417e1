"""The recipes for web frameworks, each in a process of its own, with each bank: browser, bank page and bank server.

All requests go over HTTP.  A browser sends no ``SameSite=Lax`` cookie when the bank's page posts, and sends it when it
then gets a page: :func:`submit` sends the form of the bank's page without a cookie.
"""

import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from zoneinfo import ZoneInfo

import attrs
import pytest
import requests
from visitor import Form, Page, Visitor

from creance_pay import PaymentState, Source, VerifiedPayment
from creance_pay.errors import GatewayUnavailableError, InvalidValueError
from creance_pay.gateways import Capability
from creance_pay.messages import Medium, Message, message_for, render
from creance_pay.payments import StartedPayment
from creance_pay.testing import Fault, LocalBank, TrialCard, trial_banks, trial_merchant
from creance_pay.testing.server import bank_pages, serving

RECIPES = Path(__file__).resolve().parents[1] / "examples" / "recipes"
TIMEOUT_S = 60  # generous, for a busy machine
# The display delay of the guide (R17), « sous 24h ».
DISPLAYED = "Consultez votre compte : le paiement y apparaît sous 24 h."
NO_SECOND_PAYMENT = "deuxième fois"
FRAMEWORKS, BANKS = ["flask", "fastapi"], trial_banks()
#: Each framework with each bank.  The default level has each framework once, and each bank once.
PAIRS = [
    pytest.param((framework, bank), id=f"{framework}-{bank}", marks=[] if default else pytest.mark.slow)
    for framework, bank in product(FRAMEWORKS, BANKS)
    for default in [(framework, bank) in zip(FRAMEWORKS, BANKS, strict=True)]
]


def submit(form: Form) -> requests.Response:
    """Send a form of the bank's page without cookies, and do not follow a redirection."""
    fields = {"params" if form.method == "get" else "data": form.fields}
    return send(form.method, form.action, **fields)


def send(method: str, url: str, **content: object) -> requests.Response:
    """Send a request without cookies, and do not follow a redirection."""
    with requests.Session() as other:
        other.trust_env = False
        return other.request(method, url, allow_redirects=False, timeout=TIMEOUT_S, **content)  # type: ignore[arg-type]


def sentence(state: PaymentState) -> str:
    """Return the sentence about a state, as a page shows it."""
    message = message_for(VerifiedPayment(state=state, source=Source.NOTIFICATION))
    return Page(render(message, medium=Medium.HTML).body).text


@attrs.frozen
class Recipe:
    """A running recipe.

    Attributes:
        process: Its process.
        bank: The name of its bank.
        portal: The address of its first page.
        references: References of notices, each of which no test has used.
    """

    process: subprocess.Popen[str]
    bank: str
    portal: str
    references: Iterator[str]

    def line(self) -> str:
        """Read a line of its output; an empty one after its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture(scope="module", params=PAIRS)
def recipe(request: pytest.FixtureRequest) -> Iterator[Recipe]:
    """Run a recipe in a process of its own, and check its exit status."""
    framework, bank = request.param
    command = [sys.executable, str(RECIPES / "run.py"), framework, "--bank", bank]
    with subprocess.Popen(  # noqa: S603 - our own example
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        guard = threading.Timer(10 * TIMEOUT_S, process.kill)
        guard.start()
        assert process.stdout is not None
        address = process.stdout.readline().split(" ")[0]
        yield Recipe(process, bank, address, (f"6311 7054 0000 0{number} F" for number in range(344, 400)))
        process.communicate("\n")
        guard.cancel()
        assert 0 == process.returncode


@attrs.frozen
class Person:
    """A person with a browser at the first page of a recipe."""

    recipe: Recipe
    browser: Visitor

    def start(self, reference: str | None = None, amount: str = "20,00", **more: str) -> int:
        """Fill in the portal's form; return the HTTP status."""
        self.browser.open(self.recipe.portal)
        self.browser.press("Payer", reference=reference or next(self.recipe.references), amount=amount, **more)
        return self.browser.status

    def pay(self, card: str, fault: Fault = Fault.NONE) -> tuple[list[int], Form]:
        """Start a payment, go to the bank, and pay there.

        Returns:
            The portal's answers to the notifications, and the form that leads back to the portal.
        """
        self.start()
        self.browser.press("Payer")
        self.browser.press("Valider", card=card, fault=fault.value)
        receipt = self.browser.page
        statuses = [int(status) for status in re.findall(r"réponse HTTP (\d+)", receipt.text)]
        return statuses, receipt.form_of("Aller au compte")

    def paid(self) -> str:
        """Return the text of the page about the payment."""
        self.browser.open(f"{self.recipe.portal}paid")
        return self.browser.page.text


@pytest.fixture
def person(recipe: Recipe) -> Iterator[Person]:
    """Open a browser without cookies."""
    opened = Person(recipe, Visitor(recipe.portal))
    yield opened
    opened.browser.close()


def test_paid(person: Person) -> None:
    """After the return the page shows the payment as accepted, also when reloaded; one acknowledgement is sent."""
    _, form = person.pay(TrialCard.ACCEPTED)
    back = submit(form)
    pages = [person.paid() for _ in range(2)]

    assert (303, f"{person.recipe.portal}paid") == (back.status_code, back.headers["Location"])
    assert [] == [words for words in (sentence(PaymentState.PAID), DISPLAYED) for page in pages if words not in page]
    assert person.recipe.line().startswith("acknowledgement of PCLCB")


def test_refused(person: Person) -> None:
    """A refusal is shown by the notification alone, and the return changes nothing and sets no cookie."""
    _, form = person.pay(TrialCard.REFUSED)
    before = person.paid()
    back = submit(form)

    assert sentence(PaymentState.REFUSED) in before
    assert before == person.paid()
    assert [] == [name for name in back.headers if name.lower() == "set-cookie"]


def test_no_notification(person: Person) -> None:
    """The page after the return shows the payment as accepted when no notification arrives."""
    statuses, form = person.pay(TrialCard.ACCEPTED, Fault.LOST)
    submit(form)

    assert [] == statuses
    assert sentence(PaymentState.PAID) in person.paid()


def test_not_paid_yet(person: Person) -> None:
    """Before the person has paid, the page shows the payment as pending."""
    person.start()

    assert sentence(PaymentState.PENDING) in person.paid()


def test_cookie(person: Person) -> None:
    """The session cookie is Lax, and hidden from scripts."""
    person.start()
    cookie = person.browser.headers["Set-Cookie"].lower()

    assert ["samesite=lax", "httponly"] == [each for each in ("samesite=lax", "httponly") if each in cookie]


def test_notification(person: Person) -> None:
    """The bank's server needs neither token nor session, and may repeat its message."""
    statuses, _ = person.pay(TrialCard.REFUSED, Fault.DOUBLED)

    assert [200, 200] == statuses


def test_forged(person: Person) -> None:
    """A forged acceptance is answered 400, also on the return of a bank that seals it, and changes nothing."""
    statuses, form = person.pay(TrialCard.REFUSED, Fault.FORGED)
    sealed = Capability.SEALED_RETURN in trial_merchant(person.recipe.bank).gateway().capabilities

    assert ([400], 400 if sealed else 303) == (statuses, submit(form).status_code)
    assert sentence(PaymentState.REFUSED) in person.paid()


def test_only_posts(recipe: Recipe) -> None:
    """A GET records nothing: the notification refuses it, and a person who reloads the return sees the payment."""
    notification, back = (send("GET", f"{recipe.portal}bank/{path}") for path in ("notification", "return"))

    assert (405, 303, f"{recipe.portal}paid") == (notification.status_code, back.status_code, back.headers["Location"])


def test_stranger(recipe: Recipe) -> None:
    """A person without a payment in the session is shown none (E22)."""
    answer = send("GET", f"{recipe.portal}paid")

    assert (303, "/") == (answer.status_code, answer.headers["Location"])


def test_not_payable(person: Person) -> None:
    """A request that the rules refuse gets no form to the bank: too little, nothing, another debt, no reference."""
    refused = [("6311 7054 0000 0399 F", "15,99"), ("6311 7054 0000 0399 F", "0"), ("6311 7054 0000 0400 F", "20"),
               ("631", "")]  # fmt: skip
    answers = [(person.start(*typed), person.browser.page.forms) for typed in refused]

    assert [(422, [])] * 4 == answers


def test_second_payment(person: Person) -> None:
    """A second payment of a notice is refused while the first is open, unless the person gave that one up."""
    reference = next(person.recipe.references)
    statuses = [person.start(reference)]
    person.browser.press("Payer")
    person.browser.press("Abandonner", fault=Fault.LOST.value)
    statuses += [person.start(reference, **more) for more in ({}, {"replace": "on"})]

    assert [200, 422, 200] == statuses


def test_host_header(recipe: Recipe) -> None:
    """The bank gets the configured address, whatever the Host header of the request."""
    typed = {"reference": next(recipe.references), "amount": "20,00"}
    answer = send("POST", f"{recipe.portal}pay", data=typed, headers={"Host": "evil.example"})

    assert (200, False) == (answer.status_code, "evil.example" in answer.text)


def module_of(name: str) -> ModuleType:
    """Load a module of the recipes."""
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestCommon:
    """The part that the recipes share, with each bank."""

    @pytest.fixture(params=BANKS)
    def bank_name(self, request: pytest.FixtureRequest) -> str:
        """Return the name of a bank, of each in turn."""
        name: str = request.param
        return name

    @pytest.fixture
    def bank(self, bank_name: str) -> Iterator[LocalBank]:
        """Serve a bank."""
        opened = LocalBank(trial_merchant(bank_name))
        with serving(bank_pages(opened.bank)) as opened.url:
            yield opened

    @pytest.fixture
    def common(
        self, bank_name: str, bank: LocalBank, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> Iterator[ModuleType]:
        """Load the module, with an empty ledger."""
        for name, value in module_of("run").configure(tmp_path, bank_name, bank.merchant, bank.url).items():
            monkeypatch.setenv(name, value)
        module = module_of("common")
        yield module
        module.ledger.close()

    def start(self, common: ModuleType) -> StartedPayment | Message:
        """Start the payment of 20 EUR."""
        started: StartedPayment | Message = common.start({"reference": "6311705400000344F", "amount": "20"})
        return started

    def test_bank(self, common: ModuleType, bank: LocalBank) -> None:
        """The bank is that of the configuration file."""
        assert type(bank.gateway) is type(common.service.gateway)

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

        with pytest.raises(InvalidValueError, match=r"an (absolute )?https address"):
            self.start(common)

    def test_night(self, common: ModuleType, bank: LocalBank) -> None:
        """A payment that only the bank's report tells of is sent to the caisse once, and its answer posts it."""
        started = self.start(common)
        assert isinstance(started, StartedPayment)
        bank.pay(started.form, fault=Fault.LOST)
        _, account = bank.bank.account(started.transaction_reference)
        reports = bank.bank.reports(account.decision.decided_at.astimezone(ZoneInfo("Europe/Paris")).date())
        (line,) = common.every_night(reports, 0)
        common.on_posted([(line.transaction_reference, str(line.notice))])

        assert [] == common.every_night(reports, line.number)
        assert {} == common.ledger.pending([line.notice], datetime.now(UTC))

    def test_in_progress(self, common: ModuleType) -> None:
        """While another attempt is open, the message offers to resume it: the person may have pressed *Back*."""
        self.start(common)
        shown = common.message_page(self.start(common))

        assert "reprenez le paiement" in shown
