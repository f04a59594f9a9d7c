"""The protocol as an AsyncAPI 3 document, generated from the types of ``service.protocol``."""

from service.asyncapi.document import asyncapi

__all__ = ["asyncapi"]
