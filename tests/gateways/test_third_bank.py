"""A third bank, which signs nothing: the conformance suite, and payments from their start to their end.

The gateway is the example of the page about a third bank.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentOrder, PaymentState
from creance_pay.errors import (
    GatewayUnavailableError,
    InvalidValueError,
    OrderMismatchError,
)
from creance_pay.gateways import Environment, Gateway, HttpAnswer, Redirect, Transport, from_file, registry
from creance_pay.ledger import Ledger, MemoryLedger
from creance_pay.payments import PaymentService
from creance_pay.testing import GatewayConformance, Subject
from doc_examples import EXAMPLES, example

PULL_BANK = example("pull_bank").PullBank

RESULTS = {PaymentState.PAID: "P", PaymentState.REFUSED: "R", PaymentState.CANCELLED: "A"}
RETURN_URL, NOTIFICATION_URL = "https://portal.example/return", "https://portal.example/notification"
ORDER = PaymentOrder(
    transaction_reference="PCLCB172540000004",
    amount=Euros(2000),
    return_url=RETURN_URL,
    notification_url=NOTIFICATION_URL,
)
NOTICE = NoticeReference("6311705400000344F")
PAYER = "payer@example.org"


@attrs.define
class Bank(Transport):
    """The bank's side: operations by their identifier."""

    operations: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    down: bool = False

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Create an operation, or answer about one."""
        fields = json.loads(body or b"{}")
        assert "POST" == method
        assert headers
        if self.down:
            return HttpAnswer(502, b"<html>")
        if url.endswith("/create"):
            return HttpAnswer(200, json.dumps({"idop": self.create(fields)}).encode())
        operation = self.operations.get(fields["idop"], {"fault": "unknown"})
        return HttpAnswer(200, json.dumps({**operation, "mail": PAYER}).encode())

    def create(self, fields: Mapping[str, Any]) -> str:
        """Create an operation without a result, and return its identifier."""
        identifier = hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:32]
        known = {name: fields[name] for name in ("client", "refdet", "amount")}
        self.operations[identifier] = {**known, "currency": "EUR", "fault": "P1"}
        return identifier

    def decide(self, identifier: str, state: PaymentState = PaymentState.PAID, **changes: Any) -> HttpMessage:  # noqa: ANN401 - any value
        """Decide an operation, and return its notification."""
        operation = self.operations[identifier]
        del operation["fault"]
        operation |= {"result": RESULTS[state], **changes}
        return notification(identifier)

    def about(self, order: PaymentOrder, state: PaymentState = PaymentState.PAID, **changes: object) -> HttpMessage:
        """Create and decide an operation for an order, and return its notification."""
        fields = {"client": "m-1", "refdet": order.transaction_reference, "amount": order.amount.cents}
        return self.decide(self.create({**fields, "state": state, **changes}), state, **changes)


def notification(identifier: str) -> HttpMessage:
    """Build a notification as the bank does."""
    return HttpMessage(f"idop={identifier}".encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def gateway(bank: Bank) -> Gateway:
    """Build the gateway."""
    built: Gateway = PULL_BANK(client="m-1", base="https://bank.example", environment=Environment.TEST, transport=bank)
    return built


class TestConformance(GatewayConformance):
    """The conformance tests, unchanged, for a bank that is asked and signs nothing."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Build the gateway and its messages."""
        bank = Bank()
        waiting = bank.create({"client": "m-1", "refdet": "PCLCB1", "amount": 2000})
        return Subject(
            gateway=gateway(bank),
            order=ORDER,
            genuine=bank.about,
            states=tuple(RESULTS),
            forged={"an unknown operation": notification("0" * 32), "a path": notification("../" + "0" * 29)},
            foreign={
                "another client": bank.about(ORDER, client="m-2"),
                "another currency": bank.about(ORDER, currency="GBP"),
                "an amount that is no number": bank.about(ORDER, amount="2000"),
            },
            ignored={"an operation without a result": notification(waiting)},
            secrets=(PAYER,),
        )


@attrs.define
class Portal:
    """A portal with the bank."""

    ledger: Ledger = attrs.field(factory=MemoryLedger)
    bank: Bank = attrs.field(factory=Bank)
    now: datetime = datetime(2026, 11, 25, 10, tzinfo=UTC)

    @property
    def service(self) -> PaymentService:
        """The service."""
        return PaymentService(gateway(self.bank), self.ledger, transport=self.bank, clock=lambda: self.now)

    def start(self) -> tuple[str, str]:
        """Start a payment; return our reference and the bank's identifier."""
        started = self.service.start(
            ORDER.amount, {NOTICE: ORDER.amount}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL
        )
        assert isinstance(started.form, Redirect)
        assert started.form.bank_reference is not None
        assert started.form.url.endswith(f"/page?idop={started.form.bank_reference}")
        return started.transaction_reference, started.form.bank_reference

    def state(self, reference: str) -> PaymentState:
        """Read the state of a payment."""
        found = self.ledger.find(reference)
        assert found is not None
        return found.state


@pytest.fixture
def portal() -> Portal:
    """Open a portal."""
    return Portal()


