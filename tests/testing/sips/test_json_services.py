"""The JSON services of the bank, over HTTP on this machine: from the start of a payment to its refund."""

import json
from collections.abc import Iterator

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError, MalformedResponseError
from creance_pay.gateways import OperationOutcome
from creance_pay.gateways.sips import SipsHost, SipsPaypageJson
from creance_pay.gateways.transport import RequestsTransport
from creance_pay.testing.server import bank_pages, serving
from creance_pay.testing.sips import SipsBank, SipsServices, form_body
from sips_answers import text_under_seal
from sips_merchant import MERCHANT, hmac_of, order, ring

WIRE = RequestsTransport(direct=True)
CARD = "5017670000001800"


@attrs.frozen
class Scenario:
    """A bank and the gateway of a merchant."""

    bank: SipsBank
    gateway: SipsPaypageJson
    order: PaymentOrder

    def pay(self, card: str = CARD) -> dict[str, str]:
        """Start the payment, pay, and return the fields that the bank posts."""
        self.gateway.initiate(self.order)
        asked = self.bank.requests[self.order.transaction_reference]
        return self.bank.answer(asked, self.bank.pay(asked, card))

    def run_nightly_batch(self) -> None:
        """Capture and credit."""
        SipsServices(self.bank).run_nightly_batch()

    def state(self) -> PaymentState:
        """Ask the bank for the state."""
        return self.gateway.fetch_status(self.order, WIRE).state

    def operate(self, verb: str, cents: int) -> OperationOutcome:
        """Run an operation of Office."""
        outcome: OperationOutcome = getattr(self.gateway, verb)(self.order, WIRE, amount=Euros(cents)).outcome
        return outcome


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    """Serve a bank with one merchant."""
    bank = SipsBank({MERCHANT: ring()})
    with serving(bank_pages(bank)) as url:
        gateway = SipsPaypageJson(merchant_id=MERCHANT, keys=ring(), host=SipsHost.loopback(url), transport=WIRE)
        yield Scenario(bank, gateway, order())


class TestPayment:
    """A payment started by JSON."""

    def test_journey(self, scenario: Scenario) -> None:
        """The form leads to the bank's page, and the merchant verifies the JSON answer."""
        form = scenario.gateway.initiate(scenario.order)
        page = WIRE.post_form(form.action, form.fields)
        asked = scenario.bank.requests["REF1"]
        answer = scenario.bank.answer(asked, scenario.bank.pay(asked, CARD))
        payment = scenario.gateway.verify(HttpMessage(form_body(answer)), expected=scenario.order)

        assert (200, True, "{", PaymentState.PAID) == (
            page.status,
            b"REF1" in page.body,
            answer["Data"][0],
            payment.state,
        )

    def test_twice(self, scenario: Scenario) -> None:
        """The same reference starts no second payment (G9)."""
        scenario.gateway.initiate(scenario.order)

        with pytest.raises(GatewayUnavailableError, match="already used"):
            scenario.gateway.initiate(scenario.order)

    def test_unknown_token(self, scenario: Scenario) -> None:
        """A token that the bank did not issue is refused."""
        form = scenario.gateway.initiate(scenario.order)

        assert 400 == WIRE.post_form(form.action, {"redirectionData": "another"}).status

    def test_unknown_service(self, scenario: Scenario) -> None:
        """An unknown service is answered 404."""
        assert 404 == WIRE.post_json(f"{scenario.gateway.merchant.host.base}/rs-services/v2/checkout/order", {}).status


