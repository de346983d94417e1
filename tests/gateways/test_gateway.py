"""What every gateway gives and takes: the message that arrived, and the verified answer."""

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentState, Source, VerifiedPayment
from creance_pay.errors import InvalidValueError

CARD = "5017##########00"


def payment(state: PaymentState = PaymentState.PAID) -> VerifiedPayment:
    """Make a verified payment with everything in it that is nobody's business."""
    return VerifiedPayment(
        state=state,
        source=Source.RETURN,
        amount=Euros(1600),
        masked_card=CARD,
        raw={"customerEmail": ("someone@example.org",), "maskedPan": (CARD,), "customerIpAddress": ("192.0.2.7",)},
    )


class TestHttpMessage:
    """A message is the bytes that arrived, and headers whose names have no case."""

    @pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
    @pytest.mark.parametrize("asked", ["Content-Type", "content-type"])
    def test_header(self, name: str, asked: str) -> None:
        """A header is found whatever the case of its name, on either side."""
        assert "text/plain" == HttpMessage(b"", {name: "text/plain"}).header(asked)

    def test_no_header(self) -> None:
        """A header that did not arrive is none."""
        assert None is HttpMessage(b"", {"Host": "portal.example"}).header("content-type")

    @pytest.mark.parametrize("body", ["Data=a", None, {"Data": "a"}, bytearray(b"Data=a"), 5])
    def test_not_bytes(self, body: object) -> None:
        """Anything but bytes is refused: text was decoded, and a dictionary parsed, by somebody else (B40)."""
        with pytest.raises(InvalidValueError, match="expected body to be bytes"):
            HttpMessage(body)  # type: ignore[arg-type]

    def test_repr(self) -> None:
        """The repr tells the size of the body, and nothing of its content or of the headers (H3)."""
        assert "HttpMessage(body=<6 bytes>)" == repr(HttpMessage(b"Data=a", {"Cookie": "session=1"}))

    def test_own_headers(self) -> None:
        """Two messages do not share their headers (H16)."""
        assert HttpMessage(b"").headers is not HttpMessage(b"").headers


class TestVerifiedPayment:
    """A careless condition is a safe one, and a careless log a discreet one."""

    @pytest.mark.parametrize("state", PaymentState)
    def test_condition(self, state: PaymentState) -> None:
        """Only a payment is true (H17)."""
        assert (state is PaymentState.PAID) is bool(payment(state))

    @pytest.mark.parametrize("text", [CARD, "someone@example.org", "192.0.2.7", "raw", "masked_card"])
    def test_repr(self, text: str) -> None:
        """The repr shows neither card nor anything of the sealed fields (H6)."""
        assert text not in repr(payment())

    @pytest.mark.parametrize(
        "field", [field.name for field in attrs.fields(VerifiedPayment) if field.name not in {"state", "source"}]
    )
    def test_optional(self, field: str) -> None:
        """Everything but the state and its source may be missing."""
        assert not getattr(VerifiedPayment(state=PaymentState.UNKNOWN, source=Source.RETURN), field)

    def test_frozen(self) -> None:
        """What was verified cannot be changed afterwards."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            payment(PaymentState.REFUSED).state = PaymentState.PAID  # type: ignore[misc]

    def test_own_raw_fields(self) -> None:
        """Two payments do not share their raw fields (H16)."""
        assert (
            VerifiedPayment(state=PaymentState.PAID, source=Source.RETURN).raw
            is not VerifiedPayment(state=PaymentState.PAID, source=Source.RETURN).raw
        )
