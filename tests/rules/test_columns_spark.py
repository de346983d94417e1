"""The rules over columns on Spark, in two processes' worth of threads of this machine: as on every other engine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from columns_table import (
    ANSWER,
    DEBT,
    GOOD,
    POLICIES,
    answer,
    assessed,
    balances,
    debts,
    differing,
    scope,
    scoped,
)
from creance_pay import InvalidValueError
from creance_pay.rules import columns
from frames import Columns, Engine, polars
from samples import POLICY
from system_parts import missing

# Mutation testing has no Spark among its packages, and no time for it.
sql = pytest.importorskip("pyspark.sql") if "MUTANT_UNDER_TEST" in os.environ else __import__("pyspark.sql").sql
