"""The parts of the application alone: fields, template tags, the mailbox, and the fixture for tests."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.db import connections
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings

from creance_pay import Euros, NoticeReference, PaymentState, Source, VerifiedPayment
from creance_pay.django import payments_of, pytest_fixtures, setting
from creance_pay.django.forms import AmountField, NoticeReferenceField
from creance_pay.django.mailbox import _caisse, acknowledge
from creance_pay.django.models import IncidentSeen, Letter, PaymentOwner
from creance_pay.django.pytest_fixtures import LivePortal
from creance_pay.django.setting import today
from creance_pay.django.views import notification
from creance_pay.errors import ConfigurationError, MissingExtraError
from creance_pay.gateways import FormPost, Redirect
from creance_pay.ledger import Payment
from creance_pay.messages import Medium, message_for, render
from creance_pay.payments import StartedPayment

OWN = "6311705400000344F"
REFUSED = message_for(VerifiedPayment(state=PaymentState.REFUSED, source=Source.NOTIFICATION))


class OwnForm(forms.Form):
    """A form of a portal's own."""

    reference = NoticeReferenceField(required=False)
    amount = AmountField(minimum=Euros(1600), required=False)


class TestFields:
    """The two fields parse what a person types."""

    def test_values(self) -> None:
        """The values are a reference and an amount; an empty amount is none."""
        full = OwnForm({"reference": "6311 7054 0000 0344 F", "amount": "20,5"})
        empty = OwnForm({"reference": "", "amount": ""})

        assert (True, True) == (full.is_valid(), empty.is_valid())
        assert (NoticeReference(OWN), Euros(2050)) == (full.cleaned_data["reference"], full.cleaned_data["amount"])
        assert {"reference": None, "amount": None} == empty.cleaned_data
        assert Euros(2050) == AmountField(minimum=Euros(1)).clean(Euros(2050))

    def test_errors(self) -> None:
        """A text that is neither has the message and the code of the catalogue, with the smallest amount."""
        form = OwnForm({"reference": "631", "amount": "vingt"})

        assert ("REFERENCE_UNREADABLE", "AMOUNT_UNREADABLE") == tuple(
            form.errors.as_data()[name][0].code for name in ("reference", "amount")
        )
        assert "16,00" in form.errors["amount"][0].replace("\u00a0", " ")


class TestTags:
    """The tags of templates."""

    def write(self, text: str, **values: Any) -> str:  # noqa: ANN401 - values of a template
        """Render a template."""
        written: str = Template("{% load creance_pay %}" + text).render(Context(values))
        return written

    def test_message(self) -> None:
        """A message is one element, in either language; without a message there is none."""
        assert str(render(REFUSED, medium=Medium.HTML, lang="en")) == self.write("{% message m 'en' %}", m=REFUSED)
        assert "" == self.write("{% message m %}", m=None)

    def test_euros(self) -> None:
        """An amount has its French form."""
        assert "1 234,50 €" == self.write("{{ a|euros }}", a=Euros(123450)).replace("\u00a0", " ").replace(
            "\u202f", " "
        )

    def test_form(self) -> None:
        """The form escapes its values; a nonce of the context or of the request brings the script."""
        started = StartedPayment(transaction_reference="P", form=FormPost("https://bank.example", {"Data": '"<'}))
        plain = self.write("{% bank_form s %}", s=started)
        request = SimpleNamespace(csp_nonce="n1")
        scripts = [
            'nonce="n1"' in self.write("{% bank_form s %}", s=started, **values)
            for values in ({"csp_nonce": "n1"}, {"request": request}, {"request": SimpleNamespace()})
        ]

        assert ([True, True, False], False) == (scripts, "<script" in plain)
        assert "&#34;&lt;" in plain

    def test_link(self) -> None:
        """An address of a bank is a link, escaped."""
        started = StartedPayment(transaction_reference="P", form=Redirect("https://bank.example/?a=1&b=2"))

        assert '<a href="https://bank.example/?a=1&amp;b=2" rel="noreferrer">Aller</a>' == self.write(
            "{% bank_form s 'Aller' %}", s=started
        )


def test_redirect() -> None:
    """A bank that wants a redirection gets one by 303."""
    started = StartedPayment(transaction_reference="P", form=Redirect("https://bank.example/p"))
    response = payments_of.send_to_bank(SimpleNamespace(), started)

    assert (303, "https://bank.example/p") == (response.status_code, response["Location"])


