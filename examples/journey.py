"""The service from end to end, over HTTP on this machine, with the references and amounts of the guide's own screens.

Run it with ``python3 dev.py demo``.  A small portal and the bank's page are served on two free ports; this program is
the person and the browser.  Each step prints what it received and what it decided, and checks it against the guide: the
exit status is 1 if any step is not as the guide says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import ProxyHandler, build_opener

import attrs
from flask import Flask, request

from creance_pay import (
    Caisse,
    CreancePayError,
    Debt,
    DebtKind,
    Euros,
    InvalidReferenceError,
    NoticeReference,
    OrderMismatchError,
    Outcome,
    PaymentOrder,
    ResponseRefusedError,
    Source,
    TransactionReference,
    find_caisse,
    messages,
    rules,
)
from creance_pay.gateways import FormPost, HttpMessage, KeyRing, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.gateways.testing import SipsBank
from creance_pay.gateways.testing.pages import bank_pages, serving

MERCHANT = "201000005940002"
CARD = "5017670000001800"
REFUSED_CARD = "5017670000001805"
POLICY = rules.policy_named("ameli-2019-11")
DAY = date(2017, 9, 11)
SEVEN_EUROS = "6311632600000408F"
SIXTY_EUROS = "6311631200000297F"


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


def expect_in(part: str, whole: str) -> None:
    """Look for a part of what the guide says."""
    if part not in whole:
        raise DiffersError(f"expected to read {part!r}")


def plain(text: str) -> str:
    """Undo the typography, to compare with the guide's text."""
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'")


def say(answer: object, expected: str | None = None) -> None:
    """Print the sentence for an answer, and compare it with the guide's where it has one."""
    rendered = messages.render(messages.message_for(answer))
    shows("message", f"« {rendered.body} »")
    shows("", rendered.action)
    if expected is not None:
        expect(expected, plain(rendered.body))


def caisse_of(reference: str) -> Caisse:
    """Find the caisse that issued a notice."""
    caisse = find_caisse(NoticeReference(reference).caisse_code)
    if caisse is None:
        raise DiffersError(reference)
    return caisse


def debt(reference: str, euros: int, *, open_online: bool = True) -> Debt:
    """Make a debt of the person, as the portal's own database would."""
    parsed = NoticeReference(reference)
    amount = Euros(euros * 100)
    return Debt(
        reference=parsed,
        kind=DebtKind.PARTICIPATION_FORFAITAIRE,
        initial=amount,
        remaining=amount,
        issued_on=parsed.issued_on,
        open_online=open_online,
    )


DEBTS = {
    str(each.reference): each
    for each in (debt("6311705400000344F", 60, open_online=False), debt(SEVEN_EUROS, 7), debt(SIXTY_EUROS, 60))
}


class Forms(HTMLParser):
    """The first form of a page, as a browser sees it."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep the form's address and its hidden fields."""
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.action = found["action"]
        if tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"]] = found["value"]


def post(url: str, fields: Mapping[str, str]) -> tuple[int, str]:
    """Post a form over HTTP, without any proxy; give the status and the page."""
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, data=urlencode(fields).encode(), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@attrs.define
class Portal:
    """A portal that keeps its orders in memory; a real one has a ledger."""

    gateway: SipsPaypage
    orders: dict[str, PaymentOrder]
    received: list[tuple[Source, str, object]]

    def answer(self, source: Source) -> tuple[str, int]:
        """Verify what arrived, before anything is believed."""
        message = HttpMessage(request.get_data(), dict(request.headers))
        try:
            order = self.orders[self.gateway.peek(message)]
            payment = self.gateway.verify(message, expected=order, source=source)
        except (ResponseRefusedError, OrderMismatchError) as error:
            self.received.append((source, type(error).__name__, error))
            return "", error.http_status
        self.received.append((source, payment.outcome.value, payment))
        return messages.render(messages.message_for(payment)).body, 200

    def pages(self) -> Flask:
        """Serve the two addresses that the bank knows."""
        pages = Flask("portal")
        pages.add_url_rule("/return", "return", lambda: self.answer(Source.RETURN), methods=["POST"])
        pages.add_url_rule("/notification", "notification", lambda: self.answer(Source.NOTIFICATION), methods=["POST"])
        return pages


@attrs.frozen
class Scene:
    """The portal and the bank, both listening."""

    portal: Portal
    portal_url: str
    bank_url: str

    def order(self, sequence: int, amount: Euros) -> PaymentOrder:
        """Record an order before the browser leaves."""
        order = PaymentOrder(
            transaction_reference=TransactionReference.make(DAY, sequence),
            amount=amount,
            return_url=f"{self.portal_url}/return",
            notification_url=f"{self.portal_url}/notification",
            notices={NoticeReference(SIXTY_EUROS): amount},
        )
        self.portal.orders[order.transaction_reference] = order
        return order


