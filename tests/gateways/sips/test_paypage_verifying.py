"""The answer of the bank: a verified payment, or an error whose type names the fault."""

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any
from unittest import mock
from urllib.parse import quote, urlencode

import pytest

from creance_pay import Euros, HttpMessage, PaymentState, Source
from creance_pay.errors import (
    CreancePayError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
)
from creance_pay.gateways import KeyRing, SealAlgorithm, SecretKey
from creance_pay.gateways.sips import SipsPaypage, paypage, responses
from creance_pay.gateways.sips.data import Data
from sips_merchant import (
    GENUINE,
    MERCHANT,
    NOON,
    SECRET,
    SECRETS,
    body,
    changed,
    error_of,
    hmac_of,
    machine_in,
    order,
    sha_of,
    sips_gateway,
    verify,
)

FORGED = "0" * 64
CAP = 65_536
PARIS_IN_WINTER = timezone(timedelta(hours=1))


def keys(*, older_until: datetime | None) -> KeyRing:
    """Return the merchant's keys, the older one with a last moment."""
    older = SecretKey(version="1", secret=SECRETS["1"], not_after=older_until)
    return KeyRing([SecretKey(version="2", secret=SECRET), older], current="2")


def refused(posted: bytes, family: type[CreancePayError] = MalformedResponseError, words: str = "") -> bool:
    """Return whether a body is refused by an error of a type whose text has some words."""
    error = error_of(verify, posted)
    return type(error) is family and words in str(error)


def mismatches(text: str) -> tuple[str, ...]:
    """Return the fields by which a sealed text differs from the order REF1."""
    error = error_of(verify, body(text))
    return error.fields if isinstance(error, OrderMismatchError) else ()


def unverified_reference(posted: bytes, family: type[ResponseRefusedError] = SealMismatchError) -> str:
    """Return the unverified reference of a body that is refused by an error of a type."""
    with pytest.raises(family) as caught:
        sips_gateway().authenticate(HttpMessage(posted))
    return caught.value.unverified_reference


def of_size(size: int) -> bytes:
    """Return a genuine body of a number of bytes."""
    short = body(changed(returnContext=""))
    return body(changed(returnContext="x" * (size - len(short))))


class TestOrderOfChecks:
    """Present, text, encoding, key version, seal, grammar, order: the first fault is reported."""

    FAULTS = {  # noqa: RUF012 - a table of the tests
        "present": (urlencode({"Data": changed("keyVersion", amount="1")}).encode(), MalformedResponseError),
        "text": (b"Data=%E9&Seal=0", MalformedResponseError),
        "encoding": (body(changed(keyVersion="99", amount="1"), FORGED, Encode="rot13"), MalformedResponseError),
        "no key version": (body(changed("keyVersion", amount="1"), FORGED), MalformedResponseError),
        "key version": (body(changed(keyVersion="99", amount="1"), FORGED), UnknownKeyError),
        "sealed": (body(changed(amount="1") + "|oops", FORGED), SealMismatchError),
        "expected": (body(changed(amount="1")), OrderMismatchError),
    }

    @pytest.mark.parametrize(("posted", "family"), FAULTS.values(), ids=FAULTS)
    def test_first_fault(self, posted: bytes, family: type[CreancePayError]) -> None:
        """A message with several faults is refused for the first one."""
        with pytest.raises(CreancePayError) as caught:
            verify(posted)

        assert family is type(caught.value)

    def test_parsed(self) -> None:
        """A sealed text that is no list of pairs is unknown, even with the amount of another order."""
        assert PaymentState.UNKNOWN is verify(body(changed(amount="1") + "|oops")).state

    def test_forged_for_another_order(self) -> None:
        """A forged message for another order is refused, never a mismatch."""
        with pytest.raises(SealMismatchError):
            verify(body(changed(transactionReference="REF2", merchantId="002001000000001"), FORGED))

    def test_forged_and_unreadable(self) -> None:
        """A forged text that is no list of pairs is refused, never unknown."""
        with pytest.raises(SealMismatchError):
            verify(body(changed() + "|", FORGED))

    def test_retired_before_sealed(self) -> None:
        """A forged message under a retired key is refused for its key."""
        with pytest.raises(UnknownKeyError, match="retired"):
            verify(
                body(changed(keyVersion="1"), FORGED),
                gateway=sips_gateway(keys=keys(older_until=NOON - timedelta(seconds=1))),
            )