class TestPayment:
    """A payment through the service."""

    def test_life(self, portal: Portal) -> None:
        """The return is a hint; the question of the page that follows finds the payment PAID (J20)."""
        reference, identifier = portal.start()
        view = portal.service.on_return(HttpMessage(f"resultrans=P&idop={identifier}".encode()))
        before = portal.state(reference)
        portal.bank.decide(identifier)
        after = portal.service.confirm(reference).state

        assert ("PENDING", "CREATED", "PAID") == (view.state, before, after)

    def test_notification(self, portal: Portal) -> None:
        """A notification leads to a question, and the answer is recorded; again, it changes nothing."""
        reference, identifier = portal.start()
        message = portal.bank.decide(identifier)
        statuses = [portal.service.on_notification(message).http_status for _ in range(2)]

        assert ([200, 200], PaymentState.PAID) == (statuses, portal.state(reference))

    def test_notification_without_bank(self, portal: Portal) -> None:
        """A notification about which the bank does not answer is answered 503: it comes again."""
        reference, identifier = portal.start()
        message = portal.bank.decide(identifier)
        portal.bank.down = True

        assert (503, PaymentState.CREATED) == (
            portal.service.on_notification(message).http_status,
            portal.state(reference),
        )

    def test_another_operation(self, portal: Portal) -> None:
        """An operation with our reference that we did not create pays nothing (J21)."""
        reference, _ = portal.start()
        other = portal.bank.about(attrs.evolve(ORDER, transaction_reference=reference))
        answer = portal.service.on_notification(other)

        assert (200, PaymentState.CREATED, ["ORDER_MISMATCH"]) == (
            answer.http_status,
            portal.state(reference),
            [incident.kind for incident in portal.service.incidents()],
        )

    def test_expired(self, portal: Portal) -> None:
        """The bank's word for an expired operation ends the attempt (J21)."""
        reference, identifier = portal.start()
        portal.bank.operations[identifier]["fault"] = "P5"
        portal.now += timedelta(hours=1)
        portal.service.reconcile()

        assert PaymentState.EXPIRED is portal.state(reference)

    def test_no_page(self, portal: Portal) -> None:
        """Without an operation, the person stays, and can start again at once."""
        portal.bank.down = True
        with pytest.raises(GatewayUnavailableError):
            portal.start()
        portal.bank.down = False

        assert PaymentState.CREATED is portal.state(portal.start()[0])


class TestAnswers:
    """Answers that are not about our order."""

    @pytest.mark.parametrize(
        "changes", [{"amount": 1999}, {"amount": 2000.0}, {"refdet": "PCLCB1"}, {"client": None}, {"currency": None}]
    )
    def test_mismatch(self, changes: dict[str, Any]) -> None:
        """An answer about another reference, amount or client is a mismatch, for a question as well (J21)."""
        bank = Bank()
        redirect = gateway(bank).initiate(ORDER)
        assert isinstance(redirect, Redirect)
        assert redirect.bank_reference is not None
        bank.decide(redirect.bank_reference, **changes)
        with pytest.raises(OrderMismatchError):
            gateway(bank).fetch_status(ORDER, bank, bank_reference=redirect.bank_reference)

    def test_unbound(self) -> None:
        """An operation of an order with a nonce that nothing binds to it is UNKNOWN."""
        bank = Bank()
        order = attrs.evolve(ORDER, nonce="n0nce")

        assert PaymentState.UNKNOWN is gateway(bank).verify(bank.about(order), expected=order).state

    def test_both_spellings(self) -> None:
        """The bank spells the name of the identifier in two ways (J21)."""
        bank = Bank()
        message = bank.about(ORDER)
        other = attrs.evolve(message, body=message.body.replace(b"idop", b"idOp"))

        assert gateway(bank).verify(other, expected=ORDER)

    @pytest.mark.parametrize("identifier", [None, "", "../payments/9?x=1", "0" * 33])
    def test_identifier(self, identifier: str | None) -> None:
        """An identifier that the bank did not give is refused before any call (J22)."""
        with pytest.raises(InvalidValueError):
            gateway(Bank(down=True)).fetch_status(ORDER, Bank(), bank_reference=identifier)

    def test_no_identifier(self) -> None:
        """A creation without an identifier opens no page."""

        class Silent(Bank):
            def create(self, fields: Mapping[str, Any]) -> str:
                return str(fields)

        with pytest.raises(GatewayUnavailableError, match="the identifier of an operation"):
            gateway(Silent()).initiate(ORDER)


def test_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank is a name in the configuration file, as the page shows it."""
    point = EntryPoint("pullbank", "pull_bank:PullBank", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([point]).select(group=group))
    page = (EXAMPLES.parent / "third-bank.md").read_text(encoding="utf-8")
    path = tmp_path / "gateway.toml"
    path.write_text(page.partition("```toml\ngateway = ")[2].partition("```")[0].join(("gateway = ", "")))
    built = from_file(path)

    assert isinstance(built, PULL_BANK)
    assert (Environment.TEST, timedelta(minutes=10)) == (built.environment, built.page_life)
