"""The interface of every gateway: build the request to the bank's page, authenticate the bank's answer.

A gateway is independent of web frameworks; it uses the network only to call the bank.  It turns an order into a form or
an address, and the bytes that arrived into a verified payment.

An answer is checked in two steps.  :meth:`Gateway.authenticate` parses the message once and proves that the bank sealed
it, before the order is known.  :meth:`SealedMessage.match` compares the sealed fields with the recorded order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

import attrs
from markupsafe import Markup

from ..errors import InvalidAmountError, UnsupportedError
from ..http import HttpMessage
from ..money import Euros
from ..payment import Movement, PaymentOrder, PaymentState, Source, VerifiedPayment
from .environments import Environment

if TYPE_CHECKING:
    from .transport import Transport  # loads requests: a caller brings a transport when it needs one


_HIDDEN_INPUT = Markup('<input type="hidden" name="{}" value="{}">')
_FORM = Markup(
    '<form method="{}" action="{}" accept-charset="utf-8" id="payment-form">{}<button type="submit">{}</button></form>'
)
_SUBMIT_SCRIPT = Markup('<script nonce="{}">document.getElementById("payment-form").submit()</script>')


class BankForm(ABC):
    """The form by which the browser goes to the bank's page.

    Attributes:
        method: The method: ``post`` or ``get``.
        action: The address of the bank's page.
        fields: The hidden fields: send them unchanged.
    """

    method: ClassVar[str]
    action: str
    fields: Mapping[str, str]

    def as_html(self, nonce: str | None = None, *, button: str = "Payer") -> Markup:
        """Return the form as HTML, every value escaped.  It works where scripts are disabled.

        Args:
            nonce: The nonce of the page's content security policy; with one, a script submits the form at once.
            button: The label of the button.

        Returns:
            A ``<form>``, and a ``<script>`` after it where there is a nonce.  Put it into a page with an f-string,
            ``{{ form.as_html }}`` in a Django template, or ``{{ form.as_html() }}`` in a Jinja2 template; the operator
            ``+`` escapes a plain ``str``.
        """
        inputs = Markup("").join(map(_HIDDEN_INPUT.format, self.fields.keys(), self.fields.values()))
        form = _FORM.format(self.method, self.action, inputs, button)
        return form + _SUBMIT_SCRIPT.format(nonce) if nonce else form


@attrs.frozen
class FormPost(BankForm):
    """A form that the browser posts to the bank.

    >>> "a=&#34;b&#34;" in FormPost("https://bank.example/pay", {"Data": 'a="b"'}).as_html(nonce="r4nd0m")
    True

    Attributes:
        action: The address of the bank's page.
        fields: The hidden fields, sealed: post them unchanged.
    """

    method: ClassVar[str] = "post"

    action: str
    fields: Mapping[str, str] = attrs.field(repr=lambda fields: f"<{', '.join(fields)}>")


@attrs.frozen
class Redirect(BankForm):
    """An address to which the portal redirects the browser, or sends it by a form with the method GET.

    >>> form = Redirect("https://bank.example/page?id=1")
    >>> form.method, form.action, form.fields
    ('get', 'https://bank.example/page', {'id': '1'})

    Attributes:
        url: The address of the bank's page for this payment.
        bank_reference: The bank's own identifier of the payment, where later calls need it.
    """

    method: ClassVar[str] = "get"

    url: str = attrs.field(repr=False)
    bank_reference: str | None = attrs.field(default=None, repr=False)

    @property
    def action(self) -> str:  # type: ignore[override]
        """The address without its query."""
        return self.url.partition("?")[0]

    @property
    def fields(self) -> Mapping[str, str]:  # type: ignore[override]
        """The query of the address: a form with the method GET replaces it by its fields."""
        return dict(parse_qsl(self.url.partition("?")[2], keep_blank_values=True))


@attrs.frozen(kw_only=True)
class SealedMessage(ABC):
    """A message that the bank sealed, parsed once, before it is matched with an order.

    It has no state: :meth:`match` returns the state, for the order that the message is about.

    Attributes:
        transaction_reference: The reference of the payment that the message names; an empty text when it names none.
        source: The way by which the message arrived.
        key_version: The version of the key that authenticated the message; ``None`` where keys have no versions.
        evidence: The authenticated parts of the message, as a message that authenticates alike; a sender could fill the
            other parts at will.  ``None`` where the whole message is authenticated.
    """

    transaction_reference: str
    source: Source
    key_version: str | None = None
    evidence: HttpMessage | None = attrs.field(default=None, repr=False)

    @abstractmethod
    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare the message with the recorded order.

        Args:
            order: The order as it was recorded before the browser left.
            bank_reference: The bank's own identifier of the payment, where the payment has one.

        Returns:
            The state of the order's payment that the message reports, with its details.

        Raises:
            OrderMismatchError: when merchant, reference, amount, currency or the bank's identifier differ: answer 200,
                raise an incident.
            InvalidValueError: when ``order`` is not a :class:`~creance_pay.PaymentOrder`.
        """


