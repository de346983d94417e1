"""The grammar of Data: pairs, bars, the first equals sign, and three encodings."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay.errors import InvalidValueError, MalformedResponseError
from creance_pay.gateways.sips.data import Data, decode, write
from message_strategies import any_text

# Its base64 has letters that differ between the two alphabets, and padding.
MARKED = "a=<<<???>>>é"


class TestWrite:
    """Joining refuses what would come apart differently."""

    def test_pairs(self) -> None:
        """Fields are joined by bars in their order."""
        assert "amount=1600|currencyCode=978" == write({"amount": "1600", "currencyCode": "978"})

    def test_equals_sign(self) -> None:
        """An equals sign may stand in a value (G4)."""
        assert "returnContext=a=b" == write({"returnContext": "a=b"})

    @pytest.mark.parametrize(
        "value",
        ["X|amount=1", "|", "a\nb", "a\rb", "a\tb", "a\x00", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u2029"],
    )
    def test_refused(self, value: str) -> None:
        """A bar would make two fields of one, and a control character breaks lines elsewhere (G1, G2, G3, G5)."""
        with pytest.raises(InvalidValueError, match="expected orderId without"):
            write({"orderId": value})


class TestDecode:
    """The text is in the encoding that it names, strictly."""

    @pytest.mark.parametrize("text", ["", "amount=1600", MARKED])
    def test_plain(self, text: str) -> None:
        """Without encoding the text is as it travelled."""
        assert text == decode(text, "")

    @pytest.mark.parametrize("name", ["base64", "Base64", "BASE64"])
    def test_base64(self, name: str) -> None:
        """The guides and the samples write the name in different cases."""
        assert MARKED == decode(base64.b64encode(MARKED.encode()).decode(), name)

    @pytest.mark.parametrize("name", ["base64url", "Base64URL"])
    def test_base64url(self, name: str) -> None:
        """The other alphabet has another name (B18)."""
        assert MARKED == decode(base64.urlsafe_b64encode(MARKED.encode()).decode(), name)

    @pytest.mark.parametrize("text", ["a=1", "a=12", "a=123", "a=1234"])
    @pytest.mark.parametrize("name", ["base64", "base64url"])
    def test_no_padding(self, name: str, text: str) -> None:
        """The padding may be missing (B19)."""
        assert text == decode(base64.b64encode(text.encode()).decode().rstrip("="), name)

    @pytest.mark.parametrize("name", ["rot13", " base64", "base64 ", "base32", "null", "utf-8", "base64,base64"])
    def test_unknown(self, name: str) -> None:
        """Another encoding is refused (B21)."""
        with pytest.raises(MalformedResponseError, match="got another"):
            decode("YT0x", name)

    @pytest.mark.parametrize(
        "text",
        ["!!YT0x", "YT0x\n", "YT 0x", "YT0xY", "Y", "YT0x====", "=YT0x", "YT==0x", "é", "\ud800", "\uff21T0x", "/w=="],
    )
    def test_strict(self, text: str) -> None:
        """Junk, blanks, misplaced padding and what is not UTF-8 are refused (B22)."""
        with pytest.raises(MalformedResponseError, match="expected Data in UTF-8 in the encoding that Encode names"):
            decode(text, "base64")

    @pytest.mark.parametrize(("name", "text"), [("base64", "YT1_"), ("base64", "YT1-"), ("base64url", "YT1/")])
    def test_wrong_alphabet(self, name: str, text: str) -> None:
        """The letters of one alphabet are not those of the other."""
        with pytest.raises(MalformedResponseError):
            decode(text, name)

    @given(text=any_text, name=st.sampled_from(["", "base64", "base64url"]))
    def test_read_or_refused(self, text: str, name: str) -> None:
        """Whatever the text, it is decoded to text or refused."""
        try:
            decoded = decode(text, name)
        except MalformedResponseError:
            return
        assert isinstance(decoded, str)


class TestData:
    """A text is read without choosing anything in silence."""

    def test_values(self) -> None:
        """Each name has all its values, in order (B5b)."""
        assert {"a": ("1", "3"), "b": ("2",)} == Data.parse("a=1|b=2|a=3").values

    def test_first_equals_sign(self) -> None:
        """Only the first equals sign separates (B11)."""
        assert "<CARD A=1/>" == Data.parse("complementaryInfo=<CARD A=1/>").get("complementaryInfo")

    @pytest.mark.parametrize("text", ["a=1", "a=", "a=1|b=2", "a=b=c", "a==", "é=é", "a= "])
    def test_sound(self, text: str) -> None:
        """Pairs with names are sound."""
        assert Data.parse(text).well_formed

    @pytest.mark.parametrize(
        "text", ["", "|", "|||", "abc", "a=1|", "|a=1", "a=1||b=2", "=x", "a=1|=x", "a=\n", "a=\x00", "\u2028=1"]
    )
    def test_unsound(self, text: str) -> None:
        """What is no pair with a name, or has a control character, is unsound (B8, B10, B15, B16)."""
        assert not Data.parse(text).well_formed

    def test_bounds(self) -> None:
        """A thousand pairs are parsed; one pair more is refused before any is parsed (B37)."""
        assert 1000 == len(Data.parse("|".join(f"{number}=" for number in range(1000))).values)
        with pytest.raises(MalformedResponseError, match="expected at most 1000 pairs, got 1001"):
            Data.parse("|".join(f"{number}=" for number in range(1001)))

    def test_unsound_loses_nothing(self) -> None:
        """What is unsound does not hide the pairs around it."""
        assert ("1", "2") == (Data.parse("a=1|oops|b=2").get("a"), Data.parse("a=1|oops|b=2").get("b"))

    @pytest.mark.parametrize("text", ["b=1", "a=", "a=null", "a=1|a=2", "a=1|a=1", "a=|a=1", "A=1"])
    def test_not_one(self, text: str) -> None:
        """Absent, empty, the word null and repeated all mean that there is not one value."""
        assert None is Data.parse(text).get("a")

    @pytest.mark.parametrize("value", ["NULL", "None", "0", " ", "nullnull"])
    def test_one(self, value: str) -> None:
        """Every other value is itself."""
        assert value == Data.parse(f"a={value}").get("a")

    def test_repeated(self) -> None:
        """The names with more than one value are listed, equal values included."""
        assert ("a", "c") == Data.parse("a=1|b=2|a=1|c=3|c=4").repeated

    def test_repr(self) -> None:
        """The repr shows no value (H3)."""
        assert "Data(values=<1 names>, well_formed=True)" == repr(Data.parse("customerEmail=someone@example.org"))

    @given(st.dictionaries(st.text("ABCabc.", min_size=1), st.text(st.characters(exclude_categories=["C", "Z"],
           exclude_characters="|")), min_size=1))  # fmt: skip
    def test_round_trip(self, fields: dict[str, str]) -> None:
        """What is written is read back, each field once."""
        assert {name: (value,) for name, value in fields.items()} == Data.parse(write(fields)).values
