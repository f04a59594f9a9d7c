"""How much of a live stream may wait, and for how long."""

GROUP_SECONDS = 0.01
"""Between the beginnings of two commits of a process, unless the first takes longer."""
MAX_APPEND_BYTES = 64 * 2**10
"""Of one append."""
MAX_QUEUED_BYTES = 256 * 2**10
"""Of one stream, that its producers have sent and the store does not have yet."""