class OperationOutcome(StrEnum):
    """The result of a capture, a cancellation or a refund; a closed list."""

    #: The bank has accepted the operation; it moves the money now or the next night.
    DONE = "DONE"
    #: The state of the payment does not allow the operation: fetch the state; a payment not debited yet is cancelled.
    IMPOSSIBLE = "IMPOSSIBLE"
    #: The bank does not know the payment.
    NOT_FOUND = "NOT_FOUND"
    #: The bank or the card's issuer has refused the operation.
    REFUSED = "REFUSED"
    #: The request was wrong: the operator has to correct the settings.
    ERROR = "ERROR"
    #: The bank may have done the operation: fetch the state before repeating it.
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True)
class OperationResult:
    """An authentic answer to a capture, a cancellation or a refund.

    Attributes:
        outcome: The result.
        response_code: The bank's own code, unchanged.
        remaining: The amount of the payment after the operation; ``None`` when the answer has none.
        at: The bank's time of the operation, with its time zone; ``None`` when the answer has none.
        moved: Whether the money has moved; ``False`` when the bank has accepted the operation and ends it later.
        raw: Every field of the answer, by the vendor's name, each with all its values.
    """

    outcome: OperationOutcome
    response_code: str | None = None
    remaining: Euros | None = None
    at: datetime | None = None
    moved: bool = True
    raw: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        """Return ``True`` for DONE only, so that ``if result:`` is safe."""
        return self.outcome is OperationOutcome.DONE


class ReportKind(StrEnum):
    """The kind of a bank's report."""

    #: The transactions of a day, with their state.
    TRANSACTIONS = "TRANSACTIONS"
    #: The operations of a day: captures, refunds, cancellations.
    OPERATIONS = "OPERATIONS"
    #: The amounts that cardholders' banks took back.
    CHARGEBACKS = "CHARGEBACKS"
    #: The amounts that the acquirer paid out.
    RECONCILIATIONS = "RECONCILIATIONS"
    #: The chargebacks that the acquirer charged.
    CHARGEBACK_RECONCILIATIONS = "CHARGEBACK_RECONCILIATIONS"
    #: A kind that is not known: its lines are set aside.
    UNKNOWN = "UNKNOWN"


