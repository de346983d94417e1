"""A simulated world around the payment service: one seed, one world, played again byte for byte.

The code that runs is the code of production: the service, the ledger and the gateway.  The clock, the transport, the
bank, the people and the order of the steps are simulated.

>>> world = World(seed=1).run()
>>> world.violations
[]
>>> world.digest() == World(seed=1).run().digest()
True
"""

from __future__ import annotations

from .banks import SimulatedBank, SimulatedSips
from .ledgers import ObservedLedger, snapshot
from .scheduler import Crash
from .world import RARE, World

__all__ = ["RARE", "Crash", "ObservedLedger", "SimulatedBank", "SimulatedSips", "World", "snapshot"]
