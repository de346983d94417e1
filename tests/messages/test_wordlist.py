"""Rules for every sentence, in each wording, medium and language: true about money, in plain language, well set.

Each test lists the sentences that break its rule.  English has one wording: the tests of rendering prove that.
"""

import re
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros
from creance_pay.messages import (
    MESSAGES,
    Medium,
    Message,
    Money,
    Overrides,
    Rendered,
    Severity,
    SmsText,
    Wording,
    render,
    sample,
)
from creance_pay.messages.catalogue import FRAMES, ErrorSummary
from creance_pay.messages.sentences import Sentences, sentences_of
from creance_pay.messages.wordlist import find_words, words_of
from strategies import amounts

#: The languages and wordings that differ.
VERSIONS = [("fr", Wording.GUIDE), ("fr", Wording.CORRECTED), ("fr", Wording.PLAIN), ("en", Wording.GUIDE)]
#: The messages that a person reads by themselves; the others are parts of a page or a letter.
WHOLE = [kind for kind in MESSAGES if kind not in {ErrorSummary, *FRAMES}]
#: Sentences that deny a debit, as a reader understands them, by language.
NOTHING = {
    "fr": re.compile(r"rien n’a été|aucun[^.]*débit", re.IGNORECASE),
    "en": re.compile("nothing was|no money", re.IGNORECASE),
}
#: Messages whose body, word for word the guide's, breaks a rule of plain language that other sentences follow.
OF_THE_GUIDE = {"below_online_minimum", "payment_accepted", "payment_refused", "acknowledgement", "registration"}


def variants(
    kinds: list[type[Message]], medium: Medium = Medium.TEXT
) -> Iterator[tuple[type[Message], str, Wording, Rendered]]:
    """Yield each message with its sample values, in each language and wording."""
    for kind in kinds:
        for lang, wording in VERSIONS:
            yield kind, lang, wording, render(sample(kind), lang=lang, wording=wording, medium=medium)


def files(kinds: list[type[Message]]) -> Iterator[tuple[type[Message], str, Wording, Sentences]]:
    """Yield the sentences of each message as the files hold them, in each language and wording."""
    for kind in kinds:
        for lang, wording in VERSIONS:
            yield kind, lang, wording, sentences_of(lang, wording, Overrides())[kind.key]


def written(rendered: Rendered) -> str:
    """Return every sentence of a message."""
    slots = (rendered.title, rendered.body, rendered.action, rendered.help, rendered.short)
    return "\n".join(filter(None, slots))


def sentences(text: str) -> Iterator[str]:
    """Cut a text into sentences: at full stops, question marks, and the ends of lines."""
    yield from (part for part in re.split(r"(?<=[.?!])\s+|\n+", text) if part)


def is_of_the_guide(kind: type[Message], lang: str, wording: Wording) -> bool:
    """Return whether the body is the guide's own."""
    return lang == "fr" and wording is not Wording.PLAIN and kind.key in OF_THE_GUIDE


class TestMoney:
    """No sentence denies a debit without proof, and none invites a second payment."""

    @pytest.mark.parametrize("medium", Medium)
    def test_debit_is_denied_only_with_proof(self, medium: Medium) -> None:
        """The rule applies to the messages of which money is yes or unknown."""
        kinds = WHOLE if medium is Medium.EMAIL else MESSAGES
        unproved = [kind for kind in kinds if kind.money is not Money.NO]

        assert [] == [
            (kind.key, lang, wording)
            for kind, lang, wording, rendered in variants(unproved, medium)
            if NOTHING[lang].search(" ".join(written(rendered).split()))
        ]

    def test_denial_is_recognised(self) -> None:
        """The sentence is found where the bank's answer, or a browser that never left, proves it."""
        denying = {
            (kind.key, lang)
            for kind, lang, wording, rendered in variants(list(MESSAGES))
            if wording is Wording.GUIDE and NOTHING[lang].search(" ".join(written(rendered).split()))
        }

        proved = ("payment_cancelled", "payment_expired", "service_unavailable")
        assert {(key, lang) for key in proved for lang in ("fr", "en")} == denying

    def test_unknown_asks_not_to_pay_twice(self) -> None:
        """After a time-out the first thing to do is not to pay again."""
        first = {"fr": "Ne payez pas une deuxième fois.", "en": "Do not pay a second time."}
        unknown = [kind for kind in WHOLE if kind.money is Money.UNKNOWN]

        assert [] == [
            (kind.key, lang, wording)
            for kind, lang, wording, rendered in variants(unknown)
            if next(sentences(rendered.action)) != first[lang]
        ]


