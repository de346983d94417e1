"""A ledger in a database, through SQLAlchemy: SQLite or PostgreSQL."""
