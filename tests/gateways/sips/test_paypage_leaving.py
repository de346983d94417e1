"""The way out: what the browser posts to the bank, and what never gets that far."""

from datetime import timedelta

import pytest

from creance_pay import Euros, TransactionReference
from creance_pay.errors import ConfigurationError, InvalidValueError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsHost
from sips_shop import MERCHANT, NOON, SECRET, hmac_of, local_shop, order, sha_of, shop

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


class TestForm:
    """The form has four fields, and the seal covers the text of one."""

    def test_action(self) -> None:
        """The form goes to the host's page."""
        assert "https://payment-webinit.sips-services.com/paymentInit" == shop().initiate(order()).action

    def test_outer_fields(self) -> None:
        """The form names its version and its algorithm, whose absence would mean another one."""
        fields = shop().initiate(order()).fields

        assert {"InterfaceVersion": "HP_3.4", "SealAlgorithm": "HMAC-SHA-256"} == {
            name: value for name, value in fields.items() if name not in {"Data", "Seal"}
        }

    def test_data(self) -> None:
        """The text has the fields of the order under the vendor's names, each once."""
        pairs = [pair.split("=", 1) for pair in shop().initiate(order()).fields["Data"].split("|")]

        assert sorted(FIELDS.items()) == sorted((name, value) for name, value in pairs)

    def test_seal(self) -> None:
        """The seal covers the very text that is sent."""
        fields = shop().initiate(order()).fields

        assert hmac_of(fields["Data"]) == fields["Seal"]

    def test_legacy_seal(self) -> None:
        """The legacy seal is made where it was asked for, and named."""
        fields = shop(algorithm=SealAlgorithm.SHA_256, legacy_seal=True).initiate(order()).fields

        assert (sha_of(fields["Data"]), "SHA-256") == (fields["Seal"], fields["SealAlgorithm"])

    def test_long_seal(self) -> None:
        """The longer seal is named by the vendor's word."""
        fields = shop(algorithm=SealAlgorithm.HMAC_SHA_512).initiate(order()).fields

        assert ("HMAC-SHA-512", 128) == (fields["SealAlgorithm"], len(fields["Seal"]))

    def test_current_key(self) -> None:
        """The current key seals, whatever its place in the ring."""
        keys = KeyRing(
            [SecretKey(version="7", secret="another-key-of-the-shop"), SecretKey(version="3", secret=SECRET)],
            current="3",
        )
        fields = shop(keys=keys).initiate(order()).fields

        assert (True, hmac_of(fields["Data"])) == ("keyVersion=3" in fields["Data"].split("|"), fields["Seal"])

    def test_key_expired_since(self) -> None:
        """A current key that has expired since the gateway was built seals nothing: its answers would be refused."""
        now = [NOON]
        keys = KeyRing([SecretKey(version="2", secret=SECRET, not_after=NOON)], current="2")
        gateway = shop(keys=keys, clock=lambda: now[0])
        now[0] += timedelta(microseconds=1)

        with pytest.raises(ConfigurationError, match="past its last moment"):
            gateway.initiate(order())

    def test_discretion(self) -> None:
        """The secret is not in the form."""
        assert SECRET not in shop().initiate(order()).as_html(nonce="r4nd0m")


