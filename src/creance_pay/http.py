"""An HTTP request as it arrived, before a framework has parsed it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._validators import of_type
from .errors import MalformedResponseError


@attrs.frozen
class HttpMessage:
    """The unparsed body and the headers of an HTTP request.

    Args:
        body: The raw body of the POST.
        headers: The headers.  Their names are case-insensitive.
    """

    body: bytes = attrs.field(validator=of_type(bytes), repr=lambda body: f"<{len(body)} bytes>")
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

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
