"""Texts that show themselves to nobody: the secrets of shops, and what opens the files that hold them.

>>> Secret("a-secret-of-the-shop")
<hidden>
"""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """A text that shows itself to no one but the seal."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self._text = text

    def get_secret_value(self) -> str:
        """Give the text: to the seal, and to the check of its strength."""
        return self._text

    def __repr__(self) -> str:
        return "<hidden>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret key cannot be pickled")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Secret:
        return self

    def __eq__(self, other: object) -> bool:
        """Compare identities: comparing secrets is the business of :mod:`.seals` alone."""
        return self is other

    __hash__ = object.__hash__


def as_secret(secret: object) -> Secret:
    """Hide a secret, and what cannot be one as an empty text: an error raised here would show it among its locals."""
    if isinstance(secret, Secret):
        return secret
    sound = isinstance(secret, str) and secret == secret.strip() and secret.isprintable()
    return Secret(str(secret) if sound else "")
