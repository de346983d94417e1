"""The bank's side of Sips, without a network: it reads a sealed form and seals an answer.

As on the vendor's simulator, the last two digits of the card number are the response code, and an unknown code is an
acceptance.  No card number is stored.

>>> from creance_pay import Euros, HttpMessage, PaymentOrder
>>> from creance_pay.gateways import KeyRing, SecretKey
>>> from creance_pay.gateways.sips import SipsHost, SipsPaypage
>>> from creance_pay.testing.sips import form_body
>>> keys = KeyRing([SecretKey(version="1", secret="a-key-made-up-for-this-page")], current="1")
>>> bank = SipsBank({"201000005940002": keys})
>>> gateway = SipsPaypage(merchant_id="201000005940002", keys=keys, host=SipsHost.loopback("http://127.0.0.1"))
>>> order = PaymentOrder(
...     transaction_reference="PCLCB172540000004", amount=Euros(2000),
...     return_url="http://127.0.0.1/return", notification_url="http://127.0.0.1/notification",
... )
>>> request = bank.receive(gateway.initiate(order).fields)
>>> answer = bank.answer(request, bank.pay(request, "5017670000001800"))
>>> gateway.verify(HttpMessage(form_body(answer)), expected=order).state
<PaymentState.PAID: 'PAID'>
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

from ...errors import MalformedResponseError
from ...gateways.base import Report, ReportKind
from ...gateways.sips.reports import read_reports
from ..bank import BankAnswer, BankCall
from ..decisions import PaymentRequest
from .daily_reports import ReportForm, daily_report, write_daily_reports
from .json_services import SipsServices
from .opening import SipsRequests

_SERVICES = "/rs-services/v2/"
_NOT_FOUND = 404


class SipsBank(SipsRequests):
    """A bank with a list of merchants.

    Args:
        merchants: The key ring of each merchant, by merchant number.
        clock: Returns the time, with its zone.
        lifetime: The time until the payment page expires; fifteen minutes at the vendor's.
        attempts: The number of cards that a person may try; one, or three with the vendor's option.
        delay: The delay of late notifications.
        fault: The default fault of a payment; also an attribute, which may be set at any time.
        merchant_name: The name of the merchants on the pages; by default that of the guide's screen.
    """

    @property
    def address(self) -> str:
        """The path to which a portal sends the browser."""
        return "/paymentInit"

    def serve(self, call: BankCall) -> PaymentRequest | BankAnswer | None:
        """Answer a form of a merchant, a JSON call, or a download of a report; ``None`` for an unknown path.

        Raises:
            ResponseRefusedError: for a form that is not authentic.
            GatewayUnavailableError: under :attr:`Fault.HTML_ERROR`.
        """
        if call.path.startswith("/reports/"):
            return self._download(call.path)
        if call.method != "POST":
            return None
        fields = dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
        if call.path.endswith("/redirection"):
            started = self.requests.get(fields.get("redirectionData", ""))
            if started is None:
                raise MalformedResponseError("unknown payment")
            return started
        before, marker, service = call.path.partition(_SERVICES)
        if marker and not before:
            try:
                answer = SipsServices(self).post(service, call.body, page=f"{call.origin}/redirection")
            except MalformedResponseError:
                return BankAnswer(status=_NOT_FOUND, body=b"{}")
            return BankAnswer(body=json.dumps(answer).encode())
        return self.receive(fields) if call.path.endswith(self.address) else None

    def reports(self, day: date) -> list[Report]:
        """Return the reports of a day in Paris, of every kind, as the gateway reads them."""
        with TemporaryDirectory() as folder:
            return [read_reports(path) for path in write_daily_reports(self, day, Path(folder))]

    def report_links(self) -> list[tuple[str, Sequence[str]]]:
        """List the reports of each day and merchant, in each form."""
        kinds = [kind.lower() for kind in ReportKind if kind is not ReportKind.UNKNOWN]
        return [
            (
                f"{day:%d/%m/%Y}, commerçant {merchant}",
                [f"/reports/{merchant}/{day}/{kind}.{form}" for kind in kinds for form in ReportForm],
            )
            for day in self.days()
            for merchant in self.merchants
        ]

    def _download(self, path: str) -> BankAnswer:
        """Return the report of a path."""
        try:
            merchant_id, day, file = path.removeprefix("/reports/").split("/")
            kind, _, form = file.partition(".")
            chosen, end = ReportKind(kind.upper()), ReportForm(form)
            text = daily_report(self, chosen, date.fromisoformat(day), merchant_id=merchant_id, form=end)
        except ValueError:
            return BankAnswer(status=_NOT_FOUND, body=b"")
        disposition = f"attachment; filename={day}-{kind}.{form}"
        headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Disposition": disposition}
        return BankAnswer(body=text.encode(), headers=headers)
