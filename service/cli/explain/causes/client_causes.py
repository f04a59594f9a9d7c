"""Clients: one that makes mistakes, limits, refused handshakes, slow readers, recoveries."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, kept, listed, number, seconds, sessions, share
from service.cli.explain.evidence import Evidence, LogLine

_ATTEMPTS = "stream_connection_attempts_total"
_CLOSES = "stream_connection_closes_total"
_ERRORS = "stream_errors_total"
_MISTAKES = ("error_sent", "rate_limit_exceeded", "content_too_large", "recovery_refused")
_INPUT_REASONS = ("input_frames", "input_bytes", "message_timeout", "input_memory", "protocol_error")
_SERVICE_CODES = ("PROCESSING_ERROR", "CHUNKING_ERROR", "INTERNAL_ERROR", "SERVER_BUSY", "OVER_CAPACITY")
"""Errors that other causes explain."""
_ENDS = ("IDLE_TIMEOUT", "SESSION_TIMEOUT", "STREAM_TAKEN_OVER", "STREAM_ERROR")
"""Errors that announce a close, not a mistake."""
_MANY = 20
_SURGE = 50
_ONE = 0.8
_IN_TURN = 3
"""The sessions that one client may have had within the recent time."""
_SAME_AGE = 0.25
"""Connections that one time limit cuts differ by at most this part of it."""
_ACTIVITY = ("connection_opened", "stream_requested", "stream_completed")
_SLOW_READERS = 3
_HANDSHAKES = {
    "refused_origin": ("of an origin that is not allowed", "Add the origin of the page to ALLOWED_ORIGINS."),
    "refused_address": (
        "because their address has MAX_CONNECTIONS_PER_ADDRESS connections",
        "Behind a proxy set TRUSTED_PROXIES, or raise the limit.",
    ),
    "refused_session": ("because of an invalid session id", "A session id is 1 to 64 of A-Z a-z 0-9 _ - . :"),
}


_REFUSALS = "stream_token_refusals_total"
_TOKENS = {
    "missing": ("there was none", "Update these clients, or let the proxy pass the header Authorization on."),
    "invalid": (
        "of another issuer or audience, or with another key",
        "If it is all of them, compare AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE and the keys with those of the issuer.",
    ),
    "expired": ("they had ended", "Clients must get a new token after close code 4122; compare the clocks."),
    "revoked": ("they were revoked", "Clients must sign out after close code 4123."),
    "forbidden": (
        "without the scope or the sessions that are needed",
        "Issue tokens with the scope stream and a pattern of their sessions.",
    ),
}


def content_limit(evidence: Evidence) -> Iterator[Finding]:
    """Most requests are over the content limit: it does not fit what the clients are for."""
    metrics = evidence.metrics
    lines = evidence.recent("content_too_large", code="CONTENT_TOO_LARGE")
    refused = max(metrics.increase(_ERRORS, code="CONTENT_TOO_LARGE"), len(lines))
    requests = max(metrics.increase("stream_requests_total"), refused + len(evidence.recent("stream_requested")))
    if refused > _MANY and refused > requests / 2:
        limits = {one.value for one in metrics.present("stream_config_limit_bytes", limit="max_content_size")}
        is_ = f" is {', '.join(map(number, sorted(limits)))} bytes" if limits else ""
        yield Finding(
            what=f"{share(refused, requests)} of the requests are refused: content is over MAX_CONTENT_SIZE{is_}.",
            since=lines[0].at if lines else metrics.began(_ERRORS, code="CONTENT_TOO_LARGE"),
            touches="all clients with longer documents",
            facts=(f"{'metrics' if metrics.series(_ERRORS) else 'log'}: {number(refused)} CONTENT_TOO_LARGE sent",),
            remedy="If the limit was changed, restore it; if the documents are meant, raise it.",
        )


def connections_cut(evidence: Evidence) -> Iterator[Finding]:
    """Most connections are lost without a close frame, at one age: something on the way has a time limit."""
    closes = evidence.recent("connection_closed")
    lost = [line for line in closes if line.text("reason") == "abnormal" and line.number("seconds") is not None]
    if len(lost) <= _MANY or len(lost) <= len(closes) / 2:
        return
    ages = [line.number("seconds") or 0.0 for line in lost]
    age = median(ages)
    alike = sum(abs(one - age) <= _SAME_AGE * age for one in ages)
    if alike > _ONE * len(ages):
        yield Finding(
            what=f"Connections are lost without a close frame, most of them when they are {seconds(age)} old.",
            since=lost[0].at,
            touches=f"{share(len(lost), len(closes))} of the connections; their clients reconnect and recover",
            facts=(f"log: {counted(len(lost), 'close', 'closes')} with abnormal, {number(alike)} of them at this age",),
            remedy="Look for this time limit in the proxy, the load balancer and the clients.",
        )


def one_client(evidence: Evidence) -> Iterator[Finding]:
    """Most mistakes, or most closes for input, are those of one session, or of a few that a client had in turn."""
    lines = [line for line in evidence.recent(*_MISTAKES) if line.text("code") not in (*_SERVICE_CODES, *_ENDS)]
    lines += [line for line in evidence.recent("connection_closed") if line.text("reason") in _INPUT_REASONS]
    named = sessions(lines)
    top = _few(named)
    others = len(sessions(evidence.recent(*_ACTIVITY)) - named)
    if named.total() < _MANY or not top or (len(top) > 1 and others < len(top)):
        return
    own = [line for line in lines if line.text("session_id") in top]
    part = share(len(own), named.total())
    measured = {code: count for code, count in evidence.metrics.increases(_ERRORS, "code").items() if code not in _ENDS}
    who = f"One session, {top[0]}, has" if len(top) == 1 else f"{len(top)} sessions, {', '.join(top)}, have"
    yield Finding(
        what=f"{who} {part} of the errors of clients: {listed(Counter(_kind(line) for line in own))}.",
        since=own[0].at,
        touches=f"this client; {counted(len(named) - len(top), 'other')} had few errors, {others} had none",
        facts=kept(
            f"log: {number(len(own))} of {number(named.total())} lines about errors of clients",
            f"metrics: {listed(measured)} sent" if measured else "",
        ),
        remedy="The service is well: correct the client, or block it at the proxy.",
    )


def mistakes(evidence: Evidence) -> Iterator[Finding]:
    """Many errors of clients, of several sessions or of unknown ones."""
    skipped = (*_SERVICE_CODES, *_ENDS)
    lines = [line for line in evidence.recent(*_MISTAKES) if line.text("code") not in skipped]
    logged: dict[str, float] = dict(Counter(_kind(line) for line in lines))
    counted_codes = evidence.metrics.increases(_ERRORS, "code")
    measured = {code: count for code, count in counted_codes.items() if code not in skipped}
    codes = max(
        measured, logged, key=lambda found: sum(found.values())
    )  # a burst of lines is cut, metrics may be absent
    count = sum(codes.values())
    if count > _SURGE:
        named = sessions(lines)
        session, most = named.most_common(1)[0] if named else ("", 0)
        at_least = "at least " if sum(named.values()) < count else ""  # the log cuts a burst of lines
        yield Finding(
            what=f"Clients make many mistakes or reach limits: {listed(codes)}.",
            since=lines[0].at if lines else evidence.metrics.began(_ERRORS, code=tuple(codes)),
            touches=f"these clients: {at_least}{counted(len(named), 'session')}"
            if named
            else "these clients; the log has their sessions",
            facts=kept(
                f"{'metrics' if codes is measured else 'log'}: {counted(count, 'error')} sent",
                f"log: most of session {session}" if 2 * most > sum(named.values()) else "",
            ),
            remedy="Of many sessions at once: look at what changed in the client." if len(named) > _MANY else "",
        )


def input_limits(evidence: Evidence) -> Iterator[Finding]:
    """Connections are closed for what they send."""
    closes = evidence.metrics.increases(_CLOSES, "reason", reason=_INPUT_REASONS)
    lines = [line for line in evidence.recent("connection_closed") if line.text("reason") in _INPUT_REASONS]
    closes = closes or dict(Counter(line.text("reason") for line in lines))
    if sum(closes.values()) > _MANY:
        named = sessions(lines)
        yield Finding(
            what=f"Connections are closed for what they send: {listed(closes)}.",
            since=lines[0].at if lines else evidence.metrics.began(_CLOSES, reason=_INPUT_REASONS),
            touches=f"these clients: {counted(len(named), 'session')}" if named else "these clients",
            facts=(f"{'log' if lines else 'metrics'}: connections closed: {listed(closes)}",),
        )


def rate_limits(evidence: Evidence) -> Iterator[Finding]:
    """Many requests over the limit of their session."""
    hits = evidence.metrics.increase("stream_rate_limit_hits_total")
    lines = evidence.recent("rate_limit_exceeded")
    if max(hits, len(lines)) > _SURGE:
        yield Finding(
            what=f"{counted(max(hits, len(lines)), 'request')} exceeded MAX_REQUESTS_PER_SESSION.",
            since=lines[0].at if lines else evidence.metrics.began("stream_rate_limit_hits_total"),
            touches=f"{counted(len(sessions(lines)), 'session')}" if lines else "these clients",
            facts=(f"metrics: stream_rate_limit_hits_total +{hits:.0f}" if hits else "log: rate_limit_exceeded",),
        )


def session_timeouts(evidence: Evidence) -> Iterator[Finding]:
    """Many sessions reach their end together."""
    ends = evidence.metrics.increase(_CLOSES, reason="session_timeout") or len(evidence.recent("session_timeout"))
    if ends > _SURGE:
        yield Finding(
            what=f"{counted(ends, 'session')} reached MAX_SESSION_DURATION.",
            severity=Severity.NOTE,
            since=evidence.metrics.began(_CLOSES, reason="session_timeout"),
            touches="these clients reconnect; their streams ended with the session",
            facts=(f"{number(ends)} closes with session_timeout",),
        )


def refused_handshakes(evidence: Evidence) -> Iterator[Finding]:
    """Handshakes are refused because of the request or its address."""
    metrics = evidence.metrics
    attempts = sum(metrics.increases(_ATTEMPTS, "outcome").values())
    for outcome, (reason, remedy) in _HANDSHAKES.items():
        lines = evidence.recent("connection_refused", outcome=outcome)
        refused = max(metrics.increase(_ATTEMPTS, outcome=outcome), len(lines))
        if refused > _MANY or (refused >= _SLOW_READERS and refused > attempts / 2 and attempts):
            yield Finding(
                what=f"{counted(refused, 'handshake was', 'handshakes were')} refused {reason}.",
                since=lines[0].at if lines else metrics.began(_ATTEMPTS, outcome=outcome),
                touches="these clients: they cannot connect; others can",
                facts=kept(
                    f"metrics: {outcome} {number(refused)} of {counted(attempts, 'handshake')}" if attempts else "",
                    f"log: {counted(len(lines), 'connection_refused line')}" if lines else "",
                ),
                remedy=remedy,
            )


def refused_tokens(evidence: Evidence) -> Iterator[Finding]:
    """Tokens are refused for one reason."""
    metrics, logged = evidence.metrics, evidence.recent("token_refused")
    for reason, (why, remedy) in _TOKENS.items():
        lines = [line for line in logged if line.text("reason") == reason]
        refused = max(metrics.increase(_REFUSALS, reason=reason), len(lines))
        if refused > _MANY:
            carriers = Counter(line.text("carrier") for line in lines)
            yield Finding(
                what=f"{counted(refused, 'token was', 'tokens were')} refused: {why}.",
                since=lines[0].at if lines else metrics.began(_REFUSALS, reason=reason),
                touches="these clients: they are not connected; others are not affected",
                facts=kept(
                    f"metrics: {_REFUSALS} {reason} +{number(refused)}" if metrics.series(_REFUSALS) else "",
                    f"log: {counted(len(lines), 'token_refused line')}, by {listed(carriers)}" if lines else "",
                ),
                remedy=remedy,
            )


def failed_handshakes(evidence: Evidence) -> Iterator[Finding]:
    """Handshakes end with an error of the service."""
    failed = evidence.metrics.increase(_ATTEMPTS, outcome="error")
    if failed:
        yield Finding(
            what=f"{counted(failed, 'handshake')} failed with an error of the service.",
            severity=Severity.CRITICAL,
            since=evidence.metrics.began(_ATTEMPTS, outcome="error"),
            touches="these clients cannot connect",
            facts=(f"metrics: {_ATTEMPTS} error +{number(failed)}",),
        )


def slow_readers(evidence: Evidence) -> Iterator[Finding]:
    """Clients do not read what they receive."""
    metrics = evidence.metrics
    lines = evidence.recent("connection_closed", reason="slow_client")
    cut = max(metrics.increase(_CLOSES, reason="slow_client"), len(lines))
    if cut < _SLOW_READERS:
        return
    waited = metrics.quantile(0.95, "stream_chunk_send_seconds")
    named = sessions(lines)
    yield Finding(
        what=f"{counted(cut, 'connection was', 'connections were')} closed because the client did not read.",
        since=lines[0].at if lines else metrics.began(_CLOSES, reason="slow_client"),
        touches=f"these clients: {counted(len(named), 'session')}"
        if named
        else "these clients; others are not affected",
        facts=kept(
            f"metrics: {_CLOSES} slow_client +{number(cut)}" if metrics.series(_CLOSES) else "",
            f"metrics: chunks waited for a full socket, p95 {seconds(waited.seconds)}" if waited else "",
            f"log: {counted(len(lines), 'close', 'closes')} with slow_client" if lines else "",
        ),
        remedy="Many clients at once: look at the network or the proxy before CHUNK_TIMEOUT.",
    )


def sockets_dropped(evidence: Evidence) -> Iterator[Finding]:
    """Sockets are opened and send no request."""
    dropped = evidence.metrics.increases("stream_sockets_dropped_total", "reason")
    dropped = dropped or dict(Counter(line.text("reason") for line in evidence.recent("socket_dropped")))
    if sum(dropped.values()) > _SURGE:
        yield Finding(
            what=f"Clients open sockets without a valid request: {listed(dropped)}.",
            since=evidence.metrics.began("stream_sockets_dropped_total"),
            touches="no other client, unless sockets are evicted",
            facts=(f"sockets closed: {listed(dropped)}",),
            remedy="Block the addresses at the proxy.",
        )


def failing_recoveries(evidence: Evidence) -> Iterator[Finding]:
    """Clients that return cannot continue their streams."""
    results = evidence.metrics.increases("stream_recoveries_total", "result")
    refused = {result: count for result, count in results.items() if result not in ("recovered", "repeated")}
    lines = evidence.recent("recovery_refused")
    refused = refused or dict(Counter(line.text("reason") for line in lines))
    count, all_ = sum(refused.values()), sum(results.values()) or len(lines)
    if count > _MANY // 4 and count > all_ / 2:
        yield Finding(
            what=f"Most streams cannot be recovered: {listed(refused)} of {counted(all_, 'recovery', 'recoveries')}.",
            since=lines[0].at if lines else evidence.metrics.began("stream_recoveries_total", result=tuple(refused)),
            touches=f"{counted(count, 'client')} that lost a connection: they send the whole request again",
            facts=(f"{'metrics' if results else 'log'}: refused recoveries: {listed(refused)}",),
        )


def _few(named: Counter[str]) -> list[str]:
    """The fewest sessions that have most of the lines; none if they are more than a client has in turn."""
    for count in range(1, _IN_TURN + 1):
        top = named.most_common(count)
        if sum(lines for _, lines in top) >= _ONE * named.total():
            return sorted(session for session, _ in top)
    return []


def _kind(line: LogLine) -> str:
    return line.text("code") or line.text("reason")