class TestMailbox:
    """The acknowledgement and its deletion."""

    @pytest.fixture
    def payment(self, live_portal: LivePortal) -> Payment:
        """Start a payment of a person."""
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(get_user_model().objects.get(username="assure0"))
        client.post("/", {"reference": OWN, "amount": "20"})
        (payment,) = live_portal.service.ledger.payments()
        return payment

    def changed(self, **changes: Any) -> Any:  # noqa: ANN401 - a context of Django
        """Change the setting during a block."""
        from django.conf import settings  # noqa: PLC0415 - as changed by the fixture

        return override_settings(CREANCE_PAY={**settings.CREANCE_PAY, **changes})

    def test_address(self, payment: Payment) -> None:
        """The address may depend on the caisse; the same key writes one letter."""
        with self.changed(CAISSE_ADDRESS=lambda caisse: f"chez {caisse.code}"):
            for _ in range(2):
                acknowledge(payment, "k")
        letter = Letter.objects.get()

        assert ("chez 631" in letter.text, letter.title) == (True, str(letter))

    @pytest.mark.parametrize("address", ["", " ", None])
    def test_no_address(self, payment: Payment, address: object) -> None:
        """Without an address there is no letter: the law demands it."""
        with self.changed(CAISSE_ADDRESS=address), pytest.raises(ConfigurationError, match="CAISSE_ADDRESS"):
            acknowledge(payment, "k")

        assert 0 == Letter.objects.count()

    def test_unknown_caisse(self, payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
        """A notice of a caisse that is not known has no letter."""
        monkeypatch.setattr("creance_pay.django.mailbox.find_caisse", lambda _: None)
        with pytest.raises(ConfigurationError, match="known caisse"):
            acknowledge(payment, "k")

    def test_absorbed_caisse(self) -> None:
        """The letter names the caisse that has absorbed the one of the notice: that is the service in charge (R3)."""
        assert "021" == _caisse(NoticeReference("0221705400000344F")).code

    def test_deletion(self, payment: Payment) -> None:
        """A letter is visible until its day, and erased on it."""
        acknowledge(payment, "k")
        letter, user = Letter.objects.get(), get_user_model().objects.get(username="assure0")
        day = letter.delete_on
        before = Letter.objects.visible_to(user, today()).count()

        assert (1, 0) == (before, Letter.objects.visible_to(user, day).count())
        assert (0, 1, 0) == (Letter.objects.erase(today()), Letter.objects.erase(day), Letter.objects.erase(day))
        assert "" == Letter.objects.get().text


def test_names() -> None:
    """A row of a table names itself in the admin."""
    rows = [PaymentOwner(transaction_reference="P1"), Letter(title="T"), IncidentSeen(kind="CHARGED_BACK")]

    assert ["P1", "T", "CHARGED_BACK"] == list(map(str, rows))
    assert datetime.now(UTC).date() - today() in {date.resolution * days for days in (-1, 0)}


def test_database_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture shares a database in memory with the threads of its server, and no other."""
    shared: list[str] = []

    def connection(alias: str, vendor: str, *, memory: bool) -> SimpleNamespace:
        return SimpleNamespace(
            alias=alias,
            vendor=vendor,
            is_in_memory_db=lambda: memory,
            inc_thread_sharing=lambda: shared.append(alias),
            dec_thread_sharing=lambda: shared.remove(alias),
        )

    found = [
        connection("default", "sqlite", memory=True), connection("file", "sqlite", memory=False),
        connection("other", "postgresql", memory=True),
    ]  # fmt: skip
    monkeypatch.setattr(connections, "all", lambda **_: found)

    sharing = pytest_fixtures._shared_connections()

    assert (["default"], ["default"]) == (list(sharing), shared)
    pytest_fixtures._stop_sharing(sharing)
    assert [] == shared


def test_without_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Django, the import names the extra."""
    monkeypatch.setitem(sys.modules, "django.conf", None)
    spec = importlib.util.spec_from_file_location("creance_pay.django.copied", setting.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(MissingExtraError, match=r"creance-pay\[django\]") as caught:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))

    assert "django" == caught.value.extra


@pytest.mark.usefixtures("live_portal")
@pytest.mark.parametrize("length", ["²", "٣", "9" * 5_000, "-1", "1e3"])
def test_ill_formed_length(length: str) -> None:
    """A length that is no number of a server is refused as one that is too long: the body is not read."""
    request = RequestFactory().post("/", b"", content_type="application/x-www-form-urlencoded")
    request.META["CONTENT_LENGTH"] = length

    assert 413 == notification(request).status_code
