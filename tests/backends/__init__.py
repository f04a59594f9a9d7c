"""What the service talks to, for real: each test has servers of its own, on free ports of the loopback address."""
