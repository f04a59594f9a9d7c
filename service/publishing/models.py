"""The bodies of the routes for producers, as the OpenAPI document describes them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.access.claims import MAX_NAME_LENGTH
from service.live.records import LiveState, LiveStatus
from service.protocol.messages import ChunkBy, ContentType, Speed
from service.protocol.publish_errors import PublishErrorCode

_MAX_REQUEST_ID = 64

Bytes = Annotated[int, Field(ge=0, le=2**53 - 1)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamToCreate(_Sent):
    """What a live stream will contain, and how it is shown."""

    content_type: Annotated[ContentType, Field(description="HTML is sanitised; Markdown is converted to HTML.")]
    speed: Annotated[
        Speed, Field(description="adaptive follows the producer; another one is the least time between two chunks.")
    ] = Speed.ADAPTIVE
    chunk_by: Annotated[ChunkBy, Field(description="The unit by which the content is split.")] = ChunkBy.WORD
    request_id: Annotated[
        str | None, Field(max_length=_MAX_REQUEST_ID, description="A label, which the messages to readers repeat.")
    ] = None
    space: Annotated[
        str | None,
        Field(
            max_length=MAX_NAME_LENGTH,
            description="The space of the session, if it is not that of the token. Only with authentication.",
        ),
    ] = None


class CreatedStream(BaseModel):
    stream_id: str
    epoch: Annotated[int, Field(description="For appends, as long as no other producer adopts the stream.")]
    offset: Annotated[int, Field(description="Of the next append: 0, or more if the same call was made before.")]
    trace_id: Annotated[str, Field(description="The trace of the stream: that of a valid `traceparent`, or a new one.")]


class AppendedSource(BaseModel):
    accepted: Annotated[int, Field(description="Bytes of the source that are received in order.")]
    durable: Annotated[int, Field(description="Bytes of the source that are stored: no failure loses them.")]


class StreamToClose(_Sent):
    """How a stream ends."""

    status: Annotated[
        Literal["complete", "error", "cancelled"], Field(description="Final, and stored together with the last bytes.")
    ]
    offset: Annotated[Bytes, Field(description="The bytes of the whole source.")]
    sha256: Annotated[
        str | None,
        Field(pattern=r"^[0-9A-Fa-f]{64}$", description="Of the whole source, in hexadecimal: checked before the end."),
    ] = None


class EndedStream(BaseModel):
    status: Annotated[LiveStatus, Field(description="Final.")]
    offset: Annotated[int, Field(description="The bytes of the source.")]


class AdoptedStream(BaseModel):
    epoch: Annotated[int, Field(description="For appends: the one before is fenced off.")]
    offset: Annotated[int, Field(description="Of the next append.")]
    tail: Annotated[str, Field(description="The last characters of the source, of at most 4096 bytes.")]
    rest: Annotated[
        str,
        Field(
            description="In hexadecimal: the bytes after the tail, of a character whose other bytes are missing. They "
            "are stored; the next append continues the character."
        ),
    ]


class StreamReportBody(BaseModel):
    stream_id: str
    session_id: str
    status: Annotated[LiveState, Field(description="What readers see.")]
    accepted: Annotated[int, Field(description="As of an append; of this process.")]
    durable: Annotated[int, Field(description="As of an append.")]
    readers: Annotated[int, Field(description="Of the process that answers.")]
    silent_ms: Annotated[int, Field(description="Since the producer was heard of.")]


class ErrorDetails(BaseModel):
    code: PublishErrorCode
    message: Annotated[str, Field(description="For people: what is wrong, and what to do.")]
    offset: Annotated[int | None, Field(description="In bytes of the source, according to the code.")] = None
    status: Annotated[LiveStatus | None, Field(description="The final status of the stream.")] = None
    retry_after_ms: Annotated[int | None, Field(description="When the same call may succeed.")] = None


class Refusal(BaseModel):
    """Every error has this form."""

    error: ErrorDetails
