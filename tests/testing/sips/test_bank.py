"""The bank's side: the requests that it refuses, its decisions, and the data that it never stores."""

import gc
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, PaymentState, VerifiedPayment
from creance_pay.errors import MalformedResponseError, ResponseRefusedError, SealMismatchError, UnknownKeyError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.testing import Authentication, Decision, Dispatch, Fault, PaymentRequest, TrialCard
from creance_pay.testing.sips import SipsBank, form_body
from sips_merchant import (
    MERCHANT,
    NOON,
    NOTIFICATION_URL,
    RETURN_URL,
    SECRET,
    SECRETS,
    hmac_of,
    local_gateway,
    order,
    ring,
    sha_of,
    text_of,
)

CARD = "5017670000001800"
REQUEST = {
    "amount": "1600",
    "automaticResponseUrl": NOTIFICATION_URL,
    "currencyCode": "978",
    "keyVersion": "2",
    "merchantId": MERCHANT,
    "normalReturnUrl": RETURN_URL,
    "transactionReference": "REF1",
}


def bank() -> SipsBank:
    """Build a bank that knows one merchant."""
    return SipsBank({MERCHANT: ring()}, clock=lambda: NOON)


def form(
    *absent: str, algorithm: str | None = "HMAC-SHA-256", seal: str | None = None, **changes: str
) -> dict[str, str]:
    """Build the form of a merchant, sealed without the library's own sealing code."""
    text = text_of({name: value for name, value in {**REQUEST, **changes}.items() if name not in absent})
    made = {"HMAC-SHA-256": hmac_of, None: sha_of}.get(algorithm, hmac_of)(text)
    fields = {"Data": text, "Seal": made if seal is None else seal, "InterfaceVersion": "HP_3.4"}
    return fields | ({} if algorithm is None else {"SealAlgorithm": algorithm})


def request() -> PaymentRequest:
    """Return the usual payment request, received by a bank."""
    return bank().receive(form())


# Forms that the bank refuses, by the type of the error.
REFUSED_FORMS: dict[type[ResponseRefusedError], list[dict[str, str]]] = {
    MalformedResponseError: [
        {},
        form(merchantId="201000005940002"),
        form(algorithm="SHA-1"),
        form(algorithm="hmac-sha-256"),
        form(algorithm=""),
        form() | {"Encode": "rot13"},
        *(form(name) for name in REQUEST.keys() - {"currencyCode", "keyVersion"}),
        *(form(amount=bad) for bad in ("abc", "0", "-5", "16.00", "01600", "1" * 13, "\u0661")),
    ],
    UnknownKeyError: [form("keyVersion"), form(keyVersion="3")],
    SealMismatchError: [
        form(seal="0" * 64),
        form(seal=""),
        {name: value for name, value in form().items() if name != "Seal"},
        form() | {"SealAlgorithm": "HMAC-SHA-512"},
        form() | {"Data": form()["Data"].replace("amount=1600", "amount=1")},
        form() | {"Data": form()["Data"] + "\ud800"},
    ],
}


def error_of(fields: dict[str, str]) -> type[ResponseRefusedError] | None:
    """Return the type of the error by which the bank refuses a form."""
    try:
        bank().receive(fields)
    except ResponseRefusedError as error:
        return type(error)
    return None


class TestReceiving:
    """The bank reads an authentic form of a merchant, and refuses any other."""

    def test_request(self) -> None:
        """An authentic form becomes the merchant's request, which a test can look up."""
        opened = bank()
        received = opened.receive(form())

        assert (MERCHANT, "REF1", Euros(1600), RETURN_URL, NOTIFICATION_URL, SECRET, SealAlgorithm.HMAC_SHA_256) == (
            received.merchant_id,
            received.transaction_reference,
            received.amount,
            received.return_url,
            received.notification_url,
            received.key.get_secret_value(),
            received.algorithm,
        )
        assert {"REF1": received} == opened.requests

    def test_default_algorithm(self) -> None:
        """A form without the name of an algorithm has the legacy seal, as at the vendor's."""
        assert SealAlgorithm.SHA_256 is bank().receive(form(algorithm=None)).algorithm

    def test_older_key(self) -> None:
        """A merchant may seal with any key of its ring."""
        text = form(keyVersion="1")["Data"]
        received = bank().receive(form(keyVersion="1", seal=hmac_of(text, SECRETS["1"])))

        assert SECRETS["1"] == received.key.get_secret_value()

    @pytest.mark.parametrize("kind", REFUSED_FORMS)
    def test_refused(self, kind: type[ResponseRefusedError]) -> None:
        """A form that is not authentic, or lacks a field, is refused."""
        assert [] == [fields for fields in REFUSED_FORMS[kind] if error_of(fields) is not kind]

    def test_refused_is_not_stored(self) -> None:
        """After a refusal the reference is free."""
        opened = bank()
        with pytest.raises(SealMismatchError):
            opened.receive(form(seal="0" * 64))

        assert {} == opened.requests

    def test_reference_used_twice(self) -> None:
        """A reference serves one payment, whatever its state."""
        opened = bank()
        opened.receive(form())

        with pytest.raises(MalformedResponseError, match="already processed"):
            opened.receive(form(amount="5000"))

    def test_retired_key(self) -> None:
        """The bank's own clock retires keys."""
        keys = KeyRing([SecretKey(version="2", secret=SECRET, not_after=NOON.replace(year=2025))], current="2")

        with pytest.raises(UnknownKeyError):
            SipsBank({MERCHANT: keys}, clock=lambda: NOON).receive(form())


