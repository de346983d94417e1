"""The payment of a portal in FastAPI; ``python examples/recipes/run.py fastapi`` tries it."""

import os
from http import HTTPStatus
from typing import Annotated

import shop
from fastapi import Depends, FastAPI, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from creance_pay import HttpMessage
from creance_pay.messages import Message, message_for

app = FastAPI()
# Lax: the cookie stays at home when the bank's page posts to /return, and is back when the browser gets /paid.
# The key of yours is in your settings, and the same in every process.
app.add_middleware(SessionMiddleware, secret_key=os.urandom(32).hex(), same_site="lax")


async def raw(request: Request) -> HttpMessage:
    """Read what came, as it came; the functions below are no coroutines, so that the database keeps nobody waiting."""
    return HttpMessage(await request.body(), dict(request.headers))


@app.get("/", response_class=HTMLResponse)
def ask() -> str:
    """Ask what to pay."""
    return shop.ask()


@app.post("/pay")
def pay(request: Request, reference: Annotated[str, Form()] = "", amount: Annotated[str, Form()] = "") -> Response:
    """Record the order, and show the way to the bank."""
    started = shop.start({"reference": reference, "amount": amount}, str(request.base_url))
    if isinstance(started, Message):
        return HTMLResponse(shop.tell(started), 422)
    request.session["payment"] = started.transaction_reference
    return HTMLResponse(shop.page(started.form.as_html()))


@app.post("/notification")
def notification(message: Annotated[HttpMessage, Depends(raw)]) -> Response:
    """Take what the bank's server posts."""
    return Response(status_code=shop.service.on_notification(message).http_status)


@app.post("/return")
def come_back(message: Annotated[HttpMessage, Depends(raw)]) -> Response:
    """Take what the bank's page made the browser post, touch no session, and send the browser on."""
    view = shop.service.on_return(message)
    if view.http_status != HTTPStatus.OK:
        return HTMLResponse(shop.tell(message_for(view)), view.http_status)
    return RedirectResponse("/paid", 303)


@app.get("/paid")
def paid(request: Request) -> Response:
    """Tell what is known now, of the payment of this person's own session; reload as often as you like."""
    entry = shop.ledger.find(request.session.get("payment", ""))
    if entry is None:
        return RedirectResponse("/", 303)
    return HTMLResponse(shop.tell(message_for(entry)))
