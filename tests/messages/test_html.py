"""What HTML needs beside the sentences: roles, identifiers, a summary of errors, a page to print."""

import attrs
import pytest
from jinja2 import Environment

from creance_pay import Euros
from creance_pay.messages import Medium, Message, error_summary, printable_page, render, sample
from creance_pay.messages.acknowledgements import Acknowledgement
from creance_pay.messages.catalogue import (
    AmountHint,
    AmountOutOfRange,
    BelowOnlineMinimum,
    PaymentPending,
    ReferenceRequired,
)

VALUES = attrs.asdict(sample(Acknowledgement), recurse=False)
BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))


class TestElement:
    """A rendered message goes into a page as one element that screen readers know how to announce."""

    def test_is_one_element(self) -> None:
        """Role, language and identifier stand on the element, the sentences inside."""
        assert (
            '<div class="message message-error" role="alert" lang="fr" id="reference-error">'
            '<p class="message-title"><strong>Référence manquante</strong></p>'
            "<p>La référence de votre avis est obligatoire.</p>"
            '<p class="message-action">Saisissez la référence présente dans votre courrier.'
            " Exemple\u00a0: 6311 7054 0000 0344 F.</p>"
            '<p class="message-help">Où trouver la référence de votre avis\u202f?'
            " Elle est présente dans votre courrier.</p></div>"
        ) == render(ReferenceRequired(), medium=Medium.HTML).__html__()

    @pytest.mark.parametrize("medium", [Medium.HTML, Medium.TEXT])
    def test_is_safe_in_a_template(self, medium: Medium) -> None:
        """An engine that escapes puts it in as it is, and a text's own characters are escaped once."""
        letter = sample(Acknowledgement)
        rendered = render(letter, medium=medium)
        page = Environment(autoescape=True).from_string("{{ message }}").render(message=rendered)

        assert rendered.__html__() == page

    def test_text_is_escaped(self) -> None:
        """A message for text is no danger in a page either."""
        assert "Adresse\u00a0: &lt;b&gt;" in render(Acknowledgement.of({**VALUES, "address": "<b>"})).__html__()

    @pytest.mark.parametrize(
        ("element_id", "message"),
        [
            ("amount-error", BOUNDS),
            ("amount-hint", AmountHint(minimum=Euros(1600), maximum=Euros(5000))),
            (None, BelowOnlineMinimum()),
        ],
    )
    def test_identifier_is_for_aria_describedby(self, element_id: str | None, message: Message) -> None:
        """A field names its hint and its error; a message about no field has no identifier."""
        assert element_id == render(message).element_id

    def test_message_of_no_field_has_no_identifier(self) -> None:
        """Two of them on a page would share it."""
        assert " id=" not in render(PaymentPending(), medium=Medium.HTML).__html__()


class TestSummary:
    """The top of a page with errors says how many there are, and leads to each field."""

    def test_links_to_fields(self) -> None:
        """A link where there is a field, the words alone where there is none."""
        errors = [render(message, medium=Medium.HTML) for message in (BOUNDS, BelowOnlineMinimum())]

        assert (
            '<div id="error-summary" class="error-summary" role="alert" lang="fr" tabindex="-1" autofocus>'
            "<h2>2 erreurs à corriger</h2><ul>"
            '<li><a href="#amount">Montant hors limites</a></li>'
            "<li>Somme trop faible pour un paiement en ligne</li></ul></div>"
        ) == error_summary(errors)

    @pytest.mark.parametrize(("lang", "title"), [("fr", "1 erreur à corriger"), ("en", "1 error to correct")])
    def test_counts(self, lang: str, title: str) -> None:
        """One error is one, in the language of the errors."""
        assert f"<h2>{title}</h2>" in error_summary([render(BOUNDS, lang=lang)])

    def test_of_nothing_is_nothing(self) -> None:
        """A page without errors has no summary."""
        assert "" == error_summary([])


class TestPage:
    """The acknowledgement as a page that can be printed."""

    def test_has_every_word(self) -> None:
        """Title, sender, body and action are there, in the language that it says."""
        page, made = printable_page(sample(Acknowledgement)), render(sample(Acknowledgement))
        words = [made.title, str(made.sender), made.action, *made.body.splitlines()]

        assert [] == [line for line in words if line not in page]
        assert page.startswith('<!DOCTYPE html>\n<html lang="fr">')

    def test_has_a_style_for_paper(self) -> None:
        """Printing needs nothing from elsewhere."""
        page = printable_page(sample(Acknowledgement), nonce="abc")

        assert [] == [each for each in ("@media print", "@page { size: A4", '<style nonce="abc">') if each not in page]

    def test_values_are_escaped(self) -> None:
        """A hostile address stays text."""
        page = printable_page(Acknowledgement.of({**VALUES, "address": "</p><script>"}))

        assert "Adresse\u00a0: &lt;/p&gt;&lt;script&gt;" in page

    def test_speaks_english(self) -> None:
        """Sender and all."""
        assert "<title>Acknowledgement of your payment</title>" in printable_page(sample(Acknowledgement), lang="en")