class TestOuterFields:
    """The form's own fields contain the sealed text, and nothing else that is used."""

    def test_never_read(self) -> None:
        """A field of the form with the name of a sealed one changes nothing (B34)."""
        names = ["responseCode", "amount", "transactionReference", "keyVersion", "merchantId"]
        text = changed(responseCode="05")

        assert [] == [name for name in names if verify(body(text)) != verify(body(text, **{name: "00"}))]

    @pytest.mark.parametrize("name", ["Data", "Seal"])
    def test_missing(self, name: str) -> None:
        """A missing field is named (A4)."""
        fields = {"Data": changed(), "Seal": hmac_of(changed())}
        del fields[name]

        with pytest.raises(MalformedResponseError, match=f"expected a field {name}"):
            verify(urlencode(fields).encode())

    def test_other_spelling(self) -> None:
        """The names of the form are case-sensitive (B31)."""
        bodies = {
            name: urlencode({name: changed(), "Seal": hmac_of(changed())}).encode()
            for name in ("data", "DATA", " Data", "Data[]")
        }

        assert [] == [name for name, posted in bodies.items() if not refused(posted, words="expected a field Data")]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("Data", (changed(), changed(amount="1"))),
            ("Data", (changed(), changed())),
            ("Seal", (hmac_of(changed()), FORGED)),
            ("Seal", (hmac_of(changed()), hmac_of(changed()))),
            ("Seal", (hmac_of(changed()), "")),
            ("Encode", ("", "base64")),
            ("Encode", ("", "")),
            ("InterfaceVersion", ("HP_3.4", "HP_2.3")),
        ],
    )
    def test_repeated(self, name: str, values: tuple[str, str]) -> None:
        """A field given twice is refused, in any order and even with one value (A12, B2, B24)."""
        once = {"Data": changed(), "Seal": hmac_of(changed()), "InterfaceVersion": "HP_3.4"}
        once.pop(name, None)
        pairs = [*once.items(), *((name, value) for value in values)]
        errors = set()
        for arranged in permutations(pairs):
            with pytest.raises(MalformedResponseError, match="repeated") as caught:
                verify(urlencode(arranged).encode())
            errors.add(str(caught.value))

        assert 1 == len(errors)

    def test_repeated_stranger(self) -> None:
        """A field that is not the form's may be there twice."""
        assert verify(body(changed()) + b"&locale=fr&locale=en")

    def test_most_fields(self) -> None:
        """A form has up to 32 fields, and none has more."""
        assert verify(body(changed()) + b"&x=" * 29)
        with pytest.raises(MalformedResponseError):
            verify(body(changed()) + b"&x=" * 30)

    def test_order(self) -> None:
        """The fields of the form may come in any order."""
        pairs = [("Data", changed()), ("Seal", hmac_of(changed())), ("Encode", ""), ("InterfaceVersion", "HP_2.0")]

        assert {PaymentState.PAID} == {verify(urlencode(each).encode()).state for each in permutations(pairs)}

    def test_interface_version(self) -> None:
        """The bank answers in a version of its own choice."""
        fields = {"Data": changed(), "Seal": hmac_of(changed())}
        versions = ["HP_2.0", "HP_3.4", "", "x"]

        assert all(verify(urlencode({**fields, "InterfaceVersion": version}).encode()) for version in versions)

    def test_separator(self) -> None:
        """An ampersand alone separates fields (B39)."""
        separators = [b";", b"&amp;", b"\n", b","]

        assert [] == [each for each in separators if not refused(body(changed()).replace(b"&", each))]


