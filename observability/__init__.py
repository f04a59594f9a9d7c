"""What operators see: metrics and logs, fed by the core's events through one recorder."""
