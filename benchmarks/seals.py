"""Measure a sealed form and a verified answer beside eopayment's ``sips2``: ``python3 dev.py bench``.

Both do the same work on the same texts, by the legacy seal that is the only one eopayment has; ours by HMAC comes
besides.  The results are compared before anything is timed.  The figure of a contender is its best round of CPU time,
the rounds of all contenders taking turns, so that a busy machine disturbs them alike.
"""

import argparse
import gc
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode

from eopayment import sips2
from eopayment.common import PAID

from creance_pay import Euros, Outcome, PaymentOrder
from creance_pay.gateways import FormPost, HttpMessage, KeyRing, SealAlgorithm, SecretKey, seal
from creance_pay.gateways.sips import SipsPaypage

RESULTS = Path(__file__).resolve().parent / "results.md"
MERCHANT, KEY = "011223744550001", SecretKey(version="2", secret="a-secret-of-the-shop")
RETURN_URL, NOTIFICATION_URL = "https://portal.example/return", "https://portal.example/notification"
REFERENCE, AMOUNT = "PCLCB172540000004", "20.00"
# An answer with the fields that the bank really sends, 600 characters or so.
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

Contender = Callable[[], object]


def gateway(algorithm: SealAlgorithm) -> SipsPaypage:
    """Make our gateway."""
    keys = KeyRing([KEY], current="2")
    return SipsPaypage(merchant_id=MERCHANT, keys=keys, algorithm=algorithm, legacy_seal=True)


def order() -> PaymentOrder:
    """Make an order; verifying needs it again, so that a portal makes it once."""
    return PaymentOrder(
        transaction_reference=REFERENCE,
        amount=Euros.exact(AMOUNT),
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
    )


def posted(algorithm: SealAlgorithm) -> bytes:
    """Write what the bank posts."""
    return urlencode({"Data": ANSWER, "Seal": seal(ANSWER, KEY, algorithm), "InterfaceVersion": "HP_3.4"}).encode()


def peer() -> sips2.Payment:
    """Make the other's gateway."""
    return sips2.Payment({
        "platform": "prod", "merchant_id": MERCHANT, "secret_key": KEY.reveal(), "key_version": "2",
        "normal_return_url": RETURN_URL, "automatic_return_url": NOTIFICATION_URL,
    })  # fmt: skip


def contenders() -> dict[str, dict[str, Contender]]:
    """Give, for each task, who does it; the first one is the other's."""
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


def demand(equal: object, what: str) -> None:
    """Stop when two contenders do not agree."""
    if not equal:
        raise SystemExit(f"the contenders differ: {what}")


def check() -> None:
    """Compare results: the same facts of an answer, and each form's seal made again by the other."""
    other, ours = peer(), gateway(SealAlgorithm.SHA_256)
    body = posted(SealAlgorithm.SHA_256)
    theirs, payment = other.response(body.decode()), ours.verify(HttpMessage(body), expected=order())
    demand((theirs.result, theirs.signed, payment.outcome) == (PAID, True, Outcome.PAID), "outcome")
    demand(theirs.order_id == payment.transaction_reference, "reference")
    demand(theirs.transaction_id == payment.authorisation_number, "authorisation")
    demand(theirs.bank_data == {name: values[0] for name, values in payment.raw.items()}, "fields")
    form: FormPost = ours.initiate(order())
    demand(other.check_seal(other.decode_data(form.fields["Data"]), form.fields["Seal"]), "our form's seal")
    fields = {each["name"]: each["value"] for each in other.request(AMOUNT, transaction_id=REFERENCE)[2].fields}
    demand(fields["Seal"] == seal(fields["Data"], KEY, SealAlgorithm.SHA_256), "the other form's seal")
    sent, also_sent = other.decode_data(fields["Data"]), other.decode_data(form.fields["Data"])
    common = sent.keys() & also_sent.keys()
    demand(len(common) > 6, "names of the form's fields")  # noqa: PLR2004 - all but those that one of the two adds
    demand(all(sent[name] == also_sent[name] for name in common), "fields of the form")


def timed(contender: Contender, calls: int) -> float:
    """Give the CPU time of one call, in microseconds, over one round."""
    gc.disable()  # whose turn it is must not depend on who made the waste
    start = time.process_time()
    for _ in range(calls):
        contender()
    spent = time.process_time() - start
    gc.enable()
    return spent / calls * 1e6


def best(contestants: dict[str, Contender], rounds: int, calls: int) -> dict[str, float]:
    """Give each contender's best round, all of them taking turns."""
    found = [{name: timed(contender, calls) for name, contender in contestants.items()} for _ in range(rounds)]
    return {name: min(times[name] for times in found) for name in contestants}


def machine() -> str:
    """Name the machine."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if platform.system() == "Linux" else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = f"{len(models)} x {models[0]}" if models else platform.processor()
    return f"{name}, {platform.system()}, Python {platform.python_version()}"


def report(rounds: int, calls: int) -> str:
    """Measure, and write the table."""
    lines = [
        "# Seals beside a peer",
        "",
        f"Made by `python3 dev.py bench`: CPU time of one call, the best of {rounds} rounds of {calls} calls in turns.",
        f"Machine: {machine()}.",
        f"Peer: eopayment {version('eopayment')}, module `sips2`; results were compared first.",
        "*Times as fast* is the peer's time divided by the row's.",
        "",
        "| task | contender | microseconds | times as fast |",
        "|---|---|---:|---:|",
    ]
    for task, contestants in contenders().items():
        times = best(contestants, rounds, calls)
        first = next(iter(times.values()))
        lines += [f"| {task} | {name} | {spent:.1f} | {first / spent:.2f} |" for name, spent in times.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure seals beside a peer.")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=50)
    options = parser.parse_args()
    check()
    text = report(options.rounds, options.calls)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
