"""The errors of producers of live streams, over HTTP and on the publish socket.

The table in docs/publishing.md is made of them.
"""

from enum import StrEnum
from typing import Annotated, Self

from msgspec import UNSET, Struct, UnsetType

from service.protocol.fields import Index, doc


class PublishErrorCode(StrEnum):
    """A code with its HTTP status, what it means, and what the producer does about it."""

    status: int
    meaning: str
    remedy: str

    def __new__(cls, code: str, status: int, meaning: str, remedy: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        member.meaning = meaning
        member.remedy = remedy
        return member

    INVALID_REQUEST = (
        "invalid_request",
        400,
        "a parameter, a header, the body or the message does not fit this document",
        "correct it",
    )
    INVALID_UTF8 = (
        "invalid_utf8",
        400,
        "the source would not be UTF-8: `offset` is that of the first wrong byte, or of one that its end splits",
        "send the bytes of the text in UTF-8; a character may be split between two appends, but not at the end",
    )
    UNAUTHENTICATED = "unauthenticated", 401, "there is no token, or it is not valid", "send a valid token"
    TOKEN_EXPIRED = "token_expired", 401, "the token has expired", "get a new one"
    TOKEN_REVOKED = "token_revoked", 401, "the token was revoked", "get a new one, if you may"
    FORBIDDEN = (
        "forbidden",
        403,
        "the token lacks the scope `publish`, or its sessions do not include this one",
        "ask the issuer for the scope and the session",
    )
    PUBLISHING_OFF = (
        "publishing_off",
        403,
        "`AUTH_MODE` is `none` and `PUBLISH_TOKEN` is not set",
        "set `PUBLISH_TOKEN`",
    )
    SESSION_RESERVED = (
        "session_reserved",
        403,
        "the session has a secret, and it is not the one in `X-Session-Secret`, or it has none",
        "send the secret of the session, or choose another session",
    )
    UNKNOWN_STREAM = (
        "unknown_stream",
        404,
        "there is no such stream, its time to live is over, or the sessions of the token do not include its session",
        "create a stream",
    )
    GAP = (
        "gap",
        409,
        "bytes before `offset` of the append are missing: the source has `offset` bytes",
        "send again from `offset`",
    )
    MISMATCH = (
        "mismatch",
        409,
        "the source has other bytes, another end or another digest: it has `offset` bytes",
        "do not repeat it: compare with what you sent",
    )
    FENCED = "fenced", 409, "another producer has adopted the stream", "stop: what you sent after that is not stored"
    ENDED = "ended", 410, "the stream has ended with this `status`", "stop; create another stream for more"
    BODY_TOO_LARGE = "body_too_large", 413, "one append has more than 65536 bytes", "send it in parts"
    SOURCE_TOO_LARGE = (
        "source_too_large",
        413,
        "the source would exceed `LIVE_MAX_SIZE`",
        "close the stream, and create another one for more",
    )
    KEY_REUSED = (
        "key_reused",
        422,
        "the `Idempotency-Key` was used in this session for another stream",
        "use a key once",
    )
    REQUESTS_USED_UP = (
        "requests_used_up",
        429,
        "the session has used its `MAX_REQUESTS_PER_SESSION`",
        "use another session",
    )
    QUOTA_REACHED = "quota_reached", 429, "a quota of the user or the address is used up", "wait for `retry_after_ms`"
    OVERLOADED = (
        "overloaded",
        429,
        "more than 262144 bytes of the stream, or too many of all streams, are not stored yet",
        "wait for `retry_after_ms`, then send again from `offset`",
    )
    STORE_UNAVAILABLE = (
        "store_unavailable",
        503,
        "the store did not answer in time; the call may have been performed",
        "repeat the call after `retry_after_ms`",
    )
    STORE_FULL = "store_full", 503, "the store has no room", "repeat the call after `retry_after_ms`"
    AUTH_UNAVAILABLE = (
        "auth_unavailable",
        503,
        "the token cannot be checked now",
        "repeat the call after `retry_after_ms`",
    )
    INTERNAL_ERROR = (
        "internal_error",
        500,
        "a fault of the service, recorded under the id in the message",
        "repeat the call; if it lasts, report the id",
    )


class PublishErrorBody(Struct, frozen=True):
    """What a producer learns of an error."""

    code: Annotated[PublishErrorCode, doc("What is wrong.")]
    message: Annotated[str, doc("One sentence or two for people: what is wrong, and what to do.")]
    offset: Annotated[Index | UnsetType, doc("In bytes of the source, according to the code.")] = UNSET
    status: Annotated[str | UnsetType, doc("The final status of the stream.")] = UNSET
    retry_after_ms: Annotated[Index | UnsetType, doc("After how many milliseconds the same call may succeed.")] = UNSET


class PublishError(Exception):
    """A call of a producer is refused. ``str(error)`` is a sentence for people that states the remedy."""

    def __init__(
        self,
        code: PublishErrorCode,
        sentence: str,
        *,
        offset: int | None = None,
        status: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.offset = offset
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def body(self) -> PublishErrorBody:
        """What is sent."""
        wait = self.retry_after_seconds
        return PublishErrorBody(
            code=self.code,
            message=str(self),
            offset=UNSET if self.offset is None else self.offset,
            status=UNSET if self.status is None else self.status,
            retry_after_ms=UNSET if wait is None else max(0, round(1000 * wait)),
        )
