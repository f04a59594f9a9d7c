"""The types of fields that several messages share, with their bounds and their descriptions."""

from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta

SESSION_ID_PATTERN = r"^(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,64}$"
"""A regular expression with the same meaning in Python and in JavaScript, which the whole text has to match."""

_LARGEST_JAVASCRIPT_INTEGER = 2**53 - 1

SessionId = Annotated[str, Meta(description="The session id, as in the path.")]
StreamId = Annotated[
    str, Meta(max_length=64, description="The id of the stream, as in its `stream_start`, in logs and in errors.")
]
TraceId = Annotated[
    str, Meta(description="The trace id of the stream: that of a valid `traceparent` of the request, else a new one.")
]
RequestId = Annotated[
    str,
    Meta(
        max_length=64,
        description="A label that the client chooses. All messages that answer the request repeat it; without it, the "
        "field is absent there.",
    ),
]
Timestamp = Annotated[
    str,
    Meta(
        description="The time at which the message was sent: ISO 8601 in UTC with milliseconds and `Z`.",
        extra_json_schema={"format": "date-time"},
    ),
]
Expiry = Annotated[
    str,
    Meta(
        description="When the token expires, in the format of `timestamp`.",
        extra_json_schema={"format": "date-time"},
    ),
]
Token = Annotated[str, Meta(max_length=128)]
AccessToken = Annotated[str, Meta(max_length=8192)]
Index = Annotated[int, Meta(ge=0, le=_LARGEST_JAVASCRIPT_INTEGER)]
IndexOrNone = Annotated[int, Meta(ge=-1, le=_LARGEST_JAVASCRIPT_INTEGER)]
"""-1 for none."""
ReportedMilliseconds = Annotated[int, Meta(ge=0, le=600_000)]
ReportedCount = Annotated[int, Meta(ge=0, le=100)]
"""Bounded, as clients can claim what they want."""


def doc(text: str) -> Meta:
    """The description of a field, which the documents and the clients contain."""
    return Meta(description=text)


class DescribedEnum(StrEnum):
    """An enumeration of the names that a field may contain, each with its description."""

    description: str

    def __new__(cls, name: str, description: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.description = description
        return member
