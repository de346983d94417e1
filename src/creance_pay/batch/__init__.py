"""Decide the debts or the notices of a file, or write its letters: CSV or Parquet, one file or a folder, of any size.

:func:`assess_file` applies the rules on debts, :func:`scope_file` those on notices; :func:`write_letters` makes a PDF
file of every row.  A job works in parts.  A job that
was killed is resumed by the same call, and writes the same bytes.  An unreadable line of CSV is rejected alone.  An
earlier output stays until the new one is whole.
"""

from __future__ import annotations

from .files import assess_file, scope_file, write_letters
from .result import BatchProgress, BatchResult, TooManyRejectsError

__all__ = ["BatchProgress", "BatchResult", "TooManyRejectsError", "assess_file", "scope_file", "write_letters"]
