"""The fields of a request: what each may hold, and what a portal may add."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay.errors import InvalidValueError
from creance_pay.gateways.sips import PaypageOptions
from creance_pay.gateways.sips.data import Data, decode, encode, write
from creance_pay.gateways.sips.fields import FIELDS, origin, validate_fields
from message_strategies import any_text
from sips_merchant import MERCHANT, NOON, error_of, hmac_of, machine_in, order, sips_gateway

# One value of the greatest length for each class.
LONGEST = {
    "N": "9" * 600, "A": "a" * 600, "AN": "a9" * 300, "ANS": "a ~!" * 200, "restricted": "a@.+-_ 9" * 100,
    "words": "A" * 600, "phone": "+" + "3" * 600, "text": "é" * 600, "email": "a@" + "b" * 600,
    "url": "https://portal.example/" + "a" * 600,
}  # fmt: skip
# Values that no field accepts: a bar makes two fields of one, a control character breaks lines elsewhere.
NEVER = ["|", "X|amount=1", "a@b.c|amount=1|currencyCode=840", "a\nb", "a\rb", "a\tb", "a\x00", "\x7f", "\u2028", ""]
MOMENT = "2026-11-23T12:00:00+01:00"


def filled(**options: Any) -> dict[str, str]:  # noqa: ANN401 - any option
    """Return the fields of a form with these options, as the bank reads them."""
    sent = sips_gateway().initiate(order(), options=PaypageOptions(**options)).fields
    data = Data.parse(decode(sent["Data"], sent.get("Encode")))
    return {name: value for name, (value,) in data.values.items()}


def refused(name: str, value: object) -> bool:
    """Return whether a field refuses a value by an error that names the field, its class and its length."""
    form, longest = FIELDS[name]
    error = error_of(validate_fields, {name: value})
    return isinstance(error, InvalidValueError) and str(error).startswith(
        f"expected {name} to be of class {form}, 1 to {longest} characters, got "
    )


class TestEachField:
    """Each field has a class and a length, validated before sealing."""

    LONGEST = {  # noqa: RUF012 - a table of the tests
        name: MOMENT if form == "moment" else LONGEST[form][:longest] for name, (form, longest) in FIELDS.items()
    }

    def test_longest(self) -> None:
        """A value of the greatest length is accepted unchanged."""
        assert self.LONGEST == {name: validate_fields({name: value})[name] for name, value in self.LONGEST.items()}

    def test_too_long(self) -> None:
        """A value with one more character is refused, never cut (G6)."""
        longer = {
            name: value + ("0" if FIELDS[name][0] == "moment" else value[-1]) for name, value in self.LONGEST.items()
        }

        assert [] == [name for name, value in longer.items() if not refused(name, value)]

    def test_never(self) -> None:
        """Bars, control characters and an empty text are refused by every field (G1, G2, G3, G5)."""
        assert [] == [(name, value) for name in FIELDS for value in NEVER if not refused(name, value)]


class TestClasses:
    """The classes are those of the data dictionary."""

    def test_refused(self) -> None:
        """A value of another class is refused (G8)."""
        values = [
            ("amount", "016.0"), ("amount", "\u0661"), ("amount", "-1"), ("customerLanguage", "f1"),
            ("transactionReference", "REF-1"), ("transactionReference", "réf1"), ("orderId", "commande é"),
            ("templateName", "a/b"), ("templateName", "é"), ("customerContact.email", "someone"),
            ("customerContact.email", "a@b@c"), ("customerContact.email", "é@b.example"),
            ("customerContact.phone", "O600000000"), ("paymentMeanBrandList", "CB,,VISA"),
            ("paymentMeanBrandList", "CB, VISA"), ("paymentMeanBrandList", "cb"), ("expirationDate", "tomorrow"),
            ("billingContact.lastname", "<b>"), ("billingContact.lastname", "Dupont;"),
        ]  # fmt: skip

        assert [] == [(name, value) for name, value in values if not refused(name, value)]

    def test_accepted(self) -> None:
        """A value of the class is accepted unchanged (G4)."""
        values = {
            "returnContext": "a=b==",
            "orderId": "2026/17 #3",
            "billingContact.lastname": "Müller-L’Été d'Or",
            "customerContact.phone": "+33 6 00 00 00 00",
            "customerContact.email": "a.b+c@d-e.example",
            "expirationDate": "2026-11-23T12:00:00Z",
            "paymentMeanBrandList": "CB,VISA,MASTERCARD",
        }

        assert values == validate_fields(values)

    def test_unknown(self) -> None:
        """A field that no debt payment has is refused: the bank would show an error instead of its page."""
        with pytest.raises(InvalidValueError, match="name of a field of a debt payment"):
            validate_fields({"merchantWalletId": "1"})

    @pytest.mark.parametrize("value", [5, True, ["CB", 5]])
    def test_type(self, value: Any) -> None:  # noqa: ANN401 - any value of a portal
        """A value that is no text is refused."""
        with pytest.raises(InvalidValueError, match="expected orderId to be a text"):
            validate_fields({"orderId": value})


class TestOptions:
    """A portal may set options, but none that changes the payment."""

    def test_all(self) -> None:
        """Each option is a field of the vendor's."""
        added = (
            filled(
                language="en",
                email="someone@example.org",
                order_id="2026-17",
                return_context="4f1c",
                template_name="cpam",
                statement_reference="CPAM 172",
                brands=("CB", "VISA"),
                capture_day=2,
                expires_at=datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=1))),
                bypass_receipt=True,
                others={"billingAddress": {"zipCode": "17254", "country": None}, "customerId": "17"},
            ).items()
            - filled().items()
        )

        assert {
            "customerLanguage": "en",
            "customerContact.email": "someone@example.org",
            "orderId": "2026-17",
            "returnContext": "4f1c",
            "templateName": "cpam",
            "statementReference": "CPAM 172",
            "paymentMeanBrandList": "CB,VISA",
            "captureDay": "2",
            "expirationDate": "2026-11-23T12:00:00Z",
            "paypageData.bypassReceiptPage": "true",
            "billingAddress.zipCode": "17254",
            "customerId": "17",
        } == dict(added)

    def test_none(self) -> None:
        """Without options there are no fields."""
        assert {} == PaypageOptions().fields()

    def test_language(self) -> None:
        """A locale becomes its language, and one that the page lacks French (G19)."""
        languages = {
            "fr": "fr", "fr-BE": "fr", "fr_FR": "fr", "EN-gb": "en", "xx": "fr", "": "fr", "english": "fr",
            "zh-Hans-CN": "zh", "|": "fr", "pt\n": "fr",
        }  # fmt: skip

        assert languages == {text: PaypageOptions(language=text).fields()["customerLanguage"] for text in languages}

    def test_context_refused(self) -> None:
        """The return context is an opaque id: no address, no name, no number of a person (G20)."""
        contexts = [
            "", "someone@example.org", "Jean Dupont", "x" * 65, "a|b", "a=b", "é", "{}", "a\n", "1550817254001",
            "155081725400123", "255082A172540", "255082a17254042",
        ]  # fmt: skip
        errors = {context: error_of(PaypageOptions, return_context=context) for context in contexts}

        assert [] == [context for context, error in errors.items() if "opaque id" not in str(error)]

    def test_context(self) -> None:
        """An opaque id is sent unchanged (G20)."""
        contexts = ["a", "4f1c9a3e-1b2c", "x" * 64, "17254001"]

        assert contexts == [filled(return_context=context)["returnContext"] for context in contexts]

    def test_refused(self) -> None:
        """An option of another type or range is refused when it is set."""
        options: list[dict[str, Any]] = [
            {"language": 5}, {"email": b"a@b.example"}, {"order_id": 17}, {"brands": ["CB"]}, {"brands": "CB"},
            {"capture_day": "2"}, {"capture_day": True}, {"capture_day": -1}, {"capture_day": 7},
            {"expires_at": "tomorrow"}, {"expires_at": datetime(2026, 11, 23)}, {"bypass_receipt": 1},  # noqa: DTZ001
            {"others": [("orderId", "1")]}, {"return_context": 5}, {"template_name": 5}, {"statement_reference": 5},
        ]  # fmt: skip
        errors = [(option, error_of(PaypageOptions, **option)) for option in options]

        assert [] == [option for option, error in errors if not isinstance(error, InvalidValueError)]

    def test_refused_before_sealing(self) -> None:
        """An option of another class or length than its field's is refused before sealing (G1, G2, G3)."""
        options: list[dict[str, Any]] = [
            {"email": "a@b.c|amount=1|currencyCode=840"}, {"order_id": "X|amount=1"}, {"order_id": "x" * 33},
            {"brands": ("CB,VISA",)}, {"brands": ("CB", "")}, {"statement_reference": "a\n"},
            {"others": {"amounts": "1"}}, {"template_name": "é" * 500},
        ]  # fmt: skip
        errors = [(option, error_of(filled, **option)) for option in options]

        assert [] == [option for option, error in errors if not isinstance(error, InvalidValueError)]

    def test_payment(self) -> None:
        """No option replaces a field of the order or the merchant."""
        fields = {"amount": "1", "captureMode": "VALIDATION", "merchantId": MERCHANT, "keyVersion": "1"}
        errors = {name: error_of(filled, others={name: value}) for name, value in fields.items()}

        assert [] == [name for name, error in errors.items() if f"expected {name} to be set once" not in str(error)]

    def test_twice(self) -> None:
        """A field that is an option cannot be set a second time among the others."""
        with pytest.raises(InvalidValueError, match="orderId to be set once"):
            filled(order_id="1", others={"orderId": "2"})

    def test_repr(self) -> None:
        """The repr shows no address and none of the further fields (H2)."""
        shown = repr(PaypageOptions(email="someone@example.org", others={"billingContact.lastname": "Doe"}))

        assert [] == [word for word in ("someone", "Doe") if word in shown]