class TestEncoding:
    """The body is an ASCII form, percent-encoded in UTF-8; the seal covers the text as it travelled."""

    def test_raw_bytes(self) -> None:
        """Bytes beyond ASCII are no form: browsers and the bank percent-encode them."""
        posted = body(changed(returnContext="é"))
        raw = ["é".encode(), b"\xe9", b"\xff\xfe", b"\x80"]

        assert [] == [each for each in raw if not refused(posted.replace(b"%C3%A9", each), words="expected a form")]

    def test_not_utf_8(self) -> None:
        """Text that is not UTF-8 is refused in any field, and never replaced (B25)."""
        added = [
            f"&{name}={quoted}".encode()
            for name in ("Data", "Seal", "locale")
            for quoted in ("%E9", "%C3", "%ED%A0%80", "%F8%88%80%80%80", "%C0%AF", "%FF")
        ]

        assert [] == [each for each in added if not refused(body(changed()) + each)]

    def test_accent(self) -> None:
        """Sealed text beyond ASCII is verified as UTF-8."""
        assert ("régie €",) == verify(body(changed(returnContext="régie €"))).raw["returnContext"]

    def test_decomposed(self) -> None:
        """Another form of the same accent is another text (B27)."""
        with pytest.raises(SealMismatchError):
            verify(body(changed(returnContext="e\u0301"), hmac_of(changed(returnContext="\u00e9"))))

    def test_twice_encoded(self) -> None:
        """The form is decoded once (B28)."""
        with pytest.raises(ResponseRefusedError):
            verify(body(quote(changed()), hmac_of(changed())))

    @pytest.mark.parametrize("encode", ["base64", "Base64", "base64url", "BASE64URL"])
    def test_encoded(self, encode: str) -> None:
        """An encoded text is verified under the seal of the encoded text."""
        text = base64.urlsafe_b64encode(changed(returnContext="<<<???>>>").encode()).decode()
        if "url" not in encode.lower():
            text = text.replace("-", "+").replace("_", "/")

        assert PaymentState.PAID is verify(body(text, Encode=encode)).state

    def test_sealed_before_encoding(self) -> None:
        """A seal over the text before its encoding is refused."""
        text = base64.b64encode(changed().encode()).decode()

        with pytest.raises(SealMismatchError):
            verify(body(text, hmac_of(changed()), Encode="base64"))

    def test_encoding_not_named(self) -> None:
        """An encoded text whose encoding is not named is refused: nothing is guessed."""
        with pytest.raises(MalformedResponseError):
            verify(body(base64.b64encode(changed().encode()).decode()))