class TestPlainLanguage:
    """Short sentences, known words, a verb in the action, an example where something is typed."""

    def test_sentences_are_short(self) -> None:
        """At most 20 words, except for the guide's own sentences."""
        assert [] == [
            (kind.key, lang, wording, each)
            for kind, lang, wording, rendered in variants(WHOLE)
            for text in (
                rendered.action,
                rendered.short or "",
                rendered.help or "",
                "" if is_of_the_guide(kind, lang, wording) else rendered.body,
            )
            for each in sentences(text)
            if len(each.split(" ")) > 20
        ]

    def test_no_jargon(self) -> None:
        """No banned word, except in the guide's own sentences."""
        assert [] == [
            (kind.key, lang, wording, slot, word)
            for kind, lang, wording, texts in files(WHOLE)
            for slot, text in attrs.asdict(texts).items()
            if text and not (slot == "body" and is_of_the_guide(kind, lang, wording))
            for word in find_words(text, words_of(lang).banned)
        ]

    def test_action_has_an_imperative(self) -> None:
        """One sentence of the action begins with a verb of the list."""
        assert [] == [
            (kind.key, lang, wording)
            for kind, lang, wording, texts in files(list(MESSAGES))
            if not any(
                re.match(rf"{verb}\b", each.lower())
                for each in sentences(texts.action)
                for verb in words_of(lang).imperatives
            )
        ]

    def test_field_error_has_an_example(self) -> None:
        """The action shows a value (RGAA 11.11), except where the person has no other value to type."""
        typed = [
            kind
            for kind in WHOLE
            if kind.severity is Severity.ERROR
            and kind.field in {"reference", "amount"}
            and kind.key != "reference_not_open"
        ]

        assert len(typed) > 5
        assert [] == [
            (kind.key, lang, wording)
            for kind, lang, wording, rendered in variants(typed)
            if not re.search(r"\d", rendered.action)
        ]

    def test_titles_are_short(self) -> None:
        """At most 60 characters, the longest values included."""
        longest = [sample(kind, longest=kind in WHOLE) for kind in MESSAGES]

        assert [] == [
            (message.key, lang, wording)
            for message in longest
            for lang, wording in VERSIONS
            if len(render(message, lang=lang, wording=wording).title) > 60
        ]

    def test_languages_differ(self) -> None:
        """No French body is in the English file."""
        french, english = (sentences_of(lang, Wording.GUIDE, Overrides()) for lang in ("fr", "en"))

        assert [] == [key for key in french if french[key].body == english[key].body]


class TestTypography:
    """The spaces and apostrophes of each language, compared by code points."""

    def test_spaces(self) -> None:
        """French sets no-break spaces before its signs and units; English sets none, and writes no short date."""
        wrong = {"fr": r" [:;!?»€]|« |'|\d (?:h|heures|mois)\b", "en": r"[ \u00a0\u202f][:;!?]|\d/\d|'"}

        assert [] == [
            (kind.key, lang, wording, found)
            for kind, lang, wording, rendered in variants(list(MESSAGES))
            for found in re.findall(wrong[lang], written(rendered))
        ]


class TestShort:
    """Every message has a short sentence, which fits one SMS."""

    def test_fits_with_the_longest_values(self) -> None:
        """The alphabet has seven bits, and one segment is paid."""
        longest = [sample(kind, longest=True) for kind in WHOLE]
        shown = [
            (
                message.key,
                lang,
                wording,
                render(message, medium=Medium.SMS, lang=lang, wording=wording, details=details),
            )
            for message in longest
            for lang, wording in VERSIONS
            for details in (False, True)
        ]

        assert [] == [
            (key, lang, wording)
            for key, lang, wording, rendered in shown
            if ("GSM-7", 1) != (SmsText.of(str(rendered.short)).alphabet, rendered.segments)
        ]

    def test_every_message_has_one(self) -> None:
        """Each message can be sent."""
        assert [] == [(kind.key, lang) for kind, lang, _, texts in files(WHOLE) if not texts.short]

    @given(amounts, st.sampled_from(["fr", "en"]), st.sampled_from([kind for kind in WHOLE if attrs.fields(kind)]))
    def test_fits_with_any_amount(self, amount: Euros, lang: str, kind: type[Message]) -> None:
        """Amounts of twelve digits are the largest that a bank knows."""
        made = sample(kind)
        given_fields = [field.name for field in attrs.fields(kind) if field.init]
        names = [name for name in given_fields if isinstance(getattr(made, name), Euros)]
        rendered = render(
            attrs.evolve(made, **dict.fromkeys(names, amount)), medium=Medium.SMS, lang=lang, details=True
        )

        assert 1 == rendered.segments
