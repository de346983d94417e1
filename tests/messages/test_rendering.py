"""From an answer to sentences: the choice of a message, its words, and what a catalogue may not hold."""

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from importlib import resources
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import DebtKind, Euros, NoticeReference, PaymentState
from creance_pay.codes import Code, ReferenceCode, VerdictCode, WarningCode
from creance_pay.errors import (
    ConfigurationError,
    CreancePayError,
    InvalidAmountError,
    InvalidReferenceError,
    MessageError,
)
from creance_pay.messages import (
    MESSAGES,
    Acknowledgement,
    Medium,
    Message,
    Rendered,
    message_for,
    render,
)
from creance_pay.messages.catalogue import AmountRequired, ReferenceSuggested
from creance_pay.messages.sentences import read_catalogue, set_typography
from creance_pay.rules import access, assess, check_amount, notice_scope
from samples import COPIES, POLICY, a_debt, a_policy, numbered, plain
from strategies import notice_references

SHIPPED = resources.files("creance_pay.messages").joinpath("fr.toml").read_text(encoding="utf-8")
AT_ACCESS = a_policy(band_checked_at="access")
PUBLIC = [code for kind in Code.__subclasses__() for code in kind if code.public]
HOSTILE = "<script>alert('x')</script> & \"y\""


def error_of(text: str) -> InvalidReferenceError:
    """Give the error that a reference meets."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse(text)
    return caught.value


#: What really gives each word that a person has to be told.
ANSWERS: dict[Code, Callable[[], object]] = {
    ReferenceCode.REFERENCE_REQUIRED: lambda: error_of(""),
    ReferenceCode.REFERENCE_BAD_CHARACTER: lambda: error_of("6311 7054 9000 0001 : 1 F"),
    ReferenceCode.REFERENCE_BAD_LENGTH: lambda: error_of("1F"),
    ReferenceCode.REFERENCE_BAD_FORMAT: lambda: error_of("6311705490000001"),
    VerdictCode.NO_NOTICE: lambda: notice_scope(Euros(6000), notice_received=False, policy=POLICY),
    VerdictCode.BELOW_BAND: lambda: notice_scope(Euros(4999), notice_received=True, policy=POLICY),
    VerdictCode.ABOVE_BAND: lambda: notice_scope(Euros(15001), notice_received=True, policy=POLICY),
    VerdictCode.REFERENCE_NOT_OPEN: lambda: access(None, policy=POLICY),
    VerdictCode.KIND_NOT_OPEN: lambda: access(a_debt(kind=DebtKind.IND), policy=POLICY),
    VerdictCode.SELECTION_DUPLICATE: lambda: assess(a_debt(), others=[a_debt()], policy=POLICY),
    VerdictCode.SELECTION_OTHER_DEBTOR: lambda: assess(
        a_debt(), others=[a_debt(reference=numbered(2), debtor="person-2")], policy=POLICY
    ),
    VerdictCode.SELECTION_NOT_ALLOWED: lambda: assess(
        a_debt(), others=[a_debt(reference=numbered(2))], policy=a_policy(several_references=False)
    ),
    VerdictCode.PAYMENT_ALREADY_MADE: lambda: assess(
        a_debt(6000), pending={numbered(1): Euros(1)}, policy=a_policy(several_payments=False)
    ),
    VerdictCode.AMOUNT_STRANDS_REMAINDER: lambda: check_amount(
        "50", total=Euros(6000), policy=a_policy(stranding="refuse")
    ),
    VerdictCode.NOTHING_DUE: lambda: assess(a_debt(0), policy=POLICY),
    VerdictCode.BELOW_ONLINE_MINIMUM: lambda: assess(a_debt(700), policy=POLICY),
    VerdictCode.AMOUNT_REQUIRED: lambda: check_amount("", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_BAD_FORMAT: lambda: check_amount("abc", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_BELOW_MINIMUM: lambda: check_amount("15,99", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_ABOVE_MAXIMUM: lambda: check_amount("50,01", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_ABOVE_REMAINING: lambda: check_amount("40", total=Euros(2000), policy=POLICY),
}
#: The words of the service itself, in plain typography, by what they answer.
SEED: dict[Code | PaymentState, str] = {
    VerdictCode.REFERENCE_NOT_OPEN: "Cette référence de courrier n'est pas ouverte au paiement en ligne.",
    VerdictCode.KIND_NOT_OPEN: "Cette référence de courrier n'est pas ouverte au paiement en ligne.",
    VerdictCode.BELOW_ONLINE_MINIMUM: (
        "Le montant restant dû pour cette référence de courrier est inférieur au montant minimum de paiement en ligne"
        " : merci d'utiliser un autre moyen de paiement"
    ),
    VerdictCode.AMOUNT_BELOW_MINIMUM: "Vous pouvez payer en ligne entre 16 € et 50 € par paiement",
    VerdictCode.AMOUNT_ABOVE_MAXIMUM: "Vous pouvez payer en ligne entre 16 € et 50 € par paiement",
    PaymentState.PAID: "Nous vous remercions pour votre paiement, nous le traitons dans les plus brefs délais.",
    PaymentState.REFUSED: "Votre transaction de paiement a échoué.",
}

each_medium = pytest.mark.parametrize("medium", Medium)
each_code = pytest.mark.parametrize("code", ANSWERS, ids=str)


def slots(rendered: Rendered) -> list[str]:
    """List the sentences that were written."""
    return [text for text in (rendered.title, rendered.body, rendered.action, rendered.sender) if text is not None]


def answer_to(word: Code | PaymentState) -> Any:  # noqa: ANN401 - a verdict, an error or a result
    """Give a real answer for a word, or a bare result for an outcome."""
    return SimpleNamespace(state=word) if isinstance(word, PaymentState) else ANSWERS[word]()


def an_acknowledgement(**changes: object) -> Acknowledgement:
    """Give an acknowledgement that differs by what is changed."""
    values: dict[str, Any] = {
        "received_on": date(2018, 7, 5),
        "amount": Euros(123450),
        "notice_references": (numbered(1), numbered(2)),
        "transaction_reference": "PCLCB181860000004",
        "caisse": "CPAM du Puy-de-Dôme",
        "address": "caisse.example",
        "contact": "36 46",
        "display_delay_hours": 24,
        "delete_on": date(2019, 1, 5),
    }
    return Acknowledgement(**{**values, **changes})


class Tags(HTMLParser):
    """Collect the tags of a fragment, and its text."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's form
        """Note a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


class TestEveryWord:
    """What a person has to be told is told, for every public word and every outcome, in every medium."""

    def test_every_public_word_is_here(self) -> None:
        """Warnings apart, which change no answer: they have tests of their own."""
        assert set(PUBLIC) - set(WarningCode) == set(ANSWERS)

    @each_code
    def test_answer_has_the_word(self, code: Code) -> None:
        """The examples below are of the word that they stand for."""
        assert code == answer_to(code).code

    @each_medium
    @pytest.mark.parametrize("word", [*ANSWERS, *PaymentState], ids=str)
    def test_is_written_whole(self, word: Code | PaymentState, medium: Medium) -> None:
        """Title, body and action have words, and no hole: no brace, no None, no name of Python."""
        written = slots(render(message_for(answer_to(word)), medium=medium))

        assert len(written) == len(
            [text for text in written if re.fullmatch(r"(?s)(?!.*(\{|\}|None|Euros|<)).*\w+.*", text)]
        )

    @each_medium
    def test_acknowledgement_is_written_whole(self, medium: Medium) -> None:
        """The letter has a sender too."""
        written = slots(render(an_acknowledgement(), medium=medium))

        assert 4 == len([text for text in written if re.fullmatch(r"(?s)(?!.*(\{|\}|None|Euros|<)).*\w+.*", text)])

    @pytest.mark.parametrize("word", SEED, ids=str)
    def test_words_of_the_service_are_kept(self, word: Code | PaymentState) -> None:
        """The sentences of the guide's screens are the service's own, word for word."""
        assert SEED[word] == plain(render(message_for(answer_to(word))).body)

    @pytest.mark.parametrize(
        ("answer", "body"),
        [
            (ANSWERS[VerdictCode.BELOW_BAND], "Le paiement en ligne concerne les soldes à partir de 50 €."),
            (ANSWERS[VerdictCode.ABOVE_BAND], "Le paiement en ligne concerne les soldes jusqu'à 150 €."),
            (ANSWERS[VerdictCode.AMOUNT_ABOVE_REMAINING], "Il reste 20,00 € à payer."),
        ],
        ids=["below", "above", "remaining"],
    )
    def test_values_are_those_of_the_answer(self, answer: Callable[[], object], body: str) -> None:
        """Nothing is left to copy by hand."""
        assert body == plain(render(message_for(answer())).body)

    @pytest.mark.parametrize("cents", [2000, 15001])
    def test_band_at_access_is_told(self, cents: int) -> None:
        """A debt that the band refuses has its sentence as well, from the assessment and from the amount."""
        assessment = assess(a_debt(cents), policy=AT_ACCESS)

        assert render(message_for(assessment)) == render(message_for(assessment.check("20")))

    def test_policy_gives_the_bounds(self) -> None:
        """Another policy has other bounds in the same sentence."""
        policy = a_policy(online_min=Euros(1050), online_max_per_payment=Euros(10000))
        message = message_for(check_amount("1", total=Euros(20000), policy=policy))

        assert "Vous pouvez payer en ligne entre 10,50 € et 100 € par paiement" == plain(render(message).body)


class TestChoice:
    """A verdict, an error or an outcome leads to its message; a yes leads to none."""

    @pytest.mark.parametrize("text", ["631170549000001F", "6311 7054 9000 0001: F"])
    def test_suggestion_is_offered(self, text: str) -> None:
        """What was probably meant is asked, whatever was wrong (RGAA 11.11)."""
        error = error_of(text)
        assert error.suggestion is not None

        assert ReferenceSuggested(suggestion=NoticeReference(error.suggestion)) == message_for(error)

    @given(notice_references)
    def test_suggestion_is_written_in_groups(self, reference: NoticeReference) -> None:
        """The person compares it with the letter, group by group."""
        error = InvalidReferenceError(code=ReferenceCode.REFERENCE_BAD_LENGTH, suggestion=str(reference))

        assert f"s'agit-il de {reference.grouped} ?" in plain(render(message_for(error)).action)

    def test_outcome_comes_before_a_code(self) -> None:
        """A result that has both is about the payment."""
        result = SimpleNamespace(state=PaymentState.PAID, code=VerdictCode.AMOUNT_REQUIRED)

        assert "payment_accepted" == message_for(result).key

    @pytest.mark.parametrize(
        "answer",
        [
            access(a_debt(), policy=POLICY),
            assess(a_debt(), policy=POLICY),
            check_amount("20", total=Euros(6000), policy=POLICY),
            check_amount("50", total=Euros(6000), policy=POLICY),
            notice_scope(Euros(6000), notice_received=True, policy=POLICY),
        ],
        ids=["found", "payable", "amount", "stranded", "scope"],
    )
    def test_a_yes_has_no_message(self, answer: object) -> None:
        """There is nothing to say about what is in order."""
        with pytest.raises(MessageError, match="no message answers"):
            message_for(answer)

    @pytest.mark.parametrize("answer", [None, object(), "PAYABLE", CreancePayError("x"), InvalidAmountError("x")])
    def test_what_answers_nothing_has_no_message(self, answer: object) -> None:
        """Something without a word is refused."""
        with pytest.raises(MessageError, match="no message answers"):
            message_for(answer)


class TestRender:
    """A message becomes words, a role and a language; a value that is missing becomes an error."""

    @pytest.mark.parametrize(
        ("code", "role"), [(VerdictCode.NOTHING_DUE, "status"), (VerdictCode.AMOUNT_REQUIRED, "alert")]
    )
    def test_role_is_that_of_the_severity(self, code: Code, role: str) -> None:
        """The element that shows it knows how to announce it (RGAA 7.5)."""
        assert role == render(message_for(answer_to(code))).role

    def test_language_is_marked(self) -> None:
        """A page in another language can say so (RGAA 8.7)."""
        assert "fr" == render(an_acknowledgement()).lang

    @pytest.mark.parametrize("lang", ["de", "", "FR"])
    def test_other_languages_are_refused(self, lang: str) -> None:
        """Nobody gets French who asked for something else."""
        with pytest.raises(MessageError):
            render(an_acknowledgement(), lang=lang)

    @each_medium
    def test_nothing_is_not_a_value(self, medium: Medium) -> None:
        """None is never written."""
        with pytest.raises(MessageError):
            render(AmountRequired(minimum=None), medium=medium)  # type: ignore[arg-type]

    def test_only_a_letter_is_signed(self) -> None:
        """The other messages have no sender."""
        assert render(message_for(answer_to(PaymentState.PAID))).sender is None

    @pytest.mark.parametrize("travel", COPIES)
    def test_survives_travel(self, travel: Callable[[object], object]) -> None:
        """A copy and a pickle of the words are the same, and of the message too."""
        message = an_acknowledgement()

        assert (message, render(message)) == travel((message, render(message)))


class TestHtml:
    """In a page every value is escaped, so that the text is safe to mark as safe."""

    @pytest.mark.parametrize("field", ["address", "caisse", "contact", "transaction_reference"])
    def test_values_are_escaped(self, field: str) -> None:
        """A hostile value stays text, and is all there."""
        page = Tags(render(an_acknowledgement(**{field: HOSTILE}), medium=Medium.HTML).body)

        assert ([], True) == (page.tags, HOSTILE in page.text)

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), min_size=1).filter(str.strip))
    def test_any_value_comes_back_as_text(self, address: str) -> None:
        """What a browser shows is the value, whatever it was."""
        page = Tags(render(an_acknowledgement(address=address), medium=Medium.HTML).body)

        assert ([], True) == (page.tags, f"Adresse\u00a0: {address}\n" in page.text)

    def test_plain_text_is_not_escaped(self) -> None:
        """A letter in plain text has the value as it is."""
        assert HOSTILE in render(an_acknowledgement(address=HOSTILE)).body

    def test_values_are_not_templates(self) -> None:
        """Braces in a value are braces."""
        assert "{{ 7*7 }}" in render(an_acknowledgement(address="{{ 7*7 }}")).body

    def test_words_are_the_same(self) -> None:
        """But for the escapes, a page says what a letter says."""
        message = an_acknowledgement()

        assert Tags(render(message, medium=Medium.HTML).body).text == render(message).body

    def test_result_is_known_to_be_safe(self) -> None:
        """Template engines that know ``__html__`` do not escape it twice."""
        body = render(an_acknowledgement(address=HOSTILE), medium=Medium.HTML).body

        assert str(body) == body.__html__()  # type: ignore[attr-defined]


class TestTypography:
    """The spaces of French typography are no-break, of two widths; compared by code points."""

    @pytest.mark.parametrize(
        ("typed", "set_"),
        [
            ("ligne : merci", "ligne\u00a0: merci"),
            ("Quoi ?", "Quoi\u202f?"),
            ("Non !", "Non\u202f!"),
            ("un ; deux", "un\u202f; deux"),
            ("« mot »", "«\u00a0mot\u00a0»"),
            ("« un mot » : oui ?", "«\u00a0un mot\u00a0»\u00a0: oui\u202f?"),
            ("8:59, a;b, quoi?", "8:59, a;b, quoi?"),
            ("deux mots.", "deux mots."),
        ],
    )
    def test_spaces(self, typed: str, set_: str) -> None:
        """A plain space before : ; ! ? and inside quotes is replaced, and nothing is added."""
        assert set_ == set_typography(typed)

    @pytest.mark.parametrize("word", [*ANSWERS, *PaymentState], ids=str)
    def test_every_sentence_is_set(self, word: Code | PaymentState) -> None:
        """No written sentence has a plain space where a no-break one belongs, nor a straight apostrophe."""
        written = "\n".join(slots(render(message_for(answer_to(word)))))

        assert [] == re.findall(r" [:;!?»€]|« |'", written)

    def test_letter_is_set(self) -> None:
        """The acknowledgement too."""
        assert [] == re.findall(r" [:;!?»€]|« |'", "\n".join(slots(render(an_acknowledgement()))))

    @pytest.mark.parametrize("word", SEED, ids=str)
    def test_no_sentence_starts_or_ends_with_a_space(self, word: Code | PaymentState) -> None:
        """What the file needs for its own layout is not shown."""
        written = slots(render(message_for(answer_to(word))))

        assert [text.strip() for text in written] == written


def refusal(text: str) -> str:
    """Give the text of the error that a catalogue meets."""
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(text, origin="caisse.toml")
    return str(caught.value)


class TestCatalogue:
    """A catalogue with anything missing, surplus or broken is refused when it is loaded, with the file and the key."""

    def test_shipped_one_has_every_message(self) -> None:
        """The text that the tests below spoil is good."""
        assert {kind.key for kind in MESSAGES} == read_catalogue(SHIPPED, origin="fr.toml").keys()

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("{{ band_min|bound }}", "{{ band_mim|bound }}", "below_band.body: unknown placeholder band_mim"),
            ("{{ band_min|bound }}", "{{ band_max }}", "below_band.body: unknown placeholder band_max"),
            (
                "{{ band_min|bound }}",
                "{{ band_min|bund }}",
                "below_band.body: not a template: no filter or test named bund",
            ),
            ("{{ band_min|bound }}", "{{ band_min", "below_band.body: not a template: "),
            ("{{ band_min|bound }}", "{% if %}", "below_band.body: not a template: "),
            (
                "Rien à payer",
                "Rien à payer aujourd'hui",
                "nothing_due.title: a straight apostrophe in place of ’",
            ),
            ("[nothing_due]", "[nothing_do]", "missing or unknown messages: nothing_do, nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\ntitel = "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\nfooter = "x"\ntitle = "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\ntitle = 3 # "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\n#title = "', "nothing_due"),
        ],
        ids=[
            "unknown placeholder",
            "another message's placeholder",
            "unknown filter",
            "open braces",
            "broken statement",
            "straight apostrophe",
            "unknown and missing key",
            "unknown slot",
            "surplus slot",
            "number",
            "missing slot",
        ],
    )
    def test_names_the_place(self, old: str, new: str, said: str) -> None:
        """The error says which file and which message."""
        assert re.match(rf"caisse\.toml: .*{re.escape(said)}", refusal(SHIPPED.replace(old, new, 1)))

    @pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.key)
    def test_misses_each_message(self, kind: type[Message]) -> None:
        """A message without sentences is named."""
        text = re.sub(rf"\[{kind.key}\]\n(?:[^\[\n].*\n|\n)*", "", SHIPPED)

        assert f"caisse.toml: missing or unknown messages: {kind.key}" == refusal(text)

    @pytest.mark.parametrize("text", ["[a", "a = 1", SHIPPED + SHIPPED, "\ud800"])
    def test_refuses_what_is_no_catalogue(self, text: str) -> None:
        """Broken TOML, and TOML of something else, name the file."""
        assert refusal(text).startswith("caisse.toml: ")

    @pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.key)
    def test_every_field_has_its_place(self, kind: type[Message]) -> None:
        """A field that no sentence uses would be asked from a caller for nothing."""
        sentences = " ".join(filter(None, attrs.astuple(read_catalogue(SHIPPED, origin="fr.toml")[kind.key])))

        assert [] == [field.name for field in attrs.fields(kind) if not re.search(rf"\b{field.name}\b", sentences)]
