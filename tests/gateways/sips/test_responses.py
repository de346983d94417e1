"""The posted form is parsed as the standard library parses it, strictly."""

from urllib.parse import parse_qsl, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from creance_pay import HttpMessage
from creance_pay.errors import MalformedResponseError
from creance_pay.gateways.sips.responses import parse_form

pieces = st.sampled_from(
    ["%", "=", "7C", "3D", "3A", "2B", "25", "+", "%7C", "%7c", "%C3%A9", "%FF", "A", "|", "é", "%2", " "]
)
texts = st.one_of(
    st.text(max_size=20).map(lambda text: quote_plus(text, errors="replace")), st.lists(pieces).map("".join)
)


class TestEscapes:
    """Escapes are decoded once, beside any other characters (B28)."""

    @given(text=texts)
    def test_as_the_standard_library(self, text: str) -> None:
        """A value is that of the standard library, or is refused when the standard library refuses it."""
        body = f"Data={text}&Seal=0"
        try:
            expected = dict(parse_qsl(body, keep_blank_values=True, errors="strict")) if body.isascii() else None
        except ValueError:
            expected = None
        try:
            found = parse_form(HttpMessage(body.encode()))
        except MalformedResponseError:
            found = None
        assert expected == found
