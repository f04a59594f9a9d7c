"""Dashboards for Grafana, made from what the registry declares: ``python -m dashboards`` writes them as JSON."""
