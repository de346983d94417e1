"""The payment of a portal in Django, in one file; ``python examples/recipes/run.py django`` tries it."""

import os
from http import HTTPStatus

import shop
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
    SECRET_KEY=os.urandom(32).hex(),  # yours is in your settings, and the same in every process
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    # Lax: the cookie stays at home when the bank's page posts to /return, and is back when the browser gets /paid.
    SESSION_COOKIE_SAMESITE="Lax",
)


class SeeOther(HttpResponseRedirect):
    """Send a browser that posted on to a page that it gets."""

    status_code = 303


@require_GET
def ask(request: HttpRequest) -> HttpResponse:
    """Ask what to pay."""
    return HttpResponse(shop.ask(f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'))


@require_POST
def pay(request: HttpRequest) -> HttpResponse:
    """Record the order, and show the way to the bank."""
    started = shop.start(request.POST, request.build_absolute_uri("/"))
    if isinstance(started, Message):
        return HttpResponse(shop.tell(started), status=422)
    request.session["payment"] = started.transaction_reference
    return HttpResponse(shop.page(started.form.as_html()))


@csrf_exempt  # the seal takes the place of the token, which no bank has
@require_POST
def notification(request: HttpRequest) -> HttpResponse:
    """Take what the bank's server posts: the body as it came, before anything reads ``request.POST``."""
    answer = shop.service.on_notification(HttpMessage(request.body, dict(request.headers)))
    return HttpResponse(status=answer.http_status)


@csrf_exempt
@require_POST
def come_back(request: HttpRequest) -> HttpResponse:
    """Take what the bank's page made the browser post, touch no session, and send the browser on."""
    view = shop.service.on_return(HttpMessage(request.body, dict(request.headers)))
    if view.http_status != HTTPStatus.OK:
        return HttpResponse(shop.tell(message_for(view)), status=view.http_status)
    return SeeOther("/paid")


@require_GET
def paid(request: HttpRequest) -> HttpResponse:
    """Tell what is known now, of the payment of this person's own session; reload as often as you like."""
    entry = shop.ledger.find(request.session.get("payment", ""))
    return HttpResponse(shop.tell(message_for(entry))) if entry else SeeOther("/")


urlpatterns = [
    path("", ask),
    path("pay", pay),
    path("notification", notification),
    path("return", come_back),
    path("paid", paid),
]
app = get_wsgi_application()
