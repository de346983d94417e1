"""The whole family of errors, on one page.

Everything that this package raises on purpose is a :class:`CreancePayError`.
The type says whose fault it is, so that a caller can answer without reading the text:

* you gave something that is not a value: :class:`InvalidValueError`;
* you built something that cannot work: :class:`ConfigurationError`;
* they sent something that cannot be trusted: :class:`ResponseRefusedError`;
* they sent something genuine that is not about this order: :class:`OrderMismatchError`;
* nobody answered: :class:`GatewayUnavailableError`;
* it would be paid twice: :class:`PaymentInProgressError`.

A rule's *no* is not an error but a verdict, and a bank's *no* is not an error but an outcome.
No text of an error quotes a secret, personal data, or anything that was not verified.
"""

from __future__ import annotations

from typing import ClassVar


class CreancePayError(Exception):
    """The root: ``except CreancePayError`` catches all that this package raises."""


class InvalidValueError(CreancePayError, ValueError):
    """You gave something that is not a value.

    Attributes:
        code: The word that a program or a message can use, such as ``AMOUNT_BAD_FORMAT``; ``None`` where no rule
            has a word for it.
    """

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        """Say in ``message`` what was expected, never what was received."""
        super().__init__(message)
        self.code = code


class InvalidReferenceError(InvalidValueError):
    """A text is not a notice reference (rule R1) or not a transaction reference (rule R15).

    Attributes:
        code: A word of :class:`~creance_pay.codes.ReferenceCode` or :class:`~creance_pay.codes.TransactionCode`.
        suggestion: The canonical reference that was probably meant, or ``None``.  To be shown, never to be used
            before the person has confirmed it.
        character: The first character that cannot stand in a reference, or ``None``.
        digits: How many digits were found, for a wrong length, else ``None``.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        suggestion: str | None = None,
        character: str | None = None,
        digits: int | None = None,
    ) -> None:
        """Keep what helps a person to correct the text."""
        super().__init__(message, code=code)
        self.suggestion = suggestion
        self.character = character
        self.digits = digits


class InvalidAmountError(InvalidValueError):
    """Something is not an amount of money: wrong type, wrong text, negative, out of range.

    Attributes:
        code: ``AMOUNT_REQUIRED`` or ``AMOUNT_BAD_FORMAT`` (rule R9).
    """


class ConfigurationError(CreancePayError):
    """A gateway, a policy or a catalogue is refused when it is built, before it could do harm."""


class NoPolicyError(CreancePayError, LookupError):
    """No policy has this name, or none is known to apply on this day."""


class ResponseRefusedError(CreancePayError):
    """A message is not authentic or not readable.

    Answer the sender with :attr:`http_status` and nothing else: the failed check is for the log.

    Attributes:
        unverified_reference: The transaction reference that the message names, or an empty text.  It is unverified:
            use it to attach an incident to an order, and for nothing else.
    """

    #: The HTTP status to answer with.
    http_status: ClassVar[int] = 400

    def __init__(self, message: str = "") -> None:
        """Start without a reference; the gateway sets it when it could read one."""
        super().__init__(message)
        self.unverified_reference = ""


class MalformedResponseError(ResponseRefusedError):
    """A field is missing, repeated, too long, or in an unknown or broken encoding."""


class SealMismatchError(ResponseRefusedError):
    """The seal is absent, ill-formed, or was not made with our key over this very text."""


class UnknownKeyError(ResponseRefusedError):
    """The message names a version of the secret key that is not, or no longer, in the key ring."""


class OrderMismatchError(CreancePayError):
    """The message is authentic, but not about this merchant, this order, this amount or this currency.

    Answer 200, since sending it again would change nothing, and let a person look at it.

    Attributes:
        fields: The names of the fields that differ from the order, in the vendor's spelling.
    """

    #: The HTTP status that the sender should get.
    http_status: ClassVar[int] = 200

    def __init__(self, message: str = "", *, fields: tuple[str, ...] = ()) -> None:
        """Name the fields that differ, not their values."""
        super().__init__(message)
        self.fields = fields


class PaymentInProgressError(CreancePayError):
    """Another payment of the same notice is open, or is accepted and does not show yet: a second one is refused.

    Attributes:
        references: The transaction references of the payments in the way; not for the person's eyes.
    """

    def __init__(self, message: str = "", *, references: tuple[str, ...] = ()) -> None:
        """Keep which payments stand in the way, out of the text."""
        super().__init__(message)
        self.references = references


class GatewayUnavailableError(CreancePayError):
    """The network, the bank or the ledger's database did not answer, or with something that is not an answer.

    Attributes:
        retryable: Whether the same call may be made again without risk.
    """

    def __init__(self, message: str = "", *, retryable: bool = False) -> None:
        """Be careful by default: a call that may have moved money is not to be repeated blindly."""
        super().__init__(message)
        self.retryable = retryable


class UnsupportedError(CreancePayError):
    """The gateway, the engine or the policy does not offer this."""


class MessageError(CreancePayError):
    """A message cannot be made: a field is missing or surplus, or the text does not fit its medium."""


class MissingExtraError(CreancePayError, ImportError):
    """An optional part of the package was asked for, and is not installed.

    Attributes:
        extra: The name to install: ``pip install 'creance-pay[EXTRA]'``.
    """

    def __init__(self, message: str = "", *, extra: str = "") -> None:
        """Name the extra that brings the missing part."""
        super().__init__(message)
        self.extra = extra
