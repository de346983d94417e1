"""Any message is verified or refused, and only a message that the bank sealed is verified."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, HttpMessage, PaymentState
from creance_pay.errors import CreancePayError, OrderMismatchError, ResponseRefusedError
from creance_pay.gateways import SealAlgorithm
from creance_pay.gateways.sips.response_codes import RESPONSES
from creance_pay.testing.sips import SipsBank, form_body
from message_strategies import amounts, bodies, cards, references, sealed_texts
from sips_merchant import MERCHANT, NOON, body, changed, hmac_of, order, ring, sips_gateway, verify

TEXT = changed()
algorithms = st.sampled_from(SealAlgorithm)
# The texts of the errors about a message.
OUR_WORDS = re.compile(
    "authentic, but not our order: (merchantId|transactionReference|amount|currencyCode|, )+"
    "|expected a field (Data|Seal) in the form, got none|expected each field of the form once, got a repeated field"
    "|expected a form in UTF-8, got another encoding|expected a form of at most 32 fields in ASCII, got [0-9]+ fields"
    "|expected at most 65536 bytes, got [0-9]+"
    "|expected the encoding base64 or base64url, got another of [0-9]+ characters"
    "|expected Data in UTF-8 in the encoding that Encode names, got another text"
    "|expected one key version in the message, got none or several|expected a key version among 2, 1, got another"
    "|expected a seal of 64 hexadecimal digits, got [0-9]+ characters"
    "|expected the seal of the text under our key, got another|"
)


def refused(posted: bytes) -> bool:
    """Return whether a message is refused as not authentic."""
    try:
        verify(posted)
    except ResponseRefusedError:
        return True
    return False


class TestAnything:
    """Any message is verified or refused."""

    @given(bodies)
    def test_bytes(self, posted: bytes) -> None:
        """Bytes that nobody sealed are refused."""
        assert refused(posted)

    @given(bodies)
    def test_reference(self, posted: bytes) -> None:
        """The unverified reference of a refused message is empty, or short and of letters and digits."""
        with pytest.raises(ResponseRefusedError) as caught:
            sips_gateway().authenticate(HttpMessage(posted))
        found = caught.value.unverified_reference

        assert not found or (True, True, True) == (found.isascii(), found.isalnum(), len(found) <= 35)

    @given(sealed_texts())
    def test_sealed(self, text: str) -> None:
        """A text that the bank sealed is verified, refused or a mismatch, and is paid only with the order's fields."""
        try:
            payment = verify(body(text))
        except (ResponseRefusedError, OrderMismatchError):
            return
        assert not payment or (Euros(1600), "REF1", MERCHANT) == (
            payment.amount,
            payment.transaction_reference,
            payment.merchant_id,
        )


class TestNearlyGenuine:
    """A genuine message in which one thing was changed is refused."""

    @given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
    def test_character(self, position: int, character: str) -> None:
        """Another character anywhere in the text is refused."""
        spoilt = TEXT[:position] + character + TEXT[position + 1 :]

        assert refused(body(spoilt, hmac_of(TEXT))) is (spoilt != TEXT)

    @given(st.integers(0, len(TEXT)), st.text(st.characters(codec="utf-8"), min_size=1, max_size=5))
    def test_insertion(self, position: int, added: str) -> None:
        """A few characters more anywhere in the text are refused."""
        assert refused(body(TEXT[:position] + added + TEXT[position:], hmac_of(TEXT)))

    @given(st.integers(0, len(TEXT) - 1), st.integers(1, 5))
    def test_deletion(self, position: int, length: int) -> None:
        """A few characters less anywhere in the text are refused."""
        assert refused(body(TEXT[:position] + TEXT[position + length :], hmac_of(TEXT)))

    @given(st.integers(0, 63), st.sampled_from(string.hexdigits))
    def test_seal(self, position: int, digit: str) -> None:
        """Another digit anywhere in the seal is refused; another case of the same digit is accepted."""
        good = hmac_of(TEXT)
        spoilt = good[:position] + digit + good[position + 1 :]

        assert refused(body(TEXT, spoilt)) is (spoilt.lower() != good)

    @given(st.lists(st.booleans(), min_size=64, max_size=64))
    def test_case_of_the_seal(self, upper: list[bool]) -> None:
        """A seal in any mixture of cases is the same seal."""
        seal = "".join(digit.upper() if up else digit for digit, up in zip(hmac_of(TEXT), upper, strict=True))

        assert PaymentState.PAID is verify(body(TEXT, seal)).state

    @given(st.integers(0, len(body(TEXT)) - 1), st.integers(0, 255))
    def test_byte(self, position: int, byte: int) -> None:
        """Another byte anywhere in the body is refused, or gives the payment that was sealed."""
        genuine = body(TEXT)
        spoilt = genuine[:position] + bytes([byte]) + genuine[position + 1 :]

        assert refused(spoilt) or verify(genuine) == verify(spoilt)


class TestRoundTrip:
    """The bank reads the merchant's request, and the merchant verifies the bank's answer (K13)."""

    @given(reference=references, cents=amounts, card=cards, algorithm=algorithms)
    def test_journey(self, reference: str, cents: int, card: str, algorithm: SealAlgorithm) -> None:
        """Form, request, decision, answer and payment agree."""
        gateway = sips_gateway(algorithm=algorithm, legacy_seal=True)
        bank = SipsBank({MERCHANT: ring()}, clock=lambda: NOON)
        placed = order(transaction_reference=reference, amount=Euros(cents))
        asked = bank.receive(gateway.initiate(placed).fields)
        message = HttpMessage(form_body(bank.answer(asked, bank.pay(asked, card))))
        payment = gateway.verify(message, expected=placed)

        assert (
            reference,
            RESPONSES.get(card[-2:], PaymentState.PAID),
            Euros(cents),
            reference,
            f"{card[:4]}{'#' * (len(card) - 6)}{card[-2:]}",
            NOON,
        ) == (
            gateway.authenticate(message).transaction_reference,
            payment.state,
            payment.amount,
            payment.transaction_reference,
            payment.masked_card,
            payment.authorised_at,
        )

    @given(st.dictionaries(st.sampled_from(["Data", "Seal", "Encode", "SealAlgorithm", "x"]),
                           st.text(st.characters(exclude_categories=()), max_size=40) | sealed_texts()))  # fmt: skip
    def test_bank(self, fields: dict[str, str]) -> None:
        """The bank refuses a form that no merchant sealed."""
        try:
            SipsBank({MERCHANT: ring()}).receive(fields)
            accepted = True
        except ResponseRefusedError:
            accepted = False

        assert not accepted


def words_about(posted: bytes) -> str:
    """Return the text of the error about a message; an empty text for none."""
    try:
        verify(posted)
    except CreancePayError as error:
        return str(error)
    return ""


@given(bodies | st.builds(body, sealed_texts()))
def test_discretion(posted: bytes) -> None:
    """No error quotes the message: its text is one of the list."""
    assert OUR_WORDS.fullmatch(words_about(posted))