class TestPaying:
    """The last two digits of the card are the response code, as on the vendor's simulator."""

    def test_code(self) -> None:
        """A response code of the vendor is sent; two other digits are an acceptance."""
        known = ["00", "02", "03", "05", "11", "12", "14", "17", "24", "25", "30", "34", "40", "51", "54", "55", "60",
                 "62", "63", "75", "90", "94", "97", "99"]  # fmt: skip
        unknown = ["01", "20", "77", "98"]
        opened, asked = bank(), request()
        codes = [opened.pay(asked, f"41000000000000{digits}").response_code for digits in (*known, *unknown)]

        assert [*known, *["00"] * 4] == codes

    def test_bad_card(self) -> None:
        """Any other text than a card number is wrong card data."""
        cards = ["", "12", "4" * 12, "4" * 20, "5017x70000001800", "\uff15017670000001800", "5017##########00"]
        decisions = [bank().pay(request(), card) for card in cards]

        assert [Decision(response_code="14", decided_at=NOON)] * len(cards) == decisions

    def test_mask(self) -> None:
        """Spaces are ignored, and the mask has the length of the number."""
        masks = {
            CARD: "5017##########00",
            "5017 6700 0000 1800": "5017##########00",
            " 5017670000001800 ": "5017##########00",
            "4" * 11 + "00": "4444#######00",
            "4" * 17 + "00": "4444#############00",
        }

        assert masks == {card: bank().pay(request(), card).masked_card for card in masks}

    def test_number(self) -> None:
        """An acceptance has an authorisation number of six digits, and any other decision has none."""
        cards = [CARD, "5017670000001805", "5017670000001817", ""]
        decisions = [bank().pay(request(), card) for card in cards]

        assert [(True, "001600"), *[(False, None)] * 3] == [
            (decision.accepted, decision.authorisation_number) for decision in decisions
        ]

    def test_leaving(self) -> None:
        """Leaving the page cancels."""
        assert Decision(response_code="17", decided_at=NOON) == bank().leave()


