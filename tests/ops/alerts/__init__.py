"""The rules, proved: their words against the registry, each alert against promtool, the chain against real faults."""
