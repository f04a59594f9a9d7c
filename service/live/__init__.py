"""The rules of live streams: who may append what, and when a producer is lost. Pure."""
