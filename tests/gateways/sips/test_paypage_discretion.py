"""The text of a gateway in a log or a traceback: no secret, no card, no personal data."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from creance_pay import HttpMessage
from creance_pay.errors import CreancePayError
from creance_pay.gateways import KeyRing, SecretKey
from creance_pay.gateways.sips import SipsPaypage
from sips_merchant import SECRETS, body, changed, hmac_of, order, ring, sips_gateway, verify

PERSONAL = {"customerEmail": "someone@example.org", "customerIpAddress": "192.0.2.7", "maskedPan": "5017##########00"}
MESSAGE = body(changed(**PERSONAL))
TEXT_OF: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda thing: f"{thing}",
    "asdict": lambda thing: repr(attrs.asdict(thing)),
    "json": lambda thing: json.dumps({"it": thing}, default=str),
    "copy": lambda thing: repr(copy.copy(thing)),
    "deepcopy": lambda thing: repr(copy.deepcopy(thing)),
}


def genuine(gateway: SipsPaypage) -> object:
    """Verify a genuine message about a person."""
    return gateway.verify(HttpMessage(MESSAGE), expected=order())


# The calls of a portal, and the errors that they raise.
USES: dict[str, Callable[[SipsPaypage], object]] = {
    "initiate": lambda gateway: gateway.initiate(order()),
    "initiate refused": lambda gateway: gateway.initiate(order(transaction_reference="REF-1")),
    "verify": genuine,
    "forged": lambda gateway: verify(body(changed(**PERSONAL), "0" * 64), gateway=gateway),
    "forged, no seal": lambda gateway: verify(body(changed(**PERSONAL), ""), gateway=gateway),
    "mismatch": lambda gateway: verify(body(changed(**PERSONAL, amount="1")), gateway=gateway),
    "unknown key": lambda gateway: verify(body(changed(**PERSONAL, keyVersion="9")), gateway=gateway),
    "unreadable": lambda gateway: verify(body(changed(**PERSONAL), Encode="rot13"), gateway=gateway),
    "not a form": lambda gateway: verify(MESSAGE + b"\xff", gateway=gateway),
    "authenticate": lambda gateway: gateway.authenticate(HttpMessage(MESSAGE)),
}


def used(use: Callable[[SipsPaypage], object]) -> tuple[object, CreancePayError | None]:
    """Call a new gateway; return the result and the error."""
    gateway = sips_gateway()
    try:
        return use(gateway), None
    except CreancePayError as error:
        return None, error


def test_gateway() -> None:
    """No usual way to write a gateway shows a secret (H4)."""
    texts = {name: text_of(sips_gateway()) for name, text_of in TEXT_OF.items()}

    assert [] == [name for name, text in texts.items() for secret in SECRETS.values() if secret in text]


def test_pickle() -> None:
    """A gateway cannot be pickled, because its keys cannot (H4)."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(sips_gateway())


def test_logs(caplog: pytest.LogCaptureFixture) -> None:
    """The logs of any level contain neither secrets nor personal data (H1, H2, H3)."""
    with caplog.at_level(logging.DEBUG):
        for use in USES.values():
            used(use)

    assert [] == [word for word in (*SECRETS.values(), *PERSONAL.values()) if word in caplog.text]


def test_results() -> None:
    """Neither the repr of a result nor an error shows a secret or personal data (H6, H7)."""
    words = (*SECRETS.values(), *PERSONAL.values(), hmac_of(changed()))
    shown = {name: "{0!r} {0} {1!r} {1}".format(*used(use)) for name, use in USES.items()}

    assert [] == [(name, word) for name, text in shown.items() for word in words if word in text]


def locals_of(error: BaseException | None) -> str:
    """Write the local variables of the library's frames, as a debugging page does."""
    stack = traceback.TracebackException.from_exception(error, capture_locals=True).stack if error else []
    return " ".join(str(frame.locals) for frame in stack if "creance_pay" in frame.filename)


def test_tracebacks() -> None:
    """The local variables of a failure show no secret (H5)."""
    shown = {name: locals_of(used(use)[1]) for name, use in USES.items()}

    assert [] == [name for name, text in shown.items() for secret in SECRETS.values() if secret in text]


@pytest.mark.parametrize("use", ["forged", "forged, no seal"])
def test_traceback_of_a_forgery(use: str) -> None:
    """The local variables of a refused forgery do not show the seal that would have been accepted (H7)."""
    assert hmac_of(changed(**PERSONAL)) not in locals_of(used(USES[use])[1])


def test_traceback_of_building() -> None:
    """The local variables of a gateway that is refused show no secret (H5)."""
    weak = "fifteen-letters"
    keys = KeyRing([*ring(), SecretKey(version="3", secret=weak)], current="2")

    with pytest.raises(CreancePayError) as caught:
        sips_gateway(keys=keys)

    shown = locals_of(caught.value)
    assert [] == [word for word in (*SECRETS.values(), weak) if word in shown]
