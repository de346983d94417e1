"""The effect that writes the acknowledgement of a payment into the mailbox of the person who paid."""

from __future__ import annotations

from datetime import date

from ..caisses import Caisse, find_caisse, managing_caisse
from ..errors import ConfigurationError
from ..ledger import Payment
from ..messages import Acknowledgement, Medium, acknowledgement, render
from ..references import NoticeReference
from ..rules import delete_on
from .models import Letter, PaymentOwner
from .setting import SETTING, Configuration, today


def acknowledge(payment: Payment, key: str) -> None:
    """Write the acknowledgement of a payment into its owner's mailbox; an effect for the setting ``EFFECTS``.

    Args:
        payment: The payment.
        key: The idempotence key: a repeated effect writes no second letter.

    Raises:
        ConfigurationError: without the setting ``CAISSE_ADDRESS``, which the law demands in the letter (CRPA L112-11),
            or for a notice of a caisse that is not known.
        PaymentOwner.DoesNotExist: when the payment was not started by ``start_payment``.
    """
    configuration = Configuration.read()
    owner = PaymentOwner.objects.get(transaction_reference=payment.transaction_reference)
    last_day = delete_on(today(), policy=configuration.policy_of())
    rendered = render(_letter(payment, configuration, last_day), medium=Medium.LETTER)
    Letter.objects.get_or_create(
        key=key,
        defaults={
            "user_id": owner.user_id,
            "transaction_reference": payment.transaction_reference,
            "title": rendered.title,
            "text": f"{rendered.body}\n\n{rendered.sender}",
            "delete_on": last_day,
        },
    )


def _letter(payment: Payment, configuration: Configuration, last_day: date) -> Acknowledgement:
    notices = sorted(payment.order.notices, key=str)
    caisse, address = _caisse(notices[0]), configuration.caisse_address
    hours = payment.message_values(payment.paid_at or payment.changed_at)["display_delay_hours"]
    return acknowledgement(
        received_at=payment.paid_at or payment.changed_at,
        amount=payment.amount,
        notice_references=notices,
        transaction_reference=payment.transaction_reference,
        caisse=caisse,
        address=_address(address, caisse),
        display_delay_hours=int(str(hours or configuration.policy_of().display_delay_hours)),
        delete_on=last_day,
    )


def _caisse(notice: NoticeReference) -> Caisse:
    caisse = find_caisse(managing_caisse(notice.caisse_code))  # an absorbed one has no service any more
    if caisse is None:
        raise ConfigurationError(
            f"expected the code of a known caisse in the notice reference, got {notice.caisse_code}"
        )
    return caisse


def _address(setting: object, caisse: Caisse) -> str:
    address = setting(caisse) if callable(setting) else setting
    if not isinstance(address, str) or not address.strip():
        raise ConfigurationError(f"{SETTING}: the acknowledgement needs CAISSE_ADDRESS, an address or a function")
    return address
