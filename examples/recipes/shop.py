"""What the recipes share, with nothing of any web framework: a shop at the bank, its ledger, its service, and debts.

Your portal builds its own once, when it starts, and has its own debts, templates and session of the signed-in person.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.errors import CreancePayError
from creance_pay.gateways import KeyRing, RequestsTransport, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.ledger import Effect, Payment, SqlLedger
from creance_pay.messages import Medium, Message, message_for, render
from creance_pay.payments import PaymentService, StartedPayment
from creance_pay.rules import assess, policy_named

MERCHANT = "201000005940002"
KEYS = KeyRing([SecretKey(version="1", secret=os.environ["SHOP_SECRET"])], current="1")
POLICY = policy_named("ameli-2019-11")
# Look among the debts of the person who is signed in, and no others; these are made up.
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


def acknowledge(entry: Payment, key: str) -> None:
    """Send the acknowledgement; whatever sends it can tell by the key that it has done so before."""
    print(f"acknowledgement of {entry.transaction_reference}: {entry.amount} EUR, key {key}", flush=True)


ledger = SqlLedger(os.environ["LEDGER_URL"], merchant_id=MERCHANT)
service = PaymentService(
    SipsPaypage(merchant_id=MERCHANT, keys=KEYS, host=SipsHost.loopback(os.environ["BANK_URL"])),
    ledger,
    transport=RequestsTransport(direct=True),
    effects=[Effect(name="acknowledgement", run=acknowledge)],
)


def start(typed: Mapping[str, str], site: str) -> StartedPayment | Message:
    """Decide about what a person typed, from what this server knows; start the payment, or tell why not.

    Args:
        typed: The fields of the form.
        site: The address of this portal, with a slash at its end.
    """
    try:
        reference = NoticeReference.parse(typed.get("reference", ""))
        pending = ledger.pending([reference], datetime.now(UTC))
        verdict = assess(DEBTS.get(reference), pending=pending, policy=POLICY).check(typed.get("amount", ""))
        if verdict.amount is None:
            return message_for(verdict)
        return service.start(
            verdict.amount,
            {reference: verdict.amount},
            return_url=f"{site}return",
            notification_url=f"{site}notification",
        )
    except CreancePayError as error:
        return message_for(error)


def every_minute() -> None:
    """Do what a timer has to do: ask the bank about what nobody told, and run what is to follow."""
    service.reconcile()
    service.run_effects()


def ask(hidden: str = "") -> str:
    """Write the page that asks for a reference and an amount."""
    return page(
        f'<form method="post" action="/pay">{hidden}'
        '<label>Référence <input name="reference"></label> <label>Montant <input name="amount"></label> '
        "<button>Payer</button></form>"
    )


def tell(message: Message) -> str:
    """Write the page that shows a message."""
    return page(render(message, medium=Medium.HTML).__html__())


def page(content: str) -> str:
    """Write a page; a portal has templates."""
    head = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Paiement en ligne</title>'
    return f"{head}<p>Exemple : aucun paiement réel.</p>{content}</html>"
