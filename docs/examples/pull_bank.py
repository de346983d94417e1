"""A complete gateway for an imaginary bank that signs nothing, as PayFiP does: a state is the answer to a question.

The bank creates an operation when it is called.  Its notification names the operation and proves nothing; neither does
the browser's return.  The gateway asks the bank about the operation, and matches the answer with the order.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs

from creance_pay import HttpMessage, PaymentOrder, PaymentState, Source, VerifiedPayment
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    NothingToRecordError,
    OrderMismatchError,
    UnsupportedError,
)
from creance_pay.gateways import Capability, Environment, Gateway, Redirect, RequestsTransport, SealedMessage, Transport

NOTIFICATION = re.compile(rb"id[oO]p=([0-9a-f]{32})")
OPERATION = re.compile(r"[0-9a-f]{32}")
REFERENCE = re.compile(r"[A-Za-z0-9]{1,30}")
STATES = {"P": PaymentState.PAID, "R": PaymentState.REFUSED, "A": PaymentState.CANCELLED}
#: The bank's answers about an operation without a result.
WITHOUT_RESULT = {"P1": PaymentState.PENDING, "P5": PaymentState.EXPIRED}


@attrs.frozen(kw_only=True)
class PullMessage(SealedMessage):
    """The bank's answer about the operation that a notification names."""

    bank: "PullBank" = attrs.field(repr=False)
    operation: str = attrs.field(repr=False)
    answer: Mapping[str, Any] = attrs.field(repr=False)

    def match(self, order: PaymentOrder, *, bank_reference: str | None = None) -> VerifiedPayment:
        """Compare client, reference, amount, currency and operation with the order's."""
        return self.bank.judge(self.answer, order, self.operation, bank_reference, self.source)


@attrs.frozen(kw_only=True)
class PullBank(Gateway):
    """The gateway of one client of the bank; its arguments are the options of a configuration file."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.STATUS})
    client: str
    base: str
    environment: Environment
    page_life: timedelta = timedelta(minutes=15)
    transport: Transport = attrs.field(factory=lambda: RequestsTransport(timeout=10), repr=False)

    def initiate(self, order: PaymentOrder, *, options: object = None) -> Redirect:
        """Create an operation, and return the address of its page."""
        del options  # the page has none
        if not isinstance(order, PaymentOrder) or REFERENCE.fullmatch(order.transaction_reference) is None:
            raise InvalidValueError("expected an order whose reference is 1 to 30 ASCII letters and digits")
        fields = {
            "refdet": order.transaction_reference,
            "amount": order.amount.cents,
            "return_url": order.return_url,
            "notification_url": order.notification_url,
        }
        operation = self.call(self.transport, "create", fields).get("idop")
        if not isinstance(operation, str) or OPERATION.fullmatch(operation) is None:
            raise GatewayUnavailableError("expected the identifier of an operation, got another answer")
        return Redirect(f"{self.base}/page?idop={operation}", bank_reference=operation)

    def authenticate(self, message: HttpMessage, *, source: Source = Source.NOTIFICATION) -> PullMessage:
        """Ask the bank about the operation that a notification names; nothing else of the message is used."""
        if source is Source.RETURN:
            raise UnsupportedError("the bank does not seal its returns: ask for the state")
        found = NOTIFICATION.fullmatch(message.body)
        if found is None or message.header("Content-Type") != "application/x-www-form-urlencoded":
            raise MalformedResponseError("expected a form with one identifier of an operation")
        operation = found[1].decode()
        answer = self.call(self.transport, "detail", {"idop": operation})
        if answer.get("fault") in WITHOUT_RESULT:
            raise NothingToRecordError("an operation without a result")
        if not isinstance(answer.get("refdet"), str):
            raise MalformedResponseError("expected an operation that the bank knows")
        return PullMessage(
            transaction_reference=answer["refdet"], source=source, bank=self, operation=operation, answer=answer
        )

    def fetch_status(
        self, order: PaymentOrder, transport: Transport, *, bank_reference: str | None = None
    ) -> VerifiedPayment:
        """Ask the bank about the operation that the ledger stored when the payment was started."""
        if bank_reference is None or OPERATION.fullmatch(bank_reference) is None:
            raise InvalidValueError("expected the bank's identifier of the operation")
        answer = self.call(transport, "detail", {"idop": bank_reference})
        if answer.get("fault") in WITHOUT_RESULT:
            return VerifiedPayment(state=WITHOUT_RESULT[answer["fault"]], source=Source.STATUS, bound=True)
        return self.judge(answer, order, bank_reference, bank_reference, Source.STATUS)

    def judge(
        self, answer: Mapping[str, Any], order: PaymentOrder, operation: str, known: str | None, source: Source
    ) -> VerifiedPayment:
        """Match an answer with the order, and translate its state; a payment needs the operation that we created."""
        if not isinstance(order, PaymentOrder):
            raise InvalidValueError(f"expected a PaymentOrder, got {type(order).__name__}")
        expected = {
            "client": self.client,
            "refdet": order.transaction_reference,
            "amount": order.amount.cents,
            "currency": "EUR",
            "idop": known or operation,
        }
        answer = {**answer, "idop": operation}
        different = tuple(
            name
            for name, value in expected.items()
            if type(answer.get(name)) is not type(value) or answer[name] != value
        )
        if different:
            raise OrderMismatchError(f"authentic, but not our order: {', '.join(different)}", fields=different)
        state = STATES.get(str(answer.get("result")), PaymentState.UNKNOWN)
        bound = known == operation
        return VerifiedPayment(
            state=PaymentState.UNKNOWN if order.nonce and not bound else state,
            source=source,
            amount=order.amount,
            transaction_reference=order.transaction_reference,
            response_code=str(answer.get("result")),
            bound=bound,
            bank_reference=operation,
            raw={name: (str(value),) for name, value in answer.items()},
        )

    def call(self, transport: Transport, service: str, fields: Mapping[str, object]) -> dict[str, Any]:
        """Call a service of the bank; TLS authenticates the answer."""
        answer = transport.post_json(f"{self.base}/{service}", {"client": self.client, **fields})
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise GatewayUnavailableError(f"expected JSON, got the HTTP status {answer.status}", retryable=True)
        return found
