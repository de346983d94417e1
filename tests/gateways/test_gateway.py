"""The values of every gateway: the message that arrived, and the verified answer."""

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentState, Source, VerifiedPayment
from creance_pay.errors import InvalidAmountError, InvalidValueError, UnsupportedError
from creance_pay.gateways import Gateway, RequestsTransport
from creance_pay.gateways.sips import SipsPaypage
from sips_merchant import error_of, order, settings, sips_gateway

CARD = "5017##########00"


def payment(state: PaymentState = PaymentState.PAID) -> VerifiedPayment:
    """Build a verified payment with personal data in it."""
    return VerifiedPayment(
        state=state,
        source=Source.RETURN,
        amount=Euros(1600),
        masked_card=CARD,
        raw={"customerEmail": ("someone@example.org",), "maskedPan": (CARD,), "customerIpAddress": ("192.0.2.7",)},
    )


class TestHttpMessage:
    """A message is the bytes that arrived, and headers whose names are case-insensitive."""

    def test_header(self) -> None:
        """A header is found in any case of its name."""
        for name in ("Content-Type", "content-type", "CONTENT-TYPE"):
            message = HttpMessage(b"", {name: "text/plain"})
            assert ["text/plain"] * 2 == [message.header("Content-Type"), message.header("content-type")]

    def test_no_header(self) -> None:
        """A missing header is None."""
        assert None is HttpMessage(b"", {"Host": "portal.example"}).header("content-type")

    def test_not_bytes(self) -> None:
        """A text that was decoded, or a dictionary that was parsed, is refused: only bytes are accepted (B40)."""
        bodies = ["Data=a", None, {"Data": "a"}, bytearray(b"Data=a"), 5]
        errors = [(body, error_of(HttpMessage, body)) for body in bodies]

        assert [] == [body for body, error in errors if not isinstance(error, InvalidValueError)]
        assert all("expected body to be bytes" in str(error) for _, error in errors)

    def test_repr(self) -> None:
        """The repr shows the size of the body, and neither its content nor the headers (H3)."""
        assert "HttpMessage(body=<6 bytes>)" == repr(HttpMessage(b"Data=a", {"Cookie": "session=1"}))

    def test_own_headers(self) -> None:
        """Two messages do not share their headers (H16)."""
        assert HttpMessage(b"").headers is not HttpMessage(b"").headers


class TestVerifiedPayment:
    """A payment is true when it is paid, and its repr is discreet."""

    def test_condition(self) -> None:
        """Only a payment is true (H17)."""
        assert [PaymentState.PAID] == [state for state in PaymentState if payment(state)]

    def test_repr(self) -> None:
        """The repr shows neither card nor sealed fields (H6)."""
        words = [CARD, "someone@example.org", "192.0.2.7", "raw", "masked_card"]

        assert [] == [word for word in words if word in repr(payment())]

    def test_optional(self) -> None:
        """Every field but the state and its source is optional."""
        least = VerifiedPayment(state=PaymentState.UNKNOWN, source=Source.RETURN)

        assert {"state", "source"} == {
            field.name for field in attrs.fields(VerifiedPayment) if getattr(least, field.name)
        }

    def test_frozen(self) -> None:
        """A verified payment cannot be changed."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            payment(PaymentState.REFUSED).state = PaymentState.PAID  # type: ignore[misc]

    def test_own_raw_fields(self) -> None:
        """Two payments do not share their raw fields (H16)."""
        assert (
            VerifiedPayment(state=PaymentState.PAID, source=Source.RETURN).raw
            is not VerifiedPayment(state=PaymentState.PAID, source=Source.RETURN).raw
        )


def test_defaults() -> None:
    """A bank that checks no address, and whose page ends by the expiry of the order, needs neither method."""
    assert (None, None) == (sips_gateway().answer_check({}), sips_gateway().page_life)


class TestOperations:
    """Capture, cancellation and refund: the base checks before any call."""

    def test_amount(self) -> None:
        """An amount of zero, above the order's, or of another type is refused."""
        for amount in (Euros(0), Euros(1601), 500):
            with pytest.raises(InvalidAmountError):
                sips_gateway().refund(order(), RequestsTransport(), amount=amount)  # type: ignore[arg-type]

    def test_another_bank(self) -> None:
        """Sips has no identifier of its own: a payment that has one is another bank's, and nothing is sent."""
        calls = (sips_gateway().fetch_status, sips_gateway().refund, sips_gateway().cancel, sips_gateway().capture)
        for call in calls:
            with pytest.raises(InvalidValueError, match="the identifier of another bank"):
                call(order(), RequestsTransport(), bank_reference="4481347252")

    def test_declared_alone(self) -> None:
        """A gateway that declares a refund without an implementation refuses it, by an error of the family."""

        class Declaring(SipsPaypage):
            operate = Gateway.operate

        gateway = Declaring(**settings())
        with pytest.raises(UnsupportedError, match="Declaring does not offer REFUND"):
            gateway.refund(order(), RequestsTransport())

    def test_connection(self) -> None:
        """A bank without a call for it has no check of the connection."""
        with pytest.raises(UnsupportedError, match="does not offer CONNECTION"):
            sips_gateway().check_connection(RequestsTransport())
