"""Helpers for the tests of a portal or of a gateway.

:class:`LocalBank` and :class:`TrialMerchant` play the bank for a portal; the pytest fixtures that build them are in
:mod:`creance_pay.testing.pytest_plugin`.  :class:`GatewayConformance` holds the tests that every gateway must pass.
:mod:`creance_pay.testing.sips` implements the bank's side of Sips, and :mod:`creance_pay.testing.sips.server` serves it
over HTTP.
"""

from __future__ import annotations

from .conformance import GatewayConformance, Subject
from .fixtures import LocalBank, TrialMerchant

__all__ = ["GatewayConformance", "LocalBank", "Subject", "TrialMerchant"]