class TestContentType:
    """A body is read as the form that it says it is, or refused (B41)."""

    def test_accepted(self) -> None:
        """A form is accepted, and so is a body without content type."""
        accepted: list[dict[str, str]] = [
            {},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"content-type": "application/x-www-form-urlencoded"},
            {"CONTENT-TYPE": "Application/X-WWW-Form-URLEncoded"},
            {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
            {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            {"Content-Type": "application/x-www-form-urlencoded ; charset=utf-8"},
            {"Content-Type": ""},
            {"Content-Length": "262"},
        ]

        assert all(
            sips_gateway().verify(HttpMessage(body(changed()), headers), expected=order()) for headers in accepted
        )

    def test_refused(self) -> None:
        """Another type is refused before anything is parsed."""
        types = [
            "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded-x",
            "x", ";", "application/json; application/x-www-form-urlencoded",
        ]  # fmt: skip
        messages = [
            HttpMessage(body(changed()), {name: kind}) for kind in types for name in ("Content-Type", "content-type")
        ]
        errors = [(message.headers, error_of(sips_gateway().verify, message, expected=order())) for message in messages]

        assert [] == [headers for headers, error in errors if "expected a form" not in str(error)]


class TestSize:
    """A body has a largest size, known before it is parsed (B36, B37, B38)."""

    def test_largest(self) -> None:
        """A genuine body of the largest size is verified."""
        assert (CAP, PaymentState.PAID) == (len(of_size(CAP)), verify(of_size(CAP)).state)

    def test_too_large(self) -> None:
        """One byte more is refused."""
        with pytest.raises(MalformedResponseError, match="at most 65536 bytes"):
            verify(of_size(CAP + 1))

    def test_junk(self) -> None:
        """Junk of any size is refused."""
        bodies = [b"a" * 10_000_000, b"&" * 65_536, b"a=1&" * 16_384, b"%" * 65_536]

        assert [] == [posted[:9] for posted in bodies if not refused(posted)]


class TestKeys:
    """The version that a message names chooses the key (A19 to A25, A34)."""

    @pytest.mark.parametrize("version", SECRETS)
    def test_rotation(self, version: str) -> None:
        """During a rotation the messages of both keys are verified, and the payment has the version."""
        text = changed(keyVersion=version)

        assert version == verify(body(text, hmac_of(text, SECRETS[version]))).key_version

    @pytest.mark.parametrize(("named", "used"), [("1", "2"), ("2", "1")])
    def test_other_key(self, named: str, used: str) -> None:
        """A message sealed by another key than it names is refused."""
        text = changed(keyVersion=named)

        with pytest.raises(SealMismatchError):
            verify(body(text, hmac_of(text, SECRETS[used])))

    def test_unknown_version(self) -> None:
        """A version that is not in the ring is refused, in any spelling."""
        versions = ["3", "02", "0", "20", " 2", "2 ", "\uff12", "2.0", "99999999999"]

        assert [] == [each for each in versions if not refused(body(changed(keyVersion=each)), UnknownKeyError)]

    def test_no_single_version(self) -> None:
        """A message that names no key, or two, is refused."""
        texts = [
            changed("keyVersion"), changed(keyVersion=""), changed(keyVersion="null"),
            changed() + "|keyVersion=2", changed() + "|keyVersion=1",
        ]  # fmt: skip

        assert [] == [text for text in texts if not refused(body(text), words="expected one key version")]

    def test_last_moment(self) -> None:
        """At its last moment the older key still verifies."""
        text = changed(keyVersion="1")

        assert verify(body(text, hmac_of(text, SECRETS["1"])), gateway=sips_gateway(keys=keys(older_until=NOON)))

    def test_retired(self) -> None:
        """A moment later it does not, and the error names the reason."""
        text = changed(keyVersion="1")
        gateway = sips_gateway(keys=keys(older_until=NOON - timedelta(microseconds=1)))

        with pytest.raises(UnknownKeyError, match="key 1 is retired"):
            verify(body(text, hmac_of(text, SECRETS["1"])), gateway=gateway)


class TestAlgorithm:
    """The algorithm is our setting; a message cannot choose another one (A13 to A15)."""

    def test_outer_field(self) -> None:
        """A legacy seal is refused with any algorithm named in the form."""
        named = [
            {name: word}
            for name in ("SealAlgorithm", "sealAlgorithm")
            for word in ("SHA-256", "HMAC-SHA-512", "HMAC-SHA-256", "none", "")
        ]

        assert [] == [
            each for each in named if not refused(body(changed(), sha_of(changed()), **each), SealMismatchError)
        ]

    def test_sealed_field(self) -> None:
        """A legacy seal is refused even when the text itself names it."""
        text = changed(sealAlgorithm="SHA-256")

        with pytest.raises(SealMismatchError):
            verify(body(text, sha_of(text)))

    def test_hmac_at_a_legacy_merchant(self) -> None:
        """A stronger seal is refused when the legacy one is set."""
        with pytest.raises(SealMismatchError):
            verify(body(changed()), gateway=sips_gateway(algorithm=SealAlgorithm.SHA_256, legacy_seal=True))

    def test_legacy_merchant(self) -> None:
        """A merchant with that setting accepts the legacy seal."""
        gateway = sips_gateway(algorithm=SealAlgorithm.SHA_256, legacy_seal=True)

        assert verify(body(changed(), sha_of(changed())), gateway=gateway)


class TestExpected:
    """Authentic is not ours: the order is compared as text (group C)."""

    @pytest.mark.parametrize("found", [None, "REF1", {}])
    def test_no_order(self, found: Any) -> None:  # noqa: ANN401 - any result of a look-up
        """The result of a look-up that found nothing is refused: nothing is verified against it."""
        with pytest.raises(InvalidValueError, match="expected a PaymentOrder"):
            sips_gateway().verify(HttpMessage(body(changed())), expected=found)

    def test_different(self) -> None:
        """A field that differs from the order is named, with any response code."""
        values = {
            "merchantId": ["002001000000001", MERCHANT[1:]],
            "transactionReference": ["REF2", "ref1", "REF1 "],
            "amount": [
                "1",
                "1601",
                "01600",
                "+1600",
                "1600.00",
                "1_600",
                " 1600",
                "\uff11\uff16\uff10\uff10",
                "abc",
                "-1600",
            ],
            "currencyCode": ["840", "EUR", "0978"],
        }
        messages = [
            (name, value, code)
            for name, listed in values.items()
            for value in listed
            for code in ("00", "05", "17", "60", "97", "ZZ", "")
        ]

        assert [] == [
            (name, value, code)
            for name, value, code in messages
            if mismatches(changed(responseCode=code, **{name: value})) != (name,)
        ]

    def test_not_ours(self) -> None:
        """A message without merchant or reference is not ours (C15, C18)."""
        absent = [(name, code) for name in ("merchantId", "transactionReference") for code in ("00", "17", "97")]

        assert [] == [each for each in absent if mismatches(changed(each[0], responseCode=each[1])) != (each[0],)]

    def test_acceptance_without_money(self) -> None:
        """An acceptance without amount or currency is a mismatch (B13, C10, C13)."""
        absent = [
            (name, mode)
            for name in ("amount", "currencyCode")
            for mode in ("AUTHOR_CAPTURE", "IMMEDIATE", "VALIDATION")
        ]

        assert [] == [each for each in absent if mismatches(changed(each[0], captureMode=each[1])) != (each[0],)]

    @pytest.mark.parametrize(("code", "outcome"), [("17", PaymentState.CANCELLED), ("97", PaymentState.EXPIRED)])
    def test_short_answer(self, code: str, outcome: PaymentState) -> None:
        """The short answer to an abandon may lack amount and currency."""
        payment = verify(body(changed("amount", "currencyCode", "captureMode", responseCode=code)))

        assert (outcome, None) == (payment.state, payment.amount)

    def test_every_difference(self) -> None:
        """All the fields that differ are named, and no value."""
        with pytest.raises(OrderMismatchError) as caught:
            verify(body(changed(amount="1", currencyCode="840", transactionReference="SECRET")))

        assert "authentic, but not our order: transactionReference, amount, currencyCode" == str(caught.value)

    def test_http_status(self) -> None:
        """The sender gets 200, since sending it again would change nothing."""
        assert 200 == OrderMismatchError.http_status

    def test_order_id(self) -> None:
        """The merchant's own number of the order binds nothing (C30)."""
        assert verify(body(changed(orderId="ANOTHER")))


class TestOutcome:
    """The state follows from the response code, unless another field contradicts it (group D)."""

    @pytest.mark.parametrize(
        ("fields", "outcome"),
        [
            ({"captureMode": "IMMEDIATE"}, PaymentState.PAID),
            ({"captureMode": "VALIDATION"}, PaymentState.AUTHORISED),
            ({"captureMode": "FREE"}, PaymentState.UNKNOWN),
            ({"captureMode": "author_capture"}, PaymentState.UNKNOWN),
            ({"captureMode": ""}, PaymentState.PAID),
            ({"captureMode": "null"}, PaymentState.PAID),
            ({"acquirerResponseCode": "00"}, PaymentState.PAID),
            ({"acquirerResponseCode": ""}, PaymentState.PAID),
            ({"acquirerResponseCode": "null"}, PaymentState.PAID),
            ({"acquirerResponseCode": "05"}, PaymentState.UNKNOWN),
            ({"acquirerResponseCode": "ZZ"}, PaymentState.UNKNOWN),
            ({"acquirerResponseCode": "05", "captureMode": "VALIDATION"}, PaymentState.UNKNOWN),
            ({"responseCode": "05", "acquirerResponseCode": "05"}, PaymentState.REFUSED),
            ({"responseCode": "60"}, PaymentState.PENDING),
            ({"responseCode": "null"}, PaymentState.UNKNOWN),
            ({"responseCode": "\uff10\uff10"}, PaymentState.UNKNOWN),
            ({"responseCode": " 00"}, PaymentState.UNKNOWN),
            ({"responseCode": "000"}, PaymentState.UNKNOWN),
        ],
    )
    def test_outcome(self, fields: dict[str, str], outcome: PaymentState) -> None:
        """The response code decides, unless the capture mode or the acquirer contradicts it."""
        assert outcome is verify(body(changed(**fields))).state

    def test_no_capture_mode(self) -> None:
        """Without capture mode the vendor's default holds."""
        assert PaymentState.PAID is verify(body(changed("captureMode"))).state

    def test_repeated_deciding_field(self) -> None:
        """A second value of a deciding field makes the state unknown, before or after the first (B5)."""
        pairs = [
            f"{name}={value}"
            for name in ("merchantId", "transactionReference", "amount", "currencyCode", "responseCode", "captureMode")
            for value in ("00", "05", "")
        ]
        texts = [text for pair in pairs for text in (f"{pair}|{changed()}", f"{changed()}|{pair}")]

        assert [] == [text for text in texts if verify(body(text)).state is not PaymentState.UNKNOWN]

    def test_repeated_acquirer_code(self) -> None:
        """So does a second code of the acquirer."""
        text = changed(acquirerResponseCode="00") + "|acquirerResponseCode=05"

        assert PaymentState.UNKNOWN is verify(body(text)).state

    def test_repeated_other_field(self) -> None:
        """A second value of another field is kept, with a warning (B5b)."""
        payment = verify(body(changed(returnContext="a") + "|returnContext=b"))

        assert (PaymentState.PAID, ("a", "b"), ("returnContext is repeated",)) == (
            payment.state,
            payment.raw["returnContext"],
            payment.warnings,
        )

    def test_unreadable(self) -> None:
        """A sealed text that is not all pairs, or has a control character, is unknown (B8, B15, B16)."""
        added = ["|", "|oops", "|=x", "|returnContext=a\nb", "|returnContext=\x00", "|a=\u2028"]

        assert [] == [each for each in added if verify(body(changed() + each)).state is not PaymentState.UNKNOWN]

    def test_unreadable_tells_nothing_else(self) -> None:
        """An unreadable message sets no field of the payment; its text is kept for a person to read."""
        message = HttpMessage(body(changed(returnContext="x\x00")))
        payment = sips_gateway().verify(message, expected=order(), source=Source.RETURN)

        assert (None, None, None, "2", Source.RETURN, ("x\x00",)) == (
            payment.amount,
            payment.transaction_reference,
            payment.response_code,
            payment.key_version,
            payment.source,
            payment.raw["returnContext"],
        )


class TestPayment:
    """A verified payment has the details of the bank's message."""

    @pytest.mark.parametrize("source", Source)
    def test_source(self, source: Source) -> None:
        """The source of the message is kept."""
        assert source is sips_gateway().verify(HttpMessage(body(changed())), expected=order(), source=source).source

    def test_default_source(self) -> None:
        """By default it is the bank's own notification."""
        assert Source.NOTIFICATION is verify(body(changed())).source

    def test_authorisation(self) -> None:
        """The bank's number of the authorisation is kept as text."""
        assert "012345" == verify(body(changed(authorisationId="012345"))).authorisation_number

    def test_card(self) -> None:
        """A masked card is kept, in each form that the bank writes."""
        cards = ["5017##########00", "5100############00", "############0600", "501767######1800"]

        assert cards == [verify(body(changed(maskedPan=card))).masked_card for card in cards]

    def test_no_card(self) -> None:
        """A number that is not masked is not kept as a card: it might be whole (R16)."""
        numbers = [
            "5017670000001800", "501767000#001800", "501767#1800", "5017XXXXXXXXXX00", "", "null",
            "50176700##########00", "5017##########0000000", "\uff15017##########00", "5017##########00 ",
        ]  # fmt: skip

        assert [] == [number for number in numbers if verify(body(changed(maskedPan=number))).masked_card is not None]

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("2016-02-01T17:44:20+01:00", datetime(2016, 2, 1, 17, 44, 20, tzinfo=PARIS_IN_WINTER)),
            ("2023-03-15.00:39:04+0100", datetime(2023, 3, 15, 0, 39, 4, tzinfo=PARIS_IN_WINTER)),
            ("2016-02-01T16:44:20Z", datetime(2016, 2, 1, 17, 44, 20, tzinfo=PARIS_IN_WINTER)),
            ("9999-12-31T23:59:59+14:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=14)))),
        ],
    )
    def test_moment(self, written: str, moment: datetime) -> None:
        """Both forms of the bank's time give a moment with its zone (C24, C25, C28)."""
        payment = verify(body(changed(transactionDateTime=written)))

        assert (moment, ()) == (payment.authorised_at, payment.warnings)

    def test_no_moment(self) -> None:
        """An unreadable time, or one outside the range of UTC, loses no payment but gives a warning (C27, C28)."""
        times = [
            "demain", "2016-02-01T17:44:20", "2016-02-01", "2016-02-30T17:44:20+01:00", "2016-02-01T25:44:20+01:00",
            "2016-02-01 17:44:20+01:00", "2016-02-01T17:44:20+99:00", "2016-02-01T17:44:20+1:00",
            "20160201T174420+0100", "\uff12016-02-01T17:44:20+01:00", "", "null", "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00+14:00",
        ]  # fmt: skip
        payments = {time: verify(body(changed(transactionDateTime=time))) for time in times}

        assert [] == [
            time
            for time, payment in payments.items()
            if (payment.state, payment.authorised_at, payment.warnings)
            != (PaymentState.PAID, None, ("transactionDateTime is unreadable",))
        ]

    def test_zone_of_the_machine(self) -> None:
        """Where the machine stands matters for no moment, the last of all included (C28)."""
        with machine_in("EAST-14"):
            payment = verify(body(changed(transactionDateTime="9999-12-31T23:59:59+00:00")))

        assert datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) == payment.authorised_at

    def test_two_warnings(self) -> None:
        """One warning does not hide another (B5b, C27)."""
        payment = verify(body(changed(returnContext="a", transactionDateTime="demain") + "|returnContext=b"))

        assert ("returnContext is repeated", "transactionDateTime is unreadable") == payment.warnings

    def test_without_moment(self) -> None:
        """A message without time needs no warning."""
        assert (None, ()) == (verify(body(changed())).authorised_at, verify(body(changed())).warnings)

    def test_other_characters(self) -> None:
        """A space that does not break, or a character without shape, is kept."""
        texts = ["10\u00a0€", "\u202f", "\ue000", "\u200d"]
        payments = [verify(body(changed(returnContext=text))) for text in texts]

        assert [(PaymentState.PAID, (text,)) for text in texts] == [
            (payment.state, payment.raw["returnContext"]) for payment in payments
        ]

    def test_unknown_names(self) -> None:
        """Unknown names are kept (B12b)."""
        assert ('[{"ruleCode":"SC"}]',) == verify(body(changed(newField='[{"ruleCode":"SC"}]'))).raw["newField"]

    def test_another_order(self) -> None:
        """The message is compared with the order of the call."""
        other = order(transaction_reference="REF2", amount=Euros(5000))

        assert Euros(5000) == verify(body(changed(transactionReference="REF2", amount="5000")), expected=other).amount


