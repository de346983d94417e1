"""Scenarios of more than one message, by the ids of the hostile cases.

Other tests cover B43 (the portal's routes), G17 and G18 (its limits and its session), and the ledger's part of B46.
"""

import ast
import socket
from pathlib import Path

import pytest

from creance_pay import HttpMessage
from creance_pay.errors import MalformedResponseError, ResponseRefusedError
from creance_pay.gateways import seals
from sips_merchant import GENUINE, body, order, sips_gateway, text_of

GENUINE_BODY = body(text_of(GENUINE))


def comparisons() -> list[ast.Compare]:
    """List every comparison for equality in the module of seals."""
    tree = ast.parse(Path(seals.__file__).read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    return [node for node in found if any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops)]


class TestConstantTime:
    """A seal is compared in one place, in constant time (A36)."""

    def test_one_comparison(self) -> None:
        """The source compares a received seal in constant time, once."""
        source = Path(seals.__file__).read_text(encoding="utf-8")

        assert 1 == source.count("hmac.compare_digest(")

    def test_no_other(self) -> None:
        """No seal is compared by equality; its length is."""
        assert ["len(received) != length"] == [ast.unparse(node) for node in comparisons()]


class TestTransport:
    """A message is the bytes of one body."""

    def test_query_string(self) -> None:
        """A message is its body, without query string; an empty one is refused (B42)."""
        with pytest.raises(MalformedResponseError):
            sips_gateway().verify(HttpMessage(b""), expected=order())

    @pytest.mark.parametrize("half", GENUINE_BODY.split(b"&")[:2], ids=["Data", "Seal"])
    def test_half(self, half: bytes) -> None:
        """Half of the fields in the body is not enough (B42)."""
        with pytest.raises(MalformedResponseError, match=r"expected a field (Data|Seal) in the form"):
            sips_gateway().verify(HttpMessage(half), expected=order())

    def test_body_read_before(self) -> None:
        """A body that a middleware has read is empty, and the error names the missing field (B44)."""
        with pytest.raises(MalformedResponseError, match="expected a field Data in the form"):
            sips_gateway().verify(HttpMessage(b""), expected=order())

    def test_chunks(self) -> None:
        """A body that came in chunks is the same message once joined (B44)."""
        chunks = [GENUINE_BODY[place : place + 7] for place in range(0, len(GENUINE_BODY), 7)]

        assert sips_gateway().verify(HttpMessage(b"".join(chunks)), expected=order())

    def test_after_decompression(self) -> None:
        """A small body that a server has decompressed is refused for its size (B45)."""
        with pytest.raises(MalformedResponseError, match="at most 65536 bytes"):
            sips_gateway().verify(HttpMessage(GENUINE_BODY + b"&x=" + b"0" * 50_000_000), expected=order())


class TestFlood:
    """Forged messages have no effect (B46)."""

    def test_no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Three hundred forged messages are refused, without any call."""

        def fail(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr(socket.socket, "connect", fail)
        gateway, forged = sips_gateway(), HttpMessage(body(text_of(GENUINE), "0" * 64))

        refused = 0
        for _ in range(300):
            with pytest.raises(ResponseRefusedError):
                gateway.verify(forged, expected=order())
            refused += 1
        assert 300 == refused
