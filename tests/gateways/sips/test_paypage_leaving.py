"""The request to the bank: the form that the browser posts, and the orders that are refused."""

from datetime import timedelta
from typing import Any

import pytest

from creance_pay import Euros, TransactionReference
from creance_pay.errors import ConfigurationError, InvalidValueError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from sips_merchant import MERCHANT, NOON, SECRET, error_of, hmac_of, local_gateway, order, sha_of, sips_gateway

# As the bank reads it: the fields of a payment by the vendor's names (section 1.4 of its guide), and nothing else.
FIELDS = {
    "amount": "1600",
    "automaticResponseUrl": "https://portal.example/notification",
    "captureMode": "AUTHOR_CAPTURE",
    "currencyCode": "978",
    "keyVersion": "2",
    "merchantId": MERCHANT,
    "normalReturnUrl": "https://portal.example/return",
    "orderChannel": "INTERNET",
    "transactionReference": "REF1",
}
LONGEST_URL = f"https://portal.example/{'a' * (512 - len('https://portal.example/'))}"
REFUSED_EVERYWHERE = [
    "",
    "/return",
    "//portal.example/return",
    "portal.example/return",
    "https:portal.example",
    "https://",
    "https:///return",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://portal.example/return",
    "https://user:password@portal.example/return",
    "https://user@portal.example/return",
    "https://someone:hunter2@portal.example/return",
    "http://portal.example/?nir=1",
    "https://portal.example/return#fragment",
    "https://portal.example/return?order=1",
    "https://portal.example/return|amount=1",
    "https://portal.example/return\n",
    " https://portal.example/return",
    "https://portal.example/re turn",
    "https://portal.example/\x00",
    "https://portal.example\\return",
    'https://portal.example/"><script>',
    "https://portál.example/return",
    "https://portal.example/é",
    "https://portal.example:/return",
    "https://portal.example:port/return",
    f"{LONGEST_URL}a",
]
REFUSED_BY_THE_BANK = [
    "http://portal.example/return",
    "http://127.0.0.1/return",
    "https://portal.example:79/return",
    "https://portal.example:10000/return",
    "https://portal.example:0/return",
    "https://localhost/return",
    "https://LOCALHOST/return",
    "https://localhost./return",
    "https://127.0.0.1/return",
    "https://127.0.0.1:8080/return",
    "https://[::1]/return",
    "https://10.0.0.1/return",
    "https://192.168.1.10/return",
    "https://2130706433/return",
]
ACCEPTED = [
    "https://portal.example",
    "https://portal.example/",
    "https://portal.example:80/return",
    "https://portal.example:443/return",
    "https://portal.example:9999/return",
    "https://portal.example/a/b.c_d~e;f=1,2/%C3%A9",
    "https://8.8.8.8/return",
    LONGEST_URL,
]


def sent(gateway: SipsPaypage, **changes: Any) -> dict[str, str]:  # noqa: ANN401 - any field of the order
    """Return the fields of a request as the bank reads them."""
    return dict(pair.split("=", 1) for pair in gateway.initiate(order(**changes)).fields["Data"].split("|"))


class TestForm:
    """The form has four fields, and the seal covers the text of one."""

    def test_action(self) -> None:
        """The form goes to the host's page."""
        assert "https://payment-webinit.sips-services.com/paymentInit" == sips_gateway().initiate(order()).action

    def test_outer_fields(self) -> None:
        """The form names its version and its algorithm, whose absence would mean another one."""
        fields = sips_gateway().initiate(order()).fields

        assert {"InterfaceVersion": "HP_3.4", "SealAlgorithm": "HMAC-SHA-256"} == {
            name: value for name, value in fields.items() if name not in {"Data", "Seal"}
        }

    def test_data(self) -> None:
        """The text has the fields of the order under the vendor's names, each once."""
        pairs = [pair.split("=", 1) for pair in sips_gateway().initiate(order()).fields["Data"].split("|")]

        assert sorted(FIELDS.items()) == sorted((name, value) for name, value in pairs)

    def test_seal(self) -> None:
        """The seal covers the very text that is sent."""
        fields = sips_gateway().initiate(order()).fields

        assert hmac_of(fields["Data"]) == fields["Seal"]

    def test_legacy_seal(self) -> None:
        """A merchant of the legacy seal gets it, with its name."""
        fields = sips_gateway(algorithm=SealAlgorithm.SHA_256, legacy_seal=True).initiate(order()).fields

        assert (sha_of(fields["Data"]), "SHA-256") == (fields["Seal"], fields["SealAlgorithm"])

    def test_long_seal(self) -> None:
        """The longer seal is named by the vendor's word."""
        fields = sips_gateway(algorithm=SealAlgorithm.HMAC_SHA_512).initiate(order()).fields

        assert ("HMAC-SHA-512", 128) == (fields["SealAlgorithm"], len(fields["Seal"]))

    def test_current_key(self) -> None:
        """The current key seals, at any place in the ring."""
        keys = KeyRing(
            [SecretKey(version="7", secret="another-key-of-the-merchant"), SecretKey(version="3", secret=SECRET)],
            current="3",
        )
        fields = sips_gateway(keys=keys).initiate(order()).fields

        assert (True, hmac_of(fields["Data"])) == ("keyVersion=3" in fields["Data"].split("|"), fields["Seal"])

    def test_key_expired_since(self) -> None:
        """A current key that has expired since the gateway was built seals nothing: its answers would be refused."""
        now = [NOON]
        keys = KeyRing([SecretKey(version="2", secret=SECRET, not_after=NOON)], current="2")
        gateway = sips_gateway(keys=keys, clock=lambda: now[0])
        now[0] += timedelta(microseconds=1)

        with pytest.raises(ConfigurationError, match="past its last moment"):
            gateway.initiate(order())

    def test_discretion(self) -> None:
        """The secret is not in the form."""
        assert SECRET not in sips_gateway().initiate(order()).as_html(nonce="r4nd0m")


