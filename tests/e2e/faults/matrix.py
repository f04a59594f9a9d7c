"""The fault matrix."""

from typing import Final

from tests.e2e.faults import injections as faults
from tests.e2e.faults.row import Figure, Row, Shown
from tests.e2e.faults.stage import Setup, Stage

COMPLETED: Final = Figure(
    "completed streams",
    'sum(stream_requests_total{outcome="completed"})',
    lambda stage, _: stage.load.tally.ended["stream_complete"],
)


LOST: Final = Figure(
    "lost connections",
    'sum(stream_lost_total{what="connections"})',
    lambda stage, _: stage.load.tally.closed[1006],
)


def _refused(stage: Stage, _: float) -> float:
    return stage.load.tally.refused["OVER_CAPACITY"] + stage.load.tally.refused["503"]


def alerts(*names: str) -> frozenset[str]:
    return frozenset(names)


ROWS: Final = (
    Row("nothing", faults.nothing, figure=COMPLETED, watch_minutes=15, quick=True),
    Row(
        "nothing, low traffic",
        faults.nothing,
        figure=COMPLETED,
        setup=Setup(editors=0, readers=0, rare_editors=1),
        watch_minutes=60,
    ),
    Row("a deploy", faults.deploys, setup=Setup(instances=2, settings={"DRAIN_SECONDS": 1}), minute=6),
    Row("a bad client", faults.bad_client, figure=COMPLETED, cause="one_client"),
    Row(
        "Redis hung",
        faults.redis_hung,
        alerts("SessionStoreDown"),
        Shown("runtime: Dependencies over time", {"dependency": "session_store"}),
        COMPLETED,
        setup=Setup(redis=True),
        cause="session_store_down",
    ),
    Row(
        "Redis dead",
        faults.redis_dead,
        alerts("SessionStoreDown"),
        Shown("runtime: Dependencies over time", {"dependency": "session_store"}),
        COMPLETED,
        setup=Setup(redis=True),
        quick=True,
        cause="session_store_down",
    ),
    Row(
        "PostgreSQL dead",
        faults.postgres_dead,
        alerts("DependencyDown"),
        Shown("runtime: Dependencies over time", {"dependency": "database"}),
        COMPLETED,
        setup=Setup(postgres=True),
        cause="database_down",
    ),
    Row(
        "one of two instances dead",
        faults.instance_dead,
        alerts("TargetDown"),
        Shown("runtime: Instances over time"),
        setup=Setup(instances=2),
        cause="target_down",
    ),
    Row(
        "one of two instances hung",
        faults.instance_hung,
        alerts("TargetDown"),
        Shown("runtime: Instances over time"),
        setup=Setup(instances=2),
        cause="target_down",
    ),
    Row(
        "a process that dies again and again",
        faults.restarts,
        alerts("Restarting"),
        Shown("runtime: Starts"),
        cause="restarting",
    ),
    Row(
        "the disk full",
        faults.disk_full,
        alerts("SessionStoreDown", "DependencyDown"),
        Shown("runtime: Dependencies over time"),
        COMPLETED,
        cause="session_store_down",
    ),
    Row(
        "the store in memory",
        faults.changed(faults.unusable_folder),
        alerts("SessionStoreDown", "DependencyDown"),
        Shown("runtime: Dependencies over time", {"dependency": "session_store"}),
        setup=Setup(instances=2),
        cause="in_memory",
    ),
    Row(
        "all seats taken",
        faults.seats_taken,
        alerts("ConnectionFailures"),
        Shown("connections: Failed handshakes"),
        Figure("refused", 'sum(stream_connection_attempts_total{outcome="refused_capacity"})', _refused),
        setup=Setup(settings={"MAX_CONNECTIONS": 12}, editors=6),
        cause="seats_full",
    ),
    Row(
        "all seats taken for one minute in ten",
        faults.seats_taken_at_times,
        alerts("ConnectionFailures"),
        Shown("connections: Failed handshakes"),
        Figure("refused", 'sum(stream_connection_attempts_total{outcome="refused_capacity"})', _refused),
        setup=Setup(settings={"MAX_CONNECTIONS": 12}, editors=6),
        watch_minutes=30,
        cause="seats_full",
    ),
    Row(
        "all instances dead",
        faults.instances_dead,
        alerts("ServiceDown"),
        Shown("runtime: Instances over time"),
        cause="service_down",
    ),
    Row(
        "the collector slow",
        faults.collector_slow,
        alerts("TelemetryDropping"),
        Shown("runtime: Telemetry dropped"),
        COMPLETED,
        setup=Setup(collector=True, settings={"OTEL_BSP_MAX_QUEUE_SIZE": 64, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": 16}),
        cause="telemetry_dropped",
    ),
    Row(
        "a worker hung",
        faults.worker_hung,
        alerts("WorkerHung"),
        Shown("runtime: Workers over time"),
        cause="worker_hung",
        setup=Setup(settings={"MAX_WORKERS": 2, "WORKER_HUNG_SECONDS": 3}),
        minute=6,
    ),
    Row(
        "a worker killed",
        faults.workers_killed(1, 1),
        alerts("WorkerDeaths"),
        Shown("runtime: Deaths of workers"),
        LOST,
        cause="worker_deaths",
        setup=Setup(settings={"MAX_WORKERS": 2}),
        minute=6,
        watch_minutes=2,
    ),
    Row(
        "ten workers killed",
        faults.workers_killed(10, 0.5),
        alerts("WorkerDeaths", "Restarting"),
        Shown("runtime: Deaths of workers"),
        LOST,
        cause="worker_deaths",
        setup=Setup(settings={"MAX_WORKERS": 2}),
        minute=6,
        watch_minutes=2,
    ),
    Row(
        "refused handshakes",
        faults.refused_handshakes,
        alerts("HandshakeRefusalSurge"),
        Shown("connections: Handshakes by outcome", {"outcome": "refused_origin"}, above=0),
        Figure(
            "refused",
            'sum(stream_connection_attempts_total{outcome="refused_origin"})',
            lambda stage, _: stage.load.tally.refused["403"],
        ),
        cause="refused_handshakes",
        setup=Setup(settings={"ALLOWED_ORIGINS": "https://editor.example"}),
    ),
    Row(
        "slow readers",
        faults.slow_readers,
        alerts("SlowClientSurge"),
        Shown("streams: Backpressure", above=0),
        Figure(
            "cut",
            'sum(stream_connection_closes_total{reason="slow_client"})',
            lambda stage, _: stage.load.tally.closed[1006],
        ),
        setup=Setup(settings={"CHUNK_TIMEOUT": 1, "SEND_BUFFER_SIZE": 4096}),
        minute=6,
        cause="slow_readers",
    ),
    Row("a wrong job name", faults.job_renamed, alerts("NoTarget"), cause="wrong_job"),
)
