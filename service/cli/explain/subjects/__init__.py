"""What a question is about: a stream, a session, an alert, or the whole service."""
