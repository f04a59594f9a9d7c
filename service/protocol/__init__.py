"""The pure core: protocol, sessions, streams, content. No I/O, no clock, no framework, no telemetry."""
