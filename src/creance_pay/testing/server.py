"""The bank's pages, served over HTTP on this machine by Flask (extra ``demo``).

As in the guide, they show the merchant, the amount, the reference and the fields of the card; then the state of the
payment and the form that leads back to the portal.  The card number alone decides: the expiry date and the cryptogram
are neither checked nor stored.  A tester also chooses the result of 3-D Secure and a fault.
The bank's server posts the sealed result to the portal before the browser returns.  The pages need no script.

The page of operations is the bank's back office: nightly batch, refunds, cancellations, chargebacks and their returns,
and the daily reports to download, where the bank has some.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date

from ..errors import (
    GatewayUnavailableError,
    InvalidValueError,
    MissingExtraError,
    ResponseRefusedError,
)
from ..gateways.transport import RequestsTransport, Transport
from ..money import Euros
from .accounts import DONE
from .bank import BankAnswer, BankCall, TrialBank
from .decisions import WRONG_CARD, Authentication, Decision, PaymentRequest, TrialCard
from .faults import Fault

try:
    from flask import Flask, abort, g, redirect, render_template, request
    from werkzeug import Response
    from werkzeug.exceptions import HTTPException
    from werkzeug.serving import WSGIRequestHandler, make_server
except ModuleNotFoundError as error:
    raise MissingExtraError("the bank's pages need Flask: pip install 'creance-pay[demo]'", extra="demo") from error

Page = Response | str | tuple[str, int]
_TICK_S = 0.1
# The bank's own style sheet only, no frame, and forms to their own targets only.  Requests under another host name are
# refused: a foreign page could point its own name to this machine (DNS rebinding).
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {}"
_LOOPBACK_NAMES = ["127.0.0.1", "localhost"]


def bank_pages(bank: TrialBank, *, transport: Transport | None = None) -> Flask:
    """Build the Flask application of a bank.

    Args:
        bank: The bank.
        transport: The transport that posts the notifications; by default over HTTP, without proxy.
    """
    pages = Flask(__name__)
    pages.config["TRUSTED_HOSTS"] = _LOOPBACK_NAMES
    pages.jinja_env.filters["day"] = _format_day
    pages.jinja_env.globals |= {"bank": bank, "cards": TrialCard, "faults": Fault, "authentications": Authentication}
    pages.after_request(_add_headers)
    pages.register_error_handler(HTTPException, _http_error)
    views = _Views(bank, transport or RequestsTransport(direct=True))
    pages.add_url_rule("/", view_func=views.index)
    posted = {"/payment": views.payment, "/nightly-batch": views.nightly_batch, "/operation": views.operation}
    for path, view in posted.items():
        pages.add_url_rule(path, view_func=view, methods=["POST"])
        pages.add_url_rule(path, endpoint=f"get {path}", view_func=lambda: abort(405), methods=["GET"])
    pages.add_url_rule("/operations", view_func=views.operations)
    pages.add_url_rule("/<path:_>", view_func=views.call, methods=["GET", "POST"])
    return pages


class _Views:
    """The pages of one bank."""

    def __init__(self, bank: TrialBank, transport: Transport) -> None:
        """Store the bank and the transport."""
        self._bank, self._transport = bank, transport

    def index(self) -> str:
        """Show the address, the merchants and the test cards."""
        return render_template("index.html")

    def call(self, _: str) -> Page:
        """Answer a call of a merchant, or show the page of the payment that a browser opens."""
        url, headers = request.url, dict(request.headers)
        try:
            answer = self._bank.serve(
                BankCall(method=request.method, url=url, headers=headers, body=request.get_data())
            )
        except ResponseRefusedError as error:
            return _show_refusal(str(error))
        except GatewayUnavailableError:
            return render_template("maintenance.html"), self._bank.html_status
        if isinstance(answer, PaymentRequest):
            return _show_payment(answer)
        return _show_refusal("unknown address", 404) if answer is None else _sent(answer)

    def payment(self) -> Page:
        """Decide, post the immediate notifications, and show the receipt with the form that leads to the portal."""
        payment = self._bank.requests.get(request.form.get("reference", ""))
        if payment is None:
            return _show_refusal("unknown payment")
        try:
            decision = self._decide(payment)
            ending = self._bank.settle(payment, decision, fault=Fault(request.form.get("fault", self._bank.fault)))
        except ValueError:
            return _show_refusal("unknown choice")
        if ending is None:
            left, unreadable = self._bank.attempts_left(payment), decision.response_code == WRONG_CARD
            return _show_payment(payment, left=left, unreadable=unreadable)
        statuses = self._bank.post(ending.immediate, self._transport)
        if ending.return_fields is None:
            return render_template("expired.html", payment=payment, statuses=statuses), 200
        g.form_target = _origin(payment.return_url)
        return render_template("receipt.html", payment=payment, ending=ending, statuses=statuses), 200

    def operations(self) -> str:
        """Show the decided payments, the operations that are possible, and the reports."""
        return render_template("operations.html")

    def nightly_batch(self) -> Page:
        """Run the nightly batch."""
        self._bank.run_nightly_batch()
        return self._operated()

    def operation(self) -> Page:
        """Make the operation of the form."""
        reference, verb, typed = (request.form.get(name, "") for name in ("reference", "verb", "amount"))
        acts = {"chargeback": self._bank.charge_back, "represent": self._bank.represent}
        try:
            amount = Euros.parse(typed) if typed.strip() else None
            if verb in acts:
                acts[verb](reference, amount)
                code = DONE
            else:
                code = self._bank.operate(verb, reference, amount)
        except InvalidValueError as error:
            return _show_refusal(str(error))
        if code != DONE:
            return _show_refusal(f"response code {code}")
        return self._operated()

    def _operated(self) -> Page:
        """Post the notifications that are due, and show the operations again."""
        self._bank.post(self._bank.due(), self._transport)
        return redirect("/operations", 303)

    def _decide(self, payment: PaymentRequest) -> Decision:
        """Return the decision about the posted form; raise ``ValueError`` for an unknown choice."""
        if "leave" in request.form:
            return self._bank.leave()
        if "product" in request.form:
            return self._bank.pay_by(payment, request.form["product"])
        authentication = Authentication(request.form.get("authentication", Authentication.SUCCESS))
        return self._bank.pay(payment, request.form.get("card", ""), authentication=authentication)


def _sent(answer: BankAnswer) -> Response:
    """Return an answer of the bank as it is."""
    sent = Response(answer.body, status=answer.status)
    sent.headers.update(answer.headers)
    return sent


def _show_payment(payment: PaymentRequest, *, left: int = 0, unreadable: bool = False) -> tuple[str, int]:
    """Show the page of a payment; after a refused card, with the number of cards that may still be tried."""
    return render_template("payment.html", payment=payment, left=left, unreadable=unreadable), 200


def _http_error(error: HTTPException) -> tuple[str, int]:
    return _show_refusal(error.name, error.code or 500)


def _show_refusal(reason: str, status: int = 400) -> tuple[str, int]:
    return render_template("refused.html", reason=reason), status


def _format_day(moment: datetime) -> str:
    """Format the day of a time in Paris, in the medium form of the guide: ``11 sept. 2017``."""
    return format_date(moment.astimezone(ZoneInfo("Europe/Paris")), "medium", locale="fr_FR")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _add_headers(answer: Response) -> Response:
    """Add the security headers; only the form of the receipt may lead to the portal."""
    answer.headers["Content-Security-Policy"] = _POLICY.format(g.get("form_target", "'self'"))
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "strict-origin"
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


class _QuietHandler(WSGIRequestHandler):
    """A request handler without an access log, so that only errors are printed."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


@contextmanager
def serving(pages: Flask, *, port: int = 0) -> Iterator[str]:
    """Serve an application on the loopback interface during the block.

    Args:
        pages: The application.
        port: The port; 0 for a free one.

    Yields:
        The address, such as ``http://127.0.0.1:49152``.
    """
    server = make_server("127.0.0.1", port, pages, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(_TICK_S / 2,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_bank(bank: TrialBank, *, port: int = 0, transport: Transport | None = None) -> Iterator[str]:
    """Serve a bank's pages as :func:`serving` does, and post late notifications when they are due.

    Args:
        bank: The bank.
        port: The port; 0 for a free one.
        transport: The transport that posts the notifications; by default over HTTP, without proxy.

    Yields:
        The address.
    """
    sender = transport or RequestsTransport(direct=True)
    stopped = threading.Event()

    def post_due_notifications() -> None:
        """Post the notifications that are due, until the server stops."""
        while not stopped.wait(_TICK_S):
            bank.post(bank.due(), sender)

    thread = threading.Thread(target=post_due_notifications)
    with serving(bank_pages(bank, transport=sender), port=port) as url:
        thread.start()
        try:
            yield url
        finally:
            stopped.set()
            thread.join()
