"""The bank's server as the one who posts: each notification once, to a portal on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ...errors import GatewayUnavailableError
from ...gateways.sips.hosts import is_loopback
from ...gateways.transport import Transport
from .faults import Notification


def deliver(notifications: Iterable[Notification], transport: Transport) -> tuple[int | None, ...]:
    """Post notifications, and go on as the vendor does when one does not arrive.

    Anybody can know the secret of a made-up shop: what it asks for is posted to this machine, and to no other.

    Returns:
        The HTTP status of each; ``None`` when there was no answer, or the address is elsewhere.
    """
    return tuple(_deliver(each, transport) for each in notifications)


def _deliver(notification: Notification, transport: Transport) -> int | None:
    try:
        if is_loopback(urlsplit(notification.url).hostname or ""):
            return transport.post_form(notification.url, notification.fields).status
    except (GatewayUnavailableError, ValueError):  # the second for an address that is none
        pass
    return None
