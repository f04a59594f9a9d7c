"""Connections and limits: handshakes, closed connections, rejected requests, and the limits in force."""

from typing import Final

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.access_row import access
from dashboards.alerted import compared
from dashboards.board import Row, Uid, board
from dashboards.limits import beyond
from dashboards.panels import Column, Frame, alert_lines, heat, lines, rows
from dashboards.queries import (
    Query,
    buckets,
    per_minute,
    quantiles,
    rate,
    select,
    total,
)
from dashboards.shared import CAPACITY
from observability.registry.metrics import (
    CONFIG_LIMITS,
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    CONNECTION_DURATION,
    CONNECTIONS_ACTIVE,
    ERRORS,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    PENDING_SOCKETS,
    RECEIVED_BYTES,
    SENT_BYTES,
    SOCKET_LIMIT,
    SOCKETS_DROPPED,
)
from service.protocol.errors import ErrorCode

_LIMIT_CODES: Final = (
    ErrorCode.RATE_LIMIT_EXCEEDED,
    ErrorCode.QUEUE_FULL,
    ErrorCode.OVER_CAPACITY,
    ErrorCode.CONTENT_TOO_LARGE,
    ErrorCode.SESSION_TIMEOUT,
    ErrorCode.IDLE_TIMEOUT,
    ErrorCode.STREAM_ERROR,
)


def connections() -> Dashboard:
    return board(
        Uid.CONNECTIONS,
        "Connections and limits",
        "Handshakes, tokens and quotas, closed connections, rejected requests, and the limits in force.",
        _handshakes(),
        access(),
        _sockets(),
        _closes(),
        _limits(),
        _messages(),
    )


def _handshakes() -> Row:
    return Row(
        "Handshakes",
        (
            lines(
                Frame(
                    "Open connections",
                    "By instance, with the capacity of each: MAX_CONNECTIONS for each worker.",
                    units.Short,
                ),
                Query(total(CONNECTIONS_ACTIVE, "instance"), "{{instance}}"),
                Query(f"sum by (instance) ({CAPACITY})", "capacity of {{instance}}"),
            ),
            lines(
                Frame(
                    "Handshakes by outcome",
                    "A minute. Only error and refused_capacity are failures of the service; refused_draining "
                    "is a deploy.",
                    units.CountsPerMinute,
                    logs=(
                        "connection_opened",
                        "connection_refused",
                    ),
                ),
                Query(per_minute(CONNECTION_ATTEMPTS, "outcome"), "{{outcome}}"),
                stacked=True,
            ),
            alert_lines(
                Frame(
                    "Failed handshakes",
                    "Handshakes that failed, and handshakes that exceeded the capacity: the current rate as a "
                    "number in 5 minutes, so that a single one can reach the line. The alert counts 5 whole "
                    "minutes.",
                    units.Short,
                    logs=(
                        "connection_refused",
                        "connection_limit_reached",
                    ),
                ),
                "ConnectionFailures",
                "failed",
            ),
            alert_lines(
                Frame(
                    "Refused handshakes",
                    "Handshakes that were refused for their origin, session id or address, in 5 minutes.",
                    units.Short,
                    12,
                    logs=("connection_refused",),
                ),
                "HandshakeRefusalSurge",
                "{{outcome}}",
            ),
            alert_lines(
                Frame(
                    "Sockets closed for others",
                    "Sockets without a session that were closed in 5 minutes because MAX_PENDING_SOCKETS were open.",
                    units.Short,
                    12,
                    logs=("socket_dropped",),
                ),
                "SocketsEvicted",
                "evicted",
            ),
        ),
    )


def _sockets() -> Row:
    return Row(
        "Sockets",
        (
            lines(
                Frame(
                    "Sockets without a session",
                    "By instance, and the sockets that a worker may have, by its descriptors. Many: clients that open "
                    "sockets and send no request.",
                    units.Short,
                ),
                Query(total(PENDING_SOCKETS, "instance"), "{{instance}}"),
                Query(f"min by (instance) ({select(SOCKET_LIMIT)})", "limit of a worker of {{instance}}"),
            ),
            lines(
                Frame(
                    "Sockets closed without a session",
                    "A minute. timeout, too_large and invalid by their request; stalled: did not read the response; "
                    "evicted: another one needed the place.",
                    units.CountsPerMinute,
                    logs=("socket_dropped",),
                ),
                Query(per_minute(SOCKETS_DROPPED, "reason"), "{{reason}}"),
                stacked=True,
            ),
            alert_lines(
                Frame(
                    "No socket could be accepted",
                    "Times in 5 minutes, for lack of descriptors: new clients and health checks waited.",
                    units.Short,
                    logs=(
                        "accept_paused",
                        "accept_resumed",
                    ),
                ),
                "AcceptPaused",
                "{{instance}}",
            ),
        ),
    )


