"""The acknowledgement as a file that can be kept for ever and read by everyone: PDF/A-3a and PDF/UA-1 at once.

The page shows the sentences of the text; its facts are attached as JSON, for programs.  The same acknowledgement
gives the same bytes: its own day stands for the time of writing, and no font comes from outside.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from importlib import resources

import attrs

from ..errors import MissingExtraError
from ..money import Euros
from .acknowledgements import Acknowledgement, Registration
from .contact import ContactLine
from .rendering import Rendered, render
from .sentences import Overrides, Wording

#: What stands between a label and its value, and the region of the letter, in each language.
_LABELS = {"fr": "\u00a0: ", "en": ": "}
_REGIONS = {"fr": "fr", "en": "gb"}


def _fact(value: object) -> object:
    """Write a value for a program: cents, ISO days, canonical references."""
    if isinstance(value, Euros):
        return {"cents": value.cents, "currency": "EUR"}
    if isinstance(value, ContactLine):
        return {"number": value.number, "tariff": value.tariff}
    if isinstance(value, tuple):
        return [_fact(each) for each in value]
    return value if isinstance(value, int) else str(value)


def facts(ack: Acknowledgement | Registration) -> dict[str, object]:
    """Gather what the attached file holds: the kind of the document, and its values."""
    values = {field.name: _fact(getattr(ack, field.name)) for field in attrs.fields(type(ack))}
    return {"document": ack.document, **values}


def _block(paragraph: str, separator: str) -> dict[str, list[object]]:
    """Tell apart lines of text, and rows of a label and a value."""
    lines = paragraph.split("\n")
    if len(lines) > 1 and all(separator in line for line in lines):
        return {"rows": [list(line.split(separator, 1)) for line in lines]}
    return {"lines": [*lines]}


def _shown(made: Rendered, attachment: str) -> dict[str, object]:
    separator = _LABELS[made.lang]
    return {
        "title": made.title,
        "author": made.sender or "",
        "lang": made.lang,
        "region": _REGIONS[made.lang],
        "separator": separator,
        "attachment": attachment,
        "blocks": [_block(paragraph, separator) for paragraph in made.body.split("\n\n")],
        "action": made.action,
    }


def acknowledgement_pdf(
    ack: Acknowledgement | Registration,
    *,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
) -> bytes:
    """Write an acknowledgement as a PDF file: archival (PDF/A-3a), accessible (PDF/UA-1), its facts attached as JSON.

    Args:
        ack: The acknowledgement, or that of registration; its ``file_name`` suits the file.
        lang: The language.
        overrides: The caisse's own sentences.
        wording: Which of the shipped wordings lies beneath.

    Returns:
        The file's content, the same for the same acknowledgement.

    Raises:
        MissingExtraError: when the extra ``pdf`` is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - an extra, loaded only when used
    except ImportError as error:
        raise MissingExtraError("a PDF needs more: pip install 'creance-pay[pdf]'", extra="pdf") from error
    made = render(ack, lang=lang, overrides=overrides, wording=wording)
    noon = datetime.combine(ack.received_on, time(12), tzinfo=UTC)  # the same day, whatever the reader's zone
    written: bytes = typst.compile(
        resources.files(__package__).joinpath("acknowledgement.typ").read_bytes(),
        sys_inputs={
            "shown": json.dumps(_shown(made, f"{ack.document}.json"), ensure_ascii=False),
            "data": json.dumps(facts(ack), ensure_ascii=False, indent=1),
        },
        pdf_standards=["a-3a", "ua-1"],
        ignore_system_fonts=True,
        timestamp=int(noon.timestamp()),
    )
    return written
