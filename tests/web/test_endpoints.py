"""The bank's two addresses, mounted in five frameworks in two lines each, and alone."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
from fastapi import FastAPI
from flask import Flask
from pyramid.config import Configurator
from pyramid.wsgi import wsgiapp2
from starlette.applications import Starlette
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from creance_pay import Euros, NoticeReference, PaymentState
from creance_pay.errors import ConfigurationError, GatewayUnavailableError, MalformedResponseError
from creance_pay.gateways import FormPost
from creance_pay.ledger import MemoryLedger
from creance_pay.payments import PaymentService
from creance_pay.testing.sips import SipsTrialMerchant
from creance_pay.web import BankEndpoints, Reply

NOTICE = NoticeReference("6311705400000344F")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAX_BODY_BYTES = 65_536


@pytest.fixture
def service() -> PaymentService:
    """Return a service with a ledger in memory."""
    return PaymentService(SipsTrialMerchant().gateway(), MemoryLedger())


@pytest.fixture
def endpoints(service: PaymentService) -> BankEndpoints:
    """Return the endpoints, below an address of the configuration."""
    return BankEndpoints(service=service, url="http://127.0.0.1:8000/bank/", next_url="/paid")


@pytest.fixture
def genuine(service: PaymentService, endpoints: BankEndpoints) -> bytes:
    """Start a payment, and return the body of the bank's notification that it is paid."""
    started = service.start(
        Euros(2000), {NOTICE: Euros(2000)}, return_url=endpoints.return_url, notification_url=endpoints.notification_url
    )
    assert isinstance(started.form, FormPost)
    (payment,) = service.ledger.payments()
    return SipsTrialMerchant().notification(payment.order).body


def flask(endpoints: BankEndpoints) -> Any:  # noqa: ANN401 - an application of a framework
    """Mount in Flask."""
    app = Flask("portal")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bank": endpoints.wsgi})  # type: ignore[method-assign]
    return app


def pyramid(endpoints: BankEndpoints) -> Any:  # noqa: ANN401 - the same
    """Mount in Pyramid."""
    config = Configurator()
    config.add_route("bank", "/bank/*subpath")
    config.add_view(wsgiapp2(endpoints.wsgi), route_name="bank")
    return config.make_wsgi_app()


def fastapi(endpoints: BankEndpoints) -> Any:  # noqa: ANN401 - the same
    """Mount in FastAPI."""
    app = FastAPI()
    app.mount("/bank", endpoints.asgi)
    return app


def starlette(endpoints: BankEndpoints) -> Any:  # noqa: ANN401 - the same
    """Mount in Starlette."""
    app = Starlette()
    app.mount("/bank", endpoints.asgi)
    return app


def over_wsgi(app: Any, method: str, path: str, body: bytes = b"") -> Reply:  # noqa: ANN401 - the same
    """Send a request to a WSGI application."""
    answer = Client(app).open(path, method=method, data=body, headers=FORM)
    return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.data)


def over_asgi(app: Any, method: str, path: str, body: bytes = b"") -> Reply:  # noqa: ANN401 - the same
    """Send a request to an ASGI application, its body in two parts."""
    half = len(body) // 2
    parts: list[dict[str, Any]] = [{"type": "http.request", "body": body[:half], "more_body": True},
             {"type": "http.request", "body": body[half:]}]  # fmt: skip
    start, *bodies = exchange(app, method, path, parts)
    headers = {name.decode().title(): value.decode() for name, value in start["headers"]}
    return Reply(status=start["status"], headers=headers, body=b"".join(each["body"] for each in bodies))


