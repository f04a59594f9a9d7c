"""Logs: what is logged, the layout of a line, and its output."""
