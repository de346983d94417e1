"""Messages in a page: the element, its identifier, the summary of errors, the page to print."""

import attrs
import pytest

from creance_pay import Euros
from creance_pay.errors import MessageError
from creance_pay.messages import Medium, Message, Wording, error_summary, printable_page, read_overrides, render, sample
from creance_pay.messages.acknowledgements import Acknowledgement
from creance_pay.messages.catalogue import (
    AmountHint,
    AmountOutOfRange,
    BelowOnlineMinimum,
    NothingDue,
    PaymentPending,
    ReferenceRequired,
)

VALUES = attrs.asdict(sample(Acknowledgement), recurse=False)
BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))


class TestElement:
    """A rendered message is one element, which screen readers announce by its role."""

    def test_is_one_element(self) -> None:
        """The element has role, language and identifier, and contains the sentences."""
        assert (
            '<div class="message message-error" role="alert" lang="fr" id="reference-error">'
            '<p class="message-title"><strong>Référence manquante</strong></p>'
            "<p>La référence de votre avis est obligatoire.</p>"
            '<p class="message-action">Saisissez la référence présente dans votre courrier.'
            " Exemple\u00a0: 6311 7054 0000 0344 F.</p>"
            '<p class="message-help">Où trouver la référence de votre avis\u202f?'
            " Elle est présente dans votre courrier.</p></div>"
        ) == str(render(ReferenceRequired(), medium=Medium.HTML))

    def test_lines_and_paragraphs_are_kept(self) -> None:
        """An empty line begins a paragraph, and a message without a help has no empty one."""
        ours = read_overrides({"fr": '[nothing_due]\nbody = "Un.\\nDeux.\\n\\nTrois."'})

        assert (
            '<div class="message message-info" role="status" lang="fr">'
            '<p class="message-title"><strong>Rien à payer</strong></p>'
            "<p>Un.<br>Deux.</p><p>Trois.</p>"
            '<p class="message-action">Conservez votre courrier\u00a0: vous n’avez rien d’autre à faire.</p></div>'
        ) == str(render(NothingDue(), medium=Medium.HTML, overrides=ours))

    @pytest.mark.parametrize(
        ("element_id", "message"),
        [
            ("amount-error", BOUNDS),
            ("amount-hint", AmountHint(minimum=Euros(1600), maximum=Euros(5000))),
            (None, BelowOnlineMinimum()),
        ],
    )
    def test_identifier_is_for_aria_describedby(self, element_id: str | None, message: Message) -> None:
        """A field names its hint and its error; a message without a field has no identifier."""
        assert element_id == render(message).element_id

    def test_message_without_a_field_has_no_identifier(self) -> None:
        """Two of them on a page would share it."""
        assert " id=" not in str(render(PaymentPending(), medium=Medium.HTML))


class TestSummary:
    """The summary counts the errors of a page, and links to each field."""

    def test_links_to_fields(self) -> None:
        """An error without a field has no link."""
        errors = [render(message, medium=Medium.HTML) for message in (BOUNDS, BelowOnlineMinimum())]

        assert (
            '<div id="error-summary" class="error-summary" role="alert" lang="fr" tabindex="-1" autofocus>'
            "<h2>2 erreurs à corriger</h2><ul>"
            '<li><a href="#amount">Montant hors limites</a></li>'
            "<li>Somme trop faible pour un paiement en ligne</li></ul></div>"
        ) == error_summary(errors)

    @pytest.mark.parametrize(("lang", "title"), [("fr", "1 erreur à corriger"), ("en", "1 error to correct")])
    def test_counts(self, lang: str, title: str) -> None:
        """One error is singular, in the language of the errors."""
        assert f"<h2>{title}</h2>" in error_summary([render(BOUNDS, lang=lang)])

    def test_of_nothing_is_nothing(self) -> None:
        """A page without errors has no summary."""
        assert "" == error_summary([])

    def test_takes_rendered_messages(self) -> None:
        """A message that is not rendered is refused by its type."""
        with pytest.raises(MessageError, match=r"^expected errors to be Rendered, got BelowOnlineMinimum$"):
            error_summary([render(BOUNDS), BelowOnlineMinimum()])  # type: ignore[list-item]

    def test_uses_the_sentences_of_the_caisse(self) -> None:
        """The heading is a sentence too."""
        ours = read_overrides({"fr": '[error_summary]\ntitle = "Points à corriger : {{ count }}"'})

        assert "<h2>Points à corriger\u00a0: 1</h2>" in error_summary([render(BOUNDS)], overrides=ours)


class TestPage:
    """The acknowledgement as a page that can be printed."""

    def test_has_every_word(self) -> None:
        """Title, sender, body and action are there, and the language is marked."""
        page, made = printable_page(sample(Acknowledgement)), render(sample(Acknowledgement))
        words = [made.title, str(made.sender), made.action, *made.body.splitlines()]

        assert [] == [line for line in words if line not in page]
        assert page.startswith('<!DOCTYPE html>\n<html lang="fr">')

    def test_has_a_style_for_paper(self) -> None:
        """The page loads no other file."""
        page = printable_page(sample(Acknowledgement), nonce="abc")

        assert [] == [each for each in ("@media print", "@page { size: A4", '<style nonce="abc">') if each not in page]

    def test_values_are_escaped(self) -> None:
        """A hostile address stays text."""
        page = printable_page(Acknowledgement.of({**VALUES, "address": "</p><script>"}))

        assert "Adresse\u00a0: &lt;/p&gt;&lt;script&gt;" in page

    def test_english(self) -> None:
        """The title is in the language asked for."""
        assert "<title>Acknowledgement of your payment</title>" in printable_page(sample(Acknowledgement), lang="en")

    def test_uses_the_wording_and_the_sentences_of_the_caisse(self) -> None:
        """A sentence of the caisse replaces the sentence of the wording."""
        ours = read_overrides({"fr": '[acknowledgement]\ntitle = "Votre paiement"'})
        page = printable_page(sample(Acknowledgement), overrides=ours, wording=Wording.PLAIN)

        assert (True, True) == ("<title>Votre paiement</title>" in page, "Nous avons reçu votre paiement le" in page)

    def test_nonce_is_escaped(self) -> None:
        """A hostile nonce stays in its attribute."""
        assert "<script>" not in printable_page(sample(Acknowledgement), nonce='"><script>')