@attrs.frozen(kw_only=True)
class ReportLine:
    """One line of a bank's report.

    Attributes:
        number: The number of the line in the file, from 1.
        transaction_reference: The reference of the payment.
        amount: The amount; ``None`` when the report has no such column, or the cell is empty.
        state: The state of the payment that the line reports.
        at: The bank's time, with its time zone; ``None`` when the report has none.
        currency: The currency, in the bank's spelling; ``None`` when the report has none.
        values: The cells by the vendor's name of the column, unknown columns included.
        kind: The kind of its report.
        day: The day that its report covers; ``None`` where the report does not name one.
        movement: The movement that it reports, with the bank's identifier; ``None`` for a line about a state.  With the
            state CANCELLED, it is the part of an accepted payment that the merchant gave up.
        remaining: The amount that is left after refunds and cancellations, where the report has it.
        nonce: The order's nonce, where the report returns it.
    """

    number: int
    transaction_reference: str
    amount: Euros | None
    state: PaymentState
    at: datetime | None
    currency: str | None
    values: Mapping[str, str] = attrs.field(repr=False, hash=False)
    kind: ReportKind = ReportKind.TRANSACTIONS
    day: date | None = None
    movement: Movement | None = None
    remaining: Euros | None = None
    nonce: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class BadLine:
    """An unreadable line of a report.  It may be about money: have a person look at it.

    Attributes:
        number: Its number in the file, from 1.
        reason: The reason, in English, without values.
        text: The line unchanged.
    """

    number: int
    reason: str
    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Report:
    """A report; iterating over it yields its lines.

    Attributes:
        header: The cells of the first line.
        kind: The kind, from the first line.
        day: The day that it covers, from the first line; ``None`` where that line has none.
        lines: The lines that were parsed.
        bad: The lines that were not, the last line among them when it is missing or has another count.
    """

    header: tuple[str, ...]
    kind: ReportKind = ReportKind.TRANSACTIONS
    day: date | None = None
    lines: tuple[ReportLine, ...]
    bad: tuple[BadLine, ...]

    def __iter__(self) -> Iterator[ReportLine]:
        """Iterate over the lines that were parsed."""
        return iter(self.lines)


class Capability(StrEnum):
    """An operation that a gateway may offer beyond ``initiate``, ``authenticate`` and ``verify``."""

    #: ``fetch_status``: ask the bank for the state of a payment.
    STATUS = "STATUS"
    #: ``capture``: debit an authorised payment.
    CAPTURE = "CAPTURE"
    #: ``cancel``: cancel a payment that is not debited yet.
    CANCEL = "CANCEL"
    #: ``refund``: refund a debited payment.
    REFUND = "REFUND"
    #: The bank seals the browser's return as well: ``authenticate`` accepts it like a notification.
    SEALED_RETURN = "SEALED_RETURN"
    #: ``check_connection``: ask the bank whether it accepts our merchant number and key.
    CONNECTION = "CONNECTION"


