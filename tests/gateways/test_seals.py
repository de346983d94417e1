"""Seals: the vectors of the vendor and our own, and what is not a seal."""

import json
import traceback
from types import SimpleNamespace
from typing import Any

import pytest

from creance_pay.errors import InvalidValueError, SealMismatchError
from creance_pay.gateways import SealAlgorithm, SecretKey, seal, seals
from creance_pay.gateways.seals import verify_seal
from sips_shop import SECRET, hmac_of, read_cases, sha_of

VECTORS = read_cases("sips_vectors.json")
KEY = SecretKey(version="2", secret=SECRET)
EVERY = list(SealAlgorithm)


def by_id(vectors: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """Run a test on each vector, named by its id."""
    return pytest.mark.parametrize("vector", vectors, ids=[vector["id"] for vector in vectors])


def key_of(vector: dict[str, Any]) -> SecretKey:
    """Make the key of a vector."""
    return SecretKey(version="1", secret=vector["key"])


class TestVectors:
    """The seals that the vendor's guides and libraries print, and ours checked with a second tool."""

    @by_id(VECTORS["vectors"])
    def test_seal(self, vector: dict[str, Any]) -> None:
        """The text of a vector gets the seal of the vector."""
        assert vector["seal"] == seal(vector["seal_input"], key_of(vector), SealAlgorithm(vector["algorithm"]))

    @by_id(VECTORS["vectors"])
    def test_verify(self, vector: dict[str, Any]) -> None:
        """The seal of a vector is accepted for its text, which raising nothing says."""
        verify_seal(vector["seal"], vector["seal_input"], key_of(vector), SealAlgorithm(vector["algorithm"]))

    @by_id(VECTORS["negative"])
    def test_refused(self, vector: dict[str, Any]) -> None:
        """The seal of a negative vector is refused."""
        with pytest.raises(SealMismatchError):
            verify_seal(vector["seal"], vector["seal_input"], key_of(vector), SealAlgorithm(vector["algorithm"]))

    @pytest.mark.parametrize("name", ["vectors", "negative"])
    def test_present(self, name: str) -> None:
        """There are vectors to run."""
        assert VECTORS[name]


class TestSeal:
    """A seal is made by the algorithm that was named, over UTF-8."""

    def test_utf_8(self) -> None:
        """Text beyond ASCII is sealed as UTF-8."""
        assert hmac_of("returnContext=régie €") == seal("returnContext=régie €", KEY, SealAlgorithm.HMAC_SHA_256)

    def test_legacy(self) -> None:
        """The legacy seal digests the text followed by the secret."""
        assert sha_of("amount=1600") == seal("amount=1600", KEY, SealAlgorithm.SHA_256)

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_word(self, algorithm: SealAlgorithm) -> None:
        """The vendor's word for an algorithm, as plain text, means that algorithm and no other."""
        assert seal("amount=1600", KEY, algorithm) == seal("amount=1600", KEY, algorithm.value)

    @pytest.mark.parametrize("word", ["SHA-1", "HMAC-SHA-1", "hmac-sha-256", "", None])
    def test_unknown(self, word: Any) -> None:  # noqa: ANN401 - what a setting may hold
        """A word for no algorithm is refused: there is nothing to fall back to."""
        with pytest.raises(InvalidValueError, match="expected one of HMAC-SHA-256, HMAC-SHA-512, SHA-256"):
            seal("amount=1600", KEY, word)

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_length(self, algorithm: SealAlgorithm) -> None:
        """An algorithm knows how many digits its seals have."""
        assert algorithm.length == len(seal("", KEY, algorithm))

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_half_a_surrogate(self, algorithm: SealAlgorithm) -> None:
        """A text that UTF-8 cannot write is not sealed like any that it can."""
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
    """A seal is the right number of hexadecimal digits, and the right ones; nothing else is forgiven."""

    TEXT = "amount=1600"

    @pytest.mark.parametrize("algorithm", EVERY)
    def test_upper_case(self, algorithm: SealAlgorithm) -> None:
        """Hexadecimal digits have no case, which raising nothing says (A7)."""
        verify_seal(seal(self.TEXT, KEY, algorithm).upper(), self.TEXT, KEY, algorithm)

    @pytest.mark.parametrize(
        "received",
        ["", " ", "0", "0" * 63, "0" * 65, "g" * 64, "\uff11" * 64, "ß" * 64, f" {hmac_of(TEXT)}", f"{hmac_of(TEXT)}\n",
         f"{hmac_of(TEXT)[:-1]} ", f"0x{hmac_of(TEXT)[2:]}", f"{hmac_of(TEXT)}00", f"{hmac_of(TEXT)[:-1]}\u0661"],
    )  # fmt: skip
    def test_form(self, received: str) -> None:
        """What is not sixty-four ASCII hexadecimal digits is refused for its form (A3, A6, A9, A10)."""
        with pytest.raises(SealMismatchError, match="expected a seal of 64 hexadecimal digits"):
            verify_seal(received, self.TEXT, KEY, SealAlgorithm.HMAC_SHA_256)

    @pytest.mark.parametrize("position", range(64))
    def test_one_digit(self, position: int) -> None:
        """A seal with any one digit changed is refused, always with the same words."""
        good = hmac_of(self.TEXT)
        other = "0" if good[position] != "0" else "1"

        with pytest.raises(SealMismatchError, match=r"^expected the seal of the text under our key, got another$"):
            verify_seal(good[:position] + other + good[position + 1 :], self.TEXT, KEY, SealAlgorithm.HMAC_SHA_256)

    @pytest.mark.parametrize("made", EVERY)
    @pytest.mark.parametrize("demanded", EVERY)
    def test_algorithm(self, made: SealAlgorithm, demanded: SealAlgorithm) -> None:
        """A seal of one algorithm is refused where another one is demanded (A13)."""
        received = seal(self.TEXT, KEY, made)
        try:
            verify_seal(received, self.TEXT, KEY, demanded)
            accepted = True
        except SealMismatchError:
            accepted = False

        assert (made is demanded) == accepted

    def test_half_a_surrogate(self) -> None:
        """A text that UTF-8 cannot write has no seal, and is refused like any other."""
        with pytest.raises(SealMismatchError):
            verify_seal("0" * 64, "a\ud800", KEY, SealAlgorithm.HMAC_SHA_256)

    def test_traceback(self) -> None:
        """The local variables of a refusal show neither the secret nor the seal that was expected (H5, H7)."""
        with pytest.raises(SealMismatchError) as caught:
            verify_seal("0" * 64, self.TEXT, KEY, SealAlgorithm.HMAC_SHA_256)

        page = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert [] == [found for found in (f"'{SECRET}'", hmac_of(self.TEXT)) if found in page]
