"""The two addresses that the bank uses: its server's notification, and the return of the person's browser.

They work with any framework.  :meth:`BankEndpoints.wsgi` and :meth:`BankEndpoints.asgi` are applications to mount under
a path; :meth:`BankEndpoints.reply` answers one request, for a framework that mounts neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import attrs
from markupsafe import Markup

from .._validators import of_type
from ..errors import ConfigurationError, ResponseRefusedError
from ..http import HttpMessage
from ..messages import Medium, Message, message_for, render
from ..payments import PaymentService

#: The most bytes of a message of the bank; the gateways refuse a larger one.
MAX_BODY_BYTES = 65_536
_REASONS = {
    200: "OK", 303: "See Other", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 503: "Service Unavailable",
}  # fmt: skip
_HTML, _TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = Markup(
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body><main>{message}<p><a href="{next}">{title}</a></p></main></body></html>'
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Reply:
    """The answer to one request.

    Attributes:
        status: The HTTP status.
        headers: The headers, without the length.
        body: The body.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=lambda: dict(_HEADERS))
    body: bytes = b""


def _as_function(service: PaymentService | Callable[[], PaymentService]) -> Callable[[], PaymentService]:
    return (lambda: service) if isinstance(service, PaymentService) else service


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _site_address(_: BankEndpoints, __: attrs.Attribute[str], url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError("expected url to be an absolute http or https address without query, got another text")


@attrs.frozen(kw_only=True, slots=False)
class BankEndpoints:
    """The two addresses of a portal that the bank uses.

    The bank's seal authenticates the messages, in the place of a session, a cookie or a CSRF token.

    Args:
        service: The payment service, or a function that returns it at the first request.
        url: The public address under which the endpoints are mounted, such as ``https://portal.example/bank``.  Read
            it from the configuration: the ``Host`` header of a request is chosen by its sender.
        next_url: The address of the portal's page about the payment, to which a returning browser is redirected; a
            path is completed by the site of ``url``.
        page: Builds the page that shows a message to a person whose return was refused; by default a page without
            style.
        lang: The language of the default page.

    Raises:
        ConfigurationError: for a ``url`` that is not an absolute address.

    Mounted under ``/bank`` in Flask::

        endpoints = BankEndpoints(service=service, url="https://portal.example/bank", next_url="/payment")
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bank": endpoints.wsgi})
    """

    service: Callable[[], PaymentService] = attrs.field(converter=_as_function, repr=False)
    url: str = attrs.field(validator=[of_type(str), _site_address], converter=_without_slash)
    next_url: str = attrs.field(validator=of_type(str))
    page: Callable[[Message], str] | None = attrs.field(default=None, repr=False)
    lang: str = "fr"

    @property
    def notification_url(self) -> str:
        """The address for ``PaymentService.start(notification_url=)``."""
        return f"{self.url}/notification"

    @property
    def return_url(self) -> str:
        """The address for ``PaymentService.start(return_url=)``."""
        return f"{self.url}/return"

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer a request.

        Args:
            method: The method, in upper case.
            path: The path; its last part selects the endpoint: ``notification`` or ``return``.
            headers: The headers.
            body: The raw body, unparsed; one byte more than ``MAX_BODY_BYTES`` is enough to be refused.

        >>> from creance_pay.ledger import MemoryLedger
        >>> from creance_pay.testing import trial_merchant
        >>> service = PaymentService(trial_merchant().gateway(), MemoryLedger())
        >>> endpoints = BankEndpoints(service=service, url="https://portal.example/bank", next_url="/payment")
        >>> endpoints.reply("POST", "/bank/notification", {}, b"forged").status
        400
        >>> endpoints.reply("GET", "/bank/return", {}, b"").headers["Location"]
        'https://portal.example/payment'
        """
        answer = {"notification": self.notification, "return": self.returned}.get(path.rstrip("/").rpartition("/")[2])
        return answer(method, headers, body) if answer else Reply(status=404)

    def notification(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer the bank's server: record a POST, or answer a GET that checks the address."""
        if method == "GET":
            return self._answer_check(headers)
        if refused := _refused(method, body):
            return refused
        return Reply(status=self.service().on_notification(HttpMessage(body, headers)).http_status)

    def returned(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer the returning browser: record a sealed POST, and redirect by 303.

        A GET is only redirected: some banks return by GET, and a person may reload the address. A page answers a
        refused message, or one that waits to be recorded: a payment may have been made.
        """
        onward = Reply(status=303, headers={**_HEADERS, "Location": urljoin(self.url, self.next_url)})
        if method == "GET":
            return onward
        if refused := _refused(method, body):
            return refused
        view = self.service().on_return(HttpMessage(body, headers))
        if view.http_status == 200:  # noqa: PLR2004 - the status of a recorded message
            return onward
        page = (self.page or self._page)(message_for(view))
        return Reply(status=view.http_status, headers={**_HEADERS, "Content-Type": _HTML}, body=page.encode())

    def _answer_check(self, headers: Mapping[str, str]) -> Reply:
        try:
            text = self.service().gateway.answer_check(headers)
        except ResponseRefusedError:
            return Reply(status=400)
        if text is None:
            return _not_allowed("POST")
        return Reply(status=200, headers={**_HEADERS, "Content-Type": _TEXT}, body=text.encode())

    def _page(self, message: Message) -> str:
        rendered = render(message, medium=Medium.HTML, lang=self.lang)
        return _PAGE.format(lang=self.lang, title=rendered.title, message=rendered, next=self.next_url)

    @cached_property
    def wsgi(self) -> Callable[[Mapping[str, Any], Callable[..., object]], Iterable[bytes]]:
        """The WSGI application."""
        return self._wsgi

    @cached_property
    def asgi(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The ASGI application.  The service runs in a thread, so that a slow database blocks no other request."""
        return self._asgi

    def _wsgi(self, environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        reply = self.reply(
            environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), _wsgi_headers(environ), _wsgi_body(environ)
        )
        headers = [*reply.headers.items(), ("Content-Length", str(len(reply.body)))]
        start_response(f"{reply.status} {_REASONS.get(reply.status, 'Unknown')}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]

    async def _asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ConfigurationError(f"expected an HTTP request, got the ASGI scope {scope['type']!r}")
        body = await _asgi_body(receive)
        if body is None:
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        reply = await asyncio.to_thread(self.reply, scope["method"], scope["path"], headers, body)
        length = ("Content-Length", str(len(reply.body)))
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (*reply.headers.items(), length)]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})


