"""The two letters of an online payment, with the mentions of CRPA R112-11-1 and R112-11-2 (rule R18)."""

from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from creance_pay import Caisse, Euros, TransactionReference, find_caisse
from creance_pay.errors import MessageError
from creance_pay.messages import (
    Acknowledgement,
    Registration,
    Wording,
    acknowledgement,
    contact_line,
    registration,
    render,
    sample,
)
from samples import numbered, plain

Letter = type[Acknowledgement] | type[Registration]


def caisse(code: str) -> Caisse:
    """Return a caisse of the directory."""
    found = find_caisse(code)
    assert found is not None
    return found


SHARED: dict[str, Any] = {
    "received_at": datetime(2018, 7, 5, 6, 59, tzinfo=UTC),
    "amount": Euros(2000),
    "transaction_reference": "PCLCB181860000004",
    "caisse": caisse("631"),
    "address": "https://caisse.example/contact",
}


def acknowledged(**changes: Any) -> Acknowledgement:  # noqa: ANN401 - of the arguments' own types
    """Build an acknowledgement with some arguments changed."""
    own = {
        "notice_references": [numbered(1), numbered(2)],
        "display_delay_hours": 24,
        "delete_on": date(2019, 1, 5),
    }
    return acknowledgement(**{**SHARED, **own, **changes})


def registered(**changes: Any) -> Registration:  # noqa: ANN401 - of the arguments' own types
    """Build an acknowledgement of registration with some arguments changed."""
    return registration(**{**SHARED, "acknowledge_by": date(2018, 7, 19), **changes})


both_factories = pytest.mark.parametrize("make", [acknowledged, registered])
both_letters = pytest.mark.parametrize("kind", [Acknowledgement, Registration])


class TestMentions:
    """The letters state the date, the service with its address and telephone, and the payment."""

    def test_acknowledgement(self) -> None:
        """Each line is there, word for word."""
        letter = render(acknowledged())
        lines = plain(letter.body).splitlines()
        mentions = [
            "Nous accusons réception de votre paiement de créance du 05/07/2018.",
            "Montant : 20,00 €",
            "Références de courrier : 6311 7054 9000 0001 F, 6311 7054 9000 0002 F",
            "Référence de la transaction : PCLCB181860000004",
            "Caisse : CPAM du Puy-de-Dôme",
            "Adresse : https://caisse.example/contact",
            "Le délai d'affichage sur le compte de la prise en compte du paiement est de 24 h.",
        ]

        assert [] == [mention for mention in mentions if mention not in lines]
        assert "au +33 811 70 36 46 (tarif variable selon l'opérateur téléphonique)." in plain(letter.body)
        assert (
            "Accusé de réception de votre paiement de créance",
            "Assurance Maladie",
            "Ce message sera supprimé le 05/01/2019. Téléchargez-le ou imprimez-le.",
        ) == (letter.title, letter.sender, plain(letter.action))

    def test_registration(self) -> None:
        """The day by which the acknowledgement comes is among them."""
        letter = render(registered(received_at=datetime.fromisoformat("2018-07-05T23:30:00+00:00")))
        mentions = [
            "Nous avons enregistré votre paiement de créance du 06/07/2018.",
            "Montant : 20,00 €",
            "Référence de la transaction : PCLCB181860000004",
            "Caisse : CPAM du Puy-de-Dôme",
            "Adresse : https://caisse.example/contact",
            "+33 811 70 36 46 (tarif variable selon l'opérateur téléphonique)",
            "Vous recevrez un accusé de réception au plus tard le 19/07/2018.",
        ]

        assert [] == [mention for mention in mentions if mention not in plain(letter.body)]

    def test_no_line_of_references_without_any(self) -> None:
        """A payment without a split has no empty line."""
        lines = plain(render(acknowledged(notice_references=[])).body).splitlines()

        assert "Référence de la transaction : PCLCB181860000004" == lines[lines.index("Montant : 20,00 €") + 1]

    @pytest.mark.parametrize("wording", Wording)
    @both_letters
    def test_debt_is_not_cleared(self, kind: Letter, wording: Wording) -> None:
        """The letters confirm a receipt, and no more."""
        assert "sold" not in render(sample(kind), wording=wording).body


