"""Delivery: the addresses that the bank's server posts to, and the status of each post."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from creance_pay import HttpMessage
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways.transport import HttpAnswer, Transport
from creance_pay.testing import Notification
from creance_pay.testing.delivery import deliver


class RecordingTransport(Transport):
    """A transport that answers 204, or not at all on port 9."""

    def __init__(self) -> None:
        """Start without a post."""
        self.posted: list[str] = []

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Record the address."""
        del method, headers
        self.posted.append(f"{url} {dict(parse_qsl((body or b'').decode()))['Data']}")
        if ":9/" in url:
            raise GatewayUnavailableError("no answer")
        return HttpAnswer(204, b"")


def notification(url: str) -> Notification:
    """Build a notification to an address."""
    return Notification(url=url, message=HttpMessage(b"Data=a"))


def test_each_once() -> None:
    """Each notification is posted once; one without an answer does not stop the others."""
    transport, urls = RecordingTransport(), ["http://localhost:9/n", "http://127.0.0.1:8000/n", "http://[::1]/n"]
    statuses = deliver(map(notification, urls), transport)

    assert ((None, 204, 204), [f"{url} a" for url in urls]) == (statuses, transport.posted)


def test_loopback_only() -> None:
    """Nothing is posted to another machine, or to a malformed address."""
    urls = ["https://portal.example/n", "http://192.168.0.1/n", "http://169.254.169.254/n", "http://[::1/n", "/n", ""]
    transport = RecordingTransport()

    assert ((None,) * len(urls), []) == (deliver(map(notification, urls), transport), transport.posted)
