"""The service from end to end, over HTTP on this machine, with the references and amounts of the guide's own screens.

Run it with ``python3 dev.py demo``.  It serves the example portal and the bank's page on two free ports, and acts as
the person with the browser.  Each step prints the sentences of the page and compares them with the guide; the exit
status is 1 when a step differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from visitor import Visitor

from creance_pay import Euros, rules
from creance_pay.errors import CreancePayError
from creance_pay.ledger import Ledger, Payment, SqlLedger
from creance_pay.payments import PaymentService
from creance_pay.testing import LocalBank, TrialMerchant
from creance_pay.testing.sips import SipsBank, SipsServices
from creance_pay.testing.sips.server import bank_pages, serving
from portal import create_portal

POLICY = rules.policy_named("ameli-2019-11")
CLOSED, SEVEN_EUROS, SIXTY_EUROS = "6311 7054 0000 0344 F", "6311 6326 0000 0408 F", "6311 7260 0000 0512 K"
CARD, REFUSED_CARD = "5017670000001800", "5017670000001805"
RANGE = "Vous pouvez payer en ligne entre 16 € et 50 € par paiement"


class DiffersError(Exception):
    """A step differs from the guide."""


def print_step(title: str) -> None:
    """Print the title of a step."""
    print(f"\n== {title}")


def print_value(name: str, value: object) -> None:
    """Print a value of a step."""
    print(f"   {name:<12} {value}")


def expect(expected: object, actual: object) -> None:
    """Raise ``DiffersError`` unless a value is the guide's."""
    if expected != actual:
        raise DiffersError(f"expected {expected!r}, got {actual!r}")


@attrs.frozen
class Demo:
    """The portal, and a person with a browser.

    Attributes:
        person: The person.
        portal_url: The address of the portal.
        ledger: The portal's ledger.
        service: The portal's payment service.
        bank: The bank.
    """

    person: Visitor
    portal_url: str
    ledger: Ledger
    service: PaymentService
    bank: SipsBank

    def expect_text(self, *sentences: str) -> None:
        """Raise ``DiffersError`` unless the page contains the guide's sentences, with either form of apostrophe."""
        text = self.person.page.text.replace("’", "'")
        for sentence in sentences:
            if sentence not in text:
                raise DiffersError(f"expected to read {sentence!r}")
            print_value("reads", f"« {sentence} »")

    def search(self, reference: str) -> None:
        """Type a reference into the form of step 1."""
        self.person.open(f"{self.portal_url}/creance")
        self.person.press("Rechercher", reference=reference)
        print_value("typed", f"{reference}   (HTTP {self.person.status})")

    def confirm(self) -> None:
        """Confirm a payment of 20 EUR, and go to the bank's page."""
        self.person.open(f"{self.portal_url}/creances/4/recapitulatif?montant=20,00")
        self.person.press("Confirmer et payer")
        self.person.press("Aller sur la page de la banque")

    def last_payment(self) -> Payment:
        """Return the last payment of the ledger."""
        return self.ledger.payments()[-1]


@contextmanager
def serving_demo() -> Iterator[Demo]:
    """Serve the bank and the portal on this machine, and open an account of the portal."""
    bank = LocalBank(TrialMerchant())
    with TemporaryDirectory() as folder, serving(bank_pages(bank.bank)) as bank.url:
        portal = create_portal(bank.gateway, Path(folder))
        ledger: SqlLedger = portal.extensions["portal"].ledger
        with serving(portal) as portal_url:
            person = Visitor(portal_url)
            person.press("Ouvrir le compte A")
            yield Demo(person, portal_url, ledger, portal.extensions["portal"].payment_service, bank.bank)
            person.close()
        ledger.close()


def notices() -> None:
    """Decide which balances cause a notice."""
    print_step("Before: who receives a notice (a balance from 50 to 150 EUR)")
    for cents, code in ((4999, "BELOW_BAND"), (5000, "IN_SCOPE"), (15000, "IN_SCOPE"), (15001, "ABOVE_BAND")):
        verdict = rules.notice_scope(Euros(cents), notice_received=True, policy=POLICY)
        print_value(f"{Euros(cents)} EUR", verdict.code)
        expect(code, verdict.code)


def search(demo: Demo) -> None:
    """Type the misprinted references of the guide, and the references of its annex."""
    print_step("Step 1: the reference")
    demo.search("631163120000297F")
    demo.expect_text("s'agit-il de 6311 6312 0000 0297 F ?")
    demo.search("6311 705 4 0000 0: 344 F")
    demo.expect_text("s'agit-il de 6311 7054 0000 0344 F ?")
    demo.search(CLOSED)
    demo.expect_text("Cette référence de courrier n'est pas ouverte au paiement en ligne.")
    demo.search(SEVEN_EUROS)
    demo.expect_text(
        "CPAM du Puy-de-Dôme",
        "Le montant restant dû pour cette référence de courrier est inférieur au montant minimum de paiement en ligne "
        ": merci d'utiliser un autre moyen de paiement",
    )


