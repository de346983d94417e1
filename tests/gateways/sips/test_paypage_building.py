"""What is refused when a gateway is built, before it could do harm."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from sips_shop import MERCHANT, NOON, SECRET, local_shop, shop

ELSEWHERE = [SipsHost.WORLDLINE_SIMULATION, SipsHost.WORLDLINE_TEST, SipsHost.loopback("http://127.0.0.1")]
WEAK = ["s", "fifteen-letters", "002001000000001_KEY1", "changemechangeme", "x" * 16]


def keys(secret: str = SECRET, *, not_after: datetime | None = None) -> KeyRing:
    """Make a ring of one key."""
    return KeyRing([SecretKey(version="1", secret=secret, not_after=not_after)], current="1")


class TestSettings:
    """Each setting is of its type, or refused with our own error (H9)."""

    @pytest.mark.parametrize(
        "changes",
        [
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
        ],
    )
    def test_refused(self, changes: dict[str, Any]) -> None:
        """What is not a setting is refused."""
        with pytest.raises(ConfigurationError):
            shop(**changes)

    def test_clock_without_zone(self) -> None:
        """A clock without zone could not be compared with the last moment of a key."""
        with pytest.raises(ConfigurationError, match="clock"):
            shop(clock=lambda: NOON.replace(tzinfo=None))

    @pytest.mark.parametrize("missing", ["merchant_id", "keys", "host"])
    def test_no_default(self, missing: str) -> None:
        """Merchant, keys and host have no default: neither a simulator's nor production."""
        settings: dict[str, Any] = {"merchant_id": MERCHANT, "keys": keys(), "host": SipsHost.WORLDLINE_TEST}
        del settings[missing]

        with pytest.raises(TypeError, match=missing):
            SipsPaypage(**settings)

    def test_misspelt(self) -> None:
        """A misspelt setting is not dropped in silence (H8)."""
        with pytest.raises(TypeError, match="merchant_idd"):
            shop(merchant_idd=MERCHANT)

    def test_hmac_by_default(self) -> None:
        """Without algorithm the seal is the recommended one."""
        gateway = SipsPaypage(merchant_id=MERCHANT, keys=keys(), host=SipsHost.WORLDLINE_TEST)

        assert SealAlgorithm.HMAC_SHA_256 is gateway.merchant.algorithm


class TestProduction:
    """Real money needs real keys (A28, A30, A31, A35, H10)."""

    @pytest.mark.parametrize("secret", WEAK)
    def test_weak_key(self, secret: str) -> None:
        """A key that is short, public or a placeholder is refused, by its version."""
        with pytest.raises(ConfigurationError, match="key 1 cannot protect real payments"):
            shop(keys=keys(secret))

    def test_weak_older_key(self) -> None:
        """A weak key is refused even where it is not the current one: answers could be forged with it."""
        both = KeyRing(
            [SecretKey(version="2", secret=SECRET), SecretKey(version="1", secret="002001000000001_KEY1")], current="2"
        )

        with pytest.raises(ConfigurationError, match="key 1 cannot protect real payments: the public key"):
            shop(keys=both)

    @pytest.mark.parametrize(
        "merchant_id",
        ["002001000000001", "002001000000002", "002001000000003", "002001000000004", "002016000000001",
         "211000021310001", "099887766554433"],
    )  # fmt: skip
    def test_public_shop(self, merchant_id: str) -> None:
        """The shops of public simulators and those printed in guides are refused."""
        with pytest.raises(ConfigurationError, match="public test merchant"):
            shop(merchant_id=merchant_id)

    def test_legacy_seal(self) -> None:
        """The legacy seal needs consent."""
        with pytest.raises(ConfigurationError, match="legacy_seal=True"):
            shop(algorithm=SealAlgorithm.SHA_256)

    def test_legacy_seal_with_consent(self) -> None:
        """With consent the legacy seal is used."""
        assert SealAlgorithm.SHA_256 is shop(algorithm=SealAlgorithm.SHA_256, legacy_seal=True).merchant.algorithm

    @pytest.mark.parametrize("algorithm", [SealAlgorithm.HMAC_SHA_256, SealAlgorithm.HMAC_SHA_512])
    def test_other_seals(self, algorithm: SealAlgorithm) -> None:
        """The other seals need no consent."""
        assert algorithm is shop(algorithm=algorithm).merchant.algorithm


class TestElsewhere:
    """Where no money moves, the vendor's public shops and short keys are what one has."""

    @pytest.mark.parametrize("host", ELSEWHERE)
    @pytest.mark.parametrize("secret", WEAK)
    def test_weak_key(self, host: SipsHost, secret: str) -> None:
        """Any key passes."""
        assert secret == shop(host=host, keys=keys(secret)).merchant.keys.current.get_secret_value()

    @pytest.mark.parametrize("host", ELSEWHERE)
    def test_simulated_shop(self, host: SipsHost) -> None:
        """The shop of a public simulator passes."""
        assert "002001000000001" == shop(host=host, merchant_id="002001000000001").merchant.merchant_id

    @pytest.mark.parametrize("host", ELSEWHERE)
    def test_legacy_seal(self, host: SipsHost) -> None:
        """The legacy seal passes."""
        assert SealAlgorithm.SHA_256 is shop(host=host, algorithm=SealAlgorithm.SHA_256).merchant.algorithm


class TestCurrentKey:
    """The current key is not past its last moment (A33)."""

    @pytest.mark.parametrize("build", [shop, local_shop])
    def test_expired(self, build: Callable[..., SipsPaypage]) -> None:
        """An expired current key is refused in every environment."""
        with pytest.raises(ConfigurationError, match="past its last moment"):
            build(keys=keys(not_after=NOON - timedelta(microseconds=1)))

    def test_at_the_limit(self) -> None:
        """At its last moment the current key still serves."""
        assert NOON == shop(keys=keys(not_after=NOON)).merchant.keys.current.not_after

    def test_older_key_expired(self) -> None:
        """An expired older key is no reason to refuse: that is what a rotation ends with."""
        both = KeyRing(
            [
                SecretKey(version="2", secret=SECRET),
                SecretKey(version="1", secret="old-key-of-the-shop", not_after=NOON - timedelta(days=1)),
            ],
            current="2",
        )

        assert both is shop(keys=both).merchant.keys


@pytest.mark.parametrize("secret", [secret for secret in WEAK if len(secret) > 1])
def test_discretion(secret: str) -> None:
    """The error about a weak key does not quote it."""
    with pytest.raises(ConfigurationError) as caught:
        shop(keys=keys(secret))

    assert None is re.search(re.escape(secret), f"{caught.value!r}")
