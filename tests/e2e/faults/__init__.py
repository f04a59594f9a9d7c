"""The fault matrix: each fault is injected into a running service, and what an operator sees is compared with it."""
