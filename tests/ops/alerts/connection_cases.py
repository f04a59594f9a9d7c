"""The cases of the alerts on handshakes, sockets and closed connections."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from observability.registry.metrics import (
    ACCEPT_PAUSES,
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    DEPENDENCY_UP,
    RATE_LIMIT_HITS,
    SOCKETS_DROPPED,
    TOKEN_REFUSALS,
)
from tests.ops.alerts.case import OF_INSTANCE, OF_JOB, Case, Firing, requests, surge
from tests.ops.alerts.series import Series, counter, gauge


def attempts(minutes: int = 30, **outcomes: float) -> list[Series]:
    """Handshakes per minute for some time, by outcome; then none."""
    return [
        line
        for outcome, growth in outcomes.items()
        for line in counter(CONNECTION_ATTEMPTS, (minutes, growth), (100, 0), outcome=outcome)
    ]


def closes(reason: str, growth: float) -> list[Series]:
    """Closes per minute for half an hour with this reason; then none."""
    return counter(CONNECTION_CLOSES, (30, growth), (30, 0), reason=reason)


def limit_hits(growth: float) -> list[Series]:
    """Requests per minute for half an hour that exceed a limit; then none."""
    return counter(RATE_LIMIT_HITS, (30, growth), (30, 0), scope="session")


def refusals(reason: str, growth: float) -> list[Series]:
    """Tokens per minute for half an hour that are refused for this reason; then none."""
    return counter(TOKEN_REFUSALS, (30, growth), (30, 0), reason=reason)


def sockets(reason: str, growth: float) -> list[Series]:
    """Sockets per minute for half an hour that are closed without a session; then none."""
    return counter(SOCKETS_DROPPED, (30, growth), (30, 0), reason=reason)


CONNECTION_CASES: Final[Mapping[str, Case]] = {
    "ConnectionFailures": Case(
        below=attempts(
            accepted=100, error=0.4, refused_capacity=0.4, refused_session=50, refused_origin=50, refused_draining=50
        ),
        low_traffic=attempts(error=0.4, refused_capacity=0.5),
        firing=(
            Firing(attempts(error=0.6, refused_capacity=0.6), 4, 80, "6"),
            Firing(attempts(accepted=100, error=1, refused_capacity=2), 1, 80, "6"),
        ),
    ),
    "RateLimitSurge": Case(
        below=[*limit_hits(9.8), *requests(completed=((30, 100),))],
        low_traffic=[*limit_hits(9.9), *requests(rejected=((30, 9.9),))],
        firing=surge(limit_hits),
    ),
    "SessionTimeoutSurge": Case(
        below=[*closes("session_timeout", 9.8), *closes("client", 100)],
        low_traffic=closes("session_timeout", 9.9),
        firing=surge(partial(closes, "session_timeout"), at=19),
    ),
    "InputLimitSurge": Case(
        below=[*closes("input_frames", 9.8), *closes("input_bytes", 9.8), *closes("protocol_error", 100)],
        low_traffic=closes("input_bytes", 9.9),
        firing=tuple(
            Firing(closes(reason, 10.2), 9, 55, "51", OF_JOB | {"reason": reason})
            for reason in ("input_frames", "input_bytes", "message_timeout", "input_memory")
        ),
    ),
    "SlowClientSurge": Case(
        below=[*closes("slow_client", 9.8), *closes("abnormal", 100)],
        low_traffic=closes("slow_client", 9.9),
        firing=surge(partial(closes, "slow_client")),
    ),
    "HandshakeRefusalSurge": Case(
        below=attempts(accepted=100, refused_origin=9.8, refused_session=9.8, refused_draining=100),
        low_traffic=attempts(refused_address=9.9),
        firing=tuple(
            Firing(attempts(30, **{outcome: 10.2}), 9, 55, "51", OF_JOB | {"outcome": outcome})
            for outcome in ("refused_origin", "refused_session", "refused_address")
        ),
    ),
    "TokenRefusalSurge": Case(
        below=[*refusals("invalid", 9.8), *refusals("expired", 9.8), *refusals("unavailable", 100)],
        low_traffic=refusals("missing", 9.9),
        firing=tuple(
            Firing(refusals(reason, 10.2), 9, 55, "51", OF_JOB | {"reason": reason})
            for reason in ("missing", "invalid", "expired", "revoked", "forbidden")
        ),
    ),
    "TokenKeysStale": Case(
        below=[
            *gauge(DEPENDENCY_UP, (10, 1), (4, 0), (16, 1), dependency="token_keys"),
            *gauge(DEPENDENCY_UP, (30, 0), dependency="database"),
        ],
        firing=(
            Firing(
                gauge(DEPENDENCY_UP, (10, 1), (20, 0), (30, 1), dependency="token_keys"), 15, 30, labels=OF_INSTANCE
            ),
        ),
    ),
    "SocketsEvicted": Case(
        below=[*sockets("evicted", 9.8), *sockets("timeout", 100)],
        low_traffic=sockets("evicted", 9.9),
        firing=surge(partial(sockets, "evicted")),
    ),
    "AcceptPaused": Case(
        below=counter(ACCEPT_PAUSES, (30, 0)),
        firing=(Firing(counter(ACCEPT_PAUSES, (10, 0), (1, 1), (49, 0)), 10, 30, "1", OF_INSTANCE),),
    ),
}
