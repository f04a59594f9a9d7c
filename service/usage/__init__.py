"""Who used what: a row for each stream and each session, first in a file, then in PostgreSQL if there is one."""
