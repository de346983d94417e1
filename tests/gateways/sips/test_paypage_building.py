"""The settings that are refused when a gateway is built."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from sips_merchant import MERCHANT, NOON, SECRET, error_of, local_gateway, sips_gateway

ELSEWHERE = [SipsHost.WORLDLINE_SIMULATION, SipsHost.WORLDLINE_TEST, SipsHost.loopback("http://127.0.0.1")]
WEAK = ["s", "fifteen-letters", "002001000000001_KEY1", "changemechangeme", "x" * 16]


def keys(secret: str = SECRET, *, not_after: datetime | None = None) -> KeyRing:
    """Build a ring of one key."""
    return KeyRing([SecretKey(version="1", secret=secret, not_after=not_after)], current="1")


class TestSettings:
    """A setting of another type is refused by an error of this package (H9)."""

    def test_refused(self) -> None:
        """A value of another type or form is refused."""
        changes: list[dict[str, Any]] = [
            {"merchant_id": "01122374455000"},
            {"merchant_id": "0112237445500011"},
            {"merchant_id": "01122374455000x"},
            {"merchant_id": "\uff10" * 15},
            {"merchant_id": f"{MERCHANT}\n"},
            {"merchant_id": ""},
            {"merchant_id": int("1" * 15)},
            {"merchant_id": None},
            {"keys": {"2": SECRET}},
            {"keys": [SecretKey(version="2", secret=SECRET)]},
            {"keys": None},
            {"host": "https://payment-webinit.sips-services.com"},
            {"host": "prdo"},
            {"host": None},
            {"algorithm": "SHA-1"},
            {"algorithm": "HMAC-SHA-256"},
            {"algorithm": None},
            {"legacy_seal": "no"},
            {"legacy_seal": 1},
        ]
        errors = [(change, error_of(sips_gateway, **change)) for change in changes]

        assert [] == [change for change, error in errors if not isinstance(error, ConfigurationError)]

    @pytest.mark.parametrize("version", ["two", "12345678901", "1.0"])
    def test_key_version(self, version: str) -> None:
        """Sips numbers its keys by one to ten digits (N10): another version in the ring is refused."""
        keys = KeyRing([SecretKey(version=each, secret=SECRET) for each in ("2", version)], current="2")
        with pytest.raises(ConfigurationError, match="one to ten digits"):
            sips_gateway(keys=keys)

    @pytest.mark.parametrize(("merchant_id", "found"), [("01122374455000", "14 characters"), (5, "int")])
    def test_merchant_id(self, merchant_id: Any, found: str) -> None:  # noqa: ANN401 - a value of another type
        """The error about a merchant number names its length or its type."""
        with pytest.raises(ConfigurationError, match=f"fifteen digits, got {found}$"):
            sips_gateway(merchant_id=merchant_id)

    def test_clock_without_zone(self) -> None:
        """A clock without zone could not be compared with the last moment of a key."""
        with pytest.raises(ConfigurationError, match="clock"):
            sips_gateway(clock=lambda: NOON.replace(tzinfo=None))

    @pytest.mark.parametrize("missing", ["merchant_id", "keys", "host"])
    def test_no_default(self, missing: str) -> None:
        """Merchant, keys and host have no default: neither a simulator's nor production."""
        settings: dict[str, Any] = {"merchant_id": MERCHANT, "keys": keys(), "host": SipsHost.WORLDLINE_TEST}
        del settings[missing]

        with pytest.raises(TypeError, match=missing):
            SipsPaypage(**settings)

    def test_misspelt(self) -> None:
        """A misspelt setting is refused (H8)."""
        with pytest.raises(TypeError, match="merchant_idd"):
            sips_gateway(merchant_idd=MERCHANT)

    def test_hmac_by_default(self) -> None:
        """Without algorithm the seal is the recommended one."""
        gateway = SipsPaypage(merchant_id=MERCHANT, keys=keys(), host=SipsHost.WORLDLINE_TEST)

        assert SealAlgorithm.HMAC_SHA_256 is gateway.merchant.algorithm