class TestAuthentication:
    """The tester chooses the result of 3-D Secure."""

    def test_code(self) -> None:
        """A failure refuses, a cancellation cancels, and otherwise the card decides."""
        codes = {
            (Authentication.SUCCESS, TrialCard.ACCEPTED): "00",
            (Authentication.SUCCESS, TrialCard.CEILING): "51",
            (Authentication.ATTEMPT, TrialCard.ACCEPTED): "00",
            (Authentication.ERROR, TrialCard.ACCEPTED): "00",
            (Authentication.FAILURE, TrialCard.ACCEPTED): "05",
            (Authentication.FAILURE, TrialCard.PENDING): "05",
            (Authentication.CANCEL, TrialCard.ACCEPTED): "17",
        }
        decisions = {
            (authentication, card): bank().pay(request(), card, authentication=authentication)
            for authentication, card in codes
        }

        assert codes == {choice: decision.response_code for choice, decision in decisions.items()}
        assert [each for each, _ in codes] == [decision.authentication for decision in decisions.values()]

    def test_failure(self) -> None:
        """A refusal without authentication has no acquirer's code: the acquirer was not asked."""
        opened = bank()
        asked = opened.receive(form())
        answer = opened.answer(asked, opened.pay(asked, CARD, authentication=Authentication.FAILURE))
        names = {pair.partition("=")[0] for pair in answer["Data"].split("|")}

        assert (True, True, False) == (
            "holderAuthentStatus=FAILURE" in answer["Data"],
            "maskedPan" in names,
            "acquirerResponseCode" in names,
        )


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Start at noon."""
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


def code_of(ending: Dispatch | None) -> str | None:
    """Return the code that the page shows; ``None`` while another card may be tried."""
    return None if ending is None else ending.decision.response_code


class TestSettling:
    """A payment ends once, after a limited number of attempts."""

    def test_refused_at_once(self) -> None:
        """Without the vendor's option a refusal is final."""
        opened = bank()
        asked = opened.receive(form())

        assert "05" == code_of(opened.settle(asked, opened.pay(asked, TrialCard.REFUSED)))

    @pytest.mark.parametrize(
        ("cards", "codes"),
        [
            (["05", "51", "54"], [None, None, "54"]),
            (["05", "00"], [None, "00"]),
            (["75"], ["75"]),
            (["60"], ["60"]),
            (["90"], ["90"]),
            (["03"], ["03"]),
        ],
    )
    def test_three_attempts(self, cards: list[str], codes: list[str | None]) -> None:
        """With it, three cards may be tried; another decision than a refusal, and code 75, end the payment before."""
        opened = SipsBank({MERCHANT: ring()}, clock=lambda: NOON, attempts=3)
        asked = opened.receive(form())

        assert codes == [code_of(opened.settle(asked, opened.pay(asked, f"50176700000018{card}"))) for card in cards]

    def test_number(self) -> None:
        """The answer contains the number of the attempt."""
        opened = SipsBank({MERCHANT: ring()}, clock=lambda: NOON, attempts=3)
        asked = opened.receive(form())
        opened.settle(asked, opened.pay(asked, TrialCard.REFUSED))
        left = opened.attempts_left(asked)
        ending = opened.settle(asked, opened.pay(asked, CARD))

        assert ending is not None
        assert ending.return_fields is not None
        assert (2, True) == (left, "paymentAttemptNumber=2" in ending.return_fields["Data"].split("|"))

    def test_once(self) -> None:
        """A second decision returns the first one again, and is not notified."""
        opened = bank()
        asked = opened.receive(form())
        first = opened.settle(asked, opened.pay(asked, CARD))
        second = opened.settle(asked, opened.leave())

        assert first is not None
        assert second is not None
        assert (first.return_fields, (), "TO_CAPTURE") == (
            second.return_fields,
            second.notifications,
            opened.accounts["REF1"].status,
        )

    def test_double_click(self) -> None:
        """Of simultaneous decisions one is notified, once."""
        opened = bank()
        asked = opened.receive(form())
        gate, endings = Barrier(8), list[Dispatch | None]()

        def click() -> None:
            gate.wait()
            endings.append(opened.settle(asked, opened.pay(asked, CARD)))

        clicks = [Thread(target=click) for _ in range(8)]
        for each in clicks:
            each.start()
        for each in clicks:
            each.join()

        assert 1 == sum(len(ending.notifications) for ending in endings if ending)

    def test_default_fault(self) -> None:
        """A payment without a fault of its own has the bank's."""
        opened = bank()
        opened.fault = Fault.DOUBLED
        asked = opened.receive(form())
        ending = opened.settle(asked, opened.leave())

        assert ending is not None
        assert 2 == len(ending.notifications)

    def test_merchants(self) -> None:
        """The bank lists its merchants."""
        assert (MERCHANT,) == bank().merchants


