"""Dashboards for Grafana, generated from the declared metrics: ``make generate``."""