class TestProduction:
    """Real payments need real keys (A28, A30, A31, A35, H10)."""

    def test_weak_key(self) -> None:
        """A key that is short, public or a placeholder is refused by its version, without being quoted."""
        errors = {secret: repr(error_of(sips_gateway, keys=keys(secret))) for secret in WEAK}

        assert [] == [
            secret
            for secret, error in errors.items()
            if "key 1 cannot protect real payments" not in error or (len(secret) > 1 and secret in error)
        ]

    def test_weak_older_key(self) -> None:
        """A weak key that is not the current one is refused as well: answers could be forged with it."""
        both = KeyRing(
            [SecretKey(version="2", secret=SECRET), SecretKey(version="1", secret="002001000000001_KEY1")], current="2"
        )

        with pytest.raises(ConfigurationError, match="key 1 cannot protect real payments: the public key"):
            sips_gateway(keys=both)

    def test_public_merchant(self) -> None:
        """The merchants of public simulators and those printed in guides are refused."""
        numbers = [
            "002001000000001", "002001000000002", "002001000000003", "002001000000004", "002016000000001",
            "211000021310001", "099887766554433",
        ]  # fmt: skip
        errors = {number: str(error_of(sips_gateway, merchant_id=number)) for number in numbers}

        assert [] == [number for number, error in errors.items() if "public test merchant" not in error]

    def test_legacy_seal(self) -> None:
        """The legacy seal needs consent."""
        with pytest.raises(ConfigurationError, match="legacy_seal=True"):
            sips_gateway(algorithm=SealAlgorithm.SHA_256)

    def test_legacy_seal_with_consent(self) -> None:
        """With consent the legacy seal is used."""
        assert (
            SealAlgorithm.SHA_256 is sips_gateway(algorithm=SealAlgorithm.SHA_256, legacy_seal=True).merchant.algorithm
        )

    @pytest.mark.parametrize("algorithm", [SealAlgorithm.HMAC_SHA_256, SealAlgorithm.HMAC_SHA_512])
    def test_other_seals(self, algorithm: SealAlgorithm) -> None:
        """The other seals need no consent."""
        assert algorithm is sips_gateway(algorithm=algorithm).merchant.algorithm


class TestElsewhere:
    """Without real payments, the vendor's public merchants and short keys are accepted."""

    @pytest.mark.parametrize("host", ELSEWHERE)
    def test_accepted(self, host: SipsHost) -> None:
        """Any key, a public merchant and the legacy seal are accepted."""
        assert WEAK == [
            sips_gateway(host=host, keys=keys(each)).merchant.keys.current.get_secret_value() for each in WEAK
        ]
        assert "002001000000001" == sips_gateway(host=host, merchant_id="002001000000001").merchant.merchant_id
        assert SealAlgorithm.SHA_256 is sips_gateway(host=host, algorithm=SealAlgorithm.SHA_256).merchant.algorithm


class TestCurrentKey:
    """The current key is not past its last moment (A33)."""

    @pytest.mark.parametrize("build", [sips_gateway, local_gateway])
    def test_expired(self, build: Callable[..., SipsPaypage]) -> None:
        """An expired current key is refused in every environment."""
        with pytest.raises(ConfigurationError, match="past its last moment"):
            build(keys=keys(not_after=NOON - timedelta(microseconds=1)))

    def test_at_the_limit(self) -> None:
        """At its last moment the current key still seals."""
        assert NOON == sips_gateway(keys=keys(not_after=NOON)).merchant.keys.current.not_after

    def test_older_key_expired(self) -> None:
        """An expired older key is accepted: a rotation ends with one."""
        both = KeyRing(
            [
                SecretKey(version="2", secret=SECRET),
                SecretKey(version="1", secret="an-old-key-of-the-merchant", not_after=NOON - timedelta(days=1)),
            ],
            current="2",
        )

        assert both is sips_gateway(keys=both).merchant.keys
