"""Add the column for the user or the service that a stream belongs to."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE usage_streams ADD COLUMN subject text")
