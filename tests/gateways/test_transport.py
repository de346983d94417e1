"""The transport, over real HTTP on this machine."""

import gzip
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from pathlib import Path
from urllib.parse import parse_qsl

import attrs
import pytest

from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways.transport import HttpAnswer, RequestsTransport

FIELDS = {"Data": "amount=1600|customerEmail=someone@example.org", "Seal": "552e258f"}


@attrs.define
class Server:
    """A server with one answer, and the requests that it received."""

    url: str
    asked: list[tuple[str, str | None, list[tuple[str, str]]]] = attrs.field(factory=list)
    bodies: list[str] = attrs.field(factory=list)
    release: threading.Event = attrs.field(factory=threading.Event)


@contextmanager
def answering(
    status: int, body: bytes = b"", *, silent: bool = False, cut: bool = False, encoding: str = ""
) -> Iterator[Server]:
    """Serve one answer on a free port of this machine."""
    server = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, self.headers["Content-Type"], list(self.headers.items())))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.asked.append((self.path, self.headers["Content-Type"], parse_qsl(form)))
            server.bodies.append(form)
            if silent:
                server.release.wait(timeout=30)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Content-Length", str(len(body) + cut))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/notification"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))  # seconds until it sees a shutdown
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        http.shutdown()
        thread.join()
        http.server_close()


@contextmanager
def dripping(*parts: bytes) -> Iterator[str]:
    """Serve a few bytes at a time, with pauses shorter than any timeout, until the client leaves."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        with suppress(OSError), listener.accept()[0] as connection:
            for part in chain(parts, repeat(b"x")):
                connection.sendall(part)
                if stop.wait(0.05):
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        stop.set()
        thread.join()
        listener.close()


def closed_port() -> int:
    """Return a port of this machine that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxies of this machine's own environment."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_status() -> None:
    """An answer of any status is an answer."""
    for status in (200, 204, 400, 404, 500, 503):
        with answering(status) as server:
            assert HttpAnswer(status, b"") == RequestsTransport().post_form(server.url, FIELDS)


def test_body() -> None:
    """The body comes back as bytes."""
    with answering(200, b"\xe9\x00") as server:
        assert b"\xe9\x00" == RequestsTransport().post_form(server.url, FIELDS).body


def test_form() -> None:
    """The fields arrive as a form, once."""
    with answering(200) as server:
        RequestsTransport().post_form(server.url, FIELDS)

        assert [("/notification", "application/x-www-form-urlencoded", list(FIELDS.items()))] == server.asked


def test_redirection() -> None:
    """A redirection is an answer, and is not followed (I13)."""
    with answering(302) as server:
        answer = RequestsTransport().post_form(server.url, FIELDS)

        assert (302, ["/notification"]) == (answer.status, [path for path, _, _ in server.asked])


def unavailable(url: str, *, timeout: float = 5) -> GatewayUnavailableError:
    """Post to an address without answer, and return the error."""
    with pytest.raises(GatewayUnavailableError) as caught:
        RequestsTransport(timeout=timeout).post_form(url, FIELDS)
    return caught.value


class TestJson:
    """A document is posted as one."""

    def test_document(self) -> None:
        """It arrives as JSON, unchanged."""
        document = {"amount": "1600", "customerContact": {"lastname": "Dupré"}, "list": ["1", None]}
        with answering(200, b"{}") as server:
            answer = RequestsTransport().post_json(server.url, document)

        assert (b"{}", "application/json", document) == (answer.body, server.asked[0][1], json.loads(server.bodies[0]))

    def test_redirection(self) -> None:
        """A redirection is an answer, and is not followed (I13)."""
        with answering(302) as server:
            answer = RequestsTransport().post_json(server.url, {})

            assert (302, 1) == (answer.status, len(server.asked))

    def test_unavailable(self) -> None:
        """No answer is the same error as with a form."""
        with pytest.raises(GatewayUnavailableError):
            RequestsTransport().post_json(f"http://127.0.0.1:{closed_port()}", {})


