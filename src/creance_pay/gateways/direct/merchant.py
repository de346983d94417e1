"""A merchant at Worldline Direct: its number, keys and host, and one signed call to the bank."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import attrs

from ..._validators import of_type
from ...errors import ConfigurationError, GatewayUnavailableError, InvalidValueError
from ..keys import KeyRing, SecretKey
from ..merchants import Merchant, numbered
from ..seals import same_secret
from ..transport import Transport
from .documents import load
from .hosts import DirectHost
from .signing import authorization

_KEY = re.compile(r"[\x21-\x7e]{1,40}")
#: A payment page stays open for at least a minute and at most a day.
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=1)
DONE = frozenset({200, 201})
UNKNOWN_HERE = frozenset({404, 410})
FORBIDDEN = frozenset({400, 401, 403})


def _validate_page_life(_: DirectMerchant, __: attrs.Attribute[timedelta], life: timedelta) -> None:
    if not _SHORTEST <= life <= _LONGEST or life % _SHORTEST:
        raise ConfigurationError(f"expected page_life to be whole minutes, from one to a day, got {life}")


@attrs.frozen(kw_only=True)
class DirectAnswer:
    """The answer to a call.

    Attributes:
        status: The HTTP status.
        document: The JSON object of the body; ``None`` when the body is none.
    """

    status: int
    document: dict[str, Any] | None = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class DirectMerchant(Merchant):
    """The settings of one merchant; the arguments are those of ``DirectCheckout``, which builds it."""

    merchant_id: str = numbered("[A-Za-z0-9_-]{1,50}", "1 to 50 letters, digits, _ and -")
    webhook_keys: KeyRing = attrs.field(validator=of_type(KeyRing, error=ConfigurationError))
    host: DirectHost = attrs.field(validator=of_type(DirectHost, error=ConfigurationError))
    page_life: timedelta = attrs.field(
        validator=[of_type(timedelta, error=ConfigurationError), _validate_page_life], repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Refuse unsafe settings."""
        Merchant.__attrs_post_init__(self)
        if any(same_secret(one, other) for one in self.keys for other in self.webhook_keys):
            raise ConfigurationError("expected another secret for webhooks than for the interface, got the same")

    def all_keys(self) -> Iterator[SecretKey]:
        """Yield the keys of both rings."""
        yield from (*self.keys, *self.webhook_keys)

    def call(
        self,
        transport: Transport,
        method: str,
        path: str,
        *,
        document: Mapping[str, Any] | None = None,
        key: str | None = None,
        retryable: bool = False,
    ) -> DirectAnswer:
        """Sign a request, send it, and parse the answer.

        Args:
            transport: The transport that sends.
            method: ``GET`` or ``POST``.
            path: The path below the merchant's.
            document: The body of a POST.
            key: The idempotence key.
            retryable: Whether the same call can be repeated without risk when no answer arrives.

        Raises:
            ConfigurationError: when the current key is past its last moment.
            GatewayUnavailableError: when no answer arrives.
            InvalidValueError: for an idempotence key that is not 1 to 40 printable ASCII characters.
        """
        headers = {"Date": format_datetime(self.clock().astimezone(UTC), usegmt=True)}
        if document is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            if _KEY.fullmatch(key) is None:
                raise InvalidValueError(f"expected an idempotence key of 1 to 40 characters, got {len(key)}")
            headers["X-GCS-Idempotence-Key"] = key
        target = f"/v2/{self.merchant_id}{path}"
        headers["Authorization"] = authorization(method, target, headers, self.sealing_key())
        body = None if document is None else json.dumps(document).encode()
        try:
            answer = transport.send(method, f"{self.host.base}{target}", headers=headers, body=body)
        except GatewayUnavailableError as error:
            raise GatewayUnavailableError(str(error), retryable=retryable) from None
        try:
            found = load(answer.body)
        except ValueError:
            found = None
        return DirectAnswer(status=answer.status, document=found if isinstance(found, dict) else None)

    def ask(self, transport: Transport, path: str) -> dict[str, Any] | None:
        """Ask a question; ``None`` when the bank does not know the thing.

        Raises:
            GatewayUnavailableError: when no readable answer arrives; not retryable when the bank refuses our key.
        """
        answer = self.call(transport, "GET", path, retryable=True)
        if answer.status in UNKNOWN_HERE:
            return None
        if answer.status not in DONE or answer.document is None:
            raise GatewayUnavailableError(
                f"expected an answer of the bank, got the HTTP status {answer.status}",
                retryable=answer.status not in FORBIDDEN,
            )
        return answer.document
