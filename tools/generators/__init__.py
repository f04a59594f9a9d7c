"""Generators of committed files: each returns the text of its files by their paths within the project."""
