"""Live streams: their producers, what their readers wait for, and their store."""

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.board import Row, Uid, board
from dashboards.explore import spans
from dashboards.live_producers import OFF, producers, store
from dashboards.panels import Frame, alert_lines, heat, lines
from dashboards.queries import (
    Query,
    buckets,
    of_instances,
    per_minute,
    quantile,
    quantiles,
    rate,
    ratio,
    total,
)
from observability.registry.metrics import (
    LIVE_APPENDS,
    LIVE_AWAITING_DEFINITION,
    LIVE_CHUNKS,
    LIVE_DEFINITION_WAIT,
    LIVE_FIRST_APPENDS,
    LIVE_FIRST_CHUNK,
    LIVE_GAP,
    LIVE_HELD_BACK,
    LIVE_LATE_READERS,
    LIVE_PUBLISH_SOCKETS,
    LIVE_READERS,
    LIVE_READS,
    LIVE_REPLACEMENTS,
    LIVE_SOURCE_BYTES,
    LIVE_SOURCE_TO_SOCKET,
    LIVE_STREAMS,
)

_STREAMS = f"sum(max by (job, state) ({of_instances(LIVE_STREAMS, 'state')}))"
"""Streams that have not ended, of instances that share their store."""


def live() -> Dashboard:
    return board(
        Uid.LIVE,
        "Live streams",
        "Streams that are still being written: their producers, what their readers wait for, and their store.",
        _now(),
        _delay(),
        _readers(),
        _markup(),
        producers(),
        store(),
    )


def _now() -> Row:
    return Row(
        "Traffic",
        (
            lines(
                Frame(
                    "Live streams by state",
                    "Streams that have not ended, of each instance; instances with one store show the same ones. "
                    "Stalled: the producer was not heard of for 5 s; interrupted: for 15 s, and another one may adopt "
                    "the stream. Sockets of producers count for MAX_CONNECTIONS; producers over HTTP have none.",
                    units.Short,
                    logs=("live_stream_created", "live_stream_ended"),
                ),
                Query(of_instances(LIVE_STREAMS, "state"), "{{instance}} {{state}}"),
                Query(total(LIVE_PUBLISH_SOCKETS), "sockets of producers"),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Appends",
                    "Appends a second that were stored: tokens, or some together.",
                    units.MessagesPerSecond,
                ),
                Query(rate(LIVE_APPENDS), "appends"),
                nothing=OFF,
            ),
            lines(
                Frame("Source", "Bytes a second that producers sent and the store has.", units.BytesPerSecondIEC),
                Query(rate(LIVE_SOURCE_BYTES), "source"),
                nothing=OFF,
            ),
        ),
    )


def _delay() -> Row:
    return Row(
        "Delay",
        (
            lines(
                Frame(
                    "Source to socket",
                    "From the arrival of the oldest source in a chunk until the chunk was sent, with the commit, the "
                    "hold-back and the pace. Up to 250 ms are meant: the pace smooths bursts.",
                    units.Seconds,
                    6,
                ),
                *quantiles(LIVE_SOURCE_TO_SOCKET),
                nothing=OFF,
            ),
            heat(
                Frame(
                    "Source to socket, all chunks",
                    "Each chunk in its bucket. Two bands are text that is sent at once and text that is held back.",
                    units.Seconds,
                    6,
                ),
                Query(buckets(LIVE_SOURCE_TO_SOCKET)),
            ),
            lines(
                Frame(
                    "Gap between chunks",
                    "Between two chunks to one reader. A p99 far above the p50 is text that comes in bursts: of the "
                    "producer, if Source to socket is normal.",
                    units.Seconds,
                    6,
                ),
                *quantiles(LIVE_GAP),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Time to first chunk of a live stream",
                    "From the beginning of a reader that was not late to its first chunk; mostly the wait for the "
                    "model. A diamond is a stream, and opens its trace.",
                    units.Seconds,
                    6,
                    traces=spans("read", "span.gen_ai.response.time_to_first_chunk > 5"),
                ),
                *quantiles(LIVE_FIRST_CHUNK),
                nothing=OFF,
            ),
        ),
    )


def _readers() -> Row:
    return Row(
        "Readers",
        (
            lines(
                Frame(
                    "Readers of live streams",
                    "By how they came: unasked, with a watch, or over HTTP (events).",
                    units.Short,
                    6,
                    logs=("live_reader_attached", "live_reader_detached"),
                ),
                Query(total(LIVE_READERS, "way"), "{{way}}"),
                stacked=True,
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Readers of a stream, on average",
                    "100 % is one reader for each stream that has not ended. Less: streams that are written for later.",
                    units.PercentUnit,
                    6,
                ),
                Query(ratio(total(LIVE_READERS), _STREAMS), "readers"),
                nothing="no live streams",
            ),
            lines(
                Frame(
                    "Ends of readers",
                    "Readers a minute that receive no more of a stream, by how it ended; and those that came late.",
                    units.CountsPerMinute,
                    6,
                    logs=("live_reader_detached",),
                ),
                Query(per_minute(LIVE_READS, "end"), "{{end}}"),
                Query(per_minute(LIVE_LATE_READERS), "came late"),
                nothing=OFF,
            ),
            lines(
                Frame("Chunks of live streams", "Chunks a second to all readers.", units.MessagesPerSecond, 6),
                Query(rate(LIVE_CHUNKS), "chunks"),
                nothing=OFF,
            ),
        ),
    )


def _markup() -> Row:
    return Row(
        "Undecided markup",
        (
            alert_lines(
                Frame(
                    "Hold-back, share that is too long",
                    "Undecided ends of Markdown and HTML of which readable text was held back for more than 300 ms. "
                    "The limit of the service is 250 ms.",
                    units.PercentUnit,
                    6,
                ),
                "LiveHoldBackHigh",
                "{{instance}}",
            ),
            lines(
                Frame(
                    "Hold-back",
                    "How long undecided ends were held back; ends that were not are not counted.",
                    units.Seconds,
                    6,
                ),
                *quantiles(LIVE_HELD_BACK),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Replacements, share of the chunks",
                    "Chunks that replaced what was sent before, because a guess was wrong. Normal is less than 1 %.",
                    units.PercentUnit,
                    6,
                ),
                Query(ratio(rate(LIVE_REPLACEMENTS), rate(LIVE_CHUNKS)), "replacements"),
                nothing="no chunks",
            ),
            lines(
                Frame(
                    "Readers that wait for a definition",
                    "Readers of settled blocks, of streams with a block that a later definition could change.",
                    units.Short,
                    6,
                ),
                Query(total(LIVE_AWAITING_DEFINITION), "waiting"),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Wait for a definition",
                    "How long such readers waited for it, or for the end.",
                    units.Seconds,
                    12,
                ),
                *quantiles(LIVE_DEFINITION_WAIT),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Appends until the first chunk",
                    "Appends, usually tokens, until a stream had something to show: 1, unless it begins with markup.",
                    units.Short,
                    12,
                ),
                Query(quantile(0.5, LIVE_FIRST_APPENDS), "p50"),
                Query(quantile(0.95, LIVE_FIRST_APPENDS), "p95"),
                nothing=OFF,
            ),
        ),
    )