def _closes() -> Row:
    return Row(
        "Closed connections",
        (
            lines(
                Frame(
                    "Closed connections by reason",
                    "A minute. client is a regular close by the client, abnormal and keepalive_timeout a client that "
                    "disappeared, slow_client one that read nothing for CHUNK_TIMEOUT, input_ one that sent too much, "
                    "protocol_error one whose frames are invalid.",
                    units.CountsPerMinute,
                    logs=("connection_closed",),
                ),
                Query(per_minute(CONNECTION_CLOSES, "reason"), "{{reason}}"),
                stacked=True,
            ),
            lines(
                Frame("Duration of connections", "Of connections that closed.", units.Seconds),
                *quantiles(CONNECTION_DURATION),
            ),
            heat(
                Frame("Duration of connections, all", "Each connection in its bucket, when it closed.", units.Seconds),
                Query(buckets(CONNECTION_DURATION)),
            ),
        ),
    )


def _limits() -> Row:
    return Row(
        "Limits",
        (
            alert_lines(
                Frame(
                    "Requests over a limit",
                    "By scope of the limit: the current rate as a number in 5 minutes; the alert counts 5 "
                    "whole minutes. Either a client sends too many requests, or the limit is too low.",
                    units.Short,
                    6,
                    logs=("rate_limit_exceeded",),
                ),
                "RateLimitSurge",
                "requests",
            ),
            lines(
                Frame(
                    "Connections closed at a limit",
                    "Because their session reached its maximum duration, for what they sent or did not read: the "
                    "current rate as a number in 5 minutes; the alerts count 5 whole minutes.",
                    units.Short,
                    6,
                    logs=("connection_closed",),
                ),
                Query(compared("SessionTimeoutSurge"), "session_timeout"),
                Query(compared("InputLimitSurge"), "{{reason}}"),
                Query(compared("SlowClientSurge"), "slow_client"),
                limit=beyond("SessionTimeoutSurge", "InputLimitSurge", "SlowClientSurge"),
            ),
            lines(
                Frame(
                    "Limit errors by code",
                    "Errors a minute that report a limit, by code.",
                    units.CountsPerMinute,
                    6,
                    logs=("error_sent",),
                ),
                Query(f"{per_minute(ERRORS, 'code', code=_LIMIT_CODES)} > 0", "{{code}}"),
                nothing="no limit errors",
            ),
            rows(
                Frame(
                    "Limits in force",
                    "By setting; the maximum, where instances differ.",
                    units.Short,
                    6,
                ),
                tuple(Query(f"max by (limit) ({select(metric)})") for metric in CONFIG_LIMITS),
                Column("limit", "Limit"),
                Column("Value #A", "Number"),
                Column("Value #B", "Time", units.Seconds),
                Column("Value #C", "Size", units.BytesIEC),
            ),
        ),
    )


def _messages() -> Row:
    return Row(
        "Messages",
        (
            lines(
                Frame(
                    "Messages from clients",
                    "By type; other is a message that is not part of the protocol.",
                    units.MessagesPerSecond,
                ),
                Query(rate(MESSAGES_RECEIVED, "type"), "{{type}}"),
                stacked=True,
            ),
            lines(
                Frame("Messages to clients", "By type. Nearly all are chunks.", units.MessagesPerSecond),
                Query(rate(MESSAGES_SENT, "type"), "{{type}}"),
                stacked=True,
            ),
            lines(
                Frame("Payload", "Of messages, without frame headers.", units.BytesPerSecondIEC),
                Query(rate(RECEIVED_BYTES), "received"),
                Query(rate(SENT_BYTES), "sent"),
            ),
        ),
    )
