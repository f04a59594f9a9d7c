"""What an id is, by the lines and spans that have it."""

import re
from enum import StrEnum

from msgspec import Struct

from service.cli.explain.evidence import Evidence, LogLine, Span

_SHORTEST_PREFIX = 6
"""The text layout of the log shows the first eight characters of ids."""


class Kind(StrEnum):
    """What an id can name, in the order in which it is looked up."""

    STREAM = "stream"
    TRACE = "trace"
    SESSION = "session"
    CONNECTION = "connection"
    FAULT = "fault"


class Subject(Struct, frozen=True):
    kind: Kind
    id: str


_FIELDS = {
    Kind.STREAM: "stream_id",
    Kind.TRACE: "trace_id",
    Kind.SESSION: "session_id",
    Kind.CONNECTION: "connection_id",
    Kind.FAULT: "error_id",
}
_ATTRIBUTES = {
    Kind.STREAM: "stream.id",
    Kind.SESSION: "session.id",
    Kind.CONNECTION: "connection.id",
}


def identify(text: str, evidence: Evidence) -> list[Subject]:
    """The subjects that a text names: none, one, or several for an ambiguous prefix."""
    for kind, field in _FIELDS.items():
        if text and text in {line.text(field) for line in evidence.lines} | _spans(kind, evidence):
            return [Subject(kind, text)]
    if not re.fullmatch(rf"[0-9a-f-]{{{_SHORTEST_PREFIX},}}", text):
        return []
    found = {
        Subject(kind, value)
        for kind, field in _FIELDS.items()
        if kind is not Kind.SESSION
        for value in {line.text(field) for line in evidence.lines} | _spans(kind, evidence)
        if value.startswith(text)
    }
    return sorted(found, key=lambda subject: (list(Kind).index(subject.kind), subject.id))


def lines_of(subject: Subject, evidence: Evidence) -> list[LogLine]:
    """The lines that have the id."""
    field = _FIELDS[subject.kind]
    return [line for line in evidence.lines if line.text(field) == subject.id]


def streams_of(subject: Subject, evidence: Evidence) -> list[str]:
    """The ids of the streams of a subject, in the order of their first line or span."""
    if subject.kind is Kind.STREAM:
        return [subject.id]
    found = [(line.at, line.text("stream_id")) for line in lines_of(subject, evidence)]
    found += [(span.start, span.text("stream.id")) for span in evidence.spans if subject.id in _ids(subject.kind, span)]
    return list(dict.fromkeys(stream for _, stream in sorted(found) if stream))


def _spans(kind: Kind, evidence: Evidence) -> set[str]:
    return {found for span in evidence.spans for found in _ids(kind, span)}


def _ids(kind: Kind, span: Span) -> set[str]:
    """The ids of this kind that a span has."""
    if kind is Kind.TRACE:
        return {span.trace_id}
    if kind is Kind.FAULT:
        return {str(event.attributes.get("error.id", "")) for event in span.events}
    return {span.text(_ATTRIBUTES[kind])}
