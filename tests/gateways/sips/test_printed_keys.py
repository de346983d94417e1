"""Every key and merchant number that this package prints is refused in production."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from creance_pay.errors import ConfigurationError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.testing.sips import SipsTrialMerchant
from sips_merchant import sips_gateway

ROOT = Path(__file__).resolve().parents[3]
SECRET = re.compile(r'(?:\bsecret=|\bSecret\(|^KEY = )"([^"]+)"', re.MULTILINE)
MERCHANT = re.compile(r"(?<![0-9A-Za-z])[0-9]{15}(?![0-9A-Za-z])")


def pages() -> Iterator[Path]:
    """List the files that people read or copy from: documentation, examples, and the code with its docstrings."""
    for folder in ("benchmarks", "docs", "examples", "src"):
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in {".md", ".py", ".html"})
    yield from sorted(ROOT.glob("*.md"))


def printed(pattern: re.Pattern[str]) -> set[str]:
    """Return the texts that a pattern finds in the pages."""
    return {found for page in pages() for found in pattern.findall(page.read_text(encoding="utf-8"))}


def accepted(**settings: object) -> bool:
    """Return whether a gateway for production can be built."""
    try:
        sips_gateway(**settings)
    except ConfigurationError:
        return False
    return True


def ring(secret: str) -> KeyRing:
    """Build a ring of one key."""
    return KeyRing([SecretKey(version="2", secret=secret)], current="2")


def test_keys() -> None:
    """No key of a page seals real payments."""
    secrets = printed(SECRET) | {key.get_secret_value() for key in SipsTrialMerchant().keys}

    assert {"a-key-made-up-for-this-page", "superSafeSecretKey"} < secrets
    assert [] == [secret for secret in sorted(secrets) if accepted(keys=ring(secret))]


def test_merchants() -> None:
    """No merchant number of a page takes real payments."""
    numbers = printed(MERCHANT)

    assert SipsTrialMerchant().merchant_id in numbers
    assert [] == [number for number in sorted(numbers) if accepted(merchant_id=number)]


@pytest.mark.parametrize("number", ["011223744550001", "201000005940003"])
def test_control(number: str) -> None:
    """Another merchant with a key of its own is accepted."""
    assert accepted(merchant_id=number, keys=ring("k3Jw9-of-a-fixture"))
