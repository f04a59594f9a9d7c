"""Faults, and their way to Sentry."""
