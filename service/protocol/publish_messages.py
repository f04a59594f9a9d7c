"""The messages of the publish socket, with the descriptions that the documents publish.

One socket is for one stream. A producer sends the text as it comes; what arrives while the store works is stored
together.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service.protocol.fields import AccessToken, DescribedEnum, Index, doc
from service.protocol.publish_errors import PublishError, PublishErrorBody, PublishErrorCode

_ADVICE = "Correct the message and send it again."


class EndStatus(DescribedEnum):
    COMPLETE = "complete", "the source is whole"
    ERROR = "error", "the producer failed: what is there is all"
    CANCELLED = "cancelled", "the producer was stopped"


class PublishAuth(Struct, frozen=True, tag_field="type", tag="auth"):
    """The token of a producer that sends it neither in a header nor as a subprotocol: its first message."""

    token: Annotated[AccessToken, doc("A token with the scope `publish`, or without `AUTH_MODE` the `PUBLISH_TOKEN`.")]


class AppendText(Struct, frozen=True, tag_field="type", tag="append"):
    """The next part of the source. Answered by `ack`, perhaps together with others."""

    offset: Annotated[Index, doc("Of the first byte of `data` in the source, in bytes of UTF-8.")]
    data: Annotated[str, doc("Any part of the text in whole characters. A repetition is trimmed.")]


class CloseSource(Struct, frozen=True, tag_field="type", tag="close"):
    """The end of the source, stored together with the last part. Answered by `closed`."""

    status: Annotated[EndStatus, doc("How the stream ends: final.")]
    offset: Annotated[Index, doc("The bytes of the whole source.")]
    sha256: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{64}$")] | UnsetType,
        doc("Of the whole source, in hexadecimal: checked before the end is stored."),
    ] = UNSET


class Touch(Struct, frozen=True, tag_field="type", tag="touch"):
    """Nothing to append yet: renew the lease. Answered by `ack`."""


ProducerMessage = PublishAuth | AppendText | CloseSource | Touch


class SourceAck(Struct, frozen=True, tag_field="type", tag="ack"):
    """How far the source is. The first message, and sent after each commit of the store."""

    accepted: Annotated[Index, doc("Bytes that are received in order.")]
    durable: Annotated[Index, doc("Bytes that are stored: no failure loses them. After a reconnect, send from here.")]


class SourceClosed(Struct, frozen=True, tag_field="type", tag="closed"):
    """The stream has ended, and the service closes the connection with 1000."""

    status: Annotated[EndStatus, doc("Final.")]
    offset: Annotated[Index, doc("The bytes of the source.")]


class SourceCancelled(Struct, frozen=True, tag_field="type", tag="cancelled"):
    """The stream was cancelled: stop the model. The service closes the connection with 1000."""

    offset: Annotated[Index, doc("The bytes of the source.")]


class ProducerFenced(Struct, frozen=True, tag_field="type", tag="fenced"):
    """Another producer has adopted the stream: stop. The service closes the connection with 4103."""

    message: Annotated[str, doc("For people.")]


class PublishErrorMessage(Struct, frozen=True, tag_field="type", tag="error"):
    """What a message was not done for; the connection stays open, unless a close follows."""

    code: Annotated[PublishErrorCode, doc("What is wrong: the codes of the HTTP calls.")]
    message: Annotated[str, doc("For people: what is wrong, and what to do.")]
    offset: Annotated[Index | UnsetType, doc("In bytes of the source, according to the code.")] = UNSET
    status: Annotated[str | UnsetType, doc("The final status of the stream.")] = UNSET
    retry_after_ms: Annotated[Index | UnsetType, doc("After how many milliseconds the same may succeed.")] = UNSET

    @classmethod
    def of(cls, error: PublishError) -> "PublishErrorMessage":
        body: PublishErrorBody = error.body
        return cls(body.code, body.message, body.offset, body.status, body.retry_after_ms)


PublisherMessage = SourceAck | SourceClosed | SourceCancelled | ProducerFenced | PublishErrorMessage
"""What the service sends on a publish socket."""

_decode: Callable[[str], ProducerMessage] = msgspec.json.Decoder(ProducerMessage).decode
_encoder = msgspec.json.Encoder()


def decode_producer(data: str | bytes | None) -> ProducerMessage:
    """The message in a frame: text as ``str``, binary as ``bytes``, ``None`` for one that was too large to be kept.

    Raises ``PublishError``.
    """
    if data is None:
        raise PublishError(PublishErrorCode.BODY_TOO_LARGE, "The message is too large. Send the text in smaller parts.")
    if isinstance(data, bytes):
        raise _invalid("Binary frames are not part of the protocol. Send JSON in text frames.")
    try:
        return _decode(data)
    except msgspec.ValidationError as error:
        raise _invalid(f"The message does not fit the protocol: {error}. {_ADVICE}") from None
    except RecursionError:
        raise _invalid("The message is nested too deeply. Send a flat JSON object.") from None
    except ValueError:  # msgspec.DecodeError, UnicodeEncodeError for a lone surrogate
        raise _invalid("The message is not valid JSON in UTF-8. Send one JSON object per text frame.") from None


def encode_publisher(message: PublisherMessage) -> bytes:
    """One message as UTF-8 JSON, the payload of a text frame."""
    return _encoder.encode(message)


def _invalid(sentence: str) -> PublishError:
    return PublishError(PublishErrorCode.INVALID_REQUEST, sentence)
