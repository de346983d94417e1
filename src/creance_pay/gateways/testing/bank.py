"""The bank's side of Sips, without a network: it reads a sealed form and seals an answer.

As on the vendor's simulator, the last two digits of the card number choose the response code, and an unknown code is an
acceptance; no card number is kept.

>>> from creance_pay import Euros, PaymentOrder
>>> from creance_pay.gateways import HttpMessage, KeyRing, SecretKey
>>> from creance_pay.gateways.sips import SipsHost, SipsPaypage
>>> keys = KeyRing([SecretKey(version="1", secret="a-secret-of-the-shop")], current="1")
>>> bank = SipsBank({"201000005940002": keys})
>>> gateway = SipsPaypage(merchant_id="201000005940002", keys=keys, host=SipsHost.loopback("http://127.0.0.1"))
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
... )
>>> request = bank.receive(gateway.initiate(order).fields)
>>> answer = bank.answer(request, bank.pay(request, "5017670000001800"))
>>> gateway.verify(HttpMessage(form_body(answer)), expected=order).outcome
<Outcome.PAID: 'PAID'>
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import attrs

from ...errors import MalformedResponseError
from ...money import Euros
from ..keys import KeyRing, SecretKey, utc_now
from ..seals import SealAlgorithm, seal, verify_seal
from ..sips.codes import OUTCOMES
from ..sips.data import Data, decode, write

_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_CARD = re.compile(r"[0-9]{13,19}")
CANCELLED, EXPIRED = "17", "97"


def form_body(fields: Mapping[str, str]) -> bytes:
    """Write fields as the body of a form post."""
    return urlencode(fields).encode()


@attrs.frozen(kw_only=True)
class PaymentRequest:
    """A payment that a shop has asked for, its seal proved."""

    merchant_id: str
    transaction_reference: str
    amount: Euros
    return_url: str
    notification_url: str
    key: SecretKey
    algorithm: SealAlgorithm
    by_json: bool = False


@attrs.frozen(kw_only=True)
class Decision:
    """What the bank has decided about a request.

    Attributes:
        response_code: The code to send.
        masked_card: The card as both pages show it; ``None`` when none was given.
        authorisation_number: The bank's number; ``None`` unless accepted.
        decided_at: When.
    """

    response_code: str
    decided_at: datetime
    masked_card: str | None = None
    authorisation_number: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the payment is accepted."""
        return self.response_code == "00"


@attrs.define(kw_only=True)
class Account:
    """What the bank remembers of a decided payment.

    Attributes:
        decision: What was decided.
        status: The state of the transaction, in the bank's word.
        remaining: What is left of the amount.
    """

    decision: Decision
    status: str
    remaining: Euros


_STATUSES = {"00": "TO_CAPTURE", CANCELLED: "CANCELLED", EXPIRED: "EXPIRED", "60": "PENDING"}


