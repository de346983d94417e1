"""The one way out to the network, and the only module that imports ``requests``.

Every call has a deadline, follows no redirection, checks certificates, and fails with one of our own errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol

import attrs

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

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Post a document as JSON and give the answer, whatever its status.

        Raises:
            GatewayUnavailableError: when there is no answer.
        """


_LARGEST_ANSWER, _PART = 1_048_576, 65_536


@attrs.frozen(kw_only=True)
class RequestsTransport:
    """The transport over ``requests``.

    Args:
        timeout: Seconds until the whole answer must be here, however slowly it comes.
        direct: Whether to leave out the proxies that the environment names, as for what is on this machine.
    """

    timeout: float = 15.0
    direct: bool = False

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and give the answer, whatever its status.

        Raises:
            GatewayUnavailableError: when there is no answer; not retryable by itself, since it may have been received.
        """
        return self._post(url, data=dict(fields))

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Post a document as JSON and give the answer, whatever its status.

        Raises:
            GatewayUnavailableError: when there is no answer; not retryable by itself, since it may have been received.
        """
        return self._post(url, json=dict(document), headers={"Accept": "application/json"})

    def _post(self, url: str, **content: Any) -> HttpAnswer:  # noqa: ANN401 - what requests takes
        answer = _within(self.timeout, lambda: _call(url, direct=self.direct, timeout=self.timeout, **content))
        if isinstance(answer, GatewayUnavailableError):
            raise answer from None
        return answer


def _call(url: str, *, direct: bool, **content: Any) -> HttpAnswer | GatewayUnavailableError:  # noqa: ANN401 - as above
    """Post, and read a body of a size that an answer can have, counted after decompression."""
    import requests  # noqa: PLC0415 - loaded only when something is sent

    body = b""
    try:
        with requests.Session() as session:
            session.trust_env = not direct
            answer = session.post(url, allow_redirects=False, stream=True, **content)
            for part in answer.iter_content(_PART):
                body += part
                if len(body) > _LARGEST_ANSWER:
                    return GatewayUnavailableError("no answer: too large to be one")
    except (OSError, ValueError) as error:  # all that requests raises, and what an address may raise below it
        return GatewayUnavailableError(f"no answer: {type(error).__name__}")
    return HttpAnswer(answer.status_code, body)


def _within(
    seconds: float, call: Callable[[], HttpAnswer | GatewayUnavailableError]
) -> HttpAnswer | GatewayUnavailableError:
    """Wait for a call no longer than this: a byte a second would please every timeout of the layers below."""
    answers: SimpleQueue[HttpAnswer | GatewayUnavailableError] = SimpleQueue()
    Thread(target=lambda: answers.put(call()), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return GatewayUnavailableError("no answer: not in time")
