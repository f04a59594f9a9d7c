"""Traces: spans of streams, handshakes and routes, and their export."""
