"""Delivery of notifications: the bank's server posts them to a portal on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from .._log import log
from ..errors import GatewayUnavailableError, InvalidValueError
from ..gateways.environments import is_loopback
from ..gateways.transport import Transport
from .faults import Notification


def deliver(notifications: Iterable[Notification], transport: Transport) -> tuple[int | None, ...]:
    """Post notifications; one that cannot be delivered does not stop the others.

    Only loopback addresses are called: the secret of a fictitious merchant is public, so that anyone can choose the
    address of a notification.

    Returns:
        The HTTP status of each; ``None`` without an answer, or for an address that is not loopback.
    """
    return tuple(_deliver(each, transport) for each in notifications)


def _deliver(notification: Notification, transport: Transport) -> int | None:
    """Post a notification, and log the answer."""
    code = notification.decision.response_code if notification.decision else ""
    try:
        if not is_loopback(urlsplit(notification.url).hostname or ""):
            raise InvalidValueError("the address is not on this machine")
        message = notification.message
        status = transport.send("POST", notification.url, headers=message.headers, body=message.body).status
    except (GatewayUnavailableError, ValueError) as error:  # ValueError: the address is malformed
        log("undelivered", url=notification.url, response_code=code, error=error)
        return None
    log("delivered", url=notification.url, response_code=code, status=status)
    return status
