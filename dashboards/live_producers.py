"""The rows of the dashboard "Live streams" on producers and on the store."""

from grafana_foundation_sdk.models import units

from dashboards.alerted import compared
from dashboards.board import Row
from dashboards.explore import spans
from dashboards.limits import beyond
from dashboards.panels import Frame, alert_lines, heat, lines
from dashboards.queries import Query, buckets, per_minute, quantile, quantiles, rate, total
from observability.registry.metrics import (
    LIVE_COMMIT,
    LIVE_CREATED,
    LIVE_DURABLE_LAG,
    LIVE_DURATION,
    LIVE_ENDED,
    LIVE_PRODUCERS,
    LIVE_REFUSALS,
    LIVE_UNDURABLE,
)

OFF = "publishing is off"
"""The text of a panel without series."""


def producers() -> Row:
    return Row(
        "Producers",
        (
            alert_lines(
                Frame(
                    "Streams without a sign of their producer",
                    "Share of the streams that have not ended whose producer was not heard of for 5 s or more.",
                    units.PercentUnit,
                    6,
                    logs=("producer_stalled", "producer_continued", "producer_lost"),
                ),
                "LiveStreamsStalled",
                "share",
                most=1,
            ),
            alert_lines(
                Frame(
                    "Changes of producers",
                    "Lost ones in 5 minutes, as the alert counts them; and those that stalled, continued, or adopted "
                    "the stream of another.",
                    units.Short,
                    6,
                    logs=("producer_lost", "live_stream_adopted"),
                ),
                "LiveProducersLost",
                "lost",
                Query(
                    f"300 * {rate(LIVE_PRODUCERS, 'change', change=('stalled', 'continued', 'adopted'))}", "{{change}}"
                ),
            ),
            lines(
                Frame(
                    "Ends of live streams",
                    "A minute, by outcome; and created ones. Abandoned: lost, and not adopted.",
                    units.CountsPerMinute,
                    6,
                    logs=("live_stream_ended",),
                    traces=spans("publish", "status=error"),
                ),
                Query(per_minute(LIVE_CREATED), "created"),
                Query(per_minute(LIVE_ENDED, "outcome"), "{{outcome}}"),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Refused requests of producers",
                    "A minute, by reason. Only unavailable is a failure of the service; a fenced producer was replaced "
                    "by another one.",
                    units.CountsPerMinute,
                    6,
                    logs=("append_refused",),
                ),
                Query(f"{per_minute(LIVE_REFUSALS, 'reason')} > 0", "{{reason}}"),
                nothing="none was refused",
            ),
            heat(
                Frame(
                    "Duration of live streams",
                    "From the creation to the end. A diamond opens a trace.",
                    units.Seconds,
                    24,
                ),
                Query(buckets(LIVE_DURATION), exemplars=True),
            ),
        ),
    )


def store() -> Row:
    return Row(
        "Store",
        (
            lines(
                Frame(
                    "Until appends are stored, p99 by instance",
                    "From the arrival of the oldest append of a commit until it was stored. Nothing is shown before.",
                    units.Seconds,
                    logs=("dependency_unavailable", "append_refused"),
                ),
                Query(compared("LiveStoreLag"), "{{instance}}"),
                Query(quantile(0.5, LIVE_DURABLE_LAG), "p50 of all"),
                limit=beyond("LiveStoreLag"),
            ),
            lines(
                Frame("Commits", "Calls of the store, with the appends of all streams that waited.", units.Seconds),
                *quantiles(LIVE_COMMIT),
                nothing=OFF,
            ),
            lines(
                Frame(
                    "Not stored yet",
                    "Source that has arrived and is not stored, at the last commit. Over 256 KiB of one stream its "
                    "producer is refused.",
                    units.BytesIEC,
                ),
                Query(total(LIVE_UNDURABLE, "instance"), "{{instance}}"),
                nothing=OFF,
            ),
        ),
    )