@both_factories
class TestArguments:
    """Both functions convert the arguments that they share."""

    def test_telephone_is_that_of_the_day(self, make: Any) -> None:  # noqa: ANN401 - one of two functions
        """After the change of tariff the other line is printed (R24)."""
        message = make(received_at=datetime(2026, 11, 23, 12, tzinfo=UTC))

        assert "36 46 (service gratuit + prix de l'appel)" == plain(str(message.contact))

    def test_contact_of_the_caisse(self, make: Any) -> None:  # noqa: ANN401 - one of two functions
        """A line of the caisse's own replaces the national one."""
        line = attrs.evolve(contact_line(date(2026, 11, 23)), number="04 00 00 00 00")

        assert line == make(contact=line).contact

    @pytest.mark.parametrize("reference", ["PCLCB181860000004", TransactionReference("PCLCB181860000004")])
    def test_reference_is_a_text_or_a_value(self, make: Any, reference: object) -> None:  # noqa: ANN401 - one of two functions
        """Both give the text."""
        assert "PCLCB181860000004" == make(transaction_reference=reference).transaction_reference

    def test_name_has_a_typographic_apostrophe(self, make: Any) -> None:  # noqa: ANN401 - one of two functions
        """The directory's names are in plain spelling, letters are not."""
        assert "CPAM de l’Ain" == make(caisse=caisse("011")).caisse

    def test_moment_without_zone_is_refused(self, make: Any) -> None:  # noqa: ANN401 - one of two functions
        """A moment that could be on two days is no day."""
        with pytest.raises(MessageError, match=r"^expected received_at to have a time zone, got a naive datetime$"):
            make(received_at=datetime(2018, 7, 5, 23, 30))  # noqa: DTZ001 - to be refused


class TestWrongMention:
    """A value of another type is refused: the letter is a proof."""

    @pytest.mark.parametrize("references", ["6311705400000344F", ["6311705400000344F"], [None]])
    def test_notices(self, references: Any) -> None:  # noqa: ANN401 - of any type
        """A text is no list of notices: the letter showed its characters one by one."""
        with pytest.raises(MessageError, match="each of notice_references to be NoticeReference, got"):
            acknowledged(notice_references=references)

    @pytest.mark.parametrize("make", [acknowledged, registered])
    @pytest.mark.parametrize("reference", [None, 4])
    def test_transaction(self, make: Any, reference: object) -> None:  # noqa: ANN401 - one of two functions
        """A missing reference is not the word None."""
        with pytest.raises(MessageError, match="transaction_reference to be str, got"):
            make(transaction_reference=reference)


@pytest.mark.parametrize(
    ("code", "moment", "day"),
    [
        ("631", datetime(2018, 7, 5, 21, 59, tzinfo=UTC), date(2018, 7, 5)),
        ("631", datetime(2018, 7, 5, 22, 0, tzinfo=UTC), date(2018, 7, 6)),
        ("974", datetime(2018, 7, 5, 19, 59, tzinfo=UTC), date(2018, 7, 5)),
        ("974", datetime(2018, 7, 5, 20, 0, tzinfo=UTC), date(2018, 7, 6)),
        ("972", datetime(2018, 7, 6, 3, 59, tzinfo=UTC), date(2018, 7, 5)),
        ("972", datetime(2018, 7, 6, 4, 0, tzinfo=UTC), date(2018, 7, 6)),
        ("631", datetime(2018, 12, 31, 23, 0, tzinfo=UTC), date(2019, 1, 1)),
    ],
)
def test_day_changes_at_midnight_of_the_caisse(code: str, moment: datetime, day: date) -> None:
    """Réunion is ahead of Paris, Martinique behind."""
    assert day == acknowledged(caisse=caisse(code), received_at=moment).received_on


@both_letters
class TestMissingMention:
    """Without one of the mentions neither letter can be built (CRPA R112-11-1)."""

    @pytest.mark.parametrize("mention", ["received_on", "caisse", "address", "contact"])
    def test_left_out(self, kind: Letter, mention: str) -> None:
        """The class requires it."""
        values = attrs.asdict(sample(kind), recurse=False)
        del values[mention]

        with pytest.raises(TypeError, match=mention):
            kind(**values)

    @pytest.mark.parametrize("mention", ["caisse", "address", "contact"])
    def test_blank(self, kind: Letter, mention: str) -> None:
        """A mention has words."""
        for blank in ("", " ", " \u00a0\n"):
            with pytest.raises(MessageError, match=f"^{kind.key} needs {mention}; got a blank text$"):
                kind(**{**attrs.asdict(sample(kind), recurse=False), mention: blank})
