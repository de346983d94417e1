"""What other processes do to a ledger: these functions are imported by name in a Python of their own."""

from contextlib import suppress

from creance_pay import NoticeReference, PaymentInProgressError
from creance_pay.gateways import HttpMessage, SqlLedger
from ledger_desk import Desk
from ledgers import PAYLOAD_KEY


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


def take(url: str, shop: str, posted: list[tuple[str, bytes]]) -> tuple[set[int], list[tuple[str, str]]]:
    """Take messages, and run effects in between; give the answers, and the effects that happened here."""
    desk = _desk(url, shop)
    answers = set()
    for number, (way, body) in enumerate(posted):
        take_it = desk.service.on_return if way == "return" else desk.service.on_notification
        answers.add(take_it(HttpMessage(body)).http_status)
        if number % 10 == 9:
            desk.service.run_effects()
    desk.service.run_effects()
    desk.ledger.close()  # type: ignore[attr-defined]
    return answers, desk.happened
