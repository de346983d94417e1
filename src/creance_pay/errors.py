"""The errors of this package.

Every error that the package raises on purpose is a :class:`CreancePayError`.  Its type names the side
at fault, so that a program can react without parsing the text:

* the caller passed an invalid value: :class:`InvalidValueError`;
* the caller's configuration is invalid or unsafe: :class:`ConfigurationError`;
* the message is forged or unreadable: :class:`ResponseRefusedError`;
* the message is authentic, and has another merchant, order, amount or currency: :class:`OrderMismatchError`;
* the message is authentic, and is an event beside payments: :class:`NothingToRecordError`;
* the network, the bank or the database did not answer: :class:`GatewayUnavailableError`;
* another payment of the same notice is in progress: :class:`PaymentInProgressError`.

A refusal by a rule is a verdict, and a refusal by the bank is a state of the payment: neither raises an error.
Error texts leave out secrets, personal data and unverified content.
"""

from __future__ import annotations

from typing import ClassVar


class CreancePayError(Exception):
    """The base class: ``except CreancePayError`` catches every error of this package."""


class InvalidValueError(CreancePayError, ValueError):
    """The caller passed an invalid value.

    Attributes:
        code: The code that a program or a message can use, such as ``AMOUNT_BAD_FORMAT``; ``None`` where no rule
            defines one.
    """

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        """Create the error.

        Args:
            message: The expected value, and the type or length of the received one; the received value stays out.
            code: The code, if a rule defines one.
        """
        super().__init__(message)
        self.code = code


class InvalidReferenceError(InvalidValueError):
    """A text is not a notice reference (rule R1), or not a transaction reference (rule R15).

    Attributes:
        code: A member of :class:`~creance_pay.codes.ReferenceCode` or :class:`~creance_pay.codes.TransactionCode`.
        suggestions: The canonical references that the person probably meant, at most three, the most plausible first.
            Show them, and use one only after the person has confirmed it.
        character: The first character that no reference contains, or ``None``.
        digits: The number of digits in the text, if that number is wrong, else ``None``.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        suggestions: tuple[str, ...] = (),
        character: str | None = None,
        digits: int | None = None,
    ) -> None:
        """Create the error, with the facts that help a person to correct the text."""
        super().__init__(message, code=code)
        self.suggestions = suggestions
        self.character = character
        self.digits = digits


class InvalidAmountError(InvalidValueError):
    """A value is not an amount of money: wrong type, wrong text, negative, or out of range.

    Attributes:
        code: ``AMOUNT_REQUIRED`` or ``AMOUNT_BAD_FORMAT`` (rule R9).
    """


class ConfigurationError(CreancePayError):
    """A gateway, a policy or a message catalogue has invalid settings.  It is refused when it is built."""


class NoPolicyError(CreancePayError, LookupError):
    """The name of the policy is unknown, or the day is outside the days of all policies."""


class ResponseRefusedError(CreancePayError):
    """A message is forged or unreadable.

    Answer the sender with :attr:`http_status` and an empty body.  The failed check belongs in the log.

    Attributes:
        unverified_reference: The transaction reference that the message names, or an empty text.  It is unverified: use
            it only to attach an incident to an order.
    """

    #: The HTTP status to answer: 400.  The payment service changes it to 503 for a message about a recorded order under
    #: an unknown key: the bank sends it again, and the operator adds the key meanwhile.
    http_status: int = 400

    def __init__(self, message: str = "") -> None:
        """Create the error without a reference.  The gateway sets the reference if it could read one."""
        super().__init__(message)
        self.unverified_reference = ""


class MalformedResponseError(ResponseRefusedError):
    """A field is missing, repeated or too long, or its encoding is unknown or broken."""


class SealMismatchError(ResponseRefusedError):
    """The seal is missing or malformed, or was not computed with our key over this text."""


class UnknownKeyError(ResponseRefusedError):
    """The message names a version of the secret key that is absent from the key ring, or past its last moment."""


class NothingToRecordError(CreancePayError):
    """The message is an authentic event beside payments: a bank's test event, or an event of another product.

    Answer 200: the bank repeats a message that is refused.  There is nothing to record.
    """

    #: The HTTP status to answer.
    http_status: ClassVar[int] = 200


class OrderMismatchError(CreancePayError):
    """The message is authentic, and has another merchant, order, amount or currency than the recorded order.

    Answer 200, since a repeated message would be the same.  A person has to examine it.

    Attributes:
        fields: The names of the fields that differ from the order, in the vendor's spelling.
        foreign: Whether the message lacks the order's nonce: it is about another order of the same transaction
            reference.
    """

    #: The HTTP status to answer.
    http_status: ClassVar[int] = 200

    def __init__(self, message: str = "", *, fields: tuple[str, ...] = (), foreign: bool = False) -> None:
        """Create the error, with the names of the fields and without their values."""
        super().__init__(message)
        self.fields = fields
        self.foreign = foreign


class PaymentInProgressError(CreancePayError):
    """Another payment of the same notice is open or waits for its posting, or the notice was settled by other means.

    Attributes:
        references: The transaction references of these payments.  They are for your own use: the person sees the
            message only.
    """

    def __init__(self, message: str = "", *, references: tuple[str, ...] = ()) -> None:
        """Create the error, with the references outside its text."""
        super().__init__(message)
        self.references = references


class GatewayUnavailableError(CreancePayError):
    """The network, the bank or the ledger's database did not answer, or its answer is unusable.

    Attributes:
        retryable: Whether a repetition of the same call is safe.
    """

    def __init__(self, message: str = "", *, retryable: bool = False) -> None:
        """Create the error; by default a repetition is unsafe, since the failed call may have moved money."""
        super().__init__(message)
        self.retryable = retryable


class ConflictError(GatewayUnavailableError):
    """The store rolled a transaction back because of another one: a serialization failure, or a deadlock.

    The ledger repeats the act a few times before it raises this error.
    """


class ReferenceUsedError(GatewayUnavailableError):
    """The bank refused the order because it knew its transaction reference before: another ledger has issued it."""


class UnsupportedError(CreancePayError):
    """The gateway, the dataframe engine or the policy does not support this."""


class MessageError(CreancePayError):
    """A message cannot be built: a field is missing or unknown, or the text is too long for its medium."""


class MissingExtraError(CreancePayError, ImportError):
    """A feature needs an optional dependency: install the extra.

    Attributes:
        extra: The name of the extra: ``pip install 'creance-pay[EXTRA]'``.
    """

    def __init__(self, message: str = "", *, extra: str = "") -> None:
        """Create the error, with the name of the extra that installs the dependency."""
        super().__init__(message)
        self.extra = extra
