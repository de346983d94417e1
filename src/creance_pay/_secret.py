"""A wrapper that keeps a secret out of representations, logs and pickles.

>>> Secret("a-key-made-up-for-this-page")
<hidden>
"""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """A secret text.  Only :meth:`get_secret_value` returns the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap a text."""
        self._text = text

    def get_secret_value(self) -> str:
        """Return the text, for the code that seals, encrypts or checks its strength."""
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
        """Compare identities.  Only the module of seals compares secret texts, in constant time."""
        return self is other

    __hash__ = object.__hash__


def as_secret(secret: object) -> Secret:
    """Wrap a secret, and replace an unusable one by an empty text.

    A secret is usable if it is a printable text without blanks at its ends.  The caller refuses the empty text: an
    error raised here would show the secret among the local variables of its traceback.
    """
    if isinstance(secret, Secret):
        return secret
    usable = isinstance(secret, str) and secret == secret.strip() and secret.isprintable()
    return Secret(str(secret) if usable else "")
