"""A second statement of the rules R6, R7, R10 to R13 and R20, written from their text, in cents and slow.

It imports nothing from the package, so that the tests can compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]

SHIPPED: Values = {
    "band": (5000, 15000), "inclusive": True, "band_at": "notice", "least": 1600, "most": 5000, "credit": False,
    "refuse_stranding": False, "several_payments": True,
}  # fmt: skip


def refusal(due: int, values: Values, *, paid_before: bool = False) -> str:
    """Return the code for a debt of which ``due`` cents remain and which is the whole balance."""
    low, high = values["band"]
    if due == 0:
        return "NOTHING_DUE"
    if paid_before and not values["several_payments"]:
        return "PAYMENT_ALREADY_MADE"
    if values["band_at"] == "access":
        if due < low or (due == low and not values["inclusive"]):
            return "BELOW_BAND"
        if due > high or (due == high and not values["inclusive"]):
            return "ABOVE_BAND"
    return "PAYABLE" if due >= values["least"] else "BELOW_ONLINE_MINIMUM"


def amount(asked: int, total: int, values: Values) -> tuple[str, int | None, int | None]:
    """Return the code for an amount, its stranded remainder, and the suggestion.

    A remainder is stranded if it cannot be paid online, for whatever reason.
    """
    least, most = values["least"], values["most"]
    code = "AMOUNT_OK"
    rest = total - asked
    if asked < least:
        code = "AMOUNT_BELOW_MINIMUM"
    elif values["credit"]:
        if asked > most:
            code = "AMOUNT_ABOVE_MAXIMUM"
    elif asked > min(most, total):
        code = "AMOUNT_ABOVE_REMAINING" if total < most else "AMOUNT_ABOVE_MAXIMUM"
    if code == "AMOUNT_OK" and 0 < rest < least and values["refuse_stranding"]:
        code = "AMOUNT_STRANDS_REMAINDER"
    if not strands(rest, values) or code not in {"AMOUNT_OK", "AMOUNT_STRANDS_REMAINDER"}:
        return code, None, None
    better = (cents for cents in range(min(most, total), least - 1, -1) if not strands(total - cents, values))
    return code, rest, next(better, None)


def strands(rest: int, values: Values) -> bool:
    """Return whether a remainder is left that cannot be paid online."""
    return rest > 0 and refusal(rest, values, paid_before=True) != "PAYABLE"


def plannable(due: int, values: Values) -> bool:
    """Return whether some sequence of online payments settles the debt without a stranded remainder."""
    if not values["several_payments"]:
        return refusal(due, values) == "PAYABLE" and due <= values["most"]
    if values["band_at"] == "notice":
        return bool(due >= values["least"])
    low = values["band"][0] + (0 if values["inclusive"] else 1)
    high = values["band"][1] - (0 if values["inclusive"] else 1)
    last = max(low, values["least"])
    if not last <= due <= high:
        return False
    # After n payments the remaining amount is between due - n x most and due - n x least.
    least, most = int(values["least"]), int(values["most"])
    return last <= most and any(
        due - before * most <= most and due - before * least >= last for before in range(due // least + 1)
    )
