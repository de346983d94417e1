"""What the bank's server posts, to where, and what it makes of the answer."""

from collections.abc import Mapping

import pytest

from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways.transport import HttpAnswer
from creance_pay.testing.sips import Decision, Notification
from creance_pay.testing.sips.delivery import deliver
from sips_shop import NOON


class Line:
    """A transport that answers 204, or nothing at the port 9."""

    def __init__(self) -> None:
        """Post nothing yet."""
        self.posted: list[str] = []

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Keep the address."""
        self.posted.append(f"{url} {fields['Data']}")
        if ":9/" in url:
            raise GatewayUnavailableError("no answer")
        return HttpAnswer(204, b"")

    post_json = post_form


def notification(url: str) -> Notification:
    """Write a notification to an address."""
    return Notification(url=url, fields={"Data": "a"}, decision=Decision(response_code="00", decided_at=NOON))


def test_every_one() -> None:
    """Each is posted once, and one that does not arrive keeps none from going out."""
    line, urls = Line(), ["http://localhost:9/n", "http://127.0.0.1:8000/n", "http://[::1]/n"]
    statuses = deliver(map(notification, urls), line)

    assert ((None, 204, 204), [f"{url} a" for url in urls]) == (statuses, line.posted)


@pytest.mark.parametrize(
    "url", ["https://portal.example/n", "http://192.168.0.1/n", "http://169.254.169.254/n", "http://[::1/n", "/n", ""]
)
def test_elsewhere(url: str) -> None:
    """Nothing is posted to another machine: who asks for it needs no real key."""
    line = Line()

    assert ((None,), []) == (deliver([notification(url)], line), line.posted)
