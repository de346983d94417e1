"""The example in Django, served with a bank over HTTP on this machine."""

from django.core.management import call_command

from creance_pay import PaymentState
from creance_pay.django.models import Letter, PaymentOwner
from creance_pay.django.pytest_fixtures import LivePortal
from creance_pay.testing.sips import TrialCard
from django_visitor import Person

OWN, OTHERS = "6311 7054 0000 0344 F", "6311 7054 0000 0345 F"


def plain(text: str) -> str:
    """Replace the spaces that do not break."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_paid(person: Person) -> None:
    """A payment is accepted, recorded for its owner and acknowledged once in the mailbox."""
    page = person.pay(OWN)
    call_command("creance_worker", "--once")
    call_command("creance_worker", "--once")
    letter = Letter.objects.get()

    assert "Votre paiement a été accepté" in plain(page.text) or "accepté" in page.text
    assert "assure0" == PaymentOwner.objects.get().user.get_username() == letter.user.get_username()
    assert "6311705400000344F" in letter.text.replace(" ", "").replace("\u00a0", "")


def test_refused(person: Person) -> None:
    """A refusal is shown, and writes no letter."""
    page = person.pay(OWN, TrialCard.REFUSED)
    call_command("creance_worker", "--once")

    assert "refus" in page.text
    assert 0 == Letter.objects.count()