class TestAuthenticate:
    """A message is authenticated without an order; a refused one names its payment for an incident alone."""

    def test_sealed(self) -> None:
        """An authentic message names its payment, source and key."""
        sealed = sips_gateway().authenticate(HttpMessage(body(changed())), source=Source.RETURN)

        assert ("REF1", Source.RETURN, "2") == (sealed.transaction_reference, sealed.source, sealed.key_version)

    @pytest.mark.parametrize("seal", [FORGED, ""])
    def test_unverified_reference(self, seal: str) -> None:
        """The error of a wrong seal names the reference, of an encoded text too."""
        text = base64.b64encode(changed().encode()).decode()

        assert ["REF1", "REF1"] == [
            unverified_reference(posted) for posted in (body(changed(), seal), body(text, seal, Encode="base64"))
        ]

    def test_no_reference(self) -> None:
        """A reference that is repeated or ill-formed is none, of an authentic message and of a forged one."""
        texts = [
            changed("transactionReference"),
            changed() + "|transactionReference=REF2",
            *(
                changed(transactionReference=bad)
                for bad in ("", "null", "a" * 36, "REF-1", "../x", "réf", "R\n", "R'--")
            ),
        ]

        assert [""] * len(texts) == [unverified_reference(body(text, FORGED)) for text in texts]
        assert [""] * len(texts) == [
            sips_gateway().authenticate(HttpMessage(body(text))).transaction_reference for text in texts
        ]

    def test_unreadable(self) -> None:
        """A message that cannot be parsed is refused, and names no payment."""
        bodies = [b"", b"Seal=0", b"Data=a", b"\xff", b"a" * (CAP + 1), body(changed(), Encode="x")]

        assert [""] * len(bodies) == [unverified_reference(posted, MalformedResponseError) for posted in bodies]

    @pytest.mark.parametrize("message", [changed() + "|amount=1", changed() + "|x"])
    def test_contradictory(self, message: str) -> None:
        """A sealed text that is contradictory is UNKNOWN for its order, and a mismatch for another one."""
        sealed = sips_gateway().authenticate(HttpMessage(body(message)))

        assert PaymentState.UNKNOWN is sealed.match(order()).state
        with pytest.raises(OrderMismatchError) as caught:
            sealed.match(order(transaction_reference="REF2"))
        assert ("transactionReference",) == caught.value.fields

    def test_own_request(self) -> None:
        """Our own sealed request is refused when it comes back: the key seals both ways."""
        form = sips_gateway().initiate(order())
        with pytest.raises(MalformedResponseError, match="payment request"):
            sips_gateway().authenticate(HttpMessage(urlencode(form.fields).encode()))

    def test_address_repeated(self) -> None:
        """An answer may repeat an address of the request: it has a response code."""
        assert verify(body(changed(normalReturnUrl="https://portal.example/return")))

    def test_json(self) -> None:
        """A merchant that posts forms receives pairs: JSON is not parsed before its seal is proved."""
        with pytest.raises(MalformedResponseError, match="expected one key version"):
            sips_gateway().authenticate(HttpMessage(body(json.dumps(GENUINE))))

    def test_one_parse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A body is parsed once, whether it is genuine, forged or about another order."""
        parse_form = mock.Mock(wraps=responses.parse_form)
        parse_text = mock.Mock(wraps=Data.parse)
        monkeypatch.setattr(paypage, "parse_form", parse_form)
        monkeypatch.setattr(Data, "parse", parse_text)
        for posted, expected in ((body(changed()), order()), (body(changed(), FORGED), order()),
                                 (body(changed()), order(transaction_reference="REF2"))):  # fmt: skip
            with contextlib.suppress(SealMismatchError, OrderMismatchError):
                verify(posted, expected=expected)

        assert (3, 3) == (parse_form.call_count, parse_text.call_count)


def test_same_words_for_every_seal() -> None:
    """The error is the same whatever part of a seal is wrong."""
    good = hmac_of(changed())
    forged = [
        FORGED,
        "f" * 64,
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        ("0" if good[0] != "0" else "1") + good[1:],
    ]
    words = set()
    for each in forged:
        with pytest.raises(SealMismatchError) as caught:
            verify(body(changed(), each))
        words.add(str(caught.value))

    assert {"expected the seal of the text under our key, got another"} == words


def test_simulator_key() -> None:
    """The vendor's public key does not authenticate a message for a real merchant (A17)."""
    with pytest.raises(SealMismatchError):
        verify(body(changed(), hmac_of(changed(), "002001000000001_KEY1")))


def test_gateway_keeps_nothing() -> None:
    """The same message twice gives equal payments: the ledger recognises repetitions."""
    gateway: SipsPaypage = sips_gateway()

    assert verify(body(changed()), gateway=gateway) == verify(body(changed()), gateway=gateway)
