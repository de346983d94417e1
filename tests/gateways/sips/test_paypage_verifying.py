"""The way back: a verified payment, or an error that says whose fault it is."""

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
from sips_shop import (
    GENUINE,
    MERCHANT,
    NOON,
    SECRET,
    SECRETS,
    body,
    changed,
    hmac_of,
    machine_in,
    order,
    sha_of,
    shop,
    verify,
)

FORGED = "0" * 64
CAP = 65_536
PARIS_IN_WINTER = timezone(timedelta(hours=1))


def keys(*, older_until: datetime | None) -> KeyRing:
    """Give the shop's keys, the older one with a last moment."""
    older = SecretKey(version="1", secret=SECRETS["1"], not_after=older_until)
    return KeyRing([SecretKey(version="2", secret=SECRET), older], current="2")


def of_size(size: int) -> bytes:
    """Give a genuine body of exactly so many bytes."""
    short = body(changed(returnContext=""))
    return body(changed(returnContext="x" * (size - len(short))))


class TestOrderOfChecks:
    """Present, text, encoding, key version, sealed, parsed, expected: the first fault speaks."""

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
        """A sealed text that is no list of pairs is unknown, whatever order it names: the bank has to be asked."""
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
                body(changed(keyVersion="1"), FORGED), gateway=shop(keys=keys(older_until=NOON - timedelta(seconds=1)))
            )


class TestOuterFields:
    """The form's own fields carry the sealed text, and nothing that is believed."""

    @pytest.mark.parametrize("name", ["responseCode", "amount", "transactionReference", "keyVersion", "merchantId"])
    def test_never_read(self, name: str) -> None:
        """A field of the form named like a sealed one changes nothing (B34)."""
        assert verify(body(changed(responseCode="05"))) == verify(body(changed(responseCode="05"), **{name: "00"}))

    @pytest.mark.parametrize("name", ["Data", "Seal"])
    def test_missing(self, name: str) -> None:
        """A missing field is named (A4)."""
        fields = {"Data": changed(), "Seal": hmac_of(changed())}
        del fields[name]

        with pytest.raises(MalformedResponseError, match=f"expected a field {name}"):
            verify(urlencode(fields).encode())

    @pytest.mark.parametrize("name", ["data", "DATA", " Data", "Data[]"])
    def test_other_spelling(self, name: str) -> None:
        """The names of the form have a case (B31)."""
        with pytest.raises(MalformedResponseError, match="expected a field Data"):
            verify(urlencode({name: changed(), "Seal": hmac_of(changed())}).encode())

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

    @pytest.mark.parametrize("version", ["HP_2.0", "HP_3.4", "", "x"])
    def test_interface_version(self, version: str) -> None:
        """The bank answers in a version of its own choice."""
        assert verify(urlencode({"Data": changed(), "Seal": hmac_of(changed()), "InterfaceVersion": version}).encode())

    @pytest.mark.parametrize("separator", [b";", b"&amp;", b"\n", b","])
    def test_separator(self, separator: bytes) -> None:
        """Only an ampersand stands between fields (B39)."""
        with pytest.raises(ResponseRefusedError):
            verify(body(changed()).replace(b"&", separator))