def _refused(method: str, body: bytes) -> Reply | None:
    """Return the answer to a request that carries no message of the bank, or ``None``."""
    if method != "POST":
        return _not_allowed("GET, POST")
    return Reply(status=413) if len(body) > MAX_BODY_BYTES else None


def _not_allowed(methods: str) -> Reply:
    return Reply(status=405, headers={**_HEADERS, "Allow": methods})


def _wsgi_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a request; a server has joined repeated ones."""
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").title(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    found = {name: environ.get(name.upper().replace("-", "_"), "") for name in ("Content-Type", "Content-Length")}
    return headers | {name: value for name, value in found.items() if value}


def _wsgi_body(environ: Mapping[str, Any]) -> bytes:
    """Read the body, at most one byte more than the limit; a body of unknown length only where the server ends it."""
    length = environ.get("CONTENT_LENGTH") or ""
    known = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0  # noqa: PLR2004 - int64
    wanted = MAX_BODY_BYTES + 1 if environ.get("wsgi.input_terminated") else min(known, MAX_BODY_BYTES + 1)
    body = b""
    while len(body) < wanted and (part := environ["wsgi.input"].read(wanted - len(body))):
        body += part
    return body


async def _asgi_body(receive: Receive) -> bytes | None:
    """Read the body, at most a part beyond the limit; ``None`` when the client has gone."""
    body, more = b"", True
    while more and len(body) <= MAX_BODY_BYTES:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        body, more = body + event.get("body", b""), event.get("more_body", False)
    return body
