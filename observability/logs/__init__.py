"""Logs: what is said, how a line looks, and its way out."""
