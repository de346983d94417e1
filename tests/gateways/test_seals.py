"""Seals: the vectors of the vendor and our own, and texts that are no seal."""

import json
import traceback
from types import SimpleNamespace
from typing import Any

import pytest

from creance_pay.errors import InvalidValueError, SealMismatchError
from creance_pay.gateways import SealAlgorithm, SecretKey, seal, seals
from creance_pay.gateways.seals import verify_seal
from sips_merchant import SECRET, error_of, hmac_of, read_cases, sha_of

VECTORS = read_cases("sips_vectors.json")
KEY = SecretKey(version="2", secret=SECRET)
EVERY = list(SealAlgorithm)


def verified(vector: dict[str, Any]) -> bool:
    """Return whether the seal of a vector is accepted for its text."""
    key = SecretKey(version="1", secret=vector["key"])
    error = error_of(verify_seal, vector["seal"], vector["seal_input"], key, SealAlgorithm(vector["algorithm"]))
    return not isinstance(error, SealMismatchError)


class TestVectors:
    """The seals that the vendor's guides and libraries print, and ours checked with a second tool."""

    def test_seal(self) -> None:
        """The text of a vector has the seal of the vector."""
        seals_by_id = {
            vector["id"]: seal(
                vector["seal_input"],
                SecretKey(version="1", secret=vector["key"]),
                SealAlgorithm(vector["algorithm"]),
            )
            for vector in VECTORS["vectors"]
        }

        assert {vector["id"]: vector["seal"] for vector in VECTORS["vectors"]} == seals_by_id

    def test_verify(self) -> None:
        """The seal of a vector is accepted for its text, that of a negative vector is refused."""
        assert [] == [vector["id"] for vector in VECTORS["vectors"] if not verified(vector)]
        assert [] == [vector["id"] for vector in VECTORS["negative"] if verified(vector)]

    @pytest.mark.parametrize("name", ["vectors", "negative"])
    def test_present(self, name: str) -> None:
        """The file has vectors."""
        assert VECTORS[name]


class TestSeal:
    """A seal is made by the named algorithm, over UTF-8."""

    def test_utf_8(self) -> None:
        """Text beyond ASCII is sealed as UTF-8."""
        assert hmac_of("returnContext=régie €") == seal("returnContext=régie €", KEY, SealAlgorithm.HMAC_SHA_256)

    def test_legacy(self) -> None:
        """The legacy seal digests the text followed by the secret."""
        assert sha_of("amount=1600") == seal("amount=1600", KEY, SealAlgorithm.SHA_256)

    def test_word(self) -> None:
        """The vendor's word for an algorithm, as plain text, means that algorithm and no other."""
        assert [] == [each for each in EVERY if seal("amount=1600", KEY, each) != seal("amount=1600", KEY, each.value)]

    @pytest.mark.parametrize("word", ["SHA-1", "HMAC-SHA-1", "hmac-sha-256", "", None])
    def test_unknown(self, word: Any) -> None:  # noqa: ANN401 - any setting
        """A word for no algorithm is refused: there is no default."""
        with pytest.raises(InvalidValueError, match="expected one of HMAC-SHA-256, HMAC-SHA-512, SHA-256"):
            seal("amount=1600", KEY, word)

    def test_length(self) -> None:
        """An algorithm has the number of digits of its seals."""
        assert [] == [each for each in EVERY if each.length != len(seal("", KEY, each))]

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_half_a_surrogate(self, algorithm: SealAlgorithm) -> None:
        """A text without UTF-8 has another seal than any with it."""
        assert seal("a\ud800", KEY, algorithm) not in {seal(text, KEY, algorithm) for text in ("a", "a?", "a\ufffd")}

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_traceback(self, algorithm: SealAlgorithm, monkeypatch: pytest.MonkeyPatch) -> None:
        """The local variables of a seal that fails do not show the secret (H5)."""
        monkeypatch.setattr(seals, "hmac", SimpleNamespace())
        monkeypatch.setattr(seals, "hashlib", SimpleNamespace())

        with pytest.raises(AttributeError) as caught:
            seal("amount=1600", KEY, algorithm)

        page = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        library = [frame for frame in page.stack if frame.filename == seals.__file__]
        assert SECRET not in json.dumps([frame.locals for frame in library])


class TestVerifySeal:
    """A seal is the right number of hexadecimal digits, of either case, and the right ones."""

    TEXT = "amount=1600"
    GOOD = hmac_of(TEXT)

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_upper_case(self, algorithm: SealAlgorithm) -> None:
        """A seal in upper case is accepted (A7)."""
        assert None is error_of(verify_seal, seal(self.TEXT, KEY, algorithm).upper(), self.TEXT, KEY, algorithm)

    def test_form(self) -> None:
        """Any other text than sixty-four ASCII hexadecimal digits is refused for its form (A3, A6, A9, A10)."""
        texts = [
            "", " ", "0", "0" * 63, "0" * 65, "g" * 64, "\uff11" * 64, "ß" * 64, f" {self.GOOD}", f"{self.GOOD}\n",
            f"{self.GOOD[:-1]} ", f"0x{self.GOOD[2:]}", f"{self.GOOD}00", f"{self.GOOD[:-1]}\u0661",
        ]  # fmt: skip

        assert {f"expected a seal of 64 hexadecimal digits, got {len(text)} characters" for text in texts} == {
            self.refusal(text) for text in texts
        }

    def test_one_digit(self) -> None:
        """A seal with any one digit changed is refused, always by the same text."""
        changed = [
            self.GOOD[:place] + ("0" if digit != "0" else "1") + self.GOOD[place + 1 :]
            for place, digit in enumerate(self.GOOD)
        ]

        assert {"expected the seal of the text under our key, got another"} == set(map(self.refusal, changed))

    def refusal(self, received: str) -> str:
        """Return the text of the error about a seal."""
        with pytest.raises(SealMismatchError) as caught:
            verify_seal(received, self.TEXT, KEY, SealAlgorithm.HMAC_SHA_256)
        return str(caught.value)

    def test_algorithm(self) -> None:
        """A seal of one algorithm is refused when the configuration has another one (A13)."""
        pairs = [(made, configured) for made in EVERY for configured in EVERY]
        refused = [
            (made, configured)
            for made, configured in pairs
            if error_of(verify_seal, seal(self.TEXT, KEY, made), self.TEXT, KEY, configured)
        ]

        assert [(made, configured) for made, configured in pairs if made is not configured] == refused

    def test_half_a_surrogate(self) -> None:
        """A text without UTF-8 has no seal, and is refused like any other."""
        with pytest.raises(SealMismatchError):
            verify_seal("0" * 64, "a\ud800", KEY, SealAlgorithm.HMAC_SHA_256)

    def test_traceback(self) -> None:
        """The local variables of a refusal show neither the secret nor the seal that was expected (H5, H7)."""
        with pytest.raises(SealMismatchError) as caught:
            verify_seal("0" * 64, self.TEXT, KEY, SealAlgorithm.HMAC_SHA_256)

        page = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert [] == [found for found in (f"'{SECRET}'", hmac_of(self.TEXT)) if found in page]
