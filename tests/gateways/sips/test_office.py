"""Calls to the bank about a payment: the requests, the answers, and the calls that are not sent or repeated."""

import json
from typing import Any

import pytest

from creance_pay import Euros, PaymentState, Source, VerifiedPayment
from creance_pay.errors import (
    ConfigurationError,
    GatewayUnavailableError,
    InvalidValueError,
    MalformedResponseError,
    OrderMismatchError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from creance_pay.gateways import Environment, OperationOutcome, OperationResult, SealAlgorithm
from creance_pay.gateways.sips import SipsHost
from creance_pay.gateways.sips.response_codes import OPERATIONS, STATUSES
from creance_pay.gateways.transport import HttpAnswer
from sips_answers import DONE, PAID, UNREADABLE, Bank, bank, sealed, text_under_seal
from sips_merchant import MERCHANT, SECRETS, error_of, hmac_of, order, sha_of, sips_gateway

VERBS = {"capture": "validate", "cancel": "cancel", "refund": "refund"}
OFFICE = "https://office-server.sips-services.com/rs-services/v2"
every_verb = pytest.mark.parametrize("verb", VERBS)
every_call = pytest.mark.parametrize("call", ["fetch_status", *VERBS])


def ask(answers: Bank, call: str = "fetch_status", **changes: Any) -> VerifiedPayment | OperationResult:  # noqa: ANN401
    """Call the bank about the order REF1."""
    result: VerifiedPayment | OperationResult = getattr(sips_gateway(), call)(order(**changes), answers)
    return result


def status(answers: Bank) -> VerifiedPayment:
    """Ask for the state of the order REF1."""
    return sips_gateway().fetch_status(order(), answers)


def mismatches(answers: Bank, call: str = "fetch_status") -> tuple[str, ...]:
    """Return the fields by which an answer differs from the order REF1."""
    error = error_of(ask, answers, call)
    return error.fields if isinstance(error, OrderMismatchError) else ()


class TestRequest:
    """A request has a seal, goes to the host's Office, and names one payment."""

    def test_status(self) -> None:
        """A question names the merchant and the payment."""
        answers = bank(PAID)
        status(answers)
        url, document = answers.asked[0]
        fields = {
            "interfaceVersion": "DR_WS_2.58",
            "keyVersion": "2",
            "merchantId": MERCHANT,
            "sealAlgorithm": "HMAC-SHA-256",
            "transactionReference": "REF1",
        }

        assert (f"{OFFICE}/diagnostic/getTransactionData", {**fields, "seal": hmac_of(text_under_seal(fields))}) == (
            url,
            document,
        )

    @every_verb
    def test_operation(self, verb: str) -> None:
        """An operation names the amount and the currency as well."""
        answers = bank(DONE)
        getattr(sips_gateway(), verb)(order(), answers, amount=Euros(1000))
        url, document = answers.asked[0]
        fields = {
            "currencyCode": "978",
            "interfaceVersion": "CR_WS_2.58",
            "keyVersion": "2",
            "merchantId": MERCHANT,
            "operationAmount": "1000",
            "sealAlgorithm": "HMAC-SHA-256",
            "transactionReference": "REF1",
        }

        assert (f"{OFFICE}/cashManagement/{VERBS[verb]}", {**fields, "seal": hmac_of(text_under_seal(fields))}) == (
            url,
            document,
        )

    @every_verb
    def test_whole_amount(self, verb: str) -> None:
        """The default amount is the whole."""
        answers = bank(DONE)
        ask(answers, verb)

        assert "1600" == answers.asked[0][1]["operationAmount"]

    def test_algorithm(self) -> None:
        """The algorithm is the configured one, both ways."""
        answers = bank(PAID)
        gateway = sips_gateway(algorithm=SealAlgorithm.SHA_256, legacy_seal=True)
        with pytest.raises(SealMismatchError):
            gateway.fetch_status(order(), answers)
        document = answers.asked[0][1]

        assert ("SHA-256", sha_of(text_under_seal(document))) == (document["sealAlgorithm"], document["seal"])


class TestRefusedLocally:
    """A call that the bank would refuse is not sent (I8, I9, I14)."""

    @every_call
    def test_reference(self, call: str) -> None:
        """Without a reference, or with one that is a path, nothing is sent (I8, I14)."""
        answers = bank(PAID)
        references = ["", " ", "R" * 36, "../../x?y=1", "REF-1", "REF1\n", "réf"]
        errors = {each: error_of(ask, answers, call, transaction_reference=each) for each in references}

        assert [] == [each for each, error in errors.items() if "expected transaction_reference" not in str(error)]
        assert [] == answers.asked

    @every_verb
    def test_amount(self, verb: str) -> None:
        """Zero, more than was paid, and a value that is no amount in euros are not sent (I9)."""
        answers = bank(DONE)
        amounts = [Euros(0), Euros(1601), 1600, -1, "16.00", 16.0]
        errors = [
            (amount, error_of(getattr(sips_gateway(), verb), order(), answers, amount=amount)) for amount in amounts
        ]

        assert [] == [
            amount
            for amount, error in errors
            if "an amount in Euros, above zero and at most" not in str(error)
            or not isinstance(error, InvalidValueError)
        ]
        assert [] == answers.asked

    @every_verb
    def test_least(self, verb: str) -> None:
        """One cent is an amount."""
        answers = bank(DONE)
        getattr(sips_gateway(), verb)(order(), answers, amount=Euros(1))

        assert "1" == answers.asked[0][1]["operationAmount"]

    @every_call
    def test_no_office(self, call: str) -> None:
        """A host without Office cannot be called."""
        with pytest.raises(UnsupportedError):
            getattr(sips_gateway(host=SipsHost.WORLDLINE_SIMULATION), call)(order(), bank(PAID))


class TestUnavailable:
    """No answer is one error; only a question may be repeated (I1, I3, I12, I13)."""

    @every_call
    def test_unreadable(self, call: str) -> None:
        """A page, an error of the server, a redirection, half a text are no answer (I3, I13)."""
        errors = {name: error_of(ask, Bank([HttpAnswer(*answer)]), call) for name, answer in UNREADABLE.items()}

        assert dict.fromkeys(UNREADABLE, call == "fetch_status") == {
            name: error.retryable for name, error in errors.items() if isinstance(error, GatewayUnavailableError)
        }

    @every_call
    @pytest.mark.parametrize("retryable", [True, False])
    def test_no_answer(self, call: str, retryable: bool) -> None:  # noqa: FBT001 - a parameter
        """Silence is retryable for a question alone, even when the transport reports otherwise (I1, I12)."""
        answers = Bank([GatewayUnavailableError("no answer", retryable=retryable)])
        with pytest.raises(GatewayUnavailableError, match="no answer") as caught:
            ask(answers, call)

        assert (call == "fetch_status", 1) == (caught.value.retryable, len(answers.asked))

    def test_question_again(self) -> None:
        """A question whose answer cannot be read is repeated once (I3)."""
        answers = Bank([HttpAnswer(503, b""), sealed(PAID)])

        assert (PaymentState.PAID, 2) == (status(answers).state, len(answers.asked))

    def test_last_attempt(self) -> None:
        """It is sent at most twice."""
        answers = Bank([HttpAnswer(503, b"")])
        with pytest.raises(GatewayUnavailableError):
            status(answers)

        assert 2 == len(answers.asked)

    @every_verb
    def test_operation_once(self, verb: str) -> None:
        """A call that moves money is sent once, even when its answer cannot be read (I12)."""
        answers = Bank([HttpAnswer(503, b""), sealed(DONE)])
        with pytest.raises(GatewayUnavailableError):
            ask(answers, verb)

        assert 1 == len(answers.asked)

    def test_two_refunds(self) -> None:
        """Two calls with the same amount are two refunds (I11)."""
        answers = bank(DONE)
        gateway = sips_gateway()
        results = [gateway.refund(order(), answers, amount=Euros(500)) for _ in range(2)]

        assert (2, [True, True]) == (len(answers.asked), [bool(result) for result in results])


@every_call
class TestNotAuthentic:
    """An answer is authenticated as strictly as a notification (I4)."""

    def refused(self, call: str, answer: HttpAnswer, kind: type[ResponseRefusedError]) -> None:
        """Check that an answer is refused."""
        with pytest.raises(kind):
            ask(Bank([answer]), call)

    def test_seals(self, call: str) -> None:
        """Without seal, or with another, it is refused."""
        seals: list[Any] = [None, "", "null", "0" * 64, "FORGED", "\uff10" * 64, True, 5, {}]
        errors = [(seal, error_of(ask, Bank([sealed(PAID, seal=seal)]), call)) for seal in seals]

        assert [] == [seal for seal, error in errors if not isinstance(error, SealMismatchError)]

    def test_changed(self, call: str) -> None:
        """Another value under the seal is refused."""
        self.refused(call, sealed(PAID, responseCode="05"), SealMismatchError)

    def test_other_key(self, call: str) -> None:
        """The seal of another key is refused."""
        self.refused(call, sealed(PAID, secret="another-secret-of-nobody"), SealMismatchError)

    def test_unknown_key(self, call: str) -> None:
        """A key that is not in the ring is refused."""
        self.refused(call, sealed(PAID, keyVersion="99"), UnknownKeyError)

    def test_repeated(self, call: str) -> None:
        """A document with two values of one field is refused (J26)."""
        twice = sealed(PAID).body.replace(b'"responseCode": "00"', b'"responseCode": "05", "responseCode": "00"')
        self.refused(call, HttpAnswer(200, twice), MalformedResponseError)

    @pytest.mark.parametrize("name", ["responseCode", "transactionReference", "seal"])
    def test_list(self, call: str, name: str) -> None:
        """A list where the bank writes a text is refused, although the seal covers it too (security F18)."""
        document = json.loads(sealed(PAID).body)
        for value in ([document[name]], [[document[name]]]):
            listed = json.dumps({**document, name: value}).encode()
            self.refused(call, HttpAnswer(200, listed), MalformedResponseError)

    def test_older_key(self, call: str) -> None:
        """During a rotation the older key authenticates an answer that names it."""
        assert ask(Bank([sealed(PAID, secret=SECRETS["1"], keyVersion="1")]), call)

    def test_number_of_the_key(self, call: str) -> None:
        """The version may be a number of JSON."""
        assert ask(Bank([sealed(PAID, keyVersion=2)]), call)

    def test_other_payment(self, call: str) -> None:
        """An answer about another merchant, payment or currency is a mismatch (I5)."""
        changes = [
            {name: value}
            for name in ("merchantId", "transactionReference", "currencyCode")
            for value in ("011223744550002", "REF2", "840")
        ]

        assert [] == [each for each in changes if mismatches(bank(PAID, **each), call) != tuple(each)]


class TestUnsealed:
    """On the vendor's test platform an answer may lack its seal, when the merchant consents."""

    def test_opt_in(self) -> None:
        """With the consent an answer without seal is read."""
        gateway = sips_gateway(host=SipsHost.WORLDLINE_TEST, unsealed_answers=True)

        assert gateway.fetch_status(order(), Bank([sealed(PAID, seal=None)]))

    def test_false_seal(self) -> None:
        """A seal that is present is still authenticated."""
        gateway = sips_gateway(host=SipsHost.WORLDLINE_TEST, unsealed_answers=True)

        with pytest.raises(SealMismatchError):
            gateway.fetch_status(order(), Bank([sealed(PAID, seal="0" * 64)]))

    def test_no_opt_in(self) -> None:
        """Without it the test platform is as strict as production."""
        with pytest.raises(SealMismatchError):
            sips_gateway(host=SipsHost.WORLDLINE_TEST).fetch_status(order(), Bank([sealed(PAID, seal=None)]))

    @pytest.mark.parametrize("environment", [kind for kind in Environment if kind is not Environment.TEST])
    def test_elsewhere(self, environment: Environment) -> None:
        """In another environment the consent is refused."""
        base = "http://127.0.0.1" if environment is Environment.LOOPBACK else "https://bank.example"

        with pytest.raises(ConfigurationError, match="test platform"):
            sips_gateway(host=SipsHost("A bank", environment, base), unsealed_answers=True)


class TestStatus:
    """The state of a payment."""

    def test_paid(self) -> None:
        """A captured payment is paid, with all its details."""
        payment = status(bank(PAID))

        assert (
            PaymentState.PAID,
            Source.STATUS,
            Euros(1600),
            Euros(1600),
            "REF1",
            "12345",
            "5017##########00",
            ("CAPTURED",),
        ) == (
            payment.state,
            payment.source,
            payment.amount,
            payment.remaining,
            payment.transaction_reference,
            payment.authorisation_number,
            payment.masked_card,
            payment.raw["transactionStatus"],
        )

    def test_words(self) -> None:
        """Each word of the bank has a state; an unknown one is UNKNOWN."""
        states = {**STATUSES, **dict.fromkeys(("ENDED", "captured", "NEW_WORD"), PaymentState.UNKNOWN)}

        assert states == {word: status(bank(PAID, "currentAmount", transactionStatus=word)).state for word in states}

    def test_codes(self) -> None:
        """A code other than 00 reports nothing about the payment, least of all that it is paid (I6)."""
        codes = ["25", "24", "94", "99", "90", "05", "0", "ZZ", None]
        payments = [status(bank(PAID, responseCode=code)) for code in codes]

        assert [(PaymentState.UNKNOWN, code) for code in codes] == [
            (payment.state, payment.response_code) for payment in payments
        ]

    def test_short(self) -> None:
        """A short answer that a payment is not known is one."""
        assert "25" == status(bank({"responseCode": "25"})).response_code

    def test_denied(self) -> None:
        """A capture that the acquirer denies is unknown."""
        assert PaymentState.UNKNOWN is status(bank(PAID, acquirerResponseCode="05")).state

    def test_confirmed(self) -> None:
        """A capture that the acquirer confirms is paid."""
        assert PaymentState.PAID is status(bank(PAID, acquirerResponseCode="00")).state

    def test_absent_status(self) -> None:
        """An answer without state is unknown."""
        assert PaymentState.UNKNOWN is status(bank(PAID, "transactionStatus")).state

    def test_other_amount(self) -> None:
        """Another amount is a mismatch, in any of the fields of the amount (I16)."""
        changes = [
            {name: value}
            for name in ("amount", "transactionAmount", "originAmount")
            for value in ("1", "1601", "01600", "1600.00", "abc", "-1600")
        ] + [{"currentAmount": value} for value in ("1601", "abc", "-1")]  # more left than was paid

        assert [] == [each for each in changes if mismatches(bank(PAID, **each)) != tuple(each)]

    def test_absent(self) -> None:
        """An answer about money names the merchant, the payment and the amount (I5, I16)."""
        absent = [
            (name, word)
            for name in ("merchantId", "transactionReference", "transactionAmount")
            for word in ("CAPTURED", "TO_VALIDATE", "CREDITED")
        ]

        assert [] == [
            each for each in absent if mismatches(bank(PAID, each[0], transactionStatus=each[1])) != (each[0],)
        ]

    def test_absent_without_money(self) -> None:
        """An answer about a refusal may lack them."""
        absent = ["merchantId", "transactionReference", "transactionAmount", "currencyCode"]
        payments = [status(bank(PAID, name, transactionStatus="REFUSED")) for name in absent]

        assert [PaymentState.REFUSED] * 4 == [payment.state for payment in payments]

    @pytest.mark.parametrize(
        ("word", "left", "state"),
        [
            ("CAPTURED", "1600", PaymentState.PAID),
            ("CAPTURED", "600", PaymentState.PARTIALLY_REFUNDED),
            ("CAPTURED", "0", PaymentState.REFUNDED),
            ("TO_CAPTURE", "1", PaymentState.PARTIALLY_REFUNDED),
            ("CREDITED", "0", PaymentState.REFUNDED),
            ("CREDITED", "600", PaymentState.PARTIALLY_REFUNDED),
            ("TO_CREDIT", "1600", PaymentState.PARTIALLY_REFUNDED),
            ("TO_CREDIT", None, PaymentState.REFUNDED),
            ("TO_VALIDATE", "600", PaymentState.AUTHORISED),
            ("CANCELLED", "0", PaymentState.CANCELLED),
        ],
    )
    def test_refunds(self, word: str, left: str | None, state: PaymentState) -> None:
        """The remaining amount distinguishes a partial refund from a full one; without refund it is paid."""
        payment = status(bank(PAID, transactionStatus=word, currentAmount=left))

        assert (state, state is PaymentState.PAID) == (payment.state, bool(payment))

    def test_numbers(self) -> None:
        """Amounts may be numbers of JSON, and are the same cents (I7)."""
        text = sealed(PAID).body.replace(b'"1600"', b"1600")

        assert PaymentState.PAID is status(Bank([HttpAnswer(200, text)])).state

    def test_blanks(self) -> None:
        """Blanks around the document change nothing: the seal covers values."""
        assert PaymentState.PAID is status(Bank([HttpAnswer(200, b" \n" + sealed(PAID).body + b"\n")])).state

    def test_repr(self) -> None:
        """The repr shows no card and none of the raw fields (H6)."""
        assert "5017" not in repr(status(bank(PAID)))


class TestOperation:
    """The result of a capture, a cancellation or a refund."""

    def operate(self, answers: Bank, verb: str = "refund") -> OperationResult:
        """Make one call."""
        result: OperationResult = getattr(sips_gateway(), verb)(order(), answers)
        return result

    @every_verb
    def test_done(self, verb: str) -> None:
        """A call that was done has the remaining amount."""
        result = self.operate(bank(DONE), verb)

        assert (OperationOutcome.DONE, "00", ("TO_CREDIT",), Euros(600), "2026-11-23T12:00:00+01:00") == (
            result.outcome,
            result.response_code,
            result.raw["newStatus"],
            result.remaining,
            result.at and result.at.isoformat(),
        )

    def test_codes(self) -> None:
        """Only 00 is done; an unknown code is unknown (I6)."""
        codes = [*OPERATIONS, "91", "ZZ", "0", "", None]
        results = {code: self.operate(bank(DONE, responseCode=code)) for code in codes}

        assert {code: (OPERATIONS.get(code or "", OperationOutcome.UNKNOWN), code == "00") for code in codes} == {
            code: (result.outcome, bool(result)) for code, result in results.items()
        }

    @pytest.mark.parametrize(("code", "outcome"), [("05", OperationOutcome.UNKNOWN), ("00", OperationOutcome.DONE)])
    def test_acquirer(self, code: str, outcome: OperationOutcome) -> None:
        """A call that the acquirer denies is unknown, and one that it confirms done."""
        assert outcome is self.operate(bank(DONE, acquirerResponseCode=code)).outcome

    def test_part(self) -> None:
        """An answer may have the amount of the operation: a part of the order's is no mismatch."""
        assert OperationOutcome.DONE is self.operate(bank(DONE, amount="1000")).outcome

    def test_raw(self) -> None:
        """Each field of the answer is kept, with all its values."""
        raw = self.operate(bank(DONE)).raw

        assert {name: (value,) for name, value in DONE.items()} == {name: raw[name] for name in DONE}

    def test_unreadable_details(self) -> None:
        """An unreadable amount or time does not change the outcome."""
        result = self.operate(bank(DONE, newAmount="x", operationDateTime="x"))

        assert (True, None, None) == (bool(result), result.remaining, result.at)

    def test_repr(self) -> None:
        """The repr shows none of the raw fields (H6)."""
        assert "raw" not in repr(self.operate(bank(DONE)))
