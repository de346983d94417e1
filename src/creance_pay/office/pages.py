"""The content of the office's pages, without a web framework.

Every link is a query string, so that the pages work under any one address: ``?page=payment&reference=...``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import attrs
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .._clock import utc_now
from ..errors import InvalidAmountError, InvalidReferenceError, InvalidValueError
from ..ledger import Incident, Ledger, Payment
from ..messages import Medium, format_euros, message_for, render
from ..money import Euros
from ..payment import PaymentState
from ..references import NoticeReference
from .plot import Bar, hourly_plot

_PARIS = ZoneInfo("Europe/Paris")
_MOST, _PERIOD, _PLOT_HOURS = 200, timedelta(days=31), 48
_REFUSALS = {PaymentState.REFUSED, PaymentState.ERROR}
_PAYMENTS = {PaymentState.PAID, PaymentState.AUTHORISED, PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED}


@attrs.frozen(kw_only=True)
class OfficePage:
    """A page.

    Attributes:
        title: The title.
        content: The content, safe in a page of HTML.
        status: The HTTP status: 404 for an unknown payment or page.
    """

    title: str
    content: Markup
    status: int = 200


def _time(moment: datetime | None) -> str:
    return moment.astimezone(_PARIS).strftime("%d/%m/%Y %H:%M:%S") if moment else "—"


def _link(page: str, **query: object) -> str:
    return "?" + urlencode({"page": page, **query})


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"time": _time, "euros": format_euros}
    made.globals |= {"link": _link, "states": list(PaymentState)}
    return made


@attrs.frozen(kw_only=True)
class Office:
    """The pages of a ledger.

    Args:
        ledger: The ledger.
        clock: Returns the time, with its zone.
        seen_by: Returns the persons who have seen an incident, where somebody records them.
        may_close: Whether the reader may close an incident.
    """

    ledger: Ledger
    clock: Callable[[], datetime] = utc_now
    seen_by: Callable[[Incident], Sequence[str]] | None = None
    may_close: bool = True

    def page(self, query: Mapping[str, str], *, hidden: str = "") -> OfficePage:
        """Build a page.

        Args:
            query: The query of the address: ``page``, and the words of the search.
            hidden: Hidden fields of each form, such as a CSRF token, as safe HTML.
        """
        builders: dict[str, Callable[[Mapping[str, str]], OfficePage]] = {
            "payments": self._payments,
            "payment": self._payment,
            "incidents": lambda _: self._incidents(Markup(hidden)),  # noqa: S704 - the caller's own field
            "tasks": lambda _: self._show("tasks", "Tâches", tasks=self.ledger.tasks()),
            "postings": lambda _: self._show("postings", "Imputations en attente", payments=self._unposted()),
            "plot": lambda _: self._plot(),
        }
        build = builders.get(query.get("page", "payments"))
        return build(query) if build else self._missing("Page inconnue")

    def close(self, form: Mapping[str, str], *, by: str) -> None:
        """Close an incident, by the fields of its form.

        Args:
            form: ``kind``, ``reference``, ``detail`` and ``reason``.
            by: The person.

        Raises:
            InvalidValueError: without person or reason, or for an incident that is not open.
        """
        reason = form.get("reason", "").strip()
        if not (by.strip() and reason):
            raise InvalidValueError("expected a person and a reason, got an empty text")
        self.ledger.close_incident(self.incident(form), at=self.clock(), by=by, reason=reason)

    def incident(self, form: Mapping[str, str]) -> Incident:
        """Return the open incident that the fields of a form name.

        Raises:
            InvalidValueError: when it is not open.
        """
        wanted = [form.get(name, "") for name in ("kind", "reference", "detail")]
        for each in self.ledger.incidents():
            if [each.kind, each.transaction_reference, each.detail] == wanted:
                return each
        raise InvalidValueError("expected an open incident, got one that is closed or unknown")

    def _show(self, template: str, title: str, status: int = 200, **values: Any) -> OfficePage:  # noqa: ANN401 - of the template
        content = _environment().get_template(f"{template}.html").render(title=title, **values)
        return OfficePage(title=title, content=Markup(content), status=status)  # noqa: S704 - the template escapes

    def _missing(self, title: str) -> OfficePage:
        return self._show("missing", title, 404)

    def _payments(self, query: Mapping[str, str]) -> OfficePage:
        text, state = query.get("q", "").strip(), query.get("state", "")
        wanted = {PaymentState(state)} if state in set(PaymentState) else set()
        found = [each for each in self._found(text) if not wanted or each.state in wanted]
        shown = sorted(found, key=lambda each: each.created_at, reverse=True)[:_MOST]
        return self._show("payments", "Paiements", payments=shown, q=text, state=state, most=_MOST)

    def _found(self, text: str) -> Iterable[Payment]:
        """Find payments by the words that a caller knows; without words, those of the last month."""
        now = self.clock()
        if payment := self.ledger.find(text) if text else None:
            return [payment]
        notice, amount = _notice(text), _amount(text)
        if notice:
            return self.ledger.payments(notice=notice)
        recent = self._recent(now - _PERIOD)
        if not text:
            return recent
        return [
            each
            for each in recent
            if (amount and each.amount == amount)
            or each.authorisation_number == text
            or _ends_alike(each.masked_card or "", text)
        ]

    def _recent(self, since: datetime) -> list[Payment]:
        return list(self.ledger.payments(since=since))

    def _payment(self, query: Mapping[str, str]) -> OfficePage:
        payment = self.ledger.find(query.get("reference", ""))
        if payment is None:
            return self._missing("Paiement inconnu")
        reference, now = payment.transaction_reference, self.clock()
        shown = render(message_for(payment, **payment.message_values(now)), medium=Medium.HTML)
        return self._show(
            "payment",
            f"Paiement {reference}",
            payment=payment,
            message=shown,
            pending=payment.pending(now),
            events=self.ledger.events(reference),
            movements=self.ledger.movements(reference),
            acts=self.ledger.acts(reference),
            tasks=[task for task in self.ledger.tasks() if task.transaction_reference == reference],
            incidents=self.ledger.incidents(reference),
        )

    def _incidents(self, hidden: Markup) -> OfficePage:
        rows = [(each, self.seen_by(each) if self.seen_by else ()) for each in self.ledger.incidents()]
        return self._show(
            "incidents",
            "Incidents ouverts",
            rows=rows,
            hidden=hidden,
            may_close=self.may_close,
            may_see=self.seen_by is not None,
        )

    def _unposted(self) -> list[Payment]:
        return list(islice(self._waiting(), _MOST))

    def _waiting(self) -> Iterator[Payment]:
        for payment in self.ledger.payments({PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED}):
            if payment.unposted():
                yield payment

    def _plot(self) -> OfficePage:
        first = self.clock().astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(
            hours=_PLOT_HOURS - 1
        )
        bars = [Bar(at=(first + timedelta(hours=hour)).astimezone(_PARIS)) for hour in range(_PLOT_HOURS)]
        for payment in self._recent(first):
            # A clock of another machine may be ahead of ours: its payments are of this hour.
            bar = bars[min(int((payment.created_at - first) / timedelta(hours=1)), _PLOT_HOURS - 1)]
            bar.paid += payment.state in _PAYMENTS
            bar.refused += payment.state in _REFUSALS
        return self._show("plot", "Paiements et refus par heure", plot=hourly_plot(bars), bars=bars)


def _ends_alike(mask: str, typed: str) -> bool:
    """Return whether the digits at the end of a card's mask are those that a caller reads from the card."""
    shown = re.search("[0-9]*$", mask)
    end = shown[0] if shown else ""
    return bool(end) and typed.isdigit() and (typed.endswith(end) or end.endswith(typed))


def _notice(text: str) -> NoticeReference | None:
    try:
        return NoticeReference.parse(text)
    except InvalidReferenceError:
        return None


def _amount(text: str) -> Euros | None:
    try:
        return Euros.parse(text)
    except InvalidAmountError:
        return None
