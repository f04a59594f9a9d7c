"""Checks tokens: JWTs against the keys of their issuer, API keys against the store."""
