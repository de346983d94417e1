"""Measure a sealed form and a verified answer beside eopayment's ``sips2``: ``python3 dev.py bench``.

Both do the same work on the same texts, with the legacy seal, the only one of eopayment; ours is measured with HMAC
too.  The results are compared before the measurement.  The result of a contender is its best round of CPU time.  The
contenders run in turns, so that a busy machine disturbs all of them alike.
"""

import argparse
from importlib.metadata import version
from urllib.parse import urlencode

from eopayment import sips2
from eopayment.common import PAID
from rounds import Contender, best, demand, machine, publish, table

from creance_pay import Euros, HttpMessage, PaymentOrder, PaymentState
from creance_pay.gateways import FormPost, KeyRing, SealAlgorithm, SecretKey, seal
from creance_pay.gateways.sips import SipsHost, SipsPaypage

MERCHANT, KEY = "201000005940002", SecretKey(version="2", secret="a-key-made-up-for-this-benchmark")
RETURN_URL, NOTIFICATION_URL = "https://portal.example/return", "https://portal.example/notification"
REFERENCE, AMOUNT = "PCLCB172540000004", "20.00"
# An answer with the fields of a real one, about 600 characters.
ANSWER = "|".join((
    "captureDay=0", "captureMode=AUTHOR_CAPTURE", "currencyCode=978", f"merchantId={MERCHANT}", "orderChannel=INTERNET",
    "responseCode=00", "transactionDateTime=2017-09-11T13:54:12+02:00", f"transactionReference={REFERENCE}",
    "keyVersion=2", "acquirerResponseCode=00", "amount=2000", "authorisationId=123456", "guaranteeIndicator=Y",
    "cardCSCResultCode=4D", "panExpiryDate=202012", "paymentMeanBrand=CB", "paymentMeanType=CARD",
    "customerIpAddress=192.0.2.7", "maskedPan=5017##########00", "holderAuthentRelegation=N",
    "holderAuthentStatus=3D_SUCCESS", "transactionOrigin=INTERNET", "paymentPattern=ONE_SHOT",
    "mandateAuthentMethod=null", "issuerCode=00000", "issuerCountryCode=FRA", "cardProductCode=F",
    "cardProductName=VISA CLASSIC", "complementaryCode=00", "scoreValue=null",
    "walletType=null", "authentExemptionReasonList=null",
))  # fmt: skip


def gateway(algorithm: SealAlgorithm) -> SipsPaypage:
    """Build our gateway."""
    keys = KeyRing([KEY], current="2")
    return SipsPaypage(host=SipsHost.WORLDLINE_TEST, merchant_id=MERCHANT, keys=keys, algorithm=algorithm)


def order() -> PaymentOrder:
    """Build an order.  A portal builds it once, and uses it to initiate and to verify."""
    return PaymentOrder(
        transaction_reference=REFERENCE,
        amount=Euros.exact(AMOUNT),
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
    )


def posted(algorithm: SealAlgorithm) -> bytes:
    """Build the body that the bank posts."""
    return urlencode({"Data": ANSWER, "Seal": seal(ANSWER, KEY, algorithm), "InterfaceVersion": "HP_3.4"}).encode()


def peer() -> sips2.Payment:
    """Build the gateway of eopayment."""
    return sips2.Payment({
        "platform": "test", "merchant_id": MERCHANT, "secret_key": KEY.get_secret_value(), "key_version": "2",
        "normal_return_url": RETURN_URL, "automatic_return_url": NOTIFICATION_URL,
    })  # fmt: skip


def contenders() -> dict[str, dict[str, Contender]]:
    """Return the contenders of each task, eopayment first."""
    legacy, hmac = gateway(SealAlgorithm.SHA_256), gateway(SealAlgorithm.HMAC_SHA_256)
    other, text = peer(), posted(SealAlgorithm.SHA_256).decode()
    expected = order()
    old, new = HttpMessage(posted(SealAlgorithm.SHA_256)), HttpMessage(posted(SealAlgorithm.HMAC_SHA_256))
    return {
        "initiate": {
            "eopayment, SHA-256": lambda: other.request(AMOUNT, transaction_id=REFERENCE),
            "creance-pay, SHA-256": lambda: legacy.initiate(expected),
            "creance-pay, HMAC-SHA-256": lambda: hmac.initiate(expected),
            "creance-pay, SHA-256, and making the order": lambda: legacy.initiate(order()),
        },
        "verify": {
            "eopayment, SHA-256": lambda: other.response(text),
            "creance-pay, SHA-256": lambda: legacy.verify(old, expected=expected),
            "creance-pay, HMAC-SHA-256": lambda: hmac.verify(new, expected=expected),
        },
    }


def check() -> None:
    """Compare results: the same values of an answer, and the seal of each form computed again by the other library."""
    other, ours = peer(), gateway(SealAlgorithm.SHA_256)
    body = posted(SealAlgorithm.SHA_256)
    theirs, payment = other.response(body.decode()), ours.verify(HttpMessage(body), expected=order())
    demand((theirs.result, theirs.signed, payment.state) == (PAID, True, PaymentState.PAID), "outcome")
    demand(theirs.order_id == payment.transaction_reference, "reference")
    demand(theirs.transaction_id == payment.authorisation_number, "authorisation")
    demand(theirs.bank_data == {name: values[0] for name, values in payment.raw.items()}, "fields")
    form: FormPost = ours.initiate(order())
    demand(other.check_seal(other.decode_data(form.fields["Data"]), form.fields["Seal"]), "our form's seal")
    fields = {each["name"]: each["value"] for each in other.request(AMOUNT, transaction_id=REFERENCE)[2].fields}
    demand(fields["Seal"] == seal(fields["Data"], KEY, SealAlgorithm.SHA_256), "the other form's seal")
    sent, also_sent = other.decode_data(fields["Data"]), other.decode_data(form.fields["Data"])
    common = sent.keys() & also_sent.keys()
    demand(len(common) > 6, "names of the form's fields")  # noqa: PLR2004 - all but the fields that one of the two adds
    demand(all(sent[name] == also_sent[name] for name in common), "fields of the form")


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure seals beside a peer.")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=50)
    options = parser.parse_args()
    check()
    rows: list[tuple[str, ...]] = []
    for task, contestants in contenders().items():
        times = best(contestants, options.rounds, options.calls)
        first = next(iter(times.values()))
        rows += [(task, name, f"{spent:.1f}", f"{first / spent:.2f}") for name, spent in times.items()]
    publish(
        "Seals beside a peer",
        [
            f"CPU time of one call, the best of {options.rounds} rounds of {options.calls} calls in turns.",
            f"Machine: {machine()}.",
            f"Peer: eopayment {version('eopayment')}, module `sips2`; results were compared first.",
            "*Times as fast* is the peer's time divided by the row's.",
            "",
            *table(("task", "contender", "microseconds", "times as fast"), rows),
        ],
    )


if __name__ == "__main__":
    main()
