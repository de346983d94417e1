"""Run the command line by ``python -m creance_pay``."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
