"""Hostile group J: the mistakes of other banks' gateways, played against the second and the third bank of this package.

A case about a bank that this package does not speak to is played with the same mistake at Worldline Direct.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentState
from creance_pay.errors import (
    ConfigurationError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    SealMismatchError,
    UnknownKeyError,
)
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.direct import DirectHost
from creance_pay.ledger import MemoryLedger
from creance_pay.payments import PaymentService
from direct_bank import (
    NOTIFICATION_URL,
    NOW,
    RETURN_URL,
    WEBHOOK_KEY_ID,
    WEBHOOK_SECRET,
    DirectBank,
    direct_gateway,
    direct_order,
    event,
    payment,
    ring,
    signed,
    webhook,
)

BODY = json.dumps(event(payment())).encode()
STRONG = {"keys": ring({"A": "Zq81-kfh2-99ab-LLop"}, "A"), "webhook_keys": ring({"W": "77yt-Wq02-mmzx-0p3c"}, "W")}


def sealed_by(seal: str, body: bytes = BODY) -> HttpMessage:
    """Build a webhook with a seal of the test."""
    headers = {"Content-Type": "application/json", "X-GCS-KeyId": WEBHOOK_KEY_ID, "X-GCS-Signature": seal}
    return HttpMessage(body, headers)


def state_of(**changes: Any) -> PaymentState:  # noqa: ANN401 - any member
    """Return the state that an authentic event reports, after changes of its payment."""
    found = event(payment(**changes), "payment.captured" if "status" not in changes else "")
    return direct_gateway().verify(webhook(found), expected=direct_order()).state


class TestKeys:
    """The configuration chooses key and algorithm."""

    def test_test_key(self) -> None:
        """A message sealed with a key of the test platform is refused in production (J1)."""
        gateway = direct_gateway(host=DirectHost.CAWL_PRODUCTION, **STRONG)
        with pytest.raises(UnknownKeyError):
            gateway.verify(webhook(BODY), expected=direct_order())

    def test_mode(self) -> None:
        """A message that names its own platform or mode changes nothing (J2)."""
        found = [
            direct_gateway().verify(webhook({**event(payment()), "mode": mode}), expected=direct_order()).state
            for mode in ("ZZZ", "TEST", None)
        ]

        assert [PaymentState.PAID] * 3 == found

    @pytest.mark.parametrize("algorithm", ["sha1", "sha512", "md5"])
    def test_algorithm(self, algorithm: str) -> None:
        """A seal by another algorithm is refused, under the right key as well (J5)."""
        seal = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), BODY, algorithm)).decode()
        with pytest.raises(SealMismatchError):
            direct_gateway().authenticate(sealed_by(seal))

    def test_digest_without_key(self) -> None:
        """A digest without the key is no seal (J17)."""
        seal = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
        with pytest.raises(SealMismatchError):
            direct_gateway().authenticate(sealed_by(seal))

    @pytest.mark.parametrize(
        "change",
        [
            lambda seal: f" {seal}",
            lambda seal: f"{seal}\n",
            lambda seal: f"{seal[:20]}\r\n {seal[20:]}",
            lambda seal: f"{seal[:10]}*{seal[10:]}",
            lambda seal: seal.rstrip("="),
            lambda seal: f"{seal}=",
            lambda seal: seal.replace("+", "-").replace("/", "_") + "-",
            lambda seal: base64.b64decode(seal).hex(),
            lambda _: "",
        ],
    )
    def test_base64(self, change: Callable[[str], str]) -> None:
        """A seal in base64 with a blank, a line break, junk, or without padding is refused (J6)."""
        with pytest.raises(SealMismatchError):
            direct_gateway().authenticate(sealed_by(change(signed(BODY))))

    def test_no_key(self) -> None:
        """Without a key for webhooks there is no gateway, and an empty text is no key (J17, J25)."""
        builders: list[Callable[[], object]] = [
            lambda: direct_gateway(webhook_keys=None),
            lambda: KeyRing([], current="1"),
            lambda: SecretKey(version="1", secret=""),
            lambda: SecretKey(version="1", secret=None),  # type: ignore[arg-type]
        ]
        for build in builders:
            with pytest.raises(ConfigurationError):
                build()


class TestText:
    """The seal covers every byte, and nothing outside is read."""

    def test_renamed(self) -> None:
        """A renamed or moved member has another seal (J3)."""
        refused = json.dumps(event(payment(state=PaymentState.REFUSED))).encode()
        for old, new in ((b"REJECTED", b"CAPTURED"), (b'"status"', b'"Status"'), (b": 2,", b": 9,")):
            assert old in refused
            with pytest.raises(SealMismatchError):
                direct_gateway().authenticate(sealed_by(signed(refused), refused.replace(old, new)))

    def test_request(self) -> None:
        """A reference with a separator of another protocol is refused before anything is sent (J3)."""
        for reference in ("REF+00+00", "REF|amount=1", "REF&signature=", "REF\r\nx-gcs-key:1"):
            with pytest.raises(InvalidValueError):
                direct_gateway().initiate(direct_order(transaction_reference=reference))

    def test_outside_the_seal(self) -> None:
        """Headers that nothing seals change nothing, and bytes after the sealed ones are refused (J14)."""
        message = webhook(BODY)
        more = {**message.headers, "X-Status": "REFUNDED", "X-Merchant-Reference": "PCLCB1"}
        with_headers = direct_gateway().verify(HttpMessage(BODY, more), expected=direct_order())

        assert direct_gateway().verify(message, expected=direct_order()) == with_headers
        for extra in (b"&status=9", b"\n", b" ", b"{}", BODY):
            with pytest.raises(SealMismatchError):
                direct_gateway().authenticate(attrs.evolve(message, body=BODY + extra))

    def test_case_variants(self) -> None:
        """Of two names that differ in case, the bank's own counts; of two such headers, none (J18)."""
        variants: dict[str, Any] = {"Status": "CAPTURED", "STATUS": "CAPTURED"}
        found = direct_gateway().verify(
            webhook(event(payment(state=PaymentState.REFUSED, **variants))), expected=direct_order()
        )

        assert PaymentState.REFUSED is found.state
        message = webhook(BODY)
        with pytest.raises(MalformedResponseError):
            direct_gateway().authenticate(
                HttpMessage(BODY, {**message.headers, "x-gcs-signature": message.headers["X-GCS-Signature"]})
            )

    def test_batch(self) -> None:
        """An array with a second event is refused, whatever the second one is; an array of one is its event (J23)."""
        genuine = event(payment())
        forged = {**genuine, "merchantId": "ANOTHER"}
        for batch in ([genuine, forged], [genuine, genuine], []):
            with pytest.raises(MalformedResponseError):
                direct_gateway().authenticate(webhook(batch))

        assert direct_gateway().verify(webhook([genuine]), expected=direct_order())

    def test_bytes_alone(self) -> None:
        """A caller cannot give the sealed bytes and another parsed object: a message is bytes (J24)."""
        bodies: list[Any] = [event(payment()), BODY.decode(), [BODY]]
        for body in bodies:
            with pytest.raises(InvalidValueError):
                HttpMessage(body)


