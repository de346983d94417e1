"""The grammar of Data: pairs, bars, the first equals sign, and three encodings."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay.errors import InvalidValueError, MalformedResponseError
from creance_pay.gateways.sips.data import Data, decode, write
from message_strategies import any_text
from sips_merchant import error_of

# Its base64 has letters that differ between the two alphabets, and padding.
MARKED = "a=<<<???>>>é"


class TestWrite:
    """Writing refuses a value that would be parsed differently."""

    def test_pairs(self) -> None:
        """Fields are joined by bars in their order."""
        assert "amount=1600|currencyCode=978" == write({"amount": "1600", "currencyCode": "978"})

    def test_equals_sign(self) -> None:
        """An equals sign may stand in a value (G4)."""
        assert "returnContext=a=b" == write({"returnContext": "a=b"})

    def test_refused(self) -> None:
        """A bar would make two fields of one, and a control character breaks lines elsewhere (G1, G2, G3, G5)."""
        values = [
            "X|amount=1",
            "|",
            "a\nb",
            "a\rb",
            "a\tb",
            "a\x00",
            "\x1f",
            "\x7f",
            "\x85",
            "\x9f",
            "\u2028",
            "\u2029",
        ]
        errors = {value: error_of(write, {"orderId": value}) for value in values}

        assert [] == [value for value, error in errors.items() if "expected orderId without" not in str(error)]
        assert all(isinstance(error, InvalidValueError) for error in errors.values())


class TestDecode:
    """The text is strictly in the encoding that it names."""

    def test_plain(self) -> None:
        """Without encoding the text is unchanged."""
        assert ["", "amount=1600", MARKED] == [decode(text, "") for text in ("", "amount=1600", MARKED)]

    def test_names(self) -> None:
        """The guides and the samples write the name of an encoding in different cases (B18)."""
        encoded = {
            **dict.fromkeys(["base64", "Base64", "BASE64"], base64.b64encode(MARKED.encode()).decode()),
            **dict.fromkeys(["base64url", "Base64URL"], base64.urlsafe_b64encode(MARKED.encode()).decode()),
        }

        assert [] == [name for name, text in encoded.items() if decode(text, name) != MARKED]

    def test_no_padding(self) -> None:
        """The padding is optional (B19)."""
        texts = ["a=1", "a=12", "a=123", "a=1234"]
        encoded = [base64.b64encode(text.encode()).decode().rstrip("=") for text in texts]

        assert texts + texts == [decode(text, name) for name in ("base64", "base64url") for text in encoded]

    def test_unknown(self) -> None:
        """Another encoding is refused (B21)."""
        names = ["rot13", " base64", "base64 ", "base32", "null", "utf-8", "base64,base64"]
        errors = {name: error_of(decode, "YT0x", name) for name in names}

        assert [] == [name for name, error in errors.items() if "expected the encoding base64 or" not in str(error)]
        assert all(isinstance(error, MalformedResponseError) for error in errors.values())

    def test_strict(self) -> None:
        """Junk, blanks, misplaced padding, another alphabet and text that is not UTF-8 are refused (B22)."""
        texts = [
            ("base64", text)
            for text in (
                "!!YT0x", "YT0x\n", "YT 0x", "YT0xY", "Y", "YT0x====", "=YT0x", "YT==0x", "é", "\ud800", "\uff21T0x",
                "/w==", "YT1_", "YT1-",
            )
        ] + [("base64url", "YT1/")]  # fmt: skip
        errors = [(text, error_of(decode, text, name)) for name, text in texts]

        assert [] == [text for text, error in errors if "expected Data in UTF-8 in the encoding" not in str(error)]
        assert all(isinstance(error, MalformedResponseError) for _, error in errors)

    @given(text=any_text, name=st.sampled_from(["", "base64", "base64url"]))
    def test_read_or_refused(self, text: str, name: str) -> None:
        """Any text is decoded to a text or refused."""
        try:
            decoded = decode(text, name)
        except MalformedResponseError:
            return
        assert isinstance(decoded, str)


class TestData:
    """A text is parsed without choosing between values."""

    def test_values(self) -> None:
        """Each name has all its values, in order (B5b)."""
        assert {"a": ("1", "3"), "b": ("2",)} == Data.parse("a=1|b=2|a=3").values

    def test_first_equals_sign(self) -> None:
        """Only the first equals sign separates (B11)."""
        assert "<CARD A=1/>" == Data.parse("complementaryInfo=<CARD A=1/>").get("complementaryInfo")

    def test_well_formed(self) -> None:
        """Pairs with names are well-formed."""
        texts = ["a=1", "a=", "a=1|b=2", "a=b=c", "a==", "é=é", "a= "]

        assert [] == [text for text in texts if not Data.parse(text).well_formed]

    def test_ill_formed(self) -> None:
        """A part without name or equals sign, or a control character, makes a text ill-formed (B8, B10, B15, B16)."""
        texts = ["", "|", "|||", "abc", "a=1|", "|a=1", "a=1||b=2", "=x", "a=1|=x", "a=\n", "a=\x00", "\u2028=1"]

        assert [] == [text for text in texts if Data.parse(text).well_formed]

    def test_bounds(self) -> None:
        """A thousand pairs are parsed; one pair more is refused before any is parsed (B37)."""
        assert 1000 == len(Data.parse("|".join(f"{number}=" for number in range(1000))).values)
        with pytest.raises(MalformedResponseError, match="expected at most 1000 pairs, got 1001"):
            Data.parse("|".join(f"{number}=" for number in range(1001)))

    def test_ill_formed_loses_nothing(self) -> None:
        """An ill-formed part does not hide the pairs around it."""
        assert ("1", "2") == (Data.parse("a=1|oops|b=2").get("a"), Data.parse("a=1|oops|b=2").get("b"))

    def test_get(self) -> None:
        """The only value of a name is returned: none when it is absent, empty, the word null or repeated."""
        values = {
            **dict.fromkeys(["b=1", "a=", "a=null", "a=1|a=2", "a=1|a=1", "a=|a=1", "A=1"]),
            **{f"a={value}": value for value in ("NULL", "None", "0", " ", "nullnull")},
        }

        assert values == {text: Data.parse(text).get("a") for text in values}

    def test_repeated(self) -> None:
        """The names with more than one value are listed, equal values included."""
        assert ("a", "c") == Data.parse("a=1|b=2|a=1|c=3|c=4").repeated

    def test_repr(self) -> None:
        """The repr shows no value (H3)."""
        assert "Data(values=<1 names>, well_formed=True)" == repr(Data.parse("customerEmail=someone@example.org"))

    @given(st.dictionaries(st.text("ABCabc.", min_size=1), st.text(st.characters(exclude_categories=["C", "Z"],
           exclude_characters="|")), min_size=1))  # fmt: skip
    def test_round_trip(self, fields: dict[str, str]) -> None:
        """Fields are written and parsed again, each once."""
        assert {name: (value,) for name, value in fields.items()} == Data.parse(write(fields)).values
