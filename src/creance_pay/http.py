"""An HTTP request as it arrived, before a framework has parsed it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._validators import describe, of_type
from .errors import InvalidValueError, MalformedResponseError


def _texts_by_name(_: HttpMessage, __: attrs.Attribute[Mapping[str, str]], headers: object) -> None:
    """Refuse anything but texts by name, as the headers of a server that passes bytes; frameworks have own classes."""
    items = getattr(headers, "items", None)
    others = [each for pair in items() for each in pair if not isinstance(each, str)] if callable(items) else [headers]
    if others:
        raise InvalidValueError(f"expected headers to be texts by name, got {describe(others[0])}")


@attrs.frozen
class HttpMessage:
    """The unparsed body and the headers of an HTTP request.

    Args:
        body: The raw body of the POST.
        headers: The headers.  Their names are case-insensitive.

    Raises:
        InvalidValueError: for a body that is not bytes, or headers that are not texts by name.
    """

    body: bytes = attrs.field(validator=of_type(bytes), repr=lambda body: f"<{len(body)} bytes>")
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False, validator=_texts_by_name)

    def header(self, name: str) -> str | None:
        """Return the value of a header, or ``None`` if the request has none of that name.

        Args:
            name: The name of the header, in any case.

        Raises:
            MalformedResponseError: when the name occurs twice, in different cases.

        >>> HttpMessage(b"{}", {"Content-Type": "application/json"}).header("content-type")
        'application/json'
        """
        values = [value for key, value in self.headers.items() if key.lower() == name.lower()]
        if len(values) > 1:
            raise MalformedResponseError("expected each header once, got one twice in different cases")
        return values[0] if values else None


def require_message(message: HttpMessage) -> HttpMessage:
    """Return a message, or raise :class:`InvalidValueError` for a body, a form or a request of a framework."""
    if not isinstance(message, HttpMessage):
        raise InvalidValueError(f"expected an HttpMessage of body and headers, got {describe(message)}")
    return message
