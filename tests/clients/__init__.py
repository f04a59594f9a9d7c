"""Clients for tests: thin layers on the Python client."""
