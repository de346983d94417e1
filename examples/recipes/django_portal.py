"""The payment of a portal in Django, in one file; run it with ``python examples/recipes/run.py django``."""

import os
from http import HTTPStatus

import common
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from creance_pay import HttpMessage
from creance_pay.messages import Message, message_for

settings.configure(
    SECRET_KEY=os.urandom(32).hex(),  # read yours from the configuration: it is the same in every process
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    # Lax: the browser sends the cookie with GET /paid, and not with the bank page's POST /return.
    SESSION_COOKIE_SAMESITE="Lax",
)


class SeeOther(HttpResponseRedirect):
    """Redirect with 303, so that the browser gets the next page after a post."""

    status_code = 303


@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a reference and an amount."""
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return HttpResponse(common.payment_form(token))


@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """Record the order, and show the form to the bank."""
    started = common.start(request.POST)
    if isinstance(started, Message):
        return HttpResponse(common.message_page(started), status=422)
    request.session["payment"] = started.transaction_reference
    return HttpResponse(common.page(started.form.as_html()))


@csrf_exempt  # the bank has no CSRF token: its seal authenticates the message
@require_POST
def notification(request: HttpRequest) -> HttpResponse:
    """Record the message of the bank's server; read the raw body before any access to ``request.POST``."""
    answer = common.service.on_notification(HttpMessage(request.body, dict(request.headers)))
    return HttpResponse(status=answer.http_status)


@csrf_exempt
@require_POST
def payment_return(request: HttpRequest) -> HttpResponse:
    """Record the message that the bank's page had the browser post, without the session, and redirect the browser."""
    view = common.service.on_return(HttpMessage(request.body, dict(request.headers)))
    if view.http_status != HTTPStatus.OK:
        return HttpResponse(common.message_page(message_for(view)), status=view.http_status)
    return SeeOther("/paid")


@require_GET
def paid(request: HttpRequest) -> HttpResponse:
    """Show the state of the payment in this person's session; the page may be reloaded."""
    payment = common.ledger.find(request.session.get("payment", ""))
    return HttpResponse(common.message_page(common.message_about(payment))) if payment else SeeOther("/")


urlpatterns = [
    path("", ask),
    path("pay", pay),
    path("notification", notification),
    path("return", payment_return),
    path("paid", paid),
]
app = get_wsgi_application()
