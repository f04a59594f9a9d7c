"""The errors of appends that the store refused."""

from collections.abc import Callable, Mapping

from service.live.append_rule import Refusal
from service.live.ports import Refused
from service.protocol.publish_errors import PublishError, PublishErrorCode

_OVERLOAD_SECONDS = 0.25
_FULL_SECONDS = 60.0

_ERRORS: Mapping[str, Callable[[Refused], PublishError]] = {
    Refusal.UNKNOWN: lambda _: unknown_stream(),
    Refusal.FENCED: lambda _: PublishError(
        PublishErrorCode.FENCED, "Another producer has adopted the stream. Stop: nothing more of this one is stored."
    ),
    Refusal.ENDED: lambda refused: ended(refused.status, refused.length),
    Refusal.GAP: lambda refused: PublishError(
        PublishErrorCode.GAP,
        f"The source has {refused.length} bytes, and the offset is beyond. Send again from byte {refused.length}.",
        offset=refused.length,
    ),
    Refusal.MISMATCH: lambda refused: PublishError(
        PublishErrorCode.MISMATCH,
        f"The source, of {refused.length} bytes, has other bytes, another end or another digest. Do not repeat the "
        "call; compare with what was sent.",
        offset=refused.length,
    ),
    Refusal.TOO_LARGE: lambda refused: PublishError(
        PublishErrorCode.SOURCE_TOO_LARGE,
        "The source would exceed LIVE_MAX_SIZE. Close the stream, and create another one for more.",
        offset=refused.length,
    ),
    Refusal.FULL: lambda _: PublishError(
        PublishErrorCode.STORE_FULL,
        "The store has no room for more. Try again in a minute.",
        retry_after_seconds=_FULL_SECONDS,
    ),
    Refusal.OVERLOADED: lambda refused: PublishError(
        PublishErrorCode.OVERLOADED,
        "Too much is not stored yet. Wait, then send again from the offset.",
        offset=refused.length,
        retry_after_seconds=_OVERLOAD_SECONDS,
    ),
}


def error_of(refused: Refused) -> PublishError:
    return _ERRORS[refused.reason](refused)


def unknown_stream() -> PublishError:
    return PublishError(
        PublishErrorCode.UNKNOWN_STREAM, "There is no such stream here, or its time to live is over. Create a stream."
    )


def ended(status: str, length: int) -> PublishError:
    return PublishError(
        PublishErrorCode.ENDED,
        f"The stream has ended: {status}. Stop; create another stream for more.",
        offset=length,
        status=str(status),
    )
