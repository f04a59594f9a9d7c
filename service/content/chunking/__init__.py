"""Chunking: text and sanitised HTML in chunks, each right by itself."""