def choose_amount(demo: Demo) -> None:
    """Type amounts outside the range, then one inside it."""
    print_step("Step 2: the amount, of 60 EUR that are due")
    for amount in ("15,99", "50,01"):
        demo.search(SIXTY_EUROS)
        demo.person.press("Valider", montant=amount)
        print_value("amount", amount)
        demo.expect_text(RANGE, "Montant hors limites")
    demo.search(SIXTY_EUROS)
    demo.person.press("Valider", montant="20,00")
    demo.expect_text("Récapitulatif de votre paiement", "Montant du paiement : 20,00 €")


def pay(demo: Demo, title: str, button: str, card: str, state: str, *sentences: str) -> None:
    """Confirm 20 EUR, answer on the bank's page, and return to the portal."""
    print_step(f"Step 3: {title}")
    demo.confirm()
    demo.expect_text("Informations de la carte", "20,00 €", demo.last_payment().transaction_reference)
    demo.person.press(button, card=card)
    demo.person.press("Aller au compte")
    demo.expect_text(*sentences)
    print_value("ledger", f"verified: {demo.last_payment().state}")
    expect(state, demo.last_payment().state.value)


def forge(demo: Demo) -> None:
    """Change one value of an authentic message."""
    print_step("Step 3: forged messages")
    for name, changed in (("amount", ("amount=2000", "amount=1")), ("refusal", ("responseCode=05", "responseCode=00"))):
        demo.confirm()
        demo.person.press("Valider", card=REFUSED_CARD)
        fields = dict(demo.person.form_data("Aller au compte"))
        demo.person.press("Aller au compte", Data=fields["Data"].replace(*changed))
        print_value(name, f"HTTP {demo.person.status}, ledger: {demo.last_payment().state}")
        expect((400, "REFUSED"), (demo.person.status, demo.last_payment().state.value))


def acknowledge(demo: Demo) -> None:
    """Read the acknowledgement in the mailbox, download it as PDF, and delete it."""
    print_step("After: the acknowledgement, and the deadlines")
    person, payment = demo.person, demo.last_payment()
    person.open(f"{demo.portal_url}/messagerie")
    person.follow("Accusé de réception de votre paiement de créance")
    demo.expect_text(
        "De : Assurance Maladie", "Nous accusons réception de votre paiement de créance du", "Sera supprimé le"
    )
    address = person.url
    person.follow("Télécharger en PDF")
    print_value("PDF", f"{len(person.content)} bytes, {person.headers['Content-Disposition']}")
    expect(b"%PDF-", person.content[:5])
    person.open(address)
    person.press("Supprimer")
    demo.expect_text("Aucun message")
    expect(date(2019, 1, 5), rules.delete_on(date(2018, 7, 5), policy=POLICY))
    if payment.paid_at is None:
        raise DiffersError("expected an accepted payment")
    display_by = rules.display_by(payment.paid_at, policy=POLICY)
    print_value("display by", display_by.isoformat(timespec="seconds"))
    expect(timedelta(hours=24), display_by - payment.paid_at)


def post_and_refund(demo: Demo) -> None:
    """Report the posting of the payment by the caisse, and refund a part of it."""
    print_step("At the caisse: the payment is posted, and an operator refunds 5 EUR")
    reference = demo.last_payment().transaction_reference
    now = datetime.now(UTC)
    pending = demo.ledger.pending(demo.last_payment().order.notices, now)
    print_value("pending", ", ".join(f"{part} EUR" for part in pending.values()))
    expect([Euros(2000)], [*pending.values()])
    demo.service.posted(reference, by="posting job")
    expect({}, demo.ledger.pending(demo.last_payment().order.notices, now))
    print_value("posted", "nothing is pending")
    SipsServices(demo.bank).run_nightly_batch()
    act = demo.service.refund(reference, Euros(500), by="operator 7", reason="paid too much")
    print_value("refund", f"{act.amount} EUR, {act.state}; ledger: {demo.last_payment().state}")
    expect(("DONE", "PARTIALLY_REFUNDED"), (act.state, demo.last_payment().state))


def run() -> None:
    """Run every step."""
    notices()
    with serving_demo() as demo:
        search(demo)
        choose_amount(demo)
        failed = "Votre transaction de paiement a échoué."
        left = "Vous avez quitté la page de paiement. Rien n'a été débité."
        thanks = "Nous vous remercions pour votre paiement, nous le traitons dans les plus brefs délais."
        displayed = "Consultez votre compte : le paiement y apparaît sous 24 h."
        pay(demo, "refused by the bank", "Valider", REFUSED_CARD, "REFUSED", failed)
        pay(demo, "abandoned on the bank's page (no failure)", "Abandonner", "", "CANCELLED", left)
        forge(demo)
        pay(demo, "accepted", "Valider", CARD, "PAID", thanks, displayed)
        acknowledge(demo)
        post_and_refund(demo)


def main() -> int:
    """Run the journey, and return the exit status."""
    try:
        run()
    except (DiffersError, CreancePayError, LookupError) as error:
        print(f"\nNot as the guide says: {error}", file=sys.stderr)
        return 1
    print("\nEvery step is as the guide says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
