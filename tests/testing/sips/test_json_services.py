"""The bank's side by JSON, over real HTTP on this machine: from the start of a payment to its refund."""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError, MalformedResponseError
from creance_pay.gateways import OperationOutcome
from creance_pay.gateways.sips import SipsHost, SipsPaypageJson
from creance_pay.gateways.transport import RequestsTransport
from creance_pay.testing.sips import SipsBank, SipsServices, form_body
from creance_pay.testing.sips.server import bank_pages, serving
from sips_answers import text_under_seal
from sips_shop import MERCHANT, hmac_of, order, ring

WIRE = RequestsTransport(direct=True)
CARD = "5017670000001800"


@attrs.frozen
class Street:
    """A bank, and a shop across the street."""

    bank: SipsBank
    gateway: SipsPaypageJson
    order: PaymentOrder

    def pay(self, card: str = CARD) -> dict[str, str]:
        """Start the payment, pay, and give what the bank posts."""
        self.gateway.initiate(self.order)
        asked = self.bank.requests[self.order.transaction_reference]
        return self.bank.answer(asked, self.bank.pay(asked, card))

    def night(self) -> None:
        """Let the night pass."""
        SipsServices(self.bank).run_nightly_batch()

    def state(self) -> PaymentState:
        """Ask for the state."""
        return self.gateway.fetch_status(self.order, WIRE).state

    def operate(self, verb: str, cents: int) -> OperationOutcome:
        """Do an operation."""
        outcome: OperationOutcome = getattr(self.gateway, verb)(self.order, WIRE, amount=Euros(cents)).outcome
        return outcome


@pytest.fixture
def street() -> Iterator[Street]:
    """Open a bank and a shop."""
    bank = SipsBank({MERCHANT: ring()})
    with serving(bank_pages(bank)) as url:
        gateway = SipsPaypageJson(merchant_id=MERCHANT, keys=ring(), host=SipsHost.loopback(url), transport=WIRE)
        yield Street(bank, gateway, order())


class TestPayment:
    """A payment started by JSON."""

    def test_journey(self, street: Street) -> None:
        """It leads to the bank's page, and its answer is JSON that the shop verifies."""
        form = street.gateway.initiate(street.order)
        page = WIRE.post_form(form.action, form.fields)
        asked = street.bank.requests["REF1"]
        answer = street.bank.answer(asked, street.bank.pay(asked, CARD))
        payment = street.gateway.verify(HttpMessage(form_body(answer)), expected=street.order)

        assert (200, True, "{", PaymentState.PAID) == (
            page.status,
            b"REF1" in page.body,
            answer["Data"][0],
            payment.state,
        )

    def test_twice(self, street: Street) -> None:
        """The same reference starts no second payment (G9)."""
        street.gateway.initiate(street.order)

        with pytest.raises(GatewayUnavailableError, match="already used"):
            street.gateway.initiate(street.order)

    def test_unknown_token(self, street: Street) -> None:
        """A token that the bank did not give leads nowhere."""
        form = street.gateway.initiate(street.order)

        assert 400 == WIRE.post_form(form.action, {"redirectionData": "another"}).status

    def test_unknown_service(self, street: Street) -> None:
        """Another path is no service."""
        assert 404 == WIRE.post_json(f"{street.gateway.merchant.host.base}/rs-services/v2/checkout/order", {}).status


