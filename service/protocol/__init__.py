"""The protocol: messages, errors, close codes and limits. Pure: no I/O, no clock, no framework."""
