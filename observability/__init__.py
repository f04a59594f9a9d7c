"""Telemetry: metrics, logs, traces and Sentry, fed by the events of the service through one recorder."""
