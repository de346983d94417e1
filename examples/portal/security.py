"""The protection of every page: form token, security headers, and a page for each error.

The session cookie is ``SameSite=Lax``: other sites' forms are posted without it.  The form token is a second
protection.  The two addresses that the bank posts to have neither: the bank's seal authenticates their messages.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, abort, g, render_template, request, session
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from creance_pay import messages
from creance_pay.errors import GatewayUnavailableError

from .texts import language

_POLICY = (
    "default-src 'none'; style-src 'self'{nonce}; script-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'{bank}"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def protect(portal: Flask, *, exempt: set[str]) -> None:
    """Protect every page of an application.

    Args:
        portal: The application.
        exempt: The endpoints that the bank posts to, which need no form token.
    """

    @portal.before_request
    def _refuse_forged_forms() -> None:
        if request.method == "POST" and request.endpoint not in exempt:
            posted, expected = request.form.get("token", ""), session.get("token", "")
            if not expected or not hmac.compare_digest(posted.encode(), expected.encode()):
                abort(400)

    portal.jinja_env.globals["token"] = token
    portal.after_request(_add_headers)
    portal.register_error_handler(HTTPException, _show_http_error)
    portal.register_error_handler(GatewayUnavailableError, _show_unavailable)


def token() -> str:
    """Return the form token of this session."""
    known: str = session.setdefault("token", secrets.token_urlsafe())
    return known


def allow_form_to(url: str) -> None:
    """Allow the forms of this page to post to an address of the bank."""
    parts = urlsplit(url)
    g.bank = f" {parts.scheme}://{parts.netloc}"


def style_nonce() -> str:
    """Return the nonce that allows the inline style of this page."""
    nonce = secrets.token_urlsafe()
    g.nonce = f" 'nonce-{nonce}'"
    return nonce


def _add_headers(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    answer.headers["Content-Security-Policy"] = _POLICY.format(nonce=g.get("nonce", ""), bank=g.get("bank", ""))
    return answer


def _show_http_error(error: HTTPException) -> Response | tuple[str, int]:
    """Show the page of an HTTP error; a redirection passes through."""
    if error.response:
        return error.get_response()
    return render_template("error.html", status=error.code), error.code or 500


def _show_unavailable(error: GatewayUnavailableError) -> tuple[str, int]:
    """Show that the bank or the ledger did not answer.

    While the person confirms a payment, the browser has not left for the bank, so that nothing can have been debited.
    At any other moment the person may have paid before.
    """
    confirming = request.endpoint == "pages.pay"
    message = messages.ServiceUnavailable() if confirming else messages.message_for(error)
    shown = messages.render(message, medium=messages.Medium.HTML, lang=language())
    return render_template("error.html", status=503, message=shown), 503
