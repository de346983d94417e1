"""The plain-language measure of a text: the length of its sentences, and the share of its long words.

The two figures and their sum are those of LIX (C.-H. Björnsson, *Läsbarhet*, 1968), which was made for comparing texts
of several languages: the words of a mean sentence, plus the percentage of words of more than six letters.  Values of a
message are words like the others; a number and a reference have no letters and count as short.

>>> measure("Payez en ligne. C’est gratuit.")
Readability(words=5, sentences=2, longest_sentence=3, long_words=1)
>>> measure("Payez en ligne. C’est gratuit.").lix
22.5
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from .message import Message
from .rendering import render

_WORD = re.compile(r"[^\W_]+(?:[.,’'-][^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"(?<=[.?!:])\s+|\n+")
_LONG = 6

#: The largest number of words of a sentence, except of a sentence of the guide.
LONGEST_SENTENCE = 20
#: The largest LIX of a letter, and of another message.  A text of fewer words than ``LEAST_WORDS`` has no LIX to judge:
#: one long word, such as *obligatoire*, decides it.
LETTER_LIX, MESSAGE_LIX = 40, 50
LEAST_WORDS = 15


@attrs.frozen(kw_only=True)
class Readability:
    """The measure of a text.

    Attributes:
        words: The number of words.
        sentences: The number of sentences; the end of a line and a colon end one too.
        longest_sentence: The number of words of the longest sentence.
        long_words: The number of words of more than six letters.
    """

    words: int
    sentences: int
    longest_sentence: int
    long_words: int

    @property
    def lix(self) -> float:
        """The words of a mean sentence, plus the percentage of long words: under 40 is easy, over 60 is hard."""
        return round(self.words / self.sentences + 100 * self.long_words / self.words, 1)


def measure(text: str) -> Readability:
    """Measure a text.

    Args:
        text: The text, with a word at least.
    """
    sentences = [words for part in _SENTENCE_END.split(text) if (words := _WORD.findall(part))]
    return Readability(
        words=sum(map(len, sentences)),
        sentences=len(sentences),
        longest_sentence=max(map(len, sentences)),
        long_words=sum(len(part) > _LONG for words in sentences for word in words for part in _longest_parts(word)),
    )


def _longest_parts(word: str) -> Iterator[str]:
    """Yield the longest run of letters of a word: ``gratuit`` of ``l’gratuit``; nothing for a number."""
    yield from sorted(_LETTERS.findall(word), key=len)[-1:]


def measure_message(message: Message, **sentences: Any) -> Readability:  # noqa: ANN401 - the arguments of render
    """Measure the body, the action and the help of a message.

    Args:
        message: The message.
        sentences: The arguments ``lang``, ``wording`` and ``overrides`` of :func:`~creance_pay.messages.render`.
    """
    rendered = render(message, **sentences)
    return measure("\n".join(filter(None, (rendered.body, rendered.action, rendered.help))))
