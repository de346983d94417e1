"""The ledgers that these tests run on."""

from ledgers import ledger, ledger_url, open_ledger, open_sql, postgres

__all__ = ["ledger", "ledger_url", "open_ledger", "open_sql", "postgres"]
