"""WebSocket connections: the adapter between the network and the session machine."""
