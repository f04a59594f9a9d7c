"""Connections and limits: who comes and goes, who is turned away, and how near the limits are."""

from typing import Final

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import limits, measures
from dashboards.board import Row, Uid, board
from dashboards.objectives import FAILED_HANDSHAKES
from dashboards.panels import Column, Frame, heat, lines, rows
from dashboards.queries import (
    Query,
    buckets,
    per_5_minutes,
    per_minute,
    quantiles,
    rate,
    select,
    total,
)
from observability.registry.metrics import (
    CONFIG_LIMIT,
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    CONNECTION_DURATION,
    CONNECTIONS_ACTIVE,
    ERRORS,
    MESSAGES_RECEIVED,
    MESSAGES_SENT,
    RATE_LIMIT_HITS,
    RECEIVED_BYTES,
    SENT_BYTES,
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
        "Who comes and goes, who is turned away, and how near the limits are.",
        _comings(),
        _goings(),
        _limits(),
        _messages(),
    )


def _comings() -> Row:
    return Row(
        "Who comes",
        (
            lines(
                Frame(
                    "Open connections",
                    "By instance, with the seats that each has: MAX_CONNECTIONS for each worker.",
                    units.Short,
                ),
                Query(total(CONNECTIONS_ACTIVE, "instance"), "{{instance}}"),
                Query(f"sum by (instance) ({measures.SEATS})", "seats of {{instance}}"),
            ),
            lines(
                Frame(
                    "Handshakes by outcome",
                    "A minute. Only error and refused_capacity are failures of ours; refused_draining is a deploy.",
                    units.CountsPerMinute,
                ),
                Query(per_minute(CONNECTION_ATTEMPTS, "outcome"), "{{outcome}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Failed handshakes",
                    "Those that failed, and those that found no free seat: the pace of the moment as so many in 5 "
                    "minutes, so that one alone may reach the line. The alert counts 5 whole minutes.",
                    units.Short,
                ),
                Query(per_5_minutes(CONNECTION_ATTEMPTS, "outcome", where=FAILED_HANDSHAKES), "{{outcome}}"),
                limit=limits.CONNECTION_FAILURES,
                stacked=True,
            ),
        ),
    )


def _goings() -> Row:
    return Row(
        "Who goes",
        (
            lines(
                Frame(
                    "Closed connections by reason",
                    "A minute. client is the good end; abnormal is a client that vanished, slow_client one that read "
                    "nothing for CHUNK_TIMEOUT.",
                    units.CountsPerMinute,
                ),
                Query(per_minute(CONNECTION_CLOSES, "reason"), "{{reason}}"),
                stacked=True,
            ),
            lines(
                Frame("How long connections lasted", "Of those that ended.", units.Seconds),
                *quantiles(CONNECTION_DURATION),
            ),
            heat(
                Frame(
                    "How long connections lasted, all", "Each connection in its bucket, when it ended.", units.Seconds
                ),
                Query(buckets(CONNECTION_DURATION)),
            ),
        ),
    )


def _limits() -> Row:
    return Row(
        "Limits",
        (
            lines(
                Frame(
                    "Requests over a limit",
                    "By whose limit it is: the pace of the moment as so many in 5 minutes; the alert counts 5 whole "
                    "minutes. A client runs wild, or the limit is too low.",
                    units.Short,
                    6,
                ),
                Query(per_5_minutes(RATE_LIMIT_HITS, "scope"), "{{scope}}"),
                limit=limits.RATE_LIMIT_HITS,
            ),
            lines(
                Frame(
                    "Sessions that reached their end",
                    "Connections closed because their session lasted as long as it may: the pace of the moment as "
                    "so many in 5 minutes; the alert counts 5 whole minutes.",
                    units.Short,
                    6,
                ),
                Query(per_5_minutes(CONNECTION_CLOSES, reason="session_timeout"), "session_timeout"),
                limit=limits.SESSION_TIMEOUTS,
            ),
            lines(
                Frame("Limits that clients met", "Errors a minute, by code.", units.EventsPerMinute, 6),
                Query(f"{per_minute(ERRORS, 'code', code=_LIMIT_CODES)} > 0", "{{code}}"),
                nothing="nobody met one",
            ),
            rows(
                Frame(
                    "Limits in force",
                    "By setting and in its unit; the largest, where instances differ.",
                    units.Short,
                    6,
                ),
                Query(f"max by (limit) ({select(CONFIG_LIMIT)})"),
                Column("limit", "Limit"),
                Column("Value", "Value"),
            ),
        ),
    )


def _messages() -> Row:
    return Row(
        "Messages",
        (
            lines(
                Frame(
                    "Messages from clients", "By type; other is what is not of the protocol.", units.MessagesPerSecond
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
                Frame("Payload", "Of messages, without the frames around them.", units.BytesPerSecondIEC),
                Query(rate(RECEIVED_BYTES), "received"),
                Query(rate(SENT_BYTES), "sent"),
            ),
        ),
    )