def exchange(app: Any, method: str, path: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: ANN401 - the same
    """Send the events of a request to an ASGI application, and return the events of its answer."""
    sent: list[dict[str, Any]] = []
    waiting = iter(events)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(name.lower().encode(), value.encode()) for name, value in FORM.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent


Mount = Callable[[BankEndpoints], Any]
Sender = Callable[..., Reply]
MOUNTS = [
    pytest.param(mount, send, id=mount.__name__)
    for mount, send in ((flask, over_wsgi), (pyramid, over_wsgi), (fastapi, over_asgi), (starlette, over_asgi))
]


@pytest.mark.parametrize(("mount", "send"), MOUNTS)
class TestMounted:
    """In every framework, the raw message reaches the service."""

    def test_notification(
        self, mount: Mount, send: Sender, endpoints: BankEndpoints, genuine: bytes, service: PaymentService
    ) -> None:  # fmt: skip
        """The bank's message is recorded, once and again; a changed one is refused."""
        app = mount(endpoints)
        bodies = [genuine.replace(b"Seal=", b"Seal=0"), genuine, genuine]
        statuses = [send(app, "POST", "/bank/notification", body).status for body in bodies]

        assert [400, 200, 200] == statuses
        assert [PaymentState.PAID] == [each.state for each in service.ledger.payments()]

    def test_return(self, mount: Mount, send: Sender, endpoints: BankEndpoints, genuine: bytes) -> None:
        """The browser is redirected by 303 within the configured site; a forged return shows a message."""
        app = mount(endpoints)
        forged = send(app, "POST", "/bank/return", genuine.replace(b"Seal=", b"Seal=0"))
        back = send(app, "POST", "/bank/return", genuine)

        assert (400, True) == (forged.status, "deuxième fois" in forged.body.decode())
        assert (303, "http://127.0.0.1:8000/paid") == (back.status, back.headers["Location"])
        assert "Set-Cookie" not in back.headers

    def test_other_requests(self, mount: Mount, send: Sender, endpoints: BankEndpoints) -> None:
        """A GET of the return is redirected; other methods and paths are refused."""
        app = mount(endpoints)
        requests = [
            ("GET", "/bank/return"), ("GET", "/bank/notification"), ("PUT", "/bank/return"), ("GET", "/bank/other"),
        ]  # fmt: skip

        assert [303, 405, 405, 404] == [send(app, *request).status for request in requests]


@pytest.mark.parametrize("path", ["/notification", "/return"])
def test_long_body(path: str, endpoints: BankEndpoints) -> None:
    """A body of 64 KiB reaches the service, which refuses it; one byte more does not."""
    senders = ((over_wsgi, endpoints.wsgi), (over_asgi, endpoints.asgi))
    found = [
        send(app, "POST", path, b"a" * size).status
        for send, app in senders
        for size in (MAX_BODY_BYTES, MAX_BODY_BYTES + 1)
    ]

    assert [400, 413, 400, 413] == found


def test_addresses(endpoints: BankEndpoints) -> None:
    """The addresses for the bank are below the configured one."""
    assert "http://127.0.0.1:8000/bank/notification" == endpoints.notification_url
    assert "http://127.0.0.1:8000/bank/return" == endpoints.return_url


@pytest.mark.parametrize(
    "url", ["portal.example/bank", "ftp://portal.example", "https:///bank", "https://x.example?a=1"]
)
def test_wrong_address(url: str, service: PaymentService) -> None:
    """A text that is not the address of a site is refused."""
    with pytest.raises(ConfigurationError, match="absolute http or https address"):
        BankEndpoints(service=service, url=url, next_url="/paid")


def test_lazy_service(service: PaymentService) -> None:
    """A function for the service is called by the first request, and not before."""
    called: list[int] = []

    def build() -> PaymentService:
        called.append(1)
        return service

    endpoints = BankEndpoints(service=build, url="http://127.0.0.1:8000", next_url="/paid")
    before = len(called)
    endpoints.reply("POST", "/notification", FORM, b"")

    assert (0, 1) == (before, len(called))


def test_ledger_unavailable(endpoints: BankEndpoints, genuine: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the ledger, both are answered 503: the bank sends again, and the person is asked not to pay again."""

    def fail(*_: object, **__: object) -> None:
        raise GatewayUnavailableError("no answer", retryable=True)

    monkeypatch.setattr(MemoryLedger, "transaction", fail)
    replies = [endpoints.reply("POST", path, FORM, genuine) for path in ("/notification", "/return")]

    assert [503, 503] == [reply.status for reply in replies]
    assert "deuxième fois" in replies[1].body.decode()


@attrs.frozen
class _Checked:
    """A service whose bank checks the address by GET."""

    text: str

    @property
    def gateway(self) -> _Checked:
        """The gateway, which is this object too."""
        return self

    def answer_check(self, headers: Mapping[str, str]) -> str:
        """Return the text, or refuse."""
        if "X-Check" not in headers:
            raise MalformedResponseError("no header")
        return self.text


def test_check() -> None:
    """A GET by which the bank checks the address is answered as the gateway says."""
    endpoints = BankEndpoints(
        service=lambda: _Checked("challenge"),  # type: ignore[arg-type,return-value]
        url="http://127.0.0.1:8000", next_url="/paid",
    )  # fmt: skip
    good, bad = (endpoints.reply("GET", "/notification", headers, b"") for headers in ({"X-Check": "1"}, {}))

    assert (200, b"challenge", "nosniff") == (good.status, good.body, good.headers["X-Content-Type-Options"])
    assert 400 == bad.status


def test_own_page(service: PaymentService) -> None:
    """A portal's own page shows the message."""
    endpoints = BankEndpoints(service=service, url="http://127.0.0.1:8000", next_url="/", page=lambda each: each.code)

    assert b"PAYMENT_PENDING" == endpoints.reply("POST", "/return", FORM, b"x").body


def call_wsgi(endpoints: BankEndpoints, **environ: object) -> int:
    """Call the WSGI application with an environment, and return the status."""
    statuses: list[str] = []
    usual = {"REQUEST_METHOD": "POST", "PATH_INFO": "/notification", "CONTENT_TYPE": FORM["Content-Type"]}
    body = endpoints.wsgi({**usual, **environ}, lambda status, _: statuses.append(status))
    assert [b""] == list(body) or environ["REQUEST_METHOD"] == "HEAD"
    return int(statuses[0][:3])


def test_length(endpoints: BankEndpoints, genuine: bytes) -> None:
    """A body without a length is read where the server ends it, and is empty elsewhere; a wrong length is none."""
    whole: dict[str, Any] = {"wsgi.input_terminated": True}
    lengths: list[dict[str, Any]] = [whole, {}, {"CONTENT_LENGTH": "x"}, {"CONTENT_LENGTH": str(len(genuine))}]

    assert [200, 400, 400, 200] == [
        call_wsgi(endpoints, **{"wsgi.input": io.BytesIO(genuine)}, **length) for length in lengths
    ]


def test_head(endpoints: BankEndpoints) -> None:
    """HEAD is refused, without a body."""
    assert 405 == call_wsgi(endpoints, REQUEST_METHOD="HEAD", **{"wsgi.input": io.BytesIO()})
    assert [b""] == [
        event["body"] for event in exchange(endpoints.asgi, "HEAD", "/return", [{"type": "http.request"}])[1:]
    ]


def test_client_gone(endpoints: BankEndpoints) -> None:
    """A client that has gone before its body was complete gets no answer."""
    assert [] == exchange(endpoints.asgi, "POST", "/notification", [{"type": "http.disconnect"}])


def test_other_scope(endpoints: BankEndpoints) -> None:
    """A scope that is not HTTP is refused."""
    with pytest.raises(ConfigurationError, match="websocket"):
        asyncio.run(endpoints.asgi({"type": "websocket"}, None, None))  # type: ignore[arg-type]