@contextmanager
def scene() -> Iterator[Scene]:
    """Open the bank and the portal on this machine."""
    keys = KeyRing([SecretKey(version="1", secret="a-key-made-up-for-this-demonstration")], current="1")
    with serving(bank_pages(SipsBank({MERCHANT: keys}))) as bank_url:
        gateway = SipsPaypage(merchant_id=MERCHANT, keys=keys, host=SipsHost.loopback(bank_url))
        portal = Portal(gateway, {}, [])
        with serving(portal.pages()) as portal_url:
            yield Scene(portal, portal_url, bank_url)


def notices() -> None:
    """Decide who gets a notice."""
    step("Before: who receives a notice (a balance from 50 to 150 EUR)")
    for cents, code in ((4999, "BELOW_BAND"), (5000, "IN_SCOPE"), (15000, "IN_SCOPE"), (15001, "ABOVE_BAND")):
        verdict = rules.notice_scope(Euros(cents), notice_received=True, policy=POLICY)
        shows(f"{Euros(cents)} EUR", verdict.code)
        expect(code, verdict.code)


def misprints() -> None:
    """Type the guide's own misprints."""
    step("Step 1: references with a misprint")
    for text, code, suggestion in (
        ("631163120000297F", "REFERENCE_BAD_LENGTH", "6311631200000297F"),
        ("6311 705 4 0000 0: 344 F", "REFERENCE_BAD_CHARACTER", "6311705400000344F"),
    ):
        try:
            NoticeReference.parse(text)
        except InvalidReferenceError as error:
            shows("typed", text)
            shows("code", error.code)
            say(error)
            expect((code, suggestion), (error.code, error.suggestion))
        else:
            expect(code, "accepted")


def closed_and_small() -> None:
    """Search the closed reference and the debt of 7 EUR."""
    step("Step 1: a reference typed with spaces, that is not open")
    typed = " 6311 7054 0000 0344 F "
    reference = NoticeReference.parse(typed)
    shows("typed", repr(typed))
    shows("read", f"{reference}, issued on {reference.issued_on}")
    expect(date(2017, 2, 23), reference.issued_on)
    verdict = rules.access(DEBTS[str(reference)], policy=POLICY)
    shows("code", verdict.code)
    say(verdict, "Cette référence de courrier n'est pas ouverte au paiement en ligne.")

    step("Step 2: a debt of 7 EUR")
    small = DEBTS[SEVEN_EUROS]
    shows("caisse", caisse_of(SEVEN_EUROS).name)
    expect("CPAM du Puy-de-Dôme", caisse_of(SEVEN_EUROS).name)
    assessment = rules.assess(small, policy=POLICY)
    shows("code", assessment.code)
    say(
        assessment,
        "Le montant restant dû pour cette référence de courrier est inférieur au montant minimum de paiement en ligne "
        ": merci d'utiliser un autre moyen de paiement",
    )
    expect("BELOW_ONLINE_MINIMUM", assessment.check("20,00").code)


def choose_an_amount() -> Euros:
    """Assess a payable debt and try amounts."""
    step("Step 2: a debt of 60 EUR, and three amounts")
    assessment = rules.assess(DEBTS[SIXTY_EUROS], policy=POLICY)
    shows("code", f"{assessment.code}, from {assessment.payable_min} to {assessment.payable_max} EUR")
    expect(("PAYABLE", Euros(1600), Euros(5000)), (assessment.code, assessment.payable_min, assessment.payable_max))
    for text, code in (("15,99", "AMOUNT_BELOW_MINIMUM"), ("50,01", "AMOUNT_ABOVE_MAXIMUM")):
        verdict = assessment.check(text)
        shows(text, verdict.code)
        say(verdict, "Vous pouvez payer en ligne entre 16 € et 50 € par paiement")
        expect(code, verdict.code)
    verdict = assessment.check("20,00")
    shows("20,00", verdict.code)
    expect(("AMOUNT_OK", Euros(2000)), (verdict.code, verdict.amount))
    return verdict.amount or Euros(0)


