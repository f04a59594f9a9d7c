"""Alembic's environment: the connection and the transaction of ``service.usage.migrate``."""

from alembic import context

from service.usage.migrate import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
