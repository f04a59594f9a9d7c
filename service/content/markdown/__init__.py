"""Markdown to HTML: convert.py has the entry point."""