def leave_for_the_bank(scene: Scene, order: PaymentOrder) -> Forms:
    """Post the sealed form to the bank, and read its page."""
    form = scene.portal.gateway.initiate(order)
    shows("form", form)
    page_form = Forms(form.as_html())
    expect(FormPost(form.action, dict(form.fields)), FormPost(page_form.action, page_form.fields))
    status, page = post(page_form.action, page_form.fields)
    expect(200, status)
    for text in (order.transaction_reference, MERCHANT, f"{order.amount}".replace(".", ",")):
        expect_in(text, page)
    shows("bank page", f"HTTP {status}: the seal is right; amount, reference and shop are shown")
    return Forms(page)


def come_back(scene: Scene, order: PaymentOrder, choice: Mapping[str, str], outcome: Outcome, home: str) -> Forms:
    """Answer on the bank's page and come back to the portal."""
    page = leave_for_the_bank(scene, order)
    scene.portal.received.clear()
    status, receipt = post(urljoin(scene.bank_url, page.action), {**page.fields, **choice})
    expect(200, status)
    back = Forms(receipt)
    status, body = post(back.action, back.fields)
    expect(200, status)
    for source, word, _ in scene.portal.received:
        shows(source.value.lower(), f"verified: {word}")
    expect([(Source.NOTIFICATION, outcome), (Source.RETURN, outcome)], [seen[:2] for seen in scene.portal.received])
    shows("message", f"« {body} »")
    expect(home, plain(body))
    if outcome is Outcome.PAID:
        expect_in("Votre paiement a été accepté.", receipt)
        expect_in("5017##########00", receipt)
    return back


def forge(scene: Scene, order: PaymentOrder, back: Forms) -> None:
    """Change one thing in a genuine answer."""
    for name, fields in (
        ("amount", {**back.fields, "Data": back.fields["Data"].replace("amount=2000", "amount=1")}),
        ("seal", {**back.fields, "Seal": "0" * 64}),
        ("no seal", {key: value for key, value in back.fields.items() if key != "Seal"}),
    ):
        status, _ = post(order.return_url, fields)
        shows(name, f"HTTP {status}, {scene.portal.received[-1][1]}")
        expect(400, status)


def acknowledge(order: PaymentOrder) -> None:
    """Write the acknowledgement of the guide's date, and say what follows."""
    step("After: the acknowledgement, and what follows")
    sent = date(2018, 7, 5)
    deleted = rules.delete_on(sent, policy=POLICY)
    expect(date(2019, 1, 5), deleted)
    letter = messages.render(
        messages.acknowledgement(
            received_at=datetime(2018, 7, 5, 6, 59, tzinfo=UTC),
            amount=order.amount,
            notice_references=order.notices,
            transaction_reference=order.transaction_reference,
            caisse=caisse_of(SEVEN_EUROS),
            address="(adresse de la caisse)",
            display_delay_hours=POLICY.display_delay_hours,
            delete_on=deleted,
        )
    )
    print(f"\n   De : {letter.sender}\n   {letter.title}\n")
    print("\n".join(f"   {line}" for line in [*letter.body.splitlines(), "", letter.action]))
    expect("Accusé de réception de votre paiement de créance", letter.title)
    expect("Assurance Maladie", letter.sender)
    expect_in("Nous accusons réception de votre paiement de créance du 05/07/2018.", letter.body)
    expect_in("Ce message sera supprimé le 05/01/2019.", letter.action)
    accepted = datetime.fromisoformat("2017-09-11T15:54:00+02:00")
    print()
    shows("shown by", rules.display_by(accepted, policy=POLICY).isoformat())


def play() -> None:
    """Play every step."""
    notices()
    misprints()
    closed_and_small()
    amount = choose_an_amount()
    with scene() as place:
        step("Step 3: the bank's page, accepted")
        paid = place.order(4, amount)
        thanks = "Nous vous remercions pour votre paiement, nous le traitons dans les plus brefs délais."
        back = come_back(place, paid, {"card": CARD, "validate": ""}, Outcome.PAID, thanks)
        step("Step 3: refused by the bank")
        failed = "Votre transaction de paiement a échoué."
        come_back(place, place.order(5, amount), {"card": REFUSED_CARD, "validate": ""}, Outcome.REFUSED, failed)
        step("Step 3: abandoned on the bank's page (no failure: nothing was debited)")
        left = "Vous avez quitté la page de paiement. Rien n'a été débité."
        come_back(place, place.order(6, amount), {"leave": ""}, Outcome.CANCELLED, left)
        step("Step 3: forged answers")
        forge(place, paid, back)
    acknowledge(paid)


def main() -> int:
    """Play the journey and give the exit status."""
    try:
        play()
    except (DiffersError, CreancePayError) as error:
        print(f"\nNot as the guide says: {error}", file=sys.stderr)
        return 1
    print("\nEvery step is as the guide says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
