"""Streams: requests, the time of their preparation, and the pace of chunks."""

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.alerted import compared
from dashboards.board import Row, Uid, board
from dashboards.client_reports import client_reports
from dashboards.content_queue import content_queue
from dashboards.limits import beyond
from dashboards.objectives import FIRST_CHUNK_SECONDS
from dashboards.panels import Frame, alert_lines, heat, lines
from dashboards.queries import (
    Query,
    buckets,
    observations,
    per_minute,
    quantile,
    quantiles,
    rate,
    ratio,
    total,
    within,
)
from dashboards.shared import first_chunk
from observability.registry.metrics import (
    ACTIVE_STREAMS,
    BACKPRESSURE,
    CHUNK_LAG,
    CHUNK_SEND,
    CHUNKS,
    CONTENT_BYTES,
    ERRORS,
    PAUSED_SECONDS,
    PROCESSING_DURATION,
    REMOVED,
    REQUEST_PHASE,
    REQUESTS,
    STAGE_DURATION,
    STREAM_DURATION,
    TIME_TO_FIRST_CHUNK,
)


def streams() -> Dashboard:
    return board(
        Uid.STREAMS,
        "Streams",
        "Requests, the time of their preparation, and the pace of chunks.",
        _requests(),
        _first_chunk(),
        _processing(),
        content_queue(),
        _content(),
        _pace(),
        _lives(),
        client_reports(),
    )


def _requests() -> Row:
    return Row(
        "Requests",
        (
            lines(
                Frame(
                    "Requests by outcome",
                    "Stream requests a minute that ended. Only error is a failure of the service; rejected is "
                    "a mistake of the client, slow_client one that did not read.",
                    units.CountsPerMinute,
                    logs=(
                        "stream_completed",
                        "stream_ended",
                        "error_sent",
                    ),
                ),
                Query(per_minute(REQUESTS, "outcome"), "{{outcome}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "Errors by code",
                    "Errors a minute that were sent to clients, whatever their cause.",
                    units.CountsPerMinute,
                    logs=("error_sent",),
                ),
                Query(f"{per_minute(ERRORS, 'code')} > 0", "{{code}}"),
                nothing="no errors",
            ),
            lines(
                Frame("Active streams", "By state. A paused stream holds its content in memory.", units.Short),
                Query(total(ACTIVE_STREAMS, "state"), "{{state}}"),
                stacked=True,
            ),
        ),
    )


def _first_chunk() -> Row:
    return Row(
        "Response time",
        (
            first_chunk(),
            lines(
                Frame(
                    "Parts of the response time, p95",
                    "Which part is slow: admission and store are the session store, content_wait is the queue for "
                    "content workers. The queue behind earlier requests does not count to the response time.",
                    units.Seconds,
                    6,
                ),
                Query(quantile(0.95, REQUEST_PHASE, "phase"), "{{phase}}"),
                limit=beyond("SlowResponse"),
            ),
            heat(
                Frame(
                    "Time to first chunk, all streams",
                    "Each stream in its bucket. Two bands mean two kinds of streams, which a quantile would "
                    "hide. A diamond opens a trace.",
                    units.Seconds,
                    5,
                ),
                Query(buckets(TIME_TO_FIRST_CHUNK), exemplars=True),
            ),
            lines(
                Frame(
                    "In time, by content type",
                    "Share of the streams whose first chunk was sent within "
                    f"{FIRST_CHUNK_SECONDS:g} s, as the objective counts it.",
                    units.PercentUnit,
                    5,
                ),
                Query(
                    ratio(
                        within(TIME_TO_FIRST_CHUNK, FIRST_CHUNK_SECONDS, "content_type"),
                        observations(TIME_TO_FIRST_CHUNK, "content_type"),
                    ),
                    "{{content_type}}",
                ),
                most=1,
            ),
        ),
    )


