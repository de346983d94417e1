"""The transport to the bank; the only module that imports ``requests``.

Each call has a deadline, follows no redirection, checks the certificate, and raises only errors of this package.
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
    """The answer of a server.

    Attributes:
        status: The HTTP status.
        body: The bytes of the body, after decompression.
    """

    status: int
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")


class Transport(Protocol):
    """The interface by which a gateway calls its bank; write another one to record, delay or fail calls."""

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.
        """

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Post a document as JSON and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.
        """


_MAX_ANSWER_BYTES, _CHUNK_BYTES = 1_048_576, 65_536


@attrs.frozen(kw_only=True)
class RequestsTransport:
    """The transport over ``requests``.

    Args:
        timeout: Seconds until the whole answer must have arrived.
        direct: Whether to ignore the proxies that the environment names, as for a server on this machine.
    """

    timeout: float = 15.0
    direct: bool = False

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.  Not retryable: the server may have received the request.
        """
        return self._post(url, data=dict(fields))

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Post a document as JSON and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.  Not retryable: the server may have received the request.
        """
        return self._post(url, json=dict(document), headers={"Accept": "application/json"})

    def _post(self, url: str, **content: Any) -> HttpAnswer:  # noqa: ANN401 - keywords of requests
        answer = _call_within(self.timeout, lambda: _call(url, direct=self.direct, timeout=self.timeout, **content))
        if isinstance(answer, GatewayUnavailableError):
            raise answer from None
        return answer


def _call(url: str, *, direct: bool, **content: Any) -> HttpAnswer | GatewayUnavailableError:  # noqa: ANN401 - as above
    """Post, and read a body of at most 1 MiB after decompression.  Return an error instead of raising it."""
    import requests  # noqa: PLC0415 - loaded only when something is sent

    body = b""
    try:
        with requests.Session() as session:
            session.trust_env = not direct
            answer = session.post(url, allow_redirects=False, stream=True, **content)
            for part in answer.iter_content(_CHUNK_BYTES):
                body += part
                if len(body) > _MAX_ANSWER_BYTES:
                    return GatewayUnavailableError(f"no answer: expected at most {_MAX_ANSWER_BYTES} bytes, got more")
    except (OSError, ValueError) as error:  # the errors of requests are OSErrors; a bad address raises ValueErrors
        return GatewayUnavailableError(f"no answer: {type(error).__name__}")
    return HttpAnswer(answer.status_code, body)


def _call_within(
    seconds: float, call: Callable[[], HttpAnswer | GatewayUnavailableError]
) -> HttpAnswer | GatewayUnavailableError:
    """Return the result of a call, or an error when it takes longer than its deadline.

    The timeout of ``requests`` limits the wait for each part of an answer, not for the whole: a server that sends one
    byte a second never exceeds it.  So each call has a thread of its own.  A call that exceeds its deadline leaves its
    thread behind, until the server closes the connection or sends more than 1 MiB.
    """
    answers: SimpleQueue[HttpAnswer | GatewayUnavailableError] = SimpleQueue()
    Thread(target=lambda: answers.put(call()), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return GatewayUnavailableError(f"no answer within {seconds:g} seconds")
