"""The protocol as an AsyncAPI 3 document, made from the types that are decoded and encoded."""

from service.asyncapi.document import asyncapi

__all__ = ["asyncapi"]
