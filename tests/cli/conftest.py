"""The ledgers that these tests run on."""

from ledgers import first_reference, ledger, ledger_url, open_ledger, open_sql, postgres

__all__ = ["first_reference", "ledger", "ledger_url", "open_ledger", "open_sql", "postgres"]
