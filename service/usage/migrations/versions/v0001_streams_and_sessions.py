"""Create the tables for parts of streams and for sessions; see ``service.usage.rows`` for the columns."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE usage_streams (
            row_id uuid PRIMARY KEY,
            stream_id text NOT NULL,
            session_id text NOT NULL,
            connection_id text NOT NULL,
            content_type text NOT NULL,
            speed text,
            chunk_by text,
            html_mode text,
            outcome text NOT NULL,
            error text,
            started_at timestamptz,
            ended_at timestamptz NOT NULL,
            content_bytes bigint,
            chunks bigint NOT NULL,
            bytes bigint NOT NULL,
            duration_seconds double precision NOT NULL,
            paused_seconds double precision NOT NULL,
            processing_seconds double precision,
            takeovers integer NOT NULL,
            version text NOT NULL
        )""")
    op.execute("CREATE INDEX usage_streams_by_time ON usage_streams (ended_at)")
    op.execute("CREATE INDEX usage_streams_by_session ON usage_streams (session_id, ended_at)")
    op.execute("""
        CREATE TABLE usage_sessions (
            session_id text NOT NULL,
            epoch text NOT NULL,
            began_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            PRIMARY KEY (session_id, epoch)
        )""")
    op.execute("CREATE INDEX usage_sessions_by_time ON usage_sessions (ends_at)")
