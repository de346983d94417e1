"""The payment of a portal in FastAPI; run it with ``python examples/recipes/run.py fastapi``."""

import os
from typing import Annotated

import common
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from creance_pay.messages import Message

app = FastAPI()
# Lax: the browser sends the cookie with GET /paid, and not with a post from the bank's page.
# Read the key from the configuration: it is the same in every process.
app.add_middleware(SessionMiddleware, secret_key=os.urandom(32).hex(), same_site="lax")
app.mount("/bank", common.endpoints.asgi)


async def typed_fields(request: Request) -> dict[str, str]:
    """Read the fields of the form.  The views below are no coroutines: a slow database blocks no other request."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@app.get("/", response_class=HTMLResponse)
def ask() -> str:
    """Ask for a reference and an amount."""
    return common.payment_form()


@app.post("/pay")
def pay(request: Request, typed: Annotated[dict[str, str], Depends(typed_fields)]) -> Response:
    """Record the order, and show the form to the bank, by POST or by GET as the bank wants it."""
    started = common.start(typed)
    if isinstance(started, Message):
        return HTMLResponse(common.message_page(started), 422)
    request.session["payment"] = started.transaction_reference
    return HTMLResponse(common.page(started.form.as_html()))


@app.get("/paid")
def paid(request: Request) -> Response:
    """Show the state of the payment in this person's session; the page may be reloaded."""
    payment = common.confirmed(request.session.get("payment", ""))
    if payment is None:
        return RedirectResponse("/", 303)
    return HTMLResponse(common.message_page(common.message_about(payment)))
