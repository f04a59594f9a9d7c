"""The log events of tokens, keys and quotas. None of them contains a token or a key."""

from observability.registry.log_types import SESSION_ID, SUBJECT, LogEvent, LogField, LogLevel, one_of
from service.access.principal import AccessRefusal
from service.access.quota import QuotaOwner
from service.events import TokenCarrier
from service.protocol.quota_kind import QuotaKind

_BY = LogField("by", "who did it: the subject of a token with the scope admin, or the user who ran a command")

TOKEN_REFUSED = LogEvent(
    "token_refused",
    LogLevel.INFO,
    "Token refused: {reason}, by {carrier}",
    "a connection, a refresh or an HTTP request has no valid token, or its token does not allow it",
    (
        LogField("reason", one_of(reason.label for reason in AccessRefusal)),
        LogField("carrier", one_of(TokenCarrier)),
        SESSION_ID,
    ),
    burst=50,
)
QUOTA_REFUSED = LogEvent(
    "quota_refused",
    LogLevel.INFO,
    "Quota used up: {quota}, of the {owner}",
    "a connection or a request is refused because a quota is used up",
    (
        LogField("quota", one_of(QuotaKind)),
        LogField("owner", f"{one_of(QuotaOwner)}: whose quota it is"),
        SESSION_ID,
        SUBJECT,
    ),
    burst=50,
)
KEY_MADE = LogEvent(
    "key_made",
    LogLevel.INFO,
    "Key {key_id} of {subject} made by {by}",
    "python -m service keys add has made a key; on the standard error of the command, at every LOG_LEVEL",
    (LogField("key_id", "the id of the key, which is no secret"), SUBJECT, _BY),
    always=True,
)
TOKENS_REVOKED = LogEvent(
    "tokens_revoked",
    LogLevel.INFO,
    "Revoked by {by}",
    "a token or a key was revoked, or all of a subject: over HTTP, or by a command, on its standard error; at every "
    "LOG_LEVEL",
    (
        LogField("issuer", "of the tokens; keys for keys"),
        LogField("token_id", "the jti of the token, or the id of the key; absent if all of a subject were revoked"),
        SUBJECT,
        _BY,
    ),
    always=True,
)
