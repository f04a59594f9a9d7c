"""Dashboards for Grafana, made from what the registry declares."""
