"""Metrics: Prometheus counts and measures, in one process or shared by several."""
