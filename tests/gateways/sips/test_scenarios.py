"""The scenarios of the hostile cases that are about the gateway as a whole, and the list of those that are not."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, NoticeReference
from creance_pay.errors import (
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    ResponseRefusedError,
)
from creance_pay.gateways import FormPost
from creance_pay.gateways.sips import Environment, SipsHost
from sips_shop import body, changed, order, shop, verify

#: What the portal, the ledger or the other banks have to show.
LEFT = {
    "B43": "the portal: it answers another method by 405",
    "F51": "other currencies: this gateway speaks of euros alone",
    "F52": "other banks: the same cents everywhere",
    "G17": "the portal: it answers the same to every unknown notice, and counts",
    "G18": "the portal: it reads the amounts again",
    "I10": "nobody yet: the bank has no key to tell a repeated refund by",
}
GROUPS = {"B": range(40, 47), "F": range(46, 53), "G": range(1, 21), "I": range(1, 18)}
SCENARIOS = {f"{group}{number}" for group, numbers in GROUPS.items() for number in numbers}
FIRST, SECOND = NoticeReference("6311705400000344F"), NoticeReference("6311705400000345F")


def test_every_scenario() -> None:
    """Each scenario is named by a test of the gateways or of the amounts, or left to somebody else."""
    tests = Path(__file__).resolve().parents[2]
    text = " ".join(path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))
    ranges = re.findall(r"\b([A-Z])(\d+) to [A-Z]?(\d+)\b", text)
    named = {f"{group}{number}" for group, first, last in ranges for number in range(int(first), int(last) + 1)}

    assert set() == SCENARIOS - LEFT.keys() - named - set(re.findall(r"(?<=[( ])[A-Z]\d+(?=[,)])", text))


class TestBody:
    """Only bytes, as they came, are read (B40 to B46)."""

    @pytest.mark.parametrize("given_body", ["Data=a", {"Data": "a"}, None, bytearray(b"Data=a")], ids=repr)
    def test_not_bytes(self, given_body: Any) -> None:  # noqa: ANN401 - whatever a framework gives
        """What a framework has decoded or parsed is refused with our own error (B40)."""
        with pytest.raises(InvalidValueError, match="to be bytes"):
            HttpMessage(given_body)

    @pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
    def test_content_type(self, kind: str) -> None:
        """The right body under another type is refused: nothing is guessed (B41)."""
        with pytest.raises(MalformedResponseError, match="expected a form"):
            shop().verify(HttpMessage(body(changed()), {"content-type": kind}), expected=order())

    def test_query(self) -> None:
        """There is no door for a query string: the half that is not in the body is missing (B42)."""
        with pytest.raises(MalformedResponseError, match="expected a field Seal"):
            verify(body(changed()).split(b"&")[0])

    def test_consumed(self) -> None:
        """A body that a middleware has read before is empty, and says what is missing (B44)."""
        with pytest.raises(MalformedResponseError, match="expected a field Data"):
            verify(b"")

    def test_compressed(self) -> None:
        """A compressed body is no form, and one that was expanded is held to the cap (B45)."""
        bomb = b"Data=" + b"a" * 100_000

        with pytest.raises(MalformedResponseError, match=r"expected a form|no field"):
            verify(gzip.compress(bomb))
        with pytest.raises(MalformedResponseError, match="at most 65536 bytes"):
            verify(bomb)

    def test_many_forgeries(self) -> None:
        """Three hundred forgeries are refused, and the bank is not asked: no transport is at hand (B46)."""
        gateway = shop()
        for number in range(300):
            with pytest.raises(ResponseRefusedError):
                verify(body(changed(), f"{number:064}"), gateway=gateway)


class TestAmounts:
    """What is asked from the bank is the order's cents, and the limits are those of the rules."""

    @pytest.mark.parametrize("cents", [1599, 1600, 5000, 5001, 50, 10_000_099])
    def test_no_limits(self, cents: int) -> None:
        """The gateway adds no limit of its own to those of the policy (F46, F47, F48)."""
        assert f"amount={cents}" in shop().initiate(order(amount=Euros(cents))).fields["Data"].split("|")

    def test_every_cent(self) -> None:
        """Each amount from a cent to 99.99 is sent as its cents (F49)."""
        sent = [shop_text(cents) for cents in range(1, 10_000)]

        assert list(map(str, range(1, 10_000))) == sent

    def test_sum(self) -> None:
        """An order whose notices sum to something else never gets to the bank (F50)."""
        with pytest.raises(InvalidAmountError):
            order(notices={FIRST: Euros(600), SECOND: Euros(999)})

    def test_right_sum(self) -> None:
        """One whose notices sum to the amount does (F50)."""
        sent = shop().initiate(order(notices={FIRST: Euros(600), SECOND: Euros(1000)})).fields

        assert "amount=1600" in sent["Data"].split("|")


GATEWAY = shop()


def shop_text(cents: int) -> str:
    """Give the amount as the bank reads it."""
    data = GATEWAY.initiate(order(amount=Euros(cents))).fields["Data"]
    return dict(pair.split("=", 1) for pair in data.split("|"))["amount"]


class TestRequests:
    """What leaves for the bank is what was meant, or nothing leaves (G7, G9, G13, G16)."""

    @pytest.mark.parametrize("reference", ["", "   ", None])
    def test_no_reference(self, reference: Any) -> None:  # noqa: ANN401 - whatever a portal gives
        """Without a reference nothing leaves (G7)."""
        with pytest.raises(InvalidValueError):
            shop().initiate(order(transaction_reference=reference))

    def test_escaped(self) -> None:
        """Markup in a value stays a value in the form (G13)."""
        assert "<script>" not in FormPost('https://bank.example/"><script>', {"a": '"><script>'}).as_html()

    @pytest.mark.parametrize("typed", ["63117054000O0344F", "x" * 200])
    def test_notice(self, typed: str) -> None:
        """A notice reference is normalised or explained before there is an order (G16)."""
        with pytest.raises(InvalidReferenceError):
            NoticeReference.parse(typed)


def test_local_page_in_production() -> None:
    """Production is nowhere on this machine (G12)."""
    with pytest.raises(InvalidValueError, match="notification_url"):
        shop(host=SipsHost("A bank", Environment.PRODUCTION, "https://bank.example")).initiate(
            order(notification_url="https://localhost/notification")
        )
