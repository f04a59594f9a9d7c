"""Metrics in the format of Prometheus, of one process or several."""
