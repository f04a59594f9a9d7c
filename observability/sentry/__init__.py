"""The export of faults to Sentry."""
