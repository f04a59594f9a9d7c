"""Programs for development; the service imports none of them."""
