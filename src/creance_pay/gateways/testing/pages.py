"""The bank's pages, served over HTTP on this machine by Flask (extra ``demo``).

They show what the guide shows: the amount, the reference, the shop, a card number; then the state of the payment and
the way back.  The bank's server posts the sealed result to the shop before the person comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ...errors import GatewayUnavailableError, MalformedResponseError, MissingExtraError, ResponseRefusedError
from ..transport import RequestsTransport, Transport
from .bank import SipsBank
from .services import SipsServices

try:
    from flask import Flask, render_template, request
    from werkzeug.serving import WSGIRequestHandler, make_server
except ModuleNotFoundError as error:
    raise MissingExtraError("the bank's pages need Flask: pip install 'creance-pay[demo]'", extra="demo") from error


def bank_pages(bank: SipsBank, *, transport: Transport | None = None) -> Flask:
    """Make the application that serves a bank's pages.

    Args:
        bank: Who decides.
        transport: What posts the notification; by default the real one, to a portal on this machine.
    """
    pages = Flask(__name__)
    sender = transport or RequestsTransport(direct=True)
    services = SipsServices(bank)

    @pages.post("/paymentInit")
    def _open() -> tuple[str, int]:
        try:
            asked = bank.receive(request.form)
        except ResponseRefusedError as error:
            return render_template("refused.html", reason=str(error)), 400
        return render_template("payment.html", asked=asked), 200

    @pages.post("/rs-services/v2/<path:service>")
    def _serve(service: str) -> tuple[dict[str, str], int]:
        try:
            return services.post(service, request.get_data(), page=f"{request.host_url}redirection"), 200
        except MalformedResponseError:
            return {}, 404

    @pages.post("/redirection")
    def _redirected() -> tuple[str, int]:
        asked = bank.requests.get(request.form.get("redirectionData", ""))
        if asked is None:
            return render_template("refused.html", reason="unknown payment"), 400
        return render_template("payment.html", asked=asked), 200

    @pages.post("/payment")
    def _decide() -> tuple[str, int]:
        asked = bank.requests.get(request.form.get("reference", ""))
        if asked is None:
            return render_template("refused.html", reason="unknown payment"), 400
        card = request.form.get("card", "")
        decision = bank.leave() if "leave" in request.form else bank.pay(asked, card)
        answer = bank.answer(asked, decision)
        with suppress(GatewayUnavailableError):  # as the vendor does, go on when the shop cannot be reached
            sender.post_form(asked.notification_url, answer)
        return render_template("receipt.html", asked=asked, decision=decision, answer=answer), 200

    return pages


class _Quiet(WSGIRequestHandler):
    """Keep the standard error for errors: no line a request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


@contextmanager
def serving(pages: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine, and stop at the end of the block.

    Yields:
        The address, such as ``http://127.0.0.1:49152``.
    """
    server = make_server("127.0.0.1", 0, pages, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
