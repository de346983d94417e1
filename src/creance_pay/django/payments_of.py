"""The payments of the signed-in person: start one, send the browser to the bank, and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ..errors import CreancePayError
from ..gateways import Redirect
from ..ledger import Payment
from ..messages import Message
from ..money import Euros
from ..payments import StartedPayment
from ..references import NoticeReference
from ..web import message_for_start
from .setting import bank_endpoints, payment_service

_SESSION_KEY = "creance_pay"


class SeeOther(HttpResponseRedirect):
    """A redirection by 303: the browser gets the next page."""

    status_code = 303


def start_payment(
    request: HttpRequest,
    amount: Euros,
    notices: Mapping[NoticeReference, Euros],
    *,
    options: object | None = None,
    replace: bool = False,
) -> StartedPayment | Message:
    """Record the order of the signed-in person, with this person as its owner.

    The addresses for the bank come from the setting ``SITE_URL``.

    Args:
        request: The request of the person.
        amount: The amount to ask from the bank, computed on your server.
        notices: The amount for each notice.
        options: The options of the gateway's payment page.
        replace: Whether the person gave up an open attempt.

    Returns:
        The started payment, for :func:`send_to_bank`; or the message why it could not start.  Nothing was sent then.

    Raises:
        CreancePayError: for a fault of the portal, such as an address that the bank refuses.
    """
    from .models import PaymentOwner  # noqa: PLC0415 - models load after the applications

    endpoints, service = bank_endpoints(), payment_service()
    try:
        started = service.start(
            amount,
            notices,
            return_url=endpoints.return_url,
            notification_url=endpoints.notification_url,
            options=options,
            replace=replace,
        )
    except CreancePayError as error:
        return message_for_start(error, service.ledger, now=datetime.now(UTC))
    PaymentOwner.objects.create(transaction_reference=started.transaction_reference, user=request.user)
    request.session[_SESSION_KEY] = started.transaction_reference
    return started


def send_to_bank(
    request: HttpRequest, started: StartedPayment, *, template: str = "creance_pay/bank.html"
) -> HttpResponse:
    """Return the response that brings the browser to the bank: a page with the form, or a redirection by 303.

    Args:
        request: The request of the person.
        started: The started payment.
        template: The template of the page; its variable is ``started``.
    """
    if isinstance(started.form, Redirect):
        return SeeOther(started.form.url)
    return render(request, template, {"started": started})


def own_payment(request: HttpRequest) -> Payment | None:
    """Return the payment that the signed-in person started last in this session; ``None`` without one.

    The bank is asked once when it has not answered yet.
    """
    from .models import PaymentOwner  # noqa: PLC0415 - models load after the applications

    reference = request.session.get(_SESSION_KEY, "")
    if not PaymentOwner.objects.filter(transaction_reference=reference, user_id=request.user.pk).exists():
        return None
    return payment_service().confirm(reference)
