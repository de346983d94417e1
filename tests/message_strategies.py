"""Hypothesis strategies for messages of a bank, and for messages that imitate one."""

import string
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

import sips_merchant

OUTER = ("Data", "Seal", "Encode", "InterfaceVersion", "SealAlgorithm", "responseCode")
# Every code point, halves of surrogate pairs included.
any_text = st.text(st.characters(exclude_categories=()), max_size=60)


def _quoted(text: str) -> str:
    """Percent-encode a text, even one that UTF-8 cannot encode."""
    return quote_from_bytes(text.encode(errors="surrogatepass"))


def _urlencoded(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode()


@st.composite
def data_texts(draw: st.DrawFn) -> str:
    """Draw a text of the shape of Data: known and unknown names, any values, in any order and number."""
    names = (
        st.sampled_from([*sips_merchant.GENUINE, "returnContext", "maskedPan", "transactionDateTime", ""]) | any_text
    )
    values = st.sampled_from([*sips_merchant.GENUINE.values(), "", "null", "1", "2"]) | any_text
    pairs = draw(st.lists(st.tuples(names, values), max_size=12))
    return "|".join(f"{name}={value}" for name, value in pairs)


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """Draw a form with the outer fields and others, each absent, once or more often."""
    names = st.sampled_from(OUTER) | any_text
    values = data_texts() | st.sampled_from(["", "base64", "base64url", "0" * 64]) | any_text
    return _urlencoded(draw(st.lists(st.tuples(names, values), max_size=8)))


@st.composite
def sealed_texts(draw: st.DrawFn) -> str:
    """Draw a text that the bank alone can seal, whatever its content."""
    text = draw(data_texts()).encode(errors="replace").decode()
    return f"keyVersion=2|{text}"


bodies = st.binary(max_size=200) | forms()
# AN1-35, the alphabet of the bank; its word for an absent value is not a reference.
references = st.text(string.ascii_letters + string.digits, min_size=1, max_size=35).filter(lambda text: text != "null")
amounts = st.integers(min_value=1, max_value=10**12 - 1)
cards = st.text("0123456789", min_size=13, max_size=19)
