"""Traces: spans of streams and routes, and their way to a collector."""
