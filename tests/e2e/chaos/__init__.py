"""``make chaos``: kill instances repeatedly and count what clients lose."""
