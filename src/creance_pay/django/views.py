"""The views: the bank's two addresses, the page about a payment, and the mailbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ..messages import message_for
from ..web import Reply
from ..web.endpoints import MAX_BODY_BYTES
from .models import Letter, LetterQuerySet
from .payments_of import own_payment
from .setting import bank_endpoints, today

_LENGTH = re.compile("[0-9]{1,18}")
Endpoint = Callable[[str, Mapping[str, str], bytes], Reply]


def _answer(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """Answer the bank from the raw body, without session and cookie; a body that is too long is not read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    too_long = _LENGTH.fullmatch(length) is None or int(length) > MAX_BODY_BYTES
    body = b" " * (MAX_BODY_BYTES + 1) if too_long else request.body
    reply = endpoint(request.method or "", dict(request.headers), body)
    response = HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))
    if "Content-Type" not in reply.headers:
        del response["Content-Type"]
    return response


@csrf_exempt  # the bank has no CSRF token: its seal authenticates the message
def notification(request: HttpRequest) -> HttpResponse:
    """Record the message of the bank's server, or answer its check of the address."""
    return _answer(request, bank_endpoints().notification)


@csrf_exempt
def payment_return(request: HttpRequest) -> HttpResponse:
    """Record the message that the browser brings from the bank, and redirect it to the portal's page."""
    return _answer(request, bank_endpoints().returned)


@never_cache
@login_required
@require_GET
def result(request: HttpRequest) -> HttpResponse:
    """Show the state of the person's payment; the page may be reloaded."""
    payment = own_payment(request)
    message = message_for(payment, **payment.message_values(datetime.now(UTC))) if payment else None
    return render(request, "creance_pay/result.html", {"message": message, "payment": payment})


@never_cache
@login_required
@require_GET
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the letters of the person."""
    return render(request, "creance_pay/mailbox.html", {"letters": _letters(request)})


@never_cache
@login_required
@require_GET
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """Show a letter of the person."""
    return render(request, "creance_pay/letter.html", {"letter": get_object_or_404(_letters(request), pk=number)})


@login_required
@require_POST
def delete_letter(request: HttpRequest, number: int) -> HttpResponse:
    """Delete a letter of the person: its text is erased."""
    found = get_object_or_404(_letters(request), pk=number)
    Letter.objects.filter(pk=found.pk).update(title="", text="", deleted=True)
    return redirect("creance_pay:mailbox")


def _letters(request: HttpRequest) -> LetterQuerySet:
    return Letter.objects.visible_to(request.user, today())
