"""The bank's side: what it refuses, what it decides, and what it never keeps."""

import gc
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.errors import MalformedResponseError, ResponseRefusedError, SealMismatchError, UnknownKeyError
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.testing.sips import (
    Authentication,
    Decision,
    Dispatch,
    Fault,
    PaymentRequest,
    SipsBank,
    TrialCard,
    form_body,
)
from sips_shop import (
    MERCHANT,
    NOON,
    NOTIFICATION_URL,
    RETURN_URL,
    SECRET,
    SECRETS,
    hmac_of,
    local_shop,
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
    """Open a bank that knows one shop."""
    return SipsBank({MERCHANT: ring()}, clock=lambda: NOON)


def form(
    *absent: str, algorithm: str | None = "HMAC-SHA-256", seal: str | None = None, **changes: str
) -> dict[str, str]:
    """Write what a shop posts, sealed without the library's own sealing code."""
    text = text_of({name: value for name, value in {**REQUEST, **changes}.items() if name not in absent})
    made = {"HMAC-SHA-256": hmac_of, None: sha_of}.get(algorithm, hmac_of)(text)
    fields = {"Data": text, "Seal": made if seal is None else seal, "InterfaceVersion": "HP_3.4"}
    return fields | ({} if algorithm is None else {"SealAlgorithm": algorithm})


def request() -> PaymentRequest:
    """Have a bank receive the usual payment."""
    return bank().receive(form())


class TestReceiving:
    """The bank reads what a shop has sealed, and nothing else."""

    def test_request(self) -> None:
        """A sealed form becomes the request that the shop wanted."""
        asked = request()

        assert (MERCHANT, "REF1", Euros(1600), RETURN_URL, NOTIFICATION_URL, SECRET, SealAlgorithm.HMAC_SHA_256) == (
            asked.merchant_id,
            asked.transaction_reference,
            asked.amount,
            asked.return_url,
            asked.notification_url,
            asked.key.get_secret_value(),
            asked.algorithm,
        )

    def test_kept(self) -> None:
        """Tests can look the request up."""
        opened = bank()
        asked = opened.receive(form())

        assert {"REF1": asked} == opened.requests

    def test_default_algorithm(self) -> None:
        """A form that names no algorithm is sealed in the legacy way, as at the vendor's."""
        assert SealAlgorithm.SHA_256 is bank().receive(form(algorithm=None)).algorithm

    def test_older_key(self) -> None:
        """A shop may seal by each key of its ring."""
        text = form(keyVersion="1")["Data"]

        assert (
            SECRETS["1"]
            == bank().receive(form(keyVersion="1", seal=hmac_of(text, SECRETS["1"]))).key.get_secret_value()
        )

    @pytest.mark.parametrize(
        ("fields", "family"),
        [
            ({}, MalformedResponseError),
            (form(merchantId="201000005940002"), MalformedResponseError),
            (form("merchantId"), MalformedResponseError),
            (form(algorithm="SHA-1"), MalformedResponseError),
            (form(algorithm="hmac-sha-256"), MalformedResponseError),
            (form(algorithm=""), MalformedResponseError),
            (form() | {"Encode": "rot13"}, MalformedResponseError),
            (form("keyVersion"), UnknownKeyError),
            (form(keyVersion="3"), UnknownKeyError),
            (form(seal="0" * 64), SealMismatchError),
            (form(seal=""), SealMismatchError),
            ({name: value for name, value in form().items() if name != "Seal"}, SealMismatchError),
            (form() | {"SealAlgorithm": "HMAC-SHA-512"}, SealMismatchError),
            (form() | {"Data": form()["Data"].replace("amount=1600", "amount=1")}, SealMismatchError),
            (form() | {"Data": form()["Data"] + "\ud800"}, SealMismatchError),
            *((form(name), MalformedResponseError) for name in REQUEST.keys() - {"currencyCode", "keyVersion"}),
            *(
                (form(amount=bad), MalformedResponseError)
                for bad in ("abc", "0", "-5", "16.00", "01600", "1" * 13, "\u0661")
            ),
        ],
    )
    def test_refused(self, fields: dict[str, str], family: type[ResponseRefusedError]) -> None:
        """What no shop has rightly sealed, or is not whole, is refused."""
        with pytest.raises(ResponseRefusedError) as caught:
            bank().receive(fields)

        assert family is type(caught.value)

    def test_refused_is_forgotten(self) -> None:
        """A refused request leaves its reference free."""
        opened = bank()
        with pytest.raises(SealMismatchError):
            opened.receive(form(seal="0" * 64))

        assert {} == opened.requests

    def test_reference_used_twice(self) -> None:
        """A reference serves once, whatever became of its payment."""
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

    @pytest.mark.parametrize(
        "code",
        ["00", "02", "03", "05", "11", "12", "14", "17", "24", "25", "30", "34", "40", "51", "54", "55", "60", "62",
         "63", "75", "90", "94", "97", "99"],
    )  # fmt: skip
    def test_code(self, code: str) -> None:
        """A code that the vendor has is sent."""
        assert code == bank().pay(request(), f"41000000000000{code}").response_code

    @pytest.mark.parametrize("code", ["01", "20", "77", "98"])
    def test_unknown_code(self, code: str) -> None:
        """Two digits that are no code are an acceptance."""
        assert "00" == bank().pay(request(), f"41000000000000{code}").response_code

    @pytest.mark.parametrize(
        "card", ["", "12", "4" * 12, "4" * 20, "5017x70000001800", "\uff15017670000001800", "5017##########00"]
    )
    def test_bad_card(self, card: str) -> None:
        """What is no card number is wrong card data."""
        assert Decision(response_code="14", decided_at=NOON) == bank().pay(request(), card)

    @pytest.mark.parametrize("card", [CARD, "5017 6700 0000 1800", " 5017670000001800 "])
    def test_spaces(self, card: str) -> None:
        """People type spaces."""
        assert "5017##########00" == bank().pay(request(), card).masked_card

    @pytest.mark.parametrize(
        ("card", "mask"), [("4" * 11 + "00", "4444#######00"), ("4" * 17 + "00", "4444#############00")]
    )
    def test_mask(self, card: str, mask: str) -> None:
        """The mask is as long as the number."""
        assert mask == bank().pay(request(), card).masked_card

    def test_accepted(self) -> None:
        """An acceptance has a number of six digits."""
        decision = bank().pay(request(), CARD)

        assert (True, "001600") == (decision.accepted, decision.authorisation_number)

    @pytest.mark.parametrize("card", ["5017670000001805", "5017670000001817", ""])
    def test_not_accepted(self, card: str) -> None:
        """Anything else has none."""
        decision = bank().pay(request(), card)

        assert (False, None) == (decision.accepted, decision.authorisation_number)

    def test_leaving(self) -> None:
        """Who leaves the page cancels."""
        assert Decision(response_code="17", decided_at=NOON) == bank().leave()


class TestAuthentication:
    """3-D Secure ends as the tester chooses."""

    @pytest.mark.parametrize(
        ("authentication", "card", "code"),
        [
            (Authentication.SUCCESS, TrialCard.ACCEPTED, "00"),
            (Authentication.SUCCESS, TrialCard.CEILING, "51"),
            (Authentication.ATTEMPT, TrialCard.ACCEPTED, "00"),
            (Authentication.ERROR, TrialCard.ACCEPTED, "00"),
            (Authentication.FAILURE, TrialCard.ACCEPTED, "05"),
            (Authentication.FAILURE, TrialCard.PENDING, "05"),
            (Authentication.CANCEL, TrialCard.ACCEPTED, "17"),
        ],
    )
    def test_code(self, authentication: Authentication, card: str, code: str) -> None:
        """A failure refuses, giving up cancels, and otherwise the card decides."""
        decision = bank().pay(request(), card, authentication=authentication)

        assert (code, authentication) == (decision.response_code, decision.authentication)

    def test_failure(self) -> None:
        """A refusal for want of authentication has no word of an acquirer, who was never asked."""
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
        """Begin at noon."""
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def code_of(ending: Dispatch | None) -> str | None:
    """Give the code that the person is told; none while another card may be tried."""
    return None if ending is None else ending.decision.response_code


class TestSettling:
    """A payment ends once, after so many attempts at most."""

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
        """With it, three cards may be tried; what is no refusal, and too many attempts, end the payment before."""
        opened = SipsBank({MERCHANT: ring()}, clock=lambda: NOON, attempts=3)
        asked = opened.receive(form())

        assert codes == [code_of(opened.settle(asked, opened.pay(asked, f"50176700000018{card}"))) for card in cards]

    def test_number(self) -> None:
        """The one answer tells at which attempt."""
        opened = SipsBank({MERCHANT: ring()}, clock=lambda: NOON, attempts=3)
        asked = opened.receive(form())
        opened.settle(asked, opened.pay(asked, TrialCard.REFUSED))
        left = opened.attempts_left(asked)
        ending = opened.settle(asked, opened.pay(asked, CARD))

        assert ending is not None
        assert ending.return_fields is not None
        assert (2, True) == (left, "paymentAttemptNumber=2" in ending.return_fields["Data"].split("|"))

    def test_once(self) -> None:
        """A second decision shows the first one again, and nothing is notified."""
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
        """Of decisions at the same moment one is notified, once."""
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

    def test_fault_of_the_bank(self) -> None:
        """What goes wrong at the bank goes wrong with a payment that is not told otherwise."""
        opened = bank()
        opened.fault = Fault.DOUBLED
        asked = opened.receive(form())
        ending = opened.settle(asked, opened.leave())

        assert ending is not None
        assert 2 == len(ending.notifications)

    def test_merchants(self) -> None:
        """A tester is told which shops the bank knows."""
        assert (MERCHANT,) == bank().merchants


class TestTime:
    """A page waits fifteen minutes, and what is late comes when it is due."""

    def opened(self, fault: Fault = Fault.NONE) -> tuple[SipsBank, Clock, PaymentRequest]:
        """Open a bank with a clock, and a payment."""
        clock = Clock()
        opened = SipsBank({MERCHANT: ring()}, clock=clock, fault=fault, delay=timedelta(seconds=30))
        return opened, clock, opened.receive(form())

    @pytest.mark.parametrize(("minutes", "notified"), [(14, []), (15, ["97"]), (900, ["97"])])
    def test_expiry(self, minutes: int, notified: list[str]) -> None:
        """After fifteen minutes without action the notification alone tells it."""
        opened, clock, _ = self.opened()
        clock.now += timedelta(minutes=minutes)

        assert notified == [each.decision.response_code for each in opened.due()]

    def test_expiry_once(self) -> None:
        """It is told once."""
        opened, clock, _ = self.opened()
        clock.now += timedelta(minutes=15)
        opened.due()

        assert () == opened.due()

    def test_expired_state(self) -> None:
        """The account says so, and nobody is there to carry a return."""
        opened, clock, _ = self.opened()
        clock.now += timedelta(minutes=15)
        opened.due()

        assert ("EXPIRED", None) == (opened.accounts["REF1"].status, opened.ended["REF1"].return_fields)

    def test_decided_too_late(self) -> None:
        """Who pays on a page that has expired pays nothing."""
        opened, clock, asked = self.opened()
        clock.now += timedelta(minutes=15)

        assert "97" == code_of(opened.settle(asked, opened.pay(asked, CARD)))

    def test_decided_in_time(self) -> None:
        """What was decided does not expire."""
        opened, clock, asked = self.opened()
        opened.settle(asked, opened.pay(asked, CARD))
        clock.now += timedelta(minutes=15)

        assert () == opened.due()

    @pytest.mark.parametrize("fault", [Fault.LATE, Fault.PENDING_FIRST, Fault.OUT_OF_ORDER])
    def test_late(self, fault: Fault) -> None:
        """What is late is due after the delay, once."""
        opened, clock, asked = self.opened(fault)
        opened.settle(asked, opened.pay(asked, CARD))
        counts = []
        for seconds in (0, 29, 1, 0):
            clock.now += timedelta(seconds=seconds)
            counts.append(len(opened.due()))

        assert [0, 0, 1, 0] == counts

    def test_lost_expiry(self) -> None:
        """A fault of the bank is one of its expiries too: nothing comes, by no way."""
        opened, clock, _ = self.opened(Fault.LOST)
        clock.now += timedelta(minutes=15)

        assert () == opened.due()

    @pytest.mark.parametrize(
        ("fault", "states"),
        [(Fault.PENDING_FIRST, ["PENDING", "TO_CAPTURE"]), (Fault.OUT_OF_ORDER, ["TO_CAPTURE", "TO_CAPTURE"])],
    )
    def test_state(self, fault: Fault, states: list[str]) -> None:
        """Who asks learns the decision once it is made, and never goes back."""
        opened, clock, asked = self.opened(fault)
        opened.settle(asked, opened.pay(asked, CARD))
        found = [opened.accounts["REF1"].status]
        clock.now += timedelta(seconds=30)
        opened.due()

        assert states == [*found, opened.accounts["REF1"].status]


class TestAnswering:
    """The answer is what the shop can verify."""

    def paid(self, card: str | None, **changes: Any) -> tuple[PaymentOrder, dict[str, str], Any]:  # noqa: ANN401 - settings
        """Play one payment; without card the person leaves."""
        opened, gateway, placed = bank(), local_shop(**changes), order()
        asked = opened.receive(gateway.initiate(placed).fields)
        answer = opened.answer(asked, opened.leave() if card is None else opened.pay(asked, card))
        return placed, answer, gateway.verify(HttpMessage(form_body(answer)), expected=placed)

    @pytest.mark.parametrize(
        ("card", "outcome"),
        [
            (CARD, PaymentState.PAID),
            ("5017670000001805", PaymentState.REFUSED),
            ("5017670000001860", PaymentState.PENDING),
            ("5017670000001890", PaymentState.UNKNOWN),
            ("5017670000001897", PaymentState.EXPIRED),
            ("5017670000001812", PaymentState.ERROR),
            ("not a card", PaymentState.REFUSED),
            (None, PaymentState.CANCELLED),
        ],
    )
    @pytest.mark.parametrize("algorithm", SealAlgorithm)
    def test_outcome(self, card: str | None, outcome: PaymentState, algorithm: SealAlgorithm) -> None:
        """Each decision arrives as its outcome, under the algorithm that the shop asked by."""
        assert outcome is self.paid(card, algorithm=algorithm)[2].state

    def test_accepted(self) -> None:
        """An acceptance arrives with card, number and time."""
        payment = self.paid(CARD)[2]

        assert ("5017##########00", "001600", NOON) == (
            payment.masked_card,
            payment.authorisation_number,
            payment.authorised_at,
        )

    def test_short_answer(self) -> None:
        """An abandon arrives without card, acquirer and number, as the vendor's."""
        raw = self.paid(None)[2].raw

        assert set() == {"maskedPan", "acquirerResponseCode", "authorisationId"} & set(raw)

    def test_form(self) -> None:
        """The answer has the fields of the vendor's."""
        assert {"Data", "Seal", "Encode", "InterfaceVersion"} == set(self.paid(CARD)[1])


class TestDiscretion:
    """No card number and no secret stays anywhere."""

    def test_card(self) -> None:
        """After a payment nothing that the bank holds knows the card."""
        opened = bank()
        asked = opened.receive(form())
        decision = opened.pay(asked, CARD)
        answer = opened.answer(asked, decision)
        held = [thing for thing in gc.get_objects() if isinstance(thing, (Decision, PaymentRequest))]

        assert CARD not in f"{decision} {answer} {opened.requests} {vars(opened)} {held}"

    def test_secret(self) -> None:
        """The repr of a request does not show the key."""
        assert SECRET not in repr(request())


def test_form_body() -> None:
    """A form's body is percent-encoded, with its fields in order."""
    assert b"Data=a%3D%C3%A9%7Cb&Seal=" == form_body({"Data": "a=é|b", "Seal": ""})