class Gateway(ABC):
    """The base of every bank's gateway; an operation outside its capabilities raises ``UnsupportedError``.

    The caller's code is the same for every bank.  ``initiate`` needs only the order: a gateway that has to call its
    bank to create the payment page takes its transport when it is built.  The other calls take their transport as an
    argument, since a job may make them with longer timeouts.

    The gateway of a bank with unsealed returns lacks ``SEALED_RETURN``: ``authenticate(..., source=Source.RETURN)``
    raises :class:`~creance_pay.errors.UnsupportedError`, and the caller uses ``fetch_status`` instead.

    Attributes:
        capabilities: The operations that the gateway offers beyond ``initiate``, ``authenticate`` and ``verify``.
    """

    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    @property
    def environment(self) -> Environment | None:
        """The bank's environment; ``None`` for a gateway that names none, which a file cannot configure."""
        return None

    @property
    def page_life(self) -> timedelta | None:
        """How long the bank's page accepts a payment; ``None`` where the expiry of the order decides."""
        return None

    @abstractmethod
    def initiate(self, order: PaymentOrder, *, options: Any = None) -> FormPost | Redirect:  # noqa: ANN401 - each bank's own
        """Build the form or the address by which the browser opens the bank's page.

        Args:
            order: The order, recorded before.
            options: The options of the bank's page, of the gateway's own class; ``None`` for the bank's defaults.

        Raises:
            InvalidValueError: when the bank would refuse a field of the order.
            GatewayUnavailableError: when the gateway has to call the bank, and the bank does not answer.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import trial_merchant
        >>> merchant = trial_merchant()
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> form = merchant.gateway().initiate(order)
        >>> form.action, sorted(form.fields)
        ('http://127.0.0.1/paymentInit', ['Data', 'InterfaceVersion', 'Seal', 'SealAlgorithm'])
        """

    @abstractmethod
    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> SealedMessage:
        """Parse a message once, and prove that the bank sealed it.  Needs no order.

        Args:
            message: The message as it arrived.
            source: The way by which it arrived: a notification of the bank's server, or the browser's return.

        Raises:
            ResponseRefusedError: when the message is not authentic or not readable: answer 400.
            NothingToRecordError: when it is authentic, and about no payment: answer 200.
            UnsupportedError: for a return, when the bank does not seal returns.
            InvalidValueError: for anything but an ``HttpMessage``, such as a body or a parsed form.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import trial_merchant
        >>> merchant = trial_merchant()
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> sealed = merchant.gateway().authenticate(merchant.notification(order))
        >>> sealed.transaction_reference, sealed.match(order).state
        ('PCLCB172540000004', <PaymentState.PAID: 'PAID'>)
        """

    def verify(
        self,
        message: HttpMessage,
        *,
        expected: PaymentOrder,
        source: Source = Source.NOTIFICATION,
        bank_reference: str | None = None,
    ) -> VerifiedPayment:
        """Authenticate a message and match it with an order, in one call.

        Args:
            message: The message as it arrived.
            expected: The order as it was recorded before the browser left.
            source: The way by which the message arrived.
            bank_reference: The bank's own identifier of the payment, where the payment has one.

        Raises:
            ResponseRefusedError: as :meth:`authenticate`.
            NothingToRecordError: as :meth:`authenticate`.
            OrderMismatchError: as :meth:`SealedMessage.match`.
            UnsupportedError: as :meth:`authenticate`.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import trial_merchant
        >>> merchant = trial_merchant()
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> merchant.gateway().verify(merchant.notification(order), expected=order).state
        <PaymentState.PAID: 'PAID'>
        """
        return self.authenticate(message, source=source).match(expected, bank_reference=bank_reference)

    def answer_check(self, headers: Mapping[str, str]) -> str | None:
        """Return the text by which the notification address answers a GET of the bank, which checks the address.

        Answer 200 with the text as ``text/plain`` and ``X-Content-Type-Options: nosniff``, and 405 for ``None``.

        Args:
            headers: The headers of the GET.

        Raises:
            ResponseRefusedError: when the check is ill-formed: answer 400.

        In the view of the notification address::

            text = gateway.answer_check(request.headers)
            headers = {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}
            return Response(status=405) if text is None else Response(text, headers=headers)
        """
        return None

    def check_connection(self, transport: Transport) -> None:
        """Ask the bank whether it accepts our merchant number and key; the bank's records stay as they are.

        Args:
            transport: The transport to the bank.

        Raises:
            UnsupportedError: without ``Capability.CONNECTION``.
            ConfigurationError: when the bank refuses the key, the merchant or the clock.
            GatewayUnavailableError: when the bank does not answer.
        """
        raise self._unsupported(Capability.CONNECTION)

    def fetch_status(
        self, order: PaymentOrder, transport: Transport, *, bank_reference: str | None = None
    ) -> VerifiedPayment:
        """Ask the bank for the state of a payment, and verify its answer as strictly as a notification's.

        Args:
            order: The order.
            transport: The transport to the bank.
            bank_reference: The bank's own identifier of the payment, where the payment has one.

        Raises:
            UnsupportedError: without ``Capability.STATUS``.
            GatewayUnavailableError: when the bank does not answer.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import Fault, LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant())  # a bank in this process, whose notification is lost
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> message = bank.pay(bank.gateway.initiate(order), fault=Fault.LOST)
        >>> bank.gateway.fetch_status(order, bank.line).state
        <PaymentState.PAID: 'PAID'>
        """
        raise self._unsupported(Capability.STATUS)

    def capture(
        self,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros | None = None,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Debit an authorised payment, whole or in part.

        Args:
            order: The order.
            transport: The transport to the bank.
            amount: The amount; ``None`` for the whole.
            bank_reference: The bank's own identifier of the payment, where the payment has one.
            key: The idempotence key: a bank that knows such keys executes two calls with one key once.

        Raises:
            UnsupportedError: without ``Capability.CAPTURE``; others as :meth:`operate`.
        """
        return self._act(Capability.CAPTURE, order, transport, amount, bank_reference=bank_reference, key=key)

    def cancel(
        self,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros | None = None,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Cancel a payment before the debit, whole or in part.  The arguments are those of :meth:`capture`.

        Raises:
            UnsupportedError: without ``Capability.CANCEL``; others as :meth:`operate`.

        >>> from creance_pay import Euros, PaymentOrder
        >>> from creance_pay.testing import Fault, LocalBank, trial_merchant
        >>> bank = LocalBank(trial_merchant())  # a bank in this process, whose notification is lost
        >>> order = PaymentOrder(
        ...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
        ...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
        ... )
        >>> message = bank.pay(bank.gateway.initiate(order), fault=Fault.LOST)
        >>> result = bank.gateway.cancel(order, bank.line, amount=Euros(500))
        >>> result.outcome, result.remaining
        (<OperationOutcome.DONE: 'DONE'>, Euros(1500))
        """
        return self._act(Capability.CANCEL, order, transport, amount, bank_reference=bank_reference, key=key)

    def refund(
        self,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros | None = None,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Refund a debited payment, whole or in part.  The arguments are those of :meth:`capture`.

        Raises:
            UnsupportedError: without ``Capability.REFUND``; others as :meth:`operate`.

        After an uncertain result, fetch the state before any repetition::

            result = gateway.refund(order, transport, amount=Euros(500))
            if result.outcome is OperationOutcome.UNKNOWN:
                payment = gateway.fetch_status(order, transport)
        """
        return self._act(Capability.REFUND, order, transport, amount, bank_reference=bank_reference, key=key)

    def operate(
        self,
        act: Capability,
        order: PaymentOrder,
        transport: Transport,
        *,
        amount: Euros,
        bank_reference: str | None = None,
        key: str | None = None,
    ) -> OperationResult:
        """Capture, cancel or refund a payment; a gateway that declares one of these acts implements this method.

        Args:
            act: ``Capability.CAPTURE``, ``CANCEL`` or ``REFUND``, which the gateway declares.
            order: The order.
            transport: The transport to the bank.
            amount: The amount, above zero and at most the order's.
            bank_reference: The bank's own identifier of the payment, where the payment has one.
            key: The idempotence key.

        Raises:
            InvalidValueError: for an amount of zero, or above the order's; nothing is sent.
            GatewayUnavailableError: when the bank does not answer: it may have done the operation.
        """
        raise self._unsupported(act)

    def _act(
        self, act: Capability, order: PaymentOrder, transport: Transport, amount: Euros | None, **known: str | None
    ) -> OperationResult:
        """Check capability and amount before any call."""
        if act not in self.capabilities:
            raise self._unsupported(act)
        wanted = order.amount if amount is None else amount
        if not isinstance(wanted, Euros) or not Euros(0) < wanted <= order.amount:
            found = wanted if isinstance(wanted, Euros) else type(wanted).__name__
            raise InvalidAmountError(f"expected an amount in Euros, above zero and at most the order's, got {found}")
        return self.operate(act, order, transport, amount=wanted, **known)

    def _unsupported(self, capability: Capability) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} does not offer {capability}")
