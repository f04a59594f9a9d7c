"""Sockets and HTTP: what stands between the network and the core."""
