"""Worldline Sips 2.0, under the five brands that banks sell it by."""

from __future__ import annotations

from .codes import OperationOutcome
from .fields import PaypageOptions
from .hosts import Environment, SipsHost
from .office import OperationResult, PaymentStatus
from .paypage import SipsPaypage
from .paypage_json import SipsPaypageJson
from .shop import Identification

__all__ = [
    "Environment",
    "Identification",
    "OperationOutcome",
    "OperationResult",
    "PaymentStatus",
    "PaypageOptions",
    "SipsHost",
    "SipsPaypage",
    "SipsPaypageJson",
]
