"""The service from end to end, over HTTP on this machine, with the references and amounts of the guide's own screens.

Run it with ``python3 dev.py demo``.  The example portal and the bank's page are served on two free ports; this program
is the person at the browser.  Each step prints what the page says and checks it against the guide: the exit status is 1
if any step is not as the guide says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from visitor import Visitor

from creance_pay import Euros, rules
from creance_pay.errors import CreancePayError
from creance_pay.ledger import Ledger, Payment, SqlLedger
from creance_pay.testing import LocalBank, TrialMerchant
from creance_pay.testing.sips.server import bank_pages, serving
from portal import create_portal

POLICY = rules.policy_named("ameli-2019-11")
CLOSED, SEVEN_EUROS, SIXTY_EUROS = "6311 7054 0000 0344 F", "6311 6326 0000 0408 F", "6311 7260 0000 0512 K"
CARD, REFUSED_CARD = "5017670000001800", "5017670000001805"
RANGE = "Vous pouvez payer en ligne entre 16 € et 50 € par paiement"


class DiffersError(Exception):
    """A step is not as the guide says."""


def step(title: str) -> None:
    """Announce a step."""
    print(f"\n== {title}")


def shows(name: str, value: object) -> None:
    """Print what a step received or decided."""
    print(f"   {name:<12} {value}")


def expect(expected: object, actual: object) -> None:
    """Compare with what the guide says."""
    if expected != actual:
        raise DiffersError(f"expected {expected!r}, got {actual!r}")


@attrs.frozen
class Scene:
    """The portal, the bank, and the person between them."""

    person: Visitor
    portal_url: str
    ledger: Ledger

    def reads(self, *sentences: str) -> None:
        """Look for the guide's sentences on the page, whatever their apostrophes."""
        words = self.person.page.words.replace("’", "'")
        for sentence in sentences:
            if sentence not in words:
                raise DiffersError(f"expected to read {sentence!r}")
            shows("reads", f"« {sentence} »")

    def search(self, reference: str) -> None:
        """Type a reference into the form of step 1."""
        self.person.open(f"{self.portal_url}/creance")
        self.person.press("Rechercher", reference=reference)
        shows("typed", f"{reference}   (HTTP {self.person.status})")

    def last(self) -> Payment:
        """Read the last payment from the ledger."""
        return self.ledger.payments()[-1]


@contextmanager
def scene() -> Iterator[Scene]:
    """Open the bank and the portal on this machine, and an account of the portal."""
    bank = LocalBank(TrialMerchant())
    with TemporaryDirectory() as folder, serving(bank_pages(bank.bank)) as bank.url:
        portal = create_portal(bank.gateway, Path(folder))
        ledger: SqlLedger = portal.extensions["portal"].ledger
        with serving(portal) as portal_url:
            person = Visitor(portal_url)
            person.press("Ouvrir le compte A")
            yield Scene(person, portal_url, ledger)
            person.close()
        ledger.close()


def notices() -> None:
    """Decide who gets a notice."""
    step("Before: who receives a notice (a balance from 50 to 150 EUR)")
    for cents, code in ((4999, "BELOW_BAND"), (5000, "IN_SCOPE"), (15000, "IN_SCOPE"), (15001, "ABOVE_BAND")):
        verdict = rules.notice_scope(Euros(cents), notice_received=True, policy=POLICY)
        shows(f"{Euros(cents)} EUR", verdict.code)
        expect(code, verdict.code)


def search(place: Scene) -> None:
    """Type the guide's misprints, and the references of its annex."""
    step("Step 1: the reference")
    place.search("631163120000297F")
    place.reads("s'agit-il de 6311 6312 0000 0297 F ?")
    place.search("6311 705 4 0000 0: 344 F")
    place.reads("s'agit-il de 6311 7054 0000 0344 F ?")
    place.search(CLOSED)
    place.reads("Cette référence de courrier n'est pas ouverte au paiement en ligne.")
    place.search(SEVEN_EUROS)
    place.reads(
        "CPAM du Puy-de-Dôme",
        "Le montant restant dû pour cette référence de courrier est inférieur au montant minimum de paiement en ligne "
        ": merci d'utiliser un autre moyen de paiement",
    )


