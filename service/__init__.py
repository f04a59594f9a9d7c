"""The Streaming Content API: safe content, cut into chunks, streamed at a reader's pace."""

__version__ = "2.4.1"
