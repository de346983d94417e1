"""Helpers for the tests of a portal or of a gateway.

:class:`GatewayConformance` holds the tests that every gateway must pass.  :mod:`creance_pay.testing.sips` is the bank's
side of Sips; its pages are served by :mod:`creance_pay.testing.sips.server`.  The fixtures for pytest are in
:mod:`creance_pay.testing.pytest_plugin`.
"""

from __future__ import annotations

from .conformance import GatewayConformance, Subject
from .fixtures import LocalBank, TrialMerchant

__all__ = ["GatewayConformance", "LocalBank", "Subject", "TrialMerchant"]
