"""Instances behind nginx, under clients that come and go and clients that attack."""
