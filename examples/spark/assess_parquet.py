"""Decide the debts of Parquet files on a Spark cluster: ``spark-submit assess_parquet.py DEBTS DECIDED``.

DEBTS is what Spark can read as Parquet, with the columns ``reference``, ``kind``, ``remaining`` (whole cents) and
``open_online``; DECIDED, which must not exist yet, receives all columns and the answers.

Only the driver needs this library, with its extra: ``pip install 'creance-pay[spark]'``.  The executors run Spark's own
expressions, and no Python.
"""

import sys

from pyspark.sql import SparkSession

from creance_pay.rules import columns, policy_named


def main(debts: str, decided: str) -> None:
    """Decide, write, and say how many rows had which code."""
    session = SparkSession.builder.appName("creance-pay").getOrCreate()
    rows = columns.assess(session.read.parquet(debts), policy=policy_named("ameli-2019-11"))
    rows.write.parquet(decided)
    counts = session.read.parquet(decided).groupBy("code").count().orderBy("code").collect()
    for code, count in counts:
        print(code, count)
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
