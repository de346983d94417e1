"""The bank's pages, served over HTTP on this machine by Flask (extra ``demo``).

They show what the guide shows: the amount, the reference, the shop, a card number; then the state of the payment and
the way back.  Beside it stands what a tester wants to choose: how 3-D Secure ends, and what goes wrong.  The bank's
server posts the sealed result to the shop before the person comes back.  Everything works without a script.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from ...errors import GatewayUnavailableError, MalformedResponseError, MissingExtraError, ResponseRefusedError
from ...gateways.transport import RequestsTransport, Transport
from .bank import SipsBank
from .decisions import WRONG_CARD, Authentication, Decision, PaymentRequest, TrialCard
from .delivery import deliver
from .faults import Fault
from .json_services import SipsServices

try:
    from flask import Flask, Response, g, render_template, request
    from werkzeug.exceptions import HTTPException
    from werkzeug.serving import WSGIRequestHandler, make_server
except ModuleNotFoundError as error:
    raise MissingExtraError("the bank's pages need Flask: pip install 'creance-pay[demo]'", extra="demo") from error

_TICK = 0.1
# Nothing but our own style sheet, no frame, and a form only to where it leads; another machine's name is refused, since
# a page elsewhere could have its own name point here.
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {}"
_OURS = ["127.0.0.1", "localhost"]


def bank_pages(bank: SipsBank, *, transport: Transport | None = None) -> Flask:
    """Make the application that serves a bank's pages.

    Args:
        bank: Who decides.
        transport: What posts the notification; by default the real one, to a portal on this machine.
    """
    pages = Flask(__name__)
    pages.config["TRUSTED_HOSTS"] = _OURS
    pages.jinja_env.globals |= {"bank": bank, "cards": TrialCard, "faults": Fault, "authentications": Authentication}
    pages.after_request(_protect)
    desk = _Desk(bank, transport or RequestsTransport(direct=True))
    pages.register_error_handler(HTTPException, _fail)
    pages.add_url_rule("/", "tell", desk.tell)
    for path, act in (
        ("/paymentInit", desk.open),
        ("/rs-services/v2/<path:service>", desk.serve),
        ("/redirection", desk.redirected),
        ("/payment", desk.decide),
    ):
        pages.add_url_rule(path, act.__name__, act, methods=["POST"])
    return pages


class _Desk:
    """What the pages do, for one bank."""

    def __init__(self, bank: SipsBank, sender: Transport) -> None:
        """Serve a bank."""
        self._bank, self._sender, self._services = bank, sender, SipsServices(bank)

    def tell(self) -> str:
        """Say what this is."""
        return render_template("index.html")

    def open(self) -> tuple[str, int]:
        """Take the form of a shop."""
        try:
            return _show(self._bank.receive(request.form))
        except ResponseRefusedError as error:
            return _refuse(str(error))

    def redirected(self) -> tuple[str, int]:
        """Go on with what a shop has started by JSON."""
        asked = self._bank.requests.get(request.form.get("redirectionData", ""))
        return _show(asked) if asked else _refuse("unknown payment")

    def serve(self, service: str) -> tuple[dict[str, str] | str, int]:
        """Answer a shop by JSON."""
        try:
            return self._services.post(service, request.get_data(), page=f"{request.host_url}redirection"), 200
        except GatewayUnavailableError:
            return render_template("maintenance.html"), 200  # as if it were an answer
        except MalformedResponseError:
            return {}, 404

    def decide(self) -> tuple[str, int]:
        """Take what the person did, post what the shop is to know, and show the way back."""
        asked = self._bank.requests.get(request.form.get("reference", ""))
        if asked is None:
            return _refuse("unknown payment")
        try:
            decision = self._decision(asked)
            ending = self._bank.settle(asked, decision, fault=Fault(request.form.get("fault", self._bank.fault)))
        except ValueError:
            return _refuse("unknown choice")
        if ending is None:
            left, unreadable = self._bank.attempts_left(asked), decision.response_code == WRONG_CARD
            return _show(asked, left=left, unreadable=unreadable)
        statuses = deliver(ending.at_once, self._sender)
        if ending.return_fields is None:
            return render_template("expired.html", asked=asked, statuses=statuses), 200
        g.leads_to = _origin(asked.return_url)
        return render_template("receipt.html", asked=asked, ending=ending, statuses=statuses), 200

    def _decision(self, asked: PaymentRequest) -> Decision:
        """Decide on what the person did; a word that is no way for 3-D Secure to end is a ``ValueError``."""
        if "leave" in request.form:
            return self._bank.leave()
        authentication = Authentication(request.form.get("authentication", Authentication.SUCCESS))
        return self._bank.pay(asked, request.form.get("card", ""), authentication=authentication)


def _show(asked: PaymentRequest, *, left: int = 0, unreadable: bool = False) -> tuple[str, int]:
    """Show the page of a payment; after a card that was refused, with how many may still be tried."""
    return render_template("payment.html", asked=asked, left=left, unreadable=unreadable), 200


def _fail(error: HTTPException) -> tuple[str, int]:
    return _refuse(error.name, error.code or 500)


def _refuse(reason: str, status: int = 400) -> tuple[str, int]:
    return render_template("refused.html", reason=reason), status


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _protect(answer: Response) -> Response:
    """Let a page do what it is for, and nothing else."""
    answer.headers["Content-Security-Policy"] = _POLICY.format(g.get("leads_to", "'self'"))
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "strict-origin"
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


class _Quiet(WSGIRequestHandler):
    """Keep the standard error for errors: no line a request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


@contextmanager
def serving(pages: Flask, *, port: int = 0) -> Iterator[str]:
    """Serve an application on this machine alone, and stop at the end of the block.

    Args:
        pages: The application.
        port: Where; a free port when 0.

    Yields:
        The address, such as ``http://127.0.0.1:49152``.
    """
    server = make_server("127.0.0.1", port, pages, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(_TICK / 2,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_bank(bank: SipsBank, *, port: int = 0, transport: Transport | None = None) -> Iterator[str]:
    """Serve a bank's pages as :func:`serving` does, and post what falls due as time passes.

    Args:
        bank: Who decides.
        port: Where; a free port when 0.
        transport: What posts the notifications; by default the real one.

    Yields:
        The address.
    """
    sender = transport or RequestsTransport(direct=True)
    stopped = threading.Event()

    def post_what_is_due() -> None:
        while not stopped.wait(_TICK):
            deliver(bank.due(), sender)

    thread = threading.Thread(target=post_what_is_due)
    with serving(bank_pages(bank, transport=sender), port=port) as url:
        thread.start()
        try:
            yield url
        finally:
            stopped.set()
            thread.join()
