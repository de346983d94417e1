"""Decide the debts of a table inside DuckDB: ``python examples/duckdb/assess_table.py DATABASE``.

The database has a table ``debts`` with the columns ``reference``, ``kind``, ``remaining`` (whole cents) and
``open_online``.  The script replaces the table ``decided``, with all columns and the columns of the decision.
Install ``'creance-pay[batch]'`` and ``duckdb`` first.
"""

import sys

import duckdb

from creance_pay.rules import columns, policy_named


def main(database: str) -> None:
    """Decide the rows, write them, and print the number of rows of each code."""
    with duckdb.connect(database) as connection:
        rows = columns.assess(connection.table("debts"), policy=policy_named("ameli-2019-11"))
        rows.to_view("answers")
        connection.execute("create or replace table decided as from answers; drop view answers")
        counts = connection.table("decided").aggregate("code, count(*)").order("code")
        for code, count in counts.fetchall():
            print(code, count)


if __name__ == "__main__":
    main(*sys.argv[1:])
