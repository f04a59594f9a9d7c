"""Records the calls of producers that are refused."""

from collections.abc import Mapping

from service.events.live import AppendRefused, RefusedAppend
from service.protocol.publish_errors import PublishErrorCode
from service.session.ports import Recorder

_REASONS: Mapping[PublishErrorCode, RefusedAppend] = {
    PublishErrorCode.INVALID_REQUEST: RefusedAppend.INVALID,
    PublishErrorCode.INVALID_UTF8: RefusedAppend.INVALID,
    PublishErrorCode.FORBIDDEN: RefusedAppend.FORBIDDEN,
    PublishErrorCode.PUBLISHING_OFF: RefusedAppend.FORBIDDEN,
    PublishErrorCode.SESSION_RESERVED: RefusedAppend.FORBIDDEN,
    PublishErrorCode.UNKNOWN_STREAM: RefusedAppend.UNKNOWN,
    PublishErrorCode.GAP: RefusedAppend.GAP,
    PublishErrorCode.MISMATCH: RefusedAppend.MISMATCH,
    PublishErrorCode.FENCED: RefusedAppend.FENCED,
    PublishErrorCode.ENDED: RefusedAppend.ENDED,
    PublishErrorCode.BODY_TOO_LARGE: RefusedAppend.TOO_LARGE,
    PublishErrorCode.SOURCE_TOO_LARGE: RefusedAppend.TOO_LARGE,
    PublishErrorCode.KEY_REUSED: RefusedAppend.INVALID,
    PublishErrorCode.REQUESTS_USED_UP: RefusedAppend.LIMIT,
    PublishErrorCode.QUOTA_REACHED: RefusedAppend.LIMIT,
    PublishErrorCode.OVERLOADED: RefusedAppend.OVERLOADED,
    PublishErrorCode.STORE_UNAVAILABLE: RefusedAppend.UNAVAILABLE,
    PublishErrorCode.STORE_FULL: RefusedAppend.FULL,
}


def record_refusal(recorder: Recorder, code: PublishErrorCode, session_id: str = "", stream_id: str = "") -> None:
    """Record it, unless it has an event of its own: a token that is refused, or a fault."""
    reason = _REASONS.get(code)
    if reason is not None:
        recorder.record(AppendRefused(reason, session_id, stream_id))
