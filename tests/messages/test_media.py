"""English, SMS and letters, and what all of them refuse."""

from datetime import date, datetime
from typing import Any

import attrs
import pytest

from creance_pay import Caisse, Euros, find_caisse
from creance_pay.errors import MessageError
from creance_pay.messages import (
    MESSAGES,
    Acknowledgement,
    Medium,
    Registration,
    Wording,
    contact_line,
    registration,
    render,
    sample,
)
from creance_pay.messages.catalogue import AmountOutOfRange, NothingDue, PaymentPending
from creance_pay.messages.formats import (
    FORMATS,
    format_bound,
    format_euros,
    format_long_date,
    format_value,
    is_singular,
)
from creance_pay.messages.message import field_types
from samples import plain

BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))


def clermont() -> Caisse:
    """Give the caisse of the guide."""
    found = find_caisse("631")
    assert found is not None
    return found


class TestEnglish:
    """Amounts and days as the Unicode CLDR writes them for the United Kingdom."""

    @pytest.mark.parametrize(
        ("text", "cents"), [("€20.00", 2000), ("€1,234.50", 123450), ("€0.01", 1), ("€1,000,000.00", 10**8)]
    )
    def test_amount(self, text: str, cents: int) -> None:
        """The sign comes first, without a space."""
        assert text == format_euros(Euros(cents), lang="en")

    @pytest.mark.parametrize(("text", "cents"), [("€16", 1600), ("€16.50", 1650), ("€1,000", 100000)])
    def test_bound(self, text: str, cents: int) -> None:
        """Zero cents are dropped."""
        assert text == format_bound(Euros(cents), "en")

    @pytest.mark.parametrize(("text", "day"), [("5 July 2018", date(2018, 7, 5)), ("1 August 2018", date(2018, 8, 1))])
    def test_day(self, text: str, day: date) -> None:
        """In full, asked for or not: 05/07 is the 7 May of some readers."""
        assert (text, text) == (format_long_date(day, "en"), format_value(day, "en"))

    def test_telephone(self) -> None:
        """The price of the call is in English too."""
        assert "36 46 (free service + price of the call)" == format_value(contact_line(date(2026, 11, 23)), "en")

    def test_bounds(self) -> None:
        """A whole sentence."""
        assert "You can pay online between €16 and €50 per payment." == render(BOUNDS, lang="en").body

    def test_language_is_marked(self) -> None:
        """For a page in another one."""
        assert "en" == render(BOUNDS, lang="en").lang


@pytest.mark.parametrize(
    ("number", "french", "english"), [(0, True, False), (1, True, True), (2, False, False), (24, False, False)]
)
def test_singular(number: int, french: bool, english: bool) -> None:  # noqa: FBT001 - what is expected
    """Zero is singular in French (CLDR plural rules)."""
    assert (french, english) == (is_singular(number, "fr"), is_singular(number, "en"))


@pytest.mark.parametrize("value", [1.5, datetime(2018, 7, 5, 8, 59), b"x", True])  # noqa: DTZ001 - to be refused
def test_other_types_are_refused(value: object) -> None:
    """A float is no amount, and a moment has no day before one knows where."""
    with pytest.raises(MessageError, match="no format for a value of type"):
        format_value(value, "fr")


class TestWordings:
    """The guide's sentences by default, the others by name."""

    @pytest.mark.parametrize(
        ("wording", "body"),
        [
            (Wording.GUIDE, "Vous pouvez payer en ligne entre 16 € et 50 € par paiement"),
            (Wording.CORRECTED, "Vous pouvez payer en ligne entre 16 € et 50 € par paiement."),
            (Wording.PLAIN, "À chaque paiement, vous pouvez payer entre 16 € et 50 €."),
        ],
    )
    def test_wording(self, wording: Wording, body: str) -> None:
        """The final full stop is a correction."""
        assert body == plain(render(BOUNDS, wording=wording).body)

    def test_english_has_one(self) -> None:
        """Asking for another gives it all the same."""
        assert render(BOUNDS, lang="en") == render(BOUNDS, lang="en", wording=Wording.PLAIN)

    def test_plain_letter_has_the_first_of_a_month(self) -> None:
        """Days in full, with « 1er »."""
        letter = attrs.evolve(sample(Acknowledgement), received_on=date(2018, 8, 1))

        assert "le 1er août 2018." in render(letter, wording=Wording.PLAIN).body


class TestSms:
    """The short sentence, its typography made plain, and its price."""

    def test_short(self) -> None:
        """Ready to be sent."""
        rendered = render(BOUNDS, medium=Medium.SMS)

        assert ("Montant hors limites : saisissez entre 16 € et 50 €.", 1) == (rendered.short, rendered.segments)

    def test_other_sentences_are_plain(self) -> None:
        """Whichever is sent."""
        assert "L'avis" not in render(BOUNDS, medium=Medium.SMS).title
        assert "Nous n'avons pas encore la réponse de la banque." == render(PaymentPending(), medium=Medium.SMS).body

    def test_other_media_have_no_price(self) -> None:
        """Only an SMS is paid by its length."""
        assert render(BOUNDS).segments is None

    def test_value_that_is_too_long(self) -> None:
        """A text without bounds can break what every other value keeps."""
        letter = attrs.evolve(sample(Acknowledgement), transaction_reference="W" * 120)

        with pytest.raises(MessageError, match="acknowledgement: expected an SMS of one segment, got 2"):
            render(letter, medium=Medium.SMS)


