"""The fault matrix."""

from typing import Final

from tests.e2e.faults import injections as faults
from tests.e2e.faults.figures import COMPLETED, FIRST_CHUNK, FIRST_CHUNKS, LOST
from tests.e2e.faults.live_rows import LIVE_ROWS
from tests.e2e.faults.row import Figure, Row, Shown
from tests.e2e.faults.stage import Setup, Stage


def _refused(stage: Stage, _: float) -> float:
    return stage.load.tally.refused["OVER_CAPACITY"] + stage.load.tally.refused["503"]


def alerts(*names: str) -> frozenset[str]:
    return frozenset(names)


_STALLS: Final = Shown("runtime: Stalls of the event loop", above=0.02)
"""Seconds in a second."""

_SMALL_QUEUE: Final = {
    "OTEL_BSP_MAX_QUEUE_SIZE": 64,
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": 16,
    "OTEL_EXPORTER_OTLP_TIMEOUT": 2,
}
"""Spans are given up within a minute of the rules, which is not sixty seconds."""

_SINGLE: Final = (
    Row("nothing", faults.nothing, figure=COMPLETED, watch_minutes=15, quick=True),
    Row(
        "nothing, low traffic",
        faults.nothing,
        figure=COMPLETED,
        setup=Setup(editors=0, readers=0, rare_editors=1),
        watch_minutes=60,
    ),
    Row("a deploy", faults.deploys, setup=Setup(instances=2, settings={"DRAIN_SECONDS": 1}), minute=6),
    Row("a bad client", faults.bad_client, figure=COMPLETED, causes=("one_client",)),
    Row(
        "Redis hung",
        faults.redis_hung,
        alerts("SessionStoreDown"),
        (Shown("runtime: Dependencies over time", {"dependency": "session_store"}),),
        COMPLETED,
        setup=Setup(redis=True),
        causes=("session_store_down",),
    ),
    Row(
        "Redis dead",
        faults.redis_dead,
        alerts("SessionStoreDown", "DependencyDown"),
        (Shown("runtime: Dependencies over time", {"dependency": "session_store"}),),
        COMPLETED,
        setup=Setup(redis=True),
        quick=True,
        causes=("session_store_down",),
    ),
    Row(
        "PostgreSQL dead",
        faults.postgres_dead,
        alerts("DependencyDown"),
        (Shown("runtime: Dependencies over time", {"dependency": "database"}),),
        COMPLETED,
        setup=Setup(postgres=True),
        causes=("database_down",),
    ),
    Row(
        "one of two instances dead",
        faults.instance_dead,
        alerts("TargetDown"),
        (Shown("runtime: Instances over time"),),
        setup=Setup(instances=2),
        causes=("target_down",),
    ),
    Row(
        "one of two instances hung",
        faults.instance_hung,
        alerts("TargetDown"),
        (Shown("runtime: Instances over time"),),
        setup=Setup(instances=2),
        causes=("target_down",),
    ),
    Row(
        "a process that dies again and again",
        faults.restarts,
        alerts("Restarting"),
        (Shown("runtime: Starts"),),
        causes=("restarting",),
    ),
    Row(
        "the disk full",
        faults.disk_full,
        alerts("SessionStoreDown", "DependencyDown"),
        (Shown("runtime: Dependencies over time"),),
        COMPLETED,
        causes=("session_store_down",),
    ),
    Row(
        "the store in memory",
        faults.changed(faults.unusable_folder),
        alerts("SessionStoreDown", "DependencyDown"),
        (Shown("runtime: Dependencies over time", {"dependency": "session_store"}),),
        setup=Setup(instances=2),
        causes=("in_memory",),
    ),
    Row(
        "all seats taken",
        faults.seats_taken,
        alerts("ConnectionFailures"),
        (Shown("connections: Failed handshakes"),),
        Figure("refused", 'sum(stream_connection_attempts_total{outcome="refused_capacity"})', _refused),
        setup=Setup(settings={"MAX_CONNECTIONS": 12}, editors=6),
        causes=("seats_full",),
    ),
    Row(
        "all seats taken for one minute in ten",
        faults.seats_taken_at_times,
        alerts("ConnectionFailures"),
        (Shown("connections: Failed handshakes"),),
        Figure("refused", 'sum(stream_connection_attempts_total{outcome="refused_capacity"})', _refused),
        setup=Setup(settings={"MAX_CONNECTIONS": 12}, editors=6),
        watch_minutes=30,
        causes=("seats_full",),
    ),
    Row(
        "all instances dead",
        faults.instances_dead,
        alerts("ServiceDown"),
        (Shown("runtime: Instances over time"),),
        causes=("service_down",),
    ),
    Row(
        "the collector slow",
        faults.collector_slow,
        alerts("TelemetryDropping"),
        (Shown("runtime: Telemetry dropped"),),
        COMPLETED,
        setup=Setup(collector=True, settings=_SMALL_QUEUE),
        causes=("telemetry_dropped",),
    ),
    Row(
        "a worker hung",
        faults.worker_hung,
        alerts("WorkerHung"),
        (Shown("runtime: Workers over time"),),
        causes=("worker_hung",),
        setup=Setup(settings={"MAX_WORKERS": 2, "WORKER_HUNG_SECONDS": 3}),
        minute=6,
    ),
    Row(
        "a worker killed",
        faults.workers_killed(1, 1),
        alerts("WorkerDeaths"),
        (Shown("runtime: Deaths of workers"),),
        LOST,
        causes=("worker_deaths",),
        setup=Setup(settings={"MAX_WORKERS": 2}),
        minute=6,
        watch_minutes=2,
    ),
    Row(
        "ten workers killed",
        faults.workers_killed(10, 0.5),
        alerts("WorkerDeaths", "Restarting"),
        (Shown("runtime: Deaths of workers"),),
        LOST,
        causes=("worker_deaths",),
        setup=Setup(settings={"MAX_WORKERS": 2}),
        minute=12,
        watch_minutes=1,
    ),
    Row(
        "refused handshakes",
        faults.refused_handshakes,
        alerts("HandshakeRefusalSurge"),
        (Shown("connections: Handshakes by outcome", {"outcome": "refused_origin"}, above=0),),
        Figure(
            "refused",
            'sum(stream_connection_attempts_total{outcome="refused_origin"})',
            lambda stage, _: stage.load.tally.refused["403"],
        ),
        causes=("refused_handshakes",),
        setup=Setup(settings={"ALLOWED_ORIGINS": "https://editor.example"}),
    ),
    Row(
        "refused tokens",
        faults.expired_tokens,
        alerts("TokenRefusalSurge"),
        (Shown("connections: Refused tokens"),),
        Figure(
            "refused",
            'sum(stream_token_refusals_total{reason="expired"})',
            lambda stage, _: stage.load.tally.refused["401"],
        ),
        setup=Setup(users=True),
        causes=("refused_tokens",),
    ),
    Row(
        "keys that cannot be fetched",
        faults.keys_lost,
        alerts("TokenKeysStale"),
        (Shown("connections: Keys of the issuer"),),
        COMPLETED,
        setup=Setup(users=True),
        causes=("token_keys_down",),
    ),
    Row(
        "slow readers",
        faults.slow_readers,
        alerts("SlowClientSurge"),
        (Shown("streams: Backpressure", above=0),),
        Figure(
            "cut",
            'sum(stream_connection_closes_total{reason="slow_client"})',
            lambda stage, _: stage.load.tally.closed[1006],
        ),
        setup=Setup(settings={"CHUNK_TIMEOUT": 1, "SEND_BUFFER_SIZE": 4096}),
        minute=6,
        also=alerts("HighTraffic"),  # who is cut comes again with its request
        causes=("slow_readers",),
    ),
    Row("a wrong job name", faults.job_renamed, alerts("NoTarget"), causes=("wrong_job",)),
    Row(
        "Redis slow",
        faults.redis_slow,
        # The plan cache is down: it is in the same Redis, and its calls have 250 ms.
        alerts("DependencyDown", "FirstChunkBurnFast", "SlowDependency"),
        (Shown("streams: Time to first chunk"),),
        FIRST_CHUNK,
        setup=Setup(redis=True),
        causes=("session_store_slow",),
    ),
    Row(
        "frozen for 0.5 s every 10 s",
        faults.freezes(0.5, 10),
        alerts("EventLoopLag"),
        (_STALLS,),
        setup=Setup(readers=6),
        minute=12,
        watch_minutes=4,
        causes=("loop_stalls",),
    ),
    Row(
        "frozen for 2 s every minute",
        faults.freezes(2, 60),
        alerts("EventLoopLag"),
        (_STALLS,),
        setup=Setup(readers=6),
        minute=24,
        watch_minutes=4,
        causes=("loop_stalls",),
    ),
    Row(
        "loop blocked for 0.5 s every 10 s",
        faults.blocked_loop(10),
        alerts("EventLoopLag"),
        (_STALLS,),
        setup=Setup(readers=6, module="tests.integration.observability.breaking"),
        minute=6,
        causes=("loop_stalls",),
    ),
    Row(
        "a damaged table",
        faults.changed(faults.damaged_table),
        alerts("DependencyDown"),
        (Shown("runtime: Dependencies over time", {"dependency": "stream_writes"}),),
        setup=Setup(instances=2),
        causes=("stream_writes_down",),
    ),
    Row(
        "heavy documents",
        faults.heavy_documents,
        alerts("FirstChunkBurnFast", "LongContentQueue", "SlowProcessing"),
        (Shown("streams: Wait for content workers, p95"),),
        FIRST_CHUNKS,
        causes=("heavy_documents",),
        also=alerts("ContentRefused"),  # where other programs take half of the processors
        minute=12,
        watch_minutes=2,
    ),
    Row(
        "little memory",
        faults.changed(faults.little_memory),
        alerts("HighMemory"),
        (Shown("runtime: Memory, share of the limit"),),
        Figure("memory in use", "sum(stream_memory_usage_bytes)", lambda stage, _: stage.memory_bytes(), 0.1),
        setup=Setup(instances=2, settings={"MEMORY_LIMIT": 2**34}),
        causes=("memory_high",),
    ),
    Row(
        "no descriptor left",
        faults.descriptors_used_up,
        alerts("AcceptPaused"),
        (Shown("connections: No socket could be accepted"),),
        causes=("accept_paused",),
    ),
    *LIVE_ROWS,
    Row(
        "the collector dead",
        faults.collector_dead,
        alerts("TelemetryDropping"),
        (Shown("runtime: Telemetry dropped"),),
        COMPLETED,
        setup=Setup(collector=True, settings=_SMALL_QUEUE),
        causes=("telemetry_dropped",),
    ),
)


def _pair(first: str, second: str, setup: Setup) -> Row:
    """Two faults at once: each has its alerts, its panel and its cause, as if it were alone."""
    one, other = (next(row for row in _SINGLE if row.name == name) for name in (first, second))
    return Row(
        f"{first}, and {second}",
        faults.together(one.fault, other.fault),
        one.alerts | other.alerts,
        (*one.shown, *other.shown),
        setup=setup,
        minute=max(one.minute, other.minute),
        causes=(*one.causes, *other.causes),
    )


ROWS: Final = (
    *_SINGLE,
    _pair("Redis dead", "PostgreSQL dead", Setup(redis=True, postgres=True)),
    _pair("Redis dead", "one of two instances dead", Setup(redis=True, instances=2)),
    _pair(
        "the collector dead",
        "refused handshakes",
        Setup(collector=True, settings={**_SMALL_QUEUE, "ALLOWED_ORIGINS": "https://editor.example"}),
    ),
)
