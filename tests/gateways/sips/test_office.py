"""Calls to the bank about a payment: what is asked, what is believed, and what is never sent or repeated."""

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
from creance_pay.gateways import OperationOutcome, OperationResult, SealAlgorithm
from creance_pay.gateways.sips import Environment, SipsHost
from creance_pay.gateways.sips.response_codes import OPERATIONS, STATUSES
from creance_pay.gateways.transport import HttpAnswer
from sips_answers import DONE, PAID, UNREADABLE, Bank, bank, sealed, text_under_seal
from sips_shop import MERCHANT, SECRETS, hmac_of, order, sha_of, shop

VERBS = {"capture": "validate", "cancel": "cancel", "refund": "refund"}
OFFICE = "https://office-server.sips-services.com/rs-services/v2"
every_verb = pytest.mark.parametrize("verb", VERBS)
every_call = pytest.mark.parametrize("call", ["fetch_status", *VERBS])


def ask(answers: Bank, call: str = "fetch_status", **changes: Any) -> VerifiedPayment | OperationResult:  # noqa: ANN401
    """Call the bank about the order REF1."""
    told: VerifiedPayment | OperationResult = getattr(shop(), call)(order(**changes), answers)
    return told


def status(answers: Bank) -> VerifiedPayment:
    """Ask for the state of the order REF1."""
    return shop().fetch_status(order(), answers)


class TestRequest:
    """What is sent has a seal, goes to the host's Office, and names one payment."""

    def test_status(self) -> None:
        """A question names the shop and the payment."""
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
        getattr(shop(), verb)(order(), answers, amount=Euros(1000))
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
        """Without amount it is the whole."""
        answers = bank(DONE)
        ask(answers, verb)

        assert "1600" == answers.asked[0][1]["operationAmount"]

    def test_algorithm(self) -> None:
        """The algorithm is the configured one, both ways."""
        answers = bank(PAID)
        gateway = shop(algorithm=SealAlgorithm.SHA_256, legacy_seal=True)
        with pytest.raises(SealMismatchError):
            gateway.fetch_status(order(), answers)
        document = answers.asked[0][1]

        assert ("SHA-256", sha_of(text_under_seal(document))) == (document["sealAlgorithm"], document["seal"])


class TestRefusedLocally:
    """What the bank would refuse, or should never see, is not sent (I8, I9, I14)."""

    @every_call
    @pytest.mark.parametrize("reference", ["", " ", "R" * 36, "../../x?y=1", "REF-1", "REF1\n", "réf"])
    def test_reference(self, call: str, reference: str) -> None:
        """Without a reference, or with one that is a path, nothing is sent (I8, I14)."""
        answers = bank(PAID)
        with pytest.raises(InvalidValueError, match="transaction_reference"):
            ask(answers, call, transaction_reference=reference)

        assert [] == answers.asked

    @every_verb
    @pytest.mark.parametrize("amount", [Euros(0), Euros(1601), 1600, -1, "16.00", 16.0], ids=repr)
    def test_amount(self, verb: str, amount: Any) -> None:  # noqa: ANN401 - whatever a portal gives
        """Zero, more than was paid, and what is no amount in euros are not sent (I9)."""
        answers = bank(DONE)
        with pytest.raises(InvalidValueError, match="an amount in Euros, above zero and at most"):
            getattr(shop(), verb)(order(), answers, amount=amount)

        assert [] == answers.asked

    @every_verb
    def test_least(self, verb: str) -> None:
        """One cent is an amount."""
        answers = bank(DONE)
        getattr(shop(), verb)(order(), answers, amount=Euros(1))

        assert "1" == answers.asked[0][1]["operationAmount"]

    @every_call
    def test_no_office(self, call: str) -> None:
        """A host without Office has nobody to ask."""
        with pytest.raises(UnsupportedError):
            getattr(shop(host=SipsHost.WORLDLINE_SIMULATION), call)(order(), bank(PAID))


class TestUnavailable:
    """No answer is one error; only a question may be asked again (I1, I3, I12, I13)."""

    @every_call
    @pytest.mark.parametrize("answer", UNREADABLE)
    def test_unreadable(self, call: str, answer: str) -> None:
        """A page, an error of the server, a redirection, half a text are no answer (I3, I13)."""
        with pytest.raises(GatewayUnavailableError) as caught:
            ask(Bank([HttpAnswer(*UNREADABLE[answer])]), call)

        assert (call == "fetch_status") is caught.value.retryable

    @every_call
    @pytest.mark.parametrize("retryable", [True, False])
    def test_no_answer(self, call: str, retryable: bool) -> None:  # noqa: FBT001 - a parameter
        """Silence is retryable for a question alone, whatever the transport thinks (I1, I12)."""
        answers = Bank([GatewayUnavailableError("no answer", retryable=retryable)])
        with pytest.raises(GatewayUnavailableError, match="no answer") as caught:
            ask(answers, call)

        assert (call == "fetch_status", 1) == (caught.value.retryable, len(answers.asked))

    def test_question_again(self) -> None:
        """A question whose answer cannot be read is asked once more (I3)."""
        answers = Bank([HttpAnswer(503, b""), sealed(PAID)])

        assert (PaymentState.PAID, 2) == (status(answers).state, len(answers.asked))

    def test_question_not_for_ever(self) -> None:
        """It is asked twice at most."""
        answers = Bank([HttpAnswer(503, b"")])
        with pytest.raises(GatewayUnavailableError):
            status(answers)

        assert 2 == len(answers.asked)

    @every_verb
    def test_operation_once(self, verb: str) -> None:
        """What moves money is sent once, even where no answer can be read (I12)."""
        answers = Bank([HttpAnswer(503, b""), sealed(DONE)])
        with pytest.raises(GatewayUnavailableError):
            ask(answers, verb)

        assert 1 == len(answers.asked)

    def test_two_refunds(self) -> None:
        """Two calls of the same sum are two refunds: none is taken for the other (I11)."""
        answers = bank(DONE)
        gateway = shop()
        results = [gateway.refund(order(), answers, amount=Euros(500)) for _ in range(2)]

        assert (2, [True, True]) == (len(answers.asked), [bool(result) for result in results])


