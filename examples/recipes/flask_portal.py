"""The payment of a portal in Flask; run it with ``python examples/recipes/run.py flask``."""

import os
from http import HTTPStatus

import common
from flask import Flask, redirect, request, session
from werkzeug.wrappers import Response

from creance_pay import HttpMessage
from creance_pay.messages import Message, message_for

app = Flask(__name__)
app.secret_key = os.urandom(32)  # read yours from the configuration: it is the same in every process
# Lax: the browser sends the cookie with GET /paid, and not with the bank page's POST /return.
app.config.update(SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=65_536)


@app.get("/")
def ask() -> str:
    """Ask for a reference and an amount."""
    return common.payment_form()


@app.post("/pay")
def pay() -> tuple[str, int]:
    """Record the order, and show the form to the bank."""
    started = common.start(request.form)
    if isinstance(started, Message):
        return common.message_page(started), 422
    session["payment"] = started.transaction_reference
    return common.page(started.form.as_html()), 200


@app.post("/notification")
def notification() -> tuple[str, int]:
    """Record the message of the bank's server; read the raw body before any access to ``request.form``."""
    answer = common.service.on_notification(HttpMessage(request.get_data(), dict(request.headers)))
    return "", answer.http_status


@app.post("/return")
def payment_return() -> Response | tuple[str, int]:
    """Record the message that the bank's page had the browser post, without the session, and redirect the browser."""
    view = common.service.on_return(HttpMessage(request.get_data(), dict(request.headers)))
    if view.http_status != HTTPStatus.OK:
        return common.message_page(message_for(view)), view.http_status
    return redirect("/paid", 303)


@app.get("/paid")
def paid() -> Response | str:
    """Show the state of the payment in this person's session; the page may be reloaded."""
    payment = common.ledger.find(session.get("payment", ""))
    return common.message_page(common.message_about(payment)) if payment else redirect("/", 303)