class TestReference:
    """A transaction reference is 1 to 35 ASCII letters and digits (G6, G7, G8)."""

    @pytest.mark.parametrize("reference", ["A", "7", "REF1", "a" * 35, "PCLCB172540000004"])
    def test_accepted(self, reference: str) -> None:
        """Letters and digits are sent as they are."""
        data = shop().initiate(order(transaction_reference=reference)).fields["Data"]

        assert f"transactionReference={reference}" in data.split("|")

    @pytest.mark.parametrize("reference", ["NULL", "null1", "nullnull"])
    def test_almost_null(self, reference: str) -> None:
        """Only the very word null means none."""
        data = shop().initiate(order(transaction_reference=reference)).fields["Data"]

        assert f"transactionReference={reference}" in data.split("|")

    def test_null(self) -> None:
        """The word null is refused: an answer that bears it could not be told from one without reference."""
        with pytest.raises(InvalidValueError, match="transaction_reference"):
            shop().initiate(order(transaction_reference="null"))

    def test_transaction_reference(self) -> None:
        """A transaction reference of the service is one too."""
        reference = TransactionReference("PCLCB172540000004")
        data = shop().initiate(order(transaction_reference=reference)).fields["Data"]

        assert "transactionReference=PCLCB172540000004" in data.split("|")

    @pytest.mark.parametrize(
        "reference",
        ["", " ", "a" * 36, "REF-1", "REF_1", "réf1", "REF 1", "REF1 ", "REF1\n", "REF1\x00", "REF/1", "REF.1",
         "R|amount=1", "R=1", "\uff32EF1", "\u0661", "é" * 500],
    )  # fmt: skip
    def test_refused(self, reference: str) -> None:
        """Anything else is refused, and never cut or replaced."""
        with pytest.raises(InvalidValueError, match="transaction_reference"):
            shop().initiate(order(transaction_reference=reference))


class TestAmount:
    """An amount is at most twelve digits of cents (N12)."""

    @pytest.mark.parametrize("cents", [1, 50, 1600, 10**12 - 1])
    def test_accepted(self, cents: int) -> None:
        """Cents are written without sign, separator or leading zero (F41)."""
        data = shop().initiate(order(amount=Euros(cents))).fields["Data"]

        assert f"amount={cents}" in data.split("|")

    def test_refused(self) -> None:
        """Thirteen digits are too many."""
        with pytest.raises(InvalidValueError, match="at most 999999999999 cents"):
            shop().initiate(order(amount=Euros(10**12)))


@pytest.mark.parametrize("field", ["return_url", "notification_url"])
class TestAddresses:
    """The bank comes back to an absolute https address that carries nothing (G11, G12)."""

    @pytest.mark.parametrize("url", ACCEPTED)
    def test_accepted(self, field: str, url: str) -> None:
        """An address that the bank can reach is sent as it is."""
        name = {"return_url": "normalReturnUrl", "notification_url": "automaticResponseUrl"}[field]

        assert f"{name}={url}" in shop().initiate(order(**{field: url})).fields["Data"].split("|")

    @pytest.mark.parametrize("url", [*REFUSED_EVERYWHERE, *REFUSED_BY_THE_BANK])
    @pytest.mark.parametrize("host", [SipsHost.WORLDLINE_PRODUCTION, SipsHost.WORLDLINE_SIMULATION])
    def test_refused(self, field: str, url: str, host: SipsHost) -> None:
        """An address that the bank or good sense would refuse is refused, by the name of its field."""
        with pytest.raises(InvalidValueError, match=f"expected {field} to be"):
            shop(host=host).initiate(order(**{field: url}))

    @pytest.mark.parametrize("url", REFUSED_EVERYWHERE)
    def test_refused_on_this_machine(self, field: str, url: str) -> None:
        """A page on this machine changes nothing to what good sense refuses."""
        with pytest.raises(InvalidValueError, match=f"expected {field} to be"):
            local_shop().initiate(order(**{field: url}))

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/return", "http://127.0.0.1:49152/return", "http://localhost:5000/return",
                "http://[::1]:5000/return", "https://portal.example/return"]
    )  # fmt: skip
    def test_accepted_on_this_machine(self, field: str, url: str) -> None:
        """A page on this machine lets the portal be here too, without certificate, on any port."""
        assert url in local_shop().initiate(order(**{field: url})).fields["Data"]

    @pytest.mark.parametrize("url", ["https://someone:hunter2@portal.example/return", "http://portal.example/?nir=1"])
    def test_discretion(self, field: str, url: str) -> None:
        """The error does not quote the address."""
        with pytest.raises(InvalidValueError) as caught:
            shop().initiate(order(**{field: url}))

        assert url not in f"{caught.value!r}"
