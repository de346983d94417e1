"""The payment of a portal in FastAPI; run it with ``python examples/recipes/run.py fastapi``."""

import os
from http import HTTPStatus
from typing import Annotated

import common
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from creance_pay import HttpMessage
from creance_pay.messages import Message, message_for

app = FastAPI()
# Lax: the browser sends the cookie with GET /paid, and not with the bank page's POST /return.
# Read the key from the configuration: it is the same in every process.
app.add_middleware(SessionMiddleware, secret_key=os.urandom(32).hex(), same_site="lax")


async def raw_message(request: Request) -> HttpMessage:
    """Read the raw message.  The views below are no coroutines: a slow database then blocks no other request."""
    return HttpMessage(await request.body(), dict(request.headers))


async def typed_fields(request: Request) -> dict[str, str]:
    """Read the fields of the form."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@app.get("/", response_class=HTMLResponse)
def ask() -> str:
    """Ask for a reference and an amount."""
    return common.payment_form()


@app.post("/pay")
def pay(request: Request, typed: Annotated[dict[str, str], Depends(typed_fields)]) -> Response:
    """Record the order, and show the form to the bank."""
    started = common.start(typed)
    if isinstance(started, Message):
        return HTMLResponse(common.message_page(started), 422)
    request.session["payment"] = started.transaction_reference
    return HTMLResponse(common.page(started.form.as_html()))


@app.post("/notification")
def notification(message: Annotated[HttpMessage, Depends(raw_message)]) -> Response:
    """Record the message of the bank's server."""
    return Response(status_code=common.service.on_notification(message).http_status)


@app.post("/return")
def payment_return(message: Annotated[HttpMessage, Depends(raw_message)]) -> Response:
    """Record the message that the bank's page had the browser post, without the session, and redirect the browser."""
    view = common.service.on_return(message)
    if view.http_status != HTTPStatus.OK:
        return HTMLResponse(common.message_page(message_for(view)), view.http_status)
    return RedirectResponse("/paid", 303)


@app.get("/paid")
def paid(request: Request) -> Response:
    """Show the state of the payment in this person's session; the page may be reloaded."""
    payment = common.ledger.find(request.session.get("payment", ""))
    if payment is None:
        return RedirectResponse("/", 303)
    return HTMLResponse(common.message_page(common.message_about(payment)))
