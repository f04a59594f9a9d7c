"""What the service tells of itself, declared once: metrics, spans and log events."""
