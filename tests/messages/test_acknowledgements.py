"""The acknowledgement of an online payment, with what CRPA R112-11-1 requires (rule R18)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from creance_pay import Caisse, Euros, TransactionReference, find_caisse
from creance_pay.errors import MessageError
from creance_pay.messages import Acknowledgement, acknowledgement, render
from samples import numbered, plain

#: The line that stands in the message's body, for each thing that the law or the reader needs.
REQUIRED = {
    "date of receipt": "Nous accusons réception de votre paiement de créance du 05/07/2018.",
    "amount": "Montant : 20,00 €",
    "references": "Références de courrier : 6311 7054 9000 0001 F, 6311 7054 9000 0002 F",
    "transaction": "Référence de la transaction : PCLCB181860000004",
    "service in charge": "Caisse : CPAM du Puy-de-Dôme",
    "address": "Adresse : https://caisse.example/contact",
    "telephone": "+33 811 70 36 46 (tarif variable selon l'opérateur téléphonique).",
    "delay": "Le délai d'affichage sur le compte de la prise en compte du paiement est de 24 h.",
}


def caisse(code: str) -> Caisse:
    """Give a caisse that the directory knows."""
    found = find_caisse(code)
    assert found is not None
    return found


def made(**changes: object) -> Acknowledgement:
    """Make an acknowledgement that differs by what is changed."""
    values: dict[str, Any] = {
        "received_at": datetime(2018, 7, 5, 6, 59, tzinfo=UTC),
        "amount": Euros(2000),
        "notice_references": [numbered(1), numbered(2)],
        "transaction_reference": "PCLCB181860000004",
        "caisse": caisse("631"),
        "address": "https://caisse.example/contact",
        "display_delay_hours": 24,
        "delete_on": date(2019, 1, 5),
    }
    return acknowledgement(**{**values, **changes})


class TestMentions:
    """The message has the date, the service with its address and telephone, and what was paid."""

    @pytest.mark.parametrize("mention", REQUIRED)
    def test_body_has_the_mention(self, mention: str) -> None:
        """The line is there, word for word."""
        assert [line for line in plain(render(made()).body).splitlines() if line.endswith(REQUIRED[mention])]

    def test_says_when_it_is_deleted(self) -> None:
        """The person knows until when it can be kept."""
        assert "Ce message sera supprimé le 05/01/2019." in plain(render(made()).action)

    def test_is_titled_and_signed(self) -> None:
        """Title and sender are those of the service."""
        letter = render(made())

        assert ("Accusé de réception de votre paiement de créance", "Assurance Maladie") == (
            letter.title,
            letter.sender,
        )

    def test_has_no_line_of_references_without_any(self) -> None:
        """An order without split is acknowledged without a hole."""
        lines = plain(render(made(notice_references=[])).body).splitlines()
        place = lines.index("Montant : 20,00 €")

        assert "Référence de la transaction : PCLCB181860000004" == lines[place + 1]

    def test_telephone_is_that_of_the_day(self) -> None:
        """After the change of tariff the other line is printed (R24)."""
        message = made(received_at=datetime(2026, 11, 23, 12, tzinfo=UTC))

        assert "36 46 (service gratuit + prix de l'appel)" == plain(str(message.contact))

    @pytest.mark.parametrize("reference", ["PCLCB181860000004", TransactionReference("PCLCB181860000004")])
    def test_takes_a_reference_as_text_or_as_value(self, reference: str | TransactionReference) -> None:
        """Both give the text."""
        assert "PCLCB181860000004" == made(transaction_reference=reference).transaction_reference

    def test_name_has_a_typographic_apostrophe(self) -> None:
        """The directory's names are in plain spelling, letters are not."""
        assert "CPAM de l’Ain" == made(caisse=caisse("011")).caisse


class TestDay:
    """The date is that of the day where the caisse is, and not elsewhere."""

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
    def test_changes_at_midnight_of_the_caisse(self, code: str, moment: datetime, day: date) -> None:
        """Réunion is ahead of Paris, Martinique behind."""
        assert day == made(caisse=caisse(code), received_at=moment).received_on

    def test_refuses_a_moment_without_zone(self) -> None:
        """A moment that could be on two days is refused."""
        with pytest.raises(MessageError):
            made(received_at=datetime(2018, 7, 5, 23, 30))  # noqa: DTZ001 - to be refused


@pytest.mark.parametrize("address", ["", " ", "\n\u00a0"])
def test_refuses_an_empty_address(address: str) -> None:
    """The law wants the address of the service."""
    with pytest.raises(MessageError):
        made(address=address)
