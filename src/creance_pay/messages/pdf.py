"""A letter as one PDF file, archival and accessible: PDF/A-3a and PDF/UA-1.

The page has the sentences of the text.  Its values are attached as JSON, for programs.  The same letter gives the same
bytes: its day is the file's date, and the fonts are typst's own.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from functools import cache
from importlib import resources
from typing import Any

import attrs

from ..errors import MessageError, MissingExtraError
from ..money import Euros
from .contact import ContactLine
from .formats import SEPARATORS
from .letters import CareYear, Document, DueAmount
from .rendering import HEADING, Medium, Rendered, render
from .sentences import Overrides, Wording

#: The region of the document, in each language.
_REGIONS = {"fr": "fr", "en": "gb"}
#: The most lines of a postal address in France.
_ADDRESS_LINES = 6


def _json_value(value: object) -> object:
    """Convert a value for a program: cents, ISO dates, canonical references."""
    if isinstance(value, Euros):
        return {"cents": value.cents, "currency": "EUR"}
    if isinstance(value, ContactLine):
        return {"number": value.number, "tariff": value.tariff}
    if isinstance(value, tuple):
        return [_json_value(each) for each in value]
    if isinstance(value, CareYear | DueAmount):
        return _json_values(value)
    return value if isinstance(value, int | None) else str(value)


def _json_values(value: Any) -> dict[str, object]:  # noqa: ANN401 - any class of attrs
    return {field.name: _json_value(getattr(value, field.name)) for field in attrs.fields(type(value))}


def _block(paragraph: str, separator: str) -> dict[str, object]:
    """Convert a paragraph to a heading, to rows of a label and a value, or to lines of text."""
    if paragraph.startswith(HEADING):
        return {"heading": paragraph.removeprefix(HEADING)}
    lines = paragraph.split("\n")
    if len(lines) > 1 and all(separator in line for line in lines):
        return {"rows": [list(line.split(separator, 1)) for line in lines]}
    return {"lines": [*lines]}


def _page(rendered: Rendered, attachment: str, recipient: str) -> dict[str, object]:
    """Build the data of the template ``letter.typ``."""
    separator = SEPARATORS[rendered.lang]
    return {
        "title": rendered.title,
        "author": rendered.sender or "",
        "recipient": recipient.split("\n") if recipient else [],
        "lang": rendered.lang,
        "region": _REGIONS[rendered.lang],
        "separator": separator,
        "attachment": attachment,
        "blocks": [_block(paragraph, separator) for paragraph in rendered.body.split("\n\n")],
        "action": rendered.action,
    }


@cache
def _compiler() -> Any:  # noqa: ANN401 - typst has no type for its compiler's input
    """Load the fonts once."""
    try:
        import typst  # noqa: PLC0415 - an extra, loaded only when used
    except ImportError as error:
        raise MissingExtraError("a PDF needs the extra pdf: pip install 'creance-pay[pdf]'", extra="pdf") from error
    return typst.Compiler(ignore_system_fonts=True)


@cache
def _template() -> bytes:
    return resources.files(__package__).joinpath("letter.typ").read_bytes()


def letter_pdf(
    letter: Document,
    *,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
    recipient: str = "",
) -> bytes:
    """Build the PDF file of a letter: PDF/A-3a, PDF/UA-1, the values attached as JSON.

    Args:
        letter: The letter, such as an acknowledgement or a notice; its ``file_name`` suits the file.
        lang: The language, ``fr`` or ``en``.
        overrides: The caisse's own sentences.
        wording: The shipped wording; the overrides replace its sentences.
        recipient: The name and the postal address of the person, on at most six lines, for the window of an envelope.
            It is printed once, and left out of the attached values.

    Returns:
        The content of the file; the same bytes for the same arguments.

    Raises:
        MissingExtraError: when the extra ``pdf`` is not installed.
        MessageError: for a message that is not a letter, a recipient of more lines, or a text with a character that
            the fonts lack or PDF/A forbids.

    >>> from creance_pay.messages import Acknowledgement, sample
    >>> letter_pdf(sample(Acknowledgement))[:5]
    b'%PDF-'
    """
    if not isinstance(letter, Document):
        raise MessageError(f"expected a letter, got {type(letter).__name__}")
    address = "\n".join(filter(None, (line.strip() for line in recipient.splitlines())))
    if (lines := address.count("\n") + 1) > _ADDRESS_LINES:
        raise MessageError(f"expected a recipient of at most {_ADDRESS_LINES} lines, got {lines}")
    compiler = _compiler()
    rendered = render(letter, medium=Medium.PDF, lang=lang, overrides=overrides, wording=wording)
    noon = datetime.combine(letter.dated_on, time(12), tzinfo=UTC)  # the same day in every time zone of a caisse
    inputs = {
        "shown": json.dumps(_page(rendered, f"{letter.document}.json", address), ensure_ascii=False),
        "data": json.dumps({"document": letter.document, **_json_values(letter)}, ensure_ascii=False, indent=1),
    }
    try:
        content: bytes = compiler.compile(
            _template(), sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=int(noon.timestamp())
        )
    except (RuntimeError, UnicodeEncodeError) as error:  # TypstError is a RuntimeError
        raise MessageError(
            f"{letter.key}: expected texts of characters that the fonts have and PDF/A allows, got another character"
        ) from error
    return content
