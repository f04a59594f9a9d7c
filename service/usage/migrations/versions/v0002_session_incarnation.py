"""Rename the column that distinguishes sessions with the same id."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE usage_sessions RENAME COLUMN epoch TO incarnation")