class TestEncoding:
    """The bytes are an ASCII form whose percent signs hide UTF-8, and the seal covers the text as it travelled."""

    @pytest.mark.parametrize("raw", ["é".encode(), b"\xe9", b"\xff\xfe", b"\x80"])
    def test_raw_bytes(self, raw: bytes) -> None:
        """Bytes beyond ASCII are no form: browsers and the bank percent-encode them."""
        text = changed(returnContext="é")

        with pytest.raises(MalformedResponseError, match="expected a form"):
            verify(body(text).replace(b"%C3%A9", raw))

    @pytest.mark.parametrize("quoted", ["%E9", "%C3", "%ED%A0%80", "%F8%88%80%80%80", "%C0%AF", "%FF"])
    @pytest.mark.parametrize("name", ["Data", "Seal", "locale"])
    def test_not_utf_8(self, name: str, quoted: str) -> None:
        """What is not UTF-8 is refused wherever it stands, and never replaced (B25)."""
        with pytest.raises(MalformedResponseError):
            verify(body(changed()) + f"&{name}={quoted}".encode())

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

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"content-type": "application/x-www-form-urlencoded"},
            {"CONTENT-TYPE": "Application/X-WWW-Form-URLEncoded"},
            {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
            {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            {"Content-Type": "application/x-www-form-urlencoded ; charset=utf-8"},
            {"Content-Type": ""},
            {"Content-Length": "262"},
        ],
        ids=str,
    )
    def test_accepted(self, headers: dict[str, str]) -> None:
        """A form is accepted, and so is a body that does not say what it is."""
        assert shop().verify(HttpMessage(body(changed()), headers), expected=order())

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded-x",
         "x", ";", "application/json; application/x-www-form-urlencoded"],
    )  # fmt: skip
    @pytest.mark.parametrize("name", ["Content-Type", "content-type"])
    def test_refused(self, name: str, content_type: str) -> None:
        """Another type is refused before anything is read."""
        with pytest.raises(MalformedResponseError, match="expected a form"):
            shop().verify(HttpMessage(body(changed()), {name: content_type}), expected=order())


class TestSize:
    """A body has a largest size, known before it is parsed (B36, B37, B38)."""

    def test_largest(self) -> None:
        """A genuine body of the largest size is verified."""
        assert (CAP, PaymentState.PAID) == (len(of_size(CAP)), verify(of_size(CAP)).state)

    def test_too_large(self) -> None:
        """One byte more is refused."""
        with pytest.raises(MalformedResponseError, match="at most 65536 bytes"):
            verify(of_size(CAP + 1))

    @pytest.mark.parametrize("posted", [b"a" * 10_000_000, b"&" * 65_536, b"a=1&" * 16_384, b"%" * 65_536])
    def test_junk(self, posted: bytes) -> None:
        """Junk of any size is refused."""
        with pytest.raises(MalformedResponseError):
            verify(posted)


class TestKeys:
    """The version that a message names chooses the key, and nothing else (A19 to A25, A34)."""

    @pytest.mark.parametrize("version", SECRETS)
    def test_rotation(self, version: str) -> None:
        """During a rotation the messages of both keys are verified, and the payment says by which."""
        text = changed(keyVersion=version)

        assert version == verify(body(text, hmac_of(text, SECRETS[version]))).key_version

    @pytest.mark.parametrize(("named", "used"), [("1", "2"), ("2", "1")])
    def test_other_key(self, named: str, used: str) -> None:
        """A message sealed by another key than it names is refused."""
        text = changed(keyVersion=named)

        with pytest.raises(SealMismatchError):
            verify(body(text, hmac_of(text, SECRETS[used])))

    @pytest.mark.parametrize("version", ["3", "02", "0", "20", " 2", "2 ", "\uff12", "2.0", "99999999999"])
    def test_unknown_version(self, version: str) -> None:
        """A version that is not in the ring is refused, in any spelling."""
        with pytest.raises(UnknownKeyError):
            verify(body(changed(keyVersion=version)))

    @pytest.mark.parametrize("text", [changed("keyVersion"), changed(keyVersion=""), changed(keyVersion="null"),
                                      changed() + "|keyVersion=2", changed() + "|keyVersion=1"])  # fmt: skip
    def test_no_single_version(self, text: str) -> None:
        """A message that names no key, or two, is refused."""
        with pytest.raises(MalformedResponseError, match="key version"):
            verify(body(text))

    def test_last_moment(self) -> None:
        """At its last moment the older key still verifies."""
        text = changed(keyVersion="1")

        assert verify(body(text, hmac_of(text, SECRETS["1"])), gateway=shop(keys=keys(older_until=NOON)))

    def test_retired(self) -> None:
        """A moment later it does not, and the reason is said."""
        text = changed(keyVersion="1")
        gateway = shop(keys=keys(older_until=NOON - timedelta(microseconds=1)))

        with pytest.raises(UnknownKeyError, match="key 1 is retired"):
            verify(body(text, hmac_of(text, SECRETS["1"])), gateway=gateway)


