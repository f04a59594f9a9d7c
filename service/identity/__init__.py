"""Checks tokens: JSON Web Tokens and API keys."""
