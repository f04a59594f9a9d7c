"""Several instances of the service behind nginx, and recovery when they end."""