@every_call
class TestNotAuthentic:
    """An answer is proved as strictly as a notification (I4)."""

    def refused(self, call: str, answer: HttpAnswer, kind: type[ResponseRefusedError]) -> None:
        """Expect an answer to be refused."""
        with pytest.raises(kind):
            ask(Bank([answer]), call)

    @pytest.mark.parametrize("seal", [None, "", "null"])
    def test_no_seal(self, call: str, seal: str | None) -> None:
        """Without a seal it is refused."""
        self.refused(call, sealed(PAID, seal=seal), SealMismatchError)

    @pytest.mark.parametrize("seal", ["0" * 64, "FORGED", "\uff10" * 64, True, 5, [], {}, ["0" * 64]])
    def test_false_seal(self, call: str, seal: Any) -> None:  # noqa: ANN401 - whatever arrives
        """With another it is refused."""
        self.refused(call, sealed(PAID, seal=seal), SealMismatchError)

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
        """A document that says two things is refused (J26)."""
        twice = sealed(PAID).body.replace(b'"responseCode": "00"', b'"responseCode": "05", "responseCode": "00"')
        self.refused(call, HttpAnswer(200, twice), MalformedResponseError)

    def test_older_key(self, call: str) -> None:
        """During a rotation the older key proves an answer that names it."""
        assert ask(Bank([sealed(PAID, secret=SECRETS["1"], keyVersion="1")]), call)

    def test_number_of_the_key(self, call: str) -> None:
        """The version may be a number of JSON."""
        assert ask(Bank([sealed(PAID, keyVersion=2)]), call)

    @pytest.mark.parametrize("name", ["merchantId", "transactionReference", "currencyCode"])
    @pytest.mark.parametrize("value", ["011223744550002", "REF2", "840"])
    def test_other_payment(self, call: str, name: str, value: str) -> None:
        """An answer about another shop, payment or currency is a mismatch (I5)."""
        with pytest.raises(OrderMismatchError) as caught:
            ask(bank(PAID, **{name: value}), call)

        assert (name,) == caught.value.fields


class TestUnsealed:
    """On the vendor's test platform an answer may lack its seal, where the shop says so."""

    def test_opt_in(self) -> None:
        """With the consent an answer without seal is read."""
        gateway = shop(host=SipsHost.WORLDLINE_TEST, unsealed_answers=True)

        assert gateway.fetch_status(order(), Bank([sealed(PAID, seal=None)]))

    def test_false_seal(self) -> None:
        """A seal that is there has to be right all the same."""
        gateway = shop(host=SipsHost.WORLDLINE_TEST, unsealed_answers=True)

        with pytest.raises(SealMismatchError):
            gateway.fetch_status(order(), Bank([sealed(PAID, seal="0" * 64)]))

    def test_no_opt_in(self) -> None:
        """Without it the test platform is as strict as production."""
        with pytest.raises(SealMismatchError):
            shop(host=SipsHost.WORLDLINE_TEST).fetch_status(order(), Bank([sealed(PAID, seal=None)]))

    @pytest.mark.parametrize("environment", [kind for kind in Environment if kind is not Environment.TEST])
    def test_elsewhere(self, environment: Environment) -> None:
        """Anywhere else the consent is refused."""
        base = "http://127.0.0.1" if environment is Environment.LOOPBACK else "https://bank.example"

        with pytest.raises(ConfigurationError, match="test platform"):
            shop(host=SipsHost("A bank", environment, base), unsealed_answers=True)


