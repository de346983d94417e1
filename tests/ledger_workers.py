"""What other processes do to a ledger: these functions are imported by name in a Python of their own."""

import os
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import NoReturn

from creance_pay import Euros, HttpMessage, NoticeReference
from creance_pay.errors import CreancePayError, GatewayUnavailableError, PaymentInProgressError
from creance_pay.gateways import HttpAnswer, RequestsTransport
from creance_pay.gateways.sips import SipsHost
from creance_pay.gateways.transport import Transport
from creance_pay.ledger import Effect, SqlLedger
from creance_pay.payments import PaymentService
from ledger_desk import Desk, message
from ledgers import PAYLOAD_KEY
from sips_merchant import sips_gateway

EFFECTS = ("acknowledgement", "display")
KILLED = 9


def _desk(url: str, shop: str) -> Desk:
    return Desk(SqlLedger(url, merchant_id=shop, payload_keys=[PAYLOAD_KEY]))


def start(url: str, shop: str, notices: list[str]) -> list[str]:
    """Start a payment of each notice, and list the references of those that were not refused."""
    desk, started = _desk(url, shop), []
    for notice in notices:
        with suppress(PaymentInProgressError):
            started.append(desk.start(NoticeReference(notice)).transaction_reference)
    desk.ledger.close()  # type: ignore[attr-defined]
    return started


def take(url: str, shop: str, posted: list[tuple[str, bytes]]) -> tuple[Counter[int], list[tuple[str, str]]]:
    """Record messages, and run effects in between; count the answers, and list the effects that happened here.

    What could not be taken is sent again after the others, as a bank does, or a person whose page says so.
    """
    desk = _desk(url, shop)
    answers: Counter[int] = Counter()
    waiting = deque(posted)
    while waiting:
        way, body = waiting.popleft()
        take_it = desk.service.on_return if way == "return" else desk.service.on_notification
        status = take_it(HttpMessage(body)).http_status
        answers[status] += 1
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            waiting.append((way, body))
        if answers.total() % 10 == 0:
            desk.service.run_effects()
    desk.service.run_effects()
    desk.ledger.close()  # type: ignore[attr-defined]
    return answers, desk.happened


def toil(url: str, shop: str, incoming: Path) -> NoReturn:
    """Start payments, take messages about them and run their effects for ever; append to a file what was answered.

    What is written there is what the world outside knows: the person that left for the bank, the bank that was
    answered, and the effects that happened.
    """
    with incoming.open("ab", buffering=0) as file:

        def tell(*words: object) -> None:
            file.write((" ".join(map(str, words)) + "\n").encode())  # at once, so that a kill takes back nothing

        ledger = SqlLedger(url, merchant_id=shop, payload_keys=[PAYLOAD_KEY])

        def effect(name: str) -> Effect:
            return Effect(name=name, run=lambda payment, _: tell("happened", payment.transaction_reference, name))

        desk = Desk(ledger, effects=[effect(name) for name in EFFECTS])
        while True:
            try:
                _one_payment(desk, tell)
            except GatewayUnavailableError:
                time.sleep(0.05)  # the database is away


def _one_payment(desk: Desk, tell: Callable[..., None]) -> None:
    """Play one payment, from a notice that nobody has, to the effects of whichever are waiting."""
    number = uuid.uuid4().int
    started = desk.start(NoticeReference(f"63117{number % 300 + 1:03d}{number % 10**8:08d}F"))
    tell("started", started.transaction_reference)
    posted = message(started)
    for take_it in (desk.service.on_notification, desk.service.on_return, desk.service.on_notification):
        tell(take_it(posted).http_status, started.transaction_reference)
    desk.service.run_effects()


class _Stopping(Transport):
    """A transport over HTTP that ends its process before or after a call, or loses the answer."""

    def __init__(self, when: str) -> None:
        """Open the transport."""
        self._when, self._transport = when, RequestsTransport(direct=True)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send a request."""
        if self._when == "before":
            os._exit(KILLED)
        answer = self._transport.send(method, url, headers=headers, body=body)
        if self._when == "after":
            os._exit(KILLED)
        if self._when == "lost":
            raise GatewayUnavailableError("no answer", retryable=True)
        return answer


def refund(opened: tuple[str, str], bank: str, reference: str, now: datetime, when: str = "") -> str:
    """Refund 6 EUR at a bank that is served, and return the state of the act or the type of the refusal.

    Args:
        opened: The database, and the merchant of the ledger.
        bank: The address of the bank.
        reference: The payment.
        now: The time.
        when: ``before`` or ``after``, to end the process at the call to the bank; ``lost``, to lose its answer.
    """
    ledger = SqlLedger(opened[0], merchant_id=opened[1], payload_keys=[PAYLOAD_KEY])
    gateway = sips_gateway(host=SipsHost.loopback(bank))
    service = PaymentService(gateway, ledger, transport=_Stopping(when), clock=lambda: now)
    try:
        return service.refund(reference, Euros(600), by="an operator", reason="paid twice").state.value
    except CreancePayError as error:
        return type(error).__name__
    finally:
        ledger.close()
