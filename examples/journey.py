"""The service from end to end, over HTTP on this machine, with the references and amounts of the guide's own screens.

Run it with ``python3 dev.py demo``; ``--bank direct`` plays it with another bank.  It serves the example portal and the
bank's page on two free ports, and acts as the person with the browser.  Each step prints the sentences of the page and
compares them with the guide; the exit status is 1 when a step differs.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import attrs
from visitor import Visitor

from creance_pay import Euros, rules
from creance_pay.cli import main as creance_pay_command
from creance_pay.errors import CreancePayError
from creance_pay.gateways import RequestsTransport
from creance_pay.ledger import Ledger, Payment, SqlLedger
from creance_pay.payments import PaymentService, Reconciliation
from creance_pay.testing import Fault, LocalBank, trial_banks, trial_merchant
from creance_pay.testing.faults import key_under
from creance_pay.testing.server import bank_pages, serving
from portal import create_portal
from portal.accounts import Account
from portal.caisse import post_file
from portal.service import PortalService

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


@attrs.define
class Demo:
    """The portal, and a person with a browser.

    Attributes:
        person: The person.
        portal_url: The address of the portal.
        ledger: The portal's ledger.
        service: The portal's payment service.
        accounts: The accounts of the portal.
        bank: The bank.
        folder: The folder of the ledger and of the files.
    """

    person: Visitor
    portal_url: str
    ledger: Ledger
    service: PaymentService
    accounts: Mapping[str, Account]
    bank: LocalBank
    folder: Path
    _last_number: str = "0"

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

    def open_incidents(self) -> list[str]:
        """List the kinds of the open incidents."""
        return [each.kind.value for each in self.service.incidents()]

    def close_incidents(self, reason: str) -> None:
        """Close the open incidents, as an operator does who has looked into them."""
        for incident in self.service.incidents():
            self.service.close_incident(incident, by="operator 7", reason=reason)

    def read_reports(self) -> Reconciliation:
        """Reconcile with the bank's reports of the day of the last payment, one of each kind."""
        paid_at = self.last_payment().paid_at or datetime.now(UTC)
        day = paid_at.astimezone(ZoneInfo("Europe/Paris")).date()
        reports = self.bank.bank.reports(day)
        print_value("reports", ", ".join(f"{len(each.lines)} {each.kind.lower()}" for each in reports))
        return self.service.reconcile(reports=reports)

    def exchange_postings(self, expected: str) -> None:
        """Write the posting file since the last one, have the caisse post it, and record its answers."""
        file = self.folder / "postings.csv"
        file.write_text(self.command("postings", "--after", self._last_number), encoding="utf-8")
        rows = [line.split(";") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
        written = ", ".join(f"{row[4]} {row[3]}" for row in rows)
        print_value("postings", written)
        expect(expected, written)
        self._last_number = rows[-1][0]
        posted, rejected = post_file(self.accounts, file)
        self.command("posted", str(posted), "--by", "posting job")
        self.command("rejected", str(rejected), "--by", "posting job", "--reason", "the debt does not take it")

    def command(self, act: str, *words: str) -> str:
        """Run ``creance-pay ledger`` on the portal's ledger, and return its output."""
        ledger = ["--file", str(self.folder / "ledger.db"), "--merchant", "example-portal"]
        with redirect_stdout(StringIO()) as printed:
            status = creance_pay_command(["ledger", act, *ledger, *words])
        expect(0, status)
        return printed.getvalue()


@contextmanager
def serving_demo(name: str) -> Iterator[Demo]:
    """Serve a bank and the portal on this machine, and open an account of the portal."""
    bank = LocalBank(trial_merchant(name))
    with TemporaryDirectory() as folder, serving(bank_pages(bank.bank)) as bank.url:
        portal = create_portal(bank.merchant.gateway(bank.url), Path(folder))
        ledger: SqlLedger = portal.extensions["portal"].ledger
        with serving(portal) as portal_url:
            person = Visitor(portal_url)
            person.press("Ouvrir le compte A")
            service: PortalService = portal.extensions["portal"]
            yield Demo(person, portal_url, ledger, service.payment_service, service.accounts, bank, Path(folder))
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
    demo.expect_text("s'agit-il de 6311 6312 0000 0297 F, 6311 6312 0000 2297 F ou 6311 6312 0000 2977 F ?")
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
    """Change one value of an authentic notification, and seal an acceptance with a key that somebody made up."""
    print_step("Step 3: forged messages")
    bank = demo.bank.bank
    for name in ("amount", "refusal"):
        demo.confirm()
        demo.person.press("Valider", card=REFUSED_CARD)
        request, _ = bank.account(demo.last_payment().transaction_reference)
        message = bank.ended[request.identifier].notifications[0].message
        body = message.body.replace(b"2000", b"0001")
        if name == "refusal":
            forger = key_under(Fault.FORGED, *bank.keys_of(request))
            message = bank.message(request, bank.pay(request, CARD), forger)
            body = message.body
        url = f"{demo.portal_url}/notification"
        status = RequestsTransport(direct=True).send("POST", url, headers=message.headers, body=body).status
        print_value(name, f"HTTP {status}, ledger: {demo.last_payment().state}")
        expect((400, "REFUSED"), (status, demo.last_payment().state.value))


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


def at_the_bank(demo: Demo) -> None:
    """Run the bank's night, and read its reports of the day: the ledger agrees with the bank."""
    print_step("At the bank: the night, and the daily reports")
    print_value("incidents", ", ".join(demo.open_incidents()))
    expect(["NOT_AUTHENTIC"] * 2, demo.open_incidents())
    demo.close_incidents("two forged messages")
    demo.bank.bank.run_nightly_batch()
    found = demo.read_reports()
    print_value(
        "reconciled", f"{len(found.recorded)} lines, {len(found.changed)} changes; ledger: {demo.last_payment().state}"
    )
    expect((0, []), (len(found.changed), demo.open_incidents()))


def at_the_caisse(demo: Demo) -> None:
    """Write the posting file, post it to the debts, and read the answers of the caisse."""
    print_step("At the caisse: the payment is posted")
    notices = demo.last_payment().order.notices
    pending = demo.ledger.pending(notices, datetime.now(UTC))
    print_value("pending", ", ".join(f"{part} EUR" for part in pending.values()))
    expect([Euros(2000)], [*pending.values()])
    demo.exchange_postings("CAPTURED 20.00")
    expect({}, demo.ledger.pending(notices, datetime.now(UTC)))
    print_value("posted", "nothing is pending")
    demo.person.open(f"{demo.portal_url}/creances/4")
    demo.expect_text("Montant restant dû40,00 €")


def refund(demo: Demo) -> None:
    """Refund a part; the person reads it, and the caisse restores the debt."""
    print_step("At the caisse: an operator refunds 5 EUR")
    reference = demo.last_payment().transaction_reference
    act = demo.service.refund(reference, Euros(500), by="operator 7", reason="paid too much")
    demo.bank.wait()
    print_value("refund", f"{act.amount} EUR, {act.state}; ledger: {demo.last_payment().state}")
    expect(("DONE", "PARTIALLY_REFUNDED"), (act.state, demo.last_payment().state))
    demo.person.open(f"{demo.portal_url}/paiement")
    demo.expect_text("Une partie de votre paiement vous a été remboursée : 5,00 €.")
    demo.exchange_postings("REFUNDED 5.00")


def charge_back(demo: Demo) -> None:
    """Charge the rest back, as the bank of the card does; the report raises an incident, which an operator closes."""
    print_step("At the bank: the rest is charged back")
    demo.bank.bank.charge_back(demo.last_payment().transaction_reference, Euros(1500))
    demo.bank.wait()
    demo.read_reports()
    print_value("incidents", ", ".join(demo.open_incidents()))
    expect(["CHARGED_BACK"], demo.open_incidents())
    demo.person.open(f"{demo.portal_url}/paiement")
    demo.expect_text("La banque de la carte a repris la somme payée. Votre créance est de nouveau à payer.")
    demo.exchange_postings("CHARGED_BACK 15.00")
    demo.person.open(f"{demo.portal_url}/creances/4")
    demo.expect_text("Montant restant dû60,00 €")
    demo.close_incidents("the debt is due again")


def run(bank: str) -> None:
    """Run every step, with a bank."""
    notices()
    with serving_demo(bank) as demo:
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
        at_the_bank(demo)
        at_the_caisse(demo)
        refund(demo)
        charge_back(demo)


def main(words: Sequence[str] = ()) -> int:
    """Run the journey, and return the exit status."""
    logging.getLogger("creance_pay").addHandler(logging.NullHandler())  # it plays forgeries, which are logged
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--bank", choices=trial_banks(), default="sips", help="the bank (default: %(default)s)")
    bank = parser.parse_args(words).bank
    try:
        run(bank)
    except (DiffersError, CreancePayError, LookupError) as error:
        print(f"\nNot as the guide says: {error}", file=sys.stderr)
        return 1
    print("\nEvery step is as the guide says.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