class TestStatus:
    """The state of a payment, in our words."""

    def test_paid(self) -> None:
        """A captured payment is paid, with all that is known of it."""
        told = status(bank(PAID))

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
            told.state,
            told.source,
            told.amount,
            told.remaining,
            told.transaction_reference,
            told.authorisation_number,
            told.masked_card,
            told.raw["transactionStatus"],
        )

    @pytest.mark.parametrize("word", [*STATUSES, "ENDED", "captured", "NEW_WORD"])
    def test_words(self, word: str) -> None:
        """Each word of the bank has a state, an unknown one UNKNOWN."""
        told = status(bank(PAID, "currentAmount", transactionStatus=word))
        state = STATUSES.get(word, PaymentState.UNKNOWN)

        assert state is told.state

    @pytest.mark.parametrize("code", ["25", "24", "94", "99", "90", "05", "0", "ZZ", None])
    def test_codes(self, code: str | None) -> None:
        """Whatever is not 00 says nothing about the payment, and least of all that it is paid (I6)."""
        told = status(bank(PAID, responseCode=code))

        assert (PaymentState.UNKNOWN, code) == (told.state, told.response_code)

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
        """An answer without state says nothing."""
        assert PaymentState.UNKNOWN is status(bank(PAID, "transactionStatus")).state

    @pytest.mark.parametrize("name", ["amount", "transactionAmount", "originAmount"])
    @pytest.mark.parametrize("value", ["1", "1601", "01600", "1600.00", "abc", "-1600"])
    def test_other_amount(self, name: str, value: str) -> None:
        """Another amount is a mismatch, whichever field tells it (I16)."""
        with pytest.raises(OrderMismatchError) as caught:
            status(bank(PAID, **{name: value}))

        assert (name,) == caught.value.fields

    @pytest.mark.parametrize("value", ["1601", "abc", "-1"])
    def test_more_left(self, value: str) -> None:
        """More left than was paid is a mismatch (I16)."""
        with pytest.raises(OrderMismatchError) as caught:
            status(bank(PAID, currentAmount=value))

        assert ("currentAmount",) == caught.value.fields

    @pytest.mark.parametrize("absent", ["merchantId", "transactionReference", "transactionAmount"])
    @pytest.mark.parametrize("word", ["CAPTURED", "TO_VALIDATE", "CREDITED"])
    def test_absent(self, absent: str, word: str) -> None:
        """What speaks of money names the shop, the payment and the amount (I5, I16)."""
        with pytest.raises(OrderMismatchError) as caught:
            status(bank(PAID, absent, transactionStatus=word))

        assert (absent,) == caught.value.fields

    @pytest.mark.parametrize("absent", ["merchantId", "transactionReference", "transactionAmount", "currencyCode"])
    def test_absent_without_money(self, absent: str) -> None:
        """What speaks of none may leave them out."""
        assert PaymentState.REFUSED is status(bank(PAID, absent, transactionStatus="REFUSED")).state

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
        """What is left of the amount tells a part from the whole, and only an untouched payment is paid."""
        told = status(bank(PAID, transactionStatus=word, currentAmount=left))

        assert (state, state is PaymentState.PAID) == (told.state, bool(told))

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


@every_verb
class TestOperation:
    """A capture, a cancellation or a refund was done, or was not, or nobody knows."""

    def operate(self, verb: str, answers: Bank) -> OperationResult:
        """Do one."""
        result: OperationResult = getattr(shop(), verb)(order(), answers)
        return result

    def test_done(self, verb: str) -> None:
        """What was done is told with what is left."""
        result = self.operate(verb, bank(DONE))

        assert (OperationOutcome.DONE, "00", ("TO_CREDIT",), Euros(600), "2026-11-23T12:00:00+01:00") == (
            result.outcome,
            result.response_code,
            result.raw["newStatus"],
            result.remaining,
            result.at and result.at.isoformat(),
        )

    @pytest.mark.parametrize("code", [*OPERATIONS, "91", "ZZ", "0", "", None])
    def test_codes(self, verb: str, code: str | None) -> None:
        """Only 00 is done, and an unknown code is unknown (I6)."""
        result = self.operate(verb, bank(DONE, responseCode=code))

        assert (OPERATIONS.get(code or "", OperationOutcome.UNKNOWN), code == "00") == (result.outcome, bool(result))

    def test_denied(self, verb: str) -> None:
        """What the acquirer denies is unknown."""
        assert OperationOutcome.UNKNOWN is self.operate(verb, bank(DONE, acquirerResponseCode="05")).outcome

    def test_confirmed(self, verb: str) -> None:
        """What the acquirer confirms is done."""
        assert OperationOutcome.DONE is self.operate(verb, bank(DONE, acquirerResponseCode="00")).outcome

    def test_part(self, verb: str) -> None:
        """An answer may tell the amount of the operation: a part of the order's is no other order."""
        assert OperationOutcome.DONE is self.operate(verb, bank(DONE, amount="1000")).outcome

    def test_raw(self, verb: str) -> None:
        """Everything that the bank told is kept, each field with all its values."""
        raw = self.operate(verb, bank(DONE)).raw

        assert {name: (value,) for name, value in DONE.items()} == {name: raw[name] for name in DONE}

    def test_unreadable_details(self, verb: str) -> None:
        """An amount or a time that cannot be read does not lose the outcome."""
        result = self.operate(verb, bank(DONE, newAmount="x", operationDateTime="x"))

        assert (True, None, None) == (bool(result), result.remaining, result.at)

    def test_repr(self, verb: str) -> None:
        """The repr shows none of the raw fields (H6)."""
        assert "raw" not in repr(self.operate(verb, bank(DONE)))
