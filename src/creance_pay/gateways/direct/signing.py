"""The signature of a request: GCS v1HMAC.

The signed text has a line for the method, the content type, the date, each header whose name begins with ``x-gcs``, and
the path::

    POST
    application/json
    Wed, 25 Nov 2026 09:30:00 GMT
    x-gcs-idempotence-key:PCLCB172540000004:1
    /v2/MERCHANT/payments/4481347252_0/refund

Each line ends with a line feed.  The host and the body are outside the signature: TLS alone protects them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..keys import SecretKey
from ..seals import sign

_FOLD = re.compile(r"\r?\n[^\S\r\n]*")


def text_to_sign(method: str, target: str, headers: Mapping[str, str]) -> str:
    """Return the text that the signature covers.

    Args:
        method: The method.
        target: The path with its query, as in the request line.
        headers: The headers as sent, with ``Date``.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    signed = sorted(name for name in lower if name.startswith("x-gcs"))
    lines = [method.upper(), lower.get("content-type", ""), lower["date"]]
    lines += [f"{name}:{_FOLD.sub(' ', lower[name]).strip()}" for name in signed]
    return "".join(f"{line}\n" for line in (*lines, target))


def authorization(method: str, target: str, headers: Mapping[str, str], key: SecretKey) -> str:
    """Return the value of the header ``Authorization``; arguments as :func:`text_to_sign`."""
    text = text_to_sign(method, target, headers)
    return f"GCS v1HMAC:{key.version}:{sign(text.encode(), key)}"