class TestOffice:
    """The states and operations of a decided payment."""

    @pytest.mark.parametrize(
        ("card", "state"),
        [("00", PaymentState.PAID), ("05", PaymentState.REFUSED), ("17", PaymentState.CANCELLED),
         ("97", PaymentState.EXPIRED), ("60", PaymentState.PENDING)],
    )  # fmt: skip
    def test_states(self, scenario: Scenario, card: str, state: PaymentState) -> None:
        """The state follows from the decision."""
        scenario.pay(f"50176700000018{card}")

        assert state is scenario.state()

    def test_unknown(self, scenario: Scenario) -> None:
        """A payment without a decision is not found."""
        scenario.gateway.initiate(scenario.order)

        assert "25" == scenario.gateway.fetch_status(scenario.order, WIRE).response_code

    def test_refund(self, scenario: Scenario) -> None:
        """A captured payment is refunded in parts, up to its amount."""
        scenario.pay()
        scenario.run_nightly_batch()
        done = [scenario.operate("refund", cents) for cents in (600, 1001, 1000)]
        states = [scenario.state()]
        scenario.run_nightly_batch()

        assert (
            [OperationOutcome.DONE, OperationOutcome.REFUSED, OperationOutcome.DONE],
            [PaymentState.REFUNDED, PaymentState.REFUNDED],
        ) == (done, [*states, scenario.state()])

    def test_partial_refund(self, scenario: Scenario) -> None:
        """A remaining amount makes a refund partial."""
        scenario.pay()
        scenario.run_nightly_batch()
        scenario.operate("refund", 600)

        assert PaymentState.PARTIALLY_REFUNDED is scenario.state()

    def test_cancel(self, scenario: Scenario) -> None:
        """Before the nightly batch a payment can be cancelled and not refunded."""
        scenario.pay()
        before = [scenario.operate("refund", 1600), scenario.operate("cancel", 600), scenario.operate("cancel", 1000)]

        assert (
            [OperationOutcome.IMPOSSIBLE, OperationOutcome.DONE, OperationOutcome.DONE],
            PaymentState.CANCELLED,
        ) == (before, scenario.state())

    def test_cancel_too_late(self, scenario: Scenario) -> None:
        """After the nightly batch a payment cannot be cancelled."""
        scenario.pay()
        scenario.run_nightly_batch()

        assert OperationOutcome.IMPOSSIBLE is scenario.operate("cancel", 1600)

    def test_capture(self, scenario: Scenario) -> None:
        """A payment that waits for validation is captured once."""
        scenario.pay()
        scenario.bank.accounts["REF1"].status = "TO_VALIDATE"
        waiting = scenario.state()
        done = [scenario.operate("capture", 1600), scenario.operate("capture", 1600)]

        assert (PaymentState.AUTHORISED, [OperationOutcome.DONE, OperationOutcome.IMPOSSIBLE], PaymentState.PAID) == (
            waiting,
            done,
            scenario.state(),
        )

    def test_another_merchant(self, scenario: Scenario) -> None:
        """The payments of another merchant are not found."""
        scenario.pay()
        scenario.bank.requests["REF1"] = attrs.evolve(scenario.bank.requests["REF1"], merchant_id="011223744550002")

        assert OperationOutcome.NOT_FOUND is scenario.operate("refund", 1600)


def document(*absent: str, **changes: str) -> bytes:
    """Build a sealed request of a refund, with some fields changed or left out."""
    fields = {"merchantId": MERCHANT, "keyVersion": "2", "transactionReference": "REF1", **changes}
    fields = {name: value for name, value in fields.items() if name not in absent}
    return json.dumps({"seal": hmac_of(text_under_seal(fields)), **fields}).encode()


class TestRefused:
    """The bank runs nothing for a request that is not authentic or not complete."""

    @pytest.mark.parametrize(
        ("service", "code"), [("paymentInit", "redirectionStatusCode"), ("cashManagement/refund", "responseCode")]
    )
    def test_not_authentic(self, service: str, code: str) -> None:
        """The answer is code 34, without a seal."""
        bodies = [
            b"", b"<xml/>", b"\xe9", b"{}", document("merchantId"), document("keyVersion"), document(keyVersion="9"),
            document(sealAlgorithm="SHA-1"), document(merchantId="011223744550002"), document(seal="0" * 64),
        ]  # fmt: skip
        services = SipsServices(SipsBank({MERCHANT: ring()}))

        assert [{code: "34"}] * len(bodies) == [services.post(service, body) for body in bodies]

    def test_missing_field(self) -> None:
        """A start without an amount is refused."""
        answer = SipsServices(SipsBank({MERCHANT: ring()})).post("paymentInit", document())

        assert "12" == answer["redirectionStatusCode"]

    def test_amount(self, scenario: Scenario) -> None:
        """An operation without a valid amount is refused."""
        scenario.pay()
        services = SipsServices(scenario.bank)
        amounts = ["0", "-1", "abc", ""]
        answers = [services.post("cashManagement/cancel", document(operationAmount=amount)) for amount in amounts]

        assert ["51"] * 4 == [answer["responseCode"] for answer in answers]

    @pytest.mark.parametrize("service", ["", "cashManagement", "cashManagement/", "cashManagement/steal", "refund"])
    def test_service(self, service: str) -> None:
        """An unknown service is refused."""
        with pytest.raises(MalformedResponseError, match="expected paymentInit"):
            SipsServices(SipsBank({})).post(service, b"{}")