def choose_an_amount(place: Scene) -> None:
    """Try amounts, and come to the recapitulation."""
    step("Step 2: the amount, of 60 EUR that are due")
    for amount in ("15,99", "50,01"):
        place.search(SIXTY_EUROS)
        place.person.press("Valider", montant=amount)
        shows("amount", amount)
        place.reads(RANGE, "Montant hors limites")
    place.search(SIXTY_EUROS)
    place.person.press("Valider", montant="20,00")
    place.reads("Récapitulatif de votre paiement", "Montant du paiement : 20,00 €")


def pay(place: Scene, title: str, button: str, card: str, state: str, *sentences: str) -> None:
    """Confirm 20 EUR, answer on the bank's page, and come back."""
    step(f"Step 3: {title}")
    person = place.person
    person.open(f"{place.portal_url}/creances/4/recapitulatif?montant=20,00")
    person.press("Confirmer et payer")
    person.press("Aller sur la page de la banque")
    place.reads("Informations de la carte", "20,00 €", place.last().transaction_reference)
    person.press(button, card=card)
    person.press("Aller au compte")
    place.reads(*sentences)
    shows("ledger", f"verified: {place.last().state}")
    expect(state, place.last().state.value)


def forge(place: Scene) -> None:
    """Change one thing in a genuine answer."""
    step("Step 3: forged answers")
    for name, changed in (("amount", ("amount=2000", "amount=1")), ("refusal", ("responseCode=05", "responseCode=00"))):
        place.person.open(f"{place.portal_url}/creances/4/recapitulatif?montant=20,00")
        place.person.press("Confirmer et payer")
        place.person.press("Aller sur la page de la banque")
        place.person.press("Valider", card=REFUSED_CARD)
        fields = dict(place.person.filled("Aller au compte"))
        place.person.press("Aller au compte", Data=fields["Data"].replace(*changed))
        shows(name, f"HTTP {place.person.status}, ledger: {place.last().state}")
        expect((400, "REFUSED"), (place.person.status, place.last().state.value))


def acknowledge(place: Scene) -> None:
    """Read the acknowledgement in the mailbox, keep it, delete it."""
    step("After: the acknowledgement, and what follows")
    person, entry = place.person, place.last()
    person.open(f"{place.portal_url}/messagerie")
    person.follow("Accusé de réception de votre paiement de créance")
    place.reads("De : Assurance Maladie", "Nous accusons réception de votre paiement de créance du", "Sera supprimé le")
    address = person.url
    person.follow("Télécharger en PDF")
    shows("PDF", f"{len(person.content)} bytes, {person.headers['Content-Disposition']}")
    expect(b"%PDF-", person.content[:5])
    person.open(address)
    person.press("Supprimer")
    place.reads("Aucun message")
    expect(date(2019, 1, 5), rules.delete_on(date(2018, 7, 5), policy=POLICY))
    if entry.paid_at is None:
        raise DiffersError("the payment is not accepted")
    shown = rules.display_by(entry.paid_at, policy=POLICY)
    shows("shown by", shown.isoformat(timespec="seconds"))
    expect(timedelta(hours=24), shown - entry.paid_at)


def play() -> None:
    """Play every step."""
    notices()
    with scene() as place:
        search(place)
        choose_an_amount(place)
        failed = "Votre transaction de paiement a échoué."
        left = "Vous avez quitté la page de paiement. Rien n'a été débité."
        thanks = "Nous vous remercions pour votre paiement, nous le traitons dans les plus brefs délais."
        pay(place, "refused by the bank", "Valider", REFUSED_CARD, "REFUSED", failed)
        pay(place, "abandoned on the bank's page (no failure)", "Abandonner", "", "CANCELLED", left)
        forge(place)
        pay(place, "accepted", "Valider", CARD, "PAID", thanks)
        acknowledge(place)


def main() -> int:
    """Play the journey and give the exit status."""
    try:
        play()
    except (DiffersError, CreancePayError, LookupError) as error:
        print(f"\nNot as the guide says: {error}", file=sys.stderr)
        return 1
    print("\nEvery step is as the guide says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
