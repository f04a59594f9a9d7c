"""Plans as bytes, for stores."""


class UnreadablePlan(Exception):
    """It was packed by a version that this one does not know, or is not a packed plan."""
