"""The row on tokens and quotas: who is refused, and whether tokens can be checked."""

from grafana_foundation_sdk.models import units

from dashboards.alerted import compared
from dashboards.board import Row
from dashboards.colours import BAD, GOOD
from dashboards.panels import Frame, alert_lines, lines, states
from dashboards.queries import Query, per_minute, quantiles, select
from observability.registry.metrics import (
    CONNECTION_CLOSES,
    MESSAGES_SENT,
    QUOTA_REFUSALS,
    QUOTAS_UNAVAILABLE,
    REVOCATIONS,
    TOKEN_CHECK,
    TOKEN_KEYS_FETCHED,
)


def access() -> Row:
    return Row(
        "Access",
        (
            alert_lines(
                Frame(
                    "Refused tokens",
                    "Of connections, refreshes and HTTP requests, in 5 minutes, by reason. The alert counts 5 whole "
                    "minutes.",
                    units.Short,
                    logs=("token_refused",),
                ),
                "TokenRefusalSurge",
                "{{reason}}",
            ),
            lines(
                Frame(
                    "Used up quotas",
                    "Connections and requests a minute that were refused for a quota, by quota and owner; "
                    "unavailable: charges that were left out.",
                    units.CountsPerMinute,
                    logs=("quota_refused",),
                ),
                Query(f"{per_minute(QUOTA_REFUSALS, 'quota', 'owner')} > 0", "{{quota}} of {{owner}}"),
                Query(f"{per_minute(QUOTAS_UNAVAILABLE)} > 0", "unavailable"),
                nothing="no quota was used up",
            ),
            lines(
                Frame(
                    "Tokens of open connections",
                    "A minute: warnings before the end of a token, refreshes, and connections that were closed because "
                    "their token ended or was revoked.",
                    units.CountsPerMinute,
                    logs=("connection_closed",),
                ),
                Query(
                    per_minute(MESSAGES_SENT, "type", type=("auth_expiring", "auth_refreshed")),
                    "{{type}}",
                ),
                Query(
                    per_minute(CONNECTION_CLOSES, "reason", reason=("token_expired", "token_revoked")),
                    "{{reason}}",
                ),
            ),
            lines(
                Frame(
                    "Duration of checks", "Of tokens, with the wait for keys and the access store.", units.Seconds, 6
                ),
                *quantiles(TOKEN_CHECK),
            ),
            lines(
                Frame(
                    "Age of the keys",
                    "Since the keys at AUTH_JWKS_URL were fetched, by instance. They are fetched every 5 minutes.",
                    units.Seconds,
                    6,
                ),
                Query(f"time() - min by (instance) ({select(TOKEN_KEYS_FETCHED)})", "{{instance}}"),
                nothing="AUTH_JWKS_URL is not set",
            ),
            states(
                Frame(
                    "Keys of the issuer",
                    "Whether the keys that verify tokens can be read; if not, the last ones are used.",
                    units.NoUnit,
                    6,
                    logs=("dependency_unavailable", "dependency_recovered"),
                ),
                (Query(compared("TokenKeysStale"), "{{instance}}"),),
                (0, "stale", BAD),
                (1, "up", GOOD),
                alerts=("TokenKeysStale",),
            ),
            lines(
                Frame("Known revocations", "Of tokens and of subjects, by instance.", units.Short, 6),
                Query(f"min by (instance) ({select(REVOCATIONS)})", "{{instance}}"),
                nothing="no authentication",
            ),
        ),
    )
