"""The worked examples of the rules."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from creance_pay import Debt, Euros, NoticeReference, PaymentState, TransactionReference, find_caisse
from creance_pay.codes import CaisseStatus, ReferenceCode, TransactionCode
from creance_pay.errors import InvalidReferenceError
from creance_pay.messages import acknowledgement, contact_line, format_euros, message_for, render
from creance_pay.rules import (
    Policy,
    access,
    acknowledge_by,
    after_payment,
    allocate,
    assess,
    check_amount,
    check_card_mask,
    delete_on,
    display_by,
    notice_scope,
    plan,
)
from samples import POLICY, a_debt, a_policy, numbered, plain

CASES = json.loads((Path(__file__).parents[1] / "cases" / "rule_examples.json").read_text(encoding="utf-8"))
EXAMPLES: list[dict[str, Any]] = CASES["examples"]

STATUSES = {
    "accepted": PaymentState.PAID,
    "pending": PaymentState.PENDING,
    "failed": PaymentState.REFUSED,
    "abandoned": PaymentState.CANCELLED,
}

Given = Mapping[str, Any]
Found = dict[str, Any]


def policy_of(values: Mapping[str, str]) -> Policy:
    """Return the default policy with the values of an example, whose amounts are texts."""
    amounts = {field.name for field in attrs.fields(Policy) if isinstance(getattr(POLICY, field.name), Euros)}
    return a_policy(**{key: Euros.exact(value) if key in amounts else value for key, value in values.items()})


def reference_of(label: str) -> NoticeReference:
    """Return a reference, or a synthetic one for a label such as R-A."""
    return numbered(ord(label[-1])) if label.startswith("R-") else NoticeReference.parse(label)


def debt_of(given: Given) -> Debt:
    """Build the debt of an example."""
    return a_debt(Euros.parse(given["remaining"]).cents, reference=reference_of(given["ref"]))


def text_of(amount: Euros | None) -> str | None:
    """Format an amount as the examples do."""
    return None if amount is None else str(amount)


def sentence_for(verdict: Any) -> str | None:  # noqa: ANN401 - any verdict
    """Return the sentence of a refusal, in plain typography."""
    return None if verdict.ok else plain(render(message_for(verdict)).body)


def parse_reference(given: Given, _: Policy) -> Found:
    """R1 and R2."""
    try:
        reference = NoticeReference.parse(given["text"])
    except InvalidReferenceError as error:
        return {"code": error.code, "suggestion": next(iter(error.suggestions), None), **vars(error)}
    return {
        "code": ReferenceCode.REFERENCE_OK,
        "canonical": str(reference),
        "grouped": reference.grouped,
        "caisse": reference.caisse_code,
        "issue_date": reference.issued_on and reference.issued_on.isoformat(),
        "sequence": reference.sequence,
        "letter": reference.letter,
    }


def caisse(given: Given, _: Policy) -> Found:
    """R3."""
    found = find_caisse(given["code"])
    if found is None:
        return {"code": CaisseStatus.CAISSE_UNKNOWN, "name": None, "successor": None}
    return {"code": found.status, "name": found.name, "successor": found.successor}


def eligibility(given: Given, policy: Policy) -> Found:
    """R5 and R6."""
    return {"code": notice_scope(Euros.parse(given["balance"]), notice_received=given["notice"], policy=policy).code}


def search(given: Given, policy: Policy) -> Found:
    """R4."""
    debt = (
        a_debt(reference=reference_of(given["reference"]), open_online=given["open_online"]) if given["found"] else None
    )
    verdict = access(debt, policy=policy)
    return {"code": verdict.code, "message": sentence_for(verdict)}


def assess_selection(given: Given, policy: Policy) -> Found:
    """R7, R8 and R10."""
    verdict = assess(debt_of(given["main"]), others=[debt_of(each) for each in given["selected"]], policy=policy)
    return {
        "code": verdict.code,
        "message": sentence_for(verdict),
        "total": text_of(verdict.total),
        "payable_min": text_of(verdict.payable_min),
        "payable_max": text_of(verdict.payable_max),
    }


def amount(given: Given, policy: Policy) -> Found:
    """R9 to R11."""
    verdict = check_amount(given["text"], total=Euros.parse(given["total"]), policy=policy)
    return {
        "code": verdict.code,
        "message": sentence_for(verdict),
        "amount": text_of(verdict.amount),
        "warning": verdict.warning,
        "stranded": text_of(verdict.stranded),
        "suggested_max": text_of(verdict.suggested_max),
    }


def parse_transaction(given: Given, _: Policy) -> Found:
    """R15."""
    try:
        reference = TransactionReference.parse(given["text"])
    except InvalidReferenceError as error:
        return {"code": error.code}
    return {
        "code": TransactionCode.TRANSACTION_OK,
        "date": reference.day.isoformat(),
        "sequence": reference.sequence,
    }


def payment_message(given: Given, _: Policy) -> Found:
    """R14: the text of the account's home page; that of the kiosk is the bank's own."""
    message = message_for(SimpleNamespace(state=STATUSES[given["status"]]))
    return {"home": plain(render(message).body), "money": message.money}


def display(given: Given, policy: Policy) -> Found:
    """R17."""
    return {"display_by": display_by(datetime.fromisoformat(given["accepted_at"]), policy=policy).isoformat()}


def delete(given: Given, policy: Policy) -> Found:
    """R19."""
    return {"delete_on": delete_on(date.fromisoformat(given["sent"]), policy=policy).isoformat()}


def phone(given: Given, _: Policy) -> Found:
    """R24."""
    line = contact_line(date.fromisoformat(given["on"]))
    return {"number": line.number, "tariff": plain(line.tariff)}


def ack_message(given: Given, policy: Policy) -> Found:
    """R18: the line of the example is in the message unchanged."""
    day = date.fromisoformat(given["payment_date"])
    clermont = find_caisse("631")
    assert clermont is not None
    message = acknowledgement(
        received_at=datetime(day.year, day.month, day.day, 6, 59, tzinfo=UTC),
        amount=Euros(2000),
        notice_references=[numbered(1)],
        transaction_reference="PCLCB182540000004",
        caisse=clermont,
        address="caisse.example",
        display_delay_hours=policy.display_delay_hours,
        delete_on=delete_on(day, policy=policy),
    )
    letter = render(message)
    line = next(line for line in letter.body.splitlines() if f"{day:%d/%m/%Y}" in line)
    return {"subject": letter.title, "line": plain(line), "sender": letter.sender}


def follow(given: Given, policy: Policy) -> Found:
    """R20."""
    after = after_payment(Euros.exact(given["remaining"]), Euros.exact(given["paid"]), policy=policy)
    return {"remaining": str(after.remaining), "state": after.state, "online": after.online}


def split(given: Given, policy: Policy) -> Found:
    """R12."""
    return {"payments": [str(part) for part in plan(Euros.exact(given["remaining"]), policy=policy)]}


def share(given: Given, policy: Policy) -> Found:
    """R13."""
    debts = [attrs.evolve(debt_of(each), issued_on=date.fromisoformat(each["issue_date"])) for each in given["debts"]]
    shares = allocate(Euros.exact(given["amount"]), debts, policy=policy)
    return {"allocation": {str(reference): str(part) for reference, part in shares.items()}}


def mask_card(given: Given, _: Policy) -> Found:
    """R16."""
    return {"codes": [check_card_mask(text) for text in given["texts"]]}


def due(given: Given, _: Policy) -> Found:
    """R18."""
    return {"ack_due": acknowledge_by(date.fromisoformat(given["received"])).isoformat()}


def write(given: Given, _: Policy) -> Found:
    """R23: compared by code points."""
    return {"out": [format_euros(Euros.exact(each)) for each in given["amounts"]]}


OPERATIONS: dict[str, Callable[[Given, Policy], Found]] = {
    "parse_reference": parse_reference,
    "caisse": caisse,
    "eligibility": eligibility,
    "search": search,
    "assess": assess_selection,
    "amount": amount,
    "parse_transaction": parse_transaction,
    "payment_message": payment_message,
    "display_by": display,
    "delete_on": delete,
    "phone": phone,
    "ack_message": ack_message,
    "after_payment": follow,
    "plan": split,
    "allocate": share,
    "mask_card": mask_card,
    "ack_due": due,
    "format": write,
}
#: Expectations that no operation returns: the kiosk's text is the bank's, and a test below checks `not_text`.
ELSEWHERE = {"kiosk", "not_text"}


def covered(*keys: str) -> pytest.MarkDecorator:
    """Run a test for each example with a known operation, or for those that expect one of the keys."""
    chosen = [
        example
        for example in EXAMPLES
        if example["input"]["op"] in OPERATIONS and (not keys or set(keys) & example["expected"].keys())
    ]
    return pytest.mark.parametrize("example", chosen, ids=lambda example: example["id"])


def test_every_operation_is_known() -> None:
    """Each example has a known operation, and each operation an example."""
    assert {example["input"]["op"] for example in EXAMPLES} == OPERATIONS.keys()


@covered()
def test_example(example: Mapping[str, Any]) -> None:
    """The library returns the expected value of each key."""
    given = example["input"]
    found = OPERATIONS[given["op"]](given, policy_of(example["policy"]))
    expected = {key: value for key, value in example["expected"].items() if key not in ELSEWHERE}

    assert expected == {key: found[key] for key in expected}


@covered("not_text")
def test_sentence_that_must_not_be_said(example: Mapping[str, Any]) -> None:
    """The sentence of a cancelled payment does not describe a failure."""
    given = example["input"]

    assert example["expected"]["not_text"] not in OPERATIONS[given["op"]](given, POLICY)["home"]


def test_shipped_policy_is_that_of_the_examples() -> None:
    """The values of the default policy are those of the shipped one."""
    words = {**CASES["default_policy"]}
    identity = [words.pop(key) for key in ("id", "documented_on", "valid_from", "valid_to")]
    assert "Europe/Paris" == words.pop("timezone")

    assert ["ameli-2019-11", "2019-11", None, None] == identity
    assert POLICY == policy_of(words)


@pytest.mark.parametrize("field", ["min_basis", "band_checked_at"])
def test_alternatives_are_the_choices(field: str) -> None:
    """A question with two readings has these two choices only."""
    kind: type[StrEnum] = type(getattr(POLICY, field))

    assert CASES["alternatives"][field] == list(kind)