class TestLetter:
    """On paper the body is the whole letter."""

    def test_message_gets_a_frame(self) -> None:
        """Greeting, body, action, signature."""
        rendered = render(NothingDue(), medium=Medium.LETTER)

        assert (
            (
                "Bonjour,\n\nIl ne reste rien à payer pour cette référence de courrier.\n\n"
                "Conservez votre courrier : vous n'avez rien d'autre à faire.\n\n"
                "Avec toute notre attention,\nVotre caisse d'Assurance Maladie."
            ),
            "Assurance Maladie",
        ) == (plain(rendered.body), rendered.sender)

    def test_help_is_in_it(self) -> None:
        """A reader of paper has nothing to click on."""
        assert "rubrique « Ma Messagerie" in plain(render(PaymentPending(), medium=Medium.LETTER).body)

    def test_acknowledgement_has_its_own(self) -> None:
        """No greeting twice; until when it can be kept stands at the end."""
        body = plain(render(sample(Acknowledgement), medium=Medium.LETTER).body)

        assert (1, True) == (body.count("Bonjour"), body.endswith("Téléchargez-le ou imprimez-le."))


class TestRegistration:
    """The acknowledgement of registration, before that of receipt (CRPA R112-11-2)."""

    def test_has_its_mentions(self) -> None:
        """Date of receipt, service, address, telephone, and the day by which the other one comes."""
        made = registration(
            received_at=datetime.fromisoformat("2018-07-05T23:30:00+00:00"),
            amount=Euros(2000),
            transaction_reference="PCLCB181860000004",
            caisse=clermont(),
            address="https://caisse.example/contact",
            acknowledge_by=date(2018, 7, 19),
        )
        body = plain(render(made).body)
        mentions = (
            "Nous avons enregistré votre paiement de créance du 06/07/2018.",
            "Caisse : CPAM du Puy-de-Dôme",
            "Adresse : https://caisse.example/contact",
            "+33 811 70 36 46 (tarif variable selon l'opérateur téléphonique)",
            "Vous recevrez un accusé de réception au plus tard le 19/07/2018.",
        )

        assert [] == [mention for mention in mentions if mention not in body]


class TestMentionsOfTheLaw:
    """Without one of them neither document can be made (CRPA R112-11-1)."""

    @pytest.mark.parametrize("kind", [Acknowledgement, Registration])
    @pytest.mark.parametrize("mention", ["received_on", "caisse", "address", "contact"])
    def test_left_out(self, kind: type[Acknowledgement], mention: str) -> None:
        """The type asks for it."""
        values = attrs.asdict(sample(kind), recurse=False)
        del values[mention]

        with pytest.raises(TypeError, match=mention):
            kind(**values)

    @pytest.mark.parametrize("kind", [Acknowledgement, Registration])
    @pytest.mark.parametrize("mention", ["caisse", "address", "contact"])
    @pytest.mark.parametrize("blank", ["", " \u00a0\n"])
    def test_blank(self, kind: type[Acknowledgement], mention: str, blank: str) -> None:
        """Words are asked for, not a text."""
        with pytest.raises(MessageError, match=f"needs {mention}"):
            kind(**{**attrs.asdict(sample(kind), recurse=False), mention: blank})

    @pytest.mark.parametrize("kind", [Acknowledgement, Registration])
    @pytest.mark.parametrize("wording", Wording)
    def test_does_not_clear_the_debt(self, kind: type[Acknowledgement], wording: Wording) -> None:
        """It says what was received, and no more."""
        assert "sold" not in render(sample(kind), wording=wording).body

    def test_contact_of_the_caisse(self) -> None:
        """A line of its own takes the place of the national one."""
        line = attrs.evolve(contact_line(date(2026, 11, 23)), number="04 00 00 00 00")
        made = registration(
            received_at=datetime.fromisoformat("2026-11-23T12:00:00+01:00"),
            amount=Euros(2000),
            transaction_reference="PCLCB263270000004",
            caisse=clermont(),
            address="https://caisse.example/contact",
            acknowledge_by=date(2026, 12, 7),
            contact=line,
        )

        assert line == made.contact


def test_every_field_has_a_format() -> None:
    """What a message can hold can be written."""
    accepted = {type_ for kind in MESSAGES for types in field_types(kind).values() for type_ in types}

    assert {type(None)} == accepted - set(FORMATS)


@pytest.mark.parametrize(
    "values",
    [
        {"minimum": 1600, "maximum": Euros(5000)},
        {"minimum": Euros(1600), "maximum": 50.0},
        {"minimum": None, "maximum": Euros(5000)},
        {"minimum": "16 €", "maximum": Euros(5000)},
    ],
)
def test_value_of_another_type_is_refused(values: dict[str, Any]) -> None:
    """An amount in cents would be read as euros."""
    with pytest.raises(
        MessageError,
        match=r"amount_out_of_range: expected (minimum|maximum) to be Euros, got (int|float|NoneType|str)$",
    ):
        AmountOutOfRange(**values)


def test_moment_is_no_day() -> None:
    """The day of a moment depends on the place."""
    with pytest.raises(MessageError, match="acknowledgement: expected received_on to be date, got datetime"):
        attrs.evolve(sample(Acknowledgement), received_on=datetime(2018, 7, 5, 23, 30))  # noqa: DTZ001 - to be refused