class TestStates:
    """The bank's word and code decide, and an order is compared before."""

    @pytest.mark.parametrize(
        ("word", "code"),
        [("CAPTURE_REQUESTED", 91), ("AUTHORIZATION_REQUESTED", 51), ("PENDING_APPROVAL", 55), ("REJECTED", 2)],
    )
    def test_category(self, word: str, code: int) -> None:
        """The category « completed » alone makes no payment (J4)."""
        changes: dict[str, Any] = {"status": word, "statusOutput": {"statusCode": code, "statusCategory": "COMPLETED"}}

        assert PaymentState.UNKNOWN is state_of(**changes)

    def test_other_merchant(self) -> None:
        """A genuine message of another merchant, or about another reference, is a mismatch (J15)."""
        for found in ({**event(payment()), "merchantId": "ANOTHER"}, event(payment("PCLCB1"))):
            with pytest.raises(OrderMismatchError):
                direct_gateway().verify(webhook(found), expected=direct_order())

    def test_refusal(self) -> None:
        """A refusal without any detail of an authorisation is a refusal, and an unknown code is UNKNOWN (J16)."""
        refused = payment(state=PaymentState.REFUSED)
        del refused["paymentOutput"]["cardPaymentMethodSpecificOutput"]
        found = direct_gateway().verify(webhook(event(refused)), expected=direct_order())

        assert PaymentState.REFUSED is found.state
        assert PaymentState.UNKNOWN is state_of(statusOutput={"statusCode": 99999, "statusCategory": "COMPLETED"})

    @pytest.mark.parametrize(
        ("word", "code", "state"),
        [
            ("AUTHORIZATION_REQUESTED", 52, PaymentState.UNKNOWN),
            ("CAPTURE_REQUESTED", 92, PaymentState.UNKNOWN),
            ("CANCELLED", 6, PaymentState.CANCELLED),
            ("REFUNDED", 7, PaymentState.REFUNDED),
            ("REFUNDED", 8, PaymentState.REFUNDED),
        ],
    )
    def test_codes(self, word: str, code: int, state: PaymentState) -> None:
        """An uncertain code is UNKNOWN; a cancellation and a refund are what they are (J19)."""
        changes: dict[str, Any] = {"status": word, "statusOutput": {"statusCode": code}}

        assert state is state_of(**changes)

    @pytest.mark.parametrize("cents", [1, 1999, 2001, 200000])
    def test_amount(self, cents: int) -> None:
        """A sealed event of another amount is a mismatch (J27)."""
        with pytest.raises(OrderMismatchError):
            direct_gateway().verify(webhook(event(payment(cents=cents))), expected=direct_order())


def test_old_message() -> None:
    """No time is sealed: a message of a year ago changes nothing the second time, and money moves forwards (J29)."""
    bank, ledger, now = DirectBank(), MemoryLedger(), [NOW]

    def service() -> PaymentService:
        gateway = direct_gateway(transport=bank, clock=lambda: now[0])
        return PaymentService(gateway, ledger, transport=bank, clock=lambda: now[0])

    notice, amount = NoticeReference("6311705400000344F"), Euros(2000)
    started = service().start(amount, {notice: amount}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL)
    paid = bank.pay("4481347252")
    service().on_notification(paid)
    bank.give_back("4481347252", 2000)
    service().on_notification(bank.refund_event("4481347252"))
    states = []
    for when in (timedelta(days=365), timedelta(days=-365)):
        now[0] = NOW + when
        states.append(
            (service().on_notification(paid).http_status, service().confirm(started.transaction_reference).state)
        )

    assert [(200, PaymentState.REFUNDED)] * 2 == states


def test_every_case() -> None:
    """Each case of the group is named by a test."""
    folder = Path(__file__).resolve().parent
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.parent.glob("*/**/test_*.py"))
    named = {each for group in re.findall(r"\((J[0-9]+(?:, J[0-9]+)*)\)", tests) for each in group.split(", ")}

    assert set() == {f"J{number}" for number in range(1, 30)} - named
