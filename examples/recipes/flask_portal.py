"""The payment of a portal in Flask; ``python examples/recipes/run.py flask`` tries it."""

import os
from http import HTTPStatus

import shop
from flask import Flask, redirect, request, session
from werkzeug.wrappers import Response

from creance_pay import HttpMessage
from creance_pay.messages import Message, message_for

app = Flask(__name__)
app.secret_key = os.urandom(32)  # yours is in your settings, and the same in every process
# Lax: the cookie stays at home when the bank's page posts to /return, and is back when the browser gets /paid.
app.config.update(SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=65_536)


@app.get("/")
def ask() -> str:
    """Ask what to pay."""
    return shop.ask()


@app.post("/pay")
def pay() -> tuple[str, int]:
    """Record the order, and show the way to the bank."""
    started = shop.start(request.form, request.host_url)
    if isinstance(started, Message):
        return shop.tell(started), 422
    session["payment"] = started.transaction_reference
    return shop.page(started.form.as_html()), 200


@app.post("/notification")
def notification() -> tuple[str, int]:
    """Take what the bank's server posts: the body as it came, before anything reads ``request.form``."""
    answer = shop.service.on_notification(HttpMessage(request.get_data(), dict(request.headers)))
    return "", answer.http_status


@app.post("/return")
def come_back() -> Response | tuple[str, int]:
    """Take what the bank's page made the browser post, touch no session, and send the browser on."""
    view = shop.service.on_return(HttpMessage(request.get_data(), dict(request.headers)))
    if view.http_status != HTTPStatus.OK:
        return shop.tell(message_for(view)), view.http_status
    return redirect("/paid", 303)


@app.get("/paid")
def paid() -> Response | str:
    """Tell what is known now, of the payment of this person's own session; reload as often as you like."""
    entry = shop.ledger.find(session.get("payment", ""))
    return shop.tell(message_for(entry)) if entry else redirect("/", 303)
