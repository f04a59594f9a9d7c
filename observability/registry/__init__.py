"""The declarations of all metrics, spans and log events."""
