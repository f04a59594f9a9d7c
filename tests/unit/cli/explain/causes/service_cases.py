"""For the causes about the process, its dependencies and its content the evidence of each."""

from service.cli.explain.evidence import Series
from tests.unit.cli.explain.causes.case import Case
from tests.unit.cli.explain.given import END, OTHER_TARGET, TARGET, counter, gauge, histogram, line, lines

_START = "process_start_time_seconds"
_CALLS = "stream_dependency_call_seconds"
_SLOW_CALLS = {0.1: 0.0, 0.25: 2.0, 0.5: 60.0}


def _down(dependency: str, words: str) -> list[Case]:
    return [
        Case(
            cause=f"{dependency}_down",
            series=[gauge("stream_dependency_up", 0, before=1, dependency=dependency)],
            parts=(words, "10.0.0.1:8000 (1 of 2 processes)"),
        ),
        Case(
            cause=f"{dependency}_down",
            name="log",
            alone=True,
            lines=[line("dependency_unavailable", 100, "ERROR", dependency=dependency, reason="Connection refused")],
            parts=(words, "Connection refused"),
        ),
    ]


def _slow(dependency: str, operation: str, words: str) -> Case:
    return Case(
        cause=f"{dependency}_slow",
        series=histogram(_CALLS, _SLOW_CALLS, dependency=dependency, operation=operation),
        parts=(words, f"the slowest is {operation}"),
    )


