"""Usage: a row for each stream and each session, stored in a file and forwarded to PostgreSQL if configured."""
