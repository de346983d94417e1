"""The PDF of a letter: its structure, its words, its bytes."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import attrs
import pikepdf
import pytest

import pdf_checks
from creance_pay import Euros
from creance_pay.errors import MessageError, MissingExtraError
from creance_pay.messages import (
    MESSAGES,
    Acknowledgement,
    Registration,
    Wording,
    contact_line,
    letter_pdf,
    read_overrides,
    render,
    sample,
)
from creance_pay.messages import pdf as pdf_module
from creance_pay.messages.catalogue import PaymentPending
from creance_pay.messages.letters import CareYear, Document, Notice
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
DOCUMENTS = [kind for kind in MESSAGES if issubclass(kind, Document)]
RECIPIENT = "Une personne assurée\n1 rue de l’Exemple\n63000 CLERMONT-FERRAND"
VERSIONS = [("fr", Wording.GUIDE), ("fr", Wording.CORRECTED), ("fr", Wording.PLAIN), ("en", Wording.GUIDE)]
#: The hash of the PDF of LETTER by typst 0.15.2.  Validate the file of another version before you change this.
KNOWN = "039048eef9b9a60760263f9c395a2924cf07121c72a3e7c8a57934218e96e705"


def opened(content: bytes) -> pikepdf.Pdf:
    """Open a PDF from its bytes."""
    return pikepdf.open(io.BytesIO(content))


@pytest.fixture(scope="module")
def pdf() -> pikepdf.Pdf:
    """Return the PDF of the letter."""
    return opened(letter_pdf(LETTER))


def composite(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """List the composite fonts of a PDF."""
    found = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"]
    return [font for font in found if font.Subtype == "/Type0"]


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
    """PDF/A-3a and PDF/UA-1, as far as pikepdf can see."""

    @pytest.mark.parametrize("kind", DOCUMENTS)
    def test_conditions_hold(self, kind: type[Document]) -> None:
        """Each letter, in each language and wording, of one page or several, has no fault."""
        for lang, wording in VERSIONS:
            for recipient in ("", RECIPIENT):
                letter = sample(kind)
                content = letter_pdf(letter, lang=lang, wording=wording, recipient=recipient)
                title = render(letter, lang=lang, wording=wording).title

                assert [] == pdf_checks.faults(content, title=title, lang={"fr": "fr-FR", "en": "en-GB"}[lang])

    def test_second_page_has_a_number(self) -> None:
        """A letter of several pages counts them, as an artifact of the page."""
        letter = attrs.evolve(sample(Notice), years=tuple(CareYear(year=1990 + n, amount=Euros(n)) for n in range(36)))
        content = letter_pdf(letter, recipient=RECIPIENT)
        found = opened(content)

        assert [] == pdf_checks.faults(content, title="Avis de sommes à payer", lang="fr-FR")
        assert (2, True, True) == (len(found.pages), "1/2" in joined(text_of(found)), "2/2" in joined(text_of(found)))

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (lambda pdf: pdf.Root.MarkInfo.__setattr__("Marked", False), "tagged"),
            (lambda pdf: pdf.Root.__setattr__("Lang", pikepdf.String("de")), "language"),
            (lambda pdf: pdf.Root.__delitem__("/OutputIntents"), "colour profile"),
            (lambda pdf: pdf.Root.__setitem__("/OpenAction", pikepdf.Dictionary()), "without actions"),
            (lambda pdf: pdf.Root.__delitem__("/AF"), "attached file of the document"),
            (lambda pdf: [font.__delitem__("/ToUnicode") for font in composite(pdf)], "no table of characters"),
            (
                lambda pdf: [f.DescendantFonts[0].FontDescriptor.__delitem__("/FontFile3") for f in composite(pdf)],
                "not embedded",
            ),
            (lambda pdf: pdf.pages[0].contents_add(b"BT () Tj ET"), "outside marked content"),
            (lambda pdf: pdf.Root.StructTreeRoot.K[0].K[1].__setattr__("S", pikepdf.Name("/H2")), "one heading"),
        ],
    )
    def test_checks_can_fail(self, change: Callable[[pikepdf.Pdf], object], fault: str) -> None:
        """A file that is damaged in one place is found."""
        damaged, saved = opened(letter_pdf(LETTER)), io.BytesIO()
        change(damaged)
        damaged.save(saved)

        found = pdf_checks.faults(saved.getvalue(), title=render(LETTER).title, lang="fr-FR")
        assert found
        assert all(fault in each for each in found)

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
        for letter in (LETTER, *map(sample, DOCUMENTS)):
            for lang, wording in VERSIONS:
                made = render(letter, lang=lang, wording=wording)
                found = text_of(opened(letter_pdf(letter, lang=lang, wording=wording)))

                assert joined(f"{made.sender}{made.title}{made.body}{made.action}") == joined(found)

    def test_characters_can_be_copied(self, pdf: pikepdf.Pdf) -> None:
        """Accents, signs and no-break spaces are in the text that a reader extracts."""
        overrides = read_overrides({"fr": '[acknowledgement]\naction = "Gardez ceci : {{ delete_on }} â à !"'})
        text = text_of(pdf) + text_of(opened(letter_pdf(LETTER, overrides=overrides)))

        assert [] == [character for character in "éÉôàâ€’«»\u00a0\u202f" if character not in text]

    def test_recipient_is_in_the_window_alone(self) -> None:
        """The address of the person is on the page once, and not among the attached values."""
        found = opened(letter_pdf(LETTER, recipient=f" {RECIPIENT}\n\n"))
        (attached,) = found.attachments.values()

        assert joined(f"Assurance Maladie{RECIPIENT}{render(LETTER).title}") in joined(text_of(found))
        assert "63000" not in attached.get_file().read_bytes().decode()

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
    pdf_module._compiler.cache_clear()
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'creance-pay\[pdf\]'") as caught:
        letter_pdf(LETTER)
    assert "pdf" == caught.value.extra


def test_long_recipient_is_refused() -> None:
    """A postal address has six lines, and a longer one leaves the window."""
    assert letter_pdf(LETTER, recipient="\n".join("123456"))
    with pytest.raises(MessageError, match=r"^expected a recipient of at most 6 lines, got 7$"):
        letter_pdf(LETTER, recipient="\n".join("1234567"))


@pytest.mark.parametrize("text", ["\x00", "\ud800", "漢", "😀"])
def test_odd_character_is_refused(text: str) -> None:
    """The error is of our family, and quotes no text of the person."""
    with pytest.raises(MessageError, match=r"^acknowledgement: expected texts of characters that [^:]*character$"):
        letter_pdf(LETTER, recipient=f"Une personne {text}")


def test_other_messages_are_refused() -> None:
    """A payment message is no letter."""
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
