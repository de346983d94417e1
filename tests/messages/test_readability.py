"""The plain-language measure, and the bounds that every French text of the catalogue keeps."""

import pytest

from creance_pay.messages import MESSAGES, Wording, sample
from creance_pay.messages.letters import Document
from creance_pay.messages.readability import (
    LEAST_WORDS,
    LETTER_LIX,
    LONGEST_SENTENCE,
    MESSAGE_LIX,
    measure,
    measure_message,
)

#: Messages whose body, word for word the guide's, has a sentence of more words.
OF_THE_GUIDE = {"acknowledgement", "registration"}


@pytest.mark.parametrize(
    ("text", "counts", "lix"),
    [
        # 5 words in 2 sentences, of which « gratuit » has seven letters: 5 / 2 + 100 * 1 / 5
        ("Payez en ligne. C’est gratuit.", (5, 2, 3, 1), 22.5),
        # « l’Assurance » counts by « Assurance »; a number and a reference have no letters: 4 / 1 + 100 * 1 / 4
        ("Devez 1234567 l’Assurance 6311705400000344F", (4, 1, 4, 1), 29.0),
        # the end of a line and a colon end a sentence: 4 / 3 + 0
        ("Total : 20,00\nOui non", (4, 3, 2, 0), 1.3),
        # « moyen » has five letters, « chèques » seven: 2 / 1 + 50
        ("moyen chèques", (2, 1, 2, 1), 52.0),
    ],
)
def test_measure(text: str, counts: tuple[int, int, int, int], lix: float) -> None:
    """Counted by hand."""
    found = measure(text)

    assert counts == (found.words, found.sentences, found.longest_sentence, found.long_words)
    assert lix == found.lix


@pytest.mark.parametrize("wording", Wording)
def test_french_texts_keep_the_bounds(wording: Wording) -> None:
    """Sentences of 20 words at most; LIX 40 at most for a letter, 50 for another message."""
    over = []
    for kind in MESSAGES:
        found = measure_message(sample(kind), wording=wording)
        lix = LETTER_LIX if issubclass(kind, Document) else MESSAGE_LIX
        is_long = found.longest_sentence > LONGEST_SENTENCE
        if is_long and not (kind.key in OF_THE_GUIDE and wording is not Wording.PLAIN):
            over.append((kind.key, found))
        if found.lix > lix and found.words >= LEAST_WORDS:
            over.append((kind.key, found))

    assert [] == over
    assert (20, 40, 50, 15) == (LONGEST_SENTENCE, LETTER_LIX, MESSAGE_LIX, LEAST_WORDS)
