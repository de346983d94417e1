"""The office's pages: find a payment by what a caller knows, read its story, close an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from creance_pay import Euros, NoticeReference, PaymentState
from creance_pay.errors import InvalidValueError
from creance_pay.ledger import Effect, Incident, IncidentKind, MemoryLedger, Payment
from creance_pay.office import Office
from creance_pay.office.plot import Bar, hourly_plot
from creance_pay.payments import PaymentService
from creance_pay.testing import TrialCard
from creance_pay.testing.sips import SipsTrialMerchant

NOTICES = [NoticeReference(f"6311705400000{number}F") for number in (344, 345)]


@pytest.fixture
def service() -> PaymentService:
    """Return a service with one payment of 20 EUR that is accepted, and one of 30 EUR that is refused."""

    def fail(payment: Payment, key: str) -> None:
        raise ValueError(payment, key)

    effects = [Effect(name="acknowledgement", run=fail)]
    made = PaymentService(SipsTrialMerchant().gateway(), MemoryLedger(), effects=effects)
    for notice, cents, card in ((NOTICES[0], 2000, TrialCard.ACCEPTED), (NOTICES[1], 3000, TrialCard.REFUSED)):
        started = made.start(
            Euros(cents), {notice: Euros(cents)}, return_url="http://127.0.0.1:8000/return",
            notification_url="http://127.0.0.1:8000/notification",
        )  # fmt: skip
        payment = made.ledger.find(started.transaction_reference)
        assert payment is not None
        made.on_notification(SipsTrialMerchant().notification(payment.order, card=card))
    made.run_effects()
    return made


@pytest.fixture
def office(service: PaymentService) -> Office:
    """Return the office of this ledger."""
    return Office(ledger=service.ledger)


def paid(service: PaymentService) -> Payment:
    """Return the accepted payment."""
    (payment,) = service.ledger.payments({PaymentState.PAID})
    return payment


def found(office: Office, **query: str) -> list[bool]:
    """Return which of the two payments a search finds: the accepted one, the refused one."""
    page = str(office.page(query).content)
    return [str(notice) in page for notice in NOTICES]


def test_find(office: Office, service: PaymentService) -> None:
    """A payment is found by reference, notice, amount, end of the card, authorisation and state."""
    payment = paid(service)
    words = [payment.transaction_reference, "6311 7054 0000 0344 F", "20,00", payment.authorisation_number or ""]

    assert [[True, False]] * 4 == [found(office, q=text) for text in words]
    assert [[True, True], [False, False], [False, True], [True, True]] == [
        found(office), found(office, q="nobody"), found(office, state="REFUSED"), found(office, state="OTHER"),
    ]  # fmt: skip
    assert [[True, False], [False, False]] == [found(office, q=end) for end in (TrialCard.ACCEPTED[-4:], "1234")]


def test_old(service: PaymentService) -> None:
    """Without words, the payments of the last month are listed; an older one is found by its notice."""
    later = Office(ledger=service.ledger, clock=lambda: datetime.now(UTC) + timedelta(days=40))

    assert ([False, False], [True, False]) == (found(later), found(later, q=str(NOTICES[0])))


def test_story(office: Office, service: PaymentService) -> None:
    """The page of a payment shows the person's message, the money, the messages and the waiting effect."""
    reference = paid(service).transaction_reference
    page = office.page({"page": "payment", "reference": reference})

    assert (200, f"Paiement {reference}") == (page.status, page.title)
    words = ("message-success", "NOTIFICATION", "APPLIED", "acknowledgement", "ValueError", "OPEN")
    assert [] == [text for text in words if text not in page.content]


def test_incidents_of_a_payment(office: Office, service: PaymentService) -> None:
    """The story has the open incidents of the payment, and the closed ones with person and reason."""
    reference = paid(service).transaction_reference
    incident = Incident(
        kind=IncidentKind.CONTRADICTED, transaction_reference=reference, at=datetime.now(UTC), detail="état"
    )
    service.ledger.raise_incident(incident)
    before = office.page({"page": "payment", "reference": reference}).content
    office.close({"kind": "CONTRADICTED", "reference": reference, "detail": "état", "reason": "vérifié"}, by="agent 12")
    after = office.page({"page": "payment", "reference": reference}).content

    assert (True, True) == ("CONTRADICTED état, ouvert" in before, "par agent 12 : vérifié" in after)


def test_unknown(office: Office) -> None:
    """An unknown payment and an unknown page are 404."""
    assert [404, 404] == [office.page(query).status for query in ({"page": "payment"}, {"page": "other"})]


def test_tasks_and_postings(office: Office, service: PaymentService) -> None:
    """The effects that wait, and the payments that the caisse has not posted."""
    reference = paid(service).transaction_reference
    before = [reference in office.page({"page": page}).content for page in ("tasks", "postings")]
    service.posted(reference, by="agent")

    assert ([True, True], False) == (before, reference in office.page({"page": "postings"}).content)


class TestClose:
    """The one act of the pages."""

    @pytest.fixture(autouse=True)
    def incident(self, service: PaymentService) -> Incident:
        """Raise an incident."""
        raised = Incident(
            kind=IncidentKind.ORDER_MISMATCH, transaction_reference="P1", at=datetime.now(UTC), detail="amount"
        )
        service.ledger.raise_incident(raised)
        return raised

    def test_close(self, office: Office, service: PaymentService) -> None:
        """An incident is closed with a person and a reason."""
        office.close({"kind": "ORDER_MISMATCH", "reference": "P1", "detail": "amount", "reason": "vu"}, by="agent")

        assert () == service.incidents()

    @pytest.mark.parametrize(
        ("form", "by"),
        [
            ({"kind": "ORDER_MISMATCH", "reference": "P1", "detail": "amount", "reason": " "}, "agent"),
            ({"kind": "ORDER_MISMATCH", "reference": "P1", "detail": "amount", "reason": "vu"}, ""),
            ({"kind": "ORDER_MISMATCH", "reference": "P2", "detail": "amount", "reason": "vu"}, "agent"),
        ],
    )
    def test_refused(self, office: Office, service: PaymentService, form: dict[str, str], by: str) -> None:
        """Without reason or person, or for another incident, nothing is closed."""
        with pytest.raises(InvalidValueError):
            office.close(form, by=by)

        assert 1 == len(service.incidents())

    def test_reader(self, service: PaymentService) -> None:
        """A reader sees no form."""
        page = Office(ledger=service.ledger, may_close=False).page({"page": "incidents"})

        assert (True, False) == ("ORDER_MISMATCH" in page.content, "<form" in page.content)


def test_plot(office: Office) -> None:
    """The plot and its table count one payment and one refusal in this hour."""
    page = str(office.page({"page": "plot"}).content)

    assert 'aria-label="1 paiements, 1 refus"' in page
    assert 2 == page.count("<rect")


@pytest.mark.parametrize("behind", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=3)])
def test_clock_behind(service: PaymentService, behind: timedelta) -> None:
    """A machine whose clock is behind that of the portal shows the payments of its future in its last hour."""
    hour = paid(service).created_at.replace(minute=0, second=0, microsecond=0)
    office = Office(ledger=service.ledger, clock=lambda: hour - behind)

    assert 'aria-label="1 paiements, 1 refus"' in str(office.page({"page": "plot"}).content)


def test_empty_plot() -> None:
    """Hours without a payment have no bar."""
    plot = hourly_plot([Bar(at=datetime(2026, 11, 25, hour, tzinfo=UTC)) for hour in range(24)])

    assert (0, True) == (plot.count("<rect"), ">25/11<" in plot)
