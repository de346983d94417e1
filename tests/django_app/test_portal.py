"""The example in Django, served with a bank over HTTP on this machine."""

from __future__ import annotations

import pytest
import requests
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from creance_pay import PaymentState
from creance_pay.django.models import Letter, PaymentOwner
from creance_pay.django.pytest_fixtures import LivePortal
from creance_pay.messages import AttemptOpen, Medium, message_for, render
from creance_pay.testing import TrialCard
from django_visitor import TIMEOUT_S, Person

OWN, OTHERS = "6311 7054 0000 0344 F", "6311 7054 0000 0345 F"


def plain(text: str) -> str:
    """Return a text without any space."""
    return "".join(text.split())


def states(portal: LivePortal) -> list[PaymentState]:
    """List the states of the payments in the ledger."""
    return [each.state for each in portal.service.ledger.payments()]


def test_paid(person: Person) -> None:
    """A payment is accepted, belongs to the person, and is acknowledged once in the mailbox."""
    page = person.pay(OWN)
    for _ in range(2):
        call_command("creance_worker", "--once")
    letter = Letter.objects.get()

    assert [PaymentState.PAID] == states(person.portal)
    assert "message-success" in page.text
    assert ["assure0"] * 2 == [each.user.get_username() for each in (PaymentOwner.objects.get(), letter)]
    assert plain(OWN) in plain(person.get(f"/bank/mailbox/{letter.pk}").text)


def test_refused(person: Person) -> None:
    """A refusal is shown, and writes no letter."""
    page = person.pay(OWN, TrialCard.REFUSED)
    call_command("creance_worker", "--once")

    assert [PaymentState.REFUSED] == states(person.portal)
    assert "message-error" in page.text
    assert 0 == Letter.objects.count()


def test_mailbox(person: Person) -> None:
    """A person reads and deletes an own letter, whose text is erased; another person gets 404."""
    person.pay(OWN)
    call_command("creance_worker", "--once")
    path = f"/bank/mailbox/{Letter.objects.get().pk}"
    with Person(person.portal) as other:
        other.sign_in("assure1")
        own = other.hidden(other.get("/").text)
        foreign = [
            other.get(path).status_code,
            *(
                other.session.post(f"{person.portal.url}{path}/delete", data=data, timeout=TIMEOUT_S).status_code
                for data in (own, {})
            ),
        ]
    token = person.hidden(person.get(path).text)
    person.session.post(f"{person.portal.url}{path}/delete", data=token, timeout=TIMEOUT_S)
    call_command("creance_worker", "--once")  # a repeated effect writes no second letter

    assert [404, 404, 403] == foreign
    assert ("", "", True) == (Letter.objects.get().title, Letter.objects.get().text, Letter.objects.get().deleted)
    assert "Aucun courrier" in person.get("/bank/mailbox").text


def test_own_payment_only(person: Person) -> None:
    """Another person's page shows no payment, and neither does a page without a sign-in (E22)."""
    person.pay(OWN)
    with Person(person.portal) as other:
        before = other.get("/bank/result", allow_redirects=False)
        other.sign_in("assure1")
        page = other.get("/bank/result")

    assert (302, "/connexion?next=/bank/result") == (before.status_code, before.headers["Location"])
    assert "Aucun paiement" in page.text


@pytest.mark.parametrize(
    ("reference", "amount", "words"),
    [
        (OWN, "15,99", "16,00"),
        (OWN, "vingt", "16,00"),
        (OWN, "", "obligatoire"),
        (OTHERS, "20", "n’est pas ouverte au paiement en ligne"),
        ("631", "20", "16 chiffres"),
        ("6311705400000344G", "20", "6311705400000344F"),
    ],
)
def test_not_payable(person: Person, reference: str, amount: str, words: str) -> None:
    """A request that the rules refuse gets no form to the bank, and the message at its field."""
    answer = person.post("/", reference=reference, amount=amount)

    assert 422 == answer.status_code
    assert plain(words) in plain(answer.text)
    assert "paymentInit" not in answer.text


def test_back_button(person: Person) -> None:
    """A person who left the bank's page may resume: the form then replaces the attempt."""
    person.start(OWN)
    again = person.post("/", reference=OWN, amount="20,00")
    resumed = person.session.post(
        f"{person.portal.url}/",
        data={**person.hidden(again.text), "reference": OWN, "amount": "20,00", "replace": "on"},
        timeout=TIMEOUT_S,
    )

    assert 422 == again.status_code
    assert render(AttemptOpen()).body in again.text
    assert 'name="replace" value="on"' in again.text
    assert "Reprendre le paiement" in again.text
    assert "paymentInit" in resumed.text


class TestBankAddresses:
    """The bank's two addresses need neither token nor session, and set no cookie."""

    def message(self, person: Person) -> tuple[bytes, dict[str, str]]:
        """Start and pay a payment, and return the message of the browser's return."""
        message = person.portal.bank.pay(person.start(OWN))
        return message.body, dict(message.headers)

    def send(self, person: Person, path: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        """Post as the bank does, without a redirection."""
        return requests.post(
            person.portal.url + path, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )

    @pytest.fixture(autouse=True)
    def _no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def test_repeated(self, person: Person) -> None:
        """A repeated notification changes nothing; a forged one is refused; the return redirects by 303."""
        body, headers = self.message(person)
        forged = body.replace(b"Seal=", b"Seal=0")
        statuses = [self.send(person, "/bank/notification", each, headers).status_code for each in (body, forged)]
        back = self.send(person, "/bank/return", body, headers)

        assert ([200, 400], 303) == (statuses, back.status_code)
        assert (f"{person.portal.url}/bank/result", None) == (back.headers["Location"], back.headers.get("Set-Cookie"))

    def test_forged_return(self, person: Person) -> None:
        """A forged return is answered 400 by a page of the portal."""
        body, headers = self.message(person)
        answer = self.send(person, "/bank/return", body.replace(b"Seal=", b"Seal=0"), headers)

        assert (400, True) == (answer.status_code, "deuxième fois" in answer.text)
        assert "<h1>Paiement</h1>" in answer.text

    def test_other_requests(self, person: Person) -> None:
        """A long body is refused unread, a GET of the notification too, and a GET of the return is redirected."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        long = self.send(person, "/bank/notification", b"a" * 65_537, headers)
        gets = [person.get(f"/bank/{path}", allow_redirects=False) for path in ("notification", "return")]

        assert [413, 405, 303] == [answer.status_code for answer in (long, *gets)]


def test_host(live_portal: LivePortal) -> None:
    """The bank gets the configured address, whatever the Host header."""
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(username="assure0"))
    client.post("/", {"reference": OWN, "amount": "20"})
    (payment,) = live_portal.service.ledger.payments()

    assert (f"{live_portal.url}/bank/return", f"{live_portal.url}/bank/notification") == (
        payment.order.return_url,
        payment.order.notification_url,
    )


def test_strict_policy(person: Person) -> None:
    """The form to the bank has no inline script, so that it works under a policy without scripts."""
    page = person.post("/", reference=OWN, amount="20").text

    assert ("<script" in page, "<form method" in page) == (False, True)


def test_medium(person: Person) -> None:
    """A message in a template is one element, and is not escaped again."""
    page = person.pay(OWN, TrialCard.REFUSED).text
    (payment,) = person.portal.service.ledger.payments()

    assert str(render(message_for(payment), medium=Medium.HTML)) in page