class TestDeadline:
    """The whole answer arrives in time, and has a largest size (I1, I2)."""

    @pytest.mark.parametrize(
        "parts",
        [(), (b"HTTP/1.1 200 OK\r\n",), (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n",)],
        ids=["status", "headers", "body"],
    )
    def test_slow(self, parts: tuple[bytes, ...]) -> None:
        """A slow server does not extend the deadline (I2)."""
        with dripping(*parts) as url:
            unavailable(url, timeout=0.3)

    def test_large(self) -> None:
        """A body of more than 1 MiB is no answer."""
        with answering(200, b"x" * 1_048_577) as server:
            assert "expected at most 1048576 bytes" in str(unavailable(server.url))

    def test_largest(self) -> None:
        """A body of 1 MiB is an answer."""
        with answering(200, b"x" * 1_048_576) as server:
            assert 1_048_576 == len(RequestsTransport().post_form(server.url, FIELDS).body)

    def test_compressed(self) -> None:
        """The size is that after decompression (B45)."""
        with answering(200, gzip.compress(b"x" * 50_000_000), encoding="gzip") as server:
            assert "expected at most 1048576 bytes" in str(unavailable(server.url))

    def test_broken(self) -> None:
        """A body that cannot be decompressed is no answer."""
        with answering(200, b"no gzip", encoding="gzip") as server:
            unavailable(server.url)


@pytest.mark.parametrize("option", ["verify", "cert", "insecure", "allow_redirects"])
def test_certificates_are_always_checked(option: str) -> None:
    """No option turns the check of certificates off (I13)."""
    with pytest.raises(TypeError, match=option):
        RequestsTransport(**{option: False})


class TestNoAnswer:
    """No answer is one error, without the fields and not retryable."""

    @pytest.fixture(params=["refused", "silent", "cut", "no address", "no server name", "no label"])
    def error(self, request: pytest.FixtureRequest) -> Iterator[GatewayUnavailableError]:
        """Return the error of each cause."""
        if request.param == "refused":
            yield unavailable(f"http://127.0.0.1:{closed_port()}")
        elif request.param == "silent":
            with answering(200, silent=True) as server:
                yield unavailable(server.url, timeout=0.2)
        elif request.param == "cut":
            with answering(200, b"half", cut=True) as server:
                yield unavailable(server.url)
        else:
            yield unavailable(
                {"no address": "127.0.0.1", "no server name": "http://", "no label": f"http://{'a' * 64}.example"}[
                    request.param
                ]
            )

    def test_error(self, error: GatewayUnavailableError) -> None:
        """The request may have been received (I12); neither fields, address nor cause is shown (H7)."""
        shown = [word for word in ("amount", "someone@example.org", "552e258f", "127.0.0.1") if word in repr(error)]

        assert (False, [], None, True) == (error.retryable, shown, error.__cause__, error.__suppress_context__)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
class TestProxy:
    """The proxy of the environment is used, unless the transport is direct."""

    def test_environment(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """The proxy that the environment names is used: many networks have no other route to the bank."""
        with answering(200) as proxy:
            monkeypatch.setenv(name, proxy.url)
            RequestsTransport().post_form("http://bank.example/", FIELDS)

            assert ["http://bank.example/"] == [path for path, _, _ in proxy.asked]

    def test_direct(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """A direct transport ignores it."""
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
        with answering(200) as server:
            assert 200 == RequestsTransport(direct=True).post_form(server.url, FIELDS).status


def test_certificate() -> None:
    """A server without valid certificate gives no answer."""
    with answering(200) as server:
        unavailable(server.url.replace("http:", "https:"))


def test_deadline() -> None:
    """The default deadline is fifteen seconds (I1)."""
    assert 15.0 == RequestsTransport().timeout


def test_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of the fields is logged at any level (H2)."""
    with caplog.at_level(logging.DEBUG), answering(200) as server:
        RequestsTransport().post_form(server.url, FIELDS)

    assert [] == [value for value in FIELDS.values() if value in caplog.text]


def test_repr() -> None:
    """The repr of an answer shows the size of its body alone."""
    assert "HttpAnswer(status=200, body=<4 bytes>)" == repr(HttpAnswer(200, b"body"))


def test_get(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A question without a body has our headers alone: no entry of a .netrc file replaces our authorisation."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password another", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    headers = {"Authorization": "GCS v1HMAC:1:x", "X-GCS-Idempotence-Key": "k", "Date": "now"}
    with answering(200, b"{}") as server:
        answer = RequestsTransport().send("GET", server.url, headers=headers)
    ((path, content_type, received),) = server.asked

    assert (HttpAnswer(200, b"{}"), "/notification", None) == (answer, path, content_type)
    assert headers.items() <= dict(received).items()


def test_send_body() -> None:
    """The bytes and the content type of a body are sent as they are."""
    with answering(201) as server:
        RequestsTransport().send("POST", server.url, headers={"Content-Type": "application/json"}, body=b'{"a": 1}')

    assert (["application/json"], ['{"a": 1}']) == ([asked[1] for asked in server.asked], server.bodies)
