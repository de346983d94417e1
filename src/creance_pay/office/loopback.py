"""The office's pages, served on this machine by Flask (extra ``demo``), for a portal without the Django admin."""

from __future__ import annotations

import secrets

from markupsafe import Markup

from ..errors import CreancePayError, MissingExtraError
from .pages import Office

try:
    from flask import Flask, Response, abort, redirect, request
except ModuleNotFoundError as error:
    raise MissingExtraError("the office's pages need Flask: pip install 'creance-pay[demo]'", extra="demo") from error

# No script, forms to this server only.  Requests under another host name are refused: a foreign page could point its
# own name to this machine (DNS rebinding).
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = Markup(
    '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title><style>'
    "body{{font-family:sans-serif;margin:1rem 2rem}}table{{border-collapse:collapse}}"
    "th,td{{border:1px solid #bbb;padding:.2rem .5rem;text-align:left}}"
    "</style></head><body><main><h1>{title}</h1>{error}{content}</main></body></html>"
)
_ERROR = Markup('<p role="alert"><strong>{}</strong></p>')
_TOKEN = Markup('<input type="hidden" name="token" value="{}">')


def office_pages(office: Office, *, by: str) -> Flask:
    """Build the Flask application of the office's pages, under the one address ``/``.

    Args:
        office: The pages.
        by: The person at this machine, who closes incidents.
    """
    app = Flask(__name__)
    app.config.update(TRUSTED_HOSTS=["127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=65_536)
    token = secrets.token_urlsafe()

    @app.get("/")
    def _show(error: str = "") -> tuple[str, int]:
        page = office.page(request.args, hidden=_TOKEN.format(token))
        shown = _ERROR.format(error) if error else Markup("")
        return _PAGE.format(title=page.title, error=shown, content=page.content), 400 if error else page.status

    @app.post("/")
    def _close() -> Response | tuple[str, int]:
        if request.form.get("token") != token:  # a form of another site
            abort(400)
        try:
            office.close(request.form, by=by)
        except CreancePayError as error:
            return _show(str(error))
        return redirect(request.full_path, 303)  # type: ignore[return-value]

    @app.after_request
    def _add_headers(answer: Response) -> Response:
        answer.headers.update(_HEADERS)
        return answer

    return app
