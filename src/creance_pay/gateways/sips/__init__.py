"""Worldline Sips 2.0, under the five brands that banks sell it by."""

from __future__ import annotations

from .hosts import Environment, SipsHost
from .paypage import SipsPaypage

__all__ = ["Environment", "SipsHost", "SipsPaypage"]