class TestAlgorithm:
    """The algorithm is our setting; a message cannot choose another one (A13 to A15)."""

    @pytest.mark.parametrize("word", ["SHA-256", "HMAC-SHA-512", "HMAC-SHA-256", "none", ""])
    @pytest.mark.parametrize("name", ["SealAlgorithm", "sealAlgorithm"])
    def test_outer_field(self, name: str, word: str) -> None:
        """A legacy seal is refused whatever the form names."""
        with pytest.raises(SealMismatchError):
            verify(body(changed(), sha_of(changed()), **{name: word}))

    def test_sealed_field(self) -> None:
        """A legacy seal is refused even when the text itself names it."""
        text = changed(sealAlgorithm="SHA-256")

        with pytest.raises(SealMismatchError):
            verify(body(text, sha_of(text)))

    def test_hmac_on_a_legacy_shop(self) -> None:
        """Neither is a stronger seal taken where the legacy one is set."""
        with pytest.raises(SealMismatchError):
            verify(body(changed()), gateway=shop(algorithm=SealAlgorithm.SHA_256, legacy_seal=True))

    def test_legacy_shop(self) -> None:
        """A shop that is set so takes the legacy seal."""
        gateway = shop(algorithm=SealAlgorithm.SHA_256, legacy_seal=True)

        assert verify(body(changed(), sha_of(changed())), gateway=gateway)


class TestExpected:
    """Authentic is not ours: the order is compared as text (group C)."""

    @pytest.mark.parametrize("found", [None, "REF1", {}])
    def test_no_order(self, found: Any) -> None:  # noqa: ANN401 - what a look-up may give
        """What a look-up gives that found nothing is refused: nothing is verified against it."""
        with pytest.raises(InvalidValueError, match="expected a PaymentOrder"):
            shop().verify(HttpMessage(body(changed())), expected=found)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("merchantId", "002001000000001"),
            ("merchantId", MERCHANT[1:]),
            ("transactionReference", "REF2"),
            ("transactionReference", "ref1"),
            ("transactionReference", "REF1 "),
            ("amount", "1"),
            ("amount", "1601"),
            ("amount", "01600"),
            ("amount", "+1600"),
            ("amount", "1600.00"),
            ("amount", "1_600"),
            ("amount", " 1600"),
            ("amount", "\uff11\uff16\uff10\uff10"),
            ("amount", "abc"),
            ("amount", "-1600"),
            ("currencyCode", "840"),
            ("currencyCode", "EUR"),
            ("currencyCode", "0978"),
        ],
    )
    @pytest.mark.parametrize("code", ["00", "05", "17", "60", "97", "ZZ", ""])
    def test_different(self, name: str, value: str, code: str) -> None:
        """Whatever the outcome, a field that differs from the order is named."""
        with pytest.raises(OrderMismatchError) as caught:
            verify(body(changed(responseCode=code, **{name: value})))

        assert (name,) == caught.value.fields

    @pytest.mark.parametrize("name", ["merchantId", "transactionReference"])
    @pytest.mark.parametrize("code", ["00", "17", "97"])
    def test_not_ours(self, name: str, code: str) -> None:
        """A message that does not say whose it is, is not ours (C15, C18)."""
        with pytest.raises(OrderMismatchError):
            verify(body(changed(name, responseCode=code)))

    @pytest.mark.parametrize("name", ["amount", "currencyCode"])
    @pytest.mark.parametrize("mode", ["AUTHOR_CAPTURE", "IMMEDIATE", "VALIDATION"])
    def test_acceptance_without_money(self, name: str, mode: str) -> None:
        """An acceptance that does not say of how much is a mismatch (B13, C10, C13)."""
        with pytest.raises(OrderMismatchError):
            verify(body(changed(name, captureMode=mode)))

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
    """An outcome is what nothing in the message denies (group D)."""

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
        """The response code says it, unless the capture or the acquirer says otherwise."""
        assert outcome is verify(body(changed(**fields))).state

    def test_no_capture_mode(self) -> None:
        """Without capture mode the vendor's default holds."""
        assert PaymentState.PAID is verify(body(changed("captureMode"))).state

    @pytest.mark.parametrize(
        "name",
        ["merchantId", "transactionReference", "amount", "currencyCode", "responseCode", "captureMode"],
    )
    @pytest.mark.parametrize("value", ["00", "05", ""])
    def test_repeated_deciding_field(self, name: str, value: str) -> None:
        """A second value of a field that decides makes the outcome unknown, on either side of the first (B5)."""
        before, after = f"{name}={value}|{changed()}", f"{changed()}|{name}={value}"

        assert (PaymentState.UNKNOWN, PaymentState.UNKNOWN) == (verify(body(before)).state, verify(body(after)).state)

    def test_repeated_acquirer_code(self) -> None:
        """Neither may the acquirer say two things."""
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

    @pytest.mark.parametrize("spoilt", ["|", "|oops", "|=x", "|returnContext=a\nb", "|returnContext=\x00", "|a=\u2028"])
    def test_unreadable(self, spoilt: str) -> None:
        """A sealed text that is not all pairs, or hides a control character, is unknown (B8, B15, B16)."""
        assert PaymentState.UNKNOWN is verify(body(changed() + spoilt)).state

    def test_unreadable_tells_nothing_else(self) -> None:
        """An unreadable message fills no field that might be believed; what it says is kept for who looks into it."""
        message = HttpMessage(body(changed(returnContext="x\x00")))
        payment = shop().verify(message, expected=order(), source=Source.RETURN)

        assert (None, None, None, "2", Source.RETURN, ("x\x00",)) == (
            payment.amount,
            payment.transaction_reference,
            payment.response_code,
            payment.key_version,
            payment.source,
            payment.raw["returnContext"],
        )


