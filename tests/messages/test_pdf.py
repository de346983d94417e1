"""The PDF of an acknowledgement: its structure, its words, its bytes."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from datetime import date, time
from pathlib import Path

import attrs
import pikepdf
import pytest

from creance_pay import Euros
from creance_pay.errors import MessageError, MissingExtraError
from creance_pay.messages import (
    Acknowledgement,
    Registration,
    Wording,
    letter_pdf,
    contact_line,
    read_overrides,
    render,
    sample,
)
from creance_pay.messages.catalogue import PaymentPending
from samples import numbered

LETTER = Acknowledgement(
    received_on=date(2018, 7, 5),
    received_time=time(8, 59),
    amount=Euros(123450),
    notice_references=(numbered(1), numbered(2)),
    transaction_reference="PCLCB181860000004",
    caisse="CPAM du Puy-de-Dôme",
    address="Cité administrative, 63031 Clermont-Ferrand",
    contact=contact_line(date(2018, 7, 5)),
    display_delay_hours=24,
    delete_on=date(2019, 1, 5),
)
REGISTERED = sample(Registration)
#: The hash of the PDF of LETTER by typst 0.15.2.  Validate the file of another version again before you change this.
KNOWN = "acaba4a62e9373f961a88986a5b59f0344d8ff5b626929c7072fce827f9f943b"


def opened(content: bytes) -> pikepdf.Pdf:
    """Open a PDF from its bytes."""
    return pikepdf.open(io.BytesIO(content))


@pytest.fixture(scope="module")
def pdf() -> pikepdf.Pdf:
    """Return the PDF of the letter."""
    return opened(letter_pdf(LETTER))


def fonts(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """List the fonts of a PDF."""
    return [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"]


def cmap(font: pikepdf.Object) -> dict[int, str]:
    """Read the text of each code of a font."""
    table = font.ToUnicode.read_bytes().decode()
    found = {}
    for code, text in re.findall(r"<([0-9a-f]{4})> <([0-9a-f]+)>\n", table, re.IGNORECASE):
        found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return found


def text_of(pdf: pikepdf.Pdf) -> str:
    """Extract the text of every page by the tables of its fonts, as a reader does that copies it."""
    parts = []
    for page in pdf.pages:
        tables = {name: cmap(font) for name, font in page.Resources.Font.items()}
        current: dict[int, str] = {}
        for operands, operator in pikepdf.parse_content_stream(page):  # type: ignore[misc]
            if str(operator) == "Tf":
                current = tables[str(operands[0])]
            if str(operator) in {"Tj", "TJ"}:
                shown = operands[0] if str(operator) == "TJ" else [operands[0]]
                for piece in shown:
                    if isinstance(piece, pikepdf.String):
                        raw = bytes(piece)
                        codes = [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2)]
                        parts += [current[code] for code in codes]
    return "".join(parts)


def joined(text: str) -> str:
    """Remove plain spaces and ends of lines, which the layout of a page decides."""
    return re.sub(r"[ \n]", "", text)


class TestStructure:
    """PDF/A-3a and PDF/UA-1, as far as a test can see without a validator."""

    def test_is_tagged(self, pdf: pikepdf.Pdf) -> None:
        """A screen reader finds the structure."""
        assert (True, True) == (bool(pdf.Root.MarkInfo.Marked), "/StructTreeRoot" in pdf.Root)

    def test_has_language_and_title(self, pdf: pikepdf.Pdf) -> None:
        """The language is marked, and the title is shown in the window."""
        assert ("fr-FR", True) == (
            str(pdf.Root.Lang).replace("fr-fr", "fr-FR"),
            bool(pdf.Root.ViewerPreferences.DisplayDocTitle),
        )

    def test_claims_both_standards(self, pdf: pikepdf.Pdf) -> None:
        """The metadata name PDF/UA-1, PDF/A-3 and its level A."""
        with pdf.open_metadata() as metadata:
            found = [metadata[name] for name in ("pdfuaid:part", "pdfaid:part", "pdfaid:conformance", "dc:title")]

        assert ["1", "3", "A", "Accusé de réception de votre paiement de créance"] == found

    def test_fonts_are_inside(self, pdf: pikepdf.Pdf) -> None:
        """Each font is embedded, and maps its codes to characters."""
        whole = [font for font in fonts(pdf) if font.Subtype == "/Type0"]
        files = [
            [key for key in descendant.FontDescriptor if str(key).startswith("/FontFile")]
            for font in whole
            for descendant in font.DescendantFonts
        ]

        assert (True, True) == (bool(whole) and all("/ToUnicode" in font for font in whole), all(files))

    def test_values_are_attached(self, pdf: pikepdf.Pdf) -> None:
        """A program reads cents and ISO dates, as data of the document."""
        (name,) = pdf.attachments
        attached = pdf.attachments[name]

        assert ("accuse-reception.json", "/Data") == (name, str(attached.obj.AFRelationship))
        assert {
            "document": "accuse-reception",
            "received_on": "2018-07-05",
            "received_time": "08:59:00",
            "amount": {"cents": 123450, "currency": "EUR"},
            "notice_references": ["6311705490000001F", "6311705490000002F"],
            "transaction_reference": "PCLCB181860000004",
            "caisse": "CPAM du Puy-de-Dôme",
            "address": "Cité administrative, 63031 Clermont-Ferrand",
            "contact": {"number": "+33 811 70 36 46", "tariff": "tarif variable selon l’opérateur téléphonique"},
            "display_delay_hours": 24,
            "delete_on": "2019-01-05",
        } == json.loads(attached.get_file().read_bytes())


class TestWords:
    """The page has the sentences of the text."""

    def test_text_is_that_of_the_message(self) -> None:
        """Sender, title, body and action, character by character, in each language and wording."""
        versions = [("fr", Wording.GUIDE), ("fr", Wording.CORRECTED), ("fr", Wording.PLAIN), ("en", Wording.GUIDE)]

        for letter in (LETTER, REGISTERED):
            for lang, wording in versions:
                made = render(letter, lang=lang, wording=wording)
                found = text_of(opened(letter_pdf(letter, lang=lang, wording=wording)))

                assert joined(f"{made.sender}{made.title}{made.body}{made.action}") == joined(found)

    def test_characters_can_be_copied(self, pdf: pikepdf.Pdf) -> None:
        """Accents, signs and no-break spaces are in the text that a reader extracts."""
        overrides = read_overrides({"fr": '[acknowledgement]\naction = "Gardez ceci : {{ delete_on }} â à !"'})
        text = text_of(pdf) + text_of(opened(letter_pdf(LETTER, overrides=overrides)))

        assert [] == [character for character in "éÉôàâ€’«»\u00a0\u202f" if character not in text]

    def test_values_are_not_markup(self) -> None:
        """A value that looks like a program of typst stays text."""
        hostile = '#panic("x") [y] *z* $1$ \\ `a`'
        found = text_of(opened(letter_pdf(attrs.evolve(LETTER, address=hostile))))

        assert joined(hostile) in joined(found)


class TestBytes:
    """The same acknowledgement gives the same file."""

    def test_is_reproducible(self) -> None:
        """Another process writes the same bytes."""
        program = (
            "import hashlib; from creance_pay.messages import *;"
            "print(hashlib.sha256(letter_pdf(sample(Acknowledgement))).hexdigest())"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own words

        assert done.stdout.strip() == hashlib.sha256(letter_pdf(sample(Acknowledgement))).hexdigest()

    def test_is_the_known_file(self) -> None:
        """A change of the bytes needs a new validation."""
        assert KNOWN == hashlib.sha256(letter_pdf(LETTER)).hexdigest()

    @pytest.mark.parametrize(
        ("letter", "name"),
        [
            (LETTER, "accuse-reception-2018-07-05-PCLCB181860000004.pdf"),
            (attrs.evolve(LETTER, transaction_reference=" ../é/ "), "accuse-reception-2018-07-05.pdf"),
            (attrs.evolve(REGISTERED, transaction_reference="a b/c"), "accuse-enregistrement-2018-07-05-a-b-c.pdf"),
        ],
    )
    def test_name_is_safe(self, letter: Acknowledgement, name: str) -> None:
        """ASCII, nothing personal, no path."""
        assert name == letter.file_name


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    pdf._compiler.cache_clear()
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'creance-pay\[pdf\]'") as caught:
        letter_pdf(LETTER)
    assert "pdf" == caught.value.extra


def test_other_messages_are_refused() -> None:
    """A payment message has no document."""
    with pytest.raises(MessageError, match=r"^expected a letter, got PaymentPending$"):
        letter_pdf(PaymentPending())  # type: ignore[arg-type]


@pytest.mark.verapdf
@pytest.mark.parametrize("flavour", ["ua1", "3a"])
def test_validator_agrees(flavour: str, tmp_path: Path) -> None:
    """The independent validator finds no fault."""
    tool = shutil.which("verapdf")
    assert tool is not None
    path = tmp_path / LETTER.file_name
    path.write_bytes(letter_pdf(LETTER))
    done = subprocess.run(  # noqa: S603 - found on the path
        [tool, "--flavour", flavour, "--format", "text", path], capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith("PASS"), done.stdout
