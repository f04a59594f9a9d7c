"""The types of which the declarations of spans are made."""

from enum import StrEnum

from msgspec import Struct
from opentelemetry.trace import SpanKind


class AttributeType(StrEnum):
    """The types of OTLP that are used."""

    STRING = "string"
    INTEGER = "int"
    NUMBER = "double"
    FLAG = "bool"


class Attribute(Struct, frozen=True):
    name: str
    type: AttributeType
    meaning: str
    unit: str = ""


class SpanEvent(Struct, frozen=True):
    name: str
    when: str
    attributes: tuple[Attribute, ...] = ()


class Span(Struct, frozen=True):
    name: str
    kind: SpanKind
    covers: str
    """The operation, from its start to its end."""
    attributes: tuple[Attribute, ...] = ()
    events: tuple[SpanEvent, ...] = ()
    links: str = ""
    """The target of its links."""