class TestEncoding:
    """A text beyond ASCII travels in base64, and the seal covers it as it travels."""

    def test_sealed(self) -> None:
        """The encoding is named, and the seal covers the encoded text (G3)."""
        options = PaypageOptions(others={"billingContact.lastname": "Éluard"})
        sent = sips_gateway().initiate(order(), options=options).fields

        assert ("base64", hmac_of(sent["Data"]), True) == (
            sent["Encode"],
            sent["Seal"],
            "billingContact.lastname=Éluard" in decode(sent["Data"], "base64").split("|"),
        )

    def test_plain(self) -> None:
        """A text of ASCII stays readable, and no encoding is named."""
        assert "Encode" not in sips_gateway().initiate(order(), options=PaypageOptions(order_id="1")).fields

    @given(st.text(), st.sampled_from(["", "base64", "base64url"]))
    def test_round_trip(self, text: str, encoding: str) -> None:
        """An encoded text is decoded to the same text."""
        assert text == decode(encode(text, encoding), encoding)

    def test_alphabets(self) -> None:
        """The two encodings differ by their letters."""
        assert ("Pz8/Pj4+", "Pz8_Pj4-") == (encode("???>>>", "base64"), encode("???>>>", "base64url"))


class TestLists:
    """Lists have commas and containers dots, both ways."""

    def test_write(self) -> None:
        """Nested values are flattened, and None is left out."""
        fields: dict[str, object] = {"a": {"b": ["1", "2"], "c": {"d": "3"}}, "e": None, "f": ""}

        assert "a.b=1,2|a.c.d=3|f=" == write(fields)

    def test_comma(self) -> None:
        """An item with a comma would become two."""
        with pytest.raises(InvalidValueError, match=r"a\.b without comma"):
            write({"a": {"b": ["1,2"]}})


