"""The parts that the recipes share, without a web framework: gateway, ledger, payment service and debts.

A portal of yours builds them once, when it starts, and has its own debts, templates and sessions of signed-in persons.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.errors import CreancePayError
from creance_pay.gateways import Report, RequestsTransport, from_file
from creance_pay.ledger import Effect, Payment, PostingLine, SqlLedger
from creance_pay.messages import Medium, Message, message_for, render
from creance_pay.payments import PaymentService, StartedPayment
from creance_pay.rules import assess, policy_named
from creance_pay.web import BankEndpoints, message_for_start

# The public address of the portal.  Configure it: the Host header of a request is chosen by the client.
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000")
POLICY = policy_named("ameli-2019-11")
# Look up the debts of the signed-in person only; these are fictitious.
DEBTS = {
    reference: Debt(
        reference=reference,
        kind=DebtKind.FRANCHISE,
        initial=Euros(6000),
        remaining=Euros(6000),
        issued_on=reference.issued_on,
        open_online=True,
    )
    for reference in (NoticeReference(f"6311705400000{number}F") for number in range(344, 400))
}


def acknowledge(payment: Payment, key: str) -> None:
    """Send the acknowledgement.  An effect may run twice: the key is the same, so that you can send it once."""
    print(f"acknowledgement of {payment.transaction_reference}: {payment.amount} EUR, key {key}", flush=True)


# A ledger stays the same when the bank changes.
ledger = SqlLedger(os.environ["LEDGER_URL"], merchant_id="example-portal")
service = PaymentService(
    from_file(os.environ["GATEWAY_FILE"]),  # one line of this file names the bank
    ledger,
    transport=RequestsTransport(),
    effects=[Effect(name="acknowledgement", run=acknowledge)],
)
# The two addresses of the bank; each recipe mounts them under /bank.
endpoints = BankEndpoints(service=service, url=f"{SITE_URL}/bank", next_url="/paid")


def start(typed: Mapping[str, str]) -> StartedPayment | Message:
    """Decide on the fields of the form: start the payment, or return the message why it cannot start.

    Any other error is a fault of the portal, such as a return address that the bank refuses: it is raised and logged.

    Args:
        typed: The fields ``reference``, ``amount`` and, when the person gave up an open attempt, ``replace``.
    """
    now = datetime.now(UTC)
    try:
        reference = NoticeReference.parse(typed.get("reference", ""))
        pending = ledger.pending([reference], now)
        verdict = assess(DEBTS.get(reference), pending=pending, policy=POLICY).check(typed.get("amount", ""))
        if verdict.amount is None:
            return message_for(verdict)
        return service.start(
            verdict.amount,
            {reference: verdict.amount},
            return_url=endpoints.return_url,
            notification_url=endpoints.notification_url,
            replace="replace" in typed,
        )
    except CreancePayError as error:
        return message_for_start(error, ledger, now=now)


def confirmed(reference: str) -> Payment | None:
    """Return the payment of the person's session; ask the bank once when no message has reported a final state."""
    return service.confirm(reference) if ledger.find(reference) else None


def message_about(payment: Payment) -> Message:
    """Choose the message about a payment by its state in the ledger."""
    return message_for(payment, **payment.message_values(datetime.now(UTC)))


def every_minute() -> None:
    """Ask the bank about payments without a notification, and run the effects that are due.  Call it by a timer."""
    service.reconcile()
    service.run_effects()


def every_night(reports: Iterable[Report], after: int) -> list[PostingLine]:
    """Record the bank's daily reports, and return the money that moved since the last file for the caisse.

    Args:
        reports: The reports, as the reader of your bank parses its files; none for a bank without a reader.
        after: The number of the last line that the caisse has.
    """
    service.reconcile(reports=reports)
    return [*ledger.to_post(after=after)]


def on_posted(answers: Iterable[tuple[str, str]]) -> None:
    """Record the answer of the caisse: the transaction reference and the notice reference of each posted payment."""
    for reference, notice in answers:
        service.posted(reference, [NoticeReference.parse(notice)], by="posting job")


def payment_form(hidden: str = "") -> str:
    """Write the page that asks for a reference and an amount.

    Args:
        hidden: Hidden fields, such as the framework's CSRF token.
    """
    return page(
        f'<form method="post" action="/pay">{hidden}'
        '<label>Référence <input name="reference"></label> <label>Montant <input name="amount"></label> '
        '<label><input type="checkbox" name="replace"> J’ai quitté la page de la banque sans payer</label> '
        "<button>Payer</button></form>"
    )


def message_page(message: Message) -> str:
    """Write the page that shows a message."""
    return page(str(render(message, medium=Medium.HTML)))


def page(content: str) -> str:
    """Write a page; a portal of yours has templates."""
    head = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Paiement en ligne</title>'
    return f"{head}<p>Exemple : aucun paiement réel.</p>{content}</html>"
