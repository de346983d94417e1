"""An HTTP request as it arrived, before any framework has parsed it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ._validators import of_type
from .errors import MalformedResponseError


@attrs.frozen
class HttpMessage:
    """What arrived over HTTP, untouched: the bytes before any framework has parsed them.

    Args:
        body: The raw body of the POST.
        headers: Its headers; their names have no case.
    """

    body: bytes = attrs.field(validator=of_type(bytes), repr=lambda body: f"<{len(body)} bytes>")
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def header(self, name: str) -> str | None:
        """Give a header whatever the case of its name, or ``None``.

        Raises:
            MalformedResponseError: when the name is there twice, in two cases: nobody could say which one counts.
        """
        values = [value for key, value in self.headers.items() if key.lower() == name.lower()]
        if len(values) > 1:
            raise MalformedResponseError("a header is repeated")
        return values[0] if values else None
