"""What every sentence has to be, in every wording, medium and language: true about the money, and in plain language."""

import re
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, PaymentState
from creance_pay.codes import Code
from creance_pay.messages import (
    MESSAGES,
    Medium,
    Message,
    Money,
    Overrides,
    Rendered,
    Retry,
    Severity,
    SmsText,
    Wording,
    render,
    sample,
)
from creance_pay.messages.catalogue import ErrorSummary, Letter
from creance_pay.messages.sentences import sentences_of, unanswered
from creance_pay.messages.wordlist import find_words, words_of
from strategies import amounts

LANGUAGES = ("fr", "en")
FRAMES = {ErrorSummary, Letter}
TOLD = [kind for kind in MESSAGES if kind not in FRAMES]
#: The sentences that say that no money moved, as a reader takes them, by language.
NOTHING = {
    "fr": re.compile(r"rien n’a été|aucun[^.]*débit", re.IGNORECASE),
    "en": re.compile("nothing was|no money", re.IGNORECASE),
}
#: Messages whose body, word for word the guide's, breaks a rule of plain language that ours keep.
OF_THE_GUIDE = {"below_online_minimum", "payment_accepted", "payment_refused", "acknowledgement", "registration"}

each_language = pytest.mark.parametrize("lang", LANGUAGES)
each_wording = pytest.mark.parametrize("wording", Wording)
each_message = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.key)
each_told = pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.key)


def written(rendered: Rendered) -> str:
    """Give every sentence of a message as it is set."""
    slots = (rendered.title, rendered.body, rendered.action, rendered.help, rendered.short)
    return "\n".join(filter(None, slots))


def said(rendered: Rendered) -> str:
    """Give every word of a message, single spaces between them."""
    return " ".join(written(rendered).split())


def sentences(text: str) -> Iterator[str]:
    """Cut a text into sentences: at full stops, question marks, and the ends of lines."""
    yield from (part for part in re.split(r"(?<=[.?!])\s+|\n+", text) if part)


class TestAnswers:
    """Each code that speaks to the public has its sentence in both languages."""

    def test_nothing_is_unanswered(self) -> None:
        """The enumerations are gone through, no list by hand."""
        assert [] == unanswered()

    @each_language
    @pytest.mark.parametrize(
        "word", [*(code for kind in Code.__subclasses__() for code in kind if code.public), *PaymentState], ids=str
    )
    def test_word_has_sentences(self, word: Code | PaymentState, lang: str) -> None:
        """One message answers it, with a title, a body and an action."""
        (kind,) = [kind for kind in MESSAGES if word in kind.answers]
        rendered = render(sample(kind), lang=lang)

        assert [True] * 3 == [bool(text.strip()) for text in (rendered.title, rendered.body, rendered.action)]

    def test_languages_differ(self) -> None:
        """No French body stands in the English file."""
        french, english = (sentences_of(lang, Wording.GUIDE, Overrides()) for lang in LANGUAGES)

        assert [] == [key for key in french if french[key].body == english[key].body]


