"""The payment of a portal in Flask; run it with ``python examples/recipes/run.py flask``."""

import os

import common
from flask import Flask, redirect, request, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from creance_pay.messages import Message

app = Flask(__name__)
app.secret_key = os.urandom(32)  # read yours from the configuration: it is the same in every process
# Lax: the browser sends the cookie with GET /paid, and not with a post from the bank's page.
app.config.update(SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=65_536)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bank": common.endpoints.wsgi})


@app.get("/")
def ask() -> str:
    """Ask for a reference and an amount."""
    return common.payment_form()


@app.post("/pay")
def pay() -> tuple[str, int]:
    """Record the order, and show the form to the bank, by POST or by GET as the bank wants it."""
    started = common.start(request.form)
    if isinstance(started, Message):
        return common.message_page(started), 422
    session["payment"] = started.transaction_reference
    return common.page(started.form.as_html()), 200


@app.get("/paid")
def paid() -> Response | str:
    """Show the state of the payment in this person's session; the page may be reloaded."""
    payment = common.confirmed(session.get("payment", ""))
    return common.message_page(common.message_about(payment)) if payment else redirect("/", 303)