def _processing() -> Row:
    return Row(
        "Content work",
        (
            lines(
                Frame(
                    "Processing",
                    "Preparation of content, including the wait for a thread. A diamond is a stream, and "
                    "opens its trace.",
                    units.Seconds,
                    8,
                    logs=("content_analysed",),
                ),
                Query(quantile(0.5, PROCESSING_DURATION), "p50"),
                Query(compared("SlowProcessing"), "p95"),
                Query(quantile(0.99, PROCESSING_DURATION), "p99", exemplars=True),
                limit=beyond("SlowProcessing"),
            ),
            heat(
                Frame(
                    "Processing, all streams", "Each stream in its bucket. A diamond opens a trace.", units.Seconds, 8
                ),
                Query(buckets(PROCESSING_DURATION), exemplars=True),
            ),
            lines(
                Frame(
                    "Stages, p95",
                    "The time of each stage. If all stages are fast and processing is slow, requests wait for "
                    "a thread.",
                    units.Seconds,
                    8,
                    logs=("content_analysed",),
                ),
                Query(quantile(0.95, STAGE_DURATION, "stage"), "{{stage}}"),
                limit=beyond("SlowProcessing"),
            ),
        ),
    )


def _content() -> Row:
    return Row(
        "Contents",
        (
            lines(
                Frame("Size of contents, p95", "By content type, as clients sent them.", units.BytesIEC, 8),
                Query(quantile(0.95, CONTENT_BYTES, "content_type"), "{{content_type}}"),
            ),
            alert_lines(
                Frame(
                    "Chunks of a stream, p95",
                    "By content type. Large contents last long and hold memory.",
                    units.Short,
                    8,
                    logs=("stream_completed",),
                ),
                "LargeContent",
                "all",
                Query(quantile(0.95, CHUNKS, "content_type"), "{{content_type}}"),
            ),
            lines(
                Frame(
                    "Removed by sanitising",
                    "A minute, by kind. Pasted text contains comments and classes; many scripts and event "
                    "handlers indicate an attack.",
                    units.CountsPerMinute,
                    8,
                ),
                Query(per_minute(REMOVED, "kind"), "{{kind}}"),
                stacked=True,
            ),
        ),
    )


def _pace() -> Row:
    return Row(
        "Pace",
        (
            alert_lines(
                Frame(
                    "Late chunks, share by instance",
                    "Sent more than 100 ms after they were due, which is visible to readers. The time for which a "
                    "client held its chunks back, by a pause or a full socket, does not count.",
                    units.PercentUnit,
                    6,
                ),
                "LateChunks",
                "{{instance}}",
            ),
            heat(
                Frame(
                    "Lag of chunks",
                    "Each chunk in its bucket: how long after it was due it was sent. Up to 5 ms are the grid of the "
                    "ticker.",
                    units.Seconds,
                    6,
                ),
                Query(buckets(CHUNK_LAG)),
            ),
            lines(
                Frame(
                    "Backpressure",
                    "Times a minute that the socket of a client accepted no more data. The cause is a slow "
                    "client. Its chunks wait; other connections are not affected.",
                    units.CountsPerMinute,
                    6,
                    logs=(
                        "backpressure_applied",
                        "backpressure_released",
                    ),
                ),
                Query(per_minute(BACKPRESSURE, "instance"), "{{instance}}"),
            ),
            lines(
                Frame(
                    "Duration of backpressure",
                    "How long chunks waited; chunks that did not wait are not counted.",
                    units.Seconds,
                    6,
                ),
                *quantiles(CHUNK_SEND),
            ),
        ),
    )


def _lives() -> Row:
    return Row(
        "Whole streams",
        (
            heat(
                Frame(
                    "Duration, all streams",
                    "From stream_start to the end: mostly the speed that was requested. A diamond opens a trace.",
                    units.Seconds,
                    12,
                ),
                Query(buckets(STREAM_DURATION), exemplars=True),
            ),
            lines(
                Frame(
                    "Streams paused, on average",
                    "Seconds of pause a second. A pause is counted when its stream ends.",
                    units.Short,
                    12,
                ),
                Query(rate(PAUSED_SECONDS), "paused"),
            ),
        ),
    )