class TestReference:
    """A transaction reference is 1 to 35 ASCII letters and digits (G6, G7, G8)."""

    def test_accepted(self) -> None:
        """Letters and digits are sent unchanged; only the exact word null means none."""
        references = ["A", "7", "REF1", "a" * 35, "PCLCB172540000004", "NULL", "null1", "nullnull"]

        assert references == [
            sent(sips_gateway(), transaction_reference=each)["transactionReference"] for each in references
        ]

    def test_null(self) -> None:
        """The word null is refused: an answer with it could not be distinguished from one without reference."""
        with pytest.raises(InvalidValueError, match="transaction_reference"):
            sips_gateway().initiate(order(transaction_reference="null"))

    def test_transaction_reference(self) -> None:
        """A transaction reference of the service is one too."""
        reference = TransactionReference("PCLCB172540000004")
        data = sips_gateway().initiate(order(transaction_reference=reference)).fields["Data"]

        assert "transactionReference=PCLCB172540000004" in data.split("|")

    def test_refused(self) -> None:
        """Any other text is refused, never cut or changed."""
        references = [
            "", " ", "a" * 36, "REF-1", "REF_1", "réf1", "REF 1", "REF1 ", "REF1\n", "REF1\x00", "REF/1", "REF.1",
            "R|amount=1", "R=1", "\uff32EF1", "\u0661", "é" * 500,
        ]  # fmt: skip
        errors = {each: error_of(sips_gateway().initiate, order(transaction_reference=each)) for each in references}

        assert [] == [
            each
            for each, error in errors.items()
            if not isinstance(error, InvalidValueError) or "transaction_reference" not in str(error)
        ]


class TestAmount:
    """An amount is at most twelve digits of cents (N12)."""

    @pytest.mark.parametrize("cents", [1, 50, 1600, 10**12 - 1])
    def test_accepted(self, cents: int) -> None:
        """Cents are written without sign, separator or leading zero (F41)."""
        data = sips_gateway().initiate(order(amount=Euros(cents))).fields["Data"]

        assert f"amount={cents}" in data.split("|")

    def test_refused(self) -> None:
        """Thirteen digits are too many."""
        with pytest.raises(InvalidValueError, match="at most 999999999999 cents"):
            sips_gateway().initiate(order(amount=Euros(10**12)))


class TestAddresses:
    """The bank returns to an absolute https address without user, query or fragment (G11, G12)."""

    FIELDS = {"return_url": "normalReturnUrl", "notification_url": "automaticResponseUrl"}  # noqa: RUF012 - a table

    def changed(self, gateway: SipsPaypage, urls: list[str]) -> list[tuple[str, str]]:
        """List the addresses that are not sent unchanged."""
        return [
            (field, url)
            for field, name in self.FIELDS.items()
            for url in urls
            if sent(gateway, **{field: url})[name] != url
        ]

    def accepted(self, gateway: SipsPaypage, urls: list[str]) -> list[tuple[str, str]]:
        """List the addresses that are not refused by an error with the name of the field and without the address."""
        errors = [
            (field, url, error_of(gateway.initiate, order(**{field: url}))) for field in self.FIELDS for url in urls
        ]
        return [
            (field, url)
            for field, url, error in errors
            if not isinstance(error, InvalidValueError)
            or not str(error).startswith(f"expected {field} to be")
            or (url and url in repr(error))
        ]

    def test_accepted(self) -> None:
        """An address that the bank can reach is sent unchanged."""
        assert [] == self.changed(sips_gateway(), ACCEPTED)

    @pytest.mark.parametrize("host", [SipsHost.WORLDLINE_PRODUCTION, SipsHost.WORLDLINE_SIMULATION])
    def test_refused(self, host: SipsHost) -> None:
        """An address that the bank refuses or cannot reach is refused, without being quoted."""
        assert [] == self.accepted(sips_gateway(host=host), REFUSED_EVERYWHERE + REFUSED_BY_THE_BANK)

    def test_refused_on_this_machine(self) -> None:
        """A bank page on this machine does not change the form of an address."""
        assert [] == self.accepted(local_gateway(), REFUSED_EVERYWHERE)

    def test_accepted_on_this_machine(self) -> None:
        """With a bank page on this machine the portal may be there too, without certificate, on any port."""
        urls = ["http://127.0.0.1/return", "http://127.0.0.1:49152/return", "http://localhost:5000/return",
                "http://[::1]:5000/return", "https://portal.example/return"]  # fmt: skip

        assert [] == self.changed(local_gateway(), urls)
