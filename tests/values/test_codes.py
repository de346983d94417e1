"""The codes: each equal to its name, each with a rule, a meaning and a source."""

import re

from creance_pay.codes import Code, Reason, ReferenceCode, VerdictCode
from samples import COPIES

CODES: list[Code] = [code for kind in Code.__subclasses__() for code in kind]

#: The tests of one verdict in their order (section 8 of the rules): R5 and R6 belong to the notice or the access, and
#: the selection (R8) is tested before the amounts.  Files contain the numbers.
ORDER = {
    "INPUT_MISSING": 1,
    "INPUT_INVALID": 2,
    "REFERENCE_BAD_FORMAT": 4,
    "REFERENCE_NOT_OPEN": 8,
    "KIND_NOT_OPEN": 16,
    "SELECTION_NOT_ALLOWED": 32,
    "SELECTION_DUPLICATE": 64,
    "SELECTION_OTHER_DEBTOR": 128,
    "SELECTION_OTHER_CAISSE": 256,
    "NOTHING_DUE": 512,
    "PAYMENT_ALREADY_MADE": 1024,
    "NO_NOTICE": 2048,
    "BELOW_BAND": 4096,
    "ABOVE_BAND": 8192,
    "BELOW_ONLINE_MINIMUM": 16384,
    "AMOUNT_REQUIRED": 32768,
    "AMOUNT_BAD_FORMAT": 65536,
    "AMOUNT_BELOW_MINIMUM": 131072,
    "AMOUNT_ABOVE_MAXIMUM": 262144,
    "AMOUNT_ABOVE_REMAINING": 524288,
    "AMOUNT_STRANDS_REMAINDER": 1048576,
    "SCHEDULE_TOO_LONG": 2097152,
}


def test_names() -> None:
    """A code equals its own name, and belongs to one enumeration."""
    assert [code.name for code in CODES] == [code.value for code in CODES] == list(map(str, CODES))
    assert len(CODES) == len(set(CODES))


def test_attributes() -> None:
    """Each code has a rule of R1 to R26, a meaning that is a sentence and its docstring, and a source."""
    assert [] == [code for code in CODES if not re.fullmatch(r"R([1-9]|1[0-9]|2[0-6])", code.rule)]
    assert [] == [code for code in CODES if not re.fullmatch(r"[A-Z].{5,}\.", code.meaning)]
    assert [code.meaning for code in CODES] == [code.__doc__ for code in CODES]
    assert [] == [code for code in CODES if not code.source or code.source != code.source.strip(" .")]


def test_public() -> None:
    """Each code states by a boolean whether the person has to be informed; a code of success never is public."""
    successes = [code for code in CODES if code.endswith(("_OK", "_FOUND")) or code == "PAYABLE"]

    assert {bool} == {type(code.public) for code in CODES}
    assert [] == [code for code in successes if code.public]


def test_copies() -> None:
    """A code is one object in each process, and keeps its attributes."""
    assert [] == [code for code in CODES for travel in COPIES if travel(code) is not code]


def test_reasons() -> None:
    """The reasons are in the order of the tests, with stable numbers, and have the names of codes."""
    assert ORDER == {str(reason.name): reason.value for reason in Reason}
    assert set(ORDER) <= {*VerdictCode, *ReferenceCode}
