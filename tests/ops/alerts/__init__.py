"""Tests of the alerts: names and numbers against the registry and the documents, rules in promtool, a live path."""