class SipsBank:
    """A bank that knows some shops.

    Args:
        shops: The key ring of each shop, by merchant id.
        clock: What tells the time, with its zone.
    """

    def __init__(self, shops: Mapping[str, KeyRing], *, clock: Callable[[], datetime] = utc_now) -> None:
        """Open with no request."""
        self._shops = dict(shops)
        self._clock = clock
        self.requests: dict[str, PaymentRequest] = {}
        self.accounts: dict[str, Account] = {}

    def receive(self, fields: Mapping[str, str]) -> PaymentRequest:
        """Read the form that the browser posts, and prove its seal.

        Raises:
            ResponseRefusedError: for a field that is missing or unreadable, an unknown shop, key or algorithm, a seal
                that is not the shop's, or a transaction reference that has been used.
        """
        text, algorithm = fields.get("Data", ""), fields.get("SealAlgorithm", SealAlgorithm.SHA_256.value)
        data = Data.parse(decode(text, fields.get("Encode", "")))
        key = self.prove(data, text, fields.get("Seal", ""), algorithm)
        return self.record(data, key, SealAlgorithm(algorithm))

    def prove(self, data: Data, text: str, sealed: str, algorithm: str) -> SecretKey:
        """Prove that a shop sealed a text, and give the key.

        Raises:
            ResponseRefusedError: for an unknown shop, key or algorithm, or a seal that is not the shop's.
        """
        shop = self._shops.get(data.one("merchantId") or "")
        if shop is None or algorithm not in set(SealAlgorithm):
            raise MalformedResponseError("unknown shop or algorithm")
        key = shop.find(data.one("keyVersion") or "", now=self._clock())
        verify_seal(sealed, text, key, SealAlgorithm(algorithm))
        return key

    def record(self, data: Data, key: SecretKey, algorithm: SealAlgorithm, *, by_json: bool = False) -> PaymentRequest:
        """Keep a request whose seal was proved.

        Raises:
            MalformedResponseError: for a field that is missing or unreadable, or a reference that has been used.
        """
        names = ("merchantId", "transactionReference", "amount", "normalReturnUrl", "automaticResponseUrl")
        merchant_id, reference, amount, return_url, notification_url = (data.one(name) for name in names)
        if not (merchant_id and reference and amount and return_url and notification_url):
            raise MalformedResponseError("a mandatory field is missing")
        if _AMOUNT.fullmatch(amount) is None:
            raise MalformedResponseError("the amount is not one to twelve digits of cents")
        if reference in self.requests:
            raise MalformedResponseError("transaction already processed")
        self.requests[reference] = PaymentRequest(
            merchant_id=merchant_id,
            transaction_reference=reference,
            amount=Euros(int(amount)),
            return_url=return_url,
            notification_url=notification_url,
            key=key,
            algorithm=algorithm,
            by_json=by_json,
        )
        return self.requests[reference]

    def pay(self, request: PaymentRequest, card: str) -> Decision:
        """Decide by the last two digits of a card number, of which only the mask is kept."""
        digits = "".join(card.split())
        if _CARD.fullmatch(digits) is None:
            return Decision(response_code="14", decided_at=self._clock())
        code = digits[-2:] if digits[-2:] in OUTCOMES else "00"
        return Decision(
            response_code=code,
            masked_card=f"{digits[:4]}{'#' * (len(digits) - 6)}{digits[-2:]}",
            authorisation_number=f"{request.amount.cents % 1_000_000:06d}" if code == "00" else None,
            decided_at=self._clock(),
        )

    def leave(self) -> Decision:
        """Decide for a person who leaves the page."""
        return Decision(response_code=CANCELLED, decided_at=self._clock())

    def answer(self, request: PaymentRequest, decision: Decision) -> dict[str, str]:
        """Remember a decision, and seal the fields that both the browser and the bank's server post back."""
        status = _STATUSES.get(decision.response_code, "REFUSED")
        account = Account(decision=decision, status=status, remaining=request.amount)
        self.accounts.setdefault(request.transaction_reference, account)
        fields = {
            "captureDay": "0",
            "captureMode": "AUTHOR_CAPTURE",
            "currencyCode": "978",
            "merchantId": request.merchant_id,
            "orderChannel": "INTERNET",
            "responseCode": decision.response_code,
            "transactionDateTime": decision.decided_at.isoformat(timespec="seconds"),
            "transactionReference": request.transaction_reference,
            "keyVersion": request.key.version,
            "amount": str(request.amount.cents),
        }
        if decision.masked_card:
            fields |= {"acquirerResponseCode": decision.response_code, "maskedPan": decision.masked_card}
        if decision.authorisation_number:
            fields["authorisationId"] = decision.authorisation_number
        text = json.dumps(fields) if request.by_json else write(fields)
        sealed = seal(text, request.key, request.algorithm)
        return {
            "Data": text,
            "Seal": sealed,
            "Encode": "",
            "InterfaceVersion": "JS_3.4" if request.by_json else "HP_3.4",
        }
