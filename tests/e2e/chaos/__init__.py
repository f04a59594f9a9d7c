"""Kill what serves, again and again, and count what clients have lost: ``make chaos``."""
