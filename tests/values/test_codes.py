"""The words: each equal to its name, each with a rule, a meaning and a source."""

import re
from collections.abc import Callable

import pytest

from creance_pay.codes import Code, Reason, ReferenceCode, VerdictCode
from samples import COPIES

CODES: list[Code] = [code for kind in Code.__subclasses__() for code in kind]

#: The tests of one verdict in their order: section 8 of the rules, where R5 and R6 belong to the notice or the access,
#: R8 to what is selected before sums are looked at.  Files keep the numbers.
ORDER = {
    "INPUT_MISSING": 1,
    "INPUT_INVALID": 2,
    "REFERENCE_BAD_FORMAT": 4,
    "REFERENCE_NOT_OPEN": 8,
    "KIND_NOT_OPEN": 16,
    "SELECTION_NOT_ALLOWED": 32,
    "SELECTION_DUPLICATE": 64,
    "SELECTION_OTHER_DEBTOR": 128,
    "NOTHING_DUE": 256,
    "PAYMENT_ALREADY_MADE": 512,
    "NO_NOTICE": 1024,
    "BELOW_BAND": 2048,
    "ABOVE_BAND": 4096,
    "BELOW_ONLINE_MINIMUM": 8192,
    "AMOUNT_REQUIRED": 16384,
    "AMOUNT_BAD_FORMAT": 32768,
    "AMOUNT_BELOW_MINIMUM": 65536,
    "AMOUNT_ABOVE_MAXIMUM": 131072,
    "AMOUNT_ABOVE_REMAINING": 262144,
    "AMOUNT_STRANDS_REMAINDER": 524288,
}

named = pytest.mark.parametrize("code", CODES, ids=str)


@named
def test_word_is_the_name(code: Code) -> None:
    """A word is spelt as its member is."""
    assert code.name == code.value == str(code)


@named
def test_rule_has_a_number(code: Code) -> None:
    """Every word belongs to one of the rules R1 to R26."""
    assert re.fullmatch(r"R([1-9]|1[0-9]|2[0-6])", code.rule)


@named
def test_meaning_is_a_sentence(code: Code) -> None:
    """Every word is explained, and its docstring is that explanation."""
    assert re.fullmatch(r"[A-Z].{5,}\.", code.meaning)
    assert code.meaning == code.__doc__


@named
def test_source_is_given(code: Code) -> None:
    """Every word says where its rule comes from, or that it is a reading or a proposal."""
    assert code.source.strip(" .") == code.source != ""


@named
def test_public_is_a_truth_value(code: Code) -> None:
    """Whether a person has to be told is yes or no."""
    assert type(code.public) is bool


@named
@pytest.mark.parametrize("travel", COPIES)
def test_survives_travel(code: Code, travel: Callable[[Code], Code]) -> None:
    """A word is one object in each process, whose rule stays with it."""
    assert code is travel(code)


def test_no_word_has_two_meanings() -> None:
    """A word is a member of one enumeration only, so that it can be looked up."""
    assert len(CODES) == len(set(CODES))


@pytest.mark.parametrize("code", [code for code in CODES if code.endswith(("_OK", "_FOUND")) or code == "PAYABLE"])
def test_a_yes_is_not_told(code: Code) -> None:
    """Nothing has to be said about what is in order."""
    assert not code.public


class TestReason:
    """A reason is a flag for each test that can fail; the lowest one is the verdict's code."""

    def test_order_is_that_of_the_tests_and_numbers_are_stable(self) -> None:
        """Nobody renumbers what files keep."""
        assert ORDER == {str(reason.name): reason.value for reason in Reason}

    @pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
    def test_name_is_a_word(self, reason: Reason) -> None:
        """Every reason bears the name of a word for verdicts or for references."""
        assert str(reason.name) in {*VerdictCode, *ReferenceCode}