class TestTime:
    """A page expires after fifteen minutes, and late notifications are due after the delay."""

    def opened(self, fault: Fault = Fault.NONE) -> tuple[SipsBank, Clock, PaymentRequest]:
        """Build a bank with a clock, and open a payment."""
        clock = Clock()
        opened = SipsBank({MERCHANT: ring()}, clock=clock, fault=fault, delay=timedelta(seconds=30))
        return opened, clock, opened.receive(form())

    @pytest.mark.parametrize(("minutes", "notified"), [(14, []), (15, ["97"]), (900, ["97"])])
    def test_expiry(self, minutes: int, notified: list[str]) -> None:
        """After fifteen minutes without a decision the bank notifies an expiry."""
        opened, clock, _ = self.opened()
        clock.now += timedelta(minutes=minutes)

        assert notified == [each.decision.response_code for each in opened.due() if each.decision]

    def test_expired(self) -> None:
        """An expiry is notified once, is the state of the transaction, and has no return."""
        opened, clock, _ = self.opened()
        clock.now += timedelta(minutes=15)
        opened.due()

        assert ((), "EXPIRED", None) == (
            opened.due(),
            opened.accounts["REF1"].status,
            opened.ended["REF1"].return_fields,
        )

    def test_decided_too_late(self) -> None:
        """A card on an expired page pays nothing."""
        opened, clock, asked = self.opened()
        clock.now += timedelta(minutes=15)

        assert "97" == code_of(opened.settle(asked, opened.pay(asked, CARD)))

    def test_decided_in_time(self) -> None:
        """A decided payment does not expire."""
        opened, clock, asked = self.opened()
        opened.settle(asked, opened.pay(asked, CARD))
        clock.now += timedelta(minutes=15)

        assert () == opened.due()

    @pytest.mark.parametrize("fault", [Fault.LATE, Fault.PENDING_FIRST, Fault.OUT_OF_ORDER])
    def test_late(self, fault: Fault) -> None:
        """A late notification is due after the delay, once."""
        opened, clock, asked = self.opened(fault)
        opened.settle(asked, opened.pay(asked, CARD))
        counts = []
        for seconds in (0, 29, 1, 0):
            clock.now += timedelta(seconds=seconds)
            counts.append(len(opened.due()))

        assert [0, 0, 1, 0] == counts

    def test_lost_expiry(self) -> None:
        """The bank's fault applies to expiries too."""
        opened, clock, _ = self.opened(Fault.LOST)
        clock.now += timedelta(minutes=15)

        assert () == opened.due()

    @pytest.mark.parametrize(
        ("fault", "states"),
        [(Fault.PENDING_FIRST, ["PENDING", "TO_CAPTURE"]), (Fault.OUT_OF_ORDER, ["TO_CAPTURE", "TO_CAPTURE"])],
    )
    def test_state(self, fault: Fault, states: list[str]) -> None:
        """A late decision replaces a pending one, and a late pending message replaces nothing."""
        opened, clock, asked = self.opened(fault)
        opened.settle(asked, opened.pay(asked, CARD))
        found = [opened.accounts["REF1"].status]
        clock.now += timedelta(seconds=30)
        opened.due()

        assert states == [*found, opened.accounts["REF1"].status]


class TestAnswering:
    """The merchant can verify the answer."""

    def paid(self, card: str | None, **changes: Any) -> tuple[dict[str, str], VerifiedPayment]:  # noqa: ANN401 - settings
        """Pay by card, or leave without one; return the answer and the verified payment."""
        opened, gateway, placed = bank(), local_gateway(**changes), order()
        asked = opened.receive(gateway.initiate(placed).fields)
        answer = opened.answer(asked, opened.leave() if card is None else opened.pay(asked, card))
        return answer, gateway.verify(HttpMessage(form_body(answer)), expected=placed)

    @pytest.mark.parametrize("algorithm", SealAlgorithm)
    def test_state(self, algorithm: SealAlgorithm) -> None:
        """Each decision has its state, under the algorithm of the request."""
        states = {
            CARD: PaymentState.PAID,
            "5017670000001805": PaymentState.REFUSED,
            "5017670000001860": PaymentState.PENDING,
            "5017670000001890": PaymentState.UNKNOWN,
            "5017670000001897": PaymentState.EXPIRED,
            "5017670000001812": PaymentState.ERROR,
            "not a card": PaymentState.REFUSED,
            None: PaymentState.CANCELLED,
        }

        assert states == {card: self.paid(card, algorithm=algorithm)[1].state for card in states}

    def test_accepted(self) -> None:
        """The answer about an acceptance has the vendor's fields, with card, number and time."""
        answer, payment = self.paid(CARD)

        assert {"Data", "Seal", "Encode", "InterfaceVersion"} == set(answer)
        assert ("5017##########00", "001600", NOON) == (
            payment.masked_card,
            payment.authorisation_number,
            payment.authorised_at,
        )

    def test_short_answer(self) -> None:
        """The answer about an abandon has no card, acquirer's code or number, as the vendor's."""
        raw = self.paid(None)[1].raw

        assert set() == {"maskedPan", "acquirerResponseCode", "authorisationId"} & set(raw)


class TestDiscretion:
    """No card number and no secret is stored or shown."""

    def test_card(self) -> None:
        """After a payment no object of the bank contains the card number."""
        opened = bank()
        asked = opened.receive(form())
        decision = opened.pay(asked, CARD)
        answer = opened.answer(asked, decision)
        objects = [thing for thing in gc.get_objects() if type(thing) in (Decision, PaymentRequest)]

        assert CARD not in f"{decision} {answer} {opened.requests} {vars(opened)} {objects}"

    def test_secret(self) -> None:
        """The repr of a request does not show the key."""
        assert SECRET not in repr(request())


def test_form_body() -> None:
    """A form's body is percent-encoded, with its fields in order."""
    assert b"Data=a%3D%C3%A9%7Cb&Seal=" == form_body({"Data": "a=é|b", "Seal": ""})
