"""From an answer of a rule or a bank to sentences, for each medium."""

import re
from collections.abc import Callable
from datetime import date, time
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import DebtKind, Euros, NoticeReference, PaymentState
from creance_pay.codes import Code, ReferenceCode, VerdictCode, WarningCode
from creance_pay.errors import InvalidReferenceError, MessageError
from creance_pay.messages import MESSAGES, Acknowledgement, Medium, Rendered, Wording, message_for, render, sample
from creance_pay.messages.catalogue import (
    AmountOutOfRange,
    AmountRequired,
    ErrorSummary,
    NothingDue,
    PaymentAccepted,
    PaymentPending,
)
from creance_pay.messages.letters import Notice
from creance_pay.rules import access, assess, check_amount, notice_scope, plan_debts, schedule
from samples import COPIES, POLICY, a_debt, a_policy, numbered, plain

BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))
HOSTILE = "<script>alert('x')</script> & \"y\""
#: A text without a gap: no brace, no ``None``, no name of Python.
WHOLE = re.compile(r"(?s)(?!.*(\{|\}|None|Euros|<)).*\w+.*")


def error_of(text: str) -> InvalidReferenceError:
    """Return the error that a reference raises."""
    with pytest.raises(InvalidReferenceError) as caught:
        NoticeReference.parse(text)
    return caught.value


