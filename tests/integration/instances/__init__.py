"""Several instances of the service behind nginx, and what becomes of streams when they die."""