class TestMoney:
    """« Rien n’a été débité » appears only where money is known to be no; nobody is invited to pay twice."""

    @each_message
    @each_wording
    @each_language
    @pytest.mark.parametrize("medium", Medium)
    def test_nothing_is_debited_only_where_known(
        self, kind: type[Message], wording: Wording, lang: str, medium: Medium
    ) -> None:
        """Whatever the wording, the medium and the language."""
        text = said(render(sample(kind), lang=lang, wording=wording, medium=medium))

        assert kind.money is Money.NO or not NOTHING[lang].search(text)

    @pytest.mark.parametrize(("lang", "sentence"), [("fr", "Rien n’a été débité."), ("en", "Nothing was charged.")])
    @pytest.mark.parametrize("key", ["payment_cancelled", "payment_expired"])
    def test_the_property_can_fail(self, key: str, lang: str, sentence: str) -> None:
        """The sentence does stand where the bank's answer allows it, and is seen there."""
        (kind,) = [kind for kind in MESSAGES if kind.key == key]

        assert (True, True) == (sentence in said(render(kind(), lang=lang)), bool(NOTHING[lang].search(sentence)))

    @each_message
    def test_no_retry_where_money_may_have_moved(self, kind: type[Message]) -> None:
        """Trying again is for those whose money is known not to have moved."""
        assert kind.money is Money.NO or kind.retry is Retry.NO

    @each_language
    @each_wording
    @pytest.mark.parametrize("kind", [kind for kind in TOLD if kind.money is Money.UNKNOWN], ids=lambda kind: kind.key)
    def test_unknown_says_not_to_pay_twice(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """After a time-out the first thing to do is not to pay again."""
        first = {"fr": "Ne payez pas une deuxième fois.", "en": "Do not pay a second time."}[lang]

        assert first == next(sentences(render(sample(kind), lang=lang, wording=wording).action))


class TestPlainLanguage:
    """Short sentences, known words, an action that begins with a verb, an example where something is typed."""

    @each_language
    @each_wording
    @each_told
    def test_sentences_are_short(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """At most 20 words, but for the guide's own sentences."""
        rendered = render(sample(kind), lang=lang, wording=wording)
        exempt = lang == "fr" and wording is not Wording.PLAIN and kind.key in OF_THE_GUIDE
        texts = [rendered.action, rendered.short or "", rendered.help or "", *([] if exempt else [rendered.body])]

        assert [] == [each for text in texts for each in sentences(text) if len(each.split(" ")) > 20]

    @each_language
    @each_wording
    @each_told
    def test_no_jargon(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """No banned word, but in the guide's own sentences."""
        words = sentences_of(lang, wording, Overrides())[kind.key]
        texts = attrs.asdict(words)
        if lang == "fr" and wording is not Wording.PLAIN and kind.key in OF_THE_GUIDE:
            del texts["body"]

        assert [] == [word for text in texts.values() if text for word in find_words(text, words_of(lang).banned)]

    @each_language
    @each_wording
    @each_message
    def test_action_has_an_imperative(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """One of its sentences begins with a verb that says what to do."""
        verbs = words_of(lang).imperatives
        starts = [each.lower() for each in sentences(sentences_of(lang, wording, Overrides())[kind.key].action)]

        assert [each for each in starts if any(re.match(rf"{verb}\b", each) for verb in verbs)]

    @each_language
    @each_wording
    @pytest.mark.parametrize(
        "kind",
        [kind for kind in TOLD if kind.severity is Severity.ERROR and kind.field in {"reference", "amount"}],
        ids=lambda kind: kind.key,
    )
    def test_field_error_has_an_example(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """What could be typed is shown (RGAA 11.11), except where no other value would do."""
        action = render(sample(kind), lang=lang, wording=wording).action

        assert kind.key == "reference_not_open" or re.search(r"\d", action)

    @each_language
    @each_wording
    @each_message
    def test_title_is_short(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """At most 60 characters, the longest values included."""
        values = sample(kind, longest=kind in TOLD)

        assert len(render(values, lang=lang, wording=wording).title) <= 60


class TestTypography:
    """Compared by code points."""

    @each_wording
    @each_message
    def test_french_spaces(self, kind: type[Message], wording: Wording) -> None:
        """No plain space where a no-break one belongs, and no straight apostrophe."""
        assert [] == re.findall(
            r" [:;!?»€]|« |'|\d (?:h|heures|mois)\b", written(render(sample(kind), wording=wording))
        )

    @each_message
    def test_english_has_no_french_spaces(self, kind: type[Message]) -> None:
        """English sets no space before a colon or a question mark, and writes no short date."""
        assert [] == re.findall(r"[ \u00a0\u202f][:;!?]|\d/\d|'", written(render(sample(kind), lang="en")))


class TestShort:
    """Every short sentence fits one SMS, whatever its values."""

    @each_language
    @each_wording
    @each_told
    def test_fits_with_the_longest_values(self, kind: type[Message], wording: Wording, lang: str) -> None:
        """The alphabet is that of seven bits, and one message is paid for."""
        rendered = render(sample(kind, longest=True), medium=Medium.SMS, lang=lang, wording=wording)

        assert ("GSM-7", 1) == (SmsText.of(str(rendered.short)).alphabet, rendered.segments)

    @each_told
    def test_every_message_has_one(self, kind: type[Message]) -> None:
        """What can be said can be sent."""
        assert [True, True] == [
            bool(sentences_of(lang, Wording.GUIDE, Overrides())[kind.key].short) for lang in LANGUAGES
        ]

    @given(amounts, st.sampled_from(LANGUAGES), st.sampled_from([kind for kind in TOLD if attrs.fields(kind)]))
    def test_fits_with_any_amount(self, amount: Euros, lang: str, kind: type[Message]) -> None:
        """Amounts of twelve digits are the largest that a bank knows."""
        made = sample(kind)
        names = [field.name for field in attrs.fields(kind) if isinstance(getattr(made, field.name), Euros)]

        assert 1 == render(attrs.evolve(made, **dict.fromkeys(names, amount)), medium=Medium.SMS, lang=lang).segments
