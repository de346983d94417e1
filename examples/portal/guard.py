"""What protects every page: the form's token, the headers, and a page for each error.

Cookies go with forms of this site alone (``SameSite=Lax``); the token is the second lock.  The two addresses that the
bank posts to need neither: what they believe is the bank's seal.
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

_POLICY = (
    "default-src 'none'; style-src 'self'{nonce}; script-src 'self'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'{bank}"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def protect(portal: Flask, *, exempt: set[str]) -> None:
    """Protect every page of an application, but for the endpoints that the bank's server and form post to."""

    @portal.before_request
    def _refuse_foreign_forms() -> None:
        if request.method == "POST" and request.endpoint not in exempt:
            given, expected = request.form.get("token", ""), session.get("token", "")
            if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
                abort(400)

    portal.jinja_env.globals["token"] = token
    portal.after_request(_add_headers)
    portal.register_error_handler(HTTPException, _explain)
    portal.register_error_handler(GatewayUnavailableError, _explain_silence)


def token() -> str:
    """Give the token that every form of this session carries."""
    known: str = session.setdefault("token", secrets.token_urlsafe())
    return known


def let_leave_for(url: str) -> None:
    """Allow the form of this page to lead to the bank."""
    parts = urlsplit(url)
    g.bank = f" {parts.scheme}://{parts.netloc}"


def style_nonce() -> str:
    """Allow the one style that stands in this page itself."""
    nonce = secrets.token_urlsafe()
    g.nonce = f" 'nonce-{nonce}'"
    return nonce


def _add_headers(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    answer.headers["Content-Security-Policy"] = _POLICY.format(nonce=g.get("nonce", ""), bank=g.get("bank", ""))
    return answer


def _explain(error: HTTPException) -> Response | tuple[str, int]:
    """Show a page for an error; a redirection is none."""
    if error.response:
        return error.get_response()
    return render_template("error.html", status=error.code), error.code or 500


def _explain_silence(error: GatewayUnavailableError) -> tuple[str, int]:
    told = messages.render(messages.message_for(error), medium=messages.Medium.HTML)
    return render_template("error.html", status=503, told=told), 503
