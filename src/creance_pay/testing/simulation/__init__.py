"""A simulated world around the payment service: one seed, one world, played again byte for byte.

The code that runs is the code of production: the service, the ledger and the gateway.  The clock, the transport, the
bank, the people and the order of the steps are simulated.

>>> from creance_pay.testing.sips import SimulatedSips
>>> world = simulate(1, bank=SimulatedSips)
>>> world.violations
[]
>>> world.digest() == simulate(1, bank=SimulatedSips).digest()
True
"""

from __future__ import annotations

from .banks import Entry, Letter, SimulatedBank
from .ledgers import snapshot
from .runs import simulate
from .world import World

__all__ = ["Entry", "Letter", "SimulatedBank", "World", "simulate", "snapshot"]
