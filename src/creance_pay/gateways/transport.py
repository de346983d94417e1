"""The transport to the bank; the only module that imports ``requests``.

Each call has a deadline, stops at redirects, checks the certificate, and raises only errors of this package.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol
from urllib.parse import urlencode

import attrs

from ..errors import ConfigurationError, GatewayUnavailableError


@attrs.frozen
class HttpAnswer:
    """The answer of a server.

    Attributes:
        status: The HTTP status.
        body: The bytes of the body, after decompression.
    """

    status: int
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class Transport(Protocol):
    """The interface by which a gateway calls its bank; write another one to record, delay or fail calls.

    A transport implements :meth:`send`.  A subclass inherits the other two methods.

    >>> class PrintingTransport(Transport):
    ...     def send(self, method, url, *, headers=None, body=None):
    ...         print(method, url, body)
    ...         return HttpAnswer(200, b"{}")
    >>> PrintingTransport().post_form("https://bank.example/pay", {"amount": "2000"}).status
    POST https://bank.example/pay b'amount=2000'
    200
    """

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send a request and return the answer, of any status.

        Args:
            method: The method, in upper case.
            url: The address.
            headers: The headers, sent as they are.
            body: The body; ``None`` for a request without one.

        Raises:
            GatewayUnavailableError: when no answer arrives.
        """

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Post a form and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.
        """
        return self.send("POST", url, headers=_FORM, body=urlencode(fields).encode())

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Post a document as JSON and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.
        """
        return self.send("POST", url, headers=_JSON, body=json.dumps(dict(document)).encode())


_MAX_ANSWER_BYTES, _CHUNK_BYTES = 1_048_576, 65_536
_MAX_SECONDS = 86_400


def _bounded(_: RequestsTransport, __: attrs.Attribute[float], seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _MAX_SECONDS:
        found = "another number" if type(seconds) in {int, float} else type(seconds).__name__
        raise ConfigurationError(
            f"expected timeout to be a number of seconds above zero and at most {_MAX_SECONDS}, got {found}"
        )


@attrs.frozen(kw_only=True)
class RequestsTransport(Transport):
    """The transport over ``requests``.

    Args:
        timeout: Seconds until the whole answer must have arrived, at most a day.
        direct: Whether to ignore the proxies that the environment names, as for a server on this machine.

    Raises:
        ConfigurationError: for a timeout that is not above zero, or is no bound.
    """

    timeout: float = attrs.field(default=15.0, validator=_bounded)
    direct: bool = False

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send a request and return the answer, of any status.

        Raises:
            GatewayUnavailableError: when no answer arrives.  Not retryable: the server may have received the request.
        """
        content = {"headers": dict(headers or {}), "data": body, "timeout": self.timeout}
        answer = _call_within(self.timeout, lambda: _call(method, url, direct=self.direct, **content))
        if isinstance(answer, GatewayUnavailableError):
            raise answer from None
        return answer


def _call(method: str, url: str, *, direct: bool, **content: Any) -> HttpAnswer | GatewayUnavailableError:  # noqa: ANN401 - keywords of requests
    """Send, and read a body of at most 1 MiB after decompression.  Return an error instead of raising it."""
    import requests  # noqa: PLC0415 - loaded only when something is sent

    body = b""
    try:
        with requests.Session() as session:
            session.trust_env = not direct
            # Without an authentication of its own, requests replaces our header by an entry of a .netrc file.
            answer = session.request(method, url, auth=_unchanged, allow_redirects=False, stream=True, **content)
            for part in answer.iter_content(_CHUNK_BYTES):
                body += part
                if len(body) > _MAX_ANSWER_BYTES:
                    return GatewayUnavailableError(f"no answer: expected at most {_MAX_ANSWER_BYTES} bytes, got more")
    except (OSError, ValueError) as error:  # the errors of requests are OSErrors; a bad address raises ValueErrors
        return GatewayUnavailableError(f"no answer: {type(error).__name__}")
    return HttpAnswer(answer.status_code, body)


def _unchanged(request: Any) -> Any:  # noqa: ANN401 - a request of requests
    return request


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
