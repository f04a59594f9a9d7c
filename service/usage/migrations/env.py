"""What Alembic runs: on the connection, and in the transaction, that ``service.usage.migrate`` hands in."""

from alembic import context

from service.usage.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