@given(name=st.sampled_from(list(FIELDS)), value=any_text)
def test_sealed_or_refused(name: str, value: str) -> None:
    """A value arrives as one field unchanged, or is refused."""
    try:
        written = write(validate_fields({name: value}))
    except InvalidValueError:
        return
    assert {name: (value,)} == Data.parse(written).values


def test_origin() -> None:
    """An address has an origin of scheme, host and port, unless it has anything but a path beside them."""
    origins = {
        "https://bank.example/payment": "https://bank.example",
        "https://bank.example:8443/": "https://bank.example:8443",
        "https://bank.example@evil.example/": None,
        "https://bank.example#evil": None,
        "javascript:alert(1)": None,
        "//bank.example": None,
    }

    assert origins == {url: origin(url) for url in origins}


def test_moment() -> None:
    """A moment is sent in UTC."""
    assert {"expirationDate": "2026-11-23T12:00:00Z"} == PaypageOptions(expires_at=NOON.astimezone(UTC)).fields()


@pytest.mark.parametrize("days", [0, 6])
def test_capture_day(days: int) -> None:
    """The days before a capture are zero to six, both included."""
    assert {"captureDay": str(days)} == PaypageOptions(capture_day=days).fields()


def test_expiry_where_the_machine_is_elsewhere() -> None:
    """An expiry is sent in UTC in any time zone of the machine."""
    with machine_in("EAST-9"):
        assert {"expirationDate": "2026-11-23T12:00:00Z"} == PaypageOptions(expires_at=NOON).fields()
