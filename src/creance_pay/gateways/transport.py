"""The one way out to the network, and the only module that imports ``requests``.

Every call has a deadline, follows no redirection, checks certificates, and fails with one of our own errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs
import requests

from ..errors import GatewayUnavailableError


@attrs.frozen
class HttpAnswer:
    """What a server answered.

    Attributes:
        status: The HTTP status.
        body: The raw bytes.
    """

    status: int
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")


class Transport(Protocol):
    """What sends a request; replace it to record, to delay or to fail."""

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and give the answer, whatever its status.

        Raises:
            GatewayUnavailableError: when there is no answer.
        """


@attrs.frozen(kw_only=True)
class RequestsTransport:
    """The transport over ``requests``.

    Args:
        timeout: Seconds to wait for a connection, and then for each part of the answer.
        direct: Whether to leave out the proxies that the environment names, as for what is on this machine.
    """

    timeout: float = 15.0
    direct: bool = False

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and give the answer, whatever its status.

        Raises:
            GatewayUnavailableError: when there is no answer; not retryable by itself, since it may have been received.
        """
        try:
            with requests.Session() as session:
                session.trust_env = not self.direct
                answer = session.post(url, data=dict(fields), timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise GatewayUnavailableError(f"no answer: {type(error).__name__}") from None
        return HttpAnswer(answer.status_code, answer.content)
