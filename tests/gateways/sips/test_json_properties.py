"""Any JSON is authenticated or refused, and an authentic message is the one that was sealed."""

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, HttpMessage, PaymentState, VerifiedPayment
from creance_pay.errors import CreancePayError, ResponseRefusedError
from creance_pay.gateways import SealAlgorithm
from creance_pay.gateways.sips import SipsHost, SipsPaypageJson
from creance_pay.gateways.sips.response_codes import RESPONSES
from creance_pay.gateways.transport import HttpAnswer, Transport
from creance_pay.testing.sips import SipsBank, SipsServices, form_body
from message_strategies import amounts, any_text, cards, references
from sips_answers import PAID, Bank, sealed
from sips_merchant import GENUINE, MERCHANT, NOON, body, hmac_of, order, ring, settings, sips_gateway, verify

TEXT = json.dumps(GENUINE)
ANSWER = sealed(PAID).body
algorithms = st.sampled_from(SealAlgorithm)


class Direct(Transport):
    """A bank in the same process."""

    def __init__(self, bank: SipsBank) -> None:
        self.services = SipsServices(bank)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a document."""
        del method, headers
        service = url.partition("/rs-services/v2/")[2]
        page = "https://payment-web.sips-services.com/payment"
        return HttpAnswer(200, json.dumps(self.services.post(service, body or b"", page=page)).encode())


@given(reference=references, cents=amounts, card=cards, algorithm=algorithms)
def test_journey(reference: str, cents: int, card: str, algorithm: SealAlgorithm) -> None:
    """Start, decision, answer and state agree (K13)."""
    bank = SipsBank({MERCHANT: ring()}, clock=lambda: NOON)
    direct = Direct(bank)
    gateway = SipsPaypageJson(
        merchant_id=MERCHANT,
        keys=ring(),
        host=SipsHost.WORLDLINE_PRODUCTION,
        algorithm=algorithm,
        legacy_seal=True,
        clock=lambda: NOON,
        transport=direct,
    )
    placed = order(transaction_reference=reference, amount=Euros(cents))
    form = gateway.initiate(placed)
    asked = bank.requests[form.fields["redirectionData"]]
    payment = gateway.verify(HttpMessage(form_body(bank.answer(asked, bank.pay(asked, card)))), expected=placed)
    status = gateway.fetch_status(placed, direct)

    assert (
        RESPONSES.get(card[-2:], PaymentState.PAID),
        Euros(cents),
        payment.state is PaymentState.PAID,
        Euros(cents),
    ) == (
        payment.state,
        payment.amount,
        status.state is PaymentState.PAID,
        status.amount,
    )


def refused(posted: bytes) -> bool:
    """Return whether a message is refused."""
    try:
        verify(posted, gateway=SipsPaypageJson(**settings()))
    except ResponseRefusedError:
        return True
    return False


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_spoilt_message(position: int, character: str) -> None:
    """Another character anywhere in a notification is refused: the seal covers its whole text."""
    spoilt = TEXT[:position] + character + TEXT[position + 1 :]

    assert refused(body(spoilt, hmac_of(TEXT))) is (spoilt != TEXT)


@given(any_text)
def test_sealed_message(text: str) -> None:
    """A sealed text after a brace is parsed or refused, and never paid."""
    try:
        payment = verify(body("{" + text.encode(errors="replace").decode()))
    except CreancePayError:
        return
    assert not payment


def status_of(answer: bytes) -> VerifiedPayment | None:
    """Fetch the status of the order REF1; ``None`` when the answer is refused."""
    try:
        return sips_gateway().fetch_status(order(), Bank([HttpAnswer(200, answer)]))
    except CreancePayError:
        return None


@given(st.integers(0, len(ANSWER) - 1), st.integers(0, 255))
def test_spoilt_answer(position: int, byte: int) -> None:
    """Another byte anywhere in an answer of Office never changes its payment or amount."""
    status = status_of(ANSWER[:position] + bytes([byte]) + ANSWER[position + 1 :])

    assert status is None or (Euros(1600), "REF1", MERCHANT) == (
        status.amount,
        status.transaction_reference,
        status.merchant_id,
    )


@given(st.sampled_from([*PAID, "amount", "acquirerResponseCode"]), any_text)
def test_sealed_answer(name: str, value: str) -> None:
    """With any value of one field under a good seal, only the order is paid."""
    answer = sealed({**PAID, name: value.encode(errors="replace").decode()}).body
    status = status_of(answer)

    assert not status or (PaymentState.PAID, Euros(1600), "REF1") == (
        status.state,
        status.amount,
        status.transaction_reference,
    )


@given(st.binary(max_size=200))
def test_any_answer(answer: bytes) -> None:
    """Any answer raises only errors of this package."""
    assert status_of(answer) is None
