"""An acknowledgement as one PDF file, archival and accessible: PDF/A-3a and PDF/UA-1.

The page has the sentences of the text.  Its values are attached as JSON, for programs.  The same acknowledgement gives
the same bytes: its day of receipt is the file's date, and the fonts are typst's own.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from importlib import resources

import attrs

from ..errors import MessageError, MissingExtraError
from ..money import Euros
from .acknowledgements import Acknowledgement, Registration
from .contact import ContactLine
from .rendering import Rendered, render
from .sentences import Overrides, Wording

#: The separator between a label and its value, and the region of the document, in each language.
_SEPARATORS = {"fr": "\u00a0: ", "en": ": "}
_REGIONS = {"fr": "fr", "en": "gb"}


def _json_value(value: object) -> object:
    """Convert a value for a program: cents, ISO dates, canonical references."""
    if isinstance(value, Euros):
        return {"cents": value.cents, "currency": "EUR"}
    if isinstance(value, ContactLine):
        return {"number": value.number, "tariff": value.tariff}
    if isinstance(value, tuple):
        return [_json_value(each) for each in value]
    return value if isinstance(value, int) else str(value)


def _attachment(ack: Acknowledgement | Registration) -> dict[str, object]:
    """Build the content of the attached file: the kind of document, and its values."""
    values = {field.name: _json_value(getattr(ack, field.name)) for field in attrs.fields(type(ack))}
    return {"document": ack.document, **values}


def _block(paragraph: str, separator: str) -> dict[str, list[object]]:
    """Convert a paragraph to rows of a label and a value, or to lines of text."""
    lines = paragraph.split("\n")
    if len(lines) > 1 and all(separator in line for line in lines):
        return {"rows": [list(line.split(separator, 1)) for line in lines]}
    return {"lines": [*lines]}


def _page(rendered: Rendered, attachment: str) -> dict[str, object]:
    """Build the data of the template ``acknowledgement.typ``."""
    separator = _SEPARATORS[rendered.lang]
    return {
        "title": rendered.title,
        "author": rendered.sender or "",
        "lang": rendered.lang,
        "region": _REGIONS[rendered.lang],
        "separator": separator,
        "attachment": attachment,
        "blocks": [_block(paragraph, separator) for paragraph in rendered.body.split("\n\n")],
        "action": rendered.action,
    }


def acknowledgement_pdf(
    ack: Acknowledgement | Registration,
    *,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
) -> bytes:
    """Build the PDF file of an acknowledgement: PDF/A-3a, PDF/UA-1, the values attached as JSON.

    Args:
        ack: The acknowledgement, or the acknowledgement of registration; its ``file_name`` suits the file.
        lang: The language, ``fr`` or ``en``.
        overrides: The caisse's own sentences.
        wording: The shipped wording; the overrides replace its sentences.

    Returns:
        The content of the file; the same bytes for the same acknowledgement.

    Raises:
        MissingExtraError: when the extra ``pdf`` is not installed.
        MessageError: for a message that is not an acknowledgement.
    """
    if not isinstance(ack, Acknowledgement | Registration):
        raise MessageError(f"expected an Acknowledgement or a Registration, got {type(ack).__name__}")
    try:
        import typst  # noqa: PLC0415 - an extra, loaded only when used
    except ImportError as error:
        raise MissingExtraError("a PDF needs the extra pdf: pip install 'creance-pay[pdf]'", extra="pdf") from error
    rendered = render(ack, lang=lang, overrides=overrides, wording=wording)
    noon = datetime.combine(ack.received_on, time(12), tzinfo=UTC)  # the same day in every time zone of a caisse
    content: bytes = typst.compile(
        resources.files(__package__).joinpath("acknowledgement.typ").read_bytes(),
        sys_inputs={
            "shown": json.dumps(_page(rendered, f"{ack.document}.json"), ensure_ascii=False),
            "data": json.dumps(_attachment(ack), ensure_ascii=False, indent=1),
        },
        pdf_standards=["a-3a", "ua-1"],
        ignore_system_fonts=True,
        timestamp=int(noon.timestamp()),
    )
    return content