class TestOffice:
    """What happens to a payment afterwards."""

    @pytest.mark.parametrize(
        ("card", "state"),
        [("00", PaymentState.PAID), ("05", PaymentState.REFUSED), ("17", PaymentState.CANCELLED),
         ("97", PaymentState.EXPIRED), ("60", PaymentState.PENDING)],
    )  # fmt: skip
    def test_states(self, street: Street, card: str, state: PaymentState) -> None:
        """The state follows from what was decided."""
        street.pay(f"50176700000018{card}")

        assert state is street.state()

    def test_unknown(self, street: Street) -> None:
        """A payment that was never decided is not known."""
        street.gateway.initiate(street.order)

        assert "25" == street.gateway.fetch_status(street.order, WIRE).response_code

    def test_refund(self, street: Street) -> None:
        """A captured payment is given back in parts, and no more than it was."""
        street.pay()
        street.night()
        done = [street.operate("refund", cents) for cents in (600, 1001, 1000)]
        states = [street.state()]
        street.night()

        assert (
            [OperationOutcome.DONE, OperationOutcome.REFUSED, OperationOutcome.DONE],
            [PaymentState.REFUNDED, PaymentState.REFUNDED],
        ) == (done, [*states, street.state()])

    def test_partial_refund(self, street: Street) -> None:
        """What is left tells a part from the whole."""
        street.pay()
        street.night()
        street.operate("refund", 600)

        assert PaymentState.PARTIALLY_REFUNDED is street.state()

    def test_cancel(self, street: Street) -> None:
        """Before the night a payment is cancelled, not refunded; after it the other way round."""
        street.pay()
        before = [street.operate("refund", 1600), street.operate("cancel", 600), street.operate("cancel", 1000)]

        assert (
            [OperationOutcome.IMPOSSIBLE, OperationOutcome.DONE, OperationOutcome.DONE],
            PaymentState.CANCELLED,
        ) == (before, street.state())

    def test_cancel_too_late(self, street: Street) -> None:
        """After the night it is too late to cancel."""
        street.pay()
        street.night()

        assert OperationOutcome.IMPOSSIBLE is street.operate("cancel", 1600)

    def test_capture(self, street: Street) -> None:
        """A payment that waits for the merchant is captured once."""
        street.pay()
        street.bank.accounts["REF1"].status = "TO_VALIDATE"
        waiting = street.state()
        done = [street.operate("capture", 1600), street.operate("capture", 1600)]

        assert (PaymentState.AUTHORISED, [OperationOutcome.DONE, OperationOutcome.IMPOSSIBLE], PaymentState.PAID) == (
            waiting,
            done,
            street.state(),
        )

    def test_another_shop(self, street: Street) -> None:
        """A shop does not learn of another's payments."""
        street.pay()
        street.bank.requests["REF1"] = attrs.evolve(street.bank.requests["REF1"], merchant_id="011223744550002")

        assert OperationOutcome.NOT_FOUND is street.operate("refund", 1600)


def document(*absent: str, **changes: str) -> bytes:
    """Write a sealed request of a refund, with some fields changed or left out."""
    fields = {"merchantId": MERCHANT, "keyVersion": "2", "transactionReference": "REF1", **changes}
    fields = {name: value for name, value in fields.items() if name not in absent}
    return json.dumps({"seal": hmac_of(text_under_seal(fields)), **fields}).encode()


class TestRefused:
    """The bank does nothing for whom it cannot prove."""

    @pytest.mark.parametrize(
        "body",
        [b"", b"<xml/>", b"\xe9", b"{}", document("merchantId"), document("keyVersion"), document(keyVersion="9"),
         document(sealAlgorithm="SHA-1"), document(merchantId="011223744550002"), document(seal="0" * 64)],
        ids=range(10),
    )  # fmt: skip
    @pytest.mark.parametrize(
        ("service", "code"), [("paymentInit", "redirectionStatusCode"), ("cashManagement/refund", "responseCode")]
    )
    def test_unsealed(self, service: str, code: str, body: bytes) -> None:
        """It answers without seal, for whom would it seal?"""
        assert {code: "34"} == SipsServices(SipsBank({MERCHANT: ring()})).post(service, body)

    def test_missing_field(self) -> None:
        """A start without amount starts nothing."""
        answer = SipsServices(SipsBank({MERCHANT: ring()})).post("paymentInit", document())

        assert "12" == answer["redirectionStatusCode"]

    @pytest.mark.parametrize("amount", ["0", "-1", "abc", ""])
    def test_amount(self, street: Street, amount: str) -> None:
        """An operation without amount does nothing."""
        street.pay()
        services: Any = SipsServices(street.bank)

        assert "51" == services.post("cashManagement/cancel", document(operationAmount=amount))["responseCode"]

    @pytest.mark.parametrize("service", ["", "cashManagement", "cashManagement/", "cashManagement/steal", "refund"])
    def test_service(self, service: str) -> None:
        """What is no service is refused."""
        with pytest.raises(MalformedResponseError, match="expected paymentInit"):
            SipsServices(SipsBank({})).post(service, b"{}")
