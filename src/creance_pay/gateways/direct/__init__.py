"""Worldline Direct, which Crédit Agricole sells as CAWL: hosted checkout."""

from __future__ import annotations

from .checkout import CheckoutOptions, DirectCheckout
from .hosts import DirectHost

__all__ = ["CheckoutOptions", "DirectCheckout", "DirectHost"]