CASES = [
    Case(
        cause="service_down",
        series=[gauge("up", 0, before=1, target=target) for target in (TARGET, OTHER_TARGET)],
        parts=("No instance", "10.0.0.1:8000, 10.0.0.2:8000"),
    ),
    Case(
        cause="service_down",
        name="no target",
        alone=True,
        dated=False,
        series=[gauge("up", 1, job="node")],
        jobs=("streaming",),
        parts=("no target of the job streaming", "jobs node"),
    ),
    Case(
        cause="wrong_job",
        alone=True,
        dated=False,
        series=[gauge("up", 1, job="streaming"), gauge("stream_build_info", 1, job="streaming")],
        jobs=("streaming-content-api",),
        parts=("as job streaming", "job_name: streaming-content-api"),
    ),
    Case(cause="target_down", series=[gauge("up", 0, before=1)], parts=("1 instance of 2", "10.0.0.1:8000")),
    Case(
        cause="worker_hung",
        series=[gauge("stream_worker_up", 0, before=1, worker="1")],
        parts=("1 worker does not answer", "worker 1 (1 of 3 processes)"),
    ),
    Case(
        cause="worker_hung",
        name="replaced",
        alone=True,
        series=[counter("stream_worker_deaths_total", 1, reason="hung", worker="1")],
        lines=[
            line(
                "worker_replaced", 40, worker=1, reason="hung", connections=12, requests=5, stack="sleep() at a.py:7\nx"
            )
        ],
        parts=("1 worker hung and was replaced", "12 connections, 5 requests lost", "it hung in sleep() at a.py:7"),
    ),
    Case(
        cause="worker_deaths",
        series=[
            counter("stream_worker_deaths_total", 3, reason="killed", worker="1"),
            counter("stream_lost_total", 20, what="requests"),
        ],
        parts=("3 workers died", "3 killed", "20 requests lost"),
    ),
    Case(
        cause="worker_deaths",
        name="log",
        lines=lines(2, "worker_replaced", pid=7, exit_code=-9),
        parts=("2 workers died", "exit code -9"),
    ),
    Case(
        cause="restarting",
        series=[
            Series(_START, TARGET, tuple((END - 800 + 100 * number, END - 810 + 100 * number) for number in range(9)))
        ],
        lines=[line("drain_started", 795 - 100 * number, connections=1) for number in range(8)],
        parts=("restarts: 8 times.",),
        also=("deploy",),
    ),
    Case(
        cause="restarting",
        name="once, without a shutdown",
        series=[gauge(_START, END - 100, before=END - 86_400, ago=90)],
        lines=[line("service_started", 95)],
        parts=("restarts: 1 time, all without a shutdown",),
    ),
    Case(
        cause="restarting",
        name="log",
        alone=True,
        lines=[line("service_started", 20 + 60 * number) for number in range(6)],
        parts=("5 times, all without a shutdown", "without a drain before it"),
    ),
    Case(
        cause="deploy",
        lines=[line("drain_started", 90, connections=12), line("drain_ended", 80, seconds=9.5, interrupted=1)],
        parts=("a deploy or a restart", "1 interrupted"),
    ),
    Case(
        cause="deploy",
        name="in progress",
        lines=[line("drain_started", 5, connections=12)],
        parts=("in progress", "12 connections"),
    ),
    Case(
        cause="in_memory",
        lines=[line("store_in_memory", 1690, "ERROR", store="session_store", reason="read-only")],
        series=[gauge("stream_dependency_up", 0, dependency="session_store")],
        parts=("session store is in memory", "read-only"),
    ),
    Case(
        cause="in_memory",
        name="keys",
        lines=[line("store_in_memory", 1690, "ERROR", store="access_store", reason="read-only")],
        parts=("store of keys and quotas is in memory", "no key is valid"),
    ),
    *_down("session_store", "session store (Redis) is unavailable")[:1],
    *_down("session_store", "session store is unavailable")[1:],
    *_down("stream_writes", "store of streams (writes) is unavailable"),
    *_down("stream_reads", "store of streams (reads) is unavailable"),
    *_down("access_store", "store of keys and quotas (Redis) is unavailable")[:1],
    *_down("live_store", "store of live streams (Redis) is unavailable")[:1],
    *_down("plan_cache", "plan cache")[:1],
    *_down("token_keys", "keys of the issuer of tokens"),
    *_down("usage_store", "usage file is unavailable"),
    *_down("database", "database of usage is unavailable"),
    Case(
        cause="failing_calls",
        series=[counter("stream_dependency_errors_total", 40, dependency="plan_cache")],
        parts=("Calls of the plan cache (Redis) fail", "40 calls"),
    ),
    Case(
        cause="store_full",
        series=[
            counter("stream_store_refusals_total", 9, limit="bytes"),
            gauge("stream_store_bytes", 400e6),
            gauge("stream_store_limit_bytes", 500e6),
        ],
        lines=lines(9, "store_limit_reached", limit="bytes", session_id="greedy"),
        parts=("of the session greedy", "400 of 500 MB", "9 streams"),
    ),
    Case(cause="usage_dropped", series=[counter("stream_usage_dropped_total", 40)], parts=("40 usage rows are lost",)),
    Case(
        cause="loop_stalls",
        series=[counter("stream_event_loop_stall_seconds_total", 12)],
        parts=("12 s within 5 min", "10.0.0.1:8000"),
    ),
    Case(
        cause="loop_stalls",
        name="log",
        alone=True,
        lines=lines(8, "event_loop_stalled", ms=500.0, lasts=False, frame="-"),
        parts=("4 s within 17 s", "8 stalls"),
    ),
    _slow("session_store", "admit", "session store (Redis) is slow"),
    _slow("access_store", "charge", "store of keys and quotas (Redis) is slow"),
    _slow("live_store", "append", "store of live streams (Redis) is slow"),
    _slow("plan_cache", "get", "plan cache (Redis) is slow"),
    Case(
        cause="database_slow",
        series=histogram(_CALLS, {1.0: 0.0, 2.5: 40.0}, dependency="database", operation="insert"),
        parts=("database of usage is slow",),
    ),
    Case(
        cause="memory_high",
        series=[gauge("stream_memory_usage_bytes", 480e6, before=100e6)],
        parts=("480 of 512 MB (94 %)", "10.0.0.1:8000"),
    ),
    Case(
        cause="content_killed",
        series=[counter("stream_content_killed_total", 4, reason="cpu")],
        lines=lines(4, "content_too_costly", code="PROCESSING_ERROR", session_id="hostile"),
        parts=("4 cpu", "session hostile"),
    ),
    Case(
        cause="heavy_documents",
        series=[
            *histogram("stream_request_phase_seconds", {0.25: 30.0, 2.5: 30.0}, phase="work"),
            *histogram("stream_stage_duration_seconds", {2.5: 60.0}, stage="sanitise"),
            counter("stream_content_cpu_seconds_total", 50, content_worker="thread"),
        ],
        lines=[
            line(
                "stream_requested", 200 - number, session_id="large" if number > 2 else f"other-{number}", bytes=90_000
            )
            for number in range(60)
        ],
        parts=("take long to prepare", "in sanitise", "session large has 95 %"),
    ),
    Case(
        cause="content_queue",
        series=[
            *histogram("stream_content_wait_seconds", {0.25: 2.0, 5.0: 30.0}, content_worker="thread"),
            gauge("stream_content_queue_length", 17, content_worker="thread"),
            counter("stream_content_refused_total", 6, content_worker="thread", reason="queue_full"),
        ],
        parts=("6 requests are refused", "17 wait now"),
    ),
    Case(
        cause="content_queue",
        name="log",
        alone=True,
        lines=lines(5, "error_sent", code="SERVER_BUSY", session_id="one"),
        parts=("5 SERVER_BUSY",),
    ),
    Case(
        cause="processor_busy",
        series=[
            counter("process_cpu_seconds_total", 299, 300),
            *histogram("stream_chunk_lag_seconds", {0.05: 900.0, 0.1: 500.0}),
        ],
        dated=False,
        parts=("uses its whole core",),
    ),
]
