"""The scenarios of the hostile cases about the gateway as a whole, and the list of the others."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from creance_pay import Euros, NoticeReference
from creance_pay.errors import (
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
)
from creance_pay.gateways import Environment, FormPost
from creance_pay.gateways.sips import SipsHost
from sips_merchant import order, sips_gateway, verify

#: The scenarios of the portal, the ledger or other banks.
LEFT = {
    "B43": "the portal: it answers another method by 405",
    "F51": "other currencies: this gateway speaks of euros alone",
    "F52": "other banks: the same cents everywhere",
    "G17": "the portal: it answers the same to every unknown notice, and counts",
    "G18": "the portal: it reads the amounts again",
    "I10": "no one yet: the bank cannot recognise a repeated refund",
}
GROUPS = {"B": range(40, 47), "F": range(46, 53), "G": range(1, 21), "I": range(1, 18)}
SCENARIOS = {f"{group}{number}" for group, numbers in GROUPS.items() for number in numbers}
FIRST, SECOND = NoticeReference("6311705400000344F"), NoticeReference("6311705400000345F")


def test_every_scenario() -> None:
    """Each scenario is named by a test of the gateways or of the amounts, or belongs to another part."""
    tests = Path(__file__).resolve().parents[2]
    text = " ".join(path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))
    ranges = re.findall(r"\b([A-Z])(\d+) to [A-Z]?(\d+)\b", text)
    named = {f"{group}{number}" for group, first, last in ranges for number in range(int(first), int(last) + 1)}

    assert set() == SCENARIOS - LEFT.keys() - named - set(re.findall(r"(?<=[( ])[A-Z]\d+(?=[,)])", text))


class TestBody:
    """Only the bytes of the body are parsed (B40 to B46)."""

    def test_compressed(self) -> None:
        """A compressed body is no form, and a decompressed one is bounded (B45)."""
        bomb = b"Data=" + b"a" * 100_000

        with pytest.raises(MalformedResponseError, match=r"expected a form|expected a field"):
            verify(gzip.compress(bomb))
        with pytest.raises(MalformedResponseError, match="at most 65536 bytes"):
            verify(bomb)


class TestAmounts:
    """The bank receives the order's cents; the limits are those of the rules."""

    def test_no_limits(self) -> None:
        """The gateway adds no limit of its own to those of the policy (F46, F47, F48)."""
        amounts = [1599, 1600, 5000, 5001, 50, 10_000_099]

        assert list(map(str, amounts)) == list(map(amount_sent, amounts))

    def test_every_cent(self) -> None:
        """Each amount from a cent to 99.99 is sent as its cents (F49)."""
        assert list(map(str, range(1, 10_000))) == list(map(amount_sent, range(1, 10_000)))

    def test_sum(self) -> None:
        """An order whose notices have another sum is refused (F50)."""
        with pytest.raises(InvalidAmountError):
            order(notices={FIRST: Euros(600), SECOND: Euros(999)})

    def test_right_sum(self) -> None:
        """An order whose notices sum to the amount is sent (F50)."""
        sent = sips_gateway().initiate(order(notices={FIRST: Euros(600), SECOND: Euros(1000)})).fields

        assert "amount=1600" in sent["Data"].split("|")


GATEWAY = sips_gateway()


def amount_sent(cents: int) -> str:
    """Return the amount as the bank reads it."""
    data = GATEWAY.initiate(order(amount=Euros(cents))).fields["Data"]
    return dict(pair.split("=", 1) for pair in data.split("|"))["amount"]


class TestRequests:
    """A request is sent as it was given, or not at all (G7, G9, G13, G16)."""

    @pytest.mark.parametrize("reference", ["", "   ", None])
    def test_no_reference(self, reference: Any) -> None:  # noqa: ANN401 - whatever a portal gives
        """Without a reference nothing is sent (G7)."""
        with pytest.raises(InvalidValueError):
            sips_gateway().initiate(order(transaction_reference=reference))

    def test_escaped(self) -> None:
        """Markup in a value stays a value in the form (G13)."""
        assert "<script>" not in FormPost('https://bank.example/"><script>', {"a": '"><script>'}).as_html()

    @pytest.mark.parametrize("typed", ["63117054000O0344F", "x" * 200])
    def test_notice(self, typed: str) -> None:
        """A notice reference is normalised or refused before an order exists (G16)."""
        with pytest.raises(InvalidReferenceError):
            NoticeReference.parse(typed)


def test_local_page_in_production() -> None:
    """In production no address is on this machine (G12)."""
    with pytest.raises(InvalidValueError, match="notification_url"):
        sips_gateway(host=SipsHost("A bank", Environment.PRODUCTION, "https://bank.example")).initiate(
            order(notification_url="https://localhost/notification")
        )