#: A real answer for each public code of a verdict or an error.
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
    VerdictCode.SELECTION_OTHER_CAISSE: lambda: assess(
        a_debt(), others=[a_debt(reference=NoticeReference("0211705490000001F"))], policy=POLICY
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
    VerdictCode.SCHEDULE_TOO_LONG: lambda: schedule(
        plan_debts([a_debt(11_000)], policy=POLICY), first_day=date(2026, 12, 5), policy=a_policy(schedule_max_months=2)
    ),
    VerdictCode.NOTHING_DUE: lambda: assess(a_debt(0), policy=POLICY),
    VerdictCode.BELOW_ONLINE_MINIMUM: lambda: assess(a_debt(700), policy=POLICY),
    VerdictCode.AMOUNT_REQUIRED: lambda: check_amount("", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_BAD_FORMAT: lambda: check_amount("abc", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_BELOW_MINIMUM: lambda: check_amount("15,99", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_ABOVE_MAXIMUM: lambda: check_amount("50,01", total=Euros(6000), policy=POLICY),
    VerdictCode.AMOUNT_ABOVE_REMAINING: lambda: check_amount("40", total=Euros(2000), policy=POLICY),
}
#: Bodies that the guide gives word for word, and bodies that show the values of the answer; in plain typography.
BODIES: dict[Code | PaymentState, str] = {
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
    VerdictCode.BELOW_BAND: "Le paiement en ligne concerne les soldes à partir de 50 €.",
    VerdictCode.ABOVE_BAND: "Le paiement en ligne concerne les soldes jusqu'à 150 €.",
    VerdictCode.AMOUNT_ABOVE_REMAINING: "Il reste 20,00 € à payer.",
}


def answer_to(word: Code | PaymentState) -> object:
    """Return a real answer with a code, or an object with a state."""
    return SimpleNamespace(state=word) if isinstance(word, PaymentState) else ANSWERS[word]()


def an_acknowledgement(**changes: object) -> Acknowledgement:
    """Return an acknowledgement with some values changed."""
    values: dict[str, Any] = {
        "received_on": date(2018, 7, 5),
        "received_time": time(8, 59),
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


#: A message for each public code, each payment state and each letter, from a real answer where a rule gives one.
MESSAGES_OF_ANSWERS = [message_for(answer_to(word)) for word in [*ANSWERS, *PaymentState]] + [an_acknowledgement()]


def sentences_of(rendered: Rendered) -> list[str]:
    """List the sentences that a page shows."""
    slots = (rendered.title, rendered.body, rendered.action, rendered.sender)
    return [text for text in slots if text is not None]


class Tags(HTMLParser):
    """The tags of a fragment, and its text."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's form
        """Record a tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Record text."""
        self.text += data


class TestAnswers:
    """Each public code and each payment state becomes complete sentences, in every medium."""

    def test_every_public_code_has_a_real_answer(self) -> None:
        """The table above is complete and right; the codes of warnings are apart, since they change no answer."""
        public = {code for kind in Code.__subclasses__() for code in kind if code.public}

        assert {code: code for code in public - set(WarningCode)} == {
            code: getattr(answer(), "code", None) for code, answer in ANSWERS.items()
        }

    def test_sentences_are_whole(self) -> None:
        """Title, body and action have words and no gap, and no space around them."""
        shown = [
            (message.key, medium, render(message, medium=medium))
            for message in MESSAGES_OF_ANSWERS
            for medium in Medium
        ]

        assert [] == [
            (key, medium, text)
            for key, medium, rendered in shown
            for text in sentences_of(rendered)
            if not WHOLE.fullmatch(text) or text != text.strip()
        ]

    @pytest.mark.parametrize("word", BODIES, ids=str)
    def test_body(self, word: Code | PaymentState) -> None:
        """The words are the guide's, and the values the answer's own."""
        assert BODIES[word] == plain(render(message_for(answer_to(word))).body)

    def test_band_at_access_is_shown(self) -> None:
        """A debt outside the band has the same sentences from the assessment and from the amount."""
        for cents in (2000, 15001):
            assessment = assess(a_debt(cents), policy=a_policy(band_checked_at="access"))

            assert render(message_for(assessment)) == render(message_for(assessment.check("20")))

    def test_policy_gives_the_bounds(self) -> None:
        """Another policy has other bounds in the same sentence."""
        policy = a_policy(online_min=Euros(1050), online_max_per_payment=Euros(10000))
        message = message_for(check_amount("1", total=Euros(20000), policy=policy))

        assert "Vous pouvez payer en ligne entre 10,50 € et 100 € par paiement" == plain(render(message).body)


class TestRendered:
    """The attributes that a page needs besides the sentences."""

    def test_attributes(self) -> None:
        """They come from the message, the language and the medium."""
        rendered = render(BOUNDS, lang="en", medium=Medium.HTML)

        assert ("alert", "en", "AMOUNT_OUT_OF_RANGE", "amount", "error", Medium.HTML, None, None) == (
            rendered.role,
            rendered.lang,
            rendered.code,
            rendered.field,
            rendered.severity,
            rendered.medium,
            rendered.segments,
            rendered.sender,
        )

    def test_default_is_french_text(self) -> None:
        """A letter has a sender."""
        rendered = render(an_acknowledgement())

        assert ("status", "fr", Medium.TEXT, "Assurance Maladie") == (
            rendered.role,
            rendered.lang,
            rendered.medium,
            rendered.sender,
        )

    @pytest.mark.parametrize("travel", COPIES)
    def test_survives_travel(self, travel: Callable[[object], object]) -> None:
        """A copy and a pickle are equal, of the message and of its sentences."""
        message = an_acknowledgement()
        rendered = [render(message, medium=medium) for medium in Medium]

        assert (message, rendered) == travel((message, rendered))

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({"lang": "de"}, "expected lang to be one of fr, en, got 'de'"),
            ({"lang": ""}, "expected lang to be one of fr, en, got ''"),
            ({"lang": "FR"}, "expected lang to be one of fr, en, got 'FR'"),
            ({"lang": ["fr"]}, r"expected lang to be one of fr, en, got \"\['fr'\]\""),
            ({"medium": "fax"}, "expected medium to be one of text, html, sms, email, letter, pdf, got 'fax'"),
            ({"wording": "falc"}, "expected wording to be one of guide, corrected, plain, got 'falc'"),
            ({"overrides": {"fr": "[a]"}}, "expected overrides to come from read_overrides, got dict"),
        ],
    )
    def test_refusals(self, arguments: dict[str, Any], text: str) -> None:
        """An argument that does not exist is named, with those that do."""
        with pytest.raises(MessageError, match=f"^{text}$"):
            render(an_acknowledgement(), **arguments)

    def test_only_messages_are_rendered(self) -> None:
        """Another object is named by its type, and ``None`` is no value."""
        with pytest.raises(MessageError, match=r"^expected a message of the catalogue, got NoneType$"):
            render(None)  # type: ignore[arg-type]
        with pytest.raises(MessageError, match=r"^amount_required: expected minimum to be Euros, got NoneType$"):
            AmountRequired(minimum=None)  # type: ignore[arg-type]


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
        """Another wording returns the same sentences."""
        messages = [sample(kind) for kind in MESSAGES]
        english, corrected, plain_ = (
            [render(message, lang="en", wording=wording) for message in messages] for wording in Wording
        )

        assert english == corrected == plain_
        assert "You can pay online between €16 and €50 per payment." == render(BOUNDS, lang="en").body

    def test_plain_letter_has_the_first_of_a_month(self) -> None:
        """Dates in full, with « 1er »."""
        letter = an_acknowledgement(received_on=date(2018, 8, 1))

        assert "le 1er août 2018." in render(letter, wording=Wording.PLAIN).body


class TestSms:
    """The short sentence, in plain typography, and its price."""

    def test_short(self) -> None:
        """The sentence is ready to be sent."""
        rendered = render(BOUNDS, medium=Medium.SMS)

        assert ("Montant hors limites : saisissez entre 16 € et 50 €.", 1) == (rendered.short, rendered.segments)

    def test_other_sentences_are_plain(self) -> None:
        """A portal may send another one: with or without values, its typography is plain."""
        pending, letter = (render(each, medium=Medium.SMS) for each in (PaymentPending(), an_acknowledgement()))

        assert "Nous n'avons pas encore la réponse de la banque." == pending.body
        assert [] == [sign for sign in "\u00a0\u202f’«»" if sign in pending.body + letter.body]

    def test_value_that_is_too_long(self) -> None:
        """A text without bounds can make an SMS of two segments, which is refused."""
        letter = an_acknowledgement(transaction_reference="W" * 120)

        with pytest.raises(MessageError, match=r"^acknowledgement: expected an SMS of one segment, got 2$"):
            render(letter, medium=Medium.SMS, details=True)


class TestEmail:
    """An e-mail names the account, and shows details only where the caller asks for them."""

    def test_short_sentence_is_framed(self) -> None:
        """Greeting, short sentence, advice against forged e-mails, signature; no amount, no reference, no link."""
        rendered = render(an_acknowledgement(), medium=Medium.EMAIL)

        assert [
            "Bonjour,",
            "Accusé de réception : paiement du 05/07/2018. Consultez votre compte.",
            "Lisez le détail dans votre compte. Ouvrez-le comme d'habitude : ce courriel ne contient aucun lien.",
            "Nous ne demandons jamais un numéro de carte par courriel ou par SMS.",
            "Avec toute notre attention,\nVotre caisse d'Assurance Maladie.",
        ] == plain(rendered.body).split("\n\n")
        assert ("Accusé de réception de votre paiement de créance", "Consultez votre compte.", "Assurance Maladie") == (
            rendered.title,
            rendered.action,
            rendered.sender,
        )

    def test_details_of_a_letter(self) -> None:
        """The letter has its own greeting and signature."""
        rendered = render(an_acknowledgement(), medium=Medium.EMAIL, details=True)

        assert rendered.body == render(an_acknowledgement(), medium=Medium.LETTER).body

    def test_details_of_another_message(self) -> None:
        """Greeting, body, action, signature; no sentence about the absence of details."""
        rendered = render(BOUNDS, medium=Medium.EMAIL, details=True)

        assert [
            "Bonjour,",
            "Vous pouvez payer en ligne entre 16 € et 50 € par paiement",
            "Saisissez un montant entre ces limites. Exemple : 16,00 €.",
            "Avec toute notre attention,\nVotre caisse d'Assurance Maladie.",
        ] == plain(str(rendered)).split("\n\n")[1:]

    def test_part_of_a_page_is_refused(self) -> None:
        """The heading of a page is no message to send."""
        with pytest.raises(MessageError, match=r"^error_summary: expected a message with a short sentence for an"):
            render(ErrorSummary(count=2), medium=Medium.EMAIL)


class TestHeadings:
    """A paragraph that begins with a mark is a heading where the medium has headings."""

    def test_media(self) -> None:
        """HTML has an element, PDF keeps the mark, the others show the words alone."""
        found = {medium: render(sample(Notice), medium=medium).body for medium in Medium}

        assert "<h2>Comment payer</h2>" in str(render(sample(Notice), medium=Medium.HTML))
        assert "\n\n# Comment payer\n\n" in found[Medium.PDF]
        for medium in (Medium.TEXT, Medium.LETTER):
            assert "\n\nComment payer\n\n" in found[medium]


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

    def test_frame_has_the_language(self) -> None:
        """Greeting and signature are those of the language."""
        rendered = render(NothingDue(), medium=Medium.LETTER, lang="en")

        assert (True, True) == (
            rendered.body.startswith("Hello,\n\n"),
            rendered.body.endswith("health insurance fund."),
        )

    def test_help_is_in_it(self) -> None:
        """A reader of paper has nothing to click on."""
        assert "rubrique « Ma Messagerie" in plain(render(PaymentPending(), medium=Medium.LETTER).body)

    def test_acknowledgement_has_its_own(self) -> None:
        """One greeting only; the day of deletion is at the end."""
        body = plain(render(an_acknowledgement(), medium=Medium.LETTER).body)

        assert (1, True) == (body.count("Bonjour"), body.endswith("Téléchargez-le ou imprimez-le."))


class TestHtml:
    """In a page every value is escaped."""

    @pytest.mark.parametrize("field", ["address", "caisse", "contact", "transaction_reference"])
    def test_values_are_escaped(self, field: str) -> None:
        """A hostile value stays text, and is complete."""
        page = Tags(render(an_acknowledgement(**{field: HOSTILE}), medium=Medium.HTML).body)

        assert ([], True) == (page.tags, HOSTILE in page.text)

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), min_size=1).filter(str.strip))
    def test_any_value_comes_back_as_text(self, address: str) -> None:
        """A browser shows the value, whatever it is."""
        page = Tags(render(an_acknowledgement(address=address), medium=Medium.HTML).body)

        assert ([], True) == (page.tags, f"Adresse\u00a0: {address}\n" in page.text)

    def test_plain_text_is_not_escaped(self) -> None:
        """A letter in plain text has the value as it is, braces included."""
        address = HOSTILE + " {{ 7*7 }}"

        assert address in render(an_acknowledgement(address=address)).body

    def test_words_are_the_same(self) -> None:
        """Except for the escapes, a page has the sentences of the text."""
        for message in (an_acknowledgement(), PaymentAccepted(display_delay_hours=24), PaymentPending()):
            page = render(message, medium=Medium.HTML)

            assert render(message).body == Tags(page.body).text
            assert page.body == page.body.__html__()  # type: ignore[attr-defined]


class TestTypography:
    """French sets no-break spaces; compared by code points."""

    def test_french_sentences_are_set(self) -> None:
        """No plain space where a no-break one belongs, no straight apostrophe."""
        written = "\n".join(text for message in MESSAGES_OF_ANSWERS for text in sentences_of(render(message)))

        assert [] == re.findall(r".{9} [:;!?»€]|« .{9}|.{9}'", written)
