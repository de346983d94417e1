"""How Alembic changes the tables of a ledger: on the connection, and in the transaction, that it was handed."""

from alembic import context

from creance_pay.ledger.sql.tables import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
