"""The metrics of tokens, keys, revocations and quotas.

Refreshes, warnings and ends of the tokens of open connections are messages to clients and closes of connections.
"""

from observability.registry.metric_types import Counter, Gauge, Histogram
from service.access.principal import AccessRefusal
from service.access.quota import QuotaOwner
from service.protocol.quota_kind import QuotaKind

_TOKEN_SECONDS = (0.001, 0.01, 0.1, 1)

TOKEN_REFUSALS = Counter(
    "stream_token_refusals_total",
    "Tokens that were refused, of connections, refreshes and HTTP requests, by reason; missing: there was none; "
    "unavailable: it could not be checked, a failure of the service.",
    {"reason": tuple(reason.label for reason in AccessRefusal)},
)
TOKEN_CHECK = Histogram(
    "stream_token_check_seconds",
    "Checks of tokens, with the wait for keys and for the access store, by AUTH_MODE.",
    {"mode": ("jwt", "key")},
    "seconds",
    buckets=_TOKEN_SECONDS,
)
TOKEN_KEYS_FETCHED = Gauge(
    "stream_token_keys_fetched_timestamp_seconds",
    "When the keys at AUTH_JWKS_URL were last fetched, in Unix seconds; before the first time, when the process began.",
    unit="seconds",
    workers="min",
)
REVOCATIONS = Gauge(
    "stream_revocations",
    "Revoked tokens, and subjects whose tokens were revoked, that are known to the process.",
    workers="min",
)
QUOTA_REFUSALS = Counter(
    "stream_quota_refusals_total",
    "Connections and requests that were refused because a quota is used up, by quota and owner.",
    {"quota": tuple(QuotaKind), "owner": tuple(QuotaOwner)},
)
QUOTAS_UNAVAILABLE = Counter(
    "stream_quotas_unavailable_total",
    "Charges that were left out because the access store was unavailable; what they were for was admitted.",
)
