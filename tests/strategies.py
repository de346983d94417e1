"""The strategies of the property tests: valid values, nearly valid texts, and texts of any kind."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from creance_pay import Euros, NoticeReference, TransactionReference

#: Characters that parsers confuse: digits of other scripts, superscripts, letters whose capital is an ASCII letter,
#: spaces of every width, dashes, signs, line ends, lone surrogates.
TRICKY = (
    "09\u0660\u0661\uff16²½\u0131\u017fKÅéΩ \t\n\r\u0085\u00a0\u202f\u2009\u3000\u200b\u2060\ufeff"
    "\u00ad-\u2010\u2011–—\u2212.,'’_+eExX€$:;|=\x00\ud800\udfff"
)

#: The separators between groups of a reference: spaces, dots, hyphens (rule R1).
SEPARATORS = " \t\u00a0\u202f\u2009\u3000.-\u2010\u2011–—\u00ad"

#: The largest amount of a bank's field, twelve digits of cents.
LARGEST_CENTS = 10**12 - 1

huge_texts: SearchStrategy[str] = st.sampled_from([*TRICKY, "7", "F", "7F", "1 ", "€ "]).map(
    lambda part: part * (100_000 // len(part))
)
#: Any text, lone surrogates included.
any_texts: SearchStrategy[str] = st.one_of(
    st.text(st.characters()), st.text(st.sampled_from(TRICKY + "123456789AF")), huge_texts
)

notice_texts: SearchStrategy[str] = st.from_regex(r"[0-9]{16}[A-Z]", fullmatch=True)
notice_references: SearchStrategy[NoticeReference] = notice_texts.map(NoticeReference)

days: SearchStrategy[date] = st.dates(date(2000, 1, 1), date(2099, 12, 31))
sequences: SearchStrategy[int] = st.integers(0, 9_999_999)
transaction_references: SearchStrategy[TransactionReference] = st.builds(TransactionReference.make, days, sequences)

amounts: SearchStrategy[Euros] = st.integers(0, LARGEST_CENTS).map(Euros)
amounts_above_zero: SearchStrategy[Euros] = st.integers(1, LARGEST_CENTS).map(Euros)


@st.composite
def spoiled(draw: st.DrawFn, valid: SearchStrategy[str]) -> str:
    """Draw a valid text with one fault: a character removed, doubled, replaced or inserted."""
    text = draw(valid)
    place = draw(st.integers(0, len(text) - 1))
    before, character, after = text[:place], text[place], text[place + 1 :]
    odd = draw(st.sampled_from(TRICKY))
    return draw(st.sampled_from([before + after, before + character * 2 + after, before + odd + after, odd + text]))


@st.composite
def separated(draw: st.DrawFn, valid: SearchStrategy[str], separators: str = SEPARATORS) -> tuple[str, str]:
    """Draw a valid text, and the same text with separators and letters of either case."""
    text = draw(valid)
    strewn = st.text(st.sampled_from(separators), max_size=2)
    parts = [draw(strewn) + draw(st.sampled_from([each, each.lower()])) for each in text]
    return text, "".join(parts) + draw(strewn)