class TestPayment:
    """A verified payment tells what the bank said."""

    @pytest.mark.parametrize("source", Source)
    def test_source(self, source: Source) -> None:
        """The way that the message came is kept."""
        assert source is shop().verify(HttpMessage(body(changed())), expected=order(), source=source).source

    def test_default_source(self) -> None:
        """By default it is the bank's own notification."""
        assert Source.NOTIFICATION is verify(body(changed())).source

    def test_authorisation(self) -> None:
        """The bank's number of the authorisation is kept as text."""
        assert "012345" == verify(body(changed(authorisationId="012345"))).authorisation_number

    @pytest.mark.parametrize("mask", ["5017##########00", "5100############00", "############0600", "501767######1800"])
    def test_card(self, mask: str) -> None:
        """A masked card is kept, in each form that the bank writes."""
        assert mask == verify(body(changed(maskedPan=mask))).masked_card

    @pytest.mark.parametrize(
        "card", ["5017670000001800", "501767000#001800", "501767#1800", "5017XXXXXXXXXX00", "", "null",
                 "50176700##########00", "5017##########0000000", "\uff15017##########00", "5017##########00 "]
    )  # fmt: skip
    def test_no_card(self, card: str) -> None:
        """What is not masked is not kept as a card: it might be a whole number (R16)."""
        assert None is verify(body(changed(maskedPan=card))).masked_card

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

    @pytest.mark.parametrize(
        "written",
        ["demain", "2016-02-01T17:44:20", "2016-02-01", "2016-02-30T17:44:20+01:00", "2016-02-01T25:44:20+01:00",
         "2016-02-01 17:44:20+01:00", "2016-02-01T17:44:20+99:00", "2016-02-01T17:44:20+1:00", "20160201T174420+0100",
         "\uff12016-02-01T17:44:20+01:00", "", "null", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"],
    )  # fmt: skip
    def test_no_moment(self, written: str) -> None:
        """A time that cannot be read, or that UTC cannot tell, loses no payment but gives a warning (C27, C28)."""
        payment = verify(body(changed(transactionDateTime=written)))

        assert (PaymentState.PAID, None, ("transactionDateTime is unreadable",)) == (
            payment.state,
            payment.authorised_at,
            payment.warnings,
        )

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

    @pytest.mark.parametrize("text", ["10\u00a0€", "\u202f", "\ue000", "\u200d"])
    def test_other_characters(self, text: str) -> None:
        """A space that does not break, or a character that nobody can print, spoils nothing."""
        payment = verify(body(changed(returnContext=text)))

        assert (PaymentState.PAID, (text,)) == (payment.state, payment.raw["returnContext"])

    def test_unknown_names(self) -> None:
        """Names that nobody knows are kept (B12b)."""
        assert ('[{"ruleCode":"SC"}]',) == verify(body(changed(newField='[{"ruleCode":"SC"}]'))).raw["newField"]

    def test_another_order(self) -> None:
        """What is compared is the order that was handed in."""
        other = order(transaction_reference="REF2", amount=Euros(5000))

        assert Euros(5000) == verify(body(changed(transactionReference="REF2", amount="5000")), expected=other).amount


class TestAuthenticate:
    """A message is authenticated without an order; a refused one names its payment for an incident alone."""

    def test_sealed(self) -> None:
        """An authentic message names its payment, source and key."""
        sealed = shop().authenticate(HttpMessage(body(changed())), source=Source.RETURN)

        assert ("REF1", Source.RETURN, "2") == (sealed.transaction_reference, sealed.source, sealed.key_version)

    @pytest.mark.parametrize("seal", [FORGED, ""])
    def test_unverified_reference(self, seal: str) -> None:
        """The error of a wrong seal names the reference, of an encoded text too."""
        text = base64.b64encode(changed().encode()).decode()
        for posted in (body(changed(), seal), body(text, seal, Encode="base64")):
            with pytest.raises(SealMismatchError) as caught:
                shop().authenticate(HttpMessage(posted))
            assert "REF1" == caught.value.unverified_reference

    @pytest.mark.parametrize(
        "text",
        [changed("transactionReference"), changed() + "|transactionReference=REF2"]
        + [changed(transactionReference=bad) for bad in ("", "null", "a" * 36, "REF-1", "../x", "réf", "R\n", "R'--")],
    )
    def test_no_reference(self, text: str) -> None:
        """A reference that is repeated or ill-formed is none, of an authentic message and of a forged one."""
        with pytest.raises(SealMismatchError) as caught:
            shop().authenticate(HttpMessage(body(text, FORGED)))

        assert ("", "") == (
            caught.value.unverified_reference,
            shop().authenticate(HttpMessage(body(text))).transaction_reference,
        )

    @pytest.mark.parametrize(
        "posted", [b"", b"Seal=0", b"Data=a", b"\xff", b"a" * (CAP + 1), body(changed(), Encode="x")]
    )
    def test_unreadable(self, posted: bytes) -> None:
        """A message that cannot be parsed is refused, and names no payment."""
        with pytest.raises(MalformedResponseError) as caught:
            shop().authenticate(HttpMessage(posted))

        assert "" == caught.value.unverified_reference

    @pytest.mark.parametrize("message", [changed() + "|amount=1", changed() + "|x"])
    def test_contradictory(self, message: str) -> None:
        """A sealed text that is contradictory is UNKNOWN for its order, and a mismatch for another one."""
        sealed = shop().authenticate(HttpMessage(body(message)))

        assert PaymentState.UNKNOWN is sealed.match(order()).state
        with pytest.raises(OrderMismatchError):
            sealed.match(order(transaction_reference="REF2"))

    def test_own_request(self) -> None:
        """Our own sealed request is refused when it comes back: the key seals both ways."""
        form = shop().initiate(order())
        with pytest.raises(MalformedResponseError, match="payment request"):
            shop().authenticate(HttpMessage(urlencode(form.fields).encode()))

    def test_json(self) -> None:
        """A merchant that posts forms receives pairs: JSON is not parsed before its seal is proved."""
        with pytest.raises(MalformedResponseError, match="expected one key version"):
            shop().authenticate(HttpMessage(body(json.dumps(GENUINE))))

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
    """The vendor's public key proves nothing to a real shop (A17)."""
    with pytest.raises(SealMismatchError):
        verify(body(changed(), hmac_of(changed(), "002001000000001_KEY1")))


def test_gateway_keeps_nothing() -> None:
    """The same message twice gives equal payments: who has seen it already is the ledger's business."""
    gateway: SipsPaypage = shop()

    assert verify(body(changed()), gateway=gateway) == verify(body(changed()), gateway=gateway)
