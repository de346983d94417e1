"""A form for one payment, and its fields: a notice reference and an amount, with the messages of the catalogue."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError

from ..debts import Debt
from ..errors import InvalidAmountError, InvalidReferenceError
from ..messages import AttemptOpen, Message, ReferenceHint, message_for, render
from ..money import Euros
from ..references import NoticeReference
from ..rules import assess
from .setting import Configuration, payment_service

T = TypeVar("T")


def field_error(message: Message) -> ValidationError:
    """Convert a message to the error of a form field: its title, body and action, with its stable code.

    Args:
        message: The message, such as that of a verdict on an amount.
    """
    rendered = render(message)
    return ValidationError(
        " ".join(filter(None, (rendered.title + ".", rendered.body, rendered.action))), rendered.code
    )


class _ParsedField(forms.CharField):
    """A text field whose value is parsed."""

    @abstractmethod
    def parse(self, text: str) -> object:
        """Parse a text that is not empty."""

    def to_python(self, value: object) -> object:
        """Return the parsed value; ``None`` for an empty text."""
        text = value if isinstance(value, NoticeReference | Euros) or value is None else super().to_python(value)
        if not isinstance(text, str):
            return text
        return self.parse(text) if text else None

    def run_validators(self, value: object) -> None:
        """Run no validator of texts: the value is parsed."""


class NoticeReferenceField(_ParsedField):
    """A field for the reference of a notice; its value is a :class:`~creance_pay.NoticeReference`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the options of a field of Django
        options.setdefault("help_text", render(ReferenceHint()).body)
        super().__init__(**options)

    def parse(self, text: str) -> NoticeReference:
        """Parse a reference; the error suggests the references that are close to it."""
        return _parsed(NoticeReference.parse, text)


class AmountField(_ParsedField):
    """A field for an amount as a person types it; its value is :class:`~creance_pay.Euros`.

    In a form of your own; :class:`PaymentForm` leaves the text to the rules, which know the range.

    Args:
        minimum: The lowest amount that can be paid, for the error about a text that is no amount.
        options: The options of a field of Django.
    """

    def __init__(self, *, minimum: Euros, **options: Any) -> None:  # noqa: ANN401 - the same
        self.minimum = minimum
        super().__init__(**options)

    def parse(self, text: str) -> Euros:
        """Parse an amount."""
        return _parsed(Euros.parse, text, minimum=self.minimum)


def _parsed(parse: Callable[[str], T], text: str, **values: object) -> T:
    try:
        return parse(text)
    except (InvalidReferenceError, InvalidAmountError) as error:
        raise field_error(message_for(error, **values)) from error


class PaymentForm(forms.Form):
    """The form for one payment of one notice; valid when the rules accept it.

    Args:
        find_debt: Returns the debt of the signed-in person with a reference, or ``None``.
        given: The arguments of a form of Django.
    """

    reference = NoticeReferenceField(label="Référence")
    amount = forms.CharField(label="Montant")  # the rules parse it: their message shows the range
    replace = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *given: Any, find_debt: Callable[[NoticeReference], Debt | None], **named: Any) -> None:  # noqa: ANN401 - Django's own
        self._find_debt = find_debt
        super().__init__(*given, **named)

    def clean(self) -> dict[str, Any]:
        """Decide by the rules of the policy, on the accepted amounts that the caisse does not show yet."""
        reference, amount = self.cleaned_data.get("reference"), self.cleaned_data.get("amount")
        if reference is not None and amount:
            pending = payment_service().ledger.pending([reference], datetime.now(UTC))
            debt = self._find_debt(reference)
            policy = Configuration.read().policy_of(debt.kind if debt else None)
            verdict = assess(debt, pending=pending, policy=policy).check(amount)
            self.cleaned_data["amount"] = verdict.amount
            if verdict.amount is None:
                self.add_message(message_for(verdict))
        return self.cleaned_data

    def add_message(self, message: Message) -> None:
        """Add a message to its field.

        After :class:`~creance_pay.messages.AttemptOpen`, the next post resumes the payment: the hidden field
        ``replace`` is set.
        """
        self.add_error(message.field if message.field in self.fields else None, field_error(message))
        if isinstance(message, AttemptOpen):
            self.data: Any = {**self.data.dict(), "replace": "on"}

    @property
    def notices(self) -> dict[NoticeReference, Euros]:
        """The amount of each notice, for ``start_payment``."""
        return {self.cleaned_data["reference"]: self.cleaned_data["amount"]}
