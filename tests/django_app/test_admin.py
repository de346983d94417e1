"""The admin: the ledger as the office sees it, read only but for closing an incident."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client

from creance_pay.django.models import IncidentSeen, Letter
from creance_pay.django.pytest_fixtures import LivePortal
from creance_pay.ledger import Incident, IncidentKind
from creance_pay.testing import TrialCard
from django_visitor import Person

OWN = "6311 7054 0000 0344 F"
PAYMENTS, INCIDENTS = "/admin/creance_pay/ledgerpayment/", "/admin/creance_pay/ledgerincident/"


@pytest.fixture
def agent(live_portal: LivePortal) -> Client:  # noqa: ARG001 - it sets the portal up
    """Return the browser of a superuser of the office."""
    return signed_in("agent")


def signed_in(name: str) -> Client:
    """Return the browser of a signed-in person."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.get(username=name))
    return client


@pytest.fixture
def incident(live_portal: LivePortal) -> Incident:
    """Raise an incident, with markup in its detail."""
    found = Incident(
        kind=IncidentKind.REPORT_SURPLUS, transaction_reference="", at=live_portal.service._clock(), detail="<b>lines"
    )
    live_portal.service.ledger.raise_incident(found)
    return live_portal.service.incidents()[0]


def form(incident: Incident, act: str, reason: str = "vérifié") -> dict[str, str]:
    """Return the fields of an act on an incident."""
    return {
        "kind": incident.kind,
        "reference": incident.transaction_reference,
        "detail": incident.detail,
        "act": act,
        "reason": reason,
    }


def test_index(agent: Client) -> None:
    """The index links to payments, incidents and the mailbox."""
    page = agent.get("/admin/").content.decode()

    assert [True] * 3 == [path in page for path in (PAYMENTS, INCIDENTS, "/admin/creance_pay/letter/")]
    names = re.findall(r'<a href="/admin/creance_pay/\w+/"[^>]*>([^<]+)</a>', page)
    assert ["Auteurs des paiements", "Courriers", "Incidents", "Paiements"] == sorted({*names} - {"Afficher"})


def test_migrations() -> None:
    """The migrations make the tables and names of the models: nothing is left to migrate."""
    call_command("makemigrations", "creance_pay", check=True, dry_run=True)


def test_story(person: Person, agent: Client) -> None:
    """A payment is found by its notice, and its page shows what the person sees, the bank's code and the messages."""
    person.pay(OWN, TrialCard.REFUSED)
    (payment,) = person.portal.service.ledger.payments()
    found = agent.get(PAYMENTS, {"q": "6311705400000344F"}).content.decode()
    page = agent.get(PAYMENTS, {"page": "payment", "reference": payment.transaction_reference}).content.decode()

    assert payment.transaction_reference in found
    assert [] == [words for words in ("message-error", "REFUSED", "NOTIFICATION", "RETURN") if words not in page]


def test_close(live_portal: LivePortal, agent: Client, incident: Incident) -> None:
    """An incident is marked as seen, then closed with person and reason; its detail is escaped."""
    agent.post(INCIDENTS, form(incident, "see"))
    agent.post(INCIDENTS, form(incident, "see"))
    page = agent.get(INCIDENTS).content.decode()
    agent.post(INCIDENTS, form(incident, "close"))

    assert (True, True, False) == ("&lt;b&gt;lines" in page, "agent (" in page, "<b>lines" in page)
    assert ["agent"] == [seen.by.get_username() for seen in IncidentSeen.objects.all()]
    assert () == live_portal.service.incidents()


@pytest.mark.parametrize(("act", "reason"), [("close", " "), ("see", "")])
def test_refused_act(live_portal: LivePortal, agent: Client, incident: Incident, act: str, reason: str) -> None:
    """A closing without a reason, and an act on another incident, change nothing and show the error."""
    fields = form(incident, act, reason) | ({} if act == "close" else {"detail": "other"})
    page = agent.post(INCIDENTS, fields, follow=True).content.decode()

    assert (1, True) == (len(live_portal.service.incidents()), 'class="error">Expected' in page)


def test_read_only(person: Person, agent: Client) -> None:
    """Nothing is added, changed or deleted in the admin; a letter is listed without its text."""
    person.pay(OWN)
    user = get_user_model().objects.get(username="assure0")
    letter = Letter.objects.create(
        key="k", user=user, transaction_reference="P", title="T", text="secret", delete_on="2999-01-01"
    )
    statuses = [agent.get(f"{path}add/").status_code for path in (PAYMENTS, INCIDENTS)]
    statuses += [
        agent.post(f"/admin/creance_pay/letter/{letter.pk}/{act}/").status_code for act in ("change", "delete")
    ]

    assert [403] * 4 == statuses
    at = f"/admin/creance_pay/letter/{letter.pk}"
    assert "secret" not in agent.get(f"{at}/change/").content.decode()


def test_permissions(live_portal: LivePortal, incident: Incident) -> None:
    """A member of staff needs the permission to view, and another one to close."""
    user = get_user_model().objects.create_user("reader", password="pw", is_staff=True)
    without = signed_in("reader").get(INCIDENTS).status_code
    user.user_permissions.add(Permission.objects.get(codename="view_ledgerincident"))
    reader = signed_in("reader")
    page = reader.get(INCIDENTS).content.decode()

    assert (403, False) == (without, "Clore" in page)
    assert 403 == reader.post(INCIDENTS, form(incident, "close")).status_code
    assert 1 == len(live_portal.service.incidents())
    assert 404 == signed_in("agent").get(INCIDENTS, {"page": "other"}).status_code
